//! What the house can ask of the store about what needs a person: differences, allocations made by
//! officers, refunds. Each method can fail with any failure; none decides anything.

use super::Result;
use crate::store::rows::{AllocationRow, DifferenceRow, RefundRow};
use crate::store::types::Uid;

/// Differences, allocations and refunds.
pub trait Cases {
    /// Writes what of a batch needs a person: allocations anew or changed, new differences, new
    /// refunds.
    fn insert_cases(
        &mut self,
        allocations: &[AllocationRow],
        differences: &[DifferenceRow],
        refunds: &[RefundRow],
    ) -> Result<()>;
    /// What officers allocated of these payments.
    fn list_allocations(&mut self, tenant: i32, payment_ids: &[Uid]) -> Result<Vec<AllocationRow>>;
}
