//! What files do to the books: a settlement line recovers a payment whose webhook was lost, and never
//! doubles one that comes late after all; payouts, credits and refunds leave clearing once; what was
//! passed on is proven by the bank. On both databases.

use std::process::Command;

use doisoat::domain::dossier::FeeKind;
use doisoat::domain::ids::{Tenant, uuid_at};
use doisoat::domain::money::Currency;
use doisoat::domain::time::{Day, parse_rfc3339};
use doisoat::intake::json::Json;
use doisoat::intake::providers::{momo, vnpay};
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::compare_days::{DaysCompared, compare_days};
use doisoat::journeys::reconcile::pass_on::{RemittanceError, Remitted, Transfer, pass_on};
use doisoat::journeys::reconcile::recover::{Recovered, Recovery, recover};
use doisoat::journeys::reconcile::settle::{Settled, Settling, settle};
use doisoat::journeys::reconcile::{Reconciled, Reconciling, reconcile_day};
use doisoat::journeys::refunds::Hand as Officer;
use doisoat::journeys::statements::Hand;
use doisoat::journeys::statements::import_statement::{Import, Upload, import_statement};
use doisoat::journeys::statements::override_hold::override_hold;
use doisoat::ledger::verify::verify;
use doisoat::reconciliation::compare::OutcomeKind;
use doisoat::store::failure::Failure;
use serde_json::json;

use crate::days::{closes, keyed};
use crate::matching::{accounts, figures};
use crate::refunds::{Desk, token, why};
use crate::support::app::settings;
use crate::support::http::{Reply, request};
use crate::support::office::{HERE, THERE, transfer};
use crate::support::{TestApp, both};

