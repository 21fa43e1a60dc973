//! Refunds and their steps, and the recount that `verify` makes of them.

use diesel::prelude::*;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::{RefundFilter, Refunds};
use crate::store::rows::{AllocationRow, RefundRow, RefundStepRow};
use crate::store::schema::{allocations, refund_steps, refunds};
use crate::store::types::Uid;
/// States in which nothing more is done.
const ENDED: [&str; 4] = ["withdrawn", "succeeded", "by_hand", "called_off"];

/// What is set aside of a payment is what its refunds hold.
pub(super) const WRONG_SET_ASIDE: &str = "SELECT payment_id AS id, 'has ' || CAST(SUM(p) AS TEXT) || \
    ' set aside, its refunds hold ' || CAST(SUM(r) AS TEXT) AS problem FROM (\
    SELECT payment_id, refunding_minor AS p, 0 AS r FROM payments WHERE tenant = $1 AND refunding_minor > 0 \
    UNION ALL SELECT payment_id, 0, amount_minor - paid_minor FROM refunds \
    WHERE tenant = $2 AND state IN ('to_send', 'sent', 'failed')) x \
    GROUP BY payment_id HAVING SUM(p) <> SUM(r) ORDER BY payment_id LIMIT 20";

/// What a refund holds is what its steps set aside.
pub(super) const WRONG_HELD: &str = "SELECT refund_id AS id, 'holds ' || CAST(SUM(h) AS TEXT) || \
    ', its steps set aside ' || CAST(SUM(s) AS TEXT) AS problem FROM (\
    SELECT refund_id, CASE WHEN state IN ('to_send', 'sent', 'failed') THEN amount_minor - paid_minor ELSE 0 END AS h, \
    0 AS s FROM refunds WHERE tenant = $1 \
    UNION ALL SELECT refund_id, 0, amount_minor FROM refund_steps WHERE tenant = $2) x \
    GROUP BY refund_id HAVING SUM(h) <> SUM(s) ORDER BY refund_id LIMIT 20";

/// A refund was asked for by the officer whom its step, or the step of its difference, names.
pub(super) const WRONG_REQUESTS: &str = "SELECT r.refund_id AS id, 'says it was asked for by ' || r.requested_by || \
    ', which no step says' AS problem FROM refunds r WHERE r.tenant = $1 AND r.requested_by IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM refund_steps s WHERE s.tenant = r.tenant AND s.refund_id = r.refund_id \
    AND s.action = 'request' AND s.officer = r.requested_by) AND NOT EXISTS (SELECT 1 FROM difference_steps s \
    WHERE s.tenant = r.tenant AND s.difference_id = r.difference_id AND s.action = 'asked_return' \
    AND s.officer = r.requested_by) ORDER BY r.refund_id LIMIT 20";

/// An approved refund set aside its whole amount, by the officer who is said to have approved it.
pub(super) const WRONG_APPROVALS: &str = "SELECT r.refund_id AS id, 'is approved by ' || r.approved_by || ' for ' || \
    CAST(r.amount_minor AS TEXT) || ', which is not what the step of its approval says' AS problem FROM refunds r \
    WHERE r.tenant = $1 AND r.approved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM refund_steps s \
    WHERE s.tenant = r.tenant AND s.refund_id = r.refund_id AND s.action = 'approve' AND s.officer = r.approved_by \
    AND s.officer <> r.requested_by AND s.amount_minor = r.amount_minor) ORDER BY r.refund_id LIMIT 20";

/// What steps set aside is what their entries posted.
pub(super) const WRONG_ENTRIES: &str = "SELECT entry_id AS id, 'posts ' || CAST(SUM(p) AS TEXT) || \
    ' to go back, the steps of refunds say ' || CAST(SUM(s) AS TEXT) AS problem FROM (\
    SELECT entry_id, CASE WHEN credit = 'refund_payable' THEN amount_minor ELSE -amount_minor END AS p, 0 AS s \
    FROM postings WHERE tenant = $1 AND (credit = 'refund_payable' OR debit = 'refund_payable') \
    UNION ALL SELECT entry_id, 0, amount_minor FROM refund_steps WHERE tenant = $2 AND entry_id IS NOT NULL) x \
    GROUP BY entry_id HAVING SUM(p) <> SUM(s) ORDER BY entry_id LIMIT 20";

/// A refund stands where its last step left it.
pub(super) const WRONG_STANDING: &str = "SELECT r.refund_id AS id, 'is ' || r.state || ' at revision ' || \
    CAST(r.revision AS TEXT) || ', its steps end elsewhere' AS problem FROM refunds r WHERE r.tenant = $1 \
    AND (r.revision > 1 OR r.state NOT IN ('proposed', 'requested')) AND (NOT EXISTS (SELECT 1 FROM refund_steps s \
    WHERE s.tenant = r.tenant AND s.refund_id = r.refund_id AND s.revision = r.revision AND s.state = r.state) \
    OR EXISTS (SELECT 1 FROM refund_steps s WHERE s.tenant = r.tenant AND s.refund_id = r.refund_id \
    AND s.revision > r.revision)) ORDER BY r.refund_id LIMIT 20";

