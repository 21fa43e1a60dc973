//! The life of a payment: its states and the one table of permitted changes. A payment may begin
//! in any state; an older notice never moves it back.

use super::dossier::words;

words!(
    /// What the provider says of a payment; matching never changes it.
    PaymentStatus {
        /// Not finished.
        Pending = "pending",
        /// Reserved, not yet money.
        Authorized = "authorized",
        /// Money was taken.
        Succeeded = "succeeded",
        /// No money was taken.
        Failed = "failed",
        /// Taken but suspicious: an officer decides.
        Review = "review",
        /// Taken back by the provider.
        Reversed = "reversed",
        /// Given back in full.
        Refunded = "refunded",
        /// Given back in part.
        PartiallyRefunded = "partially_refunded",
        /// Money that left our account: reported, never income.
        Outgoing = "outgoing",
    }
);

/// A payment is told at most so many days before it is paid (as pending), or after: days of payments
/// are looked for by when they were told.
pub const TOLD_APART_DAYS: i64 = 31;

impl PaymentStatus {
    /// Whether money of this payment is ours to place in the ledger.
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(self, Self::Succeeded | Self::PartiallyRefunded)
    }

    /// Whether money of this payment came to us, even where all of it went back since. What was
    /// reversed counts as never taken: a provider says so of money that did not reach it as well.
    #[must_use]
    pub fn took_money(self) -> bool {
        self.is_money() || self == Self::Refunded
    }
}

/// What a notice does to a payment that is already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The same state again: nothing to do.
    None,
    /// A permitted step forward.
    Forward,
    /// An older state arriving late: recorded, not applied.
    Stale,
}

/// The table of permitted changes, `from` → `to`. What gives money back may overtake the news that
/// the money was taken.
#[must_use]
pub fn change(from: PaymentStatus, to: PaymentStatus) -> Change {
    use PaymentStatus as S;
    let forward: &[S] = match from {
        S::Pending => &[
            S::Authorized,
            S::Succeeded,
            S::Failed,
            S::Review,
            S::Reversed,
            S::Refunded,
            S::PartiallyRefunded,
        ],
        S::Authorized => &[
            S::Succeeded,
            S::Failed,
            S::Review,
            S::Reversed,
            S::Refunded,
            S::PartiallyRefunded,
        ],
        S::Failed => &[
            S::Succeeded,
            S::Review,
            S::Reversed,
            S::Refunded,
            S::PartiallyRefunded,
        ],
        S::Review => &[
            S::Succeeded,
            S::Failed,
            S::Reversed,
            S::Refunded,
            S::PartiallyRefunded,
        ],
        S::Succeeded => &[S::Reversed, S::Refunded, S::PartiallyRefunded],
        S::PartiallyRefunded => &[S::Refunded, S::PartiallyRefunded, S::Reversed],
        S::Reversed | S::Refunded | S::Outgoing => &[],
    };
    if forward.contains(&to) {
        Change::Forward
    } else if from == to {
        Change::None
    } else {
        Change::Stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PaymentStatus as S;

    #[test]
    fn an_older_state_never_moves_a_payment_back() {
        for &to in &[S::Pending, S::Authorized, S::Failed, S::Review] {
            assert_eq!(change(S::Succeeded, to), Change::Stale, "{to:?}");
        }
        for &from in S::ALL {
            assert_ne!(change(from, S::Pending), Change::Forward, "{from:?}");
            if from != S::PartiallyRefunded {
                assert_eq!(change(from, from), Change::None, "{from:?}");
            }
        }
        assert_eq!(change(S::Failed, S::Succeeded), Change::Forward);
        for &from in &[S::Pending, S::Authorized, S::Failed, S::Review] {
            for &to in &[S::Reversed, S::Refunded, S::PartiallyRefunded] {
                assert_eq!(change(from, to), Change::Forward, "{from:?} {to:?}");
                assert_eq!(change(to, S::Succeeded), Change::Stale, "{to:?}");
            }
        }
        assert_eq!(change(S::Refunded, S::Succeeded), Change::Stale);
        assert_eq!(change(S::Succeeded, S::Reversed), Change::Forward);
    }
}
