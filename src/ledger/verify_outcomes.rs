//! Verifying comparisons: the pages that are kept of a day have the hash they were written with, and a
//! closed day signed that hash. Mends nothing.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::day::DayState;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, Wrong};
use crate::store::rows::ComparisonRow;

/// Comparisons read at a time.
const PAGE: i64 = 100;

/// Wrong comparisons named.
const NAMED: usize = 20;

/// Looks at every comparison that is kept.
///
/// # Errors
/// Any [`Failure`] of reading.
pub(super) fn wrong_outcomes(
    queries: &mut dyn Queries,
    tenant: i32,
) -> Result<(i64, Vec<Wrong>), Failure> {
    let (mut count, mut wrong) = (0, Vec::new());
    let mut after = None;
    loop {
        let rows = queries.list_comparisons(tenant, after, PAGE)?;
        let Some(last) = rows.last() else {
            break;
        };
        after = Some(last.day);
        for row in &rows {
            count += 1;
            let problem = problem_of(queries, row)?;
            let name = format!("comparison of {}", row.day);
            wrong.extend(problem.map(|problem| (name, problem.to_owned())));
        }
    }
    wrong.truncate(NAMED);
    Ok((count, wrong))
}

fn problem_of(
    queries: &mut dyn Queries,
    row: &ComparisonRow,
) -> Result<Option<&'static str>, Failure> {
    let mut hash = Sha256::new();
    let mut page = 0;
    while let Some(kept) = queries.find_outcome_page(row.tenant, row.day, page)? {
        hash.update(&kept.data);
        page += 1;
    }
    if hash.finalize().as_slice() != row.digest {
        return Ok(Some("its pages are not those that were written"));
    }
    let Some(day) = queries.find_day(row.tenant, row.day)? else {
        return Ok(None);
    };
    if day.state != DayState::Closed.as_str() {
        return Ok(None);
    }
    let artefact = queries.find_artefact(row.tenant, row.day, day.revision)?;
    let bytes = artefact.map(|artefact| artefact.bytes).unwrap_or_default();
    let signed: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    // Days that were closed before outcomes were kept signed none.
    let said = signed.pointer("/outcomes/sha256").and_then(Value::as_str);
    let is_said = said.is_none_or(|said| said == hex::encode(&row.digest));
    Ok((!is_said).then_some("the day was closed on other outcomes"))
}
