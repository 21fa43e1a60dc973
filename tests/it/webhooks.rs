//! The webhook door when callers are wrong, the gateway is busy, or the database is: what is
//! answered, what is kept, and what is mended afterwards.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doisoat::config::secret::Secret;
use doisoat::intake::providers::standardwebhooks;
use serde_json::{Value, json};

use crate::support::app::{BANK_KEY, now, settings};
use crate::support::database::TestDatabase;
use crate::support::http::{exchange, request};
use crate::support::office::{HERE, bank_request, transfer, vnpay_query};
use crate::support::{Engine, TestApp, both};

/// Every payment there is.
const ALL: &str = "/api/v1/payments?limit=500";

const EVENTS_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A channel whose provider also speaks of other things than payments.
const EVENTS: &str = "[channels.events]\nprovider = \"standardwebhooks\"\n\
    secrets.secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";

both!(
    fn an_unknown_channel_is_not_found(app) {
        for target in ["/webhooks/nobody", "/webhooks/", "/webhooks/bank/a/b"] {
            let reply = app.send(&request("POST", target, &[], b"{}"));
            assert_eq!(reply.status, 404, "{target}");
            assert_eq!(reply.json()["code"], "not_found", "{target}");
        }
        let reply = app.send(&request("GET", "/nowhere", &[], b""));
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("not_found")));
        assert!(app.quarantine().is_empty());
    }
);

both!(
    fn a_method_that_is_never_used_is_refused_with_the_ones_that_are(app) {
        for method in ["PUT", "DELETE", "HEAD"] {
            let reply = app.send(&request(method, "/webhooks/bank", &[], b""));
            assert_eq!(reply.status, 405, "{method}");
            assert_eq!(reply.header("allow"), Some("POST"), "{method}");
        }
        let reply = app.send(&request("PUT", "/webhooks/bank", &[], b""));
        assert_eq!(reply.json()["detail"], "this address takes POST");
        let reply = app.send(&request("PUT", "/webhooks/vnpay", &[], b""));
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET")));
        let reply = app.send(&request("GET", "/webhooks/bank", &[], b""));
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        let reply = app.send(&request("POST", "/webhooks/vnpay", &[], b"a=1"));
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET")));
    }
);

both!(
    fn a_body_that_is_too_large_is_not_read(app, "[server]\nbody_limit_bytes = 2000") {
        let memo = "x".repeat(3000);
        let reply = app.transfer(1, 1000, &memo);
        assert_eq!((reply.status, &reply.json()["code"]), (413, &json!("too_large")));
        assert_eq!(app.transfer(2, 1000, "short").status, 200);
        assert_eq!(app.items(ALL).len(), 1);
    }
);

both!(
    fn a_genuine_call_about_no_payment_is_kept_once(app, EVENTS) {
        let body = br#"{"type":"agreement.signed","data":{}}"#;
        let at = now().timestamp().to_string();
        let secret = Secret::new(EVENTS_KEY);
        let signature = standardwebhooks::sign_header("msg_1", &at, body, &secret).unwrap();
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        for _ in 0..2 {
            let reply = app.send(&request("POST", "/webhooks/events", &headers, body));
            assert_eq!(reply.status, 204);
        }
        let kept = app.items("/api/v1/notices?channel=events");
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["status"], "none");
        assert!(app.items(ALL).is_empty());
    }
);

both!(
    fn absurd_bodies_are_refused_kept_and_never_money(app) {
        let text = transfer(1, 150_000, "memo").to_string();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to).into_bytes()
        };
        let absurd: Vec<Vec<u8>> = vec![
            text.as_bytes()[..text.len() / 2].to_vec(),
            with("\"id\":1", "\"id\":1,\"id\":2"),
            with("\"memo\"", "\"\u{0}\""),
            [b"{\"id\":1,\"content\":\"".as_slice(), b"\xff\xfe", b"\"}"].concat(),
            with("2026-01-05 10:30:12", "2026-13-45 99:99:99"),
            with("2026-01-05 10:30:12", "0000-00-00 00:00:00"),
            with("2026-01-05 10:30:12", "9999-12-31 23:59:59"),
            with("\"transferAmount\":150000", "\"transferAmount\":-150000"),
            with("\"transferAmount\":150000", "\"transferAmount\":150000.5"),
            with("\"transferAmount\":150000", "\"transferAmount\":9223372036854775808"),
            with("\"transferAmount\":150000", "\"transferAmount\":1000000000000001"),
            with("\"transferAmount\":150000", "\"transferAmount\":1e6"),
            with("\"transferAmount\":150000", "\"transferAmount\":null"),
            b"[]".to_vec(),
            b"".to_vec(),
        ];
        for body in &absurd {
            let reply = app.bank_says(body);
            let shown = String::from_utf8_lossy(body);
            assert_eq!(reply.status, 400, "{shown}: {reply:?}");
            assert_eq!(reply.json()["success"], false, "{shown}");
        }
        assert!(app.items(ALL).is_empty());
        assert_eq!(app.quarantine().len(), absurd.len());
    }
);

