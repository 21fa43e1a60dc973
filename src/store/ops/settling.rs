//! What the house can ask of the store about entries that lines prove, and about remittances. Each
//! method can fail with any failure; none decides anything.

use super::Result;
use crate::domain::time::Day;
use crate::store::rows::{PaymentRow, RemittancePartRow, RemittanceRow, SettlementEntryRow};
use crate::store::types::{Ts, Uid};

/// How to list remittances; what is none does not narrow.
#[derive(Debug, Default, Clone)]
pub struct RemittanceFilter {
    /// One unit only.
    pub unit_code: Option<String>,
    /// Only those that no bank line shows yet.
    pub is_unproven: bool,
    /// Only those of these days, both included.
    pub days: Option<(Day, Day)>,
    /// After this id.
    pub after: Option<Uid>,
    /// At most so many.
    pub limit: i64,
}

/// Entries that lines of files prove, and money that was passed on.
pub trait Settling {
    /// Adds entries; fails as contention when a subject was settled meanwhile.
    fn insert_settlement_entries(&mut self, rows: &[SettlementEntryRow]) -> Result<()>;
    /// The entries of these subjects.
    fn list_settlement_entries(
        &mut self,
        tenant: i32,
        subjects: &[String],
    ) -> Result<Vec<SettlementEntryRow>>;
    /// The entries that one line of a file proves.
    fn list_entries_of_line(
        &mut self,
        tenant: i32,
        file_id: Uid,
        place: i64,
    ) -> Result<Vec<SettlementEntryRow>>;
    /// The entries about one payment.
    fn list_entries_of_payment(
        &mut self,
        tenant: i32,
        payment_id: Uid,
    ) -> Result<Vec<SettlementEntryRow>>;
    /// The payment of a channel under a key.
    fn find_payment_by_key(
        &mut self,
        tenant: i32,
        channel: &str,
        payment_key: &str,
    ) -> Result<Option<PaymentRow>>;
    /// Adds a remittance with its parts.
    fn insert_remittance(&mut self, row: &RemittanceRow, parts: &[RemittancePartRow])
    -> Result<()>;
    /// Says which line of a bank statement shows a remittance.
    fn mark_remittance_proven(
        &mut self,
        row: &RemittanceRow,
        file_id: Uid,
        place: i64,
        at: Ts,
    ) -> Result<()>;
    /// The remittance of a bank account under a reference.
    fn find_remittance(
        &mut self,
        tenant: i32,
        bank: &str,
        reference: &str,
    ) -> Result<Option<RemittanceRow>>;
    /// Remittances by id.
    fn list_remittances(
        &mut self,
        tenant: i32,
        filter: &RemittanceFilter,
    ) -> Result<Vec<RemittanceRow>>;
    /// The parts of these remittances, by remittance and kind.
    fn list_remittance_parts(
        &mut self,
        tenant: i32,
        remittances: &[Uid],
    ) -> Result<Vec<RemittancePartRow>>;
    /// Whether a line of a file shows a remittance already.
    fn is_line_of_remittance(&mut self, tenant: i32, file_id: Uid, place: i64) -> Result<bool>;
}
