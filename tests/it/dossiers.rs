//! Dossiers that are put again: what moves in the books, what is refused, and that the books agree
//! afterwards, which every story checks when it ends.

use std::path::Path;

use chrono::TimeDelta;
use doisoat::domain::ids::Tenant;
use doisoat::domain::reference::PaymentReference;
use doisoat::journeys::import_file::{Import, Imported, Kind};
use doisoat::ledger::verify::verify;
use serde_json::{Value, json};

use crate::support::app::now;
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
    let field = reply.json()["field"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
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

both!(
    fn a_reference_stands_on_one_bill_only(app) {
        app.has_office();
        let twice = json!([{ "reference": "HS-1", "items": [0] }, { "reference": "HS-1", "items": [1] }]);
        let wrong = refused("bills.1.reference");
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &twice)), wrong);
        let one = json!([{ "items": [0] }]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &one)), done(201));
        let told = app.get(&format!("/api/v1/dossiers/{CODE}"));
        let ours = &told["bills"][0]["reference"];
        let twice = json!([{ "items": [0] }, { "reference": ours, "items": [1] }]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &twice)), wrong);
    }
);

both!(
    fn bills_left_alone_follow_their_dossier_to_another_unit(app) {
        app.has_office();
        let bills = json!([{ "reference": "HS-000001", "items": [0] }]);
        assert_eq!(put(app, &with_bills(&[5_000], &bills)), done(201));
        let mut moved = with_bills(&[5_000], &json!([]));
        moved["unit_code"] = json!(THERE);
        assert_eq!(put(app, &moved), done(200));
        app.vnpay_pays("1", "HS-000001", 5_000, "k-vnpay");
        moved["unit_code"] = json!(HERE);
        assert_eq!(put(app, &moved), refused("unit_code"));
    }
);

both!(
    fn a_bill_reopened_by_earlier_money_may_be_called_cancelled_again(app) {
        app.has_office();
        let bills = |is_cancelled: bool| {
            json!([{ "reference": "HS-000001", "items": [0], "is_cancelled": is_cancelled }])
        };
        assert_eq!(put(app, &with_bills(&[50_000], &bills(false))), done(201));
        app.clock.advance_to(now() + TimeDelta::hours(1));
        assert_eq!(put(app, &with_bills(&[50_000], &bills(true))), done(200));
        app.vnpay_pays("1", "HS-000001", 50_000, "k-vnpay");
        assert_eq!(app.get("/api/v1/bills/HS-000001")["state"], "paid");
        let mut again = with_bills(&[50_000], &bills(true));
        again["status"] = json!("processing");
        assert_eq!(put(app, &again), done(200));
        again["fee_items"][0]["amount"] = json!("60000");
        assert_eq!(put(app, &again), refused("bills"));
        assert_eq!(app.get("/api/v1/bills/HS-000001")["state"], "paid");
    }
);

both!(
    fn a_bill_with_money_is_not_cancelled(app) {
        app.has_office();
        let bills = |is_cancelled: bool| {
            json!([{ "reference": "HS-000001", "items": [0], "is_cancelled": is_cancelled }])
        };
        assert_eq!(put(app, &with_bills(&[50_000], &bills(false))), done(201));
        app.vnpay_pays("1", "HS-000001", 50_000, "k-vnpay");
        assert_eq!(put(app, &with_bills(&[50_000], &bills(true))), refused("bills"));
    }
);

both!(
    fn codes_that_differ_in_their_dots_only_are_not_mixed_up(app) {
        app.has_office();
        let (one, other) = ("H12.25-120101-0012", "H12-251201-010012");
        let target = |code: &str| format!("/api/v1/dossiers/{code}");
        assert_eq!(app.put(&target(one), &dossier(HERE, 1)).status, 201);
        let reply = app.put(&target(other), &dossier(HERE, 1));
        assert_eq!((reply.status, &reply.json()["field"]), (409, &json!("dossier_code")));
        let admin = app.token_of("admin", None);
        assert_eq!(app.ask(&admin, "GET", &target(other), "").status, 404);
        assert_eq!(app.ask(&admin, "GET", &target(one), "").status, 200);
        let mut body = dossier(HERE, 1);
        body["dossier_code"] = json!(one);
        assert_eq!(app.put(&target(other), &body).status, 422);
    }
);

