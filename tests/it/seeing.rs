//! What is seen from outside: one request followed by its ids through log and books, figures that
//! move when something happens, readiness that tells the truth, and the files of `deploy/` held
//! against what the program really has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::BANK_KEY;
use crate::support::database::TestDatabase;
use crate::support::http::{exchange, request};
use crate::support::office::{bank_request, transfer};
use crate::support::program::{Program, settings_of};
use crate::support::{Engine, TestApp, both};

/// The value of a figure, with its labels as they are written.
fn figure(app: &TestApp, name: &str) -> Option<f64> {
    let text = app.send(&request("GET", "/metrics", &[], b"")).body;
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")))?;
    line.rsplit(' ').next()?.parse().ok()
}

both!(
    fn figures_move_when_something_happens(
        app,
        "[sources.vcb]\nkind = \"bank\"\naccount = \"1017588888\"\nchannels = [\"bank\"]"
    ) {
        let answers = |outcome: &str| {
            format!("doisoat_answers_total{{channel=\"bank\",outcome=\"{outcome}\"}}")
        };
        // Everything is there before anything happened.
        for outcome in ["new", "repeat", "refused", "try_later", "too_many"] {
            assert_eq!(figure(app, &answers(outcome)), Some(0.0), "{outcome}");
        }
        let count = "doisoat_call_seconds_count{channel=\"bank\"}";
        assert_eq!(figure(app, count), Some(0.0));
        assert_eq!(figure(app, "doisoat_queue_capacity"), Some(16_384.0));
        assert_eq!(figure(app, "doisoat_database_up"), Some(1.0));
        assert_eq!(figure(app, "doisoat_last_file_timestamp_seconds{source=\"vcb\"}"), Some(0.0));
        let open = |kind: &str| format!("doisoat_open_differences{{kind=\"{kind}\"}}");
        assert_eq!(figure(app, &open("unknown_dossier")), Some(0.0));
        assert_eq!(figure(app, &open("missing_in_settlement")), Some(0.0));
        for id in [1, 2, 2] {
            assert_eq!(app.transfer(id, 1000, "memo").status, 200);
        }
        let forged = bank_request(transfer(3, 1, "memo").to_string().as_bytes(), "forged");
        assert_eq!(app.send(&forged).status, 401);
        assert_eq!(figure(app, &answers("new")), Some(2.0));
        assert_eq!(figure(app, &answers("repeat")), Some(1.0));
        assert_eq!(figure(app, &answers("refused")), Some(1.0));
        assert_eq!(figure(app, &open("unknown_dossier")), Some(2.0));
        app.database.run("UPDATE differences SET kind = 'missing_in_settlement'");
        assert_eq!(figure(app, &open("missing_in_settlement")), Some(2.0));
        app.database.run(
            "UPDATE differences SET state = 'resolved', resolution = 'x', resolved_by = 'x', resolved_at = opened_at",
        );
        assert_eq!(figure(app, &open("missing_in_settlement")), Some(0.0));
        app.database.run(
            "UPDATE differences SET state = 'open', kind = 'unknown_dossier', resolution = NULL, resolved_by = NULL, \
             resolved_at = NULL",
        );
        assert_eq!(figure(app, count), Some(4.0));
        assert_eq!(figure(app, "doisoat_calls_total"), Some(3.0));
        let batches = figure(app, "doisoat_batches_total").unwrap();
        assert_eq!(figure(app, "doisoat_batch_calls_count"), Some(batches));
        assert_eq!(figure(app, "doisoat_batch_calls_sum"), Some(3.0));
        assert_eq!(figure(app, "doisoat_channel_queue_length{channel=\"bank\"}"), Some(0.0));
        while figure(app, "doisoat_quarantine_rows") != Some(1.0) {
            std::thread::yield_now();
        }
        assert!(figure(app, "doisoat_quarantine_bytes").unwrap() > 100.0);
    }
);

both!(
    fn ready_means_that_money_can_be_taken(app) {
        let ready = |app: &TestApp| {
            let reply = app.send(&request("GET", "/readyz", &[], b""));
            (reply.status, reply.json())
        };
        assert_eq!(ready(app), (200, json!({ "database": "ok", "writer": "ok", "queue": "ok" })));
        app.database.run("ALTER TABLE __diesel_schema_migrations RENAME TO elsewhere");
        let (status, told) = ready(app);
        assert_eq!((status, &told["writer"]), (503, &json!("ok")));
        assert_ne!(told["database"], "ok");
        // Asking may have begun an empty table in its place.
        app.database.run("DROP TABLE IF EXISTS __diesel_schema_migrations");
        app.database.run("ALTER TABLE elsewhere RENAME TO __diesel_schema_migrations");
        assert_eq!(ready(app).0, 200);
    }
);

