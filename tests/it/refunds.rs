//! Refunds, step by step through the API: who may take which step, what is posted, what is shown
//! before, and that a step that is refused leaves nothing behind.

use std::process::Command;

use doisoat::domain::ids::Tenant;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use serde_json::{Value, json};

use crate::matching::{accounts, figures};
use crate::support::http::request;
use crate::support::office::{HERE, THERE, dossier};
use crate::support::{TestApp, both};

/// The dossier of most tests.
pub(crate) const CODE: &str = "H12.104-260105-0001";

/// A token of an officer, who is made when not known.
pub(crate) fn token(app: &TestApp, officer: &str, role: &str, unit: Option<&str>) -> String {
    let now = app.clock.now();
    add_officer(&app.db, Tenant(1), officer, officer, unit, now).unwrap();
    let request = TokenRequest {
        tenant: Tenant(1),
        role: role.to_owned(),
        officer: Some(officer.to_owned()),
        unit: unit.map(str::to_owned),
        expires_at: None,
    };
    create_token(&app.db, &request, now).unwrap()
}

/// Those who act in most tests.
pub(crate) struct Desk<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) officer: String,
    pub(crate) approver: String,
}

impl<'a> Desk<'a> {
    pub(crate) fn of(app: &'a TestApp) -> Self {
        Self {
            app,
            officer: token(app, "CB01", "officer", None),
            approver: token(app, "LD01", "approver", None),
        }
    }

    /// A step that succeeds.
    pub(crate) fn takes(&self, token: &str, target: &str, body: &Value) -> Value {
        let reply = self.app.ask(
            token,
            "POST",
            &format!("/api/v1/refunds{target}"),
            &body.to_string(),
        );
        assert!([200, 201].contains(&reply.status), "{target}: {reply:?}");
        reply.json()
    }

    /// A step that is refused, and by which code.
    pub(crate) fn is_refused(&self, token: &str, target: &str, body: &Value) -> (u16, String) {
        let reply = self.app.ask(
            token,
            "POST",
            &format!("/api/v1/refunds{target}"),
            &body.to_string(),
        );
        let told = reply.json();
        assert_eq!(told["status"], reply.status, "{reply:?}");
        (reply.status, told["code"].as_str().unwrap().to_owned())
    }

    /// Asks for money of a payment, and gives the refund's id.
    pub(crate) fn requests(&self, txn: &str, source: &str, amount: &str) -> String {
        let body = json!({
            "payment": payment_id(self.app, txn), "source": source, "amount": amount,
            "reason": "asked by the payer",
        });
        id_of(&self.takes(&self.officer, "", &body))
    }

    /// The same, approved.
    pub(crate) fn approves(&self, txn: &str, source: &str, amount: &str) -> String {
        let id = self.requests(txn, source, amount);
        self.takes(&self.approver, &format!("/{id}/approval"), &why());
        id
    }
}

pub(crate) fn why() -> Value {
    json!({ "reason": "the papers are in order" })
}

pub(crate) fn id_of(told: &Value) -> String {
    told["refund"]["id"].as_str().unwrap().to_owned()
}

pub(crate) fn payment_id(app: &TestApp, txn: &str) -> String {
    let found = app.items(&format!("/api/v1/payments?provider_txn_id={txn}"));
    found[0]["id"].as_str().unwrap().to_owned()
}

/// What is posted, or would be.
pub(crate) fn entry(told: &Value) -> Vec<String> {
    let rows = told["entry"].as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| {
        let (debit, credit) = (text(row, "debit"), text(row, "credit"));
        format!("{debit} < {credit} {}", text(row, "amount"))
    })
    .collect()
}

/// State, and what was done by whom.
pub(crate) fn course(app: &TestApp, id: &str) -> String {
    let told = app.get(&format!("/api/v1/refunds/{id}"));
    let steps = told["steps"].as_array().unwrap().iter();
    let steps: Vec<String> = steps
        .map(|step| {
            let officer = step["officer"].as_str().unwrap_or("-");
            let action = step["action"].as_str().unwrap();
            format!("{action} {officer} {}", step["set_aside"].as_str().unwrap())
        })
        .collect();
    let (state, paid) = (
        told["state"].as_str().unwrap(),
        told["paid"].as_str().unwrap(),
    );
    format!("{state} {paid}: {}", steps.join(", "))
}

