//! Files that must not come in as they are: nothing is stored, or it waits, and the officer is told what
//! is wrong and what to do. What the list of files tells is proved here too.

use chrono::TimeDelta;
use doisoat::domain::time::{Instant, parse_rfc3339};
use doisoat::journeys::statements::Hand;
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::override_hold::override_hold;
use doisoat::journeys::statements::report::Report;
use serde_json::Value;

use crate::days::run;
use crate::statement_imports::{
    SOURCES, folder, hand, has_officers, import, lines_that_count, mt940, rows, try_import,
};
use crate::support::app::now;
use crate::support::{TestApp, both};

const HEADINGS: &str = "Date,Reference,Credit,Debit,Description\n";

/// Two accounts of which a table names neither, a profile of their own, and files that are expected.
fn settings() -> &'static str {
    let profile = tempfile::tempdir().unwrap().keep().join("two.toml");
    let text = "[[profile]]\nname = \"two\"\ncolumns.credit = [\"Credit\"]\ncolumns.debit = [\"Credit\"]\n";
    std::fs::write(&profile, text).unwrap();
    let text = format!(
        "{SOURCES}[sources.bidv]\nkind = \"bank\"\naccount = \"2117588888\"\n\
         [sources.two]\nkind = \"bank\"\nprofile = {}\n\
         [sources.rolling]\nkind = \"settlement\"\nchannel = \"bank\"\nexpected = \"daily\"\nrolls_holidays = true\n\
         [sources.office]\nkind = \"bank\"\nexpected = \"working_days\"\n",
        serde_json::json!(profile)
    );
    Box::leak(text.into_boxed_str())
}

fn table(lines: &[&str]) -> Vec<u8> {
    format!("{HEADINGS}{}\n", lines.join("\n")).into_bytes()
}

