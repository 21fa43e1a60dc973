-- What a comparison of a day found, of every item, and the differences that follow from it.

-- The outcomes of a day, packed, at most 4,096 to a page.
CREATE TABLE outcome_pages (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    page INTEGER NOT NULL,
    item_count INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (tenant, day, page)
);

-- The comparison whose outcomes are kept; the next one of the day replaces it.
CREATE TABLE comparisons (
    tenant INTEGER NOT NULL,
    day DATE NOT NULL,
    compared_at BIGINT NOT NULL,
    -- An officer, or 'system'.
    compared_by TEXT NOT NULL,
    -- How many there are of each side and outcome, canonical JSON.
    counts TEXT NOT NULL,
    -- SHA-256 of the pages' bytes, in their order.
    digest BLOB NOT NULL,
    PRIMARY KEY (tenant, day)
) WITHOUT ROWID;

-- The business day a difference belongs to and what it speaks of, where a comparison found it.
ALTER TABLE differences ADD COLUMN day DATE;
ALTER TABLE differences ADD COLUMN subject TEXT CHECK ((subject IS NULL) = (day IS NULL));

CREATE UNIQUE INDEX differences_by_subject ON differences (tenant, subject, kind) WHERE subject IS NOT NULL;
CREATE INDEX differences_by_day ON differences (tenant, day) WHERE day IS NOT NULL AND state <> 'resolved';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('differences', 'differences_by_subject', '50000 50000 2 1'),
    ('differences', 'differences_by_day', '1000 1000 20'),
    ('outcome_pages', 'sqlite_autoindex_outcome_pages_1', '100000 100000 30 1'),
    ('comparisons', 'comparisons', '4000 4000 1');
ANALYZE sqlite_schema;