both!(
    fn the_largest_amount_is_taken(app) {
        assert_eq!(app.transfer(1, 1_000_000_000_000_000, "memo").status, 200);
        assert_eq!(app.items(ALL)[0]["amount"], "1000000000000000");
    }
);

both!(
    fn any_listed_key_verifies_while_a_key_is_changed(
        app,
        "[channels.turning]\nprovider = \"sepay\"\nsettings.scheme = \"sepay-apikey\"\n\
         secrets.api_key = [\"old\", \"new\"]"
    ) {
        for (id, key, status) in [(1, "old", 200), (2, "new", 200), (3, "other", 401)] {
            let body = transfer(id, 1000, "memo").to_string();
            let authorization = format!("Apikey {key}");
            let headers = [("authorization", authorization.as_str())];
            let reply = app.send(&request("POST", "/webhooks/turning", &headers, body.as_bytes()));
            assert_eq!(reply.status, status, "{key}");
        }
        assert_eq!(app.items(ALL).len(), 2);
    }
);

both!(
    fn a_flood_of_forgeries_is_kept_only_in_part(app, "[quarantine]\nmax_per_second = 3\nmax_rows = 10") {
        for id in 0..40 {
            let body = transfer(id, 1000, "memo").to_string();
            assert_eq!(app.send(&bank_request(body.as_bytes(), "forged")).status, 401);
        }
        assert_eq!(app.transfer(1, 1000, "memo").status, 200);
        let kept = app.quarantine().len();
        assert!((3..40).contains(&kept), "{kept}");
    }
);

both!(
    fn a_paid_bill_is_shown_wherever_it_is_asked_for(app) {
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let reply = app.vnpay_pays("14000001", &bill, 50_000, "k-vnpay");
        assert_eq!(reply.json()["RspCode"], "00", "{reply:?}");
        let again = app.vnpay_pays("14000001", &bill, 50_000, "k-vnpay");
        assert_eq!(again.json()["RspCode"], "02", "{again:?}");
        let payments = app.items("/api/v1/payments?provider_txn_id=14000001");
        assert_eq!(payments.len(), 1);
        let payment = &payments[0];
        assert_eq!(payment["bill"], bill.as_str());
        assert_eq!(payment["dossier"], "H12.104-260105-0001");
        assert_eq!(payment["match"]["outcome"], "exact");
        let id = payment["id"].as_str().unwrap();
        assert_eq!(app.get(&format!("/api/v1/payments/{id}")), *payment);
        let told = app.get(&format!("/api/v1/bills/{bill}"));
        assert_eq!((&told["state"], &told["rest"]), (&json!("paid"), &json!("0")));
        let entries = app.items("/api/v1/ledger/entries");
        let events: Vec<&Value> = entries.iter().map(|entry| &entry["event"]).collect();
        assert_eq!(entries.len(), 2, "{events:?}");
        let accounts = app.items("/api/v1/ledger/accounts");
        let account = |name: &str| {
            let found = accounts.iter().find(|row| row["account"] == name);
            found.map(|row| row["balance"].as_str().unwrap().to_owned())
        };
        assert_eq!(account("clearing:vnpay").as_deref(), Some("50000"));
        assert_eq!(account("receivable:H12.104").as_deref(), Some("0"));
    }
);

both!(
    fn a_contradiction_is_kept_once_and_changes_nothing(app) {
        assert_eq!(app.transfer(7, 1000, "memo").status, 200);
        for _ in 0..3 {
            assert_eq!(app.transfer(7, 2000, "memo").status, 200);
        }
        assert_eq!(app.items("/api/v1/notices?outcome=conflict").len(), 1);
        assert_eq!(app.items("/api/v1/notices").len(), 2);
        assert_eq!(app.items(ALL)[0]["amount"], "1000");
    }
);

/// A rule of the database that refuses postings of one amount, and its end.
pub(crate) fn sabotage(engine: &str, dong: i64) -> (String, &'static str) {
    match engine {
        "SQLite" => (
            format!(
                "CREATE TRIGGER sabotage BEFORE INSERT ON postings WHEN NEW.amount_minor = {dong} \
                 BEGIN SELECT RAISE(ABORT, 'sabotage'); END"
            ),
            "DROP TRIGGER sabotage",
        ),
        _ => (
            format!("ALTER TABLE postings ADD CONSTRAINT sabotage CHECK (amount_minor <> {dong})"),
            "ALTER TABLE postings DROP CONSTRAINT sabotage",
        ),
    }
}

