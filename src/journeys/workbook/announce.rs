//! What subscribers are told of a book: what stood in it when it was opened is remembered, and after
//! each step the bills, payments and differences that changed become events. Nothing is remembered
//! where nobody listens. Who changed what, and why, is not asked, so that officers' steps are told of
//! like webhooks.

use std::collections::{BTreeSet, HashMap};

use super::Workbook;
use crate::domain::bill::BillState;
use crate::domain::outbox::EventType;
use crate::domain::payment::PaymentStatus;
use crate::journeys::outbox::{Listeners, Places, Told, deliveries, event_row};
use crate::store::rows::{DeliveryRow, DifferenceRow, EventRow, PaymentRow};
use crate::store::types::Uid;

/// Channel and payment key.
type Key = (String, String);

/// What was last told of a payment: its status and what was given back, minor units.
#[derive(Clone, Copy, PartialEq, Eq)]
struct PaymentBefore {
    status: Option<PaymentStatus>,
    refunded_minor: i64,
}

/// What a book remembers for those who listen.
pub(super) struct Watch {
    listeners: Listeners,
    bills: HashMap<Uid, (BillState, i64)>,
    payments: HashMap<Key, PaymentBefore>,
    differences: usize,
    pub(super) touched_bills: BTreeSet<Uid>,
    pub(super) touched_payments: BTreeSet<Key>,
    places: Places,
    pub(super) events: Vec<EventRow>,
    pub(super) deliveries: Vec<DeliveryRow>,
}

/// Something to tell, by where it stands in the book.
struct Change {
    kind: EventType,
    bill: Option<Uid>,
    payment: Option<Key>,
    difference: Option<usize>,
}