pub(crate) const SOURCES: &str = "
[channels.momo]
provider = \"momo\"
secrets.partner_code = \"MOMOTEST\"
secrets.access_key = \"k-access\"
secrets.secret_key = \"k-momo\"
[sources.vnpay]
kind = \"settlement\"
channel = \"vnpay\"
profile = \"vnpay-fee\"
fee = { basis_points = 100 }
[sources.momo]
kind = \"settlement\"
channel = \"momo\"
[sources.vcb]
kind = \"bank\"
account = \"1017588888\"
channels = [\"bank\"]
payouts = { vnpay = \"VNPAY TT GD\", momo = \"MOMO TT GD\" }
";

pub(crate) const VNPAY_HEAD: &str = "Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền khuyến mại,\
    Số tiền sau KM,Số tiền hạch toán thu hộ,Số tiền phí thu hộ,Trạng thái";
const MOMO_HEAD: &str =
    "Thời gian,Mã đơn hàng,Mã giao dịch,Trạng thái,Loại giao dịch,Số tiền,Mã cửa hàng";

pub(crate) fn day(number: u32) -> Day {
    Day::from_ymd_opt(2026, 1, number).unwrap()
}

/// A settlement file of VNPAY of the fifth: transaction, order, amount, fee.
pub(crate) fn vnpay_file(lines: &[(&str, &str, i64, i64)]) -> String {
    let line = |(txn, order, dong, fee): &(&str, &str, i64, i64)| {
        format!("05/01/2026 10:30:15,{txn},{order},{dong},0,{dong},{dong},{fee},Thành công\n")
    };
    format!(
        "{VNPAY_HEAD}\n{}",
        lines.iter().map(line).collect::<String>()
    )
}

fn momo_file(lines: &[(&str, &str, i64)]) -> String {
    let line = |(txn, order, dong): &(&str, &str, i64)| {
        format!("05-01-2026 10:30:15,{order},{txn},Thành công,Thanh toán,{dong},KHMAU01\n")
    };
    format!(
        "{MOMO_HEAD}\n{}",
        lines.iter().map(line).collect::<String>()
    )
}

/// A statement of our account: day, amount with its sign, reference, memo.
pub(crate) fn statement(number: u32, opening: i64, lines: &[(u32, i64, &str, &str)]) -> String {
    let mut text = format!(
        ":20:S{number}\r\n:25:1017588888\r\n:28C:{number}/1\r\n:60F:C260105VND{opening},\r\n"
    );
    let mut balance = opening;
    for (on, dong, reference, memo) in lines {
        balance += dong;
        let (sign, size) = (if *dong < 0 { 'D' } else { 'C' }, dong.abs());
        text += &format!(
            ":61:2601{on:02}01{on:02}{sign}{size},NTRFNONREF//{reference}\r\n:86:{memo}\r\n"
        );
    }
    text + &format!(":62F:C260109VND{balance},\r\n-\r\n")
}

pub(crate) fn imports(app: &TestApp, source: &str, text: &str) {
    add_officer(&app.db, Tenant(1), "KT01", "KT01", None, app.clock.now()).unwrap();
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand: Hand {
            tenant: Tenant(1),
            officer: "KT01",
            now: app.clock.now(),
        },
        progress: &|_| {},
    };
    let upload = Upload::of_bytes(source, source, text.as_bytes().to_vec());
    let report = import_statement(&import, &upload).unwrap();
    assert_eq!(report.outcome, "ok", "{report:?}");
}

pub(crate) fn compares(app: &TestApp, of: u32, today: u32) -> DaysCompared {
    app.db
        .read(|queries| compare_days(queries, &app.settings, Tenant(1), day(of), day(today)))
        .unwrap()
}

fn recovers_from(app: &TestApp, found: &DaysCompared) -> Vec<Recovered> {
    let recovery = Recovery {
        db: &app.db,
        settings: &app.settings,
        tenant: Tenant(1),
        now: app.clock.now(),
    };
    recover(&recovery, day(5), found)
        .unwrap()
        .unwrap_or_default()
}

/// What the lines of the fifth recover on the ninth.
fn recovers(app: &TestApp) -> Vec<Recovered> {
    recovers_from(app, &compares(app, 5, 9))
}

fn settles_from(app: &TestApp, found: &DaysCompared, of: u32) -> Settled {
    let holder = uuid_at(app.clock.now()).to_string();
    let settling = Settling {
        settings: &app.settings,
        tenant: Tenant(1),
        holder: &holder,
        now: app.clock.now(),
    };
    let done: Result<Settled, Failure> = app
        .db
        .write(|queries| settle(queries, &settling, found, day(of)));
    done.unwrap()
}

/// What the files of a day do to the books on the ninth.
pub(crate) fn settles(app: &TestApp, of: u32) -> Settled {
    settles_from(app, &compares(app, of, 9), of)
}

pub(crate) fn subjects(settled: &Settled) -> Vec<(&str, i64, i64, i64)> {
    let told = settled.entries.iter();
    told.map(|row| {
        let kind = row.subject.split(':').next().unwrap();
        (kind, row.gross_minor, row.fee_minor, row.net_minor)
    })
    .collect()
}

/// It is the morning of the ninth in Vietnam.
pub(crate) fn is_the_ninth(app: &TestApp) {
    app.set_clock(parse_rfc3339("2026-01-09T03:00:00Z").unwrap());
}

pub(crate) fn vnpay_says(app: &TestApp, txn: &str, order: &str, dong: i64, code: &str) -> Reply {
    let amount = (dong * 100).to_string();
    let pairs = [
        ("vnp_Amount", amount.as_str()),
        ("vnp_BankCode", "NCB"),
        ("vnp_OrderInfo", "Nop phi"),
        ("vnp_PayDate", "20260105103015"),
        ("vnp_ResponseCode", code),
        ("vnp_TmnCode", "DOISOAT1"),
        ("vnp_TransactionNo", txn),
        ("vnp_TransactionStatus", code),
        ("vnp_TxnRef", order),
    ];
    let query = vnpay::sign_query(&pairs, b"k-vnpay");
    let reply = app.send(&request(
        "GET",
        &format!("/webhooks/vnpay?{query}"),
        &[],
        b"",
    ));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

fn momo_says(app: &TestApp, txn: &str, order: &str, dong: i64, code: i64) {
    let text = |name: &str, value: &str| (name.to_owned(), Json::Text(value.to_owned()));
    let number = |name: &str, value: &str| (name.to_owned(), Json::Number(value.to_owned()));
    let members = vec![
        text("partnerCode", "MOMOTEST"),
        text("orderId", order),
        text("requestId", txn),
        number("amount", &dong.to_string()),
        text("orderInfo", "Nop phi"),
        text("orderType", "momo_wallet"),
        number("transId", txn),
        number("resultCode", &code.to_string()),
        text("message", "Told."),
        text("payType", "qr"),
        number("responseTime", "1767583815123"),
        text("extraData", ""),
    ];
    let body = momo::sign_body(members, b"k-access", b"k-momo").unwrap();
    let headers = [("content-type", "application/json")];
    let reply = app.send(&request(
        "POST",
        "/webhooks/momo",
        &headers,
        body.as_bytes(),
    ));
    assert_eq!(reply.status, 204, "{reply:?}");
}

/// Status and amount of every payment, by its transaction id.
fn payments(app: &TestApp) -> Vec<String> {
    let rows = app.items("/api/v1/payments");
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {}",
                text("provider_txn_id"),
                text("status"),
                text("amount")
            )
        })
        .collect();
    told.sort();
    told
}

pub(crate) fn two_bills(app: &TestApp) -> [String; 2] {
    app.has_office();
    let bill = |number: u32, dong| app.has_bill(HERE, &format!("{HERE}-260105-{number:04}"), dong);
    [bill(1, 50_000), bill(2, 70_000)]
}

/// Both bills were paid, and neither provider's call arrived.
fn both_were_lost(app: &TestApp) -> [String; 2] {
    let [one, two] = two_bills(app);
    imports(app, "vnpay", &vnpay_file(&[("1001", &one, 50_000, 500)]));
    imports(app, "momo", &momo_file(&[("2001", &two, 70_000)]));
    is_the_ninth(app);
    [one, two]
}

const PAID: [&str; 3] = [
    "clearing:momo 70000",
    "clearing:vnpay 50000",
    "due:H12.104:phi -120000",
];

