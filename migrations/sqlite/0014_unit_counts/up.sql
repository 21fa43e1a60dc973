-- Dossiers by month of reception, unit, whether their procedure has a fee, and class (its lowest eight bits:
-- without fee kinds and providers): what a report by unit over a year adds up, some ten thousand rows where
-- the counts by procedure have a million. Whether a procedure has a fee is what the catalogue says now; an import that
-- changes it moves what stands here. Each writer keeps rows of its own, as in dossier_counts.
CREATE TABLE unit_counts (
    tenant INTEGER NOT NULL,
    period DATE NOT NULL,
    unit_code TEXT NOT NULL,
    has_fee BOOLEAN NOT NULL,
    class INTEGER NOT NULL,
    writer INTEGER NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (tenant, period, unit_code, has_fee, class, writer)
) WITHOUT ROWID;

-- The epoch under which the holder of a chain said that it keeps unit_counts too. A program that does
-- not know of them raises the epoch alone when it leases a chain: until a newer one has leased that chain
-- and counted anew, nobody relies on unit_counts. What is held by somebody now is counted anew later.
ALTER TABLE seal_chains ADD COLUMN counted_epoch BIGINT NOT NULL DEFAULT 0;
UPDATE seal_chains SET counted_epoch = epoch WHERE holder IS NULL;

INSERT INTO unit_counts (tenant, period, unit_code, has_fee, class, writer, n)
SELECT c.tenant, c.period, c.unit_code, p.has_fee, c.class & 255, c.writer, CAST(SUM(c.n) AS BIGINT)
FROM dossier_counts c JOIN procedures p ON p.tenant = c.tenant AND p.code = c.procedure_code
WHERE c.grain = 1
GROUP BY c.tenant, c.period, c.unit_code, p.has_fee, c.class & 255, c.writer;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('unit_counts', 'unit_counts', '100000 100000 2000 30 15 2 1');
ANALYZE sqlite_schema;
