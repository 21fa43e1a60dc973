//! Payouts: which credit pays which batch, and what of it may leave clearing. A payout never posts more
//! than the payments of its lines carry; what is not agreed is posted when it agrees. On both databases.

use doisoat::domain::money::Currency;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::time::Day;
use doisoat::ledger::verify::verify;
use doisoat::reconciliation::compare::{
    BankFacts, Comparison, Contract, FileNo, Input, Item, LineFacts, LineKind, OutcomeKind,
    PaymentFacts, Role, compare,
};
use uuid::Uuid;

use crate::days::closes;
use crate::matching::accounts;
use crate::settlement_effects::{
    SOURCES, VNPAY_HEAD, closing, imports, is_let_in_by_another, is_the_ninth, reconciles, settles, standing, statement, subjects,
    two_bills, vnpay_says,
};
use crate::support::{TestApp, both};

// ---- Which credit pays which batch ----

fn day(number: u32) -> Day {
    Day::from_ymd_opt(2026, 1, number).unwrap()
}

/// A batch that agrees: file, the batch its lines name, day, net.
type Batch<'a> = (u32, Option<&'a str>, u32, i64);
/// A credit marked as a payout: day, amount, what its memo says beside the mark.
type Credit<'a> = (u32, i64, &'a str);

fn compared(batches: &[Batch<'_>], credits: &[Credit<'_>]) -> Comparison {
    let mut input = Input::on(day(9));
    let channel = input.add_channel(Contract {
        channel: "vnpay".to_owned(),
        terms: None,
        grace_days: 3,
        currency: Currency::VND,
        account: None,
        payout_marks: vec!["VNPAY TT".to_owned()],
    });
    for (own, (file, batch, on, net)) in (0_u32..).zip(batches) {
        let txn = format!("T{own}");
        if *net > 0 {
            input.add_payment(&PaymentFacts {
                id: Uuid::from_u128(u128::from(own) + 1),
                channel,
                txn_id: Some(&txn),
                order_ref: None,
                bank_txn_id: None,
                references: &[],
                amount: *net,
                currency: Currency::VND,
                status: PaymentStatus::Succeeded,
                day: day(*on),
                waits_until: None,
                is_direct: false,
                is_expired: false,
            });
        }
        input.add_line(&LineFacts {
            file: FileNo(*file),
            place: own,
            channel,
            txn_id: Some(&txn),
            order_ref: None,
            batch: *batch,
            gross: *net,
            fee: None,
            net: None,
            kind: if *net < 0 { LineKind::Refund } else { LineKind::Payment },
            currency: Currency::VND,
            day: day(*on),
        });
    }
    for (own, (on, amount, words)) in (0_u32..).zip(credits) {
        input.add_bank(&BankFacts {
            file: FileNo(9),
            place: own,
            account: None,
            amount: *amount,
            currency: Currency::VND,
            reference: None,
            memo: Some(&format!("VNPAY TT {words}")),
            counterparty: None,
            day: day(*on),
        });
    }
    compare(&input)
}

/// Each payout: its batch or day, what became of it, the credits it is matched with; of the credits their
/// outcomes.
fn told(found: &Comparison) -> String {
    let payouts = found.payouts.iter().map(|one| {
        let links = found.links(&one.outcome);
        let matched = links.filter(|link| link.role == Role::Matched);
        let credits: Vec<String> = matched
            .map(|link| match link.item {
                Item::Bank(number) => format!("+{number}"),
                other => panic!("{other:?}"),
            })
            .collect();
        let name = one.batch.trim_start_matches("2026-01-");
        format!("{name}:{}{}", short(one.outcome.kind), credits.concat())
    });
    let banks = found.banks.iter().map(|one| short(one.kind).to_owned());
    let payouts: Vec<String> = payouts.collect();
    format!("{} | {}", payouts.join(" "), banks.collect::<Vec<_>>().join(" "))
}

