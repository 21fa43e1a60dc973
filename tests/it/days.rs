//! The day from its proposal to its closing and back, over the API and on the command line, on both
//! databases: what is refused, what is signed, that it replays and that whoever alters it is found.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use doisoat::domain::ids::Tenant;
use doisoat::domain::time::parse_rfc3339;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::journeys::days::close_day::close_day;
use doisoat::journeys::days::propose_day::propose_day;
use doisoat::journeys::days::{DayDesk, DayError};
use doisoat::ledger::signing::new_private_pem;
use doisoat::store::Db;
use serde_json::{Value, json};

use crate::support::app::settings;
use crate::support::http::Reply;
use crate::support::office::HERE;
use crate::support::{TestApp, both};

pub(crate) const DAY: &str = "2026-01-05";
pub(crate) const NEXT: &str = "2026-01-06";

/// Settings with a key of their own.
pub(crate) fn keyed() -> &'static str {
    let file = tempfile::tempdir().unwrap().keep().join("key.pem");
    std::fs::write(&file, new_private_pem().unwrap()).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let text = format!("[signing]\nkey_file = {}\n", json!(file));
    Box::leak(text.into_boxed_str())
}

pub(crate) fn token(app: &TestApp, role: &str, code: &str, unit: Option<&str>) -> String {
    add_officer(&app.db, Tenant(1), code, code, unit, app.clock.now()).unwrap();
    let request = TokenRequest {
        tenant: Tenant(1),
        role: role.to_owned(),
        officer: Some(code.to_owned()),
        unit: unit.map(str::to_owned),
        expires_at: None,
    };
    create_token(&app.db, &request, app.clock.now()).unwrap()
}

/// Two officers, a paid bill on the 5th, and the morning of the 6th.
pub(crate) fn has_a_day(app: &TestApp) -> (String, String) {
    app.has_office();
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    let staff = (
        token(app, "officer", "lan", None),
        token(app, "approver", "minh", None),
    );
    set(app, "2026-01-06T02:00:00Z");
    staff
}

/// Closes the 5th, without the server.
pub(crate) fn closes(app: &TestApp) {
    set(app, "2026-01-06T02:00:00Z");
    for (code, is_proposer) in [("lan", true), ("minh", false)] {
        add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
        let desk = DayDesk {
            tenant: Tenant(1),
            holder: code,
            now: app.clock.now(),
            officer: code,
        };
        let day = DAY.parse().unwrap();
        let done = if is_proposer {
            propose_day(&app.db, &desk, &app.settings, day)
        } else {
            close_day(&app.db, &desk, &app.settings, day)
        };
        done.unwrap();
    }
}

pub(crate) fn set(app: &TestApp, at: &str) {
    app.set_clock(parse_rfc3339(at).unwrap());
}

fn post(app: &TestApp, token: &str, day: &str, what: &str, body: &str) -> Reply {
    app.ask(token, "POST", &format!("/api/v1/days/{day}/{what}"), body)
}

#[track_caller]
pub(crate) fn does(app: &TestApp, token: &str, day: &str, what: &str) -> Value {
    let reply = post(app, token, day, what, "");
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// The refusal; nothing is written.
#[track_caller]
pub(crate) fn refused(
    app: &TestApp,
    token: &str,
    day: &str,
    what: &str,
    body: &str,
) -> (u16, String) {
    let count = "SELECT (SELECT COUNT(*) FROM day_steps) * 1000 + (SELECT COUNT(*) FROM day_artefacts) AS n";
    let before = app.database.number(count);
    let reply = post(app, token, day, what, body);
    assert_eq!(app.database.number(count), before, "{reply:?}");
    let code = reply.json()["code"].as_str().unwrap().to_owned();
    (reply.status, code)
}

pub(crate) fn got(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

pub(crate) fn day(app: &TestApp, day: &str) -> Value {
    app.get(&format!("/api/v1/days/{day}"))
}

/// Runs the command on this database, with the key of the app.
pub(crate) fn run(app: &TestApp, arguments: &[&str]) -> (i32, String) {
    run_on(app, &app.database.url, arguments)
}

/// The same on a database of this address.
pub(crate) fn run_on(app: &TestApp, url: &str, arguments: &[&str]) -> (i32, String) {
    let key_file = app.settings.signing.key_file.clone().unwrap_or_default();
    let signing = format!("[signing]\nkey_file = {}\n", json!(key_file));
    run_with(url, &signing, arguments)
}

/// The same with these settings besides.
pub(crate) fn run_with(url: &str, more: &str, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, settings(url) + more).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
    let output = command.arg("--config").arg(&file).args(arguments).output();
    let output = output.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), said)
}

