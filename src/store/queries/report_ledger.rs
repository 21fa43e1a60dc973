//! Sums of postings for the reports: what moved on accounts between two instants, and what they hold
//! by age. Every read begins at the blocks sealed since an instant, never at the postings.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::Conn;
use super::named::{Arg, asked};
use crate::store::failure::Failure;
use crate::store::ops::{MoveSum, StockSum, Window};
use crate::store::types::{SqlTs, Ts};

/// `CROSS JOIN` makes SQLite begin at the blocks; to PostgreSQL it is any join.
const BLOCKS_AND_POSTINGS: &str = "seal_blocks b CROSS JOIN postings p WHERE b.tenant = @tenant \
    AND p.tenant = b.tenant AND p.chain = b.chain AND p.height = b.height";

#[derive(QueryableByName)]
struct MoveRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    later: i32,
    #[diesel(sql_type = BigInt)]
    debit: i64,
    #[diesel(sql_type = BigInt)]
    credit: i64,
}

/// One side of postings: the account, the one across, and which amount column it fills.
fn side(account: &str, across: &str, debit: &str, credit: &str) -> String {
    format!(
        "SELECT p.{account} AS account, p.currency AS currency, \
         CASE WHEN p.{across} LIKE 'bank:%' THEN 'payouts' WHEN p.{across} LIKE 'charges:%' THEN 'charges' \
         WHEN p.event = 'payment_recorded' THEN 'payments' \
         WHEN p.event IN ('refund_paid', 'payment_refunded') THEN 'refunds' \
         WHEN p.event = 'payment_reversed' THEN 'reversals' \
         WHEN p.event IN ('payment_is_test', 'placing_undone') THEN 'tests' ELSE 'other' END AS kind, \
         CASE WHEN b.sealed_at < @to THEN 0 ELSE 1 END AS later, {debit} AS debit, {credit} AS credit \
         FROM {BLOCKS_AND_POSTINGS} AND b.sealed_at >= @from AND b.sealed_at < @until \
         AND SUBSTR(p.{account}, 1, LENGTH(@accounts)) = @accounts"
    )
}

pub(super) fn moves(
    conn: &mut Conn,
    tenant: i32,
    accounts: &str,
    window: Window,
    until: Ts,
) -> Result<Vec<MoveSum>, Failure> {
    let sql = format!(
        "SELECT account, currency, kind, later, CAST(SUM(debit) AS BIGINT) AS debit, \
         CAST(SUM(credit) AS BIGINT) AS credit FROM ({} UNION ALL {}) y \
         GROUP BY account, currency, kind, later",
        side("debit", "credit", "p.amount_minor", "0"),
        side("credit", "debit", "0", "p.amount_minor"),
    );
    let values = vec![
        ("tenant", Arg::Number(tenant)),
        ("accounts", Arg::Word(accounts.to_owned())),
        ("from", Arg::At(window.from)),
        ("to", Arg::At(window.to)),
        ("until", Arg::At(until)),
    ];
    let rows: Vec<MoveRow> = asked(&sql, values).load(conn)?;
    let sum = |row: MoveRow| MoveSum {
        account: row.account,
        currency: row.currency,
        kind: row.kind,
        is_later: row.later != 0,
        debit_minor: row.debit,
        credit_minor: row.credit,
    };
    Ok(rows.into_iter().map(sum).collect())
}

#[derive(QueryableByName)]
struct StockRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    held: i64,
    #[diesel(sql_type = BigInt)]
    came: i64,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    second: i64,
    #[diesel(sql_type = BigInt)]
    third: i64,
    #[diesel(sql_type = BigInt)]
    fourth: i64,
    #[diesel(sql_type = Nullable<SqlTs>)]
    oldest: Option<Ts>,
}

/// First in, first out: what an account holds came last, so the oldest part of it is the earliest
/// receipt before which the later ones do not make up the balance.
pub(super) fn stock(
    conn: &mut Conn,
    tenant: i32,
    since: Ts,
    [first, second, third, fourth]: [Ts; 4],
) -> Result<Vec<StockSum>, Failure> {
    let after = |bound: &str| {
        format!(
            "CAST(COALESCE(SUM(CASE WHEN r.sealed_at > @{bound} THEN r.minor ELSE 0 END), 0) AS BIGINT) \
             AS {bound}"
        )
    };
    let sql = format!(
        "WITH h AS (SELECT account, currency, CAST(SUM(debit_minor - credit_minor) AS BIGINT) AS held \
         FROM account_balances WHERE tenant = @tenant AND (account LIKE 'clearing:%' OR account LIKE 'bank:%') \
         GROUP BY account, currency HAVING SUM(debit_minor - credit_minor) > 0), \
         c AS (SELECT p.debit AS account, p.currency AS currency, b.sealed_at AS sealed_at, \
         CAST(SUM(p.amount_minor) AS BIGINT) AS minor FROM {BLOCKS_AND_POSTINGS} AND b.sealed_at >= @since \
         AND (p.debit LIKE 'clearing:%' OR p.debit LIKE 'bank:%') GROUP BY p.debit, p.currency, b.sealed_at), \
         r AS (SELECT c.*, SUM(minor) OVER (PARTITION BY account, currency ORDER BY sealed_at DESC) AS run FROM c) \
         SELECT h.account AS account, h.currency AS currency, h.held AS held, \
         CAST(COALESCE(SUM(r.minor), 0) AS BIGINT) AS came, {}, {}, {}, {}, \
         MIN(CASE WHEN r.run - r.minor < h.held THEN r.sealed_at END) AS oldest \
         FROM h LEFT JOIN r ON r.account = h.account AND r.currency = h.currency \
         GROUP BY h.account, h.currency, h.held",
        after("first"),
        after("second"),
        after("third"),
        after("fourth"),
    );
    let values = vec![
        ("tenant", Arg::Number(tenant)),
        ("since", Arg::At(since)),
        ("first", Arg::At(first)),
        ("second", Arg::At(second)),
        ("third", Arg::At(third)),
        ("fourth", Arg::At(fourth)),
    ];
    let rows: Vec<StockRow> = asked(&sql, values).load(conn)?;
    let sum = |row: StockRow| StockSum {
        account: row.account,
        currency: row.currency,
        held_minor: row.held,
        came_minor: row.came,
        after: [row.first, row.second, row.third, row.fourth],
        oldest: row.oldest,
    };
    Ok(rows.into_iter().map(sum).collect())
}
