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
    /// The batch of payouts and batches, empty when the whole file is one.
    pub batch: &'a str,
    /// Minor units, signed as the file has it.
    pub amount: i64,
    /// The currency; none where the channel's counts.
    pub currency: Option<Currency>,
}

/// What an item is known by; `None` when there is no such item.
#[must_use]
pub fn known<'a>(input: &'a Input, comparison: &'a Comparison, item: Item) -> Option<Known<'a>> {
    let none = Known::default();
    let theirs = &input.theirs;
    Some(match item {
        Item::Payment(number) => {
            let one = input.payments.get(at(number))?;
            Known {
                id: Some(one.id),
                payment: Some(one.id),
                channel: Some(one.channel),
                amount: one.amount,
                currency: Some(one.currency),
                ..none
            }
        }
        Item::Line(number) => {
            let one = input.lines.get(at(number))?;
            let key = if one.txn.is_empty() {
                one.order
            } else {
                one.txn
            };
            Known {
                channel: Some(one.channel),
                file: Some(one.file),
                place: one.place,
                reference: theirs.text(key),
                amount: one.gross,
                currency: Some(one.currency),
                ..none
            }
        }
        Item::Bank(number) => {
            let one = input.banks.get(at(number))?;
            Known {
                file: Some(one.file),
                place: one.place,
                reference: theirs.text(one.reference),
                amount: one.amount,
                currency: Some(one.currency),
                ..none
            }
        }
        Item::Refund(number) => {
            let one = input.refunds.get(at(number))?;
            Known {
                id: Some(one.id),
                payment: one.payment,
                channel: Some(one.channel),
                amount: one.amount,
                ..none
            }
        }
        Item::Payout(number) => {
            let one = comparison.payouts.get(at(number))?;
            Known {
                channel: Some(one.channel),
                file: Some(one.file),
                batch: &one.batch,
                amount: one.net,
                ..none
            }
        }
        Item::Batch(number) => {
            let one = input.batches.get(at(number))?;
            Known {
                channel: Some(one.channel),
                file: Some(one.file),
                batch: theirs.text(one.batch),
                amount: one.total.unwrap_or(0),
                ..none
            }
        }
    })
}
