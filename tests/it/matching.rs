//! Money on its way to a bill, call by call over a real socket: what becomes of the bill, of the
//! payment, of every account, and of the figure that the office reports.

use doisoat::config::secret::Secret;
use doisoat::domain::ids::Tenant;
use doisoat::domain::time::parse_rfc3339;
use doisoat::intake::providers::standardwebhooks;
use doisoat::journeys::open_attempts::{AttemptError, NewAttempt, Opened, open_attempts};
use serde_json::{Value, json};

use crate::support::http::request;
use crate::support::office::{HERE, dossier, transfer};
use crate::support::{TestApp, both};

/// The dossier of most tests.
const CODE: &str = "H12.104-260105-0001";

/// The key of the channel `shop`.
const SECRET: &str = "whsec_ZG9pc29hdC1pbnRlZ3JhdGlvbi10ZXN0cw==";

/// A channel that can say anything of a payment, and one that knows its own account.
pub(crate) const CHANNELS: &str = r#"
[channels.shop]
provider = "standardwebhooks"
secrets.secret = "whsec_ZG9pc29hdC1pbnRlZ3JhdGlvbi10ZXN0cw=="

[channels.own]
provider = "sepay"
secrets.api_key = "k-own"
settings.scheme = "sepay-apikey"
settings.accounts = ["0011 000 999", "1017-5888-88"]
"#;

/// What the shop says of payment `txn`, as the event with this id.
pub(crate) fn shop_says(app: &TestApp, event: &str, kind: &str, data: &Value) {
    let body = json!({ "type": format!("payment.{kind}"), "data": data }).to_string();
    let at = app.clock.now().timestamp().to_string();
    let secret = Secret::new(SECRET);
    let signature = standardwebhooks::sign_header(event, &at, body.as_bytes(), &secret).unwrap();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", event),
        ("webhook-timestamp", &at),
        ("webhook-signature", &signature),
    ];
    let reply = app.send(&request(
        "POST",
        "/webhooks/shop",
        &headers,
        body.as_bytes(),
    ));
    assert_eq!(reply.status, 204, "{reply:?}");
}

pub(crate) fn shop_data(txn: &str, order_ref: &str, dong: i64) -> Value {
    json!({
        "transaction_id": txn, "order_ref": order_ref, "amount": dong.to_string(),
        "paid_at": "2026-01-05T10:30:00+07:00",
    })
}

/// A transfer made at this Vietnamese time.
fn transfer_at(app: &TestApp, id: u64, dong: i64, memo: &str, at: &str) {
    let mut body = transfer(id, dong, memo);
    body["transactionDate"] = json!(at);
    assert_eq!(app.bank_says(body.to_string().as_bytes()).status, 200);
}

fn pays(app: &TestApp, id: u64, dong: i64, memo: &str) {
    assert_eq!(app.transfer(id, dong, memo).status, 200);
}

/// Says of the one dossier what is given beside what was said of it before.
fn dossier_says(app: &TestApp, changes: &Value) {
    let mut body = dossier(HERE, 50_000);
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    let reply = app.put(&format!("/api/v1/dossiers/{CODE}"), &body);
    assert!([200, 201].contains(&reply.status), "{reply:?}");
}

/// Cancels the one dossier's bill.
fn cancels(app: &TestApp) {
    let bills = json!([{ "items": [0], "is_cancelled": true, "due_on": "2026-02-05" }]);
    dossier_says(app, &json!({ "bill_due_on": null, "bills": bills }));
}

/// State, paid and rest.
fn bill(app: &TestApp, reference: &str) -> String {
    let told = app.get(&format!("/api/v1/bills/{reference}"));
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    format!("{} {}+{}", text("state"), text("paid"), text("rest"))
}

/// Outcome and rule; what is allocated, the payer's, and in suspense. The reason is never empty.
pub(crate) fn payment(app: &TestApp, txn: &str) -> String {
    let found = app.items(&format!("/api/v1/payments?provider_txn_id={txn}"));
    assert_eq!(found.len(), 1, "{txn}: {found:?}");
    let told = &found[0];
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let matched = &told["match"];
    assert!(matched["reason"].as_str().unwrap().len() > 10, "{told}");
    format!(
        "{} by {}: {}/{}/{}",
        text(&matched["outcome"]),
        text(&matched["rule"]),
        text(&told["allocated"]),
        text(&told["payer_credit"]),
        text(&told["suspense"])
    )
}

fn reason(app: &TestApp, txn: &str) -> String {
    let found = app.items(&format!("/api/v1/payments?provider_txn_id={txn}"));
    found[0]["match"]["reason"].as_str().unwrap().to_owned()
}

