//! What must be true when a fault is over: the rows against the book, the ledger against the rows, and
//! every call that was ever sent answered as a repeat. Mends nothing, forgives nothing.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::book::Told;
use super::callers::{Callers, send_all};
use super::gateway::Gateway;
use super::messages::Way;
use super::scene::Scene;

/// Repeats sent in the end, at most.
const REPEATS: usize = 3_000;

/// Proves a scenario whose callers may still be at work and whose gateway is well again; stops both.
pub(super) fn prove(scene: &Scene, mut callers: Callers, gateway: Gateway, at: SocketAddr) {
    callers.stop();
    let (tally, payments) = {
        let book = scene.book.lock().unwrap();
        (book.tally, book.told.len())
    };
    rows_are_right(scene);
    let unanswered = scene.book.lock().unwrap().unanswered();
    send_all(&scene.book, at, &unanswered);
    rows_are_right(scene);
    let before = sums(scene);
    let mut calls = scene.book.lock().unwrap().calls();
    if calls.len() > REPEATS {
        let skip = calls.len() / REPEATS;
        calls = calls.into_iter().step_by(skip + 1).collect();
    }
    send_all(&scene.book, at, &calls);
    gateway.stop();
    assert_eq!(sums(scene), before, "repeats changed something");
    books_are_whole(scene);
    // The figures that docs/reliability.md states.
    eprintln!("{payments} payments, none lost, none doubled: {tally:?}");
}

/// The books verify, nothing was answered wrongly, no process met a bug.
pub(super) fn books_are_whole(scene: &Scene) {
    scene.does(&["verify"]);
    if scene.database.url.starts_with("sqlite") {
        let told = scene
            .database
            .texts("SELECT integrity_check AS t FROM pragma_integrity_check");
        assert_eq!(told, ["ok"]);
    }
    let wrong = &scene.book.lock().unwrap().wrong;
    assert!(
        wrong.is_empty(),
        "{} wrong answers: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    let log = std::fs::read_to_string(&scene.log).unwrap();
    let bugs: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("panicked") || line.contains("a bug stopped"))
        .collect();
    assert!(bugs.is_empty(), "{bugs:#?}");
}

/// Payments, notices, postings and money taken.
fn sums(scene: &Scene) -> [i64; 4] {
    let count = |table: &str| {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        scene.database.number(&sql)
    };
    let money = Way::ALL.iter().map(|&way| taken(scene, way)).sum();
    [
        count("payments"),
        count("notices"),
        count("postings"),
        money,
    ]
}

/// What a channel owes us, by the postings.
fn taken(scene: &Scene, way: Way) -> i64 {
    let account = format!("clearing:{}", way.channel());
    scene.database.number(&format!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN debit = '{account}' THEN amount_minor ELSE 0 END \
         - CASE WHEN credit = '{account}' THEN amount_minor ELSE 0 END), 0) AS BIGINT) AS n \
         FROM postings"
    ))
}

/// Every row against the book, and every entry of the book against the rows.
fn rows_are_right(scene: &Scene) {
    let book = scene.book.lock().unwrap();
    let known = book.by_key();
    assert_eq!(
        known.len(),
        book.told.len(),
        "the callers' own numbers clash"
    );
    let (rows, notices, taken) = read(scene);
    let mut money: HashMap<Way, i64> = HashMap::new();
    for (key, row) in &rows {
        let told = known.get(key);
        let told = told.unwrap_or_else(|| panic!("nobody ever told of {key:?}: {row:?}"));
        assert_eq!(row.count, 1, "{key:?} is there {} times", row.count);
        assert_eq!(row.dong, told.payment.dong, "{key:?}");
        let of = |status: &str| {
            let found = notices.get(&(key.0.clone(), key.1.clone(), status.to_owned()));
            found.copied().unwrap_or(0)
        };
        let (pending, success) = (of("pending"), of("succeeded"));
        notices_are_right(told, pending, success);
        let expected = if success > 0 { "succeeded" } else { "pending" };
        assert_eq!(row.status, expected, "{key:?}");
        if success > 0 {
            *money.entry(told.payment.way).or_default() += row.dong;
        }
    }
    for told in book.told.iter().filter(|told| told.is_acked()) {
        let key = (told.payment.way.channel().to_owned(), told.payment.txn());
        assert!(
            rows.contains_key(&key),
            "acknowledged, and not there: {told:?}"
        );
    }
    for way in Way::ALL {
        let expected = money.get(&way).copied().unwrap_or(0);
        assert_eq!(taken[&way], expected, "{way:?}: ledger and payments");
    }
}

