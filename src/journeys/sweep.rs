//! Sweeping: notices that were recorded and could not be applied are applied now, oldest first, one
//! by one. What still cannot be applied stays as it is, to be swept again after the cause is mended.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::write_batch::BatchWriter;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::Tenant;
use crate::domain::notice::Notice;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::NoticeRow;

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
    let channels: BTreeMap<&str, Arc<Channel>> = channels
        .iter()
        .map(|(name, channel)| (name.as_str(), Arc::new(channel.clone())))
        .collect();
    let mut tenants: Vec<Tenant> = channels.values().map(|channel| channel.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let mut writer = BatchWriter::open(db, clock, providers)?;
    let mut swept = Swept::default();
    for tenant in tenants {
        let rows = db.read(|queries| queries.list_unsettled_notices(tenant.0, MOST))?;
        let count = rows.len();
        let ready: Vec<_> = rows
            .into_iter()
            .filter_map(|row| ready(row, &channels))
            .collect();
        let applied = writer.sweep(tenant, &ready);
        swept.applied += applied;
        swept.failed += ready.len() - applied;
        swept.skipped += count - ready.len();
    }
    writer.close();
    Ok(swept)
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
