//! Files with lines of a closed day: held for a second officer, counted late on the first open day, and
//! never taken out again; what was closed stays as it was signed, whoever comes second.

use std::cell::Cell;
use std::sync::Barrier;

use chrono::TimeDelta;

use doisoat::domain::ids::Tenant;
use doisoat::domain::time::Day;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::compare_days::compare_days;
use doisoat::journeys::days::DayDesk;
use doisoat::journeys::days::close_day::close_day;
use doisoat::journeys::days::propose_day::propose_day;
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::override_hold::override_hold;
use doisoat::journeys::statements::report::{Doing, Progress, Report};
use doisoat::journeys::statements::undo_import::undo_import;
use doisoat::journeys::statements::{Hand, StatementError};
use doisoat::reconciliation::compare::Item;
use doisoat::store::Db;

use crate::days::{closes, keyed};
use crate::statement_imports::{SOURCES, hand, has_officers, import, lines_that_count, rows};
use crate::support::app::now;
use crate::support::{TestApp, both};

fn settings() -> &'static str {
    Box::leak(format!("{SOURCES}{}", keyed()).into_boxed_str())
}

/// A table of money that came in: day of January, amount, reference.
fn table(lines: &[(u32, i64, &str)]) -> Vec<u8> {
    let mut text = "Date,Reference,Credit,Debit,Description\n".to_owned();
    for (day, amount, reference) in lines {
        text.push_str(&format!("2026-01-{day:02},{reference},{amount},,phi\n"));
    }
    text.into_bytes()
}

fn import_while(
    app: &TestApp,
    bytes: &[u8],
    meanwhile: &dyn Fn(Progress),
) -> Result<Report, StatementError> {
    import_as(app, hand("KT01"), bytes, meanwhile)
}

fn import_as(
    app: &TestApp,
    hand: Hand<'_>,
    bytes: &[u8],
    meanwhile: &dyn Fn(Progress),
) -> Result<Report, StatementError> {
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand,
        progress: meanwhile,
    };
    import_statement(&import, &Upload::of_bytes("vcb", "file", bytes.to_vec()))
}

fn day(number: u32) -> Day {
    Day::from_ymd_opt(2026, 1, number).unwrap()
}

/// How many bank lines stand on a day when it is compared.
fn compared_on(app: &TestApp, number: u32) -> usize {
    let found = app
        .db
        .read(|queries| compare_days(queries, &app.settings, Tenant(1), day(5), day(9)))
        .unwrap();
    let items = found.comparison.all().map(|(item, _)| item);
    items
        .filter(|item| matches!(item, Item::Bank(_)))
        .filter(|item| found.day_of(*item) == Some(day(number)))
        .count()
}

/// Lines, their day and the day they count on.
fn counted(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT CAST(p.day AS TEXT) || ' ' || CAST(p.counts_on AS TEXT) || ' ' || CAST(p.line_count AS TEXT) AS t \
         FROM statement_pages p JOIN statement_files f ON f.tenant = p.tenant AND f.file_id = p.file_id \
         WHERE f.state = 'imported' ORDER BY 1",
    )
}

both!(
    fn a_file_for_a_closed_day_waits_for_a_second_officer_and_counts_late(app, settings()) {
        has_officers(app);
        let first = import(app, "vcb", &table(&[(5, 100, "A")])).file.unwrap();
        closes(app);
        let shown = app.get("/api/v1/days/2026-01-05");
        let again = import(app, "vcb", &table(&[(5, 100, "A"), (6, 70, "B")]));
        assert_eq!((again.outcome, again.new_entries), ("ok", 1), "what is known is harmless: {again:?}");
        let next = Hand {
            now: now() + TimeDelta::hours(23),
            ..hand("KT01")
        };
        let bytes = table(&[(5, 100, "A"), (5, 30, "C"), (6, 70, "B")]);
        let held = import_as(app, next, &bytes, &|_| {}).unwrap();
        assert_eq!(held.outcome, "held");
        let told = "2026-01-05 was closed by minh; a second officer may take the file in";
        assert!(held.holds.iter().any(|one| one.starts_with(told)), "{:?}", held.holds);
        assert_eq!(lines_that_count(app), 2);
        assert_eq!((compared_on(app, 5), compared_on(app, 6)), (1, 1));
        let id = held.file.unwrap();
        let same = override_hold(&app.db, &hand("KT01"), id, "the bank was late").unwrap_err();
        assert_eq!(same.code(), "same_officer");
        override_hold(&app.db, &hand("KT02"), id, "the bank was late").unwrap();
        let expected = ["2026-01-05 2026-01-05 1", "2026-01-05 2026-01-06 1", "2026-01-06 2026-01-06 1"];
        assert_eq!(counted(app), expected, "the line keeps its day and counts on the first open one");
        assert_eq!((compared_on(app, 5), compared_on(app, 6)), (1, 2), "what was closed stays as it was");
        assert_eq!(app.get("/api/v1/days/2026-01-05"), shown);

        let refused = undo_import(&app.db, &hand("KT02"), first, "wrong").unwrap_err();
        assert_eq!(refused.code(), "closed_day", "{refused}");
        assert!(refused.to_string().starts_with("2026-01-05 was closed by minh"), "{refused}");
        undo_import(&app.db, &hand("KT02"), id, "it counts in an open day").unwrap();
        assert_eq!(lines_that_count(app), 2);
    }
);

