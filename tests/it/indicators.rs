//! A small world of dossiers, one for every way in which the definitions differ, and the figures
//! counted by hand: through the API, the page in a browser, and the command line, on both databases.

use std::process::Command;

use doisoat::domain::time::parse_rfc3339;
use doisoat::store::rows::{ProcedureRow, UnitRow};
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::both;
use crate::support::http::request;

const QUARTER: &str = "from=2026-01-01&to=2026-03-31";

fn has_catalogue(app: &TestApp) {
    let unit = |code: &str, level: &str, parent: Option<&str>| UnitRow {
        tenant: 1,
        code: code.to_owned(),
        name_vi: format!("Xã {code}"),
        name_en: format!("Commune {code}"),
        level: level.to_owned(),
        parent: parent.map(str::to_owned),
        valid_from: None,
        valid_to: None,
    };
    let procedure = |code: &str, field: &str, has_fee| ProcedureRow {
        tenant: 1,
        code: code.to_owned(),
        name: format!("Thủ tục {code}"),
        field: field.to_owned(),
        has_fee,
    };
    app.db
        .write(|queries| {
            queries.insert_units(&[
                unit("H12", "province", None),
                unit("H12.104", "commune", Some("H12")),
                unit("H12.105", "commune", Some("H12")),
            ])?;
            queries.insert_procedures(&[
                procedure("2.000815", "Chứng thực", true),
                procedure("1.000100", "Chứng thực", true),
                procedure("1.000200", "Hộ tịch", false),
                procedure("1.000300", "Hộ tịch", true),
            ])
        })
        .unwrap();
}

/// One dossier: unit, procedure, way, day of reception, fee items, whether billed, money sent.
type Told = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, i64)],
    bool,
    i64,
);

const WORLD: [Told; 8] = [
    (
        "H12.104",
        "2.000815",
        "online",
        "2026-01-05",
        &[("phi", 10_000)],
        true,
        10_000,
    ),
    (
        "H12.104",
        "2.000815",
        "counter",
        "2026-01-05",
        &[("phi", 10_000)],
        true,
        0,
    ),
    (
        "H12.104",
        "2.000815",
        "online",
        "2026-01-31",
        &[("phi", 10_000), ("le_phi", 5_000)],
        true,
        4_000,
    ),
    (
        "H12.105",
        "2.000815",
        "online",
        "2026-02-10",
        &[("phi", 0)],
        false,
        0,
    ),
    ("H12.105", "1.000300", "post", "2026-02-10", &[], false, 0),
    ("H12.105", "1.000200", "online", "2026-03-01", &[], false, 0),
    (
        "H12.105",
        "2.000815",
        "counter",
        "2026-04-01",
        &[("phi", 10_000)],
        false,
        0,
    ),
    (
        "H12.105",
        "1.000200",
        "online",
        "2026-03-31",
        &[("phi", 7_000)],
        true,
        7_000,
    ),
];

fn has_world(app: &TestApp) {
    has_catalogue(app);
    app.clock
        .advance_to(parse_rfc3339("2026-04-02T03:35:00Z").unwrap());
    for (number, (unit, procedure, via, day, items, is_billed, sent)) in (1..).zip(WORLD) {
        let items: Vec<Value> = items
            .iter()
            .map(|(kind, dong)| {
                json!({
                    "kind": kind, "code": "P", "name": "Khoản thu", "amount": dong.to_string(),
                    "basis": "",
                })
            })
            .collect();
        let mut body = json!({
            "procedure_code": procedure, "unit_code": unit, "received_on": day,
            "submitted_via": via, "status": "received", "applicant_name": "Nguyễn Văn A",
            "fee_items": items,
        });
        if is_billed {
            body["bill_due_on"] = json!("2026-12-31");
        }
        let short_day = day.replace('-', "");
        let code = format!("{unit}-{}-{number:04}", &short_day[2..]);
        let reply = app.put(&format!("/api/v1/dossiers/{code}"), &body);
        assert_eq!(reply.status, 201, "{code}: {reply:?}");
        if sent > 0 {
            let told = app.get(&format!("/api/v1/dossiers/{code}"));
            let reference = told["bills"][0]["reference"].as_str().unwrap().to_owned();
            assert_eq!(app.transfer(number, sent, &reference).status, 200);
        }
    }
}

/// Numerator, denominator, excluded, percentage.
fn figure(of: &Value) -> String {
    let percent = of["percent"].as_str().unwrap_or("-");
    format!(
        "{}/{} -{} {percent}",
        of["numerator"], of["denominator"], of["excluded"]
    )
}

