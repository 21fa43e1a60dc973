//! Rows, one struct per table, fields named and ordered as the columns. They carry data between
//! the store and the journeys and decide nothing.
#![allow(
    missing_docs,
    reason = "the fields are the columns, whose meaning and units stand in migrations/"
)]

mod asking;
mod base;
mod cases;
mod days;
mod outbox;
mod outcomes;
mod settling;
mod statements;
mod tariffs;

pub use asking::*;
pub use base::*;
pub use cases::*;
pub use days::*;
pub use outbox::*;
pub use outcomes::*;
pub use settling::*;
pub use statements::*;
pub use tariffs::*;
