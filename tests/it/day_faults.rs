//! What once kept a day from closing, or let it close wrongly: money that was given back before it was
//! told of, clocks that disagree, notices that meet a closed day, keys nobody knows. On both databases.

use serde_json::json;

use crate::days::{DAY, day, does, keyed, run, set, token};
use crate::matching::{CHANNELS, accounts, figures, shop_data, shop_says};
use crate::refunds::CODE;
use crate::support::office::HERE;
use crate::support::{TestApp, both};

/// A key and the channel `shop`, which can say that money was given back.
fn shop() -> &'static str {
    Box::leak(format!("{CHANNELS}{}", keyed()).into_boxed_str())
}

/// Closes the 5th over the API.
fn closes(app: &TestApp) -> serde_json::Value {
    let (lan, minh) = (
        token(app, "officer", "lan", None),
        token(app, "approver", "minh", None),
    );
    set(app, "2026-01-06T02:00:00Z");
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing")
}

/// Every posting but its names.
fn postings(app: &TestApp) -> Vec<String> {
    let columns = "event || ' ' || debit || ' < ' || credit || ' ' || CAST(amount_minor AS TEXT)";
    let mut told = app
        .database
        .texts(&format!("SELECT {columns} AS t FROM postings"));
    told.sort();
    told
}

/// What a payment holds, and every difference with its amount and state.
fn rows(app: &TestApp) -> Vec<String> {
    let sums = "status || ' ' || match_outcome || ' ' || CAST(allocated_minor AS TEXT) || ' ' || \
        CAST(credit_minor AS TEXT) || ' ' || CAST(refunded_minor AS TEXT)";
    let mut told = app
        .database
        .texts(&format!("SELECT {sums} AS t FROM payments"));
    told.extend(app.database.texts(
        "SELECT kind || ' ' || state || ' ' || CAST(amount_minor AS TEXT) AS t FROM differences ORDER BY 1",
    ));
    told.extend(app.database.texts(
        "SELECT rule || ' ' || state || ' ' || CAST(amount_minor AS TEXT) AS t FROM refunds ORDER BY 1",
    ));
    told
}

/// Tells of a payment and of its refund in an order, and closes the day; gives all that is left.
fn ends(
    app: &TestApp,
    order: [&str; 2],
    paid: i64,
    back: &str,
) -> (Vec<String>, Vec<String>, String) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    for (event, kind) in ["e1", "e2"].into_iter().zip(order) {
        let mut data = shop_data("T1", &reference, paid);
        if kind == "partially_refunded" {
            data["refunded_amount"] = json!(back);
        }
        shop_says(app, event, kind, &data);
    }
    assert_eq!(closes(app)["state"], "closed", "{order:?}");
    let line = &day(app, DAY)["found"]["bridge"][0];
    let bridge = [&line["paid"], &line["ledger"], &line["residual"]];
    assert_eq!(
        bridge,
        [
            &json!(paid.to_string()),
            &json!(paid.to_string()),
            &json!("0")
        ]
    );
    (postings(app), rows(app), figures(app))
}

macro_rules! told_first {
    ($name:ident, $kind:literal, $paid:literal, $back:literal, $figures:literal) => {
        both!(fn $name(app, shop()) {
            let late = ends(app, [$kind, "succeeded"], $paid, $back);
            let engine = if app.database.url.starts_with("sqlite") {
                crate::support::Engine::Sqlite
            } else {
                crate::support::Engine::Postgres
            };
            let other = TestApp::start(engine, shop());
            let early = ends(&other, ["succeeded", $kind], $paid, $back);
            assert_eq!(late, early);
            assert_eq!(late.2, $figures);
        });
    };
}

told_first!(
    a_refund_in_part_that_is_told_first_is_booked_gross_and_its_day_closes,
    "partially_refunded",
    50_000,
    "20000",
    "0/1 1/1"
);
told_first!(
    a_refund_of_what_was_too_much_leaves_the_bill_paid,
    "partially_refunded",
    60_000,
    "10000",
    "1/1 1/1"
);
told_first!(
    a_refund_in_full_that_is_told_first_leaves_the_numerator_and_its_day_closes,
    "refunded",
    50_000,
    "50000",
    "0/1 0/1"
);

both!(fn a_payment_that_an_older_version_booked_net_is_named_and_its_day_closes(app, shop()) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    // As versions before wrote it: the books took in 30000 of 50000, nothing else was posted.
    shop_says(app, "e1", "succeeded", &shop_data("T1", &reference, 30_000));
    app.database.run(
        "UPDATE payments SET amount_minor = 50000, refunded_minor = 20000, status = 'partially_refunded'",
    );
    assert_eq!(accounts(app), ["clearing:shop 30000", "due:H12.104:phi -50000", "receivable:H12.104 20000"]);
    closes(app);
    let line = &day(app, DAY)["found"]["bridge"][0];
    let told = [&line["paid"], &line["refunded_before_told"], &line["ledger"], &line["residual"]];
    assert_eq!(told, ["50000", "20000", "30000", "0"]);
    let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
    assert_eq!(status, 0, "{said}");
    let (_, said) = run(app, &["day", "show", DAY, "--html"]);
    assert!(said.contains("Đã hoàn trước khi báo"), "{said}");
    let (status, said) = run(app, &["verify"]);
    assert_eq!(status, 0, "{said}");
});
