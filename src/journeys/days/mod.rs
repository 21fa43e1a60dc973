//! The day: one officer proposes it, another closes it, and it can be reopened with a reason. Who
//! works, for whom and when comes in; what may be refused, and by which stable code, stands here.

use thiserror::Error;

use crate::domain::day::DayState;
use crate::domain::ids::Tenant;
use crate::domain::time::{Day, Instant};
use crate::store::AsFailure;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{DayRow, DayStepRow};
use crate::store::types::Ts;

mod artefact;
pub mod at_the_bank;
pub mod clocks;
pub mod close_day;
pub mod compared_rows;
pub mod find_day;
pub mod propose_day;
pub mod reopen_day;
pub mod replay_day;

/// Who works on a day, for whom and when.
#[derive(Debug, Clone, Copy)]
pub struct DayDesk<'a> {
    /// The installation.
    pub tenant: Tenant,
    /// The name under which a seal chain is leased, one for each request.
    pub holder: &'a str,
    /// Now, UTC.
    pub now: Instant,
    /// The officer's code.
    pub officer: &'a str,
}

/// Why a step was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DayRefusal {
    /// The officer is unknown or disabled.
    #[error("there is no active officer {0}")]
    UnknownOfficer(String),
    /// The day is the province's, the officer a unit's.
    #[error("officer {0} acts for {1}; a day is closed by officers of the whole office")]
    OtherUnit(String, String),
    /// No reason was given.
    #[error("say why the day is reopened")]
    NoReason,
    /// The day is not over, or not for long enough; from when on it is.
    #[error("{0} is not over yet; propose it from {1} on")]
    NotOver(Day, String),
    /// The day has not begun.
    #[error("{0} has not begun, today is {1}: is the day right?")]
    InFuture(Day, Day),
    /// Two clocks are apart: ours, whose the other is, and what it says.
    #[error(
        "the clocks differ: ours says {0}, {1} says {2}; set them right (they may be a minute apart), or a day is closed while its money still arrives"
    )]
    ClocksDiffer(String, &'static str, String),
    /// It is closed.
    #[error("{0} was closed by {1}; reopen it first")]
    AlreadyClosed(Day, String),
    /// Nobody has proposed it.
    #[error("{0} is {1}; propose it first, then another officer closes it")]
    NotProposed(Day, &'static str),
    /// It is not closed.
    #[error("{0} is {1}, so there is nothing to reopen")]
    NotClosed(Day, &'static str),
    /// The proposer may not close.
    #[error("{0} proposed this day; another officer closes it")]
    SameOfficer(String),
    /// Nothing can be signed.
    #[error("a closed day is signed: {0}")]
    NoKey(String),
    /// Days are closed one after the other.
    #[error("days are closed one after the other, without a gap: close {0} first")]
    OutOfOrder(Day),
    /// Days before the first that was closed stay as they are.
    #[error("{0} lies before {1}, the first day that was closed; its postings are in that day")]
    BeforeFirst(Day, Day),
    /// The first day to be closed lies long before the books begin.
    #[error(
        "{0} lies long before the books begin on {1}; every day from it on would have to be closed"
    )]
    LongBefore(Day, Day),
    /// Nothing is known of a time as early as that.
    #[error("{0} lies long before {1}: is the day right?")]
    BeforeAll(Day, String),
    /// Payments that nothing explains.
    #[error("the bridge of {0} leaves something unexplained; look at its payments first")]
    Residual(String),
    /// The installation is unknown.
    #[error("there is no installation {0}: no channel, no source and no row is of it")]
    UnknownTenant(i32),
    /// A file went away while it was compared.
    #[error("file {0} was undone while it was compared: compare again")]
    FilesChanged(String),
    /// Something else is found than was proposed.
    #[error("the day changed since it was proposed ({0}): look at it and propose it again")]
    Changed(String),
}

impl DayRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownOfficer(_) => "unknown_officer",
            Self::OtherUnit(..) => "other_unit",
            Self::NoReason => "no_reason",
            Self::NotOver(..) => "not_over",
            Self::InFuture(..) => "in_future",
            Self::ClocksDiffer(..) => "clocks_differ",
            Self::AlreadyClosed(..) => "already_closed",
            Self::NotProposed(..) => "not_proposed",
            Self::NotClosed(..) => "not_closed",
            Self::SameOfficer(_) => "same_officer",
            Self::NoKey(_) => "no_key",
            Self::OutOfOrder(_) => "out_of_order",
            Self::BeforeFirst(..) => "before_first",
            Self::LongBefore(..) | Self::BeforeAll(..) => "long_before",
            Self::Residual(_) => "residual",
            Self::UnknownTenant(_) => "unknown_tenant",
            Self::FilesChanged(_) => "files_changed",
            Self::Changed(_) => "changed",
        }
    }

    /// Whether the caller may not do it at all.
    #[must_use]
    pub fn is_about_rights(&self) -> bool {
        matches!(
            self,
            Self::UnknownOfficer(_) | Self::OtherUnit(..) | Self::SameOfficer(_)
        )
    }
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum DayError {
    /// It may not be done.
    #[error(transparent)]
    Refused(#[from] DayRefusal),
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for DayError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Refused(_) => None,
        }
    }
}

impl DayDesk<'_> {
    /// Refuses whoever is no active officer of the whole office.
    fn must_act(&self, queries: &mut dyn Queries) -> Result<(), DayError> {
        let officer = queries.find_officer(self.tenant.0, self.officer)?;
        let Some(officer) = officer.filter(|officer| officer.is_active) else {
            return Err(DayRefusal::UnknownOfficer(self.officer.to_owned()).into());
        };
        match officer.unit_code {
            Some(unit) => Err(DayRefusal::OtherUnit(officer.code, unit).into()),
            None => Ok(()),
        }
    }

    /// Writes a day after a step, and the step.
    fn take(
        &self,
        queries: &mut dyn Queries,
        row: &DayRow,
        action: DayState,
        reason: &str,
    ) -> Result<(), DayError> {
        let taken = queries.list_day_steps(row.tenant, row.day)?;
        queries.insert_day(row)?;
        queries.insert_day_step(&DayStepRow {
            tenant: row.tenant,
            day: row.day,
            seq: taken.last().map_or(1, |last| last.seq + 1),
            action: action.as_str().to_owned(),
            officer: self.officer.to_owned(),
            reason: reason.to_owned(),
            revision: row.revision,
            taken_at: Ts(self.now),
        })?;
        Ok(())
    }
}

/// The state of a day in a row; open without one.
///
/// # Errors
/// [`Failure::Broken`] when it is none we write.
pub fn state_of(row: Option<&DayRow>) -> Result<DayState, Failure> {
    let Some(row) = row else {
        return Ok(DayState::Open);
    };
    DayState::parse(&row.state)
        .ok_or_else(|| Failure::Broken(format!("day {} in the state \"{}\"", row.day, row.state)))
}

/// A day of which nothing is known yet.
fn blank(tenant: Tenant, day: Day) -> DayRow {
    DayRow {
        tenant: tenant.0,
        day,
        state: DayState::Open.as_str().to_owned(),
        revision: 0,
        verdict: None,
        result: None,
        proposed_by: None,
        proposed_at: None,
        closed_by: None,
        closed_at: None,
        reopened_by: None,
        reopened_at: None,
        reopen_reason: None,
    }
}
