//! Reading the bills that a dossier asks for: either one over every fee item, by its due day or
//! reference, or a list that says which fee items each asks for. Whether a bill is known already is
//! not looked at here.

use std::collections::BTreeSet;

use super::read_dossier::{FieldError, MOST_MINOR, due_day, list, optional, unknown_field};
use crate::domain::dossier::{BillRequest, FeeItem};
use crate::intake::json::Json;

/// The bills asked for: the list `bills`, or one over every fee item where a due day or a
/// reference is given, or none.
pub(super) fn bills(json: &Json, items: &[FeeItem]) -> Result<Vec<BillRequest>, FieldError> {
    let listed = list(json, "bills")?;
    let due_on = due_day(json, "bill_due_on")?;
    let reference = reference(json, "bill_reference")?;
    if listed.is_empty() {
        let is_asked = due_on.is_some() || reference.is_some();
        let all = BillRequest {
            reference,
            due_on,
            items: (0..items.len()).collect(),
            virtual_account: None,
            is_cancelled: false,
        };
        if is_asked {
            must_be_payable(&all.items, items, "fee_items")?;
        }
        return Ok(is_asked.then_some(all).into_iter().collect());
    }
    if due_on.is_some() || reference.is_some() {
        return Err(FieldError::new(
            "bills",
            "stands beside bill_due_on or bill_reference; give one of the two",
        ));
    }
    let mut claimed = BTreeSet::new();
    (0..)
        .zip(listed.iter())
        .map(|(position, bill): (usize, &Json)| {
            let at = |error: FieldError| {
                FieldError::new(format!("bills.{position}.{}", error.field), error.problem)
            };
            listed_bill(bill, items, &mut claimed).map_err(at)
        })
        .collect()
}

/// No bill asks for more than the largest fee.
fn must_be_payable(positions: &[usize], items: &[FeeItem], field: &str) -> Result<(), FieldError> {
    let amounts = positions
        .iter()
        .filter_map(|&position| items.get(position))
        .map(|item| item.amount.minor());
    let total = amounts.fold(0_i64, i64::saturating_add);
    if total > MOST_MINOR {
        let problem = format!("come to {total} on one bill, more than {MOST_MINOR}");
        return Err(FieldError::new(field, problem));
    }
    Ok(())
}

fn listed_bill(
    bill: &Json,
    items: &[FeeItem],
    claimed: &mut BTreeSet<usize>,
) -> Result<BillRequest, FieldError> {
    const KNOWN: &[&str] = &[
        "reference",
        "due_on",
        "items",
        "virtual_account",
        "is_cancelled",
    ];
    let Json::Object(members) = bill else {
        return Err(FieldError::new("", "must be a JSON object"));
    };
    if let Some((name, _)) = members
        .iter()
        .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    {
        return Err(unknown_field(name, KNOWN));
    }
    let mut positions = Vec::new();
    for item in list(bill, "items")? {
        let wrong = || {
            FieldError::new(
                "items",
                "must list positions of fee items, counted from 0, each once",
            )
        };
        let Json::Number(text) = item else {
            return Err(wrong());
        };
        let position: usize = text.parse().map_err(|_| wrong())?;
        if position >= items.len() || !claimed.insert(position) {
            return Err(wrong());
        }
        positions.push(position);
    }
    must_be_payable(&positions, items, "items")?;
    let is_cancelled = match bill.at("is_cancelled") {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::Bool(true)) => true,
        Some(Json::Number(_) | Json::Text(_) | Json::List(_) | Json::Object(_)) => {
            return Err(FieldError::new("is_cancelled", "must be true or false"));
        }
    };
    Ok(BillRequest {
        reference: reference(bill, "reference")?,
        due_on: due_day(bill, "due_on")?,
        items: positions,
        virtual_account: optional(bill, "virtual_account")?.map(str::to_owned),
        is_cancelled,
    })
}

/// References given from outside: four to forty letters, digits, dots, dashes, underscores.
fn reference(json: &Json, field: &str) -> Result<Option<String>, FieldError> {
    let Some(text) = optional(json, field)? else {
        return Ok(None);
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if (4..=40).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(Some(text.to_owned()));
    }
    Err(FieldError::new(
        field,
        format!("\"{text}\" is not 4 to 40 letters, digits, dots, dashes or underscores"),
    ))
}
