//! To what a rule applies: which fee, handed in how, where, for whom, from when to when. A case comes
//! in; whether the rule applies, and how narrowly, goes out. Does not compare two rules.

use std::collections::BTreeSet;

use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::time::Day;

/// Where a rule applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At one unit.
    Unit(String),
    /// At a unit and everywhere below it.
    Below(String),
}

impl Place {
    /// Reads `H12.104` or `H12.*`; `None` when there is no code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let place = match text.strip_suffix(".*") {
            Some(code) => Self::Below(code.to_owned()),
            None => Self::Unit(text.to_owned()),
        };
        (!place.code().is_empty()).then_some(place)
    }

    /// The code of the unit it names.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unit(code) | Self::Below(code) => code,
        }
    }

    /// The text that [`Place::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Unit(code) => code.clone(),
            Self::Below(code) => format!("{code}.*"),
        }
    }

    fn covers(&self, unit: &str) -> bool {
        match self {
            Self::Unit(code) => unit == code,
            Self::Below(code) => unit
                .strip_prefix(code.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        }
    }

    /// How narrow it is: one unit before a subtree, a deep subtree before a wide one.
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::Unit(code) => (2, code.split('.').count()),
            Self::Below(code) => (1, code.split('.').count()),
        }
    }
}

/// To what a rule applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// National procedure code.
    pub procedure_code: String,
    /// One legal nature only.
    pub kind: Option<FeeKind>,
    /// One fee item's code only; without it, every fee item of the kind.
    pub fee_code: Option<String>,
    /// One way of handing in only.
    pub via: Option<SubmittedVia>,
    /// These places only; empty for everywhere.
    pub places: Vec<Place>,
    /// People of any of these groups only; empty for everybody.
    pub groups: BTreeSet<String>,
    /// First reception day.
    pub from: Day,
    /// Last reception day that the text names; none for no end.
    pub to: Option<Day>,
    /// Last reception day after the rule was ended or replaced; none while it was not.
    pub ended_on: Option<Day>,
}

/// What is asked of a tariff, but for the person.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// National procedure code.
    pub procedure_code: &'a str,
    /// Legal nature of the fee; none when it is not known.
    pub kind: Option<FeeKind>,
    /// The fee item's code, may be empty.
    pub fee_code: &'a str,
    /// Executing unit.
    pub unit: &'a str,
    /// How it is handed in.
    pub via: SubmittedVia,
    /// Reception day, local.
    pub on: Day,
}

/// How narrow a rule is. Compared field by field in this order, larger is narrower: the fee's own
/// code before its kind; one unit before a subtree, a deep subtree before a wide one, any place before
/// everywhere; one way of handing in before any; a text with a last day before one without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    fee: bool,
    place: (u8, usize),
    via: bool,
    ends: bool,
}

impl Rank {
    /// In which respect this rank is above another one; `None` when it is not.
    #[must_use]
    pub fn above(self, other: Self) -> Option<&'static str> {
        if self <= other {
            return None;
        }
        let respect = if self.fee != other.fee {
            "names the fee itself"
        } else if self.place != other.place {
            "names a narrower place"
        } else if self.via != other.via {
            "names the way of submission"
        } else {
            "has a last day"
        };
        Some(respect)
    }
}

/// Why a rule does not apply to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// The reception day lies before or after it.
    Day,
    /// It is for another way of handing in.
    Via,
    /// It is for other places.
    Place,
}

impl Scope {
    /// The last reception day on which it applies; none for no end.
    #[must_use]
    pub fn last_day(&self) -> Option<Day> {
        match (self.to, self.ended_on) {
            (Some(to), Some(ended)) => Some(to.min(ended)),
            (to, ended) => to.or(ended),
        }
    }

    /// Whether it speaks of a fee, whoever asks and whenever.
    #[must_use]
    pub fn is_about(&self, procedure_code: &str, kind: Option<FeeKind>, fee_code: &str) -> bool {
        let is_kind = match (self.kind, kind) {
            (Some(own), Some(asked)) => own == asked,
            (None, _) | (_, None) => true,
        };
        let is_code = self.fee_code.as_deref().is_none_or(|own| own == fee_code);
        self.procedure_code == procedure_code && is_kind && is_code
    }

    /// Why it does not apply to a case of its fee; `None` when it does, but for the person.
    #[must_use]
    pub fn outside(&self, case: &Case<'_>) -> Option<Outside> {
        if case.on < self.from || self.last_day().is_some_and(|last| last < case.on) {
            return Some(Outside::Day);
        }
        if self.via.is_some_and(|via| via != case.via) {
            return Some(Outside::Via);
        }
        let is_here = self.places.is_empty() || self.places.iter().any(|p| p.covers(case.unit));
        (!is_here).then_some(Outside::Place)
    }

    /// How narrow it is at a unit.
    #[must_use]
    pub fn rank(&self, unit: &str) -> Rank {
        let here = self.places.iter().filter(|place| place.covers(unit));
        self.ranked(here.map(Place::rank).max().unwrap_or_default())
    }

    fn ranked(&self, place: (u8, usize)) -> Rank {
        Rank {
            fee: self.fee_code.is_some(),
            place,
            via: self.via.is_some(),
            ends: self.to.is_some(),
        }
    }

    /// Whether some case lies in both and neither is narrower there.
    #[must_use]
    pub fn ties_with(&self, other: &Self) -> bool {
        let either = |a: bool, b: bool| a || b;
        let same_fee = self.procedure_code == other.procedure_code
            && self.fee_code == other.fee_code
            && either(
                self.kind == other.kind,
                self.kind.is_none() || other.kind.is_none(),
            );
        let overlap = self.last_day().is_none_or(|last| other.from <= last)
            && other.last_day().is_none_or(|last| self.from <= last)
            && !self.is_never()
            && !other.is_never();
        let same_place = match (self.places.is_empty(), other.places.is_empty()) {
            (true, true) => true,
            (false, false) => self.places.iter().any(|place| other.places.contains(place)),
            (true, false) | (false, true) => false,
        };
        let same_people = match (self.groups.is_empty(), other.groups.is_empty()) {
            (true, true) => true,
            (false, false) => !self.groups.is_disjoint(&other.groups),
            (true, false) | (false, true) => false,
        };
        let same_end = self.to.is_some() == other.to.is_some();
        same_fee && overlap && same_place && same_people && same_end && self.via == other.via
    }

    fn is_never(&self) -> bool {
        self.last_day().is_some_and(|last| last < self.from)
    }
}
