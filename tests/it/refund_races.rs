//! Refunds raced: a hundred threads over several connections ask for, approve and pay money of one
//! payment at once. What was there is never exceeded, everybody else gets the same refusal, and the
//! books are whole.

use doisoat::domain::ids::{PaymentId, RefundId, Tenant, uuid_at};
use doisoat::domain::refund::RefundSource;
use doisoat::journeys::refunds::approve::approve_refund;
use doisoat::journeys::refunds::ask::{Asked, Wish, request_refund};
use doisoat::journeys::refunds::{Hand, RefundError, Told, Which};
use doisoat::store::Db;
use doisoat::store::ops::RefundFilter;
use doisoat::store::rows::{RefundRow, RefundStepRow};
use doisoat::store::types::Uid;
use uuid::Uuid;

use crate::refunds::{CODE, Desk, payment_id};
use crate::support::office::HERE;
use crate::support::{TestApp, both};

const THREADS: usize = 100;

/// What is there, and what each thread wants of it.
const THERE: i64 = 50_000;
const EACH: i64 = 1_000;

/// A payment whose 50,000 are all the payer's; the officers CB01 and LD01.
fn has_credit(app: &TestApp) -> Uuid {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    assert_eq!(app.transfer(1, 50_000, &reference).status, 200);
    assert_eq!(app.transfer(2, THERE, &reference).status, 200);
    drop(Desk::of(app));
    Uuid::parse_str(&payment_id(app, "2")).unwrap()
}

/// Runs a hundred threads at once over three handles of their own, as three processes
/// would; gives how many succeeded and the codes of the others.
fn race(
    app: &TestApp,
    officer: &str,
    story: impl Fn(&Db, &Hand<'_>, usize) -> Result<Told, RefundError> + Sync,
) -> (usize, Vec<String>) {
    let handles: Vec<Db> = (0..3)
        .map(|_| Db::open(&app.database.url).unwrap())
        .collect();
    let start = std::sync::Barrier::new(THREADS);
    let now = app.clock.now();
    let one = |number: usize| {
        let holder = format!("{}-{number}", uuid_at(now));
        let hand = Hand {
            tenant: Tenant(1),
            officer,
            unit: None,
            holder: &holder,
            now,
            is_preview: false,
        };
        start.wait();
        story(&handles[number % handles.len()], &hand, number)
    };
    let outcomes: Vec<Result<Told, RefundError>> = std::thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> = (0..THREADS)
            .map(|number| scope.spawn(move || one(number)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut codes: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .map(|refusal| refusal.code().to_owned())
        .collect();
    codes.sort();
    let refused = codes.len();
    codes.dedup();
    (THREADS - refused, codes)
}

fn refunds(app: &TestApp) -> Vec<RefundRow> {
    let filter = RefundFilter {
        limit: 1_000,
        ..RefundFilter::default()
    };
    app.db
        .read(|queries| queries.list_refunds(1, &filter))
        .unwrap()
}

fn set_aside(app: &TestApp) -> i64 {
    let sql = "SELECT CAST(SUM(refunding_minor) AS BIGINT) AS n FROM payments";
    app.database.number(sql)
}

both!(fn a_hundred_requests_at_once_never_exceed_what_is_there(app) {
    let payment = has_credit(app);
    let (done, codes) = race(app, "CB01", |db, hand, _| {
        let asked = Asked {
            payment_id: PaymentId(payment),
            source: RefundSource::Credit,
            wish: Wish { amount: Some(EACH.to_string()), items: Vec::new(), reason: "raced".to_owned() },
        };
        request_refund(db, hand, &asked)
    });
    assert_eq!((done, codes), (50, vec!["above_rest".to_owned()]));
    assert_eq!(set_aside(app), 0);
    // Two threads approve each of them: one of the two is told that it is done.
    let asked: Vec<Uid> = refunds(app)
        .into_iter()
        .filter(|row| row.state == "requested")
        .map(|row| row.refund_id)
        .collect();
    let (done, codes) = race(app, "LD01", |db, hand, number| {
        let which = Which { id: RefundId(asked[number % asked.len()].0), revision: None };
        approve_refund(db, hand, which, "raced")
    });
    assert_eq!((done, codes), (50, vec!["wrong_state".to_owned()]));
    assert_eq!(set_aside(app), THERE);
});

both!(fn a_hundred_approvals_at_once_never_exceed_what_is_there(app) {
    let payment = has_credit(app);
    // Requests that were let in elsewhere, together more than there is.
    let proposal = refunds(app).into_iter().find(|row| row.payment_id.0 == payment).unwrap();
    let asked: Vec<RefundRow> = (0..THREADS)
        .map(|_| RefundRow {
            refund_id: Uid(uuid_at(app.clock.now())),
            amount_minor: EACH,
            state: "requested".to_owned(),
            requested_by: Some("CB01".to_owned()),
            requested_at: Some(proposal.opened_at),
            ..proposal.clone()
        })
        .collect();
    app.db
        .write(|queries| {
            asked.iter().try_for_each(|row| {
                let step = RefundStepRow {
                    tenant: 1,
                    refund_id: row.refund_id,
                    revision: 1,
                    action: "request".to_owned(),
                    officer: row.requested_by.clone(),
                    reason: "let in elsewhere".to_owned(),
                    evidence: None,
                    entry_id: None,
                    state: row.state.clone(),
                    amount_minor: 0,
                    taken_at: row.opened_at,
                };
                queries.insert_refund(row, Some(&step))
            })
        })
        .unwrap();
    let (done, codes) = race(app, "LD01", |db, hand, number| {
        let which = Which { id: RefundId(asked[number].refund_id.0), revision: Some(1) };
        approve_refund(db, hand, which, "raced")
    });
    assert_eq!((done, codes), (50, vec!["above_rest".to_owned()]));
    assert_eq!(set_aside(app), THERE);
    let approved = refunds(app).into_iter().filter(|row| row.state == "to_send");
    assert_eq!(approved.map(|row| row.amount_minor).sum::<i64>(), THERE);
});
