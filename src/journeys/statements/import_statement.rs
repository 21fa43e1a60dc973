//! Importing a statement file: read once outside any transaction, judged in one that only reads, written
//! in short ones that show nothing, and published in one that makes sure that the verdict still stands.
//! The same story runs for a preview, which only reads. All of the file or nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::keep::keep as keep_file;
use super::report::{Doing, Earlier, Progress, Report, when};
use super::stage::{Stage, remove_abandoned};
use super::take_in::{Sorted, keep, sort};
use super::verdict::{Ground, Verdict, verdict};
use super::{HELD, Hand, StatementError, must_be_officer};
use crate::config::source::Source;
use crate::domain::ids::uuid_at;
use crate::domain::time::vietnam_day;
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
    /// Told how far it is.
    pub progress: &'a dyn Fn(Progress),
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
            name: plain(name),
            is_preview: false,
            revise: None,
            input,
        }
    }
}

/// Letters that a file's name may have.
const NAME_MAX: usize = 200;

/// A file's name as it may stand on a screen or in a log: no control characters, and none that turn
/// the direction of the text around it.
fn plain(name: &str) -> String {
    let turns = |one: char| matches!(one, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let letters = name.chars().take(NAME_MAX);
    letters
        .map(|one| {
            if one.is_control() || turns(one) {
                '\u{fffd}'
            } else {
                one
            }
        })
        .collect()
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
    import
        .db
        .read(|queries| must_be_officer(queries, &import.hand))?;
    let kept = keep(import, upload)?;
    let hash = kept.original.hash.clone();
    let known = import
        .db
        .read(|queries| same_bytes(queries, source, &hash, upload.is_preview))?;
    if let Some(report) = known {
        return Ok(report);
    }
    let id = Uid(uuid_at(import.hand.now));
    let sorted = sort(import, source, upload, kept, id)?;
    if upload.is_preview {
        return Ok(judged(import, source, upload, &sorted)?.report);
    }
    remove_abandoned(import.db, tenant.0, import.hand.now)?;
    let mut stage = Stage::new(import.db, source, &sorted, import.hand.now, import.progress);
    let done = publish(import, source, upload, &sorted, &mut stage);
    if !matches!(&done, Ok(report) if report.file.is_some()) {
        stage.clear();
    }
    done
}

/// The verdict, from one look at the database.
fn judged(
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
) -> Result<Verdict, StatementError> {
    (import.progress)(Progress {
        doing: Doing::Comparing,
        done: 0,
        of: 0,
    });
    let today = vietnam_day(import.hand.now);
    import
        .db
        .read(|queries| verdict(queries, source, upload, sorted, today))
}

/// Writes the file and publishes it; judges it again when what its verdict rests on has changed.
fn publish(
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    stage: &mut Stage<'_>,
) -> Result<Report, StatementError> {
    for _ in 0..ATTEMPTS {
        let mut verdict = judged(import, source, upload, sorted)?;
        if !matches!(verdict.report.outcome, "ok" | "held") {
            // The same bytes may have come first: that says more than that their lines are known.
            let known = import
                .db
                .read(|queries| same_bytes(queries, source, &sorted.original.hash, false))?;
            return Ok(known.unwrap_or(verdict.report));
        }
        stage.fill(&verdict.compared.leaves)?;
        let published = import.db.write(|queries| {
            must_be_officer(queries, &import.hand)?;
            if let Some(report) = same_bytes(queries, source, &sorted.original.hash, false)? {
                return Ok(Published::Known(Box::new(report)));
            }
            let days = verdict.compared.days().into_iter();
            let days = days.map(|day| source.day_of(day));
            let (ground, _) = Ground::of(queries, source, &sorted.original.hash, days)?;
            if ground != verdict.ground {
                return Ok(Published::Not);
            }
            stage.end(queries, &verdict.compared.leaves)?;
            keep_file(queries, import, source, upload, sorted, &verdict)?;
            queries.mark_turn(source.tenant.0, &source.name)?;
            queries.mark_turn(source.tenant.0, "")?;
            Ok::<Published, StatementError>(Published::Done)
        })?;
        match published {
            Published::Known(report) => return Ok(*report),
            Published::Not => {}
            Published::Done => {
                verdict.report.file = Some(sorted.id.0);
                return Ok(verdict.report);
            }
        }
    }
    Err(StatementError::Busy)
}

/// How often a file is judged anew before the officer is asked to try again.
const ATTEMPTS: usize = 5;

/// What came of publishing.
enum Published {
    /// It is there.
    Done,
    /// The same bytes came first.
    Known(Box<Report>),
    /// Something changed.
    Not,
}

/// The answer for bytes that came before.
fn same_bytes(
    queries: &mut dyn Queries,
    source: &Source,
    hash: &[u8],
    is_preview: bool,
) -> Result<Option<Report>, StatementError> {
    let found = queries.list_statement_files_of_bytes(source.tenant.0, hash)?;
    let found = found.into_iter().find(|row| row.source == source.name);
    Ok(found.map(|row| Report {
        outcome: "duplicate_file",
        is_preview,
        says: if row.state == HELD {
            format!(
                "this very file came {} and waits for a second officer, as file {}; nothing was added",
                when(&row),
                row.file_id.0
            )
        } else {
            format!(
                "this very file was already imported {}; nothing was added",
                when(&row)
            )
        },
        source: source.name.clone(),
        format: row.format.clone(),
        currency: row.currency.clone(),
        entries: u64::try_from(row.line_count).unwrap_or(0),
        skipped_as_known: u64::try_from(row.line_count).unwrap_or(0),
        earlier: Some(Earlier::of(&row)),
        ..Report::default()
    }))
}
