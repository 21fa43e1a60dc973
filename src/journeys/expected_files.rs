//! Which files of a day are there and which are not, by the calendar of the office and what each source
//! is expected to bring. Reads statements only where a file came for days on which there can be none.

use std::collections::BTreeSet;

use super::days_compared::FilesOfDay;
use crate::config::source::{Expected, Source};
use crate::domain::calendar::Calendar;
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::StatementPageRow;
use crate::store::types::Uid;

/// Notes what is to be said of the files of one source for a day: `has_lines` are the days of which it
/// brought lines, `pages` what was read of it.
pub(super) fn expect(
    queries: &mut dyn Queries,
    calendar: &Calendar,
    source: &Source,
    (day, today): (Day, Day),
    (has_lines, pages): (&BTreeSet<Day>, &[StatementPageRow]),
    expected: &mut FilesOfDay,
) -> Result<(), Failure> {
    let lines = has_lines.iter().map(|day| (source.name.clone(), *day));
    expected.lines_on.extend(lines);
    if let Some(due) = source.due_day(day).filter(|_| !has_lines.contains(&day)) {
        if due <= today {
            expected.missing.push((source.name.clone(), due));
        } else {
            expected.awaited.push(source.name.clone());
        }
    }
    let may_come = source.expected != Expected::WorkingDays || source.rolls_holidays;
    if !may_come && !calendar.is_working_day(day) && has_lines.contains(&day) {
        let of_day = pages.iter().filter(|page| page.day == day);
        let mut files: Vec<Uid> = of_day.map(|page| page.file_id).collect();
        files.dedup();
        if is_of_days_off(queries, source.tenant, calendar, &files)? {
            expected.unexpected.push(source.name.clone());
        }
    }
    Ok(())
}

/// Whether one of these files speaks of days off alone: a line of a day off may stand in the file of
/// the working day after it.
fn is_of_days_off(
    queries: &mut dyn Queries,
    tenant: Tenant,
    calendar: &Calendar,
    files: &[Uid],
) -> Result<bool, Failure> {
    let statements = queries.list_statements_of(tenant.0, files)?;
    let is_off = |file: &Uid| {
        let mut of_file = statements.iter().filter(|one| one.file_id == *file);
        let has_any = statements.iter().any(|one| one.file_id == *file);
        has_any
            && of_file.all(|one| {
                let before = calendar.is_working_day(one.from_day);
                !before && calendar.next_working_day(one.from_day) > one.to_day
            })
    };
    Ok(files.iter().any(is_off))
}
