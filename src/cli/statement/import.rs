//! `doisoat statement import`: shows what a file would add, asks once where a person sits, imports it.
//! What may be imported is the journey's knowledge.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::read::grouped;
use crate::cli::output::{complain, say, say_json};
use crate::cli::{Context, End, Usage};
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::journeys::statements::import_statement::{Import, Upload, import_statement};
use crate::journeys::statements::report::{Doing, LineShown, Progress, Report};
use crate::journeys::statements::{Hand, StatementError};

#[derive(Debug, clap::Args)]
pub(super) struct ImportArguments {
    /// The file
    file: PathBuf,
    /// The source it is of, as in the settings
    #[arg(long, value_name = "NAME")]
    source: String,
    /// The officer who imports
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// Only show what would be imported
    #[arg(long)]
    preview: bool,
    /// Why it may replace a statement that was imported with other contents
    #[arg(long, value_name = "REASON")]
    revise: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub(super) fn run(arguments: &ImportArguments, context: &Context) -> anyhow::Result<End> {
    let sources = &context.settings()?.sources;
    let Some(source) = sources.get(&arguments.source) else {
        let names: Vec<&str> = sources.keys().map(String::as_str).collect();
        let known = if names.is_empty() {
            "none is configured".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return Err(Usage(format!("there is no source {}; {known}", arguments.source)).into());
    };
    let mut upload = Upload::of_file(&arguments.source, arguments.file.clone());
    upload.revise.clone_from(&arguments.revise);
    let asks = !arguments.yes && !context.is_json && std::io::stdin().is_terminal();
    upload.is_preview = arguments.preview || asks;
    let first = once(context, source.tenant, &arguments.officer, &upload);
    if arguments.preview || !asks {
        return tell(context, arguments, first);
    }
    let is_new = first
        .as_ref()
        .is_ok_and(|report| matches!(report.outcome, "ok" | "held"));
    let end = tell(context, arguments, first)?;
    if !is_new {
        return Ok(end);
    }
    if !confirmed()? {
        say("nothing was stored");
        return Ok(End::Failed);
    }
    upload.is_preview = false;
    match once(context, source.tenant, &arguments.officer, &upload) {
        Ok(report) => {
            say(&report.says);
            say(&format!("file         {}", file(&report)));
            Ok(end_of(&report))
        }
        refused @ Err(_) => tell(context, arguments, refused),
    }
}

fn once(
    context: &Context,
    tenant: Tenant,
    officer: &str,
    upload: &Upload,
) -> Result<Report, anyhow::Error> {
    let bar = progress_bar(context.is_json);
    let import = Import {
        db: context.ready_db()?,
        sources: &context.settings()?.sources,
        hand: Hand {
            tenant,
            officer,
            now: context.clock.now(),
        },
        progress: &|progress| show_progress(&bar, progress),
    };
    let done = import_statement(&import, upload);
    bar.finish_and_clear();
    Ok(done?)
}

/// A bar for a person at a terminal; nothing for programs.
fn progress_bar(is_json: bool) -> ProgressBar {
    if is_json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template(
            "{msg:10} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Each thing an import does has a bar of its own; a file that is read again begins anew.
fn show_progress(bar: &ProgressBar, progress: Progress) {
    let doing = match progress.doing {
        Doing::Keeping => "keeping",
        Doing::Reading => "reading",
        Doing::Comparing => "comparing",
        Doing::Storing => "storing",
    };
    if bar.message() != doing || progress.done < bar.position() {
        bar.set_message(doing);
        bar.reset();
    }
    bar.set_length(progress.of);
    bar.set_position(progress.done);
}

fn confirmed() -> anyhow::Result<bool> {
    let mut out = std::io::stdout();
    write!(out, "import it? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "c" | "có"))
}

fn tell(
    context: &Context,
    arguments: &ImportArguments,
    done: Result<Report, anyhow::Error>,
) -> anyhow::Result<End> {
    match done {
        Ok(report) if context.is_json => {
            say_json(&serde_json::to_value(&report)?);
            Ok(end_of(&report))
        }
        Ok(report) => {
            show(&report);
            Ok(end_of(&report))
        }
        Err(error) => refused(context, &arguments.file.display().to_string(), error),
    }
}

/// A refusal is an answer; a failure is not.
fn refused(context: &Context, file: &str, error: anyhow::Error) -> anyhow::Result<End> {
    match error.downcast_ref::<StatementError>() {
        Some(StatementError::Failed(_)) | None => Err(error),
        Some(refusal) => {
            if context.is_json {
                say_json(&json!({
                    "outcome": "error", "new_entries": 0, "code": refusal.code(),
                    "error": { "line": refusal.line(), "message": refusal.message() },
                }));
            } else {
                complain(&format!("doisoat: {file}: {refusal}"));
                complain("nothing was stored");
            }
            Ok(End::Failed)
        }
    }
}

fn end_of(report: &Report) -> End {
    if report.outcome == "conflict" {
        End::Failed
    } else {
        End::Done
    }
}

fn file(report: &Report) -> String {
    let id = report.file.map(|id| id.to_string());
    id.unwrap_or_default()
}

fn show(report: &Report) {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "not stated".to_owned());
    let day = |day: Option<Day>| {
        day.map_or_else(|| "?".to_owned(), |day| day.format("%d/%m/%Y").to_string())
    };
    let money = |text: &Option<String>| {
        text.as_deref()
            .map_or_else(|| "not stated".to_owned(), grouped)
    };
    say(&format!("source       {}", report.source));
    say(&format!("format       {}", report.format));
    if report.outcome != "duplicate_file" {
        for (name, value) in &report.detected {
            say(&format!("{name:12} {value}"));
        }
        say(&format!("account      {}", or(&report.account)));
        say(&format!(
            "period       {} – {}",
            day(report.from),
            day(report.to)
        ));
        say(&format!("currency     {}", report.currency));
        say(&format!("opening      {}", money(&report.opening)));
        say(&format!("in           {}", grouped(&report.sum_credit)));
        say(&format!("out          {}", grouped(&report.sum_debit)));
        say(&format!("fees         {}", grouped(&report.sum_fee)));
        say(&format!("closing      {}", money(&report.closing)));
    }
    say(&format!(
        "entries      {}: {} new, {} known",
        report.entries, report.new_entries, report.skipped_as_known
    ));
    if report.not_counted > 0 {
        say(&format!(
            "not counted  {} rows: failed, cancelled or pending",
            report.not_counted
        ));
    }
    lines("", &report.first);
    if let Some(differing) = &report.differing {
        lines("imported before, and not in this file:", &differing.known);
        lines("in this file, and not imported before:", &differing.file);
    }
    say("");
    for text in &report.warnings {
        say(&format!("note: {text}"));
    }
    for text in &report.holds {
        say(&format!("held: {text}"));
    }
    say(&report.says);
    if let Some(id) = report.file {
        say(&format!("file         {id}"));
    }
}

fn lines(title: &str, lines: &[LineShown]) {
    if lines.is_empty() {
        return;
    }
    say(title);
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_BORDERS_ONLY_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "place",
        "date",
        "amount",
        "fee",
        "reference",
        "order",
        "memo",
    ]);
    for line in lines {
        let short = |text: &Option<String>| {
            let text = text
                .as_deref()
                .unwrap_or_default()
                .replace(['\n', '\r'], " ");
            text.chars().take(48).collect::<String>()
        };
        table.add_row([
            line.place.to_string(),
            line.date.format("%d/%m/%Y").to_string(),
            grouped(&line.amount),
            line.fee.as_deref().map_or_else(String::new, grouped),
            short(&line.reference),
            short(&line.order),
            short(&line.memo),
        ]);
    }
    for column in [0, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    say(&table.to_string());
}
