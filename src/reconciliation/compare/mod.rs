//! COMPARE: payments we recorded × lines of providers' settlement files × lines of bank statements.
//! An [`Input`] is filled with facts, [`compare`] gives a [`Comparison`] with exactly one [`Outcome`]
//! for each of them, and [`bridge::bridge`] proves that the sums add up. Pure: no store, no clock, no
//! files; the result does not depend on the order in which facts were added.

mod arena;
mod bank;
pub mod batches;
pub mod bridge;
mod credits;
pub mod facts;
mod fees;
pub mod input;
mod join;
pub mod known;
mod memo;
mod memo_days;
mod orders;
pub mod outcome;
mod pay;
mod payouts;
pub mod reason;
mod recall;
mod refunds;
mod settlement;
mod side_by_side;
mod work;

pub use facts::{
    BankFacts, BatchFacts, ChannelNo, Contract, FileNo, LineFacts, LineKind, PaymentFacts,
    RefundFacts, RemittanceFacts, Rounding, Terms,
};
pub use input::Input;
pub use outcome::{Comparison, Item, Link, Outcome, OutcomeKind, Payout, Role, Rule, Side};

/// Compares everything with everything it could belong to: references before amounts, and amounts
/// alone never.
#[must_use]
pub fn compare(input: &Input) -> Comparison {
    let agreed = settlement::Agreed::of(input);
    let mut work = work::Work::on(input);
    settlement::settle(&mut work, &agreed);
    refunds::settle(&mut work);
    let marked = bank::place(&mut work);
    payouts::place(&mut work, marked);
    bank::unpaid(&mut work);
    settlement::unsettled(&mut work);
    refunds::absent(&mut work);
    work.end()
}