both!(fn a_line_proves_a_payment_whose_webhook_was_lost_and_the_late_webhook_doubles_nothing(app, SOURCES) {
    let [one, two] = both_were_lost(app);
    assert_eq!(figures(app), "0/2 0/2");
    let recovered = recovers(app);
    let told: Vec<_> = recovered
        .iter()
        .map(|one| (one.channel.as_str(), one.provider_txn_id.as_deref().unwrap(), one.amount.minor()))
        .collect();
    assert_eq!(told, [("momo", "2001", 70_000), ("vnpay", "1001", 50_000)]);
    assert_eq!(accounts(app), PAID);
    assert_eq!(figures(app), "2/2 2/2");
    assert_eq!(recovers(app), [], "the same lines recover nothing again");

    let id = recovered[1].payment_id.0;
    let payment = app.get(&format!("/api/v1/payments/{id}"));
    assert_eq!(payment["paid_at"], "2026-01-05T05:00:00+00:00");
    let notices = app.db.read(|queries| queries.list_notices(1, Some("vnpay"), None, None, 10));
    let raw = String::from_utf8(notices.unwrap()[0].raw.clone()).unwrap();
    let file = recovered[1].file_id.0.to_string();
    for part in ["SETTLEMENT LINE 2 vnpay", "sha256: ", &file, &one, "1001"] {
        assert!(raw.contains(part), "{part}: {raw:?}");
    }

    vnpay_says(app, "1001", &one, 50_000, "00");
    momo_says(app, "2001", &two, 70_000, 0);
    vnpay_says(app, "1001", &one, 50_000, "00");
    assert_eq!(payments(app), ["1001 succeeded 50000", "2001 succeeded 70000"]);
    assert_eq!(accounts(app), PAID);
    assert_eq!(figures(app), "2/2 2/2");
});

both!(fn a_webhook_that_comes_while_lines_are_compared_is_not_recovered_again(app, SOURCES) {
    let [one, two] = both_were_lost(app);
    let stale = compares(app, 5, 9);
    vnpay_says(app, "1001", &one, 50_000, "00");
    momo_says(app, "2001", &two, 70_000, 0);
    assert_eq!(recovers_from(app, &stale), []);
    assert_eq!(payments(app), ["1001 succeeded 50000", "2001 succeeded 70000"]);
    assert_eq!(accounts(app), PAID);
});

both!(fn two_recoveries_at_once_recover_once(app, SOURCES) {
    let [one, two] = both_were_lost(app);
    let stale = compares(app, 5, 9);
    let app = &*app;
    let counts: Vec<usize> = std::thread::scope(|threads| {
        let runs = [(); 2].map(|()| threads.spawn(|| recovers_from(app, &stale).len()));
        let webhook = threads.spawn(|| {
            vnpay_says(app, "1001", &one, 50_000, "00");
            momo_says(app, "2001", &two, 70_000, 0);
        });
        webhook.join().unwrap();
        runs.map(|run| run.join().unwrap()).to_vec()
    });
    assert!(counts.iter().sum::<usize>() <= 4, "{counts:?}");
    assert_eq!(payments(app), ["1001 succeeded 50000", "2001 succeeded 70000"]);
    assert_eq!(accounts(app), PAID);
    assert_eq!(figures(app), "2/2 2/2");
});

both!(fn what_waits_or_failed_here_is_recovered_and_another_amount_never_is(app, SOURCES) {
    let [one, two] = two_bills(app);
    let three = app.has_bill(HERE, "H12.104-260105-0003", 90_000);
    // VNPAY names no transaction while a payment waits; MoMo says that it failed.
    vnpay_says(app, "0", &one, 50_000, "01");
    momo_says(app, "2001", &two, 70_000, 1001);
    momo_says(app, "2003", &three, 90_000, 1001);
    imports(app, "vnpay", &vnpay_file(&[("1001", &one, 50_000, 500)]));
    imports(app, "momo", &momo_file(&[("2001", &two, 70_000), ("2003", &three, 80_000)]));
    is_the_ninth(app);
    assert_eq!(recovers(app).len(), 2);
    assert_eq!(
        payments(app),
        ["1001 succeeded 50000", "2001 succeeded 70000", "2003 failed 90000"]
    );
    assert_eq!(figures(app), "2/3 2/3");
    assert_eq!(recovers(app), []);
    vnpay_says(app, "1001", &one, 50_000, "00");
    assert_eq!(app.items("/api/v1/payments").len(), 3);
});

both!(fn a_line_that_names_no_order_or_contradicts_another_is_left_to_a_person(app, SOURCES) {
    let [one, two] = two_bills(app);
    imports(app, "vnpay", &vnpay_file(&[("1001", "", 50_000, 500)]));
    imports(app, "momo", &momo_file(&[("2001", &one, 50_000), ("2001", &two, 70_000)]));
    is_the_ninth(app);
    assert_eq!(recovers(app), []);
    assert_eq!(app.items("/api/v1/payments").len(), 0);
    let found = compares(app, 5, 9);
    let open = found.comparison.lines.iter();
    assert!(open.clone().all(|line| line.kind == OutcomeKind::NotRecorded));
    assert_eq!(open.count(), 3);
});

both!(fn a_line_whose_number_was_spoiled_or_lost_doubles_no_payment(app, SOURCES) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    imports(app, "vnpay", &vnpay_file(&[("1001", &one, 50_000, 500)]));
    imports(app, "vnpay", &vnpay_file(&[("10010", &one, 50_000, 500), ("", &two, 70_000, 500)]));
    is_the_ninth(app);
    assert_eq!(recovers(app), [], "the order is paid under another number, or the number is not told");
    assert_eq!(payments(app), ["1001 succeeded 50000"]);
    vnpay_says(app, "1002", &two, 70_000, "00");
    assert_eq!(recovers(app), []);
    assert_eq!(payments(app), ["1001 succeeded 50000", "1002 succeeded 70000"]);
    assert_eq!(accounts(app), ["clearing:vnpay 120000", "due:H12.104:phi -120000"]);
});

