-- The day of reconciliation: proposed by one officer, closed by another, reopened with a reason; the
-- signed artefact of every closing, and the trial balance as it stood then.

CREATE TABLE days (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'closed', 'reopened')),
    -- How many times it was closed; the artefact of that closing has this revision.
    revision INTEGER NOT NULL CHECK (revision >= 0),
    verdict TEXT CHECK (verdict IN ('reconciled', 'reconciled_with_waiting', 'differences', 'incomplete')),
    -- What was found when it was proposed, canonical JSON.
    result TEXT,
    proposed_by TEXT,
    proposed_at BIGINT,
    closed_by TEXT,
    closed_at BIGINT,
    reopened_by TEXT,
    reopened_at BIGINT,
    reopen_reason TEXT,
    PRIMARY KEY (tenant, day),
    CHECK (closed_by IS NULL OR closed_by <> proposed_by),
    CHECK (state NOT IN ('proposed', 'closed') OR (result IS NOT NULL AND proposed_by IS NOT NULL)),
    CHECK (state <> 'closed' OR (closed_by IS NOT NULL AND revision > 0))
) WITHOUT ROWID;

-- One step: who did what, when and why. Never changed, never removed.
CREATE TABLE day_steps (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    seq INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('proposed', 'closed', 'reopened')),
    officer TEXT NOT NULL,
    reason TEXT NOT NULL,
    revision INTEGER NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, day, seq)
) WITHOUT ROWID;

-- What was signed at a closing, byte for byte.
CREATE TABLE day_artefacts (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    revision INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    printable BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    signature BLOB NOT NULL,
    public_key BLOB NOT NULL,
    previous_sha256 BLOB,
    PRIMARY KEY (tenant, day, revision)
);

-- The trial balance of a closed day: all that was moved on an account up to its end.
CREATE TABLE day_balances (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_minor BIGINT NOT NULL,
    credit_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, day, account, currency)
) WITHOUT ROWID;

-- A day's blocks are found without reading those of other days.
CREATE INDEX seal_blocks_by_time ON seal_blocks (tenant, chain, sealed_at);

-- Nothing is sealed with an instant before this one: it lies in a closed day.
ALTER TABLE seal_chains ADD COLUMN closed_before BIGINT NOT NULL DEFAULT 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('seal_blocks', 'seal_blocks_by_time', '100000 100000 50000 1'),
    ('days', 'days', '4000 4000 1'),
    ('day_steps', 'day_steps', '8000 8000 2 1'),
    ('day_balances', 'day_balances', '1000000 1000000 300 1 1');
ANALYZE sqlite_schema;
