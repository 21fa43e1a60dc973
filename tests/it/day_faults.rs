//! What once kept a day from closing, or let it close wrongly: money that was given back before it was
//! told of, clocks that disagree, notices that meet a closed day, keys nobody knows. On both databases.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use doisoat::journeys::sweep::start_sweeping;
use serde_json::json;

use crate::days::{
    DAY, day, does, got, has_a_day, keyed, refused, run, run_on, run_with, set, token,
};
use crate::matching::{CHANNELS, accounts, figures, shop_data, shop_says};
use crate::refunds::{CODE, Desk};
use crate::support::app::settings;
use crate::support::http::request;
use crate::support::office::{HERE, bank_request, transfer};
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

/// Closes the 5th under the key of the app; gives its public key, hex.
fn closed_under_own_key(app: &TestApp) -> String {
    let (lan, minh) = has_a_day(app);
    does(app, &lan, DAY, "proposal");
    does(app, &minh, DAY, "closing");
    day(app, DAY)["artefact"]["public_key"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Makes a key as users do; gives the setting that names its file, and the public key as it is printed.
fn another_key(folder: &std::path::Path) -> (String, String) {
    let file = folder.join("new.2026");
    let mut command = Command::new(env!("CARGO_BIN_EXE_doisoat"));
    let made = command
        .args(["key", "create", "--output"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let public = std::fs::read_to_string(folder.join("new.2026.pub")).unwrap();
    (format!("[signing]\nkey_file = {}\n", json!(file)), public)
}

both!(fn a_day_that_an_unknown_key_signed_is_found(app, keyed()) {
    let own = closed_under_own_key(app);
    let folder = tempfile::tempdir().unwrap();
    let (signing, other) = another_key(folder.path());
    let asks = |signing: &str, expects: i32, names: &str| {
        for arguments in [&["verify"][..], &["day", "show", DAY, "--replay"]] {
            let (status, said) = run_with(&app.database.url, signing, arguments);
            assert!(status == expects && said.contains(names), "{signing}: {said}");
        }
    };
    let unknown = format!("is signed with the key {own}, which is neither that of [signing] key_file");
    asks(&signing, 1, &unknown);
    asks("", 1, &unknown);
    let retired = |key: &str| format!("{signing}retired_keys = [{}]\n", json!(key));
    asks(&retired(&other), 1, &unknown);
    asks(&retired(&own), 0, "");
    let own = hex::decode(own).unwrap();
    asks(&retired(&doisoat::ledger::signing::public_pem(&own)), 0, "");
    let (status, said) = run_with(&app.database.url, &retired("abc"), &["verify"]);
    assert!(status == 1 && said.contains("signing.retired_keys") && said.contains("place 1"), "{said}");
});

both!(fn a_key_that_others_may_read_closes_nothing(app, keyed()) {
    let (lan, minh) = has_a_day(app);
    let file = app.settings.signing.key_file.clone().unwrap();
    let mode = |mode| std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    does(app, &lan, DAY, "proposal");
    for exposed in [0o640, 0o604, 0o620] {
        mode(exposed);
        let reply = app.ask(&minh, "POST", &format!("/api/v1/days/{DAY}/closing"), "");
        assert!(reply.status == 409 && reply.body.contains("chmod 600"), "{reply:?}");
        let (_, said) = run(app, &["check"]);
        assert!(said.contains("warning  signing") && said.contains("chmod 600"), "{said}");
    }
    mode(0o400);
    does(app, &minh, DAY, "closing");
    // What is signed already is compared all the same.
    mode(0o644);
    let (status, said) = run(app, &["day", "show", DAY, "--replay"]);
    assert!(status == 0 && said.contains("chmod 600"), "{said}");
});

both!(fn closings_are_written_beside_each_other_and_not_over(app, keyed()) {
    closed_under_own_key(app);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    let writes = |more: &[&str]| run(app, &[&["day", "show", DAY, "--output", to][..], more].concat());
    assert_eq!(writes(&[]).0, 0);
    for (step, officer) in [("reopen", "lan"), ("propose", "lan"), ("close", "minh")] {
        let why: &[&str] = if step == "reopen" { &["--reason", "nhầm"] } else { &[] };
        assert_eq!(run(app, &[&["day", step, DAY, "--as", officer], why].concat()).0, 0);
    }
    assert_eq!(writes(&[]).0, 0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("2026-01-05-r1.json").contains("\"revision\":1"));
    assert!(read("2026-01-05-r2.json").contains("\"revision\":2"));
    std::fs::write(folder.path().join("2026-01-05-r1.json"), "mine").unwrap();
    let (status, said) = writes(&["--revision", "1"]);
    assert!(status == 1 && said.contains("2026-01-05-r1.json exists already") && said.contains("--force"), "{said}");
    assert_eq!(read("2026-01-05-r1.json"), "mine");
    assert_eq!(writes(&["--revision", "1", "--force"]).0, 0);
    assert!(read("2026-01-05-r1.json").contains("\"revision\":1"));
});

both!(fn an_officer_of_a_unit_that_is_not_known_is_refused_with_the_nearest(app) {
    // Ahead of the first import any unit may be named.
    assert_eq!(run(app, &["officer", "add", "an", "--unit", "H12.999"]).0, 0);
    app.has_office();
    let (status, said) = run(app, &["officer", "add", "lan", "--unit", "H12.1O4"]);
    assert!(status == 1 && said.contains("no unit H12.1O4; did you mean H12.104?"), "{said}");
    let (status, said) = run(app, &["officer", "add", "lan", "--unit", "nowhere at all"]);
    assert!(status == 1 && said.contains("import it, or mend the code"), "{said}");
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM officers"), 1);
    assert_eq!(run(app, &["officer", "add", "lan", "--unit", HERE]).0, 0);
});

both!(fn an_officer_who_is_renamed_keeps_the_unit_and_stays_disabled(app) {
    app.has_office();
    let row = || app.database.texts("SELECT name || ' ' || COALESCE(unit_code, 'all') || ' ' || CASE WHEN is_active THEN 'active' ELSE 'disabled' END AS t FROM officers");
    assert_eq!(run(app, &["officer", "add", "lan", "--unit", HERE]).0, 0);
    assert_eq!(run(app, &["officer", "add", "lan", "--name", "Lan"]).0, 0);
    assert_eq!(row(), [format!("Lan {HERE} active")]);
    assert_eq!(run(app, &["officer", "disable", "lan"]).0, 0);
    let (_, said) = run(app, &["officer", "add", "lan", "--name", "Trần Lan"]);
    assert!(said.contains("officer lan is disabled"), "{said}");
    assert_eq!(row(), [format!("Trần Lan {HERE} disabled")]);
    assert_eq!(run(app, &["officer", "enable", "lan"]).0, 0);
    assert_eq!(run(app, &["officer", "add", "lan", "--unit", ""]).0, 0);
    assert_eq!(row(), ["Trần Lan all active"]);
    assert_eq!(run(app, &["officer", "enable", "nobody"]).0, 1);
});

both!(fn a_refused_call_that_is_not_kept_is_counted(app, "[quarantine]\nmax_per_second = 3\n") {
    app.has_office();
    for id in 0..40 {
        let body = transfer(id, 1_000, "forged").to_string();
        assert_eq!(app.send(&bank_request(body.as_bytes(), "forged")).status, 401);
    }
    let lost = metric(app, "refused_calls_not_kept_total");
    assert!(lost > 0, "{lost}");
    assert_eq!(app.quarantine().len() as i64, 40 - lost);
});

both!(fn a_payment_that_was_told_a_month_before_it_was_paid_is_in_its_day(app, shop()) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    shop_says(app, "e1", "pending", &shop_data("T1", &reference, 50_000));
    set(app, "2026-02-05T03:00:00Z");
    let mut data = shop_data("T1", &reference, 50_000);
    data["paid_at"] = json!("2026-02-05T03:00:00Z");
    shop_says(app, "e2", "succeeded", &data);
    let line = &day(app, "2026-02-05")["found"]["bridge"][0];
    let told = [&line["paid"], &line["paid_on_another_day"], &line["ledger"]];
    assert_eq!(told, ["50000", "0", "50000"]);
});

both!(fn what_an_officer_asks_by_hand_is_not_proposed_besides(app, CHANNELS) {
    app.has_office();
    let reference = app.has_bill(HERE, CODE, 50_000);
    shop_says(app, "e1", "succeeded", &shop_data("T1", &reference, 60_000));
    let standing = || -> Vec<String> {
        let rows = app.items("/api/v1/refunds?standing=true");
        let tell = |row: &serde_json::Value| {
            format!("{} {} {}", row["rule"], row["state"], row["amount"]).replace('"', "")
        };
        let mut told: Vec<String> = rows.iter().map(tell).collect();
        told.sort();
        told
    };
    assert_eq!(standing(), ["over proposed 10000"]);
    let desk = Desk::of(app);
    desk.requests("T1", "credit", "4000");
    assert_eq!(standing(), ["by_hand requested 4000", "over proposed 6000"]);
    desk.requests("T1", "credit", "6000");
    assert_eq!(standing(), ["by_hand requested 4000", "by_hand requested 6000"]);
    let steps = app.database.texts(
        "SELECT action || ' ' || COALESCE(officer, '-') || ' ' || state AS t FROM refund_steps \
         WHERE action IN ('lower', 'withdraw') ORDER BY revision",
    );
    assert_eq!(steps, ["lower CB01 proposed", "withdraw CB01 withdrawn"]);
});

both!(fn of_four_programs_that_close_at_once_one_does(app, keyed()) {
    let (lan, _) = has_a_day(app);
    for code in ["m1", "m2", "m3", "m4"] {
        token(app, "approver", code, None);
    }
    does(app, &lan, DAY, "proposal");
    let close = |code: &str| run(app, &["day", "close", DAY, "--as", code, "--json"]);
    let ended: Vec<(i32, String)> = std::thread::scope(|scope| {
        let close = &close;
        let running = ["m1", "m2", "m3", "m4"].map(|code| scope.spawn(move || close(code)));
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (done, others): (Vec<_>, Vec<_>) = ended.into_iter().partition(|(status, _)| *status == 0);
    assert_eq!((done.len(), others.len()), (1, 3), "{done:?} {others:?}");
    for (status, said) in others {
        assert!(status == 1 && said.contains("\"already_closed\""), "{said}");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM day_artefacts"), 1);
});
