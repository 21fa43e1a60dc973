//! Recounts for `verify`. Each adds what is kept to the negative of what is recomputed and lists
//! the groups that do not come out at zero, so a row missing on either side shows as well.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::Conn;
use super::counts::are_units_counted;
use super::refunds::{
    WRONG_APPROVALS, WRONG_ENTRIES, WRONG_HELD, WRONG_REQUESTS, WRONG_SET_ASIDE, WRONG_STANDING,
};
use super::settling::WRONG_SETTLED;
use crate::store::failure::Failure;
use crate::store::ops::{Proof, Wrong};
use crate::store::rows::DossierRow;
use crate::store::schema::{
    account_balances, bills, differences, dossier_counts, dossiers, notices, payments, refunds,
    remittances, settlement_entries, unit_counts,
};
use crate::store::types::{SqlUid, Uid};

#[derive(QueryableByName)]
struct NamedByText {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    problem: String,
}

#[derive(QueryableByName)]
struct NamedById {
    #[diesel(sql_type = SqlUid)]
    id: Uid,
    #[diesel(sql_type = Text)]
    problem: String,
}

const WRONG_BALANCES: &str = "SELECT account || ' ' || currency AS name, \
    'kept less posted is debit ' || CAST(SUM(d) AS TEXT) || ', credit ' || CAST(SUM(c) AS TEXT) AS problem FROM (\
    SELECT account, currency, debit_minor AS d, credit_minor AS c FROM account_balances WHERE tenant = $1 \
    UNION ALL SELECT debit, currency, -amount_minor, 0 FROM postings WHERE tenant = $2 \
    UNION ALL SELECT credit, currency, 0, -amount_minor FROM postings WHERE tenant = $3) x \
    GROUP BY account, currency HAVING SUM(d) <> 0 OR SUM(c) <> 0 ORDER BY 1 LIMIT 20";

const WRONG_PAYMENTS: &str = "SELECT payment_id AS id, 'kept less posted is ' || CAST(SUM(a) AS TEXT) || \
    ' allocated, ' || CAST(SUM(c) AS TEXT) || ' payer credit, ' || CAST(SUM(s) AS TEXT) || ' suspense, ' || \
    CAST(SUM(r) AS TEXT) || ' going back, ' || CAST(SUM(b) AS TEXT) || ' paid out by our bank' AS problem FROM (\
    SELECT payment_id, allocated_minor AS a, credit_minor AS c, suspense_minor AS s, refunding_minor AS r, banked_minor AS b \
    FROM payments WHERE tenant = $1 \
    UNION ALL SELECT payment_id, \
    CASE WHEN credit LIKE 'receivable:%' THEN -amount_minor WHEN debit LIKE 'receivable:%' THEN amount_minor ELSE 0 END, \
    CASE WHEN credit = 'payer_credit' THEN -amount_minor WHEN debit = 'payer_credit' THEN amount_minor ELSE 0 END, \
    CASE WHEN credit = 'suspense' THEN -amount_minor WHEN debit = 'suspense' THEN amount_minor ELSE 0 END, \
    CASE WHEN credit = 'refund_payable' THEN -amount_minor WHEN debit = 'refund_payable' THEN amount_minor ELSE 0 END, \
    CASE WHEN credit LIKE 'bank:%' THEN -amount_minor ELSE 0 END \
    FROM postings WHERE tenant = $2 AND payment_id IS NOT NULL AND event <> 'bill_cancelled') x \
    GROUP BY payment_id HAVING SUM(a) <> 0 OR SUM(c) <> 0 OR SUM(s) <> 0 OR SUM(r) <> 0 OR SUM(b) <> 0 \
    ORDER BY payment_id LIMIT 20";

/// What left the books is what postings say left them; what a provider had given back before we heard
/// of the payment was never posted, and is what the first posting lacks.
const WRONG_GONE: &str = "SELECT payment_id AS id, 'says that ' || CAST(SUM(r) AS TEXT) || ' went back and ' || \
    CAST(SUM(t) AS TEXT) || ' was a test, which its postings do not say' AS problem FROM (\
    SELECT payment_id, amount_minor AS a, refunded_minor AS r, test_minor AS t, 0 AS d, 0 AS c, 0 AS x \
    FROM payments WHERE tenant = $1 UNION ALL SELECT payment_id, 0, 0, 0, \
    CASE WHEN debit LIKE 'clearing:%' AND event <> 'placing_undone' THEN amount_minor ELSE 0 END, \
    CASE WHEN credit LIKE 'bank:%' OR (credit LIKE 'clearing:%' AND event <> 'payment_is_test') THEN amount_minor ELSE 0 END, \
    CASE WHEN event = 'payment_is_test' THEN amount_minor \
    WHEN event = 'placing_undone' AND debit LIKE 'clearing:%' THEN -amount_minor ELSE 0 END \
    FROM postings WHERE tenant = $2 AND payment_id IS NOT NULL) x \
    GROUP BY payment_id HAVING SUM(t) <> SUM(x) OR (SUM(d) > 0 AND SUM(r) <> SUM(a) - SUM(d) + SUM(c)) \
    OR (SUM(d) = 0 AND SUM(r) <> 0 AND SUM(r) <> SUM(a)) ORDER BY payment_id LIMIT 20";

