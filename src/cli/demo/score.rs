//! The words of what will be played: payments as their providers know them, the calls that tell of
//! them, and the answer each must get. Bills are named here by the reference they will be given;
//! nothing is invented and nothing signed.

use super::dossiers::Dossier;
use super::plan::Way;
use crate::domain::ids::Tenant;
use crate::domain::notice::Verdict;
use crate::domain::reference::PaymentReference;
use crate::domain::time::Instant;

/// The one tenant of the demonstration.
pub(super) const TENANT: Tenant = Tenant(1);

/// A payment as its provider knows it.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) way: Way,
    /// The provider's number of the transaction; unique over all.
    pub(super) number: u64,
    /// The order reference the provider claims; empty for plain transfers.
    pub(super) order_ref: String,
    pub(super) amount: i64,
    pub(super) memo: String,
    pub(super) virtual_account: Option<String>,
    /// The dossier and the bill it was meant for, by position; none for money that names nothing.
    pub(super) target: Option<(usize, usize)>,
}

/// What a call says of its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Says {
    Succeeded,
    Failed,
    Pending,
    /// As succeeded, with another amount than before.
    OtherAmount,
}

/// Whether a call can prove where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Genuine,
    /// Signed with a key that is not the provider's.
    Forged,
    /// Signed rightly, an hour ago.
    Stale,
}

/// The answer a sound gateway gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    New(Verdict),
    Repeat(Verdict),
    Refused,
}

/// One call into a webhook.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// When it is played.
    pub(super) slot: usize,
    /// Position of its payment.
    pub(super) payment: usize,
    pub(super) says: Says,
    /// The time of payment it tells.
    pub(super) at: Instant,
    /// When it was signed, where the protocol tells that.
    pub(super) signed_at: Instant,
    pub(super) proof: Proof,
    pub(super) expected: Expected,
}

/// An order reference that has to be known before the provider names it.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) way: Way,
    pub(super) order_ref: String,
    pub(super) bill_reference: String,
}

/// Everything that will be played.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    pub(super) payments: Vec<Payment>,
    /// In the order of their slots.
    pub(super) calls: Vec<Call>,
    pub(super) attempts: Vec<Attempt>,
}

/// The reference that a bill will be given.
pub(super) fn reference_of(dossier: &Dossier, bill: usize) -> String {
    let ordinal = u32::try_from(bill).unwrap_or(0);
    PaymentReference::derive(TENANT.0, dossier.facts.code.as_str(), ordinal, 0).to_string()
}

/// What a bill asks for.
pub(super) fn total_of(dossier: &Dossier, bill: usize) -> i64 {
    let items = dossier.facts.bills.get(bill).map(|bill| bill.items.iter());
    items
        .into_iter()
        .flatten()
        .filter_map(|&item| dossier.facts.fee_items.get(item))
        .map(|item| item.amount.minor())
        .sum()
}
