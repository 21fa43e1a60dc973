//! Replaying the quarantine: refused calls are verified again with today's keys, as if they arrived
//! when they did, and taken like any other call. What is refused again stays in quarantine.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keep_silent::keep_silent;
use super::take_notices::{Call, Taken};
use super::write_batch::BatchWriter;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::Tenant;
use crate::intake::provider::RawCall;
use crate::intake::providers;
use crate::intake::verify::read;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::QuarantinedRow;
use crate::store::types::Ts;

/// Rows read at a time.
const PAGE: i64 = 200;

/// Reasons of the door: who called, not what was said. A stolen key is no reason to let in what they
/// kept out, so such calls are never replayed; the genuine caller calls again.
pub const WRONG_ADDRESS: &str = "wrong_address";
/// As [`WRONG_ADDRESS`], for a caller without a certificate.
pub const NO_CERTIFICATE: &str = "no_certificate";

/// What the detail of a refused call ends with when not all of it was kept: it is not replayed.
pub const CUT_MARK: &str = " (kept in part, cannot be replayed)";

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Genuine with today's keys and recorded now.
    pub taken: usize,
    /// Genuine and recorded before, by a retry of the provider.
    pub repeats: usize,
    /// Refused again.
    pub refused: usize,
    /// Of a channel that is not configured, or not to be read, or not durable now.
    pub skipped: usize,
}

/// Replays what waits in quarantine, of one channel or of all.
///
/// # Errors
/// [`Failure`] when the quarantine cannot be read or marked.
pub fn replay_quarantine(
    db: &Db,
    clock: &Clock,
    channels: &BTreeMap<String, Channel>,
    only: Option<&str>,
    provider_names: Vec<String>,
) -> Result<Replayed, Failure> {
    let mut tenants: Vec<Tenant> = channels.values().map(|channel| channel.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let mut replay = Replay {
        db,
        clock,
        channels: channels
            .iter()
            .filter(|(name, _)| only.is_none_or(|only| only == *name))
            .map(|(name, channel)| (name.as_str(), Arc::new(channel.clone())))
            .collect(),
        only,
        writer: BatchWriter::open(db, clock, provider_names)?,
        done: Replayed::default(),
    };
    for tenant in tenants {
        replay.tenant(tenant)?;
    }
    replay.writer.close();
    Ok(replay.done)
}

struct Replay<'a> {
    db: &'a Db,
    clock: &'a Clock,
    channels: BTreeMap<&'a str, Arc<Channel>>,
    only: Option<&'a str>,
    writer: BatchWriter,
    done: Replayed,
}

impl Replay<'_> {
    fn tenant(&mut self, tenant: Tenant) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let rows = self
                .db
                .read(|queries| queries.list_quarantined(tenant.0, after, PAGE))?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.quarantine_id);
            for row in rows {
                if self.only.is_none_or(|only| only == row.channel) {
                    self.row(tenant, &row)?;
                }
            }
        }
    }

    fn row(&mut self, tenant: Tenant, row: &QuarantinedRow) -> Result<(), Failure> {
        let taken = match self.again(row) {
            Again::Unreadable => {
                self.done.skipped += 1;
                return Ok(());
            }
            Again::Refused => {
                self.done.refused += 1;
                return Ok(());
            }
            Again::Genuine(call) if call.notices.is_empty() => keep_silent(&mut self.writer, &call),
            Again::Genuine(call) => {
                let taken = self.writer.take(tenant, std::slice::from_ref(&*call));
                taken.first().copied().unwrap_or(Taken::TryLater)
            }
        };
        match taken {
            Taken::New(_) => self.done.taken += 1,
            Taken::Repeat(_) => self.done.repeats += 1,
            Taken::TryLater => {
                self.done.skipped += 1;
                return Ok(());
            }
        }
        let now = Ts(self.clock.now());
        self.db
            .write(|queries| queries.mark_replayed(tenant.0, row.quarantine_id, now))
    }

    fn again(&self, row: &QuarantinedRow) -> Again {
        let is_barred = [WRONG_ADDRESS, NO_CERTIFICATE].contains(&row.reason.as_str());
        if is_barred || row.detail.ends_with(CUT_MARK) {
            return Again::Unreadable;
        }
        let found = self.channels.get(row.channel.as_str());
        let call = RawCall::from_wire(&row.raw, row.arrived_at.0);
        let (Some(channel), Some(call)) = (found, call) else {
            return Again::Unreadable;
        };
        let Some(provider) = providers::of(channel) else {
            return Again::Unreadable;
        };
        let call = call.with_credentials(&channel.name, &provider.static_headers(channel));
        match read(provider, &call, channel) {
            Ok(normalised) => Again::Genuine(Box::new(Call {
                request_id: None,
                span: None,
                channel: Arc::clone(channel),
                notices: normalised.notices,
                silent_because: normalised.nothing_because.map(Box::from),
                raw: call.to_evidence(provider.credential()),
                reply: Box::new(|_| {}),
            })),
            Err(_) => Again::Refused,
        }
    }
}

/// What a call is when it is looked at again.
enum Again {
    Unreadable,
    Refused,
    Genuine(Box<Call>),
}
