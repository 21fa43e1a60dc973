//! The contract with every provider over a real socket: each recorded call reaches the running
//! server byte for byte, is answered as its contract says and stands in the list of payments once.

use std::fs;
use std::path::{Path, PathBuf};

use doisoat::domain::time::{from_millis, parse_rfc3339};
use serde_json::Value;

use crate::support::app::now;
use crate::support::http::{Reply, request};
use crate::support::office::HERE;
use crate::support::{Engine, TestApp, both};

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
    // What is known of these follows open code bases, and there are no other calls of theirs.
    let unsure = ["paymentplatform", "onepay", "keypay", "viettelmoney"];
    all.filter(|one| one.facts["confidence"] != "low" || unsure.contains(&one.provider.as_str()))
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
        if ["sepay", "casso", "keypay", "viettelmoney"].contains(&self.provider.as_str()) {
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

    /// What the payments of the call must be: one, several, or none where it asks for a token.
    fn expected(&self) -> Vec<&Value> {
        let expect = &self.facts["expect"];
        match expect["list"].as_array() {
            Some(list) => list.iter().collect(),
            None if expect.get("response").is_some() => Vec::new(),
            None => vec![expect],
        }
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
        "casso" => reply.status == 200 && body == r#"{"success": true}"#,
        "onepay" => reply.status == 200 && body == "responsecode=1&desc=confirm-success",
        "vietqrvn" if reply.body.contains("access_token") => {
            reply.status == 200 && reply.json()["expires_in"] == 300
        }
        "vietqrvn" => reply.status == 200 && reply.json()["error"] == false,
        "stripe" => reply.status == 200 && reply.json()["received"] == true,
        "keypay" => reply.status == 200 && body == "recorded",
        "viettelmoney" => reply.status == 200 && reply.json()["error_code"] == "00",
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
        "casso" => is_client_fault && reply.json()["success"] == false,
        "onepay" => reply.status == 200 && reply.body == "responsecode=0&desc=confirm-fail",
        "vietqrvn" => is_client_fault && reply.json()["error"] == true,
        "stripe" => is_client_fault && reply.json()["error"].is_string(),
        "keypay" => is_client_fault && reply.body == "refused",
        "viettelmoney" => {
            reply.status == 200
                && ["02", "03"]
                    .iter()
                    .any(|code| reply.json()["error_code"] == **code)
        }
        other => panic!("{other}"),
    }
}

