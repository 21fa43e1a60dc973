//! The API: who may see and write what, how lists are walked, and what a wrong request is told.

use chrono::TimeDelta;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::add_officer::{add_officer, disable_officer};
use doisoat::journeys::create_token::{TokenError, TokenRequest, create_token};
use serde_json::{Value, json};

use crate::support::app::now;
use crate::support::http::{Reply, request};
use crate::support::office::{HERE, THERE, dossier};
use crate::support::{TestApp, both};

fn problem(app: &TestApp, token: &str, method: &str, target: &str, body: &str) -> (u16, String) {
    let reply = app.ask(token, method, target, body);
    let told = reply.json();
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{reply:?}"
    );
    assert_eq!(told["status"], reply.status, "{reply:?}");
    (reply.status, told["code"].as_str().unwrap().to_owned())
}

both!(
    fn without_a_valid_token_nothing_is_shown(app) {
        for token in ["", "doisoat_wrong", "x y"] {
            let told = problem(app, token, "GET", "/api/v1/payments", "");
            assert_eq!(told, (401, "not_known".to_owned()), "{token}");
        }
        let request = TokenRequest {
            tenant: Tenant(1),
            role: "auditor".to_owned(),
            officer: None,
            unit: None,
            expires_at: Some(now() + TimeDelta::seconds(60)),
        };
        let token = create_token(&app.db, &request, now()).unwrap();
        assert_eq!(app.ask(&token, "GET", "/api/v1/payments", "").status, 200);
        app.clock.advance_to(now() + TimeDelta::seconds(60));
        let told = problem(app, &token, "GET", "/api/v1/payments", "");
        assert_eq!(told.0, 401);
    }
);

both!(
    fn a_disabled_officers_token_stops_at_once(app) {
        let mut request = TokenRequest {
            tenant: Tenant(1),
            role: "officer".to_owned(),
            officer: Some("CB01".to_owned()),
            unit: None,
            expires_at: None,
        };
        let unknown = create_token(&app.db, &request, now());
        assert!(matches!(unknown, Err(TokenError::UnknownOfficer(_))));
        add_officer(&app.db, Tenant(1), "CB01", "Trần Thị B", None, now()).unwrap();
        let token = create_token(&app.db, &request, now()).unwrap();
        assert_eq!(app.ask(&token, "GET", "/api/v1/payments", "").status, 200);
        disable_officer(&app.db, Tenant(1), "CB01").unwrap();
        assert_eq!(app.ask(&token, "GET", "/api/v1/payments", "").status, 401);
        request.role = "viewer".to_owned();
        let nowhere = create_token(&app.db, &request, now());
        assert!(matches!(nowhere, Err(TokenError::NoUnit)));
    }
);

both!(
    fn a_viewer_sees_the_own_unit_only(app) {
        app.has_office();
        let here = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        let there = app.has_bill(THERE, "H12.105-260105-0001", 70_000);
        app.vnpay_pays("1", &here, 50_000, "k-vnpay");
        app.vnpay_pays("2", &there, 70_000, "k-vnpay");
        app.vnpay_pays("3", "NOBODY", 90_000, "k-vnpay");
        let viewer = app.token_of("viewer", Some(HERE));
        let list = |target: &str| {
            let reply = app.ask(&viewer, "GET", target, "");
            assert_eq!(reply.status, 200, "{reply:?}");
            reply.json()["items"].as_array().unwrap().clone()
        };
        let payments = list("/api/v1/payments");
        assert_eq!(payments.len(), 1);
        assert_eq!(payments[0]["unit"], HERE);
        assert_eq!(list("/api/v1/notices").len(), 1);
        assert_eq!(list("/api/v1/ledger/entries").len(), 2);
        let accounts = list("/api/v1/ledger/accounts");
        let is_own = |row: &Value| row["account"].as_str().unwrap().contains(HERE);
        assert!(accounts.len() == 2 && accounts.iter().all(is_own), "{accounts:?}");
        let others = app.items("/api/v1/payments?provider_txn_id=2");
        let id = others[0]["id"].as_str().unwrap();
        for target in [
            format!("/api/v1/payments/{id}"),
            format!("/api/v1/bills/{there}"),
            "/api/v1/dossiers/H12.105-260105-0001".to_owned(),
        ] {
            assert_eq!(problem(app, &viewer, "GET", &target, "").0, 404, "{target}");
        }
        let own = app.ask(&viewer, "GET", "/api/v1/dossiers/h12104.260105.0001", "");
        assert_eq!(own.status, 200);
    }
);

