//! The fee items of a refund: which of them are given back and how much of each, kept as JSON on the
//! refund's row; and where the money of a refund stands before it is approved. Checks that no item
//! is given back twice, and none that was written off and so never paid.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RefundError;
use super::written_off::{ByKind, written_off};
use crate::domain::dossier::FeeKind;
use crate::domain::ids::BillId;
use crate::domain::money::{Currency, Money};
use crate::domain::refund::{RefundSource, RefundState};
use crate::ledger::moves::Place;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::{FeeItemRow, PaymentRow, RefundRow};
use crate::store::types::Uid;

/// What of one fee item is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) position: i32,
    pub(super) kind: FeeKind,
    pub(super) code: String,
    pub(super) name: String,
    /// Minor units.
    pub(super) minor: i64,
}

/// A fee item that is asked back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAsked {
    /// Its position on the dossier, counted from 0.
    pub position: i32,
    /// How much of it, decimal text; none for all that is left of it.
    pub amount: Option<String>,
}

/// Refunds of one bill that are looked at.
const MOST: i64 = 10_000;

/// The parts of a refund, none unless a fee is given back.
pub(super) fn parts_of(refund: &RefundRow) -> Result<Vec<Part>, Failure> {
    let broken =
        |error| Failure::Broken(format!("refund {}: fee items: {error}", refund.refund_id.0));
    let text = refund.fee_items.as_deref();
    text.map_or(Ok(Vec::new()), |text| {
        serde_json::from_str(text).map_err(broken)
    })
}

/// Where the money of a refund stands before it is approved, and how much at each place.
pub(super) fn places(refund: &RefundRow) -> Result<Vec<(Place, i64)>, Failure> {
    let whole = |place| Ok(vec![(place, refund.amount_minor)]);
    match (RefundSource::parse(&refund.source), refund.bill_id) {
        (Some(RefundSource::Credit), _) => whole(Place::Credit),
        (Some(RefundSource::Suspense), _) => whole(Place::Suspense),
        (Some(RefundSource::Fee), Some(bill)) => {
            let mut kinds: BTreeMap<FeeKind, i64> = BTreeMap::new();
            for part in parts_of(refund)? {
                *kinds.entry(part.kind).or_default() += part.minor;
            }
            let unit = &refund.unit_code;
            let place = |(kind, minor)| (Place::Fee(BillId(bill.0), unit.clone(), kind), minor);
            Ok(kinds.into_iter().map(place).collect())
        }
        (Some(RefundSource::Fee) | None, _) => Err(Failure::Broken(format!(
            "refund {} has no source",
            refund.refund_id.0
        ))),
    }
}

/// What refunds other than `own` ask or have given back of the items of a bill, by position and kind.
pub(super) fn given_back(
    queries: &mut dyn Queries,
    tenant: i32,
    bill: Uid,
    own: Option<Uid>,
) -> Result<Vec<Part>, Failure> {
    let filter = RefundFilter {
        bill_id: Some(bill),
        limit: MOST,
        ..RefundFilter::default()
    };
    let mut parts = Vec::new();
    for row in queries.list_refunds(tenant, &filter)? {
        let state = RefundState::parse(&row.state);
        let counts = state.is_some_and(|state| match state {
            RefundState::Requested
            | RefundState::ToSend
            | RefundState::Sent
            | RefundState::Succeeded
            | RefundState::Failed
            | RefundState::ByHand => true,
            RefundState::CalledOff => row.paid_minor > 0,
            RefundState::Proposed | RefundState::Withdrawn => false,
        });
        if counts && Some(row.refund_id) != own {
            parts.extend(parts_of(&row)?);
        }
    }
    Ok(parts)
}

fn items_of(
    queries: &mut dyn Queries,
    tenant: i32,
    dossier: Uid,
    bill: Uid,
) -> Result<Vec<FeeItemRow>, Failure> {
    let mut items = queries.list_fee_items_of(tenant, &[dossier])?;
    items.retain(|item| item.bill_id == Some(bill));
    Ok(items)
}

