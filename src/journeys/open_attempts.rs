//! Opening attempts: the provider's order references under which payers may pay a bill. An
//! attempt that is known stays as it is; no money moves.

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::AttemptRow;
use crate::store::types::Ts;

/// One attempt to open: channel, order reference, and the reference of the bill.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// The channel the payer pays through.
    pub channel: String,
    /// What the provider will call the order.
    pub order_ref: String,
    /// The bill's payment reference.
    pub bill_reference: String,
}

/// Opens attempts in one transaction; gives how many named a bill that exists.
///
/// # Errors
/// Any [`Failure`].
pub fn open_attempts(
    db: &Db,
    tenant: Tenant,
    now: Instant,
    attempts: &[NewAttempt],
) -> Result<usize, Failure> {
    db.write(|queries| {
        let mut rows = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            if let Some(bill) = queries.find_bill(tenant.0, &attempt.bill_reference)? {
                rows.push(AttemptRow {
                    tenant: tenant.0,
                    channel: attempt.channel.clone(),
                    order_ref: attempt.order_ref.clone(),
                    bill_id: bill.bill_id,
                    opened_at: Ts(now),
                });
            }
        }
        queries.insert_attempts(&rows)?;
        Ok(rows.len())
    })
}
