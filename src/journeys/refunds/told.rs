//! What the provider itself tells about money that went back. It takes from what was approved to go
//! back first; the refunds it pays so are marked in the same batch, one that it pays in part becomes
//! a difference, and what nobody approved yet is withdrawn when its money is gone. Costs nothing for payments without money set aside.

use super::{Step, step_row};
use crate::domain::entry::Event;
use crate::domain::refund::{RefundAction, RefundSource, RefundState};
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
    withdraw_what_is_gone(book, row);
    Ok(taken)
}

/// Withdraws the refunds whose money the provider took: there is nothing left to give back. What is
/// only proposed is lowered to what is left; what an officer asks for stays as it was asked while
/// something is left, and is for the officers to withdraw.
fn withdraw_what_is_gone(book: &mut Workbook<'_>, payment: &PaymentRow) {
    let given = book.given(payment.payment_id);
    let elsewhere: i64 = given.iter().map(|given| given.amount_minor).sum();
    let left_at = |source: &str| match RefundSource::parse(source) {
        Some(RefundSource::Credit) => Some(payment.credit_minor),
        Some(RefundSource::Suspense) => Some(payment.suspense_minor),
        Some(RefundSource::Fee) => {
            Some(payment.allocated_minor - payment.returned_minor - elsewhere)
        }
        None => None,
    };
    let now = book.now;
    let known = book.to_pay.iter_mut();
    let known = known.map(|(row, is_changed)| (row, Some(is_changed)));
    let fresh = book.refunds.iter_mut().map(|row| (row, None));
    let of_payment = known
        .chain(fresh)
        .filter(|(row, _)| row.payment_id == payment.payment_id);
    for (row, is_changed) in of_payment {
        let (Some(left), Some(state)) = (left_at(&row.source), RefundState::parse(&row.state))
        else {
            continue;
        };
        let is_proposed = state == RefundState::Proposed;
        let action = if left <= 0 && (is_proposed || state == RefundState::Requested) {
            RefundAction::Withdraw
        } else if left < row.amount_minor && is_proposed {
            RefundAction::Lower
        } else {
            continue;
        };
        let Some(state) = state.after(action) else {
            continue;
        };
        if state == RefundState::Withdrawn {
            row.ended_at = Some(Ts(now));
        } else {
            row.amount_minor = left;
        }
        row.revision += 1;
        state.as_str().clone_into(&mut row.state);
        if let Some(is_changed) = is_changed {
            *is_changed = true;
        }
        let step = Step {
            action,
            state,
            reason: "the provider took the money back",
            evidence: payment.provider_txn_id.clone(),
            entry_id: None,
            minor: 0,
        };
        book.refund_steps.push(step_row(row, None, now, step));
    }
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
