//! Verifying closed days: what was signed is unaltered and follows the day before, and the balances
//! that were frozen are what the postings give. Mends nothing.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::signing::{is_signed, unknown_key};
use super::trial::trial_balance;
use crate::domain::day::DayState;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, Wrong};
use crate::store::rows::{ArtefactRow, DayRow};

/// Wrong days named.
const NAMED: usize = 20;

/// Looks at every day that was ever closed, the latest first.
///
/// # Errors
/// Any [`Failure`] of reading.
pub(super) fn wrong_days(
    queries: &mut dyn Queries,
    tenant: i32,
    keys: Option<&[Vec<u8>]>,
) -> Result<(i64, Vec<Wrong>), Failure> {
    let (mut count, mut wrong) = (0, Vec::new());
    let mut before = None;
    while let Some(row) = queries.find_last_closed_day(tenant, before)? {
        before = Some(row.day);
        count += 1;
        let problems = problems_of(queries, &row, keys)?;
        let name = format!("day {}", row.day);
        wrong.extend(problems.into_iter().map(|problem| (name.clone(), problem)));
    }
    wrong.truncate(NAMED);
    Ok((count, wrong))
}

fn problems_of(
    queries: &mut dyn Queries,
    row: &DayRow,
    keys: Option<&[Vec<u8>]>,
) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for revision in 1..=row.revision {
        match queries.find_artefact(row.tenant, row.day, revision)? {
            None => problems.push(format!(
                "was closed {} times, closing {revision} is gone",
                row.revision
            )),
            Some(artefact) => {
                let unknown = keys.and_then(|keys| unknown_key(&artefact.public_key, keys));
                problems.extend(unknown.map(|problem| format!("closing {revision} {problem}")));
                problems.extend(problem_of(&artefact));
            }
        }
    }
    let frozen = queries.list_day_balances(row.tenant, row.day)?;
    if trial_balance(queries, row.tenant, row.day)?.balances != frozen {
        problems.push("its postings give another trial balance than was frozen".to_owned());
    }
    let steps = queries.list_day_steps(row.tenant, row.day)?;
    let closings = steps
        .iter()
        .filter(|step| step.action == DayState::Closed.as_str());
    if i32::try_from(closings.count()) != Ok(row.revision) {
        problems.push(format!(
            "says it was closed {} times, its steps say otherwise",
            row.revision
        ));
    }
    if steps.last().is_some_and(|last| last.action != row.state) {
        problems.push(format!("is {}, its last step says otherwise", row.state));
    }
    Ok(problems)
}

fn problem_of(artefact: &ArtefactRow) -> Option<String> {
    let revision = artefact.revision;
    let has_hash = Sha256::digest(&artefact.bytes).as_slice() == artefact.sha256;
    if !has_hash || !is_signed(&artefact.public_key, &artefact.bytes, &artefact.signature) {
        return Some(format!("closing {revision} is not what was signed"));
    }
    let signed: Value = serde_json::from_slice(&artefact.bytes).unwrap_or_default();
    let is_said = |path: &str, hash: Option<String>| {
        signed.pointer(path).and_then(Value::as_str) == hash.as_deref()
    };
    let printable = hex::encode(Sha256::digest(&artefact.printable));
    if !is_said("/printable_sha256", Some(printable)) {
        return Some(format!(
            "the sheet of closing {revision} is not the one that was signed"
        ));
    }
    let previous = artefact.previous_sha256.as_ref().map(hex::encode);
    (!is_said("/previous/sha256", previous))
        .then(|| format!("closing {revision} follows another day than was signed"))
}
