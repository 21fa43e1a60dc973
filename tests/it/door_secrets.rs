//! Canaries: every secret setting, and everything callers send, carries a word that must never be
//! seen again. The real program is driven through all its doors and errors at the loudest log level,
//! and everything that comes out of it is searched.

use std::process::Command;

use doisoat::cli::context::provider_facts;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::store::Db;
use serde_json::{Value, json};

use crate::support::Engine;
use crate::support::app::BANK_KEY;
use crate::support::collector::Collector;
use crate::support::database::TestDatabase;
use crate::support::http::{Reply, exchange, request};
use crate::support::office::{bank_request, transfer, vnpay_query};
use crate::support::program::{Program, settings_of};
use crate::webhooks::sabotage;

/// What every secret of ours carries.
const OURS: &str = "canary-of-ours";
/// What everything carries that a caller sends and that is nobody else's business.
const THEIRS: &str = "canary-of-theirs";
/// A secret that is Base64 of "canary-of-ours-canary-of-ours".
const SIGNING: &str = "whsec_Y2FuYXJ5LW9mLW91cnMtY2FuYXJ5LW9mLW91cnM=";

/// Every provider of the roster with every secret it knows, from text, a file and the environment.
fn channels(folder: &std::path::Path) -> (String, Vec<(String, String)>) {
    let (mut text, mut environment) = (String::new(), Vec::new());
    for facts in provider_facts() {
        let provider = &facts.name;
        text.push_str(&format!(
            "[channels.c-{provider}]\nprovider = \"{provider}\"\n"
        ));
        for (number, (name, _)) in facts.secrets.iter().enumerate() {
            // Our name at a provider is repeated in answers where its contract asks for that.
            let is_name = name.ends_with("_code") || name.ends_with("_id");
            let word = if is_name { "our-name" } else { OURS };
            let secret = format!("{word}-{provider}-{name}");
            let source = match number % 3 {
                0 => format!("\"{secret}\""),
                1 => {
                    let file = folder.join(format!("{provider}-{name}"));
                    std::fs::write(&file, &secret).unwrap();
                    format!("{{ file = {:?} }}", file.to_str().unwrap())
                }
                _ => {
                    let variable = format!("CANARY_{provider}_{name}").to_uppercase();
                    environment.push((variable.clone(), secret));
                    format!("[\"{OURS}-older\", {{ env = \"{variable}\" }}]")
                }
            };
            text.push_str(&format!("secrets.{name} = {source}\n"));
        }
    }
    let file = folder.join("listener");
    std::fs::write(&file, SIGNING).unwrap();
    text.push_str(&format!(
        "[subscribers.ear]\nurl = \"http://127.0.0.1:1/hooks?key={OURS}\"\n\
         secret = {{ file = {:?} }}\nprevious_secret = \"{SIGNING}\"\n",
        file.to_str().unwrap()
    ));
    (text, environment)
}

/// Requests that go wrong in every way, with a canary wherever one can be put.
fn harm(channel: &str) -> Vec<Vec<u8>> {
    let target = format!("/webhooks/{channel}");
    let key = format!("Apikey {THEIRS}");
    let bearer = format!("Bearer {THEIRS}");
    let headers = [
        ("authorization", key.as_str()),
        ("x-secret-key", THEIRS),
        ("x-sepay-signature", THEIRS),
        ("webhook-id", THEIRS),
        ("webhook-timestamp", "1"),
        ("webhook-signature", THEIRS),
        ("cookie", THEIRS),
        ("content-type", "application/json"),
    ];
    let memo = transfer(1, 1000, THEIRS).to_string();
    let odd = json!({ THEIRS: THEIRS, "data": { "signature": THEIRS }, "mac": THEIRS }).to_string();
    let form = format!("vnp_SecureHash={THEIRS}&vnp_TxnRef={THEIRS}&{THEIRS}={THEIRS}");
    vec![
        request("POST", &target, &headers, memo.as_bytes()),
        request("POST", &target, &headers, odd.as_bytes()),
        request("POST", &target, &headers, &odd.as_bytes()[..odd.len() - 3]),
        request("POST", &target, &[], form.as_bytes()),
        request("POST", &format!("{target}/{THEIRS}"), &headers, b"{}"),
        request(
            "POST",
            &target,
            &[("content-encoding", "gzip")],
            THEIRS.as_bytes(),
        ),
        request(
            "POST",
            &target,
            &headers,
            &THEIRS.repeat(17_000).into_bytes(),
        ),
        request(
            "GET",
            &format!("{target}?{form}"),
            &[("authorization", &bearer)],
            b"",
        ),
        request("PUT", &format!("{target}?{form}"), &headers, b""),
    ]
}

