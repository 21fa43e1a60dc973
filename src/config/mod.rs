//! SETTINGS, parsed and judged once at start: one struct per concern. Comes in as TOML files and
//! the environment, goes out as [`Settings`](settings::Settings). Secrets print nothing.

pub mod channel;
pub mod clock;
pub mod described;
pub mod door;
pub mod error;
mod judge;
mod layers;
pub mod load;
pub mod secret;
pub mod settings;
pub mod source;
pub mod subscriber;

#[cfg(test)]
mod tests;
