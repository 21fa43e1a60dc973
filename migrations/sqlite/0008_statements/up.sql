-- Files of banks and providers: what came, from whom, its original bytes, its statements and its lines.

-- One file. Only lines of a file in state 'imported' count; a 'held' one waits for a second officer.
CREATE TABLE statement_files (
    tenant INTEGER NOT NULL,
    file_id BLOB NOT NULL,
    source TEXT NOT NULL,
    file_hash BLOB NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    profile TEXT,
    state TEXT NOT NULL CHECK (state IN ('imported', 'held', 'undone')),
    byte_count BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    -- Lines that no earlier file had, and lines that one had.
    new_count BIGINT NOT NULL,
    known_count BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- Why an officer had to look, JSON: a list of sentences.
    holds TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    overridden_by TEXT,
    override_reason TEXT,
    overridden_at BIGINT,
    undone_by TEXT,
    undone_at BIGINT,
    undo_reason TEXT,
    -- Whether it came after the time it was expected.
    is_late BOOLEAN NOT NULL,
    -- The day of reconciliation on which something of it was matched; it cannot be undone then.
    matched_on DATE,
    PRIMARY KEY (tenant, file_id),
    CHECK (overridden_by IS NULL OR overridden_by <> imported_by),
    CHECK ((overridden_by IS NULL) = (overridden_at IS NULL)),
    CHECK ((undone_by IS NULL) = (state <> 'undone')),
    CHECK (state <> 'undone' OR matched_on IS NULL)
) WITHOUT ROWID;

CREATE UNIQUE INDEX statement_files_by_hash ON statement_files (tenant, source, file_hash) WHERE state <> 'undone';

-- The bytes as they came, in parts of at most 1 MiB, each deflated.
CREATE TABLE statement_originals (
    tenant INTEGER NOT NULL,
    file_id BLOB NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (tenant, file_id, part)
);

-- One statement of a file. Amounts are minor units with so many decimals; the digest covers its entries.
CREATE TABLE statements (
    tenant INTEGER NOT NULL,
    file_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    decimals INTEGER NOT NULL,
    from_day DATE NOT NULL,
    to_day DATE NOT NULL,
    number TEXT,
    reference TEXT,
    revision INTEGER NOT NULL,
    opening_minor BIGINT,
    closing_minor BIGINT,
    credit_minor BIGINT NOT NULL,
    debit_minor BIGINT NOT NULL,
    fees_minor BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (tenant, file_id, position)
) WITHOUT ROWID;

CREATE INDEX statements_by_number ON statements (tenant, account, number);
CREATE INDEX statements_by_day ON statements (tenant, account, to_day);

-- The lines that a file added, packed, at most 4,096 to a page, all of one day.
CREATE TABLE statement_pages (
    tenant INTEGER NOT NULL,
    source TEXT NOT NULL,
    day DATE NOT NULL,
    file_id BLOB NOT NULL,
    page INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    credit_minor BIGINT NOT NULL,
    debit_minor BIGINT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (tenant, source, day, file_id, page)
);

CREATE INDEX statement_pages_by_file ON statement_pages (tenant, file_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('statement_files', 'statement_files', '20000 20000 1'),
    ('statement_files', 'statement_files_by_hash', '20000 20000 2000 1'),
    ('statements', 'statements', '30000 30000 2 1'),
    ('statements', 'statements_by_number', '30000 30000 3000 2'),
    ('statements', 'statements_by_day', '30000 30000 3000 2'),
    ('statement_pages', 'sqlite_autoindex_statement_pages_1', '100000 100000 10000 10 5 1'),
    ('statement_pages', 'statement_pages_by_file', '100000 100000 5'),
    ('statement_originals', 'sqlite_autoindex_statement_originals_1', '50000 50000 3 1');
ANALYZE sqlite_schema;
