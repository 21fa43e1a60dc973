//! The proof that the books are whole: clean over payments of every sort, and for every kept figure
//! that is altered behind the program's back the row is named.

use doisoat::ledger::verify::{Check, verify};
use doisoat::store::ops::Wrong;

use crate::support::office::{HERE, THERE};
use crate::support::{TestApp, both};

/// The dossier whose bill is paid in part.
const SHORT: &str = "H12.104-260105-0002";

/// Bills paid exactly, in part, too much, twice and not at all, and money nobody can place. Stops
/// the server, so that nothing is written any more.
fn has_world(app: &mut TestApp) {
    app.has_office();
    let exact = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let short = app.has_bill(HERE, SHORT, 50_000);
    let over = app.has_bill(THERE, "H12.105-260105-0003", 50_000);
    app.has_bill(THERE, "H12.105-260105-0004", 50_000);
    for (id, dong, memo) in [
        (1, 50_000, exact.as_str()),
        (2, 20_000, &short),
        (3, 60_000, &over),
        (4, 50_000, &exact),
        (5, 70_000, "nobody knows"),
    ] {
        assert_eq!(app.transfer(id, dong, memo).status, 200);
    }
    app.stop();
}

fn checks(app: &TestApp) -> Vec<Check> {
    verify(&app.db, 1).unwrap()
}

/// The books are clean, then altered, then the check whose sentence holds `proves` names `row`.
#[track_caller]
fn is_caught(app: &mut TestApp, alteration: &str, proves: &str, row: &str) {
    for check in checks(app) {
        assert_eq!(check.wrong, [], "{}", check.proves);
    }
    app.expects_broken_books();
    app.database.run(alteration);
    let told = checks(app);
    let check = told.iter().find(|check| check.proves.contains(proves));
    let wrong: &[Wrong] = &check.unwrap().wrong;
    assert_eq!(
        wrong.iter().filter(|(name, _)| name == row).count(),
        1,
        "{row}: {told:#?}"
    );
    assert!(wrong.iter().all(|(_, problem)| !problem.is_empty()));
}

/// The last block: its chain, its height, and its name in the proof.
fn last_block(app: &TestApp) -> (i64, i64, String) {
    let number = |column: &str| {
        let sql = format!(
            "SELECT CAST({column} AS BIGINT) AS n FROM seal_blocks ORDER BY height DESC, chain LIMIT 1"
        );
        app.database.number(&sql)
    };
    let (chain, height) = (number("chain"), number("height"));
    (chain, height, format!("block {chain}/{height}"))
}

pub(crate) const SETTLED: &str =
    "settlements, credits and remittances are what was posted, each once";

both!(fn books_of_every_sort_of_payment_are_clean_and_every_check_looked_at_rows(app, crate::days::keyed()) {
    has_world(app);
    crate::days::closes(app);
    for check in checks(app) {
        assert_eq!(check.wrong, [], "{}", check.proves);
        // Files settle nothing in this world; in that of settlement_effects they do.
        assert!(check.rows > 0 || check.proves == SETTLED, "{}", check.proves);
    }
    let outcomes = app.database.texts("SELECT match_outcome AS t FROM payments ORDER BY payment_key");
    assert_eq!(outcomes, ["exact", "short", "over", "twice", "unknown"]);
});

both!(fn an_altered_posting_is_caught_by_its_block(app) {
    has_world(app);
    let (chain, height, name) = last_block(app);
    let alteration = format!(
        "UPDATE postings SET amount_minor = amount_minor + 1 WHERE chain = {chain} AND height = {height} AND seq = \
         (SELECT MIN(seq) FROM postings WHERE chain = {chain} AND height = {height})"
    );
    is_caught(app, &alteration, "every block's hash", &name);
});

both!(fn a_posting_taken_away_is_caught_by_its_block_and_by_the_count(app) {
    has_world(app);
    let (chain, height, name) = last_block(app);
    let alteration = format!("DELETE FROM postings WHERE chain = {chain} AND height = {height}");
    is_caught(app, &alteration, "every block's hash", &name);
});

