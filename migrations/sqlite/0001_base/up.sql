-- The base: what is owed, what was reported, what it did to the books, and what the indicators count.
-- Tenant first in every key; money in minor units; instants UTC; ids UUIDv7 made by the application.
-- The tables a webhook writes carry no foreign keys: every reference there is written in the same
-- transaction as the row it names, and `doisoat verify` proves it.

CREATE TABLE units (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name_vi TEXT NOT NULL,
    name_en TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('province', 'department', 'commune')),
    parent TEXT,
    valid_from DATE,
    valid_to DATE,
    PRIMARY KEY (tenant, code)
) WITHOUT ROWID;

CREATE TABLE procedures (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    field TEXT NOT NULL,
    has_fee BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, code)
) WITHOUT ROWID;

-- Bits of a dossier's class that stand for providers; a slot is never given twice.
CREATE TABLE provider_slots (
    tenant INTEGER NOT NULL,
    provider TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    PRIMARY KEY (tenant, provider)
) WITHOUT ROWID;

CREATE TABLE officers (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit_code TEXT,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, code)
) WITHOUT ROWID;

-- Bearer tokens of the API: only the SHA-256 is kept.
CREATE TABLE tokens (
    tenant INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'officer', 'approver', 'auditor', 'admin', 'dossier-system')),
    officer TEXT,
    unit_code TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant, token_hash)
) WITHOUT ROWID;

CREATE TABLE dossiers (
    tenant INTEGER NOT NULL,
    dossier_id BLOB NOT NULL,
    code TEXT NOT NULL,
    code_squeezed TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    received_on DATE NOT NULL,
    submitted_via TEXT NOT NULL CHECK (submitted_via IN ('online', 'counter', 'post')),
    status TEXT NOT NULL,
    applicant_name TEXT NOT NULL,
    class INTEGER NOT NULL,
    facts_hash BLOB NOT NULL,
    PRIMARY KEY (tenant, dossier_id),
    UNIQUE (tenant, code_squeezed),
    FOREIGN KEY (tenant, unit_code) REFERENCES units (tenant, code),
    FOREIGN KEY (tenant, procedure_code) REFERENCES procedures (tenant, code)
) WITHOUT ROWID;

CREATE INDEX dossiers_by_day ON dossiers (tenant, received_on, unit_code);

CREATE TABLE bills (
    tenant INTEGER NOT NULL,
    bill_id BLOB NOT NULL,
    dossier_id BLOB NOT NULL,
    reference TEXT NOT NULL,
    virtual_account TEXT,
    total_minor BIGINT NOT NULL CHECK (total_minor >= 0),
    currency TEXT NOT NULL,
    paid_minor BIGINT NOT NULL CHECK (paid_minor >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'part_paid', 'paid', 'cancelled')),
    due_on DATE,
    opened_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    PRIMARY KEY (tenant, bill_id),
    UNIQUE (tenant, reference),
    UNIQUE (tenant, virtual_account),
    FOREIGN KEY (tenant, dossier_id) REFERENCES dossiers (tenant, dossier_id)
) WITHOUT ROWID;

CREATE INDEX bills_by_dossier ON bills (tenant, dossier_id);

CREATE TABLE fee_items (
    tenant INTEGER NOT NULL,
    dossier_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phi', 'le_phi', 'tax', 'other')),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    basis TEXT NOT NULL,
    bill_id BLOB,
    PRIMARY KEY (tenant, dossier_id, position),
    FOREIGN KEY (tenant, dossier_id) REFERENCES dossiers (tenant, dossier_id),
    FOREIGN KEY (tenant, bill_id) REFERENCES bills (tenant, bill_id)
) WITHOUT ROWID;

-- A provider's order reference, given out when a payer starts to pay a bill.
CREATE TABLE attempts (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    bill_id BLOB NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, channel, order_ref),
    FOREIGN KEY (tenant, bill_id) REFERENCES bills (tenant, bill_id)
) WITHOUT ROWID;

-- One file that was imported, so that the same bytes are known again.
CREATE TABLE imports (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    file_hash BLOB NOT NULL,
    file_name TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, file_hash)
) WITHOUT ROWID;

-- What providers told us. `raw` is the call as received; `facts` is kept only while the notice has
-- not been applied (not settled, or in conflict).
CREATE TABLE notices (
    tenant INTEGER NOT NULL,
    notice_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    facts_hash BLOB NOT NULL,
    payment_id BLOB,
    status TEXT NOT NULL,
    verdict TEXT NOT NULL,
    is_settled BOOLEAN NOT NULL,
    raw BLOB NOT NULL,
    facts TEXT,
    PRIMARY KEY (tenant, notice_id),
    UNIQUE (tenant, channel, key_hash)
) WITHOUT ROWID;

CREATE INDEX notices_unsettled ON notices (tenant, notice_id) WHERE NOT is_settled;

