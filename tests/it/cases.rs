//! What providers say that needs a person, told straight to the writer: each problem opens one
//! difference, repeats open none, a cause that goes away ends it. Then whole histories at random.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use doisoat::domain::difference::{DifferenceKind, DifferenceState, WayOut};
use doisoat::domain::ids::Tenant;
use doisoat::domain::money::{Currency, Money};
use doisoat::domain::notice::Notice;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::time::parse_rfc3339;
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::case_desk::{CaseDesk, CaseError, CaseOutcome};
use doisoat::journeys::note_difference::{Note, note_difference};
use doisoat::journeys::reopen_difference::{Reopening, reopen_difference};
use doisoat::journeys::resolve_difference::{BillPart, Resolution, resolve_difference};
use doisoat::journeys::sweep::sweep;
use doisoat::journeys::take_notices::{Call, Taken};
use doisoat::journeys::write_batch::BatchWriter;
use doisoat::ledger::verify::verify;
use doisoat::store::ops::DifferenceFilter;
use doisoat::store::rows::DifferenceRow;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::office::{HERE, THERE};
use crate::support::{Engine, TestApp, both};
use crate::webhooks::sabotage;

const CODE: &str = "H12.104-260105-0001";

/// What the bank says of payment `key`.
fn notice(event: &str, key: &str, status: PaymentStatus, dong: i64, memo: &str) -> Notice {
    Notice {
        event_id: Some(event.to_owned()),
        provider_txn_id: Some(key.to_owned()),
        payment_key: key.to_owned(),
        order_ref: None,
        amount: Money::new(dong, Currency::VND),
        refunded_minor: None,
        status,
        paid_at: parse_rfc3339("2026-01-05T03:30:00Z"),
        memo: Some(memo.to_owned()),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    }
}

struct Teller {
    writer: BatchWriter,
    channel: Arc<doisoat::config::channel::Channel>,
}

impl Teller {
    fn of(app: &TestApp) -> Self {
        let providers = vec!["sepay".to_owned()];
        Self {
            writer: BatchWriter::open(&app.db, &app.clock, providers).unwrap(),
            channel: Arc::new(app.settings.channels["bank"].clone()),
        }
    }

    fn tells(&mut self, notice: Notice) -> Taken {
        let call = self.call(vec![notice]);
        self.writer.take(Tenant(1), &[call])[0]
    }

    fn call(&self, notices: Vec<Notice>) -> Call {
        Call {
            request_id: None,
            span: None,
            channel: Arc::clone(&self.channel),
            notices,
            silent_because: None,
            raw: Vec::new(),
            reply: Box::new(|_| {}),
        }
    }
}

fn differences(app: &TestApp) -> Vec<DifferenceRow> {
    let filter = DifferenceFilter {
        limit: 1_000_000,
        ..DifferenceFilter::default()
    };
    app.db
        .read(|queries| queries.list_differences(1, &filter))
        .unwrap()
}

/// Kind, state and amount of every difference, sorted.
fn told(app: &TestApp) -> Vec<String> {
    // The clock stands still here, so that ids say nothing of the order.
    let tell = |row: DifferenceRow| format!("{} {} {}", row.kind, row.state, row.amount_minor);
    let mut told: Vec<String> = differences(app).into_iter().map(tell).collect();
    told.sort();
    told
}

