//! What subscribers are told: the events of a payment's whole life, written with the payment or not at
//! all, and nothing where nobody listens. How they arrive is told in `outbox_deliveries`.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta};
use doisoat::config::secret::Secret;
use doisoat::config::subscriber::Subscriber;
use doisoat::domain::outbox::EventType;
use doisoat::intake::providers::standardwebhooks::sign_header;
use doisoat::journeys::outbox::deliver::{Courier, Round};
use doisoat::journeys::sweep::sweep;
use serde_json::{Value, json};

use crate::support::app::now;
use crate::support::http::{Reply, request};
use crate::support::office::HERE;
use crate::support::receiver::{Receiver, Sent};
use crate::support::{TestApp, both};

const HOOK_SECRET: &str = "whsec_xbpRdGPOvS9uJFHJPgbPi+LyeDYbyKuC";
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

/// A channel that can say everything of a payment, and a subscriber whose address each test sets.
pub(crate) const LISTENED: &str = r#"
[channels.hook]
provider = "standardwebhooks"
secrets.secret = "whsec_xbpRdGPOvS9uJFHJPgbPi+LyeDYbyKuC"

[subscribers.one-stop]
url = "http://127.0.0.1:9/hooks"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
"#;

pub(crate) const CODE: &str = "H12.104-260105-0001";

/// A provider's event about a payment on the channel `hook`.
pub(crate) fn hook(app: &TestApp, id: &str, body: &Value) -> Reply {
    let (body, timestamp) = (body.to_string(), app.clock.now().timestamp().to_string());
    let secret = Secret::new(HOOK_SECRET);
    let signature = sign_header(id, &timestamp, body.as_bytes(), &secret).unwrap();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let reply = app.send(&request(
        "POST",
        "/webhooks/hook",
        &headers,
        body.as_bytes(),
    ));
    assert_eq!(reply.status, 204, "{reply:?}");
    reply
}

/// A payment of a bill, succeeded.
pub(crate) fn pays(app: &TestApp, txn: &str, dong: i64, reference: &str) {
    hook(
        app,
        &format!("{txn}-paid"),
        &told("succeeded", txn, dong, reference),
    );
}

pub(crate) fn told(kind: &str, txn: &str, dong: i64, reference: &str) -> Value {
    json!({
        "type": format!("payment.{kind}"),
        "data": {
            "transaction_id": txn, "amount": dong.to_string(), "currency": "VND",
            "paid_at": "2026-01-05T10:30:12+07:00", "memo": format!("NGUYEN VAN A nop {reference}"),
        },
    })
}

/// The subscriber, with the address of a receiver.
pub(crate) fn subscriber(app: &TestApp, receiver: &Receiver) -> Subscriber {
    let mut subscriber = app.settings.subscribers["one-stop"].clone();
    subscriber.url = receiver.url();
    subscriber
}

pub(crate) fn courier(app: &TestApp, receiver: &Receiver) -> Courier {
    Courier::new(&app.db, &app.clock, &subscriber(app, receiver)).unwrap()
}

/// Delivers until nothing is due.
pub(crate) fn deliver(courier: &mut Courier) -> Round {
    let mut all = Round::default();
    loop {
        let round = courier.round(&AtomicBool::new(false)).unwrap();
        all.tried += round.tried;
        all.delivered += round.delivered;
        if !round.is_busy {
            return all;
        }
    }
}

pub(crate) fn counts(app: &TestApp) -> [i64; 3] {
    ["outbox_events", "outbox_deliveries", "outbox_tries"].map(|table| {
        app.database
            .number(&format!("SELECT COUNT(*) AS n FROM {table}"))
    })
}

/// Type, state of the bill, what is paid on it, the provider's transaction, kind of difference.
fn summary(sent: &Sent) -> String {
    let data = &sent.json()["data"];
    let word = |path: &str| {
        data.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or("-")
            .to_owned()
    };
    [
        sent.kind(),
        word("/bill/state"),
        word("/bill/paid"),
        word("/payment/provider_txn_id"),
        word("/payment/refunded"),
        word("/difference/kind"),
    ]
    .join(" ")
}

