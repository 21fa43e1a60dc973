//! The life of a status query: an order that providers are asked about until something final is
//! known of it, or its chances end.

use super::dossier::words;

words!(
    /// Where the asking about an order stands.
    QueryState {
        /// It will be asked again.
        Waiting = "waiting",
        /// Something final is known.
        Answered = "answered",
        /// Nothing final came by the last chance: an officer looks at it.
        GivenUp = "given_up",
    }
);