/// Requests to the API that go wrong, with and without a token that is one.
fn asked_wrongly(token: &str) -> Vec<Vec<u8>> {
    let known = format!("Bearer {token}");
    let unknown = format!("Bearer {THEIRS}");
    let mut all = Vec::new();
    for bearer in [known.as_str(), unknown.as_str()] {
        let headers = [
            ("authorization", bearer),
            ("content-type", "application/json"),
            ("idempotency-key", THEIRS),
        ];
        let wrong = json!({ "applicant_name": THEIRS, THEIRS: 1 }).to_string();
        for (method, target) in [
            ("GET", format!("/api/v1/payments?limit={THEIRS}")),
            ("GET", format!("/api/v1/payments?cursor={THEIRS}")),
            ("GET", format!("/api/v1/bills/{THEIRS}")),
            ("GET", format!("/api/v1/{THEIRS}")),
            ("PUT", format!("/api/v1/dossiers/{THEIRS}")),
            ("POST", "/api/v1/attempts".to_owned()),
            ("POST", "/api/v1/refunds".to_owned()),
            ("POST", "/api/v1/statements?source=nowhere".to_owned()),
            ("GET", format!("/indicators?unit={THEIRS}")),
            ("GET", format!("/{THEIRS}")),
        ] {
            all.push(request(method, &target, &headers, wrong.as_bytes()));
        }
    }
    all
}

fn text_of(replies: &[Reply]) -> String {
    let text = |reply: &Reply| format!("{} {:?} {}\n", reply.status, reply.headers, reply.body);
    replies.iter().map(text).collect()
}

/// Says nothing, or where the canary sang.
fn silent(canary: &str, place: &str, text: &str) {
    let line = text.lines().find(|line| line.contains(canary));
    assert!(line.is_none(), "{canary} in {place}: {line:?}");
}

