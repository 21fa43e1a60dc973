//! `doisoat quarantine list|replay`: shows refused calls without their bytes, and takes them again
//! after a key was mended.

use serde_json::{Value, json};

use super::output::{say, say_json};
use super::{Context, End};
use crate::intake::providers;
use crate::journeys::replay_quarantine::replay_quarantine;
use crate::store::rows::QuarantinedHead;

/// Arguments of `quarantine`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show refused calls that were not replayed, oldest first
    List(List),
    /// Verify them again with today's keys and take those that are genuine
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
struct List {
    /// One channel only
    #[arg(long)]
    channel: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

#[derive(Debug, clap::Args)]
struct Replay {
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
        Action::Replay(replay) => again(replay, context),
    }
}

fn show(list: &List, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let channels = &context.settings()?.channels;
    let mut tenants: Vec<i32> = channels.values().map(|channel| channel.tenant.0).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let (limit, channel) = (list.limit.max(0), list.channel.as_deref());
    let mut rows: Vec<QuarantinedHead> = Vec::new();
    for tenant in tenants {
        rows.extend(db.read(|queries| queries.list_quarantined_heads(tenant, channel, limit))?);
    }
    rows.sort_by_key(|row| row.quarantine_id);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if context.is_json {
        let items: Vec<Value> = rows.iter().map(row_json).collect();
        say_json(&json!({ "items": items }));
    } else if rows.is_empty() {
        say("nothing is in quarantine");
    } else {
        for row in &rows {
            let at = row.arrived_at.0.to_rfc3339();
            say(&format!(
                "{at}  {}  {}: {}",
                row.channel, row.reason, row.detail
            ));
        }
    }
    Ok(End::Done)
}

fn row_json(row: &QuarantinedHead) -> Value {
    json!({
        "id": row.quarantine_id.0,
        "channel": row.channel,
        "reason": row.reason,
        "detail": row.detail,
        "arrived_at": row.arrived_at.0.to_rfc3339(),
        "bytes": row.bytes,
    })
}

fn again(replay: &Replay, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let channels = &context.settings()?.channels;
    let only = replay.channel.as_deref();
    let names = providers::names(channels.values());
    let done = replay_quarantine(db, &context.clock, channels, only, names)?;
    if context.is_json {
        say_json(&json!({
            "taken": done.taken, "repeats": done.repeats,
            "refused": done.refused, "skipped": done.skipped,
        }));
    } else {
        say(&format!(
            "taken {}, recorded before {}, refused again {}, skipped {}",
            done.taken, done.repeats, done.refused, done.skipped
        ));
    }
    Ok(End::Done)
}