fn short(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::PayoutMatched => "paid",
        OutcomeKind::PayoutDiffers => "differs",
        OutcomeKind::PayoutMissing => "missing",
        OutcomeKind::NeedsReview => "review",
        OutcomeKind::Waiting => "waits",
        OutcomeKind::NotExpected => "empty",
        other => other.as_str(),
    }
}

#[test]
fn a_file_of_several_days_is_paid_out_day_by_day() {
    let days = [(1, None, 4, 100), (1, None, 5, 200), (1, None, 5, 50), (1, None, 6, 300)];
    let found = compared(&days, &[(5, 100, ""), (6, 250, ""), (7, 300, "")]);
    assert_eq!(told(&found), "04:paid+0 05:paid+1 06:paid+2 | paid paid paid");
    let at_once = compared(&days, &[(7, 650, "")]);
    assert_eq!(told(&at_once), "04:paid+0 05:paid+0 06:paid+0 | paid");
    let two_files = [(1, None, 4, 100), (2, None, 4, 30), (1, None, 5, 200), (2, None, 5, 40)];
    let by_file = compared(&two_files, &[(6, 300, ""), (6, 70, "")]);
    assert_eq!(told(&by_file), "04:paid+0 04:paid+1 05:paid+0 05:paid+1 | paid paid");
    let named = compared(&[(1, Some("B1"), 4, 100), (1, Some("B1"), 5, 200)], &[(6, 300, "")]);
    assert_eq!(told(&named), "B1:paid+0 | paid", "a batch that is named may be of several days");
}

#[test]
fn of_equal_batches_the_memo_decides_which_is_paid() {
    let equal = [(1, None, 3, 100), (2, None, 4, 100)];
    for (memo, expected) in [
        ("GD NGAY 04012026", "03:missing 04:paid+0 | paid"),
        ("GD NGAY 03/01/2026", "03:paid+0 04:missing | paid"),
        ("PHIEN 4-1-26", "03:missing 04:paid+0 | paid"),
        // The day of the credit itself says nothing, nor do both days.
        ("NGAY 05012026", "03:review 04:review | review"),
        ("TU 03/01/2026 DEN 04/01/2026", "03:review 04:review | review"),
        ("", "03:review 04:review | review"),
    ] {
        assert_eq!(told(&compared(&equal, &[(5, 100, memo)])), expected, "{memo}");
    }
    let lots = [(1, Some("LO-000123"), 4, 100), (1, Some("LO-000124"), 4, 100)];
    let found = compared(&lots, &[(5, 100, "LO 000124")]);
    assert!(told(&found).starts_with("LO-000123:missing LO-000124:paid+0"), "{}", told(&found));
}

#[test]
fn without_a_word_an_equal_batch_is_paid_when_it_is_the_only_one_due_or_all_are() {
    for (batches, credits, expected) in [
        // The batch of the fifth was not over when the credit came.
        (vec![4, 5], vec![5], "04:paid+0 05:missing | paid"),
        (vec![5], vec![5], "05:paid+0 | paid"),
        (vec![4, 5], vec![6, 7], "04:paid+0 05:paid+1 | paid paid"),
        (vec![3, 4, 5], vec![5, 6, 7], "03:paid+0 04:paid+1 05:paid+2 | paid paid paid"),
        (vec![3, 4], vec![5], "03:review 04:review | review"),
        (vec![3, 4, 5], vec![6, 7], "03:review 04:review 05:review | review review"),
        // More credits than batches: the first ones pay, and the last is nobody's.
        (vec![4], vec![5, 6], "04:paid+0 | paid differs"),
    ] {
        let batches: Vec<Batch<'_>> = batches.iter().map(|on| (*on, None, *on, 100)).collect();
        let credits: Vec<Credit<'_>> = credits.iter().map(|on| (*on, 100, "")).collect();
        assert_eq!(told(&compared(&batches, &credits)), expected);
    }
}

