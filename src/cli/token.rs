//! `doisoat token create`: makes an API token and prints it once.

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::output::{complain, say, say_json};
use super::{Context, End, Usage};
use crate::domain::ids::Tenant;
use crate::domain::time::{Instant, VIETNAM, parse_rfc3339};
use crate::journeys::create_token::{ROLES, TokenError, TokenRequest, create_token};

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token; it is shown once and cannot be shown again
    Create(Create),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What the token may do
    #[arg(long, value_parser = PossibleValuesParser::new(ROLES))]
    role: String,
    /// The officer it is handed to
    #[arg(long, value_name = "CODE")]
    officer: Option<String>,
    /// The one unit whose rows it opens
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
    /// Its last day, or the instant at which it ends
    #[arg(long, value_name = "DAY", value_parser = read_end)]
    expires: Option<Instant>,
}

/// Runs the command.
///
/// # Errors
/// When the token cannot be made.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let Action::Create(create) = &arguments.action;
    let request = TokenRequest {
        tenant: Tenant(create.tenant),
        role: create.role.clone(),
        officer: create.officer.clone(),
        unit: create.unit.clone(),
        expires_at: create.expires,
    };
    let token = create_token(context.ready_db()?, &request, context.clock.now());
    let token = token.map_err(|error| match error {
        TokenError::NoUnit => Usage(error.to_string()).into(),
        TokenError::UnknownRole(_)
        | TokenError::UnknownOfficer(_)
        | TokenError::UnknownUnit(_)
        | TokenError::AlreadyOver
        | TokenError::NoRandomness(_)
        | TokenError::Failed(_) => anyhow::Error::from(error),
    })?;
    if matches!(create.role.as_str(), "officer" | "approver") && create.officer.is_none() {
        complain("doisoat: the token belongs to no officer, so it opens what is read only");
    }
    if context.is_json {
        say_json(&json!({ "token": token }));
    } else {
        say(&token);
    }
    Ok(End::Done)
}

/// An instant, or a day, which is then the last one.
fn read_end(text: &str) -> Result<Instant, String> {
    let end_of = |day: NaiveDate| {
        let next = day.checked_add_signed(TimeDelta::days(1))?;
        VIETNAM
            .from_local_datetime(&next.and_time(NaiveTime::MIN))
            .single()
    };
    parse_rfc3339(text)
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(end_of(day)?.with_timezone(&Utc))
        })
        .ok_or_else(|| "write a day such as 2026-12-31".to_owned())
}
