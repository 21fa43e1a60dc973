//! What needs a person, from the call that opens it to the officer who ends it, over the API: what is
//! posted, what is refused and leaves no trace, what ends by itself, and who may do it.

use std::process::Command;

use doisoat::domain::ids::Tenant;
use doisoat::domain::time::parse_rfc3339;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::office::{HERE, THERE, dossier};
use crate::support::{TestApp, both};

/// Officers of the province, of a commune, and the one who approves.
struct Staff {
    officer: String,
    commune: String,
    approver: String,
}

fn token(app: &TestApp, role: &str, code: &str, unit: Option<&str>) -> String {
    add_officer(&app.db, Tenant(1), code, code, unit, app.clock.now()).unwrap();
    let request = TokenRequest {
        tenant: Tenant(1),
        role: role.to_owned(),
        officer: Some(code.to_owned()),
        unit: unit.map(str::to_owned),
        expires_at: None,
    };
    create_token(&app.db, &request, app.clock.now()).unwrap()
}

fn staff(app: &TestApp) -> Staff {
    app.has_office();
    Staff {
        officer: token(app, "officer", "lan", None),
        commune: token(app, "officer", "hoa", Some(HERE)),
        approver: token(app, "approver", "minh", None),
    }
}

fn pays(app: &TestApp, id: u64, dong: i64, memo: &str) {
    assert_eq!(app.transfer(id, dong, memo).status, 200);
}

/// The differences that stand, as kind and state, sorted.
fn standing(app: &TestApp) -> Vec<String> {
    let told = app.items("/api/v1/differences?state=standing");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut told: Vec<String> = told
        .iter()
        .map(|row| format!("{} {}", text(row, "kind"), text(row, "state")))
        .collect();
    told.sort();
    told
}

fn only(app: &TestApp, kind: &str) -> Value {
    let found = app.items(&format!("/api/v1/differences?kind={kind}"));
    assert_eq!(found.len(), 1, "{kind}: {found:?}");
    let id = found[0]["id"].as_str().unwrap();
    app.get(&format!("/api/v1/differences/{id}"))
}

fn post(app: &TestApp, token: &str, row: &Value, what: &str, body: &Value) -> Reply {
    let id = row["id"].as_str().unwrap();
    app.ask(
        token,
        "POST",
        &format!("/api/v1/differences/{id}/{what}"),
        &body.to_string(),
    )
}