both!(fn a_posting_slipped_in_is_caught(app) {
    has_world(app);
    let alteration = "INSERT INTO postings SELECT tenant, chain, height + 1000, seq, entry_id, event, debit, credit, \
        amount_minor, currency, payment_id, bill_id, corrects FROM postings ORDER BY height DESC LIMIT 1";
    is_caught(app, alteration, "every block's hash", "postings");
});

both!(fn a_block_with_another_hash_is_named(app) {
    has_world(app);
    let (chain, height, name) = last_block(app);
    let alteration = format!(
        "UPDATE seal_blocks SET hash = (SELECT key_hash FROM notices LIMIT 1) WHERE chain = {chain} AND height = {height}"
    );
    is_caught(app, &alteration, "every block's hash", &name);
});

both!(fn a_block_sealed_at_another_time_is_named(app) {
    has_world(app);
    let (chain, _, _) = last_block(app);
    let alteration = format!(
        "UPDATE seal_blocks SET sealed_at = (SELECT MIN(renewed_at) - {} FROM seal_chains) WHERE chain = {chain} AND height = 1",
        if app.db.engine() == "SQLite" { "1" } else { "INTERVAL '1 microsecond'" }
    );
    is_caught(app, &alteration, "every block's hash", &format!("block {chain}/1"));
});

both!(fn a_missing_block_is_named_by_the_one_that_follows(app) {
    has_world(app);
    let (chain, height, _) = last_block(app);
    assert!(height > 1, "{height}");
    let alteration = format!(
        "DELETE FROM postings WHERE chain = {chain} AND height = 1; \
         DELETE FROM seal_blocks WHERE chain = {chain} AND height = 1"
    );
    app.expects_broken_books();
    app.database.run(&alteration);
    let told = checks(app);
    let named = told[0].wrong.iter().any(|(name, problem)| {
        *name == format!("block {chain}/2") && problem.contains("a block is missing")
    });
    assert!(named, "{told:#?}");
});

both!(fn a_chain_whose_head_has_another_hash_is_named(app) {
    has_world(app);
    let (chain, _, _) = last_block(app);
    let alteration = format!(
        "UPDATE seal_chains SET hash = (SELECT key_hash FROM notices LIMIT 1) WHERE chain = {chain}"
    );
    is_caught(app, &alteration, "every block's hash", &format!("chain {chain}"));
});

both!(fn a_chain_cut_short_at_its_end_is_named(app) {
    has_world(app);
    let (chain, height, _) = last_block(app);
    let alteration = format!(
        "DELETE FROM postings WHERE chain = {chain} AND height = {height}; \
         DELETE FROM seal_blocks WHERE chain = {chain} AND height = {height}"
    );
    is_caught(app, &alteration, "every block's hash", &format!("chain {chain}"));
});

both!(fn a_bill_in_another_state_is_named(app) {
    has_world(app);
    let bill = app.database.id("bill_id", "bills WHERE state = 'part_paid'");
    let alteration = "UPDATE bills SET state = 'paid' WHERE state = 'part_paid'";
    is_caught(app, alteration, "bills equal", &format!("bill {bill}"));
});

both!(fn a_bill_with_more_paid_than_was_placed_on_it_is_named(app) {
    has_world(app);
    let bill = app.database.id("bill_id", "bills WHERE state = 'part_paid'");
    let alteration = "UPDATE bills SET paid_minor = paid_minor + 1 WHERE state = 'part_paid'";
    is_caught(app, alteration, "bills equal", &format!("bill {bill}"));
});

both!(fn a_bill_whose_fee_items_sum_to_something_else_is_named(app) {
    has_world(app);
    let bill = app.database.id("bill_id", "bills WHERE state = 'part_paid'");
    let alteration = "UPDATE fee_items SET amount_minor = amount_minor + 1 WHERE bill_id = \
        (SELECT bill_id FROM bills WHERE state = 'part_paid')";
    is_caught(app, alteration, "bills equal", &format!("bill {bill}"));
});