/// The parts that are asked for of the bill that a payment pays.
pub(super) fn asked_parts(
    queries: &mut dyn Queries,
    payment: &PaymentRow,
    asked: &[ItemAsked],
    own: Option<Uid>,
) -> Result<Vec<Part>, RefundError> {
    let wrong = |text: &str| RefundError::WrongItems(text.to_owned());
    let (Some(bill), Some(dossier)) = (payment.bill_id, payment.dossier_id) else {
        return Err(wrong(
            "the payment pays no bill, so that there is no fee to give back",
        ));
    };
    if asked.is_empty() {
        return Err(wrong("name the fee items that are given back"));
    }
    let items = items_of(queries, payment.tenant, dossier, bill)?;
    let others = given_back(queries, payment.tenant, bill, own)?;
    let waived = written_off(queries, payment.tenant, dossier, bill)?;
    let currency = payment.to_amount()?.currency();
    let mut parts: Vec<Part> = Vec::new();
    for ask in asked {
        let item = items.iter().find(|item| item.position == ask.position);
        let item = item.ok_or_else(|| {
            let problem = format!("the bill does not ask for a fee item {}", ask.position);
            RefundError::WrongItems(problem)
        })?;
        if parts.iter().any(|part| part.position == ask.position) {
            let problem = format!("fee item {} is named twice", ask.position);
            return Err(RefundError::WrongItems(problem));
        }
        parts.push(part_of(item, ask, &others, currency)?);
    }
    must_fit(&items, (&others, &waived), &parts, currency)?;
    Ok(parts)
}

fn part_of(
    item: &FeeItemRow,
    ask: &ItemAsked,
    others: &[Part],
    currency: Currency,
) -> Result<Part, RefundError> {
    let same = others.iter().filter(|part| part.position == item.position);
    let rest = item.amount_minor - same.map(|part| part.minor).sum::<i64>();
    let minor = match &ask.amount {
        Some(text) => amount(text, currency)?,
        None if rest > 0 => rest,
        None => item.amount_minor,
    };
    if minor > rest {
        let rest = rest.max(0);
        return Err(RefundError::AboveRest {
            asked: minor,
            rest,
            currency,
        });
    }
    Ok(Part {
        position: item.position,
        kind: item.to_fee_item()?.kind,
        code: item.code.clone(),
        name: item.name.clone(),
        minor,
    })
}

/// Whether the parts of a refund still fit beside the others, when it is approved.
pub(super) fn must_still_fit(
    queries: &mut dyn Queries,
    refund: &RefundRow,
) -> Result<(), RefundError> {
    let parts = parts_of(refund)?;
    let (Some(bill), Some(dossier)) = (refund.bill_id, refund.dossier_id) else {
        return Ok(());
    };
    if parts.is_empty() {
        return Ok(());
    }
    let items = items_of(queries, refund.tenant, dossier, bill)?;
    let others = given_back(queries, refund.tenant, bill, Some(refund.refund_id))?;
    let waived = written_off(queries, refund.tenant, dossier, bill)?;
    let currency = Currency::parse(&refund.currency).unwrap_or(Currency::VND);
    must_fit(&items, (&others, &waived), &parts, currency)
}

/// No kind of a bill's fee items is given back beyond what it comes to less what was written off,
/// however its items are ordered by now.
fn must_fit(
    items: &[FeeItemRow],
    (others, waived): (&[Part], &ByKind),
    parts: &[Part],
    currency: Currency,
) -> Result<(), RefundError> {
    for part in parts {
        let of_kind = |part: &&Part, kind: FeeKind| part.kind == kind;
        let billed = items
            .iter()
            .filter(|item| item.kind == part.kind.as_str())
            .map(|item| item.amount_minor)
            .sum::<i64>();
        let sum = |parts: &[Part]| {
            let same = parts.iter().filter(|one| of_kind(one, part.kind));
            same.map(|one| one.minor).sum::<i64>()
        };
        let never_paid = waived.get(&part.kind).copied().unwrap_or(0);
        let (asked, rest) = (sum(parts), (billed - never_paid - sum(others)).max(0));
        if asked > rest {
            return Err(RefundError::AboveRest {
                asked,
                rest,
                currency,
            });
        }
    }
    Ok(())
}

/// An amount above zero, minor units.
pub(super) fn amount(text: &str, currency: Currency) -> Result<i64, RefundError> {
    let read = Money::parse(text.trim(), currency);
    let minor = read.map(Money::minor).unwrap_or_default();
    if minor > 0 {
        return Ok(minor);
    }
    let problem = format!("\"{text}\" is not an amount above zero in {currency}");
    Err(RefundError::WrongAmount(problem))
}