fn rows(of: &Value) -> Vec<String> {
    let rows = of["rows"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["key"].as_str().unwrap(), figure(row)))
        .collect()
}

fn asked(app: &TestApp, id: &str, query: &str) -> Value {
    app.get(&format!("/api/v1/indicators/{id}?{query}"))
}

both!(fn every_definition_counts_its_own_dossiers(app) {
    has_world(app);
    for (id, expected, outside) in [
        ("online-transaction-share", "3/4 -3 75.00", 0),
        ("online-payment-rate", "1/4 -1 25.00", 1),
        ("procedure-integration", "1/3 -0 33.33", 1),
        ("procedure-online-share", "2/2 -2 100.00", 0),
        ("online-submission-rate", "5/7 -0 71.43", 0),
    ] {
        let told = asked(app, id, QUARTER);
        assert_eq!(figure(&told), expected, "{id}");
        assert_eq!(told["outside"], outside, "{id}");
        assert_eq!((&told["id"], &told["version"]), (&json!(id), &json!(1)));
        assert_eq!(told["period"], json!({"from": "2026-01-01", "to": "2026-03-31"}));
        assert_eq!(told["captured_at"], "2026-04-02T03:35:00.000000Z");
        assert_eq!(told["rows"], json!([]), "{id}");
    }
});

both!(fn breakdowns_are_what_a_clerk_would_count(app) {
    has_world(app);
    let share = "online-transaction-share";
    let table: [(&str, &str, bool, &[&str]); 12] = [
        (share, "unit", true, &["H12.104 2/3 -0 66.67", "H12.105 1/1 -3 100.00"]),
        (share, "level", true, &["commune 3/4 -3 75.00"]),
        (share, "procedure", true, &["1.000200 1/1 -1 100.00", "1.000300 0/0 -1 -", "2.000815 2/3 -1 66.67"]),
        (share, "field", true, &["Chứng thực 2/3 -1 66.67", "Hộ tịch 1/1 -2 100.00"]),
        (share, "kind", false, &["le_phi 1/1 -0 100.00", "none 0/0 -3 -", "phi 3/4 -0 75.00"]),
        (share, "provider", false, &["sepay 3/4 -3 75.00"]),
        (share, "via", true, &["counter 0/1 -0 0.00", "online 3/3 -2 100.00", "post 0/0 -1 -"]),
        (share, "month", true, &["2026-01 2/3 -0 66.67", "2026-02 0/0 -2 -", "2026-03 1/1 -1 100.00"]),
        (share, "quarter", true, &["2026-Q1 3/4 -3 75.00"]),
        (share, "year", true, &["2026 3/4 -3 75.00"]),
        ("procedure-integration", "field", true, &["Chứng thực 1/2 -0 50.00", "Hộ tịch 0/1 -0 0.00"]),
        ("procedure-integration", "unit", false, &["H12.104 1/3 -0 33.33", "H12.105 0/3 -0 0.00"]),
    ];
    for (id, by, is_additive, expected) in table {
        let told = asked(app, id, &format!("{QUARTER}&by={by}"));
        assert_eq!(rows(&told), expected, "{id} by {by}");
        assert_eq!(told["additive"], is_additive, "{id} by {by}");
    }
    let days = asked(app, share, "from=2026-01-31&to=2026-02-10&by=day");
    assert_eq!(days["rows"].as_array().unwrap().len(), 11);
});

both!(fn a_scope_is_a_unit_and_those_below_and_any_range_of_days(app) {
    has_world(app);
    for (query, expected) in [
        ("from=2026-01-01&to=2026-03-31&unit=H12", "3/4 -3 75.00"),
        ("from=2026-01-01&to=2026-03-31&unit=H12.104", "2/3 -0 66.67"),
        ("from=2026-01-31&to=2026-03-01", "1/1 -3 100.00"),
        ("from=2026-01-06&to=2026-04-01", "2/2 -4 100.00"),
        ("from=2025-01-01&to=2025-12-31", "0/0 -0 -"),
        ("", "0/0 -1 -"),
    ] {
        let told = asked(app, "online-transaction-share", query);
        assert_eq!(figure(&told), expected, "{query}");
    }
    for (query, status) in [
        ("unit=H99", 422),
        ("by=colour", 400),
        ("from=2026-02-30", 400),
        ("from=2026-02-02&to=2026-02-01", 422),
    ] {
        let token = app.token_of("auditor", None);
        let target = format!("/api/v1/indicators/online-payment-rate?{query}");
        assert_eq!(app.ask(&token, "GET", &target, "").status, status, "{query}");
    }
});

