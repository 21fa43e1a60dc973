//! Callers that mean harm, over raw sockets: slow, endless, many, half gone, or all at once. What is
//! proven each time is that honest calls are answered meanwhile, and that what was held is let go.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::support::app::BANK_KEY;
use crate::support::http::{exchange, request};
use crate::support::office::{bank_request, transfer};
use crate::support::{Engine, TestApp};

const ALL: &str = "/api/v1/payments?limit=500";

/// One second of patience.
const SHORT: &str = "[server]\nrequest_timeout_s = 1\nbody_limit_bytes = 4096\n";

fn app() -> TestApp {
    TestApp::start(Engine::Sqlite, SHORT)
}

fn connect(app: &TestApp) -> TcpStream {
    let socket = TcpStream::connect(app.address()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    socket
}

/// Everything a socket gives until it ends, and how long that took.
fn rest(socket: &mut TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("neither an answer nor an end: {error}"),
        }
    }
    (
        String::from_utf8_lossy(&bytes).into_owned(),
        began.elapsed(),
    )
}

fn honest(app: &TestApp, id: u64) {
    assert_eq!(app.transfer(id, 1000, "memo").status, 200);
}

#[test]
fn whoever_sends_its_head_slowly_is_given_up_and_nobody_waits_for_it() {
    let app = app();
    let mut slow: Vec<TcpStream> = (0..300).map(|_| connect(&app)).collect();
    for (number, socket) in slow.iter_mut().enumerate() {
        match number % 3 {
            0 => {}
            1 => socket
                .write_all(b"POST /webhooks/bank HTTP/1.1\r\nhost: x\r\nx-a: ")
                .unwrap(),
            _ => socket.write_all(b"P").unwrap(),
        }
    }
    // A letter now and then buys no time.
    let began = Instant::now();
    let mut id = 0;
    while began.elapsed() < Duration::from_millis(2500) {
        for socket in slow.iter_mut().skip(1).step_by(3) {
            let _ = socket.write_all(b"a");
        }
        id += 1;
        honest(&app, id);
    }
    for socket in &mut slow {
        let (answer, waited) = rest(socket);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
            "{answer}"
        );
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    }
    assert_eq!(app.items(ALL).len(), usize::try_from(id).unwrap().min(500));
}

#[test]
fn whoever_sends_its_body_slowly_is_told_so_in_time() {
    let app = app();
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&app)).collect();
    for socket in &mut slow {
        let head = "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\r\n{";
        socket.write_all(head.as_bytes()).unwrap();
    }
    honest(&app, 1);
    for socket in &mut slow {
        let (answer, waited) = rest(socket);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("too_slow"), "{answer}");
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    }
}

#[test]
fn a_head_or_a_body_without_end_is_cut_short() {
    let app = app();
    let mut endless = connect(&app);
    endless
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    let line = format!("x-a: {}\r\n", "a".repeat(1000));
    let mut sent = 0;
    while sent < 1_000_000 && endless.write_all(line.as_bytes()).is_ok() {
        sent += line.len();
    }
    let (answer, _) = rest(&mut endless);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    let many = (0..200)
        .map(|n| (format!("x-{n}"), "a"))
        .collect::<Vec<_>>();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let mut socket = connect(&app);
    socket
        .write_all(&request("GET", "/healthz", &many, b""))
        .unwrap();
    let (answer, _) = rest(&mut socket);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // A body in parts, longer than its limit, however small the parts are.
    let mut chunked = connect(&app);
    let authorization = format!("authorization: Apikey {BANK_KEY}");
    let head = format!(
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\n{authorization}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    chunked.write_all(head.as_bytes()).unwrap();
    for _ in 0..6000 {
        if chunked.write_all(b"1\r\na\r\n").is_err() {
            break;
        }
    }
    let (answer, _) = rest(&mut chunked);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413 "),
        "{answer}"
    );
    honest(&app, 1);
}

#[test]
fn what_could_be_read_in_two_ways_is_not_read() {
    let app = app();
    let ambiguous = [
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: +4\r\n\r\nabcd",
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /webhooks/bank HTTP/1.1\r\nhost : x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
    ];
    for text in ambiguous {
        let mut socket = connect(&app);
        socket.write_all(text.as_bytes()).unwrap();
        let (answer, _) = rest(&mut socket);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{text:?}: {answer}");
    }
    honest(&app, 1);
}

#[test]
fn requests_sent_ahead_are_answered_each_in_its_turn() {
    let app = app();
    let mut socket = connect(&app);
    let mut bytes = Vec::new();
    for id in 0..200 {
        let call = bank_request(transfer(id, 1000, "memo").to_string().as_bytes(), BANK_KEY);
        let text = String::from_utf8(call).unwrap();
        bytes.extend_from_slice(text.replace("connection: close\r\n", "").as_bytes());
    }
    bytes.extend_from_slice(&request("GET", "/nowhere", &[], b""));
    let mut writer = socket.try_clone().unwrap();
    let sending = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    let (answers, _) = rest(&mut socket);
    sending.join().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 200);
    assert_eq!(answers.matches("HTTP/1.1 404 ").count(), 1);
    assert!(answers.rfind("HTTP/1.1 404 ") > answers.rfind("HTTP/1.1 200 OK"));
    assert_eq!(app.items(ALL).len(), 200);
}

#[test]
fn callers_that_are_half_gone_are_let_go() {
    let app = app();
    let call = bank_request(transfer(1, 1000, "memo").to_string().as_bytes(), BANK_KEY);
    // Gone before the answer: what was committed stays committed.
    let mut gone = connect(&app);
    gone.write_all(&call).unwrap();
    drop(gone);
    // Says nothing more, and still listens.
    let mut half = connect(&app);
    half.write_all(&request("GET", "/healthz", &[], b""))
        .unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let (answer, _) = rest(&mut half);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 200 "),
        "{answer}"
    );
    // Half a request and then nothing.
    let mut cut = connect(&app);
    cut.write_all(&call[..call.len() / 2]).unwrap();
    cut.shutdown(Shutdown::Write).unwrap();
    let (_, waited) = rest(&mut cut);
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    honest(&app, 2);
    // Idle after an answer: closed, not kept.
    let mut idle = connect(&app);
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let (answer, waited) = rest(&mut idle);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    assert_eq!(exchange(app.address(), &call).status, 200);
}

#[test]
fn connections_are_bounded_and_those_that_wait_get_their_turn() {
    let more = format!("{SHORT}connections = 40\n");
    let app = TestApp::start(Engine::Sqlite, &more);
    let mut idle: Vec<TcpStream> = (0..200).map(|_| connect(&app)).collect();
    // Whoever says nothing is given up after a second, so the honest wait a few.
    let began = Instant::now();
    honest(&app, 1);
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    for socket in &mut idle {
        let _ = rest(socket);
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let app = app();
    let zeros = vec![0; 50_000_000];
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&zeros).unwrap();
    let bomb = packer.finish().unwrap();
    let token = format!("Bearer {}", app.token_of("admin", None));
    for target in [
        "/webhooks/bank",
        "/api/v1/dossiers/batch",
        "/api/v1/statements",
    ] {
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ];
        let began = Instant::now();
        let reply = app.send(&request("POST", target, &headers, &bomb));
        assert_eq!(reply.status, 415, "{target}: {reply:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{target}");
    }
    honest(&app, 1);
}
