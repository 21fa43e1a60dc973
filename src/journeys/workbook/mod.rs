//! The workbook of one batch: what the database knows, held in memory while the notices of the
//! batch are applied one after the other, so that a later notice sees what an earlier one did. At
//! the end it becomes the rows to write. Decides nothing about money itself.

mod announce;
mod close;
mod open;
mod standing;

use std::collections::{BTreeMap, HashMap};

use crate::domain::bill::Bill;
use crate::domain::classification::PaidBy;
use crate::domain::dossier::{DossierSummary, FeeKind};
use crate::domain::entry::Posting;
use crate::domain::ids::{EntryId, Tenant};
use crate::domain::time::Instant;
use crate::ledger::postings::bill_opened;
use crate::matching::clues::Clues;
use crate::matching::rules::{Candidate, Candidates, Decision, MatchOutcome};
use crate::store::failure::Failure;
use crate::store::rows::{AllocationRow, BillRow, DossierRow, NoticeRow, PaymentRow};
use crate::store::rows::{DifferenceRow, DifferenceStepRow, RefundRow, RefundStepRow};
use crate::store::types::Uid;

/// A payment in the book.
pub(super) struct HeldPayment {
    pub(super) row: PaymentRow,
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

/// A difference in the book, and the step taken on it here.
pub(super) struct HeldDifference {
    pub(super) row: DifferenceRow,
    is_new: bool,
    pub(super) step: Option<DifferenceStepRow>,
}

struct HeldBill {
    row: BillRow,
    bill: Bill,
    parts: Vec<(FeeKind, i64)>,
    is_changed: bool,
}

impl HeldBill {
    /// Whether it was cancelled and another bill asks for its fee items by now.
    fn has_lost_items(&self) -> bool {
        let kept: i64 = self.parts.iter().map(|(_, minor)| minor).sum();
        self.bill.cancelled_at.is_some() && kept != self.row.total_minor
    }
}

/// A dossier in the book, with the money that stands on it.
pub(super) struct HeldDossier {
    row: DossierRow,
    pub(super) summary: DossierSummary,
    bills: Vec<Uid>,
    /// By payment and bill.
    standing: BTreeMap<(Uid, Uid), PaidBy>,
    is_touched: bool,
}

/// What was said before under a notice's key.
pub(super) struct Seen {
    pub(super) facts_hash: Vec<u8>,
    pub(super) verdict: String,
}

/// The book of one batch of one tenant.
pub(super) struct Workbook<'a> {
    pub(super) tenant: Tenant,
    pub(super) now: Instant,
    slots: &'a HashMap<String, u8>,
    seen: HashMap<(String, Vec<u8>), Seen>,
    payments: HashMap<(String, String), HeldPayment>,
    attempts: HashMap<(String, String), Uid>,
    bills: BTreeMap<Uid, HeldBill>,
    dossiers: BTreeMap<Uid, HeldDossier>,
    by_reference: HashMap<String, Uid>,
    by_account: HashMap<String, Uid>,
    by_code: HashMap<String, Uid>,
    allocations: BTreeMap<(Uid, Uid), (AllocationRow, bool)>,
    pub(super) notices: Vec<NoticeRow>,
    pub(super) settled: Vec<Uid>,
    pub(super) postings: Vec<Posting>,
    /// Those that stood when the book was opened, then those opened in it.
    pub(super) differences: Vec<HeldDifference>,
    pub(super) refunds: Vec<RefundRow>,
    watch: Option<announce::Watch>,
    /// Refunds for which money of the payments is set aside; whether one was brought further.
    pub(super) to_pay: Vec<(RefundRow, bool)>,
    pub(super) refund_steps: Vec<RefundStepRow>,
}

impl<'a> Workbook<'a> {
    fn blank(tenant: Tenant, now: Instant, slots: &'a HashMap<String, u8>) -> Self {
        Self {
            tenant,
            now,
            slots,
            seen: HashMap::new(),
            payments: HashMap::new(),
            attempts: HashMap::new(),
            bills: BTreeMap::new(),
            dossiers: BTreeMap::new(),
            by_reference: HashMap::new(),
            by_account: HashMap::new(),
            by_code: HashMap::new(),
            allocations: BTreeMap::new(),
            notices: Vec::new(),
            settled: Vec::new(),
            postings: Vec::new(),
            differences: Vec::new(),
            refunds: Vec::new(),
            watch: None,
            to_pay: Vec::new(),
            refund_steps: Vec::new(),
        }
    }