both!(fn every_step_of_a_payment_is_told_of_in_its_order(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 50_000, &reference);
    pays(app, "TX2", 100_000, &reference);
    hook(app, "e3", &told("reversed", "TX2", 100_000, &reference));
    let mut part = told("partially_refunded", "TX1", 50_000, &reference);
    part["data"]["refunded_amount"] = json!("20000");
    hook(app, "e4", &part);
    hook(app, "e5", &told("refunded", "TX1", 50_000, &reference));
    // Said again, nothing happens again.
    hook(app, "e5", &told("refunded", "TX1", 50_000, &reference));

    let receiver = Receiver::start();
    let round = deliver(&mut courier(app, &receiver));
    let sent = receiver.sent();
    let summaries: Vec<String> = sent.iter().map(summary).collect();
    assert_eq!(summaries, [
        "bill.short part_paid 50000 TX1 0 -",
        "difference.opened part_paid 50000 TX1 0 short",
        "bill.paid paid 150000 TX2 0 -",
        "payment.reversed part_paid 50000 TX2 100000 -",
        "bill.short part_paid 50000 TX2 100000 -",
        "difference.opened part_paid 50000 TX2 100000 reversed",
        "payment.refunded part_paid 30000 TX1 20000 -",
        "bill.short part_paid 30000 TX1 20000 -",
        "difference.opened part_paid 30000 TX1 20000 refund_unasked",
        "payment.refunded open 0 TX1 50000 -",
        "difference.opened open 0 TX1 50000 refund_unasked",
    ]);
    assert_eq!((round.tried, round.delivered), (sent.len(), sent.len()));
    for one in &sent {
        let data = &one.json()["data"];
        assert_eq!((&data["dossier"], &data["unit"]), (&json!(CODE), &json!(HERE)));
        assert_eq!(data["bill"]["reference"], json!(reference));
        assert!(!one.body.contains("NGUYEN") && !one.body.contains("Nguyễn"), "{}", one.body);
    }
});

both!(fn an_event_is_these_bytes_signed_under_its_id(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 150_000, &reference);
    let receiver = Receiver::start();
    deliver(&mut courier(app, &receiver));
    let sent = receiver.sent();
    assert_eq!(sent.len(), 1);
    let payment = app.items("/api/v1/payments")[0]["id"].as_str().unwrap().to_owned();
    let body = format!(
        "{{\"type\":\"bill.paid\",\"timestamp\":\"2026-01-05T03:35:00Z\",\"data\":{{\
         \"dossier\":\"{CODE}\",\"unit\":\"{HERE}\",\"bill\":{{\"reference\":\"{reference}\",\
         \"state\":\"paid\",\"total\":\"150000\",\"paid\":\"150000\",\"rest\":\"0\",\"currency\":\"VND\"}},\
         \"payment\":{{\"id\":\"{payment}\",\"channel\":\"hook\",\"provider\":\"standardwebhooks\",\
         \"provider_txn_id\":\"TX1\",\"status\":\"succeeded\",\"amount\":\"150000\",\"refunded\":\"0\",\
         \"currency\":\"VND\",\"paid_at\":\"2026-01-05T03:30:12Z\"}},\"difference\":null}}}}"
    );
    assert_eq!(sent[0].body, body);
    let id = sent[0].header("webhook-id");
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    let timestamp = sent[0].header("webhook-timestamp");
    assert_eq!(timestamp, now().timestamp().to_string());
    let signature = sign_header(id, timestamp, body.as_bytes(), &Secret::new(SECRET)).unwrap();
    assert_eq!(sent[0].header("webhook-signature"), signature);
    assert_eq!(sent[0].header("content-type"), "application/json");
});

both!(fn money_without_a_dossier_is_told_of_as_a_difference(app, LISTENED) {
    app.has_office();
    pays(app, "TX9", 7_000, "nothing we know");
    let receiver = Receiver::start();
    deliver(&mut courier(app, &receiver));
    let sent: Vec<String> = receiver.sent().iter().map(summary).collect();
    assert_eq!(sent, ["difference.opened - - TX9 0 unknown_dossier"]);
});

