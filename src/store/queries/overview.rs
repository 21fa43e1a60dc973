//! How things stand at a glance: ends of statements, remittances nobody has shown, differences by kind.

use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::Conn;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{AccountEnds, Overview, UnprovenSum};
use crate::store::schema::{
    differences, remittances, statement_files as files, statement_pages as pages, statements,
};

/// The state of a file whose lines count.
const IMPORTED: &str = "imported";

/// The statements of an account in an order of days.
macro_rules! one_end {
    ($conn:expr, $tenant:expr, $source:expr, $account:expr, $until:expr, $order:expr, $what:expr) => {
        statements::table
            .inner_join(
                files::table.on(statements::tenant
                    .eq(files::tenant)
                    .and(statements::file_id.eq(files::file_id))),
            )
            .filter(statements::tenant.eq($tenant))
            .filter(statements::account.eq($account))
            .filter(statements::to_day.le($until))
            .filter(statements::closing_minor.is_not_null())
            .filter(files::source.eq($source))
            .filter(files::state.eq(IMPORTED))
            .order($order)
            .select($what)
            .first($conn)
            .optional()
    };
}

impl Overview for Conn {
    fn find_first_day_of_lines(
        &mut self,
        tenant: i32,
        source: &str,
    ) -> Result<Option<Day>, Failure> {
        Ok(pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::source.eq(source))
            .order(pages::counts_on)
            .select(pages::counts_on)
            .first(self)
            .optional()?)
    }

    fn list_account_ends(
        &mut self,
        tenant: i32,
        source: &str,
        until: Day,
    ) -> Result<Vec<AccountEnds>, Failure> {
        let of_file = statements::tenant
            .eq(files::tenant)
            .and(statements::file_id.eq(files::file_id));
        let accounts: Vec<String> = statements::table
            .inner_join(files::table.on(of_file))
            .filter(files::tenant.eq(tenant))
            .filter(files::source.eq(source))
            .filter(files::state.eq(IMPORTED))
            .select(statements::account)
            .distinct()
            .order(statements::account)
            .load(self)?;
        let mut ends = Vec::new();
        for account in accounts {
            let last: Option<(String, Day, Option<i64>)> = one_end!(
                self,
                tenant,
                source,
                &account,
                until,
                (
                    statements::to_day.desc(),
                    statements::file_id.desc(),
                    statements::position.desc(),
                ),
                (
                    statements::currency,
                    statements::to_day,
                    statements::closing_minor,
                )
            )?;
            let first: Option<(Day, Option<i64>)> = one_end!(
                self,
                tenant,
                source,
                &account,
                until,
                (
                    statements::to_day,
                    statements::file_id,
                    statements::position,
                ),
                (statements::from_day, statements::opening_minor)
            )?;
            if let (Some((currency, to, Some(closing_minor))), Some((from, opening_minor))) =
                (last, first)
            {
                ends.push(AccountEnds {
                    account,
                    currency,
                    from,
                    opening_minor,
                    to,
                    closing_minor,
                });
            }
        }
        Ok(ends)
    }

    fn list_unproven_sums(&mut self, tenant: i32, until: Day) -> Result<Vec<UnprovenSum>, Failure> {
        let rows: Vec<(String, i64, i64, Option<Day>)> = remittances::table
            .filter(remittances::tenant.eq(tenant))
            .filter(remittances::file_id.is_null())
            .filter(remittances::day.le(until))
            .group_by(remittances::currency)
            .order(remittances::currency)
            .select((
                remittances::currency,
                count_star(),
                sql::<BigInt>("CAST(SUM(total_minor) AS BIGINT)"),
                min(remittances::day),
            ))
            .load(self)?;
        let sum = |(currency, n, minor, oldest): (String, i64, i64, Option<Day>)| UnprovenSum {
            currency,
            n,
            minor,
            oldest: oldest.unwrap_or(until),
        };
        Ok(rows.into_iter().map(sum).collect())
    }

    fn count_standing_differences(&mut self, tenant: i32) -> Result<Vec<(String, i64)>, Failure> {
        // Not a bind, so that the index of what stands answers it.
        Ok(differences::table
            .filter(differences::tenant.eq(tenant))
            .filter(sql::<Bool>("state <> 'resolved'"))
            .group_by(differences::kind)
            .select((differences::kind, count_star()))
            .load(self)?)
    }
}