/// A resolution of a difference as it was read, with what is given.
fn resolution(row: &Value, action: &str, more: &Value) -> Value {
    let mut body =
        json!({ "action": action, "reason": "theo sao kê", "revision": row["revision"] });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[track_caller]
fn resolves(app: &TestApp, token: &str, row: &Value, action: &str, more: &Value) -> Value {
    let reply = post(
        app,
        token,
        row,
        "resolution",
        &resolution(row, action, more),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// The code of the refusal; nothing is posted and no step is written.
#[track_caller]
fn refused(app: &TestApp, token: &str, row: &Value, body: &Value) -> (u16, String) {
    let count = "SELECT (SELECT COUNT(*) FROM postings) * 1000 + (SELECT COUNT(*) FROM difference_steps) AS n";
    let before = app.database.number(count);
    let reply = post(app, token, row, "resolution", body);
    assert_eq!(app.database.number(count), before, "{reply:?}");
    (
        reply.status,
        reply.json()["code"].as_str().unwrap().to_owned(),
    )
}

#[track_caller]
fn undoes(app: &TestApp, token: &str, kind: &str) -> Value {
    let row = only(app, kind);
    let body = json!({ "reason": "nhầm", "revision": row["revision"] });
    let reply = post(app, token, &row, "reopening", &body);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn bill(app: &TestApp, reference: &str) -> String {
    let told = app.get(&format!("/api/v1/bills/{reference}"));
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    format!(
        "{} {}+{}-{}",
        text("state"),
        text("paid"),
        text("rest"),
        text("waived")
    )
}

/// Every account that is not at zero, debits above zero.
fn accounts(app: &TestApp) -> Vec<String> {
    let rows = app.items("/api/v1/ledger/accounts");
    let told = rows.iter().map(|row| {
        (
            row["account"].as_str().unwrap(),
            row["balance"].as_str().unwrap(),
        )
    });
    let mut told: Vec<String> = told
        .filter(|(_, balance)| *balance != "0")
        .map(|(account, balance)| format!("{account} {balance}"))
        .collect();
    told.sort();
    told
}

fn figure(app: &TestApp) -> String {
    let told = app.get("/api/v1/indicators/online-payment-rate?from=2026-01-01&to=2026-01-31");
    format!("{}/{}", told["numerator"], told["denominator"])
}

fn postings(told: &Value) -> Vec<String> {
    let rows = told["postings"].as_array().unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| {
            format!(
                "{} {} < {} {}",
                text(row, "event"),
                text(row, "debit"),
                text(row, "credit"),
                text(row, "amount")
            )
        })
        .collect()
}

both!(fn money_nobody_can_place_is_given_to_a_bill_after_a_preview_and_taken_back(app) {
    let staff = staff(app);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 50_000, "nop phi");
    let row = only(app, "unknown_dossier");
    assert_eq!((row["state"].as_str(), row["unit"].is_null()), (Some("open"), true));
    assert_eq!(row["suggestions"][0]["bill"], reference.as_str());
    assert_eq!(row["suggestions"][0]["marks"][3], json!({
        "field": "amount", "is_matched": true, "money": "50000", "bill": "50000",
    }));
    let bills = json!({ "bills": [{ "bill": reference }] });
    let preview = json!({ "bills": [{ "bill": reference }], "preview": true });
    let told = resolves(app, &staff.officer, &row, "assign", &preview);
    let entry = ["payment_placed suspense < receivable:H12.104 50000"];
    assert_eq!((postings(&told).as_slice(), &told["preview"]), (&entry.map(str::to_owned)[..], &json!(true)));
    assert_eq!(bill(app, &reference), "open 0+50000-0");
    assert_eq!(only(app, "unknown_dossier")["revision"], 1);
    let told = resolves(app, &staff.officer, &row, "assign", &bills);
    assert_eq!((postings(&told).as_slice(), told["state"].as_str()), (&entry.map(str::to_owned)[..], Some("resolved")));
    assert_eq!(bill(app, &reference), "paid 50000+0-0");
    assert_eq!(accounts(app), ["clearing:bank 50000", "due:H12.104:phi -50000"]);
    assert_eq!((standing(app), figure(app)), (vec![], "1/1".to_owned()));
    let told = app.get("/api/v1/dossiers/H12.104-260105-0001");
    let part = json!([{ "bill": reference, "amount": "50000", "by": "officer" }]);
    assert_eq!(told["payments"][0]["allocations"], part);
    assert_eq!(told["payments"][0]["differences"][0], row["id"]);
    let again = app.put("/api/v1/dossiers/H12.104-260105-0001", &{
        let mut body = dossier(HERE, 50_000);
        body["status"] = json!("processing");
        body
    });
    assert_eq!((again.status, figure(app)), (200, "1/1".to_owned()), "{again:?}");
    let undone = undoes(app, &staff.officer, "unknown_dossier");
    assert_eq!(postings(&undone), ["placing_undone receivable:H12.104 < suspense 50000"]);
    let row = only(app, "unknown_dossier");
    assert_eq!(undone["postings"][0]["corrects"], row["steps"][0]["entry"]);
    assert_eq!((row["state"].as_str(), &row["steps"][1]["undoes"]), (Some("reopened"), &json!(2)));
    assert_eq!((bill(app, &reference), figure(app)), ("open 0+50000-0".to_owned(), "0/1".to_owned()));
});

both!(fn money_is_split_over_bills_and_what_is_left_waits_on(app) {
    let staff = staff(app);
    let one = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let two = app.has_bill(THERE, "H12.105-260105-0002", 30_000);
    pays(app, 1, 90_000, "cho hai ho so");
    let row = only(app, "unknown_dossier");
    let bills = json!({ "bills": [{ "bill": one, "amount": "50000" }, { "bill": two, "amount": "20000" }] });
    let told = resolves(app, &staff.officer, &row, "assign", &bills);
    assert_eq!((told["state"].as_str(), postings(&told).len()), (Some("acknowledged"), 2));
    assert_eq!(bill(app, &two), "part_paid 20000+10000-0");
    let row = only(app, "unknown_dossier");
    assert_eq!(row["waits_to_be_placed"]["suspense"], "20000");
    let rest = json!({ "bills": [{ "bill": two }] });
    let told = resolves(app, &staff.officer, &row, "assign", &rest);
    assert_eq!(told["state"], "acknowledged");
    assert_eq!(bill(app, &two), "paid 30000+0-0");
    undoes(app, &staff.officer, "unknown_dossier");
    assert_eq!(bill(app, &two), "part_paid 20000+10000-0");
    undoes(app, &staff.officer, "unknown_dossier");
    assert_eq!((bill(app, &one), bill(app, &two)), ("open 0+50000-0".to_owned(), "open 0+30000-0".to_owned()));
    let row = only(app, "unknown_dossier");
    let nothing = json!({ "reason": "nữa", "revision": row["revision"] });
    let reply = post(app, &staff.officer, &row, "reopening", &nothing);
    assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("nothing_to_undo")));
});

