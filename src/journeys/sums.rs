//! Sums that ride on a commit: what dossiers add to the counts of the indicators, and what postings
//! add to the balances of their accounts. Order and size of the input do not change the result.

use std::collections::BTreeMap;

use chrono::Datelike;

use crate::domain::classification::Class;
use crate::domain::entry::Posting;
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::store::ops::{DAY_GRAIN, MONTH_GRAIN};
use crate::store::rows::{BalanceRow, CountRow, DossierRow};

/// The first day of a day's month.
fn month_of(day: Day) -> Day {
    day.with_day(1).unwrap_or(day)
}

/// What a dossier adds to the counts of both grains when it enters (`n` = 1) or leaves (-1) a class.
pub(super) fn count_moves(row: &DossierRow, class: Class, n: i64, writer: i32) -> [CountRow; 2] {
    let of = |grain, period, class: Class| CountRow {
        tenant: row.tenant,
        grain,
        period,
        unit_code: row.unit_code.clone(),
        procedure_code: row.procedure_code.clone(),
        class: class.0,
        writer,
        n,
    };
    let month = month_of(row.received_on);
    [
        of(DAY_GRAIN, row.received_on, class),
        of(MONTH_GRAIN, month, class.without_providers()),
    ]
}

/// Sums moves of the same cell, drops those that cancel out, and orders them by key.
pub(super) fn summed_counts(moves: Vec<CountRow>) -> Vec<CountRow> {
    let mut sums: BTreeMap<(i32, Day, String, String, i32), CountRow> = BTreeMap::new();
    for row in moves {
        let key = (
            row.grain,
            row.period,
            row.unit_code.clone(),
            row.procedure_code.clone(),
            row.class,
        );
        sums.entry(key)
            .and_modify(|sum| sum.n += row.n)
            .or_insert(row);
    }
    sums.into_values().filter(|row| row.n != 0).collect()
}

/// What postings add to the balances of their accounts, by account.
pub(super) fn balances(tenant: Tenant, writer: i32, postings: &[Posting]) -> Vec<BalanceRow> {
    let mut sums: BTreeMap<(String, String), BalanceRow> = BTreeMap::new();
    let mut add = |account: String, posting: &Posting, debit_minor: i64, credit_minor: i64| {
        let currency = posting.amount.currency().to_string();
        let sum = sums
            .entry((account.clone(), currency.clone()))
            .or_insert(BalanceRow {
                tenant: tenant.0,
                account,
                currency,
                writer,
                debit_minor: 0,
                credit_minor: 0,
            });
        sum.debit_minor += debit_minor;
        sum.credit_minor += credit_minor;
    };
    for posting in postings {
        let minor = posting.amount.minor();
        add(posting.debit.to_string(), posting, minor, 0);
        add(posting.credit.to_string(), posting, 0, minor);
    }
    sums.into_values().collect()
}
