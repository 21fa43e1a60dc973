//! The words of an event: rows come in, the bytes that are sent come out. Ids, references, amounts and
//! instants only; no names, no account numbers, nothing that a payer wrote.

use chrono::SecondsFormat;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::bill::Bill;
use crate::domain::ids::EventId;
use crate::domain::money::{Currency, Money};
use crate::domain::outbox::EventType;
use crate::domain::time::Instant;
use crate::store::rows::{DifferenceRow, DossierRow, EventRow, PaymentRow};
use crate::store::types::{Ts, Uid};

/// What an event speaks of, as it stands after the change.
#[derive(Default)]
pub(in crate::journeys) struct Told<'a> {
    pub(in crate::journeys) dossier: Option<&'a DossierRow>,
    pub(in crate::journeys) bill: Option<&'a Bill>,
    pub(in crate::journeys) payment: Option<&'a PaymentRow>,
    pub(in crate::journeys) difference: Option<&'a DifferenceRow>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    dossier: Option<&'a str>,
    unit: Option<&'a str>,
    bill: Option<BillPart<'a>>,
    payment: Option<PaymentPart<'a>>,
    difference: Option<DifferencePart<'a>>,
}

#[derive(Serialize)]
struct BillPart<'a> {
    reference: &'a str,
    state: &'static str,
    total: String,
    paid: String,
    rest: String,
    currency: String,
}

#[derive(Serialize)]
struct PaymentPart<'a> {
    id: Uuid,
    channel: &'a str,
    provider: &'a str,
    provider_txn_id: Option<&'a str>,
    status: &'a str,
    amount: String,
    refunded: String,
    currency: &'a str,
    paid_at: Option<String>,
}

#[derive(Serialize)]
struct DifferencePart<'a> {
    id: Uuid,
    kind: &'a str,
    amount: String,
    currency: &'a str,
    due_at: String,
}

/// The row of an event of a tenant that happens at `now`.
pub(in crate::journeys) fn event_row(
    tenant: i32,
    now: Instant,
    kind: EventType,
    told: &Told<'_>,
) -> EventRow {
    let event_id = Uid(EventId::at(now).0);
    let body = Body {
        r#type: kind.as_str(),
        timestamp: text_of(now),
        data: Data {
            dossier: told.dossier.map(|row| row.code.as_str()),
            unit: told.dossier.map(|row| row.unit_code.as_str()),
            bill: told.bill.map(bill_part),
            payment: told.payment.map(payment_part),
            difference: told.difference.map(difference_part),
        },
    };
    EventRow {
        tenant,
        event_id,
        subject: subject(told).unwrap_or(event_id),
        dossier_code: told.dossier.map(|row| row.code.clone()),
        kind: kind.as_str().to_owned(),
        // Texts and numbers always have a form in JSON.
        body: serde_json::to_string(&body).unwrap_or_default(),
        created_at: Ts(now),
    }
}

/// Events of one subject are delivered one after the other.
fn subject(told: &Told<'_>) -> Option<Uid> {
    let dossier = told.dossier.map(|row| row.dossier_id);
    dossier.or_else(|| told.payment.map(|row| row.payment_id))
}

fn bill_part(bill: &Bill) -> BillPart<'_> {
    let currency = bill.total.currency();
    let money = |minor| Money::new(minor, currency).to_decimal_text();
    BillPart {
        reference: &bill.reference,
        state: bill.state.as_str(),
        total: money(bill.total.minor()),
        paid: money(bill.paid_minor),
        rest: money(bill.rest_minor()),
        currency: currency.as_str().to_owned(),
    }
}

fn payment_part(row: &PaymentRow) -> PaymentPart<'_> {
    PaymentPart {
        id: row.payment_id.0,
        channel: &row.channel,
        provider: &row.provider,
        provider_txn_id: row.provider_txn_id.as_deref(),
        status: &row.status,
        amount: amount(row.amount_minor, &row.currency),
        refunded: amount(row.refunded_minor, &row.currency),
        currency: &row.currency,
        paid_at: row.paid_at.map(|at| text_of(at.0)),
    }
}

fn difference_part(row: &DifferenceRow) -> DifferencePart<'_> {
    DifferencePart {
        id: row.difference_id.0,
        kind: &row.kind,
        amount: amount(row.amount_minor, &row.currency),
        currency: &row.currency,
        due_at: text_of(row.due_at.0),
    }
}

fn amount(minor: i64, currency: &str) -> String {
    let currency = Currency::parse(currency).unwrap_or(Currency::VND);
    Money::new(minor, currency).to_decimal_text()
}

fn text_of(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