both!(fn the_command_prints_what_the_api_answers(app) {
    has_world(app);
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("c.toml");
    std::fs::write(&settings, crate::support::app::settings(&app.database.url)).unwrap();
    let report = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.arg("--config").arg(&settings).arg("report").args(arguments);
        command.output().unwrap()
    };
    let range = ["--from", "2026-01-01", "--to", "2026-03-31", "--by", "unit"];
    let printed = report(&[&["online-payment-rate", "--format", "json"], &range[..]].concat());
    let mut printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let mut answered = asked(app, "online-payment-rate", &format!("{QUARTER}&by=unit"));
    for told in [&mut printed, &mut answered] {
        told["captured_at"] = Value::Null;
        told["notes"] = Value::Null;
    }
    assert_eq!(printed, answered);

    let csv = report(&[&["indicators", "--format", "csv"], &range[..4]].concat());
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(csv.contains(",3,4,3,75.00\n") && csv.lines().count() == 6, "{csv}");
    let sheet = folder.path().join("sheet.xlsx");
    let xlsx = ["indicators", "--format", "xlsx", "--output", sheet.to_str().unwrap()];
    assert!(report(&xlsx).status.success());
    assert!(std::fs::read(&sheet).unwrap().starts_with(b"PK"));
    assert_eq!(report(&["weather"]).status.code(), Some(2));
    assert_eq!(report(&["indicators", "--unit", "H99"]).status.code(), Some(2));
});

both!(fn the_page_says_the_same_in_both_languages(app) {
    has_world(app);
    let page = |target: &str, language: &str| {
        app.send(&request("GET", target, &[("accept-language", language)], b""))
    };
    let address = format!("/indicators?{QUARTER}");
    let vi = page(&address, "vi-VN");
    let en = page(&address, "en-GB");
    for (reply, words) in [
        (&vi, ["lang=\"vi\"", "75,00%", "3 trên 4 hồ sơ", "25,00%", "Xã H12.105"]),
        (&en, ["lang=\"en\"", "75.00%", "3 of 4 dossiers", "25.00%", "Commune H12.105"]),
    ] {
        assert_eq!(reply.status, 200);
        for word in words {
            assert!(reply.body.contains(word), "{word}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"));
    }
    let chosen = page(&format!("{address}&lang=vi"), "en");
    assert_eq!(chosen.header("content-language"), Some("vi"));
    let csv = page(&format!("{address}&format=csv"), "vi");
    assert!(csv.body.contains("H12.104,Xã H12.104,2,3,0,66.67"), "{}", csv.body);
});

both!(fn the_page_is_plain_about_nothing_and_about_mistakes(app) {
    has_catalogue(app);
    for (query, status, sentence) in [
        ("lang=vi", 200, "Không có hồ sơ nào trong kỳ này"),
        ("lang=en", 200, "There are no dossiers in this period"),
        ("lang=vi&from=hôm nay", 400, "“hôm nay” không phải là một ngày hợp lệ"),
        ("lang=vi&from=2026-02-02&to=2026-02-01", 400, "từ 02/02/2026 đến 01/02/2026"),
        ("lang=en&unit=%3Cb%3E", 404, "There is no unit with the code “&#60;b&#62;”"),
        ("lang=en&indicator=weather", 400, "does not exist here"),
    ] {
        let target = format!("/indicators?{query}").replace("hôm nay", "h%C3%B4m+nay");
        let reply = app.send(&request("GET", &target, &[], b""));
        assert_eq!(reply.status, status, "{query}");
        assert!(reply.body.contains(sentence), "{query}: {}", reply.body);
        assert!(reply.body.contains("href=\"/indicators?lang="), "{query}");
    }
});

/// The page as a browser understood it, style sheet and all.
fn in_browser(app: &TestApp, target: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let browser = std::env::var("DOISOAT_TEST_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{}{target}", app.address()))
        .output()
        .expect("a browser is needed: run tests/run, which brings one");
    String::from_utf8(output.stdout).unwrap()
}

both!(fn a_browser_shows_the_figures(app) {
    has_world(app);
    let dom = in_browser(app, &format!("/indicators?{QUARTER}&lang=vi&by=unit"));
    for word in ["75,00%", "3 trên 4 hồ sơ", "Loại trừ: 3 hồ sơ", "66,67%", "10:35:00 02/04/2026"] {
        assert!(dom.contains(word), "{word}: {dom}");
    }
    assert_eq!(dom.matches("<tr role=\"row\">").count(), 3);
});
