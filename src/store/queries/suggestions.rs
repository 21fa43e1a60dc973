//! Bills that money may have been meant for. Every list begins at an index and ends at a limit.

use diesel::prelude::*;

use super::{CHUNK, Conn};
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::Suggestions;
use crate::store::rows::BillRow;
use crate::store::schema::{bills, dossiers};
use crate::store::types::{Ts, Uid};

/// Bills of one amount that are looked at, open or not.
const LOOKED_AT: i64 = 500;

/// After every capital letter and digit, in either database's order.
const END: char = '~';

impl Suggestions for Conn {
    fn list_bills_by_reference(
        &mut self,
        tenant: i32,
        references: &[String],
    ) -> Result<Vec<BillRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in references.chunks(CHUNK) {
            rows.extend(
                bills::table
                    .filter(bills::tenant.eq(tenant))
                    .filter(bills::reference.eq_any(chunk))
                    .select(BillRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_bills_beginning(
        &mut self,
        tenant: i32,
        start: &str,
        limit: i64,
    ) -> Result<Vec<BillRow>, Failure> {
        Ok(bills::table
            .filter(bills::tenant.eq(tenant))
            .filter(bills::reference.ge(start))
            .filter(bills::reference.lt(format!("{start}{END}")))
            .order(bills::reference)
            .limit(limit)
            .select(BillRow::as_select())
            .load(self)?)
    }

    fn list_bills_of_code(
        &mut self,
        tenant: i32,
        start: &str,
        limit: i64,
    ) -> Result<Vec<BillRow>, Failure> {
        let ids: Vec<Uid> = dossiers::table
            .filter(dossiers::tenant.eq(tenant))
            .filter(dossiers::code_squeezed.ge(start))
            .filter(dossiers::code_squeezed.lt(format!("{start}{END}")))
            .order(dossiers::code_squeezed)
            .limit(limit)
            .select(dossiers::dossier_id)
            .load(self)?;
        Ok(bills::table
            .filter(bills::tenant.eq(tenant))
            .filter(bills::dossier_id.eq_any(ids))
            .order(bills::bill_id)
            .limit(limit)
            .select(BillRow::as_select())
            .load(self)?)
    }

    fn list_bills_by_total(
        &mut self,
        tenant: i32,
        total_minor: i64,
        at: Instant,
        limit: i64,
    ) -> Result<Vec<BillRow>, Failure> {
        let rows: Vec<BillRow> = bills::table
            .filter(bills::tenant.eq(tenant))
            .filter(bills::total_minor.eq(total_minor))
            .filter(bills::opened_at.le(Ts(at)))
            .order(bills::opened_at.desc())
            .limit(LOOKED_AT)
            .select(BillRow::as_select())
            .load(self)?;
        let is_open = |row: &BillRow| matches!(row.state.as_str(), "open" | "part_paid");
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(rows.into_iter().filter(is_open).take(most).collect())
    }
}
