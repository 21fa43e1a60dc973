//! Days that are closed take no more lines: which of a file's days are, who closed them, the sentence
//! for the officer, and the first day that is open. What was signed is left as it is.

use std::collections::BTreeMap;

use super::{IMPORTED, StatementError};
use crate::domain::time::Day;
use crate::store::ops::Queries;
use crate::store::rows::StatementFileRow;

/// Days, each with the officer who closed it.
pub(super) type Closed = BTreeMap<Day, String>;

/// Sentences about days; more are counted.
const SENTENCES: usize = 8;

/// Those of some days that are closed.
pub(super) fn closed_of(
    queries: &mut dyn Queries,
    tenant: i32,
    days: impl Iterator<Item = Day>,
) -> Result<Closed, StatementError> {
    let mut days: Vec<Day> = days.collect();
    days.sort_unstable();
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Ok(Closed::new());
    };
    let mut closed = queries.list_closed_days(tenant, *first, *last)?;
    closed.retain(|(day, _)| days.binary_search(day).is_ok());
    Ok(closed.into_iter().collect())
}

/// Why a file with new lines of closed days is held.
pub(super) fn sentences(closed: &Closed) -> Vec<String> {
    let mut told: Vec<String> = closed
        .iter()
        .take(SENTENCES)
        .map(|(day, by)| {
            format!(
                "{day} was closed by {by}; a second officer may take the file in: its lines of that day count as \
                 late, in the first open day, and refer back"
            )
        })
        .collect();
    if closed.len() > SENTENCES {
        let more = closed.len() - SENTENCES;
        told.push(format!("{more} more days of new lines were closed"));
    }
    told
}

/// The first day after another that is not closed.
pub(super) fn first_open(
    queries: &mut dyn Queries,
    tenant: i32,
    after: Day,
) -> Result<Day, StatementError> {
    let last = Day::from_ymd_opt(9999, 12, 31).unwrap_or(Day::MAX);
    let closed = queries.list_closed_days(tenant, after, last)?;
    let mut open = after;
    for (day, _) in closed {
        if day == open {
            open = open.succ_opt().unwrap_or(open);
        }
    }
    Ok(open)
}

/// Refuses to take lines out of a closed day.
pub(super) fn must_be_open(
    queries: &mut dyn Queries,
    file: &StatementFileRow,
) -> Result<(), StatementError> {
    if file.state != IMPORTED {
        return Ok(());
    }
    let pages = queries.list_statement_page_heads_of(file.tenant, file.file_id)?;
    let days = pages.iter().map(|page| page.counts_on);
    let closed = closed_of(queries, file.tenant, days)?;
    match closed.into_iter().next() {
        Some((day, by)) => Err(StatementError::ClosedDay(day, by)),
        None => Ok(()),
    }
}
