//! What stands in the database, for `/metrics`: refused calls that are kept, and the
//! last file of every source. Read when it is asked for, whichever process wrote it.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Gateway;
use crate::store::failure::Failure;

type Level = Gauge<i64, AtomicI64>;

/// The gauges.
#[derive(Default)]
pub(super) struct Standing {
    is_reached: Level,
    quarantine_rows: Level,
    quarantine_bytes: Level,
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
        let channels = gateway.settings.channels.values();
        let tenants: BTreeSet<i32> = channels.map(|channel| channel.tenant.0).collect();
        let (mut rows, mut bytes) = (0_i64, 0_i64);
        for tenant in tenants {
            let kept = gateway
                .db
                .read(|queries| queries.measure_quarantined(tenant))?;
            rows = rows.saturating_add(kept.0);
            bytes = bytes.saturating_add(kept.1);
        }
        self.quarantine_rows.set(rows);
        self.quarantine_bytes.set(bytes);
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
