//! Pruning: what was told to subscribers and what providers answered is forgotten after the days that
//! the settings keep it. Only what has ended goes; what still waits stays however old it is. Works in
//! small transactions, so that nobody who writes is kept waiting. Touches neither money nor proof.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;

use super::repeat::{Repeating, start_repeating};
use super::statements::stage::remove_abandoned;
use crate::config::clock::Clock;
use crate::config::settings::Settings;
use crate::domain::ids::lowest_uuid_at;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::types::{Ts, Uid};

/// Rows removed in one transaction.
const BATCH: i64 = 500;

/// How often `serve` prunes.
const EVERY: Duration = Duration::from_secs(3_600);

/// How long what has ended is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days for events with their deliveries.
    pub outbox_days: u32,
    /// Days for answered status queries.
    pub query_days: u32,
}

impl Keep {
    /// What the settings say. A query is kept at least as long as its order may be asked about, lest
    /// it be asked about anew.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let asked = settings.status_queries.last_chance_s.div_ceil(86_400);
        let asked = u32::try_from(asked.saturating_add(1)).unwrap_or(u32::MAX);
        Self {
            outbox_days: settings.outbox.keep_days,
            query_days: settings.status_queries.keep_days.max(asked),
        }
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Deliveries, with their tries.
    pub deliveries: usize,
    /// Events of which no delivery is left.
    pub events: usize,
    /// Answered status queries.
    pub queries: usize,
    /// Statement files of which only a part was written.
    pub parts_of_files: usize,
}

/// Removes what ended longer ago than it is kept, for every tenant.
///
/// # Errors
/// [`Failure`]; what was removed before stays removed.
pub fn prune(db: &Db, now: Instant, keep: Keep) -> Result<Pruned, Failure> {
    let before = |days: u32| {
        now.checked_sub_signed(TimeDelta::days(i64::from(days)))
            .unwrap_or(Instant::UNIX_EPOCH)
    };
    let (told_before, asked_before) = (before(keep.outbox_days), Ts(before(keep.query_days)));
    let oldest_kept = Uid(lowest_uuid_at(told_before));
    let mut pruned = Pruned::default();
    for tenant in db.read(|queries| queries.list_tenants())? {
        pruned.deliveries += all(|| {
            db.write(|queries| queries.delete_ended_deliveries(tenant, oldest_kept, BATCH))
        })?;
        pruned.parts_of_files += remove_abandoned(db, tenant, now)?;
        pruned.events += prune_events(db, tenant, oldest_kept)?;
        pruned.queries +=
            all(|| db.write(|queries| queries.delete_answered(tenant, asked_before, BATCH)))?;
    }
    Ok(pruned)
}

/// Removes batch after batch until one is not full.
fn all(mut batch: impl FnMut() -> Result<usize, Failure>) -> Result<usize, Failure> {
    let mut removed = 0;
    loop {
        let some = batch()?;
        removed += some;
        if i64::try_from(some).unwrap_or(i64::MAX) < BATCH {
            return Ok(removed);
        }
    }
}

/// An event and its deliveries are made at the same instant, so that the deliveries that are left
/// before an instant name every event before it that must stay.
fn prune_events(db: &Db, tenant: i32, before: Uid) -> Result<usize, Failure> {
    let kept = db.read(|queries| queries.list_events_waited_for(tenant, before))?;
    let kept: HashSet<Uid> = kept.into_iter().collect();
    let (mut after, mut removed) = (None, 0);
    loop {
        let page = db.read(|queries| queries.list_events_before(tenant, before, after, BATCH))?;
        let Some(last) = page.last().copied() else {
            return Ok(removed);
        };
        after = Some(last);
        let gone: Vec<Uid> = page.into_iter().filter(|id| !kept.contains(id)).collect();
        removed += db.write(|queries| queries.delete_events(tenant, &gone))?;
    }
}

/// Starts a thread that prunes now and every hour.
///
/// # Errors
/// [`Failure::Broken`] when the thread cannot be started.
pub fn start_pruning(db: &Db, clock: &Clock, keep: Keep) -> Result<Repeating, Failure> {
    let (db, clock) = (db.clone(), clock.clone());
    start_repeating("pruning", EVERY, move |_| {
        match prune(&db, clock.now(), keep) {
            Ok(pruned) => tracing::debug!(?pruned, "pruned"),
            Err(failure) => tracing::warn!(%failure, "could not prune; tried again in an hour"),
        }
    })
}
