//! Replaying a closed day: its artefact is built again from what is stored, the trial balance and the
//! chain heads from the postings themselves, and compared with what was signed, byte for byte.
//! Changes nothing.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::artefact::{build, earlier};
use super::find_day::ledger_json;
use crate::domain::day::DayState;
use crate::domain::ids::Tenant;
use crate::ledger::signing::{is_signed, unknown_key};
use crate::ledger::trial::trial_balance;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ArtefactRow, DayRow, DayStepRow};

/// What a replay found wrong; nothing when the bytes are the same and signed with one of the public
/// keys we know.
///
/// # Errors
/// Any [`Failure`] of reading.
pub fn replay_day(
    queries: &mut dyn Queries,
    row: &DayRow,
    signed: &ArtefactRow,
    keys: &[Vec<u8>],
) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    if let Some(problem) = unknown_key(&signed.public_key, keys) {
        wrong.push(format!("the day {problem}"));
    }
    if Sha256::digest(&signed.bytes).as_slice() != signed.sha256 {
        wrong.push("the stored bytes do not have the stored sha256".to_owned());
    }
    if !is_signed(&signed.public_key, &signed.bytes, &signed.signature) {
        wrong.push("the signature does not hold for the stored bytes".to_owned());
    }
    let steps = queries.list_day_steps(row.tenant, row.day)?;
    let Some(row) = as_closed(row, &steps, signed.revision) else {
        wrong.push("no step says who proposed and who closed it".to_owned());
        return Ok(wrong);
    };
    let Some(mut found) = found_of(&row, signed) else {
        wrong.push("what was found of the day cannot be read".to_owned());
        return Ok(wrong);
    };
    let tenant = Tenant(row.tenant);
    let trial = trial_balance(queries, row.tenant, row.day)?;
    let frozen = queries.list_day_balances(row.tenant, row.day)?;
    if trial.balances != frozen {
        wrong.push("the postings give another trial balance than was frozen".to_owned());
    }
    if let Value::Object(members) = &mut found {
        let ledger = ledger_json(queries, &trial, tenant, row.day)?;
        members.insert("ledger".to_owned(), ledger);
    }
    let earlier = earlier(queries, &row, signed.previous_sha256.as_deref())?;
    let again = build(&row, &found, &earlier)?;
    if again.printable != signed.printable {
        wrong.push("the printed sheet comes out otherwise".to_owned());
    }
    if again.bytes != signed.bytes {
        wrong.push(first_difference(&again.bytes, &signed.bytes));
    }
    Ok(wrong)
}

/// The row of a day as it stood at a closing, by the steps: later ones may have changed it.
fn as_closed(row: &DayRow, steps: &[DayStepRow], revision: i32) -> Option<DayRow> {
    let is_closing =
        |step: &&DayStepRow| step.action == DayState::Closed.as_str() && step.revision == revision;
    let closing = steps.iter().find(is_closing)?;
    let last = |action: DayState| {
        let before = steps.iter().filter(|step| step.seq < closing.seq);
        before
            .filter(|step| step.action == action.as_str())
            .max_by_key(|step| step.seq)
    };
    let proposing = last(DayState::Proposed)?;
    let reopening = last(DayState::Reopened);
    let is_present = row.revision == revision && row.state == DayState::Closed.as_str();
    Some(DayRow {
        revision,
        result: row.result.clone().filter(|_| is_present),
        proposed_by: Some(proposing.officer.clone()),
        proposed_at: Some(proposing.taken_at),
        closed_by: Some(closing.officer.clone()),
        closed_at: Some(closing.taken_at),
        reopened_by: reopening.map(|step| step.officer.clone()),
        reopened_at: reopening.map(|step| step.taken_at),
        reopen_reason: reopening.map(|step| step.reason.clone()),
        ..row.clone()
    })
}

/// What was found of a day: as its row keeps it while the closing stands, else as it was signed.
fn found_of(row: &DayRow, signed: &ArtefactRow) -> Option<Value> {
    if let Some(result) = &row.result {
        return serde_json::from_str(result).ok();
    }
    let mut value: Value = serde_json::from_slice(&signed.bytes).ok()?;
    if let Value::Object(members) = &mut value {
        members.remove("printable_sha256");
    }
    Some(value)
}

/// Where two artefacts part.
fn first_difference(again: &[u8], signed: &[u8]) -> String {
    let parse = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (again, signed) = (parse(again), parse(signed));
    let members = signed.as_object().into_iter().flatten();
    let differ = members.filter(|(name, member)| again.get(name.as_str()) != Some(member));
    let names: Vec<&str> = differ.map(|(name, _)| name.as_str()).collect();
    format!(
        "the artefact comes out otherwise than it was signed, in: {}",
        names.join(", ")
    )
}