both!(fn a_payment_placed_elsewhere_than_posted_is_named(app) {
    has_world(app);
    let payment = app.database.id("payment_id", "payments WHERE match_outcome = 'over'");
    let alteration = "UPDATE payments SET allocated_minor = allocated_minor + 10, credit_minor = credit_minor - 10 \
        WHERE match_outcome = 'over'";
    is_caught(app, alteration, "payments are placed", &format!("payment {payment}"));
});

both!(fn a_balance_that_is_not_the_sum_of_its_postings_is_named(app) {
    has_world(app);
    let alteration = "UPDATE account_balances SET credit_minor = credit_minor + 1 WHERE account = 'suspense'";
    is_caught(app, alteration, "balances equal", "suspense VND");
    let sums = checks(app);
    let sums = sums.iter().find(|check| check.proves.starts_with("debits equal")).unwrap();
    assert_eq!(sums.wrong[0].0, "VND");
});

/// Adds one to the counts of the paid-in-part dossier's day or month, and the name of that group.
fn miscount(app: &TestApp, grain: i32, period: &str) -> (String, String) {
    let class = app.database.number(&format!(
        "SELECT CAST(class AS BIGINT) AS n FROM dossiers WHERE code = '{SHORT}'"
    ));
    // Months are counted without the providers' bits, the twelfth and above.
    let class = if grain == 0 { class } else { class & 0xfff };
    let word = if grain == 0 { "day" } else { "month" };
    let group = format!("unit_code = '{HERE}' AND class = {class} AND grain = {grain}");
    (
        format!(
            "UPDATE dossier_counts SET n = n + 1 WHERE {group} AND writer = \
             (SELECT MIN(writer) FROM dossier_counts WHERE {group})"
        ),
        format!("{period} ({word}) {HERE} 2.000815 class {class}"),
    )
}

both!(fn a_wrong_count_of_a_day_is_named(app) {
    has_world(app);
    let (alteration, group) = miscount(app, 0, "2026-01-05");
    is_caught(app, &alteration, "indicator counts", &group);
});

both!(fn a_wrong_count_of_a_month_is_named(app) {
    has_world(app);
    let (alteration, group) = miscount(app, 1, "2026-01-01");
    is_caught(app, &alteration, "indicator counts", &group);
});

both!(fn a_wrong_count_of_a_month_by_unit_is_named(app) {
    has_world(app);
    let class = app.database.number(&format!(
        "SELECT CAST(class AS BIGINT) & 255 AS n FROM dossiers WHERE code = '{SHORT}'"
    ));
    let group = format!("unit_code = '{HERE}' AND class = {class}");
    let alteration = format!(
        "UPDATE unit_counts SET n = n + 1 WHERE {group} AND writer = \
         (SELECT MIN(writer) FROM unit_counts WHERE {group})"
    );
    let name = format!("2026-01-01 (month by unit) {HERE} with fee class {class}");
    is_caught(app, &alteration, "indicator counts", &name);
});

both!(fn a_dossier_with_another_class_is_named(app) {
    has_world(app);
    let alteration = format!("UPDATE dossiers SET class = class + 16 WHERE code = '{SHORT}'");
    is_caught(app, &alteration, "dossiers are classed", &format!("dossier {SHORT}"));
});

both!(fn a_notice_that_was_not_applied_is_named(app) {
    has_world(app);
    let notice = app.database.id(
        "n.notice_id",
        "notices n JOIN payments p ON p.payment_id = n.payment_id WHERE p.match_outcome = 'short'",
    );
    let alteration = "UPDATE notices SET is_settled = NOT is_settled WHERE payment_id = \
        (SELECT payment_id FROM payments WHERE match_outcome = 'short')";
    is_caught(app, alteration, "notices are applied", &format!("notice {notice}"));
});

