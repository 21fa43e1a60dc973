//! Keeping a file: its row, its original bytes, its statements and the pages of its new lines, and the
//! files it replaces. Decides nothing.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::fit::profile_of;
use super::import_statement::{Import, Upload};
use super::sorting::Page;
use super::take_in::Sorted;
use super::verdict::Verdict;
use super::{HELD, IMPORTED, StatementError, UNDONE};
use crate::config::source::Source;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementOriginalRow, StatementPageRow, StatementRow};
use crate::store::types::{Ts, Uid};

/// Rows that are written at once.
const AT_ONCE: usize = 16;

/// Writes everything.
pub(super) fn store(
    queries: &mut dyn Queries,
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    verdict: &Verdict<'_>,
) -> Result<(), StatementError> {
    let (tenant, now) = (source.tenant.0, import.hand.now);
    let row = file_row(import, source, upload, sorted, verdict)?;
    let id = row.file_id;
    for old in &verdict.replaced {
        let mut old = old.clone();
        UNDONE.clone_into(&mut old.state);
        old.undone_by = Some(import.hand.officer.to_owned());
        old.undone_at = Some(Ts(now));
        let reason = upload.revise.as_deref().unwrap_or_default();
        old.undo_reason = Some(format!("replaced by {}: {}", id.0, reason.trim()));
        queries.mark_statement_file(&old)?;
    }
    queries.insert_statement_file(&row)?;
    for (chunk, start) in sorted
        .original
        .parts
        .chunks(AT_ONCE)
        .zip((0..).step_by(AT_ONCE))
    {
        let parts: Vec<StatementOriginalRow> = chunk
            .iter()
            .zip(start..)
            .map(|(bytes, part)| StatementOriginalRow {
                tenant,
                file_id: id,
                part,
                bytes: bytes.clone(),
            })
            .collect();
        queries.insert_statement_originals(&parts)?;
    }
    let statements: Vec<StatementRow> = verdict.judged.iter().map(|one| one.row.clone()).collect();
    queries.insert_statements(&statements)?;
    store_pages(
        queries,
        &row,
        verdict.compared.pages.iter().map(AsRef::as_ref),
    )
}

fn file_row(
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    verdict: &Verdict<'_>,
) -> Result<StatementFileRow, StatementError> {
    let (report, now) = (&verdict.report, import.hand.now);
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let id = sorted
        .statements
        .first()
        .map_or(Uid(Uuid::nil()), |row| row.file_id);
    let is_late = report
        .to
        .and_then(|day| source.due(day))
        .is_some_and(|due| due < now);
    let holds = serde_json::to_string(&report.holds)
        .map_err(|error| Failure::Broken(format!("the reasons cannot be written: {error}")))?;
    Ok(StatementFileRow {
        tenant: source.tenant.0,
        file_id: id,
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

/// Writes the pages of a file, numbered by day.
pub(super) fn store_pages<'a>(
    queries: &mut dyn Queries,
    file: &StatementFileRow,
    pages: impl Iterator<Item = &'a Page>,
) -> Result<(), StatementError> {
    let mut rows: Vec<StatementPageRow> = Vec::new();
    let mut numbers: BTreeMap<Day, i32> = BTreeMap::new();
    for page in pages {
        let number = numbers.entry(page.day).or_default();
        *number += 1;
        rows.push(StatementPageRow {
            tenant: file.tenant,
            source: file.source.clone(),
            day: page.day,
            file_id: file.file_id,
            page: *number,
            line_count: i32::try_from(page.lines).unwrap_or(i32::MAX),
            credit_minor: page.credit,
            debit_minor: page.debit,
            data: page.data.clone(),
        });
        if rows.len() >= AT_ONCE {
            queries.insert_statement_pages(&rows)?;
            rows.clear();
        }
    }
    Ok(queries.insert_statement_pages(&rows)?)
}
