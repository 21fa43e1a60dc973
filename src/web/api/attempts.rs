//! Attempts: `POST /attempts` says under which order reference a payer goes to pay a bill, before the
//! payer goes; `GET /attempts/{channel}/{order_ref}` shows it with what the provider was asked about
//! it. Saying the same again changes nothing.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::Answered;
use super::access::{Bearer, Caller, Need, change, read};
use super::body::{body, members};
use super::page::ok;
use crate::domain::ids::Tenant;
use crate::domain::time::{Instant, parse_rfc3339};
use crate::journeys::open_attempts::{AttemptError, NewAttempt, open_attempts};
use crate::store::ops::Queries;
use crate::store::rows::StatusQueryRow;
use crate::web::Gateway;
use crate::web::error::Problem;

/// Characters of an order reference, at most: the longest that a provider takes.
const LONGEST: usize = 100;

/// An attempt to open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    channel: String,
    order_ref: String,
    bill_reference: String,
    /// When the order was made at the provider: VNPAY's `vnp_CreateDate`, say. Now, unless given.
    opened_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct AttemptJson {
    channel: String,
    order_ref: String,
    bill: String,
    opened_at: String,
    status_query: Option<StatusQueryJson>,
}

/// Where the asking about an order stands.
#[derive(Debug, Serialize)]
struct StatusQueryJson {
    state: String,
    tries: i32,
    /// When it is asked again, while it waits.
    next_at: Option<String>,
    last_chance_at: String,
    last_asked_at: Option<String>,
    last_outcome: Option<String>,
}

impl StatusQueryJson {
    fn of(row: StatusQueryRow) -> Self {
        let next_at = (row.state == "waiting").then(|| row.next_at.0.to_rfc3339());
        Self {
            state: row.state,
            tries: row.tries,
            next_at,
            last_chance_at: row.last_chance_at.0.to_rfc3339(),
            last_asked_at: row.last_asked_at.map(|at| at.0.to_rfc3339()),
            last_outcome: row.last_outcome,
        }
    }
}

/// `POST /attempts`: 201 when it was not known, 200 when it was.
///
/// # Errors
/// 400, 401, 403, 404, 408, 409, 413, 422.
pub async fn open(gateway: web::Data<Gateway>, bearer: Bearer, payload: web::Payload) -> Answered {
    let body = body(&gateway, &bearer, Need::OpenAttempts, payload).await?;
    let opened = change(
        &gateway,
        bearer,
        Need::OpenAttempts,
        move |gateway, caller| {
            let (attempt, opened_at) = asked_for(members(&body)?, gateway, caller)?;
            let seen = gateway
                .db
                .read(|queries| sees_bill(queries, caller, &attempt.bill_reference))?;
            if !seen {
                return Err(Problem::NotFound("bill"));
            }
            let attempts = std::slice::from_ref(&attempt);
            let opened = open_attempts(&gateway.db, Tenant(caller.tenant), opened_at, attempts);
            let opened = opened.map_err(problem)?;
            let shown = gateway
                .db
                .read(|queries| shown(queries, caller, &attempt.channel, &attempt.order_ref))?;
            Ok((opened.new > 0, shown))
        },
    );
    let (is_new, shown) = opened.await?;
    Ok(if is_new {
        HttpResponse::Created().json(shown)
    } else {
        HttpResponse::Ok().json(shown)
    })
}

/// `GET /attempts/{channel}/{order_ref}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    path: web::Path<(String, String)>,
) -> Answered {
    let (channel, order_ref) = path.into_inner();
    let attempt = read(&gateway, bearer, Need::Dossiers, move |queries, caller| {
        shown(queries, caller, &channel, &order_ref)
    });
    Ok(ok(&attempt.await?))
}

fn problem(error: AttemptError) -> Problem {
    match error {
        AttemptError::Failure(failure) => failure.into(),
        AttemptError::UnknownBill { .. } => Problem::NotFound("bill"),
        AttemptError::OtherBill { .. } => Problem::Wrong {
            index: None,
            field: "order_ref".to_owned(),
            problem: "is an attempt to pay another bill".to_owned(),
            is_contradiction: true,
        },
    }
}

fn wrong(field: &str, problem: impl Into<String>) -> Problem {
    Problem::Wrong {
        index: None,
        field: field.to_owned(),
        problem: problem.into(),
        is_contradiction: false,
    }
}

/// The attempt of a body, and when it was made.
fn asked_for(
    body: Body,
    gateway: &Gateway,
    caller: &Caller,
) -> Result<(NewAttempt, Instant), Problem> {
    let channel = gateway.channels.get(&body.channel);
    if channel.is_none_or(|channel| channel.tenant.0 != caller.tenant) {
        return Err(wrong("channel", "is no channel of this installation"));
    }
    let order_ref = &body.order_ref;
    let is_plain = !order_ref.chars().any(char::is_control) && order_ref.trim() == order_ref;
    if !is_plain || !(1..=LONGEST).contains(&order_ref.chars().count()) {
        let text = format!("must be 1 to {LONGEST} characters without spaces around them");
        return Err(wrong("order_ref", text));
    }
    let opened_at = opened_at(body.opened_at.as_deref(), gateway.clock.now())?;
    let attempt = NewAttempt {
        channel: body.channel,
        order_ref: body.order_ref,
        bill_reference: body.bill_reference,
    };
    Ok((attempt, opened_at))
}

fn opened_at(given: Option<&str>, now: Instant) -> Result<Instant, Problem> {
    let Some(text) = given else {
        return Ok(now);
    };
    // The clocks of two houses differ by minutes.
    let at = parse_rfc3339(text).filter(|at| *at <= now + chrono::TimeDelta::minutes(5));
    at.ok_or_else(|| {
        let text = "must be an instant such as 2026-01-05T10:30:00+07:00, and not in the future";
        wrong("opened_at", text)
    })
}

/// Whether there is such a bill, and the caller may see it.
fn sees_bill(queries: &mut dyn Queries, caller: &Caller, reference: &str) -> Result<bool, Problem> {
    let Some(bill) = queries.find_bill(caller.tenant, reference)? else {
        return Ok(false);
    };
    let dossiers = queries.list_dossiers_by_id(caller.tenant, &[bill.dossier_id])?;
    let mut units = dossiers.iter().map(|dossier| dossier.unit_code.as_str());
    Ok(units.any(|unit| caller.sees(Some(unit))))
}

fn shown(
    queries: &mut dyn Queries,
    caller: &Caller,
    channel: &str,
    order_ref: &str,
) -> Result<AttemptJson, Problem> {
    let missing = || Problem::NotFound("attempt");
    let tenant = caller.tenant;
    let row = queries.find_attempt(tenant, channel, order_ref)?;
    let row = row.ok_or_else(missing)?;
    let bill = queries.find_bill_by_id(tenant, row.bill_id)?;
    let bill = bill.ok_or_else(missing)?;
    if !sees_bill(queries, caller, &bill.reference)? {
        return Err(missing());
    }
    let query = queries.find_status_query(tenant, channel, order_ref)?;
    Ok(AttemptJson {
        channel: row.channel,
        order_ref: row.order_ref,
        bill: bill.reference,
        opened_at: row.opened_at.0.to_rfc3339(),
        status_query: query.map(StatusQueryJson::of),
    })
}
