//! Days that cannot be meant: a line years away from the other lines of its file, or from the day of the
//! import, as after a mistyped year. What holds the file and what an officer is only told; reads pages.

use std::cmp::Reverse;

use super::StatementError;
use super::compare::{Compared, Own};
use super::sorting::Leaf;
use crate::domain::time::Day;
use crate::reconciliation::pages::entries;
use crate::store::ops::Queries;

/// Days between lines of one file, or between a line and the import, that are taken to be meant.
const NEAR: i64 = 400;

/// Days after which even a whole file is too old to be taken in unseen.
const OLDEST: i64 = 3_660;

/// Sentences on the new lines of far days.
#[derive(Debug, Default)]
pub(super) struct Far {
    pub(super) holds: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Looks at the days of a file, seen from the day of the import.
pub(super) fn far(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    days: &[(Day, u64)],
    compared: &Compared,
    today: Day,
) -> Result<Far, StatementError> {
    let mut found = Far::default();
    let main = main_run(days, today);
    for leaf in first_of_each_day(&compared.leaves) {
        let day = leaf.day;
        let away = day.signed_duration_since(today).num_days();
        let is_apart = main.is_some_and(|(from, to)| day < from || day > to);
        let mut row = || row_of(queries, own, leaf);
        let shown = day.format("%d/%m/%Y");
        if is_apart {
            let (from, to) = main.unwrap_or((day, day));
            found.holds.push(format!(
                "row {}: its day, {shown}, is more than a year away from the other rows ({} to {}): is the year right?",
                row()?,
                from.format("%d/%m/%Y"),
                to.format("%d/%m/%Y")
            ));
        } else if away > NEAR {
            found.holds.push(format!(
                "row {}: its day, {shown}, is more than a year after today, {}: is the year right?",
                row()?,
                today.format("%d/%m/%Y")
            ));
        } else if away < -OLDEST {
            found.holds.push(format!(
                "row {}: its day, {shown}, is more than ten years ago: is the year right?",
                row()?
            ));
        } else if away < -NEAR && found.warnings.is_empty() {
            found.warnings.push(format!(
                "row {}: its day, {shown}, is more than a year ago: is this the file you mean?",
                row()?
            ));
        }
        if found.holds.len() >= SHOWN {
            break;
        }
    }
    Ok(found)
}

/// Days that are named.
const SHOWN: usize = 10;

fn first_of_each_day(leaves: &[Leaf]) -> Vec<&Leaf> {
    let mut first: Vec<&Leaf> = leaves.iter().collect();
    first.sort_by_key(|leaf| leaf.day);
    first.dedup_by_key(|leaf| leaf.day);
    first
}

/// The first and last day of those most lines are of, when days are cut apart where nothing stands for
/// longer than is taken to be meant; of equal ones that which is nearest to today.
fn main_run(days: &[(Day, u64)], today: Day) -> Option<(Day, Day)> {
    let mut runs: Vec<(Day, Day, u64)> = Vec::new();
    for (day, lines) in days {
        match runs.last_mut() {
            Some((_, to, count)) if day.signed_duration_since(*to).num_days() <= NEAR => {
                *to = *day;
                *count += lines;
            }
            _ => runs.push((*day, *day, *lines)),
        }
    }
    let away = |to: Day| to.signed_duration_since(today).num_days().saturating_abs();
    let most = runs
        .into_iter()
        .max_by_key(|(_, to, lines)| (*lines, Reverse(away(*to))));
    most.map(|(from, to, _)| (from, to))
}

/// The row of the first line of a page.
fn row_of(queries: &mut dyn Queries, own: &Own<'_>, leaf: &Leaf) -> Result<u64, StatementError> {
    let data = own.lines(queries, leaf)?;
    match entries(&data).next() {
        Some(entry) => Ok(entry?.place),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_with_most_lines_is_the_main_one() {
        let day = |year, month| Day::from_ymd_opt(year, month, 5).unwrap();
        let of = |days: &[(Day, u64)]| main_run(days, day(2026, 2));
        assert_eq!(of(&[]), None);
        let (jan, dec) = (day(2026, 1), day(2026, 12));
        assert_eq!(
            of(&[(jan, 3), (dec, 1)]),
            Some((jan, dec)),
            "a year is no gap"
        );
        assert_eq!(of(&[(jan, 3), (day(2062, 1), 1)]), Some((jan, jan)));
        assert_eq!(
            of(&[(day(1926, 1), 1), (jan, 3), (dec, 9)]),
            Some((jan, dec))
        );
        assert_eq!(
            of(&[(jan, 1), (day(2062, 1), 1)]),
            Some((jan, jan)),
            "the nearest to today"
        );
    }
}
