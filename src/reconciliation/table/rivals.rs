//! Columns that are headed alike, so that both could be one field. Their cells decide where nothing is
//! to decide: all alike, or only one of them filled. Otherwise the file is refused; a profile decides.

use super::columns::Columns;
use super::row::day;
use super::{Row, Table};
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::profiles::{Profile, Role};
use crate::reconciliation::text::dates::DateOrder;

/// One column that was chosen and those headed like it.
struct Group {
    role: Role,
    /// Each with whether anything stands in it.
    columns: Vec<(usize, bool)>,
    /// The first row in which two that are filled differ.
    differs: Option<Row>,
    /// For each column the first row in which it is empty and another is not.
    gaps: Vec<Option<Row>>,
}

impl Group {
    fn note(&mut self, row: &Row) {
        let text = |at: usize| row.cell(at).shown().trim().to_owned();
        let texts: Vec<String> = self.columns.iter().map(|(at, _)| text(*at)).collect();
        let mut filled = texts.iter().filter(|text| !text.is_empty());
        let Some(first) = filled.next() else {
            return;
        };
        if self.differs.is_none() && filled.any(|text| text != first) {
            self.differs = Some(row.clone());
        }
        for ((text, column), gap) in texts.iter().zip(&mut self.columns).zip(&mut self.gaps) {
            column.1 |= !text.is_empty();
            if text.is_empty() && gap.is_none() {
                *gap = Some(row.clone());
            }
        }
    }

    /// The column to read, and a row in which it is not to be told.
    fn judge(&self) -> Result<usize, &Row> {
        let filled = || self.columns.iter().filter(|(_, is_filled)| *is_filled);
        let chosen = filled().next().or(self.columns.first());
        let chosen = chosen.map_or(0, |(at, _)| *at);
        if filled().count() < 2 {
            return Ok(chosen);
        }
        let gaps = self.columns.iter().zip(&self.gaps);
        let gap = gaps
            .filter(|((_, is_filled), _)| *is_filled)
            .find_map(|(_, gap)| gap.as_ref());
        self.differs.as_ref().or(gap).map_or(Ok(chosen), Err)
    }

    fn problem(&self, header: &Row, row: &Row) -> Problem {
        let filled = || self.columns.iter().filter(|(_, is_filled)| *is_filled);
        let named = |of: &Row| {
            let texts = filled().take(4).map(|(at, _)| shown(&of.cell(*at).shown()));
            let texts: Vec<String> = texts.map(|text| format!("\"{text}\"")).collect();
            texts.join(" and ")
        };
        let numbers: Vec<String> = filled()
            .take(4)
            .map(|(at, _)| (at + 1).to_string())
            .collect();
        let key = self.role;
        let text = format!(
            "the columns {} are headed {} and each could be the {key}, but row {} has {} in them: a profile decides, \
             with columns.{key} = {}",
            numbers.join(" and "),
            named(header),
            row.place,
            named(row),
            numbers.join(" or ")
        );
        Problem::at(header.place, text)
    }
}

/// The columns of a table after a look at the cells of those that are headed alike.
///
/// # Errors
/// When two could be one field and differ, or the file is damaged.
pub fn settled(
    table: &dyn Table,
    header: &Row,
    mut columns: Columns,
    profile: &Profile,
) -> Result<Columns, Problem> {
    let alike = columns.alike();
    if alike.is_empty() {
        return Ok(columns);
    }
    let mut groups: Vec<Group> = alike
        .into_iter()
        .map(|(role, list)| Group {
            role,
            gaps: vec![None; list.len()],
            columns: list.into_iter().map(|at| (at, false)).collect(),
            differs: None,
        })
        .collect();
    let mut dates: Vec<usize> = columns.get(Role::Date).into_iter().collect();
    for group in groups.iter().filter(|group| group.role == Role::Date) {
        dates.extend(group.columns.iter().map(|(at, _)| *at));
    }
    let mut rows = table.rows()?;
    let mut is_below = false;
    while let Some(row) = rows.next_row()? {
        if row.cells == header.cells {
            is_below = true;
            continue;
        }
        let is_line = dates.iter().any(|at| is_day(&row, *at))
            || profile.fill_down && dates.iter().all(|at| row.cell(*at).is_blank());
        if is_below && is_line {
            groups.iter_mut().for_each(|group| group.note(&row));
        }
    }
    for group in &groups {
        let chosen = group.judge().map_err(|row| group.problem(header, row))?;
        columns.choose(group.role, chosen);
    }
    Ok(columns)
}

fn is_day(row: &Row, at: usize) -> bool {
    let orders = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];
    orders
        .iter()
        .any(|order| day(row.cell(at), *order).is_some())
}