/// VNPAY took both bills, paid them out on the sixth less its fee.
fn were_paid_out(app: &TestApp, credit: i64) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    vnpay_says(app, "1002", &two, 70_000, "00");
    let lines = [
        ("1001", one.as_str(), 50_000, 500),
        ("1002", two.as_str(), 70_000, 700),
    ];
    imports(app, "vnpay", &vnpay_file(&lines));
    let memo = "VNPAY TT GD NGAY 05012026";
    imports(app, "vcb", &statement(1, 0, &[(6, credit, "FT1", memo)]));
    is_the_ninth(app);
}

const PAID_OUT: [&str; 3] = [
    "bank:1017588888 118800",
    "charges:vnpay 1200",
    "due:H12.104:phi -120000",
];

both!(fn a_payout_leaves_clearing_once(app, SOURCES) {
    were_paid_out(app, 118_800);
    let settled = settles(app, 5);
    assert_eq!(subjects(&settled), [("payout", 120_000, 1_200, 118_800)]);
    assert_eq!(settled.left, []);
    assert_eq!(accounts(app), PAID_OUT);
    for of in [5, 6] {
        assert_eq!(settles(app, of), Settled::default(), "{of}");
    }
    assert_eq!(accounts(app), PAID_OUT);
});

both!(fn a_payout_is_posted_by_the_day_of_its_credit_too(app, SOURCES) {
    were_paid_out(app, 118_800);
    assert_eq!(settles(app, 7), Settled::default());
    assert_eq!(subjects(&settles(app, 6)), [("payout", 120_000, 1_200, 118_800)]);
});

both!(fn a_payout_that_does_not_come_to_its_credit_posts_nothing(app, SOURCES) {
    were_paid_out(app, 118_799);
    assert_eq!(settles(app, 5).entries, []);
    assert_eq!(accounts(app), ["clearing:vnpay 120000", "due:H12.104:phi -120000"]);
});

both!(fn two_that_settle_at_once_post_once(app, SOURCES) {
    were_paid_out(app, 118_800);
    let found = compares(app, 5, 9);
    let app = &*app;
    let posted: usize = std::thread::scope(|threads| {
        let runs = [(); 3].map(|()| threads.spawn(|| settles_from(app, &found, 5).entries.len()));
        runs.map(|run| run.join().unwrap()).iter().sum()
    });
    assert_eq!(posted, 1);
    assert_eq!(accounts(app), PAID_OUT);
});

both!(fn the_recount_finds_a_settlement_that_was_altered_or_removed(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    let wrong = |app: &TestApp| {
        let checks = verify(&app.db, 1).unwrap();
        let check = checks.into_iter().find(|one| one.proves.starts_with("settlements"));
        check.unwrap().wrong.len()
    };
    assert_eq!(wrong(app), 0);
    app.database.run("UPDATE settlement_entries SET net_minor = 118700, fee_minor = 1300");
    assert_eq!(wrong(app), 2);
    app.database.run("DELETE FROM settlement_entries");
    assert_eq!(wrong(app), 3);
    app.expects_broken_books();
});

/// A transfer that names an order, and whose reference at the bank nobody knows.
fn transfers(app: &TestApp, id: u64, dong: i64, order: &str) {
    let mut body = transfer(id, dong, order);
    body["code"] = json!(order);
    body["referenceCode"] = json!(null);
    assert_eq!(app.bank_says(body.to_string().as_bytes()).status, 200);
}

both!(fn a_credit_that_is_a_payment_whole_in_parts_or_with_others_leaves_clearing_once(app, SOURCES) {
    app.has_office();
    for (id, dong) in [(71, 10_000), (72, 20_000)] {
        assert_eq!(app.transfer(id, dong, "NOP PHI").status, 200);
    }
    transfers(app, 73, 30_000, "DHREF73");
    transfers(app, 74, 5_000, "DHREF74");
    transfers(app, 75, 7_000, "DHREF75");
    imports(app, "vcb", &statement(1, 0, &[
        (5, 10_000, "FT71", "NOP PHI"),
        (5, 5_500, "FT99", "KHONG RO NGUON"),
        (6, 20_000, "FT72", "NOP PHI"),
        (6, 10_000, "FT81", "DHREF73 PHAN 1"),
        (6, 20_000, "FT82", "DHREF73 PHAN 2"),
        (6, 12_000, "FT83", "DHREF74 DHREF75"),
    ]));
    is_the_ninth(app);
    let settled = settles(app, 5);
    let mut amounts: Vec<i64> = settled.entries.iter().map(|row| row.net_minor).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [5_000, 7_000, 10_000, 10_000, 20_000, 20_000], "all were paid on the fifth");
    assert_eq!(accounts(app), ["bank:1017588888 72000", "suspense -72000"]);
    assert_eq!(settles(app, 5), Settled::default());
    assert_eq!(settles(app, 6), Settled::default());
});

/// A payment of VNPAY that pays nothing, of which some money is approved and sent to go back.
fn has_sent_a_refund(app: &TestApp, sending: &serde_json::Value) -> String {
    app.has_office();
    vnpay_says(app, "1001", "ORDER1001", 50_000, "00");
    let desk = Desk::of(app);
    let id = desk.approves("1001", "suspense", "20000");
    let mut body = why();
    for (name, value) in sending.as_object().unwrap() {
        body[name] = value.clone();
    }
    desk.takes(&desk.officer, &format!("/{id}/sending"), &body);
    id
}

