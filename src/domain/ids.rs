//! Typed identifiers. Every id is a UUIDv7 made by the application from the instant it is given,
//! so ids sort by time and no database sequence is needed. Does not know what the ids are for.

use std::fmt;
use uuid::{NoContext, Timestamp, Uuid};

use super::time::Instant;

/// The installation a row belongs to: a small integer, 1 where there is a single province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(pub i32);

/// A new UUIDv7 whose time part is `now` (UTC), with random low bits.
#[must_use]
pub fn uuid_at(now: Instant) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(
        NoContext,
        seconds,
        now.timestamp_subsec_nanos(),
    ))
}

/// The smallest UUIDv7 of an instant: the lower bound when listing by time.
#[must_use]
pub fn lowest_uuid_at(at: Instant) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// The instant an id was made at, to the millisecond; `None` for an id that is not a UUIDv7.
#[must_use]
pub fn instant_of(id: Uuid) -> Option<Instant> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Instant::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id whose time part is `now` (UTC).
            #[must_use]
            pub fn at(now: Instant) -> Self {
                Self(uuid_at(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

typed_id!(
    /// One dossier.
    DossierId,
    /// One bill.
    BillId,
    /// One recorded notice.
    NoticeId,
    /// One payment.
    PaymentId,
    /// One ledger entry: all postings of one event.
    EntryId,
    /// One refused call kept for a later replay.
    QuarantineId,
    /// One difference.
    DifferenceId,
    /// One refund.
    RefundId,
    /// One file of a bank or a provider.
    StatementFileId,
    /// One event that subscribers are told of.
    EventId,
    /// One delivery of an event to a subscriber.
    DeliveryId,
);

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    #[test]
    fn ids_sort_by_the_instant_they_were_made_at() {
        let early = Utc.timestamp_opt(1_751_328_000, 0).unwrap();
        let late = Utc.timestamp_opt(1_751_328_001, 0).unwrap();
        assert!(PaymentId::at(early) < PaymentId::at(late));
        assert!(lowest_uuid_at(early) <= uuid_at(early));
        assert!(uuid_at(early) < lowest_uuid_at(late));
    }
}
