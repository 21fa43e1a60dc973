//! Differences: typed disagreements about money that need a person, their states and the ways out.
//! Which facts make a difference is decided by the journeys that meet them.

use super::dossier::words;
use super::time::Instant;

words!(
    /// What is wrong.
    DifferenceKind {
        /// A bill was paid in part.
        Short = "short",
        /// More was paid than was due.
        Over = "over",
        /// A bill was paid again.
        Twice = "twice",
        /// Paid after the due day or a cancellation.
        Late = "late",
        /// Money that names no bill we know.
        UnknownDossier = "unknown_dossier",
        /// Money that names several bills with equal right.
        Ambiguous = "ambiguous",
        /// Money for a dossier that was refused, withdrawn or stopped.
        ClosedDossier = "closed_dossier",
        /// Paid in another currency than the bill's.
        WrongCurrency = "wrong_currency",
        /// Received on an account that is not the channel's.
        WrongAccount = "wrong_account",
        /// A notice contradicts what its key, or its payment, said before.
        Conflict = "conflict",
        /// The provider took the money and calls it suspicious, or cannot say what became of it.
        Review = "review",
        /// The provider took back a payment that had paid a bill.
        Reversed = "reversed",
        /// The provider gave money back that nobody here had approved to go back.
        RefundUnasked = "refund_unasked",
        /// An approved refund was paid out in another amount, or failed.
        RefundDiffers = "refund_differs",
    }
);

words!(
    /// Where a difference stands.
    DifferenceState {
        /// Nobody has looked at it.
        Open = "open",
        /// An officer has taken it on.
        Acknowledged = "acknowledged",
        /// Waits for somebody outside: a top-up, a provider, a bank.
        Waiting = "waiting",
        /// Done, with a reason.
        Resolved = "resolved",
        /// Done once, and taken up again.
        Reopened = "reopened",
    }
);

/// Hours in which a difference is to be dealt with: two days. The rules that ask for a deadline
/// (Decision 31/2021/QĐ-TTg, Article 36) were found without its length, so this is ours.
const DUE_AFTER_HOURS: i64 = 48;

/// Hours for money that is not ours to keep: what stands on another body's account must be passed
/// on within a day (Circular 74/2022/TT-BTC).
const URGENT_HOURS: i64 = 24;

impl DifferenceKind {
    /// By when a difference opened at `opened_at` is to be dealt with, UTC.
    #[must_use]
    pub fn due_at(self, opened_at: Instant) -> Instant {
        let hours = match self {
            Self::UnknownDossier
            | Self::Ambiguous
            | Self::WrongAccount
            | Self::Conflict
            | Self::Review
            | Self::Reversed
            | Self::RefundUnasked
            | Self::RefundDiffers => URGENT_HOURS,
            Self::Short
            | Self::Over
            | Self::Twice
            | Self::Late
            | Self::ClosedDossier
            | Self::WrongCurrency => DUE_AFTER_HOURS,
        };
        opened_at
            .checked_add_signed(chrono::TimeDelta::hours(hours))
            .unwrap_or(opened_at)
    }
}