both!(fn a_day_is_proposed_by_one_officer_and_closed_by_another(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    let open = day(app, DAY);
    assert_eq!((open["state"].as_str(), open["verdict"].as_str()), (Some("open"), Some("incomplete")));
    let told = does(app, &lan, DAY, "proposal");
    assert_eq!((told["state"].as_str(), told["proposed_by"].as_str()), (Some("proposed"), Some("lan")));
    let told = does(app, &minh, DAY, "closing");
    assert_eq!((told["state"].as_str(), told["revision"].as_i64()), (Some("closed"), Some(1)));
    let closed = day(app, DAY);
    let bridge = json!([{
        "channel": "bank", "currency": "VND", "paid": "50000", "booked_on_another_day": "0",
        "paid_on_another_day": "0", "ledger": "50000", "residual": "0", "unexplained": [],
    }]);
    assert_eq!(closed["found"]["bridge"], bridge);
    assert_eq!(closed["found"]["missing_files"], json!(["bank"]));
    let trial = json!([
        { "account": "clearing:bank", "currency": "VND", "debit": "50000", "credit": "0" },
        { "account": "due:H12.104:phi", "currency": "VND", "debit": "0", "credit": "50000" },
        { "account": "receivable:H12.104", "currency": "VND", "debit": "50000", "credit": "50000" },
    ]);
    assert_eq!(closed["found"]["ledger"]["trial_balance"], trial);
    let signed: Value = serde_json::from_str(closed["artefact"]["signed"].as_str().unwrap()).unwrap();
    assert_eq!((&signed["closed_by"], &signed["verdict"]), (&json!("minh"), &json!("incomplete")));
    assert_eq!((&signed["previous"], &signed["form"]), (&Value::Null, &json!("doisoat-day-1")));
    let actions: Vec<&str> = closed["steps"].as_array().unwrap().iter().map(|s| s["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["proposed", "closed"]);
});

both!(fn every_step_out_of_turn_is_refused_and_leaves_no_trace(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    let hoa = token(app, "officer", "hoa", Some(HERE));
    let nobody = app.token_of("officer", None);
    let auditor = app.token_of("auditor", None);
    for (who, code) in [(&hoa, "not_allowed"), (&nobody, "not_allowed"), (&auditor, "not_allowed")] {
        assert_eq!(refused(app, who, DAY, "proposal", ""), got(403, code));
    }
    assert_eq!(app.ask(&hoa, "GET", "/api/v1/days/2026-01-05", "").status, 403);
    assert_eq!(app.ask(&auditor, "GET", "/api/v1/days/2026-01-05", "").status, 200);
    assert_eq!(app.ask(&auditor, "GET", "/api/v1/days/5-1-2026", "").status, 400);
    assert_eq!(refused(app, &lan, NEXT, "proposal", ""), got(409, "not_over"));
    assert_eq!(refused(app, &minh, DAY, "closing", ""), got(409, "not_proposed"));
    assert_eq!(refused(app, &minh, DAY, "reopening", r#"{"reason":"nhầm"}"#), got(409, "not_closed"));
    // A slip in the year is refused before it opens differences for every file that was never due.
    assert_eq!(refused(app, &lan, "2006-01-05", "proposal", ""), got(409, "long_before"));
    assert_eq!(refused(app, &lan, "2006-01-05", "comparison", ""), got(409, "long_before"));
    assert_eq!(refused(app, &lan, "2062-01-05", "comparison", ""), got(409, "in_future"));
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM differences WHERE kind = 'missing_file'"), 0);
    does(app, &lan, DAY, "proposal");
    assert_eq!(refused(app, &lan, DAY, "closing", ""), got(403, "same_officer"));
    does(app, &minh, DAY, "closing");
    assert_eq!(refused(app, &lan, DAY, "proposal", ""), got(409, "already_closed"));
    assert_eq!(refused(app, &lan, DAY, "closing", ""), got(409, "already_closed"));
    assert_eq!(refused(app, &minh, DAY, "reopening", r#"{"reason":"  "}"#), got(422, "no_reason"));
    assert_eq!(post(app, &minh, DAY, "reopening", "{}").status, 400);
    // One after the other, without a gap; days before the first stay as they are.
    set(app, "2026-01-08T02:00:00Z");
    does(app, &lan, "2026-01-07", "proposal");
    assert_eq!(refused(app, &minh, "2026-01-07", "closing", ""), got(409, "out_of_order"));
    does(app, &lan, "2026-01-04", "proposal");
    assert_eq!(refused(app, &minh, "2026-01-04", "closing", ""), got(409, "before_first"));
    does(app, &lan, NEXT, "proposal");
    does(app, &minh, NEXT, "closing");
    does(app, &minh, "2026-01-07", "closing");
    // The database refuses what the journey would never write.
    let said = app.database.refuses("UPDATE days SET closed_by = proposed_by");
    assert!(said.contains("CHECK") || said.contains("check"), "{said}");
});

both!(fn without_a_key_no_day_is_closed_and_check_says_so(app) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    assert_eq!(refused(app, &minh, DAY, "closing", ""), got(409, "no_key"));
    let (_, said) = run(app, &["check"]);
    assert!(said.contains("warning  signing: no key is named"), "{said}");
});

both!(fn a_day_that_changed_since_it_was_proposed_is_looked_at_again(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    // Paid on the 5th, told on the 6th.
    assert_eq!(app.transfer(2, 7_000, "khong ro").status, 200);
    assert_eq!(refused(app, &minh, DAY, "closing", ""), got(409, "changed"));
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    let line = &day(app, DAY)["found"]["bridge"][0];
    let told = [&line["paid"], &line["booked_on_another_day"], &line["ledger"], &line["residual"]];
    assert_eq!(told, ["57000", "7000", "50000", "0"]);
    set(app, "2026-01-07T02:00:00Z");
    let line = &day(app, NEXT)["found"];
    let bridge = &line["bridge"][0];
    assert_eq!([&bridge["paid"], &bridge["paid_on_another_day"], &bridge["ledger"], &bridge["residual"]], ["0", "7000", "7000", "0"]);
    let ages = &line["differences"]["by_age"];
    assert_eq!(ages[0], json!({ "days": "0-1", "count": 1 }));
    let transit = &line["ledger"]["in_transit"][0];
    let told = [&transit["account"], &transit["balance"], &transit["within_24h"], &transit["over_24h"], &transit["oldest"]];
    assert_eq!(told, ["clearing:bank", "57000", "7000", "50000", "null"].map(|text| if text == "null" { Value::Null } else { json!(text) }).each_ref());
});

both!(fn money_that_is_not_in_the_books_keeps_the_day_open(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    app.database.run("UPDATE payments SET amount_minor = 50001");
    does(app, &lan, DAY, "proposal");
    assert_eq!(refused(app, &minh, DAY, "closing", ""), got(409, "residual"));
    let line = &day(app, DAY)["found"]["bridge"][0];
    assert_eq!((line["residual"].as_str(), line["unexplained"].as_array().unwrap().len()), (Some("1"), 1));
    app.database.run("UPDATE payments SET amount_minor = 50000");
});

both!(fn of_two_who_close_at_once_one_does(app, keyed()) {
    let (lan, _) = has_a_day(app);
    let codes: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    for code in &codes {
        add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
    }
    does(app, &lan, DAY, "proposal");
    let handles: Vec<Db> = (0..4).map(|_| Db::open(&app.database.url).unwrap()).collect();
    let start = std::sync::Barrier::new(codes.len());
    let close = |number: usize| {
        let desk = DayDesk {
            tenant: Tenant(1),
            holder: &codes[number],
            now: app.clock.now(),
            officer: &codes[number],
        };
        start.wait();
        close_day(&handles[number % handles.len()], &desk, &app.settings, DAY.parse().unwrap())
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let close = &close;
        let running: Vec<_> = (0..codes.len()).map(|number| scope.spawn(move || close(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (done, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), others.len()), (1, 7));
    for error in others {
        match error.unwrap_err() {
            DayError::Refused(refusal) => assert_eq!(refusal.code(), "already_closed"),
            DayError::Failure(failure) => panic!("{failure}"),
        }
    }
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM day_artefacts"), 1);
});

both!(fn a_closed_day_takes_no_more_postings(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    // A clock that went wrong: the call is kept, and nothing is posted into the closed day.
    set(app, "2026-01-05T10:00:00Z");
    assert_eq!(app.transfer(9, 9_000, "khong ro").status, 200);
    let into = "SELECT COUNT(*) AS n FROM postings WHERE amount_minor = 9000";
    assert_eq!(app.database.number(into), 0);
    assert_eq!(app.items("/api/v1/payments").len(), 2, "recorded all the same");
    // With the right clock it is posted, and dated then.
    set(app, "2026-01-06T03:00:00Z");
    let (status, said) = run(app, &["sweep"]);
    assert!(status == 0 && said.contains("applied 1"), "{said}");
    assert_eq!(app.database.number(into), 1);
    let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
    assert_eq!(status, 0, "{said}");
});

both!(fn a_day_without_money_is_agreed_and_takes_none_later(app, keyed()) {
    app.has_office();
    let (lan, minh) = (token(app, "officer", "lan", None), token(app, "approver", "minh", None));
    set(app, "2026-01-06T02:00:00Z");
    does(app, &lan, DAY, "proposal");
    assert_eq!(does(app, &minh, DAY, "closing")["verdict"], "reconciled");
    set(app, "2026-01-05T10:00:00Z");
    assert_eq!(app.transfer(9, 9_000, "khong ro").status, 200);
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM postings"), 0);
    app.expects_unsettled(true);
});

both!(fn a_reopened_day_keeps_what_was_signed_and_gets_another_revision(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    let first = day(app, DAY)["artefact"]["sha256"].clone();
    set(app, "2026-01-07T02:00:00Z");
    does(app, &lan, NEXT, "proposal");
    does(app, &minh, NEXT, "closing");
    let signed = |of: &str| -> Value {
        serde_json::from_str(day(app, of)["artefact"]["signed"].as_str().unwrap()).unwrap()
    };
    assert_eq!(signed(NEXT)["previous"], json!({ "day": DAY, "revision": 1, "sha256": first }));
    let reply = post(app, &lan, DAY, "reopening", r#"{"reason":"thiếu tệp <VCB>"}"#);
    assert_eq!((reply.status, reply.json()["state"].as_str()), (200, Some("reopened")));
    let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
    assert_eq!(status, 0, "{said}");
    does(app, &minh, DAY, "proposal");
    does(app, &lan, DAY, "closing");
    let second = signed(DAY);
    assert_eq!(second["revision"], 2);
    assert_eq!(second["replaces"]["sha256"], first);
    assert_eq!((&second["reopened"]["by"], &second["reopened"]["reason"]), (&json!("lan"), &json!("thiếu tệp <VCB>")));
    for arguments in [&[DAY, "--revision", "1"][..], &[DAY, "--revision", "2"], &[NEXT]] {
        let (status, said) = run(app, &[&["day", "show", "--replay"][..], arguments].concat());
        assert_eq!(status, 0, "{arguments:?}: {said}");
    }
    let (_, html) = run(app, &["day", "show", DAY, "--html"]);
    assert!(html.contains("thiếu tệp &#60;VCB&#62;") && html.contains("Chưa đủ tệp"), "{html}");
});

both!(fn what_was_signed_replays_and_whoever_alters_it_is_found(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    assert_eq!(app.transfer(2, 7_000, "khong ro").status, 200);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    // Everything goes on: payments change, differences end, another day is posted.
    app.database.run("UPDATE payments SET memo = 'x'");
    assert_eq!(app.transfer(3, 8_000, "khong ro nua").status, 200);
    let replay = |expects: i32, names: &str| {
        let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
        assert!(status == expects && said.contains(names), "{names}: {said}");
    };
    replay(0, "the signature holds");
    let hex = |text: &str| match app.database.url.starts_with("sqlite") {
        true => format!("CAST(replace(CAST(bytes AS TEXT), {text}) AS BLOB)"),
        false => format!("convert_to(replace(convert_from(bytes, 'UTF8'), {text}), 'UTF8')"),
    };
    let altered = [
        (
            format!("UPDATE day_artefacts SET bytes = {}", hex("'50000', '40000'")),
            format!("UPDATE day_artefacts SET bytes = {}", hex("'40000', '50000'")),
            "the signature does not hold",
        ),
        (
            "UPDATE postings SET amount_minor = 50002 WHERE event = 'payment_recorded' AND amount_minor = 50000".to_owned(),
            "UPDATE postings SET amount_minor = 50000 WHERE amount_minor = 50002".to_owned(),
            "in: ledger",
        ),
        (
            "UPDATE day_balances SET debit_minor = debit_minor + 1 WHERE account = 'clearing:bank'".to_owned(),
            "UPDATE day_balances SET debit_minor = debit_minor - 1 WHERE account = 'clearing:bank'".to_owned(),
            "another trial balance",
        ),
        (
            "UPDATE day_steps SET officer = 'hoa' WHERE action = 'closed'".to_owned(),
            "UPDATE day_steps SET officer = 'minh' WHERE action = 'closed'".to_owned(),
            "closed_by",
        ),
        (
            "UPDATE days SET result = replace(result, '\"waiting\":2', '\"waiting\":3')".to_owned(),
            "UPDATE days SET result = replace(result, '\"waiting\":3', '\"waiting\":2')".to_owned(),
            "in: waiting",
        ),
    ];
    for (alter, mend, names) in altered {
        app.database.run(&alter);
        replay(1, names);
        app.database.run(&mend);
        replay(0, "the signature holds");
    }
});

/// Runs one of the tools of the recipe; gives whether it agreed and what it said.
fn tool(folder: &Path, line: &str) -> (bool, String) {
    let output = Command::new("sh")
        .current_dir(folder)
        .arg("-c")
        .arg(line)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

both!(fn an_auditor_needs_only_openssl_and_sha256sum(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    set(app, "2026-01-07T02:00:00Z");
    does(app, &lan, NEXT, "proposal");
    does(app, &minh, NEXT, "closing");
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    for day in [DAY, NEXT] {
        assert_eq!(run(app, &["day", "show", day, "--output", to]).0, 0);
    }
    // The lines of the recipe, as they stand in the document.
    let recipe = include_str!("../../docs/audit.md");
    let line = |begins: &str| -> String {
        let found = recipe.lines().find(|line| line.starts_with(begins));
        found.unwrap_or_else(|| panic!("docs/audit.md has no line {begins}")).to_owned()
    };
    let verify = line("openssl pkeyutl -verify");
    let (agrees, said) = tool(folder.path(), &verify);
    assert!(agrees && said.contains("Signature Verified Successfully"), "{said}");
    let sheet = line("grep -qF \"\\\"printable_sha256");
    let (agrees, said) = tool(folder.path(), &sheet);
    assert!(agrees, "{said}");
    let chain = line("grep -qF \"\\\"sha256");
    let (agrees, said) = tool(folder.path(), &chain);
    assert!(agrees, "{said}");
    let file = folder.path().join("2026-01-05-r1.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("50000", "50001", 1)).unwrap();
    assert!(!tool(folder.path(), &verify).0);
    assert!(!tool(folder.path(), &chain).0);
    std::fs::remove_file(folder.path().join("2026-01-05-r1.html")).unwrap();
    assert!(!tool(folder.path(), &sheet).0);
});

#[test]
fn a_key_is_made_once_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("office.pem");
    let create = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.args(["key", "create", "--output"]).arg(&file);
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), said)
    };
    let (status, said) = create();
    assert_eq!(status, 0, "{said}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (agrees, said) = tool(
        folder.path(),
        "openssl pkey -in office.pem -pubout | cmp - office.pem.pub",
    );
    assert!(agrees, "{said}");
    let before = std::fs::read_to_string(&file).unwrap();
    let (status, said) = create();
    assert!(status == 1 && said.contains("exists already"), "{said}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(create().0, 1, "the public key is there still");
    assert!(!file.exists());
    assert!(before.starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

both!(fn the_command_does_what_the_api_does(app, keyed()) {
    has_a_day(app);
    let (status, said) = run(app, &["day", "show", DAY]);
    assert!(status == 0 && said.contains("2026-01-05  open  incomplete") && said.contains("no file was counted for: bank"), "{said}");
    let (status, said) = run(app, &["day", "close", DAY, "--as", "minh", "--json"]);
    assert!(status == 1 && said.contains("\"not_proposed\""), "{said}");
    assert_eq!(run(app, &["day", "propose", DAY, "--as", "lan"]), (0, "2026-01-05 is proposed: incomplete\n".to_owned()));
    let (status, said) = run(app, &["day", "close", DAY, "--as", "lan"]);
    assert!(status == 1 && said.contains("another officer closes it"), "{said}");
    let (status, said) = run(app, &["day", "close", DAY, "--as", "minh", "--json"]);
    assert!(status == 0 && said.contains("\"state\":\"closed\""), "{said}");
    let (status, said) = run(app, &["day", "reopen", DAY, "--as", "nobody", "--reason", "x", "--json"]);
    assert!(status == 1 && said.contains("\"unknown_officer\""), "{said}");
    let (status, said) = run(app, &["day", "reopen", DAY, "--as", "lan", "--reason", "thiếu tệp"]);
    assert_eq!((status, said.as_str()), (0, "2026-01-05 is reopened: incomplete\n"));
    assert_eq!(run(app, &["day", "show", NEXT, "--html"]).0, 1);
});

#[test]
fn an_own_table_of_holidays_is_read_or_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let holidays = folder.path().join("own.csv");
    let config = folder.path().join("c.toml");
    let text = format!("[office]\nholidays_file = {}\n", json!(holidays));
    std::fs::write(&config, settings("sqlite://x.db") + &text).unwrap();
    let read = || {
        let files = [config.clone()];
        doisoat::config::load::load(&files, [], &doisoat::cli::context::provider_facts())
    };
    let said = read().unwrap_err().to_string();
    assert!(
        said.contains("office.holidays_file") && said.contains("cannot be read"),
        "{said}"
    );
    std::fs::write(
        &holidays,
        "day,kind\n2026-01-05,holiday\n2026-01-06,feast\n",
    )
    .unwrap();
    let said = read().unwrap_err().to_string();
    assert!(said.contains("line 3, kind: \"feast\""), "{said}");
    std::fs::write(&holidays, "day,kind\n2026-01-05,holiday\n").unwrap();
    let calendar = read().unwrap().settings.office.calendar;
    assert!(!calendar.is_working_day(DAY.parse().unwrap()));
}
