//! What the house can ask of the store about the outbox: subscribers, deliveries and their tries. The
//! events themselves are written by the journal, with what happened. Each method can fail with any
//! failure; none decides anything.

use super::Result;
use crate::store::rows::{DeliveryRow, EventRow, SubscriberRow, TryRow};
use crate::store::types::{Ts, Uid};

/// How to list deliveries.
#[derive(Debug, Default, Clone)]
pub struct DeliveryFilter {
    /// One subscriber only.
    pub subscriber: Option<String>,
    /// One state only.
    pub state: Option<String>,
    /// One subject only: a dossier, or a payment without one.
    pub subject: Option<Uid>,
    /// Written at or after the instant inside this id.
    pub since: Option<Uid>,
    /// After this id.
    pub after: Option<Uid>,
    /// At most so many.
    pub limit: i64,
}

/// How many deliveries of a subscriber stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryCounts {
    /// Not taken yet.
    pub waiting: i64,
    /// Given up.
    pub given_up: i64,
    /// When the oldest event that was not taken yet was written.
    pub oldest_waiting: Option<Ts>,
}

/// Subscribers, deliveries and tries.
pub trait Outbox {
    /// The subscribers of a tenant, by name.
    fn list_subscribers(&mut self, tenant: i32) -> Result<Vec<SubscriberRow>>;
    /// Every subscriber of every tenant.
    fn list_all_subscribers(&mut self) -> Result<Vec<SubscriberRow>>;
    /// Adds a subscriber, or replaces the types it wants and the address that is gone.
    fn insert_subscriber(&mut self, row: &SubscriberRow) -> Result<()>;
    /// Forgets a subscriber; its deliveries stay.
    fn delete_subscriber(&mut self, tenant: i32, subscriber: &str) -> Result<()>;
    /// What waits for a subscriber and is due, longest due first; of several of one subject the
    /// earlier ones first.
    fn list_due_deliveries(
        &mut self,
        tenant: i32,
        subscriber: &str,
        now: Ts,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>>;
    /// Of each subject the one delivery to a subscriber that waits and comes first.
    fn list_first_waiting(
        &mut self,
        tenant: i32,
        subscriber: &str,
        subjects: &[Uid],
    ) -> Result<Vec<DeliveryRow>>;
    /// Changes state, tries, next instant and last answer of a delivery that still has `tries` tries;
    /// whether it had.
    fn mark_delivery(&mut self, row: &DeliveryRow, tries: i32) -> Result<bool>;
    /// Moves the next instant of everything of the same subject that waits behind a delivery.
    fn mark_following(&mut self, row: &DeliveryRow, next_at: Ts) -> Result<()>;
    /// Adds a try and removes those of the delivery that are older than the newest `keep`.
    fn insert_try(&mut self, row: &TryRow, keep: i32) -> Result<()>;
    /// Events by their ids.
    fn list_events(&mut self, tenant: i32, ids: &[Uid]) -> Result<Vec<EventRow>>;
    /// Deliveries by id.
    fn list_deliveries(&mut self, tenant: i32, filter: &DeliveryFilter)
    -> Result<Vec<DeliveryRow>>;
    /// One delivery.
    fn find_delivery(&mut self, tenant: i32, id: Uid) -> Result<Option<DeliveryRow>>;
    /// The tries of these deliveries, by delivery and time.
    fn list_tries(&mut self, tenant: i32, deliveries: &[Uid]) -> Result<Vec<TryRow>>;
    /// Removes deliveries made before the instant inside this id that do not wait any more, the oldest
    /// first, with their tries; how many.
    fn delete_ended_deliveries(&mut self, tenant: i32, before: Uid, limit: i64) -> Result<usize>;
    /// The events of the deliveries made before the instant inside this id.
    fn list_events_waited_for(&mut self, tenant: i32, before: Uid) -> Result<Vec<Uid>>;
    /// Ids of events made before the instant inside an id, after another id.
    fn list_events_before(
        &mut self,
        tenant: i32,
        before: Uid,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<Uid>>;
    /// Removes events; how many there were.
    fn delete_events(&mut self, tenant: i32, ids: &[Uid]) -> Result<usize>;
    /// How many deliveries of a subscriber stand where.
    fn count_deliveries(&mut self, tenant: i32, subscriber: &str) -> Result<DeliveryCounts>;
}
