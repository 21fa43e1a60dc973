//! The frame of every door: who is turned away before what it says is heard, how many refused calls
//! are borne, and what every answer carries. Callers stand behind a proxy on this machine, so that a
//! test can be any address.

use std::sync::Arc;

use doisoat::cli::context::provider_facts;
use doisoat::config::door::Bucket;
use doisoat::config::load::load;
use serde_json::json;

use crate::support::app::BANK_KEY;
use crate::support::http::{Reply, request};
use crate::support::office::{bank_request, transfer, vnpay_query};
use crate::support::{TestApp, both};

const ALL: &str = "/api/v1/payments?limit=500";

/// Whoever calls from this machine is a proxy of ours.
const PROXIED: &str = "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n";

/// A transfer as a caller behind our proxy sends it.
fn from(app: &TestApp, forwarded: &str, id: u64, key: &str) -> Reply {
    let body = transfer(id, 1000, "memo").to_string();
    app.send(&through(forwarded, &bank_request(body.as_bytes(), key)))
}

/// The same request with what a proxy writes of its caller.
fn through(forwarded: &str, request: &[u8]) -> Vec<u8> {
    let line = format!("\r\nx-forwarded-for: {forwarded}\r\n");
    let first = request.windows(2).position(|two| two == b"\r\n").unwrap();
    [&request[..first], line.as_bytes(), &request[first + 2..]].concat()
}

fn limits(text: &str) -> String {
    format!("{PROXIED}[server.limits]\n{text}")
}

both!(
    fn refused_calls_of_one_address_are_bounded_and_nobody_elses(
        app,
        &limits("refused_per_address_burst = 5\nrefused_per_address_per_second = 1")
    ) {
        let statuses: Vec<u16> = (0..12)
            .map(|id| from(app, "203.0.113.66", id, "forged").status)
            .collect();
        assert!(statuses[..5].iter().all(|status| *status == 401), "{statuses:?}");
        assert!(statuses[8..].contains(&429), "{statuses:?}");
        let beyond = (0..5)
            .map(|id| from(app, "203.0.113.66", id, "forged"))
            .find(|reply| reply.status == 429)
            .unwrap();
        assert_eq!(beyond.header("retry-after"), Some("1"));
        assert_eq!(beyond.header("content-type"), Some("application/problem+json"));
        assert_eq!(beyond.json()["code"], "too_many");
        // Another address is not touched, and neither is whoever proves itself from this one.
        assert_eq!(from(app, "203.0.113.67", 1, "forged").status, 401);
        for id in 100..140 {
            assert_eq!(from(app, "203.0.113.66", id, BANK_KEY).status, 200);
        }
        assert_eq!(app.items(ALL).len(), 40);
    }
);

both!(
    fn what_is_beyond_the_limit_is_not_kept(
        app,
        &limits("refused_per_address_burst = 5\nrefused_per_address_per_second = 1")
    ) {
        let refused = (0..40)
            .filter(|id| from(app, "203.0.113.66", *id, "forged").status == 401)
            .count();
        assert!((5..20).contains(&refused), "{refused}");
        assert_eq!(app.quarantine().len(), refused);
    }
);

both!(
    fn a_flood_on_one_channel_leaves_the_others_and_the_genuine_alone(
        app,
        &limits("refused_per_channel_burst = 5\nrefused_per_channel_per_second = 1")
    ) {
        let flood: Vec<u16> = (0..30_u32)
            .map(|id| from(app, &format!("198.51.100.{id}"), 1, "forged").status)
            .collect();
        assert!(flood.contains(&429), "{flood:?}");
        let target = format!("/webhooks/vnpay?{}", vnpay_query("14000001", "X", 5000, "k-forged"));
        let other = app.send(&through("198.51.100.1", &request("GET", &target, &[], b"")));
        assert_eq!(other.json()["RspCode"], "97");
        assert_eq!(from(app, "198.51.100.1", 1, BANK_KEY).status, 200);
    }
);

both!(
    fn whoever_guesses_addresses_and_tokens_is_told_to_wait(
        app,
        &limits("refused_per_address_burst = 3\nrefused_per_address_per_second = 1")
    ) {
        let wrong = [
            request("POST", "/webhooks/nobody", &[], b"{}"),
            request("GET", "/.env", &[], b""),
            request("GET", "/api/v1/payments", &[("authorization", "Bearer guess")], b""),
            request("POST", "/webhooks/bank", &[("content-encoding", "gzip")], b"x"),
        ];
        for (number, guess) in wrong.iter().enumerate() {
            let address = format!("203.0.113.{number}");
            let statuses: Vec<u16> = (0..8)
                .map(|_| app.send(&through(&address, guess)).status)
                .collect();
            assert_ne!(statuses[0], 429, "{number}");
            assert!(statuses[3..].contains(&429), "{number}: {statuses:?}");
        }
        // A token that is one opens its doors from the same address.
        let token = format!("Bearer {}", app.token_of("auditor", None));
        let known = request("GET", ALL, &[("authorization", token.as_str())], b"");
        for _ in 0..20 {
            assert_eq!(app.send(&through("203.0.113.2", &known)).status, 200);
        }
    }
);

