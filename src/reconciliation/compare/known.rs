//! What an item is known by outside of the comparison: its id, or the file and place it stands at,
//! with its references and its amount. Borrowed from what was compared; decides nothing.

use uuid::Uuid;

use super::facts::{ChannelNo, FileNo};
use super::input::Input;
use super::join::at;
use super::outcome::{Comparison, Item};
use crate::domain::money::Currency;

/// What an item is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known<'a> {
    /// Of payments and refunds, the id.
    pub id: Option<Uuid>,
    /// Of refunds, the payment whose money goes back.
    pub payment: Option<Uuid>,
    /// The channel; none for bank lines.
    pub channel: Option<ChannelNo>,
    /// The file of lines, payouts and batches.
    pub file: Option<FileNo>,
    /// The line or row in it.
    pub place: u32,
    /// Of lines, the transaction id, else the order; of bank lines, the bank's reference.
    pub reference: &'a str,
    /// The batch of payouts, a day where the lines name none; of what a file states, empty when it
    /// speaks of all its lines that name none.
    pub batch: &'a str,
    /// Minor units, signed as the file has it.
    pub amount: i64,
    /// The currency; none where the channel's counts.
    pub currency: Option<Currency>,
}

/// What an item is known by; `None` when there is no such item.
#[must_use]
pub fn known<'a>(input: &'a Input, comparison: &'a Comparison, item: Item) -> Option<Known<'a>> {
    match item {
        Item::Payment(number) => payment(input, number),
        Item::Refund(number) => refund(input, number),
        Item::Line(number) => line(input, number),
        Item::Bank(number) => bank(input, number),
        Item::Payout(number) => payout(comparison, number),
        Item::Batch(number) => batch(input, number),
    }
}

fn payment(input: &Input, number: u32) -> Option<Known<'_>> {
    let one = input.payments.get(at(number))?;
    Some(Known {
        id: Some(one.id),
        payment: Some(one.id),
        channel: Some(one.channel),
        amount: one.amount,
        currency: Some(one.currency),
        ..Known::default()
    })
}

fn refund(input: &Input, number: u32) -> Option<Known<'_>> {
    let one = input.refunds.get(at(number))?;
    Some(Known {
        id: Some(one.id),
        payment: one.payment,
        channel: Some(one.channel),
        amount: one.amount,
        ..Known::default()
    })
}

fn line(input: &Input, number: u32) -> Option<Known<'_>> {
    let one = input.lines.get(at(number))?;
    let reference = if one.txn.is_empty() {
        input.theirs.text(one.order)
    } else {
        input.theirs.word_text(&one.txn)
    };
    Some(Known {
        channel: Some(one.channel),
        file: Some(one.file),
        place: one.place,
        reference,
        amount: one.gross,
        currency: Some(one.currency),
        ..Known::default()
    })
}

fn bank(input: &Input, number: u32) -> Option<Known<'_>> {
    let one = input.banks.get(at(number))?;
    Some(Known {
        file: Some(one.file),
        place: one.place,
        reference: input.theirs.text(one.reference),
        amount: one.amount,
        currency: Some(one.currency),
        ..Known::default()
    })
}

fn payout(comparison: &Comparison, number: u32) -> Option<Known<'_>> {
    let one = comparison.payouts.get(at(number))?;
    Some(Known {
        channel: Some(one.channel),
        file: Some(one.file),
        batch: &one.batch,
        amount: one.net,
        ..Known::default()
    })
}

fn batch(input: &Input, number: u32) -> Option<Known<'_>> {
    let one = input.batches.get(at(number))?;
    Some(Known {
        channel: Some(one.channel),
        file: Some(one.file),
        batch: input.theirs.text(one.batch),
        amount: one.total.unwrap_or(0),
        ..Known::default()
    })
}
