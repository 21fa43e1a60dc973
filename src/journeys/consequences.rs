//! What follows from a notice beside its postings: a difference where a person must look, a refund
//! where a rule proposes one. Works on the book; nothing is decided about where money goes.

use serde_json::json;

use super::refunds::proposed;
use super::workbook::Workbook;
use crate::domain::difference::{DifferenceKind, DifferenceState};
use crate::domain::ids::DifferenceId;
use crate::domain::refund::{RefundRule, RefundSource};
use crate::matching::rules::MatchOutcome;
use crate::store::rows::{DifferenceRow, PaymentRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// Money of a payment was placed: anything but an exact match needs a person, and what is the
/// payer's should go back.
pub(super) fn after_placing(book: &mut Workbook<'_>, row: &PaymentRow, outcome: MatchOutcome) {
    let stands = row.allocated_minor + row.credit_minor + row.suspense_minor;
    if stands == 0 {
        return;
    }
    let (kind, rule) = match outcome {
        MatchOutcome::Exact => return,
        MatchOutcome::Short => (DifferenceKind::Short, None),
        MatchOutcome::Over => (DifferenceKind::Over, Some(RefundRule::Over)),
        MatchOutcome::Twice => (DifferenceKind::Twice, Some(RefundRule::Twice)),
        MatchOutcome::Late => (DifferenceKind::Late, Some(RefundRule::Late)),
        MatchOutcome::Closed => (DifferenceKind::ClosedDossier, None),
        MatchOutcome::Unknown => (DifferenceKind::UnknownDossier, None),
        MatchOutcome::WrongCurrency => (DifferenceKind::WrongCurrency, None),
        MatchOutcome::WrongAccount => (DifferenceKind::WrongAccount, None),
        MatchOutcome::Ambiguous => (DifferenceKind::Ambiguous, None),
    };
    let difference_id = open(book, kind, row, None);
    if let Some(rule) = rule.filter(|_| row.credit_minor > 0) {
        let proposal = proposal(book, row, rule, difference_id);
        book.refunds.push(proposal);
    }
}

/// A payment is in a state in which a person must look at it, although no money is placed.
pub(super) fn after_review(book: &mut Workbook<'_>, row: &PaymentRow) {
    open(book, DifferenceKind::Review, row, None);
}

/// The provider took back money that had been placed.
pub(super) fn after_reversal(book: &mut Workbook<'_>, row: &PaymentRow) {
    open(book, DifferenceKind::Reversed, row, None);
}

/// The provider gave money back; `unasked` minor units of it without our approval.
pub(super) fn after_refund(book: &mut Workbook<'_>, row: &PaymentRow, unasked: i64) {
    if unasked > 0 {
        open(book, DifferenceKind::RefundUnasked, row, None);
    }
}

/// An approved refund was paid out in another amount, or failed.
pub(super) fn after_refund_differs(book: &mut Workbook<'_>, row: &PaymentRow) {
    open(book, DifferenceKind::RefundDiffers, row, None);
}

/// A notice contradicts what was said before; `row` is the payment it speaks of, where it is known.
pub(super) fn after_conflict(book: &mut Workbook<'_>, row: &PaymentRow, notice_id: Uid) {
    open(book, DifferenceKind::Conflict, row, Some(notice_id));
}

fn open(
    book: &mut Workbook<'_>,
    kind: DifferenceKind,
    row: &PaymentRow,
    notice_id: Option<Uid>,
) -> Uid {
    let difference_id = Uid(DifferenceId::at(book.now).0);
    let unit_code = row
        .bill_id
        .map_or_else(String::new, |bill| book.unit_of(bill));
    let evidence = json!({
        "status": row.status,
        "outcome": row.match_outcome,
        "reason": row.match_reason,
        "amount": row.amount_minor,
        "allocated": row.allocated_minor,
        "credit": row.credit_minor,
        "suspense": row.suspense_minor,
    });
    book.differences.push(DifferenceRow {
        tenant: row.tenant,
        difference_id,
        kind: kind.as_str().to_owned(),
        state: DifferenceState::Open.as_str().to_owned(),
        unit_code,
        channel: row.channel.clone(),
        payment_id: Some(row.payment_id),
        bill_id: row.bill_id,
        dossier_id: row.dossier_id,
        notice_id,
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        evidence: evidence.to_string(),
        opened_at: Ts(book.now),
        due_at: Ts(kind.due_at(book.now)),
        revision: 1,
        resolution: None,
        resolved_by: None,
        resolved_at: None,
    });
    difference_id
}

fn proposal(book: &Workbook<'_>, row: &PaymentRow, rule: RefundRule, difference: Uid) -> RefundRow {
    let unit = row
        .bill_id
        .map_or_else(String::new, |bill| book.unit_of(bill));
    RefundRow {
        difference_id: Some(difference),
        rule: rule.as_str().to_owned(),
        reason: row.match_reason.clone(),
        ..proposed(row, unit, RefundSource::Credit, row.credit_minor, book.now)
    }
}
