//! `doisoat status-queries list|run`: shows the orders that providers are asked about, and asks about
//! everything that is due now, once.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::status_query::QueryState;
use crate::domain::time::{Instant, VIETNAM};
use crate::intake::providers;
use crate::journeys::ask_statuses::{Asker, Outcome, Step};
use crate::journeys::take_notices::{Call, Limits, start_writer};
use crate::store::ops::QueryFilter;
use crate::store::rows::StatusQueryRow;

/// Arguments of `status-queries`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the orders that are asked about, the one due first on top
    List(List),
    /// Ask about everything that is due now, once
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct List {
    /// One channel only
    #[arg(long)]
    channel: Option<String>,
    /// One state only: waiting, answered or given_up
    #[arg(long)]
    state: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// One channel only
    #[arg(long)]
    channel: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    match &arguments.action {
        Action::List(list) => show(list, context),
        Action::Run(run) => ask(run, context),
    }
}

fn show(list: &List, context: &Context) -> anyhow::Result<End> {
    if list
        .state
        .as_deref()
        .is_some_and(|word| QueryState::parse(word).is_none())
    {
        let words: Vec<&str> = QueryState::ALL.iter().map(|state| state.as_str()).collect();
        return Err(Usage(format!("--state must be one of {}", words.join(", "))).into());
    }
    let db = context.ready_db()?;
    let channels = context.settings()?.channels.values();
    let mut tenants: Vec<i32> = channels.map(|channel| channel.tenant.0).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let filter = QueryFilter {
        channel: list.channel.clone(),
        state: list.state.clone(),
        limit: list.limit.max(0),
    };
    let mut rows: Vec<StatusQueryRow> = Vec::new();
    for tenant in tenants {
        rows.extend(db.read(|queries| queries.list_status_queries(tenant, &filter))?);
    }
    rows.sort_by_key(|row| row.next_at);
    rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    if context.is_json {
        let items: Vec<Value> = rows.iter().map(row_json).collect();
        say_json(&json!({ "items": items }));
    } else if rows.is_empty() {
        say("no provider is asked about anything");
    } else {
        say(&table(&rows).to_string());
    }
    Ok(End::Done)
}

fn row_json(row: &StatusQueryRow) -> Value {
    json!({
        "channel": row.channel,
        "order_ref": row.order_ref,
        "state": row.state,
        "tries": row.tries,
        "next_at": (row.state == "waiting").then(|| row.next_at.0.to_rfc3339()),
        "last_chance_at": row.last_chance_at.0.to_rfc3339(),
        "last_asked_at": row.last_asked_at.map(|at| at.0.to_rfc3339()),
        "last_outcome": row.last_outcome,
    })
}

fn table(rows: &[StatusQueryRow]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["channel", "order", "state", "asked", "last outcome", "next"]);
    for row in rows {
        let next = if row.state == "waiting" {
            local(row.next_at.0)
        } else {
            String::new()
        };
        table.add_row([
            row.channel.clone(),
            row.order_ref.clone(),
            row.state.clone(),
            row.tries.to_string(),
            row.last_outcome.clone().unwrap_or_default(),
            next,
        ]);
    }
    table
}

fn local(at: Instant) -> String {
    let local = at.with_timezone(&VIETNAM);
    local.format("%d/%m/%Y %H:%M").to_string()
}

fn ask(run: &Run, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let settings = context.settings()?;
    let asker = Asker::new(db, settings, Arc::default());
    let asked: Vec<String> = asker.channels().map(str::to_owned).collect();
    let channels: Vec<String> = match &run.channel {
        None => asked,
        Some(only) if asked.contains(only) => vec![only.clone()],
        Some(only) => {
            let text = format!("the channel {only} cannot be asked: doisoat check says why");
            return Err(Usage(text).into());
        }
    };
    let limits = Limits {
        queue: settings.writer.queue,
        batch: settings.writer.batch,
        writers: 1,
        quarantine_rows: i64::from(settings.quarantine.max_rows),
        quarantine_bytes: settings.quarantine.max_bytes,
        share_percent: settings.server.limits.queue_share_percent,
    };
    let names = providers::names(settings.channels.values());
    let (intake, writer) = start_writer(db, &context.clock, names, limits)?;
    let submit = |call: Call| intake.submit(call);
    // Waits for a channel's turn, and for no longer pause.
    let turn = Duration::from_secs(60) / settings.status_queries.per_minute.max(1);
    let bar = progress_bar();
    let mut told = Told::default();
    let result = asker.enrol(context.clock.now()).map(|_| ()).and_then(|()| {
        for channel in &channels {
            loop {
                match asker.step(channel, &context.clock, &submit)? {
                    Step::Asked(outcome) => {
                        bar.inc(1);
                        bar.set_message(format!("{channel} {}", outcome.order_ref));
                        told.outcomes.push(outcome);
                    }
                    Step::Paused(until) => {
                        match until.signed_duration_since(context.clock.now()).to_std() {
                            Err(_) => {}
                            Ok(pause) if pause <= turn => std::thread::sleep(pause),
                            Ok(_) => {
                                told.paused.push((channel.clone(), until));
                                break;
                            }
                        }
                    }
                    Step::Idle => break,
                }
            }
        }
        Ok(())
    });
    bar.finish_and_clear();
    drop(intake);
    let ended_well = writer.join().is_ok();
    result?;
    anyhow::ensure!(ended_well, "the writer ended with a bug");
    told.say(context.is_json);
    Ok(End::Done)
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {pos} asked {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

/// What a run came to.
#[derive(Default)]
struct Told {
    outcomes: Vec<Outcome>,
    paused: Vec<(String, Instant)>,
}

impl Told {
    fn say(&self, is_json: bool) {
        if is_json {
            let asked: Vec<Value> = self.outcomes.iter().map(outcome_json).collect();
            let paused = self
                .paused
                .iter()
                .map(|(channel, until)| json!({ "channel": channel, "until": until.to_rfc3339() }));
            let paused: Vec<Value> = paused.collect();
            return say_json(&json!({ "asked": asked, "paused": paused }));
        }
        if self.outcomes.is_empty() {
            say("nothing is due");
        } else {
            let mut table = Table::new();
            table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
            table.set_header(["channel", "order", "outcome", "state"]);
            for one in &self.outcomes {
                table.add_row([
                    &one.channel,
                    &one.order_ref,
                    &one.outcome,
                    one.state.as_str(),
                ]);
            }
            say(&table.to_string());
        }
        for (channel, until) in &self.paused {
            let until = local(*until);
            say(&format!("{channel} is left alone until {until}"));
        }
    }
}

fn outcome_json(one: &Outcome) -> Value {
    json!({
        "channel": one.channel, "order_ref": one.order_ref,
        "outcome": one.outcome, "state": one.state.as_str(),
    })
}
