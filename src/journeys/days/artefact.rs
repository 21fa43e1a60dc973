//! The artefact of a closed day: the canonical JSON that is signed and the sheet that is printed,
//! built from the day's row, what was found and the artefact of the day before. The same input gives
//! the same bytes.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::reconciliation::close::canonical::canonical;
use crate::reconciliation::close::sheet::sheet;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ArtefactRow, DayRow};
use crate::store::types::Ts;

/// The name and version of the form.
pub(super) const FORM: &str = "doisoat-day-1";

/// What is signed, and what is printed.
pub(super) struct Artefact {
    pub(super) bytes: Vec<u8>,
    pub(super) printable: Vec<u8>,
    pub(super) previous_sha256: Option<Vec<u8>>,
}

/// The artefacts a closing refers to.
pub(super) struct Earlier {
    /// Of the day before, its last revision.
    pub(super) previous: Option<ArtefactRow>,
    /// Of the same day, the revision before.
    pub(super) replaced: Option<ArtefactRow>,
}

/// The artefacts that the closing of a day refers to. The day before may have been closed again since:
/// then `sha256` says which of its artefacts was meant.
pub(super) fn earlier(
    queries: &mut dyn Queries,
    row: &DayRow,
    sha256: Option<&[u8]>,
) -> Result<Earlier, Failure> {
    let mut previous = None;
    if let Some(before) = queries.find_last_closed_day(row.tenant, Some(row.day))? {
        for revision in (1..=before.revision).rev() {
            previous = queries.find_artefact(row.tenant, before.day, revision)?;
            let is_meant = |artefact: &ArtefactRow| {
                sha256.is_none_or(|sha256| sha256 == artefact.sha256.as_slice())
            };
            if previous.as_ref().is_some_and(is_meant) {
                break;
            }
        }
    }
    let replaced = queries.find_artefact(row.tenant, row.day, row.revision - 1)?;
    Ok(Earlier { previous, replaced })
}

/// An instant as it is signed: RFC 3339 with microseconds, UTC.
pub(super) fn instant(at: Option<Ts>) -> Value {
    at.map_or(Value::Null, |at| {
        let text = at.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        Value::from(text)
    })
}

/// Builds the artefact of a day whose row says by whom it was closed.
pub(super) fn build(row: &DayRow, found: &Value, earlier: &Earlier) -> Result<Artefact, Failure> {
    let told = |artefact: &Option<ArtefactRow>| {
        artefact.as_ref().map(|artefact| {
            json!({
                "day": artefact.day.to_string(), "revision": artefact.revision,
                "sha256": hex::encode(&artefact.sha256),
            })
        })
    };
    let Value::Object(found) = found else {
        let problem = format!("what was found of {} is no object", row.day);
        return Err(Failure::Broken(problem));
    };
    let mut members: Map<String, Value> = found.clone();
    let reopened = row.reopened_at.map(|at| {
        json!({
            "by": row.reopened_by, "at": instant(Some(at)), "reason": row.reopen_reason,
        })
    });
    let own = json!({
        "form": FORM,
        "tenant": row.tenant,
        "day": row.day.to_string(),
        "revision": row.revision,
        "proposed_by": row.proposed_by,
        "proposed_at": instant(row.proposed_at),
        "closed_by": row.closed_by,
        "closed_at": instant(row.closed_at),
        "reopened": reopened,
        "previous": told(&earlier.previous),
        "replaces": told(&earlier.replaced),
    });
    if let Value::Object(own) = own {
        members.extend(own);
    }
    let mut value = Value::Object(members);
    let printable = sheet(&value)
        .map_err(|error| Failure::Broken(format!("the sheet of {}: {error}", row.day)))?
        .into_bytes();
    if let Value::Object(members) = &mut value {
        let hash = hex::encode(Sha256::digest(&printable));
        members.insert("printable_sha256".to_owned(), Value::from(hash));
    }
    Ok(Artefact {
        bytes: canonical(&value).into_bytes(),
        printable,
        previous_sha256: earlier.previous.as_ref().map(|row| row.sha256.clone()),
    })
}
