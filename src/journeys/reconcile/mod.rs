//! Reconciling a day: its payments, settlement files and bank statements are compared, payments that a
//! line proves are recovered, what became of each item is kept, differences are opened and settled, what
//! agrees is posted, and the files it rests on can no longer be undone. A closed day is refused; running
//! it again replaces what was found.

mod differences;
pub mod outcomes;
pub mod read_outcomes;
mod subjects;
mod wanted;

mod bounds;
mod evidence;
pub mod pass_on;
mod prove;
mod reach;
pub mod recover;
pub mod settle;
mod settle_payouts;
mod settle_refunds;

use recover::{Recovered, Recovery, recover};
use settle::{Settled, Settling, settle};

use super::compare_days::{DaysCompared, compare_days};
use super::days::{DayError, DayRefusal, state_of};
use super::statements::IMPORTED;
use crate::config::settings::Settings;
use crate::config::source::Source;
use crate::domain::day::DayState;
use crate::domain::ids::{Tenant, uuid_at};
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::reconciliation::compare::{Item, OutcomeKind};
use crate::store::Db;
use crate::store::ops::Queries;
use crate::store::types::Uid;

/// Who compares what nobody asked for.
pub(super) const SYSTEM: &str = "system";

/// How often a comparison is made anew because files changed meanwhile.
const TRIES: usize = 3;

/// A day to be reconciled.
#[derive(Clone, Copy)]
pub struct Reconciling<'a> {
    /// The database.
    pub db: &'a Db,
    /// Channels, sources, the calendar.
    pub settings: &'a Settings,
    /// The installation.
    pub tenant: Tenant,
    /// The officer who asks for it; nobody for a machine.
    pub officer: Option<&'a str>,
    /// Now, UTC.
    pub now: Instant,
}

/// What was found and what followed.
pub struct Reconciled {
    /// What was compared and found.
    pub compared: DaysCompared,
    /// Differences of the day, and those of days before that ended.
    pub differences: DifferenceCounts,
    /// SHA-256 of the outcomes as they are kept.
    pub digest: Vec<u8>,
    /// Payments that a line proved and nobody had told us of.
    pub recovered: Vec<Recovered>,
    /// What was posted.
    pub settled: Settled,
}

/// What became of differences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DifferenceCounts {
    /// Opened.
    pub opened: usize,
    /// Their cause went away.
    pub settled: usize,
    /// Settled before, and found again.
    pub reopened: usize,
    /// Standing, with another amount or other evidence.
    pub changed: usize,
}

/// What is written of a comparison.
struct Kept {
    differences: DifferenceCounts,
    digest: Vec<u8>,
    settled: Settled,
}

