-- Differences: typed disagreements about money, each with an owner, an age and a way out; what was
-- done about them, step by step; and the allocations that officers make.

CREATE TABLE differences (
    tenant INTEGER NOT NULL,
    difference_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'waiting', 'resolved', 'reopened')),
    -- The unit that owns it; empty for the province.
    unit_code TEXT NOT NULL,
    channel TEXT NOT NULL,
    payment_id BLOB,
    bill_id BLOB,
    dossier_id BLOB,
    notice_id BLOB,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- What was compared and found, JSON.
    evidence TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Rises with every step; a step made against an older one is refused.
    revision INTEGER NOT NULL,
    resolution TEXT,
    resolved_by TEXT,
    resolved_at BIGINT,
    PRIMARY KEY (tenant, difference_id),
    CHECK ((state = 'resolved') = (resolution IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL))
) WITHOUT ROWID;

CREATE INDEX differences_by_payment ON differences (tenant, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX differences_by_bill ON differences (tenant, bill_id) WHERE state <> 'resolved';
CREATE INDEX differences_standing ON differences (tenant, unit_code, difference_id) WHERE state <> 'resolved';

-- One step: who did what and why, and the entry it made. Never changed, never removed.
CREATE TABLE difference_steps (
    tenant INTEGER NOT NULL,
    difference_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    action TEXT NOT NULL,
    officer TEXT,
    reason TEXT NOT NULL,
    -- Where the difference stood then.
    state TEXT NOT NULL,
    -- What the step changed, JSON: from it the step can be undone.
    detail TEXT NOT NULL,
    entry_id BLOB,
    undoes INTEGER,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, difference_id, revision)
) WITHOUT ROWID;

-- Parts of a payment that an officer gave to bills. What matching placed stands on the payment
-- itself; an allocation here is besides.
CREATE TABLE allocations (
    tenant INTEGER NOT NULL,
    payment_id BLOB NOT NULL,
    bill_id BLOB NOT NULL,
    dossier_id BLOB NOT NULL,
    provider TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (tenant, payment_id, bill_id)
) WITHOUT ROWID;

CREATE INDEX allocations_by_dossier ON allocations (tenant, dossier_id);

-- Bills of one amount, the newest first: candidates for money that names none.
CREATE INDEX bills_by_total ON bills (tenant, total_minor, opened_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('differences', 'differences', '100000 100000 1'),
    ('differences', 'differences_by_payment', '100000 100000 2'),
    ('differences', 'differences_by_bill', '1000 1000 2'),
    ('bills', 'bills_by_total', '1000000 1000000 20000 1'),
    ('differences', 'differences_standing', '1000 1000 20 1'),
    ('difference_steps', 'difference_steps', '200000 200000 2 1'),
    ('allocations', 'allocations', '100000 100000 2 1'),
    ('allocations', 'allocations_by_dossier', '100000 100000 2');
ANALYZE sqlite_schema;
