//! Which statements of a file came before: the same account and number, or period, with the same
//! entries, or with others. Decides nothing about single entries.

use super::{IMPORTED, StatementError};
use crate::domain::time::Day;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementRow};
use crate::store::types::Uid;

/// A statement of a file before it is stored, and what is known of it.
pub(super) struct Judged {
    pub(super) row: StatementRow,
    /// The stored statement with the same entries, and the state of its file.
    pub(super) same: Option<(StatementRow, String)>,
    /// The stored statement that this one contradicts.
    pub(super) other: Option<StatementRow>,
}

/// Looks for each statement among those of the source.
pub(super) fn judge(
    queries: &mut dyn Queries,
    source: &str,
    rows: Vec<StatementRow>,
) -> Result<Vec<Judged>, StatementError> {
    rows.into_iter()
        .map(|row| {
            let number = row.number.as_deref();
            let stored =
                queries.list_statements_numbered(row.tenant, source, &row.account, number)?;
            let stored = stored.into_iter().filter(|(one, _)| {
                one.file_id != row.file_id
                    && (one.from_day == row.from_day || one.to_day == row.to_day)
            });
            let (mut same, mut other) = (None, None);
            for (one, state) in stored {
                let is_same = one.digest == row.digest
                    && (one.line_count > 0 || number.is_some() || days(&one) == days(&row));
                if is_same {
                    // One that counts tells more than one that waits.
                    if same.is_none() || state == IMPORTED {
                        same = Some((one, state));
                    }
                } else if number.is_some() && state == IMPORTED && other.is_none() {
                    other = Some(one);
                }
            }
            if same.as_ref().is_some_and(|(_, state)| state == IMPORTED) {
                other = None;
            }
            Ok(Judged { row, same, other })
        })
        .collect()
}

fn days(row: &StatementRow) -> (Day, Day) {
    (row.from_day, row.to_day)
}

/// The files that a revision replaces, when nothing of them would be lost or is in use.
pub(super) fn replaced(
    queries: &mut dyn Queries,
    judged: &[Judged],
) -> Result<Vec<StatementFileRow>, StatementError> {
    let mut ids: Vec<Uid> = judged
        .iter()
        .filter_map(|one| Some(one.other.as_ref()?.file_id))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut files = Vec::new();
    for id in ids {
        let tenant = judged.first().map_or(0, |one| one.row.tenant);
        let Some(file) = queries.find_statement_file(tenant, id)? else {
            continue;
        };
        super::must_be_free(queries, &file)?;
        for old in queries.list_statements_of(tenant, &[id])? {
            let is_here = judged.iter().any(|one| {
                one.row.account == old.account
                    && one.row.number == old.number
                    && (one.row.from_day == old.from_day || one.row.to_day == old.to_day)
            });
            if !is_here {
                return Err(StatementError::PartOfAFile(format!(
                    "the file {} ({}) also holds statement {}, which this file does not have: \
                     undo that file, then import both",
                    id.0,
                    file.file_name,
                    old.number.as_deref().unwrap_or("without a number"),
                )));
            }
        }
        files.push(file);
    }
    Ok(files)
}
