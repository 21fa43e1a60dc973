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
);

CREATE TABLE procedures (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    field TEXT NOT NULL,
    has_fee BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, code)
);

-- Bits of a dossier's class that stand for providers; a slot is never given twice.
CREATE TABLE provider_slots (
    tenant INTEGER NOT NULL,
    provider TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    PRIMARY KEY (tenant, provider)
);

CREATE TABLE officers (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit_code TEXT,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, code)
);

-- Bearer tokens of the API: only the SHA-256 is kept.
CREATE TABLE tokens (
    tenant INTEGER NOT NULL,
    token_hash BYTEA NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'officer', 'approver', 'auditor', 'admin', 'dossier-system')),
    officer TEXT,
    unit_code TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, token_hash)
);

CREATE TABLE dossiers (
    tenant INTEGER NOT NULL,
    dossier_id UUID NOT NULL,
    code TEXT NOT NULL,
    code_squeezed TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    received_on DATE NOT NULL,
    submitted_via TEXT NOT NULL CHECK (submitted_via IN ('online', 'counter', 'post')),
    status TEXT NOT NULL,
    applicant_name TEXT NOT NULL,
    class INTEGER NOT NULL,
    facts_hash BYTEA NOT NULL,
    PRIMARY KEY (tenant, dossier_id),
    UNIQUE (tenant, code_squeezed),
    FOREIGN KEY (tenant, unit_code) REFERENCES units (tenant, code),
    FOREIGN KEY (tenant, procedure_code) REFERENCES procedures (tenant, code)
) WITH (fillfactor = 85);

CREATE INDEX dossiers_by_day ON dossiers (tenant, received_on, unit_code);

CREATE TABLE bills (
    tenant INTEGER NOT NULL,
    bill_id UUID NOT NULL,
    dossier_id UUID NOT NULL,
    reference TEXT NOT NULL,
    virtual_account TEXT,
    total_minor BIGINT NOT NULL CHECK (total_minor >= 0),
    currency TEXT NOT NULL,
    paid_minor BIGINT NOT NULL CHECK (paid_minor >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'part_paid', 'paid', 'cancelled')),
    due_on DATE,
    opened_at TIMESTAMPTZ NOT NULL,
    cancelled_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, bill_id),
    UNIQUE (tenant, reference),
    UNIQUE (tenant, virtual_account),
    FOREIGN KEY (tenant, dossier_id) REFERENCES dossiers (tenant, dossier_id)
) WITH (fillfactor = 85);

CREATE INDEX bills_by_dossier ON bills (tenant, dossier_id);

CREATE TABLE fee_items (
    tenant INTEGER NOT NULL,
    dossier_id UUID NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phi', 'le_phi', 'tax', 'other')),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    basis TEXT NOT NULL,
    bill_id UUID,
    PRIMARY KEY (tenant, dossier_id, position),
    FOREIGN KEY (tenant, dossier_id) REFERENCES dossiers (tenant, dossier_id),
    FOREIGN KEY (tenant, bill_id) REFERENCES bills (tenant, bill_id)
);

-- A provider's order reference, given out when a payer starts to pay a bill.
CREATE TABLE attempts (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    bill_id UUID NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, channel, order_ref),
    FOREIGN KEY (tenant, bill_id) REFERENCES bills (tenant, bill_id)
);

-- One file that was imported, so that the same bytes are known again.
CREATE TABLE imports (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    file_hash BYTEA NOT NULL,
    file_name TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, kind, file_hash)
);

-- What providers told us. `raw` is the call as received; `facts` is kept only while the notice has
-- not been applied (not settled, or in conflict).
CREATE TABLE notices (
    tenant INTEGER NOT NULL,
    notice_id UUID NOT NULL,
    channel TEXT NOT NULL,
    key_hash BYTEA NOT NULL,
    facts_hash BYTEA NOT NULL,
    payment_id UUID,
    status TEXT NOT NULL,
    verdict TEXT NOT NULL,
    is_settled BOOLEAN NOT NULL,
    raw BYTEA NOT NULL,
    facts TEXT,
    PRIMARY KEY (tenant, notice_id),
    UNIQUE (tenant, channel, key_hash)
);

CREATE INDEX notices_unsettled ON notices (tenant, notice_id) WHERE NOT is_settled;

CREATE TABLE payments (
    tenant INTEGER NOT NULL,
    payment_id UUID NOT NULL,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    payment_key TEXT NOT NULL,
    provider_txn_id TEXT,
    order_ref TEXT,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    paid_at TIMESTAMPTZ,
    memo TEXT,
    virtual_account TEXT,
    account_number TEXT,
    bank_txn_id TEXT,
    bill_id UUID,
    dossier_id UUID,
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
);

CREATE INDEX payments_by_dossier ON payments (tenant, dossier_id) WHERE dossier_id IS NOT NULL;

-- A move of an amount from `credit` to `debit`. All postings of an entry share its id and block.
CREATE TABLE postings (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    height BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    entry_id UUID NOT NULL,
    event TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    payment_id UUID,
    bill_id UUID,
    corrects UUID,
    PRIMARY KEY (tenant, chain, height, seq)
);

CREATE TABLE account_balances (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    writer INTEGER NOT NULL,
    debit_minor BIGINT NOT NULL,
    credit_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, currency, writer)
);

-- One hash chain per writing process; `epoch` fences off a process whose chain was taken over.
CREATE TABLE seal_chains (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    epoch BIGINT NOT NULL,
    holder TEXT,
    renewed_at TIMESTAMPTZ NOT NULL,
    height BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant, chain)
);

CREATE TABLE seal_blocks (
    tenant INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    height BIGINT NOT NULL,
    sealed_at TIMESTAMPTZ NOT NULL,
    posting_count INTEGER NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant, chain, height)
);

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
) WITH (fillfactor = 60);

-- Calls that were not taken, kept for a replay after a key is mended; bounded by the writer.
CREATE TABLE quarantined_calls (
    tenant INTEGER NOT NULL,
    quarantine_id UUID NOT NULL,
    channel TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw BYTEA NOT NULL,
    arrived_at TIMESTAMPTZ NOT NULL,
    replayed_at TIMESTAMPTZ,
    PRIMARY KEY (tenant, quarantine_id)
);
