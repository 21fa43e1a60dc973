//! How events arrive: in order per dossier, tried again over three days, once from two gateways, held up
//! by no other subscriber, and again when they are asked for.

use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use chrono::TimeDelta;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::outbox::couriers::start_couriers;
use doisoat::journeys::outbox::deliver::Courier;
use doisoat::journeys::outbox::redeliver::switch_on;
use doisoat::journeys::outbox::schedule::DELAYS_S;
use doisoat::journeys::prune::{Keep, Pruned, prune};
use doisoat::store::Db;
use serde_json::Value;

use crate::outbox::{CODE, LISTENED, counts, courier, deliver, pays, subscriber, wait};
use crate::support::office::HERE;
use crate::support::receiver::{Receiver, Sent, status};
use crate::support::{TestApp, both};

const OTHER: &str = "H12.104-260105-0002";

/// Two dossiers: the first is paid in two parts, the second at once; five events.
fn has_events(app: &TestApp) {
    app.has_office();
    let first = app.has_bill(HERE, CODE, 150_000);
    let second = app.has_bill(HERE, OTHER, 80_000);
    pays(app, "TX1", 50_000, &first);
    wait(app, TimeDelta::milliseconds(2));
    pays(app, "TX2", 80_000, &second);
    wait(app, TimeDelta::milliseconds(2));
    pays(app, "TX3", 100_000, &first);
}

fn abouts(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(Sent::about).collect()
}

fn about(code: &str, kinds: &[&str]) -> Vec<String> {
    kinds.iter().map(|kind| format!("{code} {kind}")).collect()
}

fn of(app: &TestApp, state: &str) -> Vec<Value> {
    app.items(&format!("/api/v1/outbox?state={state}"))
}

both!(fn a_failed_event_holds_back_its_own_dossier_and_no_other(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::answering(|sent| {
        let is_first = sent.about() == format!("{CODE} bill.short");
        status(if is_first { "500 Internal Server Error" } else { "204 No Content" })
    });
    let mut courier = courier(app, &receiver);
    let round = deliver(&mut courier);
    assert_eq!((round.tried, round.delivered), (2, 1));
    assert_eq!(abouts(&receiver.sent()), [
        format!("{CODE} bill.short"),
        format!("{OTHER} bill.paid"),
    ]);
    // What comes in meanwhile waits behind it too.
    assert_eq!(deliver(&mut courier).tried, 0);
    wait(app, TimeDelta::seconds(6));
    deliver(&mut courier);
    assert_eq!(abouts(&receiver.sent()), [format!("{CODE} bill.short")]);
    receiver.answer(|_| status("200 OK"));
    wait(app, TimeDelta::minutes(6));
    deliver(&mut courier);
    let kinds = ["bill.short", "difference.opened", "bill.paid"];
    assert_eq!(abouts(&receiver.sent()), about(CODE, &kinds));
    assert_eq!((of(app, "waiting").len(), of(app, "delivered").len()), (0, 4));
});

