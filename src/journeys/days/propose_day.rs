//! Proposing a day: an officer looks at what was found and asks another to close it. What was found
//! is kept, so that the one who closes signs the same.

use super::clocks::must_be_over;
use super::find_day::find_day;
use super::{DayDesk, DayError, DayRefusal, blank, state_of};
use crate::domain::calendar::Calendar;
use crate::domain::day::DayState;
use crate::domain::time::Day;
use crate::reconciliation::close::canonical::canonical;
use crate::store::Db;
use crate::store::rows::DayRow;
use crate::store::types::Ts;

/// Proposes a day; one that was proposed before is proposed anew, by this officer.
///
/// # Errors
/// [`DayError`]; nothing was changed then.
pub fn propose_day(
    db: &Db,
    desk: &DayDesk<'_>,
    calendar: &Calendar,
    day: Day,
) -> Result<DayRow, DayError> {
    db.write(|queries| {
        desk.must_act(queries)?;
        must_be_over(queries, desk, day)?;
        let known = queries.find_day(desk.tenant.0, day)?;
        if state_of(known.as_ref())? == DayState::Closed {
            let by = known.and_then(|row| row.closed_by).unwrap_or_default();
            return Err(DayRefusal::AlreadyClosed(day, by).into());
        }
        let found = find_day(queries, desk.tenant, calendar, day)?;
        let row = DayRow {
            state: DayState::Proposed.as_str().to_owned(),
            verdict: Some(found.verdict.as_str().to_owned()),
            result: Some(canonical(&found.value)),
            proposed_by: Some(desk.officer.to_owned()),
            proposed_at: Some(Ts(desk.now)),
            closed_by: None,
            closed_at: None,
            ..known.unwrap_or_else(|| blank(desk.tenant, day))
        };
        desk.take(queries, &row, DayState::Proposed, "")?;
        Ok(row)
    })
}