    fn slot(&self, provider: &str) -> u8 {
        self.slots.get(provider).copied().unwrap_or(u8::MAX)
    }

    /// What was said before under this key, in the database or earlier in the batch.
    pub(super) fn seen(&self, channel: &str, key_hash: &[u8]) -> Option<&Seen> {
        self.seen.get(&(channel.to_owned(), key_hash.to_vec()))
    }

    /// Adds a notice to write and remembers its key.
    pub(super) fn add_notice(&mut self, row: NoticeRow) {
        let seen = Seen {
            facts_hash: row.facts_hash.clone(),
            verdict: row.verdict.clone(),
        };
        self.seen
            .insert((row.channel.clone(), row.key_hash.clone()), seen);
        self.notices.push(row);
    }

    /// The payment under a key.
    pub(super) fn payment(&mut self, channel: &str, payment_key: &str) -> Option<&mut HeldPayment> {
        let key = (channel.to_owned(), payment_key.to_owned());
        if let Some(watch) = &mut self.watch {
            watch.touched_payments.insert(key.clone());
        }
        self.payments.get_mut(&key)
    }

    /// The payment of an id.
    pub(super) fn payment_of(&self, payment_id: Uid) -> Option<&PaymentRow> {
        let mut rows = self.payments.values().map(|held| &held.row);
        rows.find(|row| row.payment_id == payment_id)
    }

    /// The payments of an order.
    pub(super) fn payments_of_order(&self, order_ref: &str) -> impl Iterator<Item = &PaymentRow> {
        let rows = self.payments.values().map(|held| &held.row);
        rows.filter(move |row| row.order_ref.as_deref() == Some(order_ref))
    }

    /// Puts a payment back after money of it was moved.
    pub(super) fn put_back(&mut self, row: PaymentRow) {
        let (channel, key) = (row.channel.clone(), row.payment_key.clone());
        if let Some(held) = self.payment(&channel, &key) {
            held.row = row;
            held.is_changed = true;
        }
    }

    /// Holds a payment seen for the first time.
    pub(super) fn add_payment(&mut self, row: PaymentRow) {
        let key = (row.channel.clone(), row.payment_key.clone());
        if let Some(watch) = &mut self.watch {
            watch.touched_payments.insert(key.clone());
        }
        self.payments.insert(
            key,
            HeldPayment {
                row,
                is_new: true,
                is_changed: false,
            },
        );
    }