const UNPLACED_PAYMENTS: &str = "SELECT payment_id AS id, \
    'amount ' || CAST(amount_minor AS TEXT) || ' in status ' || status || ' places ' || \
    CAST(allocated_minor - returned_minor + credit_minor + suspense_minor + refunding_minor + refunded_minor + test_minor AS TEXT) AS problem \
    FROM payments WHERE tenant = $1 AND match_outcome <> 'unsettled' AND \
    allocated_minor - returned_minor + credit_minor + suspense_minor + refunding_minor <> \
    CASE WHEN status IN ('succeeded', 'partially_refunded') THEN amount_minor - refunded_minor - test_minor ELSE 0 END \
    ORDER BY payment_id LIMIT 20";

const WRONG_ALLOCATIONS: &str = "SELECT payment_id AS id, 'kept less posted is ' || CAST(SUM(a) AS TEXT) || \
    ' on a bill given by an officer, ' || CAST(SUM(r) AS TEXT) || ' returned' AS problem FROM (\
    SELECT payment_id, bill_id, amount_minor AS a, 0 AS r FROM allocations WHERE tenant = $1 \
    UNION ALL SELECT o.payment_id, CASE WHEN o.debit LIKE 'due:%' THEN p.bill_id ELSE o.bill_id END, \
    CASE WHEN o.bill_id = p.bill_id THEN 0 WHEN o.credit LIKE 'receivable:%' THEN -o.amount_minor \
    WHEN o.debit LIKE 'receivable:%' THEN o.amount_minor ELSE 0 END, \
    CASE WHEN o.debit LIKE 'due:%' THEN -o.amount_minor WHEN o.credit LIKE 'due:%' THEN o.amount_minor ELSE 0 END \
    FROM postings o JOIN payments p ON p.tenant = o.tenant AND p.payment_id = o.payment_id \
    WHERE o.tenant = $2 AND o.bill_id IS NOT NULL AND o.event NOT LIKE 'bill_%' \
    UNION ALL SELECT payment_id, bill_id, 0, returned_minor FROM payments WHERE tenant = $3 AND bill_id IS NOT NULL) x \
    GROUP BY payment_id, bill_id HAVING SUM(a) <> 0 OR SUM(r) <> 0 ORDER BY payment_id LIMIT 20";

const MISPOSTED_PAYMENTS: &str = "SELECT DISTINCT p.payment_id AS id, \
    'has a posting on another channel than ' || p.channel || ', or on another bill than its own' AS problem \
    FROM postings o JOIN payments p ON p.tenant = o.tenant AND p.payment_id = o.payment_id WHERE o.tenant = $1 AND (\
    (o.debit LIKE 'clearing:%' AND o.debit <> 'clearing:' || p.channel) OR \
    (o.credit LIKE 'clearing:%' AND o.credit <> 'clearing:' || p.channel) OR \
    (o.bill_id IS NOT NULL AND (p.bill_id IS NULL OR o.bill_id <> p.bill_id) AND NOT EXISTS (\
    SELECT 1 FROM allocations a WHERE a.tenant = o.tenant AND a.payment_id = o.payment_id AND a.bill_id = o.bill_id)) OR \
    (o.bill_id IS NULL AND (o.debit LIKE 'receivable:%' OR o.credit LIKE 'receivable:%'))) \
    ORDER BY 1 LIMIT 20";

