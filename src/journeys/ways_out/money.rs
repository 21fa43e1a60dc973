//! Ways out that move money: to bills, off a bill that was paid in part, off the books. Each gives
//! what it did; whether the way is open to the kind was asked before.

use super::{Done, Taking, is_asked, must_act_for, must_wait, not_moved};
use crate::domain::difference::{DifferenceState, StepAction};
use crate::domain::entry::Event;
use crate::domain::ids::{BillId, EntryId};
use crate::domain::money::Money;
use crate::journeys::bill_parts::{Parts, known_parts};
use crate::journeys::case_desk::{CaseError, CaseRefusal};
use crate::journeys::difference_steps::{Moved, Spot, StepDetail};
use crate::journeys::move_money::places_of;
use crate::journeys::resolve_difference::BillPart;
use crate::journeys::workbook::Workbook;
use crate::ledger::moves::{Move, Place};
use crate::ledger::postings::bill_waived;
use crate::store::failure::Failure;
use crate::store::rows::PaymentRow;
use crate::store::types::Uid;

impl Taking<'_> {
    /// Gives money that waits to bills: all of it resolves the difference, a part leaves it standing.
    pub(super) fn assign(&self, book: &mut Workbook<'_>) -> Result<Done, CaseError> {
        let mut payment = self.payment(book)?;
        must_wait(&payment)?;
        let parts = &self.resolution.bills;
        let is_repeated = |(at, part): (usize, &BillPart)| {
            let before = parts.iter().take(at);
            before
                .into_iter()
                .any(|other| other.reference == part.reference)
        };
        if parts.is_empty() || parts.iter().enumerate().any(is_repeated) {
            let problem = "name the bills that get the money, each once".to_owned();
            return Err(CaseRefusal::WrongBills(problem).into());
        }
        let entry_id = EntryId::at(self.desk.now);
        let mut detail = StepDetail::default();
        for part in parts {
            let (place, minor) = self.part(book, &payment, part)?;
            let moves = self.place(book, &mut payment, entry_id, &place, minor)?;
            detail.moves.extend(moves);
        }
        let left = payment.credit_minor + payment.suspense_minor;
        let state = if left == 0 {
            DifferenceState::Resolved
        } else {
            DifferenceState::Acknowledged
        };
        let mut done = Done::new(StepAction::Assigned, state);
        (done.detail, done.entry_id) = (detail, Some(entry_id));
        done.proposals = self.proposals(payment.credit_minor);
        book.put_back(payment);
        Ok(done)
    }

    /// The bill of a part and how much it gets, minor units.
    fn part(
        &self,
        book: &Workbook<'_>,
        payment: &PaymentRow,
        part: &BillPart,
    ) -> Result<(Place, i64), CaseError> {
        let reference = part.reference.clone();
        let unknown = || CaseRefusal::UnknownBill(reference.clone());
        let bill_id = book.bill_of(&part.reference).ok_or_else(unknown)?;
        let bill = book.bill(bill_id).ok_or_else(unknown)?;
        let dossier = book.dossier_of(bill_id).ok_or_else(unknown)?;
        let unit = dossier.unit_code.clone();
        must_act_for(self.desk, &unit, &part.reference)?;
        if bill.cancelled_at.is_some() {
            return Err(CaseRefusal::BillClosed(reference).into());
        }
        if dossier.is_closed {
            return Err(CaseRefusal::DossierClosed(reference).into());
        }
        let (wants, has) = (bill.total.currency(), payment.to_amount()?.currency());
        if wants != has {
            let (wants, has) = (wants.to_string(), has.to_string());
            return Err(CaseRefusal::OtherCurrency(reference, wants, has).into());
        }
        let due = bill.rest_minor();
        if due == 0 {
            return Err(CaseRefusal::NothingDue(reference).into());
        }
        let there = payment.credit_minor + payment.suspense_minor;
        let asked = match &part.amount {
            None => due.min(there),
            Some(text) => Money::parse(text, has)
                .map_err(|error| CaseRefusal::WrongBills(error.to_string()))?
                .minor(),
        };
        if asked == 0 && part.amount.is_some() {
            let problem = format!("bill {reference} would get nothing");
            return Err(CaseRefusal::WrongBills(problem).into());
        }
        if asked > there || there == 0 {
            return Err(CaseRefusal::MoreThanThere { there, asked }.into());
        }
        if asked > due {
            let bill = reference;
            return Err(CaseRefusal::MoreThanDue { bill, due, asked }.into());
        }
        Ok((Place::Bill(BillId(bill_id.0), unit), asked))
    }

    /// Moves waiting money to a place: what could not be placed first, then the payer's.
    fn place(
        &self,
        book: &mut Workbook<'_>,
        payment: &mut PaymentRow,
        entry_id: EntryId,
        to: &Place,
        minor: i64,
    ) -> Result<Vec<Moved>, CaseError> {
        let mut rest = minor;
        let mut moves = Vec::new();
        for from in [Place::Suspense, Place::Credit] {
            let minor = book.standing_at(payment, &from).min(rest);
            if minor > 0 {
                rest -= minor;
                let event = Event::PaymentPlaced;
                let step = step(entry_id, event, from, to.clone(), minor);
                moves.push(moved(&step)?);
                book.move_money(payment, &step).map_err(not_moved)?;
            }
        }
        Ok(moves)
    }

    /// Writes off what is left of a bill that was paid in part: of the first fee kinds first.
    pub(super) fn accept_short(&self, book: &mut Workbook<'_>) -> Result<Done, CaseError> {
        if !self.desk.may_approve {
            return Err(CaseRefusal::NeedsApprover.into());
        }
        let bill_id = self.row.bill_id.ok_or(CaseRefusal::NothingThere)?;
        let bill = book.bill(bill_id).ok_or(CaseRefusal::NothingThere)?.clone();
        must_act_for(self.desk, &book.unit_of(bill_id), &bill.reference)?;
        if book.waived_of(bill_id) > 0 {
            return Err(CaseRefusal::AlreadyWaived(bill.reference).into());
        }
        if bill.rest_minor() == 0 || bill.paid_minor == 0 || bill.cancelled_at.is_some() {
            return Err(CaseRefusal::NothingDue(bill.reference).into());
        }
        let mut rest = bill.rest_minor();
        let mut waived = Vec::new();
        for (kind, minor) in self.parts(bill_id)? {
            // What is given back was paid, so it is not what is missing.
            let back = self.known.asked_back.get(&kind).copied().unwrap_or(0);
            let minor = (minor - back).max(0).min(rest);
            if minor > 0 {
                waived.push((kind, minor));
            }
            rest -= minor;
        }
        if rest != 0 {
            let problem = format!("the fee items of bill {} do not make it up", bill.reference);
            return Err(Failure::Broken(problem).into());
        }
        let entry_id = EntryId::at(self.desk.now);
        let unit = book.unit_of(bill_id);
        let currency = bill.total.currency();
        book.postings
            .extend(bill_waived(entry_id, bill.id, &unit, currency, &waived));
        book.waive(bill_id, bill.rest_minor())?;
        let mut done = Done::new(StepAction::AcceptedShort, DifferenceState::Resolved);
        (done.detail.waived, done.entry_id) = (waived, Some(entry_id));
        Ok(done)
    }

    fn parts(&self, bill_id: Uid) -> Result<Parts, Failure> {
        known_parts(bill_id, &self.known.fee_items)
            .map_err(|error| Failure::Broken(error.to_string()))
    }

    /// Takes all of the payment off the books, from bills too.
    pub(super) fn mark_test(&self, book: &mut Workbook<'_>) -> Result<Done, CaseError> {
        let mut payment = self.payment(book)?;
        if payment.refunding_minor > 0 {
            return Err(CaseRefusal::GoingBack.into());
        }
        if let Some(standing) = self.known.refunds.iter().find(|row| is_asked(row)) {
            return Err(CaseRefusal::RefundStands(standing.refund_id.0).into());
        }
        let entry_id = EntryId::at(self.desk.now);
        let mut detail = StepDetail::default();
        for from in places_of(book, &payment) {
            let minor = book.standing_at(&payment, &from);
            if minor == 0 {
                continue;
            }
            if let Place::Bill(bill, unit) = &from {
                let bill = book.bill(Uid(bill.0));
                let reference = bill.map_or("", |bill| bill.reference.as_str());
                must_act_for(self.desk, unit, reference)?;
            }
            let to = Place::Test(payment.channel.clone());
            let step = step(entry_id, Event::PaymentIsTest, from, to, minor);
            detail.moves.push(moved(&step)?);
            book.move_money(&mut payment, &step).map_err(not_moved)?;
        }
        if detail.moves.is_empty() {
            return Err(CaseRefusal::NothingThere.into());
        }
        let mut done = Done::new(StepAction::MarkedTest, DifferenceState::Resolved);
        (done.detail, done.entry_id) = (detail, Some(entry_id));
        done.proposals = self.proposals(0);
        book.put_back(payment);
        Ok(done)
    }
}

fn step(entry_id: EntryId, event: Event, from: Place, to: Place, minor: i64) -> Move {
    Move {
        entry_id,
        event,
        from,
        to,
        minor,
        corrects: None,
    }
}

fn moved(step: &Move) -> Result<Moved, Failure> {
    Ok(Moved {
        from: spot(&step.from)?,
        to: spot(&step.to)?,
        minor: step.minor,
    })
}

/// Where money of a difference's payment stands; it is never moved to or from elsewhere here.
fn spot(place: &Place) -> Result<Spot, Failure> {
    Ok(match place {
        Place::Bill(bill, _) => Spot::Bill(bill.0),
        Place::Credit => Spot::Credit,
        Place::Suspense => Spot::Suspense,
        Place::Test(_) => Spot::Test,
        Place::GoingBack | Place::Fee(..) | Place::Provider(_) | Place::Bank(_) => {
            return Err(Failure::Broken(format!("no step moves money at {place:?}")));
        }
    })
}