both!(
    fn dossiers_are_written_by_those_who_may_and_only_when_they_can_be_meant(app) {
        app.has_office();
        let target = "/api/v1/dossiers/H12.104-260105-0001";
        let good = dossier(HERE, 50_000).to_string();
        for role in ["auditor", "dossier-system"] {
            let token = app.token_of(role, None);
            let reply = app.ask(&token, "PUT", target, &good);
            assert_eq!(reply.status, if role == "auditor" { 403 } else { 201 }, "{role}");
        }
        let system = app.token_of("dossier-system", Some(HERE));
        let again = app.ask(&system, "PUT", target, &good);
        assert_eq!((again.status, again.json()), (200, json!({ "outcome": "unchanged" })));
        let elsewhere = dossier(THERE, 1).to_string();
        let told = problem(app, &system, "PUT", "/api/v1/dossiers/H12.105-260105-0009", &elsewhere);
        assert_eq!(told, (403, "not_allowed".to_owned()));
        assert_eq!(problem(app, &system, "GET", "/api/v1/payments", "").0, 403);
        let mut wrong = dossier(HERE, 1);
        wrong["fee_items"][0]["amount"] = json!("1.5");
        let reply = app.ask(&system, "PUT", target, &wrong.to_string());
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("fee_items.0.amount")));
        let mut other = dossier(HERE, 1);
        other["dossier_code"] = json!("H12.104-260105-0002");
        assert_eq!(problem(app, &system, "PUT", target, &other.to_string()).0, 422);
        assert_eq!(problem(app, &system, "PUT", target, "{").0, 400);
        assert_eq!(problem(app, &system, "DELETE", target, "").0, 405);
        let mut second = dossier(HERE, 2);
        second["dossier_code"] = json!("H12.104-260105-0002");
        let batch = json!([second, wrong]).to_string();
        let reply = app.ask(&system, "POST", "/api/v1/dossiers/batch", &batch);
        assert_eq!((reply.status, &reply.json()["index"]), (422, &json!(1)));
        let batch = json!([second]).to_string();
        let reply = app.ask(&system, "POST", "/api/v1/dossiers/batch", &batch);
        assert_eq!(reply.json(), json!({ "added": 1, "changed": 0, "unchanged": 0 }));
    }
);

both!(
    fn lists_are_walked_page_by_page_and_filtered(app) {
        for id in 1..=7 {
            assert_eq!(app.transfer(id, 1000, "memo").status, 200);
        }
        for address in ["payments", "notices", "ledger/entries"] {
            let mut seen: Vec<Value> = Vec::new();
            let mut cursor = String::new();
            let mut pages = 0;
            loop {
                let page = app.get(&format!("/api/v1/{address}?limit=3{cursor}"));
                seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()));
                pages += 1;
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!((seen.len(), pages), (7, 3), "{address}");
            seen.sort_by_key(Value::to_string);
            seen.dedup();
            assert_eq!(seen.len(), 7, "{address}");
        }
        let count = |query: &str| app.items(&format!("/api/v1/payments?{query}")).len();
        assert_eq!(count("channel=bank&status=succeeded"), 7);
        assert_eq!(count("channel=vnpay"), 0);
        assert_eq!(count("provider_txn_id=3"), 1);
        assert_eq!(count("from=2026-01-05&to=2026-01-05"), 7);
        assert_eq!(count("to=2026-01-04"), 0);
        assert_eq!(count("from=2026-01-05T10:35:00.001%2B07:00"), 0);
        let admin = app.token_of("admin", None);
        for query in ["limit=0", "limit=501", "cursor=x", "from=yesterday", "chanel=bank"] {
            let told = problem(app, &admin, "GET", &format!("/api/v1/payments?{query}"), "");
            assert_eq!(told, (400, "not_valid".to_owned()), "{query}");
        }
        assert_eq!(problem(app, &admin, "GET", "/api/v1/nothing", "").0, 404);
    }
);

both!(
    fn health_is_told_and_metrics_count(app) {
        app.transfer(1, 1000, "memo");
        app.bank_says(b"{");
        let ask = |target: &str| app.ask("", "GET", target, "");
        assert_eq!(ask("/healthz").status, 200);
        assert_eq!(ask("/readyz").status, 200, "{:?}", ask("/readyz"));
        let metrics = ask("/metrics").body;
        for line in [
            "doisoat_answers_total{channel=\"bank\",outcome=\"new\"} 1",
            "doisoat_refused_calls_total{channel=\"bank\",reason=\"malformed\"} 1",
            "doisoat_calls_total 1",
            "doisoat_queue_length 0",
        ] {
            assert!(metrics.contains(line), "{line} is not in\n{metrics}");
        }
    }
);

both!(
    fn a_body_is_waited_for_only_from_those_who_may_write_and_not_for_long(
        app,
        "[server]\nrequest_timeout_s = 1"
    ) {
        let admin = app.token_of("admin", None);
        for (token, status) in [("doisoat_wrong", 401), (admin.as_str(), 408)] {
            for target in ["PUT /api/v1/dossiers/X1", "POST /api/v1/dossiers/batch"] {
                let head = format!(
                    "{target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                     authorization: Bearer {token}\r\ncontent-length: 100\r\n\r\n{{"
                );
                let reply = app.send(head.as_bytes());
                assert_eq!(reply.status, status, "{target}: {reply:?}");
            }
        }
    }
);

