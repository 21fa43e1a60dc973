-- A day is compared with the refunds approved around it, however many there are.
CREATE INDEX refunds_by_approval ON refunds (tenant, approved_at) WHERE approved_at IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('refunds', 'refunds_by_approval', '90000 90000 2');
ANALYZE sqlite_schema;
