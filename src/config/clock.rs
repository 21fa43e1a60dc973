//! The clock: the only way to learn the time. In a demonstration it is simulated and moves with
//! the calls that are played; everywhere else it is the machine's.

use chrono::{TimeZone, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::time::{Instant, whole_micros};

/// Where "now" comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Microseconds since 1970, set by whoever plays the scene.
    Simulated(Arc<AtomicI64>),
}

impl Clock {
    /// A simulated clock that stands at `at` until it is moved.
    #[must_use]
    pub fn simulated(at: Instant) -> Self {
        Self::Simulated(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// Moves a simulated clock forward to `at`; never back, and never the machine's clock.
    pub fn advance_to(&self, at: Instant) {
        if let Self::Simulated(micros) = self {
            micros.fetch_max(at.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The present instant, UTC, whole microseconds.
    #[must_use]
    pub fn now(&self) -> Instant {
        match self {
            Self::System => whole_micros(Utc::now()),
            Self::Simulated(micros) => Utc
                .timestamp_micros(micros.load(Ordering::SeqCst))
                .single()
                .unwrap_or_default(),
        }
    }
}
