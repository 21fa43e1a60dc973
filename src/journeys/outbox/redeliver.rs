//! Asking for deliveries again: one, or all that were given up, or all since an instant; and switching
//! on a subscriber that was gone. Each begins the table of delays anew and keeps its place among the
//! events of its subject.

use chrono::TimeDelta;
use thiserror::Error;

use crate::domain::ids::{Tenant, lowest_uuid_at};
use crate::domain::outbox::DeliveryState;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::{DeliveryFilter, Queries};
use crate::store::rows::{DeliveryRow, SubscriberRow};
use crate::store::types::{Ts, Uid};
use crate::store::{AsFailure, Db};

/// Deliveries asked for again in one transaction.
const MOST: i64 = 500;

/// What waits and is due so soon is left alone: it may be under way.
const SOON: TimeDelta = TimeDelta::minutes(3);

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// To one subscriber only.
    pub subscriber: Option<String>,
    /// Only those that were given up.
    pub only_given_up: bool,
    /// Written at this instant or later.
    pub since: Option<Instant>,
}

/// Why nothing was asked for again.
#[derive(Debug, Error)]
pub enum RedeliverError {
    /// No delivery has this id.
    #[error("there is no such delivery")]
    UnknownDelivery,
    /// Nobody of this name was ever told of anything.
    #[error("there is no subscriber {0}")]
    UnknownSubscriber(String),
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for RedeliverError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::UnknownDelivery | Self::UnknownSubscriber(_) => None,
        }
    }
}

/// Asks for one delivery again and gives it as it stands now.
///
/// # Errors
/// [`RedeliverError`].
pub fn redeliver_one(
    db: &Db,
    tenant: Tenant,
    id: Uid,
    now: Instant,
) -> Result<DeliveryRow, RedeliverError> {
    db.write(|queries| {
        let row = queries.find_delivery(tenant.0, id)?;
        let row = row.ok_or(RedeliverError::UnknownDelivery)?;
        Ok(again(queries, row, now)?)
    })
}

/// Asks for many deliveries again, oldest first, and gives how many.
///
/// # Errors
/// [`RedeliverError`]; what was asked for before the failure stays asked for.
pub fn redeliver_all(
    db: &Db,
    tenant: Tenant,
    which: &Which,
    now: Instant,
) -> Result<usize, RedeliverError> {
    let state = which
        .only_given_up
        .then(|| DeliveryState::GivenUp.as_str().to_owned());
    let mut filter = DeliveryFilter {
        subscriber: which.subscriber.clone(),
        state,
        since: which.since.map(|at| Uid(lowest_uuid_at(at))),
        limit: MOST,
        ..DeliveryFilter::default()
    };
    let mut count = 0;
    loop {
        let last = db.write(|queries| {
            let rows = queries.list_deliveries(tenant.0, &filter)?;
            let last = rows.last().map(|row| (row.delivery_id, rows.len()));
            for row in rows {
                again(queries, row, now)?;
            }
            Ok::<_, RedeliverError>(last)
        })?;
        let Some((last, asked)) = last else {
            return Ok(count);
        };
        filter.after = Some(last);
        count += asked;
    }
}

fn again(
    queries: &mut dyn Queries,
    row: DeliveryRow,
    now: Instant,
) -> Result<DeliveryRow, Failure> {
    let is_waiting = row.state == DeliveryState::Waiting.as_str();
    if is_waiting && row.next_at.0.signed_duration_since(now) <= SOON {
        return Ok(row);
    }
    let row = DeliveryRow {
        state: DeliveryState::Waiting.as_str().to_owned(),
        round_from: row.tries,
        next_at: Ts(now),
        delivered_at: None,
        ..row
    };
    queries.mark_delivery(&row, row.tries)?;
    Ok(row)
}

/// Sends to a subscriber again after it answered that it is gone; gives whether it was.
///
/// # Errors
/// [`RedeliverError`].
pub fn switch_on(db: &Db, tenant: Tenant, name: &str) -> Result<bool, RedeliverError> {
    db.write(|queries| {
        let known = queries.list_subscribers(tenant.0)?;
        let row = known.into_iter().find(|row| row.subscriber == name);
        let row = row.ok_or_else(|| RedeliverError::UnknownSubscriber(name.to_owned()))?;
        let was_gone = row.gone_url.is_some();
        if was_gone {
            queries.insert_subscriber(&SubscriberRow {
                gone_url: None,
                gone_at: None,
                ..row
            })?;
        }
        Ok(was_gone)
    })
}
