//! `doisoat migrate`: brings the database schema up to date and names what was applied. Applies
//! nothing that is applied already, so that it can be run at every deployment.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(_: &Arguments, context: &Context) -> anyhow::Result<End> {
    let applied = context.db()?.migrate()?;
    if context.is_json {
        say_json(&json!({ "applied": applied }));
    } else if applied.is_empty() {
        say("the schema is up to date");
    } else {
        for name in &applied {
            say(&format!("applied {name}"));
        }
    }
    Ok(End::Done)
}
