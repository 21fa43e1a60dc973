//! How the API refuses: every refusal is a problem that names what would be right, whatever was wrong
//! with the request, and an Idempotency-Key makes every write one that is done once.

use std::collections::BTreeSet;
use std::sync::Barrier;

use chrono::TimeDelta;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::web::openapi::{BASE, document};
use serde_json::{Value, json};

use crate::support::app::now;
use crate::support::http::{Reply, exchange, request};
use crate::support::office::HERE;
use crate::support::{TestApp, both};

fn send(
    app: &TestApp,
    token: &str,
    method: &str,
    target: &str,
    more: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(more);
    app.send(&request(method, target, &headers, body))
}

fn officers_token(app: &TestApp, role: &str, officer: &str) -> String {
    add_officer(&app.db, Tenant(1), officer, officer, None, now()).unwrap();
    let request = TokenRequest {
        tenant: Tenant(1),
        role: role.to_owned(),
        officer: Some(officer.to_owned()),
        unit: None,
        expires_at: None,
    };
    create_token(&app.db, &request, now()).unwrap()
}

/// A request (method, target, headers, body) and what it is told: status, code and some words.
type Case<'a> = (
    &'a str,
    &'a str,
    &'a [Header<'a>],
    &'a [u8],
    u16,
    &'a str,
    &'a str,
);
type Header<'a> = (&'a str, &'a str);

both!(
    fn whatever_is_wrong_is_told_as_a_problem(app) {
        let token = app.token_of("admin", None);
        let json = [("content-type", "application/json")];
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let parts = [("content-type", "multipart/form-data; boundary=x")];
        let large = vec![b' '; app.settings.server.body_limit_bytes + 1];
        let cases: [Case<'_>; 17] = [
            ("GET", "/api/v1/nothing", &[], b"", 404, "not_found", "no such address"),
            ("GET", "/api/v1/payments/x", &[], b"", 404, "not_found", "no such payment"),
            ("GET", "/api/v1/bills/%00", &[], b"", 404, "not_found", "no such address"),
            ("DELETE", "/api/v1/payments", &[], b"", 405, "wrong_method", "takes GET, HEAD"),
            ("GET", "/api/v1/attempts", &[], b"", 405, "wrong_method", "takes POST"),
            ("GET", "/api/v1/payments?limit=x", &[], b"", 400, "not_valid", "limit: invalid digit"),
            ("GET", "/api/v1/payments?chanel=x", &[], b"", 400, "not_valid", "unknown field `chanel`"),
            ("GET", "/api/v1/payments?limit=1&limit=2", &[], b"", 400, "not_valid", "duplicate field `limit`"),
            ("GET", "/api/v1/payments?channel=%00", &[], b"", 400, "not_valid", "channel holds a NUL"),
            ("GET", "/api/v1/statements?limit=1&cursor=x", &[], b"", 400, "not_valid", "cursor"),
            ("GET", "/api/v1/reports/day-sheet?lang=fr", &[], b"", 400, "not_valid", "lang is \"fr\""),
            ("GET", "/api/v1/reports/day-sheet?indicator=x", &[], b"", 400, "not_valid", "unknown field `indicator`"),
            ("POST", "/api/v1/attempts", &json, b"{\"channel\": 1,\n 2}", 400, "not_valid", "line 2 column 2"),
            ("POST", "/api/v1/attempts", &json, b"", 400, "not_valid", "EOF"),
            ("POST", "/api/v1/attempts", &json, &large, 413, "too_large", "may have"),
            ("POST", "/api/v1/attempts", &form, b"channel=bank", 415, "wrong_content_type", "application/json"),
            ("POST", "/api/v1/statements?source=vcb", &parts, b"x", 415, "wrong_content_type", "octet-stream"),
        ];
        for (method, target, headers, body, status, code, words) in cases {
            let reply = send(app, &token, method, target, headers, body);
            let told = reply.json();
            assert_eq!((reply.status, &told["code"]), (status, &json!(code)), "{method} {target}: {reply:?}");
            assert!(told["detail"].as_str().unwrap().contains(words), "{method} {target}: {told}");
            assert_eq!(told["type"], format!("urn:doisoat:problem:{code}"));
            match status {
                405 => assert!(reply.header("allow").is_some(), "{reply:?}"),
                415 => assert!(reply.header("accept").is_some(), "{reply:?}"),
                _ => {}
            }
        }
        for target in ["/healthz", "/readyz", "/metrics", "/indicators", "/api/openapi.json", "/api/docs"] {
            let reply = app.ask("", "POST", target, "");
            assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{target}");
            let head = app.ask("", "HEAD", target, "");
            assert_eq!((head.status, head.body.as_str()), (200, ""), "{target}");
        }
    }
);

