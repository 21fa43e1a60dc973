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

mod a_day;
mod api;
mod attempts;
mod cases;
mod compare;
mod compare_cases;
mod compared_days;
mod crossings;
mod day_faults;
mod days;
mod differences;
mod door;
mod door_flood;
mod door_secrets;
mod door_sockets;
mod door_tls;
mod dossiers;
mod faults;
mod house;
mod house_checks;
mod house_mentions;
mod house_proofs;
mod house_source;
mod imports;
mod indicators;
mod journal;
mod matching;
mod memos;
mod migrations;
mod model;
mod openapi;
mod outbox;
mod outbox_deliveries;
mod outbox_libraries;
mod prometheus;
mod providers;
mod reconciled_days;
mod refund_races;
mod refund_rules;
mod refunds;
mod refusals;
mod reports;
mod seeing;
mod settlement_effects;
mod statement_bad_input;
mod statement_cells;
mod statement_closed_days;
mod statement_imports;
mod statement_staging;
mod statements;
mod status_answers;
mod status_queries;
mod support;
mod tariffs;
mod traces;
mod unit_counts;
mod verify;
mod verify_rows;
mod webhooks;