both!(fn a_delivery_is_tried_for_three_days_given_up_and_asked_for_again(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 150_000, &reference);
    let receiver = Receiver::answering(|_| ("500 Oh".to_owned(), "no\0pe ".repeat(400)));
    let mut courier = courier(app, &receiver);
    let mut ids = Vec::new();
    for (tried, delay) in (1..).zip(DELAYS_S) {
        assert_eq!(deliver(&mut courier).tried, 1, "try {tried}");
        let sent = receiver.sent();
        assert_eq!(sent[0].header("webhook-timestamp"), app.clock.now().timestamp().to_string());
        ids.push(sent[0].header("webhook-id").to_owned());
        // Not a second too early.
        wait(app, TimeDelta::seconds(i64::from(delay) - 1));
        assert_eq!(deliver(&mut courier).tried, 0, "too early after try {tried}");
        wait(app, TimeDelta::seconds(i64::from(delay) / 10 + 2));
    }
    assert_eq!(deliver(&mut courier).tried, 1);
    assert_eq!(of(app, "waiting").len(), 0);
    ids.dedup();
    assert_eq!(ids.len(), 1, "one event, one id");
    let given_up = of(app, "given_up");
    assert_eq!(given_up.len(), 1);
    let (one, history) = (&given_up[0], given_up[0]["history"].as_array().unwrap());
    assert_eq!((&one["tries"], &one["last_status"]), (&10.into(), &500.into()));
    assert_eq!(history.len(), 10);
    assert!(history.iter().all(|one| one["answer"].as_str().unwrap().chars().count() <= 1_024));
    let metrics = app.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").body;
    assert!(metrics.contains("doisoat_outbox_given_up{subscriber=\"one-stop\"} 1"), "{metrics}");
    receiver.sent();
    wait(app, TimeDelta::days(9));
    assert_eq!(deliver(&mut courier).tried, 0);

    // Asked for again, the table begins anew, and the history stays bounded.
    let token = app.token_of("admin", None);
    let target = format!("/api/v1/outbox/{}/redelivery", one["id"].as_str().unwrap());
    let asked = app.ask(&token, "POST", &target, "");
    assert_eq!((asked.status, asked.json()["state"].as_str().unwrap()), (202, "waiting"), "{asked:?}");
    for delay in DELAYS_S {
        assert_eq!(deliver(&mut courier).tried, 1);
        wait(app, TimeDelta::seconds(i64::from(delay) * 11 / 10 + 1));
    }
    deliver(&mut courier);
    assert_eq!(of(app, "given_up").len(), 1);
    app.ask(&token, "POST", &target, "");
    receiver.answer(|_| status("204 No Content"));
    assert_eq!(deliver(&mut courier).delivered, 1);
    let delivered = of(app, "delivered");
    let history = delivered[0]["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[19]["nth"], &history[19]["status"]), (20, &21.into(), &204.into()));
    assert_eq!(receiver.sent().last().unwrap().header("webhook-id"), ids[0]);
});

both!(fn a_subscriber_that_answers_410_is_sent_nothing_until_it_is_switched_on(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::answering(|_| status("410 Gone"));
    let mut gone = courier(app, &receiver);
    assert_eq!(deliver(&mut gone).tried, 1);
    wait(app, TimeDelta::days(2));
    assert_eq!(deliver(&mut gone).tried, 0);
    assert_eq!(of(app, "waiting").len(), 4);
    assert!(switch_on(&app.db, Tenant(1), "one-stop").unwrap());
    assert!(!switch_on(&app.db, Tenant(1), "one-stop").unwrap());
    assert!(switch_on(&app.db, Tenant(1), "nobody").is_err());
    receiver.answer(|_| status("204 No Content"));
    assert_eq!(deliver(&mut gone).delivered, 4);
});

both!(fn another_address_of_a_subscriber_that_was_gone_is_tried(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::answering(|_| status("410 Gone"));
    deliver(&mut courier(app, &receiver));
    let elsewhere = Receiver::start();
    assert_eq!(deliver(&mut courier(app, &elsewhere)).delivered, 4);
});

both!(fn a_busy_subscriber_is_left_alone_as_long_as_it_asks(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::answering(|_| status("429 Too Many Requests\r\nretry-after: 120"));
    let mut courier = courier(app, &receiver);
    assert_eq!(deliver(&mut courier).tried, 1);
    wait(app, TimeDelta::seconds(100));
    assert_eq!(deliver(&mut courier).tried, 0);
    receiver.answer(|_| status("204 No Content"));
    wait(app, TimeDelta::seconds(21));
    assert_eq!(deliver(&mut courier).delivered, 4);
});

both!(fn an_answer_that_is_not_2xx_or_does_not_come_is_a_failure(app, LISTENED) {
    app.has_office();
    let elsewhere = Receiver::start();
    let to = elsewhere.url();
    let answers = ["301 Moved", "302 Found", "400 Bad Request", "404 Not Found", "503 Busy"];
    for (n, answer) in answers.into_iter().enumerate() {
        let reference = app.has_bill(HERE, &format!("H12.104-260105-1{n:03}"), 1_000);
        pays(app, &format!("TX{n}"), 1_000, &reference);
        let answer = format!("{answer}\r\nlocation: {to}");
        let receiver = Receiver::answering(move |_| status(&answer));
        let round = deliver(&mut courier(app, &receiver));
        assert_eq!((round.tried, round.delivered), (1, 0));
    }
    assert!(elsewhere.sent().is_empty(), "a redirect was followed");
    let reference = app.has_bill(HERE, "H12.104-260105-2000", 1_000);
    pays(app, "TX-last", 1_000, &reference);
    let nobody = app.settings.subscribers["one-stop"].clone();
    let round = deliver(&mut Courier::new(&app.db, &app.clock, &nobody).unwrap());
    assert_eq!((round.tried, round.delivered), (1, 0));
    let failed = of(app, "waiting");
    assert_eq!(failed.len(), 6);
    let errors: Vec<&str> = failed.iter().filter_map(|one| one["last_error"].as_str()).collect();
    assert!(errors.len() == 1 && errors[0].contains("refused"), "{errors:?}");
});