both!(fn a_repeated_notice_opens_nothing_and_a_fresh_problem_does(app) {
    app.has_office();
    let bill = app.has_bill(HERE, CODE, 50_000);
    let mut teller = Teller::of(app);
    let short = notice("e1", "T1", PaymentStatus::Succeeded, 30_000, &bill);
    assert!(matches!(teller.tells(short.clone()), Taken::New(_)));
    assert!(matches!(teller.tells(short.clone()), Taken::Repeat(_)));
    teller.tells(Notice { event_id: Some("e2".to_owned()), ..short.clone() });
    assert_eq!(told(app), ["short open 30000"]);
    let mut part = notice("e3", "T1", PaymentStatus::PartiallyRefunded, 30_000, &bill);
    part.refunded_minor = Some(10_000);
    teller.tells(part.clone());
    part.event_id = Some("e4".to_owned());
    part.refunded_minor = Some(15_000);
    teller.tells(part.clone());
    teller.tells(part);
    assert_eq!(
        told(app),
        ["refund_unasked open 10000", "refund_unasked open 5000", "short open 30000"]
    );
    let other = notice("e1", "T1", PaymentStatus::Succeeded, 31_000, &bill);
    teller.tells(other.clone());
    teller.tells(other);
    assert_eq!(told(app)[..1], ["conflict open 30000"]);
    let conflict = differences(app).into_iter().find(|row| row.kind == "conflict").unwrap();
    let evidence = &conflict.evidence;
    assert!(evidence.contains("30000") && evidence.contains("31000"), "{evidence}");
    // The same event of a payment nobody has heard of.
    teller.tells(notice("e1", "T9", PaymentStatus::Succeeded, 32_000, &bill));
    assert_eq!(told(app)[..2], ["conflict open 30000", "conflict open 32000"]);
});

both!(fn a_top_up_in_the_same_call_or_batch_ends_what_the_short_payment_opened(app) {
    app.has_office();
    let one = app.has_bill(HERE, CODE, 50_000);
    let two = app.has_bill(HERE, "H12.104-260105-0002", 50_000);
    let mut teller = Teller::of(app);
    let parts = |bill: &str, first: &str, second: &str| {
        [(first, 30_000), (second, 20_000)]
            .map(|(key, dong)| notice(key, key, PaymentStatus::Succeeded, dong, bill))
    };
    let in_one_call = teller.call(parts(&one, "T1", "T2").to_vec());
    teller.writer.take(Tenant(1), &[in_one_call]);
    let in_one_batch = parts(&two, "T3", "T4").map(|notice| teller.call(vec![notice]));
    teller.writer.take(Tenant(1), &in_one_batch);
    assert_eq!(told(app), ["short resolved 30000", "short resolved 30000"]);
    for row in differences(app) {
        let steps = app.db.read(|queries| queries.list_difference_steps(1, row.difference_id)).unwrap();
        let steps: Vec<(&str, i32)> = steps.iter().map(|step| (step.action.as_str(), step.revision)).collect();
        assert_eq!((steps.as_slice(), row.revision), (&[("settled_itself", 2)][..], 2));
    }
});

both!(fn what_ended_by_itself_is_taken_up_again_only_when_its_cause_is_back(app) {
    app.has_office();
    let bill = app.has_bill(HERE, CODE, 50_000);
    let mut teller = Teller::of(app);
    let desk = Desk::of(app);
    let code = |undone: Result<CaseOutcome, CaseError>| match undone {
        Err(CaseError::Refused(refusal)) => refusal.code(),
        other => panic!("{other:?}"),
    };
    let of_kind = |kind: &str| differences(app).into_iter().find(|row| row.kind == kind).unwrap();
    teller.tells(notice("e1", "T1", PaymentStatus::Succeeded, 30_000, &bill));
    teller.tells(notice("e2", "T2", PaymentStatus::Succeeded, 20_000, "khong ro"));
    desk.resolves(app, &of_kind("unknown_dossier"), WayOut::Assign, &[(&bill, None)]).unwrap();
    assert_eq!(told(app), ["short resolved 30000", "unknown_dossier resolved 20000"]);
    let count = "SELECT COUNT(*) AS n FROM difference_steps";
    let before = app.database.number(count);
    assert_eq!(code(desk.undoes(app, &of_kind("short"))), "cause_gone");
    assert_eq!(app.database.number(count), before);
    // The money that ended it is taken from the bill again.
    desk.undoes(app, &of_kind("unknown_dossier")).unwrap();
    desk.undoes(app, &of_kind("short")).unwrap();
    assert_eq!(told(app), ["short reopened 30000", "unknown_dossier reopened 20000"]);
    desk.resolves(app, &of_kind("short"), WayOut::AcceptShort, &[]).unwrap();
    teller.tells(notice("e3", "T3", PaymentStatus::Review, 7_000, "khong ro"));
    teller.tells(notice("e4", "T3", PaymentStatus::Failed, 7_000, "khong ro"));
    assert_eq!(code(desk.undoes(app, &of_kind("review"))), "cause_gone");
    teller.tells(notice("e5", "T4", PaymentStatus::Succeeded, 9_000, &bill));
    teller.tells(notice("e6", "T4", PaymentStatus::Reversed, 9_000, &bill));
    assert_eq!(code(desk.undoes(app, &of_kind("twice"))), "cause_gone");
});

