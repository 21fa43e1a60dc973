//! What the house can ask of the store about comparisons: the outcomes of a day and the differences
//! that follow from them. Each method can fail with any failure; none decides anything.

use super::Result;
use crate::domain::time::Day;
use crate::store::rows::{ComparisonRow, DifferenceRow, OutcomePageRow, StatementFileRow};
use crate::store::types::Uid;

/// Comparisons, their outcomes and their differences.
pub trait Outcomes {
    /// Removes what was found of a day.
    fn delete_comparison(&mut self, tenant: i32, day: Day) -> Result<()>;
    /// Adds pages of outcomes.
    fn insert_outcome_pages(&mut self, rows: &[OutcomePageRow]) -> Result<()>;
    /// Adds what was found of a day.
    fn insert_comparison(&mut self, row: &ComparisonRow) -> Result<()>;
    /// What was found of a day.
    fn find_comparison(&mut self, tenant: i32, day: Day) -> Result<Option<ComparisonRow>>;
    /// Comparisons after a day, the earliest first.
    fn list_comparisons(
        &mut self,
        tenant: i32,
        after: Option<Day>,
        limit: i64,
    ) -> Result<Vec<ComparisonRow>>;
    /// One page of outcomes.
    fn find_outcome_page(
        &mut self,
        tenant: i32,
        day: Day,
        page: i32,
    ) -> Result<Option<OutcomePageRow>>;
    /// The differences of these subjects, of every kind and state.
    fn list_differences_about(
        &mut self,
        tenant: i32,
        subjects: &[&str],
    ) -> Result<Vec<DifferenceRow>>;
    /// Differences not resolved that belong to business days from one to another.
    fn list_standing_between(
        &mut self,
        tenant: i32,
        from: Day,
        to: Day,
    ) -> Result<Vec<DifferenceRow>>;
    /// Of these payments: bill, dossier, and the dossier's unit.
    fn list_homes(&mut self, tenant: i32, payment_ids: &[Uid]) -> Result<Vec<Home>>;
    /// Statement files by their ids.
    fn list_files(&mut self, tenant: i32, file_ids: &[Uid]) -> Result<Vec<StatementFileRow>>;
    /// Notes on imported files that something of theirs was matched on a day, unless they say so
    /// already.
    fn mark_files_matched(&mut self, tenant: i32, file_ids: &[Uid], day: Day) -> Result<()>;
}

/// Where a payment belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The payment.
    pub payment_id: Uid,
    /// Its bill.
    pub bill_id: Option<Uid>,
    /// Its dossier.
    pub dossier_id: Option<Uid>,
    /// The unit of the dossier.
    pub unit_code: Option<String>,
}
