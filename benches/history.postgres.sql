-- Days {from} to {to} of {per_day} payments each, all of them on the books: row after row as the
-- gateway would have written them, in the order of their ids.
INSERT INTO payments (tenant, payment_id, channel, provider, payment_key, provider_txn_id, order_ref,
    amount_minor, currency, status, paid_at, match_outcome, match_rule, match_reason, allocated_minor,
    credit_minor, suspense_minor, refunded_minor)
SELECT 1, (lpad(to_hex(ms), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid, 'pay',
    'standardwebhooks', lpad(n::text, 12, '0'), (14000000000 + n)::text, 'DH' || lpad(n::text, 10, '0'),
    amount, 'VND', 'succeeded', to_timestamp(ms / 1000.0), 'exact', 'order_reference',
    '{"rule":"order_reference","compared":["order_ref","amount"]}', amount, 0, 0, 0
FROM (
    SELECT n, {begin} + (n / {per_day}) * 86400000 + (n % {per_day}) * 80000000 / {per_day} AS ms,
        50000 + (n * 7919 % 900) * 1000 AS amount
    FROM generate_series({from}::bigint * {per_day}, {to}::bigint * {per_day} - 1) AS n
) AS paid;

INSERT INTO postings (tenant, chain, height, seq, entry_id, event, debit, credit, amount_minor, currency,
    payment_id)
SELECT 1, 1, n / 100 + 1, n % 100, (lpad(to_hex(ms), 12, '0') || '70019' || lpad(to_hex(n), 15, '0'))::uuid,
    'payment_recorded', 'clearing:pay', 'receivable:H12.104', amount, 'VND',
    (lpad(to_hex(ms), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid
FROM (
    SELECT n, {begin} + (n / {per_day}) * 86400000 + (n % {per_day}) * 80000000 / {per_day} AS ms,
        50000 + (n * 7919 % 900) * 1000 AS amount
    FROM generate_series({from}::bigint * {per_day}, {to}::bigint * {per_day} - 1) AS n
) AS paid;

INSERT INTO seal_blocks (tenant, chain, height, sealed_at, posting_count, hash)
SELECT 1, 1, n / 100 + 1,
    to_timestamp(({begin} + (n / {per_day}) * 86400000 + ((n + 99) % {per_day}) * 80000000 / {per_day})
        / 1000.0),
    100, decode(repeat('00', 32), 'hex')
FROM generate_series({from}::bigint * {per_day}, {to}::bigint * {per_day} - 1, 100) AS n;
