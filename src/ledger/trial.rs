//! The trial balance of a day: what was moved on every account up to its end. It starts from the
//! last closed day's balances and adds the postings sealed since, so that a day costs what happened
//! in it and not what happened before.

use std::collections::BTreeMap;

use crate::domain::calendar::ends;
use crate::domain::time::{Day, Instant};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::DayBalanceRow;
use crate::store::types::Ts;

/// Where a seal chain stood at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHead {
    /// The chain.
    pub chain: i32,
    /// Its last block of the day or of a day before.
    pub height: i64,
    /// That block's hash.
    pub hash: Vec<u8>,
}

/// The books at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What was moved on every account, by account and currency.
    pub balances: Vec<DayBalanceRow>,
    /// The chains that have a block by then.
    pub heads: Vec<DayHead>,
}

/// The trial balance at the end of a day.
///
/// # Errors
/// Any [`Failure`]; [`Failure::Broken`] when a sum does not fit.
pub fn trial_balance(queries: &mut dyn Queries, tenant: i32, day: Day) -> Result<Trial, Failure> {
    let base = queries.find_last_closed_day(tenant, Some(day))?;
    let mut sums: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    let mut from = Instant::UNIX_EPOCH;
    if let Some(base) = base {
        from = ends(base.day);
        for row in queries.list_day_balances(tenant, base.day)? {
            sums.insert(
                (row.account, row.currency),
                (row.debit_minor, row.credit_minor),
            );
        }
    }
    let (from, to) = (Ts(from), Ts(ends(day)));
    let mut heads = Vec::new();
    for chain in queries.list_chains(tenant)? {
        let Some((height, hash)) = queries.find_chain_head(tenant, chain.chain, to)? else {
            continue;
        };
        heads.push(DayHead {
            chain: chain.chain,
            height,
            hash,
        });
        for sum in queries.list_posted_sums(tenant, chain.chain, from, to)? {
            let too_large = || Failure::Broken(format!("the sums of {day} do not fit"));
            let debit = sums.entry((sum.debit, sum.currency.clone())).or_default();
            debit.0 = debit.0.checked_add(sum.minor).ok_or_else(too_large)?;
            let credit = sums.entry((sum.credit, sum.currency)).or_default();
            credit.1 = credit.1.checked_add(sum.minor).ok_or_else(too_large)?;
        }
    }
    let row = |((account, currency), (debit_minor, credit_minor))| DayBalanceRow {
        tenant,
        day,
        account,
        currency,
        debit_minor,
        credit_minor,
    };
    Ok(Trial {
        balances: sums.into_iter().map(row).collect(),
        heads,
    })
}
