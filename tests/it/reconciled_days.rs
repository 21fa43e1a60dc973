//! A day that is reconciled: what is kept of it, which differences follow from it and how they end,
//! that it is closed on what was found, and that whoever alters it is found. On both databases.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use doisoat::domain::difference::WayOut;
use doisoat::domain::ids::Tenant;
use doisoat::domain::time::{Day, parse_rfc3339};
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::case_desk::CaseDesk;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::journeys::days::close_day::close_day;
use doisoat::journeys::days::find_day::find_day;
use doisoat::journeys::days::propose_day::propose_day;
use doisoat::journeys::days::replay_day::replay_day;
use doisoat::journeys::days::{DayDesk, DayError};
use doisoat::journeys::reconcile::{
    DifferenceCounts, Reconciled, Reconciling, preview_day, reconcile_day,
};
use doisoat::journeys::resolve_difference::{Resolution, resolve_difference};
use doisoat::journeys::statements::Hand;
use doisoat::journeys::statements::undo_import::undo_import;
use doisoat::ledger::signing::new_private_pem;
use doisoat::ledger::verify::verify;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::compared_days::{SETTLEMENT, SOURCES, STATEMENT, day, has_paid, import, import_bytes};
use crate::support::http::request;
use crate::support::office::HERE;
use crate::support::{TestApp, both};

/// Statements of the bank are expected for every day.
const BANK: &str = "
[sources.vcb]
kind = \"bank\"
account = \"1017588888\"
channels = [\"bank\"]
expected = \"daily\"
grace_days = 2
";

fn keyed(sources: &str) -> &'static str {
    let file = tempfile::tempdir().unwrap().keep().join("key.pem");
    std::fs::write(&file, new_private_pem().unwrap()).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let text = format!("{sources}\n[signing]\nkey_file = {}\n", json!(file));
    Box::leak(text.into_boxed_str())
}

fn run<'a>(app: &'a TestApp, officer: Option<&'a str>, on: &str) -> Reconciling<'a> {
    let now = parse_rfc3339(&format!("2026-01-{on}T02:00:00Z")).unwrap();
    app.set_clock(now);
    Reconciling {
        db: &app.db,
        settings: &app.settings,
        tenant: Tenant(1),
        officer,
        now,
    }
}

fn reconciles(app: &TestApp, of: u32, on: &str) -> Reconciled {
    reconcile_day(&run(app, Some("KT01"), on), day(of)).unwrap()
}

/// Differences that comparisons opened: kind, subject, state.
fn compared(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT kind || ' ' || state || ' ' || subject AS t FROM differences \
         WHERE subject IS NOT NULL ORDER BY kind, subject",
    )
}

fn ids(app: &TestApp) -> Vec<Value> {
    let mut ids: Vec<Value> = app
        .items("/api/v1/differences?limit=500")
        .into_iter()
        .filter(|one| !one["subject"].is_null())
        .map(|one| {
            json!([
                one["id"],
                one["kind"],
                one["subject"],
                one["revision"],
                one["state"]
            ])
        })
        .collect();
    ids.sort_by_key(Value::to_string);
    ids
}

fn kinds(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT kind || ' ' || state AS t FROM differences WHERE subject IS NOT NULL ORDER BY kind, state",
    )
}

fn desk<'a>(app: &'a TestApp, officer: &'a str) -> DayDesk<'a> {
    DayDesk {
        tenant: Tenant(1),
        holder: officer,
        now: app.clock.now(),
        officer,
    }
}

