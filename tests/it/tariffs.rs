//! Tariffs from file to dossier: what is drafted and refused, the life of a rule, quotes by API and
//! command line over the shipped data, and amounts that are flagged and cleared.

use std::path::Path;

use chrono::NaiveDate;
use doisoat::domain::ids::Tenant;
use doisoat::domain::tariff::life::State;
use doisoat::domain::time::parse_rfc3339;
use doisoat::journeys::add_officer::{add_officer, disable_officer};
use doisoat::journeys::import_file::{Imported, Kind};
use doisoat::journeys::tariffs::activate::{Activated, activate};
use doisoat::journeys::tariffs::expire::expire;
use doisoat::journeys::tariffs::{Act, TariffError};
use doisoat::store::rows::TariffRuleRow;
use serde_json::{Value, json};

use crate::imports::{Folder, import, program, put, refusal};
use crate::support::office::{HERE, dossier};
use crate::support::{TestApp, both};

const OFFICER: &str = "lan";
const CODE: &str = "H12.104-260105-0001";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn shipped(app: &TestApp, kind: Kind, file: &str) -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config/data")
        .join(file);
    import(app, kind, &path).unwrap()
}

/// The shipped units, procedures, groups and rules, drafted.
fn has_shipped_drafts(app: &TestApp) {
    shipped(app, Kind::Units, "camau_units.csv");
    for file in ["procedures.csv", "procedures_land.csv"] {
        shipped(app, Kind::Procedures, file);
    }
    shipped(app, Kind::PersonGroups, "person_groups.csv");
    for file in ["tariffs.csv", "tariffs_land.csv"] {
        shipped(app, Kind::Tariffs, file);
    }
    add_officer(&app.db, Tenant(1), OFFICER, "Lan", None, app.clock.now()).unwrap();
}

fn act<'a>(app: &TestApp, reason: Option<&'a str>) -> Act<'a> {
    Act {
        tenant: Tenant(1),
        officer: OFFICER,
        reason,
        now: app.clock.now(),
    }
}

fn has_shipped_tariff(app: &TestApp) {
    has_shipped_drafts(app);
    let done = activate(&app.db, &act(app, Some("first tariff")), None).unwrap();
    assert_eq!(done.len(), 63);
}

/// An office with two units, one procedure, the shipped groups and an officer.
fn has_small_office(app: &TestApp) {
    app.has_office();
    shipped(app, Kind::PersonGroups, "person_groups.csv");
    add_officer(&app.db, Tenant(1), OFFICER, "Lan", None, app.clock.now()).unwrap();
}

const HEADER: &str = "rule_id,procedure_code,fee_kind,fee_code,role,submitted_via,units,groups,amount,\
    steps,percent_off,legal_basis,effective_from,effective_to,replaces,prevails_over,decision";

/// A row of that header: a fixed price from a day on.
fn row(id: &str, minor: &str, from: &str) -> String {
    format!("{id},2.000815,phi,P1,price,,,,{minor},,,the text,{from},,,,")
}

fn draft(app: &TestApp, rows: &[String]) -> Imported {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    import(app, Kind::Tariffs, &Folder::new().has("tariffs.csv", text)).unwrap()
}

/// The row with what follows the first day: last day, replaces, prevails over, decision.
fn with(row: &str, tail: &str) -> String {
    format!("{},{tail}", row.strip_suffix(",,,,").unwrap())
}

fn rule(app: &TestApp, id: &str) -> TariffRuleRow {
    let found = app.db.read(|queries| queries.find_tariff_rule(1, id));
    found.unwrap().unwrap()
}

fn activated(app: &TestApp, id: &str) -> Result<Vec<Activated>, TariffError> {
    activate(&app.db, &act(app, None), Some(&[id.to_owned()]))
}

/// The code of a refusal, and its sentence.
fn refused<T: std::fmt::Debug>(result: Result<T, TariffError>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code(), error.to_string())
}

fn due(app: &TestApp, query: &str) -> String {
    let told = app.get(&format!("/api/v1/quote?{query}"));
    told["amount"]
        .as_str()
        .unwrap_or_else(|| panic!("{told}"))
        .to_owned()
}

/// Status, code and detail of a quote that is not given.
fn no_quote(app: &TestApp, query: &str) -> (u16, String, String) {
    let token = app.token_of("auditor", None);
    let reply = app.ask(&token, "GET", &format!("/api/v1/quote?{query}"), "");
    let told = reply.json();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    (reply.status, text("code"), text("detail"))
}

