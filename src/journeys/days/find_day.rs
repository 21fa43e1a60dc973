//! What a day holds now: the rows are read, the bridge and the verdict found, the trial balance
//! summed. Changes nothing; proposing and closing call it and compare.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::compared_rows::compared_rows;
use crate::config::settings::Settings;
use crate::domain::calendar::{Session, begins};
use crate::domain::day::DayVerdict;
use crate::domain::ids::{Tenant, lowest_uuid_at};
use crate::domain::payment::TOLD_APART_DAYS;
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::journeys::compare_days::compare_days;
use crate::journeys::reconcile::outcomes::digest;
use crate::ledger::transit::in_transit;
use crate::ledger::trial::{Trial, trial_balance};
use crate::reconciliation::close::bridge::Received;
use crate::reconciliation::close::found::{DayRows, amount, found};
use crate::store::failure::Failure;
use crate::store::ops::{DifferenceFilter, PaymentFilter, Queries};
use crate::store::rows::{DifferenceRow, PaymentRow};
use crate::store::types::{Ts, Uid};

/// Rows read at a time.
const PAGE: i64 = 5_000;

/// Closed days that ageing looks back on.
const LOOKS_BACK: i64 = 60;

/// What a day holds.
#[derive(Debug, Clone)]
pub struct DayFound {
    /// The headline.
    pub verdict: DayVerdict,
    /// Channels whose bridge leaves something unexplained.
    pub unexplained: Vec<String>,
    /// Whether the outcomes that are kept are those found now.
    pub is_kept: bool,
    /// The books at its end.
    pub trial: Trial,
    /// Everything, as it is shown and signed.
    pub value: Value,
}

/// Finds what a day holds, as it is known at an instant.
///
/// # Errors
/// Any [`Failure`].
pub fn find_day(
    queries: &mut dyn Queries,
    settings: &Settings,
    tenant: Tenant,
    day: Day,
    now: Instant,
) -> Result<DayFound, Failure> {
    let calendar = &settings.office.calendar;
    let span = calendar.session_span(Session::DAILY, day);
    let paid = paid_within(queries, tenant, day, span)?;
    let received = received_within(queries, tenant, span)?;
    let differences = standing(queries, tenant)?;
    let compared = compare_days(queries, settings, tenant, day, vietnam_day(now))?;
    let kept = queries.find_comparison(tenant.0, day)?;
    let kept = kept.map(|row| row.digest);
    let is_kept = kept.as_ref() == Some(&digest(&compared)?);
    let found = found(&DayRows {
        day,
        paid: &paid,
        received: &received,
        differences: &differences,
        compared: &compared_rows(settings, tenant, &compared, kept.as_deref()),
    })?;
    drop(compared);
    let trial = trial_balance(queries, tenant.0, day)?;
    let mut value = found.value;
    if let Value::Object(members) = &mut value {
        members.insert(
            "ledger".to_owned(),
            ledger_json(queries, &trial, tenant, day)?,
        );
    }
    Ok(DayFound {
        verdict: found.verdict,
        unexplained: found.unexplained,
        is_kept,
        trial,
        value,
    })
}

/// The books of a day as JSON.
pub(super) fn ledger_json(
    queries: &mut dyn Queries,
    trial: &Trial,
    tenant: Tenant,
    day: Day,
) -> Result<Value, Failure> {
    let first = day
        .checked_sub_signed(TimeDelta::days(LOOKS_BACK))
        .unwrap_or(day);
    let before = day.pred_opt().unwrap_or(day);
    let earlier = queries.list_transit_balances(tenant.0, first, before)?;
    let balances: Vec<Value> = trial
        .balances
        .iter()
        .map(|row| {
            json!({
                "account": row.account, "currency": row.currency,
                "debit": amount(row.debit_minor, &row.currency),
                "credit": amount(row.credit_minor, &row.currency),
            })
        })
        .collect();
    let heads: Vec<Value> = trial
        .heads
        .iter()
        .map(|head| {
            json!({ "chain": head.chain, "height": head.height, "hash": hex::encode(&head.hash) })
        })
        .collect();
    let transit: Vec<Value> = in_transit(day, &trial.balances, &earlier)
        .iter()
        .map(|one| {
            let text = |minor| amount(minor, &one.currency);
            json!({
                "account": one.account, "currency": one.currency,
                "balance": text(one.balance_minor),
                "within_24h": text(one.within_day_minor),
                "over_24h": text(one.over_day_minor),
                "oldest": one.oldest.map(|day| day.to_string()),
            })
        })
        .collect();
    Ok(json!({ "trial_balance": balances, "heads": heads, "in_transit": transit }))
}

fn paid_within(
    queries: &mut dyn Queries,
    tenant: Tenant,
    day: Day,
    (from, to): (Instant, Instant),
) -> Result<Vec<PaymentRow>, Failure> {
    let bound = |days: i64| {
        let at = begins(day).checked_add_signed(TimeDelta::days(days));
        at.map(|at| Uid(lowest_uuid_at(at)))
    };
    let mut filter = PaymentFilter {
        from: bound(-TOLD_APART_DAYS),
        to: bound(TOLD_APART_DAYS),
        paid_within: Some((Ts(from), Ts(to))),
        limit: PAGE,
        ..PaymentFilter::default()
    };
    let mut paid = Vec::new();
    loop {
        let page = queries.list_payments(tenant.0, &filter)?;
        let Some(last) = page.last() else {
            return Ok(paid);
        };
        filter.after = Some(last.payment_id);
        paid.extend(page.into_iter().filter(|row| {
            let at = row.paid_or_recorded_at();
            from <= at && at < to
        }));
    }
}

fn received_within(
    queries: &mut dyn Queries,
    tenant: Tenant,
    (from, to): (Instant, Instant),
) -> Result<Vec<Received>, Failure> {
    let mut received = Vec::new();
    for chain in queries.list_chains(tenant.0)? {
        let rows = queries.list_received(tenant.0, chain.chain, Ts(from), Ts(to))?;
        received.extend(
            rows.into_iter()
                .filter_map(|(payment_id, account, currency, minor)| {
                    let channel = account.strip_prefix("clearing:")?.to_owned();
                    Some(Received {
                        payment_id,
                        channel,
                        currency,
                        minor,
                    })
                }),
        );
    }
    Ok(received)
}

fn standing(queries: &mut dyn Queries, tenant: Tenant) -> Result<Vec<DifferenceRow>, Failure> {
    let mut filter = DifferenceFilter {
        is_standing: true,
        limit: PAGE,
        ..DifferenceFilter::default()
    };
    let mut rows = Vec::new();
    loop {
        let page = queries.list_differences(tenant.0, &filter)?;
        let Some(last) = page.last() else {
            return Ok(rows);
        };
        filter.after = Some(last.difference_id);
        rows.extend(page);
    }
}
