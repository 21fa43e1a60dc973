//! Whether a day is over, and whether the clocks that say so agree. Closing a day shuts it to every
//! gateway at once, so a clock that runs ahead would shut out money that still arrives. Clocks are
//! compared and refused here, never set.

use chrono::TimeDelta;

use super::{DayDesk, DayError, DayRefusal};
use crate::config::clock::Clock;
use crate::domain::calendar::ends;
use crate::domain::time::{Day, Instant, vietnam_text};
use crate::store::Db;
use crate::store::ops::Queries;
use crate::store::types::Ts;

/// How long after its end a day may be proposed and closed. What was taken in before midnight is
/// committed within seconds, and clocks that differ by less than [`APART`] are let through; ten
/// minutes leave room for both, and for the provider's last calls of the day.
const MARGIN: TimeDelta = TimeDelta::minutes(10);

/// How far clocks may be apart.
const APART: TimeDelta = TimeDelta::minutes(1);

/// Refuses when our clock and the database's own are apart. A database inside this process has none,
/// and a simulated clock agrees with nobody and is not asked.
///
/// # Errors
/// [`DayRefusal::ClocksDiffer`], or any failure of the database.
pub fn must_agree(db: &Db, clock: &Clock) -> Result<(), DayError> {
    if matches!(clock, Clock::Simulated(_)) {
        return Ok(());
    }
    let theirs = db.read(|queries| queries.find_database_time())?;
    match theirs {
        Some(Ts(theirs)) => agrees(clock.now(), "the database's", theirs),
        None => Ok(()),
    }
}

fn agrees(ours: Instant, whose: &'static str, theirs: Instant) -> Result<(), DayError> {
    if ours.signed_duration_since(theirs).abs() <= APART {
        return Ok(());
    }
    let (ours, theirs) = (vietnam_text(ours), vietnam_text(theirs));
    Err(DayRefusal::ClocksDiffer(ours, whose, theirs).into())
}

/// Refuses a day that is not over by our clock, and a clock that is behind what was written last.
pub(super) fn must_be_over(
    queries: &mut dyn Queries,
    desk: &DayDesk<'_>,
    day: Day,
) -> Result<(), DayError> {
    let chains = queries.list_chains(desk.tenant.0)?;
    // A lease is renewed by every block, at the instant the block is sealed at. It lies behind us by
    // as long as nothing was posted, and never before us.
    let newest = chains.iter().map(|chain| chain.renewed_at.0).max();
    if let Some(newest) = newest.filter(|newest| *newest > desk.now) {
        agrees(desk.now, "the newest block's", newest)?;
    }
    let from = ends(day).checked_add_signed(MARGIN);
    let from = from.unwrap_or(Instant::MAX_UTC);
    if desk.now < from {
        return Err(DayRefusal::NotOver(day, vietnam_text(from)).into());
    }
    Ok(())
}