both!(fn every_kind_of_fee_comes_out_of_the_shipped_tariff(app) {
    has_shipped_tariff(app);
    let table = [
        // Way of submission.
        ("procedure=1.004222&unit=H12.105&via=counter&on=2026-01-05", "20000"),
        ("procedure=1.004222&unit=H12.105&via=post&on=2026-01-05", "20000"),
        ("procedure=1.004222&unit=H12.105&via=online&on=2026-01-05", "10000"),
        ("procedure=1.001612&unit=H12.105&via=counter&on=2026-01-05", "100000"),
        // 0 đồng online in Cà Mau, from its day on, and nowhere else.
        ("procedure=1.001612&unit=H12.105&via=online&on=2025-11-21", "100000"),
        ("procedure=1.001612&unit=H12.105&via=online&on=2025-11-22", "0"),
        ("procedure=1.001193&unit=H12.104&via=online&on=2025-12-31", "0"),
        ("procedure=1.004859&fee=1.004859-2&unit=H12.164&via=online&on=2026-01-05", "0"),
        // What the province may not decide stays.
        ("procedure=2.000884&unit=H12.105&via=online&on=2026-01-05", "10000"),
        // National reliefs with a first and a last day.
        ("procedure=2.000488&unit=H12.14&via=counter&on=2025-07-01", "200000"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-04-24", "170000"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-12-31", "170000"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2026-01-01", "200000"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2026-08-14&group=vneid2", "8000"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2026-08-15&group=vneid2", "0"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2027-02-28&group=vneid2", "0"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2027-03-01&group=vneid2", "8000"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2026-08-15", "8000"),
        // Listed places.
        ("procedure=1.001193&unit=H12.104&via=online&on=2025-07-01", "4000"),
        ("procedure=1.001193&unit=H12.103&via=online&on=2025-07-01", "8000"),
        ("procedure=1.001193&unit=H12.104&via=counter&on=2025-07-01", "8000"),
        ("procedure=9.000001&fee=9.000001-2&unit=H12.101&via=counter&on=2025-07-01", "28000"),
        ("procedure=9.000001&fee=9.000001-2&unit=H12.104&via=counter&on=2025-07-01", "14000"),
        // People.
        ("procedure=1.004222&unit=H12.105&via=online&on=2026-01-05&group=poor", "0"),
        ("procedure=1.004222&unit=H12.105&via=counter&on=2026-01-05&group=elderly", "0"),
        ("procedure=1.004222&unit=H12.105&via=counter&on=2026-01-05&group=minority_extremely_poor", "0"),
        ("procedure=1.001193&unit=H12.105&via=counter&on=2026-01-05&group=on_time", "0"),
        ("procedure=2.000488&unit=H12.14&via=counter&on=2026-01-05&group=student", "100000"),
        ("procedure=2.000488&unit=H12.14&via=counter&on=2026-01-05&group=merit", "100000"),
        ("procedure=2.000488&unit=H12.14&via=counter&on=2026-01-05&group=child", "0"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-07-01&group=student", "100000"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-07-01&group=student&group=disabled", "0"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-07-01&group=student,disabled", "0"),
        // Pieces in steps, up to a cap.
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05", "2000"),
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05&quantity=2", "4000"),
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05&quantity=3", "5000"),
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05&quantity=197", "199000"),
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05&quantity=198", "200000"),
        ("procedure=2.000815&unit=H12.105&via=counter&on=2026-01-05&quantity=5000", "200000"),
        ("procedure=2.000635&unit=H12.105&via=counter&on=2026-01-05&quantity=3", "24000"),
        ("procedure=2.000488&unit=H12.14&via=counter&on=2026-01-05&quantity=2", "200000"),
        ("procedure=2.000488&unit=H12.14&via=counter&on=2026-01-05&quantity=4", "210000"),
        ("procedure=2.000488&unit=H12.14&via=online&on=2025-07-01&quantity=4", "180000"),
        // Shares with a cap.
        ("procedure=9.000001&fee=9.000001-1&unit=H12.101&via=counter&on=2026-01-05&base=1000000000", "1500000"),
        ("procedure=9.000001&fee=9.000001-1&unit=H12.101&via=counter&on=2026-01-05&base=3333333334", "5000000"),
        ("procedure=9.000001&fee=9.000001-1&unit=H12.101&via=counter&on=2026-01-05&base=9000000000", "5000000"),
        ("procedure=9.000001&fee=9.000001-3&unit=H12.101&via=counter&on=2026-09-01&base=2000000000", "10000000"),
        ("procedure=9.000001&fee=9.000001-3&unit=H12.101&via=online&on=2026-09-01&base=2000000000&group=vneid2", "9000000"),
        ("procedure=9.000001&fee=9.000001-4&unit=H12.101&via=counter&on=2026-01-05&base=2000000025", "40000001"),
        // Texts that contradict each other, decided; and all zero.
        ("procedure=1.004873&unit=H12.105&via=counter&on=2026-01-05", "3000"),
        ("procedure=1.000894&unit=H12.105&via=counter&on=2026-01-05", "0"),
        ("procedure=1.001570&unit=H12.105&via=online&on=2026-01-05", "0"),
    ];
    for (query, amount) in table {
        assert_eq!(due(app, query), amount, "{query}");
    }
});

both!(fn a_quote_tells_every_step_and_every_rule_that_lost(app) {
    has_shipped_tariff(app);
    let told = app.get("/api/v1/quote?procedure=1.004873&unit=H12.105&via=online&on=2026-01-05&group=poor");
    assert_eq!((&told["amount"], &told["currency"]), (&json!("0"), &json!("VND")));
    assert_eq!(told["rounding"], "half_up_to_dong");
    let fee = &told["fees"][0];
    assert_eq!(fee["fee_code"], "1.004873-1");
    let step = |place: usize, name: &str| fee["steps"][place][name].as_str().unwrap().to_owned();
    assert_eq!((step(0, "rule_id"), step(0, "amount_after")), ("marital-status-council".into(), "3000".into()));
    assert_eq!(step(0, "did"), "price: 3000");
    assert!(step(0, "legal_basis").contains("Hội đồng nhân dân"), "{told}");
    assert_eq!((step(1, "rule_id"), step(1, "did")), ("marital-status-exempt".into(), "100% off".into()));
    let lost: Vec<(&str, &str)> = fee["lost"].as_array().unwrap().iter()
        .map(|lost| (lost["rule_id"].as_str().unwrap(), lost["why"].as_str().unwrap()))
        .collect();
    assert_eq!(lost, [("camau-online-1.004873-1", "everybody"), ("marital-status-portal", "overruled")]);
    assert!(fee["lost"][1]["detail"].as_str().unwrap().contains("UBND"), "{told}");
    // Two fees that are alternatives have no sum.
    let told = app.get("/api/v1/quote?procedure=1.004859&unit=H12.105&via=counter&on=2026-01-05");
    assert_eq!((&told["amount"], told["fees"].as_array().unwrap().len()), (&Value::Null, 2));
});

both!(fn a_quote_that_cannot_be_given_says_why_by_a_stable_code(app) {
    has_shipped_tariff(app);
    let table = [
        ("procedure=1.004222&unit=H12.105&via=online&on=2025-06-30", 422, "no_tariff"),
        ("procedure=1.004884&unit=H12.105&via=online&on=2026-01-05", 422, "no_tariff"),
        ("procedure=1.004222&fee=nothing&unit=H12.105&via=online", 422, "no_tariff"),
        ("procedure=9.000001&unit=H12.101&via=online&on=2026-01-05", 422, "base_missing"),
        ("procedure=2.000635&unit=H12.105&via=online&on=2026-01-05&quantity=1000001", 400, "not_valid"),
        ("procedure=9.999999&unit=H12.105&via=online", 422, "unknown_procedure"),
        ("procedure=1.004222&unit=H12.999&via=online", 422, "unknown_unit"),
        ("procedure=1.004222&unit=H12.105&via=online&group=rich", 422, "unknown_person_group"),
        ("procedure=1.004222&unit=H12.105&via=fax", 400, "not_valid"),
        ("procedure=1.004222&unit=H12.105", 400, "not_valid"),
        ("procedure=1.004222&unit=H12.105&via=online&on=05/01/2026", 400, "not_valid"),
        ("procedure=1.004222&unit=H12.105&via=online&base=1.5", 400, "not_valid"),
        ("procedure=1.004222&unit=H12.105&via=online&via=post", 400, "not_valid"),
        ("procedure=1.004222&unit=H12.105&via=online&when=now", 400, "not_valid"),
    ];
    for (query, status, code) in table {
        let told = no_quote(app, query);
        assert_eq!((told.0, told.1.as_str()), (status, code), "{query}: {}", told.2);
    }
    let (_, _, detail) = no_quote(app, table[0].0);
    assert!(detail.contains("tt75-permanent-online: not in force on the reception day"), "{detail}");
    let reply = app.ask("nobody", "GET", "/api/v1/quote?procedure=1.004222", "");
    assert_eq!(reply.status, 401);
});

both!(fn without_a_day_a_quote_is_for_today_in_vietnam(app) {
    has_shipped_tariff(app);
    let query = "procedure=2.000635&unit=H12.105&via=online&group=vneid2";
    app.set_clock(parse_rfc3339("2026-08-14T16:59:59Z").unwrap());
    assert_eq!(due(app, query), "8000");
    app.set_clock(parse_rfc3339("2026-08-14T17:00:00Z").unwrap());
    assert_eq!(due(app, query), "0");
});

both!(fn a_draft_prices_nothing_until_an_officer_activates_it(app) {
    has_small_office(app);
    assert_eq!(draft(app, &[row("a", "2000", "2026-01-05")]), put(1, 0, 0));
    let query = "procedure=2.000815&unit=H12.104&via=online";
    assert_eq!(no_quote(app, query).1, "no_tariff");
    let stranger = Act { officer: "nobody", ..act(app, None) };
    assert_eq!(refused(activate(&app.db, &stranger, None)).0, "unknown_officer");
    assert_eq!(refused(activated(app, "b")).0, "unknown_rule");
    let done = activated(app, "a").unwrap();
    assert_eq!(done, [Activated { rule: "a".into(), replaced: None }]);
    assert_eq!(due(app, query), "2000");
    let kept = rule(app, "a");
    assert_eq!(kept.activated_by.as_deref(), Some(OFFICER));
    assert_eq!(kept.activated_at.unwrap().0, app.clock.now());
    assert_eq!(kept.state_on(day("2026-01-05")), State::Active);
    assert_eq!(refused(activated(app, "a")).0, "not_a_draft");
    disable_officer(&app.db, Tenant(1), OFFICER).unwrap();
    assert_eq!(refused(expire(&app.db, &act(app, None), "a", None)).0, "unknown_officer");
});

both!(fn a_first_day_in_the_past_needs_a_reason(app) {
    has_small_office(app);
    draft(app, &[row("a", "2000", "2026-01-04"), row("b", "2000", "2026-01-05").replace("P1", "P2")]);
    let (code, sentence) = refused(activate(&app.db, &act(app, None), None));
    assert_eq!(code, "past_day");
    assert!(sentence.contains("a: 2026-01-04 lies before 2026-01-05"), "{sentence}");
    assert_eq!(rule(app, "b").activated_at, None);
    let reason = Some("the resolution came late");
    assert_eq!(activate(&app.db, &act(app, reason), None).unwrap().len(), 2);
    assert_eq!(rule(app, "a").activation_reason.as_deref(), reason);
    assert_eq!(activate(&app.db, &act(app, None), None).unwrap(), []);
});

both!(fn a_change_is_a_new_rule_that_ends_the_one_it_replaces(app) {
    has_small_office(app);
    draft(app, &[row("a", "2000", "2026-01-05")]);
    // A draft may still be drafted anew.
    assert_eq!(draft(app, &[row("a", "2500", "2026-01-05")]), put(0, 1, 0));
    activated(app, "a").unwrap();
    assert_eq!(draft(app, &[row("a", "2500", "2026-01-05"), row("z", "1", "2026-01-05").replace("P1", "Z")]), put(1, 0, 1));
    let edited = format!("{HEADER}\n{}\n", row("a", "3000", "2026-01-05"));
    let (line, column, problem) = refusal(import(app, Kind::Tariffs, &Folder::new().has("t.csv", edited)));
    assert_eq!((line, column.as_str()), (2, "rule_id"), "{problem}");
    assert!(problem.contains("never edited"), "{problem}");
    draft(app, &[with(&row("b", "3000", "2026-03-01"), ",a,,")]);
    let done = activated(app, "b").unwrap();
    assert_eq!(done[0].replaced, Some(("a".into(), day("2026-02-28"))));
    let old = rule(app, "a");
    assert_eq!((old.flat_minor, old.effective_to, old.ended_on), (2500, None, Some(day("2026-02-28"))));
    assert_eq!(old.ended_by.as_deref(), Some(OFFICER));
    assert_eq!(old.end_reason.as_deref(), Some("replaced by b"));
    let states = ["2026-02-28", "2026-03-01"].map(|on| old.state_on(day(on)));
    assert_eq!(states, [State::Active, State::Expired]);
    for (on, amount) in [("2026-02-28", "2500"), ("2026-03-01", "3000")] {
        assert_eq!(due(app, &format!("procedure=2.000815&unit=H12.104&via=online&on={on}")), amount);
    }
    draft(app, &[with(&row("c", "1", "2026-04-01"), ",nothing,,")]);
    assert_eq!(refused(activated(app, "c")).0, "wrong_rule_named");
    draft(app, &[row("d", "1", "2026-05-01"), with(&row("c", "1", "2026-04-01"), ",d,,")]);
    assert!(refused(activated(app, "c")).1.contains("which is a draft"));
});

both!(fn an_ended_rule_keeps_the_price_of_what_was_received_before(app) {
    has_small_office(app);
    draft(app, &[row("a", "2000", "2026-01-05"), row("b", "1", "2026-01-05").replace("P1", "P2")]);
    assert_eq!(refused(expire(&app.db, &act(app, None), "a", None)).0, "cannot_end");
    activated(app, "a").unwrap();
    let past = Some(day("2026-01-04"));
    assert_eq!(refused(expire(&app.db, &act(app, None), "a", past)).0, "past_day");
    assert_eq!(expire(&app.db, &act(app, None), "a", Some(day("2026-01-31"))).unwrap(), day("2026-01-31"));
    assert_eq!(refused(expire(&app.db, &act(app, None), "a", Some(day("2026-02-01")))).0, "cannot_end");
    // Ended earlier still, today.
    assert_eq!(expire(&app.db, &act(app, None), "a", None).unwrap(), day("2026-01-05"));
    let query = |on: &str| format!("procedure=2.000815&unit=H12.104&via=online&on={on}");
    assert_eq!(due(app, &query("2026-01-05")), "2000");
    assert_eq!(no_quote(app, &query("2026-01-06")).1, "no_tariff");
    // In the past, with a reason: it never was.
    let reason = act(app, Some("activated by mistake"));
    expire(&app.db, &reason, "a", past).unwrap();
    assert_eq!(no_quote(app, &query("2026-01-05")).1, "no_tariff");
    assert_eq!(rule(app, "a").end_reason.as_deref(), Some("activated by mistake"));
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM tariff_rules"), 2);
});

both!(fn rules_that_leave_a_case_undecided_are_not_activated_together(app) {
    has_small_office(app);
    let portal = row("portal", "0", "2026-01-05");
    let council = row("council", "3000", "2026-02-01");
    draft(app, &[portal, council.clone()]);
    let (code, sentence) = refused(activate(&app.db, &act(app, None), None));
    assert_eq!(code, "tariff_conflict");
    assert!(sentence.contains("portal") && sentence.contains("council"), "{sentence}");
    activated(app, "portal").unwrap();
    assert_eq!(refused(activated(app, "council")).0, "tariff_conflict");
    // One of them for a narrower case is no conflict, nor is one that was decided for.
    draft(app, &[council.replace("price,,", "price,online,")]);
    activated(app, "council").unwrap();
    draft(app, &[with(&row("decided", "3000", "2026-01-05"), ",,portal,letter 12")]);
    activated(app, "decided").unwrap();
    assert_eq!(due(app, "procedure=2.000815&unit=H12.104&via=counter&on=2026-01-05"), "3000");
    let circle = row("circle", "5", "2026-01-05").replace("P1", "P9");
    draft(app, &[
        with(&circle, ",,circle2,letter 13"),
        with(&circle.replace("circle", "circle2"), ",,circle,letter 14"),
    ]);
    assert_eq!(refused(activate(&app.db, &act(app, None), None)).0, "circle");
    draft(app, &[with(&circle.replace("circle", "lost"), ",,nowhere,letter 15")]);
    assert_eq!(refused(activated(app, "lost")).0, "wrong_rule_named");
});

both!(fn a_wrong_row_names_line_and_column_and_drafts_nothing(app) {
    has_small_office(app);
    let good = row("a", "2000", "2026-01-05");
    let bad = row("b", "2000", "2026-01-05");
    let table = [
        (bad.replace("b,", "a,"), "rule_id", "twice"),
        (bad.replace("b,", "b c,"), "rule_id", "word"),
        (bad.replace("2.000815", "2.000816"), "procedure_code", "not an imported procedure"),
        (bad.replace("phi", "fine"), "fee_kind", "le_phi"),
        (bad.replace("phi,P1", ","), "fee_code", "name the fee"),
        (bad.replace("price", "prize"), "role", "relief"),
        (bad.replace("price,", "price,fax"), "submitted_via", "any"),
        (bad.replace("price,,", "price,,H12.999"), "units", "not an imported unit"),
        (bad.replace("price,,,", "price,,,por"), "groups", "did you mean poor?"),
        (bad.replace(",2000,", ",-1,"), "amount", "negative"),
        (bad.replace(",2000,", ",1.5,"), "amount", "fraction"),
        (bad.replace(",2000,", ",,"), "amount", "missing"),
        (bad.replace(",2000,,", ",,3:1000 2:5,"), "steps", "after the step before it"),
        (bad.replace(",2000,,", ",,x,"), "steps", "3:1000"),
        (bad.replace(",2000,,,", ",2000,,50,"), "percent_off", "reliefs"),
        (bad.replace("price,,,,2000,,,", "relief,,,,2000,,50,"), "percent_off", "goes alone"),
        (bad.replace("price,,,,2000,,,", "relief,,,,,,100.1,"), "percent_off", "percentage"),
        (bad.replace("the text", ""), "legal_basis", "missing"),
        (bad.replace("2026-01-05", "5/1/2026"), "effective_from", "2025-07-01"),
        (bad.replace("2026-01-05", ""), "effective_from", "missing"),
        (with(&bad, "2026-01-04,,,"), "effective_to", "before"),
        (with(&bad, ",b,,"), "replaces", "itself"),
        (with(&bad, ",,b,letter"), "prevails_over", "itself"),
        (with(&bad, ",,a,"), "decision", "prevails_over"),
        (format!("{bad},"), "(whole line)", "columns"),
    ];
    for (wrong, column, words) in table {
        let text = format!("{HEADER}\n{good}\n{wrong}\n");
        let result = import(app, Kind::Tariffs, &Folder::new().has("tariffs.csv", text));
        let (line, found, problem) = refusal(result);
        assert_eq!((line, found.as_str()), (3, column), "{wrong}: {problem}");
        assert!(problem.contains(words), "{wrong}: {problem}");
    }
    let header = format!("{}\n{good}\n", HEADER.replace("role", "rule"));
    let (line, column, problem) = refusal(import(app, Kind::Tariffs, &Folder::new().has("t.csv", header)));
    assert_eq!((line, column.as_str()), (1, "rule"), "{problem}");
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM tariff_rules"), 0);
});

both!(fn the_same_tariff_file_again_and_json_lines_change_nothing(app) {
    has_shipped_drafts(app);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/data/tariffs.csv");
    assert_eq!(import(app, Kind::Tariffs, &path).unwrap(), Imported::Before(app.clock.now(), 53));
    activate(&app.db, &act(app, Some("first tariff")), None).unwrap();
    let line = json!({
        "rule_id": "tt226-copy", "procedure_code": "2.000815", "fee_kind": "phi",
        "fee_code": "2.000815-1", "fee_name": "Phí chứng thực bản sao", "role": "price",
        "submitted_via": "any", "units": [], "groups": [], "steps": "1:2000, 3:1000", "cap": 200_000,
        "legal_basis": "Thông tư 226/2016/TT-BTC", "effective_from": "2025-07-01",
    });
    let text = format!("{line}\n");
    assert_eq!(import(app, Kind::Tariffs, &Folder::new().has("t.jsonl", &text)).unwrap(), put(0, 0, 1));
    let unknown = text.replace("\"cap\"", "\"cup\"");
    let (line, column, problem) = refusal(import(app, Kind::Tariffs, &Folder::new().has("t.jsonl", unknown)));
    assert_eq!((line, column.as_str()), (1, "cup"), "{problem}");
});

/// A dossier with this amount on its one fee item.
fn asking(minor: i64, more: &[(&str, Value)]) -> Value {
    let mut body = dossier(HERE, minor);
    for (name, value) in more {
        match *name {
            "person_groups" => body["person_groups"] = value.clone(),
            inside => body["fee_items"][0][inside] = value.clone(),
        }
    }
    body
}

fn put_dossier(app: &TestApp, body: &Value) -> Value {
    let reply = app.put(&format!("/api/v1/dossiers/{CODE}"), body);
    assert!(reply.status == 200 || reply.status == 201, "{reply:?}");
    let told = app.get(&format!("/api/v1/dossiers/{CODE}"));
    assert_eq!(
        told["fee_items"][0]["amount"],
        body["fee_items"][0]["amount"]
    );
    told["fee_items"][0]["tariff_flag"].clone()
}

both!(fn an_amount_the_tariff_cannot_give_is_flagged_and_not_rewritten(app) {
    has_small_office(app);
    let copies = row("copies", "", "2026-01-05").replace(",,,,the", ",,1:2000 3:1000,,the");
    let exempt = row("exempt", "", "2026-01-05").replace("price,,,,,,,", "relief,,,poor,,,100,");
    draft(app, &[copies, exempt]);
    // Nothing is flagged before rules are in force.
    assert_eq!(put_dossier(app, &asking(2_500, &[])), Value::Null);
    activate(&app.db, &act(app, None), None).unwrap();
    // The same facts again are looked at anew.
    let flag = put_dossier(app, &asking(2_500, &[]));
    assert_eq!((&flag["asked"], &flag["tariff"]), (&json!("2500"), &Value::Null));
    let sentence = "asked 2500; by copies, exempt; no person group, quantity or base value gives 2500";
    assert_eq!(flag["explanation"], sentence);
    let at = flag["flagged_at"].clone();
    app.set_clock(app.clock.now() + chrono::Duration::hours(1));
    assert_eq!(put_dossier(app, &asking(2_500, &[]))["flagged_at"], at);
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM tariff_flags"), 1);
    let words = |text: &str| json!([text]);
    let table = [
        (5_000, vec![], None),
        (5_000, vec![("quantity", json!(3))], None),
        (5_000, vec![("quantity", json!("4"))], Some(json!("6000"))),
        (0, vec![], None),
        (0, vec![("person_groups", json!([]))], Some(Value::Null)),
        (0, vec![("person_groups", words("poor"))], None),
        (0, vec![("person_groups", json!("poor child"))], None),
        (2_000, vec![("person_groups", words("poor")), ("quantity", json!(1))], Some(json!("0"))),
        (2_000, vec![], None),
    ];
    for (minor, more, flagged) in table {
        let flag = put_dossier(app, &asking(minor, &more));
        assert_eq!(flag.get("tariff").cloned(), flagged, "{minor} {more:?}: {flag}");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM tariff_flags"), 0);
    let refused = app.put(&format!("/api/v1/dossiers/{CODE}"), &asking(1, &[("person_groups", words("rich"))]));
    assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("person_groups")));
});