both!(fn a_refund_in_the_settlement_file_is_paid_by_the_provider(app, SOURCES) {
    let id = has_sent_a_refund(app, &json!({ "provider_refund_id": "RF9001" }));
    imports(app, "vnpay", &vnpay_file(&[
        ("1001", "ORDER1001", 50_000, 500),
        ("RF9001", "ORDER1001", -20_000, 0),
        ("RF9002", "ORDER7777", -30_000, 0),
    ]));
    is_the_ninth(app);
    let settled = settles(app, 5);
    assert_eq!(subjects(&settled), [("refund", 20_000, 0, 20_000)]);
    assert_eq!(settled.left, [], "a refund that nobody asked for is a difference, not an entry");
    assert_eq!(accounts(app), ["clearing:vnpay 30000", "suspense -30000"]);
    let refund = app.get(&format!("/api/v1/refunds/{id}"));
    let steps = refund["steps"].as_array().unwrap();
    let last = steps.last().unwrap();
    assert_eq!((&refund["state"], &last["action"], &last["officer"]), (&json!("succeeded"), &json!("tell"), &json!(null)));
    assert!(last["evidence"].as_str().unwrap().starts_with("line 3 of file "), "{last}");
    assert_eq!(settles(app, 5), Settled::default());
});

both!(fn a_refund_on_the_statement_is_paid_by_the_bank(app, SOURCES) {
    let id = has_sent_a_refund(app, &json!({ "bank_reference": "FT8888" }));
    imports(app, "vcb", &statement(1, 100_000, &[(6, -20_000, "FT8888", "HOAN TIEN ORDER1001")]));
    is_the_ninth(app);
    assert_eq!(subjects(&settles(app, 5)), [("refund", 20_000, 0, 20_000)]);
    assert_eq!(accounts(app), ["bank:1017588888 -20000", "clearing:vnpay 50000", "suspense -30000"]);
    assert_eq!(app.get(&format!("/api/v1/refunds/{id}"))["state"], "succeeded");
    assert_eq!(settles(app, 6), Settled::default());
});

both!(fn money_that_leaves_an_account_and_that_nobody_recorded_needs_a_person(app, SOURCES) {
    has_sent_a_refund(app, &json!({ "bank_reference": "FT8888" }));
    imports(app, "vcb", &statement(1, 500_000, &[
        (5, -20_000, "FT8888", "CHUYEN KHOAN"),
        (5, -20_000, "FT8889", "CHUYEN KHOAN LAI"),
        (5, -149_000, "FT1", "CHUYEN KHOAN CHO NGUYEN VAN B"),
        (5, -11_000, "FT2", "PHI QUAN LY TAI KHOAN"),
        (5, 100_000, "FT3", "BUI THI TRA LAI VUNG NOP PHI HO SO"),
        (5, 1_000, "FT4", "TRA LAI TIEN GUI"),
    ]));
    is_the_ninth(app);
    let found = compares(app, 5, 9);
    let kinds: Vec<&str> = found.comparison.banks.iter().map(|one| one.kind.as_str()).collect();
    let expected = ["refund_matched", "unknown_debit", "unknown_debit", "not_a_payment", "unknown_credit", "not_a_payment"];
    assert_eq!(kinds, expected);
    assert_eq!(subjects(&settles(app, 5)), [("refund", 20_000, 0, 20_000)]);
});

both!(fn a_debit_that_is_another_than_was_recorded_needs_a_person(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    passes_on(app, HERE, "50000", "FT90001").unwrap();
    passes_on(app, HERE, "30000", "FT90002").unwrap();
    imports(app, "vcb", &statement(2, 118_800, &[
        (8, -50_000, "NONREF", "NOP KBNN FT90001 THANG 1"),
        (8, -20_000, "FT90002", "NOP KBNN"),
    ]));
    let found = compares(app, 8, 9);
    let kinds: Vec<&str> = found.comparison.banks.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["payout_matched", "passed_on", "unknown_debit"]);
});

fn passes_on(
    app: &TestApp,
    unit: &str,
    dong: &str,
    reference: &str,
) -> Result<Remitted, RemittanceError> {
    let now = app.clock.now();
    add_officer(&app.db, Tenant(1), "KT01", "KT01", None, now).unwrap();
    let holder = uuid_at(now).to_string();
    let officer = Officer {
        tenant: Tenant(1),
        officer: "KT01",
        unit: None,
        holder: &holder,
        now,
        is_preview: false,
    };
    let transfer = Transfer {
        unit: unit.to_owned(),
        bank: "1017588888".to_owned(),
        amounts: vec![(FeeKind::Phi, dong.to_owned())],
        currency: Currency::VND,
        reference: reference.to_owned(),
        day: day(7),
    };
    pass_on(&app.db, &officer, &transfer)
}

