//! What stands: money on dossiers, by payment and bill; what officers gave of a payment to bills;
//! differences and the steps taken on them. Postings are made elsewhere.

use super::{HeldDifference, Workbook};
use crate::store::journal::Standing;
use crate::store::rows::{AllocationRow, DifferenceRow, DifferenceStepRow, PaymentRow};
use crate::store::types::Uid;

impl Workbook<'_> {
    /// Notes what of a payment stands on the dossiers it was sent for or given to, and what went
    /// back.
    pub(in crate::journeys) fn stand(&mut self, payment: &PaymentRow) {
        let given = self.given(payment.payment_id);
        if let Some(mut own) = Standing::of_payment(payment) {
            own.allocated_minor -= given.iter().map(|row| row.amount_minor).sum::<i64>();
            self.stand_on(&own);
        }
        for row in given {
            self.stand_on(&Standing::of_allocation(&row));
        }
    }

    fn stand_on(&mut self, money: &Standing) {
        let paid = money.to_paid_by(self.slot(&money.provider));
        if let Some(dossier) = self.dossiers.get_mut(&money.dossier_id) {
            dossier.is_touched = true;
            let key = (money.payment_id, money.bill_id);
            match paid {
                Some(paid) => dossier.standing.insert(key, paid),
                None => dossier.standing.remove(&key),
            };
        }
    }

    /// What officers gave of a payment to bills, by bill.
    pub(in crate::journeys) fn given(&self, payment_id: Uid) -> Vec<AllocationRow> {
        let of_payment = self
            .allocations
            .range((payment_id, Uid::MIN)..=(payment_id, Uid::MAX));
        of_payment.map(|(_, (row, _))| row.clone()).collect()
    }

    /// Adds to what an officer gave of a payment to a bill (less than zero to take it back).
    pub(in crate::journeys) fn give(&mut self, payment: &PaymentRow, bill_id: Uid, minor: i64) {
        let dossier_id = self
            .bills
            .get(&bill_id)
            .map_or(Uid::MIN, |held| held.row.dossier_id);
        let blank = AllocationRow {
            tenant: self.tenant.0,
            payment_id: payment.payment_id,
            bill_id,
            dossier_id,
            provider: payment.provider.clone(),
            amount_minor: 0,
        };
        let key = (payment.payment_id, bill_id);
        let (row, is_changed) = self.allocations.entry(key).or_insert((blank, false));
        row.amount_minor += minor;
        *is_changed = true;
    }

    /// Opens a difference.
    pub(in crate::journeys) fn add_difference(&mut self, row: DifferenceRow) {
        self.differences.push(HeldDifference {
            row,
            is_new: true,
            step: None,
        });
    }

    /// Notes a step on a difference in the book; one step for each difference and book.
    pub(in crate::journeys) fn take_step(&mut self, row: DifferenceRow, step: DifferenceStepRow) {
        let id = row.difference_id;
        let mut held = self.differences.iter_mut();
        match held.find(|held| held.row.difference_id == id) {
            Some(held) => {
                held.row = row;
                held.step = Some(step);
            }
            // The book was opened with those that stand; this one was resolved.
            None => self.differences.push(HeldDifference {
                row,
                is_new: false,
                step: Some(step),
            }),
        }
    }
}
