//! Batches against the bank credits that pay them, and against what their file states.

use super::*;

/// A line of a batch of the second provider, with its own net.
fn of_batch(batch: &'static str, net: i64) -> LineFacts<'static> {
    LineFacts {
        batch: Some(batch),
        net: Some(net),
        ..line("", "")
    }
}

fn payout(amount: i64, day: u32) -> BankFacts<'static> {
    BankFacts {
        amount,
        day: on(day),
        ..credit("VNPAY TT GD")
    }
}

#[test]
fn a_payout_is_the_batch_that_comes_to_it() {
    let one = [of_batch("1", 97)];
    let case = |banks: &[BankFacts<'static>]| Case::default().lines(&one).banks(banks);
    case(&[payout(97, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O0=97",
        "O0 payout_matched payout_mark: B0=97",
    ]);
    case(&[payout(97, 5)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O0=97",
        "O0 payout_matched payout_mark: B0=97",
    ]);
    case(&[payout(90, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_differs payout_mark by -7: O0=90",
        "O0 payout_differs payout_mark by -7: B0=90",
    ]);
    // Before its payments, or in another currency, it is another credit; the only one all the same.
    case(&[payout(97, 4)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_differs payout_mark: O0=97",
        "O0 payout_differs payout_mark: B0=97",
    ]);
    case(&[BankFacts {
        currency: usd(),
        ..payout(97, 6)
    }])
    .gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_differs payout_mark: O0=97",
        "O0 payout_differs payout_mark: B0=97",
    ]);
    case(&[payout(97, 6), payout(97, 7)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O0=97",
        "B1 payout_differs payout_mark",
        "O0 payout_matched payout_mark: B0=97",
    ]);
    case(&[payout(90, 6), payout(91, 7)]).gives(&[
        "L0 not_recorded no_counterpart",
        "B0 payout_differs payout_mark: O0 candidate",
        "B1 payout_differs payout_mark: O0 candidate",
        "O0 payout_missing no_counterpart: B0 candidate, B1 candidate",
    ]);
    case(&[]).gives(&[
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn a_credit_may_pay_batches_in_a_row() {
    let day = |batch, net, day| LineFacts {
        day: on(day),
        ..of_batch(batch, net)
    };
    let three = [day("1", 50, 3), day("2", 60, 4), day("3", 70, 5)];
    let case = |banks: &[BankFacts<'static>]| Case::default().lines(&three).banks(banks);
    case(&[payout(180, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O0=50, O1=60, O2=70",
        "O0 payout_matched payout_mark: B0=50",
        "O1 payout_matched payout_mark: B0=60",
        "O2 payout_matched payout_mark: B0=70",
    ]);
    case(&[payout(130, 6), payout(50, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O1=60, O2=70",
        "B1 payout_matched payout_mark: O0=50",
        "O0 payout_matched payout_mark: B1=50",
        "O1 payout_matched payout_mark: B0=60",
        "O2 payout_matched payout_mark: B0=70",
    ]);
    case(&[payout(110, 4), payout(70, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "B0 payout_matched payout_mark: O0=50, O1=60",
        "B1 payout_matched payout_mark: O2=70",
        "O0 payout_matched payout_mark: B0=50",
        "O1 payout_matched payout_mark: B0=60",
        "O2 payout_matched payout_mark: B1=70",
    ]);
    // Not in a row; and one of the row is later than the credit.
    case(&[payout(120, 6)]).gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "B0 payout_differs payout_mark: O0 candidate, O1 candidate, O2 candidate",
        "O0 payout_missing no_counterpart: B0 candidate",
        "O1 payout_missing no_counterpart: B0 candidate",
        "O2 payout_missing no_counterpart: B0 candidate",
    ]);
    case(&[payout(130, 4)]).gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "B0 payout_differs payout_mark: O0 candidate, O1 candidate, O2 candidate",
        "O0 payout_missing no_counterpart: B0 candidate",
        "O1 payout_missing no_counterpart: B0 candidate",
        "O2 payout_missing no_counterpart: B0 candidate",
    ]);
}

#[test]
fn a_payout_is_waited_for_as_the_channel_or_its_file_says() {
    let day = |batch, day| LineFacts {
        day: on(day),
        ..of_batch(batch, 50)
    };
    let mut case = Case::default().lines(&[day("1", 7), day("2", 8), day("3", 3), day("4", 3)]);
    let says = |batch, until| BatchFacts {
        file: FileNo(1),
        channel: A,
        batch: Some(batch),
        count: None,
        total: None,
        waits_until: Some(on(until)),
    };
    case.batches = vec![
        says("3", 10),
        BatchFacts {
            channel: B,
            ..says("4", 10)
        },
    ];
    case.gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "L3 not_recorded no_counterpart",
        "S0 matched stated_totals: O0=0",
        "S1 matched stated_totals",
        "O0 waiting no_counterpart until 11",
        "O1 payout_missing no_counterpart",
        "O2 payout_missing no_counterpart",
        "O3 waiting no_counterpart until 11",
    ]);
    case.batches = vec![
        BatchFacts {
            file: FileNo(2),
            ..says("3", 10)
        },
        says("4", 9),
    ];
    case.gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 not_recorded no_counterpart",
        "L3 not_recorded no_counterpart",
        "S0 matched stated_totals",
        "S1 matched stated_totals: O1=0",
        "O0 payout_missing no_counterpart",
        "O1 payout_missing no_counterpart",
        "O2 payout_missing no_counterpart",
        "O3 waiting no_counterpart until 11",
    ]);
}

