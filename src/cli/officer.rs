//! `doisoat officer add|disable|enable`: who may hold a token that acts under a name.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::journeys::add_officer::{add_officer, disable_officer, enable_officer};

/// Arguments of `officer`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add an officer, or change the name or the unit of one; what is not given stays
    Add(Add),
    /// Stop an officer's tokens
    Disable(Which),
    /// Let a disabled officer's tokens work again
    Enable(Which),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The officer's code
    code: String,
    /// The name people read; the code when not given
    #[arg(long)]
    name: Option<String>,
    /// The officer's unit; empty for the whole office, which a new officer has when it is not given
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct Which {
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
            let is_active = add_officer(
                db,
                Tenant(add.tenant),
                &add.code,
                add.name.as_deref().unwrap_or_default(),
                add.unit.as_deref(),
                context.clock.now(),
            )?;
            (&add.code, if is_active { "active" } else { "disabled" })
        }
        Action::Disable(which) => {
            disable_officer(db, Tenant(which.tenant), &which.code)?;
            (&which.code, "disabled")
        }
        Action::Enable(which) => {
            enable_officer(db, Tenant(which.tenant), &which.code)?;
            (&which.code, "active")
        }
    };
    if context.is_json {
        say_json(&json!({ "officer": code, "state": word }));
    } else {
        say(&format!("officer {code} is {word}"));
    }
    Ok(End::Done)
}
