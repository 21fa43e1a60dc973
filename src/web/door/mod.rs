//! The frame of every door: where a call comes from, how many are borne, how connections are
//! bounded and encrypted, and what every answer carries. Knows no address and no provider.

pub mod address;
pub mod connections;
pub mod gate;
pub mod limits;
pub mod tls;
pub mod traces;
mod unread;