const WRONG_BILLS: &str = "SELECT bill_id AS id, 'kept less posted is ' || CAST(SUM(p) AS TEXT) || ' paid, ' || \
    CAST(SUM(t) AS TEXT) || ' billed, ' || CAST(SUM(w) AS TEXT) || ' waived' AS problem FROM (\
    SELECT bill_id, paid_minor AS p, CASE WHEN cancelled_at IS NULL THEN total_minor ELSE paid_minor END AS t, waived_minor AS w \
    FROM bills WHERE tenant = $1 \
    UNION ALL SELECT bill_id, \
    CASE WHEN event LIKE 'bill_%' THEN 0 WHEN credit LIKE 'receivable:%' THEN -amount_minor \
    WHEN debit LIKE 'receivable:%' THEN amount_minor ELSE 0 END, \
    CASE WHEN event = 'bill_opened' THEN -amount_minor WHEN event = 'bill_cancelled' THEN amount_minor ELSE 0 END, \
    CASE WHEN event = 'bill_waived' THEN -amount_minor WHEN event = 'bill_waiver_undone' THEN amount_minor ELSE 0 END \
    FROM postings WHERE tenant = $2 AND bill_id IS NOT NULL) x \
    GROUP BY bill_id HAVING SUM(p) <> 0 OR SUM(t) <> 0 OR SUM(w) <> 0 ORDER BY bill_id LIMIT 20";

const WRONG_STATES: &str = "SELECT bill_id AS id, 'state ' || state || ' with ' || CAST(paid_minor AS TEXT) || ' of ' || \
    CAST(total_minor AS TEXT) || ' paid, ' || CAST(waived_minor AS TEXT) || ' waived' AS problem FROM bills WHERE tenant = $1 AND state <> \
    CASE WHEN paid_minor >= total_minor - waived_minor AND total_minor - waived_minor > 0 THEN 'paid' WHEN cancelled_at IS NOT NULL THEN 'cancelled' \
    WHEN paid_minor > 0 THEN 'part_paid' ELSE 'open' END ORDER BY bill_id LIMIT 20";

const WRONG_TOTALS: &str = "SELECT bill_id AS id, 'total less fee items is ' || CAST(SUM(t) AS TEXT) AS problem FROM (\
    SELECT bill_id, total_minor AS t FROM bills WHERE tenant = $1 AND cancelled_at IS NULL \
    UNION ALL SELECT f.bill_id, -f.amount_minor FROM fee_items f JOIN bills b ON b.tenant = f.tenant \
    AND b.bill_id = f.bill_id WHERE f.tenant = $2 AND b.cancelled_at IS NULL) x \
    GROUP BY bill_id HAVING SUM(t) <> 0 ORDER BY bill_id LIMIT 20";

const WRONG_UNITS: &str = "SELECT b.bill_id AS id, 'stands on ' || x.account || ' with ' || CAST(x.a AS TEXT) || \
    ', its dossier belongs to ' || d.unit_code AS problem FROM (\
    SELECT tenant, bill_id, account, SUM(a) AS a FROM (\
    SELECT tenant, bill_id, debit AS account, amount_minor AS a FROM postings \
    WHERE tenant = $1 AND bill_id IS NOT NULL AND debit LIKE 'receivable:%' \
    UNION ALL SELECT tenant, bill_id, credit, -amount_minor FROM postings \
    WHERE tenant = $2 AND bill_id IS NOT NULL AND credit LIKE 'receivable:%') y \
    GROUP BY tenant, bill_id, account HAVING SUM(a) <> 0) x \
    JOIN bills b ON b.tenant = x.tenant AND b.bill_id = x.bill_id \
    JOIN dossiers d ON d.tenant = b.tenant AND d.dossier_id = b.dossier_id \
    WHERE x.account <> 'receivable:' || d.unit_code ORDER BY b.bill_id LIMIT 20";

const WRONG_NOTICES: &str = "SELECT n.notice_id AS id, CASE WHEN n.is_settled THEN 'names a payment that does not exist' \
    ELSE 'is recorded and not applied: run doisoat sweep' END AS problem \
    FROM notices n LEFT JOIN payments p ON p.tenant = n.tenant AND p.payment_id = n.payment_id \
    WHERE n.tenant = $1 AND (NOT n.is_settled OR (n.payment_id IS NOT NULL AND p.payment_id IS NULL)) \
    ORDER BY n.notice_id LIMIT 20";

const UNWATCHED_PAYMENTS: &str = "SELECT payment_id AS id, 'has ' || CAST(credit_minor + suspense_minor AS TEXT) || \
    ' that pays no bill, and no difference stands for it' AS problem FROM payments p \
    WHERE tenant = $1 AND credit_minor + suspense_minor > 0 AND NOT EXISTS (SELECT 1 FROM differences d \
    WHERE d.tenant = p.tenant AND d.payment_id = p.payment_id AND d.subject IS NULL AND d.state <> 'resolved') ORDER BY payment_id LIMIT 20";

