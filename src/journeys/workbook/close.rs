//! Closing the book: what changed goes out as the rows of one batch, sealed, with the sums that ride
//! on it.

use super::{HeldPayment, Workbook};
use crate::domain::bill::Bill;
use crate::domain::classification::{Class, PaidBy};
use crate::journeys::consequences::settle_themselves;
use crate::journeys::sums::{balances, count_moves, summed_counts};
use crate::ledger::seal::ChainHead;
use crate::store::failure::Failure;
use crate::store::journal::Batch;

impl Workbook<'_> {
    /// Closes the book: the rows to write, sealed on `head`.
    ///
    /// # Errors
    /// [`Failure::Broken`] when a row holds what no version of this program writes.
    pub(in crate::journeys) fn close(mut self, head: &mut ChainHead) -> Result<Batch, Failure> {
        settle_themselves(&mut self)?;
        let mut batch = Batch::default();
        (batch.events, batch.deliveries) = self.end_watch();
        for held in self.dossiers.values().filter(|held| held.is_touched) {
            let before = Class(held.row.class);
            let bills = held.bills.iter().filter_map(|id| self.bills.get(id));
            let bills: Vec<Bill> = bills.map(|held| held.bill.clone()).collect();
            let paid_by: Vec<PaidBy> = held.standing.values().copied().collect();
            let after = before.with_payments(&bills, &paid_by);
            if after != before {
                batch.classes.push((held.row.dossier_id, after.0));
                batch
                    .counts
                    .extend(count_moves(&held.row, before, -1, head.chain));
                batch
                    .counts
                    .extend(count_moves(&held.row, after, 1, head.chain));
            }
        }
        batch.counts = summed_counts(batch.counts);
        let changed_bills = self.bills.into_values().filter(|held| held.is_changed);
        batch.bills = changed_bills.map(|held| held.row).collect();
        let mut payments: Vec<HeldPayment> = self.payments.into_values().collect();
        // Two writers that meet the same new keys wait for each other in one order.
        payments.sort_unstable_by(
            |HeldPayment { row: one, .. }, HeldPayment { row: other, .. }| {
                (&one.channel, &one.payment_key).cmp(&(&other.channel, &other.payment_key))
            },
        );
        for held in payments {
            if held.is_new {
                batch.new_payments.push(held.row);
            } else if held.is_changed {
                batch.changed_payments.push(held.row);
            }
        }
        batch.balances = balances(self.tenant, head.chain, &self.postings);
        batch.block = head.seal(self.now, &self.postings);
        self.notices
            .sort_unstable_by(|one, other| one.key_hash.cmp(&other.key_hash));
        batch.notices = self.notices;
        batch.settled_notices = self.settled;
        let given = self.allocations.into_values();
        let changed = given.filter_map(|(row, is_changed)| is_changed.then_some(row));
        batch.allocations = changed.collect();
        for held in self.differences {
            if held.is_new {
                batch.differences.push(held.row);
            } else if held.step.is_some() {
                batch.changed_differences.push(held.row);
            }
            batch.difference_steps.extend(held.step);
        }
        batch.refunds = self.refunds;
        let further = self.to_pay.into_iter();
        let further = further.filter_map(|(row, is_changed)| is_changed.then_some(row));
        batch.changed_refunds = further.collect();
        batch.refund_steps = self.refund_steps;
        Ok(batch)
    }
}
