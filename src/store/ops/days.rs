//! What the house can ask of the store about days: their state, steps and artefacts, and the postings
//! of a span of time. Each method can fail with any failure; none decides anything.

use super::Result;
use crate::domain::time::Day;
use crate::store::rows::{ArtefactRow, DayBalanceRow, DayRow, DayStepRow};
use crate::store::types::{Ts, Uid};

/// A sum of postings between two accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedSum {
    /// The account that received.
    pub debit: String,
    /// The account that gave.
    pub credit: String,
    /// The currency.
    pub currency: String,
    /// The sum, minor units.
    pub minor: i64,
}

/// Days, their artefacts, and postings by time.
pub trait Days {
    /// One day.
    fn find_day(&mut self, tenant: i32, day: Day) -> Result<Option<DayRow>>;
    /// The last day that was ever closed, before `before` where given.
    fn find_last_closed_day(&mut self, tenant: i32, before: Option<Day>) -> Result<Option<DayRow>>;
    /// The closed days from one to another, each with the officer who closed it.
    fn list_closed_days(&mut self, tenant: i32, from: Day, to: Day) -> Result<Vec<(Day, String)>>;
    /// Adds a day, or replaces what is known of it.
    fn insert_day(&mut self, row: &DayRow) -> Result<()>;
    /// Adds a step.
    fn insert_day_step(&mut self, row: &DayStepRow) -> Result<()>;
    /// The steps of a day, in their order.
    fn list_day_steps(&mut self, tenant: i32, day: Day) -> Result<Vec<DayStepRow>>;
    /// Adds what was signed.
    fn insert_artefact(&mut self, row: &ArtefactRow) -> Result<()>;
    /// What was signed at one closing.
    fn find_artefact(
        &mut self,
        tenant: i32,
        day: Day,
        revision: i32,
    ) -> Result<Option<ArtefactRow>>;
    /// Replaces the trial balance of a day.
    fn insert_day_balances(&mut self, tenant: i32, day: Day, rows: &[DayBalanceRow]) -> Result<()>;
    /// The trial balance of a day, by account.
    fn list_day_balances(&mut self, tenant: i32, day: Day) -> Result<Vec<DayBalanceRow>>;
    /// Of the accounts of money in transit, what was moved up to the end of each of these days, the
    /// latest day first.
    fn list_transit_balances(
        &mut self,
        tenant: i32,
        from: Day,
        to: Day,
    ) -> Result<Vec<DayBalanceRow>>;
    /// Height and hash of a chain's last block sealed before an instant.
    fn find_chain_head(
        &mut self,
        tenant: i32,
        chain: i32,
        before: Ts,
    ) -> Result<Option<(i64, Vec<u8>)>>;
    /// Sums of a chain's postings sealed at or after `from` and before `to`.
    fn list_posted_sums(
        &mut self,
        tenant: i32,
        chain: i32,
        from: Ts,
        to: Ts,
    ) -> Result<Vec<PostedSum>>;
    /// Payment, clearing account, currency and amount of a chain's postings that took payments in,
    /// sealed at or after `from` and before `to`.
    fn list_received(
        &mut self,
        tenant: i32,
        chain: i32,
        from: Ts,
        to: Ts,
    ) -> Result<Vec<(Uid, String, String, i64)>>;
    /// What the database's own clock says, where it has one.
    fn find_database_time(&mut self) -> Result<Option<Ts>>;
    /// The instant before which nothing is sealed any more, if a day was ever closed.
    fn find_closed_before(&mut self, tenant: i32) -> Result<Option<Ts>>;
    /// From now on refuses blocks sealed before an instant, on every chain.
    fn mark_chains_closed(&mut self, tenant: i32, before: Ts) -> Result<()>;
}
