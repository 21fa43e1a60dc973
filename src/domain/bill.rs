//! A bill: the payable request on a dossier. Its state follows from what was paid and whether it
//! was cancelled, by one function; nothing else decides a state.

use super::dossier::words;
use super::ids::{BillId, DossierId};
use super::money::Money;
use super::time::{Day, Instant};

words!(
    /// Whether a bill can still be paid.
    BillState {
        /// Nothing paid yet.
        Open = "open",
        /// Something paid, not all.
        PartPaid = "part_paid",
        /// Paid in full.
        Paid = "paid",
        /// Withdrawn before it was paid in full.
        Cancelled = "cancelled",
    }
);

/// A payable request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Our id.
    pub id: BillId,
    /// The dossier it belongs to.
    pub dossier_id: DossierId,
    /// The payment reference, as the payer sees it.
    pub reference: String,
    /// The alias account opened for this bill at a bank, if any.
    pub virtual_account: Option<String>,
    /// What is due: all that was asked for less what was written off.
    pub total: Money,
    /// What was allocated to it, minor units of the same currency.
    pub paid_minor: i64,
    /// Derived by [`Bill::state_of`].
    pub state: BillState,
    /// Last day to pay, local; none for no limit.
    pub due_on: Option<Day>,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Instant>,
}

impl Bill {
    /// The state that `paid` of `total` minor units gives.
    #[must_use]
    pub fn state_of(total: i64, paid: i64, is_cancelled: bool) -> BillState {
        if paid >= total && total > 0 {
            BillState::Paid
        } else if is_cancelled {
            BillState::Cancelled
        } else if paid > 0 {
            BillState::PartPaid
        } else {
            BillState::Open
        }
    }

    /// What is still due, minor units; never below zero.
    #[must_use]
    pub fn rest_minor(&self) -> i64 {
        self.total.minor().saturating_sub(self.paid_minor).max(0)
    }

    /// Adds `minor` (may be negative for a reversal) to what was paid and derives the state.
    /// `None` when the sum does not fit.
    #[must_use]
    pub fn with_paid(mut self, minor: i64) -> Option<Self> {
        self.paid_minor = self.paid_minor.checked_add(minor)?;
        self.state = Self::state_of(
            self.total.minor(),
            self.paid_minor,
            self.cancelled_at.is_some(),
        );
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_from_total_paid_and_cancellation() {
        let table = [
            // total, paid, cancelled, state
            (100, 0, false, BillState::Open),
            (100, 40, false, BillState::PartPaid),
            (100, 100, false, BillState::Paid),
            (100, 140, false, BillState::Paid),
            (100, 0, true, BillState::Cancelled),
            (100, 40, true, BillState::Cancelled),
            (100, 100, true, BillState::Paid),
            (0, 0, false, BillState::Open),
        ];
        for (total, paid, cancelled, state) in table {
            assert_eq!(
                Bill::state_of(total, paid, cancelled),
                state,
                "{total} {paid} {cancelled}"
            );
        }
    }
}
