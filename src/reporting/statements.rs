//! Statement files as people and programs read them: the file, its statements and what it added by day.
//! Knows rows only; lines stay packed.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::statement::StatementShown;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementRow};
use crate::store::types::Uid;

/// A file.
#[derive(Debug, Clone, Serialize)]
pub struct FileJson {
    id: Uuid,
    source: String,
    name: String,
    format: String,
    profile: Option<String>,
    state: String,
    sha256: String,
    bytes: i64,
    entries: i64,
    new_entries: i64,
    skipped_as_known: i64,
    currency: String,
    holds: Value,
    imported_by: String,
    imported_at: String,
    overridden_by: Option<String>,
    overridden_at: Option<String>,
    override_reason: Option<String>,
    undone_by: Option<String>,
    undone_at: Option<String>,
    undo_reason: Option<String>,
    is_late: bool,
    matched_on: Option<Day>,
}

/// What a file added on a day.
#[derive(Debug, Clone, Serialize)]
pub struct DayJson {
    day: Day,
    entries: i64,
    sum_credit: String,
    sum_debit: String,
}

/// A file with its statements and days.
#[derive(Debug, Clone, Serialize)]
pub struct FileShown {
    #[serde(flatten)]
    file: FileJson,
    statements: Vec<StatementShown>,
    days: Vec<DayJson>,
}

impl FileJson {
    /// A file.
    #[must_use]
    pub fn of(row: &StatementFileRow) -> Self {
        let at = |at: &Option<crate::store::types::Ts>| at.map(|at| at.0.to_rfc3339());
        Self {
            id: row.file_id.0,
            source: row.source.clone(),
            name: row.file_name.clone(),
            format: row.format.clone(),
            profile: row.profile.clone(),
            state: row.state.clone(),
            sha256: hex::encode(&row.file_hash),
            bytes: row.byte_count,
            entries: row.line_count,
            new_entries: row.new_count,
            skipped_as_known: row.known_count,
            currency: row.currency.clone(),
            holds: serde_json::from_str(&row.holds).unwrap_or(Value::Null),
            imported_by: row.imported_by.clone(),
            imported_at: row.imported_at.0.to_rfc3339(),
            overridden_by: row.overridden_by.clone(),
            overridden_at: at(&row.overridden_at),
            override_reason: row.override_reason.clone(),
            undone_by: row.undone_by.clone(),
            undone_at: at(&row.undone_at),
            undo_reason: row.undo_reason.clone(),
            is_late: row.is_late,
            matched_on: row.matched_on,
        }
    }
}

fn text(minor: i64, decimals: i32) -> String {
    Decimal::new(minor, u32::try_from(decimals).unwrap_or(0)).to_string()
}

/// A file with its statements and what it added by day.
///
/// # Errors
/// Any [`Failure`].
pub fn file_shown(
    queries: &mut dyn Queries,
    tenant: i32,
    id: Uid,
) -> Result<Option<FileShown>, Failure> {
    let Some(row) = queries.find_statement_file(tenant, id)? else {
        return Ok(None);
    };
    let statements = queries.list_statements_of(tenant, &[id])?;
    let decimals = statements.first().map_or(0, |row| row.decimals);
    let days = queries.list_statement_days(tenant, id)?;
    Ok(Some(FileShown {
        file: FileJson::of(&row),
        statements: statements.iter().map(StatementRow::to_shown).collect(),
        days: days
            .into_iter()
            .map(|(day, entries, credit, debit)| DayJson {
                day,
                entries,
                sum_credit: text(credit, decimals),
                sum_debit: text(debit, decimals),
            })
            .collect(),
    }))
}