#[test]
fn a_credit_that_names_a_batch_which_is_paid_pays_no_other() {
    let equal = [(1, None, 3, 100), (2, None, 4, 100)];
    let credits = [(5, 100, "NGAY 04012026"), (6, 100, "NGAY 04012026")];
    let found = compared(&equal, &credits);
    assert_eq!(told(&found), "03:missing 04:paid+0 | paid differs");
    let bank = found.banks[1];
    let roles: Vec<Role> = found.links(&bank).map(|link| link.role).collect();
    assert_eq!(roles, [Role::TakenAlready]);
}

#[test]
fn of_equal_rows_of_batches_none_is_taken_unless_the_memo_names_its_ends() {
    let days = [(1, None, 3, 100), (1, None, 4, 100), (1, None, 5, 100)];
    let found = compared(&days, &[(6, 200, "")]);
    assert_eq!(told(&found), "03:review 04:review 05:review | review");
    let found = compared(&days, &[(6, 200, "TU 04/01 DEN 05/01")]);
    assert_eq!(told(&found), "03:missing 04:paid+0 05:paid+0 | paid");
}

#[test]
fn a_day_that_comes_to_nothing_waits_for_no_credit() {
    let found = compared(&[(1, None, 4, 100), (1, None, 5, 70), (1, None, 5, -70)], &[(5, 100, "")]);
    assert_eq!(told(&found), "04:paid+0 05:empty | paid");
}

// ---- What a payout does to the books ----

/// A settlement file of VNPAY: day, transaction, order, amount, fee.
fn file(lines: &[(u32, &str, &str, i64, i64)]) -> String {
    let line = |(on, txn, order, dong, fee): &(u32, &str, &str, i64, i64)| {
        format!("{on:02}/01/2026 10:30:15,{txn},{order},{dong},0,{dong},{dong},{fee},Thành công\n")
    };
    format!("{VNPAY_HEAD}\n{}", lines.iter().map(line).collect::<String>())
}

/// VNPAY told of both bills, and its file has these lines beside theirs.
fn with_lines(app: &TestApp, further: &[(u32, &str, &str, i64, i64)], credit: i64) -> [String; 2] {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    vnpay_says(app, "1002", &two, 70_000, "00");
    let mut lines = vec![(5, "1001", one.as_str(), 50_000, 500), (5, "1002", two.as_str(), 70_000, 700)];
    lines.extend_from_slice(further);
    imports(app, "vnpay", &file(&lines));
    imports(app, "vcb", &statement(1, 0, &[(6, credit, "FT1", "VNPAY TT GD NGAY 05012026")]));
    is_the_ninth(app);
    [one, two]
}

const AGREED: [&str; 3] = [
    "bank:1017588888 118800",
    "charges:vnpay 1200",
    "due:H12.104:phi -120000",
];

fn is_whole(app: &TestApp) {
    for check in verify(&app.db, 1).unwrap() {
        assert_eq!(check.wrong, [], "{}", check.proves);
    }
}

both!(fn a_line_that_stands_twice_clears_its_payment_once(app, SOURCES) {
    with_lines(app, &[(5, "1001", "", 50_000, 500)], 168_300);
    let settled = settles(app, 5);
    assert_eq!(subjects(&settled), [("payout", 120_000, 1_200, 118_800)]);
    assert_eq!(
        settled.left[0].why,
        "49500 of its credit is not posted, because these lines are not agreed: line 4 of vnpay (duplicate_payment)"
    );
    assert_eq!(accounts(app), AGREED);
    let again = settles(app, 6);
    assert_eq!((again.entries, again.left.len()), (Vec::new(), 1));
    assert_eq!(accounts(app), AGREED);
    let done = reconciles(app, 5);
    assert_eq!((done.settled.entries.len(), standing(app)), (0, vec!["duplicate_payment".to_owned()]));
    is_whole(app);
});

