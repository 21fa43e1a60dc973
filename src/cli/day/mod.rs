//! `doisoat day show|outcomes|propose|close|reopen`: what a day holds, its steps, and what was signed. What may
//! be done is decided by the journeys; here it is only asked.

mod outcomes;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::cli::output::{say, say_bytes, say_json};
use crate::cli::{Context, End};
use crate::domain::ids::{Tenant, uuid_at};
use crate::journeys::days::clocks::must_agree;
use crate::journeys::days::close_day::close_day;
use crate::journeys::days::propose_day::propose_day;
use crate::journeys::days::reopen_day::reopen_day;
use crate::journeys::days::replay_day::replay_day;
use crate::journeys::days::{DayDesk, DayError};
use crate::ledger::signing::public_pem;
use crate::reconciliation::close::found::BOOKED_NET;
use crate::store::rows::{ArtefactRow, DayRow};
use crate::web::api::days::{day_json, row_json};

/// Arguments of `day`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The installation
    #[arg(long, default_value_t = 1, global = true)]
    tenant: i32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show a day, or what was signed of it
    Show(Show),
    /// Show what the comparison that is kept found of each item
    Outcomes(outcomes::Outcomes),
    /// Propose to close a day that is over
    Propose(Step),
    /// Close a day that another officer proposed, and sign it
    Close(Step),
    /// Reopen a closed day
    Reopen(Reopen),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The day, such as 2026-01-05
    #[arg(value_parser = crate::cli::context::read_day)]
    day: NaiveDate,
    /// Print the sheet of the last closing, for a browser to print
    #[arg(long, conflicts_with = "replay")]
    html: bool,
    /// Build what was signed again from what is stored, and compare byte for byte
    #[arg(long)]
    replay: bool,
    /// Which closing; the last unless given
    #[arg(long)]
    revision: Option<i32>,
    /// Write what was signed, its signature, the public key and the sheet into a folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, clap::Args)]
struct Step {
    /// The day, such as 2026-01-05
    #[arg(value_parser = crate::cli::context::read_day)]
    day: NaiveDate,
    /// The officer who acts
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
}

#[derive(Debug, clap::Args)]
struct Reopen {
    #[command(flatten)]
    step: Step,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Runs the command.
///
/// # Errors
/// When the database cannot be used, or the step is refused.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let tenant = Tenant(arguments.tenant);
    let settings = context.settings()?;
    let db = context.ready_db()?;
    match &arguments.action {
        Action::Show(show) if show.replay => replay(show, tenant, context),
        Action::Show(show) if show.html || show.output.is_some() => signed(show, tenant, context),
        Action::Show(show) => {
            let asked = (show.day, context.clock.now());
            let told = db.read(|queries| day_json(queries, tenant, settings, asked))?;
            if context.is_json {
                say_json(&told);
            } else {
                in_words(&told);
            }
            Ok(End::Done)
        }
        Action::Outcomes(asked) => outcomes::run(asked, tenant, context),
        Action::Propose(step) => take(context, tenant, step, |desk| {
            must_agree(db, &context.clock)?;
            propose_day(db, desk, settings, step.day)
        }),
        Action::Close(step) => take(context, tenant, step, |desk| {
            must_agree(db, &context.clock)?;
            close_day(db, desk, settings, step.day)
        }),
        Action::Reopen(reopen) => take(context, tenant, &reopen.step, |desk| {
            reopen_day(db, desk, reopen.step.day, &reopen.reason)
        }),
    }
}