both!(
    fn a_token_of_one_unit_takes_no_dossier_of_another(app) {
        app.has_office();
        app.has_bill(THERE, CODE, 5_000);
        let system = app.token_of("dossier-system", Some(HERE));
        let body = dossier(HERE, 5_000).to_string();
        let reply = app.ask(&system, "PUT", &format!("/api/v1/dossiers/{CODE}"), &body);
        assert_eq!(reply.status, 403, "{reply:?}");
        assert_eq!(app.get(&format!("/api/v1/dossiers/{CODE}"))["unit_code"], THERE);
    }
);

both!(
    fn an_alias_account_stands_on_one_bill_only(app) {
        app.has_office();
        let bill = |reference: &str, item: usize, account: &str| {
            json!({ "reference": reference, "items": [item], "virtual_account": account })
        };
        let wrong = refused("bills.1.virtual_account");
        let both = json!([bill("HS-1", 0, "9701"), bill("HS-2", 1, "9701")]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &both)), wrong);
        let both = json!([bill("HS-1", 0, "9701"), bill("HS-2", 1, "9702")]);
        assert_eq!(put(app, &with_bills(&[5_000, 7_000], &both)), done(201));
        let body = with_bills(&[5_000], &json!([bill("HS-3", 0, "9702")]));
        let reply = app.put("/api/v1/dossiers/H12.104-260105-0002", &body);
        let field = &reply.json()["field"];
        assert_eq!((reply.status, field), (409, &json!("bills.0.virtual_account")));
    }
);

both!(
    fn a_bill_under_a_later_attempt_is_known_again(app) {
        app.has_office();
        let first = PaymentReference::derive(1, CODE, 0, 0).to_string();
        let taker = with_bills(&[1_000], &json!([{ "reference": first, "items": [0] }]));
        let reply = app.put("/api/v1/dossiers/H12.104-260105-0002", &taker);
        assert_eq!(reply.status, 201);
        let bills = json!([{ "items": [0] }]);
        assert_eq!(put(app, &with_bills(&[5_000], &bills)), done(201));
        assert_eq!(put(app, &with_bills(&[6_000], &bills)), done(200));
        let told = app.get(&format!("/api/v1/dossiers/{CODE}"));
        let second = PaymentReference::derive(1, CODE, 0, 1).to_string();
        assert_eq!(told["bills"].as_array().map(Vec::len), Some(1));
        assert_eq!(told["bills"][0]["reference"], json!(second));
    }
);

both!(
    fn dossiers_of_provinces_the_office_does_not_name_are_refused(app, "[office]\nprovinces = [\"H13\"]") {
        app.has_office();
        let reply = app.put(&format!("/api/v1/dossiers/{CODE}"), &dossier(HERE, 1));
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("dossier_code")));
    }
);

both!(
    fn the_list_of_provinces_can_be_imported(app) {
        let import = Import {
            db: &app.db,
            tenant: Tenant(1),
            provinces: &[],
            holder: "test",
            now: now(),
            progress: &|_, _, _| {},
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/data/provinces.csv");
        let imported = import.run(Kind::Units, &file);
        assert!(matches!(imported, Ok(Imported::Done(put)) if put.added == 34));
    }
);

/// How many wrong rows the check of this name finds.
fn wrong(app: &TestApp, name: &str) -> usize {
    let checks = verify(&app.db, 1).unwrap();
    let of_name = checks.iter().filter(|check| check.proves.starts_with(name));
    of_name.map(|check| check.wrong.len()).sum()
}

both!(
    fn verify_sees_money_on_another_unit_or_channel(app) {
        app.has_office();
        let bill = app.has_bill(HERE, CODE, 5_000);
        app.has_bill(HERE, "H12.104-260105-0002", 5_000);
        app.vnpay_pays("1", &bill, 5_000, "k-vnpay");
        let sets = [
            ("bills", "UPDATE dossiers SET unit_code = 'H12.105'", "UPDATE dossiers SET unit_code = 'H12.104'", 1),
            ("payments", "UPDATE payments SET channel = 'bank'", "UPDATE payments SET channel = 'vnpay'", 1),
            ("payments", "UPDATE payments SET bill_id = NULL", "UPDATE payments SET bill_id = \
                (SELECT bill_id FROM bills WHERE paid_minor > 0)", 2),
        ];
        for (name, harm, mend, found) in sets {
            assert_eq!(wrong(app, name), 0);
            app.database.run(harm);
            assert_eq!(wrong(app, name), found, "{harm}");
            app.database.run(mend);
        }
    }
);
