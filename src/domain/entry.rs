//! Accounts and postings. A posting moves an amount from one account to another, so an entry
//! cannot be unbalanced. Which event moves what is decided in `ledger`, not here.

use std::fmt;

use super::dossier::{FeeKind, words};
use super::ids::{BillId, EntryId, PaymentId};
use super::money::Money;

/// An account of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Billed and not yet paid, per unit.
    Receivable(String),
    /// Taken by a provider and not yet paid out, per channel.
    Clearing(String),
    /// Our money at a bank, per account.
    Bank(String),
    /// Provider fees, per channel.
    Charges(String),
    /// Owed to the budget or the collecting body, per unit and fee kind.
    Due(String, FeeKind),
    /// Money that cannot be placed.
    Suspense,
    /// Overpaid, paid twice or too late: the payer's.
    PayerCredit,
    /// Refunds approved and not yet paid out.
    RefundPayable,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receivable(unit) => write!(f, "receivable:{unit}"),
            Self::Clearing(channel) => write!(f, "clearing:{channel}"),
            Self::Bank(account) => write!(f, "bank:{account}"),
            Self::Charges(channel) => write!(f, "charges:{channel}"),
            Self::Due(unit, kind) => write!(f, "due:{unit}:{}", kind.as_str()),
            Self::Suspense => f.write_str("suspense"),
            Self::PayerCredit => f.write_str("payer_credit"),
            Self::RefundPayable => f.write_str("refund_payable"),
        }
    }
}

words!(
    /// What happened, the name of an entry.
    Event {
        /// A bill was opened.
        BillOpened = "bill_opened",
        /// A bill was cancelled.
        BillCancelled = "bill_cancelled",
        /// A payment was recorded and placed.
        PaymentRecorded = "payment_recorded",
        /// An officer placed money.
        PaymentPlaced = "payment_placed",
        /// What an officer placed was taken back.
        PlacingUndone = "placing_undone",
        /// An officer found a payment to be a provider's test.
        PaymentIsTest = "payment_is_test",
        /// Less than was due was accepted: the rest of a bill was written off.
        BillWaived = "bill_waived",
        /// What was written off is due again.
        BillWaiverUndone = "bill_waiver_undone",
        /// A refund was approved.
        RefundApproved = "refund_approved",
        /// An approved refund was called off.
        RefundCalledOff = "refund_called_off",
        /// A refund was paid out.
        RefundPaid = "refund_paid",
        /// The provider took a payment back.
        PaymentReversed = "payment_reversed",
        /// The provider gave money back to the payer.
        PaymentRefunded = "payment_refunded",
        /// The provider paid out what it had taken, less its fee.
        ProviderSettled = "provider_settled",
        /// Money came to our bank account without a provider between.
        BankCredited = "bank_credited",
        /// Money was passed on to the Treasury or the collecting body.
        PassedOn = "passed_on",
    }
);

/// A move of money from `credit` to `debit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The entry it belongs to.
    pub entry_id: EntryId,
    /// What happened.
    pub event: Event,
    /// The account that receives.
    pub debit: Account,
    /// The account that gives.
    pub credit: Account,
    /// How much, above zero.
    pub amount: Money,
    /// The payment it speaks of.
    pub payment_id: Option<PaymentId>,
    /// The bill it opens, pays or reverses.
    pub bill_id: Option<BillId>,
    /// The entry it corrects.
    pub corrects: Option<EntryId>,
}