both!(fn a_notice_whose_payment_is_gone_is_named(app) {
    has_world(app);
    let notice = app.database.id(
        "n.notice_id",
        "notices n JOIN payments p ON p.payment_id = n.payment_id WHERE p.match_outcome = 'unknown'",
    );
    let alteration = "DELETE FROM payments WHERE match_outcome = 'unknown'";
    is_caught(app, alteration, "notices are applied", &format!("notice {notice}"));
});

both!(fn a_bill_with_more_written_off_than_was_posted_is_named(app) {
    has_world(app);
    let bill = app.database.id("bill_id", "bills WHERE state = 'part_paid'");
    let alteration = "UPDATE bills SET waived_minor = waived_minor + 1 WHERE state = 'part_paid'";
    is_caught(app, alteration, "bills equal", &format!("bill {bill}"));
});

both!(fn a_payment_called_a_test_without_a_posting_is_named(app) {
    has_world(app);
    let payment = app.database.id("payment_id", "payments WHERE match_outcome = 'unknown'");
    let alteration = "UPDATE payments SET test_minor = 70000 WHERE match_outcome = 'unknown'";
    is_caught(app, alteration, "payments are placed", &format!("payment {payment}"));
});

both!(fn an_allocation_that_was_never_posted_is_named(app) {
    has_world(app);
    let payment = app.database.id("payment_id", "payments WHERE match_outcome = 'unknown'");
    let alteration = "INSERT INTO allocations SELECT p.tenant, p.payment_id, b.bill_id, b.dossier_id, p.provider, 10 \
        FROM payments p, bills b WHERE p.match_outcome = 'unknown' AND b.state = 'part_paid'";
    is_caught(app, alteration, "payments are placed", &format!("payment {payment}"));
});

both!(fn a_difference_in_another_state_than_its_steps_give_is_named(app) {
    has_world(app);
    let difference = app.database.id("difference_id", "differences WHERE kind = 'short'");
    let alteration = "UPDATE differences SET state = 'acknowledged' WHERE kind = 'short'";
    is_caught(app, alteration, "differences stand", &format!("difference {difference}"));
});

both!(fn a_step_that_was_taken_away_is_named_by_its_difference(app) {
    has_world(app);
    let difference = app.database.id("difference_id", "differences WHERE kind = 'short'");
    let alteration = "UPDATE differences SET revision = 2 WHERE kind = 'short'";
    is_caught(app, alteration, "differences stand", &format!("difference {difference}"));
});

both!(fn money_that_is_not_placed_and_that_nobody_looks_after_is_named(app) {
    has_world(app);
    let payment = app.database.id("payment_id", "payments WHERE match_outcome = 'unknown'");
    let alteration = "DELETE FROM differences WHERE kind = 'unknown_dossier'";
    is_caught(app, alteration, "differences stand", &format!("payment {payment}"));
});

both!(fn an_entry_of_an_officer_that_no_step_names_is_named(app) {
    has_world(app);
    let entry = app.database.id("entry_id", "postings WHERE credit = 'suspense'");
    let alteration = "UPDATE postings SET event = 'payment_placed' WHERE credit = 'suspense'";
    is_caught(app, alteration, "differences stand", &format!("entry {entry}"));
});

both!(fn a_closed_day_that_was_altered_is_named(app, crate::days::keyed()) {
    has_world(app);
    crate::days::closes(app);
    let frozen = "UPDATE day_balances SET debit_minor = debit_minor + 1 WHERE account = 'suspense'";
    is_caught(app, frozen, "closed days", "day 2026-01-05");
});

both!(fn a_closed_day_signed_by_another_key_is_named(app, crate::days::keyed()) {
    has_world(app);
    crate::days::closes(app);
    let other = "UPDATE day_artefacts SET public_key = sha256";
    is_caught(app, other, "closed days", "day 2026-01-05");
});

both!(fn a_day_that_says_it_is_open_again_without_a_step_is_named(app, crate::days::keyed()) {
    has_world(app);
    crate::days::closes(app);
    is_caught(app, "UPDATE days SET state = 'reopened'", "closed days", "day 2026-01-05");
});
