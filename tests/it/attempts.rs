//! The door for attempts: who may open one, for which bill, and what a contradiction is told.

use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::office::{HERE, THERE};
use crate::support::{TestApp, both};

fn open(app: &TestApp, token: &str, body: &Value) -> Reply {
    app.ask(token, "POST", "/api/v1/attempts", &body.to_string())
}

fn attempt(order_ref: &str, bill: &str) -> Value {
    json!({ "channel": "vnpay", "order_ref": order_ref, "bill_reference": bill })
}

both!(
    fn an_attempt_is_opened_once_and_names_one_bill(app) {
        app.has_office();
        let first = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let second = app.has_bill(HERE, "H12.104-260105-0002", 70_000);
        let token = app.token_of("dossier-system", None);
        let reply = open(app, &token, &attempt("ORDER-1", &first));
        assert_eq!(reply.status, 201, "{reply:?}");
        let again = open(app, &token, &attempt("ORDER-1", &first));
        assert_eq!((again.status, again.json()), (200, reply.json()));
        let other = open(app, &token, &attempt("ORDER-1", &second));
        assert_eq!((other.status, &other.json()["field"]), (409, &json!("order_ref")));
        let told = app.get("/api/v1/attempts/vnpay/ORDER-1");
        assert_eq!(told["bill"], first.as_str());
        assert_eq!(told["opened_at"], "2026-01-05T03:35:00+00:00");
        assert_eq!(told["status_query"], Value::Null);
        app.vnpay_pays("14000001", "ORDER-1", 50_000, "k-vnpay");
        let payment = &app.items("/api/v1/payments")[0];
        assert_eq!((&payment["bill"], &payment["match"]["rule"]), (&json!(first), &json!("order_reference")));
    }
);

both!(
    fn an_attempt_that_cannot_be_meant_is_refused(app) {
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let token = app.token_of("admin", None);
        let with = |field: &str, value: Value| {
            let mut body = attempt("ORDER-1", &bill);
            body[field] = value;
            body
        };
        for (body, status, field) in [
            (with("bill_reference", json!("DS2222222222")), 404, None),
            (with("channel", json!("nobody")), 422, Some("channel")),
            (with("channel", Value::Null), 400, None),
            (with("order_ref", json!("")), 422, Some("order_ref")),
            (with("order_ref", json!(" x")), 422, Some("order_ref")),
            (with("order_ref", json!("a\nb")), 422, Some("order_ref")),
            (with("order_ref", json!("x".repeat(101))), 422, Some("order_ref")),
            (with("order_ref", json!(7)), 400, None),
            (with("opened_at", json!("today")), 422, Some("opened_at")),
            (with("opened_at", json!("2026-01-06T00:00:00Z")), 422, Some("opened_at")),
            (with("amount", json!("50000")), 400, None),
            (json!([]), 400, None),
        ] {
            let reply = open(app, &token, &body);
            assert_eq!(reply.status, status, "{body}: {reply:?}");
            assert_eq!(reply.json()["field"].as_str(), field, "{body}");
        }
        assert_eq!(app.ask(&token, "POST", "/api/v1/attempts", "{").status, 400);
        assert_eq!(app.ask(&token, "GET", "/api/v1/attempts", "").status, 405);
        assert_eq!(app.ask(&token, "GET", "/api/v1/attempts/vnpay/ORDER-1", "").status, 404);
        let made = with("opened_at", json!("2026-01-05T10:30:15+07:00"));
        let reply = open(app, &token, &made);
        assert_eq!(reply.json()["opened_at"], "2026-01-05T03:30:15+00:00");
    }
);

both!(
    fn an_attempt_belongs_to_its_units_and_installation(app, "[channels.other]\nprovider = \"vnpay\"\ntenant = 2\nsecrets.tmn_code = \"T\"\nsecrets.hash_secret = \"k\"") {
        app.has_office();
        let here = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let there = app.has_bill(THERE, "H12.105-260105-0001", 50_000);
        let officer = app.token_of("officer", Some(HERE));
        for role in ["viewer", "approver", "auditor"] {
            let token = app.token_of(role, Some(HERE));
            assert_eq!(open(app, &token, &attempt("ORDER-1", &here)).status, 403, "{role}");
        }
        assert_eq!(open(app, "nobody", &attempt("ORDER-1", &here)).status, 401);
        assert_eq!(open(app, &officer, &attempt("ORDER-1", &there)).status, 404);
        let foreign = json!({ "channel": "other", "order_ref": "A", "bill_reference": here });
        assert_eq!(open(app, &officer, &foreign).status, 422);
        assert_eq!(open(app, &officer, &attempt("ORDER-1", &here)).status, 201);
        let admin = app.token_of("admin", None);
        assert_eq!(open(app, &admin, &attempt("ORDER-2", &there)).status, 201);
        let show = |order: &str| {
            let target = format!("/api/v1/attempts/vnpay/{order}");
            app.ask(&officer, "GET", &target, "").status
        };
        assert_eq!((show("ORDER-1"), show("ORDER-2")), (200, 404));
    }
);
