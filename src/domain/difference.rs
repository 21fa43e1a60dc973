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
        /// The provider took the money and calls it suspicious, or says of it what we do not know.
        Review = "review",
        /// A notice was recorded and could not be applied to the books.
        NotApplied = "not_applied",
        /// The provider took back a payment that had paid a bill.
        Reversed = "reversed",
        /// The provider gave money back that nobody here had approved to go back.
        RefundUnasked = "refund_unasked",
        /// An approved refund was paid out in another amount, or failed.
        RefundDiffers = "refund_differs",
        /// A comparison found the counterpart, with another amount.
        AmountMismatch = "amount_mismatch",
        /// A comparison found candidates and may not choose.
        NeedsReview = "needs_review",
        /// Paid when it was no longer expected, by the statements.
        LatePayment = "late_payment",
        /// Paid or reported once more, by the statements.
        DuplicatePayment = "duplicate_payment",
        /// Recorded, and absent from the provider's file after grace.
        MissingInSettlement = "missing_in_settlement",
        /// Recorded, and absent from the bank statement after grace.
        MissingInBank = "missing_in_bank",
        /// A line proves a payment that was never recorded.
        NotRecorded = "not_recorded",
        /// Recorded as not paid, and the statements say it was.
        RecordedFailedButSettled = "recorded_failed_but_settled",
        /// The statements show a refund that nobody here approved.
        RefundNotRecorded = "refund_not_recorded",
        /// An approved refund that did not go out in time.
        RefundMissing = "refund_missing",
        /// The bank credit is not what the batch comes to.
        PayoutDiffers = "payout_differs",
        /// A batch whose bank credit did not come in time.
        PayoutMissing = "payout_missing",
        /// A batch does not come to the total its file states.
        BatchTotalDiffers = "batch_total_differs",
        /// A batch has not the number of lines its file states.
        BatchCountDiffers = "batch_count_differs",
        /// The fee is not the contracted one.
        FeeDiffers = "fee_differs",
        /// Money left an account of ours and nobody recorded it.
        UnknownDebit = "unknown_debit",
        /// A bank credit that nobody expects.
        UnknownCredit = "unknown_credit",
        /// In a state nobody here knows.
        Unclassified = "unclassified",
        /// A file that was due did not come.
        MissingFile = "missing_file",
        /// A file came after it was due.
        LateFile = "late_file",
        /// A file came for a day on which there can be none.
        UnexpectedFile = "unexpected_file",
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

words!(
    /// A way out of a difference.
    WayOut {
        /// Give the money to one bill, or to several.
        Assign = "assign",
        /// Accept less than was due and write off the rest.
        AcceptShort = "accept_short",
        /// Ask the payer for the rest and wait.
        AskTopUp = "ask_top_up",
        /// Ask for the money to go back.
        Return = "return",
        /// Take it off the books: it was a provider's test.
        MarkTest = "mark_test",
        /// Nothing is left to be done.
        Close = "close",
        /// Hand it to another unit.
        MoveUnit = "move_unit",
    }
);

words!(
    /// A step taken on a difference.
    StepAction {
        /// Money was given to bills.
        Assigned = "assigned",
        /// Less was accepted.
        AcceptedShort = "accepted_short",
        /// The payer is asked for the rest.
        AskedTopUp = "asked_top_up",
        /// A refund was asked for.
        AskedReturn = "asked_return",
        /// It was a test.
        MarkedTest = "marked_test",
        /// Closed without moving money.
        Closed = "closed",
        /// Its cause went away by itself.
        SettledItself = "settled_itself",
        /// Handed to another unit.
        Moved = "moved",
        /// An officer takes it on.
        Acknowledged = "acknowledged",
        /// A remark.
        Commented = "commented",
        /// An earlier step was undone.
        Undone = "undone",
        /// It was settled, and a comparison found it again.
        FoundAgain = "found_again",
        /// A comparison found it changed.
        FoundChanged = "found_changed",
    }
);