both!(fn what_may_not_be_done_is_refused_by_a_code_and_leaves_no_trace(app) {
    let staff = staff(app);
    let here = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let there = app.has_bill(THERE, "H12.105-260105-0002", 50_000);
    let paid = app.has_bill(HERE, "H12.104-260105-0003", 20_000);
    let closed = app.has_bill(HERE, "H12.104-260105-0004", 20_000);
    let mut body = dossier(HERE, 20_000);
    body.as_object_mut().unwrap().remove("bill_due_on");
    body["bills"] = json!([{ "items": [0], "is_cancelled": true, "due_on": "2026-02-05" }]);
    assert_eq!(app.put("/api/v1/dossiers/H12.104-260105-0004", &body).status, 200);
    let refused_dossier = app.has_bill(HERE, "H12.104-260105-0005", 20_000);
    let mut body = dossier(HERE, 20_000);
    body["status"] = json!("refused");
    assert_eq!(app.put("/api/v1/dossiers/H12.104-260105-0005", &body).status, 200);
    pays(app, 1, 20_000, &paid);
    pays(app, 2, 60_000, "khong ro");
    let row = only(app, "unknown_dossier");
    let to = |bills: Value| resolution(&row, "assign", &json!({ "bills": bills }));
    let no_reason = {
        let mut body = to(json!([{ "bill": here }]));
        body["reason"] = json!("  ");
        body
    };
    let stale = {
        let mut body = to(json!([{ "bill": here }]));
        body["revision"] = json!(7);
        body
    };
    let table = [
        (no_reason, 422, "no_reason"),
        (stale, 409, "changed_meanwhile"),
        (to(json!([])), 422, "wrong_bills"),
        (to(json!([{ "bill": here }, { "bill": here }])), 422, "wrong_bills"),
        (to(json!([{ "bill": here, "amount": "0" }])), 422, "wrong_bills"),
        (to(json!([{ "bill": here, "amount": "1,5" }])), 422, "wrong_bills"),
        (to(json!([{ "bill": "DSUNKNOWN" }])), 409, "unknown_bill"),
        (to(json!([{ "bill": closed }])), 409, "bill_closed"),
        (to(json!([{ "bill": refused_dossier }])), 409, "dossier_closed"),
        (to(json!([{ "bill": paid }])), 409, "nothing_due"),
        (to(json!([{ "bill": here, "amount": "50001" }])), 409, "more_than_due"),
        (to(json!([{ "bill": here, "amount": "60001" }])), 409, "more_than_there"),
        // The first part alone would do; the second makes all of it fail.
        (to(json!([{ "bill": here }, { "bill": there, "amount": "10001" }])), 409, "more_than_there"),
        (resolution(&row, "accept_short", &json!({})), 409, "wrong_way_out"),
        (resolution(&row, "close", &json!({})), 409, "wrong_way_out"),
        (resolution(&row, "move_unit", &json!({ "unit": "H12.999" })), 409, "unknown_unit"),
    ];
    for (body, status, code) in table {
        assert_eq!(refused(app, &staff.officer, &row, &body), (status, code.to_owned()), "{body}");
    }
    let moved = resolves(app, &staff.officer, &row, "move_unit", &json!({ "unit": HERE }));
    assert_eq!(moved["state"], "open");
    let row = only(app, "unknown_dossier");
    let foreign = resolution(&row, "assign", &json!({ "bills": [{ "bill": there }] }));
    assert_eq!(refused(app, &staff.commune, &row, &foreign), (403, "other_unit".to_owned()));
    resolves(app, &staff.commune, &row, "assign", &json!({ "bills": [{ "bill": here }] }));
    let again = resolution(&row, "assign", &json!({ "bills": [{ "bill": here }] }));
    assert_eq!(refused(app, &staff.officer, &row, &again), (409, "changed_meanwhile".to_owned()));
    let row = only(app, "unknown_dossier");
    assert_eq!(row["state"], "acknowledged");
    assert_eq!(bill(app, &there), "open 0+50000-0");
});

