//! A small world made through real calls, and every figure of the reports about money counted by
//! hand: by age, by unit, by provider, by day; for a unit that sees its own rows only; in a
//! spreadsheet; and of an empty database. On both databases.

use std::process::Command;

use calamine::{Data, Reader, Xlsx, open_workbook};
use doisoat::domain::ids::uuid_at;
use doisoat::domain::time::parse_rfc3339;
use doisoat::store::rows::{StatementFileRow, UnitRow};
use doisoat::store::types::{Ts, Uid};
use serde_json::{Value, json};

use crate::refunds::{Desk, payment_id, why};
use crate::support::office::{HERE, THERE};
use crate::support::{TestApp, both};

const ALL: [&str; 6] = [
    "unmatched-by-age",
    "refunds-outstanding",
    "reconciliation-quality",
    "provider-settlement",
    "in-transit",
    "day-sheet",
];

/// The report as CSV with ids left out, one line each, without the header.
fn lines(app: &TestApp, token: &str, target: &str) -> Vec<String> {
    let join = if target.contains('?') { '&' } else { '?' };
    let target = format!("/api/v1/reports/{target}{join}format=csv");
    let reply = app.ask(token, "GET", &target, "");
    assert_eq!(reply.status, 200, "{target}: {reply:?}");
    assert_eq!(
        reply.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let is_id = |field: &&str| uuid::Uuid::parse_str(field).is_ok();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let fields = fields
            .iter()
            .map(|field| if is_id(field) { "#" } else { field });
        fields.collect::<Vec<&str>>().join(",")
    };
    reply.body.lines().skip(1).map(line).collect()
}

fn pays(app: &TestApp, id: u64, dong: i64, memo: &str) {
    assert_eq!(app.transfer(id, dong, memo).status, 200);
}

