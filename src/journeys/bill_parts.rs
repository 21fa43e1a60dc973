//! The fee items of a bill: which they are, what they come to by kind and in all. Sums are checked;
//! one that does not fit is refused.

use std::collections::BTreeMap;

use super::read_dossier::FieldError;
use crate::domain::dossier::{DossierFacts, FeeItem, FeeKind};
use crate::store::failure::Failure;
use crate::store::rows::{BillRow, FeeItemRow};
use crate::store::types::Uid;

/// Amounts by kind, minor units, in the order of kinds.
pub(super) type Parts = Vec<(FeeKind, i64)>;

/// The amounts of some fee items, summed by kind, in the order of kinds.
pub(super) fn parts(facts: &DossierFacts, positions: &[usize]) -> Result<Parts, FieldError> {
    summed(
        positions
            .iter()
            .filter_map(|&position| facts.fee_items.get(position))
            .map(|item| (item.kind, item.amount.minor())),
    )
}

/// The same of a bill as the books know it.
pub(super) fn known_parts(bill_id: Uid, items: &[FeeItemRow]) -> Result<Parts, FieldError> {
    let broken = |failure: Failure| FieldError::new("fee_items", failure.to_string());
    let of_bill = items.iter().filter(|item| item.bill_id == Some(bill_id));
    let items: Result<Vec<FeeItem>, Failure> = of_bill.map(FeeItemRow::to_fee_item).collect();
    summed(
        items
            .map_err(broken)?
            .iter()
            .map(|item| (item.kind, item.amount.minor())),
    )
}

fn too_large() -> FieldError {
    FieldError::new("fee_items", "come to more than can be counted")
}

fn summed(amounts: impl Iterator<Item = (FeeKind, i64)>) -> Result<Parts, FieldError> {
    let mut sums: BTreeMap<FeeKind, i64> = BTreeMap::new();
    for (kind, minor) in amounts {
        let sum = sums.entry(kind).or_default();
        *sum = sum.checked_add(minor).ok_or_else(too_large)?;
    }
    Ok(sums.into_iter().collect())
}

/// What the parts come to.
pub(super) fn total(parts: &[(FeeKind, i64)]) -> Result<i64, FieldError> {
    parts
        .iter()
        .try_fold(0_i64, |sum, (_, minor)| sum.checked_add(*minor))
        .ok_or_else(too_large)
}

/// The positions of the fee items of a known bill.
pub(super) fn items_of(bill: &BillRow, items: &[FeeItemRow]) -> Vec<usize> {
    let of_bill = items
        .iter()
        .filter(|item| item.bill_id == Some(bill.bill_id));
    of_bill
        .filter_map(|item| usize::try_from(item.position).ok())
        .collect()
}

/// Whether the dossier still has the fee items the books know.
pub(super) fn is_same_items(facts: &DossierFacts, known: &[FeeItemRow]) -> bool {
    let known: Vec<FeeItem> = known
        .iter()
        .filter_map(|row| row.to_fee_item().ok())
        .collect();
    known == facts.fee_items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let of_one_kind = [(FeeKind::Phi, i64::MAX), (FeeKind::Phi, 1)];
        assert!(summed(of_one_kind.into_iter()).is_err());
        let of_two = summed([(FeeKind::Phi, i64::MAX), (FeeKind::Tax, 1)].into_iter()).unwrap();
        assert!(total(&of_two).is_err());
        assert_eq!(total(&[(FeeKind::Phi, 2), (FeeKind::Tax, 3)]), Ok(5));
    }
}
