//! The rows of a dossier that is put, from its checked facts: the dossier, its class, its fee items.
//! Whether they are new or changed is not looked at here.

use sha2::{Digest, Sha256};

use super::put_bills::BillOfItems;
use super::put_dossiers::Known;
use super::read_dossier::FieldError;
use crate::domain::bill::Bill;
use crate::domain::classification::{Class, PaidBy};
use crate::domain::dossier::{DossierFacts, FeeItem};
use crate::domain::ids::Tenant;
use crate::store::failure::Failure;
use crate::store::rows::{DossierRow, FeeItemRow};
use crate::store::types::Uid;

/// Two codes that differ in their dots and dashes only are one to a bank, and so cannot both be kept.
pub(super) fn must_be_same_code(facts: &DossierFacts, known: &Known) -> Result<(), FieldError> {
    let code = facts.code.as_str();
    match known.row.as_ref().filter(|row| row.code != code) {
        None => Ok(()),
        Some(row) => {
            let problem = format!(
                "{code} cannot be told from {} in a bank's memo, which is another dossier here",
                row.code
            );
            Err(FieldError::new("dossier_code", problem))
        }
    }
}

/// The class of a dossier with these bills and payments.
pub(super) fn class_of(
    facts: &DossierFacts,
    bills: &[BillOfItems],
    paid_by: &[PaidBy],
) -> Result<Class, FieldError> {
    let bills: Result<Vec<Bill>, Failure> = bills.iter().map(|(row, _)| row.to_bill()).collect();
    let bills = bills.map_err(|failure| FieldError::new("bills", failure.to_string()))?;
    Ok(Class::of(
        facts.submitted_via,
        &facts.fee_items,
        &bills,
        paid_by,
    ))
}

/// The row of a dossier.
pub(super) fn dossier_row(
    tenant: Tenant,
    dossier_id: Uid,
    facts: &DossierFacts,
    class: Class,
    facts_hash: Vec<u8>,
) -> DossierRow {
    DossierRow {
        tenant: tenant.0,
        dossier_id,
        code: facts.code.as_str().to_owned(),
        code_squeezed: facts.code.squeezed(),
        procedure_code: facts.procedure_code.clone(),
        unit_code: facts.unit_code.clone(),
        received_on: facts.received_on,
        submitted_via: facts.submitted_via.as_str().to_owned(),
        status: facts.status.as_str().to_owned(),
        applicant_name: facts.applicant_name.clone(),
        class: class.0,
        facts_hash,
    }
}

/// The rows of its fee items, each with the bill that asks for it.
pub(super) fn fee_item_rows(
    tenant: Tenant,
    dossier_id: Uid,
    facts: &DossierFacts,
    owners: &[Option<Uid>],
) -> Vec<FeeItemRow> {
    let row = |(position, (item, owner)): (i32, (&FeeItem, &Option<Uid>))| FeeItemRow {
        tenant: tenant.0,
        dossier_id,
        position,
        kind: item.kind.as_str().to_owned(),
        code: item.code.clone(),
        name: item.name.clone(),
        amount_minor: item.amount.minor(),
        currency: item.amount.currency().to_string(),
        basis: item.basis.clone(),
        bill_id: *owner,
    };
    (0..)
        .zip(facts.fee_items.iter().zip(owners))
        .map(row)
        .collect()
}

/// A hash of everything a dossier says, so that the same facts change nothing.
pub(super) fn facts_hash(facts: &DossierFacts) -> Vec<u8> {
    Sha256::digest(format!("{facts:?}").as_bytes()).to_vec()
}
