//! A tariff: effective-dated rules that say what a fee is, for whom, how handed in, where and when.
//! Rules and a case come in, an amount with its grounds goes out. No text of law is read here, and
//! no rule is ever guessed: what the rules do not decide is refused.
//!
//! A rule either *prices* a fee or *relieves* a price. Of the prices that apply one wins, of the
//! reliefs that apply one wins, and the relief is taken off the price; it never raises it. Who wins
//! is said in [`scope::Rank`] and [`quote`].

pub mod answer;
pub mod conflict;
mod field;
pub mod formula;
pub mod judge;
pub mod life;
pub mod quote;
pub mod scope;

use formula::{Formula, Rate};
use scope::Scope;

use super::dossier::words;

words!(
    /// What a rule does.
    Role {
        /// It gives the fee its price.
        Price = "price",
        /// It takes something off the price.
        Relief = "relief",
    }
);

/// What a rule says about the amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The price.
    Price(Formula),
    /// Another amount in place of the price, where it is lower.
    Instead(Formula),
    /// A share off the price; what is left is rounded half up to whole đồng.
    Off {
        /// The share.
        rate: Rate,
        /// The most that is taken off, minor units; none for no limit.
        most: Option<i64>,
    },
}

impl Effect {
    /// Whether it prices or relieves.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Price(_) => Role::Price,
            Self::Instead(_) | Self::Off { .. } => Role::Relief,
        }
    }

    /// The formula it computes with, if it has one.
    #[must_use]
    pub fn formula(&self) -> Option<&Formula> {
        match self {
            Self::Price(formula) | Self::Instead(formula) => Some(formula),
            Self::Off { .. } => None,
        }
    }

    /// What it does, in words, amounts in đồng.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Price(formula) => format!("price: {}", formula.in_words()),
            Self::Instead(formula) => format!("instead of the price: {}", formula.in_words()),
            Self::Off { rate, most: None } => format!("{}% off", rate.to_percent_text()),
            Self::Off {
                rate,
                most: Some(most),
            } => format!("{}% off, {most} at most", rate.to_percent_text()),
        }
    }
}

/// One rule of a tariff. It is never changed: another rule replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The word by which people name it, unique in an office.
    pub id: String,
    /// What the citizen reads of the fee, may be empty.
    pub fee_name: String,
    /// To what it applies.
    pub scope: Scope,
    /// What it says.
    pub effect: Effect,
    /// The legal text it rests on.
    pub basis: String,
    /// The rule that it puts an end to when it is activated.
    pub replaces: Option<String>,
    /// Rules of contradicting texts over which the office decided for this one.
    pub prevails_over: Vec<String>,
    /// The paper of that decision; empty when there is none.
    pub decision: String,
}

#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