both!(fn two_gateways_send_each_event_once(app, LISTENED) {
    app.has_office();
    let bills: Vec<String> = (1..=40)
        .map(|n| app.has_bill(HERE, &format!("H12.104-260105-{n:04}"), 1_000))
        .collect();
    for (n, reference) in bills.iter().enumerate() {
        pays(app, &format!("TX{n}"), 1_000, reference);
    }
    let receiver = Receiver::start();
    let subscriber = subscriber(app, &receiver);
    let (barrier, delivered) = (Barrier::new(2), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let db = Db::open(&app.database.url).unwrap();
                let mut courier = Courier::new(&db, &app.clock, &subscriber).unwrap();
                barrier.wait();
                delivered.fetch_add(deliver(&mut courier).delivered, Ordering::SeqCst);
            });
        }
    });
    let mut ids: Vec<String> = receiver
        .sent()
        .iter()
        .map(|sent| sent.header("webhook-id").to_owned())
        .collect();
    assert_eq!((ids.len(), delivered.into_inner()), (40, 40));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
    assert_eq!(of(app, "waiting").len(), 0);
});

both!(fn what_a_gateway_was_sending_when_it_died_is_sent_again_by_another(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 150_000, &reference);
    let receiver = Receiver::start();
    // The claim of a process that never came back.
    let claim = "UPDATE outbox_deliveries SET tries = 1, next_at = ";
    let until = app.clock.now() + TimeDelta::seconds(50);
    let until = if app.database.url.starts_with("sqlite") {
        until.timestamp_micros().to_string()
    } else {
        format!("'{}'", until.to_rfc3339())
    };
    app.database.run(&format!("{claim}{until}"));
    let mut courier = courier(app, &receiver);
    assert_eq!(deliver(&mut courier).tried, 0);
    wait(app, TimeDelta::seconds(51));
    assert_eq!(deliver(&mut courier).delivered, 1);
});

both!(fn a_subscriber_that_does_not_answer_delays_nobody_else(app, r#"
[channels.hook]
provider = "standardwebhooks"
secrets.secret = "whsec_xbpRdGPOvS9uJFHJPgbPi+LyeDYbyKuC"
[subscribers.one-stop]
url = "http://127.0.0.1:9/hooks"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
[subscribers.slow]
url = "http://127.0.0.1:9/hooks"
timeout_s = 60
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
"#) {
    has_events(app);
    let (release, released) = channel::<()>();
    let slow = Receiver::answering(move |_| {
        released.recv().unwrap();
        status("204 No Content")
    });
    let fast = Receiver::start();
    let mut subscribers = app.settings.subscribers.clone();
    subscribers.get_mut("one-stop").unwrap().url = fast.url();
    subscribers.get_mut("slow").unwrap().url = slow.url();
    let mut couriers = start_couriers(&app.db, &app.clock, &subscribers).unwrap();
    slow.next();
    // While one answer is outstanding the other subscriber hears everything, also what comes now.
    for _ in 0..4 {
        fast.next();
    }
    let reference = app.has_bill(HERE, "H12.104-260105-0003", 1_000);
    pays(app, "TX4", 1_000, &reference);
    assert_eq!(fast.next().about(), "H12.104-260105-0003 bill.paid");
    assert!(slow.sent().is_empty());
    // Told to stop, the one under way is finished and written down, and nothing else begins.
    couriers.stop();
    release.send(()).unwrap();
    while !couriers.is_finished() {
        std::thread::yield_now();
    }
    let to_slow = |state: &str| app.items(&format!("/api/v1/outbox?subscriber=slow&state={state}"));
    assert_eq!((to_slow("delivered").len(), to_slow("waiting").len()), (1, 4));
    assert!(to_slow("waiting").iter().all(|one| one["tries"] == 0));
});

