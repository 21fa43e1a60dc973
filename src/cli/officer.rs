//! `doisoat officer add|disable`: who may hold a token that acts under a name.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::journeys::add_officer::{add_officer, disable_officer};

/// Arguments of `officer`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add an officer, or change the name and unit of one
    Add(Add),
    /// Stop an officer's tokens
    Disable(Disable),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The officer's code
    code: String,
    /// The name people read; the code when not given
    #[arg(long)]
    name: Option<String>,
    /// The officer's unit
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct Disable {
    /// The officer's code
    code: String,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

/// Runs the command.
///
/// # Errors
/// When the officer cannot be written.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let (code, word) = match &arguments.action {
        Action::Add(add) => {
            let (tenant, name) = (Tenant(add.tenant), add.name.as_ref().unwrap_or(&add.code));
            add_officer(
                db,
                tenant,
                &add.code,
                name,
                add.unit.as_deref(),
                context.clock.now(),
            )?;
            (&add.code, "active")
        }
        Action::Disable(disable) => {
            disable_officer(db, Tenant(disable.tenant), &disable.code)?;
            (&disable.code, "disabled")
        }
    };
    if context.is_json {
        say_json(&json!({ "officer": code, "state": word }));
    } else {
        say(&format!("officer {code} is {word}"));
    }
    Ok(End::Done)
}
