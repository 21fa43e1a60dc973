//! Comparisons, the pages of their outcomes, and the differences that follow from them.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{CHUNK, Conn};
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{Home, Outcomes};
use crate::store::rows::{ComparisonRow, DifferenceRow, OutcomePageRow, StatementFileRow};
use crate::store::schema::{
    comparisons, differences, dossiers, outcome_pages as pages, payments, statement_files as files,
};
use crate::store::types::Uid;

/// Pages written in one statement: they may be large.
const PAGES: usize = 16;

/// Not binds, so that both planners see that the partial indexes answer them.
const STANDING: &str = "differences.day IS NOT NULL AND state <> 'resolved'";

impl Outcomes for Conn {
    fn delete_comparison(&mut self, tenant: i32, day: Day) -> Result<(), Failure> {
        let of_day = pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::day.eq(day));
        diesel::delete(of_day).execute(self)?;
        diesel::delete(comparisons::table.find((tenant, day))).execute(self)?;
        Ok(())
    }

    fn insert_outcome_pages(&mut self, rows: &[OutcomePageRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(PAGES) {
            diesel::insert_into(pages::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn insert_comparison(&mut self, row: &ComparisonRow) -> Result<(), Failure> {
        diesel::insert_into(comparisons::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn find_comparison(&mut self, tenant: i32, day: Day) -> Result<Option<ComparisonRow>, Failure> {
        Ok(comparisons::table
            .find((tenant, day))
            .select(ComparisonRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_comparisons(
        &mut self,
        tenant: i32,
        after: Option<Day>,
        limit: i64,
    ) -> Result<Vec<ComparisonRow>, Failure> {
        let mut query = comparisons::table
            .filter(comparisons::tenant.eq(tenant))
            .order(comparisons::day)
            .limit(limit)
            .select(ComparisonRow::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(comparisons::day.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn find_outcome_page(
        &mut self,
        tenant: i32,
        day: Day,
        page: i32,
    ) -> Result<Option<OutcomePageRow>, Failure> {
        Ok(pages::table
            .find((tenant, day, page))
            .select(OutcomePageRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_differences_about(
        &mut self,
        tenant: i32,
        subjects: &[&str],
    ) -> Result<Vec<DifferenceRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in subjects.chunks(CHUNK) {
            rows.extend(
                differences::table
                    .filter(differences::tenant.eq(tenant))
                    .filter(differences::subject.eq_any(chunk))
                    .filter(differences::subject.is_not_null())
                    .select(DifferenceRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_standing_between(
        &mut self,
        tenant: i32,
        from: Day,
        to: Day,
    ) -> Result<Vec<DifferenceRow>, Failure> {
        Ok(differences::table
            .filter(differences::tenant.eq(tenant))
            .filter(differences::day.between(from, to))
            .filter(sql::<Bool>(STANDING))
            .order(differences::difference_id)
            .select(DifferenceRow::as_select())
            .load(self)?)
    }

    fn list_homes(&mut self, tenant: i32, payment_ids: &[Uid]) -> Result<Vec<Home>, Failure> {
        type Found = (Uid, Option<Uid>, Option<Uid>, Option<String>);
        let of_payment = dossiers::tenant
            .eq(payments::tenant)
            .and(dossiers::dossier_id.nullable().eq(payments::dossier_id));
        let mut homes = Vec::new();
        for chunk in payment_ids.chunks(CHUNK) {
            let rows: Vec<Found> = payments::table
                .left_join(dossiers::table.on(of_payment))
                .filter(payments::tenant.eq(tenant))
                .filter(payments::payment_id.eq_any(chunk))
                .select((
                    payments::payment_id,
                    payments::bill_id,
                    payments::dossier_id,
                    dossiers::unit_code.nullable(),
                ))
                .load(self)?;
            let home = |(payment_id, bill_id, dossier_id, unit_code)| Home {
                payment_id,
                bill_id,
                dossier_id,
                unit_code,
            };
            homes.extend(rows.into_iter().map(home));
        }
        Ok(homes)
    }

    fn list_files(
        &mut self,
        tenant: i32,
        file_ids: &[Uid],
    ) -> Result<Vec<StatementFileRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in file_ids.chunks(CHUNK) {
            rows.extend(
                files::table
                    .filter(files::tenant.eq(tenant))
                    .filter(files::file_id.eq_any(chunk))
                    .order(files::file_id)
                    .select(StatementFileRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn mark_files_matched(
        &mut self,
        tenant: i32,
        file_ids: &[Uid],
        day: Day,
    ) -> Result<(), Failure> {
        for chunk in file_ids.chunks(CHUNK) {
            let unmarked = files::table
                .filter(files::tenant.eq(tenant))
                .filter(files::file_id.eq_any(chunk))
                .filter(files::matched_on.is_null());
            diesel::update(unmarked)
                .set(files::matched_on.eq(day))
                .execute(self)?;
        }
        Ok(())
    }
}