both!(
    fn what_is_no_statement_is_refused_with_its_reason_and_leaves_nothing(app, settings()) {
        has_officers(app);
        let long = format!("{HEADINGS}2026-01-05,R,100,,{}\n", "x".repeat(8 << 20));
        let never_ends = vec![b'x'; 8 << 20];
        let one = table(&["2026-01-05,R,100,,a"]);
        let cases: [(&str, &[u8], &str, &str); 7] = [
            ("vcb", b"", "unreadable", "the file is empty: download it again"),
            ("vcb", b"Date,Amount\n2026-01-05,12x\n", "unreadable", "line 2: the amount \"12x\""),
            ("vcb", HEADINGS.as_bytes(), "unreadable", "no"),
            ("vcb", long.as_bytes(), "unreadable", "too long: the limit is 1 MB"),
            ("vcb", &never_ends, "unreadable", "too long: the limit is 1 MB"),
            ("two", &one, "unreadable", "one column is one field"),
            ("vcb", b"Date,Reference,Credit,Debit,Description,Currency\n2026-01-05,R,5,,a,USD\n", "other_currency", "USD"),
        ];
        for (source, bytes, code, says) in cases {
            let error = try_import(app, "KT01", source, bytes, |_| {}).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
        let momo = std::fs::read(folder().join("csv/momo-transaction-report.csv")).unwrap();
        let error = try_import(app, "KT01", "vcb", &momo, |_| {}).unwrap_err();
        assert!(error.to_string().ends_with("; it belongs to source momo"), "{error}");
        assert_eq!(rows(app), [0; 4]);
    }
);

both!(
    fn a_file_without_a_new_line_adds_nothing_and_says_so(app, SOURCES) {
        has_officers(app);
        import(app, "vcb", &table(&["2026-01-05,R1,100,,a", "2026-01-06,R2,200,,b"]));
        let before = rows(app);
        let report = import(app, "vcb", &table(&["2026-01-06,R2,200,,b"]));
        assert_eq!((report.outcome, report.new_entries, report.skipped_as_known), ("duplicate", 0, 1));
        assert!(report.says.contains("every entry of this file is known"), "{}", report.says);
        assert_eq!(rows(app), before);
    }
);

both!(
    fn the_same_bytes_for_another_account_wait_for_a_second_officer(app, settings()) {
        has_officers(app);
        let bytes = table(&["2026-01-05,R1,100,,a"]);
        let first = import(app, "vcb", &bytes);
        assert_eq!(first.outcome, "ok");
        let second = import(app, "bidv", &bytes);
        assert_eq!(second.outcome, "held", "{second:?}");
        assert!(second.holds[0].contains("came before for source vcb, on "), "{:?}", second.holds);
        assert_eq!(lines_that_count(app), 1);
        override_hold(&app.db, &hand("KT02"), second.file.unwrap(), "two accounts, one payer").unwrap();
        assert_eq!(lines_that_count(app), 2);
    }
);

both!(
    fn a_held_file_that_comes_again_is_said_to_wait(app, SOURCES) {
        has_officers(app);
        let bytes = mt940(7, 14, 1000, &[(500, "a")]);
        import(app, "vcb", &bytes);
        let held = mt940(9, 16, 9000, &[(700, "c")]);
        let id = import(app, "vcb", &held).file.unwrap();
        let again = import(app, "vcb", &held);
        assert_eq!(again.outcome, "duplicate_file");
        assert!(again.says.contains(&format!("waits for a second officer, as file {id}")), "{}", again.says);
        assert!(!again.says.contains("imported"), "{}", again.says);
        let saved = String::from_utf8(held).unwrap().replace("\r\n", "\n");
        let again = import(app, "vcb", saved.as_bytes());
        assert_eq!(again.outcome, "duplicate");
        assert!(again.says.contains(&format!("waits for a second officer, as file {id}")), "{}", again.says);
    }
);

/// A settlement file of VNPAY with transactions: day of January and number.
fn vnpay(lines: &[(u32, u32)]) -> Vec<u8> {
    let mut text =
        "Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền khuyến mại,Số tiền sau KM,\
        Số tiền hạch toán thu hộ,Số tiền phí thu hộ,Trạng thái\n"
            .to_owned();
    for (day, number) in lines {
        text.push_str(&format!(
            "{day:02}/01/2026 10:30:15,{number},O{number},50000,0,50000,50000,500,Thành công\n"
        ));
    }
    text.into_bytes()
}

both!(
    fn a_line_that_comes_again_on_another_day_is_held_or_told(app, SOURCES) {
        has_officers(app);
        import(app, "vnpay", &vnpay(&[(13, 1001), (14, 1002)]));
        let moved = import(app, "vnpay", &vnpay(&[(14, 1002), (15, 1001)]));
        assert_eq!(moved.outcome, "held", "a provider gives a number once: {moved:?}");
        assert!(moved.holds[0].contains("such as 1001 on 15/01/2026 and on 13/01/2026"), "{:?}", moved.holds);
        assert_eq!(lines_that_count(app), 2);

        import(app, "vcb", &table(&["2026-01-13,HP,100,,a", "2026-01-14,HQ,100,,b"]));
        let again = import(app, "vcb", &table(&["2026-01-14,HQ,100,,b", "2026-01-15,HP,100,,a"]));
        assert_eq!((again.outcome, again.new_entries), ("ok", 1), "banks use references again");
        assert!(again.warnings.iter().any(|one| one.contains("such as HP on 15/01/2026")), "{:?}", again.warnings);
        let other = import(app, "vcb", &table(&["2026-01-16,HP,700,,a"]));
        assert!(other.warnings.is_empty(), "another amount is another line: {:?}", other.warnings);
    }
);

both!(
    fn a_provider_row_that_stands_twice_holds_the_file_and_true_twins_of_a_bank_stay(app, settings()) {
        has_officers(app);
        let twice = import(app, "vnpay", &vnpay(&[(13, 1001), (14, 1002), (13, 1001)]));
        assert_eq!(twice.outcome, "held", "{twice:?}");
        let said = twice.holds.join("\n");
        assert!(said.contains("row 4: transaction 1001 stood in the file before"), "{said}");
        assert_eq!(lines_that_count(app), 0);
        override_hold(&app.db, &hand("KT02"), twice.file.unwrap(), "the provider says both are real").unwrap();
        assert_eq!(lines_that_count(app), 3);
        // By the general words too: it is the source that makes it a provider's file.
        let rows = ["2026-01-05,R1,100,,a", "2026-01-05,R1,100,,a"];
        assert_eq!(import(app, "rolling", &table(&rows)).outcome, "held");
        let other_words = ["2026-01-06,R2,100,,paid", "2026-01-06,R2,100,,paid again"];
        assert_eq!(import(app, "rolling", &table(&other_words)).outcome, "ok");
        let twins = import(app, "office", &table(&["2026-01-07,R3,100,,a", "2026-01-07,R3,100,,a"]));
        assert_eq!((twins.outcome, twins.new_entries), ("ok", 2), "a bank may book two equal entries");
    }
);

/// A table with statuses, and a profile that knows one more word of each kind.
fn with_statuses(statuses: &[&str]) -> Vec<u8> {
    let rows = statuses.iter().enumerate();
    let rows = rows.map(|(at, status)| format!("2026-01-05,R{at},100,{status}\n"));
    format!("Date,Reference,Amount,Status\n{}", rows.collect::<String>()).into_bytes()
}

fn knows_words() -> &'static str {
    let profile = tempfile::tempdir().unwrap().keep().join("words.toml");
    let text = "[[profile]]\nname = \"words\"\nsucceeded = [\"Đã xong\"]\nfailed = [\"Bỏ\"]\n";
    std::fs::write(&profile, text).unwrap();
    let text = format!(
        "{SOURCES}[sources.words]\nkind = \"settlement\"\nchannel = \"bank\"\nprofile = {}\n",
        serde_json::json!(profile)
    );
    Box::leak(text.into_boxed_str())
}