both!(
    fn what_could_not_be_posted_is_recorded_and_swept_later(app) {
        let (begin, end) = sabotage(app.db.engine(), 6666);
        app.database.run(&begin);
        app.expects_unsettled(true);
        assert_eq!(app.transfer(1, 5555, "good").status, 200);
        assert_eq!(app.transfer(2, 6666, "bad").status, 200);
        assert_eq!(app.transfer(2, 6666, "bad").status, 200);
        assert_eq!(app.transfer(3, 7777, "good").status, 200);
        assert_eq!(app.items(ALL).len(), 3);
        let waiting = |app: &TestApp| {
            app.db.read(|queries| queries.count_unsettled_notices(1)).unwrap()
        };
        assert_eq!(waiting(app), 1);
        let sweep = |app: &TestApp| {
            let channels = &app.settings.channels;
            doisoat::journeys::sweep::sweep(&app.db, &app.clock, channels, vec!["sepay".to_owned()])
                .unwrap()
        };
        assert_eq!((sweep(app).failed, waiting(app)), (1, 1));
        app.database.run(end);
        assert_eq!((sweep(app).applied, waiting(app)), (1, 0));
        assert_eq!(sweep(app), doisoat::journeys::sweep::Swept::default());
        app.expects_unsettled(false);
        let suspense = app.items("/api/v1/ledger/accounts");
        let suspense = suspense.iter().find(|row| row["account"] == "suspense");
        assert_eq!(suspense.unwrap()["balance"], (-5555 - 6666 - 7777).to_string());
    }
);

both!(
    fn refused_calls_are_replayed_after_a_key_is_mended(app) {
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let refused = app.vnpay_pays("14000001", &bill, 50_000, "k-new");
        assert_eq!(refused.json()["RspCode"], "97");
        let forged = app.vnpay_pays("14000002", &bill, 50_000, "k-forged");
        assert_eq!(forged.json()["RspCode"], "97");
        assert_eq!(app.quarantine().len(), 2);
        let mended = TestApp::start_on(
            Arc::clone(&app.database),
            "[channels.vnpay.secrets]\nhash_secret = [\"k-vnpay\", \"k-new\"]",
        );
        let replay = || {
            let channels = &mended.settings.channels;
            doisoat::journeys::replay_quarantine::replay_quarantine(
                &mended.db, &mended.clock, channels, None, vec!["vnpay".to_owned()],
            )
            .unwrap()
        };
        let first = replay();
        assert_eq!((first.taken, first.refused), (1, 1));
        let second = replay();
        assert_eq!((second.taken, second.refused), (0, 1));
        let payments = mended.items(ALL);
        assert_eq!(payments.len(), 1);
        assert_eq!(payments[0]["match"]["outcome"], "exact");
        let again = mended.vnpay_pays("14000001", &bill, 50_000, "k-new");
        assert_eq!(again.json()["RspCode"], "02");
    }
);

both!(
    fn a_static_key_is_kept_as_a_hash_and_replayed_all_the_same(app) {
        let body = transfer(1, 1000, "memo").to_string();
        for key in ["k-new", "k-forged"] {
            assert_eq!(app.send(&bank_request(body.as_bytes(), key)).status, 401);
        }
        let kept = app.quarantine();
        assert_eq!(kept.len(), 2);
        for row in &kept {
            let raw = String::from_utf8_lossy(&row.raw);
            assert!(!raw.contains("k-new") && !raw.contains("k-forged"), "{raw}");
            assert!(raw.contains("authorization: sha256:"), "{raw}");
        }
        let mended = TestApp::start_on(
            Arc::clone(&app.database),
            "[channels.bank.secrets]\napi_key = [\"k-bank\", \"k-new\"]",
        );
        let done = doisoat::journeys::replay_quarantine::replay_quarantine(
            &mended.db, &mended.clock, &mended.settings.channels, None, vec!["sepay".to_owned()],
        )
        .unwrap();
        assert_eq!((done.taken, done.refused), (1, 1));
    }
);

both!(
    fn a_long_refused_body_is_kept_in_part_and_not_replayed(app) {
        let body = transfer(1, 1000, &"x".repeat(40_000)).to_string();
        assert_eq!(app.send(&bank_request(body.as_bytes(), "k-new")).status, 401);
        let kept = app.quarantine();
        assert!(kept[0].raw.len() < 20_000, "{}", kept[0].raw.len());
        assert!(kept[0].detail.ends_with("cannot be replayed)"), "{}", kept[0].detail);
        let heads = app.db.read(|queries| queries.list_quarantined_heads(1, Some("bank"), 5));
        let bytes = i32::try_from(kept[0].raw.len()).unwrap();
        assert_eq!(heads.unwrap()[0].bytes, bytes);
    }
);

