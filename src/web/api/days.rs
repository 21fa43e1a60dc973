//! Days: `GET /days/{date}` shows what a day holds and what was signed of it; `POST
//! /days/{date}/proposal|closing|reopening` are its steps, each by the officer behind the token. A
//! caller bound to one unit sees none: a day is the whole office's.

use actix_web::http::StatusCode;
use actix_web::web;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answered;
use super::access::{Bearer, Caller, Need, change, read};
use super::body::{body, members};
use super::page::ok;
use crate::config::settings::Settings;
use crate::domain::ids::{Tenant, uuid_at};
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::journeys::days::at_the_bank::{banks_json, unproven_json};
use crate::journeys::days::clocks::must_agree;
use crate::journeys::days::close_day::close_day;
use crate::journeys::days::find_day::find_day;
use crate::journeys::days::propose_day::propose_day;
use crate::journeys::days::reopen_day::reopen_day;
use crate::journeys::days::{DayDesk, DayError, DayRefusal, state_of};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::DayRow;
use crate::store::types::Ts;
use crate::web::Gateway;
use crate::web::error::Problem;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReopeningBody {
    reason: String,
}

/// `GET /days/{date}`.
///
/// # Errors
/// 400, 401, 403.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
) -> Answered {
    let asked = day(&date);
    let (here, now) = (gateway.clone(), gateway.clock.now());
    let told = read(&gateway, bearer, Need::Ledger, move |queries, caller| {
        of_the_office(caller)?;
        let asked = asked.clone().map_err(Problem::NotValid)?;
        Ok(day_json(
            queries,
            Tenant(caller.tenant),
            &here.settings,
            (asked, now),
        )?)
    });
    Ok(ok(&told.await?))
}

/// `POST /days/{date}/proposal`; the body may be empty.
///
/// # Errors
/// 400, 401, 403, 409.
pub async fn propose(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    nothing(&body(&gateway, &bearer, Need::Cases, payload).await?)?;
    step(&gateway, bearer, &date, |gateway, desk, day| {
        must_agree(&gateway.db, &gateway.clock)?;
        propose_day(&gateway.db, desk, &gateway.settings, day)
    })
    .await
}

/// `POST /days/{date}/closing`; the body may be empty.
///
/// # Errors
/// 400, 401, 403, 409.
pub async fn close(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    nothing(&body(&gateway, &bearer, Need::Cases, payload).await?)?;
    step(&gateway, bearer, &date, |gateway, desk, day| {
        must_agree(&gateway.db, &gateway.clock)?;
        close_day(&gateway.db, desk, &gateway.settings, day)
    })
    .await
}

/// `POST /days/{date}/reopening`.
///
/// # Errors
/// 400, 401, 403, 409, 422.
pub async fn reopen(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::Cases, payload).await?;
    let ReopeningBody { reason } = members(&body)?;
    step(&gateway, bearer, &date, move |gateway, desk, day| {
        reopen_day(&gateway.db, desk, day, &reason)
    })
    .await
}

pub(super) fn nothing(body: &[u8]) -> Result<(), Problem> {
    if !body.is_empty() {
        let Nothing {} = members(body)?;
    }
    Ok(())
}

pub(super) fn day(text: &str) -> Result<Day, String> {
    Day::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("\"{text}\" is no day: write it as 2026-01-05"))
}

pub(super) fn of_the_office(caller: &Caller) -> Result<(), Problem> {
    if caller.sees(None) {
        return Ok(());
    }
    let text = "a day is the whole office's; this token is bound to one unit";
    Err(Problem::NotAllowed(text.to_owned()))
}

