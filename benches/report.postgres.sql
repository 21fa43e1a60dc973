-- Dossiers {from} to {to} of {all}, over one year, in the order of their days. The procedure follows from
-- a number that repeats late, the first ones being asked for most; one in three has no fee.
INSERT INTO dossiers (tenant, dossier_id, code, code_squeezed, procedure_code, unit_code, received_on,
    submitted_via, status, applicant_name, class, facts_hash)
SELECT 1, (lpad(to_hex(1735689600000 + day * 86400000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
    unit || '-' || lpad(n::text, 9, '0'), replace(unit, '.', '') || lpad(n::text, 9, '0'), code, unit,
    DATE '2025-01-01' + day::int,
    CASE dice % 3 WHEN 0 THEN 'online' WHEN 1 THEN 'counter' ELSE 'post' END, 'done', '',
    dice % 3 + CASE
        WHEN p % 3 = 2 THEN 0
        WHEN dice / 3 % 10 = 0 THEN 32
        WHEN dice / 3 % 10 < 3 THEN 4 + 256 * (1 + p % 2)
        WHEN dice / 3 % 10 < 4 THEN 12 + 256 * (1 + p % 2) + (4096 << (dice / 30 % 6)::int)
        ELSE 28 + 256 * (1 + p % 2) + (4096 << (dice / 30 % 6)::int)
    END, '\x00'
FROM (
    SELECT n, 'H12.' || (101 + n % 64) AS unit, n * 365 / {all} AS day,
        (n / 64 * 7919 + n) % {procedures} * ((n / 64 * 7919 + n) % {procedures}) / {procedures} AS place,
        n * 2654435761 % 4294967296 / 1024 AS dice
    FROM generate_series({from}::bigint, {to}::bigint - 1) AS n
) AS drawn JOIN bench_procedures ON p = place;
