//! Rules of a tariff, the groups of people they name, and amounts that contradict them.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::Tariffs;
use crate::store::rows::{PersonGroupRow, TariffFlagRow, TariffRuleRow};
use crate::store::schema::{person_groups, tariff_flags, tariff_rules};
use crate::store::types::Uid;

impl Tariffs for Conn {
    fn list_person_groups(&mut self, tenant: i32) -> Result<Vec<PersonGroupRow>, Failure> {
        Ok(person_groups::table
            .filter(person_groups::tenant.eq(tenant))
            .order(person_groups::code)
            .select(PersonGroupRow::as_select())
            .load(self)?)
    }

    fn insert_person_groups(&mut self, rows: &[PersonGroupRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(person_groups::table)
                .values(chunk)
                .on_conflict((person_groups::tenant, person_groups::code))
                .do_update()
                .set((
                    person_groups::name_vi.eq(excluded(person_groups::name_vi)),
                    person_groups::name_en.eq(excluded(person_groups::name_en)),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn list_tariff_rules(&mut self, tenant: i32) -> Result<Vec<TariffRuleRow>, Failure> {
        Ok(tariff_rules::table
            .filter(tariff_rules::tenant.eq(tenant))
            .order((tariff_rules::procedure_code, tariff_rules::rule_id))
            .select(TariffRuleRow::as_select())
            .load(self)?)
    }

    fn list_activated_rules(
        &mut self,
        tenant: i32,
        procedures: &[String],
    ) -> Result<Vec<TariffRuleRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in procedures.chunks(CHUNK) {
            rows.extend(
                tariff_rules::table
                    .filter(tariff_rules::tenant.eq(tenant))
                    .filter(tariff_rules::procedure_code.eq_any(chunk))
                    .filter(tariff_rules::activated_at.is_not_null())
                    .order(tariff_rules::rule_id)
                    .select(TariffRuleRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn find_tariff_rule(
        &mut self,
        tenant: i32,
        rule_id: &str,
    ) -> Result<Option<TariffRuleRow>, Failure> {
        Ok(tariff_rules::table
            .find((tenant, rule_id))
            .select(TariffRuleRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_tariff_rules(&mut self, rows: &[TariffRuleRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(tariff_rules::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn mark_tariff_rule(&mut self, row: &TariffRuleRow) -> Result<(), Failure> {
        diesel::update(tariff_rules::table.find((row.tenant, &row.rule_id)))
            .set(row)
            .execute(self)?;
        Ok(())
    }

    fn list_tariff_flags(
        &mut self,
        tenant: i32,
        after: Option<(Uid, i32)>,
        limit: i64,
    ) -> Result<Vec<TariffFlagRow>, Failure> {
        let mut query = tariff_flags::table
            .filter(tariff_flags::tenant.eq(tenant))
            .order((tariff_flags::dossier_id, tariff_flags::position))
            .limit(limit)
            .select(TariffFlagRow::as_select())
            .into_boxed();
        if let Some((dossier_id, position)) = after {
            query = query.filter(
                tariff_flags::dossier_id
                    .gt(dossier_id)
                    .or(tariff_flags::dossier_id
                        .eq(dossier_id)
                        .and(tariff_flags::position.gt(position))),
            );
        }
        Ok(query.load(self)?)
    }

    fn list_tariff_flags_of(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<TariffFlagRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in dossier_ids.chunks(CHUNK) {
            rows.extend(
                tariff_flags::table
                    .filter(tariff_flags::tenant.eq(tenant))
                    .filter(tariff_flags::dossier_id.eq_any(chunk))
                    .order((tariff_flags::dossier_id, tariff_flags::position))
                    .select(TariffFlagRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn insert_tariff_flags(&mut self, rows: &[TariffFlagRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(tariff_flags::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn delete_tariff_flags(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<(), Failure> {
        for chunk in dossier_ids.chunks(CHUNK) {
            let of_dossiers = tariff_flags::table
                .filter(tariff_flags::tenant.eq(tenant))
                .filter(tariff_flags::dossier_id.eq_any(chunk));
            diesel::delete(of_dossiers).execute(self)?;
        }
        Ok(())
    }
}
