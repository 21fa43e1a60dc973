//! One subscriber: an address that is told of what happens to payments, with the keys by which it knows
//! that we say so. Who is told what, and when, is decided by the journeys.

use std::time::Duration;

use super::secret::Secret;
use crate::domain::ids::Tenant;
use crate::domain::outbox::EventType;

/// A configured subscriber.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// Its name.
    pub name: String,
    /// The installation whose events it is told of.
    pub tenant: Tenant,
    /// Where events are sent.
    pub url: String,
    /// `whsec_` and Base64, the newest first; each gives a signature, so that the receiver may change
    /// to the new one at any time.
    pub secrets: Vec<Secret>,
    /// The types it is told of.
    pub events: Vec<EventType>,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Certificates (PEM) that its certificate is checked against, instead of those every browser
    /// knows.
    pub roots: Option<Vec<u8>>,
}

impl Subscriber {
    /// The address for people and logs: without its query, which may hold a token.
    #[must_use]
    pub fn shown_url(&self) -> &str {
        self.url.split('?').next().unwrap_or("")
    }
}
