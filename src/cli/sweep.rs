//! `doisoat sweep`: applies notices that were recorded and could not be applied, and removes what
//! ended longer ago than the settings keep it.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::intake::providers;
use crate::journeys::prune::{Keep, prune};
use crate::journeys::sweep::sweep;

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command; fails when something is left.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(_: &Arguments, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let settings = context.settings()?;
    let channels = &settings.channels;
    let swept = sweep(
        db,
        &context.clock,
        channels,
        providers::names(channels.values()),
    )?;
    let pruned = prune(db, context.clock.now(), Keep::of(settings))?;
    if context.is_json {
        say_json(&json!({
            "applied": swept.applied, "failed": swept.failed, "skipped": swept.skipped,
            "pruned": {
                "deliveries": pruned.deliveries, "events": pruned.events,
                "status_queries": pruned.queries, "parts_of_files": pruned.parts_of_files,
            },
        }));
    } else {
        say(&format!(
            "applied {}, still failing {}, skipped {} (their channel is not configured)",
            swept.applied, swept.failed, swept.skipped
        ));
        say(&format!(
            "removed {} old deliveries, {} events, {} answered status queries, {} statement files written in part",
            pruned.deliveries, pruned.events, pruned.queries, pruned.parts_of_files
        ));
    }
    Ok(if swept.failed + swept.skipped == 0 {
        End::Done
    } else {
        End::Failed
    })
}
