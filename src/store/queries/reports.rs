//! Sums for the reports about differences, refunds and payments, each narrowed to a unit where one is
//! given. Nothing is read row by row.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::named::{Arg, asked, in_scope, scoped, within};
use super::{Conn, seconds_of};
use crate::store::failure::Failure;
use crate::store::ops::{
    Aged, AgedSum, CaseSum, MatchSum, MoveSum, OpenedSum, PaymentSum, Reports, StockSum, UnitScope,
    Window,
};
use crate::store::types::{SqlUid, Ts, Uid};

/// The unit of a payment `p`: that of the dossier it was sent for, whose dossier row is `d`, else
/// that of a dossier an officer gave its money to.
const UNIT_OF_PAYMENT: &str = "COALESCE(d.unit_code, (SELECT x.unit_code FROM allocations a \
    JOIN dossiers x ON x.tenant = a.tenant AND x.dossier_id = a.dossier_id \
    WHERE a.tenant = p.tenant AND a.payment_id = p.payment_id AND a.amount_minor > 0 \
    ORDER BY a.bill_id LIMIT 1), '')";

const PAYMENTS_AND_DOSSIERS: &str = "payments p LEFT JOIN dossiers d \
    ON d.tenant = p.tenant AND d.dossier_id = p.dossier_id \
    WHERE p.tenant = @tenant AND p.payment_id >= @first AND p.payment_id < @end";

/// What is added up, one row each: unit, state, officer, currency, id, amount, paid.
fn rows_of(what: Aged) -> String {
    let money = |column: &str| {
        format!(
            "SELECT d.unit_code, '' AS state, '' AS officer, p.currency, p.payment_id AS id, \
                 p.{column} AS minor, 0 AS paid FROM differences d JOIN payments p \
                 ON p.tenant = d.tenant AND p.payment_id = d.payment_id \
                 WHERE d.tenant = @tenant AND d.state <> 'resolved' AND d.subject IS NULL AND p.{column} > 0 \
                 AND NOT EXISTS (SELECT 1 FROM differences e WHERE e.tenant = d.tenant \
                 AND e.payment_id = d.payment_id AND e.state <> 'resolved' AND e.subject IS NULL \
                 AND e.difference_id < d.difference_id) AND {}",
            in_scope("d.unit_code")
        )
    };
    match what {
        Aged::Suspense => money("suspense_minor"),
        Aged::PayerCredit => money("credit_minor"),
        Aged::Differences => format!(
            "SELECT unit_code, state, '' AS officer, currency, difference_id AS id, \
                 amount_minor AS minor, 0 AS paid FROM differences \
                 WHERE tenant = @tenant AND state <> 'resolved' AND {}",
            in_scope("unit_code")
        ),
        Aged::Refunds => format!(
            "SELECT unit_code, state, COALESCE(requested_by, '') AS officer, currency, \
                 refund_id AS id, amount_minor AS minor, paid_minor AS paid FROM refunds \
                 WHERE tenant = @tenant \
                 AND state NOT IN ('withdrawn', 'succeeded', 'by_hand', 'called_off') AND {}",
            in_scope("unit_code")
        ),
    }
}

fn aged(what: Aged) -> String {
    let group = "unit_code, state, officer, bucket, currency";
    format!(
        "SELECT {group}, n, minor, paid, id FROM (SELECT {group}, id, COUNT(*) OVER w AS n, \
             CAST(SUM(minor) OVER w AS BIGINT) AS minor, CAST(SUM(paid) OVER w AS BIGINT) AS paid, \
             ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY id) AS place \
             FROM (SELECT r.*, CASE WHEN id >= @young THEN 0 WHEN id >= @week THEN 1 \
             WHEN id >= @month THEN 2 ELSE 3 END AS bucket FROM ({}) r) y \
             WINDOW w AS (PARTITION BY {group})) z WHERE place = 1",
        rows_of(what)
    )
}

#[derive(QueryableByName)]
struct AgedRow {
    #[diesel(sql_type = Text)]
    unit_code: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    officer: String,
    #[diesel(sql_type = Integer)]
    bucket: i32,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
    #[diesel(sql_type = BigInt)]
    paid: i64,
    #[diesel(sql_type = SqlUid)]
    id: Uid,
}

#[derive(QueryableByName)]
struct MatchRow {
    #[diesel(sql_type = Text)]
    unit_code: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    by_rule: i64,
    #[diesel(sql_type = BigInt)]
    by_officer: i64,
}

