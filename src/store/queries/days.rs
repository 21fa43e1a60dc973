//! Days, what was signed of them, and postings by the time they were sealed.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{CHUNK, Conn, OWN_TIME};
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{Days, PostedSum};
use crate::store::rows::{ArtefactRow, DayBalanceRow, DayRow, DayStepRow};
use crate::store::schema::{
    day_artefacts, day_balances, day_steps, days, postings, seal_blocks, seal_chains,
};
use crate::store::types::{SqlTs, Ts, Uid};

/// The state of a day that takes nothing more.
const CLOSED: &str = "closed";

/// The blocks of a chain sealed in a span of time, joined with their postings.
macro_rules! sealed_postings {
    ($tenant:expr, $chain:expr, $from:expr, $to:expr) => {
        seal_blocks::table
            .inner_join(
                postings::table.on(postings::tenant
                    .eq(seal_blocks::tenant)
                    .and(postings::chain.eq(seal_blocks::chain))
                    .and(postings::height.eq(seal_blocks::height))),
            )
            .filter(seal_blocks::tenant.eq($tenant))
            .filter(seal_blocks::chain.eq($chain))
            .filter(seal_blocks::sealed_at.ge($from))
            .filter(seal_blocks::sealed_at.lt($to))
    };
}

impl Days for Conn {
    fn find_day(&mut self, tenant: i32, day: Day) -> Result<Option<DayRow>, Failure> {
        Ok(days::table
            .find((tenant, day))
            .select(DayRow::as_select())
            .first(self)
            .optional()?)
    }

