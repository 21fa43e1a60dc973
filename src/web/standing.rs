//! What stands in the database, for `/metrics`: refused calls that are kept, differences that are open,
//! and the last file of every source. Read when it is asked for, whichever process wrote it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Gateway;
use crate::domain::difference::DifferenceKind;
use crate::store::failure::Failure;

type Level = Gauge<i64, AtomicI64>;

/// The gauges.
#[derive(Default)]
pub(super) struct Standing {
    is_reached: Level,
    quarantine_rows: Level,
    quarantine_bytes: Level,
    last_file: Family<[(&'static str, String); 1], Level>,
    differences: Family<[(&'static str, String); 1], Level>,
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
        registry.register(
            "open_differences",
            "Differences that are not resolved, by kind",
            self.differences.clone(),
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
        let mut open: BTreeMap<String, i64> = BTreeMap::new();
        for tenant in tenants {
            let standing = gateway
                .db
                .read(|queries| queries.count_standing_differences(tenant))?;
            for (kind, count) in standing {
                let sum = open.entry(kind).or_default();
                *sum = sum.saturating_add(count);
            }
            let kept = gateway
                .db
                .read(|queries| queries.measure_quarantined(tenant))?;
            rows = rows.saturating_add(kept.0);
            bytes = bytes.saturating_add(kept.1);
        }
        self.quarantine_rows.set(rows);
        self.quarantine_bytes.set(bytes);
        // A kind of which none stands is 0, not missing.
        for kind in DifferenceKind::ALL {
            let count = open.get(kind.as_str()).copied().unwrap_or(0);
            let label = [("kind", kind.as_str().to_owned())];
            self.differences.get_or_create(&label).set(count);
        }
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
