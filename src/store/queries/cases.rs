//! What needs a person: differences, allocations made by officers, refunds.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::{Cases, DifferenceFilter};
use crate::store::rows::{AllocationRow, DifferenceRow, DifferenceStepRow, RefundRow};
use crate::store::schema::{allocations, difference_steps, differences, refunds};
use crate::store::types::Uid;

/// Not a bind, so that both planners see that the indexes of what stands answer it.
const STANDING: &str = "state <> 'resolved'";

impl Cases for Conn {
    fn insert_cases(
        &mut self,
        allocated: &[AllocationRow],
        opened: &[DifferenceRow],
        proposed: &[RefundRow],
    ) -> Result<(), Failure> {
        for rows in allocated.chunks(CHUNK) {
            diesel::insert_into(allocations::table)
                .values(rows)
                .on_conflict((
                    allocations::tenant,
                    allocations::payment_id,
                    allocations::bill_id,
                ))
                .do_update()
                .set(allocations::amount_minor.eq(excluded(allocations::amount_minor)))
                .execute(self)?;
        }
        for rows in opened.chunks(CHUNK) {
            diesel::insert_into(differences::table)
                .values(rows)
                .execute(self)?;
        }
        for rows in proposed.chunks(CHUNK) {
            diesel::insert_into(refunds::table)
                .values(rows)
                .execute(self)?;
        }
        Ok(())
    }

    fn mark_differences(&mut self, rows: &[DifferenceRow]) -> Result<(), Failure> {
        for row in rows {
            let moved = diesel::update(differences::table.find((row.tenant, row.difference_id)))
                .filter(differences::revision.eq(row.revision - 1))
                .set((
                    differences::state.eq(&row.state),
                    differences::unit_code.eq(&row.unit_code),
                    differences::due_at.eq(row.due_at),
                    differences::revision.eq(row.revision),
                    differences::resolution.eq(&row.resolution),
                    differences::resolved_by.eq(&row.resolved_by),
                    differences::resolved_at.eq(row.resolved_at),
                    differences::day.eq(row.day),
                    differences::amount_minor.eq(row.amount_minor),
                    differences::evidence.eq(&row.evidence),
                ))
                .execute(self)?;
            if moved != 1 {
                let problem = format!("difference {} took another step", row.difference_id.0);
                return Err(Failure::Contention(problem));
            }
        }
        Ok(())
    }

    fn insert_difference_steps(&mut self, rows: &[DifferenceStepRow]) -> Result<(), Failure> {
        for rows in rows.chunks(CHUNK) {
            diesel::insert_into(difference_steps::table)
                .values(rows)
                .execute(self)?;
        }
        Ok(())
    }

    fn find_difference(&mut self, tenant: i32, id: Uid) -> Result<Option<DifferenceRow>, Failure> {
        Ok(differences::table
            .find((tenant, id))
            .select(DifferenceRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_differences(
        &mut self,
        tenant: i32,
        filter: &DifferenceFilter,
    ) -> Result<Vec<DifferenceRow>, Failure> {
        let mut query = differences::table
            .filter(differences::tenant.eq(tenant))
            .order(differences::difference_id)
            .limit(filter.limit)
            .select(DifferenceRow::as_select())
            .into_boxed();
        if let Some(state) = &filter.state {
            query = query.filter(differences::state.eq(state));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(differences::kind.eq(kind));
        }
        if let Some(unit) = &filter.unit_code {
            query = query.filter(differences::unit_code.eq(unit));
        }
        if let Some(channel) = &filter.channel {
            query = query.filter(differences::channel.eq(channel));
        }
        if let Some(payment) = filter.payment_id {
            query = query.filter(differences::payment_id.eq(payment));
        }
        if let Some(at) = filter.overdue_at {
            query = query.filter(differences::due_at.lt(at));
        }
        if filter.is_standing || filter.overdue_at.is_some() {
            query = query.filter(sql::<Bool>(STANDING));
        }
        if let Some(after) = filter.after {
            query = query.filter(differences::difference_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn list_differences_of(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
    ) -> Result<Vec<(Uid, Uid)>, Failure> {
        let mut found = Vec::new();
        for chunk in payment_ids.chunks(CHUNK) {
            let rows: Vec<(Uid, Option<Uid>)> = differences::table
                .filter(differences::tenant.eq(tenant))
                .filter(differences::payment_id.eq_any(chunk))
                .filter(differences::payment_id.is_not_null())
                .order(differences::difference_id)
                .select((differences::difference_id, differences::payment_id))
                .load(self)?;
            found.extend(
                rows.into_iter()
                    .filter_map(|(id, payment)| Some((id, payment?))),
            );
        }
        Ok(found)
    }

    fn list_standing_differences(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
        bill_ids: &[Uid],
    ) -> Result<Vec<DifferenceRow>, Failure> {
        let standing = || {
            differences::table
                .filter(differences::tenant.eq(tenant))
                .filter(sql::<Bool>(STANDING))
                .select(DifferenceRow::as_select())
        };
        let mut rows: Vec<DifferenceRow> = Vec::new();
        for chunk in payment_ids.chunks(CHUNK) {
            let of_payments = standing()
                .filter(differences::payment_id.eq_any(chunk))
                .filter(differences::payment_id.is_not_null());
            rows.extend(of_payments.load::<DifferenceRow>(self)?);
        }
        for chunk in bill_ids.chunks(CHUNK) {
            let of_bills = standing().filter(differences::bill_id.eq_any(chunk));
            rows.extend(of_bills.load::<DifferenceRow>(self)?);
        }
        rows.sort_by_key(|row| row.difference_id);
        rows.dedup_by_key(|row| row.difference_id);
        Ok(rows)
    }

    fn list_difference_steps(
        &mut self,
        tenant: i32,
        id: Uid,
    ) -> Result<Vec<DifferenceStepRow>, Failure> {
        Ok(difference_steps::table
            .filter(difference_steps::tenant.eq(tenant))
            .filter(difference_steps::difference_id.eq(id))
            .order(difference_steps::revision)
            .select(DifferenceStepRow::as_select())
            .load(self)?)
    }

    fn list_allocations(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
    ) -> Result<Vec<AllocationRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in payment_ids.chunks(CHUNK) {
            rows.extend(
                allocations::table
                    .filter(allocations::tenant.eq(tenant))
                    .filter(allocations::payment_id.eq_any(chunk))
                    .order((allocations::payment_id, allocations::bill_id))
                    .select(AllocationRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_allocations_to(
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
                    .filter(allocations::amount_minor.gt(0))
                    .order((allocations::payment_id, allocations::bill_id))
                    .select(AllocationRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_refunds_from(
        &mut self,
        tenant: i32,
        payment_id: Uid,
    ) -> Result<Vec<RefundRow>, Failure> {
        Ok(refunds::table
            .filter(refunds::tenant.eq(tenant))
            .filter(refunds::payment_id.eq(payment_id))
            .order(refunds::refund_id)
            .select(RefundRow::as_select())
            .load(self)?)
    }
}