both!(fn a_day_is_reconciled_again_and_nothing_is_doubled(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    import(app, "vcb", STATEMENT);
    let none = preview_day(&run(app, None, "09"), day(5)).unwrap();
    assert!(compared(app).is_empty() && none.of_the_day().count() == 12);
    let first = reconciles(app, 5, "09");
    assert_eq!(first.differences, DifferenceCounts { opened: 5, ..DifferenceCounts::default() });
    assert_eq!(kinds(app), [
        "amount_mismatch open", "fee_differs open", "missing_in_settlement open", "not_recorded open", "unknown_credit open",
    ]);
    let subjects = compared(app);
    for subject in ["fee_differs open line:vnpay:1004@2026-01-05", "not_recorded open line:vnpay:1009@2026-01-05", "unknown_credit open bank:vcb:FT78@2026-01-05"] {
        assert!(subjects.iter().any(|one| one == subject), "{subject}: {subjects:?}");
    }
    // Whatever is run in whatever order, the same stands under the same ids.
    let opens_one = DifferenceCounts { opened: 1, ..DifferenceCounts::default() };
    assert_eq!(reconciles(app, 6, "09").differences, opens_one, "the missing file of the 6th");
    let before = ids(app);
    assert_eq!(reconciles(app, 6, "09").differences, DifferenceCounts::default());
    let again = reconciles(app, 5, "09");
    assert_eq!((again.differences, &again.digest), (DifferenceCounts::default(), &first.digest));
    assert_eq!(ids(app), before);
    let rows = "SELECT COUNT(*) AS n FROM comparisons";
    assert_eq!(app.database.number(rows), 2);
    // The evidence names the file, the line and what was compared.
    let mismatch = &app.items("/api/v1/differences?kind=amount_mismatch")[0];
    assert_eq!((&mismatch["amount"], &mismatch["day"]), (&json!("1000"), &json!("2026-01-05")));
    let reason = &mismatch["evidence"]["reason"];
    assert_eq!((&reason["rule"], &reason["matched"]), (&json!("transaction_id"), &json!(["line 3 of file"])));
    assert!(reason["compared"].as_array().unwrap().contains(
        &json!({ "field": "amount", "own": "60000", "other": "61000", "agrees": false })
    ));
    let fee = &app.items("/api/v1/differences?kind=fee_differs")[0];
    assert_eq!((&fee["amount"], &fee["channel"]), (&json!("500"), &json!("vnpay")));
    assert_eq!((&fee["evidence"]["file"], &fee["evidence"]["line"]), (&json!("file"), &json!(4)));
});

