-- What statements and settlement files did to the books, and what was passed on to the Treasury.

-- One entry that a line of a file proves; written once, never changed. The subject says what happened:
-- payout:<channel>:<settlement file>:<batch>, bank:<file>:<place>:<payment>, refund:<refund>.
CREATE TABLE settlement_entries (
    tenant INTEGER NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('provider_settled', 'bank_credited', 'refund_paid')),
    entry_id UUID NOT NULL,
    channel TEXT NOT NULL,
    -- The account the money came to or left; none where the provider gave it back.
    bank TEXT,
    -- The one payment whose money it is; none for a payout.
    payment_id UUID,
    gross_minor BIGINT NOT NULL CHECK (gross_minor > 0),
    fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
    net_minor BIGINT NOT NULL CHECK (net_minor >= 0),
    currency TEXT NOT NULL,
    -- The day, file and place of the line that brought or took the money.
    day DATE NOT NULL,
    file_id UUID NOT NULL,
    place BIGINT NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, subject),
    CHECK (gross_minor = fee_minor + net_minor),
    CHECK (bank IS NOT NULL OR event = 'refund_paid')
);

CREATE INDEX settlement_entries_by_line ON settlement_entries (tenant, file_id, place);
CREATE INDEX settlement_entries_by_payment ON settlement_entries (tenant, payment_id) WHERE payment_id IS NOT NULL;

-- Money of one unit passed on to the Treasury or the collecting body by one bank transfer.
CREATE TABLE remittances (
    tenant INTEGER NOT NULL,
    remittance_id UUID NOT NULL,
    unit_code TEXT NOT NULL,
    bank TEXT NOT NULL,
    -- The bank's reference of the transfer, upper case, without spaces.
    reference TEXT NOT NULL,
    day DATE NOT NULL,
    total_minor BIGINT NOT NULL CHECK (total_minor > 0),
    currency TEXT NOT NULL,
    entry_id UUID NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    -- The line of a bank statement that shows it.
    file_id UUID,
    place BIGINT,
    proven_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, remittance_id),
    CHECK ((file_id IS NULL) = (place IS NULL) AND (file_id IS NULL) = (proven_at IS NULL))
);

CREATE INDEX remittances_by_day ON remittances (tenant, day);
CREATE UNIQUE INDEX remittances_by_reference ON remittances (tenant, bank, reference);
CREATE UNIQUE INDEX remittances_by_line ON remittances (tenant, file_id, place) WHERE file_id IS NOT NULL;

-- How much of a remittance is of one fee kind.
CREATE TABLE remittance_parts (
    tenant INTEGER NOT NULL,
    remittance_id UUID NOT NULL,
    kind TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (tenant, remittance_id, kind)
);