both!(
    fn a_full_queue_is_answered_with_try_later_and_loses_nothing(
        app,
        "[writer]\nqueue = 1\nbatch = 1"
    ) {
        let app = &*app;
        let bodies: Vec<Vec<u8>> = (1..=60)
            .map(|id| bank_request(transfer(id, 1000, "memo").to_string().as_bytes(), BANK_KEY))
            .collect();
        let (mut taken, mut later) = (0, 0);
        // Whoever is told to come again comes again, as providers do, until all are taken.
        std::thread::scope(|scope| {
            let callers: Vec<_> = bodies
                .iter()
                .map(|body| {
                    scope.spawn(move || {
                        let mut told_later = 0;
                        loop {
                            let reply = app.send(body);
                            match reply.status {
                                200 => return told_later,
                                503 => {
                                    assert!(reply.header("retry-after").is_some());
                                    told_later += 1;
                                }
                                other => panic!("{other}"),
                            }
                        }
                    })
                })
                .collect();
            for caller in callers {
                later += caller.join().unwrap();
                taken += 1;
            }
        });
        assert_eq!(app.items(ALL).len(), taken);
        assert!(later > 0, "sixty callers at once never met a full queue of one");
    }
);

#[test]
fn two_gateways_never_both_find_one_bill_unpaid() {
    let database = Arc::new(TestDatabase::new(Engine::Postgres));
    let one = TestApp::start_on(Arc::clone(&database), "");
    let other = TestApp::start_on(Arc::clone(&database), "");
    one.has_office();
    for round in 1..=5 {
        let code = format!("H12.104-260105-{round:04}");
        let bill = one.has_bill(HERE, &code, 50_000);
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let (one, other, bill) = (&one, &other, &bill);
                scope.spawn(move || {
                    let app = if caller % 2 == 0 { one } else { other };
                    let txn = format!("14{round:03}{caller:03}");
                    let query = vnpay_query(&txn, bill, 50_000, "k-vnpay");
                    let target = format!("/webhooks/vnpay?{query}");
                    let reply = exchange(app.address(), &request("GET", &target, &[], b""));
                    let code = reply.json()["RspCode"].as_str().unwrap().to_owned();
                    assert!(["00", "02"].contains(&code.as_str()), "{reply:?}");
                });
            }
        });
        let payments = one.get(&format!("/api/v1/bills/{bill}"))["payments"].clone();
        let mut outcomes: Vec<String> = payments
            .as_array()
            .unwrap()
            .iter()
            .map(|payment| payment["match"]["outcome"].as_str().unwrap().to_owned())
            .collect();
        outcomes.sort();
        let mut expected = vec!["exact".to_owned()];
        expected.extend(vec!["twice".to_owned(); 7]);
        assert_eq!(outcomes, expected, "{bill}");
    }
}

/// The real program on a free port: its process and where it listens.
fn serving(database: &TestDatabase, folder: &std::path::Path) -> (Child, SocketAddr) {
    let file = folder.join("serve.toml");
    let listen = "[server]\nlisten = \"127.0.0.1:0\"";
    std::fs::write(&file, format!("{}\n{listen}", settings(&database.url))).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_doisoat"))
        .args(["serve", "--json", "--config"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let address = told["address"].as_str().unwrap();
    let address = address.trim_start_matches("http://").parse().unwrap();
    (program, address)
}

#[test]
fn told_to_stop_the_program_finishes_what_it_took_and_ends_well() {
    let database = TestDatabase::new(Engine::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let (mut program, address) = serving(&database, folder.path());
    let acknowledged = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for id in 1.. {
                    let body = transfer(caller * 1_000_000 + id, 1000, "memo").to_string();
                    let bytes = bank_request(body.as_bytes(), BANK_KEY);
                    // The last call of each caller may find the door closed.
                    let reply = std::panic::catch_unwind(|| exchange(address, &bytes));
                    match reply {
                        Ok(reply) if reply.status == 200 => {
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        _ => return,
                    }
                }
            });
        }
        while acknowledged.load(Ordering::SeqCst) < 50 {
            std::thread::yield_now();
        }
        let id = program.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.unwrap().success());
    });
    assert_eq!(program.wait().unwrap().code(), Some(0));
    let recorded = database.number("SELECT COUNT(*) AS n FROM payments");
    let acknowledged = acknowledged.into_inner();
    assert!(recorded >= acknowledged, "{recorded} of {acknowledged}");
}
