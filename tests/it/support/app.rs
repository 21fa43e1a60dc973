//! The program under test: the real server on a free port, with a clock that stands where the test
//! puts it. When it is dropped it stops, and the books are checked.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;

use doisoat::cli::context::provider_facts;
use doisoat::config::clock::Clock;
use doisoat::config::load::load;
use doisoat::config::settings::Settings;
use doisoat::domain::ids::Tenant;
use doisoat::domain::time::{Instant, parse_rfc3339};
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::ledger::verify::verify;
use doisoat::store::Db;
use doisoat::store::rows::QuarantinedRow;
use doisoat::web::Gateway;
use doisoat::web::server::{Running, serve_on};
use serde_json::Value;

use super::contract::judge;
use super::database::{Engine, TestDatabase};
use super::http::{Reply, exchange, request};

/// The key of the channel `bank`, which proves itself with a word and so can send anything.
pub(crate) const BANK_KEY: &str = "k-bank";

const CHANNELS: &str = r#"
[channels.bank]
provider = "sepay"
secrets.api_key = "k-bank"
settings.scheme = "sepay-apikey"

[channels.vnpay]
provider = "vnpay"
secrets.tmn_code = "DOISOAT1"
secrets.hash_secret = "k-vnpay"
"#;

/// The running program.
pub(crate) struct TestApp {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) database: std::sync::Arc<TestDatabase>,
    running: Option<Running>,
    address: SocketAddr,
    token: String,
    expects_unsettled: bool,
    expects_broken_books: bool,
}

/// Where every test's clock stands at first.
pub(crate) fn now() -> Instant {
    parse_rfc3339("2026-01-05T03:35:00Z").unwrap()
}

/// Settings every test has: its database, two channels, and room for every refused call.
pub(crate) fn settings(url: &str) -> String {
    let url = serde_json::to_string(url).unwrap();
    format!("[database]\nurl = {url}\n[quarantine]\nmax_per_second = 100000\n{CHANNELS}")
}

impl TestApp {
    pub(crate) fn start(engine: Engine, more: &str) -> Self {
        let database = std::sync::Arc::new(TestDatabase::new(engine));
        Self::start_on(database, more)
    }

    /// A further gateway on a database that is there.
    pub(crate) fn start_on(database: std::sync::Arc<TestDatabase>, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = ["every.toml", "own.toml"].map(|name| folder.path().join(name));
        std::fs::write(&files[0], settings(&database.url)).unwrap();
        std::fs::write(&files[1], more).unwrap();
        let mut loaded = load(&files, [], &provider_facts()).unwrap();
        loaded.settings.server.workers = 2;
        let settings = loaded.settings;
        let db = Db::open(&database.url).unwrap();
        db.migrate().unwrap();
        let clock = Clock::simulated(now());
        let (gateway, writer) = Gateway::open(
            db.clone(),
            clock.clone(),
            settings.clone(),
            "test".to_owned(),
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let running = serve_on(gateway, writer, listener).unwrap();
        let mut app = Self {
            address: running.address,
            running: Some(running),
            db,
            clock,
            settings,
            database,
            token: String::new(),
            expects_unsettled: false,
            expects_broken_books: false,
        };
        app.token = app.token_of("admin", None);
        app
    }

    /// A token of a role, bound to a unit or not.
    pub(crate) fn token_of(&self, role: &str, unit: Option<&str>) -> String {
        let request = TokenRequest {
            tenant: Tenant(1),
            role: role.to_owned(),
            officer: None,
            unit: unit.map(str::to_owned),
            expires_at: None,
        };
        create_token(&self.db, &request, self.clock.now()).unwrap()
    }

    /// Puts the clock anywhere, also back.
    pub(crate) fn set_clock(&self, at: Instant) {
        if let Clock::Simulated(micros) = &self.clock {
            micros.store(at.timestamp_micros(), Ordering::SeqCst);
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends bytes as they are; what the API answers is judged by its own document.
    pub(crate) fn send(&self, bytes: &[u8]) -> Reply {
        let reply = exchange(self.address, bytes);
        judge(bytes, &reply);
        reply
    }

    /// Asks the API with a token.
    pub(crate) fn ask(&self, token: &str, method: &str, target: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(&request(method, target, &headers, body.as_bytes()))
    }

    /// What the API says to the administrator.
    pub(crate) fn get(&self, target: &str) -> Value {
        let reply = self.ask(&self.token, "GET", target, "");
        assert_eq!(reply.status, 200, "{target}: {reply:?}");
        reply.json()
    }

    /// Writes as the administrator.
    pub(crate) fn put(&self, target: &str, body: &Value) -> Reply {
        self.ask(&self.token, "PUT", target, &body.to_string())
    }

    /// The items of a list.
    pub(crate) fn items(&self, target: &str) -> Vec<Value> {
        self.get(target)["items"].as_array().unwrap().clone()
    }

    /// Stops the server and finishes its queue.
    pub(crate) fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop().unwrap();
        }
    }

    /// What is in quarantine after the server has stopped, which finishes its queue.
    pub(crate) fn quarantine(&mut self) -> Vec<QuarantinedRow> {
        self.stop();
        self.db
            .read(|queries| queries.list_quarantined(1, None, 10_000))
            .unwrap()
    }

    /// Notices that could not be applied are meant to be left.
    pub(crate) fn expects_unsettled(&mut self, expects: bool) {
        self.expects_unsettled = expects;
    }

    /// The books were altered on purpose.
    pub(crate) fn expects_broken_books(&mut self) {
        self.expects_broken_books = true;
    }

    fn check_books(&self) {
        if self.expects_broken_books {
            return;
        }
        for check in verify(&self.db, 1).unwrap() {
            let is_expected = self.expects_unsettled && check.proves.starts_with("notices");
            assert!(
                check.wrong.is_empty() || is_expected,
                "{}: {:?}",
                check.proves,
                check.wrong
            );
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.stop();
        self.check_books();
    }
}
