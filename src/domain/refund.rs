//! Refunds: money going back to a payer. Their states, what proposes them and where the money is
//! taken from; asking, approving and paying are journeys.

use super::dossier::words;

words!(
    /// Where a refund stands.
    RefundState {
        /// A rule proposes it; nobody has asked yet.
        Proposed = "proposed",
        /// An officer asks for it; the money does not move.
        Requested = "requested",
        /// Not wanted any more; the money never moved.
        Withdrawn = "withdrawn",
        /// Another officer approved it; the money is set aside.
        ToSend = "to_send",
        /// Handed to the provider or the bank.
        Sent = "sent",
        /// Paid out.
        Succeeded = "succeeded",
        /// Refused by the provider or the bank; may be sent again or called off.
        Failed = "failed",
        /// Paid out by hand, with evidence.
        ByHand = "by_hand",
    }
);

words!(
    /// What proposed a refund.
    RefundRule {
        /// The bill was paid again.
        Twice = "twice",
        /// More was paid than was due.
        Over = "over",
        /// Paid after the due day or a cancellation.
        Late = "late",
        /// The dossier was refused after it was paid.
        RefusedDossier = "refused_dossier",
        /// An officer.
        ByHand = "by_hand",
    }
);

words!(
    /// Where the money of a refund stands before it is approved.
    RefundSource {
        /// With the payer's credit.
        Credit = "credit",
        /// In suspense.
        Suspense = "suspense",
        /// A fee that was paid and is given back.
        Fee = "fee",
    }
);
