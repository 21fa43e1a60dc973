//! What the provider itself tells about money that went back. It takes from what was approved to go
//! back first; the refunds it pays so are marked in the same batch, one that it pays in part becomes
//! a difference. Costs nothing for payments without money set aside.

use super::{Step, step_row};
use crate::domain::entry::Event;
use crate::domain::refund::{RefundAction, RefundState};
use crate::journeys::consequences::after_refund_differs;
use crate::journeys::move_money::{TakenBack, take_back};
use crate::journeys::workbook::Workbook;
use crate::store::failure::Failure;
use crate::store::rows::{PaymentRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// The provider took money back: all that stands, or up to the cumulative `refunded` amount. Gives
/// what it took, and how much of that nobody had approved to go back.
pub(in crate::journeys) fn taken_back(
    book: &mut Workbook<'_>,
    row: &mut PaymentRow,
    event: Event,
    refunded: Option<i64>,
) -> Result<TakenBack, Failure> {
    let set_aside = row.refunding_minor;
    let mut taken = take_back(book, row, event, refunded)?;
    let paid = set_aside - row.refunding_minor;
    if paid > 0 {
        pay_refunds(book, row, paid);
    }
    taken.unasked += taken.twice;
    Ok(taken)
}

/// Marks the refunds that `paid` minor units of a payment's set-aside money have paid: the one of
/// exactly this amount, else those that were sent, then those that wait.
fn pay_refunds(book: &mut Workbook<'_>, payment: &PaymentRow, paid: i64) {
    let rest_of = |row: &RefundRow| row.amount_minor - row.paid_minor;
    let mut order: Vec<(i32, Uid, usize)> = Vec::new();
    for (place, (row, _)) in book.to_pay.iter().enumerate() {
        let state = RefundState::parse(&row.state);
        let rank = match state.filter(|state| state.holds_money()) {
            None => continue,
            Some(_) if is_at_our_bank(row) => 3,
            Some(_) if rest_of(row) == paid => 0,
            Some(RefundState::Sent) => 1,
            Some(_) => 2,
        };
        if row.payment_id == payment.payment_id {
            order.push((rank, row.refund_id, place));
        }
    }
    order.sort_unstable();
    let entry_id = book.postings.last().map(|posting| Uid(posting.entry_id.0));
    let (mut left, mut differs) = (paid, false);
    for (_, _, place) in order {
        let Some((row, is_changed)) = book.to_pay.get_mut(place).filter(|_| left > 0) else {
            break;
        };
        let part = rest_of(row).min(left);
        left -= part;
        // Our bank may pay it as well: a person must stop one of the two.
        differs |= is_at_our_bank(row);
        row.paid_minor += part;
        row.revision += 1;
        *is_changed = true;
        let state = if rest_of(row) == 0 {
            row.ended_at = Some(Ts(book.now));
            RefundState::Succeeded
        } else {
            differs = true;
            RefundState::parse(&row.state).unwrap_or(RefundState::Sent)
        };
        state.as_str().clone_into(&mut row.state);
        let step = Step {
            action: RefundAction::Tell,
            state,
            reason: "told by the provider",
            evidence: payment.provider_txn_id.clone(),
            entry_id,
            minor: -part,
        };
        let step = step_row(row, None, book.now, step);
        book.refund_steps.push(step);
    }
    if differs {
        after_refund_differs(book, payment);
    }
}

/// Whether a refund was handed to our bank, not to the provider.
fn is_at_our_bank(row: &RefundRow) -> bool {
    row.provider_refund_id.is_none() && row.bank_reference.is_some()
}