both!(fn money_is_passed_on_within_what_was_received_and_stands_and_once_per_reference(app, SOURCES) {
    were_paid_out(app, 118_800);
    let code = |told: Result<Remitted, RemittanceError>| told.unwrap_err().to_string();
    let nothing = code(passes_on(app, HERE, "118800", "FT555001"));
    assert_eq!(nothing, "118800 VND was to be passed on, but what stands on account 1017588888 is 0 VND");
    settles(app, 5);
    app.has_bill(HERE, "H12.104-260105-0009", 30_000);
    let above = code(passes_on(app, HERE, "120001", "FT555001"));
    assert_eq!(
        above,
        "120001 VND was to be passed on, but what was received for H12.104 and not passed on is 120000 VND"
    );
    let owed = code(passes_on(app, THERE, "1000", "FT555001"));
    assert_eq!(owed, "1000 VND was to be passed on, but what H12.105 owes of phi is 0 VND");
    assert!(code(passes_on(app, "H99", "1000", "FT555001")).contains("no unit H99"));
    assert!(code(passes_on(app, HERE, "0", "FT555001")).contains("not above zero"));
    passes_on(app, HERE, "100000", "ft 555001").unwrap();
    let twice = code(passes_on(app, HERE, "100", "FT555001"));
    assert!(twice.starts_with("FT555001 of account 1017588888 was recorded before"), "{twice}");
    assert!(accounts(app).contains(&"bank:1017588888 18800".to_owned()));
});

both!(fn two_that_pass_on_the_same_money_pass_it_on_once(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    let app = &*app;
    let done: usize = std::thread::scope(|threads| {
        let runs = ["FT555001", "FT555002", "FT555003"]
            .map(|reference| threads.spawn(move || passes_on(app, HERE, "118800", reference).is_ok()));
        runs.map(|run| usize::from(run.join().unwrap())).iter().sum()
    });
    assert_eq!(done, 1);
});

