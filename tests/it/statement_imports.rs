//! Importing statement files: sequences of uploads give what they must, repeats add nothing, what does
//! not hang together waits for a second officer, and what is refused leaves nothing behind.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Barrier;

use doisoat::domain::ids::Tenant;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::create_token::{TokenRequest, create_token};
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::original::write_original;
use doisoat::journeys::statements::override_hold::override_hold;
use doisoat::journeys::statements::report::Report;
use doisoat::journeys::statements::undo_import::undo_import;
use doisoat::journeys::statements::{Hand, StatementError};
use doisoat::store::Db;
use serde_json::Value;
use uuid::Uuid;

use crate::support::app::now;
use crate::support::http::{Reply, request};
use crate::support::office::HERE;
use crate::support::{TestApp, both};

pub(crate) const SOURCES: &str = "
[channels.momo]
provider = \"momo\"
[sources.giro]
kind = \"bank\"
currency = \"EUR\"
[sources.vcb]
kind = \"bank\"
account = \"1017588888\"
[sources.vnpay]
kind = \"settlement\"
channel = \"vnpay\"
profile = \"vnpay-fee\"
[sources.momo]
kind = \"settlement\"
channel = \"momo\"
";

const TABLES: [&str; 4] = [
    "statement_files",
    "statement_originals",
    "statements",
    "statement_pages",
];

pub(crate) fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statements")
}

pub(crate) fn has_officers(app: &TestApp) {
    for code in ["KT01", "KT02"] {
        add_officer(&app.db, Tenant(1), code, code, None, now()).unwrap();
    }
    app.has_office();
    add_officer(&app.db, Tenant(1), "XA01", "XA01", Some(HERE), now()).unwrap();
}

pub(crate) fn hand(officer: &str) -> Hand<'_> {
    Hand {
        tenant: Tenant(1),
        officer,
        now: now(),
    }
}

pub(crate) fn try_import(
    app: &TestApp,
    officer: &str,
    source: &str,
    bytes: &[u8],
    change: impl Fn(&mut Upload),
) -> Result<Report, StatementError> {
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand: hand(officer),
        progress: &|_| {},
    };
    let mut upload = Upload::of_bytes(source, "file", bytes.to_vec());
    change(&mut upload);
    import_statement(&import, &upload)
}

pub(crate) fn import(app: &TestApp, source: &str, bytes: &[u8]) -> Report {
    try_import(app, "KT01", source, bytes, |_| {}).unwrap()
}

/// How many rows the tables have, and how many lines count.
pub(crate) fn rows(app: &TestApp) -> [i64; 4] {
    TABLES.map(|table| {
        app.database
            .number(&format!("SELECT COUNT(*) AS n FROM {table}"))
    })
}

pub(crate) fn lines_that_count(app: &TestApp) -> i64 {
    app.database.number(
        "SELECT CAST(COALESCE(SUM(p.line_count), 0) AS BIGINT) AS n FROM statement_pages p \
         JOIN statement_files f ON f.tenant = p.tenant AND f.file_id = p.file_id WHERE f.state = 'imported'",
    )
}

/// A statement of the account in đồng: number, day of September, opening, and (amount, memo).
pub(crate) fn mt940(number: u32, day: u32, opening: i64, lines: &[(i64, &str)]) -> Vec<u8> {
    let mut text = format!(":20:S{number}\r\n:25:1017588888\r\n:28C:{number}/1\r\n");
    write!(text, ":60F:C2609{day:02}VND{opening},\r\n").unwrap();
    let mut closing = opening;
    for (amount, memo) in lines {
        let mark = if *amount < 0 { 'D' } else { 'C' };
        closing += amount;
        write!(
            text,
            ":61:2609{day:02}09{day:02}{mark}{},NTRFNONREF\r\n:86:{memo}\r\n",
            amount.abs()
        )
        .unwrap();
    }
    write!(text, ":62F:C2609{day:02}VND{closing},\r\n-\r\n").unwrap();
    text.into_bytes()
}

