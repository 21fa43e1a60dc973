//! What needs a person: differences, allocations made by officers, refunds.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::Cases;
use crate::store::rows::{AllocationRow, DifferenceRow, RefundRow};
use crate::store::schema::{allocations, differences, refunds};
use crate::store::types::Uid;

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

    fn list_allocations(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
    ) -> Result<Vec<AllocationRow>, Failure> {
        Ok(allocations::table
            .filter(allocations::tenant.eq(tenant))
            .filter(allocations::payment_id.eq_any(payment_ids))
            .order((allocations::payment_id, allocations::bill_id))
            .select(AllocationRow::as_select())
            .load(self)?)
    }
}