both!(fn money_paid_settled_and_passed_on_leaves_nothing_in_transit(app, SOURCES) {
    were_paid_out(app, 118_800);
    let held = |app: &TestApp| {
        let told = app.get("/api/v1/reports/in-transit");
        let rows = told["rows"].as_array().unwrap().clone();
        let row = |row: &serde_json::Value| format!("{} {}", row["account"].as_str().unwrap(), row["held"].as_str().unwrap());
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(held(app), ["clearing:vnpay 120000"]);
    settles(app, 5);
    assert_eq!(held(app), ["bank:1017588888 118800"]);
    let remitted = passes_on(app, HERE, "118800", "FT555001").unwrap();
    assert_eq!(held(app), [""; 0]);
    assert_eq!(accounts(app), ["charges:vnpay 1200", "due:H12.104:phi -1200"]);

    let memo = "NOP NSNN FT555001 KBNN";
    imports(app, "vcb", &statement(2, 118_800, &[(7, -118_800, "B1", memo)]));
    let proven = |app: &TestApp| app.database.number("SELECT COUNT(file_id) AS n FROM remittances");
    assert_eq!(proven(app), 0);
    assert_eq!(settles(app, 7).proven, [remitted.row.remittance_id]);
    assert_eq!(proven(app), 1);
    assert_eq!(settles(app, 7), Settled::default());
});

both!(fn a_day_tells_what_the_bank_has_beside_our_books_and_what_never_left_it(app, SOURCES) {
    were_paid_out(app, 118_800);
    let asked = |app: &TestApp| app.get("/api/v1/days/2026-01-09");
    let bank = |books: &str, gap: &str, not_posted: &str| {
        json!([{
            "source": "vcb", "account": "bank:1017588888", "currency": "VND", "statement_day": "2026-01-09",
            "statement": "118800", "books": books, "gap": gap,
            "before_first_statement": "0", "not_posted": not_posted,
        }])
    };
    let before = asked(app);
    assert_eq!(before["banks"], bank("0", "118800", "118800"));
    assert_eq!(before["unproven_remittances"], json!([]));
    settles(app, 5);
    assert_eq!(asked(app)["banks"], bank("118800", "0", "0"));
    passes_on(app, HERE, "100000", "FT555001").unwrap();
    let told = asked(app);
    assert_eq!(told["banks"], bank("18800", "100000", "100000"), "recorded, and not on the statement");
    let expected = json!([{
        "currency": "VND", "count": 1, "amount": "100000", "oldest_day": "2026-01-07", "oldest_age_days": 2,
    }]);
    assert_eq!(told["unproven_remittances"], expected);
    assert_eq!(app.get("/api/v1/days/2026-01-06")["unproven_remittances"], json!([]), "not due yet");
    let (code, said) = crate::days::run_with(&app.database.url, SOURCES, &["day", "show", "2026-01-09"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("at the bank") && said.contains("bank:1017588888"), "{said}");
    assert!(said.contains("no bank statement shows 1 of our remittances yet, 100000 VND in all"), "{said}");
});

both!(fn a_remittance_whose_debit_is_of_another_amount_is_not_proven(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    passes_on(app, HERE, "118800", "FT555001").unwrap();
    imports(app, "vcb", &statement(2, 118_800, &[(7, -118_000, "FT555001", "NOP NSNN")]));
    let settled = settles(app, 7);
    assert_eq!((settled.proven.len(), settled.left.len()), (0, 1));
});

both!(fn what_is_recovered_for_a_closed_day_is_posted_today_and_keeps_the_day_it_was_paid(app, closing()) {
    let [one, _] = two_bills(app);
    closes(app);
    is_let_in_by_another(app, &vnpay_file(&[("1001", &one, 50_000, 500)]));
    let blocks = |app: &TestApp| app.database.number("SELECT COUNT(*) AS n FROM seal_blocks");
    let before = blocks(app);
    is_the_ninth(app);
    let done = reconciles(app, 6);
    let recovered = done.recovered;
    assert_eq!(recovered.len(), 1, "the sixth, the first open day, looks after what came for the fifth");
    let payment = app.get(&format!("/api/v1/payments/{}", recovered[0].payment_id.0));
    assert_eq!(payment["paid_at"], "2026-01-05T05:00:00+00:00");
    assert_eq!(blocks(app), before + 1);
    assert_eq!(figures(app), "1/2 1/2");
    let entries = app.items("/api/v1/ledger/entries");
    let paid = entries.iter().find(|row| row["event"] == "payment_recorded").unwrap();
    assert!(paid["sealed_at"].as_str().unwrap().starts_with("2026-01-09T03:00:00"), "{paid}");
});

/// Imports a settlement file of VNPAY with lines of a closed day: held, and let in by a second officer.
pub(crate) fn is_let_in_by_another(app: &TestApp, text: &str) {
    for code in ["KT01", "KT02"] {
        add_officer(&app.db, Tenant(1), code, code, None, app.clock.now()).unwrap();
    }
    let hand = |officer| Hand {
        tenant: Tenant(1),
        officer,
        now: app.clock.now(),
    };
    let import = Import {
        db: &app.db,
        sources: &app.settings.sources,
        hand: hand("KT01"),
        progress: &|_| {},
    };
    let upload = Upload::of_bytes("vnpay", "vnpay", text.as_bytes().to_vec());
    let report = import_statement(&import, &upload).unwrap();
    assert_eq!(report.outcome, "held", "{report:?}");
    override_hold(&app.db, &hand("KT02"), report.file.unwrap(), "it came late").unwrap();
}

pub(crate) fn closing() -> &'static str {
    Box::leak(format!("{SOURCES}{}", keyed()).into_boxed_str())
}

both!(fn money_is_passed_on_over_the_api_by_an_officer_of_the_unit_once_per_key(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    let [officer, other, admin] = [("CB11", "officer", HERE), ("CB12", "officer", THERE), ("QT01", "admin", HERE)]
        .map(|(code, role, unit)| token(app, code, role, Some(unit)));
    let body = |preview: bool| json!({
        "unit": HERE, "bank": "1017588888", "amounts": { "phi": "100000" }, "reference": "FT555001",
        "day": "2026-01-08", "preview": preview,
    }).to_string();
    let post = |token: &str, key: &str, body: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        app.send(&request("POST", "/api/v1/remittances", &headers, body.as_bytes()))
    };
    let code = |reply: &Reply| (reply.status, reply.json()["code"].as_str().unwrap_or("").to_owned());
    assert_eq!(code(&post(&other, "a", &body(false))), (403, "other_unit".to_owned()));
    assert_eq!(post(&admin, "b", &body(false)).status, 403);
    let shown = post(&officer, "c", &body(true));
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(app.items("/api/v1/remittances"), [json!(null); 0]);
    let done = post(&officer, "d", &body(false));
    assert_eq!(done.status, 201, "{done:?}");
    let entry = &done.json()["entry"][0];
    let posted = [&entry["debit"], &entry["credit"], &entry["amount"]].map(|one| one.as_str().unwrap().to_owned());
    assert_eq!(posted, ["due:H12.104:phi", "bank:1017588888", "100000"]);
    assert_eq!(post(&officer, "d", &body(false)).json(), done.json());
    assert_eq!(code(&post(&officer, "e", &body(false))), (409, "known_reference".to_owned()));
    let more = body(false).replace("FT555001", "FT555002");
    assert_eq!(code(&post(&officer, "f", &more)), (409, "above_standing".to_owned()));
    let rows = app.items("/api/v1/remittances?unproven=true");
    assert_eq!((rows.len(), &rows[0]["amounts"]["phi"], &rows[0]["file"]), (1, &json!("100000"), &json!(null)));
    let seen = app.ask(&other, "GET", "/api/v1/remittances", "").json();
    assert_eq!(seen["items"], json!([]));
});

both!(fn money_is_passed_on_from_the_command_line(app, SOURCES) {
    were_paid_out(app, 118_800);
    settles(app, 5);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, settings(&app.database.url)).unwrap();
    let run = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.arg("--config").arg(&file).arg("remittance").args(words.split(' '));
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code().unwrap(), text(&done.stdout) + &text(&done.stderr))
    };
    assert_eq!(run("list"), (0, "there are no such remittances\n".to_owned()));
    let record = format!(
        "record --as KT01 --unit {HERE} --bank 1017588888 --amount phi=118800 --reference FT555001 --day 2026-01-08"
    );
    let (status, told) = run(&record.replace("phi=118800", "phi118800"));
    assert_eq!(status, 2, "{told}");
    assert!(told.contains("write a fee kind (phi, le_phi, tax, other)"), "{told}");
    let (status, told) = run(&format!("{record} --preview"));
    assert_eq!(status, 0, "{told}");
    assert!(told.starts_with("nothing was done"), "{told}");
    let (status, told) = run(&record);
    assert_eq!(status, 0, "{told}");
    assert!(told.ends_with("due:H12.104:phi < bank:1017588888  118800\n"), "{told}");
    let (status, told) = run(&format!("{record} --json"));
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("known_reference"), "{told}");
    let (status, told) = run("list --unproven");
    assert!(status == 0 && told.contains("FT555001") && told.contains("118,800") | told.contains("118800"), "{told}");
    assert_eq!(accounts(app), ["charges:vnpay 1200", "due:H12.104:phi -1200"]);
});

