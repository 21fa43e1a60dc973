//! Keeping refused calls: what the door did not take comes in, rows of the quarantine go out, never
//! more than the bound. A refused call touches neither money nor keys, and a row that cannot be
//! written is only logged.

use std::collections::HashMap;

use super::take_notices::Refused;
use super::write_batch::BatchWriter;
use crate::domain::ids::{QuarantineId, Tenant};
use crate::store::journal::Batch;
use crate::store::rows::QuarantinedRow;
use crate::store::types::{Ts, Uid};

/// How often the quarantine is cut back to its bound, in refused calls; sooner when they are long.
const PRUNE_EVERY: usize = 64;

/// The bounds and what was added since they were last enforced.
pub(super) struct Quarantine {
    rows: i64,
    bytes: i64,
    since_prune: usize,
    bytes_since: i64,
}

impl Quarantine {
    pub(super) fn new(rows: i64, bytes: i64) -> Self {
        Self {
            rows,
            bytes,
            since_prune: 0,
            bytes_since: 0,
        }
    }

    /// Writes refused calls of any tenants.
    pub(super) fn keep(&mut self, writer: &mut BatchWriter, refusals: Vec<Refused>) {
        self.since_prune += refusals.len();
        let mut by_tenant: HashMap<Tenant, Batch> = HashMap::new();
        for refused in refusals {
            let tenant = refused.channel.tenant;
            let length = i64::try_from(refused.raw.len()).unwrap_or(i64::MAX);
            self.bytes_since = self.bytes_since.saturating_add(length);
            let batch = by_tenant.entry(tenant).or_default();
            batch.quarantined.push(row(refused));
        }
        let are_many = self.bytes_since >= self.bytes / 8;
        let must_prune = are_many || self.since_prune >= PRUNE_EVERY;
        for (tenant, batch) in by_tenant {
            if let Err(failure) = writer.write(tenant, &batch) {
                tracing::warn!(%failure, "refused calls could not be kept");
            }
            if must_prune {
                self.since_prune = 0;
                self.bytes_since = 0;
                self.prune(writer, tenant);
            }
        }
    }

    fn prune(&self, writer: &BatchWriter, tenant: Tenant) {
        let (rows, bytes) = (self.rows, self.bytes);
        let pruned = writer
            .db
            .write(|queries| queries.delete_old_quarantined(tenant.0, rows, bytes));
        if let Err(failure) = pruned {
            tracing::warn!(%failure, "the quarantine could not be cut back");
        }
    }
}

/// Letters of a detail that are kept: it may quote a name out of the call.
const DETAIL_LETTERS: usize = 500;

/// A detail within its bound; its end says whether the call was cut, and stays.
fn short(detail: &str) -> String {
    let detail = detail.replace('\0', "\u{fffd}");
    let too_many = detail.chars().count().saturating_sub(DETAIL_LETTERS);
    if too_many == 0 {
        return detail;
    }
    let half = DETAIL_LETTERS / 2;
    let start: String = detail.chars().take(half).collect();
    let end: String = detail.chars().skip(half.saturating_add(too_many)).collect();
    format!("{start}…{end}")
}

fn row(refused: Refused) -> QuarantinedRow {
    QuarantinedRow {
        tenant: refused.channel.tenant.0,
        quarantine_id: Uid(QuarantineId::at(refused.arrived_at).0),
        channel: refused.channel.name.clone(),
        reason: refused.reason.to_owned(),
        detail: short(&refused.detail),
        raw: refused.raw,
        arrived_at: Ts(refused.arrived_at),
        replayed_at: None,
    }
}
