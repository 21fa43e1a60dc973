//! Differences that a comparison opens are told of like those that a notice opens: the new rows come in,
//! one event for each goes out, with what is known of its payment, bill and dossier, in the transaction
//! of the caller. Looks nothing up where nobody listens.

use std::collections::{BTreeSet, HashMap};

use super::body::{Told, event_row};
use super::listeners::{deliveries, listeners_of};
use crate::domain::bill::Bill;
use crate::domain::outbox::EventType;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::journal::Batch;
use crate::store::ops::Queries;
use crate::store::rows::{DifferenceRow, DossierRow, PaymentRow};
use crate::store::types::Uid;

/// Tells of differences that were opened.
pub(in crate::journeys) fn tell_opened(
    queries: &mut dyn Queries,
    tenant: i32,
    now: Instant,
    opened: &[DifferenceRow],
) -> Result<(), Failure> {
    let kind = EventType::DifferenceOpened;
    let listeners = listeners_of(queries, tenant)?;
    if opened.is_empty() || !listeners.iter().any(|one| one.wants(kind)) {
        return Ok(());
    }
    let spoken = SpokenOf::find(queries, tenant, opened)?;
    let mut batch = Batch::default();
    let mut places = HashMap::new();
    for row in opened {
        let event = event_row(tenant, now, kind, &spoken.told(row));
        let due = deliveries(&listeners, &mut places, &event, kind);
        batch.deliveries.extend(due);
        batch.events.push(event);
    }
    queries.write(tenant, &batch)
}

/// What differences speak of.
struct SpokenOf {
    dossiers: HashMap<Uid, DossierRow>,
    bills: HashMap<Uid, Bill>,
    payments: HashMap<Uid, PaymentRow>,
}

impl SpokenOf {
    fn find(
        queries: &mut dyn Queries,
        tenant: i32,
        opened: &[DifferenceRow],
    ) -> Result<Self, Failure> {
        let ids: BTreeSet<Uid> = opened.iter().filter_map(|row| row.dossier_id).collect();
        let ids: Vec<Uid> = ids.into_iter().collect();
        let mut found = Self {
            dossiers: HashMap::new(),
            bills: HashMap::new(),
            payments: HashMap::new(),
        };
        for row in queries.list_dossiers_by_id(tenant, &ids)? {
            found.dossiers.insert(row.dossier_id, row);
        }
        for row in queries.list_bills_of(tenant, &ids)? {
            found.bills.insert(row.bill_id, row.to_bill()?);
        }
        let of_dossiers = queries.list_payments_of(tenant, &ids)?;
        let of_dossiers = of_dossiers.into_iter().map(|row| (row.payment_id, row));
        found.payments.extend(of_dossiers);
        for id in opened.iter().filter_map(|row| row.payment_id) {
            if !found.payments.contains_key(&id)
                && let Some(row) = queries.find_payment(tenant, id)?
            {
                found.payments.insert(id, row);
            }
        }
        Ok(found)
    }

    fn told<'a>(&'a self, row: &'a DifferenceRow) -> Told<'a> {
        Told {
            dossier: row.dossier_id.and_then(|id| self.dossiers.get(&id)),
            bill: row.bill_id.and_then(|id| self.bills.get(&id)),
            payment: row.payment_id.and_then(|id| self.payments.get(&id)),
            difference: Some(row),
        }
    }
}
