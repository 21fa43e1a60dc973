//! Large files: written in chunks between which others write, unseen until they are published, and
//! removed when an import did not come to its end.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::statements::StatementError;
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::original::write_original;
use doisoat::journeys::statements::report::{Doing, Progress, Report};
use doisoat::journeys::statements::stage::remove_abandoned;

use crate::statement_imports::{SOURCES, hand, has_officers, lines_that_count, rows};
use crate::support::app::now;
use crate::support::{TestApp, both};

/// A table of several chunks: texts that cannot be packed much.
fn large() -> Vec<u8> {
    let mut text = "Date,Reference,Credit,Debit,Description\n".to_owned();
    let mut state = 1_u64;
    for line in 0..9_000 {
        let mut memo = String::new();
        for _ in 0..40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            write!(memo, "{:016x}", state ^ (state >> 29)).unwrap();
        }
        writeln!(
            text,
            "2026-01-{:02},R{line},{},,{memo}",
            line % 3 + 2,
            line + 1
        )
        .unwrap();
    }
    text.into_bytes()
}

fn import_while(
    app: &TestApp,
    bytes: &[u8],
    meanwhile: &dyn Fn(Progress),
) -> Result<Report, StatementError> {
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand: hand("KT01"),
        progress: meanwhile,
    };
    import_statement(&import, &Upload::of_bytes("vcb", "file", bytes.to_vec()))
}

fn stages(app: &TestApp) -> i64 {
    app.database
        .number("SELECT COUNT(*) AS n FROM statement_stages")
}

both!(
    fn others_write_between_the_chunks_of_a_large_file_and_see_nothing_of_it(app, SOURCES) {
        has_officers(app);
        let bytes = large();
        let (chunks, doings) = (Cell::new(0), RefCell::new(Vec::new()));
        let report = import_while(app, &bytes, &|progress| {
            if doings.borrow().last() != Some(&progress.doing) {
                doings.borrow_mut().push(progress.doing);
            }
            assert!(progress.doing == Doing::Comparing || progress.done <= progress.of);
            if progress.doing == Doing::Storing {
                chunks.set(chunks.get() + 1);
                assert_eq!((rows(app)[0], lines_that_count(app)), (0, 0));
                assert_eq!(app.transfer(chunks.get(), 1000, "NOP PHI").status, 200);
            }
        });
        let report = report.unwrap();
        assert_eq!((report.outcome, report.new_entries), ("ok", 9_000));
        assert!(chunks.get() >= 3, "{}", chunks.get());
        let told = [Doing::Keeping, Doing::Reading, Doing::Comparing, Doing::Storing];
        assert_eq!(*doings.borrow(), told);
        assert_eq!((stages(app), lines_that_count(app)), (0, 9_000));
        let mut original = Vec::new();
        write_original(&app.db, Tenant(1), report.file.unwrap(), &mut original).unwrap();
        assert!(original == bytes);
        let again = import_while(app, &[&bytes[..], b"\n"].concat(), &|_| {}).unwrap();
        assert_eq!((again.outcome, again.skipped_as_known), ("duplicate", 9_000));
    }
);

both!(
    fn what_a_broken_import_left_is_unseen_and_removed(app, SOURCES) {
        has_officers(app);
        let bytes = large();
        let broken = catch_unwind(AssertUnwindSafe(|| {
            import_while(app, &bytes, &|progress| {
                assert!(progress.doing != Doing::Storing || progress.done == 0, "killed");
            })
        }));
        assert!(broken.is_err());
        assert_eq!((stages(app), lines_that_count(app)), (1, 0));
        assert!(rows(app)[1] > 0, "something was written");
        let report = import_while(app, &bytes, &|_| {}).unwrap();
        assert_eq!((report.outcome, report.new_entries), ("ok", 9_000));
        let [files, originals, statements, pages] = rows(app);
        assert_eq!(remove_abandoned(&app.db, 1, now()).unwrap(), 0, "it may still be going on");
        let later = now() + TimeDelta::hours(2);
        assert_eq!(remove_abandoned(&app.db, 1, later).unwrap(), 1);
        let left = rows(app);
        assert_eq!((left[0], left[2], stages(app)), (files, statements, 0));
        assert!(left[1] < originals && left[3] <= pages);
        assert_eq!(lines_that_count(app), 9_000);
        let mut original = Vec::new();
        write_original(&app.db, Tenant(1), report.file.unwrap(), &mut original).unwrap();
        assert!(original == bytes);
    }
);

both!(
    fn an_import_whose_chunks_were_removed_says_so(app, SOURCES) {
        has_officers(app);
        let refused = import_while(app, &large(), &|progress| {
            if progress.doing == Doing::Storing && progress.done > 0 {
                remove_abandoned(&app.db, 1, now() + TimeDelta::hours(2)).unwrap();
            }
        });
        assert_eq!(refused.unwrap_err().code(), "too_slow");
        assert_eq!((rows(app), stages(app)), ([0; 4], 0));
    }
);