both!(
    fn status_words_nobody_knows_are_named_with_what_to_do(app, knows_words()) {
        has_officers(app);
        let bytes = with_statuses(&["XONG", "XONG", "CHUA"]);
        let refused = try_import(app, "KT01", "vcb", &bytes, |_| {}).unwrap_err();
        assert_eq!((refused.code(), refused.line()), ("unreadable", Some(2)));
        let said = refused.to_string();
        for part in ["none of its 3 rows counts", "\"XONG\" (row 2), \"CHUA\" (row 4)", "succeeded = [", "failed = ["] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(rows(app), [0; 4]);
        // The profile of the source names its own words.
        let report = import(app, "words", &with_statuses(&["đã xong", "bỏ", "Success", "Failed"]));
        assert_eq!((report.outcome, report.new_entries, report.not_counted), ("ok", 2, 2), "{report:?}");
        let held = import(app, "words", &with_statuses(&["bỏ", "đã xong", "gì đây"]));
        assert_eq!(held.outcome, "held");
        assert!(held.holds[0].contains("\"gì đây\" is not known"), "{:?}", held.holds);
    }
);

both!(
    fn a_day_with_a_mistyped_year_holds_the_file(app, settings()) {
        has_officers(app);
        for (rows, says) in [
            (&["2026-01-05,R1,100,,a", "2062-01-05,R2,100,,b"][..], "row 3: its day, 05/01/2062, is more than a year away"),
            (&["1926-01-05,R1,100,,a", "2026-01-05,R2,100,,b"], "row 2: its day, 05/01/1926, is more than a year away"),
            (&["2062-01-05,R2,100,,b"], "row 2: its day, 05/01/2062, is more than a year after today, 05/01/2026"),
            (&["1999-01-05,R2,100,,b"], "row 2: its day, 05/01/1999, is more than ten years ago"),
        ] {
            let bytes = table(rows);
            let preview = try_import(app, "KT01", "office", &bytes, |upload| upload.is_preview = true).unwrap();
            assert_eq!(preview.outcome, "held", "{preview:?}");
            assert!(preview.holds.iter().any(|one| one.contains(says)), "{:?}", preview.holds);
        }
        let held = import(app, "office", &table(&["2026-01-05,R1,100,,a", "2062-01-05,R2,100,,b"]));
        assert_eq!((held.outcome, lines_that_count(app)), ("held", 0));
        override_hold(&app.db, &hand("KT02"), held.file.unwrap(), "it is what the bank wrote").unwrap();
        assert_eq!(lines_that_count(app), 2);
        let old = import(app, "vcb", &table(&["2024-01-05,R1,100,,a", "2024-12-31,R2,100,,b"]));
        assert_eq!(old.outcome, "ok", "a year of old lines may be taken in");
        assert!(old.warnings[0].contains("is more than a year ago"), "{:?}", old.warnings);
    }
);

both!(
    fn what_does_not_follow_names_the_day_on_which_it_opens(app, SOURCES) {
        has_officers(app);
        let rows = |rows: &[&str]| format!("Date,Reference,Credit,Balance\n{}\n", rows.join("\n")).into_bytes();
        import(app, "vcb", &rows(&["2026-01-02,A,100,1100", "2026-01-03,B,100,1200"]));
        let held = import(app, "vcb", &rows(&["2026-01-05,C,100,1400", "2026-01-09,D,100,1500"]));
        let said = held.holds.join("\n");
        let expected = "the statement of 05/01/2026 to 09/01/2026 of account 1017588888 opens on 05/01/2026 with 1300, but \
            the statement of 02/01/2026 to 03/01/2026, the last one imported before it, closed on 03/01/2026 with 1200:";
        assert!(said.contains(expected), "{said}");
    }
);

both!(
    fn the_name_of_a_file_is_kept_without_control_characters(app, SOURCES) {
        has_officers(app);
        let upload = Upload::of_bytes("vcb", "a\u{1b}[31mb\n\u{202e}c.csv", table(&["2026-01-05,R,100,,a"]));
        let import = Import {
            db: &app.db,
            sources: &app.settings.sources,
            hand: hand("KT01"),
            progress: &|_| {},
        };
        let id = import_statement(&import, &upload).unwrap().file.unwrap();
        let shown = app.get(&format!("/api/v1/statements/{id}"));
        assert_eq!(shown["name"].as_str(), Some("a\u{fffd}[31mb\u{fffd}\u{fffd}c.csv"), "{shown}");
    }
);

