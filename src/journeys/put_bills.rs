//! The bills of a dossier that is put: new ones are opened, known ones brought up to date, those it
//! does not name left alone. Gathers rows and postings; writes nothing. Once money stands on a
//! bill, its amount, unit and cancellation are fixed.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::bill_parts::{is_same_items, items_of, known_parts, parts, total};
use super::put_dossiers::{Changes, Known};
use super::read_dossier::FieldError;
use crate::domain::bill::Bill;
use crate::domain::dossier::{BillRequest, DossierFacts, FeeKind};
use crate::domain::ids::{BillId, EntryId, Tenant};
use crate::domain::money::Currency;
use crate::domain::reference::PaymentReference;
use crate::domain::time::Instant;
use crate::ledger::postings::{bill_cancelled, bill_opened};
use crate::store::rows::BillRow;
use crate::store::types::{Ts, Uid};

/// A bill and the positions of the fee items it asks for.
pub(super) type BillOfItems = (BillRow, Vec<usize>);

/// Whose bills, and when.
#[derive(Clone, Copy)]
pub(super) struct BillPutter {
    pub(super) tenant: Tenant,
    pub(super) now: Instant,
}

impl BillPutter {
    /// The reference asked for, or ours: the same dossier and place give the same one.
    pub(super) fn reference(
        &self,
        facts: &DossierFacts,
        ordinal: u32,
        bill: &BillRequest,
        attempt: u32,
    ) -> String {
        let derived = || {
            PaymentReference::derive(self.tenant.0, facts.code.as_str(), ordinal, attempt)
                .to_string()
        };
        bill.reference.clone().unwrap_or_else(derived)
    }

    /// Every bill of the dossier after this call: those asked for, then those it does not name.
    pub(super) fn bills(
        &self,
        facts: &DossierFacts,
        known: &Known,
        dossier_id: Uid,
        taken: &mut Taken,
        changes: &mut Changes,
    ) -> Result<Vec<BillOfItems>, FieldError> {
        let mut bills: Vec<BillOfItems> = Vec::new();
        let mut named = HashSet::new();
        for (ordinal, request) in (0..).zip(&facts.bills) {
            let old = self.known_bill(facts, known, ordinal, request);
            let reference = match old {
                Some(old) => old.reference.clone(),
                None => self.free_reference(facts, ordinal, request, taken)?,
            };
            if !named.insert(reference.clone()) {
                let problem = format!("{reference} stands on an earlier bill of this dossier");
                return Err(FieldError::new(
                    format!("bills.{ordinal}.reference"),
                    problem,
                ));
            }
            let bill = match old {
                Some(old) => self.changed_bill(facts, known, old, request, changes)?,
                None => self.new_bill(facts, dossier_id, request, reference, changes)?,
            };
            taken.claim_account(ordinal, &bill)?;
            bills.push((bill, request.items.clone()));
        }
        taken.references.extend(named);
        for bill in unnamed(facts, known, &bills)? {
            self.move_unit(facts, known, bill, changes)?;
            bills.push((bill.clone(), items_of(bill, &known.fee_items)));
        }
        Ok(bills)
    }

