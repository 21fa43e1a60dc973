//! The bills of a dossier that is put: new ones are opened, known ones brought up to date, those it
//! does not name left alone. Gathers rows and postings; writes nothing. Once money stands on a
//! bill, its amount, unit and cancellation are fixed.

use std::collections::{BTreeMap, HashSet};

use super::put_dossiers::{Changes, Known};
use super::read_dossier::FieldError;
use crate::domain::bill::Bill;
use crate::domain::dossier::{BillRequest, DossierFacts, FeeItem, FeeKind};
use crate::domain::ids::{BillId, EntryId, Tenant};
use crate::domain::money::Currency;
use crate::domain::reference::PaymentReference;
use crate::domain::time::Instant;
use crate::ledger::postings::{bill_cancelled, bill_opened};
use crate::store::failure::Failure;
use crate::store::rows::{BillRow, FeeItemRow};
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
        taken: &mut HashSet<String>,
        changes: &mut Changes,
    ) -> Result<Vec<BillOfItems>, FieldError> {
        let mut bills = Vec::new();
        for (ordinal, request) in (0..).zip(&facts.bills) {
            let reference = self.reference(facts, ordinal, request, 0);
            let old = known.bills.iter().find(|bill| bill.reference == reference);
            if let Some(old) = old {
                bills.push((
                    self.changed_bill(facts, known, old, request, changes)?,
                    request.items.clone(),
                ));
                continue;
            }
            let reference = self.free_reference(facts, ordinal, request, taken)?;
            taken.insert(reference.clone());
            bills.push((
                self.new_bill(facts, dossier_id, request, reference, changes),
                request.items.clone(),
            ));
        }
        let left = unnamed(facts, known, &bills)?;
        bills.extend(
            left.into_iter()
                .map(|bill| (bill.clone(), items_of(bill, &known.fee_items))),
        );
        Ok(bills)
    }

    /// The first reference that stands on no bill; one that was asked for must be free.
    fn free_reference(
        &self,
        facts: &DossierFacts,
        ordinal: u32,
        request: &BillRequest,
        taken: &HashSet<String>,
    ) -> Result<String, FieldError> {
        let attempts = if request.reference.is_some() {
            0..1
        } else {
            0..10
        };
        let free = attempts
            .map(|attempt| self.reference(facts, ordinal, request, attempt))
            .find(|reference| !taken.contains(reference));
        free.ok_or_else(|| {
            let reference = self.reference(facts, ordinal, request, 0);
            let problem = format!("{reference} stands on a bill of another dossier");
            FieldError::new(format!("bills.{ordinal}.reference"), problem)
        })
    }

    fn new_bill(
        &self,
        facts: &DossierFacts,
        dossier_id: Uid,
        request: &BillRequest,
        reference: String,
        changes: &mut Changes,
    ) -> BillRow {
        let parts = parts(facts, &request.items);
        let total_minor = total(&parts);
        let bill_id = BillId::at(self.now);
        if !request.is_cancelled {
            let entry_id = EntryId::at(self.now);
            changes.postings.extend(bill_opened(
                entry_id,
                bill_id,
                &facts.unit_code,
                Currency::VND,
                &parts,
            ));
        }
        let row = BillRow {
            tenant: self.tenant.0,
            bill_id: Uid(bill_id.0),
            dossier_id,
            reference,
            virtual_account: request.virtual_account.clone(),
            total_minor,
            currency: Currency::VND.to_string(),
            paid_minor: 0,
            state: Bill::state_of(total_minor, 0, request.is_cancelled)
                .as_str()
                .to_owned(),
            due_on: request.due_on,
            opened_at: Ts(self.now),
            cancelled_at: request.is_cancelled.then_some(Ts(self.now)),
        };
        changes.new_bills.push(row.clone());
        row
    }

    /// A known bill brought up to date. Once money stands on it, only its due day may change.
    fn changed_bill(
        &self,
        facts: &DossierFacts,
        known: &Known,
        old: &BillRow,
        request: &BillRequest,
        changes: &mut Changes,
    ) -> Result<BillRow, FieldError> {
        let old_unit = known.row.as_ref().map_or("", |row| row.unit_code.as_str());
        let new_parts = parts(facts, &request.items);
        let old_parts = known_parts(old, &known.fee_items)?;
        let was_cancelled = old.cancelled_at.is_some();
        let is_moved = old_unit != facts.unit_code
            || new_parts != old_parts
            || request.is_cancelled != was_cancelled;
        let mut row = BillRow {
            due_on: request.due_on,
            virtual_account: request.virtual_account.clone(),
            ..old.clone()
        };
        if is_moved {
            if old.paid_minor > 0 {
                let problem = format!(
                    "bill {} has money on it: its amount and unit cannot change",
                    old.reference
                );
                return Err(FieldError::new("bills", problem));
            }
            let (id, entry_id) = (BillId(old.bill_id.0), EntryId::at(self.now));
            if !was_cancelled {
                changes.postings.extend(bill_cancelled(
                    entry_id,
                    id,
                    old_unit,
                    Currency::VND,
                    &old_parts,
                ));
            }
            if !request.is_cancelled {
                changes.postings.extend(bill_opened(
                    entry_id,
                    id,
                    &facts.unit_code,
                    Currency::VND,
                    &new_parts,
                ));
            }
            row.total_minor = total(&new_parts);
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

/// The amounts of some fee items, summed by kind, in the order of kinds.
fn parts(facts: &DossierFacts, positions: &[usize]) -> Vec<(FeeKind, i64)> {
    summed(
        positions
            .iter()
            .filter_map(|&position| facts.fee_items.get(position))
            .map(|item| (item.kind, item.amount.minor())),
    )
}

fn summed(amounts: impl Iterator<Item = (FeeKind, i64)>) -> Vec<(FeeKind, i64)> {
    let mut sums: BTreeMap<FeeKind, i64> = BTreeMap::new();
    for (kind, minor) in amounts {
        *sums.entry(kind).or_default() += minor;
    }
    sums.into_iter().collect()
}

fn known_parts(bill: &BillRow, items: &[FeeItemRow]) -> Result<Vec<(FeeKind, i64)>, FieldError> {
    let broken = |failure: Failure| FieldError::new("fee_items", failure.to_string());
    let of_bill = items
        .iter()
        .filter(|item| item.bill_id == Some(bill.bill_id));
    let items: Result<Vec<FeeItem>, Failure> = of_bill.map(FeeItemRow::to_fee_item).collect();
    Ok(summed(
        items
            .map_err(broken)?
            .iter()
            .map(|item| (item.kind, item.amount.minor())),
    ))
}

fn total(parts: &[(FeeKind, i64)]) -> i64 {
    parts.iter().map(|(_, minor)| minor).sum()
}

fn items_of(bill: &BillRow, items: &[FeeItemRow]) -> Vec<usize> {
    let of_bill = items
        .iter()
        .filter(|item| item.bill_id == Some(bill.bill_id));
    of_bill
        .filter_map(|item| usize::try_from(item.position).ok())
        .collect()
}

fn is_same_items(facts: &DossierFacts, known: &[FeeItemRow]) -> bool {
    let known: Vec<FeeItem> = known
        .iter()
        .filter_map(|row| row.to_fee_item().ok())
        .collect();
    known == facts.fee_items
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
