//! Notes on a difference that move nothing: an officer takes it on, or leaves a remark. A remark may
//! stand on what is resolved too.

use uuid::Uuid;

use super::case_desk::{CaseDesk, CaseError, CaseOutcome, CaseRefusal, state_of};
use super::difference_steps::{Step, StepDetail, taken};
use crate::domain::difference::{DifferenceState, StepAction};
use crate::store::Db;

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The officer takes it on.
    Acknowledgement,
    /// A remark.
    Comment,
}

/// Notes something on a difference. An acknowledgement needs no words.
///
/// # Errors
/// [`CaseError`]; nothing was changed then.
pub fn note_difference(
    db: &Db,
    desk: &CaseDesk<'_>,
    id: Uuid,
    note: Note,
    words: &str,
) -> Result<CaseOutcome, CaseError> {
    let reason = match note {
        Note::Acknowledgement if words.trim().is_empty() => "taken on",
        Note::Acknowledgement | Note::Comment => words,
    };
    db.write(|queries| {
        let row = desk.case(queries, id, reason)?;
        let before = state_of(&row)?;
        let (action, state) = match (note, before) {
            (Note::Comment, state) => (StepAction::Commented, state),
            (Note::Acknowledgement, DifferenceState::Resolved) => {
                return Err(CaseRefusal::AlreadyResolved.into());
            }
            (Note::Acknowledgement, DifferenceState::Waiting) => {
                (StepAction::Acknowledged, DifferenceState::Waiting)
            }
            (
                Note::Acknowledgement,
                DifferenceState::Open | DifferenceState::Acknowledged | DifferenceState::Reopened,
            ) => (StepAction::Acknowledged, DifferenceState::Acknowledged),
        };
        let step = Step {
            action,
            officer: Some(desk.officer),
            reason,
            state,
            detail: StepDetail::default(),
            entry_id: None,
            undoes: None,
        };
        let (row, step) = taken(row, desk.now, step);
        queries.mark_differences(std::slice::from_ref(&row))?;
        queries.insert_difference_steps(std::slice::from_ref(&step))?;
        Ok(CaseOutcome {
            difference_id: id,
            state,
            revision: row.revision,
            postings: Vec::new(),
            refunds: Vec::new(),
            is_preview: false,
        })
    })
}
