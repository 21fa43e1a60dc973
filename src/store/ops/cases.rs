//! What the house can ask of the store about what needs a person: differences, allocations made by
//! officers, refunds. Each method can fail with any failure; none decides anything.

use super::Result;
use crate::store::rows::{AllocationRow, DifferenceRow, DifferenceStepRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// Which differences a list takes.
#[derive(Debug, Default, Clone)]
pub struct DifferenceFilter {
    /// One state only.
    pub state: Option<String>,
    /// Only those that are not resolved.
    pub is_standing: bool,
    /// One kind only.
    pub kind: Option<String>,
    /// Those one unit owns; empty for those of the province.
    pub unit_code: Option<String>,
    /// One channel only.
    pub channel: Option<String>,
    /// One payment only.
    pub payment_id: Option<Uid>,
    /// Only those not resolved whose time ended before.
    pub overdue_at: Option<Ts>,
    /// After this id.
    pub after: Option<Uid>,
    /// At most so many.
    pub limit: i64,
}

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
    /// Replaces state, unit, due time, revision, resolution, day, amount and evidence of known
    /// differences. One whose revision is not one below is contention: somebody else took a step.
    fn mark_differences(&mut self, rows: &[DifferenceRow]) -> Result<()>;
    /// Adds steps taken on differences.
    fn insert_difference_steps(&mut self, rows: &[DifferenceStepRow]) -> Result<()>;
    /// One difference.
    fn find_difference(&mut self, tenant: i32, id: Uid) -> Result<Option<DifferenceRow>>;
    /// Differences by id, so the oldest first.
    fn list_differences(
        &mut self,
        tenant: i32,
        filter: &DifferenceFilter,
    ) -> Result<Vec<DifferenceRow>>;
    /// Id and payment of every difference of these payments, resolved ones too.
    fn list_differences_of(&mut self, tenant: i32, payment_ids: &[Uid]) -> Result<Vec<(Uid, Uid)>>;
    /// Differences not resolved that speak of one of these payments or bills.
    fn list_standing_differences(
        &mut self,
        tenant: i32,
        payment_ids: &[Uid],
        bill_ids: &[Uid],
    ) -> Result<Vec<DifferenceRow>>;
    /// The steps of a difference, in their order.
    fn list_difference_steps(&mut self, tenant: i32, id: Uid) -> Result<Vec<DifferenceStepRow>>;
    /// What officers allocated of these payments.
    fn list_allocations(&mut self, tenant: i32, payment_ids: &[Uid]) -> Result<Vec<AllocationRow>>;
    /// What officers allocated to the bills of these dossiers, above zero.
    fn list_allocations_to(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<AllocationRow>>;
    /// The refunds of a payment.
    fn list_refunds_from(&mut self, tenant: i32, payment_id: Uid) -> Result<Vec<RefundRow>>;
}