fn import_at(app: &TestApp, source: &str, at: Instant, bytes: &[u8]) -> Report {
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand: Hand {
            now: at,
            ..hand("KT01")
        },
        progress: &|_| {},
    };
    import_statement(&import, &Upload::of_bytes(source, "file", bytes.to_vec())).unwrap()
}

both!(
    fn a_file_is_late_by_the_calendar(app, settings()) {
        has_officers(app);
        // Friday 9, Saturday 10 (worked), Sunday 11, Friday 16, a weekend, Monday 19 January 2026.
        let cases = [
            ("office", "2026-01-16,F,1,,a", "2026-01-19T09:59:00+07:00", false),
            ("office", "2026-01-16,G,1,,a", "2026-01-19T10:01:00+07:00", true),
            ("office", "2026-01-18,H,1,,a", "2026-01-22T10:01:00+07:00", false),
            ("rolling", "2026-01-18,I,1,,a", "2026-01-19T09:59:00+07:00", false),
            ("rolling", "2026-01-17,J,1,,a", "2026-01-19T10:01:00+07:00", true),
        ];
        for (source, line, at, is_late) in cases {
            let at = parse_rfc3339(at).unwrap();
            let id = import_at(app, source, at, &table(&[line])).file.unwrap();
            let shown = app.get(&format!("/api/v1/statements/{id}"));
            assert_eq!(shown["is_late"].as_bool(), Some(is_late), "{source} {line} {at}");
        }
        let days = app.database.texts(
            "SELECT DISTINCT CAST(counts_on AS TEXT) AS t FROM statement_pages WHERE source = 'rolling'",
        );
        assert_eq!(days, ["2026-01-17"], "days off in a row are one session");
    }
);

both!(
    fn the_command_lists_what_is_asked_for_and_names_a_line_once(app) {
        has_officers(app);
        let folder = tempfile::tempdir().unwrap();
        let (code, said) = run(app, &["statement", "list"]);
        assert_eq!(code, 0);
        assert!(said.contains("no statement file was imported yet"), "{said}");
        let (_, said) = run(app, &["statement", "list", "--state", "held", "--day", "2026-01-05"]);
        assert!(said.contains("there is no statement file held that covers 2026-01-05"), "{said}");

        let bad = folder.path().join("bad.csv");
        std::fs::write(&bad, table(&["2026-01-05,R1,100,,a", "2026-01-35,R2,100,,a"])).unwrap();
        let sources = "[sources.vcb]\nkind = \"bank\"\n";
        let more = folder.path().join("more.toml");
        std::fs::write(&more, sources).unwrap();
        let [bad, more] = [&bad, &more].map(|path| path.to_str().unwrap());
        let arguments = ["--config", more, "--json", "statement", "import", bad, "--source", "vcb", "--as", "KT01"];
        let (code, said) = run(app, &arguments);
        assert_eq!(code, 1);
        let json: Value = serde_json::from_str(said.trim()).unwrap();
        assert_eq!(json["error"]["line"].as_u64(), Some(3), "{said}");
        let message = json["error"]["message"].as_str().unwrap();
        assert!(!message.contains("line 3"), "{message}");

        let held = folder.path().join("held.sta");
        let text = String::from_utf8(mt940(7, 14, 1000, &[(500, "a")])).unwrap();
        std::fs::write(&held, text.replace("7/1", "7/2")).unwrap();
        let held = held.to_str().unwrap();
        let arguments = ["--config", more, "statement", "import", held, "--source", "vcb", "--as", "KT01"];
        assert_eq!(run(app, &arguments).0, 0);
        for (filter, is_there) in [
            (["--source", "vcb"], true),
            (["--source", "momo"], false),
            (["--state", "held"], true),
            (["--state", "undone"], false),
            (["--day", "2026-09-14"], true),
            (["--day", "2026-09-15"], false),
        ] {
            let (_, said) = run(app, &[&["statement", "list"][..], &filter].concat());
            assert_eq!(said.contains("held.sta"), is_there, "{filter:?}: {said}");
            assert_eq!(said.contains("page 1 of statement 7"), is_there, "{filter:?}: {said}");
        }
    }
);

both!(
    fn what_is_left_of_an_import_is_removed_by_sweep(app) {
        has_officers(app);
        let past = now() - TimeDelta::hours(3);
        let id = doisoat::store::types::Uid(uuid::Uuid::from_u128(7));
        app.db
            .write(|queries| queries.insert_stage(1, id, doisoat::store::types::Ts(past)))
            .unwrap();
        let (code, said) = run(app, &["sweep"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("1 statement files written in part"), "{said}");
        assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM statement_stages"), 0);
    }
);