    fn candidate(&self, bill_id: Uid) -> Option<Candidate<'_>> {
        let held = self.bills.get(&bill_id)?;
        let dossier = self.dossiers.get(&held.row.dossier_id)?;
        Some(Candidate {
            bill: &held.bill,
            dossier: &dossier.summary,
        })
    }

    /// What the book holds for the clues of a notice.
    pub(super) fn candidates(&self, channel: &str, clues: &Clues) -> Candidates<'_> {
        let attempt = clues
            .order_ref
            .as_ref()
            .and_then(|order_ref| self.attempts.get(&(channel.to_owned(), order_ref.clone())));
        let named = |names: &HashMap<String, Uid>, text: &String| names.get(text).copied();
        let of_codes = clues
            .dossier_codes
            .iter()
            .filter_map(|code| named(&self.by_code, code));
        let mut dossier_ids: Vec<Uid> = of_codes.collect();
        dossier_ids.sort_unstable();
        dossier_ids.dedup();
        let bills_of = |id: &Uid| {
            self.dossiers
                .get(id)
                .map_or(&[][..], |dossier| dossier.bills.as_slice())
        };
        Candidates {
            by_attempt: attempt.and_then(|&bill| self.candidate(bill)),
            by_reference: clues
                .references
                .iter()
                .filter_map(|text| self.candidate(named(&self.by_reference, text)?))
                .collect(),
            by_virtual_account: clues
                .virtual_account
                .as_ref()
                .and_then(|text| self.candidate(named(&self.by_account, text)?)),
            by_dossier: dossier_ids
                .iter()
                .flat_map(bills_of)
                .filter_map(|&bill| self.candidate(bill))
                .collect(),
        }
    }

    /// The unit that executes the dossier of a bill.
    pub(super) fn unit_of(&self, bill_id: Uid) -> String {
        self.dossier_of(bill_id)
            .map_or_else(String::new, |dossier| dossier.unit_code.clone())
    }

    /// Money for a cancelled bill whose fee items another bill asks for by now is the payer's, even
    /// when it was sent before the cancellation: that bill can never be due again.
    pub(super) fn without_lost_items(&self, mut decision: Decision) -> Decision {
        let bill = decision.bill_id.and_then(|id| self.bills.get(&Uid(id.0)));
        if decision.allocated_minor > 0 && bill.is_some_and(HeldBill::has_lost_items) {
            decision.outcome = MatchOutcome::Late;
            decision.credit_minor += decision.allocated_minor;
            decision.allocated_minor = 0;
            decision
                .reason
                .push_str("; another bill asks for its fee items by now");
        }
        decision
    }

    /// Undoes the cancellation of a bill that was paid before it was cancelled and is told only
    /// now: the whole of it is due again.
    pub(super) fn reopen(&mut self, bill_id: Uid) {
        let unit_code = self.unit_of(bill_id);
        let Some(held) = self.bills.get_mut(&bill_id) else {
            return;
        };
        if held.bill.cancelled_at.take().is_some() {
            held.row.cancelled_at = None;
            let currency = held.bill.total.currency();
            let entry_id = EntryId::at(self.now);
            let opened = bill_opened(entry_id, held.bill.id, &unit_code, currency, &held.parts);
            self.postings.extend(opened);
        }
    }

    /// Adds to what was paid on a bill (less than zero for money taken back).
    pub(super) fn pay(&mut self, bill_id: Uid, minor: i64) -> Result<(), Failure> {
        let overflow = || Failure::Broken(format!("bill {} cannot hold {minor} more", bill_id.0));
        let held = self.bills.get_mut(&bill_id).ok_or_else(overflow)?;
        held.bill = held.bill.clone().with_paid(minor).ok_or_else(overflow)?;
        held.row.paid_minor = held.bill.paid_minor;
        held.bill.state.as_str().clone_into(&mut held.row.state);
        held.is_changed = true;
        if let Some(watch) = &mut self.watch {
            watch.touched_bills.insert(bill_id);
        }
        Ok(())
    }

    /// Writes off of a bill (less than zero to have it due again).
    pub(super) fn waive(&mut self, bill_id: Uid, minor: i64) -> Result<(), Failure> {
        let missing = || Failure::Broken(format!("bill {} is not in the book", bill_id.0));
        let held = self.bills.get_mut(&bill_id).ok_or_else(missing)?;
        held.row.waived_minor += minor;
        let due = held.row.total_minor - held.row.waived_minor;
        let state = Bill::state_of(due, held.row.paid_minor, held.row.cancelled_at.is_some());
        state.as_str().clone_into(&mut held.row.state);
        held.bill = held.row.to_bill()?;
        held.is_changed = true;
        if let Some(dossier) = self.dossiers.get_mut(&held.row.dossier_id) {
            dossier.is_touched = true;
        }
        Ok(())
    }

    /// What was written off of a bill, minor units.
    pub(super) fn waived_of(&self, bill_id: Uid) -> i64 {
        self.bills
            .get(&bill_id)
            .map_or(0, |held| held.row.waived_minor)
    }

    /// The bill of a reference.
    pub(super) fn bill_of(&self, reference: &str) -> Option<Uid> {
        self.by_reference.get(reference).copied()
    }

    /// A bill in the book.
    pub(super) fn bill(&self, bill_id: Uid) -> Option<&Bill> {
        self.bills.get(&bill_id).map(|held| &held.bill)
    }

    /// The dossier of a bill in the book.
    pub(super) fn dossier_of(&self, bill_id: Uid) -> Option<&DossierSummary> {
        let held = self.bills.get(&bill_id)?;
        let dossier = self.dossiers.get(&held.row.dossier_id)?;
        Some(&dossier.summary)
    }
}
