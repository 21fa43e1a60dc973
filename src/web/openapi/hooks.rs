//! What we send to subscribers, as the document tells it: one webhook for each type of event, after
//! Standard Webhooks, with the form of its body.

use serde_json::{Map, Value, json};

use super::shape::{
    Schema, amount, answer, currency, instant, named, of, or_null, text, uuid, words,
};
use crate::domain::bill::BillState;
use crate::domain::difference::DifferenceKind;
use crate::domain::outbox::EventType;
use crate::domain::payment::PaymentStatus;

fn summary(kind: EventType) -> &'static str {
    match kind {
        EventType::BillPaid => "A bill is paid in full",
        EventType::BillShort => "What is paid on a bill changed, and it is not all",
        EventType::PaymentReversed => "The provider took back a payment that was money",
        EventType::PaymentRefunded => "Money of a payment was given back",
        EventType::DifferenceOpened => "Something about money needs a person",
    }
}

/// Every webhook by the type of its event.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for &kind in EventType::ALL {
        let header = |name: &str, says: &str| {
            json!({"name": name, "in": "header", "required": true, "description": says,
                   "schema": {"type": "string"}})
        };
        let body = json!({"allOf": [
            named("Event"),
            {"type": "object", "properties": {"type": {"const": kind.as_str()}}},
        ]});
        let told = json!({"post": {
            "operationId": format!("on {}", kind.as_str()),
            "summary": summary(kind),
            "tags": ["Outbox"],
            "security": [],
            "parameters": [
                header("webhook-id", "The event's id; the same however often it is sent."),
                header("webhook-timestamp", "When this try was signed, seconds since 1970 UTC."),
                header("webhook-signature", "`v1,` and the Base64 of HMAC-SHA256 over id.timestamp.body."),
            ],
            "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
            "responses": {
                "2XX": {"description": "It is safely yours."},
                "410": {"description": "Send nothing more to this address."},
            },
        }});
        all.insert(kind.as_str().to_owned(), told);
    }
    Value::Object(all)
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![("Event", event())]
}

fn event() -> Schema {
    let bill = answer(vec![
        ("reference", text()),
        ("state", of(BillState::ALL, BillState::as_str)),
        ("total", amount()),
        ("paid", amount()),
        ("rest", amount()),
        ("currency", currency()),
    ]);
    let payment = answer(vec![
        ("id", uuid()),
        ("channel", text()),
        ("provider", text()),
        ("provider_txn_id", or_null(text())),
        ("status", of(PaymentStatus::ALL, PaymentStatus::as_str)),
        ("amount", amount()),
        ("refunded", amount()),
        ("currency", currency()),
        ("paid_at", or_null(instant())),
    ]);
    let difference = answer(vec![
        ("id", uuid()),
        ("kind", of(DifferenceKind::ALL, DifferenceKind::as_str)),
        ("amount", amount()),
        ("currency", currency()),
        ("due_at", instant()),
    ]);
    let data = answer(vec![
        ("dossier", or_null(text())),
        ("unit", or_null(text())),
        ("bill", or_null(bill)),
        ("payment", or_null(payment)),
        ("difference", or_null(difference)),
    ]);
    answer(vec![
        ("type", words(EventType::ALL.iter().map(|one| one.as_str()))),
        ("timestamp", instant()),
        ("data", data),
    ])
}
