//! Traces as a collector sees them: the real program sends over a real socket what the published package
//! decodes. One call is followed from the door to its notice and payment; a collector that is gone, slow
//! or not wanted costs no call anything.

use std::fs;
use std::io::Read;
use std::net::TcpListener;

use serde_json::Value;

use crate::support::Engine;
use crate::support::app::BANK_KEY;
use crate::support::collector::Collector;
use crate::support::database::TestDatabase;
use crate::support::http::{exchange, request};
use crate::support::office::{bank_request, transfer};
use crate::support::program::{Program, settings_of};

const SERVER: i64 = 2;
const ERROR: i64 = 2;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn handed_over() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

/// A transfer's call that says it belongs to a trace.
fn call(id: u64, key: &str) -> Vec<u8> {
    let body = transfer(id, 1000, "canary-of-a-memo").to_string();
    let text = String::from_utf8(bank_request(body.as_bytes(), key)).unwrap();
    let header = format!("\r\ntraceparent: {}\r\n", handed_over());
    text.replacen("\r\n", &header, 1).into_bytes()
}

/// The one span of this name in the trace of that one.
fn below<'a>(spans: &'a [Value], above: &Value, name: &str) -> &'a Value {
    let is_it = |span: &&Value| span["name"] == name && span["parent"] == above["id"];
    let found: Vec<&Value> = spans.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{name} below {above}: {spans:#?}");
    assert_eq!(found[0]["trace"], above["trace"]);
    found[0]
}

fn of_request<'a>(spans: &'a [Value], id: &str) -> &'a Value {
    let found = spans
        .iter()
        .find(|span| span["attributes"]["request_id"] == id);
    found.unwrap_or_else(|| panic!("no span of {id}: {spans:#?}"))
}

#[allow(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_call_is_followed(engine: Engine) {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(engine);
    let mut program = Program::serve(
        folder.path(),
        &settings_of(&database, &collector.settings()),
        &[("OTEL_EXPORTER_OTLP_HEADERS", "x-sender=gateway-1")],
    );
    let ask = |bytes: &[u8], status: u16| {
        let reply = exchange(program.address, bytes);
        assert_eq!(reply.status, status, "{reply:?}");
        reply.header("x-request-id").unwrap().to_owned()
    };
    let paid = ask(&call(1, BANK_KEY), 200);
    let repeated = ask(&call(1, BANK_KEY), 200);
    let refused = ask(&call(2, "forged"), 401);
    let parent = handed_over();
    let own = [("traceparent", parent.as_str())];
    let asked = ask(&request("GET", "/api/v1/payments", &own, b""), 401);
    let odd = [("traceparent", "00-canary-of-a-header-01")];
    let odd = ask(
        &request("CANARY", "/api/v1/canary-of-a-path", &odd, b""),
        404,
    );
    program.signal("TERM");
    assert!(program.end().success());
    // The end of the program sends what is left.
    let taken = collector.taken();
    let spans = collector.spans();
    let request = of_request(&spans, &paid);
    assert_eq!(request["name"], "POST /webhooks/{channel}");
    assert_eq!(
        (&request["kind"], &request["status"]),
        (&SERVER.into(), &0.into())
    );
    assert_eq!(request["attributes"]["http.response.status_code"], 200);
    assert_eq!(request["resource"]["service.name"], "doisoat");
    assert_eq!(request["sender"], "gateway-1");
    assert_eq!(
        request["resource"]["service.version"],
        env!("CARGO_PKG_VERSION")
    );
    // What a payer says of traces says nothing.
    assert_ne!(request["trace"], TRACE);
    assert_eq!(request["parent"], "");
    below(&spans, request, "verify");
    let commit = below(&spans, request, "commit");
    let notice = below(&spans, commit, "notice");
    let one = |table: &str, column: &str| {
        let name = notice["attributes"][column].as_str().unwrap();
        let bare = name.replace('-', "");
        let is_it = match engine {
            Engine::Sqlite => format!("lower(hex({column})) = '{bare}'"),
            Engine::Postgres => format!("{column} = '{name}'"),
        };
        database.number(&format!("SELECT COUNT(*) AS n FROM {table} WHERE {is_it}"))
    };
    assert_eq!(one("notices", "notice_id"), 1);
    assert_eq!(one("payments", "payment_id"), 1);
    assert_eq!(notice["attributes"]["verdict"], "unknown_order");
    let begin = |span: &Value| span["begin"].as_u64().unwrap();
    let end = |span: &Value| span["end"].as_u64().unwrap();
    assert!(begin(request) <= begin(commit) && begin(commit) <= begin(notice));
    assert!(end(notice) <= end(commit) && end(commit) <= end(request));
    let ended = |event: &Value| event["name"] == "a call ended";
    assert!(
        commit["events"].as_array().unwrap().iter().any(ended),
        "{commit}"
    );
    // A repeat makes nothing that could have a name.
    let again = below(&spans, of_request(&spans, &repeated), "commit");
    let nothing = &below(&spans, again, "notice")["attributes"]["payment_id"];
    assert_eq!(nothing, &Value::Null);
    let refused = of_request(&spans, &refused);
    let events = refused["events"].as_array().unwrap();
    assert!(
        events
            .iter()
            .any(|event| event["attributes"]["reason"] == "signature_mismatch")
    );
    // A caller of the API may hand its trace over.
    let asked = of_request(&spans, &asked);
    assert_eq!(
        (&asked["trace"], &asked["parent"]),
        (&TRACE.into(), &PARENT.into())
    );
    assert_eq!(asked["name"], "GET /api/v1/payments");
    let odd = of_request(&spans, &odd);
    assert_eq!(
        (odd["name"].as_str(), odd["parent"].as_str()),
        (Some("_OTHER"), Some(""))
    );
    for canary in ["canary", "CANARY", BANK_KEY, "forged"] {
        assert!(!taken.contains(canary), "{canary}: {taken}");
    }
}

