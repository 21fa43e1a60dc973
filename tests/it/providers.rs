//! The contract with every provider over a real socket: each recorded call reaches the running
//! server byte for byte, is answered as its contract says and stands in the list of payments once.

use std::fs;
use std::path::{Path, PathBuf};

use doisoat::domain::time::{from_millis, parse_rfc3339};
use serde_json::Value;

use crate::support::app::now;
use crate::support::http::Reply;
use crate::support::{Engine, TestApp};

/// A recorded call and what is known of it.
struct Recorded {
    channel: String,
    provider: String,
    wire: Vec<u8>,
    facts: Value,
}

fn recorded() -> Vec<Recorded> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers");
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let files = fs::read_dir(folder.unwrap().path()).unwrap();
        paths.extend(files.map(|file| file.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|end| end == "http"));
    paths.sort();
    let read = |(number, path): (usize, &PathBuf)| {
        let facts = fs::read(path.with_extension("json")).unwrap();
        let provider = path.parent().unwrap().file_name().unwrap();
        let provider = provider.to_str().unwrap().to_owned();
        Recorded {
            channel: format!("{provider}-{number}"),
            wire: fs::read(path).unwrap(),
            facts: serde_json::from_slice(&facts).unwrap(),
            provider,
        }
    };
    let all = paths.iter().enumerate().map(read);
    // PaymentPlatform's recorded calls follow open code bases, and there are no others.
    all.filter(|one| one.facts["confidence"] != "low" || one.provider == "paymentplatform")
        .collect()
}

impl Recorded {
    /// The channel as an installation would configure it.
    fn settings(&self) -> String {
        let mut text = format!(
            "[channels.{}]\nprovider = \"{}\"\n",
            self.channel, self.provider
        );
        for (name, value) in self.facts["secrets"].as_object().unwrap() {
            text.push_str(&format!("secrets.{name} = {value}\n"));
        }
        if self.provider == "sepay" {
            text.push_str(&format!("settings.scheme = {}\n", self.facts["scheme"]));
        }
        for (name, value) in self.facts["config"].as_object().into_iter().flatten() {
            text.push_str(&format!("settings.{name} = {value}\n"));
        }
        text
    }

    /// The recorded bytes, addressed to the channel, with the length the recording leaves out.
    fn request(&self) -> Vec<u8> {
        let end = self.wire.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = self.wire.split_at(end.unwrap());
        let head = std::str::from_utf8(head).unwrap();
        let (method, rest) = head.split_once(" /webhooks/").unwrap();
        let place = rest.find(['?', ' ', '/']).unwrap();
        let length = match body.len() - 4 {
            0 if method == "GET" => String::new(),
            length => format!("\r\ncontent-length: {length}"),
        };
        let head = format!(
            "{method} /webhooks/{}{}{length}",
            self.channel,
            &rest[place..]
        );
        [head.as_bytes(), body].concat()
    }

    fn is_valid(&self) -> bool {
        self.facts["valid"].as_bool().unwrap()
    }

    fn name(&self) -> String {
        format!(
            "{} {} {}",
            self.channel, self.facts["reason"], self.facts["expect"]
        )
    }
}

/// The answers of a contract: taken, and taken before. No bill is known, so VNPAY is told that there
/// is no such order unless no money is spoken of.
fn is_taken(provider: &str, reply: &Reply, is_repeat: bool) -> bool {
    let body = reply.body.as_str();
    match provider {
        "vnpay" => reply.status == 200 && reply.json()["RspCode"] == "01",
        "momo" | "standardwebhooks" => reply.status == 204 && body.is_empty(),
        "zalopay" => reply.json()["return_code"] == if is_repeat { 2 } else { 1 },
        "payos" => reply.status == 200 && body == r#"{"success":true}"#,
        "sepay" => reply.status == 200 && body == r#"{"success": true}"#,
        "paymentplatform" => reply.status == 200 && reply.json()["MaLoi"] == "00",
        other => panic!("{other}"),
    }
}

fn is_refused(provider: &str, reply: &Reply) -> bool {
    let is_client_fault = (400..500).contains(&reply.status);
    match provider {
        _ if reply.status == 405 => reply.header("allow").is_some(),
        "vnpay" => {
            reply.status == 200
                && ["97", "99"]
                    .iter()
                    .any(|code| reply.json()["RspCode"] == **code)
        }
        "zalopay" => reply.status == 200 && reply.json()["return_code"] == -1,
        "paymentplatform" => reply.status == 200 && reply.json()["MaLoi"] == "99",
        "payos" | "sepay" => is_client_fault && reply.json()["success"] == false,
        "momo" | "standardwebhooks" => is_client_fault && reply.body.is_empty(),
        other => panic!("{other}"),
    }
}

fn check_payment(one: &Recorded, payment: &Value) {
    let (name, expect) = (one.name(), &one.facts["expect"]);
    for field in [
        "provider_txn_id",
        "order_ref",
        "amount",
        "status",
        "bank_txn_id",
    ] {
        if let Some(expected) = expect.get(field) {
            assert_eq!(payment[field], *expected, "{name}: {field}");
        }
    }
    let instant = |value: &Value| value.as_str().map(|text| parse_rfc3339(text).unwrap());
    assert_eq!(
        instant(&payment["paid_at"]),
        instant(&expect["paid_at"]),
        "{name}"
    );
    assert_eq!(payment["provider"], one.provider.as_str(), "{name}");
    assert_eq!(payment["currency"], "VND", "{name}");
    assert_eq!(payment["bill"], Value::Null, "{name}");
}

fn every_recorded_call_is_answered_as_its_contract_says(engine: Engine) {
    let all = recorded();
    assert!(all.len() > 100, "{}", all.len());
    let settings: String = all.iter().map(Recorded::settings).collect();
    let mut app = TestApp::start(engine, &settings);
    for one in &all {
        let at = one.facts["verify_at"].as_i64();
        app.set_clock(at.map_or_else(now, |at| from_millis(at * 1000).unwrap()));
        let list = format!("/api/v1/payments?channel={}", one.channel);
        let first = app.send(&one.request());
        if one.is_valid() {
            assert!(
                is_taken(&one.provider, &first, false),
                "{}: {first:?}",
                one.name()
            );
            let again = app.send(&one.request());
            assert!(
                is_taken(&one.provider, &again, true),
                "{}: {again:?}",
                one.name()
            );
            let payments = app.items(&list);
            assert_eq!(payments.len(), 1, "{}", one.name());
            check_payment(one, &payments[0]);
        } else {
            assert!(
                is_refused(&one.provider, &first),
                "{}: {first:?}",
                one.name()
            );
            assert!(app.items(&list).is_empty(), "{}", one.name());
        }
    }
    let kept = app.quarantine();
    for one in &all {
        let rows = kept.iter().filter(|row| row.channel == one.channel).count();
        assert_eq!(rows, usize::from(!one.is_valid()), "{}", one.name());
    }
}

#[test]
fn every_recorded_call_is_answered_as_its_contract_says_on_sqlite() {
    every_recorded_call_is_answered_as_its_contract_says(Engine::Sqlite);
}

#[test]
fn every_recorded_call_is_answered_as_its_contract_says_on_postgres() {
    every_recorded_call_is_answered_as_its_contract_says(Engine::Postgres);
}
