//! Rows of the outbox: subscribers, events, deliveries and their tries. They carry data and decide
//! nothing.

use diesel::prelude::*;

use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// A subscriber, as the transactions that announce need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = outbox_subscribers, treat_none_as_default_value = false)]
pub struct SubscriberRow {
    pub tenant: i32,
    pub subscriber: String,
    pub events: String,
    pub gone_url: Option<String>,
    pub gone_at: Option<Ts>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = outbox_events, treat_none_as_default_value = false)]
pub struct EventRow {
    pub tenant: i32,
    pub event_id: Uid,
    pub subject: Uid,
    pub dossier_code: Option<String>,
    pub kind: String,
    pub body: String,
    pub created_at: Ts,
}

/// A delivery. In a row that is written for the first time `seq` counts the subject's deliveries in
/// the batch, from 1; the store raises it by what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox_deliveries)]
pub struct DeliveryRow {
    pub tenant: i32,
    pub delivery_id: Uid,
    pub subscriber: String,
    pub event_id: Uid,
    pub subject: Uid,
    pub seq: i64,
    pub state: String,
    pub tries: i32,
    pub round_from: i32,
    pub next_at: Ts,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub delivered_at: Option<Ts>,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = outbox_tries, treat_none_as_default_value = false)]
pub struct TryRow {
    pub tenant: i32,
    pub delivery_id: Uid,
    pub nth: i32,
    pub tried_at: Ts,
    pub millis: i64,
    pub status: Option<i32>,
    pub error: Option<String>,
    pub answer: String,
}