both!(fn the_outbox_is_read_in_pages_by_those_who_see_everything(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::start();
    deliver(&mut courier(app, &receiver));
    let first = app.get("/api/v1/outbox?limit=3");
    let cursor = first["next"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/outbox?limit=3&cursor={cursor}"));
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest), &rest["next"]), (3, 1, &Value::Null));
    assert_eq!(app.items(&format!("/api/v1/outbox?dossier={OTHER}")).len(), 1);
    assert!(app.items("/api/v1/outbox?dossier=H12.104-260105-9999").is_empty());
    assert!(app.items("/api/v1/outbox?since=2026-01-06").is_empty());
    assert_eq!(app.items("/api/v1/outbox?since=2026-01-05").len(), 4);
    let one = &first["items"][0];
    let target = format!("/api/v1/outbox/{}", one["id"].as_str().unwrap());
    assert_eq!(&app.get(&target), one);
    assert_eq!((&one["state"], &one["history"][0]["status"]), (&"delivered".into(), &204.into()));
    assert_eq!(one["body"]["type"], one["type"]);
    let redelivery = format!("{target}/redelivery");
    for (role, read, redeliver) in [("auditor", 200, 403), ("dossier-system", 403, 403), ("admin", 200, 202)] {
        let token = app.token_of(role, None);
        assert_eq!(app.ask(&token, "GET", &target, "").status, read, "{role}");
        assert_eq!(app.ask(&token, "POST", &redelivery, "").status, redeliver, "{role}");
    }
    let admin = app.token_of("admin", None);
    for (method, target, status) in [
        ("GET", "/api/v1/outbox?state=lost", 400),
        ("GET", "/api/v1/outbox/nothing", 404),
        ("POST", "/api/v1/outbox/01900000-0000-7000-8000-000000000000/redelivery", 404),
        ("GET", redelivery.as_str(), 405),
    ] {
        assert_eq!(app.ask(&admin, method, target, "").status, status, "{target}");
    }
    assert_eq!(deliver(&mut courier(app, &receiver)).delivered, 1);
});