/// The uploads of a sequence, each beside what must come of it.
fn play(app: &TestApp, name: &str, source: &str) {
    let folder = folder().join("sequences").join(name);
    let expected = std::fs::read_to_string(folder.join("expect.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&expected).unwrap();
    for step in expected {
        let file = step["upload"].as_str().unwrap();
        let before = rows(app);
        let upload = Upload::of_file(source, folder.join(file));
        let import = Import {
            db: &app.db,
            sources: &app.settings.sources,
            hand: hand("KT01"),
            progress: &|_| {},
        };
        let done = import_statement(&import, &upload);
        let outcome = step["outcome"].as_str().unwrap_or("ok");
        if outcome == "error" {
            let refused = done.unwrap_err();
            assert_eq!(refused.line(), step["line"].as_u64(), "{refused}");
            assert_eq!(rows(app), before, "{file}");
            continue;
        }
        let report = done.unwrap();
        assert_eq!(report.outcome, outcome, "{name}/{file}: {report:#?}");
        assert_eq!(report.new_entries, step["new_entries"].as_u64().unwrap());
        if let Some(known) = step["skipped_as_known"].as_u64() {
            assert_eq!(report.skipped_as_known, known);
        }
        if let Some(closing) = step["closing"].as_str() {
            assert_eq!(report.closing.as_deref(), Some(closing));
        }
        if outcome != "ok" {
            assert_eq!(rows(app), before, "{file}");
            let earlier = report.earlier.unwrap();
            assert_eq!(earlier.imported_by, "KT01");
            assert!(report.says.contains("KT01"), "{}", report.says);
        }
    }
}

both!(
    fn sequences_of_uploads_give_what_they_must(app, SOURCES) {
        has_officers(app);
        play(app, "overlap", "giro");
        assert_eq!(lines_that_count(app), 9);
        play(app, "one-bad-row", "vcb");
        assert_eq!(lines_that_count(app), 409);
    }
);

both!(
    fn the_same_file_again_adds_nothing(app, SOURCES) {
        has_officers(app);
        play(app, "same-file-twice", "giro");
        assert_eq!(rows(app)[0], 1);
    }
);

both!(
    fn a_file_saved_again_adds_nothing(app, SOURCES) {
        has_officers(app);
        play(app, "resaved", "giro");
    }
);

both!(
    fn a_statement_with_other_contents_is_shown_and_replaces_only_with_a_reason(app, SOURCES) {
        has_officers(app);
        play(app, "reissued-with-change", "giro");
        let folder = folder().join("sequences/reissued-with-change");
        let bytes = std::fs::read(folder.join("02.sta")).unwrap();
        let conflict = import(app, "giro", &bytes);
        assert!(conflict.says.contains("statement 202/1"), "{}", conflict.says);
        let differing = conflict.differing.unwrap();
        assert_eq!((differing.known.len(), differing.file.len()), (1, 1));
        assert_eq!(differing.known[0].amount, "5.16");
        assert_eq!(differing.file[0].amount, "15.16");
        let revise = |reason: &'static str| {
            try_import(app, "KT01", "giro", &bytes, |upload| upload.revise = Some(reason.to_owned()))
        };
        assert_eq!(revise("  ").unwrap_err().code(), "no_reason");
        app.database.run("UPDATE statement_files SET matched_on = '2026-09-15'");
        assert_eq!(revise("the bank says so").unwrap_err().code(), "matched");
        app.database.run("UPDATE statement_files SET matched_on = NULL");
        let report = revise("the bank says so").unwrap();
        assert_eq!((report.outcome, report.new_entries), ("ok", 3), "{report:#?}");
        assert_eq!(report.statements[0].revision, 2);
        assert_eq!(lines_that_count(app), 3);
        assert_eq!(rows(app)[0], 2);
    }
);

both!(
    fn a_preview_stores_nothing_and_says_what_an_import_says(app, SOURCES) {
        has_officers(app);
        let bytes = mt940(1, 14, 1000, &[(500, "a"), (500, "a")]);
        let preview = try_import(app, "KT01", "vcb", &bytes, |upload| upload.is_preview = true).unwrap();
        assert_eq!(rows(app), [0; 4]);
        let report = import(app, "vcb", &bytes);
        assert_eq!((preview.outcome, preview.new_entries), (report.outcome, report.new_entries));
        assert_eq!(preview.first, report.first);
        assert_eq!(report.new_entries, 2, "true twins are two");
        assert_eq!(rows(app), [1, 1, 1, 1]);
        let mut original = Vec::new();
        write_original(&app.db, Tenant(1), report.file.unwrap(), &mut original).unwrap();
        assert_eq!(original, bytes);
    }
);

both!(
    fn of_eight_at_once_one_is_imported(app, SOURCES) {
        has_officers(app);
        let bytes = mt940(1, 14, 1000, &[(500, "a"), (-200, "b")]);
        let start = Barrier::new(8);
        let outcomes: Vec<&str> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let db = Db::open(&app.database.url).unwrap();
                        let import = Import {
                            db: &db,
                            sources: &app.settings.sources,
                            hand: hand("KT01"),
                            progress: &|_| {},
                        };
                        let upload = Upload::of_bytes("vcb", "file", bytes.clone());
                        start.wait();
                        import_statement(&import, &upload).unwrap().outcome
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let count = |word| outcomes.iter().filter(|one| **one == word).count();
        assert_eq!((count("ok"), count("duplicate_file")), (1, 7), "{outcomes:?}");
        assert_eq!(rows(app), [1, 1, 1, 1]);
        assert_eq!(lines_that_count(app), 2);
    }
);

both!(
    fn a_gap_holds_the_file_until_another_officer_says_why(app, SOURCES) {
        has_officers(app);
        import(app, "vcb", &mt940(1, 14, 1000, &[(500, "a")]));
        let held = import(app, "vcb", &mt940(3, 16, 2500, &[(700, "c")]));
        assert_eq!(held.outcome, "held");
        assert_eq!(held.holds.len(), 2, "{:?}", held.holds);
        assert!(held.holds[0].contains("statement 2 "), "{:?}", held.holds);
        assert_eq!(lines_that_count(app), 1);
        let id = held.file.unwrap();
        let code = |officer: &str, reason: &str| {
            override_hold(&app.db, &hand(officer), id, reason).unwrap_err().code()
        };
        assert_eq!(code("KT01", "the bank lost it"), "same_officer");
        assert_eq!(code("KT02", " "), "no_reason");
        assert_eq!(code("XA01", "x"), "officer_of_unit");
        let refused = app.database.refuses(
            "UPDATE statement_files SET overridden_by = imported_by, overridden_at = imported_at \
             WHERE state = 'held'",
        );
        assert!(refused.to_lowercase().contains("check"), "{refused}");
        let row = override_hold(&app.db, &hand("KT02"), id, "the bank lost it").unwrap();
        assert_eq!((row.state.as_str(), row.overridden_by.as_deref()), ("imported", Some("KT02")));
        assert_eq!(lines_that_count(app), 2);
        assert_eq!(code("KT02", "again"), "not_held");
    }
);

both!(
    fn lines_imported_meanwhile_do_not_come_in_twice_with_a_held_file(app, SOURCES) {
        has_officers(app);
        import(app, "vcb", &mt940(1, 14, 1000, &[(500, "a")]));
        let mut bytes = mt940(3, 16, 2500, &[(700, "c"), (800, "d")]);
        let held = import(app, "vcb", &bytes);
        assert_eq!(held.outcome, "held");
        import(app, "vcb", &mt940(2, 15, 1500, &[(1000, "b")]));
        // The same day by another way: a file of one of the two lines.
        bytes = b"Date,Credit,Debit,Description\n16/09/2026,700,,c\n".to_vec();
        assert_eq!(import(app, "vcb", &bytes).new_entries, 1);
        let row = override_hold(&app.db, &hand("KT02"), held.file.unwrap(), "it came").unwrap();
        assert_eq!((row.new_count, row.known_count), (1, 1));
        assert_eq!(lines_that_count(app), 4);
    }
);

both!(
    fn an_import_is_undone_while_nothing_stands_on_it(app, SOURCES) {
        has_officers(app);
        let bytes = mt940(1, 14, 1000, &[(500, "a")]);
        let first = import(app, "vcb", &bytes).file.unwrap();
        let wider = [bytes.clone(), mt940(2, 15, 1500, &[(300, "b")])].concat();
        let second = import(app, "vcb", &wider);
        assert_eq!((second.outcome, second.new_entries, second.skipped_as_known), ("ok", 1, 1));
        let undo = |id: Uuid| undo_import(&app.db, &hand("KT01"), id, "wrong file");
        assert_eq!(undo(first).unwrap_err().code(), "leaned_on");
        app.database.run("UPDATE statement_files SET matched_on = '2026-09-15' WHERE known_count = 1");
        assert_eq!(undo(second.file.unwrap()).unwrap_err().code(), "matched");
        app.database.run("UPDATE statement_files SET matched_on = NULL");
        undo(second.file.unwrap()).unwrap();
        undo(first).unwrap();
        assert_eq!(undo(first).unwrap_err().code(), "undone");
        assert_eq!(lines_that_count(app), 0);
        assert_eq!(import(app, "vcb", &wider).new_entries, 2, "it may come again");
    }
);

both!(
    fn what_is_of_another_source_or_currency_is_refused_and_named(app, SOURCES) {
        has_officers(app);
        let momo = std::fs::read(folder().join("csv/momo-transaction-report.csv")).unwrap();
        let refused = |source: &str, bytes: &[u8]| {
            let error = try_import(app, "KT01", source, bytes, |_| {}).unwrap_err();
            (error.code(), error.to_string())
        };
        for source in ["vnpay", "vcb"] {
            let (code, says) = refused(source, &momo);
            assert_eq!(code, "wrong_source", "{says}");
            assert!(says.starts_with("this is the MoMo report of "), "{says}");
            assert!(says.ends_with("; it belongs to source momo"), "{says}");
        }
        let other = String::from_utf8(mt940(1, 14, 1000, &[(5, "a")])).unwrap();
        let (code, says) = refused("vcb", other.replace("1017588888", "99887766").as_bytes());
        assert_eq!(code, "wrong_source", "{says}");
        assert!(says.contains("99887766"), "{says}");
        let (code, says) = refused("vcb", other.replace("VND", "USD").as_bytes());
        assert_eq!(code, "other_currency", "{says}");
        assert_eq!(refused("nowhere", b"x").0, "unknown_source");
        let of_unit = try_import(app, "XA01", "momo", &momo, |_| {}).unwrap_err();
        assert_eq!(of_unit.code(), "officer_of_unit");
        let nobody = try_import(app, "XX", "momo", &momo, |_| {}).unwrap_err();
        assert_eq!(nobody.code(), "unknown_officer");
        assert_eq!(rows(app), [0; 4]);
        let report = import(app, "momo", &momo);
        assert!(report.new_entries > 0 && report.not_counted > 0, "{report:#?}");
    }
);

pub(crate) fn token(
    app: &TestApp,
    role: &str,
    officer: Option<&str>,
    unit: Option<&str>,
) -> String {
    let request = TokenRequest {
        tenant: Tenant(1),
        role: role.to_owned(),
        officer: officer.map(str::to_owned),
        unit: unit.map(str::to_owned),
        expires_at: None,
    };
    create_token(&app.db, &request, now()).unwrap()
}

pub(crate) fn post(app: &TestApp, token: &str, target: &str, body: &[u8]) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let plain = &headers[..1];
    let used = if target.contains("name=keyed") {
        &headers[..]
    } else {
        plain
    };
    app.send(&request("POST", target, used, body))
}

