//! What follows from a notice beside its postings: a difference where a person must look, a refund
//! where a rule proposes one, and the end of a difference whose cause went away by itself. Works on
//! the book; nothing is decided about where money goes.

use serde_json::{Value, json};

use super::difference_steps::{Step, StepDetail, taken};
use super::move_money::TakenBack;
use super::refunds::proposed;
use super::workbook::Workbook;
use crate::domain::bill::BillState;
use crate::domain::difference::{DifferenceKind, DifferenceState, StepAction};
use crate::domain::ids::DifferenceId;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::refund::{RefundRule, RefundSource};
use crate::matching::rules::MatchOutcome;
use crate::store::failure::Failure;
use crate::store::rows::{DifferenceRow, PaymentRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// Money of a payment was placed: anything but an exact match needs a person, and what is the
/// payer's should go back. `due` is what the bill needed before, minor units.
pub(super) fn after_placing(
    book: &mut Workbook<'_>,
    row: &PaymentRow,
    outcome: MatchOutcome,
    due: Option<i64>,
) {
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
    let Some(difference_id) = open(book, About::of(kind, row), &json!({ "due": due })) else {
        return;
    };
    if let Some(rule) = rule.filter(|_| row.credit_minor > 0) {
        let proposal = proposal(book, row, rule, difference_id);
        book.refunds.push(proposal);
    }
}

/// A payment is in a state in which a person must look at it, although no money is placed.
pub(super) fn after_review(book: &mut Workbook<'_>, row: &PaymentRow) {
    open(book, About::of(DifferenceKind::Review, row), &Value::Null);
}

/// The provider took back money: each bill it had paid is due again.
pub(super) fn after_reversal(book: &mut Workbook<'_>, row: &PaymentRow, taken: &TakenBack) {
    for (bill, minor) in &taken.bills {
        let about = About {
            bill_id: Some(Uid(bill.0)),
            amount_minor: *minor,
            ..About::of(DifferenceKind::Reversed, row)
        };
        open(book, about, &json!({ "taken_back": minor }));
    }
}

/// The provider gave money back; `unasked` minor units of it without our approval.
pub(super) fn after_refund(book: &mut Workbook<'_>, row: &PaymentRow, unasked: i64) {
    if unasked > 0 {
        let about = About {
            amount_minor: unasked,
            ..About::of(DifferenceKind::RefundUnasked, row)
        };
        let evidence = json!({ "given_back": unasked, "given_back_in_all": row.refunded_minor });
        open(book, about, &evidence);
    }
}

/// An approved refund was paid out in another amount, or failed.
pub(super) fn after_refund_differs(book: &mut Workbook<'_>, row: &PaymentRow) {
    open(
        book,
        About::of(DifferenceKind::RefundDiffers, row),
        &Value::Null,
    );
}

/// A notice contradicts what was said before; `row` is the payment it speaks of, where it is known.
pub(super) fn after_conflict(
    book: &mut Workbook<'_>,
    row: Option<&PaymentRow>,
    channel: &str,
    notice: &Notice,
    notice_id: Uid,
) {
    let about = match row {
        Some(row) => About {
            notice_id: Some(notice_id),
            ..About::of(DifferenceKind::Conflict, row)
        },
        None => About::unplaced(DifferenceKind::Conflict, channel, notice, notice_id),
    };
    let said = |amount: i64, currency: &str, order_ref: Option<&str>, status: &str| json!({ "amount": amount, "currency": currency, "order_ref": order_ref, "status": status });
    let before = row.map(|row| {
        said(
            row.amount_minor,
            &row.currency,
            row.order_ref.as_deref(),
            &row.status,
        )
    });
    let now = said(
        notice.amount.minor(),
        notice.amount.currency().as_str(),
        notice.order_ref.as_deref(),
        notice.status.as_str(),
    );
    open(
        book,
        about,
        &json!({ "said_before": before, "said_now": now }),
    );
}

/// A notice was written down and could not be applied; `doisoat sweep` applies it later.
pub(super) fn after_recording_only(
    book: &mut Workbook<'_>,
    payment_id: Uid,
    channel: &str,
    notice: &Notice,
    notice_id: Uid,
) {
    let about = About {
        payment_id: Some(payment_id),
        ..About::unplaced(DifferenceKind::NotApplied, channel, notice, notice_id)
    };
    open(book, about, &json!({ "status": notice.status.as_str() }));
}

/// What a difference speaks of.
struct About<'a> {
    kind: DifferenceKind,
    row: Option<&'a PaymentRow>,
    channel: &'a str,
    payment_id: Option<Uid>,
    bill_id: Option<Uid>,
    notice_id: Option<Uid>,
    amount_minor: i64,
    currency: String,
}

