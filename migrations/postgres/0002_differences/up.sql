-- Differences: typed disagreements about money, each with an owner, an age and a way out; what was
-- done about them, step by step; and the allocations that officers make.

CREATE TABLE differences (
    tenant INTEGER NOT NULL,
    difference_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'waiting', 'resolved', 'reopened')),
    -- The unit that owns it; empty for the province.
    unit_code TEXT NOT NULL,
    channel TEXT NOT NULL,
    payment_id UUID,
    bill_id UUID,
    dossier_id UUID,
    notice_id UUID,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- What was compared and found, JSON.
    evidence TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- Rises with every step; a step made against an older one is refused.
    revision INTEGER NOT NULL,
    resolution TEXT,
    resolved_by TEXT,
    resolved_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, difference_id),
    CHECK ((state = 'resolved') = (resolution IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL))
);

CREATE INDEX differences_by_payment ON differences (tenant, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX differences_by_bill ON differences (tenant, bill_id) WHERE state <> 'resolved';
CREATE INDEX differences_standing ON differences (tenant, unit_code, difference_id) WHERE state <> 'resolved';

-- One step: who did what and why, and the entry it made. Never changed, never removed.
CREATE TABLE difference_steps (
    tenant INTEGER NOT NULL,
    difference_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    action TEXT NOT NULL,
    officer TEXT,
    reason TEXT NOT NULL,
    -- Where the difference stood then.
    state TEXT NOT NULL,
    -- What the step changed, JSON: from it the step can be undone.
    detail TEXT NOT NULL,
    entry_id UUID,
    undoes INTEGER,
    taken_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, difference_id, revision)
);

-- Parts of a payment that an officer gave to bills. What matching placed stands on the payment
-- itself; an allocation here is besides.
CREATE TABLE allocations (
    tenant INTEGER NOT NULL,
    payment_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    dossier_id UUID NOT NULL,
    provider TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (tenant, payment_id, bill_id)
);

CREATE INDEX allocations_by_dossier ON allocations (tenant, dossier_id);

-- Bills of one amount, the newest first: candidates for money that names none.
CREATE INDEX bills_by_total ON bills (tenant, total_minor, opened_at);