#[allow(clippy::too_many_lines, reason = "one story, told in its order")]
fn no_secret_is_seen_again(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(engine);
    let (more, environment) = channels(folder.path());
    let collector = Collector::start();
    let limits = "[log]\nlevel = \"trace\"\n[status_queries]\nenabled = false\n";
    let settings = settings_of(
        &database,
        &format!("{limits}{}{more}", collector.settings()),
    );
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut program = Program::serve(folder.path(), &settings, &environment);
    let db = Db::open(&database.url).unwrap();
    let asked = TokenRequest {
        tenant: Tenant(1),
        role: "admin".to_owned(),
        officer: None,
        unit: None,
        expires_at: None,
    };
    let token = create_token(&db, &asked, chrono::Utc::now()).unwrap();
    let (begin, end) = sabotage(db.engine(), 6666);
    database.run(&begin);
    let mut replies = Vec::new();
    let mut send = |bytes: &[u8]| replies.push(exchange(program.address, bytes));
    for id in [1, 2] {
        let body = transfer(id, 6665 + i64::try_from(id).unwrap(), THEIRS).to_string();
        send(&bank_request(body.as_bytes(), BANK_KEY));
    }
    database.run(end);
    let query = vnpay_query("14000001", THEIRS, 5000, "k-vnpay");
    send(&request(
        "GET",
        &format!("/webhooks/vnpay?{query}"),
        &[],
        b"",
    ));
    for facts in provider_facts() {
        for bytes in harm(&format!("c-{}", facts.name)) {
            send(&bytes);
        }
    }
    for bytes in harm("bank").into_iter().chain(asked_wrongly(&token)) {
        send(&bytes);
    }
    for target in ["/metrics", "/readyz", "/healthz", "/indicators"] {
        send(&request("GET", target, &[], b""));
    }
    let figures = exchange(program.address, &request("GET", "/metrics", &[], b"")).body;
    assert!(figures.contains("doisoat_refused_calls_total"), "{figures}");
    program.signal("HUP");
    program.signal("TERM");
    assert!(program.end().success());
    let written = program.written();
    assert!(
        written.contains("a call was refused"),
        "the log is not loud enough"
    );
    assert!(
        written.contains("TRACE") || written.contains("DEBUG"),
        "{}",
        &written[..2000]
    );
    let replies = text_of(&replies);
    for (place, text) in [("the log", &written), ("the answers", &replies)] {
        silent(OURS, place, text);
        silent(&SIGNING[6..], place, text);
        silent(BANK_KEY, place, text);
        silent(&token, place, text);
    }
    // The program has ended, so all its spans are there.
    let traces = collector.taken();
    assert!(traces.contains("a call was refused"), "{traces}");
    for canary in [OURS, &SIGNING[6..], BANK_KEY, &token, THEIRS] {
        silent(canary, "the traces", &traces);
    }
    silent(THEIRS, "the log", &written);
    silent(THEIRS, "the figures", &figures);
    for arguments in [
        &["check"][..],
        &["check", "--json"],
        &["quarantine", "list"],
        &["token", "list"],
    ] {
        let said = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args(arguments)
            .arg("--config")
            .arg(folder.path().join("doisoat.toml"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        silent(OURS, &format!("{arguments:?}"), &text);
        silent(&token, &format!("{arguments:?}"), &text);
    }
}

#[test]
fn no_secret_is_seen_again_on_sqlite() {
    no_secret_is_seen_again(Engine::Sqlite);
}

#[test]
fn no_secret_is_seen_again_on_postgres() {
    no_secret_is_seen_again(Engine::Postgres);
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doisoat.toml");
    let text = format!(
        "[database]\nurl = \"postgres://u:{OURS}@127.0.0.1:1/fees?password={OURS}\"\n[log]\nlevel = \"trace\""
    );
    std::fs::write(&file, text).unwrap();
    for command in ["serve", "check", "migrate", "verify"] {
        let said = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args([command, "--config"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(!said.status.success(), "{command}");
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("127.0.0.1:1"), "{command}: {text}");
        silent(OURS, command, &text);
    }
}

#[test]
fn settings_that_are_wrong_are_named_without_the_secrets_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doisoat.toml");
    let channel = "[channels.bank]\nprovider = \"sepay\"\n";
    for text in [
        format!("{channel}secrets.api_key = \"{OURS}"),
        format!("{channel}secrets.api_key = {{ \"{OURS}\" = 1 }}"),
        format!("{channel}secrets.api_key = [[\"{OURS}\"]]"),
        format!("{channel}secrets.api_kez = \"{OURS}\""),
        format!("[subscribers.ear]\nurl = \"https://x\"\nsecret = \"{OURS}\""),
        format!("[database]\nurl = \"mysql://u:{OURS}@h/d\""),
    ] {
        std::fs::write(&file, &text).unwrap();
        let said = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args(["check", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(!said.status.success(), "{text}");
        let said = [said.stdout, said.stderr].concat();
        silent(OURS, &text, &String::from_utf8_lossy(&said));
    }
}

#[test]
fn a_process_that_dies_leaves_no_memory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let mut program = Program::serve(folder.path(), &settings_of(&database, ""), &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let bounds: Vec<&str> = core.unwrap().split_whitespace().skip(4).take(2).collect();
    assert_eq!(bounds, ["0", "0"]);
    program.signal("ABRT");
    assert!(!program.end().success());
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("core"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn tokens_are_listed_by_names_that_open_nothing_and_ended_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let program = Program::serve(folder.path(), &settings_of(&database, ""), &[]);
    let run = |arguments: &[&str]| {
        let said = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args(arguments)
            .args(["--json", "--config"])
            .arg(folder.path().join("doisoat.toml"))
            .output()
            .unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        (
            said.status.success(),
            serde_json::from_str::<Value>(&text).unwrap_or_default(),
        )
    };
    let token = run(&["token", "create", "--role", "auditor"]).1["token"].clone();
    let token = token.as_str().unwrap();
    run(&[
        "token",
        "create",
        "--role",
        "admin",
        "--expires",
        "2099-01-01",
    ]);
    let bearer = format!("Bearer {token}");
    let asked = request(
        "GET",
        "/api/v1/payments",
        &[("authorization", &bearer)],
        b"",
    );
    assert_eq!(exchange(program.address, &asked).status, 200);
    let (_, listed) = run(&["token", "list"]);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert!(!listed.to_string().contains(token));
    let mine = items.iter().find(|item| item["role"] == "auditor").unwrap();
    assert_eq!(
        (&mine["state"], &mine["expires_at"]),
        (&json!("valid"), &Value::Null)
    );
    let name = mine["name"].as_str().unwrap();
    for wrong in ["ab", "000000000000", token] {
        assert!(!run(&["token", "revoke", wrong]).0, "{wrong}");
    }
    assert!(run(&["token", "revoke", name]).0);
    assert_eq!(exchange(program.address, &asked).status, 401);
    assert!(!run(&["token", "revoke", name]).0, "it has ended before");
    let (_, listed) = run(&["token", "list"]);
    let state = |role: &str| {
        let items = listed["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["role"] == role).unwrap()["state"].clone()
    };
    assert_eq!(
        (state("auditor"), state("admin")),
        (json!("ended"), json!("valid"))
    );
}