fn check_payment(one: &Recorded, payment: &Value, expect: &Value) {
    let name = one.name();
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
    // The recordings of Stripe and of lists do not say when the payer paid.
    if expect.get("paid_at").is_some() || !["stripe", "casso"].contains(&one.provider.as_str()) {
        let expected = instant(&expect["paid_at"]);
        assert_eq!(instant(&payment["paid_at"]), expected, "{name}");
    }
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
            let expected = one.expected();
            assert_eq!(payments.len(), expected.len(), "{}", one.name());
            for expect in expected {
                let is_it = |payment: &&Value| {
                    expect.get("provider_txn_id").is_none()
                        || payment["provider_txn_id"] == expect["provider_txn_id"]
                };
                check_payment(one, payments.iter().find(is_it).unwrap(), expect);
            }
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

const VIETQR: &str = r#"
[channels.vietqr]
provider = "vietqrvn"
secrets.basic_user = "vietqr"
secrets.basic_password = "k-password"
secrets.jwt_key = ["k-new", "k-old"]
"#;

fn transfer(app: &TestApp, path: &str, token: &str, reference: &str) -> Reply {
    let body = format!(
        r#"{{"bankaccount":"0011","amount":1000,"transType":"C","content":"x","transactionid":"t","transactiontime":1767583815000,"referencenumber":"{reference}","orderId":"A1"}}"#
    );
    let bearer = format!("Bearer {token}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    let target = format!("/webhooks/vietqr{path}");
    app.send(&request("POST", &target, &headers, body.as_bytes()))
}

both!(
    fn a_token_of_ours_opens_the_door_until_it_runs_out(app, VIETQR) {
        let basic = |password: &str| {
            use doisoat::intake::signature::to_base64;
            let shown = format!("Basic {}", to_base64(format!("vietqr:{password}").as_bytes()));
            let target = "/webhooks/vietqr/api/token_generate";
            app.send(&request("POST", target, &[("authorization", &shown)], b""))
        };
        assert_eq!(basic("k-other").status, 401);
        let given = basic("k-password");
        assert_eq!((given.status, &given.json()["token_type"]), (200, &Value::from("Bearer")));
        let token = given.json()["access_token"].as_str().unwrap().to_owned();
        for (path, reference) in [
            ("/transaction-sync", "FT1"),
            ("/bank/api/transaction-sync", "FT2"),
            ("", "FT3"),
        ] {
            let taken = transfer(app, path, &token, reference);
            assert_eq!(taken.status, 200, "{taken:?}");
            assert_eq!(taken.json()["object"]["reftransactionid"], reference);
        }
        assert_eq!(transfer(app, "/elsewhere", &token, "FT4").status, 400);
        let (text, _) = token.rsplit_once('.').unwrap();
        assert_eq!(transfer(app, "", text, "FT5").status, 401);
        app.set_clock(now() + chrono::TimeDelta::seconds(299));
        assert_eq!(transfer(app, "", &token, "FT6").status, 200);
        app.set_clock(now() + chrono::TimeDelta::seconds(300));
        assert_eq!(transfer(app, "", &token, "FT7").status, 401);
        assert_eq!(app.items("/api/v1/payments?channel=vietqr").len(), 4);
        for row in app.quarantine() {
            let raw = String::from_utf8_lossy(&row.raw).into_owned();
            assert!(!raw.contains("Bearer ") && !raw.contains("Basic "), "{raw}");
        }
    }
);

const OWN: &str = r#"
[providers.own]
request = { method = "POST", format = "json" }
signature = { kind = "static-key", header = "X-Own-Token", key = "token" }
fields = { amount = "amount", payment_key = "id", provider_txn_id = "id", order_ref = "ref" }
status.succeeded = [{ code = "00" }]
answers.recorded = { status = 200, body = '{"ok": "${order_ref}"}' }
answers.repeat = { status = 208, body = "again" }
answers.unknown_order = { status = 202, type = "text/plain", body = "unknown ${order_ref}" }
answers.refused = { status = 422, body = "${code}" }
answers.try_later.status = 503

[channels.own]
provider = "own"
secrets.token = "k-own"
"#;

both!(
    fn a_bank_of_ones_own_needs_no_code(app, OWN) {
        let call = |token: &str, body: &str| {
            let headers = [("content-type", "application/json"), ("x-own-token", token)];
            app.send(&request("POST", "/webhooks/own", &headers, body.as_bytes()))
        };
        let paid = r#"{"id":"T1","amount":"5000","ref":"A \u00e9&","code":"00"}"#;
        let first = call("k-own", paid);
        assert_eq!((first.status, first.body.as_str()), (202, "unknown A+%C3%A9%26"));
        assert_eq!(first.header("content-type"), Some("text/plain"));
        assert_eq!(call("k-own", paid).status, 202);
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 5_000);
        let other = format!(r#"{{"id":"T2","amount":5000,"ref":"{bill}","code":"00"}}"#);
        let told = format!(r#"{{"ok": "{bill}"}}"#);
        let exact = call("k-own", &other);
        assert_eq!((exact.status, exact.body.as_str()), (200, told.as_str()));
        let again = call("k-own", &other);
        assert_eq!((again.status, again.body.as_str()), (208, "again"));
        let third = call("k-own", r#"{"id":"T3","amount":1,"code":"zz"}"#);
        assert!(third.status < 300, "{third:?}");
        let forged = call("k-other", paid);
        assert_eq!((forged.status, forged.body.as_str()), (422, "signature_mismatch"));
        let payments = app.items("/api/v1/payments?channel=own");
        let mut told: Vec<String> = payments
            .iter()
            .map(|one| format!("{} {} {}", one["provider"], one["provider_txn_id"], one["status"]))
            .collect();
        told.sort();
        let expected = [
            r#""own" "T1" "succeeded""#,
            r#""own" "T2" "succeeded""#,
            r#""own" "T3" "review""#,
        ];
        assert_eq!(told, expected);
        let kept = app.quarantine();
        assert_eq!(kept.len(), 1);
        assert!(!String::from_utf8_lossy(&kept[0].raw).contains("k-other"));
        let mended = OWN.replace("\"k-own\"", "[\"k-own\", \"k-other\"]");
        let mended = TestApp::start_on(std::sync::Arc::clone(&app.database), &mended);
        let channels = &mended.settings.channels;
        let names = doisoat::intake::providers::names(channels.values());
        let done = doisoat::journeys::replay_quarantine::replay_quarantine(
            &mended.db, &mended.clock, channels, None, names,
        );
        assert_eq!(done.unwrap().repeats, 1);
    }
);

/// Two channels whose keys somebody copied.
const COPIED: &str = r#"
[channels.vietqr]
provider = "vietqrvn"
secrets.basic_user = "vietqr"
secrets.basic_password = "k-password"
secrets.jwt_key = "k-same"

[channels.other]
provider = "vietqrvn"
secrets.basic_user = "vietqr"
secrets.basic_password = "k-password"
secrets.jwt_key = "k-same"
"#;

both!(
    fn a_token_opens_the_channel_it_was_given_for_and_no_other(app, COPIED) {
        use doisoat::intake::signature::{hmac_sha512, to_base64, to_base64url};
        let given = |channel: &str| {
            let shown = format!("Basic {}", to_base64(b"vietqr:k-password"));
            let target = format!("/webhooks/{channel}/api/token_generate");
            let reply = app.send(&request("POST", &target, &[("authorization", &shown)], b""));
            reply.json()["access_token"].as_str().unwrap().to_owned()
        };
        assert_eq!(transfer(app, "", &given("vietqr"), "FT1").status, 200);
        assert_eq!(transfer(app, "", &given("other"), "FT2").status, 401);
        // Whoever makes tokens with the key itself names the user, or the channel as text.
        let made = |claims: &str| {
            let head = to_base64url(br#"{"alg":"HS512","typ":"JWT"}"#);
            let text = format!("{head}.{}", to_base64url(claims.as_bytes()));
            format!("{text}.{}", to_base64url(&hmac_sha512(b"k-same", &[text.as_bytes()])))
        };
        for (claims, status) in [
            (r#"{"username":"vietqr","exp":1767584105}"#, 200),
            (r#"{"aud":"vietqr","exp":1767584105}"#, 200),
            (r#"{"username":"another","exp":1767584105}"#, 401),
            (r#"{"exp":1767584105}"#, 401),
            (r#"{"username":"vietqr","aud":"other","exp":1767584105}"#, 401),
            (r#"{"username":"vietqr","aud":["vietqr"],"exp":1767584105}"#, 401),
            (r#"{"username":"vietqr","aud":null,"exp":1767584105}"#, 401),
        ] {
            assert_eq!(transfer(app, "", &made(claims), claims.len().to_string().as_str()).status, status, "{claims}");
        }
    }
);