both!(fn flags_of_an_imported_file_are_listed_and_shown_by_the_program(app) {
    has_small_office(app);
    let folder = Folder::new();
    draft(app, &[row("fixed", "2000", "2025-07-01")]);
    activate(&app.db, &act(app, Some("late")), None).unwrap();
    let line = |number: u32, minor: u32, groups: &str| format!(
        "H12.104-250701-{number:04},2.000815,H12.104,2025-07-01,online,processing,{groups},\
         \"[{{\"\"kind\"\":\"\"phi\"\",\"\"code\"\":\"\"P1\"\",\"\"amount\"\":{minor}}},\
         {{\"\"kind\"\":\"\"other\"\",\"\"amount\"\":7}}]\""
    );
    let header = "dossier_code,procedure_code,unit_code,received_on,submitted_via,status,person_groups,fee_items";
    let rows: Vec<String> = (1..=1_500).map(|n| line(n, if n == 1_234 { 2_001 } else { 2_000 }, "")).collect();
    let path = folder.has("dossiers.csv", format!("{header}\n{}\n", rows.join("\n")));
    assert_eq!(import(app, Kind::Dossiers, &path).unwrap(), put(1_500, 0, 0));
    let (status, told, _) = program(app, &folder, &["tariff", "flags", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, told["items"].as_array().unwrap().len()), (0, 1), "{told}");
    let flag = &told["items"][0];
    assert_eq!((&flag["dossier_code"], &flag["position"]), (&json!("H12.104-250701-1234"), &json!(0)));
    assert_eq!((&flag["asked"], &flag["tariff"]), (&json!("2001"), &json!("2000")));
    let (_, told, _) = program(app, &folder, &["tariff", "flags"]);
    assert!(told.contains("H12.104-250701-1234") && told.contains("2001"), "{told}");
    // Put again with the right amount, in another file.
    let path = folder.has("again.csv", format!("{header}\n{}\n", line(1_234, 2_000, "[]")));
    assert_eq!(import(app, Kind::Dossiers, &path).unwrap(), put(0, 1, 0));
    let (status, told, _) = program(app, &folder, &["tariff", "flags"]);
    assert_eq!((status, told.as_str()), (0, "no fee item contradicts the tariff\n"));
});

