//! What the house can ask of the store about refunds and their steps. Each method can fail with any
//! failure; none decides anything.

use super::Result;
use crate::store::rows::{AllocationRow, RefundRow, RefundStepRow};
use crate::store::types::{Ts, Uid};

/// How to list refunds; what is none does not narrow.
#[derive(Debug, Default, Clone)]
pub struct RefundFilter {
    /// One state only.
    pub state: Option<String>,
    /// Only those not ended yet.
    pub is_standing: bool,
    /// One unit only.
    pub unit_code: Option<String>,
    /// One channel only.
    pub channel: Option<String>,
    /// What one rule proposed.
    pub rule: Option<String>,
    /// Of one payment only.
    pub payment_id: Option<Uid>,
    /// Of one bill only.
    pub bill_id: Option<Uid>,
    /// The one the provider knows under this id.
    pub provider_refund_id: Option<String>,
    /// Those the bank knows under this reference.
    pub bank_reference: Option<String>,
    /// Approved from the first instant on and before the second.
    pub approved_within: Option<(Ts, Ts)>,
    /// After this id.
    pub after: Option<Uid>,
    /// At most so many.
    pub limit: i64,
}

/// Refunds and their steps.
pub trait Refunds {
    /// Refunds by id.
    fn list_refunds(&mut self, tenant: i32, filter: &RefundFilter) -> Result<Vec<RefundRow>>;
    /// One refund.
    fn find_refund(&mut self, tenant: i32, id: Uid) -> Result<Option<RefundRow>>;
    /// The refunds of these payments that have not ended, oldest first.
    fn list_standing_refunds(&mut self, tenant: i32, payment_ids: &[Uid])
    -> Result<Vec<RefundRow>>;
    /// The steps of a refund, oldest first.
    fn list_refund_steps(&mut self, tenant: i32, id: Uid) -> Result<Vec<RefundStepRow>>;
    /// Adds a refund with its first step, where it has one.
    fn insert_refund(&mut self, row: &RefundRow, step: Option<&RefundStepRow>) -> Result<()>;
    /// Brings refunds one revision further and adds the steps that did it; fails as contention when
    /// one was brought further meanwhile.
    fn mark_refunds(&mut self, rows: &[RefundRow], steps: &[RefundStepRow]) -> Result<()>;
    /// What officers allocated to bills of these dossiers.
    fn list_allocations_on(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<AllocationRow>>;
}
