//! A step on a difference: the row as it stands, what was done and why come in; the row as it stands
//! then and the step to write go out. Moves no money and writes nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::difference::{DifferenceState, StepAction};
use crate::domain::dossier::FeeKind;
use crate::domain::ids::EntryId;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::rows::{DifferenceRow, DifferenceStepRow};
use crate::store::types::{Ts, Uid};

/// Who resolves what nobody resolved.
const SYSTEM: &str = "system";

/// What was done.
pub(super) struct Step<'a> {
    pub(super) action: StepAction,
    /// Nobody for what happened by itself.
    pub(super) officer: Option<&'a str>,
    pub(super) reason: &'a str,
    /// Where the difference stands then.
    pub(super) state: DifferenceState,
    pub(super) detail: StepDetail,
    /// The entry it made.
    pub(super) entry_id: Option<EntryId>,
    /// The step it undoes, by its revision.
    pub(super) undoes: Option<i32>,
}

/// What a step changed; from it the step can be undone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StepDetail {
    /// Moves of money, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) moves: Vec<Moved>,
    /// What was written off on the bill of the difference, by fee kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) waived: Vec<(FeeKind, i64)>,
    /// Refunds that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refunds: Vec<Uuid>,
    /// The unit it was handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    /// Until when it waits, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
}

/// A move of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    pub(super) from: Spot,
    pub(super) to: Spot,
    pub(super) minor: i64,
}

/// A place where money of a payment may stand, as a step remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spot {
    /// On a bill.
    Bill(Uuid),
    /// The payer's.
    Credit,
    /// Not placed.
    Suspense,
    /// Off the books: a provider's test.
    Test,
}

impl StepDetail {
    /// What a written step changed.
    ///
    /// # Errors
    /// [`Failure::Broken`] when its text is none we write.
    pub(super) fn of(row: &DifferenceStepRow) -> Result<Self, Failure> {
        serde_json::from_str(&row.detail).map_err(|_| {
            Failure::Broken(format!(
                "step {} of difference {} cannot be read",
                row.revision, row.difference_id.0
            ))
        })
    }
}

/// The difference after a step, and the step.
pub(super) fn taken(
    mut row: DifferenceRow,
    now: Instant,
    step: Step<'_>,
) -> (DifferenceRow, DifferenceStepRow) {
    row.revision += 1;
    step.state.as_str().clone_into(&mut row.state);
    let is_resolved = step.state == DifferenceState::Resolved;
    let officer = step.officer.map(str::to_owned);
    let by = officer.clone().unwrap_or_else(|| SYSTEM.to_owned());
    // A remark on what is resolved leaves who resolved it, and how, as it was.
    if !is_resolved {
        (row.resolution, row.resolved_by, row.resolved_at) = (None, None, None);
    } else if row.resolution.is_none() {
        row.resolution = Some(step.action.as_str().to_owned());
        row.resolved_by = Some(by);
        row.resolved_at = Some(Ts(now));
    }
    let written = DifferenceStepRow {
        tenant: row.tenant,
        difference_id: row.difference_id,
        revision: row.revision,
        action: step.action.as_str().to_owned(),
        officer,
        reason: step.reason.to_owned(),
        state: row.state.clone(),
        detail: serde_json::to_string(&step.detail).unwrap_or_default(),
        entry_id: step.entry_id.map(|id| Uid(id.0)),
        undoes: step.undoes,
        taken_at: Ts(now),
    };
    (row, written)
}
