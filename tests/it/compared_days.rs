//! A day's payments beside the files that were imported for it: what agrees, what differs, what still
//! waits, and that comparing stores nothing.

use std::collections::BTreeMap;

use doisoat::domain::ids::Tenant;
use doisoat::domain::time::{Day, Instant};
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::compare_days::{DaysCompared, compare_days};
use doisoat::journeys::statements::Hand;
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::override_hold::override_hold;
use doisoat::reconciliation::compare::bridge::bridge;
use doisoat::reconciliation::compare::{Item, OutcomeKind};

use crate::statement_imports::hand;
use crate::support::app::now;
use crate::support::{TestApp, both};

pub(crate) const SOURCES: &str = "
[sources.vnpay]
kind = \"settlement\"
channel = \"vnpay\"
profile = \"vnpay-fee\"
expected = \"daily\"
fee = { basis_points = 100 }
[sources.vcb]
kind = \"bank\"
account = \"1017588888\"
channels = [\"bank\"]
payouts = { vnpay = \"VNPAY TT GD\" }
";

pub(crate) const SETTLEMENT: &str = "\
Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền khuyến mại,Số tiền sau KM,Số tiền hạch toán thu hộ,Số tiền phí thu hộ,Trạng thái
05/01/2026 10:30:15,1001,O1,50000,0,50000,50000,500,Thành công
05/01/2026 10:30:15,1002,O2,61000,0,61000,61000,610,Thành công
05/01/2026 10:30:15,1004,O4,40000,0,40000,40000,900,Thành công
05/01/2026 10:30:15,1009,,90000,0,90000,90000,900,Thành công
05/01/2026 10:30:15,1010,O1,50000,0,50000,50000,0,Thất bại
";

pub(crate) const STATEMENT: &str = ":20:S1\r\n:25:1017588888\r\n:28C:1/1\r\n:60F:C260105VND0,\r\n\
:61:2601050105C20000,NTRFNONREF//FT77\r\n:86:NOP PHI\r\n\
:61:2601050105C7000,NTRFNONREF//FT78\r\n:86:KHONG RO NGUON\r\n\
:61:2601060106C238090,NTRFNONREF//FT79\r\n:86:VNPAY TT GD NGAY 05012026\r\n\
:62F:C260106VND265090,\r\n-\r\n";

pub(crate) fn day(number: u32) -> Day {
    Day::from_ymd_opt(2026, 1, number).unwrap()
}

pub(crate) fn import(app: &TestApp, source: &str, text: &str) {
    import_bytes(app, source, "file", text.as_bytes().to_vec(), now());
}

pub(crate) fn import_bytes(app: &TestApp, source: &str, name: &str, bytes: Vec<u8>, at: Instant) {
    let hand = Hand {
        tenant: Tenant(1),
        officer: "KT01",
        now: at,
    };
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand,
        progress: &|_| {},
    };
    let told = import_statement(&import, &Upload::of_bytes(source, name, bytes)).unwrap();
    assert_eq!(told.outcome, "ok", "{name}");
}

fn compared(app: &TestApp, of: u32, today: u32) -> DaysCompared {
    app.db
        .read(|queries| compare_days(queries, &app.settings, Tenant(1), day(of), day(today)))
        .unwrap()
}

/// The outcomes of the items of a day: how many of each side and kind.
fn counted(found: &DaysCompared, of: u32) -> BTreeMap<(&'static str, &'static str), usize> {
    let mut counts = BTreeMap::new();
    for (item, outcome) in found.comparison.all() {
        if found.day_of(item) == Some(day(of)) {
            let side = match item {
                Item::Payment(_) => "payment",
                Item::Line(_) => "line",
                Item::Bank(_) => "bank",
                Item::Payout(_) => "payout",
                other => panic!("{other:?}"),
            };
            *counts.entry((side, outcome.kind.as_str())).or_default() += 1;
        }
    }
    counts
}

pub(crate) fn has_paid(app: &TestApp) {
    add_officer(&app.db, Tenant(1), "KT01", "KT01", None, now()).unwrap();
    app.has_office();
    for (txn, order, dong) in [
        ("1001", "O1", 50_000),
        ("1002", "O2", 60_000),
        ("1003", "O3", 30_000),
        ("1004", "O4", 40_000),
    ] {
        assert_eq!(app.vnpay_pays(txn, order, dong, "k-vnpay").status, 200);
    }
    assert_eq!(app.transfer(77, 20_000, "NOP PHI").status, 200);
}

both!(fn a_day_is_compared_with_what_was_imported_for_it(app, SOURCES) {
    has_paid(app);
    let found = compared(app, 5, 5);
    let waiting = BTreeMap::from([(("payment", "waiting"), 5)]);
    assert_eq!(counted(&found, 5), waiting, "nothing was imported yet");

    import(app, "vnpay", SETTLEMENT);
    import(app, "vcb", STATEMENT);
    let found = compared(app, 5, 9);
    assert_eq!(
        counted(&found, 5),
        BTreeMap::from([
            (("payment", "matched_settlement"), 2),
            (("payment", "amount_mismatch"), 1),
            (("payment", "missing_in_settlement"), 1),
            (("payment", "matched"), 1),
            (("line", "matched"), 1),
            (("line", "amount_mismatch"), 1),
            (("line", "fee_differs"), 1),
            (("line", "not_recorded"), 1),
            (("bank", "matched"), 1),
            (("bank", "unknown_credit"), 1),
            (("payout", "payout_matched"), 1),
        ])
    );
    let sixth = BTreeMap::from([(("bank", "payout_matched"), 1)]);
    assert_eq!(counted(&compared(app, 6, 9), 6), sixth);
    for number in found.channels.values() {
        assert_eq!(bridge(&found.input, &found.comparison, *number).residual, 0);
    }
});

both!(fn what_is_missing_is_no_difference_before_its_time_and_comparing_stores_nothing(app, SOURCES) {
    has_paid(app);
    import(app, "vnpay", SETTLEMENT);
    let rows = || {
        let tables = ["differences", "postings", "payments", "statement_pages"];
        tables.map(|table| {
            let count = format!("SELECT COUNT(*) AS n FROM {table}");
            app.database.number(&count)
        })
    };
    let before = rows();
    let outcome = |today| {
        let found = compared(app, 5, today);
        let absent = |kind| {
            let of =
                |outcome: &&doisoat::reconciliation::compare::Outcome| outcome.kind == kind;
            found.comparison.payments.iter().filter(of).count()
        };
        (
            absent(OutcomeKind::Waiting),
            absent(OutcomeKind::MissingInSettlement),
            absent(OutcomeKind::MissingInBank),
        )
    };
    assert_eq!(outcome(6), (2, 0, 0));
    assert_eq!(outcome(9), (0, 1, 1));
    assert_eq!(rows(), before);
});

both!(fn a_file_that_was_due_is_missed_until_it_comes(app, SOURCES) {
    has_paid(app);
    assert!(compared(app, 5, 5).expected.missing.is_empty(), "it is not due yet");
    assert_eq!(compared(app, 5, 6).expected.missing, [("vnpay".to_owned(), day(6))]);
    import(app, "vnpay", SETTLEMENT);
    assert!(compared(app, 5, 6).expected.missing.is_empty());
});

both!(fn a_line_that_stands_twice_finds_its_payment_once(app, SOURCES) {
    has_paid(app);
    let line = SETTLEMENT.lines().nth(1).unwrap();
    // The file waits, because a provider gives a number once; a second officer lets it in.
    let held = crate::statement_imports::import(app, "vnpay", format!("{SETTLEMENT}{line}\n").as_bytes());
    assert_eq!(held.outcome, "held");
    add_officer(&app.db, Tenant(1), "KT02", "KT02", None, now()).unwrap();
    override_hold(&app.db, &hand("KT02"), held.file.unwrap(), "both are real").unwrap();
    let found = compared(app, 5, 9);
    assert_eq!(found.comparison.payments.len(), 5, "no payment is compared twice");
    let kinds = counted(&found, 5);
    assert_eq!(kinds.get(&("line", "duplicate_payment")), Some(&1), "{kinds:?}");
});
