//! `doisoat sweep`: applies notices that were recorded and could not be applied.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::intake::providers;
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
    let channels = &context.settings()?.channels;
    let swept = sweep(
        db,
        &context.clock,
        channels,
        providers::names(channels.values()),
    )?;
    if context.is_json {
        say_json(&json!({
            "applied": swept.applied, "failed": swept.failed, "skipped": swept.skipped,
        }));
    } else {
        say(&format!(
            "applied {}, still failing {}, skipped {} (their channel is not configured)",
            swept.applied, swept.failed, swept.skipped
        ));
    }
    Ok(if swept.failed + swept.skipped == 0 {
        End::Done
    } else {
        End::Failed
    })
}
