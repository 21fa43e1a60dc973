//! `doisoat token create|list|revoke`: makes an API token and prints it once, shows which there are by
//! the beginning of their hashes, and ends them.

use chrono::{NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::output::{complain, say, say_json};
use super::{Context, End, Usage};
use crate::domain::ids::Tenant;
use crate::domain::time::{Instant, VIETNAM, parse_rfc3339};
use crate::journeys::create_token::{ROLES, TokenError, TokenRequest, create_token};
use crate::journeys::revoke_token::{revoke_token, token_name};
use crate::store::rows::TokenRow;
use crate::store::types::Ts;

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
    /// Show which tokens there are, by names that open nothing
    List(List),
    /// End a token now
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct List {
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// Its name in the list
    name: String,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
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
    match &arguments.action {
        Action::Create(create) => make(create, context),
        Action::List(list) => show(list, context),
        Action::Revoke(revoke) => end(revoke, context),
    }
}

fn show(list: &List, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let rows = db.read(|queries| queries.list_tokens(list.tenant))?;
    let now = context.clock.now();
    let text = |at: Ts| at.0.to_rfc3339_opts(SecondsFormat::Secs, true);
    let state = |row: &TokenRow| match row.expires_at {
        Some(at) if at.0 <= now => "ended",
        Some(_) | None => "valid",
    };
    if context.is_json {
        let item = |row: &TokenRow| {
            json!({
                "name": token_name(&row.token_hash), "role": row.role, "officer": row.officer,
                "unit": row.unit_code, "created_at": text(row.created_at),
                "expires_at": row.expires_at.map(text), "state": state(row),
            })
        };
        let items: Vec<_> = rows.iter().map(item).collect();
        say_json(&json!({ "items": items }));
        return Ok(End::Done);
    }
    if rows.is_empty() {
        say("there are no tokens");
    }
    for row in &rows {
        let until = row.expires_at.map_or("no end".to_owned(), text);
        say(&format!(
            "{}  {}  {:<14} {:<10} {:<12} made {}, {until}",
            token_name(&row.token_hash),
            state(row),
            row.role,
            row.officer.as_deref().unwrap_or("-"),
            row.unit_code.as_deref().unwrap_or("-"),
            text(row.created_at),
        ));
    }
    Ok(End::Done)
}

fn end(revoke: &Revoke, context: &Context) -> anyhow::Result<End> {
    let (db, now) = (context.ready_db()?, context.clock.now());
    revoke_token(db, Tenant(revoke.tenant), &revoke.name, now)?;
    if context.is_json {
        say_json(&json!({ "revoked": revoke.name }));
    } else {
        say(&format!("{} opens nothing any more", revoke.name));
    }
    Ok(End::Done)
}

fn make(create: &Create, context: &Context) -> anyhow::Result<End> {
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