#[test]
fn what_a_file_states_of_a_batch_is_held_against_its_lines() {
    let failed = LineFacts {
        kind: LineKind::Failed,
        ..of_batch("1", 0)
    };
    let foreign = LineFacts {
        currency: usd(),
        ..of_batch("1", 0)
    };
    let charge = LineFacts {
        kind: LineKind::Fee,
        gross: -7,
        net: None,
        ..of_batch("1", 0)
    };
    let mut case = Case::default().lines(&[
        of_batch("1", 97),
        of_batch("1", 97),
        failed,
        foreign,
        charge,
    ]);
    let says = |count, total| BatchFacts {
        file: FileNo(1),
        channel: A,
        batch: Some("1"),
        count,
        total,
        waits_until: None,
    };
    case.batches = vec![
        says(Some(3), Some(193)),
        says(Some(5), None),
        says(Some(4), None),
        says(Some(2), None),
        says(Some(6), Some(193)),
        says(None, Some(200)),
        says(Some(9), Some(190)),
        says(None, None),
        BatchFacts {
            batch: Some("2"),
            ..says(Some(3), Some(193))
        },
        BatchFacts {
            batch: Some("2"),
            ..says(None, Some(0))
        },
    ];
    case.gives(&[
        "L0 not_recorded no_counterpart",
        "L1 not_recorded no_counterpart",
        "L2 ignored_failed own_words",
        "L3 not_recorded no_counterpart",
        "L4 not_a_payment own_words",
        "S0 matched stated_totals: O0=0",
        "S1 matched stated_totals: O0=0",
        "S2 batch_count_differs stated_totals by -1: O0=0",
        "S3 batch_count_differs stated_totals by 1: O0=0",
        "S4 batch_count_differs stated_totals by -3: O0=0",
        "S5 batch_total_differs stated_totals by -7: O0=0",
        "S6 batch_total_differs stated_totals by 3: O0=0",
        "S7 matched stated_totals: O0=0",
        "S8 batch_total_differs stated_totals by -193",
        "S9 matched stated_totals",
        "O0 payout_missing no_counterpart",
    ]);
    let found = compare(&case.input());
    let one = &found.payouts[0];
    assert_eq!((one.count, one.failed), (3, 2));
    assert_eq!((one.gross, one.fees, one.net), (193, 6, 187));
}

#[test]
fn what_is_paid_out_is_what_the_line_says_or_its_gross_less_the_fee() {
    let of_b = |fee, net| LineFacts {
        channel: B,
        gross: 1_000,
        fee,
        net,
        ..line("", "")
    };
    let case = Case::default().lines(&[
        of_b(None, None),
        of_b(Some(20), None),
        of_b(Some(20), Some(970)),
        // No contract says what a refund costs.
        LineFacts {
            kind: LineKind::Refund,
            gross: -1_000,
            ..of_b(None, None)
        },
        LineFacts {
            day: on(7),
            channel: A,
            ..line("", "")
        },
    ]);
    let found = compare(&case.input());
    let sums: Vec<_> = found
        .payouts
        .iter()
        .map(|one| (one.channel, one.day, one.gross, one.fees, one.net))
        .collect();
    assert_eq!(
        sums,
        [(A, on(7), 100, 0, 100), (B, on(5), 2_000, 65, 1_935)]
    );
}

#[test]
fn batches_are_told_by_channel_day_file_and_name() {
    let of = |channel, day, file, batch| LineFacts {
        channel,
        day: on(day),
        file: FileNo(file),
        batch,
        ..line("", "")
    };
    let case = Case::default().lines(&[
        of(B, 1, 1, None),
        of(A, 3, 1, Some("y")),
        of(A, 3, 1, Some("x")),
        of(A, 2, 2, Some("x")),
        of(A, 3, 1, Some(" y ")),
        of(A, 4, 2, Some("x")),
        of(A, 4, 3, None),
        of(A, 4, 1, None),
    ]);
    let found = compare(&case.input());
    let told: Vec<_> = found
        .payouts
        .iter()
        .map(|one| {
            (
                one.channel,
                one.day,
                one.file.0,
                one.batch.as_str(),
                one.count,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (A, on(3), 1, "x", 1),
            (A, on(3), 1, "y", 2),
            (A, on(4), 1, "2026-09-04", 1),
            (A, on(4), 2, "x", 2),
            (A, on(4), 3, "2026-09-04", 1),
            (B, on(1), 1, "2026-09-01", 1),
        ]
    );
}

#[test]
fn the_credits_of_a_channel_without_its_file_are_shown() {
    Case::default()
        .lines(&[of_batch("1", 97)])
        .banks(&[payout(97, 6), credit("MOMO PAY 0609")])
        .gives(&[
            "L0 not_recorded no_counterpart",
            "B0 payout_matched payout_mark: O0=97",
            "B1 payout_differs payout_mark",
            "O0 payout_matched payout_mark: B0=97",
        ]);
}