/// Everything that a refused step could have left behind.
fn traces(app: &TestApp) -> Vec<i64> {
    let count = |what: &str| {
        app.database
            .number(&format!("SELECT {what} AS n FROM payments"))
    };
    let rows = |table: &str| {
        app.database.number(&format!(
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}"
        ))
    };
    let mut all: Vec<i64> = [
        "postings",
        "seal_blocks",
        "refunds",
        "refund_steps",
        "differences",
    ]
    .iter()
    .map(|table| rows(table))
    .collect();
    all.push(count(
        "CAST(SUM(refunding_minor + returned_minor + refunded_minor) AS BIGINT)",
    ));
    all.push(
        app.database
            .number("SELECT CAST(SUM(revision) AS BIGINT) AS n FROM refunds"),
    );
    all
}

/// A dossier of two fee items, 30,000 phí and 20,000 lệ phí, on one bill; gives the reference.
pub(crate) fn has_two_items(app: &TestApp) -> String {
    app.has_office();
    let reply = app.put(
        &format!("/api/v1/dossiers/{CODE}"),
        &two_items("awaiting_payment"),
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    let told = app.get(&format!("/api/v1/dossiers/{CODE}"));
    told["bills"][0]["reference"].as_str().unwrap().to_owned()
}

pub(crate) fn two_items(status: &str) -> Value {
    let mut body = dossier(HERE, 30_000);
    let mut second = body["fee_items"][0].clone();
    second["kind"] = json!("le_phi");
    second["code"] = json!("L1");
    second["amount"] = json!("20000");
    body["fee_items"].as_array_mut().unwrap().push(second);
    body["status"] = json!(status);
    body
}

both!(fn a_proposal_is_taken_up_by_one_officer_approved_by_another_and_paid_out(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let desk = Desk::of(app);
    let proposals = app.items("/api/v1/refunds?state=proposed");
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    assert_eq!((&proposals[0]["rule"], &proposals[0]["amount"]), (&json!("over"), &json!("10000")));
    assert_eq!((&proposals[0]["dossier"], &proposals[0]["bill"]), (&json!(CODE), &json!(reference)));
    let id = proposals[0]["id"].as_str().unwrap();

    let told = desk.takes(&desk.officer, "", &json!({ "proposal": id, "reason": "paid too much" }));
    assert_eq!(entry(&told), ["payer_credit < refund_payable 10000"]);
    assert_eq!(course(app, id), "requested 0: request CB01 0");
    let before = accounts(app);
    assert!(before.contains(&"payer_credit -10000".to_owned()), "{before:?}");

    let mut shown = why();
    shown["preview"] = json!(true);
    let preview = desk.takes(&desk.approver, &format!("/{id}/approval"), &shown);
    assert_eq!(preview["refund"]["state"], "to_send");
    assert_eq!((accounts(app), course(app, id)), (before, "requested 0: request CB01 0".to_owned()));

    let told = desk.takes(&desk.approver, &format!("/{id}/approval"), &why());
    assert_eq!(entry(&told), entry(&preview));
    assert_eq!(
        accounts(app),
        ["clearing:bank 60000", "due:H12.104:phi -50000", "refund_payable -10000"]
    );
    let sending = json!({ "provider_refund_id": "RF-7", "reason": "through the bank's portal" });
    desk.takes(&desk.officer, &format!("/{id}/sending"), &sending);
    let outcome = json!({
        "outcome": "succeeded", "evidence": "RF-7 answered 00", "reason": "the provider says so",
    });
    let told = desk.takes(&desk.officer, &format!("/{id}/outcome"), &outcome);
    assert_eq!(entry(&told), ["refund_payable < clearing:bank 10000"]);
    assert_eq!(
        course(app, id),
        "succeeded 10000: request CB01 0, approve LD01 10000, send CB01 0, succeed CB01 -10000"
    );
    assert_eq!(accounts(app), ["clearing:bank 50000", "due:H12.104:phi -50000"]);
    assert_eq!(figures(app), "1/1 1/1");
    for query in ["provider_refund_id=RF-7", "state=succeeded", "channel=bank", "unit=H12.104"] {
        assert_eq!(app.items(&format!("/api/v1/refunds?{query}")).len(), 1, "{query}");
    }
    assert!(app.items("/api/v1/refunds?standing=true").is_empty());
});

both!(fn whoever_asked_does_not_approve_whatever_the_token_says(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let desk = Desk::of(app);
    let id = desk.requests("1", "credit", "10000");
    let both_roles = token(app, "CB01", "approver", None);
    let approval = format!("/{id}/approval");
    assert_eq!(desk.is_refused(&both_roles, &approval, &why()), (403, "same_officer".to_owned()));
    assert_eq!(desk.is_refused(&desk.officer, &approval, &why()), (403, "not_allowed".to_owned()));
    // Nor does a database that is written to behind the program's back.
    let told = app.database.refuses("UPDATE refunds SET state = 'to_send', approved_by = requested_by");
    assert!(told.to_lowercase().contains("check"), "{told}");
    let told = app.database.refuses("UPDATE refunds SET state = 'to_send'");
    assert!(told.to_lowercase().contains("check"), "{told}");
    assert_eq!(course(app, &id), "requested 0: request CB01 0");
});

both!(fn what_is_refused_has_a_code_of_its_own_and_leaves_no_trace(app) {
    let reference = has_two_items(app);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    assert_eq!(app.transfer(2, 50_000, &reference).status, 200);
    let desk = Desk::of(app);
    let (one, two) = (payment_id(app, "1"), payment_id(app, "2"));
    let id = desk.requests("2", "credit", "30000");
    let other = token(app, "CB05", "officer", Some(THERE));
    // An officer of another unit, whose token was made without it.
    let wide = token(app, "CB05", "officer", None);
    add_officer(&app.db, Tenant(1), "CB05", "CB05", Some(THERE), app.clock.now()).unwrap();
    let nobody = app.token_of("officer", None);
    let auditor = app.token_of("auditor", None);
    let ask = |payment: &str, source: &str, more: &Value| {
        let mut body = json!({ "payment": payment, "source": source, "reason": "why not" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let officer = desk.officer.as_str();
    let unknown = "018f0000-0000-7000-8000-000000000000";
    let (approval, outcome) = (format!("/{id}/approval"), format!("/{id}/outcome"));
    let by_hand = json!({ "outcome": "by_hand", "account": "0011", "reason": "r" });
    let table = [
        (officer, "", ask(&two, "credit", &json!({ "amount": "20001" })), 409, "above_rest"),
        (officer, "", ask(&two, "suspense", &json!({ "amount": "1" })), 409, "above_rest"),
        (officer, "", ask(&two, "credit", &json!({ "amount": "1.5" })), 422, "wrong_amount"),
        (officer, "", ask(&two, "credit", &json!({ "amount": "0" })), 422, "wrong_amount"),
        (officer, "", ask(&two, "credit", &json!({ "reason": " \n" })), 422, "no_reason"),
        (officer, "", ask(&two, "credit", &json!({ "reason": "a\u{0}" })), 422, "wrong_text"),
        (officer, "", ask(&two, "credit", &json!({ "items": [{ "position": 0 }] })), 422, "wrong_items"),
        (officer, "", ask(&one, "fee", &json!({})), 422, "wrong_items"),
        (officer, "", ask(&one, "fee", &json!({ "items": [{ "position": 9 }] })), 422, "wrong_items"),
        (officer, "", ask(&one, "fee", &json!({ "items": [{ "position": 1, "amount": "20001" }] })), 409, "above_rest"),
        (officer, "", ask(&one, "fee", &json!({ "items": [{ "position": 0 }, { "position": 0 }] })), 422, "wrong_items"),
        (officer, "", ask(&one, "fee", &json!({ "amount": "5", "items": [{ "position": 0 }] })), 422, "wrong_amount"),
        (officer, "", ask(unknown, "credit", &json!({})), 404, "unknown_payment"),
        (officer, "", json!({ "reason": "r" }), 422, "wrong_field"),
        (officer, "", ask(&two, "pocket", &json!({})), 400, "not_valid"),
        (officer, "", json!({ "proposal": unknown, "reason": "r" }), 404, "unknown_refund"),
        (officer, "", json!({ "proposal": id, "reason": "r" }), 409, "wrong_state"),
        (&other, "", ask(&two, "credit", &json!({})), 403, "other_unit"),
        (&wide, "", ask(&two, "credit", &json!({})), 403, "other_unit"),
        (&nobody, "", ask(&two, "credit", &json!({})), 403, "no_officer"),
        (&auditor, "", ask(&two, "credit", &json!({})), 403, "not_allowed"),
        (&desk.approver, &approval, json!({ "reason": "r", "revision": 7 }), 409, "wrong_revision"),
        (&desk.approver, &approval, json!({}), 422, "no_reason"),
        (&desk.approver, "/nonsense/approval", why(), 404, "unknown_refund"),
        (officer, &outcome, by_hand, 409, "wrong_state"),
        (&other, &format!("/{id}/withdrawal"), why(), 403, "other_unit"),
        (officer, &format!("/{id}/sending"), why(), 422, "no_evidence"),
        (officer, &format!("/{id}/sending"), json!({ "bank_reference": "x", "reason": "r" }), 409, "wrong_state"),
    ];
    let (before, books) = (traces(app), accounts(app));
    for (token, target, body, status, code) in table {
        let told = desk.is_refused(token, target, &body);
        assert_eq!(told, (status, code.to_owned()), "{target} {body}");
        assert_eq!(traces(app), before, "{target} {body}");
    }
    assert_eq!(accounts(app), books);
});

both!(fn refunds_are_seen_by_the_own_unit_and_by_those_who_see_all(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let id = app.items("/api/v1/refunds")[0]["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v1/refunds/{id}");
    let other = token(app, "CB05", "officer", Some(THERE));
    let status = |token: &str, method: &str, target: &str| app.ask(token, method, target, "").status;
    let auditor = app.token_of("auditor", None);
    let viewer = app.token_of("viewer", Some(HERE));
    for (token, expected) in [(&auditor, 200), (&viewer, 200), (&other, 404)] {
        assert_eq!(status(token, "GET", &one), expected);
    }
    assert_eq!(status(&other, "GET", "/api/v1/refunds?unit=H12.104"), 403);
    assert_eq!(status(&auditor, "GET", "/api/v1/refunds?state=gone"), 400);
    assert_eq!(status(&auditor, "DELETE", "/api/v1/refunds"), 405);
    assert_eq!(status(&auditor, "GET", &format!("{one}/approval")), 405);
    let seen = app.ask(&other, "GET", "/api/v1/refunds", "").json();
    assert_eq!(seen["items"], json!([]));
});

both!(fn a_fee_is_given_back_item_by_item_and_calling_off_brings_it_back(app) {
    let reference = has_two_items(app);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    let desk = Desk::of(app);
    let ask = |items: Value| {
        json!({ "payment": payment_id(app, "1"), "source": "fee", "items": items, "reason": "refused" })
    };
    let both = json!([{ "position": 0 }, { "position": 1, "amount": "5000" }]);
    let first = id_of(&desk.takes(&desk.officer, "", &ask(both)));
    let told = desk.takes(&desk.approver, &format!("/{first}/approval"), &why());
    assert_eq!(
        entry(&told),
        ["due:H12.104:phi < refund_payable 30000", "due:H12.104:le_phi < refund_payable 5000"]
    );
    assert_eq!(figures(app), "1/1 1/1");
    let told = app.get(&format!("/api/v1/refunds/{first}"));
    assert_eq!(told["items"][1]["amount"], "5000");
    // The first item is gone; of the second there is a rest, which is all that is left.
    let none = desk.is_refused(&desk.officer, "", &ask(json!([{ "position": 0 }])));
    assert_eq!(none, (409, "above_rest".to_owned()));
    let second = id_of(&desk.takes(&desk.officer, "", &ask(json!([{ "position": 1 }]))));
    assert_eq!(app.get(&format!("/api/v1/refunds/{second}"))["amount"], "15000");
    desk.takes(&desk.approver, &format!("/{second}/approval"), &why());
    assert_eq!(accounts(app), ["clearing:bank 50000", "refund_payable -50000"]);
    // All of it goes back: the dossier leaves both numerators and stays in the denominators.
    assert_eq!(figures(app), "0/1 0/1");
    let told = app.get(&format!("/api/v1/bills/{reference}"));
    assert_eq!(told["state"], "paid");

    let off = json!({ "outcome": "called_off", "reason": "the citizen takes it up again" });
    let told = desk.takes(&desk.officer, &format!("/{first}/outcome"), &off);
    assert_eq!(
        entry(&told),
        ["refund_payable < due:H12.104:phi 30000", "refund_payable < due:H12.104:le_phi 5000"]
    );
    let steps = app.get(&format!("/api/v1/refunds/{first}"))["steps"].clone();
    assert_eq!(told["entry"][0]["corrects"], steps[1]["entry"]);
    assert_eq!(figures(app), "1/1 1/1");
    assert_eq!(
        accounts(app),
        ["clearing:bank 50000", "due:H12.104:le_phi -5000", "due:H12.104:phi -30000", "refund_payable -15000"]
    );
});

/// An approved refund that was sent, and that the bank refused.
fn has_failed(desk: &Desk<'_>, txn: &str, source: &str, amount: &str) -> String {
    let id = desk.approves(txn, source, amount);
    let sending = json!({ "bank_reference": format!("FT-{id}"), "reason": "by transfer" });
    desk.takes(&desk.officer, &format!("/{id}/sending"), &sending);
    let outcome = json!({ "outcome": "failed", "reason": "the account is closed" });
    desk.takes(&desk.officer, &format!("/{id}/outcome"), &outcome);
    id
}

/// The balance of what is set aside.
fn set_aside(app: &TestApp) -> Option<String> {
    let mut all = accounts(app).into_iter();
    all.find(|one| one.starts_with("refund_payable"))
}

both!(fn what_failed_stays_set_aside_until_it_is_sent_again_paid_by_hand_or_called_off(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    assert_eq!(app.transfer(2, 50_000, &reference).status, 200);
    assert_eq!(app.transfer(3, 70_000, "nobody knows").status, 200);
    let desk = Desk::of(app);
    let again = has_failed(&desk, "2", "credit", "10000");
    let hand = has_failed(&desk, "2", "credit", "15000");
    let off = has_failed(&desk, "2", "credit", "25000");
    let unplaced = has_failed(&desk, "3", "suspense", "70000");
    let kinds = app.database.texts("SELECT kind AS t FROM differences WHERE kind = 'refund_differs'");
    assert_eq!(kinds.len(), 4);
    assert_eq!(set_aside(app).as_deref(), Some("refund_payable -120000"));

    let sending = json!({ "bank_reference": "FT-2", "reason": "another account" });
    desk.takes(&desk.officer, &format!("/{again}/sending"), &sending);
    let paid = json!({
        "outcome": "succeeded", "paid_by": "bank", "account": "0011 000 999",
        "evidence": "FT-2", "reason": "on the statement",
    });
    let told = desk.takes(&desk.officer, &format!("/{again}/outcome"), &paid);
    assert_eq!(entry(&told), ["refund_payable < bank:0011000999 10000"]);
    assert_eq!(app.items("/api/v1/refunds?bank_reference=FT-2").len(), 1);

    let mut by_hand = json!({ "outcome": "by_hand", "reason": "cash desk" });
    let target = format!("/{hand}/outcome");
    let none = desk.is_refused(&desk.officer, &target, &by_hand);
    assert_eq!(none, (422, "no_evidence".to_owned()));
    by_hand["evidence"] = json!("PC-0012.pdf");
    let none = desk.is_refused(&desk.officer, &target, &by_hand);
    assert_eq!(none, (422, "no_evidence".to_owned()));
    by_hand["account"] = json!("0011000999");
    desk.takes(&desk.officer, &target, &by_hand);
    assert_eq!(
        course(app, &hand),
        "by_hand 15000: request CB01 0, approve LD01 15000, send CB01 0, fail CB01 0, pay_by_hand CB01 -15000"
    );
    for id in [&off, &unplaced] {
        let off = json!({ "outcome": "called_off", "reason": "not wanted any more" });
        desk.takes(&desk.officer, &format!("/{id}/outcome"), &off);
    }
    assert_eq!(set_aside(app), None);
    assert_eq!(
        accounts(app),
        [
            "bank:0011000999 -25000",
            "clearing:bank 170000",
            "due:H12.104:phi -50000",
            "payer_credit -25000",
            "suspense -70000"
        ]
    );
    // What was called off can be asked for again, and no more than that.
    let body = json!({ "payment": payment_id(app, "2"), "source": "credit", "amount": "25001", "reason": "r" });
    assert_eq!(desk.is_refused(&desk.officer, "", &body).0, 409);
    let id = desk.requests("2", "credit", "25000");
    desk.takes(&desk.officer, &format!("/{id}/withdrawal"), &why());
    assert_eq!(course(app, &id), "withdrawn 0: request CB01 0, withdraw CB01 0");
});

both!(fn the_same_key_asks_for_a_refund_once(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let desk = Desk::of(app);
    let body = json!({
        "payment": payment_id(app, "1"), "source": "credit", "amount": "1000", "reason": "once",
    });
    let bearer = format!("Bearer {}", desk.officer);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
    ];
    let call = request("POST", "/api/v1/refunds", &headers, body.to_string().as_bytes());
    let (first, again) = (app.send(&call), app.send(&call));
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(app.items("/api/v1/refunds?state=requested").len(), 1);
});

both!(fn the_command_takes_the_same_steps(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("c.toml");
    std::fs::write(&settings, crate::support::app::settings(&app.database.url)).unwrap();
    let run = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.arg("--config").arg(&settings).arg("refund").args(words.split(' '));
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code().unwrap(), text(&done.stdout) + &text(&done.stderr))
    };
    assert_eq!(run("list"), (0, "there are no such refunds\n".to_owned()));
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let id = app.items("/api/v1/refunds")[0]["id"].as_str().unwrap().to_owned();
    let (status, told) = run(&format!("request --proposal {id} --as CB01 --reason over"));
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("there is no active officer CB01"), "{told}");
    let desk = Desk::of(app);
    token(app, "CB05", "officer", Some(THERE));
    let (status, told) = run(&format!("request --proposal {id} --as CB05 --reason over --json"));
    assert_eq!(status, 1, "{told}");
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["code"], "other_unit");
    let (status, told) = run(&format!("request --proposal {id} --as CB01 --reason over --preview"));
    assert!(status == 0 && told.contains("nothing was done"), "{told}");
    assert!(told.contains("payer_credit < refund_payable  10000"), "{told}");
    assert_eq!(course(app, &id), "proposed 0: ");
    assert_eq!(run(&format!("request --proposal {id} --as CB01 --reason over")).0, 0);
    assert_eq!(run(&format!("approve {id} --as CB01 --reason yes")).0, 1);
    let (status, told) = run(&format!("approve {id} --as LD01 --reason yes --revision 2 --json"));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, entry(&told)), (0, vec!["payer_credit < refund_payable 10000".to_owned()]));
    assert_eq!(run(&format!("send {id} --as CB01 --reason now")).0, 2);
    assert_eq!(run(&format!("send {id} --as CB01 --reason now --bank-reference FT9")).0, 0);
    let (status, told) = run(&format!("settle {id} succeeded --as CB01 --reason done --account 0011 --evidence FT9"));
    assert!(status == 0 && told.contains("refund_payable < bank:0011  10000"), "{told}");
    let (_, told) = run(&format!("show {id}"));
    assert!(told.contains("Evidence") && told.contains("FT9") && told.contains("succeed"), "{told}");
    let (_, told) = run("list --bank-reference FT9 --json");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["items"][0]["id"], json!(id));
    assert!(run("list").1.contains("10000"));
    assert_eq!(run("list --state gone").0, 2);
    assert_eq!(run("request --as CB01 --reason r").0, 2);
    assert_eq!(app.get(&format!("/api/v1/refunds/{id}"))["approved_by"], "LD01");
    drop(desk);
});
