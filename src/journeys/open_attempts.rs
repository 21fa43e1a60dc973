//! Opening attempts: the provider's order references under which payers may pay a bill. All attempts
//! of a call are opened or none. An attempt that is known stays as it is; one that would name another
//! bill is refused. No money moves.

use std::collections::HashMap;

use thiserror::Error;

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::AttemptRow;
use crate::store::types::{Ts, Uid};
use crate::store::{AsFailure, Db};

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

/// What was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opened {
    /// Attempts that were not known.
    pub new: usize,
    /// Attempts that were known and name the same bill.
    pub known: usize,
}

/// Why nothing was opened. `index` counts from 0.
#[derive(Debug, Error)]
pub enum AttemptError {
    /// There is no such bill.
    #[error("there is no bill {reference}")]
    UnknownBill {
        /// Which attempt.
        index: usize,
        /// The reference it gives.
        reference: String,
    },
    /// The order reference is one of another bill.
    #[error("the order {order_ref} is an attempt to pay another bill")]
    OtherBill {
        /// Which attempt.
        index: usize,
        /// The order reference.
        order_ref: String,
    },
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for AttemptError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::UnknownBill { .. } | Self::OtherBill { .. } => None,
        }
    }
}

/// Opens attempts made at `opened_at`, in one transaction.
///
/// # Errors
/// [`AttemptError`]; nothing is opened then.
pub fn open_attempts(
    db: &Db,
    tenant: Tenant,
    opened_at: Instant,
    attempts: &[NewAttempt],
) -> Result<Opened, AttemptError> {
    db.write(|queries| {
        let mut rows: HashMap<(&str, &str), AttemptRow> = HashMap::with_capacity(attempts.len());
        let mut opened = Opened::default();
        for (index, attempt) in attempts.iter().enumerate() {
            let bill_id = bill_of(queries, tenant, index, attempt)?;
            let key = (attempt.channel.as_str(), attempt.order_ref.as_str());
            let held = match rows.get(&key) {
                Some(row) => Some(row.bill_id),
                None => queries
                    .find_attempt(tenant.0, &attempt.channel, &attempt.order_ref)?
                    .map(|row| row.bill_id),
            };
            match held {
                Some(held) if held != bill_id => {
                    let order_ref = attempt.order_ref.clone();
                    return Err(AttemptError::OtherBill { index, order_ref });
                }
                Some(_) => opened.known += 1,
                None => {
                    opened.new += 1;
                    let row = AttemptRow {
                        tenant: tenant.0,
                        channel: attempt.channel.clone(),
                        order_ref: attempt.order_ref.clone(),
                        bill_id,
                        opened_at: Ts(opened_at),
                    };
                    rows.insert(key, row);
                }
            }
        }
        let rows: Vec<AttemptRow> = rows.into_values().collect();
        queries.insert_attempts(&rows)?;
        Ok(opened)
    })
}

fn bill_of(
    queries: &mut dyn Queries,
    tenant: Tenant,
    index: usize,
    attempt: &NewAttempt,
) -> Result<Uid, AttemptError> {
    let bill = queries.find_bill(tenant.0, &attempt.bill_reference)?;
    bill.map(|bill| bill.bill_id)
        .ok_or_else(|| AttemptError::UnknownBill {
            index,
            reference: attempt.bill_reference.clone(),
        })
}