both!(fn of_a_line_of_another_amount_the_lower_one_is_posted(app, SOURCES) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    vnpay_says(app, "1002", &two, 70_000, "00");
    imports(app, "vnpay", &file(&[(5, "1001", &one, 60_000, 600), (5, "1002", &two, 40_000, 400)]));
    imports(app, "vcb", &statement(1, 0, &[(6, 99_000, "FT1", "VNPAY TT GD")]));
    is_the_ninth(app);
    let settled = settles(app, 5);
    assert_eq!(subjects(&settled), [("payout", 90_000, 1_000, 89_000)]);
    assert!(settled.left[0].why.starts_with("10000 of its credit is not posted"), "{:?}", settled.left);
    // What was paid less for the second is still with the provider.
    assert_eq!(
        accounts(app),
        ["bank:1017588888 89000", "charges:vnpay 1000", "clearing:vnpay 30000", "due:H12.104:phi -120000"]
    );
    is_whole(app);
});

both!(fn a_line_that_is_nobody_s_is_posted_when_its_payment_is_known(app, SOURCES) {
    with_lines(app, &[(5, "1009", "", 90_000, 900)], 207_900);
    assert_eq!(subjects(&settles(app, 5)), [("payout", 120_000, 1_200, 118_800)]);
    assert_eq!(accounts(app), AGREED);
    vnpay_says(app, "1009", "ORDER9", 90_000, "00");
    let later = settles(app, 5);
    assert_eq!(subjects(&later), [("payout#2", 90_000, 900, 89_100)]);
    assert_eq!(later.left, []);
    assert_eq!(
        accounts(app),
        ["bank:1017588888 207900", "charges:vnpay 2100", "due:H12.104:phi -120000", "suspense -90000"]
    );
    for of in [5, 6] {
        assert_eq!(settles(app, of).entries, []);
    }
    is_whole(app);
});

both!(fn what_the_provider_takes_off_and_nobody_explains_stays_in_clearing(app, SOURCES) {
    with_lines(app, &[(5, "RF9", "ORDER7", -30_000, 0)], 88_800);
    let settled = settles(app, 5);
    assert_eq!(subjects(&settled), [("payout", 90_000, 1_200, 88_800)]);
    assert_eq!(
        accounts(app),
        ["bank:1017588888 88800", "charges:vnpay 1200", "clearing:vnpay 30000", "due:H12.104:phi -120000"]
    );
    is_whole(app);
});

both!(fn a_file_of_several_days_is_posted_payout_by_payout(app, SOURCES) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    vnpay_says(app, "1002", &two, 70_000, "00");
    imports(app, "vnpay", &file(&[(5, "1001", &one, 50_000, 500), (6, "1002", &two, 70_000, 700)]));
    imports(app, "vcb", &statement(1, 0, &[(6, 49_500, "FT1", "VNPAY TT GD"), (7, 69_300, "FT2", "VNPAY TT GD")]));
    is_the_ninth(app);
    let done = reconciles(app, 5);
    assert_eq!(subjects(&done.settled), [("payout", 50_000, 500, 49_500)]);
    assert_eq!(subjects(&reconciles(app, 6).settled), [("payout", 70_000, 700, 69_300)]);
    assert_eq!(accounts(app), AGREED);
    assert_eq!(standing(app), [""; 0]);
    is_whole(app);
});

both!(fn days_of_which_one_took_more_off_than_it_brought_are_posted_as_one(app, SOURCES) {
    with_lines(app, &[(6, "RF9", "ORDER7", -20_000, 0)], 98_800);
    let settled = settles(app, 6);
    assert_eq!(subjects(&settled), [("payout", 100_000, 1_200, 98_800)]);
    assert_eq!(settles(app, 5).entries, []);
    is_whole(app);
});

