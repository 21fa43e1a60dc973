//! The API's bodies and queries: the real doors on a database of their own, asked over a socket. Nothing
//! that is sent may be answered by a failure of the machine.

#![no_main]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};

use doisoat::config::clock::Clock;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::store::Db;
use doisoat::store::rows::{ProcedureRow, UnitRow};
use doisoat::web::Gateway;
use doisoat::web::api::addresses;
use doisoat::web::server::{Running, serve_on};
use doisoat_fuzz::{now, settings_of};
use libfuzzer_sys::{Corpus, fuzz_target};

/// The doors, and everything that must outlive them.
struct House {
    address: SocketAddr,
    tokens: [String; 2],
    addresses: Vec<(&'static str, &'static str)>,
    socket: Mutex<Option<TcpStream>>,
    _running: Running,
    _folder: tempfile::TempDir,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/doisoat.db", folder.path().display());
    let settings = settings_of(&format!(
        "[database]\nurl = \"{url}\"\n[server]\nworkers = 1\n[channels.bank]\nprovider = \"sepay\"\nsecrets.api_key = \"k\"\nsettings.scheme = \"sepay-apikey\"\n[sources.giro]\nkind = \"bank\"\n"
    ));
    let db = Db::open(&url).expect("a database");
    db.migrate().expect("a schema");
    let unit = UnitRow {
        tenant: 1,
        code: "H12.104".to_owned(),
        name_vi: "Xã".to_owned(),
        name_en: "Commune".to_owned(),
        level: "commune".to_owned(),
        parent: None,
        valid_from: None,
        valid_to: None,
    };
    let procedure = ProcedureRow {
        tenant: 1,
        code: "2.000815".to_owned(),
        name: "Chứng thực bản sao".to_owned(),
        field: "Chứng thực".to_owned(),
        has_fee: true,
    };
    db.write(|queries| {
        queries.insert_units(std::slice::from_ref(&unit))?;
        queries.insert_procedures(std::slice::from_ref(&procedure))
    })
    .expect("an office");
    add_officer(&db, Tenant(1), "KT01", "A", None, now()).expect("an officer");
    let token = |role: &str| {
        let request = TokenRequest {
            tenant: Tenant(1),
            role: role.to_owned(),
            officer: Some("KT01".to_owned()),
            unit: None,
            expires_at: None,
        };
        create_token(&db, &request, now()).expect("a token")
    };
    let tokens = [token("approver"), token("admin")];
    let clock = Clock::simulated(now());
    let (gateway, writer) = Gateway::open(db, clock, settings, "fuzz".to_owned()).expect("doors");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let running = serve_on(gateway, writer, listener).expect("a server");
    let all = addresses();
    let methods = all.all().iter().flat_map(|one| one.methods.iter().map(|method| (*method, one.path)));
    House {
        address: running.address,
        tokens,
        addresses: methods.collect(),
        socket: Mutex::new(None),
        _running: running,
        _folder: folder,
    }
});

/// Asks over the open socket, or a new one; the status, or none when the request was no HTTP.
fn status(house: &House, request: &[u8]) -> Option<u16> {
    let mut held = house.socket.lock().expect("one at a time");
    let mut socket = match held.take() {
        Some(socket) => socket,
        None => TcpStream::connect(house.address).expect("the doors are open"),
    };
    socket.write_all(request).ok()?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = socket.read(&mut chunk).ok()?;
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&chunk[..count]);
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if answer.len() >= end + 4 + length {
            if !head.contains("connection: close") {
                *held = Some(socket);
            }
            break;
        }
    }
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&choice, rest)) = data.split_first() else {
        return Corpus::Reject;
    };
    let house = &*HOUSE;
    let (method, path) = house.addresses[usize::from(choice) % house.addresses.len()];
    let filled: Vec<&str> = path
        .split('/')
        .map(|part| match part {
            "{id}" => "019b8c2b-61f8-7a51-8a0c-6d3c1c2f9e10",
            "{date}" => "2026-01-05",
            "{code}" => "H12.104-260105-0001",
            "{name}" => "day-sheet",
            part if part.starts_with('{') => "x",
            part => part,
        })
        .collect();
    let path = format!("/api/v1{}", filled.join("/"));
    let (query, body) = if method == "GET" { (rest, &[][..]) } else { (&[][..], rest) };
    let query: String = query
        .iter()
        .map(|&byte| match byte {
            b'=' | b'&' | b'-' | b'_' | b'.' | b':' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let is_admins = ["/dossiers", "/outbox", "/attempts"].iter().any(|part| path.contains(part));
    let token = &house.tokens[usize::from(is_admins)];
    let head = format!(
        "{method} {path}?{query} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let status = status(house, &[head.as_bytes(), body].concat());
    assert!(status.is_none_or(|status| status < 500), "{method} {path}?{query} is answered {status:?}");
    Corpus::Keep
});