async fn step(
    gateway: &web::Data<Gateway>,
    bearer: Bearer,
    date: &str,
    story: impl FnOnce(&Gateway, &DayDesk<'_>, Day) -> Result<DayRow, DayError> + Send + 'static,
) -> Answered {
    let day = day(date);
    let told = change(gateway, bearer, Need::Cases, move |gateway, caller| {
        of_the_office(caller)?;
        let day = day.map_err(Problem::NotValid)?;
        let Some(officer) = &caller.officer else {
            let text = "this token belongs to no officer; make one with --officer CODE";
            return Err(Problem::NotAllowed(text.to_owned()));
        };
        let now = gateway.clock.now();
        let holder = uuid_at(now).to_string();
        let desk = DayDesk {
            tenant: Tenant(caller.tenant),
            holder: &holder,
            now,
            officer,
        };
        let row = story(gateway, &desk, day).map_err(problem)?;
        Ok(row_json(&row))
    });
    Ok(ok(&told.await?))
}

pub(super) fn problem(error: DayError) -> Problem {
    match error {
        DayError::Failure(failure) => failure.into(),
        DayError::Refused(refusal) => Problem::Refused {
            status: status(&refusal),
            code: refusal.code(),
            detail: refusal.to_string(),
        },
    }
}

fn status(refusal: &DayRefusal) -> StatusCode {
    if refusal.is_about_rights() {
        StatusCode::FORBIDDEN
    } else if *refusal == DayRefusal::NoReason {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::CONFLICT
    }
}

fn at(at: Option<Ts>) -> Option<String> {
    at.map(|at| at.0.to_rfc3339())
}

/// Where a day stands, as JSON.
#[must_use]
pub fn row_json(row: &DayRow) -> Value {
    json!({
        "day": row.day.to_string(),
        "state": row.state,
        "revision": row.revision,
        "verdict": row.verdict,
        "proposed_by": row.proposed_by, "proposed_at": at(row.proposed_at),
        "closed_by": row.closed_by, "closed_at": at(row.closed_at),
        "reopened_by": row.reopened_by, "reopened_at": at(row.reopened_at),
        "reopen_reason": row.reopen_reason,
    })
}

/// A day in full: where it stands, what it holds (as it was proposed, else as it is now), what the banks
/// say beside our books, its steps, and what was signed at its last closing.
///
/// # Errors
/// Any [`Failure`].
pub fn day_json(
    queries: &mut dyn Queries,
    tenant: Tenant,
    settings: &Settings,
    (day, now): (Day, Instant),
) -> Result<Value, Failure> {
    let row = queries.find_day(tenant.0, day)?;
    let state = state_of(row.as_ref())?;
    let mut told = match &row {
        Some(row) => row_json(row),
        None => json!({ "day": day.to_string(), "state": state.as_str(), "revision": 0 }),
    };
    let kept = row.as_ref().and_then(|row| row.result.as_deref());
    let kept: Option<Value> = kept.and_then(|text| serde_json::from_str(text).ok());
    let found = match kept {
        Some(kept) => kept,
        None => {
            let found = find_day(queries, settings, tenant, day, now)?;
            put(&mut told, "verdict", Value::from(found.verdict.as_str()));
            found.value
        }
    };
    let steps: Vec<Value> = queries
        .list_day_steps(tenant.0, day)?
        .iter()
        .map(|step| {
            json!({
                "action": step.action, "officer": step.officer, "reason": step.reason,
                "revision": step.revision, "at": step.taken_at.0.to_rfc3339(),
            })
        })
        .collect();
    let revision = row.map_or(0, |row| row.revision);
    let artefact = queries.find_artefact(tenant.0, day, revision)?;
    let artefact = artefact.map(|artefact| {
        json!({
            "revision": artefact.revision,
            "sha256": hex::encode(&artefact.sha256),
            "signature": STANDARD.encode(&artefact.signature),
            "public_key": hex::encode(&artefact.public_key),
            "signed": String::from_utf8_lossy(&artefact.bytes),
        })
    });
    put(&mut told, "found", found);
    put(
        &mut told,
        "banks",
        banks_json(queries, settings, tenant, day)?,
    );
    let unproven = unproven_json(queries, tenant, (day, vietnam_day(now)))?;
    put(&mut told, "unproven_remittances", unproven);
    put(&mut told, "steps", Value::from(steps));
    put(&mut told, "artefact", artefact.unwrap_or(Value::Null));
    Ok(told)
}

fn put(told: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = told {
        members.insert(name.to_owned(), value);
    }
}
