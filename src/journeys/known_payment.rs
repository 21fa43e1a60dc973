//! Which known payment a notice speaks of. Most are found under the notice's own key. A provider may
//! tell of a payment before it has a transaction id for it, and of the same payment under its id
//! later, or the other way round when the two cross: then the order joins them, so that one payment
//! never becomes two. Looks into the book only; changes nothing.

use super::incoming::Incoming;
use super::workbook::Workbook;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::intake::fields::real_id;
use crate::store::failure::Failure;
use crate::store::rows::PaymentRow;

/// What is known of a notice's payment.
pub(super) enum Known {
    /// Nothing.
    New,
    /// This, and the notice agrees with it on amount, currency and order.
    Same(Box<PaymentRow>),
    /// Something else.
    Contradicted,
}

/// Whether the payment is known, and whether the notice agrees on amount, currency and order.
pub(super) fn known_payment(
    book: &mut Workbook<'_>,
    incoming: &Incoming<'_>,
) -> Result<Known, Failure> {
    let notice = incoming.notice;
    let Some(row) = payment_of(book, incoming) else {
        return Ok(Known::New);
    };
    let is_same = row.to_amount()? == notice.amount && row.order_ref == notice.order_ref;
    Ok(if is_same {
        Known::Same(Box::new(row))
    } else {
        Known::Contradicted
    })
}

/// The payment a notice speaks of.
pub(super) fn payment_of(book: &mut Workbook<'_>, incoming: &Incoming<'_>) -> Option<PaymentRow> {
    let (channel, notice) = (&incoming.channel.name, incoming.notice);
    if let Some(held) = book.payment(channel, &notice.payment_key) {
        return Some(held.row.clone());
    }
    if let Some(early) = notice.early_key() {
        let held = book.payment(channel, &early)?;
        return is_early_row_of(&held.row, notice).then(|| held.row.clone());
    }
    if !waits(notice.status) {
        return None;
    }
    let is_named = |row: &&PaymentRow| {
        row.channel == *channel && name_of(row).is_some() && agrees(row, notice)
    };
    book.payments_of_order(notice.order_ref.as_deref()?)
        .find(is_named)
        .cloned()
}

/// Whether a payment that is kept under its order is the one the notice names by its id: it was
/// named so before, or it waits without a name and everything else agrees.
fn is_early_row_of(row: &PaymentRow, notice: &Notice) -> bool {
    match name_of(row) {
        Some(name) => notice.provider_txn_id.as_deref() == Some(name),
        None => row.to_status().is_ok_and(waits) && agrees(row, notice),
    }
}

fn name_of(row: &PaymentRow) -> Option<&str> {
    row.provider_txn_id.as_deref().and_then(real_id)
}

fn agrees(row: &PaymentRow, notice: &Notice) -> bool {
    row.order_ref == notice.order_ref && row.to_amount().is_ok_and(|amount| amount == notice.amount)
}

/// Whether a payment of this status waits for a word of the provider, and no money was placed.
pub(super) fn waits(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review => true,
        PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Reversed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Outgoing => false,
    }
}