/// Every account that is not at zero, debits above zero.
pub(crate) fn accounts(app: &TestApp) -> Vec<String> {
    let rows = app.items("/api/v1/ledger/accounts");
    let told = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        (text("account"), text("balance"))
    });
    let mut told: Vec<String> = told
        .filter(|(_, balance)| *balance != "0")
        .map(|(account, balance)| format!("{account} {balance}"))
        .collect();
    told.sort();
    told
}

/// Fully paid of dossiers with a fee, and with any online payment of dossiers billed.
pub(crate) fn figures(app: &TestApp) -> String {
    let figure = |id: &str| {
        let target = format!("/api/v1/indicators/{id}?from=2026-01-01&to=2026-01-31");
        let told = app.get(&target);
        format!("{}/{}", told["numerator"], told["denominator"])
    };
    format!(
        "{} {}",
        figure("online-payment-rate"),
        figure("online-transaction-share")
    )
}

fn has_one_bill(app: &TestApp) -> String {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(bill(app, &reference), "open 0+50000");
    assert_eq!(
        accounts(app),
        ["due:H12.104:phi -50000", "receivable:H12.104 50000"]
    );
    assert_eq!(figures(app), "0/1 0/1");
    reference
}

both!(fn the_exact_amount_pays_the_bill(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 50_000, &reference);
    assert_eq!(payment(app, "1"), "exact by payment_reference: 50000/0/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(accounts(app), ["clearing:bank 50000", "due:H12.104:phi -50000"]);
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn less_pays_in_part_and_the_rest_pays_it_out(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 20_000, &reference);
    assert_eq!(payment(app, "1"), "short by payment_reference: 20000/0/0");
    assert_eq!(bill(app, &reference), "part_paid 20000+30000");
    assert_eq!(
        accounts(app),
        ["clearing:bank 20000", "due:H12.104:phi -50000", "receivable:H12.104 30000"]
    );
    assert_eq!(figures(app), "0/1 1/1");
    pays(app, 2, 30_000, &reference);
    assert_eq!(payment(app, "2"), "exact by payment_reference: 30000/0/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(accounts(app), ["clearing:bank 50000", "due:H12.104:phi -50000"]);
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn more_pays_the_bill_and_the_rest_is_the_payers(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 60_000, &reference);
    assert_eq!(payment(app, "1"), "over by payment_reference: 50000/10000/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(
        accounts(app),
        ["clearing:bank 60000", "due:H12.104:phi -50000", "payer_credit -10000"]
    );
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn a_second_payment_of_a_paid_bill_is_the_payers(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 50_000, &reference);
    pays(app, 2, 50_000, &reference);
    assert_eq!(payment(app, "2"), "twice by payment_reference: 0/50000/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(
        accounts(app),
        ["clearing:bank 100000", "due:H12.104:phi -50000", "payer_credit -50000"]
    );
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn money_after_the_due_day_is_late_and_the_payers(app) {
    let reference = has_one_bill(app);
    app.set_clock(parse_rfc3339("2026-02-07T03:00:00Z").unwrap());
    transfer_at(app, 1, 20_000, &reference, "2026-02-05 23:59:59");
    assert_eq!(payment(app, "1"), "short by payment_reference: 20000/0/0");
    transfer_at(app, 2, 30_000, &reference, "2026-02-06 00:00:00");
    assert_eq!(payment(app, "2"), "late by payment_reference: 0/30000/0");
    assert!(reason(app, "2").contains("2026-02-05"), "{}", reason(app, "2"));
    assert_eq!(bill(app, &reference), "part_paid 20000+30000");
    assert_eq!(
        accounts(app),
        [
            "clearing:bank 50000",
            "due:H12.104:phi -50000",
            "payer_credit -30000",
            "receivable:H12.104 30000"
        ]
    );
    assert_eq!(figures(app), "0/1 1/1");
});

both!(fn money_after_the_cancellation_is_late_and_the_bill_stays_cancelled(app) {
    let reference = has_one_bill(app);
    cancels(app);
    assert_eq!(bill(app, &reference), "cancelled 0+50000");
    assert_eq!(accounts(app), [""; 0]);
    app.set_clock(parse_rfc3339("2026-01-05T04:35:00Z").unwrap());
    transfer_at(app, 1, 50_000, &reference, "2026-01-05 10:40:00");
    assert_eq!(payment(app, "1"), "late by payment_reference: 0/50000/0");
    assert_eq!(bill(app, &reference), "cancelled 0+50000");
    assert_eq!(accounts(app), ["clearing:bank 50000", "payer_credit -50000"]);
});

both!(fn money_sent_before_a_cancellation_and_told_later_opens_the_bill_again(app) {
    let reference = has_one_bill(app);
    cancels(app);
    app.set_clock(parse_rfc3339("2026-01-05T04:35:00Z").unwrap());
    transfer_at(app, 1, 20_000, &reference, "2026-01-05 10:30:12");
    assert_eq!(payment(app, "1"), "short by payment_reference: 20000/0/0");
    assert_eq!(bill(app, &reference), "part_paid 20000+30000");
    assert_eq!(
        accounts(app),
        ["clearing:bank 20000", "due:H12.104:phi -50000", "receivable:H12.104 30000"]
    );
    assert_eq!(figures(app), "0/1 1/1");
    transfer_at(app, 2, 30_000, &reference, "2026-01-05 11:00:00");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn money_for_a_cancelled_bill_whose_items_another_bill_asks_for_is_the_payers(app) {
    let reference = has_one_bill(app);
    cancels(app);
    let bills = json!([{ "items": [0], "reference": "NEW-0001" }]);
    dossier_says(app, &json!({ "bill_due_on": null, "bills": bills }));
    app.set_clock(parse_rfc3339("2026-01-05T04:35:00Z").unwrap());
    transfer_at(app, 1, 50_000, &reference, "2026-01-05 09:00:00");
    assert_eq!(payment(app, "1"), "late by payment_reference: 0/50000/0");
    assert_eq!(bill(app, &reference), "cancelled 0+50000");
    assert_eq!(bill(app, "NEW-0001"), "open 0+50000");
    assert_eq!(
        accounts(app),
        [
            "clearing:bank 50000",
            "due:H12.104:phi -50000",
            "payer_credit -50000",
            "receivable:H12.104 50000"
        ]
    );
});

both!(fn money_for_a_closed_dossier_waits_in_suspense(app) {
    let reference = has_one_bill(app);
    for (id, status) in [(1, "refused"), (2, "withdrawn"), (3, "stopped")] {
        dossier_says(app, &json!({ "status": status }));
        pays(app, id, 50_000, &reference);
        assert_eq!(payment(app, &id.to_string()), "closed by payment_reference: 0/0/50000");
        assert_eq!(bill(app, &reference), "open 0+50000");
    }
    assert_eq!(
        accounts(app),
        [
            "clearing:bank 150000",
            "due:H12.104:phi -50000",
            "receivable:H12.104 50000",
            "suspense -150000"
        ]
    );
    assert_eq!(figures(app), "0/1 0/1");
});

both!(fn money_that_names_nothing_waits_in_suspense_whatever_its_amount(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 50_000, "Nguyen Van A nop phi");
    assert_eq!(payment(app, "1"), "unknown by -: 0/0/50000");
    assert_eq!(bill(app, &reference), "open 0+50000");
    assert_eq!(
        accounts(app),
        [
            "clearing:bank 50000",
            "due:H12.104:phi -50000",
            "receivable:H12.104 50000",
            "suspense -50000"
        ]
    );
    assert_eq!(figures(app), "0/1 0/1");
});

both!(fn another_currency_waits_in_suspense(app, CHANNELS) {
    let reference = has_one_bill(app);
    let mut data = shop_data("T1", &reference, 50_000);
    data["currency"] = json!("USD");
    shop_says(app, "e1", "succeeded", &data);
    assert_eq!(payment(app, "T1"), "wrong_currency by payment_reference: 0.00/0.00/50000.00");
    assert_eq!(bill(app, &reference), "open 0+50000");
    let rows = app.items("/api/v1/ledger/accounts");
    let dollars: Vec<&Value> = rows.iter().filter(|row| row["currency"] == "USD").collect();
    assert_eq!(dollars.len(), 2, "{rows:?}");
    assert_eq!(figures(app), "0/1 0/1");
});

both!(fn only_the_channels_own_accounts_receive(app, CHANNELS) {
    let reference = has_one_bill(app);
    let say = |id: u64, account: &str| {
        let mut body = transfer(id, 50_000, &reference);
        body["accountNumber"] = json!(account);
        let headers = [("authorization", "Apikey k-own")];
        let bytes = body.to_string();
        let reply = app.send(&request("POST", "/webhooks/own", &headers, bytes.as_bytes()));
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    say(1, "0011000998");
    assert_eq!(payment(app, "1"), "wrong_account by -: 0/0/50000");
    assert!(reason(app, "1").contains("0011000998"));
    assert_eq!(bill(app, &reference), "open 0+50000");
    assert_eq!(figures(app), "0/1 0/1");
    say(2, "1017588888");
    assert_eq!(payment(app, "2"), "exact by payment_reference: 50000/0/0");
    assert_eq!(
        accounts(app),
        ["clearing:own 100000", "due:H12.104:phi -50000", "suspense -50000"]
    );
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn an_attempt_names_its_bill_and_only_on_its_channel(app, CHANNELS) {
    let reference = has_one_bill(app);
    let attempt = |channel: &str, bill: &str| NewAttempt {
        channel: channel.to_owned(),
        order_ref: "ORDER-77".to_owned(),
        bill_reference: bill.to_owned(),
    };
    let opened = |attempts: &[NewAttempt]| {
        open_attempts(&app.db, Tenant(1), app.clock.now(), attempts)
    };
    let good = attempt("shop", &reference);
    let strange = opened(&[good.clone(), attempt("vnpay", "no such bill")]);
    assert!(matches!(strange, Err(AttemptError::UnknownBill { index: 1, .. })));
    assert_eq!(opened(std::slice::from_ref(&good)).unwrap(), Opened { new: 1, known: 0 });
    assert_eq!(opened(&[good]).unwrap(), Opened { new: 0, known: 1 });
    let reply = app.vnpay_pays("14000001", "ORDER-77", 50_000, "k-vnpay");
    assert_eq!(reply.json()["RspCode"], "01", "{reply:?}");
    assert_eq!(payment(app, "14000001"), "unknown by -: 0/0/50000");
    shop_says(app, "e1", "succeeded", &shop_data("T1", "ORDER-77", 50_000));
    assert_eq!(payment(app, "T1"), "exact by order_reference: 50000/0/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn a_reference_is_found_in_a_memo_as_banks_write_it(app) {
    let reference = has_one_bill(app);
    let memo = format!("MBVCB.3278.{}.CT tu 0011000000001 NGUYEN VAN A", reference.to_lowercase());
    pays(app, 1, 50_000, &memo);
    assert_eq!(payment(app, "1"), "exact by payment_reference: 50000/0/0");
    assert!(reason(app, "1").contains(&reference), "{}", reason(app, "1"));
});

both!(fn a_virtual_account_names_its_bill(app) {
    app.has_office();
    let bills = json!([{ "items": [0], "due_on": "2026-02-05", "virtual_account": "VA900001" }]);
    dossier_says(app, &json!({ "bill_due_on": null, "bills": bills }));
    let told = app.get(&format!("/api/v1/dossiers/{CODE}"));
    let reference = told["bills"][0]["reference"].as_str().unwrap();
    let mut body = transfer(1, 50_000, "no clue");
    body["subAccount"] = json!("VA900001");
    assert_eq!(app.bank_says(body.to_string().as_bytes()).status, 200);
    assert_eq!(payment(app, "1"), "exact by virtual_account: 50000/0/0");
    assert_eq!(bill(app, reference), "paid 50000+0");
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn the_code_of_a_dossier_in_a_memo_names_its_only_bill(app) {
    let reference = has_one_bill(app);
    pays(app, 1, 50_000, "NOP PHI HO SO H12 104 260105 0001 NGUYEN VAN A");
    assert_eq!(payment(app, "1"), "exact by dossier_code: 50000/0/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn the_code_of_a_dossier_with_two_bills_chooses_none_even_when_one_amount_fits(app) {
    app.has_office();
    let item = |code: &str, dong: &str| {
        json!({ "kind": "phi", "code": code, "name": "Phí", "amount": dong, "basis": "" })
    };
    dossier_says(app, &json!({
        "bill_due_on": null,
        "fee_items": [item("A", "30000"), item("B", "50000")],
        "bills": [
            { "items": [0], "reference": "BILL-A", "due_on": "2026-02-05" },
            { "items": [1], "reference": "BILL-B", "due_on": "2026-02-05" },
        ],
    }));
    pays(app, 1, 50_000, "HO SO H12.104-260105-0001");
    assert_eq!(payment(app, "1"), "ambiguous by -: 0/0/50000");
    for name in ["BILL-A", "BILL-B"] {
        assert!(reason(app, "1").contains(name), "{}", reason(app, "1"));
    }
    assert_eq!((bill(app, "BILL-A"), bill(app, "BILL-B")), ("open 0+30000".into(), "open 0+50000".into()));
    assert_eq!(figures(app), "0/1 0/1");
});

both!(fn a_reversal_opens_the_bill_again(app, CHANNELS) {
    let reference = has_one_bill(app);
    let data = shop_data("T1", &reference, 60_000);
    shop_says(app, "e1", "succeeded", &data);
    assert_eq!(payment(app, "T1"), "over by payment_reference: 50000/10000/0");
    assert_eq!(figures(app), "1/1 1/1");
    shop_says(app, "e2", "reversed", &data);
    assert_eq!(payment(app, "T1"), "over by payment_reference: 0/0/0");
    assert_eq!(bill(app, &reference), "open 0+50000");
    assert_eq!(accounts(app), ["due:H12.104:phi -50000", "receivable:H12.104 50000"]);
    assert_eq!(figures(app), "0/1 0/1");
    shop_says(app, "e3", "succeeded", &data);
    assert_eq!(bill(app, &reference), "open 0+50000");
    let found = app.items("/api/v1/payments?provider_txn_id=T1");
    assert_eq!((&found[0]["status"], &found[0]["refunded"]), (&json!("reversed"), &json!("60000")));
    assert_eq!(app.items("/api/v1/notices").len(), 3);
});

both!(fn a_refund_in_part_takes_the_payers_rest_first(app, CHANNELS) {
    let reference = has_one_bill(app);
    let mut data = shop_data("T1", &reference, 60_000);
    shop_says(app, "e1", "succeeded", &data);
    for (event, refunded, placed, stands, figure) in [
        ("e2", "10000", "over by payment_reference: 50000/0/0", "paid 50000+0", "1/1 1/1"),
        ("e3", "25000", "over by payment_reference: 35000/0/0", "part_paid 35000+15000", "0/1 1/1"),
    ] {
        data["refunded_amount"] = json!(refunded);
        shop_says(app, event, "partially_refunded", &data);
        assert_eq!(payment(app, "T1"), placed);
        assert_eq!(bill(app, &reference), stands);
        assert_eq!(figures(app), figure);
    }
    assert_eq!(
        accounts(app),
        ["clearing:shop 35000", "due:H12.104:phi -50000", "receivable:H12.104 15000"]
    );
});

both!(fn an_older_state_that_arrives_late_moves_nothing_back(app, CHANNELS) {
    let reference = has_one_bill(app);
    let data = shop_data("T1", &reference, 50_000);
    shop_says(app, "e1", "succeeded", &data);
    for (event, kind) in [("e2", "pending"), ("e3", "failed"), ("e4", "review"), ("e5", "authorized")] {
        shop_says(app, event, kind, &data);
        let found = app.items("/api/v1/payments?provider_txn_id=T1");
        assert_eq!(found[0]["status"], "succeeded", "{kind}");
        assert_eq!(bill(app, &reference), "paid 50000+0", "{kind}");
        assert_eq!(figures(app), "1/1 1/1", "{kind}");
    }
    assert_eq!(app.items("/api/v1/notices").len(), 5);
});

both!(fn a_payment_that_failed_and_then_succeeded_pays(app, CHANNELS) {
    let reference = has_one_bill(app);
    let data = shop_data("T1", &reference, 50_000);
    for (event, kind) in [("e1", "pending"), ("e2", "failed")] {
        shop_says(app, event, kind, &data);
        assert_eq!(payment(app, "T1"), "none by payment_reference: 0/0/0", "{kind}");
        assert_eq!(bill(app, &reference), "open 0+50000", "{kind}");
        assert_eq!(figures(app), "0/1 0/1", "{kind}");
    }
    shop_says(app, "e3", "succeeded", &data);
    assert_eq!(payment(app, "T1"), "exact by payment_reference: 50000/0/0");
    assert_eq!(bill(app, &reference), "paid 50000+0");
    assert_eq!(accounts(app), ["clearing:shop 50000", "due:H12.104:phi -50000"]);
    assert_eq!(figures(app), "1/1 1/1");
});

both!(fn the_same_key_with_another_amount_is_kept_as_a_conflict_and_changes_nothing(app, CHANNELS) {
    let reference = has_one_bill(app);
    let data = shop_data("T1", &reference, 20_000);
    shop_says(app, "e1", "succeeded", &data);
    let other = shop_data("T1", &reference, 30_000);
    // The same event with other facts, and another event about the same payment.
    shop_says(app, "e1", "succeeded", &other);
    shop_says(app, "e2", "succeeded", &other);
    shop_says(app, "e2", "reversed", &other);
    assert_eq!(payment(app, "T1"), "short by payment_reference: 20000/0/0");
    assert_eq!(bill(app, &reference), "part_paid 20000+30000");
    assert_eq!(
        accounts(app),
        ["clearing:shop 20000", "due:H12.104:phi -50000", "receivable:H12.104 30000"]
    );
    assert_eq!(app.items("/api/v1/notices?outcome=conflict").len(), 3);
    assert_eq!(app.items("/api/v1/notices").len(), 4);
    assert_eq!(figures(app), "0/1 1/1");
});