CREATE TABLE payments (
    tenant INTEGER NOT NULL,
    payment_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    payment_key TEXT NOT NULL,
    provider_txn_id TEXT,
    order_ref TEXT,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    paid_at BIGINT,
    memo TEXT,
    virtual_account TEXT,
    account_number TEXT,
    bank_txn_id TEXT,
    bill_id BLOB,
    dossier_id BLOB,
    match_outcome TEXT NOT NULL,
    match_rule TEXT,
    match_reason TEXT NOT NULL,
    allocated_minor BIGINT NOT NULL CHECK (allocated_minor >= 0),
    credit_minor BIGINT NOT NULL CHECK (credit_minor >= 0),
    suspense_minor BIGINT NOT NULL CHECK (suspense_minor >= 0),
    refunded_minor BIGINT NOT NULL CHECK (refunded_minor >= 0),
    -- Of what is refunded: paid out by our bank, so that the provider does not count it.
    banked_minor BIGINT NOT NULL DEFAULT 0 CHECK (banked_minor BETWEEN 0 AND refunded_minor),
    -- Approved to go back and not yet paid out.
    refunding_minor BIGINT NOT NULL DEFAULT 0 CHECK (refunding_minor >= 0),
    -- Of what is allocated: given back as a fee, or about to be.
    returned_minor BIGINT NOT NULL DEFAULT 0 CHECK (returned_minor BETWEEN 0 AND allocated_minor),
    PRIMARY KEY (tenant, payment_id),
    UNIQUE (tenant, channel, payment_key)
) WITHOUT ROWID;

CREATE INDEX payments_by_dossier ON payments (tenant, dossier_id) WHERE dossier_id IS NOT NULL;

-- A move of an amount from `credit` to `debit`. All postings of an entry share its id and block.
CREATE TABLE postings (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    height BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    entry_id BLOB NOT NULL,
    event TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    payment_id BLOB,
    bill_id BLOB,
    corrects BLOB,
    PRIMARY KEY (tenant, chain, height, seq)
) WITHOUT ROWID;

CREATE TABLE account_balances (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    writer INTEGER NOT NULL,
    debit_minor BIGINT NOT NULL,
    credit_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, currency, writer)
) WITHOUT ROWID;

-- One hash chain per writing process; `epoch` fences off a process whose chain was taken over.
CREATE TABLE seal_chains (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    epoch BIGINT NOT NULL,
    holder TEXT,
    renewed_at BIGINT NOT NULL,
    height BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant, chain)
) WITHOUT ROWID;

CREATE TABLE seal_blocks (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    height BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    posting_count INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant, chain, height)
) WITHOUT ROWID;

-- Dossiers by reception period, unit, procedure and class; grain 0 is a day, 1 a month (its first
-- day, counted without the providers' bits of the class). Each writer keeps rows of its own, so two gateways never wait for one row: sum on read.
CREATE TABLE dossier_counts (
    tenant INTEGER NOT NULL,
    grain INTEGER NOT NULL CHECK (grain IN (0, 1)),
    period DATE NOT NULL,
    unit_code TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    class INTEGER NOT NULL,
    writer INTEGER NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (tenant, grain, period, unit_code, procedure_code, class, writer)
) WITHOUT ROWID;

-- Calls that were not taken, kept for a replay after a key is mended; bounded by the writer.
CREATE TABLE quarantined_calls (
    tenant INTEGER NOT NULL,
    quarantine_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw BLOB NOT NULL,
    arrived_at BIGINT NOT NULL,
    replayed_at BIGINT,
    PRIMARY KEY (tenant, quarantine_id)
) WITHOUT ROWID;

-- What the planner would learn from a large installation: one tenant holds every row, so that the
-- tenant alone narrows nothing. Without it an empty database would fix plans that walk whole tables.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('dossiers', 'dossiers', '1000000 1000000 1'),
    ('dossiers', 'sqlite_autoindex_dossiers_2', '1000000 1000000 1'),
    ('dossiers', 'dossiers_by_day', '1000000 1000000 4000 60'),
    ('bills', 'bills', '1000000 1000000 1'),
    ('bills', 'sqlite_autoindex_bills_2', '1000000 1000000 1'),
    ('bills', 'sqlite_autoindex_bills_3', '1000000 1000000 1'),
    ('bills', 'bills_by_dossier', '1000000 1000000 1'),
    ('fee_items', 'fee_items', '1000000 1000000 2 1'),
    ('attempts', 'attempts', '1000000 1000000 200000 1'),
    ('notices', 'notices', '1000000 1000000 1'),
    ('notices', 'sqlite_autoindex_notices_2', '1000000 1000000 200000 1'),
    ('notices', 'notices_unsettled', '100 100 1'),
    ('payments', 'payments', '1000000 1000000 1'),
    ('payments', 'sqlite_autoindex_payments_2', '1000000 1000000 200000 1'),
    ('payments', 'payments_by_dossier', '1000000 1000000 2'),
    ('postings', 'postings', '1000000 1000000 500000 50 1'),
    ('account_balances', 'account_balances', '1000 1000 2 2 1'),
    ('seal_blocks', 'seal_blocks', '100000 100000 50000 1'),
    ('dossier_counts', 'dossier_counts', '1000000 1000000 500000 10000 150 10 2 1');
ANALYZE sqlite_schema;