both!(fn a_bill_of_another_installation_is_no_bill(app) {
    let staff = staff(app);
    app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 50_000, "khong ro");
    app.database.run(
        "INSERT INTO units SELECT 2, code, name_vi, name_en, level, parent, valid_from, valid_to FROM units; \
         INSERT INTO procedures SELECT 2, code, name, field, has_fee FROM procedures; \
         INSERT INTO dossiers SELECT 2, dossier_id, code, code_squeezed, procedure_code, unit_code, received_on, \
         submitted_via, status, applicant_name, class, facts_hash FROM dossiers; \
         INSERT INTO bills (tenant, bill_id, dossier_id, reference, total_minor, currency, paid_minor, state, opened_at) \
         SELECT 2, bill_id, dossier_id, 'OTHERS', total_minor, currency, 0, 'open', opened_at FROM bills",
    );
    let row = only(app, "unknown_dossier");
    let body = resolution(&row, "assign", &json!({ "bills": [{ "bill": "OTHERS" }] }));
    assert_eq!(refused(app, &staff.officer, &row, &body), (409, "unknown_bill".to_owned()));
});

both!(fn of_two_officers_at_once_one_resolves_and_one_is_refused(app) {
    let staff = staff(app);
    let one = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let two = app.has_bill(THERE, "H12.105-260105-0002", 50_000);
    pays(app, 1, 50_000, "khong ro");
    let row = only(app, "unknown_dossier");
    let body = |reference: &str| resolution(&row, "assign", &json!({ "bills": [{ "bill": reference }] }));
    let app = &*app;
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let ask = |token: &str, reference: &str| {
            let (token, body, row) = (token.to_owned(), body(reference), row.clone());
            scope.spawn(move || post(app, &token, &row, "resolution", &body))
        };
        let asked = [ask(&staff.officer, &one), ask(&staff.approver, &two)];
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{replies:?}");
    let paid = [bill(app, &one), bill(app, &two)];
    assert_eq!(paid.iter().filter(|told| told.starts_with("paid")).count(), 1, "{paid:?}");
});

both!(fn less_is_accepted_by_an_approver_alone_and_the_rest_is_written_off(app) {
    let staff = staff(app);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 45_000, &reference);
    let row = only(app, "short");
    assert_eq!(row["evidence"]["due"], 50_000);
    let body = resolution(&row, "accept_short", &json!({}));
    assert_eq!(refused(app, &staff.commune, &row, &body), (403, "needs_approver".to_owned()));
    let told = resolves(app, &staff.approver, &row, "accept_short", &json!({}));
    assert_eq!(postings(&told), ["bill_waived due:H12.104:phi < receivable:H12.104 5000"]);
    assert_eq!(bill(app, &reference), "paid 45000+0-5000");
    assert_eq!(accounts(app), ["clearing:bank 45000", "due:H12.104:phi -45000"]);
    assert_eq!(figure(app), "1/1");
    // What was accepted is fixed, and said again changes nothing.
    let lower = app.put("/api/v1/dossiers/H12.104-260105-0001", &dossier(HERE, 45_000));
    assert_eq!(lower.status, 409, "{lower:?}");
    let mut body = dossier(HERE, 50_000);
    body["status"] = json!("processing");
    assert_eq!(app.put("/api/v1/dossiers/H12.104-260105-0001", &body).status, 200);
    assert_eq!((bill(app, &reference).as_str(), figure(app).as_str()), ("paid 45000+0-5000", "1/1"));
    let undone = undoes(app, &staff.officer, "short");
    assert_eq!(postings(&undone), ["bill_waiver_undone receivable:H12.104 < due:H12.104:phi 5000"]);
    assert_eq!((bill(app, &reference).as_str(), figure(app).as_str()), ("part_paid 45000+5000-0", "0/1"));
});

