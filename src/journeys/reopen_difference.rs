//! Undoing: the last step that had an effect and was not undone yet is undone by a new entry that
//! names the one it corrects, and the difference stands again. Nothing is ever taken out of the books.

use uuid::Uuid;

use super::case_desk::{CaseDesk, CaseError, CaseOutcome, CaseRefusal, kind_of, must_be_current};
use super::consequences::why_gone;
use super::difference_steps::{Spot, Step, StepDetail, taken};
use super::open_book::with_book;
use super::resolve_difference::previewed;
use super::ways_out::{is_asked, must_act_for, not_moved};
use super::workbook::Workbook;
use crate::domain::difference::{DifferenceState, StepAction};
use crate::domain::entry::Event;
use crate::domain::ids::{BillId, EntryId};
use crate::domain::payment::PaymentStatus;
use crate::domain::refund::RefundState;
use crate::ledger::moves::{Move, Place};
use crate::ledger::postings::bill_waiver_undone;
use crate::store::Db;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;
use crate::store::rows::{DifferenceRow, DifferenceStepRow, PaymentRow};
use crate::store::types::{Ts, Uid};

/// A wish to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// Why.
    pub reason: String,
    /// The revision on which it was decided.
    pub revision: i32,
    /// Only say what would happen.
    pub is_preview: bool,
}

/// Undoes the last step that had an effect.
///
/// # Errors
/// [`CaseError`]; nothing was changed then. A preview comes back as `Ok`, marked as one.
pub fn reopen_difference(
    db: &Db,
    desk: &CaseDesk<'_>,
    id: Uuid,
    reopening: &Reopening,
) -> Result<CaseOutcome, CaseError> {
    let done = db.write(|queries| {
        let told = reopen(queries, desk, id, reopening)?;
        if reopening.is_preview {
            return Err(CaseError::Preview(Box::new(told)));
        }
        Ok(told)
    });
    previewed(done)
}

fn reopen(
    queries: &mut dyn Queries,
    desk: &CaseDesk<'_>,
    id: Uuid,
    reopening: &Reopening,
) -> Result<CaseOutcome, CaseError> {
    let row = desk.case(queries, id, &reopening.reason)?;
    must_be_current(&row, reopening.revision)?;
    let steps = queries.list_difference_steps(row.tenant, row.difference_id)?;
    let last = last_effect(&steps).ok_or(CaseRefusal::NothingToUndo)?;
    let detail = StepDetail::of(last)?;
    must_be_free(queries, &row, &detail)?;
    let payment = match row.payment_id {
        Some(payment) => queries.find_payment(row.tenant, payment)?,
        None => None,
    };
    let lookup = lookup(queries, &row, payment.as_ref())?;
    with_book(queries, desk.desk(), &lookup, |book| {
        let before = book.postings.len();
        let entry_id = last
            .entry_id
            .map(|corrects| (EntryId::at(desk.now), corrects));
        if let Some((entry_id, corrects)) = entry_id {
            let corrects = EntryId(corrects.0);
            undo_moves(book, desk, &row, &detail, (entry_id, corrects))?;
            undo_waiver(book, desk, &row, &detail, (entry_id, corrects))?;
        }
        // What nothing is wrong with any more could never be ended again.
        if let Some(why) = why_gone(book, &row)? {
            return Err(CaseRefusal::CauseGone(why).into());
        }
        let step = Step {
            action: StepAction::Undone,
            officer: Some(desk.officer),
            reason: &reopening.reason,
            state: DifferenceState::Reopened,
            detail: StepDetail::default(),
            entry_id: entry_id.map(|(entry_id, _)| entry_id),
            undoes: Some(last.revision),
        };
        let (mut row, step) = taken(row.clone(), desk.now, step);
        row.due_at = Ts(kind_of(&row)?.due_at(desk.now));
        let told = CaseOutcome {
            difference_id: id,
            state: DifferenceState::Reopened,
            revision: row.revision,
            postings: book.postings.iter().skip(before).cloned().collect(),
            refunds: Vec::new(),
            is_preview: false,
        };
        book.take_step(row, step);
        Ok(told)
    })
}

/// The last step with an effect that no later step undid.
fn last_effect(steps: &[DifferenceStepRow]) -> Option<&DifferenceStepRow> {
    let is_undone = |step: &DifferenceStepRow| {
        steps
            .iter()
            .any(|other| other.undoes == Some(step.revision))
    };
    steps.iter().rev().find(|step| {
        let action = StepAction::parse(&step.action);
        action.is_some_and(StepAction::has_effect) && !is_undone(step)
    })
}

/// What was asked to go back must have been called off before.
fn must_be_free(
    queries: &mut dyn Queries,
    row: &DifferenceRow,
    detail: &StepDetail,
) -> Result<(), CaseError> {
    let Some(payment_id) = row.payment_id.filter(|_| !detail.refunds.is_empty()) else {
        return Ok(());
    };
    let refunds = queries.list_refunds_from(row.tenant, payment_id)?;
    let paid = [RefundState::Succeeded, RefundState::ByHand].map(RefundState::as_str);
    for refund in refunds
        .iter()
        .filter(|row| detail.refunds.contains(&row.refund_id.0))
    {
        if is_asked(refund) {
            return Err(CaseRefusal::RefundStands(refund.refund_id.0).into());
        }
        if paid.contains(&refund.state.as_str()) {
            return Err(CaseRefusal::RefundPaid(refund.refund_id.0).into());
        }
    }
    Ok(())
}

