//! Differences as people and programs read them: where each stands, how old it is, what was done
//! about it, what can be done, and which bills its money may have been meant for. Changes nothing.

use serde_json::{Map, Value, json};

use super::suggestions::{Suggestion, suggest};
use crate::domain::difference::{DifferenceKind, DifferenceState, WAYS_OUT_COMPARED};
use crate::domain::entry::Posting;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{DifferenceRow, DifferenceStepRow, PaymentRow};
use crate::store::types::Uid;

/// Decimal text of minor units in the currency of a row.
#[must_use]
pub fn money(minor: i64, currency: &str) -> String {
    let currency = Currency::parse(currency).unwrap_or(Currency::VND);
    Money::new(minor, currency).to_decimal_text()
}

/// Whether a difference stands and its time has ended.
#[must_use]
pub fn is_overdue(row: &DifferenceRow, now: Instant) -> bool {
    row.state != DifferenceState::Resolved.as_str() && row.due_at.0 < now
}

/// Whole hours since a difference was opened.
#[must_use]
pub fn age_hours(row: &DifferenceRow, now: Instant) -> i64 {
    now.signed_duration_since(row.opened_at.0).num_hours()
}

/// Differences as JSON, in the order given.
///
/// # Errors
/// Any [`Failure`].
pub fn differences_json(
    queries: &mut dyn Queries,
    rows: &[DifferenceRow],
    now: Instant,
) -> Result<Vec<Value>, Failure> {
    let tenant = rows.first().map_or(0, |row| row.tenant);
    let mut ids: Vec<Uid> = rows.iter().filter_map(|row| row.dossier_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let dossiers = queries.list_dossiers_by_id(tenant, &ids)?;
    let bills = queries.list_bills_of(tenant, &ids)?;
    let told = |row: &DifferenceRow| {
        let dossier = dossiers
            .iter()
            .find(|known| Some(known.dossier_id) == row.dossier_id);
        let bill = bills
            .iter()
            .find(|known| Some(known.bill_id) == row.bill_id);
        let evidence: Value = serde_json::from_str(&row.evidence).unwrap_or_default();
        json!({
            "id": row.difference_id.0,
            "kind": row.kind,
            "day": row.day.map(|day| day.to_string()),
            "subject": row.subject,
            "state": row.state,
            "unit": (!row.unit_code.is_empty()).then_some(&row.unit_code),
            "channel": row.channel,
            "payment": row.payment_id.map(|id| id.0),
            "bill": bill.map(|bill| &bill.reference),
            "dossier": dossier.map(|dossier| &dossier.code),
            "notice": row.notice_id.map(|id| id.0),
            "amount": money(row.amount_minor, &row.currency),
            "currency": row.currency,
            "evidence": evidence,
            "opened_at": row.opened_at.0.to_rfc3339(),
            "age_hours": age_hours(row, now),
            "due_at": row.due_at.0.to_rfc3339(),
            "is_overdue": is_overdue(row, now),
            "revision": row.revision,
            "resolution": row.resolution,
            "resolved_by": row.resolved_by,
            "resolved_at": row.resolved_at.map(|at| at.0.to_rfc3339()),
        })
    };
    Ok(rows.iter().map(told).collect())
}

/// One difference with its steps, the ways out and suggestions.
///
/// # Errors
/// Any [`Failure`].
pub fn difference_in_full(
    queries: &mut dyn Queries,
    row: &DifferenceRow,
    now: Instant,
) -> Result<Value, Failure> {
    let mut told = differences_json(queries, std::slice::from_ref(row), now)?;
    let steps = queries.list_difference_steps(row.tenant, row.difference_id)?;
    let payment = match row.payment_id {
        Some(id) => queries.find_payment(row.tenant, id)?,
        None => None,
    };
    let suggestions = suggestions(queries, row, payment.as_ref())?;
    let mut members = match told.pop() {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.insert("steps".to_owned(), steps.iter().map(step_json).collect());
    members.insert("ways_out".to_owned(), json!(ways_out(row)));
    members.insert("waits_to_be_placed".to_owned(), waiting(payment.as_ref()));
    members.insert("suggestions".to_owned(), Value::Array(suggestions));
    Ok(Value::Object(members))
}

/// What can be done about a difference as it stands.
#[must_use]
pub fn ways_out(row: &DifferenceRow) -> Vec<&'static str> {
    let is_resolved = row.state == DifferenceState::Resolved.as_str();
    let ways = match DifferenceKind::parse(&row.kind) {
        Some(_) if row.subject.is_some() => WAYS_OUT_COMPARED,
        Some(kind) => kind.ways_out(),
        None => &[],
    };
    let ways = ways.iter().filter(|_| !is_resolved);
    ways.map(|way| way.as_str()).collect()
}

fn waiting(payment: Option<&PaymentRow>) -> Value {
    payment.map_or(Value::Null, |row| {
        json!({
            "payer_credit": money(row.credit_minor, &row.currency),
            "suspense": money(row.suspense_minor, &row.currency),
            "going_back": money(row.refunding_minor, &row.currency),
        })
    })
}

fn step_json(step: &DifferenceStepRow) -> Value {
    let detail: Value = serde_json::from_str(&step.detail).unwrap_or_default();
    json!({
        "revision": step.revision,
        "action": step.action,
        "officer": step.officer,
        "reason": step.reason,
        "state": step.state,
        "detail": detail,
        "entry": step.entry_id.map(|id| id.0),
        "undoes": step.undoes,
        "taken_at": step.taken_at.0.to_rfc3339(),
    })
}

/// Suggestions, while money of the payment waits to be placed.
fn suggestions(
    queries: &mut dyn Queries,
    row: &DifferenceRow,
    payment: Option<&PaymentRow>,
) -> Result<Vec<Value>, Failure> {
    let waits = |payment: &&PaymentRow| payment.credit_minor + payment.suspense_minor > 0;
    let Some(payment) = payment.filter(waits) else {
        return Ok(Vec::new());
    };
    let found = suggest(queries, payment, &row.unit_code, row.opened_at.0)?;
    Ok(found.iter().map(suggestion_json).collect())
}

fn suggestion_json(found: &Suggestion) -> Value {
    let bill = &found.bill;
    let mark = |mark: &super::suggestions::Mark| {
        json!({
            "field": mark.field, "is_matched": mark.is_matched,
            "money": mark.money, "bill": mark.bill,
        })
    };
    json!({
        "bill": bill.reference,
        "dossier": found.dossier.code,
        "unit": found.dossier.unit_code,
        "state": bill.state,
        "rest": money(super::suggestions::rest(bill), &bill.currency),
        "currency": bill.currency,
        "due_on": bill.due_on.map(|day| day.to_string()),
        "marks": found.marks.iter().map(mark).collect::<Vec<Value>>(),
    })
}

/// Postings as JSON: what a step posts, or would post.
#[must_use]
pub fn postings_json(postings: &[Posting]) -> Vec<Value> {
    let told = |posting: &Posting| {
        json!({
            "entry": posting.entry_id.0,
            "event": posting.event.as_str(),
            "debit": posting.debit.to_string(),
            "credit": posting.credit.to_string(),
            "amount": posting.amount.to_decimal_text(),
            "currency": posting.amount.currency().to_string(),
            "corrects": posting.corrects.map(|id| id.0),
        })
    };
    postings.iter().map(told).collect()
}
