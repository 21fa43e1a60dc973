//! The published libraries as judges: receivers in Node and in Python verify what a gateway sends with
//! the packages their developers would use, one of them over TLS. `tests/run` installs the packages;
//! without them these tests fail.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use doisoat::config::clock::Clock;
use doisoat::config::secret::Secret;
use doisoat::config::subscriber::Subscriber;
use doisoat::journeys::outbox::deliver::Courier;

use crate::outbox::{CODE, LISTENED, SECRET, deliver, pays};
use crate::support::app::BANK_KEY;
use crate::support::http::exchange;
use crate::support::office::{HERE, bank_request, transfer};
use crate::support::{TestApp, both};

const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A receiver in a process of its own.
struct Judge {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

fn packages() -> PathBuf {
    let folder = std::env::var("DOISOAT_TEST_RECEIVERS").unwrap_or_else(|_| {
        panic!(
            "DOISOAT_TEST_RECEIVERS IS NOT SET: this test needs packages of npm and PyPI and is not \
             skipped; run tests/run, which brings them"
        )
    });
    PathBuf::from(folder)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outbox")
}

impl Judge {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut judge = Self {
            process,
            output,
            url: String::new(),
        };
        judge.url = judge.line();
        assert!(judge.url.starts_with("http"), "{}", judge.url);
        judge
    }

    fn node(secret: &str) -> Self {
        let mut command = Command::new("node");
        let script = fixtures().join("receiver.mjs");
        command.arg(script).arg(packages().join("node")).arg(secret);
        Self::start(command)
    }

    fn python(secret: &str) -> Self {
        let mut command = Command::new("python3");
        let script = fixtures().join("receiver.py");
        command.arg(script).arg(packages().join("python"));
        Self::start({
            command.arg(secret).arg(fixtures());
            command
        })
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// The subscriber that this is.
    fn subscriber(&self, app: &TestApp, secrets: &[&str]) -> Subscriber {
        let mut subscriber = app.settings.subscribers["one-stop"].clone();
        subscriber.url.clone_from(&self.url);
        subscriber.secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        if self.url.starts_with("https") {
            subscriber.roots = Some(std::fs::read(fixtures().join("ca.pem")).unwrap());
        }
        subscriber
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A courier on the machine's clock: the libraries refuse what was signed at another time.
fn courier(app: &TestApp, subscriber: &Subscriber) -> Courier {
    Courier::new(&app.db, &Clock::System, subscriber).unwrap()
}

fn is_verified(app: &mut TestApp, start: fn(&str) -> Judge) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    let mut judge = start(SECRET);
    pays(app, "TX1", 50_000, &reference);
    let subscriber = judge.subscriber(app, &[SECRET]);
    let round = deliver(&mut courier(app, &subscriber));
    assert_eq!((round.tried, round.delivered), (2, 2));
    let took =
        [judge.line(), judge.line()].map(|line| line.split(' ').next_back().unwrap().to_owned());
    assert_eq!(took, ["bill.short", "difference.opened"]);
    // While the secret is changed both are used: the receiver that knows the old one and the one that
    // knows the new one take the same call.
    pays(app, "TX2", 100_000, &reference);
    let rotating = judge.subscriber(app, &[NEW, SECRET]);
    assert_eq!(deliver(&mut courier(app, &rotating)).delivered, 1);
    assert!(judge.line().ends_with(" bill.paid"));
    let mut newer = start(NEW);
    app.database
        .run("UPDATE outbox_deliveries SET state = 'waiting'");
    let rotating = newer.subscriber(app, &[NEW, SECRET]);
    assert_eq!(deliver(&mut courier(app, &rotating)).delivered, 3);
    assert!(newer.line().ends_with(" bill.short"));
    // The old secret alone does not open the new receiver.
    app.database
        .run("UPDATE outbox_deliveries SET state = 'waiting'");
    let old = newer.subscriber(app, &[SECRET]);
    let round = deliver(&mut courier(app, &old));
    assert_eq!((round.tried, round.delivered), (1, 0));
}

both!(fn the_library_of_npm_verifies_what_is_sent_while_a_secret_is_changed_too(app, LISTENED) {
    is_verified(app, Judge::node);
});

both!(fn the_library_of_pypi_verifies_what_is_sent_over_tls_while_a_secret_is_changed_too(app, LISTENED) {
    is_verified(app, Judge::python);
});

both!(fn a_certificate_that_nobody_known_signed_is_sent_nothing(app, LISTENED) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    pays(app, "TX1", 150_000, &reference);
    let judge = Judge::python(SECRET);
    let mut subscriber = judge.subscriber(app, &[SECRET]);
    subscriber.roots = None;
    let round = deliver(&mut courier(app, &subscriber));
    assert_eq!((round.tried, round.delivered), (1, 0));
    let error = app.items("/api/v1/outbox")[0]["last_error"].clone();
    assert!(error.as_str().unwrap().contains("certificate"), "{error}");
});

/// The real program with two subscribers: its process and where it listens.
fn serving(app: &TestApp, folder: &Path, subscribers: &str) -> (Child, SocketAddr) {
    let file = folder.join("serve.toml");
    let settings = crate::support::app::settings(&app.database.url);
    let listen = "[server]\nlisten = \"127.0.0.1:0\"";
    std::fs::write(&file, format!("{settings}\n{listen}\n{subscribers}")).unwrap();
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
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = told["address"].as_str().unwrap();
    (
        program,
        address.trim_start_matches("http://").parse().unwrap(),
    )
}

both!(fn the_program_itself_tells_both_libraries_of_a_payment_and_ends_well(app) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 150_000);
    let mut judges = [Judge::node(NEW), Judge::python(SECRET)];
    let [node, python] = [&judges[0].url, &judges[1].url];
    let ca = fixtures().join("ca.pem");
    let subscribers = format!(
        "[subscribers.node]\nurl = \"{node}\"\nsecret = [\"{NEW}\", \"{SECRET}\"]\n\
         [subscribers.python]\nurl = \"{python}\"\nsecret = \"{NEW}\"\n\
         previous_secret = \"{SECRET}\"\nca_file = {ca:?}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let (mut program, address) = serving(app, folder.path(), &subscribers);
    let body = transfer(7, 150_000, &reference).to_string();
    assert_eq!(exchange(address, &bank_request(body.as_bytes(), BANK_KEY)).status, 200);
    let took = judges.each_mut().map(Judge::line);
    assert!(took[0].ends_with(" bill.paid"), "{took:?}");
    assert_eq!(took[0], took[1], "one event, one id");
    let told = Command::new("kill").args(["-TERM", &program.id().to_string()]).status();
    assert!(told.unwrap().success());
    assert_eq!(program.wait().unwrap().code(), Some(0));
    // What was taken was written down before the program ended.
    let delivered = "SELECT COUNT(*) AS n FROM outbox_deliveries WHERE state = 'delivered'";
    assert_eq!(app.database.number(delivered), 2);
});