    fn find_last_closed_day(
        &mut self,
        tenant: i32,
        before: Option<Day>,
    ) -> Result<Option<DayRow>, Failure> {
        let mut query = days::table
            .filter(days::tenant.eq(tenant))
            .filter(days::revision.gt(0))
            .order(days::day.desc())
            .select(DayRow::as_select())
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(days::day.lt(before));
        }
        Ok(query.first(self).optional()?)
    }

    fn list_closed_days(
        &mut self,
        tenant: i32,
        from: Day,
        to: Day,
    ) -> Result<Vec<(Day, String)>, Failure> {
        let rows: Vec<(Day, Option<String>)> = days::table
            .filter(days::tenant.eq(tenant))
            .filter(days::day.between(from, to))
            .filter(days::state.eq(CLOSED))
            .order(days::day)
            .select((days::day, days::closed_by))
            .load(self)?;
        let named = |(day, by): (Day, Option<String>)| (day, by.unwrap_or_default());
        Ok(rows.into_iter().map(named).collect())
    }

    fn insert_day(&mut self, row: &DayRow) -> Result<(), Failure> {
        diesel::insert_into(days::table)
            .values(row)
            .on_conflict((days::tenant, days::day))
            .do_update()
            .set(row)
            .execute(self)?;
        Ok(())
    }

    fn insert_day_step(&mut self, row: &DayStepRow) -> Result<(), Failure> {
        diesel::insert_into(day_steps::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn list_day_steps(&mut self, tenant: i32, day: Day) -> Result<Vec<DayStepRow>, Failure> {
        Ok(day_steps::table
            .filter(day_steps::tenant.eq(tenant))
            .filter(day_steps::day.eq(day))
            .order(day_steps::seq)
            .select(DayStepRow::as_select())
            .load(self)?)
    }

    fn insert_artefact(&mut self, row: &ArtefactRow) -> Result<(), Failure> {
        diesel::insert_into(day_artefacts::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn find_artefact(
        &mut self,
        tenant: i32,
        day: Day,
        revision: i32,
    ) -> Result<Option<ArtefactRow>, Failure> {
        Ok(day_artefacts::table
            .find((tenant, day, revision))
            .select(ArtefactRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_day_balances(
        &mut self,
        tenant: i32,
        day: Day,
        rows: &[DayBalanceRow],
    ) -> Result<(), Failure> {
        let of_day = day_balances::table
            .filter(day_balances::tenant.eq(tenant))
            .filter(day_balances::day.eq(day));
        diesel::delete(of_day).execute(self)?;
        for rows in rows.chunks(CHUNK) {
            diesel::insert_into(day_balances::table)
                .values(rows)
                .execute(self)?;
        }
        Ok(())
    }

    fn list_day_balances(&mut self, tenant: i32, day: Day) -> Result<Vec<DayBalanceRow>, Failure> {
        Ok(day_balances::table
            .filter(day_balances::tenant.eq(tenant))
            .filter(day_balances::day.eq(day))
            .order((day_balances::account, day_balances::currency))
            .select(DayBalanceRow::as_select())
            .load(self)?)
    }

    fn list_transit_balances(
        &mut self,
        tenant: i32,
        from: Day,
        to: Day,
    ) -> Result<Vec<DayBalanceRow>, Failure> {
        let is_transit = day_balances::account
            .like("clearing:%")
            .or(day_balances::account.like("bank:%"));
        Ok(day_balances::table
            .filter(day_balances::tenant.eq(tenant))
            .filter(day_balances::day.between(from, to))
            .filter(is_transit)
            .order((day_balances::day.desc(), day_balances::account))
            .select(DayBalanceRow::as_select())
            .load(self)?)
    }

    fn find_chain_head(
        &mut self,
        tenant: i32,
        chain: i32,
        before: Ts,
    ) -> Result<Option<(i64, Vec<u8>)>, Failure> {
        Ok(seal_blocks::table
            .filter(seal_blocks::tenant.eq(tenant))
            .filter(seal_blocks::chain.eq(chain))
            .filter(seal_blocks::sealed_at.lt(before))
            .order((seal_blocks::sealed_at.desc(), seal_blocks::height.desc()))
            .select((seal_blocks::height, seal_blocks::hash))
            .first(self)
            .optional()?)
    }

    fn list_posted_sums(
        &mut self,
        tenant: i32,
        chain: i32,
        from: Ts,
        to: Ts,
    ) -> Result<Vec<PostedSum>, Failure> {
        let sums: Vec<(String, String, String, i64)> = sealed_postings!(tenant, chain, from, to)
            .group_by((postings::debit, postings::credit, postings::currency))
            .select((
                postings::debit,
                postings::credit,
                postings::currency,
                sql::<BigInt>("CAST(SUM(amount_minor) AS BIGINT)"),
            ))
            .load(self)?;
        let sum = |(debit, credit, currency, minor)| PostedSum {
            debit,
            credit,
            currency,
            minor,
        };
        Ok(sums.into_iter().map(sum).collect())
    }

    fn list_received(
        &mut self,
        tenant: i32,
        chain: i32,
        from: Ts,
        to: Ts,
    ) -> Result<Vec<(Uid, String, String, i64)>, Failure> {
        Ok(sealed_postings!(tenant, chain, from, to)
            .filter(postings::event.eq("payment_recorded"))
            .filter(postings::payment_id.is_not_null())
            .select((
                postings::payment_id.assume_not_null(),
                postings::debit,
                postings::currency,
                postings::amount_minor,
            ))
            .load(self)?)
    }

    fn find_database_time(&mut self) -> Result<Option<Ts>, Failure> {
        let Some(expression) = OWN_TIME else {
            return Ok(None);
        };
        Ok(Some(diesel::select(sql::<SqlTs>(expression)).first(self)?))
    }

    fn find_closed_before(&mut self, tenant: i32) -> Result<Option<Ts>, Failure> {
        let latest: Option<Option<Ts>> = seal_chains::table
            .filter(seal_chains::tenant.eq(tenant))
            .order(seal_chains::closed_before.desc())
            .select(seal_chains::closed_before.nullable())
            .first(self)
            .optional()?;
        Ok(latest.flatten())
    }

    fn mark_chains_closed(&mut self, tenant: i32, before: Ts) -> Result<(), Failure> {
        let earlier = seal_chains::table
            .filter(seal_chains::tenant.eq(tenant))
            .filter(seal_chains::closed_before.lt(before));
        diesel::update(earlier)
            .set(seal_chains::closed_before.eq(before))
            .execute(self)?;
        Ok(())
    }
}
