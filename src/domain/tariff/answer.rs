//! The words of a quote: its steps, the rules that lost and why, or why there is no amount. How they
//! come about is said in [`super::quote`].

use thiserror::Error;

/// One step of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The rule.
    pub rule: String,
    /// What it did, in words.
    pub did: String,
    /// The amount after it, minor units.
    pub after: i64,
    /// The legal text it rests on.
    pub basis: String,
}

/// Why a rule about the fee did not decide.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// Received before its first or after its last day.
    #[error("not in force on the reception day")]
    Day,
    /// For another way of handing in.
    #[error("for another way of submission")]
    Via,
    /// For other places.
    #[error("for other places")]
    Place,
    /// For people of other groups.
    #[error("for other people")]
    Person,
    /// The texts contradict each other and the office decided.
    #[error("{by} prevails over it: {decision}")]
    Overruled {
        /// The rule it decided for.
        by: String,
        /// The paper of the decision.
        decision: String,
    },
    /// For everybody, where a rule for a group of the person applies.
    #[error("for everybody; {by} is for a group of the person")]
    Everybody {
        /// That rule.
        by: String,
    },
    /// Less narrow.
    #[error("{by} {respect}")]
    Wider {
        /// The narrower rule.
        by: String,
        /// In which respect.
        respect: &'static str,
    },
    /// For another group of the person, which asks more.
    #[error("{by} asks less")]
    Dearer {
        /// The rule that asks less.
        by: String,
    },
    /// Comes to the same amount.
    #[error("{by} says the same")]
    Same {
        /// The rule that was taken.
        by: String,
    },
    /// A relief that is none.
    #[error("leaves the price as it is")]
    NoLess,
}

impl Why {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Via => "submitted_via",
            Self::Place => "place",
            Self::Person => "person",
            Self::Overruled { .. } => "overruled",
            Self::Everybody { .. } => "everybody",
            Self::Wider { .. } => "wider",
            Self::Dearer { .. } => "dearer",
            Self::Same { .. } => "same",
            Self::NoLess => "no_less",
        }
    }
}

/// A rule that was considered and did not decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The rule.
    pub rule: String,
    /// Why.
    pub why: Why,
    /// The legal text it rests on.
    pub basis: String,
}

/// What a fee is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What the citizen reads of the fee, may be empty.
    pub fee_name: String,
    /// The amount, minor units.
    pub amount: i64,
    /// How it came about: the price, and a relief where one applies.
    pub steps: Vec<Taken>,
    /// What was considered besides.
    pub lost: Vec<Lost>,
}

/// Why there is no amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No rule prices the fee in this case.
    #[error("no rule prices this fee in this case")]
    NoPrice(Vec<Lost>),
    /// The rule takes a share of a value that was not given.
    #[error("{0} takes a share of a base value, and none is given")]
    BaseMissing(String),
    /// The rule gives more than any fee is.
    #[error("{0} gives more than any fee can be")]
    TooLarge(String),
    /// Two rules are equally narrow and say different amounts.
    #[error("{0} and {1} are equally narrow and say different amounts")]
    Undecided(String, String),
}

impl Refusal {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPrice(_) => "no_tariff",
            Self::BaseMissing(_) => "base_missing",
            Self::TooLarge(_) => "amount_too_large",
            Self::Undecided(..) => "tariff_conflict",
        }
    }
}