impl<'a> About<'a> {
    fn of(kind: DifferenceKind, row: &'a PaymentRow) -> Self {
        Self {
            kind,
            row: Some(row),
            channel: &row.channel,
            payment_id: Some(row.payment_id),
            bill_id: row.bill_id,
            notice_id: None,
            amount_minor: row.amount_minor,
            currency: row.currency.clone(),
        }
    }

    fn unplaced(kind: DifferenceKind, channel: &'a str, notice: &Notice, notice_id: Uid) -> Self {
        Self {
            kind,
            row: None,
            channel,
            payment_id: None,
            bill_id: None,
            notice_id: Some(notice_id),
            amount_minor: notice.amount.minor(),
            currency: notice.amount.currency().to_string(),
        }
    }

    /// Whether this is what a difference that stands says already.
    fn is_said_by(&self, standing: &DifferenceRow) -> bool {
        // Each of these is a further event: money moved again.
        let is_once = !matches!(
            self.kind,
            DifferenceKind::Reversed
                | DifferenceKind::RefundUnasked
                | DifferenceKind::RefundDiffers
        );
        is_once
            && standing.subject.is_none()
            && standing.kind == self.kind.as_str()
            && standing.payment_id == self.payment_id
            && standing.notice_id == self.notice_id
    }
}

/// Opens a difference, unless one that stands says the same; gives its id.
fn open(book: &mut Workbook<'_>, about: About<'_>, more: &Value) -> Option<Uid> {
    let resolved = DifferenceState::Resolved.as_str();
    let is_same = |row: &DifferenceRow| row.state != resolved && about.is_said_by(row);
    if book.differences.iter().any(|held| is_same(&held.row)) {
        return None;
    }
    let difference_id = Uid(DifferenceId::at(book.now).0);
    let bill_id = about.bill_id;
    let evidence = evidence(book, &about, more);
    let row = DifferenceRow {
        tenant: book.tenant.0,
        difference_id,
        kind: about.kind.as_str().to_owned(),
        state: DifferenceState::Open.as_str().to_owned(),
        unit_code: bill_id.map_or_else(String::new, |bill| book.unit_of(bill)),
        channel: about.channel.to_owned(),
        payment_id: about.payment_id,
        bill_id,
        dossier_id: bill_id
            .and_then(|bill| book.dossier_of(bill))
            .map(|dossier| Uid(dossier.id.0)),
        notice_id: about.notice_id,
        amount_minor: about.amount_minor,
        currency: about.currency,
        evidence: evidence.to_string(),
        opened_at: Ts(book.now),
        due_at: Ts(about.kind.due_at(book.now)),
        revision: 1,
        resolution: None,
        resolved_by: None,
        resolved_at: None,
        day: None,
        subject: None,
    };
    book.add_difference(row);
    Some(difference_id)
}

/// What was compared and found: the payment with its match, the bill with what is due, and what
/// else the occasion tells.
fn evidence(book: &Workbook<'_>, about: &About<'_>, more: &Value) -> Value {
    let mut told = serde_json::Map::new();
    if let Some(row) = about.row {
        told.insert(
            "payment".to_owned(),
            json!({
                "status": row.status, "amount": row.amount_minor, "currency": row.currency,
                "order_ref": row.order_ref, "paid_at": row.paid_at.map(|at| at.0.to_rfc3339()),
                "on_bills": row.allocated_minor, "payer_credit": row.credit_minor,
                "suspense": row.suspense_minor,
            }),
        );
        told.insert(
            "match".to_owned(),
            json!({
                "outcome": row.match_outcome, "rule": row.match_rule, "reason": row.match_reason,
            }),
        );
    }
    if let Some(bill) = about.bill_id.and_then(|bill| book.bill(bill)) {
        told.insert(
            "bill".to_owned(),
            json!({
                "reference": bill.reference, "total": bill.total.minor(), "paid": bill.paid_minor,
                "rest": bill.rest_minor(), "state": bill.state.as_str(),
                "due_on": bill.due_on.map(|day| day.to_string()),
            }),
        );
    }
    if let Value::Object(more) = more {
        told.extend(more.clone());
    }
    Value::Object(told)
}