    /// The bill of this dossier that a request means; one of ours may stand under any attempt.
    fn known_bill<'a>(
        &self,
        facts: &DossierFacts,
        known: &'a Known,
        ordinal: u32,
        request: &BillRequest,
    ) -> Option<&'a BillRow> {
        attempts(request).find_map(|attempt| {
            let reference = self.reference(facts, ordinal, request, attempt);
            known.bills.iter().find(|bill| bill.reference == reference)
        })
    }

    /// The first reference that stands on no bill; one that was asked for must be free.
    fn free_reference(
        &self,
        facts: &DossierFacts,
        ordinal: u32,
        request: &BillRequest,
        taken: &Taken,
    ) -> Result<String, FieldError> {
        let free = attempts(request)
            .map(|attempt| self.reference(facts, ordinal, request, attempt))
            .find(|reference| !taken.references.contains(reference));
        free.ok_or_else(|| {
            let reference = self.reference(facts, ordinal, request, 0);
            let problem = format!("{reference} stands on a bill of another dossier");
            FieldError::new(format!("bills.{ordinal}.reference"), problem)
        })
    }

    /// Moves a bill that is left alone to the unit of its dossier, where that changes.
    fn move_unit(
        &self,
        facts: &DossierFacts,
        known: &Known,
        bill: &BillRow,
        changes: &mut Changes,
    ) -> Result<(), FieldError> {
        let old_unit = known.unit_code();
        if old_unit == facts.unit_code {
            return Ok(());
        }
        if is_fixed(bill) {
            let problem = format!(
                "bill {} has money on it: the dossier cannot leave {old_unit}",
                bill.reference
            );
            return Err(FieldError::new("unit_code", problem));
        }
        if bill.cancelled_at.is_none() {
            let parts = known_parts(bill.bill_id, &known.fee_items)?;
            let to = (facts.unit_code.as_str(), parts.as_slice());
            self.repost(bill, Some((old_unit, &parts)), Some(to), changes);
        }
        Ok(())
    }

    /// Posts a bill anew: takes it off one unit with its parts, puts it on another.
    fn repost(
        &self,
        bill: &BillRow,
        from: Option<(&str, &[(FeeKind, i64)])>,
        to: Option<(&str, &[(FeeKind, i64)])>,
        changes: &mut Changes,
    ) {
        let (id, entry) = (BillId(bill.bill_id.0), EntryId::at(self.now));
        if let Some((unit, parts)) = from {
            let postings = bill_cancelled(entry, id, unit, Currency::VND, parts);
            changes.postings.extend(postings);
        }
        if let Some((unit, parts)) = to {
            let postings = bill_opened(entry, id, unit, Currency::VND, parts);
            changes.postings.extend(postings);
        }
    }

    fn new_bill(
        &self,
        facts: &DossierFacts,
        dossier_id: Uid,
        request: &BillRequest,
        reference: String,
        changes: &mut Changes,
    ) -> Result<BillRow, FieldError> {
        let parts = parts(facts, &request.items)?;
        let total_minor = total(&parts)?;
        let row = BillRow {
            tenant: self.tenant.0,
            bill_id: Uid(BillId::at(self.now).0),
            dossier_id,
            reference,
            virtual_account: request.virtual_account.clone(),
            total_minor,
            currency: Currency::VND.to_string(),
            paid_minor: 0,
            waived_minor: 0,
            state: Bill::state_of(total_minor, 0, request.is_cancelled)
                .as_str()
                .to_owned(),
            due_on: request.due_on,
            opened_at: Ts(self.now),
            cancelled_at: request.is_cancelled.then_some(Ts(self.now)),
        };
        if !request.is_cancelled {
            self.repost(&row, None, Some((&facts.unit_code, &parts)), changes);
        }
        changes.new_bills.push(row.clone());
        Ok(row)
    }

    /// A known bill brought up to date. Once money stands on it, only its due day and its alias
    /// account may change; one that was cancelled before its money came stays open when it is
    /// called cancelled again.
    fn changed_bill(
        &self,
        facts: &DossierFacts,
        known: &Known,
        old: &BillRow,
        request: &BillRequest,
        changes: &mut Changes,
    ) -> Result<BillRow, FieldError> {
        let old_unit = known.unit_code();
        let new_parts = parts(facts, &request.items)?;
        let old_parts = known_parts(old.bill_id, &known.fee_items)?;
        let was_cancelled = old.cancelled_at.is_some();
        let is_reopened = request.is_cancelled && known.reopened.contains(&old.bill_id);
        let is_moved = old_unit != facts.unit_code
            || new_parts != old_parts
            || (request.is_cancelled != was_cancelled && !is_reopened);
        let mut row = BillRow {
            due_on: request.due_on,
            virtual_account: request.virtual_account.clone(),
            ..old.clone()
        };
        if is_moved {
            if is_fixed(old) {
                let problem = format!(
                    "bill {} has money on it: its amount and unit cannot change",
                    old.reference
                );
                return Err(FieldError::new("bills", problem));
            }
            let from = (!was_cancelled).then_some((old_unit, old_parts.as_slice()));
            let to = (facts.unit_code.as_str(), new_parts.as_slice());
            let to = (!request.is_cancelled).then_some(to);
            self.repost(old, from, to, changes);
            row.total_minor = total(&new_parts)?;
            row.cancelled_at = request
                .is_cancelled
                .then(|| old.cancelled_at.unwrap_or(Ts(self.now)));
            row.state = Bill::state_of(row.total_minor, 0, request.is_cancelled)
                .as_str()
                .to_owned();
        }
        if row != *old {
            changes.changed_bills.push(row.clone());
        }
        Ok(row)
    }
}

