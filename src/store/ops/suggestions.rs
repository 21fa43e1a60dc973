//! What the house can ask of the store when money names no bill: bills it may have been meant for.
//! Each list is bounded and read through an index; what a candidate is worth is for others to say.

use super::Result;
use crate::domain::time::Instant;
use crate::store::rows::BillRow;

/// Candidates for money that names no bill.
pub trait Suggestions {
    /// The bills of these references.
    fn list_bills_by_reference(
        &mut self,
        tenant: i32,
        references: &[String],
    ) -> Result<Vec<BillRow>>;
    /// Some bills whose reference begins like this.
    fn list_bills_beginning(
        &mut self,
        tenant: i32,
        start: &str,
        limit: i64,
    ) -> Result<Vec<BillRow>>;
    /// Bills of some dossiers whose squeezed code begins like this.
    fn list_bills_of_code(&mut self, tenant: i32, start: &str, limit: i64) -> Result<Vec<BillRow>>;
    /// Bills of this total that were open to be paid at an instant, the newest first; looks at a few
    /// hundred rows whatever the size of the table.
    fn list_bills_by_total(
        &mut self,
        tenant: i32,
        total_minor: i64,
        at: Instant,
        limit: i64,
    ) -> Result<Vec<BillRow>>;
}
