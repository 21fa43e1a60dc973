//! `doisoat statement list|show|override|undo|original`: files that were imported, and what an officer
//! does with them. Shows rows as they stand.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::output::{complain, say, say_json};
use crate::cli::{Context, End};
use crate::domain::ids::Tenant;
use crate::domain::time::{Day, VIETNAM};
use crate::journeys::statements::original::write_original;
use crate::journeys::statements::override_hold::override_hold;
use crate::journeys::statements::undo_import::undo_import;
use crate::journeys::statements::{Hand, StatementError};
use crate::reporting::statements::{FileJson, file_shown};
use crate::store::ops::StatementFilter;
use crate::store::rows::StatementFileRow;
use crate::store::types::Uid;

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// One source only
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// One state only
    #[arg(long, value_parser = ["imported", "held", "undone"])]
    state: Option<String>,
    /// Only files with a statement that covers this day
    #[arg(long, value_name = "DAY", value_parser = crate::cli::context::read_day)]
    day: Option<Day>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
pub(super) struct One {
    /// The file
    id: Uuid,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
pub(super) struct Deciding {
    #[command(flatten)]
    one: One,
    /// The officer who decides
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Original {
    #[command(flatten)]
    one: One,
    /// Where to write it; it must not be there yet
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn list(list: &List, context: &Context) -> anyhow::Result<End> {
    let filter = StatementFilter {
        source: list.source.clone(),
        state: list.state.clone(),
        day: list.day,
        after: None,
        limit: list.limit,
    };
    let db = context.ready_db()?;
    let rows = db.read(|queries| queries.list_statement_files(list.tenant, &filter))?;
    if context.is_json {
        let items: Vec<FileJson> = rows.iter().map(FileJson::of).collect();
        say_json(&json!({ "items": items }));
        return Ok(End::Done);
    }
    if rows.is_empty() {
        say(&nothing(list));
        return Ok(End::Done);
    }
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_BORDERS_ONLY_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "file", "source", "name", "state", "late", "new", "known", "imported", "by", "matched",
        "held for",
    ]);
    for row in &rows {
        table.add_row([
            row.file_id.0.to_string(),
            row.source.clone(),
            row.file_name.clone(),
            row.state.clone(),
            if row.is_late { "late" } else { "" }.to_owned(),
            row.new_count.to_string(),
            row.known_count.to_string(),
            row.imported_at
                .0
                .with_timezone(&VIETNAM)
                .format("%d/%m/%Y %H:%M")
                .to_string(),
            row.imported_by.clone(),
            row.matched_on
                .map_or_else(String::new, |day| day.to_string()),
            held_for(row),
        ]);
    }
    say(&table.to_string());
    Ok(End::Done)
}

/// What is said instead of an empty table.
fn nothing(list: &List) -> String {
    let asked = [
        list.state.clone(),
        list.source.as_ref().map(|name| format!("of source {name}")),
        list.day.map(|day| format!("that covers {day}")),
    ];
    let asked: Vec<String> = asked.into_iter().flatten().collect();
    if asked.is_empty() {
        "no statement file was imported yet: doisoat statement import FILE --source NAME --as OFFICER".to_owned()
    } else {
        format!("there is no statement file {}", asked.join(" "))
    }
}

/// The first reason why a file was held, and how many more there are.
fn held_for(row: &StatementFileRow) -> String {
    let holds: Vec<String> = serde_json::from_str(&row.holds).unwrap_or_default();
    match holds.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

pub(super) fn show(one: &One, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let found = db.read(|queries| file_shown(queries, one.tenant, Uid(one.id)))?;
    let found = found.with_context(|| format!("there is no statement file {}", one.id))?;
    let value = serde_json::to_value(&found)?;
    if context.is_json {
        say_json(&value);
        return Ok(End::Done);
    }
    tell_all(&value, "");
    Ok(End::Done)
}

/// Members of an object, one a line; lists below their name.
fn tell_all(value: &Value, before: &str) {
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) => {
                say(&format!("{before}{name}"));
                for item in items {
                    match item.as_str() {
                        Some(text) => say(&format!("{before}  - {text}")),
                        None => {
                            say(&format!("{before}  -"));
                            tell_all(item, &format!("{before}    "));
                        }
                    }
                }
            }
            Value::String(text) => say(&format!("{before}{name:16} {text}")),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                say(&format!("{before}{name:16} {value}"));
            }
        }
    }
}

pub(super) fn override_it(deciding: &Deciding, context: &Context) -> anyhow::Result<End> {
    decide(deciding, context, override_hold)
}

pub(super) fn undo(deciding: &Deciding, context: &Context) -> anyhow::Result<End> {
    decide(deciding, context, undo_import)
}

type Journey =
    fn(&crate::store::Db, &Hand<'_>, Uuid, &str) -> Result<StatementFileRow, StatementError>;

fn decide(deciding: &Deciding, context: &Context, journey: Journey) -> anyhow::Result<End> {
    let hand = Hand {
        tenant: Tenant(deciding.one.tenant),
        officer: &deciding.officer,
        now: context.clock.now(),
    };
    match journey(
        context.ready_db()?,
        &hand,
        deciding.one.id,
        &deciding.reason,
    ) {
        Ok(row) if context.is_json => {
            say_json(&serde_json::to_value(FileJson::of(&row))?);
            Ok(End::Done)
        }
        Ok(row) => {
            say(&format!("the file {} is {}", row.file_name, row.state));
            Ok(End::Done)
        }
        Err(StatementError::Failed(failure)) => Err(failure.into()),
        Err(refusal) => {
            if context.is_json {
                say_json(&json!({ "refused": refusal.code(), "detail": refusal.to_string() }));
            } else {
                complain(&format!("doisoat: {refusal}"));
            }
            Ok(End::Failed)
        }
    }
}

pub(super) fn original(original: &Original, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let path = original.output.display();
    let file =
        File::create_new(&original.output).with_context(|| format!("{path} cannot be written"))?;
    let mut out = BufWriter::new(file);
    let written = write_original(db, Tenant(original.one.tenant), original.one.id, &mut out);
    match written {
        Ok(row) => {
            out.flush()?;
            if context.is_json {
                say_json(
                    &json!({ "file": row.file_id.0, "bytes": row.byte_count, "sha256": hex::encode(&row.file_hash) }),
                );
            } else {
                say(&format!(
                    "{path}: {} bytes, SHA-256 {}",
                    row.byte_count,
                    hex::encode(&row.file_hash)
                ));
            }
            Ok(End::Done)
        }
        Err(error) => {
            drop(out);
            std::fs::remove_file(&original.output)?;
            Err(error.into())
        }
    }
}
