//! The outbox: what subscribers are told of, and where a delivery stands. Which facts make an event is
//! decided by the journeys that meet them.

use super::dossier::words;

words!(
    /// What happened. A subscriber must pass over types that it does not know.
    EventType {
        /// A bill is paid in full.
        BillPaid = "bill.paid",
        /// Something is paid on a bill, not all.
        BillShort = "bill.short",
        /// The provider took back a payment.
        PaymentReversed = "payment.reversed",
        /// Money of a payment was given back, in full or in part.
        PaymentRefunded = "payment.refunded",
        /// Something about money needs a person.
        DifferenceOpened = "difference.opened",
    }
);

words!(
    /// Where the delivery of an event to a subscriber stands.
    DeliveryState {
        /// Not taken yet; tried at its next instant.
        Waiting = "waiting",
        /// Taken by the subscriber.
        Delivered = "delivered",
        /// Not taken by the last try of the table; can be asked for again.
        GivenUp = "given_up",
    }
);
