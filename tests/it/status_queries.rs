//! Asking providers what became of payments: what is asked when, what an answer changes, and what a
//! provider that is silent, wrong or forged does not change.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::TimeDelta;
use doisoat::config::clock::Clock;
use doisoat::config::settings::Settings;
use doisoat::domain::time::Instant;
use doisoat::intake::providers::ROSTER;
use doisoat::journeys::ask_statuses::{AskTally, Asker, Outcome, Step, start_asking};
use doisoat::journeys::take_notices::{Intake, Limits, start_writer};
use doisoat::store::ops::QueryFilter;
use doisoat::store::rows::StatusQueryRow;
use serde_json::{Value, json};

use crate::status_answers::{momo_answers, payos_answers, platform_answers, vnpay_answers};
use crate::support::app::now;
use crate::support::database::TestDatabase;
use crate::support::http::request;
use crate::support::office::{HERE, vnpay_query};
use crate::support::provider::{Provider, Says, TLS};
use crate::support::{Engine, TestApp, both};

/// Somebody who asks, with a writer of its own, as a second gateway on the same database would.
pub(crate) struct Desk {
    pub(crate) asker: Asker,
    clock: Clock,
    intake: Option<Intake>,
    writer: Option<JoinHandle<()>>,
    pub(crate) tally: Arc<AskTally>,
}

impl Desk {
    pub(crate) fn open(app: &TestApp) -> Self {
        Self::with(app, &app.settings)
    }

    fn with(app: &TestApp, settings: &Settings) -> Self {
        let limits = Limits {
            queue: 64,
            batch: 8,
            writers: 1,
            quarantine_rows: 10,
            quarantine_bytes: 1_000_000,
            share_percent: 100,
        };
        let names = ROSTER.iter().map(|provider| provider.name().to_owned());
        let (intake, writer) = start_writer(&app.db, &app.clock, names.collect(), limits).unwrap();
        let tally = Arc::<AskTally>::default();
        Self {
            asker: Asker::new(&app.db, settings, Arc::clone(&tally)),
            clock: app.clock.clone(),
            intake: Some(intake),
            writer: Some(writer),
            tally,
        }
    }

    pub(crate) fn enrol(&self) -> usize {
        self.asker.enrol(self.clock.now()).unwrap()
    }

    pub(crate) fn step(&self, channel: &str) -> Step {
        let intake = self.intake.as_ref().unwrap();
        let submit = |call| intake.submit(call);
        self.asker.step(channel, &self.clock, &submit).unwrap()
    }