both!(
    fn a_file_held_before_the_day_was_closed_counts_late_too(app, settings()) {
        has_officers(app);
        let bytes = b":20:S\r\n:25:1017588888\r\n:28C:7/2\r\n:60F:C260105VND0,\r\n\
            :61:2601050105C500,NTRFNONREF\r\n:86:a\r\n:62F:C260105VND500,\r\n-\r\n";
        let held = import(app, "vcb", bytes);
        assert_eq!((held.outcome, held.holds.len()), ("held", 1), "{:?}", held.holds);
        closes(app);
        let row = override_hold(&app.db, &hand("KT02"), held.file.unwrap(), "seen").unwrap();
        assert!(row.holds.contains("2026-01-05 was closed by minh"), "{}", row.holds);
        assert_eq!(counted(app), ["2026-01-05 2026-01-06 1"]);
    }
);

both!(
    fn a_day_closed_while_a_file_is_imported_holds_it(app, settings()) {
        has_officers(app);
        let is_closed = Cell::new(false);
        let report = import_while(app, &table(&[(5, 100, "A")]), &|progress| {
            if progress.doing == Doing::Storing && !is_closed.replace(true) {
                closes(app);
            }
        });
        let report = report.unwrap();
        assert!(is_closed.get());
        assert_eq!(report.outcome, "held", "{report:?}");
        assert!(report.holds[0].starts_with("2026-01-05 was closed by minh"), "{:?}", report.holds);
        assert_eq!(lines_that_count(app), 0);
    }
);

both!(
    fn a_file_imported_while_another_is_stored_is_seen(app, settings()) {
        has_officers(app);
        let is_done = Cell::new(false);
        let report = import_while(app, &table(&[(5, 100, "A"), (5, 30, "B")]), &|progress| {
            if progress.doing == Doing::Storing && !is_done.replace(true) {
                assert_eq!(import(app, "vcb", &table(&[(5, 100, "A")])).new_entries, 1);
            }
        });
        let report = report.unwrap();
        assert_eq!((report.outcome, report.new_entries, report.skipped_as_known), ("ok", 1, 1));
        assert_eq!(lines_that_count(app), 2);

        let count = Cell::new(10);
        let busy = import_while(app, &table(&[(7, 1, "X")]), &|progress| {
            if progress.doing == Doing::Storing {
                count.set(count.get() + 1);
                import(app, "vcb", &table(&[(8, count.get(), "Y")]));
            }
        });
        assert_eq!(busy.unwrap_err().code(), "busy");
        let left = app.database.number("SELECT COUNT(*) AS n FROM statement_stages");
        assert_eq!((left, rows(app)[0]), (0, 2 + count.get() - 10));
    }
);

both!(
    fn of_a_closing_and_an_import_at_once_the_second_sees_the_first(app, settings()) {
        has_officers(app);
        app.set_clock(doisoat::domain::time::parse_rfc3339("2026-01-06T02:00:00Z").unwrap());
        for code in ["lan", "minh"] {
            add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
        }
        let desk = |code: &'static str| DayDesk {
            tenant: Tenant(1),
            holder: code,
            now: app.clock.now(),
            officer: code,
        };
        propose_day(&app.db, &desk("lan"), &app.settings, day(5)).unwrap();
        let start = Barrier::new(2);
        let (closed, imported) = std::thread::scope(|scope| {
            let closing = scope.spawn(|| {
                let db = Db::open(&app.database.url).unwrap();
                start.wait();
                close_day(&db, &desk("minh"), &app.settings, day(5))
            });
            let importing = scope.spawn(|| {
                let db = Db::open(&app.database.url).unwrap();
                let import = Import {
                    db: &db,
                    sources: &app.settings.sources,
                    hand: hand("KT01"),
                    progress: &|_| {},
                };
                let upload = Upload::of_bytes("vcb", "file", table(&[(5, 100, "A")]));
                start.wait();
                import_statement(&import, &upload)
            });
            (closing.join().unwrap(), importing.join().unwrap())
        });
        let report = imported.unwrap();
        let is_closed = closed.is_ok();
        assert!(is_closed || report.outcome == "ok", "the closing gave way to nothing: {closed:?}");
        if report.outcome == "held" {
            assert!(report.holds[0].contains("was closed by minh"), "{:?}", report.holds);
            assert_eq!(lines_that_count(app), 0);
        } else {
            assert_eq!((report.outcome, counted(app).len()), ("ok", 1), "{report:?}");
        }
        if is_closed {
            let late = import(app, "vcb", &table(&[(5, 30, "B")]));
            assert_eq!(late.outcome, "held");
        }
    }
);