both!(
    fn a_text_that_nobody_can_keep_is_refused_by_its_place(app) {
        app.has_office();
        let token = officers_token(app, "admin", "CB01");
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 1_000);
        let body = json!({"channel": "bank", "order_ref": "a\0b", "bill_reference": bill});
        let reply = app.ask(&token, "POST", "/api/v1/attempts", &body.to_string());
        assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("wrong_text")));
        assert!(reply.body.contains("order_ref holds a NUL"), "{reply:?}");
        let body = json!({"action": "assign", "reason": "x", "revision": 1, "bills": [{"bill": "a\0"}]});
        let target = "/api/v1/differences/019b8c2b-61f8-7a51-8a0c-6d3c1c2f9e10/resolution";
        let reply = app.ask(&token, "POST", target, &body.to_string());
        assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("wrong_text")));
        assert!(reply.body.contains("bills.0.bill holds a NUL"), "{reply:?}");
        // A list is not taken for an object's members in their order, at the top or below.
        for body in [
            json!(["bank", "o1", bill, null]),
            json!({"channel": "bank", "order_ref": ["x", ["y"]], "bill_reference": bill}),
        ] {
            let reply = app.ask(&token, "POST", "/api/v1/attempts", &body.to_string());
            assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("not_valid")), "{body}");
        }
        // A backslash before the escape makes it plain text.
        let plain = json!({"channel": "bank", "order_ref": "a\\u0000b", "bill_reference": bill});
        let reply = app.ask(&token, "POST", "/api/v1/attempts", &plain.to_string());
        assert_eq!(reply.status, 201, "{reply:?}");
    }
);

/// The names in backquotes behind "expected".
fn expected(detail: &str) -> Option<BTreeSet<String>> {
    let rest = detail.split_once("expected ")?.1;
    let names = rest.split('`').skip(1).step_by(2);
    Some(names.map(str::to_owned).collect())
}

