//! Dossiers that are put again: what moves in the books, what is refused, and that the books agree
//! afterwards, which every story checks when it ends.

use serde_json::{Value, json};

use crate::support::office::{HERE, THERE, dossier};
use crate::support::{TestApp, both};

const CODE: &str = "H12.104-260105-0001";

/// A dossier of the unit here with these amounts and bills.
fn with_bills(amounts: &[i64], bills: &Value) -> Value {
    let mut body = dossier(HERE, 1);
    let item = |minor: &i64| json!({ "kind": "phi", "amount": minor.to_string() });
    body["fee_items"] = amounts.iter().map(item).collect();
    body["bills"] = bills.clone();
    body["bill_due_on"] = Value::Null;
    body
}

fn put(app: &TestApp, body: &Value) -> (u16, String) {
    let reply = app.put(&format!("/api/v1/dossiers/{CODE}"), body);
    let field = reply.json()["field"].as_str().unwrap_or_default().to_owned();
    (reply.status, field)
}

fn done(status: u16) -> (u16, String) {
    (status, String::new())
}

fn refused(field: &str) -> (u16, String) {
    (409, field.to_owned())
}

both!(
    fn a_fee_item_dropped_from_a_bill_belongs_to_none(app) {
        app.has_office();
        let bills = json!([{ "reference": "HS-1", "items": [0, 1] }]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &bills)), done(201));
        let bills = json!([{ "reference": "HS-1", "items": [0] }]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &bills)), done(200));
        assert_eq!(put(app, &with_bills(&[6_000, 7_000], &bills)), done(200));
        assert_eq!(app.get("/api/v1/bills/HS-1")["total"], "6000");
    }
);