impl Refunds for Conn {
    fn list_refunds(
        &mut self,
        tenant: i32,
        filter: &RefundFilter,
    ) -> Result<Vec<RefundRow>, Failure> {
        let mut query = refunds::table
            .filter(refunds::tenant.eq(tenant))
            .order(refunds::refund_id)
            .limit(filter.limit)
            .select(RefundRow::as_select())
            .into_boxed();
        if let Some(state) = &filter.state {
            query = query.filter(refunds::state.eq(state));
        }
        if filter.is_standing {
            query = query.filter(refunds::state.ne_all(ENDED));
        }
        if let Some(unit) = &filter.unit_code {
            query = query.filter(refunds::unit_code.eq(unit));
        }
        if let Some(channel) = &filter.channel {
            query = query.filter(refunds::channel.eq(channel));
        }
        if let Some(rule) = &filter.rule {
            query = query.filter(refunds::rule.eq(rule));
        }
        if let Some(payment) = filter.payment_id {
            query = query.filter(refunds::payment_id.eq(payment));
        }
        if let Some(bill) = filter.bill_id {
            query = query.filter(refunds::bill_id.eq(bill));
        }
        if let Some(id) = &filter.provider_refund_id {
            query = query.filter(refunds::provider_refund_id.eq(id));
        }
        if let Some(reference) = &filter.bank_reference {
            query = query.filter(refunds::bank_reference.eq(reference));
        }
        if let Some((from, to)) = filter.approved_within {
            query = query.filter(
                refunds::approved_at
                    .ge(from)
                    .and(refunds::approved_at.lt(to)),
            );
        }
        if let Some(after) = filter.after {
            query = query.filter(refunds::refund_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn find_refund(&mut self, tenant: i32, id: Uid) -> Result<Option<RefundRow>, Failure> {
        Ok(refunds::table
            .find((tenant, id))
            .select(RefundRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_standing_refunds(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
    ) -> Result<Vec<RefundRow>, Failure> {
        Ok(refunds::table
            .filter(refunds::tenant.eq(tenant))
            .filter(refunds::payment_id.eq_any(payment_ids))
            .filter(refunds::state.ne_all(ENDED))
            .order(refunds::refund_id)
            .select(RefundRow::as_select())
            .load(self)?)
    }

    fn list_refund_steps(&mut self, tenant: i32, id: Uid) -> Result<Vec<RefundStepRow>, Failure> {
        Ok(refund_steps::table
            .filter(refund_steps::tenant.eq(tenant))
            .filter(refund_steps::refund_id.eq(id))
            .order(refund_steps::revision)
            .select(RefundStepRow::as_select())
            .load(self)?)
    }

    fn insert_refund(
        &mut self,
        row: &RefundRow,
        step: Option<&RefundStepRow>,
    ) -> Result<(), Failure> {
        diesel::insert_into(refunds::table)
            .values(row)
            .execute(self)?;
        if let Some(step) = step {
            diesel::insert_into(refund_steps::table)
                .values(step)
                .execute(self)?;
        }
        Ok(())
    }

    fn mark_refunds(&mut self, rows: &[RefundRow], steps: &[RefundStepRow]) -> Result<(), Failure> {
        for row in rows {
            let marked = diesel::update(refunds::table.find((row.tenant, row.refund_id)))
                .filter(refunds::revision.lt(row.revision))
                .set((
                    refunds::state.eq(&row.state),
                    refunds::revision.eq(row.revision),
                    refunds::amount_minor.eq(row.amount_minor),
                    refunds::reason.eq(&row.reason),
                    refunds::requested_by.eq(&row.requested_by),
                    refunds::requested_at.eq(row.requested_at),
                    refunds::approved_by.eq(&row.approved_by),
                    refunds::approved_at.eq(row.approved_at),
                    refunds::sent_at.eq(row.sent_at),
                    refunds::ended_at.eq(row.ended_at),
                    refunds::fee_items.eq(&row.fee_items),
                    refunds::paid_minor.eq(row.paid_minor),
                    refunds::provider_refund_id.eq(&row.provider_refund_id),
                    refunds::bank_reference.eq(&row.bank_reference),
                ))
                .execute(self)?;
            if marked != 1 {
                let text = format!("refund {} was brought further meanwhile", row.refund_id.0);
                return Err(Failure::Contention(text));
            }
        }
        for rows in steps.chunks(CHUNK) {
            diesel::insert_into(refund_steps::table)
                .values(rows)
                .execute(self)?;
        }
        Ok(())
    }

    fn list_allocations_on(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<AllocationRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in dossier_ids.chunks(CHUNK) {
            rows.extend(
                allocations::table
                    .filter(allocations::tenant.eq(tenant))
                    .filter(allocations::dossier_id.eq_any(chunk))
                    .order((allocations::payment_id, allocations::bill_id))
                    .select(AllocationRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }
}
