-- Dossiers {from} to {to} of {all}, over one year, in the order of their days. The procedure follows from
-- a number that repeats late, the first ones being asked for most; one in three has no fee.
INSERT INTO dossiers (tenant, dossier_id, code, code_squeezed, procedure_code, unit_code, received_on,
    submitted_via, status, applicant_name, class, facts_hash)
WITH RECURSIVE number(n) AS (
    SELECT {from} UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {to}
), drawn(n, unit, day, p, dice) AS (
    SELECT n, 'H12.' || (101 + n % 64), n * 365 / {all},
        (n / 64 * 7919 + n) % {procedures} * ((n / 64 * 7919 + n) % {procedures}) / {procedures},
        n * 2654435761 % 4294967296 / 1024
    FROM number
)
SELECT 1, unhex(printf('%012x70008%015x', 1735689600000 + day * 86400000, n)), printf('%s-%09d', unit, n),
    printf('%s%09d', replace(unit, '.', ''), n), (SELECT code FROM bench_procedures b WHERE b.p = drawn.p), unit,
    date('2025-01-01', day || ' days'),
    CASE dice % 3 WHEN 0 THEN 'online' WHEN 1 THEN 'counter' ELSE 'post' END, 'done', '',
    dice % 3 + CASE
        WHEN p % 3 = 2 THEN 0
        WHEN dice / 3 % 10 = 0 THEN 32
        WHEN dice / 3 % 10 < 3 THEN 4 + 256 * (1 + p % 2)
        WHEN dice / 3 % 10 < 4 THEN 12 + 256 * (1 + p % 2) + (4096 << (dice / 30 % 6))
        ELSE 28 + 256 * (1 + p % 2) + (4096 << (dice / 30 % 6))
    END, x'00'
FROM drawn;