pub(crate) fn reconciles(app: &TestApp, of: u32) -> Reconciled {
    let run = Reconciling {
        db: &app.db,
        settings: &app.settings,
        tenant: Tenant(1),
        officer: None,
        now: app.clock.now(),
    };
    reconcile_day(&run, day(of)).unwrap()
}

/// The kinds of the differences that stand.
pub(crate) fn standing(app: &TestApp) -> Vec<String> {
    let rows = app.items("/api/v1/differences");
    let open = rows.iter().filter(|row| row["state"] != "resolved");
    let mut kinds: Vec<String> = open
        .map(|row| row["kind"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    kinds
}

both!(fn reconciling_a_day_recovers_what_was_lost_and_posts_what_was_paid_out(app, SOURCES) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    let lines = [("1001", one.as_str(), 50_000, 500), ("1002", two.as_str(), 70_000, 700)];
    imports(app, "vnpay", &vnpay_file(&lines));
    let memo = "VNPAY TT GD NGAY 05012026";
    imports(app, "vcb", &statement(1, 0, &[(6, 118_800, "FT1", memo)]));
    is_the_ninth(app);
    let first = reconciles(app, 5);
    assert_eq!(first.recovered.len(), 1);
    assert_eq!(subjects(&first.settled), [("payout", 120_000, 1_200, 118_800)]);
    assert_eq!(accounts(app), PAID_OUT);
    assert_eq!(figures(app), "2/2 2/2");
    assert_eq!(standing(app), [""; 0]);
    let matched = "SELECT COUNT(*) AS n FROM statement_files WHERE matched_on IS NOT NULL";
    assert_eq!(app.database.number(matched), 2, "neither file can be undone");
    let again = reconciles(app, 5);
    assert_eq!((again.recovered, again.settled), (Vec::new(), Settled::default()));
    assert_eq!(again.digest, first.digest);
    assert_eq!(accounts(app), PAID_OUT);
});

both!(fn two_that_reconcile_a_day_at_once_recover_and_post_once(app, SOURCES) {
    let [one, two] = two_bills(app);
    let lines = [("1001", one.as_str(), 50_000, 500), ("1002", two.as_str(), 70_000, 700)];
    imports(app, "vnpay", &vnpay_file(&lines));
    let memo = "VNPAY TT GD NGAY 05012026";
    imports(app, "vcb", &statement(1, 0, &[(6, 118_800, "FT1", memo)]));
    is_the_ninth(app);
    let app = &*app;
    let posted: usize = std::thread::scope(|threads| {
        let runs = [(); 2].map(|()| threads.spawn(|| reconciles(app, 5).settled.entries.len()));
        runs.map(|run| run.join().unwrap()).iter().sum()
    });
    assert_eq!(posted, 1);
    assert_eq!(accounts(app), PAID_OUT);
    assert_eq!(payments(app), ["1001 succeeded 50000", "1002 succeeded 70000"]);
    assert_eq!(standing(app), [""; 0], "neither keeps what the other made untrue");
});

both!(fn what_is_not_certain_stays_a_difference_and_moves_nothing(app, SOURCES) {
    let [one, two] = two_bills(app);
    momo_says(app, "2001", &one, 50_000, 1001);
    imports(app, "momo", &momo_file(&[("2001", &one, 40_000), ("2002", "", 70_000)]));
    imports(app, "vnpay", &vnpay_file(&[("RF9002", &two, -30_000, 0)]));
    is_the_ninth(app);
    let before = accounts(app);
    let done = reconciles(app, 5);
    assert_eq!((done.recovered.len(), done.settled), (0, Settled::default()));
    assert_eq!(accounts(app), before);
    assert!(standing(app).len() >= 3, "{:?}", standing(app));
});

both!(fn reconciling_from_the_command_line_tells_what_was_recovered_and_posted(app, SOURCES) {
    let [one, two] = two_bills(app);
    let lines = [("1001", one.as_str(), 50_000, 500), ("1002", two.as_str(), 70_000, 700)];
    imports(app, "vnpay", &vnpay_file(&lines));
    let memo = "VNPAY TT GD NGAY 05012026";
    imports(app, "vcb", &statement(1, 0, &[(6, 118_800, "FT1", memo)]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let text = settings(&app.database.url);
    std::fs::write(&file, format!("{text}{SOURCES}")).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
        command.arg("--config").arg(&file).args(words);
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code().unwrap(), text(&done.stdout) + &text(&done.stderr))
    };
    let (_, told) = run(&["reconcile", "--day", "2026-01-05", "--preview"]);
    assert!(!told.contains("recovered"), "{told}");
    assert_eq!(app.items("/api/v1/payments").len(), 0);
    let (status, told) = run(&["reconcile", "--day", "2026-01-05"]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains(&format!("recovered: 50000 of order {one} on vnpay, by line 2 of file ")), "{told}");
    assert!(told.contains("entries posted: 1"), "{told}");
    assert_eq!(accounts(app), PAID_OUT);
    let (_, told) = run(&["--json", "reconcile", "--day", "2026-01-05"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["kept"]["money"]["recovered"], &told["kept"]["money"]["posted"]), (&json!([]), &json!([])));
});
