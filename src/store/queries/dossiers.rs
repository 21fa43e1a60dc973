//! Dossiers, fee items, bills and attempts.

use diesel::prelude::*;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::Dossiers;
use crate::store::rows::{AttemptRow, BillRow, DossierRow, FeeItemRow};
use crate::store::schema::{attempts, bills, dossiers, fee_items, postings};
use crate::store::types::Uid;

impl Dossiers for Conn {
    fn list_dossiers_by_code(
        &mut self,
        tenant: i32,
        codes: &[String],
    ) -> Result<Vec<DossierRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in codes.chunks(CHUNK) {
            rows.extend(
                dossiers::table
                    .filter(dossiers::tenant.eq(tenant))
                    .filter(dossiers::code_squeezed.eq_any(chunk))
                    .order(dossiers::dossier_id)
                    .select(DossierRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn find_dossier(&mut self, tenant: i32, code: &str) -> Result<Option<DossierRow>, Failure> {
        Ok(dossiers::table
            .filter(dossiers::tenant.eq(tenant))
            .filter(dossiers::code_squeezed.eq(code))
            .select(DossierRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_dossiers_by_id(
        &mut self,
        tenant: i32,
        ids: &[Uid],
    ) -> Result<Vec<DossierRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            rows.extend(
                dossiers::table
                    .filter(dossiers::tenant.eq(tenant))
                    .filter(dossiers::dossier_id.eq_any(chunk))
                    .order(dossiers::dossier_id)
                    .select(DossierRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_bills_of(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<Vec<BillRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in dossier_ids.chunks(CHUNK) {
            rows.extend(
                bills::table
                    .filter(bills::tenant.eq(tenant))
                    .filter(bills::dossier_id.eq_any(chunk))
                    .order(bills::bill_id)
                    .select(BillRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_fee_items_of(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<FeeItemRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in dossier_ids.chunks(CHUNK) {
            rows.extend(
                fee_items::table
                    .filter(fee_items::tenant.eq(tenant))
                    .filter(fee_items::dossier_id.eq_any(chunk))
                    .order((fee_items::dossier_id, fee_items::position))
                    .select(FeeItemRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn find_bill(&mut self, tenant: i32, reference: &str) -> Result<Option<BillRow>, Failure> {
        Ok(bills::table
            .filter(bills::tenant.eq(tenant))
            .filter(bills::reference.eq(reference))
            .select(BillRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_taken_references(
        &mut self,
        tenant: i32,
        references: &[String],
    ) -> Result<Vec<String>, Failure> {
        let mut taken = Vec::new();
        for chunk in references.chunks(CHUNK) {
            taken.extend(
                bills::table
                    .filter(bills::tenant.eq(tenant))
                    .filter(bills::reference.eq_any(chunk))
                    .select(bills::reference)
                    .load::<String>(self)?,
            );
        }
        Ok(taken)
    }

    fn list_taken_accounts(
        &mut self,
        tenant: i32,
        accounts: &[String],
    ) -> Result<Vec<(String, Uid)>, Failure> {
        let mut taken = Vec::new();
        for chunk in accounts.chunks(CHUNK) {
            let rows: Vec<(Option<String>, Uid)> = bills::table
                .filter(bills::tenant.eq(tenant))
                .filter(bills::virtual_account.eq_any(chunk))
                .select((bills::virtual_account, bills::bill_id))
                .load(self)?;
            let named = |(account, bill_id): (Option<String>, Uid)| Some((account?, bill_id));
            taken.extend(rows.into_iter().filter_map(named));
        }
        Ok(taken)
    }

    fn list_bill_moves(
        &mut self,
        tenant: i32,
        bill_ids: &[Uid],
    ) -> Result<Vec<(Uid, String, Uid)>, Failure> {
        let mut moves = Vec::new();
        for chunk in bill_ids.chunks(CHUNK) {
            let rows: Vec<(Option<Uid>, String, Uid)> = postings::table
                .filter(postings::tenant.eq(tenant))
                .filter(postings::bill_id.eq_any(chunk))
                .filter(postings::event.eq_any(["bill_opened", "bill_cancelled"]))
                .select((postings::bill_id, postings::event, postings::entry_id))
                .load(self)?;
            let named = |(bill_id, event, entry): (Option<Uid>, String, Uid)| {
                Some((bill_id?, event, entry))
            };
            moves.extend(rows.into_iter().filter_map(named));
        }
        Ok(moves)
    }

    fn insert_dossiers(&mut self, rows: &[DossierRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(dossiers::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn mark_dossier(&mut self, row: &DossierRow) -> Result<(), Failure> {
        diesel::update(dossiers::table.find((row.tenant, row.dossier_id)))
            .set((
                dossiers::procedure_code.eq(&row.procedure_code),
                dossiers::unit_code.eq(&row.unit_code),
                dossiers::received_on.eq(row.received_on),
                dossiers::submitted_via.eq(&row.submitted_via),
                dossiers::status.eq(&row.status),
                dossiers::applicant_name.eq(&row.applicant_name),
                dossiers::class.eq(row.class),
                dossiers::facts_hash.eq(&row.facts_hash),
            ))
            .execute(self)?;
        Ok(())
    }

    fn insert_bills(&mut self, rows: &[BillRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(bills::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn mark_bill(&mut self, row: &BillRow) -> Result<(), Failure> {
        diesel::update(bills::table.find((row.tenant, row.bill_id)))
            .set((
                bills::virtual_account.eq(&row.virtual_account),
                bills::total_minor.eq(row.total_minor),
                bills::state.eq(&row.state),
                bills::due_on.eq(row.due_on),
                bills::cancelled_at.eq(row.cancelled_at),
            ))
            .execute(self)?;
        Ok(())
    }

    fn insert_fee_items(&mut self, rows: &[FeeItemRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(fee_items::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn delete_fee_items(&mut self, tenant: i32, dossier_id: Uid) -> Result<(), Failure> {
        let of_dossier = fee_items::table
            .filter(fee_items::tenant.eq(tenant))
            .filter(fee_items::dossier_id.eq(dossier_id));
        diesel::delete(of_dossier).execute(self)?;
        Ok(())
    }

    fn insert_attempts(&mut self, rows: &[AttemptRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(attempts::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(self)?;
        }
        Ok(())
    }
}
