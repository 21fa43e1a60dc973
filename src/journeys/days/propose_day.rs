//! Proposing a day: an officer looks at what was found and asks another to close it. What was found
//! is kept, so that the one who closes signs the same.

use super::clocks::must_be_over;
use super::find_day::find_day;
use super::{DayDesk, DayError, DayRefusal, blank, state_of};
use crate::config::settings::Settings;
use crate::domain::day::DayState;
use crate::domain::time::Day;
use crate::journeys::reconcile::{Reconciling, reconcile_day};
use crate::reconciliation::close::canonical::canonical;
use crate::store::Db;
use crate::store::ops::Queries;
use crate::store::rows::DayRow;
use crate::store::types::Ts;

/// Proposes a day; one that was proposed before is proposed anew, by this officer. It is reconciled
/// first, so that what is kept of it is what is proposed.
///
/// # Errors
/// [`DayError`]; nothing was proposed then.
pub fn propose_day(
    db: &Db,
    desk: &DayDesk<'_>,
    settings: &Settings,
    day: Day,
) -> Result<DayRow, DayError> {
    db.read(|queries| may_be_proposed(queries, desk, day))?;
    let run = Reconciling {
        db,
        settings,
        tenant: desk.tenant,
        officer: Some(desk.officer),
        now: desk.now,
    };
    reconcile_day(&run, day)?;
    db.write(|queries| {
        let known = may_be_proposed(queries, desk, day)?;
        let found = find_day(queries, settings, desk.tenant, day, desk.now)?;
        if !found.is_kept {
            return Err(DayRefusal::Changed("outcomes".to_owned()).into());
        }
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

/// The day is over and not closed, and the officer may act on it; gives what is known of it.
fn may_be_proposed(
    queries: &mut dyn Queries,
    desk: &DayDesk<'_>,
    day: Day,
) -> Result<Option<DayRow>, DayError> {
    desk.must_act(queries)?;
    must_be_over(queries, desk, day)?;
    let known = queries.find_day(desk.tenant.0, day)?;
    if state_of(known.as_ref())? == DayState::Closed {
        let by = known.and_then(|row| row.closed_by).unwrap_or_default();
        return Err(DayRefusal::AlreadyClosed(day, by).into());
    }
    Ok(known)
}