both!(
    fn many_dossiers_are_written_at_once(app) {
        app.has_office();
        let token = app.token_of("admin", None);
        let app = &*app;
        std::thread::scope(|scope| {
            for n in 0..16 {
                let token = &token;
                scope.spawn(move || {
                    let target = format!("/api/v1/dossiers/H12.104-260105-{n:04}");
                    let body = dossier(HERE, 50_000).to_string();
                    let reply = app.ask(token, "PUT", &target, &body);
                    assert_eq!(reply.status, 201, "{reply:?}");
                });
            }
        });
    }
);

both!(
    fn a_token_is_made_for_a_unit_that_exists(app) {
        let mut request = TokenRequest {
            tenant: Tenant(1),
            role: "viewer".to_owned(),
            officer: None,
            unit: Some("NOWHERE".to_owned()),
            expires_at: None,
        };
        // Before the first import any code may turn out to be right.
        create_token(&app.db, &request, now()).unwrap();
        app.has_office();
        let nowhere = create_token(&app.db, &request, now());
        assert!(matches!(nowhere, Err(TokenError::UnknownUnit(_))));
        request.unit = Some(HERE.to_owned());
        create_token(&app.db, &request, now()).unwrap();
    }
);

both!(
    fn a_status_nobody_has_is_refused_and_heads_are_answered(app) {
        let token = app.token_of("auditor", None);
        let reply = app.ask(&token, "GET", "/api/v1/payments?status=foo", "");
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.body.contains("partially_refunded"), "{reply:?}");
        assert_eq!(app.items("/api/v1/payments?status=review").len(), 0);
        let reply = app.ask(&token, "HEAD", "/api/v1/payments", "");
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    }
);

/// Puts a dossier under a key.
fn put_once(app: &TestApp, token: &str, key: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    let target = "/api/v1/dossiers/H12.104-260105-0001";
    app.send(&request(
        "PUT",
        target,
        &headers,
        body.to_string().as_bytes(),
    ))
}

both!(
    fn a_request_with_a_key_is_done_once_and_answered_the_same(app) {
        app.has_office();
        let token = app.token_of("admin", None);
        let (one, other) = (dossier(HERE, 1_000), dossier(HERE, 2_000));
        let first = put_once(app, &token, "k1", &one);
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
        let again = put_once(app, &token, "k1", &one);
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let reused = put_once(app, &token, "k1", &other);
        assert_eq!((reused.status, &reused.json()["code"]), (409, &json!("key_reused")));
        // Another caller's key is another key; and without one everything is done again.
        let second = app.token_of("admin", None);
        assert_eq!(put_once(app, &second, "k1", &one).status, 200);
        assert_eq!(put_once(app, &token, "k2", &other).json()["outcome"], "changed");
        app.clock.advance_to(now() + TimeDelta::hours(25));
        assert_eq!(put_once(app, &token, "k1", &other).json()["outcome"], "unchanged");
    }
);

both!(
    fn a_refused_request_leaves_its_key_free(app) {
        app.has_office();
        let token = app.token_of("admin", None);
        let mut wrong = dossier(HERE, 1_000);
        wrong["procedure_code"] = json!("9.999999");
        assert_eq!(put_once(app, &token, "k", &wrong).status, 422);
        assert_eq!(put_once(app, &token, "k", &dossier(HERE, 1_000)).status, 201);
        let told = put_once(app, &token, &"k".repeat(256), &dossier(HERE, 1_000));
        assert_eq!((told.status, &told.json()["code"]), (400, &json!("not_valid")));
        assert_eq!(put_once(app, "nobody", "k", &dossier(HERE, 1_000)).status, 401);
    }
);

both!(
    fn an_officer_of_one_unit_sees_that_unit_whatever_the_token_leaves_out(app) {
        app.has_office();
        let (here, there) = ("H12.104-260105-0001", "H12.105-260105-0001");
        app.has_bill(HERE, here, 1_000);
        app.has_bill(THERE, there, 1_000);
        add_officer(&app.db, Tenant(1), "CB07", "Trần Thị B", Some(HERE), now()).unwrap();
        let request = TokenRequest {
            tenant: Tenant(1),
            role: "approver".to_owned(),
            officer: Some("CB07".to_owned()),
            unit: None,
            expires_at: None,
        };
        let token = create_token(&app.db, &request, now()).unwrap();
        let status = |code: &str| app.ask(&token, "GET", &format!("/api/v1/dossiers/{code}"), "").status;
        assert_eq!((status(here), status(there)), (200, 404));
    }
);
