//! The life of a tariff and what it says to dossiers: rules are read and drafted, activated, ended;
//! amounts that they cannot give are flagged. A rule that was activated is never edited and never
//! deleted. What a fee is, is said in [`crate::domain::tariff`].

pub mod activate;
pub(super) mod draft;
pub mod expire;
pub(super) mod flag_fees;
pub(super) mod read_grounds;
pub(super) mod read_rule;

use thiserror::Error;

use crate::domain::ids::Tenant;
use crate::domain::time::{Day, Instant};
use crate::store::AsFailure;
use crate::store::failure::Failure;
use crate::store::ops::Queries;

/// Who acts on a tariff, why and when.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The installation.
    pub tenant: Tenant,
    /// The officer's code.
    pub officer: &'a str,
    /// Why; needed where the past is changed.
    pub reason: Option<&'a str>,
    /// The present instant.
    pub now: Instant,
}

/// Why nothing was done to a tariff.
#[derive(Debug, Error)]
pub enum TariffError {
    /// Nobody active has this code.
    #[error("there is no active officer {0}")]
    Officer(String),
    /// No rule has this identifier.
    #[error("there is no tariff rule {0}")]
    Unknown(String),
    /// A rule that was activated before cannot be activated again.
    #[error("{0} is not a draft: a change is a new rule that names it in replaces")]
    NotADraft(String),
    /// A draft, or a rule that is over, cannot be ended.
    #[error("{rule} cannot be ended: {problem}")]
    CannotEnd {
        /// The rule.
        rule: String,
        /// Why not.
        problem: String,
    },
    /// The past would change, and nobody says why.
    #[error("{rule}: {day} lies before {today}; say why the past changes with --reason")]
    Past {
        /// The rule.
        rule: String,
        /// The day that is asked for.
        day: Day,
        /// The present day of the office.
        today: Day,
    },
    /// A rule names another one that is not there, or not where it should be.
    #[error("{rule} names {named} in {field}, which {problem}")]
    Named {
        /// The rule.
        rule: String,
        /// `replaces` or `prevails_over`.
        field: &'static str,
        /// The rule it names.
        named: String,
        /// What is wrong with that.
        problem: &'static str,
    },
    /// Rules prevail over each other in a circle.
    #[error("these rules prevail over each other in a circle: {}", .0.join(", "))]
    Circle(Vec<String>),
    /// Two rules would leave a case undecided.
    #[error(
        "{0} and {1} are equally narrow and say different amounts: make one narrower, or let the one \
         that was decided for name the other in prevails_over, with the decision"
    )]
    Conflict(String, String),
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl TariffError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Officer(_) => "unknown_officer",
            Self::Unknown(_) => "unknown_rule",
            Self::NotADraft(_) => "not_a_draft",
            Self::CannotEnd { .. } => "cannot_end",
            Self::Past { .. } => "past_day",
            Self::Named { .. } => "wrong_rule_named",
            Self::Circle(_) => "circle",
            Self::Conflict(..) => "tariff_conflict",
            Self::Failed(_) => "failed",
        }
    }
}

impl AsFailure for TariffError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Officer(_)
            | Self::Unknown(_)
            | Self::NotADraft(_)
            | Self::CannotEnd { .. }
            | Self::Past { .. }
            | Self::Named { .. }
            | Self::Circle(_)
            | Self::Conflict(..) => None,
        }
    }
}

fn must_be_officer(queries: &mut dyn Queries, act: &Act<'_>) -> Result<(), TariffError> {
    let officer = queries.find_officer(act.tenant.0, act.officer)?;
    if officer.is_some_and(|officer| officer.is_active) {
        return Ok(());
    }
    Err(TariffError::Officer(act.officer.to_owned()))
}