both!(fn a_review_ends_by_itself_when_the_provider_decides(app) {
    app.has_office();
    let bill = app.has_bill(HERE, CODE, 50_000);
    let mut teller = Teller::of(app);
    teller.tells(notice("e1", "T1", PaymentStatus::Review, 50_000, &bill));
    teller.tells(notice("e2", "T1", PaymentStatus::Review, 50_000, &bill));
    assert_eq!(told(app), ["review open 50000"]);
    teller.tells(notice("e3", "T1", PaymentStatus::Succeeded, 50_000, &bill));
    assert_eq!(told(app), ["review resolved 50000"]);
    let row = &differences(app)[0];
    assert_eq!((row.resolved_by.as_deref(), row.unit_code.as_str()), (Some("system"), HERE));
    let steps = app.db.read(|queries| queries.list_difference_steps(1, row.difference_id)).unwrap();
    assert_eq!((steps[0].officer.as_deref(), steps[0].reason.as_str()), (None, "the provider says by now: succeeded"));
});

both!(fn a_payment_taken_back_makes_each_bill_it_paid_a_case(app) {
    app.has_office();
    let one = app.has_bill(HERE, CODE, 50_000);
    let two = app.has_bill(THERE, "H12.105-260105-0002", 20_000);
    let mut teller = Teller::of(app);
    teller.tells(notice("e1", "T1", PaymentStatus::Succeeded, 70_000, "khong ro"));
    let desk = Desk::of(app);
    let row = differences(app)[0].clone();
    desk.resolves(app, &row, WayOut::Assign, &[(&one, None), (&two, None)]).unwrap();
    teller.tells(notice("e2", "T1", PaymentStatus::Reversed, 70_000, "khong ro"));
    assert_eq!(told(app), ["reversed open 20000", "reversed open 50000", "unknown_dossier resolved 70000"]);
    let mut units: Vec<String> = differences(app).into_iter().map(|row| row.unit_code).collect();
    units.sort();
    assert_eq!(units, ["", HERE, THERE]);
    let row = differences(app).into_iter().find(|row| row.kind == "unknown_dossier").unwrap();
    let undone = desk.undoes(app, &row);
    let Err(CaseError::Refused(refusal)) = undone else { panic!("{undone:?}") };
    assert_eq!(refusal.code(), "money_gone");
});

both!(fn a_notice_that_could_not_be_applied_is_a_case_until_it_is_swept(app) {
    app.has_office();
    let bill = app.has_bill(HERE, CODE, 50_000);
    let mut teller = Teller::of(app);
    let (begin, end) = sabotage(app.db.engine(), 6_666);
    app.database.run(&begin);
    app.expects_unsettled(true);
    let paid = notice("e1", "T1", PaymentStatus::Succeeded, 6_666, &bill);
    assert!(matches!(teller.tells(paid.clone()), Taken::New(_)));
    assert!(matches!(teller.tells(paid), Taken::Repeat(_)));
    assert_eq!(told(app), ["not_applied open 6666"]);
    let channels = &app.settings.channels;
    let again = || sweep(&app.db, &app.clock, channels, vec!["sepay".to_owned()]).unwrap();
    assert_eq!((again().failed, told(app)), (1, vec!["not_applied open 6666".to_owned()]));
    app.database.run(end);
    assert_eq!(again().applied, 1);
    assert_eq!(told(app), ["not_applied resolved 6666", "short open 6666"]);
    app.expects_unsettled(false);
});

/// An officer who may do everything.
struct Desk;

impl Desk {
    fn of(app: &TestApp) -> Self {
        add_officer(&app.db, Tenant(1), "lan", "Lan", None, app.clock.now()).unwrap();
        Self
    }

