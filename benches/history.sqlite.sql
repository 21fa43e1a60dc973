-- Days {from} to {to} of {per_day} payments each, all of them on the books: row after row as the
-- gateway would have written them, in the order of their ids.
INSERT INTO payments (tenant, payment_id, channel, provider, payment_key, provider_txn_id, order_ref,
    amount_minor, currency, status, paid_at, match_outcome, match_rule, match_reason, allocated_minor,
    credit_minor, suspense_minor, refunded_minor)
WITH RECURSIVE number(n) AS (
    SELECT {from} * {per_day} UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {to} * {per_day}
), paid(n, ms, amount) AS (
    SELECT n, {begin} + (n / {per_day}) * 86400000 + (n % {per_day}) * 80000000 / {per_day},
        50000 + (n * 7919 % 900) * 1000
    FROM number
)
SELECT 1, unhex(printf('%012x70008%015x', ms, n)), 'pay', 'standardwebhooks', printf('%012d', n),
    CAST(14000000000 + n AS TEXT), printf('DH%010d', n), amount, 'VND', 'succeeded', ms * 1000,
    'exact', 'order_reference', '{"rule":"order_reference","compared":["order_ref","amount"]}',
    amount, 0, 0, 0
FROM paid;

INSERT INTO postings (tenant, chain, height, seq, entry_id, event, debit, credit, amount_minor, currency,
    payment_id)
WITH RECURSIVE number(n) AS (
    SELECT {from} * {per_day} UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {to} * {per_day}
), paid(n, ms, amount) AS (
    SELECT n, {begin} + (n / {per_day}) * 86400000 + (n % {per_day}) * 80000000 / {per_day},
        50000 + (n * 7919 % 900) * 1000
    FROM number
)
SELECT 1, 1, n / 100 + 1, n % 100, unhex(printf('%012x70019%015x', ms, n)), 'payment_recorded',
    'clearing:pay', 'receivable:H12.104', amount, 'VND', unhex(printf('%012x70008%015x', ms, n))
FROM paid;

INSERT INTO seal_blocks (tenant, chain, height, sealed_at, posting_count, hash)
WITH RECURSIVE number(n) AS (
    SELECT {from} * {per_day} UNION ALL SELECT n + 100 FROM number WHERE n + 100 < {to} * {per_day}
)
SELECT 1, 1, n / 100 + 1,
    ({begin} + (n / {per_day}) * 86400000 + ((n + 99) % {per_day}) * 80000000 / {per_day}) * 1000,
    100, zeroblob(32)
FROM number;
