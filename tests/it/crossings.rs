//! One payment that is told of without a transaction id and under one, in either order: it stays one
//! payment, its bill is paid once, and nothing waits for a word that was said already.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use doisoat::intake::providers::vnpay::sign_query;
use serde_json::Value;

use crate::matching::accounts;
use crate::status_queries::attempt_opened;
use crate::support::http::request;
use crate::support::office::HERE;
use crate::support::{Engine, TestApp, both};

const CODE: &str = "H12.104-260105-0001";
const ORDER: &str = "HS00025H290001";

/// VNPAY says of the order: its transaction, its status, how much; gives its answer's code.
fn says(app: &TestApp, txn: &str, status: &str, dong: i64) -> String {
    let amount = (dong * 100).to_string();
    let mut pairs = vec![
        ("vnp_Amount", amount.as_str()),
        ("vnp_BankCode", "NCB"),
        ("vnp_OrderInfo", "Nop phi"),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "DOISOAT1"),
        ("vnp_TransactionNo", txn),
        ("vnp_TransactionStatus", status),
        ("vnp_TxnRef", ORDER),
    ];
    if status == "00" {
        pairs.push(("vnp_PayDate", "20260105103015"));
    }
    let target = format!("/webhooks/vnpay?{}", sign_query(&pairs, b"k-vnpay"));
    let reply = app.send(&request("GET", &target, &[], b""));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["RspCode"].as_str().unwrap().to_owned()
}

/// Transaction, status and amount of every payment.
fn payments(app: &TestApp) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let rows = app.items("/api/v1/payments?channel=vnpay");
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            let (txn, status) = (text(row, "provider_txn_id"), text(row, "status"));
            format!("{txn} {status} {}", text(row, "amount"))
        })
        .collect();
    told.sort();
    told
}

fn has_attempt(app: &TestApp) {
    app.has_office();
    let bill = app.has_bill(HERE, CODE, 50_000);
    attempt_opened(app, "vnpay", ORDER, &bill);
}

both!(fn a_success_takes_over_the_row_that_waited_without_an_id(app) {
    has_attempt(app);
    assert_eq!(says(app, "0", "01", 50_000), "00");
    assert_eq!(payments(app), ["0 pending 50000"]);
    assert_eq!(says(app, "14000077", "00", 50_000), "00");
    assert_eq!(payments(app), ["14000077 succeeded 50000"]);
    // Repeats, of either, change nothing; nor does what is said of the same transaction later.
    assert_eq!(says(app, "14000077", "00", 50_000), "02");
    assert_eq!(says(app, "0", "01", 50_000), "02");
    assert_eq!(says(app, "14000077", "01", 50_000), "00");
    assert_eq!(payments(app), ["14000077 succeeded 50000"]);
    assert_eq!(accounts(app), ["clearing:vnpay 50000", "due:H12.104:phi -50000"]);
    // Another transaction of the same order is another payment.
    assert_eq!(says(app, "14000078", "00", 50_000), "02");
    assert_eq!(payments(app), ["14000077 succeeded 50000", "14000078 succeeded 50000"]);
});

both!(fn news_without_an_id_that_comes_late_leaves_nothing_waiting(app) {
    has_attempt(app);
    assert_eq!(says(app, "14000077", "00", 50_000), "00");
    assert_eq!(says(app, "0", "01", 50_000), "00");
    assert_eq!(payments(app), ["14000077 succeeded 50000"]);
    let notices = app.database.texts("SELECT status AS t FROM notices ORDER BY status");
    assert_eq!(notices, ["pending", "succeeded"]);
});

both!(fn a_success_of_another_amount_is_another_payment(app) {
    has_attempt(app);
    assert_eq!(says(app, "0", "01", 50_000), "00");
    assert_eq!(says(app, "14000077", "00", 20_000), "04");
    assert_eq!(payments(app), ["0 pending 50000", "14000077 succeeded 20000"]);
});

both!(fn what_contradicts_a_payment_that_was_taken_over_is_a_conflict(app) {
    has_attempt(app);
    says(app, "0", "01", 50_000);
    says(app, "14000077", "00", 50_000);
    assert_eq!(says(app, "14000077", "00", 70_000), "02");
    assert_eq!(says(app, "14000077", "00", 70_000), "02");
    assert_eq!(payments(app), ["14000077 succeeded 50000"]);
    assert_eq!(app.items("/api/v1/differences?kind=conflict").len(), 1);
});

/// Two gateways hear of one order at the same instant, one without an id and one with it: both have
/// looked before either has written.
fn hears_at_once(pending_first: bool) {
    let one = TestApp::start(Engine::Postgres, "");
    let other = TestApp::start_on(std::sync::Arc::clone(&one.database), "");
    has_attempt(&one);
    let own = one.database.url.split_once("%3D").unwrap().1.to_owned();
    let is_waited_for = |granted: &str| {
        one.database.number(&format!(
            "SELECT COUNT(*) AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{own}' \
             AND c.relname = 'dossiers' AND l.locktype = 'tuple' AND l.granted = {granted}"
        )) > 0
    };
    let tells = |app: &TestApp, is_pending: bool| {
        let (txn, status) = if is_pending {
            ("0", "01")
        } else {
            ("14000077", "00")
        };
        says(app, txn, status, 50_000)
    };
    let mut holder = PgConnection::establish(&one.database.url).unwrap();
    holder
        .batch_execute("BEGIN; SELECT 1 FROM dossiers FOR UPDATE")
        .unwrap();
    std::thread::scope(|scope| {
        let (tells, one, other) = (&tells, &one, &other);
        // The first waits for the row, the second for its turn behind the first.
        let first = scope.spawn(move || tells(one, pending_first));
        while !is_waited_for("true") {
            std::thread::yield_now();
        }
        let second = scope.spawn(move || tells(other, !pending_first));
        while !is_waited_for("false") {
            std::thread::yield_now();
        }
        holder.batch_execute("COMMIT").unwrap();
        let told = [first.join().unwrap(), second.join().unwrap()];
        assert_eq!(told, ["00", "00"]);
    });
    assert_eq!(payments(&one), ["14000077 succeeded 50000"]);
}

#[test]
fn news_without_an_id_and_a_success_at_once_are_one_payment() {
    hears_at_once(true);
}

#[test]
fn a_success_and_news_without_an_id_at_once_are_one_payment() {
    hears_at_once(false);
}
