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
mod outbox;
mod payments;
mod proof;
mod refunds;
mod suggestions;
mod tariffs;

use super::Conn;
use crate::store::ops::Queries;

impl Queries for Conn {}

/// SQLite takes 32,766 binds in a statement; the widest table here has 24 columns.
const CHUNK: usize = 1000;
