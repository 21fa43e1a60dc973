//! Payments that are there before: notices, payments, postings and blocks, made by statements of many
//! rows, in the order of their ids, row after row as a gateway would have written them.

use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

/// Payments of a day.
const PER_DAY: u64 = 10_000;
/// Days written by one statement.
const AT_ONCE: u64 = 50;
/// 1 July 2010, before every payment of the load, milliseconds.
const BEGIN: u64 = 1_277_917_200_000;

const LITE_NOTICES: &str = "INSERT INTO notices (tenant, notice_id, channel, key_hash, facts_hash, payment_id, status, \
    verdict, is_settled, raw, facts) WITH RECURSIVE number(n) AS (SELECT {from} * {per_day} UNION ALL SELECT n + 1 \
    FROM number WHERE n + 1 < {to} * {per_day}), paid(n, ms) AS (SELECT n, {begin} + (n / {per_day}) * 86400000 + \
    (n % {per_day}) * 80000000 / {per_day} FROM number) SELECT 1, unhex(printf('%012x7000a%015x', ms, n)), 'pay', \
    randomblob(32), randomblob(32), unhex(printf('%012x70008%015x', ms, n)), 'succeeded', 'recorded', 1, \
    CAST(printf('%560d', n) AS BLOB), NULL FROM paid;";
const POSTGRES_NOTICES: &str = "INSERT INTO notices (tenant, notice_id, channel, key_hash, facts_hash, payment_id, \
    status, verdict, is_settled, raw, facts) SELECT 1, (lpad(to_hex(ms), 12, '0') || '7000a' || lpad(to_hex(n), 15, \
    '0'))::uuid, 'pay', sha256(n::text::bytea), sha256(n::text::bytea), (lpad(to_hex(ms), 12, '0') || '70008' || \
    lpad(to_hex(n), 15, '0'))::uuid, 'succeeded', 'recorded', true, convert_to(lpad(n::text, 560), 'UTF8'), NULL \
    FROM (SELECT n, {begin} + (n / {per_day}) * 86400000 + (n % {per_day}) * 80000000 / {per_day} AS ms FROM \
    generate_series({from}::bigint * {per_day}, {to}::bigint * {per_day} - 1) AS n) AS paid;";

const CHAIN: &str = "INSERT INTO seal_chains (tenant, chain, epoch, holder, renewed_at, height, hash, closed_before) \
    SELECT 1, 7, 1, NULL, sealed_at, height, hash, sealed_at FROM seal_blocks WHERE chain = 7 \
    ORDER BY height DESC LIMIT 1";

/// Adds so many million payments, and waits until the system has them on the disk.
pub(crate) fn grow(url: &str, millions: u64) {
    if millions > 0 {
        fill(url, millions);
        assert!(Command::new("sync").status().unwrap().success());
    }
}

fn fill(url: &str, millions: u64) {
    let days = millions * 1_000_000 / PER_DAY;
    let path = url.strip_prefix("sqlite://");
    let text = match path {
        Some(_) => format!("{}{LITE_NOTICES}", include_str!("../history.sqlite.sql")),
        None => format!(
            "{}{POSTGRES_NOTICES}",
            include_str!("../history.postgres.sql")
        ),
    };
    let filled = |from: u64| {
        // A chain that no gateway has.
        text.replace("SELECT 1, 1, n / 100 + 1", "SELECT 1, 7, n / 100 + 1")
            .replace("{begin}", &BEGIN.to_string())
            .replace("{per_day}", &PER_DAY.to_string())
            .replace("{from}", &from.to_string())
            .replace("{to}", &days.min(from + AT_ONCE).to_string())
    };
    let spans = (0..days).step_by(AT_ONCE as usize).map(filled);
    if let Some(path) = path {
        let mut connection = SqliteConnection::establish(path).unwrap();
        let fast =
            "PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000";
        connection.batch_execute(fast).unwrap();
        for sql in spans {
            let whole = format!("BEGIN; {sql} COMMIT");
            connection.batch_execute(&whole).unwrap();
        }
        let end = format!("{CHAIN}; PRAGMA wal_checkpoint(TRUNCATE)");
        connection.batch_execute(&end).unwrap();
        return;
    }
    for sql in spans.chain([format!("{CHAIN}; VACUUM ANALYZE; CHECKPOINT")]) {
        for part in sql.split_inclusive(';') {
            let done = Command::new("psql").args(["-qd", url, "-c", part]).status();
            assert!(done.unwrap().success());
        }
    }
}
