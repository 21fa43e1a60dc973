-- Refunds: money going back. Asked by one officer, approved by another; what was tried, step by step.

CREATE TABLE refunds (
    tenant INTEGER NOT NULL,
    refund_id BLOB NOT NULL,
    payment_id BLOB NOT NULL,
    bill_id BLOB,
    dossier_id BLOB,
    unit_code TEXT NOT NULL,
    channel TEXT NOT NULL,
    difference_id BLOB,
    -- What proposed it: 'twice', 'over', 'late', 'refused_dossier', or 'by_hand'.
    rule TEXT NOT NULL,
    -- Where the money stands before: 'credit' (the payer's), 'suspense', or 'fee' (a paid fee).
    source TEXT NOT NULL CHECK (source IN ('credit', 'suspense', 'fee')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('proposed', 'requested', 'withdrawn', 'to_send', 'sent', 'succeeded', 'failed', 'by_hand')),
    revision INTEGER NOT NULL,
    opened_at BIGINT NOT NULL,
    requested_by TEXT,
    requested_at BIGINT,
    approved_by TEXT,
    approved_at BIGINT,
    sent_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (tenant, refund_id),
    CHECK (approved_by IS NULL OR (requested_by IS NOT NULL AND approved_by <> requested_by)),
    CHECK (state IN ('proposed', 'withdrawn') OR requested_by IS NOT NULL),
    CHECK (state IN ('proposed', 'requested', 'withdrawn') OR approved_by IS NOT NULL)
) WITHOUT ROWID;

CREATE INDEX refunds_by_payment ON refunds (tenant, payment_id);
CREATE INDEX refunds_standing ON refunds (tenant, unit_code, refund_id)
    WHERE state NOT IN ('withdrawn', 'succeeded', 'by_hand');

CREATE TABLE refund_steps (
    tenant INTEGER NOT NULL,
    refund_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    action TEXT NOT NULL,
    officer TEXT,
    reason TEXT NOT NULL,
    -- What proves the step: a bank's reference, a provider's answer, a document's name.
    evidence TEXT,
    entry_id BLOB,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, refund_id, revision)
) WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('refunds', 'refunds', '100000 100000 1'),
    ('refunds', 'refunds_by_payment', '100000 100000 2'),
    ('refunds', 'refunds_standing', '1000 1000 20 1'),
    ('refund_steps', 'refund_steps', '300000 300000 3 1');
ANALYZE sqlite_schema;
