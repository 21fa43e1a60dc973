//! Moving money of a payment that is in the book from one place to another: the rows and the posting
//! change together. Refuses to move more than stands at a place; whether somebody may, and why, is
//! for the journey that asks.

use thiserror::Error;

use super::workbook::Workbook;
use crate::domain::entry::Event;
use crate::domain::ids::{BillId, EntryId, PaymentId};
use crate::ledger::moves::{Move, Place, moved};
use crate::store::failure::Failure;
use crate::store::rows::PaymentRow;
use crate::store::types::Uid;

/// Why money was not moved.
#[derive(Debug, Error)]
pub(super) enum MoveError {
    /// Less stands there than was asked for, minor units.
    #[error("{asked} was asked for, {there} is there")]
    NotThere {
        /// What stands there.
        there: i64,
        /// What was asked for.
        asked: i64,
    },
    /// The bill is not in the book.
    #[error("there is no such bill")]
    UnknownBill,
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Workbook<'_> {
    /// What of a payment stands at a place, minor units; nothing at the provider or the bank, which
    /// money leaves for good.
    pub(in crate::journeys) fn standing_at(&self, row: &PaymentRow, place: &Place) -> i64 {
        let given = self.given(row.payment_id);
        let on = |bill: Uid| given.iter().find(|given| given.bill_id == bill);
        let elsewhere: i64 = given.iter().map(|given| given.amount_minor).sum();
        match place {
            Place::Bill(bill, _) | Place::Fee(bill, ..) if row.bill_id == Some(Uid(bill.0)) => {
                row.allocated_minor - row.returned_minor - elsewhere
            }
            Place::Bill(bill, _) => on(Uid(bill.0)).map_or(0, |given| given.amount_minor),
            Place::Fee(..) => 0,
            Place::Credit => row.credit_minor,
            Place::Suspense => row.suspense_minor,
            Place::GoingBack => row.refunding_minor,
            Place::Test(_) => row.test_minor,
            Place::Provider(_) | Place::Bank(_) => 0,
        }
    }

    /// Moves money of a payment and posts it. The caller puts the row back into the book.
    ///
    /// # Errors
    /// [`MoveError`]; nothing was changed then.
    pub(in crate::journeys) fn move_money(
        &mut self,
        row: &mut PaymentRow,
        step: &Move,
    ) -> Result<(), MoveError> {
        let (there, asked) = (self.standing_at(row, &step.from), step.minor);
        if asked <= 0 || asked > there {
            return Err(MoveError::NotThere { there, asked });
        }
        for place in [&step.from, &step.to] {
            let bill = place.bill().map(|bill| Uid(bill.0));
            if bill.is_some_and(|bill| self.bill(bill).is_none()) {
                return Err(MoveError::UnknownBill);
            }
        }
        let amount = row.to_amount()?;
        self.change(row, &step.from, -step.minor)?;
        self.change(row, &step.to, step.minor)?;
        self.postings
            .push(moved(step, PaymentId(row.payment_id.0), amount));
        self.stand(row);
        Ok(())
    }

    fn change(&mut self, row: &mut PaymentRow, place: &Place, minor: i64) -> Result<(), Failure> {
        match place {
            Place::Bill(bill, _) => {
                let bill = Uid(bill.0);
                row.allocated_minor += minor;
                if row.bill_id != Some(bill) {
                    self.give(row, bill, minor);
                }
                self.pay(bill, minor)?;
            }
            Place::Fee(..) => row.returned_minor -= minor,
            Place::Credit => row.credit_minor += minor,
            Place::Suspense => row.suspense_minor += minor,
            Place::GoingBack => row.refunding_minor += minor,
            Place::Provider(_) => row.refunded_minor += minor,
            Place::Bank(_) => {
                row.refunded_minor += minor;
                row.banked_minor += minor;
            }
            Place::Test(_) => row.test_minor += minor,
        }
        Ok(())
    }
}

/// What a provider took back, minor units.
#[derive(Debug, Default)]
pub(super) struct TakenBack {
    /// Of it, what nobody had approved to go back.
    pub(super) unasked: i64,
    /// Of that, what had paid bills, by bill.
    pub(super) bills: Vec<(BillId, i64)>,
    /// Beyond it, what our bank had paid out already: gone twice.
    pub(super) twice: i64,
}

/// The provider took money back: all that stands, or up to the cumulative `refunded` amount. What
/// was approved to go back goes first, then the payer's, then what could not be placed, then bills.
pub(super) fn take_back(
    book: &mut Workbook<'_>,
    row: &mut PaymentRow,
    event: Event,
    refunded: Option<i64>,
) -> Result<TakenBack, Failure> {
    let mut rest = refunded.map_or(i64::MAX, |cumulative| {
        // The provider does not count what our bank paid out.
        (cumulative - (row.refunded_minor - row.banked_minor)).max(0)
    });
    let mut taken = TakenBack::default();
    let entry_id = EntryId::at(book.now);
    for from in places_of(book, row) {
        let minor = book.standing_at(row, &from).min(rest);
        if minor > 0 {
            taken.unasked += if from == Place::GoingBack { 0 } else { minor };
            taken.bills.extend(from.bill().map(|bill| (bill, minor)));
            let to = Place::Provider(row.channel.clone());
            let step = Move {
                entry_id,
                event,
                from,
                to,
                minor,
                corrects: None,
            };
            let payment_id = row.payment_id;
            book.move_money(row, &step).map_err(|error| match error {
                MoveError::Failure(failure) => failure,
                MoveError::NotThere { .. } | MoveError::UnknownBill => {
                    Failure::Broken(format!("payment {}: {error}", payment_id.0))
                }
            })?;
            rest -= minor;
        }
    }
    taken.twice = rest.min(row.banked_minor);
    Ok(taken)
}

/// Every place where money of a payment may stand, in the order in which it is taken back.
pub(super) fn places_of(book: &Workbook<'_>, row: &PaymentRow) -> Vec<Place> {
    let given = book.given(row.payment_id);
    let bills = row
        .bill_id
        .into_iter()
        .chain(given.iter().map(|given| given.bill_id));
    let bills = bills.map(|bill| Place::Bill(BillId(bill.0), book.unit_of(bill)));
    let mut places = vec![Place::GoingBack, Place::Credit, Place::Suspense];
    places.extend(bills);
    places
}