both!(fn the_program_drafts_shows_activates_ends_and_quotes(app) {
    has_small_office(app);
    let folder = Folder::new();
    let run = |arguments: &[&str]| program(app, &folder, arguments);
    let (status, told, _) = run(&["tariff", "list"]);
    assert_eq!((status, told.as_str()), (0, "there are no such rules; doisoat import tariffs FILE drafts some\n"));
    let text = format!("{HEADER}\n{}\n{}\n", row("a", "2000", "2999-01-01"), row("old", "1", "2020-01-01").replace("P1", "P2"));
    let file = Folder::new();
    let path = file.has("tariffs.csv", text);
    let (status, told, _) = run(&["import", "tariffs", path.to_str().unwrap()]);
    assert_eq!((status, told.as_str()), (0, "tariffs: 2 added, 0 changed, 0 unchanged\n"));
    let (_, told, _) = run(&["import", "tariffs", path.to_str().unwrap()]);
    assert!(told.contains("(2 rows); nothing changed"), "{told}");
    let (status, told, _) = run(&["tariff", "activate", "a", "--as", OFFICER]);
    assert_eq!((status, told.as_str()), (0, "a is active\n"));
    let (status, _, complaint) = run(&["tariff", "activate", "old", "--as", OFFICER]);
    assert_eq!(status, 1);
    assert!(complaint.contains("--reason") && complaint.ends_with("nothing was changed\n"), "{complaint}");
    let (status, told, _) = run(&["--json", "tariff", "activate", "old", "--as", "nobody"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["code"]), (1, &json!("unknown_officer")));
    let (status, ..) = run(&["tariff", "activate", "--all", "--as", OFFICER, "--reason", "late"]);
    assert_eq!(status, 0);
    let (_, told, _) = run(&["--json", "tariff", "list", "--state", "active"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["items"][0]["rule_id"], "a");
    assert_eq!((&told["items"][1]["activated_by"], &told["items"][1]["says"]), (&json!(OFFICER), &json!("price: 1")));
    let (status, told, _) = run(&["tariff", "expire", "a", "--on", "2999-12-31", "--as", OFFICER]);
    assert_eq!((status, told.as_str()), (0, "a: its last day is 2999-12-31\n"));
    let (status, told, _) = run(&["tariff", "show", "a"]);
    assert!(status == 0 && told.contains("2999-12-31") && told.contains("the text"), "{told}");
    assert_eq!(run(&["tariff", "show", "b"]).0, 1);
    let quote = ["quote", "--procedure", "2.000815", "--unit", "H12.104", "--via"];
    let with = |more: &[&'static str]| [&quote[..], more].concat();
    let (status, told, _) = run(&with(&["online", "--on", "2999-01-01", "--fee", "P1", "--group", "poor"]));
    assert!(status == 0 && told.contains("due: 2000 đồng"), "{told}");
    let (status, told, _) = run(&with(&["online", "--on", "2998-12-31", "--fee", "P1", "--json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["code"]), (1, &json!("no_tariff")));
    for wrong in [&["fax"][..], &["online", "--group", "rich"], &["online", "--quantity", "0"], &["online", "--base", "x"]] {
        assert_eq!(run(&with(wrong)).0, 2, "{wrong:?}");
    }
});
