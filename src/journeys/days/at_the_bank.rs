//! What the bank says beside our books at the end of a day: each account's closing balance, the gap and
//! what it is made of, and remittances that no statement shows yet. Shown beside a day and never part of
//! what is signed: a statement may come after a day was closed.

use serde_json::{Value, json};

use crate::config::settings::Settings;
use crate::config::source::SourceKind;
use crate::domain::entry::Account;
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::ledger::trial::{Trial, trial_balance};
use crate::reconciliation::close::found::amount;
use crate::store::failure::Failure;
use crate::store::ops::{AccountEnds, Queries};

/// Every bank account of which a statement with a balance was imported, by source.
///
/// # Errors
/// Any [`Failure`].
pub fn banks_json(
    queries: &mut dyn Queries,
    settings: &Settings,
    tenant: Tenant,
    day: Day,
) -> Result<Value, Failure> {
    let of_banks =
        |one: &&crate::config::source::Source| one.kind == SourceKind::Bank && one.tenant == tenant;
    let mut found = Vec::new();
    for source in settings.sources.values().filter(of_banks) {
        for ends in queries.list_account_ends(tenant.0, &source.name, day)? {
            found.push((source.name.as_str(), ends));
        }
    }
    if found.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    let trial = trial_balance(queries, tenant.0, day)?;
    let told = found
        .iter()
        .map(|(source, ends)| told(source, ends, &trial));
    Ok(Value::Array(told.collect()))
}

fn told(source: &str, ends: &AccountEnds, trial: &Trial) -> Value {
    // The books write an account without spaces.
    let bare: String = ends
        .account
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let name = Account::Bank(bare).to_string();
    let is_it = |account: &str, currency: &str| account == name && currency == ends.currency;
    let row = trial
        .balances
        .iter()
        .find(|row| is_it(&row.account, &row.currency));
    let books = row.map_or(0, |row| row.debit_minor.saturating_sub(row.credit_minor));
    let gap = ends.closing_minor.saturating_sub(books);
    let not_posted = ends.opening_minor.map(|before| gap.saturating_sub(before));
    let text = |minor: i64| amount(minor, &ends.currency);
    json!({
        "source": source, "account": name, "currency": ends.currency,
        "statement_day": ends.to.to_string(),
        "statement": text(ends.closing_minor),
        "books": text(books),
        "gap": text(gap),
        "before_first_statement": ends.opening_minor.map(text),
        "not_posted": not_posted.map(text),
    })
}

/// Remittances that should have left the bank by a day and stand on no statement yet.
///
/// # Errors
/// Any [`Failure`].
pub fn unproven_json(
    queries: &mut dyn Queries,
    tenant: Tenant,
    (day, today): (Day, Day),
) -> Result<Value, Failure> {
    let sums = queries.list_unproven_sums(tenant.0, day)?;
    let told = sums.iter().map(|one| {
        json!({
            "currency": one.currency, "count": one.n,
            "amount": amount(one.minor, &one.currency),
            "oldest_day": one.oldest.to_string(),
            "oldest_age_days": today.signed_duration_since(one.oldest).num_days().max(0),
        })
    });
    Ok(Value::Array(told.collect()))
}
