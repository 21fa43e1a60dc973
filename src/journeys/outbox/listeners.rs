//! Who listens: the subscribers of the configuration are written down when a gateway starts, and every
//! transaction that announces reads them from there, whichever command it belongs to, and writes one
//! delivery for each who wants the event. What was written for a subscriber that left stays as it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::config::subscriber::Subscriber;
use crate::domain::ids::DeliveryId;
use crate::domain::outbox::{DeliveryState, EventType};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{DeliveryRow, EventRow, SubscriberRow};
use crate::store::types::{Ts, Uid};

/// A subscriber, as far as a transaction needs it.
pub(in crate::journeys) struct Listener {
    pub(in crate::journeys) name: String,
    wants: Vec<EventType>,
}

impl Listener {
    pub(in crate::journeys) fn wants(&self, kind: EventType) -> bool {
        self.wants.contains(&kind)
    }
}

/// Everybody of a tenant who listens; often nobody.
pub(in crate::journeys) type Listeners = Arc<[Listener]>;

/// By listener and subject: how many deliveries of one transaction there are so far.
pub(in crate::journeys) type Places = HashMap<(usize, Uid), i64>;

/// One delivery of an event for each who wants it; none when nobody does.
pub(in crate::journeys) fn deliveries(
    listeners: &Listeners,
    places: &mut Places,
    event: &EventRow,
    kind: EventType,
) -> Vec<DeliveryRow> {
    let wanting = listeners.iter().enumerate();
    let wanting = wanting.filter(|(_, listener)| listener.wants(kind));
    let delivery = |(index, listener): (usize, &Listener)| {
        let place = places.entry((index, event.subject)).or_insert(0);
        *place += 1;
        DeliveryRow {
            tenant: event.tenant,
            delivery_id: Uid(DeliveryId::at(event.created_at.0).0),
            subscriber: listener.name.clone(),
            event_id: event.event_id,
            subject: event.subject,
            seq: *place,
            state: DeliveryState::Waiting.as_str().to_owned(),
            tries: 0,
            round_from: 0,
            next_at: Ts(event.created_at.0),
            last_status: None,
            last_error: None,
            delivered_at: None,
        }
    };
    wanting.map(delivery).collect()
}

/// Reads who listens.
pub(in crate::journeys) fn listeners_of(
    queries: &mut dyn Queries,
    tenant: i32,
) -> Result<Listeners, Failure> {
    let listener = |row: SubscriberRow| Listener {
        wants: row.events.split(' ').filter_map(EventType::parse).collect(),
        name: row.subscriber,
    };
    let rows = queries.list_subscribers(tenant)?;
    Ok(rows.into_iter().map(listener).collect())
}

/// Makes what is written down agree with the configuration; writes nothing when it does.
///
/// # Errors
/// Any [`Failure`].
pub fn register_subscribers(
    db: &Db,
    subscribers: &BTreeMap<String, Subscriber>,
) -> Result<(), Failure> {
    let known = db.read(|queries| queries.list_all_subscribers())?;
    if is_registered(&known, subscribers) {
        return Ok(());
    }
    db.write(|queries| {
        let known = queries.list_all_subscribers()?;
        for row in &known {
            if find(subscribers, row).is_none() {
                queries.delete_subscriber(row.tenant, &row.subscriber)?;
            }
        }
        for subscriber in subscribers.values() {
            let before = known
                .iter()
                .find(|row| row.tenant == subscriber.tenant.0 && row.subscriber == subscriber.name);
            queries.insert_subscriber(&SubscriberRow {
                tenant: subscriber.tenant.0,
                subscriber: subscriber.name.clone(),
                events: words(subscriber),
                gone_url: before.and_then(|row| row.gone_url.clone()),
                gone_at: before.and_then(|row| row.gone_at),
            })?;
        }
        Ok(())
    })
}

fn is_registered(known: &[SubscriberRow], subscribers: &BTreeMap<String, Subscriber>) -> bool {
    let agrees =
        |row: &SubscriberRow| find(subscribers, row).is_some_and(|one| words(one) == row.events);
    known.len() == subscribers.len() && known.iter().all(agrees)
}

fn find<'a>(
    subscribers: &'a BTreeMap<String, Subscriber>,
    row: &SubscriberRow,
) -> Option<&'a Subscriber> {
    let named = subscribers.get(&row.subscriber);
    named.filter(|subscriber| subscriber.tenant.0 == row.tenant)
}

fn words(subscriber: &Subscriber) -> String {
    let words: Vec<&str> = subscriber.events.iter().map(|kind| kind.as_str()).collect();
    words.join(" ")
}