const WRONG_DIFFERENCES: &str = "SELECT d.difference_id AS id, 'is ' || d.state || ' at revision ' || CAST(d.revision AS TEXT) || \
    ', its steps give ' || COALESCE(s.state, 'open') || ' at ' || CAST(1 + COALESCE(g.n, 0) AS TEXT) AS problem \
    FROM differences d LEFT JOIN (SELECT tenant, difference_id, COUNT(*) AS n, MAX(revision) AS last \
    FROM difference_steps WHERE tenant = $1 GROUP BY tenant, difference_id) g \
    ON g.tenant = d.tenant AND g.difference_id = d.difference_id LEFT JOIN difference_steps s \
    ON s.tenant = g.tenant AND s.difference_id = g.difference_id AND s.revision = g.last \
    WHERE d.tenant = $2 AND (d.state <> COALESCE(s.state, 'open') OR d.revision <> 1 + COALESCE(g.n, 0) \
    OR d.revision <> COALESCE(g.last, 1)) ORDER BY d.difference_id LIMIT 20";

const UNEXPLAINED_ENTRIES: &str = "SELECT id, problem FROM (SELECT o.entry_id AS id, \
    'was posted by an officer, and no step names it' AS problem FROM postings o LEFT JOIN difference_steps s \
    ON s.tenant = o.tenant AND s.entry_id = o.entry_id WHERE o.tenant = $1 AND s.entry_id IS NULL AND o.event IN \
    ('payment_placed', 'placing_undone', 'payment_is_test', 'bill_waived', 'bill_waiver_undone') \
    UNION SELECT s.entry_id, 'is named by a step, and was never posted' FROM difference_steps s LEFT JOIN postings o \
    ON o.tenant = s.tenant AND o.entry_id = s.entry_id WHERE s.tenant = $2 AND s.entry_id IS NOT NULL \
    AND o.entry_id IS NULL) x ORDER BY id LIMIT 20";

const WRONG_COUNTS: &str = "SELECT period || (CASE WHEN grain = 0 THEN ' (day) ' ELSE ' (month) ' END) || unit_code || ' ' || \
    procedure_code || ' class ' || CAST(class AS TEXT) AS name, 'kept less recounted is ' || CAST(SUM(n) AS TEXT) AS problem FROM (\
    SELECT grain, CAST(period AS TEXT) AS period, unit_code, procedure_code, class, n FROM dossier_counts WHERE tenant = $1 \
    UNION ALL SELECT 0, CAST(received_on AS TEXT), unit_code, procedure_code, class, -1 FROM dossiers WHERE tenant = $2 \
    UNION ALL SELECT 1, SUBSTR(CAST(received_on AS TEXT), 1, 7) || '-01', unit_code, procedure_code, class & 4095, -1 \
    FROM dossiers WHERE tenant = $3) x \
    GROUP BY grain, period, unit_code, procedure_code, class HAVING SUM(n) <> 0 ORDER BY 1 LIMIT 20";

const WRONG_UNIT_COUNTS: &str = "SELECT period || ' (month by unit) ' || unit_code || \
    CASE WHEN has_fee THEN ' with fee class ' ELSE ' without fee class ' END || CAST(class AS TEXT) AS name, \
    'kept less recounted is ' || CAST(SUM(n) AS TEXT) AS problem FROM (\
    SELECT CAST(period AS TEXT) AS period, unit_code, has_fee, class, n FROM unit_counts WHERE tenant = $1 \
    UNION ALL SELECT SUBSTR(CAST(d.received_on AS TEXT), 1, 7) || '-01', d.unit_code, p.has_fee, d.class & 255, -1 \
    FROM dossiers d JOIN procedures p ON p.tenant = d.tenant AND p.code = d.procedure_code WHERE d.tenant = $2) x \
    GROUP BY period, unit_code, has_fee, class HAVING SUM(n) <> 0 ORDER BY 1 LIMIT 20";

/// Every bind is the tenant.
fn by_text(conn: &mut Conn, query: &str, tenant: i32) -> Result<Vec<Wrong>, Failure> {
    let mut asked = diesel::sql_query(query).into_boxed();
    for _ in 0..query.matches('$').count() {
        asked = asked.bind::<Integer, _>(tenant);
    }
    let rows: Vec<NamedByText> = asked.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, row.problem))
        .collect())
}

fn by_id(conn: &mut Conn, word: &str, query: &str, tenant: i32) -> Result<Vec<Wrong>, Failure> {
    let binds = query.matches('$').count();
    let mut asked = diesel::sql_query(query)
        .into_boxed()
        .bind::<Integer, _>(tenant);
    for _ in 1..binds {
        asked = asked.bind::<Integer, _>(tenant);
    }
    let rows: Vec<NamedById> = asked.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (format!("{word} {}", row.id.0), row.problem))
        .collect())
}