both!(fn the_command_shows_deliveries_and_asks_for_them_again(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::start();
    deliver(&mut courier(app, &receiver));
    receiver.sent();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let settings = crate::support::app::settings(&app.database.url);
    std::fs::write(&file, format!("{settings}\n{LISTENED}")).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        let output = command.arg("--config").arg(&file).args(words).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    let json = |words: &[&str]| {
        let (code, text) = run(&[words, &["--json"]].concat());
        assert_eq!(code, 0, "{words:?}: {text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let listed = json(&["outbox", "list", "--subscriber", "one-stop", "--state", "delivered"]);
    assert_eq!(listed["items"], app.get("/api/v1/outbox")["items"]);
    let id = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(json(&["outbox", "show", id]), listed["items"][0]);
    let (_, shown) = run(&["outbox", "show", id]);
    assert!(shown.contains("delivered after 1 tries") && shown.contains("1. 2026-01-05T"), "{shown}");
    assert_eq!(run(&["outbox", "list", "--state", "waiting"]).1, "there are no such deliveries\n");
    assert_eq!(json(&["outbox", "redeliver", id])["asked_for"], 1);
    assert_eq!(json(&["outbox", "redeliver", "--all-given-up"])["asked_for"], 0);
    // The command's clock is the machine's, and asks for tries at its own instant.
    app.set_clock(chrono::Utc::now() + TimeDelta::minutes(1));
    assert_eq!(deliver(&mut courier(app, &receiver)).delivered, 1);
    assert_eq!(json(&["outbox", "redeliver", "--since", "2026-01-05"])["asked_for"], 4);
    app.set_clock(chrono::Utc::now() + TimeDelta::minutes(1));
    assert_eq!(deliver(&mut courier(app, &receiver)).delivered, 4);
    let (of_first, _): (Vec<_>, Vec<_>) = receiver.sent()[1..].iter().map(Sent::about).partition(|one| one.starts_with(CODE));
    assert_eq!(of_first, about(CODE, &["bill.short", "difference.opened", "bill.paid"]));
    assert_eq!(run(&["outbox", "redeliver"]).0, 2);
    assert_eq!(run(&["outbox", "show", "01900000-0000-7000-8000-000000000000"]).0, 1);
    assert_eq!(json(&["outbox", "switch-on", "one-stop"])["was_off"], false);
    let (code, told) = run(&["check"]);
    assert!(told.contains("subscriber one-stop: http://127.0.0.1:9/hooks is told of bill.paid"), "{code} {told}");
});

both!(fn a_busy_outbox_is_written_and_delivered_whole(app, LISTENED) {
    app.has_office();
    let bills: Vec<String> = (1..=100)
        .map(|n| app.has_bill(HERE, &format!("H12.104-260105-{n:04}"), 2_000))
        .collect();
    let receiver = Receiver::start();
    std::thread::scope(|scope| {
        let app = &*app;
        for (at, half) in bills.chunks(50).enumerate() {
            scope.spawn(move || {
                for (n, reference) in half.iter().enumerate() {
                    pays(app, &format!("TX{at}-{n}"), 1_000, reference);
                    pays(app, &format!("TY{at}-{n}"), 1_000, reference);
                }
            });
        }
        let mut beside = courier(app, &receiver);
        scope.spawn(move || deliver(&mut beside));
    });
    deliver(&mut courier(app, &receiver));
    assert_eq!(counts(app), [300, 300, 300]);
    assert_eq!(receiver.sent().len(), 300);
});

both!(fn what_ended_is_removed_after_its_days_and_what_waits_is_not(app, LISTENED) {
    has_events(app);
    let receiver = Receiver::answering(|sent| {
        let is_other = sent.about() == format!("{OTHER} bill.paid");
        status(if is_other { "500 Internal Server Error" } else { "204 No Content" })
    });
    deliver(&mut courier(app, &receiver));
    let [events, deliveries, tries] = counts(app);
    assert_eq!((of(app, "waiting").len(), deliveries), (1, events));
    let keep = Keep::of(&app.settings);
    assert_eq!((keep.outbox_days, keep.query_days), (90, 90));
    let prunes = || prune(&app.db, app.clock.now(), keep).unwrap();
    wait(app, TimeDelta::days(89));
    assert_eq!((prunes(), counts(app)), (Pruned::default(), [events, deliveries, tries]));
    wait(app, TimeDelta::days(2));
    let gone = usize::try_from(events - 1).unwrap();
    let pruned = prunes();
    assert_eq!((pruned.deliveries, pruned.events), (gone, gone));
    assert_eq!(counts(app), [1, 1, 1]);
    assert_eq!(prunes(), Pruned::default());
    // What waited is sent whole, and a new event of a pruned dossier goes its way.
    receiver.answer(|_| status("204 No Content"));
    receiver.sent();
    pays(app, "TX9", 10_000, "khong ro");
    deliver(&mut courier(app, &receiver));
    assert!(abouts(&receiver.sent()).contains(&format!("{OTHER} bill.paid")));
    assert_eq!(of(app, "waiting").len(), 0);
    wait(app, TimeDelta::days(91));
    assert_eq!(prunes().events, 2);
    assert_eq!(counts(app), [0, 0, 0]);
});

both!(fn answered_status_queries_are_removed_and_others_stay(app, LISTENED) {
    let at = app.clock.now().timestamp();
    let asked = if app.db.engine() == "SQLite" {
        format!("{}", at * 1_000_000)
    } else {
        format!("to_timestamp({at})")
    };
    for (order, state) in [("A", "answered"), ("B", "given_up"), ("C", "waiting")] {
        app.database.run(&format!(
            "INSERT INTO status_queries (tenant, channel, order_ref, ordered_at, next_at, tries, last_chance_at, state, \
             last_asked_at) VALUES (1, 'hook', '{order}', {asked}, {asked}, 1, {asked}, '{state}', {asked})"
        ));
    }
    app.has_office();
    let prunes = || prune(&app.db, app.clock.now(), Keep::of(&app.settings)).unwrap().queries;
    wait(app, TimeDelta::days(90));
    assert_eq!(prunes(), 0);
    wait(app, TimeDelta::seconds(1));
    assert_eq!(prunes(), 1);
    let left = app.database.texts("SELECT order_ref AS t FROM status_queries ORDER BY order_ref");
    assert_eq!(left, ["B", "C"]);
});
