//! Payments against settlement lines: by transaction id, by order, waited for, missed.

use super::*;

#[test]
fn a_line_and_a_payment_with_one_transaction_id_are_one() {
    let pair = |payment: PaymentFacts<'static>, line: LineFacts<'static>| {
        Case::of(&[payment]).lines(&[line])
    };
    let (ours, theirs) = (paid("T1", "O1"), line("T1", "O2"));
    pair(ours, theirs).gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "L0 matched transaction_id: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    pair(
        ours,
        LineFacts {
            gross: 130,
            ..theirs
        },
    )
    .gives(&[
        "P0 amount_mismatch transaction_id by 30: L0=100",
        "L0 amount_mismatch transaction_id by 30: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    pair(
        ours,
        LineFacts {
            gross: 70,
            ..theirs
        },
    )
    .gives(&[
        "P0 amount_mismatch transaction_id by -30: L0=70",
        "L0 amount_mismatch transaction_id by -30: P0=70",
        "O0 payout_missing no_counterpart",
    ]);
    pair(
        ours,
        LineFacts {
            currency: usd(),
            ..theirs
        },
    )
    .gives(&[
        "P0 wrong_currency transaction_id: L0=0",
        "L0 wrong_currency transaction_id: P0=0",
        "O0 not_expected stated_totals",
    ]);
    pair(
        PaymentFacts {
            currency: usd(),
            ..ours
        },
        theirs,
    )
    .gives(&[
        "P0 wrong_currency transaction_id: L0=0",
        "L0 wrong_currency transaction_id: P0=0",
        "O0 payout_missing no_counterpart",
    ]);
    // Both agree, and it is not the channel's currency.
    pair(
        PaymentFacts {
            currency: usd(),
            ..ours
        },
        LineFacts {
            currency: usd(),
            ..theirs
        },
    )
    .gives(&[
        "P0 wrong_currency transaction_id: L0=0",
        "L0 wrong_currency transaction_id: P0=0",
        "O0 not_expected stated_totals",
    ]);
    let failed = PaymentFacts {
        status: PaymentStatus::Failed,
        ..ours
    };
    pair(failed, theirs).gives(&[
        "P0 recorded_failed_but_settled transaction_id: L0=100",
        "L0 recorded_failed_but_settled transaction_id: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    pair(
        failed,
        LineFacts {
            gross: 130,
            ..theirs
        },
    )
    .gives(&[
        "P0 recorded_failed_but_settled transaction_id by 30: L0=100",
        "L0 recorded_failed_but_settled transaction_id by 30: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    // Another channel's transaction id is another one.
    pair(
        ours,
        LineFacts {
            channel: B,
            ..theirs
        },
    )
    .gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    // Long ids are compared to their end.
    let long = "TRANSACTION-2026-0000000001";
    pair(paid(long, ""), line(long, "")).gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "L0 matched transaction_id: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    pair(paid(long, ""), line("TRANSACTION-2026-0000000002", "")).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    pair(paid(" T1 ", ""), line("T1", "")).gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "L0 matched transaction_id: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn only_states_in_which_money_was_taken_are_missed() {
    use PaymentStatus as S;
    let states = [
        S::Succeeded,
        S::Reversed,
        S::Refunded,
        S::PartiallyRefunded,
        S::Pending,
        S::Authorized,
        S::Failed,
        S::Review,
        S::Outgoing,
    ];
    let payments = states.map(|status| PaymentFacts {
        status,
        ..paid("", "")
    });
    Case::of(&payments).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "P1 missing_in_settlement no_counterpart",
        "P2 missing_in_settlement no_counterpart",
        "P3 missing_in_settlement no_counterpart",
        "P4 not_expected no_counterpart",
        "P5 not_expected no_counterpart",
        "P6 not_expected no_counterpart",
        "P7 not_expected no_counterpart",
        "P8 not_expected no_counterpart",
    ]);
}

#[test]
fn absence_is_waited_for_as_long_as_agreed() {
    let since = |day| PaymentFacts {
        day: on(day),
        ..paid("", "")
    };
    let until = |day| PaymentFacts {
        waits_until: Some(on(day)),
        ..paid("", "")
    };
    Case::of(&[since(7), since(8), since(9), until(9), until(10), until(12)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "P1 waiting no_counterpart until 11",
        "P2 waiting no_counterpart until 12",
        "P3 missing_in_settlement no_counterpart",
        "P4 waiting no_counterpart until 11",
        "P5 waiting no_counterpart until 13",
    ]);
    let direct = |one| PaymentFacts {
        is_direct: true,
        ..one
    };
    Case::of(&[
        direct(since(7)),
        direct(since(8)),
        direct(until(9)),
        direct(until(10)),
    ])
    .gives(&[
        "P0 missing_in_bank no_counterpart",
        "P1 waiting no_counterpart until 11",
        "P2 missing_in_bank no_counterpart",
        "P3 waiting no_counterpart until 11",
    ]);
}

#[test]
fn the_earliest_of_several_lines_is_taken_and_the_others_repeat_it() {
    let at = |day, file, place| LineFacts {
        day: on(day),
        file: FileNo(file),
        place,
        ..line("T1", "O1")
    };
    Case::of(&[paid("T1", "O1")])
        .lines(&[at(6, 1, 5), at(5, 2, 9), at(5, 2, 8), at(5, 3, 2)])
        .gives(&[
"P0 matched_settlement transaction_id: L2=100, L1 taken_already, L3 taken_already, L0 taken_already",
"L0 duplicate_payment transaction_id: P0 taken_already",
"L1 duplicate_payment transaction_id: P0 taken_already",
"L2 matched transaction_id: P0=100",
"L3 duplicate_payment transaction_id: P0 taken_already",
"O0 payout_missing no_counterpart",
"O1 payout_missing no_counterpart",
"O2 payout_missing no_counterpart",
]);
    // The one taken may come last.
    Case::of(&[paid("T1", "O1")])
        .lines(&[at(6, 1, 5), at(5, 2, 9)])
        .gives(&[
            "P0 matched_settlement transaction_id: L1=100, L0 taken_already",
            "L0 duplicate_payment transaction_id: P0 taken_already",
            "L1 matched transaction_id: P0=100",
            "O0 payout_missing no_counterpart",
            "O1 payout_missing no_counterpart",
        ]);
}

#[test]
fn of_two_payments_with_one_transaction_id_the_earlier_has_the_line() {
    let late = PaymentFacts {
        day: on(6),
        ..paid("T1", "O1")
    };
    let early = PaymentFacts {
        day: on(5),
        ..paid("T1", "O2")
    };
    Case::of(&[late, early]).lines(&[line("T1", "")]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "P1 matched_settlement transaction_id: L0=100",
        "L0 matched transaction_id: P1=100",
        "O0 payout_missing no_counterpart",
    ]);
    Case::of(&[early, late]).lines(&[line("T1", "")]).gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "P1 missing_in_settlement no_counterpart",
        "L0 matched transaction_id: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn lines_that_are_no_payment_settle_none() {
    let of = |kind, gross| LineFacts {
        kind,
        gross,
        ..line("T1", "O1")
    };
    Case::of(&[paid("T1", "O1")])
        .lines(&[
            of(LineKind::Failed, 100),
            of(LineKind::Unknown, 100),
            of(LineKind::Fee, -3),
            of(LineKind::Refund, -100),
        ])
        .gives(&[
            "P0 missing_in_settlement no_counterpart: L0 no_money, L1 no_money",
            "L0 ignored_failed own_words: P0 no_money",
            "L1 unclassified own_words: P0 no_money",
            "L2 not_a_payment own_words",
            "L3 refund_not_recorded no_counterpart",
            "O0 payout_missing no_counterpart",
        ]);
}

#[test]
fn a_fee_is_held_against_the_contract_of_its_channel() {
    let ours = |txn| PaymentFacts {
        channel: B,
        amount: 1_000,
        ..paid(txn, "")
    };
    let theirs = |txn, fee| LineFacts {
        channel: B,
        gross: 1_000,
        fee,
        ..line(txn, "")
    };
    Case::of(&["T1", "T2", "T3", "T4"].map(ours))
        .lines(&[
            theirs("T1", Some(15)),
            theirs("T2", Some(17)),
            theirs("T3", Some(10)),
            theirs("T4", None),
        ])
        .gives(&[
            "P0 matched_settlement transaction_id: L0=1000",
            "P1 matched_settlement transaction_id: L1=1000",
            "P2 matched_settlement transaction_id: L2=1000",
            "P3 matched_settlement transaction_id: L3=1000",
            "L0 matched transaction_id: P0=1000",
            "L1 fee_differs transaction_id by 2: P1=1000",
            "L2 fee_differs transaction_id by -5: P2=1000",
            "L3 matched transaction_id: P3=1000",
            "O0 payout_missing no_counterpart",
        ]);
    // Nothing is agreed with the other channel: what it names is believed.
    Case::of(&[paid("T1", "")])
        .lines(&[LineFacts {
            fee: Some(40),
            ..line("T1", "")
        }])
        .gives(&[
            "P0 matched_settlement transaction_id: L0=100",
            "L0 matched transaction_id: P0=100",
            "O0 payout_missing no_counterpart",
        ]);
}

#[test]
fn an_order_reference_decides_only_where_one_open_payment_has_it() {
    let orders = |payments: &[PaymentFacts<'static>], lines: &[LineFacts<'static>]| {
        Case::of(payments).lines(lines)
    };
    orders(&[paid("", "ORDER-1")], &[line("", "ORDER-1")]).gives(&[
        "P0 matched_settlement order_reference: L0=100",
        "L0 matched order_reference: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    orders(&[paid("", "ORDER-1")], &[line("T1", "ORDER-1")]).gives(&[
        "P0 matched_settlement order_reference: L0=100",
        "L0 matched order_reference: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    orders(&[paid("T1", "ORDER-1")], &[line("", "ORDER-1")]).gives(&[
        "P0 matched_settlement order_reference: L0=100",
        "L0 matched order_reference: P0=100",
        "O0 payout_missing no_counterpart",
    ]);
    orders(&[paid("T1", "ORDER-1")], &[line("T2", "ORDER-1")]).gives(&[
        "P0 needs_review ambiguous: L0 other_transaction",
        "L0 needs_review ambiguous: P0 other_transaction",
        "O0 payout_missing no_counterpart",
    ]);
    orders(
        &[paid("", "ORDER-1")],
        &[LineFacts {
            gross: 90,
            ..line("", "ORDER-1")
        }],
    )
    .gives(&[
        "P0 amount_mismatch order_reference by -10: L0=90",
        "L0 amount_mismatch order_reference by -10: P0=90",
        "O0 payout_missing no_counterpart",
    ]);
    orders(
        &[paid("", "ORDER-1")],
        &[LineFacts {
            channel: B,
            ..line("", "ORDER-1")
        }],
    )
    .gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    orders(&[paid("", "ORDER-1")], &[line("", "ORDER-2")]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    orders(&[paid("", "")], &[line("", "")]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 not_recorded no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    orders(
        &[paid("", "ORDER-1"), paid("T9", "ORDER-1")],
        &[line("T1", "ORDER-1")],
    )
    .gives(&[
        "P0 needs_review ambiguous: L0 candidate",
        "P1 needs_review ambiguous: L0 other_transaction",
        "L0 needs_review ambiguous: P0 candidate, P1 other_transaction",
        "O0 payout_missing no_counterpart",
    ]);
    orders(
        &[paid("", "ORDER-1")],
        &[line("T1", "ORDER-1"), line("T2", "ORDER-1")],
    )
    .gives(&[
        "P0 needs_review ambiguous: L0 candidate, L1 candidate",
        "L0 needs_review ambiguous: P0 candidate",
        "L1 needs_review ambiguous: P0 candidate",
        "O0 payout_missing no_counterpart",
    ]);
    // Another line has the payment already.
    orders(
        &[paid("T1", "ORDER-1")],
        &[line("T1", "ORDER-1"), line("", "ORDER-1")],
    )
    .gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "L0 matched transaction_id: P0=100",
        "L1 not_recorded no_counterpart: P0 taken_already",
        "O0 payout_missing no_counterpart",
    ]);
    orders(
        &[paid("T1", "ORDER-1"), paid("", "ORDER-1")],
        &[line("T1", "ORDER-1"), line("", "ORDER-1")],
    )
    .gives(&[
        "P0 matched_settlement transaction_id: L0=100",
        "P1 matched_settlement order_reference: L1=100",
        "L0 matched transaction_id: P0=100",
        "L1 matched order_reference: P1=100, P0 taken_already",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn orders_are_found_among_many_payments_as_among_few() {
    // So many are looked through in two halves.
    let many: Vec<String> = (0..100_010).map(|one| format!("ORDER-{one}")).collect();
    let payments: Vec<PaymentFacts<'_>> = many.iter().map(|order| paid("", order)).collect();
    let wanted = [3, 49_999, 50_005, 100_009];
    let lines = wanted.map(|place| line("", &many[place]));
    let found = compare(&Case::of(&payments).lines(&lines).input());
    let matched = (0..).zip(&found.payments).filter_map(|(number, outcome)| {
        let link = found.links(outcome).next()?;
        Some((number, link.item))
    });
    let expected = (0..).map(Item::Line);
    let expected: Vec<(usize, Item)> = wanted.into_iter().zip(expected).collect();
    assert_eq!(matched.collect::<Vec<_>>(), expected);
}
