//! Keeping a file: its row, its original bytes, its statements and the pages of its new lines, and the
//! files it replaces. Decides nothing.

use std::collections::BTreeMap;

use super::fit::profile_of;
use super::import_statement::{Import, Upload};
use super::sorting::Leaf;
use super::take_in::Sorted;
use super::verdict::Verdict;
use super::{HELD, IMPORTED, StatementError, UNDONE, must_be_free};
use crate::config::source::Source;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementRow};
use crate::store::types::Ts;

/// Writes the file and its statements, so that its pages count, and takes away those it replaces.
pub(super) fn keep(
    queries: &mut dyn Queries,
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    verdict: &Verdict,
) -> Result<(), StatementError> {
    let row = file_row(import, source, upload, sorted, verdict)?;
    for old in &verdict.replaced {
        must_be_free(queries, old)?;
        let mut old = old.clone();
        UNDONE.clone_into(&mut old.state);
        old.undone_by = Some(import.hand.officer.to_owned());
        old.undone_at = Some(Ts(import.hand.now));
        let reason = upload.revise.as_deref().unwrap_or_default();
        old.undo_reason = Some(format!("replaced by {}: {}", row.file_id.0, reason.trim()));
        queries.mark_statement_file(&old)?;
    }
    queries.insert_statement_file(&row)?;
    let statements: Vec<StatementRow> = verdict.judged.iter().map(|one| one.row.clone()).collect();
    Ok(queries.insert_statements(&statements)?)
}

fn file_row(
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    verdict: &Verdict,
) -> Result<StatementFileRow, StatementError> {
    let (report, now) = (&verdict.report, import.hand.now);
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let is_late = report
        .from
        .zip(report.to)
        .is_some_and(|(from, to)| source.is_late(from, to, now));
    let holds = serde_json::to_string(&report.holds)
        .map_err(|error| Failure::Broken(format!("the reasons cannot be written: {error}")))?;
    Ok(StatementFileRow {
        tenant: source.tenant.0,
        file_id: sorted.id,
        source: source.name.clone(),
        file_hash: sorted.original.hash.clone(),
        file_name: upload.name.clone(),
        format: report.format.clone(),
        profile: profile_of(&sorted.reading)
            .map(|one| one.name.clone())
            .or_else(|| source.profile.clone()),
        state: if report.holds.is_empty() {
            IMPORTED
        } else {
            HELD
        }
        .to_owned(),
        byte_count: count(sorted.original.bytes),
        line_count: count(report.entries),
        new_count: count(report.new_entries),
        known_count: count(report.skipped_as_known),
        currency: source.currency.to_string(),
        holds,
        imported_by: import.hand.officer.to_owned(),
        imported_at: Ts(now),
        overridden_by: None,
        override_reason: None,
        overridden_at: None,
        undone_by: None,
        undone_at: None,
        undo_reason: None,
        is_late,
        matched_on: None,
    })
}

/// The pages with their numbers, counted by day from 1.
pub(super) fn numbered(leaves: &[Leaf]) -> Vec<(i32, Leaf)> {
    let mut numbers: BTreeMap<Day, i32> = BTreeMap::new();
    let number = |leaf: &Leaf| {
        let number = numbers.entry(leaf.day).or_default();
        *number += 1;
        (*number, *leaf)
    };
    leaves.iter().map(number).collect()
}