/// Money stands on a bill, or a part of it was written off.
fn is_fixed(bill: &BillRow) -> bool {
    bill.paid_minor > 0 || bill.waived_minor > 0
}

/// What stands on bills already, or is claimed earlier in the same call.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) references: HashSet<String>,
    /// Alias accounts and the bills they stand on.
    pub(super) accounts: HashMap<String, Uid>,
}

impl Taken {
    fn claim_account(&mut self, ordinal: u32, bill: &BillRow) -> Result<(), FieldError> {
        let Some(account) = &bill.virtual_account else {
            return Ok(());
        };
        let owner = self.accounts.entry(account.clone()).or_insert(bill.bill_id);
        if *owner == bill.bill_id {
            return Ok(());
        }
        let problem = format!("{account} stands on another bill");
        Err(FieldError::new(
            format!("bills.{ordinal}.virtual_account"),
            problem,
        ))
    }
}

/// The attempts at a reference: one where it was asked for, ten where it is ours.
pub(super) fn attempts(request: &BillRequest) -> Range<u32> {
    if request.reference.is_some() {
        0..1
    } else {
        0..10
    }
}

/// The known bills that the dossier does not name; wrong when their fee items are touched.
fn unnamed<'a>(
    facts: &DossierFacts,
    known: &'a Known,
    bills: &[BillOfItems],
) -> Result<Vec<&'a BillRow>, FieldError> {
    let named: HashSet<&str> = bills
        .iter()
        .map(|(bill, _)| bill.reference.as_str())
        .collect();
    let left: Vec<&BillRow> = known
        .bills
        .iter()
        .filter(|bill| !named.contains(bill.reference.as_str()))
        .collect();
    if let Some(left) = left
        .first()
        .filter(|_| !is_same_items(facts, &known.fee_items))
    {
        let problem = format!(
            "bill {} asks for fee items that change here: name it in bills",
            left.reference
        );
        return Err(FieldError::new("fee_items", problem));
    }
    let claimed: HashSet<usize> = facts
        .bills
        .iter()
        .flat_map(|bill| bill.items.iter().copied())
        .collect();
    let is_claimed = |bill: &&&BillRow| {
        bill.cancelled_at.is_none()
            && items_of(bill, &known.fee_items)
                .iter()
                .any(|item| claimed.contains(item))
    };
    if let Some(other) = left.iter().find(is_claimed) {
        let problem = format!(
            "bill {} asks for these fee items already: name it, or cancel it first",
            other.reference
        );
        return Err(FieldError::new("bills", problem));
    }
    Ok(left)
}

/// Which bill asks for each fee item: of those named here first, then of those left alone. An item
/// dropped from a named bill belongs to none.
pub(super) fn owners(facts: &DossierFacts, bills: &[BillOfItems]) -> Vec<Option<Uid>> {
    let owner = |position: usize| {
        bills
            .iter()
            .find(|(_, items)| items.contains(&position))
            .map(|(bill, _)| bill.bill_id)
    };
    (0..facts.fee_items.len()).map(owner).collect()
}
