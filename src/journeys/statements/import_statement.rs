//! Importing a statement file: read once outside any transaction, then judged and stored in one. The
//! same story runs for a preview, which only reads. All of the file or nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::keep::store;
use super::report::{Earlier, Report, when};
use super::sorting::original;
use super::take_in::sort;
use super::verdict::verdict;
use super::{Hand, StatementError, must_be_officer};
use crate::config::source::Source;
use crate::domain::ids::uuid_at;
use crate::reconciliation::input::Input;
use crate::store::Db;
use crate::store::ops::Queries;
use crate::store::types::Uid;

/// Where files are imported into.
pub struct Import<'a> {
    /// The database.
    pub db: &'a Db,
    /// The sources of the settings.
    pub sources: &'a BTreeMap<String, Source>,
    /// Who imports.
    pub hand: Hand<'a>,
    /// Told how many lines were read.
    pub progress: &'a dyn Fn(u64),
}

/// A file to import.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The source it is of.
    pub source: String,
    /// Its name, for people.
    pub name: String,
    /// Whether to store nothing.
    pub is_preview: bool,
    /// Why it may replace a statement that was imported with other contents.
    pub revise: Option<String>,
    pub(super) input: Input,
}

impl Upload {
    /// Bytes that are in memory.
    #[must_use]
    pub fn of_bytes(source: &str, name: &str, bytes: Vec<u8>) -> Self {
        Self::of(source, name, Input::Memory(Arc::from(bytes)))
    }

    /// A file on disk.
    #[must_use]
    pub fn of_file(source: &str, path: PathBuf) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default().into_owned();
        Self::of(source, &name, Input::File(path))
    }

    fn of(source: &str, name: &str, input: Input) -> Self {
        Self {
            source: source.to_owned(),
            name: name.to_owned(),
            is_preview: false,
            revise: None,
            input,
        }
    }
}

/// Imports a file, or says what an import would do.
///
/// # Errors
/// [`StatementError`]; nothing was stored then.
pub fn import_statement(import: &Import<'_>, upload: &Upload) -> Result<Report, StatementError> {
    let tenant = import.hand.tenant;
    let source = import
        .sources
        .get(&upload.source)
        .filter(|source| source.tenant == tenant)
        .ok_or_else(|| StatementError::UnknownSource(upload.source.clone()))?;
    let kept = original(&upload.input).map_err(StatementError::Unreadable)?;
    let known = import.db.read(|queries| {
        must_be_officer(queries, &import.hand)?;
        same_bytes(queries, source, &kept.hash, upload.is_preview)
    })?;
    if let Some(report) = known {
        return Ok(report);
    }
    let id = Uid(uuid_at(import.hand.now));
    let sorted = sort(import, source, upload, kept, id)?;
    if upload.is_preview {
        return import
            .db
            .read(|queries| Ok(verdict(queries, source, upload, &sorted)?.report));
    }
    import.db.write(|queries| {
        if let Some(report) = same_bytes(queries, source, &sorted.original.hash, false)? {
            return Ok(report);
        }
        let mut verdict = verdict(queries, source, upload, &sorted)?;
        if matches!(verdict.report.outcome, "ok" | "held") {
            store(queries, import, source, upload, &sorted, &verdict)?;
            verdict.report.file = Some(id.0);
        }
        Ok(verdict.report)
    })
}

/// The answer for bytes that came before.
fn same_bytes(
    queries: &mut dyn Queries,
    source: &Source,
    hash: &[u8],
    is_preview: bool,
) -> Result<Option<Report>, StatementError> {
    let found = queries.find_statement_file_by_hash(source.tenant.0, &source.name, hash)?;
    Ok(found.map(|row| Report {
        outcome: "duplicate_file",
        is_preview,
        says: format!(
            "this very file was already imported {}; nothing was added",
            when(&row)
        ),
        source: source.name.clone(),
        format: row.format.clone(),
        currency: row.currency.clone(),
        entries: u64::try_from(row.line_count).unwrap_or(0),
        skipped_as_known: u64::try_from(row.line_count).unwrap_or(0),
        earlier: Some(Earlier::of(&row)),
        ..Report::default()
    }))
}
