//! The hot path: what a batch of notices needs to read, under lock, and what it writes, in one
//! transaction. Two implementations, one per engine, held equal by one contract test.
//!
//! Why a narrow trait of its own: PostgreSQL wants one `UNNEST` statement per table and batch,
//! SQLite one cached statement per row; everything else in the store is written once.

mod postgres;
mod row_statements;
mod sqlite;
mod statements;

use super::failure::Failure;
use super::rows::{
    AllocationRow, DifferenceRow, DifferenceStepRow, DossierRow, FeeItemRow, QuarantinedRow,
    RefundRow,
};
use super::rows::{BalanceRow, BillRow, BlockRow, CountRow, NoticeRow, PaymentRow, PostingRow};
use super::types::{Ts, Uid};
use crate::domain::bill::BillState;

/// What to look up for a batch, all of one tenant. Duplicates do no harm.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The tenant.
    pub tenant: i32,
    /// Channel and key hash of every notice.
    pub notice_keys: Vec<(String, Vec<u8>)>,
    /// Channel and payment key of every notice.
    pub payment_keys: Vec<(String, String)>,
    /// Channel and order reference that may be an attempt.
    pub attempts: Vec<(String, String)>,
    /// Texts that may be a bill's reference.
    pub references: Vec<String>,
    /// Alias accounts.
    pub virtual_accounts: Vec<String>,
    /// Squeezed texts that may be dossier codes.
    pub dossier_codes: Vec<String>,
}

/// A notice that is already recorded, as far as telling repeats needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeHead {
    /// The channel.
    pub channel: String,
    /// Its key.
    pub key_hash: Vec<u8>,
    /// Its facts.
    pub facts_hash: Vec<u8>,
    /// What it was answered by.
    pub verdict: String,
}

/// What the database knows about a batch; dossiers and payments in it are locked until the end of
/// the transaction.
#[derive(Debug, Default)]
pub struct Found {
    /// Notices recorded before under one of the keys.
    pub notices: Vec<NoticeHead>,
    /// Payments known under one of the keys.
    pub payments: Vec<PaymentRow>,
    /// Channel, order reference and bill of the attempts found.
    pub attempts: Vec<(String, String, Uid)>,
    /// Every bill of every dossier below.
    pub bills: Vec<BillRow>,
    /// The fee items of those bills that are cancelled: what must be opened again if money proves
    /// to have been sent before the cancellation.
    pub fee_items: Vec<FeeItemRow>,
    /// Every dossier that a clue or a known payment leads to.
    pub dossiers: Vec<DossierRow>,
    /// Dossier, bill, payment and provider of all money that stands on the dossiers above.
    pub standing: Vec<(Uid, Uid, Uid, String)>,
    /// What officers allocated of the payments above.
    pub allocations: Vec<AllocationRow>,
    /// Differences that stand on the payments above, and on those bills that are paid in part.
    pub differences: Vec<DifferenceRow>,
}

impl Found {
    /// The payments and bills whose differences a batch may settle.
    fn settleable(&self) -> (Vec<Uid>, Vec<Uid>) {
        let payments = self.payments.iter().map(|row| row.payment_id);
        let part_paid = BillState::PartPaid.as_str();
        let bills = self.bills.iter().filter(|row| row.state == part_paid);
        (payments.collect(), bills.map(|row| row.bill_id).collect())
    }
}

/// What a batch writes.
#[derive(Debug, Default)]
pub struct Batch {
    /// New notices.
    pub notices: Vec<NoticeRow>,
    /// Notices settled by a later attempt.
    pub settled_notices: Vec<Uid>,
    /// Payments seen for the first time.
    pub new_payments: Vec<PaymentRow>,
    /// Known payments whose state or placement changed.
    pub changed_payments: Vec<PaymentRow>,
    /// Bills whose paid amount, state or cancellation changed.
    pub bills: Vec<BillRow>,
    /// Dossier and its new class.
    pub classes: Vec<(Uid, i32)>,
    /// What to add to the counts.
    pub counts: Vec<CountRow>,
    /// What to add to the balances.
    pub balances: Vec<BalanceRow>,
    /// The sealed block and its postings, when anything was posted.
    pub block: Option<SealedBlock>,
    /// Calls that were refused.
    pub quarantined: Vec<QuarantinedRow>,
    /// What officers allocated, anew or changed.
    pub allocations: Vec<AllocationRow>,
    /// New differences.
    pub differences: Vec<DifferenceRow>,
    /// Known differences that a step changed, and those steps.
    pub changed_differences: Vec<DifferenceRow>,
    /// The steps taken on differences, one for each of the rows above.
    pub difference_steps: Vec<DifferenceStepRow>,
    /// New refunds.
    pub refunds: Vec<RefundRow>,
}

/// A block ready to be written, and the chain it moves.
#[derive(Debug)]
pub struct SealedBlock {
    /// The block.
    pub row: BlockRow,
    /// Its postings.
    pub postings: Vec<PostingRow>,
    /// The epoch under which the chain was leased.
    pub epoch: i64,
    /// When the lease is renewed.
    pub renewed_at: Ts,
}

impl Batch {
    /// Whether anything needs a person, which most batches do not.
    fn has_cases(&self) -> bool {
        !(self.allocations.is_empty()
            && self.differences.is_empty()
            && self.changed_differences.is_empty()
            && self.refunds.is_empty())
    }
}

/// Reading under lock and writing a batch; both run inside a transaction opened by the caller.
pub trait Journal {
    /// Locks and reads what a batch concerns.
    ///
    /// # Errors
    /// Any [`Failure`].
    fn find(&mut self, lookup: &Lookup) -> Result<Found, Failure>;

    /// Writes a batch. Either all of it is written or the transaction must be undone.
    ///
    /// # Errors
    /// [`Failure::Contention`] when a key exists by now, [`Failure::Fenced`] when the chain is
    /// another's, or any other failure.
    fn write(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
}