#[test]
fn a_call_is_followed_to_its_notice_and_its_payment_on_sqlite() {
    a_call_is_followed(Engine::Sqlite);
}

#[test]
fn a_call_is_followed_to_its_notice_and_its_payment_on_postgres() {
    a_call_is_followed(Engine::Postgres);
}

#[test]
fn an_answer_that_is_our_fault_marks_its_trace() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let settings = settings_of(&database, &collector.settings());
    let mut program = Program::serve(folder.path(), &settings, &[]);
    database.run("ALTER TABLE __diesel_schema_migrations RENAME TO elsewhere");
    let reply = exchange(program.address, &request("GET", "/readyz", &[], b""));
    assert_eq!(reply.status, 503);
    program.signal("TERM");
    assert!(program.end().success());
    let spans = collector.spans();
    let span = of_request(&spans, reply.header("x-request-id").unwrap());
    assert_eq!(span["status"], ERROR);
}

/// What became of spans, as the program counts.
fn spans(program: &Program, outcome: &str) -> u64 {
    let text = exchange(program.address, &request("GET", "/metrics", &[], b"")).body;
    let name = format!("doisoat_trace_spans_total{{outcome=\"{outcome}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name}: {text}"))
        .parse()
        .unwrap()
}

#[test]
fn a_collector_that_never_answers_costs_spans_and_no_call() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let endpoint = deaf.local_addr().unwrap();
    let more = format!("[traces]\notlp_endpoint = \"http://{endpoint}/\"\nqueue = 8\n");
    let mut program = Program::serve(folder.path(), &settings_of(&database, &more), &[]);
    assert_eq!(exchange(program.address, &call(1, BANK_KEY)).status, 200);
    // The first spans are on their way, and nobody will take them.
    let (mut socket, _) = deaf.accept().unwrap();
    let mut head = [0; 21];
    socket.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"POST /v1/traces HTTP/");
    for id in 2..12 {
        assert_eq!(exchange(program.address, &call(id, BANK_KEY)).status, 200);
    }
    assert_eq!(spans(&program, "sent"), 0);
    assert!(spans(&program, "dropped") > 0);
    assert_eq!(database.number("SELECT COUNT(*) AS n FROM payments"), 11);
    program.signal("TERM");
    assert!(program.end().success());
    assert!(
        program
            .written()
            .contains("the last traces could not be sent in time")
    );
}

#[test]
fn a_collector_that_is_not_there_is_told_of_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = free.local_addr().unwrap();
    drop(free);
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let more = format!("[traces]\notlp_endpoint = \"http://{endpoint}\"\n");
    let mut program = Program::serve(folder.path(), &settings_of(&database, &more), &[]);
    assert_eq!(exchange(program.address, &call(1, BANK_KEY)).status, 200);
    // Each look ends a span of its own, so that there is always a next batch.
    let first = loop {
        match spans(&program, "failed") {
            0 => std::thread::yield_now(),
            count => break count,
        }
    };
    while spans(&program, "failed") == first {
        std::thread::yield_now();
    }
    program.signal("TERM");
    assert!(program.end().success());
    let written = program.written();
    assert_eq!(
        written.matches("traces cannot be sent").count(),
        1,
        "{written}"
    );
}

#[test]
fn nobody_follows_unless_a_collector_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new(Engine::Sqlite);
    let threads = |more: &str| {
        let program = Program::serve(folder.path(), &settings_of(&database, more), &[]);
        assert_eq!(exchange(program.address, &call(1, BANK_KEY)).status, 200);
        assert_eq!(spans(&program, "dropped"), 0);
        let tasks = fs::read_dir(format!("/proc/{}/task", program.id())).unwrap();
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap();
        let names = tasks.map(|task| name(task.unwrap()));
        names.filter(|name| name.trim() == "traces").count()
    };
    assert_eq!(threads(""), 0);
    assert_eq!(
        threads("[traces]\notlp_endpoint = \"http://127.0.0.1:1\"\n"),
        1
    );
}