    fn asked(&self, channel: &str) -> Outcome {
        match self.step(channel) {
            Step::Asked(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.intake = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Asks until nothing is due; gives the outcomes.
pub(crate) fn ask_all(desk: &Desk, channel: &str) -> Vec<String> {
    let mut outcomes = Vec::new();
    while let Step::Asked(outcome) = desk.step(channel) {
        outcomes.push(outcome.outcome);
    }
    outcomes
}

/// Opens an attempt through the API.
pub(crate) fn attempt_opened(app: &TestApp, channel: &str, order_ref: &str, bill: &str) {
    let body = json!({ "channel": channel, "order_ref": order_ref, "bill_reference": bill });
    let token = app.token_of("dossier-system", None);
    let reply = app.ask(&token, "POST", "/api/v1/attempts", &body.to_string());
    assert_eq!(reply.status, 201, "{reply:?}");
}

/// Where nobody listens until the test puts a provider there.
const SETTINGS: &str = "[status_queries]\nper_minute = 60\ntimeout_s = 20\nopen_after = 3\n\
    [channels.line]\nprovider = \"vnpay\"\nsecrets.tmn_code = \"DOISOAT1\"\n\
    secrets.hash_secret = \"k\"\nsettings.query_url = \"http://127.0.0.1:1\"\n";

const ORDER: &str = "HS00025H290001";

/// The same with the provider's address.
fn line(provider: &Provider) -> String {
    SETTINGS.replace("http://127.0.0.1:1", &provider.url())
}

/// A gateway with a bill, an attempt on it at the channel `line`, and its provider.
struct Scene {
    desk: Desk,
    app: TestApp,
    provider: Provider,
    bill: String,
}

impl Scene {
    fn new(engine: Engine) -> Self {
        let provider = Provider::start();
        let app = TestApp::start(engine, &line(&provider));
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        attempt_opened(&app, "line", ORDER, &bill);
        let desk = Desk::open(&app);
        desk.enrol();
        Self {
            desk,
            app,
            provider,
            bill,
        }
    }

    fn row(&self) -> StatusQueryRow {
        let found = self
            .app
            .db
            .read(|queries| queries.find_status_query(1, "line", ORDER));
        found.unwrap().unwrap()
    }

    /// Puts the clock where the order is due, its channel included.
    fn is_due(&self) -> Instant {
        let at = self.row().next_at.0;
        let standing = self
            .app
            .db
            .read(|queries| queries.find_query_channel(1, "line"));
        let free_at = standing.unwrap().map_or(at, |row| row.next_at.0);
        self.app.set_clock(at.max(free_at));
        at.max(free_at)
    }

    fn asked(&self) -> (String, String) {
        self.is_due();
        let outcome = self.desk.asked("line");
        (outcome.outcome, outcome.state.as_str().to_owned())
    }

    fn payments(&self) -> Vec<Value> {
        self.app.items("/api/v1/payments")
    }
}

/// One story on both databases.
macro_rules! scene {
    (fn $name:ident($scene:ident) $body:block) => {
        mod $name {
            use super::*;

            fn story($scene: &Scene) $body

            #[test]
            fn on_sqlite() {
                story(&Scene::new(Engine::Sqlite));
            }

            #[test]
            fn on_postgres() {
                story(&Scene::new(Engine::Postgres));
            }
        }
    };
}

fn pair(outcome: &str, state: &str) -> (String, String) {
    (outcome.to_owned(), state.to_owned())
}

scene!(
    fn a_lost_webhook_is_recovered_and_moves_the_bill_and_the_indicator(scene) {
        assert_eq!(scene.desk.step("line"), Step::Idle);
        scene.provider.says(Says::body(|got| vnpay_answers(got, "00", "14000077")));
        let before = scene.app.get("/api/v1/indicators/online-transaction-share?from=2026-01-01&to=2026-01-31");
        assert_eq!(scene.asked(), pair("succeeded", "answered"));
        let payment = &scene.payments()[0];
        assert_eq!(payment["bill"], scene.bill.as_str());
        assert_eq!(payment["match"]["rule"], "order_reference");
        let bill = scene.app.get(&format!("/api/v1/bills/{}", scene.bill));
        assert_eq!(bill["state"], "paid");
        let after = scene.app.get("/api/v1/indicators/online-transaction-share?from=2026-01-01&to=2026-01-31");
        assert_ne!(before.to_string(), after.to_string());
        let raw = scene.app.db.read(|queries| queries.list_notices(1, None, None, None, 10));
        let raw = String::from_utf8(raw.unwrap()[0].raw.clone()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        assert_eq!(head, format!("ANSWER 200 {}/merchant_webapi/api/transaction", scene.provider.url()));
        assert_eq!(body, vnpay_answers(&scene.provider.got()[0], "00", "14000077"));
        let asked = scene.provider.got()[0].json();
        assert_eq!(asked["vnp_TransactionDate"], "20260105103500");
        assert_eq!(scene.desk.step("line"), Step::Idle);
    }
);

scene!(
    fn a_webhook_that_came_makes_the_question_needless(scene) {
        let query = vnpay_query("14000077", ORDER, 50_000, "k");
        let reply = scene.app.send(&request("GET", &format!("/webhooks/line?{query}"), &[], b""));
        assert_eq!(reply.json()["RspCode"], "00", "{reply:?}");
        scene.is_due();
        assert_eq!(scene.desk.step("line"), Step::Idle);
        assert!(scene.provider.got().is_empty());
        let row = scene.row();
        assert_eq!((row.state.as_str(), row.last_outcome.as_deref()), ("answered", Some("succeeded")));
    }
);

scene!(
    fn an_order_that_is_paid_in_part_is_still_asked_about(scene) {
        let query = vnpay_query("14000077", ORDER, 20_000, "k");
        scene.app.send(&request("GET", &format!("/webhooks/line?{query}"), &[], b""));
        let bill = scene.app.get(&format!("/api/v1/bills/{}", scene.bill));
        assert_eq!(bill["state"], "part_paid");
        scene.provider.says(Says::status(200, "", r#"{"vnp_ResponseCode":"91"}"#));
        assert_eq!(scene.asked(), pair("not_found", "waiting"));
    }
);

scene!(
    fn what_is_undecided_stays_pending_and_is_asked_again_until_it_is_decided(scene) {
        scene.provider.says(Says::body(|got| vnpay_answers(got, "01", "0")));
        assert_eq!(scene.asked(), pair("not_paid_yet", "waiting"));
        assert!(scene.payments().is_empty());
        scene.provider.says(Says::body(|got| vnpay_answers(got, "01", "14000077")));
        let first = scene.is_due();
        assert_eq!(scene.asked(), pair("pending", "waiting"));
        assert_eq!(scene.asked(), pair("pending", "waiting"));
        assert!(scene.is_due() - first > TimeDelta::minutes(60));
        let payments = scene.payments();
        assert_eq!((payments.len(), &payments[0]["status"]), (1, &json!("pending")));
        assert_eq!(scene.app.items("/api/v1/notices").len(), 1);
        scene.provider.says(Says::body(|got| vnpay_answers(got, "00", "14000077")));
        assert_eq!(scene.asked(), pair("succeeded", "answered"));
        let payments = scene.payments();
        assert_eq!((payments.len(), &payments[0]["status"]), (1, &json!("succeeded")));
    }
);

scene!(
    fn an_answer_that_is_none_changes_nothing_but_the_schedule(scene) {
        let signed = |got: &crate::support::provider::Got| vnpay_answers(got, "00", "14000077");
        let cases: Vec<(&str, Says)> = vec![
            ("malformed", Says::status(200, "", "<html>Please wait</html>")),
            ("malformed", Says::status(200, "", "")),
            ("http_502", Says::status(502, "", "<html>502</html>")),
            ("http_302", Says::status(302, "location: http://127.0.0.1:1/\r\n", "")),
            ("http_500", Says::Answer(500, "", Arc::new(move |got| signed(got).into_bytes()))),
            ("too_large", Says::Answer(200, "", Arc::new(|_| vec![b' '; 300 * 1024]))),
            ("unreachable", Says::HangUp),
            ("signature_mismatch", Says::body(move |got| signed(got).replace("5000000", "1000"))),
            ("malformed", Says::body(move |got| signed(got).replace("\"00\"", "\"99\""))),
        ];
        for (number, (outcome, says)) in cases.into_iter().enumerate() {
            scene.provider.says(says);
            assert_eq!(scene.asked(), pair(outcome, "waiting"), "{number}");
            assert!(scene.payments().is_empty(), "{number}");
            assert!(scene.app.items("/api/v1/notices").is_empty(), "{number}");
        }
        let bill = scene.app.get(&format!("/api/v1/bills/{}", scene.bill));
        assert_eq!((&bill["state"], &bill["paid"]), (&json!("open"), &json!("0")));
        scene.provider.says(Says::body(move |got| signed(got)));
        assert_eq!(scene.asked(), pair("succeeded", "answered"));
    }
);

scene!(
    fn the_last_chance_ends_in_sight_and_a_provider_that_knows_nothing_has_answered(scene) {
        scene.provider.says(Says::body(|got| vnpay_answers(got, "07", "14000077")));
        let mut tries = 0;
        loop {
            let (outcome, state) = scene.asked();
            tries += 1;
            assert_eq!(outcome, "review");
            if state == "given_up" {
                break;
            }
        }
        let row = scene.row();
        assert_eq!((row.tries, row.last_asked_at.unwrap()), (tries, row.last_chance_at));
        assert!((10..16).contains(&tries), "{tries}");
        assert_eq!(row.last_chance_at.0 - row.ordered_at.0, TimeDelta::days(3));
        scene.app.set_clock(now() + TimeDelta::days(30));
        assert_eq!(scene.desk.enrol(), 0);
        assert_eq!(scene.desk.step("line"), Step::Idle);
        let counts = scene.desk.tally.counts();
        let given_up = ("line".to_owned(), "given_up".to_owned());
        assert_eq!(counts.orders[&given_up], 1);
        assert_eq!(scene.payments()[0]["status"], "review");
        let filter = QueryFilter { state: Some("given_up".to_owned()), limit: 9, channel: None };
        let listed = scene.app.db.read(|queries| queries.list_status_queries(1, &filter));
        assert_eq!(listed.unwrap(), [row]);

        scene.app.set_clock(now());
        attempt_opened(&scene.app, "line", "NEVER-PAID", &scene.bill);
        scene.desk.enrol();
        let unknown = json!({ "vnp_ResponseCode": "91", "vnp_Message": "not found" }).to_string();
        scene.provider.says(Says::body(move |_| unknown.clone()));
        scene.app.set_clock(now() + TimeDelta::days(3) + TimeDelta::seconds(2));
        let last = scene.desk.asked("line");
        assert_eq!((last.outcome.as_str(), last.state.as_str()), ("not_found", "answered"));
    }
);

scene!(
    fn a_provider_that_is_down_is_left_alone_and_probed_once(scene) {
        for number in 2..=40 {
            attempt_opened(&scene.app, "line", &format!("ORDER-{number}"), &scene.bill);
        }
        scene.desk.enrol();
        let start = now() + TimeDelta::minutes(12);
        let step = |seconds: i64| {
            scene.app.set_clock(start + TimeDelta::seconds(seconds));
            match scene.desk.step("line") {
                Step::Asked(outcome) => outcome.outcome,
                Step::Paused(until) => format!("paused {}", (until - start).num_seconds()),
                Step::Idle => "idle".to_owned(),
            }
        };
        scene.provider.says(Says::status(503, "", "down"));
        assert_eq!(step(0), "http_503");
        assert_eq!(step(0), "paused 1");
        assert_eq!((step(1), step(2)), ("http_503".to_owned(), "http_503".to_owned()));
        // Open: three failures in a row.
        assert_eq!(step(3), "paused 62");
        assert_eq!(step(61), "paused 62");
        // Half open: one probe, and a longer pause after it.
        assert_eq!(step(62), "http_503");
        assert_eq!(step(63), "paused 182");
        scene.provider.says(Says::status(429, "retry-after: 600\r\n", "slow down"));
        assert_eq!(step(182), "http_429");
        assert_eq!(step(183), "paused 782");
        // A gateway that starts anew leaves it alone as well.
        let other = Desk::open(&scene.app);
        assert!(matches!(other.step("line"), Step::Paused(_)));
        drop(other);
        let before = scene.provider.got().len();
        assert_eq!(before, 5);
        scene.provider.says(Says::body(|got| vnpay_answers(got, "02", "0")));
        assert_eq!(step(782), "failed");
        assert_eq!(step(782), "paused 783");
        assert_eq!((step(783), step(784)), ("failed".to_owned(), "failed".to_owned()));
        assert_eq!(scene.provider.got().len(), before + 3);
    }
);

scene!(
    fn two_who_ask_never_ask_about_one_order_at_once(scene) {
        let other = Desk::open(&scene.app);
        scene.is_due();
        let (told, seen) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        scene.provider.says(Says::body(move |got| {
            told.send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
            vnpay_answers(got, "00", "14000077")
        }));
        std::thread::scope(|scope| {
            let first = scope.spawn(|| scene.desk.asked("line"));
            seen.recv().unwrap();
            // While the first waits for its answer, another order becomes due as well.
            attempt_opened(&scene.app, "line", "ORDER-2", &scene.bill);
            other.enrol();
            assert_eq!(other.step("line"), Step::Idle);
            scene.app.database.run("UPDATE status_queries SET next_at = ordered_at WHERE order_ref = 'ORDER-2'");
            assert!(matches!(other.step("line"), Step::Paused(_)));
            go.send(()).unwrap();
            assert_eq!(first.join().unwrap().outcome, "succeeded");
        });
        assert_eq!(scene.provider.got().len(), 1);
        assert_eq!(scene.row().tries, 1);
    }
);

scene!(
    fn of_many_who_ask_at_the_same_moment_one_asks(scene) {
        for number in 2..=6 {
            attempt_opened(&scene.app, "line", &format!("ORDER-{number}"), &scene.bill);
        }
        scene.desk.enrol();
        scene.app.set_clock(now() + TimeDelta::minutes(12));
        scene.provider.says(Says::body(|got| vnpay_answers(got, "02", "0")));
        let desks: Vec<Desk> = (0..4).map(|_| Desk::open(&scene.app)).collect();
        for round in 1..=6 {
            let start = std::sync::Barrier::new(desks.len());
            let asked: usize = std::thread::scope(|scope| {
                let ask = |desk| {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        usize::from(matches!(Desk::step(desk, "line"), Step::Asked(_)))
                    })
                };
                let threads: Vec<_> = desks.iter().map(ask).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!((asked, scene.provider.got().len()), (1, round));
            scene.app.set_clock(scene.app.clock.now() + TimeDelta::seconds(1));
        }
        let orders = scene.provider.got();
        let mut orders: Vec<String> = orders.iter().map(|got| got.json()["vnp_TxnRef"].to_string()).collect();
        orders.sort();
        orders.dedup();
        assert_eq!(orders.len(), 6);
    }
);

scene!(
    fn an_answer_that_comes_after_its_claim_ran_out_does_not_overwrite_a_later_one(scene) {
        let other = Desk::open(&scene.app);
        let due = scene.is_due();
        let (told, seen) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let first_only = std::sync::atomic::AtomicBool::new(true);
        scene.provider.says(Says::body(move |got| {
            if first_only.swap(false, std::sync::atomic::Ordering::SeqCst) {
                told.send(()).unwrap();
                let _ = wait.lock().unwrap().recv();
                return "<html>too late</html>".to_owned();
            }
            vnpay_answers(got, "00", "14000077")
        }));
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| scene.desk.asked("line"));
            seen.recv().unwrap();
            scene.app.set_clock(due + TimeDelta::seconds(60));
            assert_eq!(other.asked("line").outcome, "succeeded");
            go.send(()).unwrap();
            let late = slow.join().unwrap();
            assert_eq!((late.outcome.as_str(), late.state.as_str()), ("malformed", "waiting"));
        });
        let row = scene.row();
        assert_eq!((row.state.as_str(), row.tries), ("answered", 2));
    }
);

both!(
    fn a_pending_payment_nobody_attempted_is_asked_about(app, SETTINGS) {
        let pairs = [
            ("vnp_Amount", "5000000"), ("vnp_OrderInfo", "Nop phi"), ("vnp_PayDate", "20260105103015"),
            ("vnp_ResponseCode", "00"), ("vnp_TmnCode", "DOISOAT1"), ("vnp_TransactionNo", "14000077"),
            ("vnp_TransactionStatus", "01"), ("vnp_TxnRef", ORDER),
        ];
        let query = doisoat::intake::providers::vnpay::sign_query(&pairs, b"k");
        app.send(&request("GET", &format!("/webhooks/line?{query}"), &[], b""));
        app.vnpay_pays("14000078", "OTHER", 50_000, "k-vnpay");
        let desk = Desk::open(app);
        assert_eq!((desk.enrol(), desk.enrol()), (1, 0));
        let row = app.db.read(|queries| queries.find_status_query(1, "line", ORDER)).unwrap().unwrap();
        assert_eq!(row.ordered_at.0.to_rfc3339(), "2026-01-05T03:30:15+00:00");
        app.set_clock(row.next_at.0);
        assert_eq!(desk.asked("line").outcome, "unreachable");
        let counts = desk.tally.counts();
        let key = ("line".to_owned(), "unreachable".to_owned());
        assert_eq!(counts.questions[&key], 1);
    }
);

fn silence(engine: Engine) {
    let provider = Provider::start();
    provider.says(Says::Silence);
    let app = TestApp::start(
        engine,
        &line(&provider).replace("timeout_s = 20", "timeout_s = 1"),
    );
    app.has_office();
    let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    attempt_opened(&app, "line", ORDER, &bill);
    let desk = Desk::open(&app);
    desk.enrol();
    app.set_clock(now() + TimeDelta::minutes(12));
    assert_eq!(desk.asked("line").outcome, "timeout");
    assert!(app.items("/api/v1/payments").is_empty());
    drop(desk);
    // TLS to somebody who speaks none ends as it should, and is tried in earnest.
    let mut settings = app.settings.clone();
    let line = settings.channels.get_mut("line").unwrap();
    line.query_url = Some(provider.url().replace("http://", "https://"));
    let desk = Desk::with(&app, &settings);
    app.set_clock(now() + TimeDelta::minutes(60));
    assert_eq!(desk.asked("line").outcome, "unreachable");
    assert_eq!(provider.got().last().unwrap().line, TLS);
}

#[test]
fn a_provider_that_says_nothing_is_not_waited_for_on_sqlite() {
    silence(Engine::Sqlite);
}

#[test]
fn a_provider_that_says_nothing_is_not_waited_for_on_postgres() {
    silence(Engine::Postgres);
}

const MOMO: &str = "provider = \"momo\"\nsecrets.partner_code = \"P\"\n\
    secrets.access_key = \"a\"\nsecrets.secret_key = \"s\"\n";
const PAYOS: &str = "provider = \"payos\"\nsecrets.checksum_key = \"c\"\n\
    secrets.client_id = \"i\"\nsecrets.api_key = \"x\"\n";
const PLATFORM: &str = "provider = \"paymentplatform\"\nsecrets.partner_code = \"P\"\n\
    secrets.secret = \"s\"\n";

/// Channel, order, what is made of the answer, and the answer while nothing is decided.
type Undecided = (&'static str, &'static str, &'static str, Says);

fn answers_without_a_decision() -> Vec<Undecided> {
    let momo = |code, txn: &'static str| Says::body(move |got| momo_answers(got, code, txn));
    let platform = |txn: &'static str| Says::body(move |got| platform_answers(got, "3", txn));
    let payos = |status: &'static str, is_paid| Says::body(move |_| payos_answers(status, is_paid));
    vec![
        (PLATFORM, "R1", "pending", platform("14000077")),
        (PLATFORM, "R2", "not_paid_yet", platform("")),
        (MOMO, "A1", "pending", momo(7002, "14000077")),
        (MOMO, "A2", "authorized", momo(9000, "14000078")),
        (MOMO, "A3", "not_paid_yet", momo(1000, "0")),
        (MOMO, "A4", "review", momo(8000, "14000079")),
        (PAYOS, "260105001", "not_paid_yet", payos("PENDING", false)),
        (PAYOS, "260105001", "succeeded", payos("UNDERPAID", true)),
    ]
}

fn undecided(engine: Engine) {
    for (settings, order_ref, outcome, says) in answers_without_a_decision() {
        let provider = Provider::start();
        provider.says(says);
        let url = provider.url();
        let settings = format!("[channels.line]\n{settings}settings.query_url = \"{url}\"\n");
        let app = TestApp::start(engine, &settings);
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 60_000);
        attempt_opened(&app, "line", order_ref, &bill);
        let desk = Desk::open(&app);
        desk.enrol();
        app.set_clock(now() + TimeDelta::minutes(12));
        let asked = desk.asked("line");
        let told = (asked.outcome.as_str(), asked.state.as_str());
        assert_eq!(told, (outcome, "waiting"), "{order_ref}");
        let payments = app.items("/api/v1/payments");
        let statuses = payments.iter().map(|one| one["status"].as_str().unwrap());
        let statuses: Vec<&str> = statuses.collect();
        let expected: &[&str] = if outcome == "not_paid_yet" {
            &[]
        } else {
            &[outcome]
        };
        assert_eq!(statuses, expected, "{order_ref}");
    }
}

#[test]
fn what_a_provider_has_not_decided_is_never_success_on_sqlite() {
    undecided(Engine::Sqlite);
}

#[test]
fn what_a_provider_has_not_decided_is_never_success_on_postgres() {
    undecided(Engine::Postgres);
}

scene!(
    fn the_asking_thread_asks_and_ends_while_a_provider_is_silent(scene) {
        scene.is_due();
        let (told, seen) = std::sync::mpsc::channel();
        scene.provider.says(Says::body(move |got| {
            told.send(()).unwrap();
            vnpay_answers(got, "00", "14000077")
        }));
        let asker = Asker::new(&scene.app.db, &scene.app.settings, Arc::default());
        let intake = scene.desk.intake.clone().unwrap();
        let asking = start_asking(asker, scene.app.clock.clone(), intake).unwrap();
        seen.recv().unwrap();
        while scene.row().state != "answered" {
            std::thread::yield_now();
        }
        assert_eq!(scene.payments().len(), 1);
        asking.stop();
        while !asking.is_finished() {
            std::thread::yield_now();
        }
    }
);

/// What `doisoat` prints with these arguments.
fn doisoat(config: &std::path::Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_doisoat"))
        .arg("--config")
        .arg(config)
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn the_commands(engine: Engine) {
    let provider = Provider::start();
    let database = Arc::new(TestDatabase::new(engine));
    let app = TestApp::start_on(Arc::clone(&database), &line(&provider));
    app.has_office();
    let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    // The commands read the machine's clock.
    let today = Clock::System.now();
    app.set_clock(today - TimeDelta::minutes(30));
    attempt_opened(&app, "line", ORDER, &bill);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("doisoat.toml");
    let text = crate::support::app::settings(&database.url);
    // The channel `vnpay` of every test would be asked at its live address.
    std::fs::write(
        &config,
        text.split("[channels.vnpay]").next().unwrap().to_owned() + &line(&provider),
    )
    .unwrap();
    let (_, empty) = doisoat(&config, &["status-queries", "list"]);
    assert_eq!(empty, "no provider is asked about anything\n");
    provider.says(Says::body(|got| vnpay_answers(got, "00", "14000077")));
    let (is_good, told) = doisoat(&config, &["status-queries", "run", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
    let asked = json!([{ "channel": "line", "order_ref": ORDER, "outcome": "succeeded", "state": "answered" }]);
    assert!(
        is_good && told == json!({ "asked": asked, "paused": [] }),
        "{told}"
    );
    let (_, told) = doisoat(&config, &["status-queries", "list", "--state", "answered"]);
    assert!(told.contains(ORDER) && told.contains("succeeded"), "{told}");
    let (_, told) = doisoat(&config, &["status-queries", "run"]);
    assert_eq!(told, "nothing is due\n");
    let (is_good, _) = doisoat(&config, &["status-queries", "list", "--state", "lost"]);
    assert!(!is_good);
    let (is_good, _) = doisoat(&config, &["status-queries", "run", "--channel", "bank"]);
    assert!(!is_good);
    let (_, told) = doisoat(&config, &["check"]);
    assert!(
        told.contains(&format!("vnpay is asked at {}", provider.url())),
        "{told}"
    );
    assert!(
        told.contains("sepay offers no status query that doisoat speaks"),
        "{told}"
    );
    let bill = app.get(&format!("/api/v1/bills/{bill}"));
    assert_eq!(bill["state"], "paid");
    serves_and_asks(&config, &app, &provider);
}

/// `serve` asks without being told, and ends at once when it is told to stop.
fn serves_and_asks(config: &std::path::Path, app: &TestApp, provider: &Provider) {
    let bill = app.has_bill(HERE, "H12.104-260105-0002", 50_000);
    attempt_opened(app, "line", "ORDER-2", &bill);
    provider.says(Says::body(|got| vnpay_answers(got, "00", "14000078")));
    let mut child = Command::new(env!("CARGO_BIN_EXE_doisoat"))
        .arg("--config")
        .arg(config)
        .arg("serve")
        .env("DOISOAT__SERVER__LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .rsplit("http://")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let state = || app.get("/api/v1/attempts/line/ORDER-2")["status_query"]["state"].clone();
    while state() != "answered" {
        std::thread::yield_now();
    }
    let metrics =
        crate::support::http::exchange(address, &request("GET", "/metrics", &[], b"")).body;
    let counted = "doisoat_status_queries_total{channel=\"line\",outcome=\"succeeded\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("doisoat_status_query_orders{channel=\"line\",state=\"given_up\"} 0"));
    let stopped = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(stopped.success() && child.wait().unwrap().success());
}

#[test]
fn the_commands_list_what_is_asked_and_ask_what_is_due_on_sqlite() {
    the_commands(Engine::Sqlite);
}

#[test]
fn the_commands_list_what_is_asked_and_ask_what_is_due_on_postgres() {
    the_commands(Engine::Postgres);
}