/// Reconciles a day.
///
/// # Errors
/// [`DayError`]; nothing was changed then, but what was recovered stays recovered.
pub fn reconcile_day(run: &Reconciling<'_>, day: Day) -> Result<Reconciled, DayError> {
    run.db.read(|queries| must_reconcile(queries, run, day))?;
    let mut tries = 1;
    let mut recovered = Vec::new();
    loop {
        let mut compared = compared(run, day)?;
        if let Some(proven) = recover(&recovery(run), day, &compared)? {
            recovered.extend(proven);
            compared = self::compared(run, day)?;
        }
        let kept = run.db.write(|queries| keep(queries, run, &compared));
        match kept {
            Ok(kept) => {
                alarm(&compared, day);
                return Ok(Reconciled {
                    compared,
                    differences: kept.differences,
                    digest: kept.digest,
                    recovered,
                    settled: kept.settled,
                });
            }
            Err(DayError::Refused(DayRefusal::FilesChanged(_))) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn recovery<'a>(run: &Reconciling<'a>) -> Recovery<'a> {
    Recovery {
        db: run.db,
        settings: run.settings,
        tenant: run.tenant,
        now: run.now,
    }
}

/// Compares a day and keeps nothing.
///
/// # Errors
/// [`DayError`].
pub fn preview_day(run: &Reconciling<'_>, day: Day) -> Result<DaysCompared, DayError> {
    run.db.read(|queries| {
        must_be_known(queries, run)?;
        must_be_of_the_books(queries, run, day)
    })?;
    compared(run, day)
}

fn compared(run: &Reconciling<'_>, day: Day) -> Result<DaysCompared, DayError> {
    let today = vietnam_day(run.now);
    let (settings, tenant) = (run.settings, run.tenant);
    Ok(run
        .db
        .read(|queries| compare_days(queries, settings, tenant, day, today))?)
}

/// Everything that is written of a comparison, in one transaction.
fn keep(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
) -> Result<Kept, DayError> {
    must_reconcile(queries, run, compared.day)?;
    must_stand(queries, run, compared)?;
    let digest = outcomes::keep(queries, run, compared)?;
    let differences = differences::keep(queries, run, compared)?;
    // A name of its own for each run, so that two at once never share a chain.
    let holder = uuid_at(run.now).to_string();
    let settling = Settling {
        settings: run.settings,
        tenant: run.tenant,
        holder: &holder,
        now: run.now,
    };
    let settled = settle(queries, &settling, compared, compared.day)?;
    let mut files = outcomes::matched_files(compared);
    files.extend_from_slice(&settled.files);
    files.sort_unstable();
    files.dedup();
    queries.mark_files_matched(run.tenant.0, &files, compared.day)?;
    Ok(Kept {
        differences,
        digest,
        settled,
    })
}

/// The day may be reconciled, by whoever asks for it.
fn must_reconcile(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    day: Day,
) -> Result<(), DayError> {
    must_be_known(queries, run)?;
    must_be_of_the_books(queries, run, day)?;
    let row = queries.find_day(run.tenant.0, day)?;
    if state_of(row.as_ref())? == DayState::Closed {
        let by = row.and_then(|row| row.closed_by).unwrap_or_default();
        return Err(DayRefusal::AlreadyClosed(day, by).into());
    }
    Ok(())
}

/// Days that may be compared before the first of which anything is known: a payment may be recorded long
/// after it was paid.
const REACHES_BACK: i64 = 31;

/// Something may be known of the day. A mistyped year would open a difference for every file that was
/// never due.
fn must_be_of_the_books(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    day: Day,
) -> Result<(), DayError> {
    let today = vietnam_day(run.now);
    if day > today {
        return Err(DayRefusal::InFuture(day, today).into());
    }
    if today.signed_duration_since(day).num_days() <= REACHES_BACK {
        return Ok(());
    }
    let tenant = run.tenant;
    let blocks = queries.list_blocks(tenant.0, (0, 0), 1)?;
    let mut first = blocks.first().map(|block| vietnam_day(block.sealed_at.0));
    let of_us = |source: &&Source| source.tenant == tenant;
    for source in run.settings.sources.values().filter(of_us) {
        let found = queries.find_first_day_of_lines(tenant.0, &source.name)?;
        first = [first, found].into_iter().flatten().min();
    }
    if first.is_some_and(|first| first.signed_duration_since(day).num_days() <= REACHES_BACK) {
        return Ok(());
    }
    let first = match first {
        Some(first) => format!("the first payment and the first line of a file, on {first}"),
        None => format!("today, {today}, and no payment and no line of a file is known yet"),
    };
    Err(DayRefusal::BeforeAll(day, first).into())
}

/// The installation is known, and the officer is an active one of the whole office.
fn must_be_known(queries: &mut dyn Queries, run: &Reconciling<'_>) -> Result<(), DayError> {
    let (settings, tenant) = (run.settings, run.tenant);
    let is_set = settings.channels.values().any(|one| one.tenant == tenant)
        || settings.sources.values().any(|one| one.tenant == tenant);
    if !is_set && !queries.list_tenants()?.contains(&tenant.0) {
        return Err(DayRefusal::UnknownTenant(tenant.0).into());
    }
    let Some(code) = run.officer else {
        return Ok(());
    };
    let officer = queries.find_officer(tenant.0, code)?;
    let officer = officer.filter(|officer| officer.is_active);
    let officer = officer.ok_or_else(|| DayRefusal::UnknownOfficer(code.to_owned()))?;
    match officer.unit_code {
        Some(unit) => Err(DayRefusal::OtherUnit(officer.code, unit).into()),
        None => Ok(()),
    }
}

/// Every file that was compared still counts.
fn must_stand(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
) -> Result<(), DayError> {
    let ids: Vec<Uid> = compared.files.iter().map(|file| file.file_id).collect();
    let rows = queries.list_files(run.tenant.0, &ids)?;
    let changed = rows.iter().find(|row| row.state != IMPORTED);
    match changed {
        Some(row) => Err(DayRefusal::FilesChanged(row.file_name.clone()).into()),
        None => Ok(()),
    }
}

/// Says in the log which recorded payments of a day their provider does not report after grace.
fn alarm(found: &DaysCompared, day: Day) {
    let missing = (0..).zip(&found.comparison.payments);
    let ids: Vec<String> = missing
        .filter(|(number, outcome)| {
            outcome.kind == OutcomeKind::MissingInSettlement
                && found.day_of(Item::Payment(*number)) == Some(day)
        })
        .filter_map(|(number, _)| found.input.payment_facts(number))
        .map(|payment| payment.id.to_string())
        .collect();
    if !ids.is_empty() {
        let (count, payments) = (ids.len(), ids.join(", "));
        tracing::warn!(%day, count, payments, "recorded payments are absent from their settlement files after grace");
    }
}
