//! THE OUTBOX: telling other systems what happened. Events are written with what they speak of, by the
//! book of each transaction; here they are put into words, delivered, signed, tried again and asked
//! for again. Nothing here moves money.

mod body;
pub mod couriers;
pub mod deliver;
mod listeners;
mod post;
pub mod redeliver;
pub mod schedule;
mod tell_opened;

pub(in crate::journeys) use body::{Told, event_row};
pub use listeners::register_subscribers;
pub(in crate::journeys) use listeners::{Listeners, Places, deliveries, listeners_of};
pub(in crate::journeys) use tell_opened::tell_opened;
