//! Units, procedures, imported files and provider slots.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::Catalogue;
use crate::store::rows::{ImportRow, ProcedureRow, ProviderSlotRow, UnitRow};
use crate::store::schema::{imports, procedures, provider_slots, units};

impl Catalogue for Conn {
    fn list_units(&mut self, tenant: i32) -> Result<Vec<UnitRow>, Failure> {
        Ok(units::table
            .filter(units::tenant.eq(tenant))
            .order(units::code)
            .select(UnitRow::as_select())
            .load(self)?)
    }

    fn list_procedures(&mut self, tenant: i32) -> Result<Vec<ProcedureRow>, Failure> {
        Ok(procedures::table
            .filter(procedures::tenant.eq(tenant))
            .order(procedures::code)
            .select(ProcedureRow::as_select())
            .load(self)?)
    }

    fn insert_units(&mut self, rows: &[UnitRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(units::table)
                .values(chunk)
                .on_conflict((units::tenant, units::code))
                .do_update()
                .set((
                    units::name_vi.eq(excluded(units::name_vi)),
                    units::name_en.eq(excluded(units::name_en)),
                    units::level.eq(excluded(units::level)),
                    units::parent.eq(excluded(units::parent)),
                    units::valid_from.eq(excluded(units::valid_from)),
                    units::valid_to.eq(excluded(units::valid_to)),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn insert_procedures(&mut self, rows: &[ProcedureRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(procedures::table)
                .values(chunk)
                .on_conflict((procedures::tenant, procedures::code))
                .do_update()
                .set((
                    procedures::name.eq(excluded(procedures::name)),
                    procedures::field.eq(excluded(procedures::field)),
                    procedures::has_fee.eq(excluded(procedures::has_fee)),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn find_import(
        &mut self,
        tenant: i32,
        kind: &str,
        file_hash: &[u8],
    ) -> Result<Option<ImportRow>, Failure> {
        Ok(imports::table
            .find((tenant, kind, file_hash))
            .select(ImportRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_import(&mut self, row: &ImportRow) -> Result<(), Failure> {
        diesel::insert_into(imports::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn list_provider_slots(&mut self, tenant: i32) -> Result<Vec<ProviderSlotRow>, Failure> {
        Ok(provider_slots::table
            .filter(provider_slots::tenant.eq(tenant))
            .order(provider_slots::slot)
            .select(ProviderSlotRow::as_select())
            .load(self)?)
    }

    fn insert_provider_slot(&mut self, row: &ProviderSlotRow) -> Result<(), Failure> {
        diesel::insert_into(provider_slots::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }
}