#[derive(QueryableByName)]
struct CaseRow {
    #[diesel(sql_type = Text)]
    unit_code: String,
    #[diesel(sql_type = BigInt)]
    standing: i64,
    #[diesel(sql_type = BigInt)]
    age: i64,
    #[diesel(sql_type = BigInt)]
    oldest: i64,
    #[diesel(sql_type = BigInt)]
    opened: i64,
    #[diesel(sql_type = BigInt)]
    resolved: i64,
}

#[derive(QueryableByName)]
struct PaymentsRow {
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
    #[diesel(sql_type = BigInt)]
    matched: i64,
    #[diesel(sql_type = BigInt)]
    matched_minor: i64,
    #[diesel(sql_type = BigInt)]
    suspended: i64,
    #[diesel(sql_type = BigInt)]
    suspense_minor: i64,
    #[diesel(sql_type = BigInt)]
    credited: i64,
    #[diesel(sql_type = BigInt)]
    credit_minor: i64,
}

#[derive(QueryableByName)]
struct OpenedRow {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
    #[diesel(sql_type = BigInt)]
    standing: i64,
    #[diesel(sql_type = BigInt)]
    standing_minor: i64,
}

/// Rows of a table opened in a window, by a word of theirs.
fn opened(
    conn: &mut Conn,
    (table, id, word, stands): (&str, &str, &str, &str),
    values: Vec<(&str, Arg)>,
) -> Result<Vec<OpenedSum>, Failure> {
    let sql = format!(
        "SELECT {word} AS word, currency, COUNT(*) AS n, CAST(SUM(amount_minor) AS BIGINT) AS minor, \
         CAST(SUM(CASE WHEN {stands} THEN 1 ELSE 0 END) AS BIGINT) AS standing, \
         CAST(SUM(CASE WHEN {stands} THEN amount_minor ELSE 0 END) AS BIGINT) AS standing_minor \
         FROM {table} WHERE tenant = @tenant AND {id} >= @first AND {id} < @end AND {} \
         GROUP BY {word}, currency",
        in_scope("unit_code")
    );
    let rows: Vec<OpenedRow> = asked(&sql, values).load(conn)?;
    let sum = |row: OpenedRow| OpenedSum {
        word: row.word,
        currency: row.currency,
        n: row.n,
        minor: row.minor,
        standing: row.standing,
        standing_minor: row.standing_minor,
    };
    Ok(rows.into_iter().map(sum).collect())
}

impl Reports for Conn {
    fn list_aged(
        &mut self,
        tenant: i32,
        what: Aged,
        [young, week, month]: [Uid; 3],
        scope: &UnitScope,
    ) -> Result<Vec<AgedSum>, Failure> {
        let mut values = scoped(tenant, scope);
        values.extend([
            ("young", Arg::Id(young)),
            ("week", Arg::Id(week)),
            ("month", Arg::Id(month)),
        ]);
        let rows: Vec<AgedRow> = asked(&aged(what), values).load(self)?;
        let sum = |row: AgedRow| AgedSum {
            unit_code: row.unit_code,
            state: row.state,
            officer: row.officer,
            bucket: row.bucket,
            currency: row.currency,
            n: row.n,
            minor: row.minor,
            paid_minor: row.paid,
            oldest: row.id,
        };
        Ok(rows.into_iter().map(sum).collect())
    }