type Payments = HashMap<(String, String), Row>;
type Notices = HashMap<(String, String, String), i64>;

/// Payments, notices and money as they stand at one moment. A call whose caller was told to try later may
/// be committed all the same, and every commit adds a notice: what is read is read again until none came
/// in between.
fn read(scene: &Scene) -> (Payments, Notices, HashMap<Way, i64>) {
    loop {
        let before = sums(scene);
        let money = Way::ALL.map(|way| (way, taken(scene, way)));
        let read = (payments(scene), notices(scene), HashMap::from(money));
        if sums(scene) == before {
            return read;
        }
    }
}

/// While no gateway runs: what is recorded was answered as recorded.
pub(super) fn nothing_was_taken_unanswered(scene: &Scene) {
    let book = scene.book.lock().unwrap();
    let known = book.by_key();
    for (channel, txn, status) in notices(scene).into_keys() {
        let sent = known[&(channel, txn.clone())].sent(status == "succeeded");
        assert!(sent.acks > 0, "{txn} is recorded and was not answered");
    }
}

fn notices_are_right(told: &Told, pending: i64, success: i64) {
    for (sent, there) in [(&told.pending, pending), (&told.success, success)] {
        let least = i64::from(sent.acks > 0);
        let most = i64::from(sent.tries > 0);
        assert!(
            (least..=most).contains(&there),
            "{there} notices of a call {sent:?}: {told:?}"
        );
    }
}

impl Told {
    fn is_acked(&self) -> bool {
        self.pending.acks + self.success.acks > 0
    }
}

#[derive(Debug)]
struct Row {
    dong: i64,
    status: String,
    count: usize,
}

fn payments(scene: &Scene) -> HashMap<(String, String), Row> {
    let lines = scene.database.texts(
        "SELECT channel || '|' || COALESCE(provider_txn_id, '') || '|' || amount_minor || '|' || \
         status AS t FROM payments",
    );
    let mut rows: HashMap<(String, String), Row> = HashMap::new();
    for line in lines {
        let [channel, txn, dong, status] = split(&line);
        let row = rows.entry((channel, txn)).or_insert(Row {
            dong: dong.parse().unwrap(),
            status,
            count: 0,
        });
        row.count += 1;
    }
    rows
}

/// How many notices of each status name each payment. One that names none would be half there.
fn notices(scene: &Scene) -> HashMap<(String, String, String), i64> {
    let stray = "SELECT COUNT(*) AS n FROM notices WHERE payment_id IS NULL OR NOT is_settled";
    assert_eq!(scene.database.number(stray), 0, "notices without effect");
    let lines = scene.database.texts(
        "SELECT p.channel || '|' || COALESCE(p.provider_txn_id, '') || '|' || n.status || '|' || \
         COUNT(*) AS t FROM notices n JOIN payments p ON p.tenant = n.tenant \
         AND p.payment_id = n.payment_id GROUP BY p.channel, p.provider_txn_id, n.status",
    );
    let read = |line: String| {
        let [channel, txn, status, count] = split(&line);
        ((channel, txn, status), count.parse().unwrap())
    };
    lines.into_iter().map(read).collect()
}

fn split(line: &str) -> [String; 4] {
    let parts: Vec<String> = line.split('|').map(str::to_owned).collect();
    parts.try_into().unwrap()
}