/// The payment with its bills, and the bill of the difference.
fn lookup(
    queries: &mut dyn Queries,
    row: &DifferenceRow,
    payment: Option<&PaymentRow>,
) -> Result<Lookup, CaseError> {
    let dossiers: Vec<Uid> = row.dossier_id.into_iter().collect();
    let bills = queries.list_bills_of(row.tenant, &dossiers)?;
    let own = bills
        .into_iter()
        .filter(|bill| Some(bill.bill_id) == row.bill_id);
    let key = |payment: &PaymentRow| (payment.channel.clone(), payment.payment_key.clone());
    Ok(Lookup {
        tenant: row.tenant,
        payment_keys: payment.into_iter().map(key).collect(),
        references: own.map(|bill| bill.reference).collect(),
        ..Lookup::default()
    })
}

fn undo_moves(
    book: &mut Workbook<'_>,
    desk: &CaseDesk<'_>,
    row: &DifferenceRow,
    detail: &StepDetail,
    (entry_id, corrects): (EntryId, EntryId),
) -> Result<(), CaseError> {
    if detail.moves.is_empty() {
        return Ok(());
    }
    let payment = row.payment_id.and_then(|id| book.payment_of(id));
    let mut payment = payment.cloned().ok_or(CaseRefusal::NothingThere)?;
    // Of money taken off the books the provider may have given some back, which no row tells.
    let was_test = detail.moves.iter().any(|moved| moved.to == Spot::Test);
    let status = payment.to_status()?;
    if !status.is_money() || (was_test && status != PaymentStatus::Succeeded) {
        return Err(CaseRefusal::MoneyGone(payment.status).into());
    }
    for moved in detail.moves.iter().rev() {
        let (from, to) = (
            place(book, moved.to, &payment),
            place(book, moved.from, &payment),
        );
        may_touch(book, desk, &from)?;
        may_touch(book, desk, &to)?;
        may_get(book, &to, moved.minor)?;
        let step = Move {
            entry_id,
            event: Event::PlacingUndone,
            from,
            to,
            minor: moved.minor,
            corrects: Some(corrects),
        };
        book.move_money(&mut payment, &step).map_err(not_moved)?;
    }
    book.put_back(payment);
    Ok(())
}

fn may_touch(book: &Workbook<'_>, desk: &CaseDesk<'_>, place: &Place) -> Result<(), CaseRefusal> {
    let Place::Bill(bill, unit) = place else {
        return Ok(());
    };
    let bill = book.bill(Uid(bill.0));
    let reference = bill.map_or("", |bill| bill.reference.as_str());
    must_act_for(desk, unit, reference)
}

/// A bill that gets its money back must still be in want of it.
fn may_get(book: &Workbook<'_>, place: &Place, minor: i64) -> Result<(), CaseRefusal> {
    let bill = place.bill().and_then(|bill| book.bill(Uid(bill.0)));
    let Some(bill) = bill else {
        return Ok(());
    };
    let reference = bill.reference.clone();
    if bill.cancelled_at.is_some() {
        return Err(CaseRefusal::BillClosed(reference));
    }
    let due = bill.rest_minor();
    if minor > due {
        return Err(CaseRefusal::MoreThanDue {
            bill: reference,
            due,
            asked: minor,
        });
    }
    Ok(())
}

fn place(book: &Workbook<'_>, spot: Spot, payment: &PaymentRow) -> Place {
    match spot {
        Spot::Bill(bill) => Place::Bill(BillId(bill), book.unit_of(Uid(bill))),
        Spot::Credit => Place::Credit,
        Spot::Suspense => Place::Suspense,
        Spot::Test => Place::Test(payment.channel.clone()),
    }
}

fn undo_waiver(
    book: &mut Workbook<'_>,
    desk: &CaseDesk<'_>,
    row: &DifferenceRow,
    detail: &StepDetail,
    (entry_id, corrects): (EntryId, EntryId),
) -> Result<(), CaseError> {
    let Some(bill_id) = row.bill_id.filter(|_| !detail.waived.is_empty()) else {
        return Ok(());
    };
    let minor: i64 = detail.waived.iter().map(|(_, minor)| minor).sum();
    let bill = book.bill(bill_id).ok_or(CaseRefusal::NothingThere)?.clone();
    must_act_for(desk, &book.unit_of(bill_id), &bill.reference)?;
    let there = book.waived_of(bill_id);
    if there < minor {
        return Err(CaseRefusal::MoreThanThere {
            there,
            asked: minor,
        }
        .into());
    }
    let unit = book.unit_of(bill_id);
    let currency = bill.total.currency();
    let parts = &detail.waived;
    book.postings.extend(bill_waiver_undone(
        entry_id, bill.id, &unit, currency, parts, corrects,
    ));
    book.waive(bill_id, -minor)?;
    Ok(())
}