    fn list_matched(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<MatchSum>, Failure> {
        let sql = format!(
            "SELECT unit_code, COUNT(*) AS n, CAST(SUM(ruled) AS BIGINT) AS by_rule, \
             CAST(SUM(CASE WHEN ruled = 0 THEN given ELSE 0 END) AS BIGINT) AS by_officer \
             FROM (SELECT {UNIT_OF_PAYMENT} AS unit_code, \
             CASE WHEN p.match_outcome IN ('exact', 'short', 'over') THEN 1 ELSE 0 END AS ruled, \
             CASE WHEN EXISTS (SELECT 1 FROM allocations g WHERE g.tenant = p.tenant \
             AND g.payment_id = p.payment_id AND g.amount_minor > 0) THEN 1 ELSE 0 END AS given \
             FROM {PAYMENTS_AND_DOSSIERS} AND p.match_outcome NOT IN ('none', 'unsettled') \
             AND p.amount_minor > p.test_minor) y WHERE {} GROUP BY unit_code",
            in_scope("unit_code")
        );
        let rows: Vec<MatchRow> = asked(&sql, within(tenant, window, scope)).load(self)?;
        let sum = |row: MatchRow| MatchSum {
            unit_code: row.unit_code,
            n: row.n,
            by_rule: row.by_rule,
            by_officer: row.by_officer,
        };
        Ok(rows.into_iter().map(sum).collect())
    }

    fn list_case_sums(
        &mut self,
        tenant: i32,
        window: Window,
        now: Ts,
        scope: &UnitScope,
    ) -> Result<Vec<CaseSum>, Failure> {
        let age = format!("@now - {}", seconds_of("opened_at"));
        let sql = format!(
            "SELECT unit_code, CAST(SUM(standing) AS BIGINT) AS standing, CAST(SUM(age) AS BIGINT) AS age, \
             CAST(MAX(age) AS BIGINT) AS oldest, CAST(SUM(opened) AS BIGINT) AS opened, \
             CAST(SUM(resolved) AS BIGINT) AS resolved FROM (\
             SELECT unit_code, 1 AS standing, {age} AS age, 0 AS opened, 0 AS resolved FROM differences \
             WHERE tenant = @tenant AND state <> 'resolved' \
             UNION ALL SELECT unit_code, 0, 0, 1, 0 FROM differences \
             WHERE tenant = @tenant AND difference_id >= @first AND difference_id < @end \
             UNION ALL SELECT unit_code, 0, 0, 0, 1 FROM differences \
             WHERE tenant = @tenant AND state = 'resolved' AND resolved_at >= @from AND resolved_at < @to\
             ) y WHERE {} GROUP BY unit_code",
            in_scope("unit_code")
        );
        let mut values = within(tenant, window, scope);
        values.push(("now", Arg::Long(now.0.timestamp())));
        let rows: Vec<CaseRow> = asked(&sql, values).load(self)?;
        let sum = |row: CaseRow| CaseSum {
            unit_code: row.unit_code,
            standing: row.standing,
            age_seconds: row.age,
            oldest_seconds: row.oldest,
            opened: row.opened,
            resolved: row.resolved,
        };
        Ok(rows.into_iter().map(sum).collect())
    }

    fn list_moves(
        &mut self,
        tenant: i32,
        accounts: &str,
        window: Window,
        until: Ts,
    ) -> Result<Vec<MoveSum>, Failure> {
        super::report_ledger::moves(self, tenant, accounts, window, until)
    }

    fn list_stock(
        &mut self,
        tenant: i32,
        since: Ts,
        bounds: [Ts; 4],
    ) -> Result<Vec<StockSum>, Failure> {
        super::report_ledger::stock(self, tenant, since, bounds)
    }

    fn list_payment_sums(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<PaymentSum>, Failure> {
        let part = |column: &str, count: &str, sum: &str| {
            format!(
                "CAST(SUM(CASE WHEN {column} > 0 THEN 1 ELSE 0 END) AS BIGINT) AS {count}, \
                 CAST(SUM({column}) AS BIGINT) AS {sum}"
            )
        };
        let sql = format!(
            "SELECT channel, status, currency, COUNT(*) AS n, CAST(SUM(amount_minor) AS BIGINT) AS minor, \
             {}, {}, {} FROM (SELECT p.*, {UNIT_OF_PAYMENT} AS unit_code FROM {PAYMENTS_AND_DOSSIERS}) y \
             WHERE {} GROUP BY channel, status, currency",
            part(
                "(allocated_minor - returned_minor)",
                "matched",
                "matched_minor"
            ),
            part("suspense_minor", "suspended", "suspense_minor"),
            part("credit_minor", "credited", "credit_minor"),
            in_scope("unit_code")
        );
        let rows: Vec<PaymentsRow> = asked(&sql, within(tenant, window, scope)).load(self)?;
        let sum = |row: PaymentsRow| PaymentSum {
            channel: row.channel,
            status: row.status,
            currency: row.currency,
            n: row.n,
            minor: row.minor,
            matched: row.matched,
            matched_minor: row.matched_minor,
            suspended: row.suspended,
            suspense_minor: row.suspense_minor,
            credited: row.credited,
            credit_minor: row.credit_minor,
        };
        Ok(rows.into_iter().map(sum).collect())
    }

    fn list_opened_differences(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<OpenedSum>, Failure> {
        let of = (
            "differences",
            "difference_id",
            "kind",
            "state <> 'resolved'",
        );
        opened(self, of, within(tenant, window, scope))
    }

    fn list_opened_refunds(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<OpenedSum>, Failure> {
        let stands = "state NOT IN ('withdrawn', 'succeeded', 'by_hand', 'called_off')";
        let of = ("refunds", "refund_id", "state", stands);
        opened(self, of, within(tenant, window, scope))
    }
}
