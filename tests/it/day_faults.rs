//! What once kept a day from closing, or let it close wrongly: money that was given back before it was
//! told of, clocks that disagree, notices that meet a closed day, keys nobody knows. On both databases.

use std::process::{Command, Stdio};

use doisoat::journeys::sweep::start_sweeping;
use serde_json::json;

use crate::days::{DAY, day, does, got, has_a_day, keyed, refused, run, run_on, set, token};
use crate::matching::{CHANNELS, accounts, figures, shop_data, shop_says};
use crate::refunds::CODE;
use crate::support::app::settings;
use crate::support::http::request;
use crate::support::office::HERE;
use crate::support::{Engine, TestApp, both};
use crate::webhooks::sabotage;

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
                Engine::Sqlite
            } else {
                Engine::Postgres
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

both!(fn a_day_is_proposed_and_closed_only_some_minutes_after_its_end(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    set(app, "2026-01-05T17:09:59Z");
    let reply = app.ask(&lan, "POST", "/api/v1/days/2026-01-05/proposal", "");
    assert!(reply.body.contains("not_over") && reply.body.contains("2026-01-06 00:10:00 +07:00"), "{reply:?}");
    set(app, "2026-01-05T17:10:00Z");
    does(app, &lan, DAY, "proposal");
    // Whoever proposed it had a clock that ran ahead: nobody closes it before its time.
    set(app, "2026-01-05T17:09:59Z");
    assert_eq!(refused(app, &minh, DAY, "closing", ""), got(409, "not_over"));
    set(app, "2026-01-05T17:10:00Z");
    does(app, &minh, DAY, "closing");
});

both!(fn a_clock_that_is_behind_the_newest_block_closes_nothing(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    set(app, "2026-01-06T02:10:00Z");
    assert_eq!(app.transfer(2, 7_000, "khong ro").status, 200);
    set(app, "2026-01-06T02:08:59Z");
    for (who, what) in [(&lan, "proposal"), (&minh, "closing")] {
        let reply = app.ask(who, "POST", &format!("/api/v1/days/{DAY}/{what}"), "");
        assert!(reply.body.contains("\"clocks_differ\""), "{reply:?}");
        for named in ["ours says 2026-01-06 09:08:59", "newest block's says 2026-01-06 09:10:00"] {
            assert!(reply.body.contains(named), "{named}: {reply:?}");
        }
    }
    set(app, "2026-01-06T02:09:00Z");
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
});

/// PostgreSQL keeps a clock of its own; a function in front of it makes it run ahead.
#[test]
fn a_clock_that_is_not_the_databases_closes_nothing() {
    let mut story = TestApp::start(Engine::Postgres, keyed());
    let app = &mut story;
    has_a_day(app);
    let own = app.database.url.clone();
    let schema = own.split_once("%3D").unwrap().1;
    app.database.run(&format!(
        "CREATE FUNCTION {schema}.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         'SELECT pg_catalog.clock_timestamp() + interval ''61 seconds'''"
    ));
    assert_eq!(
        run_on(app, &own, &["day", "propose", DAY, "--as", "lan"]).0,
        0
    );
    let shifted = format!("{own}%2Cpg_catalog");
    for (step, officer) in [("propose", "lan"), ("close", "minh")] {
        let (status, said) = run_on(
            app,
            &shifted,
            &["day", step, DAY, "--as", officer, "--json"],
        );
        assert!(status == 1 && said.contains("clocks_differ"), "{said}");
        assert!(said.contains("the database's says 20"), "{said}");
    }
    assert_eq!(
        run_on(app, &own, &["day", "close", DAY, "--as", "minh"]).0,
        0
    );
}

fn metric(app: &TestApp, name: &str) -> i64 {
    let body = app.send(&request("GET", "/metrics", &[], b"")).body;
    let line = body
        .lines()
        .find_map(|line| line.strip_prefix(&format!("doisoat_{name} ")));
    line.unwrap_or_else(|| panic!("{name} is not in {body}"))
        .parse()
        .unwrap()
}

both!(fn what_meets_a_closed_day_is_swept_by_itself_and_dated_when_it_is(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    let sweeps = || {
        let channels = &app.settings.channels;
        let names = doisoat::intake::providers::names(channels.values());
        let before = metric(app, "unsettled_notices");
        let sweeping = start_sweeping(&app.db, &app.clock, channels, names).unwrap();
        while !sweeping.has_done_one() {
            std::thread::yield_now();
        }
        (before, metric(app, "unsettled_notices"))
    };
    assert_eq!(sweeps(), (0, 0));
    // This gateway's clock stands before midnight still.
    set(app, "2026-01-05T16:59:00Z");
    assert_eq!(app.transfer(9, 9_000, "khong ro").status, 200);
    let posted = "SELECT COUNT(*) AS n FROM postings WHERE amount_minor = 9000";
    assert_eq!((app.database.number(posted), app.items("/api/v1/payments").len()), (0, 2));
    assert_eq!(sweeps(), (1, 1));
    set(app, "2026-01-05T17:00:30Z");
    assert_eq!(metric(app, "unsettled_oldest_seconds"), 90);
    assert_eq!(sweeps(), (1, 0));
    assert_eq!(metric(app, "unsettled_oldest_seconds"), 0);
    assert_eq!(app.database.number(posted), 1);
    let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
    assert_eq!(status, 0, "{said}");
});

both!(fn serve_sweeps_what_waits_when_it_starts(app, keyed()) {
    let (begin, end) = sabotage(app.db.engine(), 6_666);
    app.database.run(&begin);
    assert_eq!(app.transfer(1, 6_666, "khong ro").status, 200);
    app.database.run(end);
    let unsettled = "SELECT COUNT(*) AS n FROM notices WHERE NOT is_settled";
    assert_eq!(app.database.number(unsettled), 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let text = settings(&app.database.url) + "[server]\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
    command.args(["serve", "--json", "--config"]).arg(&file);
    let mut serving = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while app.database.number(unsettled) != 0 {
        assert!(serving.try_wait().unwrap().is_none(), "serve ended");
        std::thread::yield_now();
    }
    let stopped = Command::new("kill").arg(serving.id().to_string()).status().unwrap();
    assert!(stopped.success() && serving.wait().unwrap().success());
});