#[test]
fn one_request_is_followed_by_its_ids_from_the_door_to_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let settings = settings_of(&database, "[log]\nlevel = \"debug\"\nformat = \"json\"");
    let mut program = Program::serve(folder.path(), &settings, &[]);
    let call = bank_request(transfer(1, 1000, "memo").to_string().as_bytes(), BANK_KEY);
    let reply = exchange(program.address, &call);
    let id = reply.header("x-request-id").unwrap().to_owned();
    assert_eq!(reply.status, 200);
    let forged = bank_request(transfer(2, 1000, "memo").to_string().as_bytes(), "forged");
    let refused = exchange(program.address, &forged);
    let refused_id = refused.header("x-request-id").unwrap().to_owned();
    assert_ne!(refused_id, id);
    program.signal("TERM");
    assert!(program.end().success());
    let written = program.written();
    let lines: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let line = |id: &str, message: &str| {
        let found = lines.iter().find(|line| {
            let of = line["request_id"] == id || line["span"]["request_id"] == id;
            of && line["message"] == message
        });
        found.unwrap_or_else(|| panic!("{message} of {id}: {written}"))
    };
    let applied = line(&id, "a notice is applied");
    let (notice, payment) = (&applied["notice_id"], &applied["payment_id"]);
    let known = database.number("SELECT COUNT(*) AS n FROM payments");
    assert_eq!(known, 1);
    assert!(
        notice.as_str().is_some_and(|id| id.len() == 36),
        "{applied}"
    );
    assert!(
        payment.as_str().is_some_and(|id| id.len() == 36),
        "{applied}"
    );
    assert_eq!(line(&id, "a call ended")["channel"], "bank");
    assert_eq!(line(&id, "answered")["status"], 200);
    assert_eq!(
        line(&refused_id, "a call was refused")["reason"],
        "signature_mismatch"
    );
}

/// Every figure the program has, by the names under which Prometheus keeps them.
fn figures() -> BTreeSet<String> {
    let more = "[sources.vcb]\nkind = \"bank\"\naccount = \"1017588888\"\nchannels = [\"bank\"]\n\
        [subscribers.ear]\nurl = \"http://127.0.0.1:1/x\"\n\
        secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    let app = TestApp::start(Engine::Sqlite, more);
    let forged = bank_request(transfer(1, 1000, "memo").to_string().as_bytes(), "forged");
    assert_eq!(app.send(&forged).status, 401);
    let text = app.send(&request("GET", "/metrics", &[], b"")).body;
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            _ => &[""],
        };
        names.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    names
}

/// The figures of ours that a text names.
pub(crate) fn named(text: &str) -> BTreeSet<String> {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.split(|letter| !is_letter(letter))
        .filter(|word| word.starts_with("doisoat_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn rules_and_dashboard_name_only_figures_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let known = figures();
    for file in ["alerts.yml", "dashboard.json"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let named = named(&text);
        assert!(named.len() > 10, "{file}: {named:?}");
        // Status queries are counted only where a provider can be asked.
        let strangers: Vec<&String> = named
            .difference(&known)
            .filter(|name| !name.starts_with("doisoat_status_quer"))
            .collect();
        assert!(
            strangers.is_empty(),
            "{file} names {strangers:?}; there are {known:?}"
        );
    }
    let dashboard = fs::read_to_string(folder.join("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels
        .iter()
        .map(|panel| panel["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), panels.len());
    assert!(panels.iter().all(|panel| {
        panel["targets"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    }));
}

/// Whether a public tool takes a file, and what it says of it.
fn judged(tool: &str, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(tool).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("{tool}: {error}; tests/run brings it"));
    let text = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn the_files_of_deploy_load_in_the_real_tools() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let rules = folder.join("alerts.yml");
    let promtool = std::env::var("DOISOAT_TEST_PROMTOOL").unwrap_or("promtool".to_owned());
    let (is_good, text) = judged(&promtool, &["check", "rules", rules.to_str().unwrap()]);
    assert!(is_good, "{text}");
    // The unit names a binary where an installation has it; here another stands in its place.
    let own = tempfile::tempdir().unwrap();
    let unit = own.path().join("doisoat.service");
    let text = fs::read_to_string(folder.join("doisoat.service")).unwrap();
    fs::write(
        &unit,
        text.replace("/usr/local/bin/doisoat", env!("CARGO_BIN_EXE_doisoat")),
    )
    .unwrap();
    let unit = unit.to_str().unwrap();
    let (is_good, text) = judged("systemd-analyze", &["verify", unit]);
    assert!(is_good && !text.contains("doisoat.service:"), "{text}");
    let security = ["security", "--offline=true", "--threshold=20", unit];
    let (is_good, text) = judged("systemd-analyze", &security);
    assert!(is_good, "more exposed than 2.0: {text}");
}
