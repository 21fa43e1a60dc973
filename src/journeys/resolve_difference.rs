//! Resolving a difference: an officer takes one of its ways out, with a reason. The same story runs
//! for a preview, which is undone on purpose. Suggests nothing; that is reporting's.

use uuid::Uuid;

use super::case_desk::{
    CaseDesk, CaseError, CaseOutcome, CaseRefusal, must_be_current, must_lead_out, state_of,
};
use super::difference_steps::{Step, taken};
use super::open_book::with_book;
use super::refunds::{ByKind, asked_back};
use super::ways_out::{Done, Taking};
use crate::domain::difference::{DifferenceState, WayOut};
use crate::domain::time::Day;
use crate::store::Db;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;
use crate::store::rows::{DifferenceRow, FeeItemRow, PaymentRow, RefundRow, UnitRow};
use crate::store::types::Uid;

/// A bill that should get money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillPart {
    /// The bill's reference.
    pub reference: String,
    /// How much, decimal text in the currency of the money; none for all it needs, as far as the
    /// money goes.
    pub amount: Option<String>,
}

/// What an officer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The way out.
    pub way: WayOut,
    /// Why.
    pub reason: String,
    /// The revision on which it was decided.
    pub revision: i32,
    /// For [`WayOut::Assign`]: the bills.
    pub bills: Vec<BillPart>,
    /// For [`WayOut::AskTopUp`]: the last day to wait.
    pub until: Option<Day>,
    /// For [`WayOut::MoveUnit`]: the unit, empty for the province.
    pub unit: Option<String>,
    /// Only say what would happen.
    pub is_preview: bool,
}

/// What a way out may have to look at, read before the book is opened.
pub(super) struct Known {
    pub(super) payment: Option<PaymentRow>,
    pub(super) fee_items: Vec<FeeItemRow>,
    /// What of the bill's fees is asked back or went back.
    pub(super) asked_back: ByKind,
    pub(super) refunds: Vec<RefundRow>,
    pub(super) units: Vec<UnitRow>,
}

/// Takes a way out of a difference.
///
/// # Errors
/// [`CaseError`]; nothing was changed then. A preview comes back as `Ok`, marked as one.
pub fn resolve_difference(
    db: &Db,
    desk: &CaseDesk<'_>,
    id: Uuid,
    resolution: &Resolution,
) -> Result<CaseOutcome, CaseError> {
    let done = db.write(|queries| {
        let told = resolve(queries, desk, id, resolution)?;
        if resolution.is_preview {
            return Err(CaseError::Preview(Box::new(told)));
        }
        Ok(told)
    });
    previewed(done)
}

/// A preview is an answer, not an error.
pub(super) fn previewed(done: Result<CaseOutcome, CaseError>) -> Result<CaseOutcome, CaseError> {
    match done {
        Err(CaseError::Preview(told)) => Ok(CaseOutcome {
            is_preview: true,
            ..*told
        }),
        other => other,
    }
}

fn resolve(
    queries: &mut dyn Queries,
    desk: &CaseDesk<'_>,
    id: Uuid,
    resolution: &Resolution,
) -> Result<CaseOutcome, CaseError> {
    let row = desk.case(queries, id, &resolution.reason)?;
    if state_of(&row)? == DifferenceState::Resolved {
        return Err(CaseRefusal::AlreadyResolved.into());
    }
    must_be_current(&row, resolution.revision)?;
    must_lead_out(&row, resolution.way)?;
    let known = known(queries, &row, resolution)?;
    let lookup = lookup(&row, &known, resolution);
    let (told, done) = with_book(queries, desk.desk(), &lookup, |book| {
        let before = book.postings.len();
        let mut taking = Taking {
            desk,
            row: &row,
            known: &known,
            resolution,
        };
        let mut done = taking.take(book)?;
        let step = Step {
            action: done.action,
            officer: Some(desk.officer),
            reason: &resolution.reason,
            state: done.state,
            detail: std::mem::take(&mut done.detail),
            entry_id: done.entry_id,
            undoes: None,
        };
        let mut next = row.clone();
        if let Some(unit) = &done.unit {
            next.unit_code.clone_from(unit);
        }
        if let Some(due_at) = done.due_at {
            next.due_at = due_at;
        }
        let (next, step) = taken(next, desk.now, step);
        let told = CaseOutcome {
            difference_id: id,
            state: done.state,
            revision: next.revision,
            postings: book.postings.iter().skip(before).cloned().collect(),
            refunds: done.refund_ids(),
            is_preview: false,
        };
        book.take_step(next, step);
        book.refunds.append(&mut done.new_refunds);
        Ok::<(CaseOutcome, Done), CaseError>((told, done))
    })?;
    let (refunds, steps): (Vec<_>, Vec<_>) = done.proposals.into_iter().unzip();
    queries.mark_refunds(&refunds, &steps)?;
    Ok(told)
}

fn known(
    queries: &mut dyn Queries,
    row: &DifferenceRow,
    resolution: &Resolution,
) -> Result<Known, CaseError> {
    let tenant = row.tenant;
    let payment = match row.payment_id {
        Some(id) => queries.find_payment(tenant, id)?,
        None => None,
    };
    let refunds = match row.payment_id {
        Some(id) => queries.list_refunds_from(tenant, id)?,
        None => Vec::new(),
    };
    let dossier: Vec<Uid> = row.dossier_id.into_iter().collect();
    let fee_items = match resolution.way {
        WayOut::AcceptShort => queries.list_fee_items_of(tenant, &dossier)?,
        WayOut::Assign
        | WayOut::AskTopUp
        | WayOut::Return
        | WayOut::MarkTest
        | WayOut::Close
        | WayOut::MoveUnit => Vec::new(),
    };
    let asked_back = match row.bill_id {
        Some(bill) if resolution.way == WayOut::AcceptShort => asked_back(queries, tenant, bill)?,
        Some(_) | None => ByKind::new(),
    };
    let units = if resolution.way == WayOut::MoveUnit {
        queries.list_units(tenant)?
    } else {
        Vec::new()
    };
    Ok(Known {
        payment,
        fee_items,
        asked_back,
        refunds,
        units,
    })
}

/// The payment, with its dossier, and the bills that are named.
fn lookup(row: &DifferenceRow, known: &Known, resolution: &Resolution) -> Lookup {
    let key = |payment: &PaymentRow| (payment.channel.clone(), payment.payment_key.clone());
    Lookup {
        tenant: row.tenant,
        payment_keys: known.payment.iter().map(key).collect(),
        references: resolution
            .bills
            .iter()
            .map(|part| part.reference.clone())
            .collect(),
        ..Lookup::default()
    }
}
