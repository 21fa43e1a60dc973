//! Approving a refund: another officer than the one who asked. The money is set aside in the same
//! transaction, so that nobody can place it elsewhere, and never more than is there. Calling off
//! moves what was not paid out back to where it stood, by an entry that names the one it corrects.

use super::ask::payment_of;
use super::parts::{must_still_fit, places};
use super::{Hand, RefundError, Step, Told, Which, begin, in_one, reason, take_step};
use crate::domain::entry::{Event, Posting};
use crate::domain::ids::EntryId;
use crate::domain::refund::{RefundAction, RefundState};
use crate::journeys::open_book::{Desk, with_book};
use crate::journeys::workbook::Workbook;
use crate::ledger::moves::{Move, Place};
use crate::store::Db;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;
use crate::store::rows::RefundRow;
use crate::store::types::{Ts, Uid};

/// Approves a refund and sets its money aside.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn approve_refund(
    db: &Db,
    hand: &Hand<'_>,
    which: Which,
    why: &str,
) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(why)?;
        let (mut row, state) = begin(queries, hand, which, RefundAction::Approve)?;
        if row.requested_by.as_deref() == Some(hand.officer) {
            return Err(RefundError::SameOfficer(hand.officer.to_owned()));
        }
        must_still_fit(queries, &row)?;
        let steps = places(&row)?.into_iter();
        let steps = steps.map(|(from, minor)| (from, Place::GoingBack, minor));
        let moves = Moves {
            event: Event::RefundApproved,
            corrects: None,
            steps: steps.collect(),
        };
        let (entry_id, entry) = move_all(queries, hand, &row, moves)?;
        row.approved_by = Some(hand.officer.to_owned());
        row.approved_at = Some(Ts(hand.now));
        let minor = row.amount_minor;
        let step = Step {
            action: RefundAction::Approve,
            state,
            reason: &reason,
            evidence: None,
            entry_id: Some(entry_id),
            minor,
        };
        let refund = take_step(queries, hand, row, step)?;
        Ok(Told { refund, entry })
    })
}

/// Calls an approved refund off: what was not paid out moves back.
pub(super) fn call_off(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    row: RefundRow,
    state: RefundState,
    reason: &str,
) -> Result<Told, RefundError> {
    let steps = queries.list_refund_steps(hand.tenant.0, row.refund_id)?;
    let approval = steps
        .iter()
        .find(|step| step.action == RefundAction::Approve.as_str());
    let corrects = approval.and_then(|step| step.entry_id);
    // What was paid out in part went from the first places.
    let mut paid = row.paid_minor;
    let mut back = Vec::new();
    for (place, minor) in places(&row)? {
        let covered = minor.min(paid);
        paid -= covered;
        if minor > covered {
            back.push((Place::GoingBack, place, minor - covered));
        }
    }
    let moves = Moves {
        event: Event::RefundCalledOff,
        corrects: corrects.map(|id| EntryId(id.0)),
        steps: back,
    };
    let (entry_id, entry) = move_all(queries, hand, &row, moves)?;
    let minor = row.paid_minor - row.amount_minor;
    let step = Step {
        action: RefundAction::CallOff,
        state,
        reason,
        evidence: None,
        entry_id: Some(entry_id),
        minor,
    };
    let refund = take_step(queries, hand, row, step)?;
    Ok(Told { refund, entry })
}

/// Moves of one entry: from, to, minor units.
pub(super) struct Moves {
    pub(super) event: Event,
    pub(super) corrects: Option<EntryId>,
    pub(super) steps: Vec<(Place, Place, i64)>,
}

/// Moves money of a refund's payment, rows and postings together; gives the entry.
pub(super) fn move_all(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    refund: &RefundRow,
    moves: Moves,
) -> Result<(Uid, Vec<Posting>), RefundError> {
    let entry_id = EntryId::at(hand.now);
    let entry = in_book(queries, hand, refund, |book, payment| {
        let Some(mut payment) = payment else {
            return Err(RefundError::UnknownPayment);
        };
        for (from, to, minor) in moves.steps {
            let step = Move {
                entry_id,
                event: moves.event,
                from,
                to,
                minor,
                corrects: moves.corrects,
            };
            let moved = book.move_money(&mut payment, &step);
            moved.map_err(|error| RefundError::of_move(error, &refund.currency))?;
        }
        book.put_back(payment);
        Ok(book.postings.clone())
    })?;
    Ok((Uid(entry_id.0), entry))
}

/// Opens the book on the payment of a refund.
pub(super) fn in_book<T>(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    refund: &RefundRow,
    story: impl FnOnce(
        &mut Workbook<'_>,
        Option<crate::store::rows::PaymentRow>,
    ) -> Result<T, RefundError>,
) -> Result<T, RefundError> {
    let payment = payment_of(queries, hand, refund.payment_id)?;
    let (channel, key) = (payment.channel, payment.payment_key);
    let lookup = Lookup {
        tenant: hand.tenant.0,
        payment_keys: vec![(channel.clone(), key.clone())],
        ..Lookup::default()
    };
    let desk = Desk {
        tenant: hand.tenant,
        holder: hand.holder,
        now: hand.now,
    };
    with_book(queries, desk, &lookup, |book| {
        let row = book.payment(&channel, &key).map(|held| held.row.clone());
        story(book, row)
    })
}
