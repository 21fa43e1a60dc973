//! Units, procedures, imported files and provider slots.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::counts::move_unit_counts;
use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::Catalogue;
use crate::store::rows::{ImportRow, ProcedureRow, ProviderSlotRow, UnitRow};
use crate::store::schema::{imports, procedures, provider_slots, units};

/// Those of whose fee something else is known so far, or nothing.
fn with_another_fee<'a>(
    conn: &mut Conn,
    tenant: i32,
    rows: &'a [ProcedureRow],
) -> Result<Vec<&'a str>, Failure> {
    let codes = rows.iter().map(|row| &row.code);
    let known: HashMap<String, bool> = procedures::table
        .filter(procedures::tenant.eq(tenant))
        .filter(procedures::code.eq_any(codes))
        .select((procedures::code, procedures::has_fee))
        .load::<(String, bool)>(conn)?
        .into_iter()
        .collect();
    let is_other = |row: &&ProcedureRow| known.get(&row.code) != Some(&row.has_fee);
    let moved = rows.iter().filter(is_other);
    Ok(moved.map(|row| row.code.as_str()).collect())
}

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
        let of_tenants = rows.chunk_by(|one, other| one.tenant == other.tenant);
        for chunk in of_tenants.flat_map(|of_tenant| of_tenant.chunks(CHUNK)) {
            let tenant = chunk.first().map_or(0, |row| row.tenant);
            let moved = with_another_fee(self, tenant, chunk)?;
            move_unit_counts(self, tenant, &moved, -1)?;
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
            move_unit_counts(self, tenant, &moved, 1)?;
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
