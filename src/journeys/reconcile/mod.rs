//! Reconciling a day: its payments, settlement files and bank statements are compared, what became of
//! each item is kept, differences are opened and settled, and the files it rests on can no longer be
//! undone. A closed day is refused; running it again replaces what was found.

mod differences;
pub mod outcomes;
pub mod read_outcomes;
mod subjects;
mod wanted;

use super::compare_days::{DaysCompared, compare_days};
use super::days::{DayError, DayRefusal, state_of};
use super::statements::IMPORTED;
use crate::config::settings::Settings;
use crate::domain::day::DayState;
use crate::domain::ids::Tenant;
use crate::domain::time::{Day, Instant, vietnam_day};
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

/// Reconciles a day.
///
/// # Errors
/// [`DayError`]; nothing was changed then.
pub fn reconcile_day(run: &Reconciling<'_>, day: Day) -> Result<Reconciled, DayError> {
    run.db.read(|queries| must_reconcile(queries, run, day))?;
    let mut tries = 1;
    loop {
        let compared = compared(run, day)?;
        let kept = run.db.write(|queries| keep(queries, run, &compared));
        match kept {
            Ok((differences, digest)) => {
                return Ok(Reconciled {
                    compared,
                    differences,
                    digest,
                });
            }
            Err(DayError::Refused(DayRefusal::FilesChanged(_))) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Compares a day and keeps nothing.
///
/// # Errors
/// [`DayError`].
pub fn preview_day(run: &Reconciling<'_>, day: Day) -> Result<DaysCompared, DayError> {
    run.db.read(|queries| must_be_known(queries, run))?;
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
) -> Result<(DifferenceCounts, Vec<u8>), DayError> {
    must_reconcile(queries, run, compared.day)?;
    must_stand(queries, run, compared)?;
    let digest = outcomes::keep(queries, run, compared)?;
    let counts = differences::keep(queries, run, compared)?;
    let files = outcomes::matched_files(compared);
    queries.mark_files_matched(run.tenant.0, &files, compared.day)?;
    Ok((counts, digest))
}

/// The day may be reconciled, by whoever asks for it.
fn must_reconcile(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    day: Day,
) -> Result<(), DayError> {
    must_be_known(queries, run)?;
    let row = queries.find_day(run.tenant.0, day)?;
    if state_of(row.as_ref())? == DayState::Closed {
        let by = row.and_then(|row| row.closed_by).unwrap_or_default();
        return Err(DayRefusal::AlreadyClosed(day, by).into());
    }
    Ok(())
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