both!(fn outcomes_are_read_back_as_they_were_found(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    import(app, "vcb", STATEMENT);
    add_officer(&app.db, Tenant(1), "lan", "lan", None, app.clock.now()).unwrap();
    let request = TokenRequest { tenant: Tenant(1), role: "officer".to_owned(), officer: Some("lan".to_owned()), unit: None, expires_at: None };
    let lan = create_token(&app.db, &request, app.clock.now()).unwrap();
    app.set_clock(parse_rfc3339("2026-01-09T02:00:00Z").unwrap());
    let path = "/api/v1/days/2026-01-05";
    assert_eq!(app.ask(&lan, "GET", &format!("{path}/outcomes"), "").status, 404);
    assert_eq!(app.ask(&app.token_of("officer", None), "POST", &format!("{path}/comparison"), "").status, 403);
    let told = app.ask(&lan, "POST", &format!("{path}/comparison"), "");
    assert_eq!(told.status, 200, "{told:?}");
    let told = told.json();
    assert_eq!((&told["differences"]["opened"], &told["missing_files"]), (&json!(5), &json!([])));
    let counted: i64 = told["counts"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum();
    // Page by page, nothing twice and nothing left out.
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let page = app.get(&format!("{path}/outcomes?limit=4{next}"));
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(i64::try_from(items.len()).unwrap(), counted);
    let fee = app.items(&format!("{path}/outcomes?outcome=fee_differs&side=settlement_line"));
    assert_eq!(fee.len(), 1);
    assert_eq!((&fee[0]["difference_minor"], &fee[0]["item"]["line"], &fee[0]["item"]["name"]), (&json!(500), &json!(4), &json!("file")));
    assert_eq!((&fee[0]["with"][0]["role"], &fee[0]["with"][0]["allocated_minor"]), (&json!("matched"), &json!(40_000)));
    assert_eq!(app.ask(&lan, "GET", &format!("{path}/outcomes?outcome=none"), "").status, 400);
    assert_eq!(app.ask(&lan, "GET", &format!("{path}/outcomes?cursor=x"), "").status, 400);
});

both!(fn what_arrives_later_settles_a_difference_and_says_why(app, SOURCES) {
    has_paid(app);
    reconciles(app, 5, "09");
    assert_eq!(kinds(app), [
        "missing_file open", "missing_in_bank open", "missing_in_settlement open", "missing_in_settlement open",
        "missing_in_settlement open", "missing_in_settlement open",
    ]);
    let before = ids(app);
    import(app, "vnpay", SETTLEMENT);
    // A run of the next day ends what agrees by now, and opens nothing for a day that is not its own.
    let next = reconciles(app, 6, "09");
    assert_eq!(next.differences, DifferenceCounts { opened: 1, settled: 3, ..DifferenceCounts::default() });
    assert_eq!(kinds(app), [
        "missing_file open", "missing_file resolved", "missing_in_bank open", "missing_in_settlement open",
        "missing_in_settlement open", "missing_in_settlement resolved", "missing_in_settlement resolved",
    ]);
    let own = reconciles(app, 5, "09");
    assert_eq!((own.differences.opened, own.differences.settled), (4, 1));
    let reasons = app.database.texts("SELECT s.reason AS t FROM difference_steps s WHERE s.action = 'settled_itself' ORDER BY s.reason");
    assert_eq!(reasons, [
        "amount_mismatch by now", "lines of the day are known by now",
        "matched_settlement by now, by transaction_id, with line 2 of file",
        "matched_settlement by now, by transaction_id, with line 4 of file",
    ]);
    // Settled by itself and found again: taken up again under the same id.
    app.database.run("UPDATE statement_files SET matched_on = NULL, state = 'undone', undone_by = 'KT01', undone_at = imported_at, undo_reason = 'x'");
    let again = reconciles(app, 5, "09");
    assert_eq!(again.differences, DifferenceCounts { reopened: 4, settled: 4, ..DifferenceCounts::default() });
    let states = |one: &Value| json!([one[0], one[1], one[2]]);
    let same: Vec<Value> = before.iter().map(states).collect();
    let is_of_day = |one: &&Value| one[4] != "resolved" && one[2] != "file:vnpay:2026-01-06";
    let now: Vec<Value> = ids(app).iter().filter(is_of_day).map(states).collect();
    assert_eq!(now, same);
});

both!(fn what_a_person_closed_stays_closed_while_its_amount_is_the_same(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    import(app, "vcb", STATEMENT);
    reconciles(app, 5, "09");
    let one = app.items("/api/v1/differences?kind=unknown_credit")[0].clone();
    let full = app.get(&format!("/api/v1/differences/{}", one["id"].as_str().unwrap()));
    assert_eq!(full["ways_out"], json!(["close", "move_unit"]));
    let id: Uuid = one["id"].as_str().unwrap().parse().unwrap();
    let desk = CaseDesk {
        tenant: Tenant(1), holder: "case", now: app.clock.now(), officer: "KT01", unit: None, may_approve: false,
    };
    let resolution = Resolution {
        way: WayOut::Close, bills: Vec::new(), reason: "tiền lãi".to_owned(), revision: 1, until: None, unit: None, is_preview: false,
    };
    resolve_difference(&app.db, &desk, id, &resolution).unwrap();
    assert_eq!(reconciles(app, 5, "10").differences, DifferenceCounts::default());
    let state = "SELECT state AS t FROM differences WHERE kind = 'unknown_credit'";
    assert_eq!(app.database.texts(state), ["resolved"]);
    app.database.run("UPDATE differences SET amount_minor = 6000 WHERE kind = 'unknown_credit'");
    assert_eq!(reconciles(app, 5, "10").differences, DifferenceCounts { reopened: 1, ..DifferenceCounts::default() });
    assert_eq!(app.database.texts(state), ["reopened"]);
    let step = "SELECT action || ': ' || reason AS t FROM difference_steps WHERE action = 'found_again'";
    assert_eq!(app.database.texts(step), ["found_again: compared again for 2026-01-05: it was 6000, it is 7000"]);
});

both!(fn files_of_which_something_was_matched_can_no_longer_be_undone(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    let id = app.database.texts("SELECT source AS t FROM statement_files WHERE matched_on IS NULL");
    assert_eq!(id, ["vnpay"]);
    reconciles(app, 5, "06");
    let files = app.db.read(|queries| queries.list_statement_files(1, &doisoat::store::ops::StatementFilter { limit: 9, ..Default::default() })).unwrap();
    assert_eq!(files[0].matched_on, Some(day(5)));
    let hand = Hand { tenant: Tenant(1), officer: "KT01", now: app.clock.now() };
    let refused = undo_import(&app.db, &hand, files[0].file_id.0, "nhầm").unwrap_err();
    assert_eq!(refused.code(), "matched");
});

both!(fn whoever_may_not_is_refused_and_leaves_no_trace(app, SOURCES) {
    has_paid(app);
    add_officer(&app.db, Tenant(1), "hoa", "hoa", Some(HERE), app.clock.now()).unwrap();
    let code = |result: Result<Reconciled, DayError>| match result {
        Err(DayError::Refused(refusal)) => refusal.code(),
        other => panic!("{:?}", other.map(|_| ())),
    };
    let with = |officer| run(app, Some(officer), "09");
    assert_eq!(code(reconcile_day(&with("nobody"), day(5))), "unknown_officer");
    assert_eq!(code(reconcile_day(&with("hoa"), day(5))), "other_unit");
    let elsewhere = Reconciling { tenant: Tenant(7), ..run(app, None, "09") };
    assert_eq!(code(reconcile_day(&elsewhere, day(5))), "unknown_tenant");
    // A mistyped year is no day of ours.
    let on = |year: i32, month: u32, date: u32| Day::from_ymd_opt(year, month, date).unwrap();
    for (day, expected) in [(on(2062, 1, 7), "in_future"), (on(2026, 1, 10), "in_future"), (on(2006, 1, 5), "long_before")] {
        assert_eq!(code(reconcile_day(&with("KT01"), day)), expected, "{day}");
        let previewed = preview_day(&with("KT01"), day);
        assert!(matches!(previewed, Err(DayError::Refused(refusal)) if refusal.code() == expected), "{day}");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM comparisons"), 0);
    assert!(compared(app).is_empty());
    assert!(reconcile_day(&with("KT01"), on(2025, 12, 20)).is_ok(), "days just before the books may be asked for");
});

both!(fn a_day_whose_files_are_there_closes_as_reconciled(app, keyed(BANK)) {
    app.has_office();
    for code in ["KT01", "minh"] {
        add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
    }
    let reference = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    app.set_clock(parse_rfc3339("2026-01-06T02:00:00Z").unwrap());
    // Without its file nobody can say.
    let row = propose_day(&app.db, &desk(app, "KT01"), &app.settings, day(5)).unwrap();
    assert_eq!(row.verdict.as_deref(), Some("incomplete"));
    import(app, "vcb", &statement(&reference));
    // What is found now is not what was proposed.
    let closing = close_day(&app.db, &desk(app, "minh"), &app.settings, day(5)).unwrap_err();
    assert!(matches!(closing, DayError::Refused(ref refusal) if refusal.code() == "changed"), "{closing}");
    let row = propose_day(&app.db, &desk(app, "KT01"), &app.settings, day(5)).unwrap();
    assert_eq!(row.verdict.as_deref(), Some("reconciled"));
    let row = close_day(&app.db, &desk(app, "minh"), &app.settings, day(5)).unwrap();
    let found: Value = serde_json::from_str(row.result.as_deref().unwrap()).unwrap();
    assert_eq!(found["missing_files"], json!([]));
    assert_eq!((&found["files"][0]["source"], &found["files"][0]["name"]), (&json!("vcb"), &json!("file")));
    let digest = app.db.read(|queries| queries.find_comparison(1, day(5))).unwrap().unwrap().digest;
    assert_eq!(found["outcomes"]["sha256"], json!(hex::encode(digest)));
    let artefact = app.db.read(|queries| queries.find_artefact(1, day(5), 1)).unwrap().unwrap();
    assert_eq!(app.db.read(|queries| replay_day(queries, &row, &artefact, std::slice::from_ref(&artefact.public_key))).unwrap(), [""; 0]);
    let sheet = String::from_utf8(artefact.printable).unwrap();
    assert!(sheet.contains("Kết quả so khớp") && sheet.contains("bank_line"), "{sheet}");
    // A closed day keeps what it was closed on.
    let refused = reconcile_day(&run(app, Some("KT01"), "07"), day(5));
    assert!(matches!(refused, Err(DayError::Refused(ref refusal)) if refusal.code() == "already_closed"));
    for check in verify(&app.db, 1).unwrap() {
        assert_eq!(check.wrong, [], "{}", check.proves);
    }
    app.expects_broken_books();
    app.database.run("UPDATE outcome_pages SET data = (SELECT digest FROM comparisons LIMIT 1)");
    let told = verify(&app.db, 1).unwrap();
    let outcomes = told.iter().find(|check| check.proves.starts_with("outcomes")).unwrap();
    assert_eq!(outcomes.wrong, [("comparison of 2026-01-05".to_owned(), "its pages are not those that were written".to_owned())]);
});

/// The bank's statement of the day, with one transfer.
fn statement(reference: &str) -> String {
    format!(
        ":20:S1\r\n:25:1017588888\r\n:28C:1/1\r\n:60F:C260105VND0,\r\n\
         :61:2601050105C50000,NTRFNONREF//FT1\r\n:86:{reference}\r\n:62F:C260105VND50000,\r\n-\r\n"
    )
}

both!(fn a_pair_over_midnight_is_explained_on_both_days(app, SOURCES) {
    has_paid(app);
    // The provider counts the payment of the 5th as one of the 6th.
    import(app, "vnpay", &SETTLEMENT.replace("05/01/2026 10:30:15,1001", "06/01/2026 00:10:00,1001"));
    for (of, expected) in [(5, json!("-50000")), (6, json!("50000"))] {
        reconciles(app, of, "09");
        let now = app.clock.now();
        let found = app.db.read(|queries| find_day(queries, &app.settings, Tenant(1), day(of), now)).unwrap();
        let vnpay = found.value["settlement"].as_array().unwrap().iter().find(|one| one["channel"] == "vnpay").unwrap();
        assert_eq!(vnpay["residual"], json!("0"), "{vnpay}");
        let explained = vnpay["explained"].as_array().unwrap();
        let over = explained.iter().find(|one| one["outcome"] == "settled_on_another_day").unwrap();
        assert_eq!((&over["count"], &over["amount"]), (&json!(1), &expected));
        assert!(found.is_kept && found.unexplained.is_empty());
    }
});

both!(fn differences_are_carried_over_with_their_ids_and_ages(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    reconciles(app, 5, "12");
    reconciles(app, 8, "12");
    let now = app.clock.now();
    let open = |of: u32| {
        let found = app.db.read(|queries| find_day(queries, &app.settings, Tenant(1), day(of), now)).unwrap();
        let items = found.value["differences"]["items"].as_array().unwrap().clone();
        let of_kind = items.into_iter().find(|one| one["kind"] == "not_recorded");
        of_kind.map(|one| (one["id"].clone(), one["age_days"].clone(), one["opened_on"].clone()))
    };
    let (id, age, since) = open(8).unwrap();
    assert_eq!((age, since), (json!(3), json!("2026-01-05")));
    assert_eq!(open(5).unwrap(), (id, json!(0), json!("2026-01-05")));
    assert_eq!(open(4), None, "it is of a day after");
});

/// The channels and sources of the day of samples.
const ONE_DAY: &str = "
[channels.s-vnpay]
provider = \"sepay\"
secrets.api_key = \"k-bank\"
settings.scheme = \"sepay-apikey\"
[channels.s-momo]
provider = \"sepay\"
secrets.api_key = \"k-bank\"
settings.scheme = \"sepay-apikey\"
[channels.s-vcb]
provider = \"sepay\"
secrets.api_key = \"k-bank\"
settings.scheme = \"sepay-apikey\"
[sources.vnpay]
kind = \"settlement\"
channel = \"s-vnpay\"
profile = \"vnpay-fee\"
expected = \"daily\"
[sources.momo]
kind = \"settlement\"
channel = \"s-momo\"
profile = \"momo\"
expected = \"daily\"
[sources.vcb]
kind = \"bank\"
account = \"0011000000777\"
channels = [\"s-vcb\"]
payouts = { s-vnpay = \"VNPAY TT GD\", s-momo = \"MOMO THANH TOAN\" }
";

/// Tells of every payment of the samples that was paid, as its provider would; gives how many.
fn has_samples(app: &TestApp, folder: &std::path::Path) -> usize {
    let text = std::fs::read_to_string(folder.join("recorded-payments.csv")).unwrap();
    let paid = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect::<Vec<_>>());
    let paid = paid.filter(|cells| cells[7] == "PAID");
    let mut count = 0;
    for (number, cells) in paid.enumerate() {
        let [_, order, at, amount, _, method, txn, _] = cells[..] else {
            panic!("{cells:?}")
        };
        let channel = match method {
            "VNPAY" => "s-vnpay",
            "MOMO" => "s-momo",
            _ => "s-vcb",
        };
        let id: u64 = txn.parse().unwrap_or(number as u64 + 1);
        let body = json!({
            "id": id, "gateway": "Vietcombank", "transactionDate": at[..19].replace('T', " "),
            "accountNumber": "0011000000777", "subAccount": "", "code": order, "content": order,
            "transferType": "in", "description": order, "transferAmount": amount.parse::<i64>().unwrap(),
            "referenceCode": null,
        });
        let headers = [
            ("content-type", "application/json"),
            ("authorization", "Apikey k-bank"),
        ];
        let call = request(
            "POST",
            &format!("/webhooks/{channel}"),
            &headers,
            body.to_string().as_bytes(),
        );
        assert_eq!(app.send(&call).status, 200);
        count = number + 1;
    }
    count
}

both!(fn the_day_of_samples_is_imported_compared_and_closed_without_a_residual(app, keyed(ONE_DAY)) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statements/scenario/one-day");
    app.set_clock(parse_rfc3339("2026-09-22T16:30:00Z").unwrap());
    for code in ["KT01", "minh"] {
        add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
    }
    assert_eq!(has_samples(app, &folder), 68);
    for (source, name) in [("vnpay", "vnpay-settlement.xlsx"), ("momo", "momo-settlement.csv"), ("vcb", "bank-vietcombank.xlsx")] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        import_bytes(app, source, name, bytes, parse_rfc3339("2026-09-23T01:00:00Z").unwrap());
    }
    let of: Day = "2026-09-22".parse().unwrap();
    app.set_clock(parse_rfc3339("2026-09-24T02:00:00Z").unwrap());
    propose_day(&app.db, &desk(app, "KT01"), &app.settings, of).unwrap();
    let row = close_day(&app.db, &desk(app, "minh"), &app.settings, of).unwrap();
    let found: Value = serde_json::from_str(row.result.as_deref().unwrap()).unwrap();
    let count = |side: &str, outcome: &str| {
        let counts = found["outcomes"]["counts"].as_array().unwrap();
        let one = counts.iter().find(|one| one["side"] == side && one["outcome"] == outcome);
        one.map_or(0, |one| one["count"].as_i64().unwrap())
    };
    // What the samples say of payments that were paid, and of the lines that report one.
    for (side, outcome, expected) in [
        ("payment", "matched_settlement", 33), ("payment", "missing_in_settlement", 1),
        ("settlement_line", "matched", 33), ("settlement_line", "amount_mismatch", 1),
        ("settlement_line", "refund_not_recorded", 1), ("payout", "payout_matched", 2),
        ("payment", "matched_split", 2), ("bank_line", "matched_split", 4),
    ] {
        assert_eq!(count(side, outcome), expected, "{side} {outcome}: {}", found["outcomes"]["counts"]);
    }
    let bridges = found["settlement"].as_array().unwrap();
    assert_eq!(bridges.len(), 2, "{bridges:?}");
    assert!(bridges.iter().all(|one| one["residual"] == "0"), "{bridges:?}");
    assert_eq!((&found["missing_files"], found["files"].as_array().unwrap().len()), (&json!([]), 3));
    let artefact = app.db.read(|queries| queries.find_artefact(1, of, 1)).unwrap().unwrap();
    assert_eq!(app.db.read(|queries| replay_day(queries, &row, &artefact, std::slice::from_ref(&artefact.public_key))).unwrap(), [""; 0]);
});

/// The bank brings statements of working days.
const WORKING: &str = "
[sources.vnpay]
kind = \"settlement\"
channel = \"vnpay\"
profile = \"vnpay-fee\"
expected = \"daily\"
[sources.vcb]
kind = \"bank\"
account = \"1017588888\"
channels = [\"bank\"]
expected = \"working_days\"
";

both!(fn files_that_come_late_or_for_a_day_off_are_told(app, WORKING) {
    has_paid(app);
    let at = |text: &str| parse_rfc3339(text).unwrap();
    import_bytes(app, "vnpay", "late.csv", SETTLEMENT.as_bytes().to_vec(), at("2026-01-09T02:00:00Z"));
    reconciles(app, 5, "09");
    reconciles(app, 5, "09");
    let late = "SELECT state || ' ' || subject || ' ' || resolution AS t FROM differences WHERE kind = 'late_file'";
    assert_eq!(app.database.texts(late), ["resolved file:vnpay:2026-01-05 settled_itself"]);
    // The 17th is a Saturday; the one before is worked, for the 2nd.
    let saturday = STATEMENT.replace("260105", "260117").replace("260106", "260117");
    let saturday = saturday.replace("0105C", "0117C").replace("0106C", "0117C");
    import_bytes(app, "vcb", "sat.sta", saturday.into_bytes(), at("2026-01-18T02:00:00Z"));
    reconciles(app, 17, "19");
    let unexpected = "SELECT state || ' ' || subject AS t FROM differences WHERE kind = 'unexpected_file'";
    assert_eq!(app.database.texts(unexpected), ["open file:vcb:2026-01-17"]);
});

both!(fn a_payment_of_a_channel_that_left_the_settings_is_not_passed_over(app, SOURCES) {
    has_paid(app);
    app.expects_broken_books();
    app.database.run("UPDATE payments SET channel = 'gone' WHERE provider_txn_id = '1003'");
    reconciles(app, 5, "09");
    let of = "SELECT kind || ' ' || channel AS t FROM differences WHERE subject IS NOT NULL AND channel = 'gone'";
    assert_eq!(app.database.texts(of), ["missing_in_settlement gone"]);
    let now = app.clock.now();
    let found = app.db.read(|queries| find_day(queries, &app.settings, Tenant(1), day(5), now)).unwrap();
    let missing = found.value["missing_files"].as_array().unwrap();
    assert!(missing.contains(&json!("gone")) || found.unexplained.contains(&"gone".to_owned()), "{}", found.value);
});
