//! What stands in the database, for `/metrics`: refused calls that are kept, notices that are not
//! applied, the last file of every source. Read when it is asked for, whichever process wrote it.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Gateway;
use crate::domain::ids::instant_of;
use crate::store::failure::Failure;

type Level = Gauge<i64, AtomicI64>;

/// The gauges.
#[derive(Default)]
pub(super) struct Standing {
    is_reached: Level,
    quarantine_rows: Level,
    quarantine_bytes: Level,
    unsettled: Level,
    oldest_unsettled_s: Level,
    last_file: Family<[(&'static str, String); 1], Level>,
}

impl Standing {
    pub(super) fn register(&self, registry: &mut Registry) {
        for (name, help, level) in [
            (
                "database_up",
                "1 when the database answered this time",
                &self.is_reached,
            ),
            (
                "quarantine_rows",
                "Refused calls that are kept",
                &self.quarantine_rows,
            ),
            (
                "quarantine_bytes",
                "Bytes of refused calls that are kept",
                &self.quarantine_bytes,
            ),
            (
                "unsettled_notices",
                "Notices that are recorded and not applied",
                &self.unsettled,
            ),
            (
                "oldest_unsettled_seconds",
                "Age of the oldest notice that is not applied, 0 where there is none",
                &self.oldest_unsettled_s,
            ),
        ] {
            registry.register(name, help, level.clone());
        }
        registry.register(
            "last_file_timestamp_seconds",
            "When the last statement file of a source came, 0 where none came yet",
            self.last_file.clone(),
        );
    }

    pub(super) fn tell_reached(&self, is_reached: bool) {
        self.is_reached.set(i64::from(is_reached));
    }

    /// Counts anew.
    pub(super) fn read(&self, gateway: &Gateway) -> Result<(), Failure> {
        let now = gateway.clock.now();
        let channels = gateway.settings.channels.values();
        let tenants: BTreeSet<i32> = channels.map(|channel| channel.tenant.0).collect();
        let (mut rows, mut bytes, mut unsettled, mut oldest) = (0_i64, 0_i64, 0_i64, 0_i64);
        for tenant in tenants {
            let (kept, waiting, first) = gateway.db.read(|queries| {
                Ok::<_, Failure>((
                    queries.measure_quarantined(tenant)?,
                    queries.count_unsettled_notices(tenant)?,
                    queries.find_oldest_unsettled(tenant)?,
                ))
            })?;
            rows = rows.saturating_add(kept.0);
            bytes = bytes.saturating_add(kept.1);
            unsettled = unsettled.saturating_add(waiting);
            let since = first.and_then(|id| instant_of(id.0));
            let age = since.map_or(0, |at| now.signed_duration_since(at).num_seconds());
            oldest = oldest.max(age);
        }
        self.quarantine_rows.set(rows);
        self.quarantine_bytes.set(bytes);
        self.unsettled.set(unsettled);
        self.oldest_unsettled_s.set(oldest);
        for source in gateway.settings.sources.values() {
            let (tenant, name) = (source.tenant.0, &source.name);
            let last = gateway
                .db
                .read(|queries| queries.find_last_file(tenant, name))?;
            let at = last.map_or(0, |at| at.0.timestamp());
            let label = [("source", name.clone())];
            self.last_file.get_or_create(&label).set(at);
        }
        Ok(())
    }
}
