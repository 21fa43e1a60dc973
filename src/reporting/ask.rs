//! The question put to a report: whose dossiers, which days, split by what; and how a question can
//! be wrong. Says nothing about where the question came from.

use thiserror::Error;

use super::indicators;
use super::period::{Period, Step};
use crate::domain::dossier::words;
use crate::domain::lang::Lang;
use crate::domain::refund::RefundedRule;
use crate::domain::time::{Day, Instant};
use crate::store::failure::Failure;

words!(
    /// By what a figure is broken down.
    By {
        /// Not at all.
        None = "none",
        /// By executing unit.
        Unit = "unit",
        /// By the unit's level: province, department, commune.
        Level = "level",
        /// By procedure.
        Procedure = "procedure",
        /// By the procedure's field of administration.
        Field = "field",
        /// By legal nature of the fee items above zero.
        Kind = "kind",
        /// By the provider that took the money.
        Provider = "provider",
        /// By way of submission.
        Via = "via",
        /// By day of reception.
        Day = "day",
        /// By week of reception, Monday to Sunday.
        Week = "week",
        /// By month of reception.
        Month = "month",
        /// By quarter of reception.
        Quarter = "quarter",
        /// By year of reception.
        Year = "year",
    }
);

impl By {
    /// The step of a breakdown by time.
    #[must_use]
    pub fn step(self) -> Option<Step> {
        match self {
            Self::Day => Some(Step::Day),
            Self::Week => Some(Step::Week),
            Self::Month => Some(Step::Month),
            Self::Quarter => Some(Step::Quarter),
            Self::Year => Some(Step::Year),
            Self::None
            | Self::Unit
            | Self::Level
            | Self::Procedure
            | Self::Field
            | Self::Kind
            | Self::Provider
            | Self::Via => None,
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// [`Refusal::Breakdown`].
    pub fn named(text: &str) -> Result<Self, Refusal> {
        Self::parse(text).ok_or_else(|| Refusal::Breakdown(text.to_owned()))
    }

    /// All words, for people.
    #[must_use]
    pub fn list() -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|by| by.as_str()).collect();
        words.join(", ")
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The installation.
    pub tenant: i32,
    /// Days of reception.
    pub period: Period,
    /// One unit and those below it; none for all.
    pub unit: Option<String>,
    /// Whether the unit is the asker's own and only, so that those below it are not to be seen.
    pub is_own: bool,
    /// The breakdown.
    pub by: By,
    /// When the question is put, printed on every answer.
    pub captured_at: Instant,
    /// The language of names and notes.
    pub lang: Lang,
    /// What a dossier is whose online money all went back.
    pub refunded: RefundedRule,
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum Refusal {
    /// No report has this name.
    #[error("there is no report \"{0}\"; there are: {list}", list = super::reports::list())]
    Report(String),
    /// No indicator has this id.
    #[error("there is no indicator \"{0}\"; there are: {list}", list = indicators::list())]
    Indicator(String),
    /// Nothing can be split by this.
    #[error("figures cannot be split by \"{0}\"; they can by: {list}", list = By::list())]
    Breakdown(String),
    /// No unit has this code.
    #[error("there is no unit \"{0}\"")]
    Unit(String),
    /// The range ends before it begins, or a year cannot be meant.
    #[error("{from} to {to} is not a period: it must begin before it ends, between 1900 and 2200")]
    Period {
        /// First day asked for.
        from: Day,
        /// Last day asked for.
        to: Day,
    },
    /// What the report tells belongs to no unit.
    #[error(
        "{0} tells of accounts that belong to no unit: ask for all units, as one who may see them"
    )]
    NotOfUnits(&'static str),
    /// More than one day was asked for.
    #[error("{0} is about one day: give the same day as first and last")]
    OneDay(&'static str),
    /// The database failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}
