//! Sweeping: notices that were recorded and could not be applied are applied now, oldest first, one
//! by one, dated now: a notice about a closed day is posted today. What still cannot be applied stays
//! as it is, to be swept again after the cause is mended. `serve` sweeps by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::repeat::{Repeating, start_repeating};
use super::write_batch::BatchWriter;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::{Tenant, instant_of};
use crate::domain::notice::Notice;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::NoticeRow;

/// How often `serve` looks for notices that could not be applied.
const EVERY: Duration = Duration::from_secs(60);

/// Notices looked at in one run.
const MOST: i64 = 10_000;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Applied now.
    pub applied: usize,
    /// Of a channel that is no longer configured, or with facts that cannot be read.
    pub skipped: usize,
    /// Tried and still not applied.
    pub failed: usize,
}

/// Applies what waits on the tenants of the channels given.
///
/// # Errors
/// [`Failure`] when nothing could be read; a notice that cannot be applied is counted instead.
pub fn sweep(
    db: &Db,
    clock: &Clock,
    channels: &BTreeMap<String, Channel>,
    providers: Vec<String>,
) -> Result<Swept, Failure> {
    sweep_until(db, clock, channels, providers, &AtomicBool::new(false))
}

fn sweep_until(
    db: &Db,
    clock: &Clock,
    channels: &BTreeMap<String, Channel>,
    providers: Vec<String>,
    is_stopping: &AtomicBool,
) -> Result<Swept, Failure> {
    let tenants = tenants_of(channels);
    let channels: BTreeMap<&str, Arc<Channel>> = channels
        .iter()
        .map(|(name, channel)| (name.as_str(), Arc::new(channel.clone())))
        .collect();
    let mut writer = BatchWriter::open(db, clock, providers)?;
    let mut swept = Swept::default();
    for tenant in tenants {
        let rows = db.read(|queries| queries.list_unsettled_notices(tenant.0, MOST))?;
        let count = rows.len();
        let ready: Vec<_> = rows
            .into_iter()
            .filter_map(|row| ready(row, &channels))
            .collect();
        let applied = writer.sweep(tenant, &ready, is_stopping);
        swept.applied += applied;
        swept.failed += ready.len() - applied;
        swept.skipped += count - ready.len();
    }
    writer.close();
    Ok(swept)
}

fn tenants_of(channels: &BTreeMap<String, Channel>) -> BTreeSet<Tenant> {
    channels.values().map(|channel| channel.tenant).collect()
}

/// Starts a thread that sweeps now and every minute in which something waits.
///
/// # Errors
/// [`Failure::Broken`] when the thread cannot be started.
pub fn start_sweeping(
    db: &Db,
    clock: &Clock,
    channels: &BTreeMap<String, Channel>,
    providers: Vec<String>,
) -> Result<Repeating, Failure> {
    let (db, clock, channels) = (db.clone(), clock.clone(), channels.clone());
    start_repeating("sweeping", EVERY, move |is_stopping| {
        let swept = waiting(&db, &channels).and_then(|waiting| {
            let is_some = waiting.count > 0;
            let providers = providers.clone();
            let some = is_some.then(|| sweep_until(&db, &clock, &channels, providers, is_stopping));
            some.transpose()
        });
        match swept {
            Ok(None) => {}
            Ok(Some(swept)) => tracing::info!(?swept, "notices that waited were applied"),
            Err(failure) => tracing::warn!(%failure, "could not sweep; tried again in a minute"),
        }
    })
}

/// Notices that were recorded and are not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// When the oldest was recorded.
    pub since: Option<Instant>,
}

/// What waits on the tenants of the channels given.
///
/// # Errors
/// Any [`Failure`].
pub fn waiting(db: &Db, channels: &BTreeMap<String, Channel>) -> Result<Waiting, Failure> {
    db.read(|queries| {
        let mut all = Waiting::default();
        for tenant in tenants_of(channels) {
            let count = queries.count_unsettled_notices(tenant.0)?;
            if count > 0 {
                let oldest = queries.list_unsettled_notices(tenant.0, 1)?;
                let at = oldest.first().and_then(|row| instant_of(row.notice_id.0));
                all.since = [all.since, at].into_iter().flatten().min();
                all.count += count;
            }
        }
        Ok(all)
    })
}

fn ready(
    row: NoticeRow,
    channels: &BTreeMap<&str, Arc<Channel>>,
) -> Option<(NoticeRow, Notice, Arc<Channel>)> {
    let id = row.notice_id.0;
    let Some(channel) = channels.get(row.channel.as_str()) else {
        tracing::warn!(notice_id = %id, channel = row.channel, "the channel is not configured");
        return None;
    };
    let facts = row.facts.as_deref().unwrap_or("");
    match serde_json::from_str::<Notice>(facts) {
        Ok(notice) => Some((row, notice, Arc::clone(channel))),
        Err(_) => {
            tracing::error!(notice_id = %id, "the facts of the notice cannot be read");
            None
        }
    }
}