fn take(
    context: &Context,
    tenant: Tenant,
    step: &Step,
    story: impl FnOnce(&DayDesk<'_>) -> Result<DayRow, DayError>,
) -> anyhow::Result<End> {
    let now = context.clock.now();
    let holder = uuid_at(now).to_string();
    let desk = DayDesk {
        tenant,
        holder: &holder,
        now,
        officer: &step.officer,
    };
    match story(&desk) {
        Ok(row) if context.is_json => say_json(&row_json(&row)),
        Ok(row) => say(&format!(
            "{} is {}: {}",
            row.day,
            row.state,
            row.verdict.as_deref().unwrap_or("–")
        )),
        Err(DayError::Refused(refusal)) if context.is_json => {
            say_json(&json!({ "refused": refusal.code(), "detail": refusal.to_string() }));
            return Ok(End::Failed);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(End::Done)
}

/// The day and what was signed at a closing of it.
fn closing(
    show: &Show,
    tenant: Tenant,
    context: &Context,
) -> anyhow::Result<(DayRow, ArtefactRow)> {
    let found = context.ready_db()?.read(|queries| {
        let Some(row) = queries.find_day(tenant.0, show.day)? else {
            return Ok(None);
        };
        let revision = show.revision.unwrap_or(row.revision);
        let artefact = queries.find_artefact(tenant.0, show.day, revision)?;
        Ok::<_, crate::store::failure::Failure>(artefact.map(|artefact| (row, artefact)))
    })?;
    found.with_context(|| format!("{} has no such closing", show.day))
}

fn replay(show: &Show, tenant: Tenant, context: &Context) -> anyhow::Result<End> {
    let (row, artefact) = closing(show, tenant, context)?;
    let db = context.ready_db()?;
    let keys = context.known_keys()?;
    let wrong = db.read(|queries| replay_day(queries, &row, &artefact, &keys))?;
    let is_same = wrong.is_empty();
    if context.is_json {
        say_json(&json!({
            "day": show.day.to_string(), "revision": artefact.revision, "same": is_same,
            "sha256": hex::encode(&artefact.sha256), "wrong": wrong,
        }));
    } else if is_same {
        say(&format!(
            "{} closing {}: the same {} bytes, and the signature holds (sha256 {})",
            show.day,
            artefact.revision,
            artefact.bytes.len(),
            hex::encode(&artefact.sha256)
        ));
    } else {
        for problem in &wrong {
            say(&format!("WRONG    {problem}"));
        }
    }
    Ok(if is_same { End::Done } else { End::Failed })
}

fn signed(show: &Show, tenant: Tenant, context: &Context) -> anyhow::Result<End> {
    let (_, artefact) = closing(show, tenant, context)?;
    if show.html {
        say_bytes(&artefact.printable);
    }
    if let Some(folder) = &show.output {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let pem = public_pem(&artefact.public_key);
        let parts: [(&str, &[u8]); 4] = [
            ("json", &artefact.bytes),
            ("sig", &artefact.signature),
            ("html", &artefact.printable),
            ("pub.pem", pem.as_bytes()),
        ];
        let (day, revision) = (show.day, artefact.revision);
        let file = |ending: &str| folder.join(format!("{day}-r{revision}.{ending}"));
        let mut there = parts.iter().map(|(ending, _)| file(ending));
        let there = there.find(|file| !show.force && file.exists());
        if let Some(there) = there {
            anyhow::bail!(
                "{} exists already, and nothing was written: say --force to write over it",
                there.display()
            );
        }
        for (ending, bytes) in parts {
            write(&file(ending), bytes)?;
        }
        if !show.html {
            say(&format!("written to {}", folder.display()));
        }
    }
    Ok(End::Done)
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))
}

fn text(value: &Value, path: &str) -> String {
    match value.pointer(path) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn in_words(told: &Value) {
    let at = |path: &str| text(told, path);
    say(&format!(
        "{}  {}  {}  (closed {} times)",
        at("/day"),
        at("/state"),
        at("/verdict"),
        at("/revision")
    ));
    for (title, path, columns) in TABLES {
        let rows = told.pointer(path).and_then(Value::as_array);
        let rows = rows.map_or(&[][..], Vec::as_slice);
        if rows.is_empty() {
            continue;
        }
        say("");
        say(title);
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(columns.iter().map(|name| name.replace('_', " ")));
        for row in rows {
            let cell = |name: &&str| text(row, &format!("/{name}"));
            table.add_row(columns.iter().map(cell).collect::<Vec<_>>());
        }
        say(&table.to_string());
    }
    if let Some(missing) = told
        .pointer("/found/missing_files")
        .and_then(Value::as_array)
        && !missing.is_empty()
    {
        let names: Vec<&str> = missing.iter().filter_map(Value::as_str).collect();
        say(&format!("\nno file was counted for: {}", names.join(", ")));
    }
    let unproven = told
        .pointer("/unproven_remittances")
        .and_then(Value::as_array);
    for one in unproven.into_iter().flatten() {
        let of = |path: &str| text(one, path);
        say(&format!(
            "\nno bank statement shows {} of our remittances yet, {} {} in all; the oldest should have left on {}, \
             {} days ago: remittance list --unproven",
            of("/count"),
            of("/amount"),
            of("/currency"),
            of("/oldest_day"),
            of("/oldest_age_days")
        ));
    }
}

/// What is shown: a title, where the rows stand, and their columns.
const TABLES: &[(&str, &str, &[&str])] = &[
    (
        "bridge",
        "/found/bridge",
        &[
            "channel",
            "paid",
            "booked_on_another_day",
            "paid_on_another_day",
            BOOKED_NET,
            "ledger",
            "residual",
        ],
    ),
    (
        "from the provider's total to ours",
        "/found/settlement",
        &[
            "channel",
            "provider_total",
            "ledger_total",
            "residual",
            "currency",
        ],
    ),
    ("files", "/found/files", &["source", "name", "sha256"]),
    (
        "payments",
        "/found/payments",
        &["channel", "status", "count", "amount", "currency"],
    ),
    (
        "open differences",
        "/found/differences/items",
        &["id", "kind", "unit", "channel", "amount", "age_days"],
    ),
    (
        "money in transit",
        "/found/ledger/in_transit",
        &["account", "balance", "within_24h", "over_24h", "oldest"],
    ),
    (
        "at the bank",
        "/banks",
        &[
            "account",
            "statement_day",
            "statement",
            "books",
            "gap",
            "before_first_statement",
            "not_posted",
        ],
    ),
    (
        "trial balance",
        "/found/ledger/trial_balance",
        &["account", "debit", "credit", "currency"],
    ),
    ("steps", "/steps", &["action", "officer", "at", "reason"]),
];