impl Proof for Conn {
    fn list_wrong_balances(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let rows = account_balances::table.filter(account_balances::tenant.eq(tenant));
        let count = rows.count().get_result(self)?;
        Ok((count, by_text(self, WRONG_BALANCES, tenant)?))
    }

    fn list_wrong_payments(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let count = payments::table
            .filter(payments::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        let mut wrong = by_id(self, "payment", WRONG_PAYMENTS, tenant)?;
        wrong.extend(by_id(self, "payment", UNPLACED_PAYMENTS, tenant)?);
        wrong.extend(by_id(self, "payment", WRONG_GONE, tenant)?);
        wrong.extend(by_id(self, "payment", WRONG_ALLOCATIONS, tenant)?);
        wrong.extend(by_id(self, "payment", MISPOSTED_PAYMENTS, tenant)?);
        // What is wrong in one way is often wrong in another: each payment is named once.
        let mut named = HashSet::new();
        wrong.retain(|(name, _)| named.insert(name.clone()));
        Ok((count, wrong))
    }

    fn list_wrong_bills(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let count = bills::table
            .filter(bills::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        let mut wrong = by_id(self, "bill", WRONG_BILLS, tenant)?;
        wrong.extend(by_id(self, "bill", WRONG_STATES, tenant)?);
        wrong.extend(by_id(self, "bill", WRONG_TOTALS, tenant)?);
        wrong.extend(by_id(self, "bill", WRONG_UNITS, tenant)?);
        Ok((count, wrong))
    }

    fn list_wrong_notices(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let count = notices::table
            .filter(notices::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        Ok((count, by_id(self, "notice", WRONG_NOTICES, tenant)?))
    }

    fn list_wrong_refunds(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let count = refunds::table
            .filter(refunds::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        let mut wrong = by_id(self, "payment", WRONG_SET_ASIDE, tenant)?;
        wrong.extend(by_id(self, "refund", WRONG_HELD, tenant)?);
        wrong.extend(by_id(self, "refund", WRONG_REQUESTS, tenant)?);
        wrong.extend(by_id(self, "refund", WRONG_APPROVALS, tenant)?);
        wrong.extend(by_id(self, "refund", WRONG_STANDING, tenant)?);
        wrong.extend(by_id(self, "entry", WRONG_ENTRIES, tenant)?);
        Ok((count, wrong))
    }

    fn list_wrong_cases(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let rows = differences::table.filter(differences::tenant.eq(tenant));
        let count = rows.count().get_result(self)?;
        let mut wrong = by_id(self, "difference", WRONG_DIFFERENCES, tenant)?;
        wrong.extend(by_id(self, "payment", UNWATCHED_PAYMENTS, tenant)?);
        wrong.extend(by_id(self, "entry", UNEXPLAINED_ENTRIES, tenant)?);
        Ok((count, wrong))
    }

    fn list_wrong_settled(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let entries: i64 = settlement_entries::table
            .filter(settlement_entries::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        let passed_on: i64 = remittances::table
            .filter(remittances::tenant.eq(tenant))
            .count()
            .get_result(self)?;
        let wrong = by_id(self, "entry", WRONG_SETTLED, tenant)?;
        Ok((entries + passed_on, wrong))
    }

    fn list_wrong_counts(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
        let rows = dossier_counts::table.filter(dossier_counts::tenant.eq(tenant));
        let count: i64 = rows.count().get_result(self)?;
        let wrong = by_text(self, WRONG_COUNTS, tenant)?;
        // As long as not every writer keeps them, nobody relies on them.
        if !are_units_counted(self, tenant)? {
            return Ok((count, wrong));
        }
        let rows = unit_counts::table.filter(unit_counts::tenant.eq(tenant));
        let by_unit: i64 = rows.count().get_result(self)?;
        let wrong_by_unit = by_text(self, WRONG_UNIT_COUNTS, tenant)?;
        Ok((count + by_unit, [wrong, wrong_by_unit].concat()))
    }

    fn list_dossiers(
        &mut self,
        tenant: i32,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<DossierRow>, Failure> {
        let mut query = dossiers::table
            .filter(dossiers::tenant.eq(tenant))
            .order(dossiers::dossier_id)
            .limit(limit)
            .select(DossierRow::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(dossiers::dossier_id.gt(after));
        }
        Ok(query.load(self)?)
    }
}
