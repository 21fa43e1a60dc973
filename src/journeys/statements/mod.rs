//! The life of a statement file: imported, held until a second officer looked, undone. All of a file or
//! nothing; its original bytes stay. Matches nothing and posts nothing.

mod chain;
mod closed;
mod compare;
mod far;
mod fit;
mod identity;
pub mod import_statement;
mod keep;
mod moved;
pub mod original;
pub mod override_hold;
pub mod report;
mod sorting;
mod spool;
pub mod stage;
mod take_in;
pub mod undo_import;
mod verdict;

use thiserror::Error;
use uuid::Uuid;

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::reconciliation::pages::BrokenPage;
use crate::reconciliation::problem::Problem;
use crate::store::AsFailure;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::StatementFileRow;
use crate::store::types::Uid;

/// States of a file.
pub(crate) const IMPORTED: &str = "imported";
pub(crate) const HELD: &str = "held";
pub(crate) const UNDONE: &str = "undone";

/// Who acts on statement files, and when.
#[derive(Debug, Clone, Copy)]
pub struct Hand<'a> {
    /// The installation.
    pub tenant: Tenant,
    /// The officer's code.
    pub officer: &'a str,
    /// The present instant.
    pub now: Instant,
}

/// Why nothing was done to a statement file; nothing was stored then.
#[derive(Debug, Error)]
pub enum StatementError {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(Problem),
    /// There is no such source in the settings.
    #[error("there is no source {0}: add [sources.{0}] to the settings")]
    UnknownSource(String),
    /// Nobody active has this code.
    #[error("there is no active officer {0}")]
    UnknownOfficer(String),
    /// An officer of one unit.
    #[error("{0} is an officer of one unit: statement files are the province's")]
    OfficerOfUnit(String),
    /// The file is of another account, provider or kind.
    #[error("{0}")]
    WrongSource(String),
    /// The file is in another currency.
    #[error("{0}")]
    OtherCurrency(String),
    /// An interim report is never booked.
    #[error(
        "this is an interim report ({0}), which is never final: import the statement of the day when it comes"
    )]
    Interim(&'static str),
    /// It has neither lines nor a period.
    #[error("the file has no entries and no period: there is nothing to import")]
    Empty,
    /// No file has this id.
    #[error("there is no statement file {0}")]
    UnknownFile(Uuid),
    /// The file is not held.
    #[error("the file is {0}, not held")]
    NotHeld(String),
    /// The file was undone before.
    #[error("the file was undone before")]
    Undone,
    /// The officer who imported it looks again.
    #[error("{0} imported this file: another officer has to look")]
    SameOfficer(String),
    /// A reason is missing.
    #[error("say why: a reason is needed")]
    NoReason,
    /// Something of it is matched.
    #[error("lines of this file were matched in the day {0}: it cannot be undone or replaced")]
    Matched(crate::domain::time::Day),
    /// Lines of it count in a closed day.
    #[error(
        "{0} was closed by {1} with lines of this file: it cannot be undone or replaced unless the day is reopened"
    )]
    ClosedDay(crate::domain::time::Day, String),
    /// Others changed the same source again and again.
    #[error("other files of the source were imported meanwhile, again and again: try again")]
    Busy,
    /// What was written beforehand is not there any more.
    #[error("the import took longer than an hour, so what it had written was removed: try again")]
    TooSlow,
    /// A later file left lines out because this one had them.
    #[error("the file {0} came later and left out lines that this one has: undo that one first")]
    LeanedOn(Uuid),
    /// A revision that would lose statements.
    #[error("{0}")]
    PartOfAFile(String),
    /// A held file contradicts what was imported meanwhile.
    #[error("{0}")]
    Contradicted(String),
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl StatementError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::UnknownSource(_) => "unknown_source",
            Self::UnknownOfficer(_) => "unknown_officer",
            Self::OfficerOfUnit(_) => "officer_of_unit",
            Self::WrongSource(_) => "wrong_source",
            Self::OtherCurrency(_) => "other_currency",
            Self::Interim(_) => "interim",
            Self::Empty => "empty",
            Self::UnknownFile(_) => "not_found",
            Self::NotHeld(_) => "not_held",
            Self::Undone => "undone",
            Self::SameOfficer(_) => "same_officer",
            Self::NoReason => "no_reason",
            Self::Matched(_) => "matched",
            Self::ClosedDay(..) => "closed_day",
            Self::Busy => "busy",
            Self::TooSlow => "too_slow",
            Self::LeanedOn(_) => "leaned_on",
            Self::PartOfAFile(_) => "part_of_a_file",
            Self::Contradicted(_) => "contradicted",
            Self::Failed(_) => "failed",
        }
    }

    /// The sentence without the line or row, which [`Self::line`] gives.
    #[must_use]
    pub fn message(&self) -> String {
        if let Self::Unreadable(problem) = self {
            problem.message.clone()
        } else {
            self.to_string()
        }
    }

    /// The line or row at which a file cannot be read.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        if let Self::Unreadable(problem) = self {
            problem.line
        } else {
            None
        }
    }
}

impl From<BrokenPage> for StatementError {
    fn from(broken: BrokenPage) -> Self {
        Self::Failed(Failure::Broken(broken.to_string()))
    }
}

impl AsFailure for StatementError {
    fn as_failure(&self) -> Option<&Failure> {
        if let Self::Failed(failure) = self {
            Some(failure)
        } else {
            None
        }
    }
}

fn must_be_officer(queries: &mut dyn Queries, hand: &Hand<'_>) -> Result<(), StatementError> {
    let name = || hand.officer.to_owned();
    let known = queries.find_officer(hand.tenant.0, hand.officer)?;
    let officer = known
        .filter(|officer| officer.is_active)
        .ok_or_else(|| StatementError::UnknownOfficer(name()))?;
    if officer.unit_code.is_some() {
        return Err(StatementError::OfficerOfUnit(name()));
    }
    Ok(())
}

fn must_find(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    id: Uuid,
) -> Result<StatementFileRow, StatementError> {
    let row = queries.find_statement_file(hand.tenant.0, Uid(id))?;
    row.ok_or(StatementError::UnknownFile(id))
}

/// Refuses to take a file away from under what stands on it.
fn must_be_free(queries: &mut dyn Queries, row: &StatementFileRow) -> Result<(), StatementError> {
    if let Some(day) = row.matched_on {
        return Err(StatementError::Matched(day));
    }
    closed::must_be_open(queries, row)?;
    let statements = queries.list_statements_of(row.tenant, &[row.file_id])?;
    let from = statements.iter().map(|one| one.from_day).min();
    let to = statements.iter().map(|one| one.to_day).max();
    if let (Some(from), Some(to)) = (from, to) {
        let leaning = queries.list_files_leaning_on(row, (from, to))?;
        if let Some(other) = leaning.first() {
            return Err(StatementError::LeanedOn(other.file_id.0));
        }
    }
    Ok(())
}

/// A reason that says something.
fn must_say(reason: &str) -> Result<String, StatementError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(StatementError::NoReason);
    }
    Ok(reason.to_owned())
}
