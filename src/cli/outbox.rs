//! `doisoat outbox list|show|redeliver|switch-on`: what subscribers were told and what became of it, and
//! telling them again.

use anyhow::ensure;
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::json;
use uuid::Uuid;

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::dossier_code::squeeze;
use crate::domain::ids::{Tenant, lowest_uuid_at};
use crate::domain::outbox::DeliveryState;
use crate::domain::time::{Instant, VIETNAM, parse_rfc3339};
use crate::journeys::outbox::redeliver::{Which, redeliver_all, redeliver_one, switch_on};
use crate::reporting::outbox::{Delivery, deliveries};
use crate::store::ops::DeliveryFilter;
use crate::store::types::Uid;

/// Arguments of `outbox`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show deliveries, oldest first
    List(List),
    /// Show one delivery: what was sent, and what each try was answered
    Show(Show),
    /// Deliver again: one, or all that were given up, or all since a day
    Redeliver(Redeliver),
    /// Send again to a subscriber that answered 410
    SwitchOn(SwitchOn),
}

#[derive(Debug, clap::Args)]
struct List {
    /// To one subscriber only
    #[arg(long, value_name = "NAME")]
    subscriber: Option<String>,
    /// One state only: waiting, delivered or given_up
    #[arg(long, value_parser = read_state)]
    state: Option<DeliveryState>,
    /// About one dossier only
    #[arg(long, value_name = "CODE")]
    dossier: Option<String>,
    /// Written on this day or later, or at this instant or later
    #[arg(long, value_name = "DAY", value_parser = read_since)]
    since: Option<Instant>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The delivery
    id: Uuid,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct Redeliver {
    /// The delivery
    #[arg(conflicts_with_all = ["all_given_up", "since", "subscriber"])]
    id: Option<Uuid>,
    /// Everything that was given up
    #[arg(long)]
    all_given_up: bool,
    /// Everything written on this day or later, or at this instant or later
    #[arg(long, value_name = "DAY", value_parser = read_since)]
    since: Option<Instant>,
    /// To one subscriber only
    #[arg(long, value_name = "NAME")]
    subscriber: Option<String>,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

#[derive(Debug, clap::Args)]
struct SwitchOn {
    /// The subscriber
    name: String,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used, or what is named does not exist.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    match &arguments.action {
        Action::List(list) => show_list(list, context),
        Action::Show(show) => show_one(show, context),
        Action::Redeliver(redeliver) => again(redeliver, context),
        Action::SwitchOn(switch) => turn_on(switch, context),
    }
}

fn show_list(list: &List, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let found = db.read(|queries| {
        let mut filter = DeliveryFilter {
            subscriber: list.subscriber.clone(),
            state: list.state.map(|state| state.as_str().to_owned()),
            subject: None,
            since: list.since.map(|at| Uid(lowest_uuid_at(at))),
            after: None,
            limit: list.limit,
        };
        if let Some(code) = &list.dossier {
            let row = queries.find_dossier(list.tenant, &squeeze(code))?;
            let row = row.ok_or_else(|| Usage(format!("there is no dossier {code}")))?;
            filter.subject = Some(row.dossier_id);
        }
        let rows = queries.list_deliveries(list.tenant, &filter)?;
        Ok::<_, anyhow::Error>(deliveries(queries, list.tenant, rows)?)
    })?;
    if context.is_json {
        say_json(&json!({ "items": found }));
    } else if found.is_empty() {
        say("there are no such deliveries");
    } else {
        for delivery in &found {
            say(&line(delivery));
        }
    }
    Ok(End::Done)
}

/// One line about a delivery.
fn line(delivery: &Delivery) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let last = match (delivery.last_status, &delivery.last_error) {
        (Some(status), _) => format!(", last answered {status}"),
        (None, Some(error)) => format!(", last: {error}"),
        (None, None) => String::new(),
    };
    let next = delivery
        .next_at
        .as_ref()
        .map_or_else(String::new, |at| format!(", next {at}"));
    format!(
        "{}  {}  {}  {}  {}  {} after {} tries{last}{next}",
        delivery.id,
        or_dash(&delivery.created_at),
        delivery.subscriber,
        or_dash(&delivery.r#type),
        or_dash(&delivery.dossier),
        delivery.state,
        delivery.tries,
    )
}

fn show_one(show: &Show, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let found = db.read(|queries| {
        let row = queries.find_delivery(show.tenant, Uid(show.id))?;
        deliveries(queries, show.tenant, row.into_iter().collect())
    })?;
    let delivery = found.first();
    let delivery = delivery.ok_or_else(|| anyhow::anyhow!("there is no delivery {}", show.id))?;
    if context.is_json {
        say_json(&json!(delivery));
        return Ok(End::Done);
    }
    say(&line(delivery));
    if let Some(body) = &delivery.body {
        say(&format!("sent as webhook-id {}: {body}", delivery.event));
    }
    for one in &delivery.history {
        let end = match (one.status, &one.error) {
            (Some(status), _) => status.to_string(),
            (None, error) => error.clone().unwrap_or_default(),
        };
        let answer = one.answer.escape_debug();
        say(&format!(
            "{}. {}  {} ms  {end}  {answer}",
            one.nth, one.at, one.millis
        ));
    }
    Ok(End::Done)
}

fn again(redeliver: &Redeliver, context: &Context) -> anyhow::Result<End> {
    let (db, now) = (context.ready_db()?, context.clock.now());
    let tenant = Tenant(redeliver.tenant);
    let count = match redeliver.id {
        Some(id) => {
            redeliver_one(db, tenant, Uid(id), now)?;
            1
        }
        None => {
            let is_said = redeliver.all_given_up || redeliver.since.is_some();
            ensure!(
                is_said,
                Usage("say which: the id of a delivery, --all-given-up or --since DAY".to_owned())
            );
            let which = Which {
                subscriber: redeliver.subscriber.clone(),
                only_given_up: redeliver.all_given_up,
                since: redeliver.since,
            };
            redeliver_all(db, tenant, &which, now)?
        }
    };
    if context.is_json {
        say_json(&json!({ "asked_for": count }));
    } else {
        say(&format!(
            "{count} deliveries are asked for again; doisoat serve sends them"
        ));
    }
    Ok(End::Done)
}

fn turn_on(switch: &SwitchOn, context: &Context) -> anyhow::Result<End> {
    let was_off = switch_on(context.ready_db()?, Tenant(switch.tenant), &switch.name)?;
    if context.is_json {
        say_json(&json!({ "subscriber": switch.name, "was_off": was_off }));
    } else if was_off {
        say(&format!("{} is sent to again", switch.name));
    } else {
        say(&format!("{} was not switched off", switch.name));
    }
    Ok(End::Done)
}

fn read_state(text: &str) -> Result<DeliveryState, String> {
    DeliveryState::parse(text).ok_or_else(|| {
        let known: Vec<&str> = DeliveryState::ALL.iter().map(|one| one.as_str()).collect();
        format!("write one of {}", known.join(", "))
    })
}

/// An instant, or a day, which then begins at its first instant.
fn read_since(text: &str) -> Result<Instant, String> {
    let first = |day: NaiveDate| {
        VIETNAM
            .from_local_datetime(&day.and_time(NaiveTime::MIN))
            .single()
    };
    parse_rfc3339(text)
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(first(day)?.with_timezone(&Utc))
        })
        .ok_or_else(|| "write a day such as 2026-01-31, or an instant".to_owned())
}