fn resolves(app: &TestApp, token: &str, txn: &str, body: &Value) {
    let payment = payment_id(app, txn);
    let found = app.items("/api/v1/differences");
    let of = |row: &&Value| row["payment"] == json!(payment);
    let row = found.iter().find(of).unwrap();
    let id = row["id"].as_str().unwrap();
    let mut body = body.clone();
    body["reason"] = json!("theo sao kê");
    body["revision"] = row["revision"].clone();
    let target = format!("/api/v1/differences/{id}/resolution");
    let reply = app.ask(token, "POST", &target, &body.to_string());
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// On 5 January: a bill paid, one paid twice, one paid short, one paid twice whose second payment
/// goes back, and two payments that name nothing. On 8 January an officer places one of those, finds
/// the other to be a test, and one more arrives. Then it is 19:00 of that day in Vietnam.
fn has_world(app: &TestApp) -> String {
    app.has_office();
    let desk = Desk::of(app);
    let bill = |unit: &str, number: u32, dong| {
        app.has_bill(unit, &format!("{unit}-260105-{number:04}"), dong)
    };
    pays(app, 1, 10_000, &bill(HERE, 1, 10_000));
    let twice = bill(HERE, 2, 10_000);
    pays(app, 2, 10_000, &twice);
    pays(app, 3, 10_000, &twice);
    pays(app, 4, 5_000, &bill(THERE, 3, 20_000));
    let returned = bill(THERE, 4, 1_000);
    pays(app, 5, 1_000, &returned);
    pays(app, 6, 1_000, &returned);
    pays(app, 7, 50_000, "chuyen tien");
    assert_eq!(app.vnpay_pays("14001", "X1", 7_000, "k-vnpay").status, 200);

    app.clock
        .advance_to(parse_rfc3339("2026-01-08T03:35:00Z").unwrap());
    let unpaid = bill(THERE, 8, 50_000);
    let bills = json!([{ "bill": unpaid }]);
    resolves(
        app,
        &desk.officer,
        "7",
        &json!({ "action": "assign", "bills": bills }),
    );
    resolves(
        app,
        &desk.officer,
        "14001",
        &json!({ "action": "mark_test" }),
    );
    pays(app, 9, 30_000, "chuyen tien");
    let proposals = app.items("/api/v1/refunds");
    let back = json!(payment_id(app, "6"));
    let proposal = proposals.iter().find(|row| row["payment"] == back).unwrap();
    let id = proposal["id"].as_str().unwrap();
    let asked = json!({ "proposal": id, "reason": "paid twice" });
    desk.takes(&desk.officer, "", &asked);
    desk.takes(&desk.approver, &format!("/{id}/approval"), &why());
    let sending = json!({ "provider_refund_id": "RF-7", "reason": "through the portal" });
    desk.takes(&desk.officer, &format!("/{id}/sending"), &sending);
    let outcome =
        json!({ "outcome": "succeeded", "evidence": "RF-7 answered 00", "reason": "paid" });
    desk.takes(&desk.officer, &format!("/{id}/outcome"), &outcome);
    desk.requests("9", "suspense", "4000");
    app.clock
        .advance_to(parse_rfc3339("2026-01-08T12:00:00Z").unwrap());
    app.token_of("auditor", None)
}

both!(fn what_is_unmatched_is_told_by_unit_and_age(app) {
    let token = has_world(app);
    let (old, new) = ("#,2026-01-05T03:35:00Z,2026-01-05 10:35:00", "#,2026-01-08T03:35:00Z,2026-01-08 10:35:00");
    assert_eq!(lines(app, &token, "unmatched-by-age"), [
        format!("differences,,Tỉnh (chưa rõ đơn vị),0-1,1,30000,VND,{new}"),
        format!("differences,H12.104,Xã H12.104,2-7,1,10000,VND,{old}"),
        format!("differences,H12.105,Xã H12.105,2-7,1,5000,VND,{old}"),
        format!("suspense,,Tỉnh (chưa rõ đơn vị),0-1,1,30000,VND,{new}"),
        format!("payer_credit,H12.104,Xã H12.104,2-7,1,10000,VND,{old}"),
    ]);
    app.clock.advance_to(parse_rfc3339("2026-02-05T03:35:00Z").unwrap());
    let ages: Vec<String> = lines(app, &token, "unmatched-by-age").iter()
        .map(|line| line.split(',').nth(3).unwrap().to_owned()).collect();
    assert_eq!(ages, ["8-30", "30+", "30+", "8-30", "30+"]);
    let told = app.get("/api/v1/reports/unmatched-by-age?lang=en");
    assert_eq!(told["totals"], json!([
        { "what": "differences", "currency": "VND", "count": 3, "amount": "45000" },
        { "what": "payer_credit", "currency": "VND", "count": 1, "amount": "10000" },
        { "what": "suspense", "currency": "VND", "count": 1, "amount": "30000" },
    ]));
});

both!(fn refunds_that_have_not_ended_are_told_by_who_asked(app) {
    let token = has_world(app);
    assert_eq!(lines(app, &token, "refunds-outstanding"), [
        ",Tỉnh (chưa rõ đơn vị),requested,CB01,0-1,1,4000,0,4000,VND,#,2026-01-08T03:35:00Z,2026-01-08 10:35:00",
        "H12.104,Xã H12.104,proposed,,2-7,1,10000,0,10000,VND,#,2026-01-05T03:35:00Z,2026-01-05 10:35:00",
    ]);
    let told = app.get("/api/v1/reports/refunds-outstanding");
    assert_eq!(told["totals"][1], json!(
        { "what": "outstanding", "currency": "VND", "count": 2, "amount": "14000" }
    ));
    assert_eq!(told["rows"][0]["outstanding"], "4000");
});

both!(fn the_quality_of_each_unit_has_its_numerator_and_denominator(app) {
    let token = has_world(app);
    let month = "reconciliation-quality?from=2026-01-01&to=2026-01-31";
    assert_eq!(lines(app, &token, month), [
        ",Tỉnh (chưa rõ đơn vị),1,0,0,0.00,1,0.4,0.4,3,2,0",
        "H12.104,Xã H12.104,3,2,0,66.67,1,3.4,3.4,1,0,",
        "H12.105,Xã H12.105,4,2,1,50.00,1,3.4,3.4,2,1,",
    ]);
    let day = "reconciliation-quality?from=2026-01-06&to=2026-01-08";
    assert_eq!(lines(app, &token, day), [
        ",Tỉnh (chưa rõ đơn vị),1,0,0,0.00,1,0.4,0.4,1,2,0",
        "H12.104,Xã H12.104,0,0,0,,1,3.4,3.4,0,0,",
        "H12.105,Xã H12.105,0,0,0,,1,3.4,3.4,0,1,",
    ]);
});

both!(fn files_that_came_late_stand_with_the_province(app) {
    let token = app.token_of("auditor", None);
    app.has_office();
    let at = |text: &str| parse_rfc3339(text).unwrap();
    for (day, is_late, state) in [
        ("2026-01-05T03:00:00Z", true, "imported"),
        ("2026-01-06T03:00:00Z", false, "imported"),
        ("2026-01-07T03:00:00Z", true, "held"),
        ("2026-01-08T03:00:00Z", true, "undone"),
        ("2026-02-01T03:00:00Z", true, "imported"),
    ] {
        let came = at(day);
        let undone = (state == "undone").then_some(came);
        let row = StatementFileRow {
            tenant: 1,
            file_id: Uid(uuid_at(came)),
            source: "vcb".to_owned(),
            file_hash: day.as_bytes().to_vec(),
            file_name: "vcb.csv".to_owned(),
            format: "delimited".to_owned(),
            profile: None,
            state: state.to_owned(),
            byte_count: 1,
            line_count: 1,
            new_count: 1,
            known_count: 0,
            currency: "VND".to_owned(),
            holds: "[]".to_owned(),
            imported_by: "CB01".to_owned(),
            imported_at: Ts(came),
            overridden_by: None,
            override_reason: None,
            overridden_at: None,
            undone_by: undone.map(|_| "CB01".to_owned()),
            undone_at: undone.map(Ts),
            undo_reason: undone.map(|_| "wrong file".to_owned()),
            is_late,
            matched_on: None,
        };
        app.db.write(|queries| queries.insert_statement_file(&row)).unwrap();
    }
    let month = "reconciliation-quality?from=2026-01-01&to=2026-01-31";
    assert_eq!(lines(app, &token, month), [",Tỉnh (chưa rõ đơn vị),0,0,0,,0,,,0,0,2"]);
    let told = app.get(&format!("/api/v1/reports/{month}&lang=en"));
    assert_eq!(told["rows"][0]["files_late"], json!(2), "{told}");
    let own = app.token_of("viewer", Some(HERE));
    assert_eq!(lines(app, &own, month), ["total,Tổng,0,0,0,,0,,,0,0,"]);
});

both!(fn a_provider_s_account_goes_from_opening_to_closing(app) {
    let token = has_world(app);
    let between = |from: &str, to: &str| {
        lines(app, &token, &format!("provider-settlement?from={from}&to={to}"))
    };
    assert_eq!(between("2026-01-05", "2026-01-05"), [
        "bank,VND,0,87000,0,0,0,0,0,0,87000",
        "vnpay,VND,0,7000,0,0,0,0,0,0,7000",
    ]);
    assert_eq!(between("2026-01-06", "2026-01-08"), [
        "bank,VND,87000,30000,-1000,0,0,0,0,0,116000",
        "vnpay,VND,7000,0,0,0,-7000,0,0,0,0",
    ]);
    assert_eq!(between("2026-01-06", "2026-01-07"), [
        "bank,VND,87000,0,0,0,0,0,0,0,87000",
        "vnpay,VND,7000,0,0,0,0,0,0,0,7000",
    ]);
});

both!(fn money_over_a_day_old_is_told_first_in_first_out(app) {
    let token = has_world(app);
    assert_eq!(lines(app, &token, "in-transit"), [
        "clearing:bank,VND,116000,30000,86000,0,86000,0,0,80,2026-01-05T03:35:00Z,2026-01-05 10:35:00",
    ]);
    // Exactly a day after the last came, none of it is young; years later it is all found still.
    for (at, expected) in [
        ("2026-01-09T03:34:59Z", "116000,30000,86000,0,86000,0,0,95"),
        ("2026-01-09T03:35:00Z", "116000,0,116000,30000,86000,0,0,96"),
        ("2026-02-05T03:35:00Z", "116000,0,116000,0,0,30000,86000,744"),
        ("2033-01-08T03:35:00Z", "116000,0,116000,0,0,0,116000,61440"),
    ] {
        app.clock.advance_to(parse_rfc3339(at).unwrap());
        let told = lines(app, &token, "in-transit");
        assert!(told[0].starts_with(&format!("clearing:bank,VND,{expected},")), "{at}: {told:?}");
    }
});

both!(fn a_day_stands_on_one_sheet_and_is_balanced(app) {
    let token = has_world(app);
    assert_eq!(lines(app, &token, "day-sheet?from=2026-01-05"), [
        "payments,bank,succeeded,7,87000,VND",
        "payments,vnpay,succeeded,1,7000,VND",
        "placing,bank,matched (succeeded),5,76000,VND",
        "placing,bank,payer_credit (succeeded),1,10000,VND",
        "differences,short,opened,1,5000,VND",
        "differences,short,still_open,1,5000,VND",
        "differences,twice,opened,2,11000,VND",
        "differences,twice,still_open,1,10000,VND",
        "differences,unknown_dossier,opened,2,57000,VND",
        "differences,unknown_dossier,still_open,0,0,VND",
        "refunds,proposed,opened,1,10000,VND",
        "refunds,proposed,still_open,1,10000,VND",
        "refunds,succeeded,opened,1,1000,VND",
        "refunds,succeeded,still_open,0,0,VND",
        "ledger,clearing:bank,debit,,87000,VND",
        "ledger,clearing:bank,credit,,0,VND",
        "ledger,clearing:vnpay,debit,,7000,VND",
        "ledger,clearing:vnpay,credit,,0,VND",
        "ledger,due:H12.104:phi,debit,,0,VND",
        "ledger,due:H12.104:phi,credit,,20000,VND",
        "ledger,due:H12.105:phi,debit,,0,VND",
        "ledger,due:H12.105:phi,credit,,21000,VND",
        "ledger,payer_credit,debit,,0,VND",
        "ledger,payer_credit,credit,,11000,VND",
        "ledger,receivable:H12.104,debit,,20000,VND",
        "ledger,receivable:H12.104,credit,,20000,VND",
        "ledger,receivable:H12.105,debit,,21000,VND",
        "ledger,receivable:H12.105,credit,,6000,VND",
        "ledger,suspense,debit,,0,VND",
        "ledger,suspense,credit,,57000,VND",
        "zero_check,balances,debits_less_credits,,0,VND",
        "zero_check,day,debits_less_credits,,0,VND",
    ]);
    app.database.run("UPDATE account_balances SET debit_minor = debit_minor + 3 WHERE account = 'clearing:bank' AND debit_minor = (SELECT MAX(debit_minor) FROM account_balances)");
    let told = lines(app, &token, "day-sheet?from=2026-01-05");
    assert!(told.contains(&"zero_check,balances,debits_less_credits,,3,VND".to_owned()), "{told:?}");
    app.database.run("UPDATE account_balances SET debit_minor = debit_minor - 3 WHERE account = 'clearing:bank' AND debit_minor = (SELECT MAX(debit_minor) FROM account_balances)");
    let week = app.ask(&token, "GET", "/api/v1/reports/day-sheet?from=2026-01-05&to=2026-01-06", "");
    assert_eq!(week.status, 422, "{week:?}");
    assert_eq!(lines(app, &token, "day-sheet"), lines(app, &token, "day-sheet?from=2026-01-08&to=2026-01-08"));
});

both!(fn a_caller_of_one_unit_sees_its_own_rows_and_no_others(app) {
    has_world(app);
    let own = app.token_of("viewer", Some(HERE));
    for name in ["unmatched-by-age", "refunds-outstanding", "reconciliation-quality", "day-sheet?from=2026-01-05"] {
        let told = lines(app, &own, name).join("\n");
        assert!(told.contains("H12.104") || name.starts_with("day"), "{name}: {told}");
        assert!(!told.contains("H12.105") && !told.contains("suspense"), "{name}: {told}");
    }
    let day = lines(app, &own, "day-sheet?from=2026-01-05");
    assert_eq!(&day[..2], ["payments,bank,succeeded,3,30000,VND", "placing,bank,matched (succeeded),2,20000,VND"]);
    for (target, status) in [
        ("unmatched-by-age?unit=H12.105", 403),
        ("provider-settlement", 403),
        ("in-transit", 403),
        ("weather", 404),
        ("in-transit?format=pdf", 403),
    ] {
        let reply = app.ask(&own, "GET", &format!("/api/v1/reports/{target}"), "");
        assert_eq!(reply.status, status, "{target}: {reply:?}");
    }
    let system = app.token_of("dossier-system", None);
    assert_eq!(app.ask(&system, "GET", "/api/v1/reports/in-transit", "").status, 403);
    // One unit is not those whose codes begin alike.
    let below = app.get("/api/v1/reports/unmatched-by-age?unit=H12.104");
    assert_eq!(below["rows"].as_array().unwrap().len(), 2);
});

both!(fn an_empty_database_has_empty_reports(app) {
    let token = app.token_of("auditor", None);
    for name in ALL {
        let told = lines(app, &token, name);
        let expected: &[&str] = match name {
            "reconciliation-quality" => &["total,Tổng,0,0,0,,0,,,0,0,0"],
            _ => &[],
        };
        assert_eq!(told, expected, "{name}");
    }
    let told = app.get("/api/v1/reports/unmatched-by-age?lang=en");
    assert_eq!((&told["rows"], &told["notes"][1]), (&json!([]), &json!("There is nothing to show.")));
});

both!(fn words_never_calculate_in_a_spreadsheet_and_numbers_stay_numbers(app) {
    has_world(app);
    let unit = |code: &str, name: &str| UnitRow {
        tenant: 1,
        code: code.to_owned(),
        name_vi: name.to_owned(),
        name_en: name.to_owned(),
        level: "commune".to_owned(),
        parent: None,
        valid_from: None,
        valid_to: None,
    };
    let renamed = [unit(HERE, "=HYPERLINK(1)"), unit(THERE, "@SUM(A1)")];
    app.db.write(|queries| queries.insert_units(&renamed)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("c.toml");
    std::fs::write(&settings, crate::support::app::settings(&app.database.url)).unwrap();
    let write = |name: &str, format: &str| {
        let path = folder.path().join(format!("{name}.{format}"));
        let done = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .arg("--config").arg(&settings)
            .args(["report", name, "--from", "2026-01-01", "--to", "2026-01-31", "--format", format])
            .arg("--output").arg(&path)
            .output().unwrap();
        assert!(done.status.success(), "{done:?}");
        path
    };
    let csv = std::fs::read_to_string(write("reconciliation-quality", "csv")).unwrap();
    assert!(csv.contains("\nH12.104,'=HYPERLINK(1),3,2,0,66.67,"), "{csv}");
    assert!(csv.contains("\nH12.105,'@SUM(A1),4,"), "{csv}");
    let mut book: Xlsx<_> = open_workbook(write("reconciliation-quality", "xlsx")).unwrap();
    let sheets = book.sheet_names();
    let sheet = book.worksheet_range(&sheets[0]).unwrap();
    let cell = |row, column| sheet.get_value((row, column)).unwrap().clone();
    assert_eq!(cell(2, 1), Data::String("'=HYPERLINK(1)".to_owned()));
    assert_eq!((cell(2, 2), cell(2, 5)), (Data::Float(3.0), Data::Float(0.6667)));
    assert!(book.worksheet_formula(&sheets[0]).unwrap().is_empty());
    let mut book: Xlsx<_> = open_workbook(write("provider-settlement", "xlsx")).unwrap();
    let sheet = book.worksheet_range(&sheets[0]).unwrap();
    assert_eq!(sheet.get_value((1, 4)), Some(&Data::Float(-1000.0)));
    assert_eq!(sheet.get_value((2, 6)), Some(&Data::Float(-7000.0)));
    let text = std::fs::read_to_string(write("in-transit", "table")).unwrap();
    assert!(text.contains("clearing:bank") && text.contains("116000"), "{text}");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(write("in-transit", "json")).unwrap()).unwrap();
    assert_eq!(json["rows"][0]["held"], "116000");
});
