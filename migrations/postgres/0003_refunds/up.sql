-- Refunds: money going back. Asked by one officer, approved by another; what was tried, step by step.

CREATE TABLE refunds (
    tenant INTEGER NOT NULL,
    refund_id UUID NOT NULL,
    payment_id UUID NOT NULL,
    bill_id UUID,
    dossier_id UUID,
    unit_code TEXT NOT NULL,
    channel TEXT NOT NULL,
    difference_id UUID,
    -- What proposed it: 'twice', 'over', 'late', 'refused_dossier', or 'by_hand'.
    rule TEXT NOT NULL,
    -- Where the money stands before: 'credit' (the payer's), 'suspense', or 'fee' (a paid fee).
    source TEXT NOT NULL CHECK (source IN ('credit', 'suspense', 'fee')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('proposed', 'requested', 'withdrawn', 'to_send', 'sent', 'succeeded', 'failed', 'by_hand', 'called_off')),
    revision INTEGER NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    requested_by TEXT,
    requested_at TIMESTAMPTZ,
    approved_by TEXT,
    approved_at TIMESTAMPTZ,
    sent_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    -- Which fee items are given back, JSON: [{"position", "kind", "code", "name", "minor"}].
    fee_items TEXT,
    -- What of it was paid out so far.
    paid_minor BIGINT NOT NULL DEFAULT 0 CHECK (paid_minor BETWEEN 0 AND amount_minor),
    -- Under which name the provider, or the bank, knows it: what a settlement line is found by.
    provider_refund_id TEXT,
    bank_reference TEXT,
    PRIMARY KEY (tenant, refund_id),
    CHECK (approved_by IS NULL OR (requested_by IS NOT NULL AND approved_by <> requested_by)),
    CHECK (state IN ('proposed', 'withdrawn') OR requested_by IS NOT NULL),
    CHECK (state IN ('proposed', 'requested', 'withdrawn') OR approved_by IS NOT NULL),
    CHECK ((state IN ('succeeded', 'by_hand')) = (paid_minor = amount_minor)),
    CHECK (source <> 'fee' OR state IN ('proposed', 'withdrawn') OR fee_items IS NOT NULL)
);

CREATE INDEX refunds_by_payment ON refunds (tenant, payment_id);
CREATE INDEX refunds_standing ON refunds (tenant, unit_code, refund_id)
    WHERE state NOT IN ('withdrawn', 'succeeded', 'by_hand', 'called_off');
CREATE INDEX refunds_by_bill ON refunds (tenant, bill_id) WHERE bill_id IS NOT NULL;
CREATE INDEX refunds_by_provider_id ON refunds (tenant, channel, provider_refund_id)
    WHERE provider_refund_id IS NOT NULL;
CREATE INDEX refunds_by_bank_reference ON refunds (tenant, bank_reference) WHERE bank_reference IS NOT NULL;

CREATE TABLE refund_steps (
    tenant INTEGER NOT NULL,
    refund_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    action TEXT NOT NULL,
    officer TEXT,
    reason TEXT NOT NULL,
    -- What proves the step: a bank's reference, a provider's answer, a document's name.
    evidence TEXT,
    entry_id UUID,
    -- The state after the step, and what it set aside (below zero: what it paid out or moved back).
    state TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, refund_id, revision)
);
