//! What the house can ask of the store about attempts and the status queries about them. Each method
//! can fail with any failure; none decides anything.

use super::Result;
use crate::store::rows::{AttemptRow, BillRow, PaymentRow, QueryChannelRow, StatusQueryRow};
use crate::store::types::{Ts, Uid};

/// How to list status queries.
#[derive(Debug, Default, Clone)]
pub struct QueryFilter {
    /// One channel only.
    pub channel: Option<String>,
    /// One state only.
    pub state: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// Attempts, and what is asked about them.
pub trait StatusQueries {
    /// One attempt.
    fn find_attempt(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Option<AttemptRow>>;
    /// One bill by its id.
    fn find_bill_by_id(&mut self, tenant: i32, id: Uid) -> Result<Option<BillRow>>;
    /// Payments of an order that stand on the dossier of its attempt, by id.
    fn list_payments_of_attempt(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Vec<PaymentRow>>;
    /// Attempts of a channel opened at or after `since` that nobody asks about, oldest first.
    fn list_unasked_attempts(
        &mut self,
        tenant: i32,
        channel: &str,
        since: Ts,
        limit: i64,
    ) -> Result<Vec<AttemptRow>>;
    /// Unfinished payments of a channel with an order reference, recorded at or after the instant in
    /// `since`, that nobody asks about, oldest first.
    fn list_unasked_payments(
        &mut self,
        tenant: i32,
        channel: &str,
        since: Uid,
        limit: i64,
    ) -> Result<Vec<PaymentRow>>;
    /// Adds status queries; one that is known stays as it is.
    fn insert_status_queries(&mut self, rows: &[StatusQueryRow]) -> Result<()>;
    /// One status query.
    fn find_status_query(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Option<StatusQueryRow>>;
    /// The query of a channel that waits and has been due the longest at `now`.
    fn find_due_status_query(
        &mut self,
        tenant: i32,
        channel: &str,
        now: Ts,
    ) -> Result<Option<StatusQueryRow>>;
    /// Replaces what changes of a query that waits and was asked `tries` times so far; gives whether
    /// it was still so.
    fn mark_status_query(&mut self, row: &StatusQueryRow, tries: i32) -> Result<bool>;
    /// Status queries, the one due first on top.
    fn list_status_queries(
        &mut self,
        tenant: i32,
        filter: &QueryFilter,
    ) -> Result<Vec<StatusQueryRow>>;
    /// How many queries of a channel are in a state.
    fn count_status_queries(&mut self, tenant: i32, channel: &str, state: &str) -> Result<i64>;
    /// Removes queries that were answered and last asked before an instant; how many.
    fn delete_answered(&mut self, tenant: i32, before: Ts, limit: i64) -> Result<usize>;
    /// How a channel stands.
    fn find_query_channel(&mut self, tenant: i32, channel: &str)
    -> Result<Option<QueryChannelRow>>;
    /// Adds how a channel stands, or replaces it.
    fn insert_query_channel(&mut self, row: &QueryChannelRow) -> Result<()>;
}
