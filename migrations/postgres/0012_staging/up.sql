-- Large files are written before they are published, a closed day takes no more lines, and who imports
-- second sees what came first.

-- The day of reconciliation on which the lines of a page count: the one their session belongs to or,
-- when that was closed before they came, the first that was open.
ALTER TABLE statement_pages ADD COLUMN counts_on DATE NOT NULL DEFAULT '1970-01-01';
UPDATE statement_pages SET counts_on = day;
CREATE INDEX statement_pages_by_count ON statement_pages (tenant, source, counts_on);

-- The same bytes may have come for another source.
CREATE INDEX statement_files_by_bytes ON statement_files (tenant, file_hash);

-- Files whose originals and pages are being written and that are not there yet. One that is older
-- than an import can take was left behind and is removed.
CREATE TABLE statement_stages (
    tenant INTEGER NOT NULL,
    file_id UUID NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, file_id)
);

-- How often something changed that a verdict on a file of a source rests on. The row without a source
-- is for what concerns all of them: the closing of days.
CREATE TABLE statement_turns (
    tenant INTEGER NOT NULL,
    source TEXT NOT NULL,
    turn BIGINT NOT NULL,
    PRIMARY KEY (tenant, source)
);
