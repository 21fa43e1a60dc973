//! What rules propose, what the provider tells by itself, what a refunded dossier is to the
//! indicators, and that altered refunds are named by the proof.

use doisoat::ledger::verify::verify;
use serde_json::{Value, json};

use crate::matching::{CHANNELS, accounts, figures, shop_data, shop_says};
use crate::refunds::{CODE, Desk, course, entry, has_two_items, id_of, payment_id, two_items, why};
use crate::support::app::now;
use crate::support::office::{HERE, THERE, dossier, transfer};
use crate::support::{TestApp, both};

/// Rule, source and amount of every refund.
fn proposals(app: &TestApp) -> Vec<String> {
    let rows = app.items("/api/v1/refunds?state=proposed");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                text(row, "rule"),
                text(row, "source"),
                text(row, "amount")
            )
        })
        .collect();
    told.sort();
    told
}

fn says(app: &TestApp, status: &str) {
    let reply = app.put(&format!("/api/v1/dossiers/{CODE}"), &two_items(status));
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn kinds(app: &TestApp) -> Vec<String> {
    app.database
        .texts("SELECT kind AS t FROM differences ORDER BY kind")
}

both!(fn money_paid_twice_too_much_or_too_late_is_proposed_to_go_back(app) {
    app.has_office();
    let exact = app.has_bill(HERE, CODE, 50_000);
    let over = app.has_bill(HERE, "H12.104-260105-0002", 50_000);
    let late = app.has_bill(THERE, "H12.105-260105-0003", 50_000);
    for (id, dong, memo) in [(1, 50_000, &exact), (2, 50_000, &exact), (3, 60_000, &over)] {
        assert_eq!(app.transfer(id, dong, memo).status, 200);
    }
    assert_eq!(app.transfer(4, 70_000, "nobody knows").status, 200);
    app.set_clock(now() + chrono::TimeDelta::days(60));
    let mut body = transfer(5, 30_000, &late);
    body["transactionDate"] = json!("2026-02-06 00:00:00");
    assert_eq!(app.bank_says(body.to_string().as_bytes()).status, 200);
    assert_eq!(proposals(app), ["late credit 30000", "over credit 10000", "twice credit 50000"]);
    assert_eq!(app.items("/api/v1/refunds?unit=H12.105").len(), 1);
    for row in app.items("/api/v1/refunds") {
        assert!(row["reason"].as_str().unwrap().len() > 10, "{row}");
        assert!(row["difference"].is_string(), "{row}");
    }
});

both!(fn a_refused_dossier_proposes_its_paid_fee_once(app) {
    let reference = has_two_items(app);
    says(app, "refused");
    says(app, "processing");
    assert_eq!(proposals(app), [""; 0]);
    assert_eq!(app.transfer(1, 20_000, &reference).status, 200);
    assert_eq!(app.transfer(2, 30_000, &reference).status, 200);
    says(app, "refused");
    let both = ["refused_dossier fee 20000", "refused_dossier fee 30000"];
    assert_eq!(proposals(app), both);
    says(app, "processing");
    says(app, "refused");
    says(app, "refused");
    assert_eq!(proposals(app), both);
    // Which items are returned is the officer's to say.
    let desk = Desk::of(app);
    let rows = app.items("/api/v1/refunds?rule=refused_dossier");
    let id = rows.iter().find(|row| row["amount"] == "30000").unwrap()["id"].clone();
    let all = json!({ "proposal": id, "reason": "refused" });
    assert_eq!(desk.is_refused(&desk.officer, "", &all), (422, "wrong_items".to_owned()));
    let some = json!({ "proposal": id, "items": [{ "position": 1 }], "reason": "lệ phí only" });
    let told = desk.takes(&desk.officer, "", &some);
    assert_eq!(entry(&told), ["due:H12.104:le_phi < refund_payable 20000"]);
    desk.takes(&desk.approver, &format!("/{}/approval", id_of(&told)), &why());
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn what_the_provider_gives_back_pays_what_was_approved_first(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let mut data = shop_data("T1", &reference, 60_000);
    shop_says(app, "e1", "succeeded", &data);
    let desk = Desk::of(app);
    let id = desk.approves("T1", "credit", "10000");
    data["refunded_amount"] = json!("10000");
    shop_says(app, "e2", "partially_refunded", &data);
    assert_eq!(course(app, &id), "succeeded 10000: request CB01 0, approve LD01 10000, tell - -10000");
    assert_eq!(kinds(app), ["over"]);
    assert_eq!(figures(app), "1/1 1/1");
    // What nobody approved is taken from the bill, and a person must look.
    data["refunded_amount"] = json!("60000");
    shop_says(app, "e3", "refunded", &data);
    assert_eq!(kinds(app), ["over", "refund_unasked"]);
    assert_eq!(accounts(app), ["due:H12.104:phi -50000", "receivable:H12.104 50000"]);
    assert_eq!(figures(app), "0/1 0/1");
});

both!(fn a_refund_that_is_paid_out_in_part_is_a_difference(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let mut data = shop_data("T1", &reference, 80_000);
    shop_says(app, "e1", "succeeded", &data);
    let desk = Desk::of(app);
    let small = desk.approves("T1", "credit", "8000");
    let large = desk.approves("T1", "credit", "20000");
    let sending = json!({ "provider_refund_id": "R1", "reason": "now" });
    desk.takes(&desk.officer, &format!("/{large}/sending"), &sending);
    data["refunded_amount"] = json!("5000");
    shop_says(app, "e2", "partially_refunded", &data);
    assert_eq!(kinds(app), ["over", "refund_differs"]);
    // What was sent is paid first.
    assert!(course(app, &large).starts_with("sent 5000:"), "{}", course(app, &large));
    // Exactly the amount of one is that one.
    data["refunded_amount"] = json!("13000");
    shop_says(app, "e3", "partially_refunded", &data);
    assert!(course(app, &small).starts_with("succeeded 8000:"), "{}", course(app, &small));
    assert_eq!(kinds(app).len(), 2);
    // The rest of the large one is paid by our bank, which the provider does not count.
    let paid = json!({
        "outcome": "succeeded", "paid_by": "bank", "account": "0011", "evidence": "FT1", "reason": "rest",
    });
    let told = desk.takes(&desk.officer, &format!("/{large}/outcome"), &paid);
    assert_eq!(entry(&told), ["refund_payable < bank:0011 15000"]);
    let last = desk.approves("T1", "credit", "2000");
    data["refunded_amount"] = json!("15000");
    shop_says(app, "e4", "partially_refunded", &data);
    assert!(course(app, &last).starts_with("succeeded 2000:"), "{}", course(app, &last));
    assert_eq!(
        accounts(app),
        ["bank:0011 -15000", "clearing:shop 65000", "due:H12.104:phi -50000"]
    );
});

both!(fn a_reversed_payment_leaves_no_refund_behind(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let data = shop_data("T1", &reference, 60_000);
    shop_says(app, "e1", "succeeded", &data);
    let desk = Desk::of(app);
    let id = desk.approves("T1", "credit", "4000");
    shop_says(app, "e2", "reversed", &data);
    assert!(course(app, &id).starts_with("succeeded 4000:"), "{}", course(app, &id));
    assert_eq!(accounts(app), ["due:H12.104:phi -50000", "receivable:H12.104 50000"]);
    // It was never paid, whatever the rule about refunded dossiers.
    let class = app.database.number("SELECT CAST(class AS BIGINT) AS n FROM dossiers");
    assert_eq!(class & 0b1101_1000, 0);
});

/// A dossier whose fee is given back, one whose payment the provider gave back, one paid in part and
/// given back, one that stands; and version and figures.
fn refunded_world(app: &TestApp) -> Vec<(i64, String)> {
    app.has_office();
    let code = |number: u32| format!("H12.104-260105-000{number}");
    for number in 1..=4 {
        let reference = app.has_bill(HERE, &code(number), 50_000);
        let dong = if number == 3 { 20_000 } else { 50_000 };
        shop_says(
            app,
            &format!("e{number}"),
            "succeeded",
            &shop_data(&format!("T{number}"), &reference, dong),
        );
        if number == 2 || number == 3 {
            let data = shop_data(&format!("T{number}"), &reference, dong);
            shop_says(app, &format!("r{number}"), "refunded", &data);
        }
    }
    let desk = Desk::of(app);
    let body = json!({
        "payment": payment_id(app, "T1"), "source": "fee", "items": [{ "position": 0 }], "reason": "refused",
    });
    let id = id_of(&desk.takes(&desk.officer, "", &body));
    desk.takes(&desk.approver, &format!("/{id}/approval"), &why());
    // Said again, a dossier is classed from the same rows.
    for number in 1..=4 {
        let mut body = crate::support::office::dossier(HERE, 50_000);
        body["status"] = json!("processing");
        assert_eq!(
            app.put(&format!("/api/v1/dossiers/{}", code(number)), &body)
                .status,
            200
        );
    }
    told_figures(app)
}

/// Version and figure of every indicator that asks for money, and of one that does not.
fn told_figures(app: &TestApp) -> Vec<(i64, String)> {
    let ids = [
        "online-payment-rate",
        "online-transaction-share",
        "procedure-online-share",
        "online-submission-rate",
    ];
    ids.iter()
        .map(|id| {
            let told = app.get(&format!(
                "/api/v1/indicators/{id}?from=2026-01-01&to=2026-01-31"
            ));
            let by = app.get(&format!(
                "/api/v1/indicators/{id}?from=2026-01-01&to=2026-01-31&by=provider"
            ));
            let rows: i64 = by["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["numerator"].as_i64().unwrap())
                .sum();
            assert!(
                *id == "online-submission-rate" || rows == told["numerator"].as_i64().unwrap(),
                "{by}"
            );
            (
                told["version"].as_i64().unwrap(),
                format!("{}/{}", told["numerator"], told["denominator"]),
            )
        })
        .collect()
}

fn figure(version: i64, share: &str) -> (i64, String) {
    (version, share.to_owned())
}

both!(fn a_refunded_dossier_leaves_the_numerator(app, CHANNELS) {
    let told = refunded_world(app);
    assert_eq!(told, [figure(1, "1/4"), figure(1, "1/4"), figure(1, "1/1"), figure(1, "4/4")]);
});

both!(fn a_refunded_dossier_stays_where_the_rule_says_so_and_the_version_tells(app, &format!("{CHANNELS}\n[indicators]\nrefunded = \"stays\"\n")) {
    let told = refunded_world(app);
    assert_eq!(told, [figure(2, "3/4"), figure(2, "4/4"), figure(2, "1/1"), figure(1, "4/4")]);
    let told = app.get("/api/v1/indicators/online-payment-rate?from=2026-01-01&to=2026-01-31");
    assert_eq!(told["refunded"], "stays");
    assert!(told["numerator_en"].as_str().unwrap().contains("refunded in full included"));
});

/// The books are clean, then altered, then the check of refunds names the row.
#[track_caller]
fn is_named(app: &mut TestApp, alteration: &str, row: &str) {
    let wrong = |app: &TestApp| {
        let checks = verify(&app.db, 1).unwrap();
        let check = checks
            .into_iter()
            .find(|check| check.proves.starts_with("refunds"));
        let check = check.unwrap();
        assert!(check.rows > 0);
        check.wrong
    };
    assert_eq!(wrong(app), []);
    app.expects_broken_books();
    app.database.run(alteration);
    let told = wrong(app);
    assert!(
        told.iter()
            .any(|(name, problem)| name == row && !problem.is_empty()),
        "{row}: {told:?}"
    );
}

/// An approved refund, and its name in the proof.
fn has_approved(app: &TestApp) -> String {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 60_000, &reference).status, 200);
    let id = Desk::of(app).approves("1", "credit", "10000");
    format!("refund {id}")
}

both!(fn a_refund_with_another_amount_is_named(app) {
    let refund = has_approved(app);
    is_named(app, "UPDATE refunds SET amount_minor = 9000 WHERE state = 'to_send'", &refund);
});

both!(fn a_payment_with_more_set_aside_than_its_refunds_hold_is_named(app) {
    has_approved(app);
    let payment = format!("payment {}", payment_id(app, "1"));
    is_named(app, "UPDATE payments SET refunding_minor = refunding_minor + 1", &payment);
});

both!(fn a_refund_in_another_state_is_named(app) {
    let refund = has_approved(app);
    is_named(app, "UPDATE refunds SET state = 'sent' WHERE state = 'to_send'", &refund);
});

both!(fn a_refund_approved_by_somebody_else_is_named(app) {
    let refund = has_approved(app);
    is_named(app, "UPDATE refunds SET approved_by = 'XX' WHERE state = 'to_send'", &refund);
});

both!(fn an_approval_that_was_taken_away_is_named(app) {
    let refund = has_approved(app);
    is_named(app, "DELETE FROM refund_steps WHERE action = 'approve'", &refund);
});

both!(fn a_step_with_another_amount_than_its_entry_is_named(app) {
    has_approved(app);
    let entry = app.database.id("entry_id", "refund_steps WHERE action = 'approve'");
    is_named(app, "UPDATE refund_steps SET amount_minor = 1 WHERE action = 'approve'", &format!("entry {entry}"));
});

both!(fn a_refund_called_paid_without_money_leaving_is_named(app) {
    let refund = has_approved(app);
    is_named(
        app,
        "UPDATE refunds SET state = 'succeeded', paid_minor = amount_minor WHERE state = 'to_send'",
        &refund,
    );
});

both!(fn a_refund_asked_for_by_somebody_else_is_named(app) {
    let refund = has_approved(app);
    is_named(app, "UPDATE refunds SET requested_by = 'XX' WHERE state = 'to_send'", &refund);
});

/// An officer accepts less for the only bill that was paid in part.
fn accepts_short(desk: &Desk<'_>) {
    let row = &desk.app.items("/api/v1/differences?kind=short")[0];
    let body = json!({ "action": "accept_short", "reason": "small", "revision": row["revision"] });
    let target = format!(
        "/api/v1/differences/{}/resolution",
        row["id"].as_str().unwrap()
    );
    let reply = desk
        .app
        .ask(&desk.approver, "POST", &target, &body.to_string());
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// A wish for fee items of a payment.
fn fees(app: &TestApp, txn: &str, items: &Value) -> Value {
    json!({ "payment": payment_id(app, txn), "source": "fee", "items": items, "reason": "refused" })
}

both!(fn a_fee_that_was_written_off_is_not_given_back(app) {
    let reference = has_two_items(app);
    assert_eq!(app.transfer(1, 30_000, &reference).status, 200);
    let desk = Desk::of(app);
    accepts_short(&desk);
    assert_eq!(accounts(app), ["clearing:bank 30000", "due:H12.104:le_phi -20000", "due:H12.104:phi -10000"]);
    for items in [json!([{ "position": 0 }]), json!([{ "position": 0, "amount": "10001" }])] {
        assert_eq!(desk.is_refused(&desk.officer, "", &fees(app, "1", &items)), (409, "above_rest".to_owned()), "{items}");
    }
    let items = json!([{ "position": 0, "amount": "10000" }, { "position": 1 }]);
    let id = id_of(&desk.takes(&desk.officer, "", &fees(app, "1", &items)));
    desk.takes(&desk.approver, &format!("/{id}/approval"), &why());
    assert_eq!(accounts(app), ["clearing:bank 30000", "refund_payable -30000"]);
});

both!(fn what_is_written_off_is_not_what_is_asked_back_already(app) {
    let reference = has_two_items(app);
    assert_eq!(app.transfer(1, 30_000, &reference).status, 200);
    let desk = Desk::of(app);
    let asked = |items: Value| id_of(&desk.takes(&desk.officer, "", &fees(app, "1", &items)));
    let approved = asked(json!([{ "position": 0, "amount": "20000" }]));
    desk.takes(&desk.approver, &format!("/{approved}/approval"), &why());
    let waits = asked(json!([{ "position": 0, "amount": "5000" }]));
    accepts_short(&desk);
    // Of the phí 5,000 is neither given back nor asked back; the rest is written off of the lệ phí.
    let waived = app.database.texts(
        "SELECT debit || ' ' || CAST(amount_minor AS TEXT) AS t FROM postings WHERE event = 'bill_waived' ORDER BY debit",
    );
    assert_eq!(waived, ["due:H12.104:le_phi 15000", "due:H12.104:phi 5000"]);
    desk.takes(&desk.approver, &format!("/{waits}/approval"), &why());
    assert_eq!(accounts(app), ["clearing:bank 30000", "due:H12.104:le_phi -5000", "refund_payable -25000"]);
});

both!(fn what_an_officer_asked_for_is_withdrawn_when_the_provider_takes_all_of_it(app, CHANNELS) {
    let reference = has_two_items(app);
    shop_says(app, "e1", "succeeded", &shop_data("T1", &reference, 30_000));
    let desk = Desk::of(app);
    let reason = "the provider took the money back";
    let id = id_of(&desk.takes(&desk.officer, "", &fees(app, "T1", &json!([{ "position": 1 }]))));
    shop_says(app, "e2", "reversed", &shop_data("T1", &reference, 30_000));
    assert_eq!(course(app, &id), "withdrawn 0: request CB01 0, withdraw - 0");
    let told = app.get(&format!("/api/v1/refunds/{id}"));
    assert_eq!(told["steps"][1]["reason"], reason);
    assert_eq!(desk.is_refused(&desk.approver, &format!("/{id}/approval"), &why()), (409, "wrong_state".to_owned()));
});

both!(fn proposals_end_with_their_money(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let mut data = shop_data("T1", &reference, 60_000);
    shop_says(app, "e1", "succeeded", &data);
    assert_eq!(proposals(app), ["over credit 10000"]);
    data["refunded_amount"] = json!("4000");
    shop_says(app, "e2", "partially_refunded", &data);
    assert_eq!(proposals(app), ["over credit 6000"]);
    shop_says(app, "e3", "reversed", &data);
    assert_eq!(proposals(app), [""; 0]);
    let id = app.items("/api/v1/refunds")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(course(app, &id), "withdrawn 0: lower - 0, withdraw - 0");
    // That of the fee of a refused dossier too.
    shop_says(app, "e4", "succeeded", &shop_data("T2", &reference, 50_000));
    let mut refused = dossier(HERE, 50_000);
    refused["status"] = json!("refused");
    assert_eq!(app.put(&format!("/api/v1/dossiers/{CODE}"), &refused).status, 200);
    assert_eq!(proposals(app), ["refused_dossier fee 50000"]);
    shop_says(app, "e5", "reversed", &shop_data("T2", &reference, 50_000));
    assert_eq!(proposals(app), [""; 0]);
    assert_eq!(app.items("/api/v1/refunds?standing=true").len(), 0);
});

/// What the check of payments names.
fn wrong_payments(app: &TestApp) -> Vec<String> {
    let checks = verify(&app.db, 1).unwrap();
    let check = checks
        .into_iter()
        .find(|check| check.proves.starts_with("payments"));
    check
        .unwrap()
        .wrong
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

both!(fn what_went_back_is_recomputed_from_postings(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    let mut data = shop_data("T1", &reference, 50_000);
    shop_says(app, "e1", "succeeded", &data);
    shop_says(app, "e2", "reversed", &data);
    // First heard of when part of it had gone back, which was never posted; the rest goes later.
    data = shop_data("T2", &reference, 50_000);
    data["refunded_amount"] = json!("20000");
    shop_says(app, "e3", "partially_refunded", &data);
    shop_says(app, "e4", "refunded", &data);
    shop_says(app, "e5", "refunded", &shop_data("T3", &reference, 50_000));
    assert_eq!(wrong_payments(app), [""; 0]);
    app.expects_broken_books();
    for (txn, altered) in [("T1", "49999"), ("T2", "30000"), ("T3", "1")] {
        let name = format!("payment {}", payment_id(app, txn));
        let kept = app.database.number(&format!(
            "SELECT refunded_minor AS n FROM payments WHERE provider_txn_id = '{txn}'"
        ));
        let set = |value: &str| {
            app.database.run(&format!(
                "UPDATE payments SET refunded_minor = {value} WHERE provider_txn_id = '{txn}'"
            ));
        };
        set(altered);
        assert_eq!(wrong_payments(app), [name]);
        set(&kept.to_string());
        assert_eq!(wrong_payments(app), [""; 0]);
    }
});
