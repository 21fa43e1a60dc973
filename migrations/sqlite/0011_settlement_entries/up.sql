-- What statements and settlement files did to the books, and what was passed on to the Treasury.

-- One entry that a line of a file proves; written once, never changed. The subject says what happened:
-- payout:<channel>:<settlement file>:<batch>, bank:<file>:<place>:<payment>, refund:<refund>.
CREATE TABLE settlement_entries (
    tenant INTEGER NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('provider_settled', 'bank_credited', 'refund_paid')),
    entry_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    -- The account the money came to or left; none where the provider gave it back.
    bank TEXT,
    -- The one payment whose money it is; none for a payout.
    payment_id BLOB,
    gross_minor BIGINT NOT NULL CHECK (gross_minor > 0),
    fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
    net_minor BIGINT NOT NULL CHECK (net_minor >= 0),
    currency TEXT NOT NULL,
    -- The day, file and place of the line that brought or took the money.
    day DATE NOT NULL,
    file_id BLOB NOT NULL,
    place BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject),
    CHECK (gross_minor = fee_minor + net_minor),
    CHECK (bank IS NOT NULL OR event = 'refund_paid')
) WITHOUT ROWID;

CREATE INDEX settlement_entries_by_line ON settlement_entries (tenant, file_id, place);
CREATE INDEX settlement_entries_by_payment ON settlement_entries (tenant, payment_id) WHERE payment_id IS NOT NULL;

-- Money of one unit passed on to the Treasury or the collecting body by one bank transfer.
CREATE TABLE remittances (
    tenant INTEGER NOT NULL,
    remittance_id BLOB NOT NULL,
    unit_code TEXT NOT NULL,
    bank TEXT NOT NULL,
    -- The bank's reference of the transfer, upper case, without spaces.
    reference TEXT NOT NULL,
    day DATE NOT NULL,
    total_minor BIGINT NOT NULL CHECK (total_minor > 0),
    currency TEXT NOT NULL,
    entry_id BLOB NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    -- The line of a bank statement that shows it.
    file_id BLOB,
    place BIGINT,
    proven_at BIGINT,
    PRIMARY KEY (tenant, remittance_id),
    CHECK ((file_id IS NULL) = (place IS NULL) AND (file_id IS NULL) = (proven_at IS NULL))
) WITHOUT ROWID;

CREATE INDEX remittances_by_day ON remittances (tenant, day);
CREATE UNIQUE INDEX remittances_by_reference ON remittances (tenant, bank, reference);
CREATE UNIQUE INDEX remittances_by_line ON remittances (tenant, file_id, place) WHERE file_id IS NOT NULL;

-- How much of a remittance is of one fee kind.
CREATE TABLE remittance_parts (
    tenant INTEGER NOT NULL,
    remittance_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (tenant, remittance_id, kind)
) WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('settlement_entries', 'settlement_entries', '1000000 1000000 1'),
    ('settlement_entries', 'settlement_entries_by_line', '1000000 1000000 500 1'),
    ('settlement_entries', 'settlement_entries_by_payment', '900000 900000 1'),
    ('remittances', 'remittances', '100000 100000 1'),
    ('remittances', 'remittances_by_day', '100000 100000 100'),
    ('remittances', 'remittances_by_reference', '100000 100000 50000 1'),
    ('remittances', 'remittances_by_line', '90000 90000 50 1'),
    ('remittance_parts', 'remittance_parts', '200000 200000 2 1');
ANALYZE sqlite_schema;
