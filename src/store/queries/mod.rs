//! Every query, written once. This folder is compiled twice, by `postgres.rs` and by `sqlite.rs`;
//! `Conn` is the connection of whoever includes it.

mod access;
mod asking;
mod books;
mod cases;
mod catalogue;
mod counts;
mod days;
mod dossiers;
pub(super) mod migrations;
mod named;
mod outbox;
mod outcomes;
mod overview;
mod payments;
mod proof;
mod refunds;
mod report_ledger;
mod reports;
mod settling;
mod staging;
mod statements;
mod suggestions;
mod tariffs;

use super::{Conn, OWN_TIME, seconds_of};
use crate::store::ops::Queries;

impl Queries for Conn {}

/// SQLite takes 32,766 binds in a statement; the widest table here has 24 columns.
const CHUNK: usize = 1000;