both!(
    fn by_default_a_burst_of_genuine_calls_and_callers_on_this_machine_never_wait(app) {
        for id in 0..400 {
            assert_eq!(app.transfer(id, 1000, "memo").status, 200);
            let forged = bank_request(transfer(id, 1, "memo").to_string().as_bytes(), "forged");
            assert_eq!(app.send(&forged).status, 401);
            assert_eq!(app.send(&request("GET", "/nowhere", &[], b"")).status, 404);
        }
    }
);

both!(
    fn all_calls_of_a_channel_may_be_bounded_too(
        app,
        &limits("calls_per_channel_burst = 3\ncalls_per_channel_per_second = 1")
    ) {
        let statuses: Vec<u16> = (0..12)
            .map(|id| app.transfer(id, 1000, "memo").status)
            .collect();
        let taken = statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.contains(&429) && (3..12).contains(&taken), "{statuses:?}");
        assert_eq!(app.items(ALL).len(), taken);
        assert_eq!(app.vnpay_pays("14000001", "X", 5000, "k-vnpay").status, 200);
    }
);

const LISTED: &str = "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n\
    [channels.bank]\nallow_from = [\"203.0.113.0/24\", \"2001:db8::/32\"]\n";

both!(
    fn a_channel_with_a_list_takes_calls_from_there_alone(app, LISTED) {
        assert_eq!(from(app, "203.0.113.9", 1, BANK_KEY).status, 200);
        assert_eq!(from(app, "2001:db8::7", 2, BANK_KEY).status, 200);
        // The nearest address that is no proxy of ours is the caller, whatever it claims to carry.
        for (id, forwarded) in [
            (11, "198.51.100.1"),
            (12, "203.0.113.9, 198.51.100.1"),
            (13, "203.0.113.9, unknown"),
            (14, "127.0.0.1"),
            (15, ""),
        ] {
            let reply = from(app, forwarded, id, BANK_KEY);
            assert_eq!(reply.status, 403, "{forwarded}");
            assert_eq!(reply.json()["code"], "not_allowed", "{forwarded}");
        }
        assert_eq!(app.transfer(16, 1000, "memo").status, 403, "the proxy itself");
        assert_eq!(from(app, "203.0.113.9, 127.0.0.1", 3, BANK_KEY).status, 200);
        // A list is one channel's.
        assert_eq!(app.vnpay_pays("14000001", "X", 5000, "k-vnpay").status, 200);
        assert_eq!(app.items(ALL).len(), 4);
        let kept = app.quarantine();
        assert_eq!(kept.len(), 6);
        assert!(kept.iter().all(|row| row.reason == "wrong_address"));
        // A stolen key opens the list's door neither now nor later.
        let open = TestApp::start_on(Arc::clone(&app.database), "");
        let done = doisoat::journeys::replay_quarantine::replay_quarantine(
            &open.db, &open.clock, &open.settings.channels, None, vec!["sepay".to_owned()],
        )
        .unwrap();
        assert_eq!((done.taken, done.skipped), (0, 6));
    }
);

both!(
    fn nobody_but_a_trusted_proxy_is_believed_about_an_address(
        app,
        "[channels.bank]\nallow_from = [\"203.0.113.0/24\"]"
    ) {
        for header in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"] {
            let body = transfer(1, 1000, "memo").to_string();
            let value = if header == "forwarded" { "for=203.0.113.9" } else { "203.0.113.9" };
            let authorization = format!("Apikey {BANK_KEY}");
            let headers = [("authorization", authorization.as_str()), (header, value)];
            let reply = app.send(&request("POST", "/webhooks/bank", &headers, body.as_bytes()));
            assert_eq!(reply.status, 403, "{header}");
        }
        assert!(app.items(ALL).is_empty());
    }
);

