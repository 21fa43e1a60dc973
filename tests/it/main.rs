//! The integration tests: everything that needs a database, a socket or the source tree, in one
//! binary. `tests/run` brings the databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something unforeseen should fail where it stands"
)]

mod api;
mod dossiers;
mod house;
mod house_checks;
mod house_mentions;
mod house_proofs;
mod house_source;
mod imports;
mod indicators;
mod journal;
mod matching;
mod migrations;
mod providers;
mod statements;
mod support;
mod verify;
mod webhooks;