both!(fn a_line_that_repeats_one_that_was_posted_stops_its_channel(app, SOURCES) {
    let [one, _] = with_lines(app, &[], 118_800);
    settles(app, 5);
    assert_eq!(accounts(app), AGREED);
    // The same payment in a file of the day before, let in although its number was known.
    let earlier = file(&[(4, "1001", &one, 50_000, 500)]);
    is_let_in_by_another(app, &earlier);
    imports(app, "vcb", &statement(2, 118_800, &[(7, 49_500, "FT2", "VNPAY TT GD NGAY 04012026")]));
    let settled = settles(app, 4);
    assert_eq!(settled.entries, []);
    assert!(settled.left[0].why.contains("repeats another one"), "{:?}", settled.left);
    assert_eq!(accounts(app), AGREED);
    is_whole(app);
});

both!(fn what_was_let_in_for_a_closed_day_is_paid_out_with_its_own_day(app, closing()) {
    let [one, two] = two_bills(app);
    vnpay_says(app, "1001", &one, 50_000, "00");
    vnpay_says(app, "1002", &two, 70_000, "00");
    closes(app);
    let lines = [(5, "1001", one.as_str(), 50_000, 500), (6, "1002", two.as_str(), 70_000, 700)];
    is_let_in_by_another(app, &file(&lines));
    let credits = [(6, 49_500, "FT1", "VNPAY TT GD"), (7, 69_300, "FT2", "VNPAY TT GD")];
    imports(app, "vcb", &statement(1, 0, &credits));
    is_the_ninth(app);
    let settled = reconciles(app, 6).settled;
    assert_eq!(subjects(&settled), [("payout", 50_000, 500, 49_500), ("payout", 70_000, 700, 69_300)]);
    assert_eq!(accounts(app), AGREED);
    is_whole(app);
});

both!(fn a_difference_that_a_comparison_opened_must_stand_where_its_steps_say(app, SOURCES) {
    with_lines(app, &[(5, "1001", "", 50_000, 500)], 168_300);
    reconciles(app, 5);
    is_whole(app);
    app.expects_broken_books();
    app.database.run("UPDATE differences SET state = 'acknowledged' WHERE kind = 'duplicate_payment'");
    let checks = verify(&app.db, 1).unwrap();
    let check = checks.iter().find(|one| one.proves.starts_with("differences stand"));
    assert_eq!(check.unwrap().wrong.len(), 1, "{checks:?}");
});

// ---- What subscribers hear ----

fn listened() -> &'static str {
    const SUBSCRIBER: &str = "
[subscribers.one-stop]
url = \"http://127.0.0.1:9/hooks\"
secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\"
";
    Box::leak(format!("{SOURCES}{SUBSCRIBER}").into_boxed_str())
}

both!(fn what_a_comparison_opens_is_told_once_with_the_payment_it_is_about(app, listened()) {
    with_lines(app, &[(5, "1001", "", 50_000, 500), (5, "1009", "", 90_000, 900)], 257_400);
    vnpay_says(app, "1003", "ORDER3", 30_000, "00");
    let told = || {
        let bodies = app.database.texts("SELECT body AS t FROM outbox_events WHERE kind = 'difference.opened'");
        let read = |body: &String| {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            let data = &body["data"];
            let texts = [&data["difference"]["kind"], &data["difference"]["amount"], &data["payment"]["provider_txn_id"], &data["bill"]["reference"]];
            texts.map(|text| text.as_str().unwrap_or("-").to_owned()).join(" ")
        };
        let mut told: Vec<String> = bodies.iter().map(read).collect();
        told.sort();
        told
    };
    let before = ["unknown_dossier 30000 1003 -"];
    assert_eq!(told(), before);
    reconciles(app, 5);
    let after = [
        "duplicate_payment 50000 - -",
        "missing_in_settlement 30000 1003 -",
        "not_recorded 90000 - -",
        "unknown_dossier 30000 1003 -",
    ];
    assert_eq!(told(), after);
    let due = "SELECT COUNT(*) AS n FROM outbox_deliveries WHERE state = 'waiting' AND subscriber = 'one-stop'";
    let waiting = app.database.number(due);
    reconciles(app, 5);
    assert_eq!((told().len(), app.database.number(due)), (4, waiting), "what stands is not told again");
});