    fn at<T>(&self, app: &TestApp, story: impl FnOnce(&CaseDesk<'_>) -> T) -> T {
        story(&CaseDesk {
            tenant: Tenant(1),
            holder: "lan",
            now: app.clock.now(),
            officer: "lan",
            unit: None,
            may_approve: true,
        })
    }

    fn resolves(
        &self,
        app: &TestApp,
        row: &DifferenceRow,
        way: WayOut,
        bills: &[(&str, Option<i64>)],
    ) -> Result<CaseOutcome, CaseError> {
        let part = |(reference, amount): &(&str, Option<i64>)| BillPart {
            reference: (*reference).to_owned(),
            amount: amount.map(|minor| minor.to_string()),
        };
        let resolution = Resolution {
            way,
            reason: "thử".to_owned(),
            revision: row.revision,
            bills: bills.iter().map(part).collect(),
            until: Some(chrono::NaiveDate::from_ymd_opt(2026, 1, 9).unwrap()),
            unit: Some(THERE.to_owned()),
            is_preview: false,
        };
        self.at(app, |desk| {
            resolve_difference(&app.db, desk, row.difference_id.0, &resolution)
        })
    }

    fn undoes(&self, app: &TestApp, row: &DifferenceRow) -> Result<CaseOutcome, CaseError> {
        let reopening = Reopening {
            reason: "nhầm".to_owned(),
            revision: row.revision,
            is_preview: false,
        };
        self.at(app, |desk| {
            reopen_difference(&app.db, desk, row.difference_id.0, &reopening)
        })
    }
}

/// One event of a history, about one of three payments and two bills of its own.
#[derive(Debug, Clone)]
enum Happens {
    Told {
        payment: usize,
        status: PaymentStatus,
        bill: Option<usize>,
        refunded: i64,
    },
    Decided {
        which: usize,
        /// Which of the ways out of its kind.
        way: usize,
        bills: Vec<(usize, Option<i64>)>,
    },
    Undone {
        which: usize,
    },
    Remarked {
        which: usize,
    },
}

fn happens() -> impl Strategy<Value = Happens> {
    use PaymentStatus as S;
    let status = prop::sample::select(vec![
        S::Pending,
        S::Succeeded,
        S::Succeeded,
        S::Succeeded,
        S::Succeeded,
        S::Review,
        S::Reversed,
        S::Refunded,
        S::PartiallyRefunded,
        S::Failed,
    ]);
    let told = (0..3_usize, status, prop::option::of(0..2_usize), 1..9_i64);
    let told = told.prop_map(|(payment, status, bill, part)| Happens::Told {
        payment,
        status,
        bill,
        refunded: part * 10_000,
    });
    let part = (
        0..2_usize,
        prop::option::weighted(0.4, (1..9_i64).prop_map(|part| part * 5_000)),
    );
    let decided = (0..6_usize, 0..12_usize, prop::collection::vec(part, 1..3));
    let decided = decided.prop_map(|(which, way, bills)| Happens::Decided { which, way, bills });
    prop_oneof![
        5 => told,
        5 => decided,
        3 => (0..6_usize).prop_map(|which| Happens::Undone { which }),
        1 => (0..6_usize).prop_map(|which| Happens::Remarked { which }),
    ]
}

/// A refusal is an answer; a failure of the machine is not.
fn must_answer(done: Result<CaseOutcome, CaseError>, happening: &Happens) -> bool {
    match done {
        Ok(_) => true,
        Err(CaseError::Refused(_)) => false,
        Err(error) => panic!("{happening:?}: {error}"),
    }
}

/// What the bank says at one point of a history.
fn notice_of(number: usize, at: usize, happening: &Happens, bills: &[String]) -> Notice {
    let Happens::Told {
        payment,
        status,
        bill,
        refunded,
    } = happening
    else {
        unreachable!("{happening:?}")
    };
    let amount = [50_000, 30_000, 90_000][*payment];
    let memo = bill.map_or("khong ro", |bill| bills[bill].as_str());
    let (event, key) = (format!("{number}-{at}"), format!("{number}-{payment}"));
    let is_part = *status == PaymentStatus::PartiallyRefunded;
    Notice {
        refunded_minor: is_part.then_some((*refunded).min(amount - 1)),
        ..notice(&event, &key, *status, amount, memo)
    }
}

/// Lives one history and gives how many of its decisions were taken.
fn live(app: &TestApp, teller: &mut Teller, number: usize, history: &[Happens]) -> usize {
    let code = |at: usize| format!("H12.10{}-260105-{number:04}", 4 + at);
    let bills = [(HERE, 50_000), (THERE, 30_000)];
    let bills: Vec<String> = (0..)
        .zip(bills)
        .map(|(at, (unit, dong))| app.has_bill(unit, &code(at), dong))
        .collect();
    let first = differences(app).len();
    let mut taken = 0;
    for (at, happening) in history.iter().enumerate() {
        app.set_clock(app.clock.now() + Duration::from_secs(1));
        let mut own = differences(app).split_off(first);
        // Of what was opened at one instant, ids do not tell the order.
        own.sort_by_key(|row| (row.opened_at, row.kind.clone(), row.amount_minor));
        let nth = |which: usize| own.get(which % own.len().max(1));
        match happening {
            Happens::Told { .. } => {
                let notice = notice_of(number, at, happening, &bills);
                assert!(matches!(teller.tells(notice), Taken::New(_)));
            }
            Happens::Decided {
                which,
                way,
                bills: parts,
            } => {
                let Some(row) = nth(*which) else { continue };
                let parts: Vec<(&str, Option<i64>)> = parts
                    .iter()
                    .map(|(bill, amount)| (bills[*bill].as_str(), *amount))
                    .collect();
                let ways = DifferenceKind::parse(&row.kind).unwrap().ways_out();
                taken += usize::from(must_answer(
                    Desk.resolves(app, row, ways[way % ways.len()], &parts),
                    happening,
                ));
            }
            Happens::Undone { which } => {
                let Some(row) = nth(*which) else { continue };
                taken += usize::from(must_answer(Desk.undoes(app, row), happening));
            }
            Happens::Remarked { which } => {
                let Some(row) = nth(*which) else { continue };
                let id = row.difference_id.0;
                let done = Desk.at(app, |desk| {
                    note_difference(&app.db, desk, id, Note::Acknowledgement, "")
                });
                must_answer(done, happening);
            }
        }
    }
    taken
}

/// Histories at random, the same every time; the books are checked after some and at the end.
fn histories(engine: Engine, count: usize, least: usize) {
    let watch = Stopwatch::now();
    let app = TestApp::start(engine, "");
    app.has_office();
    Desk::of(&app);
    let mut teller = Teller::of(&app);
    let mut runner = TestRunner::deterministic();
    let history = prop::collection::vec(happens(), 4..14);
    let mut taken = 0;
    for number in 1..=count {
        let history = history.new_tree(&mut runner).unwrap().current();
        taken += live(&app, &mut teller, number, &history);
        if number % 20 == 0 {
            for check in verify(&app.db, 1).unwrap() {
                assert_eq!(check.wrong, [], "{} after {history:#?}", check.proves);
            }
        }
    }
    assert!(
        taken > count,
        "{taken} decisions of {count} histories were taken"
    );
    let kinds: std::collections::BTreeSet<String> =
        differences(&app).into_iter().map(|row| row.kind).collect();
    assert!(kinds.len() >= least, "{kinds:?}");
    assert!(
        kinds
            .iter()
            .all(|kind| DifferenceKind::parse(kind).is_some())
    );
    let resolved = DifferenceState::Resolved.as_str();
    assert!(differences(&app).iter().any(|row| row.state != resolved));
    assert!(
        watch.elapsed() < Duration::from_secs(60),
        "{:?}",
        watch.elapsed()
    );
}

#[test]
fn no_history_unbalances_the_books_on_sqlite() {
    histories(Engine::Sqlite, 250, 7);
}

#[test]
fn no_history_unbalances_the_books_on_postgres() {
    histories(Engine::Postgres, 40, 4);
}
