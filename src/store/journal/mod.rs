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
use super::ops::{Days, MONTH_GRAIN, Refunds, StatusQueries};
use super::rows::{
    AllocationRow, DeliveryRow, DifferenceRow, DifferenceStepRow, DossierRow, EventRow, FeeItemRow,
    QuarantinedRow, RefundRow, RefundStepRow,
};
use super::rows::{BalanceRow, BillRow, BlockRow, CountRow, NoticeRow, PaymentRow, PostingRow};
use super::types::{Ts, Uid};
use crate::domain::bill::BillState;
use crate::domain::refund::RefundState;

/// What to look up for a batch, all of one tenant. Duplicates do no harm.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The tenant.
    pub tenant: i32,
    /// Channel and key hash of every notice.
    pub notice_keys: Vec<(String, Vec<u8>)>,
    /// Channel and payment key of every notice.
    pub payment_keys: Vec<(String, String)>,
    /// Of these keys, those under which a payment that is named now may have waited without a name.
    pub early_keys: Vec<(String, String)>,
    /// Channel and order reference that may be an attempt.
    pub attempts: Vec<(String, String)>,
    /// Texts that may be a bill's reference.
    pub references: Vec<String>,
    /// Alias accounts.
    pub virtual_accounts: Vec<String>,
    /// Squeezed texts that may be dossier codes.
    pub dossier_codes: Vec<String>,
    /// Channel and order reference of payments that wait without a transaction id: what is known of
    /// the order under an id is read too.
    pub unnamed_orders: Vec<(String, String)>,
    /// Whether money goes back: then refunds that nobody approved yet are read too.
    pub takes_back: bool,
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
    /// All money that stands on the dossiers above, or went back.
    pub standing: Vec<Standing>,
    /// What officers allocated of the payments above.
    pub allocations: Vec<AllocationRow>,
    /// The refunds for which money of the payments above is set aside; where money goes back, those
    /// that are proposed or asked for besides.
    pub refunds: Vec<RefundRow>,
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

/// Money of a payment towards one bill: what stands, and what went back. Minor units.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, diesel::Queryable)]
pub struct Standing {
    /// The dossier of the bill.
    pub dossier_id: Uid,
    /// The bill.
    pub bill_id: Uid,
    /// The payment.
    pub payment_id: Uid,
    /// Its provider.
    pub provider: String,
    /// What is placed on the bill.
    pub allocated_minor: i64,
    /// What of that is given back as a fee.
    pub returned_minor: i64,
    /// What is the payer's.
    pub credit_minor: i64,
    /// What went back, or is set aside to.
    pub gone_minor: i64,
    /// The payment's status; empty for what an officer allocated.
    pub status: String,
    /// What matching found; empty for what an officer allocated.
    pub match_outcome: String,
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
    /// Known differences that a step changed.
    pub changed_differences: Vec<DifferenceRow>,
    /// The steps taken on differences, new ones too.
    pub difference_steps: Vec<DifferenceStepRow>,
    /// New refunds.
    pub refunds: Vec<RefundRow>,
    /// What subscribers are told; empty where there are none.
    pub events: Vec<EventRow>,
    /// One for each event and subscriber who wants it.
    pub deliveries: Vec<DeliveryRow>,
    /// Refunds that the provider told of by itself.
    pub changed_refunds: Vec<RefundRow>,
    /// What was done to them.
    pub refund_steps: Vec<RefundStepRow>,
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
    /// The counts by month, which are kept by unit besides.
    fn months(&self) -> impl Iterator<Item = &CountRow> {
        self.counts.iter().filter(|row| row.grain == MONTH_GRAIN)
    }

    /// Whether anything needs a person, which most batches do not.
    fn has_cases(&self) -> bool {
        !(self.allocations.is_empty()
            && self.differences.is_empty()
            && self.changed_differences.is_empty()
            && self.refunds.is_empty())
    }

    /// Whether a refund was brought further, an old one or a new one.
    fn has_refund_steps(&self) -> bool {
        !(self.changed_refunds.is_empty() && self.refund_steps.is_empty())
    }
}

/// Takes out of what payments placed what officers gave of it to other bills, which stands there.
fn without_given(standing: &mut [Standing], given: &[AllocationRow]) {
    for row in standing.iter_mut().filter(|row| !row.status.is_empty()) {
        let elsewhere = given.iter().filter(|one| one.payment_id == row.payment_id);
        row.allocated_minor -= elsewhere.map(|one| one.amount_minor).sum::<i64>();
    }
}

/// The payments of which money is set aside to go back: only these have refunds to look for.
fn with_money_set_aside(payments: &[PaymentRow]) -> Vec<Uid> {
    let set_aside = payments.iter().filter(|row| row.refunding_minor > 0);
    set_aside.map(|row| row.payment_id).collect()
}

/// The refunds that a batch may have to touch.
fn find_refunds(
    refunds: &mut impl Refunds,
    lookup: &Lookup,
    payments: &[PaymentRow],
) -> Result<Vec<RefundRow>, Failure> {
    let concerned = if lookup.takes_back {
        payments.iter().map(|row| row.payment_id).collect()
    } else {
        with_money_set_aside(payments)
    };
    if concerned.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = refunds.list_standing_refunds(lookup.tenant, &concerned)?;
    // What nobody approved yet matters only where money goes back.
    let holds =
        |row: &RefundRow| RefundState::parse(&row.state).is_some_and(RefundState::holds_money);
    rows.retain(|row| lookup.takes_back || holds(row));
    Ok(rows)
}

/// Adds the payments under an id of orders of which something waits without one. Their dossiers are
/// locked by now, so that nobody writes such a payment meanwhile.
fn find_named_payments(
    queries: &mut impl StatusQueries,
    lookup: &Lookup,
    found: &mut Found,
) -> Result<(), Failure> {
    for (channel, order_ref) in &lookup.unnamed_orders {
        for row in queries.list_payments_of_attempt(lookup.tenant, channel, order_ref)? {
            let mut known = found.payments.iter();
            if !known.any(|other| other.payment_id == row.payment_id) {
                found.payments.push(row);
            }
        }
    }
    Ok(())
}

/// Why no chain took a block: it is dated into a closed day, or the chain is another's by now.
fn why_not_sealed(days: &mut impl Days, row: &BlockRow) -> Failure {
    match days.find_closed_before(row.tenant) {
        Ok(Some(Ts(before))) if row.sealed_at.0 < before => Failure::DayClosed(before),
        Ok(_) => Failure::Fenced(row.chain),
        Err(failure) => failure,
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
    /// another's, [`Failure::DayClosed`] when the block is dated into a closed day, or any other
    /// failure.
    fn write(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
}