both!(
    fn the_document_names_every_parameter_and_member_that_is_read(app) {
        app.has_office();
        let approver = officers_token(app, "approver", "CB01");
        let admin = app.token_of("admin", None);
        let mut bodies = 0;
        let mut queries = 0;
        for (path, methods) in document()["paths"].as_object().unwrap() {
            let target = path
                .replace("{id}", "019b8c2b-61f8-7a51-8a0c-6d3c1c2f9e10")
                .replace("{date}", "2026-01-02")
                .replace("{name}", "day-sheet")
                .replace("{channel}", "bank")
                .replace("{order_ref}", "1");
            let target = match path.strip_prefix(BASE).unwrap() {
                "/indicators/{id}" => format!("{BASE}/indicators/online-payment-rate"),
                _ => target,
            };
            let is_admins = ["/attempts", "/outbox", "/dossiers"];
            let is_admins = is_admins.iter().any(|part| path.contains(part));
            let token = if is_admins { &admin } else { &approver };
            for (method, operation) in methods.as_object().unwrap() {
                let method = method.to_uppercase();
                let named = |place: &str| -> BTreeSet<String> {
                    let parameters = operation["parameters"].as_array().unwrap().iter();
                    let own = parameters.filter(|one| one["in"] == place);
                    own.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
                };
                // Past the judge, for where nothing is read from the query, what stands in it is not looked at.
                let bearer = format!("Bearer {token}");
                let asked = format!("{target}?no-such-name=1");
                let asked = request(&method, &asked, &[("authorization", &bearer)], b"");
                let reply = exchange(app.address(), &asked);
                let told = reply.json();
                if let Some(known) = told["detail"].as_str().and_then(expected) {
                    assert_eq!(known, named("query"), "{method} {path}: {told}");
                    queries += 1;
                } else {
                    let is_quote = path.ends_with("/quote");
                    assert!(named("query").is_empty() || is_quote, "{method} {path}: {told}");
                }
                let media = &operation["requestBody"]["content"]["application/json"];
                let mut schema = &media["schema"];
                if let Some(pointer) = schema["$ref"].as_str() {
                    schema = document().pointer(pointer.trim_start_matches('#')).unwrap();
                }
                let Some(members) = schema["properties"].as_object() else { continue };
                if path.contains("/dossiers/") || members.is_empty() {
                    continue; // read by hand, and compared in the tests of dossiers
                }
                let reply = app.ask(token, &method, &target, r#"{"no such name": 1}"#);
                let told = reply.json();
                let known = expected(told["detail"].as_str().unwrap());
                let members: BTreeSet<String> = members.keys().cloned().collect();
                assert_eq!(known, Some(members), "{method} {path}: {told}");
                bodies += 1;
            }
        }
        assert!(bodies >= 12 && queries >= 9, "{bodies} bodies, {queries} queries were compared");
        let dossier = &document()["components"]["schemas"]["Dossier"]["properties"];
        let told: BTreeSet<&str> = dossier.as_object().unwrap().keys().map(String::as_str).collect();
        let read: BTreeSet<&str> = doisoat::journeys::read_dossier::FIELDS.iter().copied().collect();
        assert_eq!(told, read);
    }
);

both!(
    fn every_write_is_done_once_for_one_key(app) {
        app.has_office();
        let (first, second) = (officers_token(app, "approver", "CB01"), officers_token(app, "approver", "CB02"));
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        app.transfer(1, 70_000, &bill);
        let payment = app.items("/api/v1/payments")[0]["id"].clone();
        let wish = json!({"payment": payment, "source": "credit", "amount": "5000", "reason": "x"}).to_string();
        let keyed = |token: &str, key: &str, target: &str, body: &str| {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            send(app, token, "POST", target, &headers, body.as_bytes())
        };
        let asked = keyed(&first, "k1", "/api/v1/refunds", &wish);
        assert_eq!(asked.status, 201, "{asked:?}");
        let again = keyed(&first, "k1", "/api/v1/refunds", &wish);
        assert_eq!((again.status, &again.body), (201, &asked.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let id = asked.json()["refund"]["id"].as_str().unwrap().to_owned();
        assert_eq!(app.items("/api/v1/refunds?standing=true&rule=by_hand").len(), 1);
        // Spaces may stand inside a key; those around it do not count. Nothing else invisible may.
        let spaced = keyed(&first, "order 7 / part 1", "/api/v1/refunds", "{}");
        assert_eq!(spaced.status, 422, "{spaced:?}");
        let around = keyed(&first, "  k1 ", "/api/v1/refunds", &wish);
        assert_eq!(around.header("idempotency-replayed"), Some("true"), "{around:?}");
        let tab = keyed(&first, "k\t1", "/api/v1/refunds", &wish);
        assert_eq!((tab.status, &tab.json()["code"]), (400, &json!("not_valid")), "{tab:?}");
        // The same key on another address is another request.
        let target = format!("/api/v1/refunds/{id}/withdrawal");
        let reused = keyed(&first, "k1", &target, &wish);
        assert_eq!((reused.status, &reused.json()["code"]), (409, &json!("key_reused")));
        // Refused at first, then done under the same key, then the same again.
        let target = format!("/api/v1/refunds/{id}/approval");
        let step = r#"{"reason": "seen"}"#;
        let refused = keyed(&first, "k2", &target, step);
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("same_officer")));
        let empty = keyed(&second, "k2", &target, "{}");
        assert_eq!((empty.status, &empty.json()["code"]), (422, &json!("no_reason")));
        let approved = keyed(&second, "k2", &target, step);
        assert_eq!(approved.status, 200, "{approved:?}");
        let again = keyed(&second, "k2", &target, step);
        assert_eq!((again.status, &again.body), (200, &approved.body));
    }
);

both!(
    fn of_two_requests_at_once_under_one_key_one_is_done(app) {
        app.has_office();
        let token = officers_token(app, "approver", "CB01");
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        app.transfer(1, 150_000, &bill);
        let payment = app.items("/api/v1/payments")[0]["id"].clone();
        let wish = json!({"payment": payment, "source": "credit", "amount": "1000", "reason": "x"}).to_string();
        let shared = &*app;
        for round in 0..6 {
            let key = format!("round-{round}");
            let start = Barrier::new(4);
            let ask = || {
                start.wait();
                let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
                send(shared, &token, "POST", "/api/v1/refunds", &headers, wish.as_bytes())
            };
            let replies: Vec<Reply> = std::thread::scope(|scope| {
                let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                asking.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let done: BTreeSet<&str> =
                replies.iter().filter(|one| one.status == 201).map(|one| one.body.as_str()).collect();
            assert_eq!(done.len(), 1, "{replies:?}");
            for other in replies.iter().filter(|one| one.status != 201) {
                assert_eq!((other.status, &other.json()["code"]), (409, &json!("under_way")));
                assert_eq!(other.header("retry-after"), Some("1"));
            }
            // Whoever was told to wait gets the same answer afterwards.
            let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
            let later = send(shared, &token, "POST", "/api/v1/refunds", &headers, wish.as_bytes());
            assert!(done.contains(later.body.as_str()), "{later:?}");
        }
        let refunds = app.items("/api/v1/refunds?rule=by_hand");
        assert_eq!(refunds.len(), 6);
    }
);

both!(
    fn a_request_that_broke_off_may_be_sent_again_after_a_minute(app) {
        use doisoat::journeys::answer_once::{Begun, Named, begin_request};
        let named = Named {
            tenant: Tenant(1),
            token_hash: vec![1; 32],
            key: "k".to_owned(),
            request_hash: vec![2; 32],
        };
        let begin = |at| begin_request(&app.db, &named, at).unwrap();
        assert_eq!(begin(now()), Begun::New);
        assert_eq!(begin(now() + TimeDelta::seconds(60)), Begun::UnderWay);
        assert_eq!(begin(now() + TimeDelta::seconds(61)), Begun::New);
    }
);

both!(
    fn the_document_and_its_page_are_served_to_everybody(app) {
        let told = app.ask("", "GET", "/api/openapi.json", "");
        assert_eq!((told.status, told.header("content-type")), (200, Some("application/json")));
        let told: Value = told.json();
        assert_eq!(&told, document());
        assert_eq!(told["openapi"], "3.1.0");
        let page = app.ask("", "GET", "/api/docs", "");
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        for path in told["paths"].as_object().unwrap().keys() {
            assert!(page.body.contains(path.as_str()), "{path} is not on the page");
        }
        for elsewhere in ["http://", "https://", "<script"] {
            let own = ["https://json-schema.org", "http://127.0.0.1"];
            let body = own.iter().fold(page.body.clone(), |body, own| body.replace(own, ""));
            assert!(!body.contains(elsewhere), "the page loads {elsewhere}");
        }
    }
);
