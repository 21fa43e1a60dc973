//! Reopening a closed day: with a reason, by an officer. What was signed stays as it was, and so do
//! the postings: later facts are dated later and refer back. The next closing makes a new revision.

use super::{DayDesk, DayError, DayRefusal, state_of};
use crate::domain::day::DayState;
use crate::domain::time::Day;
use crate::store::Db;
use crate::store::rows::DayRow;
use crate::store::types::Ts;

/// Reopens a closed day.
///
/// # Errors
/// [`DayError`]; nothing was changed then.
pub fn reopen_day(db: &Db, desk: &DayDesk<'_>, day: Day, reason: &str) -> Result<DayRow, DayError> {
    db.write(|queries| {
        desk.must_act(queries)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(DayRefusal::NoReason.into());
        }
        let known = queries.find_day(desk.tenant.0, day)?;
        let state = state_of(known.as_ref())?;
        let Some(row) = known.filter(|_| state == DayState::Closed) else {
            return Err(DayRefusal::NotClosed(day, state.as_str()).into());
        };
        let row = DayRow {
            state: DayState::Reopened.as_str().to_owned(),
            reopened_by: Some(desk.officer.to_owned()),
            reopened_at: Some(Ts(desk.now)),
            reopen_reason: Some(reason.to_owned()),
            ..row
        };
        desk.take(queries, &row, DayState::Reopened, reason)?;
        Ok(row)
    })
}