both!(fn an_event_stands_or_falls_with_the_commit_of_its_payment(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    app.database.run("ALTER TABLE postings RENAME TO postings_away");
    pays(app, "TX1", 150_000, &reference);
    assert_eq!(counts(app), [0, 0, 0]);
    assert_eq!(app.items("/api/v1/payments")[0]["match"]["outcome"], "unsettled");
    app.database.run("ALTER TABLE postings_away RENAME TO postings");
    // The other way round: a payment is not settled while it cannot be told of.
    app.database.run("ALTER TABLE outbox_deliveries RENAME TO deliveries_away");
    let names = || vec!["standardwebhooks".to_owned()];
    let swept = sweep(&app.db, &app.clock, &app.settings.channels, names()).unwrap();
    assert_eq!((swept.applied, swept.failed), (0, 1));
    app.database.run("ALTER TABLE deliveries_away RENAME TO outbox_deliveries");
    assert_eq!(counts(app), [0, 0, 0]);
    let swept = sweep(&app.db, &app.clock, &app.settings.channels, names()).unwrap();
    assert_eq!((swept.applied, swept.failed), (1, 0));
    assert_eq!(counts(app), [1, 1, 0]);
});

both!(fn nothing_is_written_where_nobody_listens(app, LISTENED.split("[subscribers").next().unwrap()) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 50_000, &reference);
    pays(app, "TX2", 100_000, &reference);
    assert_eq!(counts(app), [0, 0, 0]);
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM outbox_subscribers"), 0);
});

both!(fn a_subscriber_is_told_of_the_types_and_the_tenant_it_names(app, r#"
[channels.hook]
provider = "standardwebhooks"
secrets.secret = "whsec_xbpRdGPOvS9uJFHJPgbPi+LyeDYbyKuC"
[subscribers.one-stop]
url = "http://127.0.0.1:9/hooks"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
events = ["bill.paid"]
[subscribers.elsewhere]
url = "http://127.0.0.1:9/hooks"
tenant = 2
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
"#) {
    assert_eq!(app.settings.subscribers["one-stop"].events, [EventType::BillPaid]);
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 50_000, &reference);
    assert_eq!(counts(app), [0, 0, 0]);
    pays(app, "TX2", 100_000, &reference);
    assert_eq!(counts(app), [1, 1, 0]);
    let told = app.database.texts("SELECT subscriber AS t FROM outbox_deliveries");
    assert_eq!(told, ["one-stop"]);
});

both!(fn two_steps_of_one_batch_are_told_of_as_two(app, LISTENED) {
    app.has_office();
    let bills: Vec<String> = (1..=20)
        .map(|n| app.has_bill(HERE, &format!("H12.104-260105-{n:04}"), 150_000))
        .collect();
    std::thread::scope(|scope| {
        for (n, reference) in bills.iter().enumerate() {
            let app = &*app;
            scope.spawn(move || {
                for part in 0..3 {
                    pays(app, &format!("TX{n}-{part}"), 50_000, reference);
                }
            });
        }
    });
    let receiver = Receiver::start();
    deliver(&mut courier(app, &receiver));
    let sent = receiver.sent();
    for reference in &bills {
        let of_bill = sent.iter().filter(|one| one.json()["data"]["bill"]["reference"] == json!(reference));
        let paid: Vec<(String, Value)> = of_bill
            .filter(|one| one.kind() != "difference.opened")
            .map(|one| (one.kind(), one.json()["data"]["bill"]["paid"].clone()))
            .collect();
        let short = |paid: &str| ("bill.short".to_owned(), json!(paid));
        assert_eq!(paid, [short("50000"), short("100000"), ("bill.paid".to_owned(), json!("150000"))]);
    }
});

/// Moves the clock on.
pub(crate) fn wait(app: &TestApp, wait: TimeDelta) {
    let at: DateTime<_> = app.clock.now() + wait;
    app.set_clock(at);
}