/// Ends every difference in the book whose cause went away, with a step that says so: one that was
/// opened by an earlier notice of the same batch too, so that it does not matter how calls are
/// batched. What an officer changed in this very book is left alone.
pub(super) fn settle_themselves(book: &mut Workbook<'_>) -> Result<(), Failure> {
    let untouched = book.differences.iter().filter(|held| held.step.is_none());
    let untouched: Vec<DifferenceRow> = untouched.map(|held| held.row.clone()).collect();
    for row in untouched {
        let Some(reason) = why_gone(book, &row)? else {
            continue;
        };
        let step = Step {
            action: StepAction::SettledItself,
            officer: None,
            reason: &reason,
            state: DifferenceState::Resolved,
            detail: StepDetail::default(),
            entry_id: None,
            undoes: None,
        };
        let (row, step) = taken(row, book.now, step);
        book.take_step(row, step);
    }
    Ok(())
}

/// Why a difference is none any more; `None` while it is one.
pub(super) fn why_gone(
    book: &Workbook<'_>,
    row: &DifferenceRow,
) -> Result<Option<String>, Failure> {
    let kind = DifferenceKind::parse(&row.kind)
        .ok_or_else(|| Failure::Broken(format!("difference of the kind \"{}\"", row.kind)))?;
    // What a comparison found, only a comparison settles.
    if row.subject.is_some() {
        return Ok(None);
    }
    let payment = row.payment_id.and_then(|id| book.payment_of(id));
    use DifferenceKind as K;
    if waits_for_a_place(kind) {
        return Ok(payment.and_then(nothing_left));
    }
    if kind == K::Short {
        return Ok(paid_by_now(book, row)
            .or_else(|| payment.and_then(|payment| left_the_bill(book, row, payment))));
    }
    if kind == K::Review {
        let moved = payment.filter(|payment| payment.status != PaymentStatus::Review.as_str());
        return Ok(moved.map(|payment| format!("the provider says by now: {}", payment.status)));
    }
    let applied = row.notice_id.filter(|id| book.settled.contains(id));
    Ok(applied
        .filter(|_| kind == K::NotApplied)
        .map(|_| "the notice was applied".to_owned()))
}

/// Whether a difference of the kind ends when none of its money is left to be placed.
fn waits_for_a_place(kind: DifferenceKind) -> bool {
    use DifferenceKind as K;
    matches!(
        kind,
        K::Over
            | K::Twice
            | K::Late
            | K::UnknownDossier
            | K::Ambiguous
            | K::ClosedDossier
            | K::WrongCurrency
            | K::WrongAccount
    )
}

fn paid_by_now(book: &Workbook<'_>, row: &DifferenceRow) -> Option<String> {
    let bill = row.bill_id.and_then(|bill| book.bill(bill))?;
    (bill.state == BillState::Paid).then(|| format!("bill {} is paid by now", bill.reference))
}

fn left_the_bill(book: &Workbook<'_>, row: &DifferenceRow, payment: &PaymentRow) -> Option<String> {
    let bill = row.bill_id.filter(|bill| payment.bill_id == Some(*bill))?;
    let given = book.given(payment.payment_id);
    let elsewhere: i64 = given.iter().map(|given| given.amount_minor).sum();
    let stands = payment.allocated_minor - payment.returned_minor - elsewhere;
    let reference = book.bill(bill).map_or("", |bill| bill.reference.as_str());
    let is_gone = stands == 0 && payment.refunding_minor == 0;
    is_gone.then(|| format!("none of the money is on bill {reference} any more"))
}

fn nothing_left(payment: &PaymentRow) -> Option<String> {
    let left = payment.credit_minor + payment.suspense_minor + payment.refunding_minor;
    (left == 0).then(|| {
        if payment.refunded_minor > 0 {
            "the money went back".to_owned()
        } else {
            "none of the money is left to be placed".to_owned()
        }
    })
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
