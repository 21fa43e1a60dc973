//! COMPARE: payments we recorded × lines of providers' settlement files × lines of bank statements.
//! An [`Input`] is filled with facts, [`compare`] gives a [`Comparison`] with exactly one [`Outcome`]
//! for each of them, and [`bridge::bridge`] proves that the sums add up. Pure: no store, no clock, no
//! files; the result does not depend on the order in which facts were added.

pub mod input;
pub mod outcome;

pub use input::{
    BankFacts, BatchFacts, ChannelNo, Contract, FileNo, Input, LineFacts, LineKind, PaymentFacts,
    RefundFacts, Rounding, Terms,
};
pub use outcome::{Comparison, Item, Link, Outcome, OutcomeKind, Payout, Role, Rule};