both!(fn a_top_up_is_waited_for_and_ends_the_difference_by_itself(app) {
    let staff = staff(app);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 45_000, &reference);
    let row = only(app, "short");
    let over = resolution(&row, "ask_top_up", &json!({ "until": "2026-01-04" }));
    assert_eq!(refused(app, &staff.commune, &row, &over), (422, "no_until".to_owned()));
    resolves(app, &staff.commune, &row, "ask_top_up", &json!({ "until": "2026-01-09" }));
    assert_eq!(standing(app), ["short waiting"]);
    assert_eq!(app.items("/api/v1/differences?overdue=true").len(), 0);
    app.set_clock(parse_rfc3339("2026-01-09T17:00:01Z").unwrap());
    assert_eq!(app.items("/api/v1/differences?overdue=true").len(), 1);
    app.set_clock(parse_rfc3339("2026-01-06T01:00:00Z").unwrap());
    pays(app, 2, 5_000, &reference);
    let row = only(app, "short");
    assert_eq!((row["state"].as_str(), row["resolved_by"].as_str()), (Some("resolved"), Some("system")));
    assert_eq!(row["steps"][1]["action"], "settled_itself");
    assert!(row["steps"][1]["reason"].as_str().unwrap().contains("is paid by now"), "{row}");
    assert_eq!(standing(app), [""; 0]);
});

both!(fn what_is_the_payers_is_asked_back_once(app) {
    let staff = staff(app);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 60_000, &reference);
    pays(app, 2, 70_000, "khong ro");
    let row = only(app, "over");
    let told = resolves(app, &staff.commune, &row, "return", &json!({}));
    assert_eq!((told["state"].as_str(), told["refunds"].as_array().unwrap().len()), (Some("waiting"), 1));
    let refunds = app.database.texts(
        "SELECT state || ' ' || rule || ' ' || source || ' ' || CAST(amount_minor AS TEXT) || ' ' || requested_by AS t FROM refunds",
    );
    assert_eq!(refunds, ["requested over credit 10000 hoa"]);
    let row = only(app, "over");
    let again = resolution(&row, "return", &json!({}));
    assert_eq!(refused(app, &staff.commune, &row, &again), (409, "refund_stands".to_owned()));
    let undo = json!({ "reason": "nhầm", "revision": row["revision"] });
    let reply = post(app, &staff.commune, &row, "reopening", &undo);
    assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("refund_stands")));
    let row = only(app, "unknown_dossier");
    resolves(app, &staff.officer, &row, "return", &json!({}));
    let refunds = app.database.texts(
        "SELECT rule || ' ' || source || ' ' || CAST(amount_minor AS TEXT) AS t FROM refunds WHERE rule = 'by_hand'",
    );
    assert_eq!(refunds, ["by_hand suspense 70000"]);
    assert_eq!(standing(app), ["over waiting", "unknown_dossier waiting"]);
});

both!(fn an_administrator_asks_for_no_refund_by_the_way_back_either(app) {
    let staff = staff(app);
    let admin = token(app, "admin", "quan", None);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    pays(app, 1, 60_000, &reference);
    pays(app, 2, 70_000, "khong ro");
    for kind in ["over", "unknown_dossier"] {
        let row = only(app, kind);
        for preview in [true, false] {
            let body = resolution(&row, "return", &json!({ "preview": preview }));
            assert_eq!(refused(app, &admin, &row, &body), (403, "not_allowed".to_owned()), "{kind}");
        }
    }
    assert_eq!(app.database.texts("SELECT state AS t FROM refunds"), ["proposed"]);
    resolves(app, &staff.officer, &only(app, "over"), "return", &json!({}));
    assert_eq!(app.database.texts("SELECT requested_by AS t FROM refunds"), ["lan"]);
});

both!(fn overpaid_money_given_to_another_bill_withdraws_the_proposed_refund(app) {
    let staff = staff(app);
    let one = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let two = app.has_bill(HERE, "H12.104-260105-0002", 10_000);
    pays(app, 1, 60_000, &one);
    let row = only(app, "over");
    let told = resolves(app, &staff.commune, &row, "assign", &json!({ "bills": [{ "bill": two }] }));
    assert_eq!(postings(&told), ["payment_placed payer_credit < receivable:H12.104 10000"]);
    assert_eq!(app.database.texts("SELECT state AS t FROM refunds"), ["withdrawn"]);
    assert_eq!(figure(app), "2/2");
});

both!(fn a_test_of_a_provider_is_taken_off_the_books_by_an_entry_and_can_come_back(app) {
    let staff = staff(app);
    pays(app, 1, 70_000, "test");
    let row = only(app, "unknown_dossier");
    let told = resolves(app, &staff.officer, &row, "mark_test", &json!({}));
    assert_eq!(postings(&told), ["payment_is_test suspense < clearing:bank 70000"]);
    let payment = &app.items("/api/v1/payments")[0];
    assert_eq!((payment["test"].as_str(), payment["suspense"].as_str()), (Some("70000"), Some("0")));
    assert_eq!((accounts(app), standing(app)), (vec![], vec![]));
    undoes(app, &staff.officer, "unknown_dossier");
    assert_eq!(accounts(app), ["clearing:bank 70000", "suspense -70000"]);
});

