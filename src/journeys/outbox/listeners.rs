//! Who listens: the subscribers of the configuration are written down when a gateway starts, and every
//! transaction that announces reads them from there, whichever command it belongs to. What was written
//! for a subscriber that left stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::subscriber::Subscriber;
use crate::domain::outbox::EventType;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::SubscriberRow;

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