both!(
    fn files_are_sent_shown_and_decided_on_over_http(app, SOURCES) {
        has_officers(app);
        let [first, second] = ["KT01", "KT02"].map(|code| token(app, "officer", Some(code), None));
        let bytes = mt940(1, 14, 1000, &[(500, "a")]);
        let target = "/api/v1/statements?source=vcb";
        for (token, why) in [
            (token(app, "viewer", None, Some(HERE)), "a viewer"),
            (token(app, "officer", Some("XA01"), None), "an officer of a unit"),
            (token(app, "officer", None, None), "nobody's token"),
        ] {
            assert_eq!(post(app, &token, target, &bytes).status, 403, "{why}");
        }
        let preview = post(app, &first, &format!("{target}&preview=true"), &bytes);
        assert_eq!((preview.status, preview.json()["new_entries"].as_u64()), (200, Some(1)));
        assert_eq!(rows(app), [0; 4]);
        let done = post(app, &first, &format!("{target}&name=keyed"), &bytes);
        assert_eq!((done.status, done.json()["outcome"].as_str()), (201, Some("ok")), "{done:?}");
        let again = post(app, &first, target, &bytes);
        assert_eq!((again.status, again.json()["outcome"].as_str()), (200, Some("duplicate_file")));
        let held = post(app, &first, target, &mt940(4, 17, 9000, &[(1, "z")])).json();
        assert_eq!(held["outcome"], "held");
        let one = format!("/api/v1/statements/{}", held["file"].as_str().unwrap());
        let body = br#"{"reason": "seen"}"#;
        let refused = post(app, &first, &format!("{one}/override"), body);
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("same_officer")));
        let let_in = post(app, &second, &format!("{one}/override"), body);
        assert_eq!(let_in.json()["state"], "imported", "{let_in:?}");
        assert_eq!(post(app, &second, &format!("{one}/undo"), body).json()["state"], "undone");
        let shown = app.get(&one);
        assert_eq!((&shown["undone_by"], &shown["statements"][0]["number"]), (&"KT02".into(), &"4/1".into()));
        assert_eq!(app.items("/api/v1/statements?source=vcb").len(), 2);
        assert_eq!(app.items("/api/v1/statements?state=undone").len(), 1);
        let bad = post(app, &first, target, b"hello");
        assert_eq!((bad.status, bad.json()["code"].as_str()), (422, Some("unreadable")));
    }
);

/// A settlement file of VNPAY with one line.
fn vnpay_file(amount: i64, fee: i64) -> Vec<u8> {
    format!(
        "Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền khuyến mại,Số tiền sau KM,\
         Số tiền hạch toán thu hộ,Số tiền phí thu hộ,Trạng thái\n\
         05/01/2026 10:30:15,1001,O1,50000,0,50000,50000,500,Thành công\n\
         05/01/2026 10:30:15,1002,O2,{amount},0,{amount},{amount},{fee},Thành công\n"
    )
    .into_bytes()
}

both!(fn a_corrected_amount_or_fee_is_held_and_not_counted_twice(app, SOURCES) {
    has_officers(app);
    assert_eq!(import(app, "vnpay", &vnpay_file(61_000, 610)).outcome, "ok");
    for (amount, fee) in [(60_000, 610), (61_000, 600)] {
        let report = import(app, "vnpay", &vnpay_file(amount, fee));
        assert_eq!(report.outcome, "held", "{}", report.says);
        assert_eq!(lines_that_count(app), 2);
    }
});