both!(fn remarks_and_taking_on_are_steps_that_move_nothing(app) {
    let staff = staff(app);
    pays(app, 1, 70_000, "khong ro");
    let row = only(app, "unknown_dossier");
    let reply = post(app, &staff.officer, &row, "comments", &json!({ "text": "" }));
    assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("no_reason")));
    let words = json!({ "text": "đã gọi ngân hàng" });
    assert_eq!(post(app, &staff.officer, &row, "comments", &words).status, 200);
    assert_eq!(post(app, &staff.officer, &row, "acknowledgement", &json!({})).status, 200);
    let row = only(app, "unknown_dossier");
    let actions: Vec<&str> = row["steps"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert_eq!((actions, row["revision"].as_i64()), (vec!["commented", "acknowledged"], Some(3)));
    assert_eq!(row["state"], "acknowledged");
});

both!(fn who_may_not_decide_is_told_so_and_sees_only_what_is_its_own(app) {
    let staff = staff(app);
    let reference = app.has_bill(THERE, "H12.105-260105-0001", 50_000);
    pays(app, 1, 45_000, &reference);
    let row = only(app, "short");
    let id = row["id"].as_str().unwrap();
    let seen = |token: &str| app.ask(token, "GET", &format!("/api/v1/differences/{id}"), "").status;
    let auditor = app.token_of("auditor", None);
    let viewer = app.token_of("viewer", Some(THERE));
    assert_eq!((seen(&auditor), seen(&viewer), seen(&staff.commune)), (200, 200, 404));
    let list = app.ask(&staff.commune, "GET", "/api/v1/differences?unit=H12.105", "");
    assert_eq!(list.json()["items"], json!([]));
    let body = resolution(&row, "ask_top_up", &json!({ "until": "2026-01-09" }));
    assert_eq!(post(app, &staff.commune, &row, "resolution", &body).status, 404);
    for token in [auditor, viewer, app.token_of("officer", None)] {
        assert_eq!(refused(app, &token, &row, &body), (403, "not_allowed".to_owned()));
    }
    let reply = app.ask(&staff.officer, "GET", "/api/v1/differences?kind=odd", "");
    assert!(reply.status == 400 && reply.body.contains("refund_unasked"), "{reply:?}");
    let page = app.get("/api/v1/differences?limit=1");
    assert_eq!((page["items"].as_array().unwrap().len(), page["next"].is_null()), (1, true));
});

both!(fn the_command_does_what_the_api_does_and_says_so_in_words_or_json(app) {
    staff(app);
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("c.toml");
    std::fs::write(&settings, crate::support::app::settings(&app.database.url)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.arg("--config").arg(&settings).arg("difference").args(arguments);
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), said)
    };
    let (status, said) = run(&["list"]);
    assert!(status == 0 && said.contains("no difference stands"), "{said}");
    pays(app, 1, 50_000, "khong ro");
    let (_, said) = run(&["list", "--json"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    let id = told["items"][0]["id"].as_str().unwrap().to_owned();
    let (_, said) = run(&["show", &id]);
    assert!(said.contains(&reference) && said.contains("✔ amount") && said.contains("ways out: assign"), "{said}");
    let assign = ["resolve", &id, "assign", "--bill", &reference, "--reason", "theo sao kê", "--as"];
    let (status, said) = run(&[&assign[..], &["lan", "--preview"]].concat());
    assert!(status == 0 && said.contains("would be resolved") && said.contains("debit suspense"), "{said}");
    let (status, said) = run(&[&assign[..], &["nobody", "--json"]].concat());
    assert!(status == 1 && said.contains("\"unknown_officer\""), "{said}");
    let (status, said) = run(&[&assign[..], &["lan"]].concat());
    assert!(status == 0 && said.contains("is resolved"), "{said}");
    assert_eq!(bill(app, &reference), "paid 50000+0-0");
    let (status, said) = run(&["comment", &id, "xong", "--as", "lan"]);
    assert_eq!((status, said.as_str()), (0, "the difference is resolved\n"));
    let (status, said) = run(&["undo", &id, "--reason", "nhầm", "--as", "lan"]);
    assert!(status == 0 && said.contains("placing_undone"), "{said}");
    assert_eq!(run(&["resolve", &id, "forget", "--reason", "x", "--as", "lan"]).0, 2);
});