impl Workbook<'_> {
    /// Remembers what stands in the book, if anybody listens.
    pub(in crate::journeys) fn watch_for(&mut self, listeners: &Listeners) {
        if listeners.is_empty() {
            return;
        }
        let bills = self.bills.iter();
        let payments = self.payments.iter();
        self.watch = Some(Watch {
            listeners: Listeners::clone(listeners),
            bills: bills
                .map(|(id, held)| (*id, (held.bill.state, held.bill.paid_minor)))
                .collect(),
            payments: payments
                .map(|(key, held)| (key.clone(), before(&held.row)))
                .collect(),
            differences: self.differences.len(),
            touched_bills: BTreeSet::new(),
            touched_payments: BTreeSet::new(),
            places: Places::new(),
            events: Vec::new(),
            deliveries: Vec::new(),
        });
    }

    /// A step is done: what it changed is told of, so that two steps of one batch are told of as two.
    pub(in crate::journeys) fn end_step(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            let bills = std::mem::take(&mut watch.touched_bills);
            let payments = std::mem::take(&mut watch.touched_payments);
            self.tell(&mut watch, &bills, &payments);
            self.watch = Some(watch);
        }
    }

    /// The last step is done; whatever changed in any way is told of.
    pub(super) fn end_watch(&mut self) -> (Vec<EventRow>, Vec<DeliveryRow>) {
        let Some(mut watch) = self.watch.take() else {
            return (Vec::new(), Vec::new());
        };
        let bills = self.bills.iter().filter(|(_, held)| held.is_changed);
        let bills = bills.map(|(id, _)| *id).collect();
        let payments = self.payments.iter();
        let payments = payments
            .filter(|(_, held)| held.is_new || held.is_changed)
            .map(|(key, _)| key.clone())
            .collect();
        self.tell(&mut watch, &bills, &payments);
        (watch.events, watch.deliveries)
    }

    fn tell(&self, watch: &mut Watch, bills: &BTreeSet<Uid>, payments: &BTreeSet<Key>) {
        for change in self.changes(watch, bills, payments) {
            let payment = change.payment.as_ref();
            let told = self.told(&change, payment.and_then(|key| self.payments.get(key)));
            watch.add(
                event_row(self.tenant.0, self.now, change.kind, &told),
                change.kind,
            );
        }
        watch.differences = self.differences.len();
        let standing = |id: &Uid| {
            let held = self.bills.get(id)?;
            Some((*id, (held.bill.state, held.bill.paid_minor)))
        };
        watch.bills.extend(bills.iter().filter_map(standing));
        let standing = |key: &Key| Some((key.clone(), before(&self.payments.get(key)?.row)));
        watch.payments.extend(payments.iter().filter_map(standing));
    }

    /// What is to be told: of payments first, then of the bills that follow from them, then of what
    /// needs a person.
    fn changes(
        &self,
        watch: &Watch,
        bills: &BTreeSet<Uid>,
        payments: &BTreeSet<Key>,
    ) -> Vec<Change> {
        let of_bills: Vec<(Uid, Option<EventType>)> = bills
            .iter()
            .filter_map(|id| Some((*id, self.bill_change(watch, *id)?)))
            .collect();
        // Two payments in one step: which bill follows from which is not known.
        let cause = payments.first().filter(|_| payments.len() == 1);
        let mut changes = Vec::new();
        for key in payments {
            let Some(held) = self.payments.get(key) else {
                continue;
            };
            let kind = payment_change(watch.payments.get(key), &held.row);
            let followed = of_bills.iter().filter(|_| cause.is_some());
            let mut followed: Vec<Option<Uid>> = followed.map(|(id, _)| Some(*id)).collect();
            if followed.is_empty() {
                followed.push(held.row.bill_id);
            }
            changes.extend(kind.into_iter().flat_map(|kind| {
                followed.iter().map(move |bill| Change {
                    kind,
                    bill: *bill,
                    payment: Some(key.clone()),
                    difference: None,
                })
            }));
        }
        let of_bills = of_bills.into_iter().filter_map(|(id, kind)| {
            Some(Change {
                kind: kind?,
                bill: Some(id),
                payment: cause.cloned(),
                difference: None,
            })
        });
        changes.extend(of_bills);
        let further = self.differences.iter().enumerate().skip(watch.differences);
        let opened = further.filter(|(_, held)| held.is_new);
        changes.extend(opened.map(|(at, held)| Change {
            kind: EventType::DifferenceOpened,
            bill: held.row.bill_id,
            payment: self.key_of(&held.row, payments),
            difference: Some(at),
        }));
        changes
    }

    /// Whether what is paid on a bill changed, and what is told of that; none of a bill on which
    /// nothing is paid any more, which its payment tells.
    fn bill_change(&self, watch: &Watch, id: Uid) -> Option<Option<EventType>> {
        let after = &self.bills.get(&id)?.bill;
        let (state, paid_minor) = *watch.bills.get(&id)?;
        if (after.state, after.paid_minor) == (state, paid_minor) {
            return None;
        }
        Some(match after.state {
            BillState::Paid if state != BillState::Paid => Some(EventType::BillPaid),
            BillState::PartPaid if after.paid_minor != paid_minor => Some(EventType::BillShort),
            BillState::Paid | BillState::PartPaid | BillState::Open | BillState::Cancelled => None,
        })
    }

    /// The payment of a difference: one that was touched, or another of the book.
    fn key_of(&self, row: &DifferenceRow, touched: &BTreeSet<Key>) -> Option<Key> {
        let id = row.payment_id?;
        let is_it = |key: &&Key| {
            let held = self.payments.get(*key);
            held.is_some_and(|held| held.row.payment_id == id)
        };
        let mut known = touched.iter().chain(self.payments.keys());
        known.find(is_it).cloned()
    }

    fn told<'b>(&'b self, change: &Change, payment: Option<&'b super::HeldPayment>) -> Told<'b> {
        let bill = change.bill.and_then(|id| self.bills.get(&id));
        let payment = payment.map(|held| &held.row);
        let difference = change.difference.and_then(|at| self.differences.get(at));
        let difference = difference.map(|held| &held.row);
        let dossier_id = bill
            .map(|held| held.row.dossier_id)
            .or_else(|| payment.and_then(|row| row.dossier_id))
            .or_else(|| difference.and_then(|row| row.dossier_id));
        Told {
            dossier: dossier_id
                .and_then(|id| self.dossiers.get(&id))
                .map(|held| &held.row),
            bill: bill.map(|held| &held.bill),
            payment,
            difference,
        }
    }
}

impl Watch {
    /// Adds an event and one delivery for each who wants it; nothing when nobody does.
    fn add(&mut self, event: EventRow, kind: EventType) {
        let due = deliveries(&self.listeners, &mut self.places, &event, kind);
        if !due.is_empty() {
            self.events.push(event);
        }
        self.deliveries.extend(due);
    }
}

fn before(row: &PaymentRow) -> PaymentBefore {
    PaymentBefore {
        status: PaymentStatus::parse(&row.status),
        refunded_minor: row.refunded_minor,
    }
}

/// What is told of a payment itself. Money that was never ours cannot be taken back.
fn payment_change(was: Option<&PaymentBefore>, row: &PaymentRow) -> Option<EventType> {
    let is = before(row);
    let was_money = was
        .and_then(|was| was.status)
        .is_some_and(PaymentStatus::is_money);
    let is_new_status = was.is_some_and(|was| was.status != is.status);
    let was_refunded = was.map_or(0, |was| was.refunded_minor);
    match is.status? {
        PaymentStatus::Reversed => {
            (was_money && is_new_status).then_some(EventType::PaymentReversed)
        }
        PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded
            if was_money && is_new_status =>
        {
            Some(EventType::PaymentRefunded)
        }
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Review
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Outgoing => {
            (is.refunded_minor > was_refunded).then_some(EventType::PaymentRefunded)
        }
    }
}
