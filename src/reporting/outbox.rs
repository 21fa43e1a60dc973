//! The outbox as people and programs read it: deliveries come in as rows, each goes out with its event,
//! where it stands and what came of its tries. Changes nothing.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{DeliveryRow, EventRow, TryRow};
use crate::store::types::{Ts, Uid};

/// A delivery.
#[derive(Debug, Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// The subscriber.
    pub subscriber: String,
    /// The event's id, which the subscriber sees as `webhook-id`.
    pub event: Uuid,
    /// The event's type.
    pub r#type: Option<String>,
    /// The dossier it is about.
    pub dossier: Option<String>,
    /// When it happened, RFC 3339 UTC.
    pub created_at: Option<String>,
    /// `waiting`, `delivered` or `given_up`.
    pub state: String,
    /// Tries so far.
    pub tries: i32,
    /// When it is tried next, while it waits.
    pub next_at: Option<String>,
    /// The last status that was answered.
    pub last_status: Option<i32>,
    /// Why there was no answer the last time.
    pub last_error: Option<String>,
    /// When the subscriber took it.
    pub delivered_at: Option<String>,
    /// The bytes that are sent.
    pub body: Option<Box<RawValue>>,
    /// The last tries, oldest first.
    pub history: Vec<Try>,
}

/// One try.
#[derive(Debug, Serialize)]
pub struct Try {
    /// Its number, from 1.
    pub nth: i32,
    /// When it began, RFC 3339 UTC.
    pub at: String,
    /// How long it took, milliseconds.
    pub millis: i64,
    /// What was answered.
    pub status: Option<i32>,
    /// Why nothing was.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub answer: String,
}

/// Deliveries with their events and tries, in the order given.
///
/// # Errors
/// Any [`Failure`].
pub fn deliveries(
    queries: &mut dyn Queries,
    tenant: i32,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<Delivery>, Failure> {
    let mut events: Vec<Uid> = rows.iter().map(|row| row.event_id).collect();
    events.sort_unstable();
    events.dedup();
    let events = queries.list_events(tenant, &events)?;
    let events: BTreeMap<Uid, EventRow> =
        events.into_iter().map(|row| (row.event_id, row)).collect();
    let ids: Vec<Uid> = rows.iter().map(|row| row.delivery_id).collect();
    let mut tries: BTreeMap<Uid, Vec<Try>> = BTreeMap::new();
    for row in queries.list_tries(tenant, &ids)? {
        tries.entry(row.delivery_id).or_default().push(one_try(row));
    }
    let mut one = |row: DeliveryRow| {
        let history = tries.remove(&row.delivery_id).unwrap_or_default();
        delivery(events.get(&row.event_id), history, row)
    };
    Ok(rows.into_iter().map(&mut one).collect())
}

fn delivery(event: Option<&EventRow>, history: Vec<Try>, row: DeliveryRow) -> Delivery {
    let is_waiting = row.state == "waiting";
    Delivery {
        id: row.delivery_id.0,
        subscriber: row.subscriber,
        event: row.event_id.0,
        r#type: event.map(|event| event.kind.clone()),
        dossier: event.and_then(|event| event.dossier_code.clone()),
        created_at: event.map(|event| text_of(event.created_at)),
        state: row.state,
        tries: row.tries,
        next_at: is_waiting.then(|| text_of(row.next_at)),
        last_status: row.last_status,
        last_error: row.last_error,
        delivered_at: row.delivered_at.map(text_of),
        body: event.and_then(|event| RawValue::from_string(event.body.clone()).ok()),
        history,
    }
}

fn one_try(row: TryRow) -> Try {
    Try {
        nth: row.nth,
        at: text_of(row.tried_at),
        millis: row.millis,
        status: row.status,
        error: row.error,
        answer: row.answer,
    }
}

fn text_of(at: Ts) -> String {
    at.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