both!(
    fn the_quarantine_is_bounded_in_bytes_as_in_rows(
        app,
        "[quarantine]\nmax_bytes = 200000\nmax_rows = 1000"
    ) {
        for id in 0..256_u64 {
            let body = transfer(id, 1000, &"x".repeat(9_000)).to_string();
            assert_eq!(app.send(&bank_request(body.as_bytes(), "forged")).status, 401);
        }
        let measured = |app: &TestApp| {
            app.db.read(|queries| queries.measure_quarantined(1)).unwrap()
        };
        let kept = app.quarantine();
        let bytes: usize = kept.iter().map(|row| row.raw.len()).sum();
        assert_eq!(measured(app), (kept.len() as i64, bytes as i64));
        // Each of the writers cuts back every 64 refused calls, so by so many it may be beyond.
        assert!(bytes <= 200_000 + 2 * 64 * 10_000, "{bytes}");
        let cut = app
            .db
            .write(|queries| queries.delete_old_quarantined(1, 1000, 200_000))
            .unwrap();
        let left = measured(app);
        assert_eq!(left.0, (kept.len() - cut) as i64);
        assert!((180_000..=200_000).contains(&left.1), "{left:?}");
        let newest = app.db.read(|queries| queries.list_quarantined(1, None, 1000)).unwrap();
        assert_eq!(newest.last().map(|row| row.quarantine_id), kept.last().map(|row| row.quarantine_id));
        let rows = app.db.write(|queries| queries.delete_old_quarantined(1, 3, 200_000));
        assert_eq!((rows.unwrap(), measured(app).0), (left.0 as usize - 3, 3));
        app.db.write(|queries| queries.delete_old_quarantined(1, 0, 200_000)).unwrap();
        assert_eq!(measured(app), (0, 0));
    }
);

both!(
    fn every_answer_says_what_a_browser_must_not_do_with_it(app) {
        let token = format!("Bearer {}", app.token_of("admin", None));
        let bearer = [("authorization", token.as_str())];
        for (target, headers, status) in [
            ("/healthz", &[][..], 200),
            ("/readyz", &[], 200),
            ("/metrics", &[], 200),
            ("/assets/site.css", &[], 200),
            ("/indicators", &[], 200),
            ("/nowhere", &[], 404),
            ("/webhooks/nobody", &[], 404),
            ("/webhooks/bank", &[], 405),
            ("/webhooks/vnpay?a=1", &[], 200),
            ("/api/v1/payments", &[], 401),
            (ALL, &bearer, 200),
        ] {
            let reply = app.send(&request("GET", target, headers, b""));
            assert_eq!(reply.status, status, "{target}");
            let policy = reply.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{target}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{target}: {policy}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(reply.header(name), Some(value), "{target} {name}");
            }
            assert!(reply.header("referrer-policy").is_some(), "{target}");
            assert!(reply.header("x-request-id").is_some_and(|id| id.len() == 36), "{target}");
            let is_page = matches!(target, "/indicators" | "/assets/site.css");
            let kept = reply.header("cache-control");
            assert!(is_page || kept == Some("no-store"), "{target}: {kept:?}");
            // Promised only where it can be kept: this server speaks no TLS.
            assert_eq!(reply.header("strict-transport-security"), None, "{target}");
            for telling in ["server", "x-powered-by", "access-control-allow-origin"] {
                assert_eq!(reply.header(telling), None, "{target} {telling}");
            }
        }
    }
);

both!(
    fn a_packed_body_is_not_unpacked(app) {
        let body = transfer(1, 1000, "memo").to_string();
        let authorization = format!("Apikey {BANK_KEY}");
        for (encoding, status) in [("gzip", 415), ("br", 415), ("gzip, identity", 415), ("identity", 200)] {
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "application/json"),
                ("content-encoding", encoding),
            ];
            let reply = app.send(&request("POST", "/webhooks/bank", &headers, body.as_bytes()));
            assert_eq!(reply.status, status, "{encoding}: {reply:?}");
            if status == 415 {
                assert_eq!(reply.json()["code"], json!("packed"));
            }
        }
    }
);

#[test]
fn everything_is_closed_unless_configured_and_the_page_says_so() {
    let settings = load(&[], [], &provider_facts()).unwrap().settings;
    let server = &settings.server;
    assert!(server.listen.ip().is_loopback());
    assert!(server.tls.is_none() && server.trusted_proxies.is_empty());
    assert!(settings.channels.is_empty() && settings.subscribers.is_empty());
    assert!(settings.sources.is_empty() && settings.signing.key_file.is_none());
    assert_eq!(
        server.limits.calls_per_channel, None,
        "verified calls wait for nobody"
    );
    let page = include_str!("../../docs/security.md");
    let bucket = |bucket: Option<Bucket>| {
        let bucket = bucket.unwrap();
        format!("{} at once, {} a second", bucket.burst, bucket.per_second)
    };
    let thousands = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    let quarantine = &settings.quarantine;
    for said in [
        format!("`{}`", server.listen),
        bucket(server.limits.refused_per_address),
        bucket(server.limits.refused_per_channel),
        format!("{} % alone", server.limits.queue_share_percent),
        format!("queue alone, {}", thousands(settings.writer.queue)),
        format!(
            "{} rows",
            thousands(usize::try_from(quarantine.max_rows).unwrap())
        ),
        format!("{} MiB", quarantine.max_bytes / 1024 / 1024),
        format!("{} rows a second and channel", quarantine.max_per_second),
        format!(
            "{}, {} of one address",
            server.connections, server.connections_per_address
        ),
        format!("{} KiB", server.body_limit_bytes / 1024),
        format!("{} s |", server.request_timeout.as_secs()),
    ] {
        assert!(page.contains(&said), "the page does not say {said}");
    }
}