impl StepAction {
    /// Whether the step can be undone: it did something beside being written down.
    #[must_use]
    pub fn has_effect(self) -> bool {
        match self {
            Self::Assigned
            | Self::AcceptedShort
            | Self::AskedTopUp
            | Self::AskedReturn
            | Self::MarkedTest
            | Self::Closed
            | Self::SettledItself => true,
            Self::Moved
            | Self::Acknowledged
            | Self::Commented
            | Self::Undone
            | Self::FoundAgain
            | Self::FoundChanged => false,
        }
    }
}

/// Hours in which a difference is to be dealt with: two days. The rules that ask for a deadline
/// (Decision 31/2021/QĐ-TTg, Article 36) were found without its length, so this is ours.
const DUE_AFTER_HOURS: i64 = 48;

/// Hours for money that is not ours to keep: what stands on another body's account must be passed
/// on within a day (Circular 74/2022/TT-BTC).
const URGENT_HOURS: i64 = 24;

/// The ways out of whatever a comparison found: it speaks of statements, so no money is moved by it.
pub const WAYS_OUT_COMPARED: &[WayOut] = &[WayOut::Close, WayOut::MoveUnit];

impl DifferenceKind {
    /// The ways out of a difference of this kind, the usual one first.
    #[must_use]
    pub fn ways_out(self) -> &'static [WayOut] {
        use WayOut as W;
        match self {
            Self::Short => &[W::AskTopUp, W::AcceptShort, W::MarkTest, W::MoveUnit],
            Self::Over | Self::Twice | Self::Late => {
                &[W::Return, W::Assign, W::MarkTest, W::MoveUnit]
            }
            Self::UnknownDossier
            | Self::Ambiguous
            | Self::ClosedDossier
            | Self::WrongCurrency
            | Self::WrongAccount => &[W::Assign, W::Return, W::MarkTest, W::MoveUnit],
            Self::Reversed => &[W::AskTopUp, W::Close, W::MoveUnit],
            Self::Conflict
            | Self::Review
            | Self::NotApplied
            | Self::RefundUnasked
            | Self::RefundDiffers
            | Self::AmountMismatch
            | Self::NeedsReview
            | Self::LatePayment
            | Self::DuplicatePayment
            | Self::MissingInSettlement
            | Self::MissingInBank
            | Self::NotRecorded
            | Self::RecordedFailedButSettled
            | Self::RefundNotRecorded
            | Self::RefundMissing
            | Self::PayoutDiffers
            | Self::PayoutMissing
            | Self::BatchTotalDiffers
            | Self::BatchCountDiffers
            | Self::FeeDiffers
            | Self::UnknownDebit
            | Self::UnknownCredit
            | Self::Unclassified
            | Self::MissingFile
            | Self::LateFile
            | Self::UnexpectedFile => WAYS_OUT_COMPARED,
        }
    }

    /// By when a difference opened at `opened_at` is to be dealt with, UTC.
    #[must_use]
    pub fn due_at(self, opened_at: Instant) -> Instant {
        let hours = match self {
            Self::UnknownDossier
            | Self::Ambiguous
            | Self::WrongAccount
            | Self::Conflict
            | Self::Review
            | Self::NotApplied
            | Self::Reversed
            | Self::RefundUnasked
            | Self::RefundDiffers
            | Self::NotRecorded
            | Self::RecordedFailedButSettled
            | Self::RefundNotRecorded
            | Self::PayoutDiffers
            | Self::PayoutMissing
            | Self::UnknownDebit
            | Self::UnknownCredit
            | Self::Unclassified => URGENT_HOURS,
            Self::Short
            | Self::Over
            | Self::Twice
            | Self::Late
            | Self::ClosedDossier
            | Self::WrongCurrency
            | Self::AmountMismatch
            | Self::NeedsReview
            | Self::LatePayment
            | Self::DuplicatePayment
            | Self::MissingInSettlement
            | Self::MissingInBank
            | Self::RefundMissing
            | Self::BatchTotalDiffers
            | Self::BatchCountDiffers
            | Self::FeeDiffers
            | Self::MissingFile
            | Self::LateFile
            | Self::UnexpectedFile => DUE_AFTER_HOURS,
        };
        opened_at
            .checked_add_signed(chrono::TimeDelta::hours(hours))
            .unwrap_or(opened_at)
    }
}
