//! Bank credits against payments: named, in parts, shared, once more, or only alike.

use super::*;

#[test]
fn a_credit_that_names_one_payment_pays_it() {
    let named = &["HOSO123456"];
    let pays = |payment: PaymentFacts<'static>, credits: &[BankFacts<'static>]| {
        Case::of(&[payment]).banks(credits)
    };
    pays(owed(named), &[credit("ck HOSO123456")]).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
    pays(
        owed(named),
        &[BankFacts {
            amount: 80,
            ..credit("HOSO123456")
        }],
    )
    .gives(&[
        "P0 amount_mismatch memo_reference by -20: B0=80",
        "B0 amount_mismatch memo_reference by -20: P0=80",
    ]);
    pays(
        owed(named),
        &[BankFacts {
            amount: 120,
            ..credit("HOSO123456")
        }],
    )
    .gives(&[
        "P0 amount_mismatch memo_reference by 20: B0=100",
        "B0 amount_mismatch memo_reference by 20: P0=100",
    ]);
    let by_reference = BankFacts {
        reference: Some("FT1"),
        ..credit("nothing")
    };
    pays(
        PaymentFacts {
            bank_txn_id: Some("FT1"),
            ..owed(&[])
        },
        &[by_reference],
    )
    .gives(&[
        "P0 matched bank_reference: B0=100",
        "B0 matched bank_reference: P0=100",
    ]);
    // In parts, and in parts that are too much.
    let part = |amount, place| BankFacts {
        amount,
        place,
        ..credit("HOSO123456")
    };
    pays(owed(named), &[part(60, 2), part(40, 3)]).gives(&[
        "P0 matched_split memo_reference: B0=60, B1=40",
        "B0 matched_split memo_reference: P0=60",
        "B1 matched_split memo_reference: P0=40",
    ]);
    pays(owed(named), &[part(60, 2), part(50, 3)]).gives(&[
        "P0 amount_mismatch memo_reference by 10: B0=60, B1=40",
        "B0 amount_mismatch memo_reference by 10: P0=60",
        "B1 amount_mismatch memo_reference by 10: P0=40",
    ]);
    // Each part by what it is named by.
    let by_id = PaymentFacts {
        bank_txn_id: Some("FT1"),
        ..owed(named)
    };
    let second = BankFacts {
        reference: Some("FT1"),
        ..part(40, 3)
    };
    pays(by_id, &[part(60, 2), second]).gives(&[
        "P0 matched_split memo_reference: B0=60, B1=40",
        "B0 matched_split memo_reference: P0=60",
        "B1 matched_split bank_reference: P0=40",
    ]);
    // One of them is exactly it: the others came once more.
    pays(owed(named), &[part(30, 2), part(100, 3), part(100, 4)]).gives(&[
        "P0 matched memo_reference: B1=100, B0 taken_already, B2 taken_already",
        "B0 duplicate_payment memo_reference: P0 taken_already",
        "B1 matched memo_reference: P0=100",
        "B2 duplicate_payment memo_reference: P0 taken_already",
    ]);
    let other = |status| PaymentFacts {
        status,
        ..owed(named)
    };
    pays(other(PaymentStatus::Pending), &[credit("HOSO123456")]).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
    pays(other(PaymentStatus::Failed), &[credit("HOSO123456")]).gives(&[
        "P0 recorded_failed_but_settled memo_reference: B0=100",
        "B0 recorded_failed_but_settled memo_reference: P0=100",
    ]);
    let expired = PaymentFacts {
        is_expired: true,
        ..owed(named)
    };
    pays(expired, &[credit("HOSO123456")]).gives(&[
        "P0 late_payment memo_reference: B0=100",
        "B0 late_payment memo_reference: P0=100",
    ]);
    pays(expired, &[part(60, 2), part(40, 3)]).gives(&[
        "P0 late_payment memo_reference: B0=60, B1=40",
        "B0 late_payment memo_reference: P0=60",
        "B1 late_payment memo_reference: P0=40",
    ]);
    pays(expired, &[part(60, 2)]).gives(&[
        "P0 amount_mismatch memo_reference by -40: B0=60",
        "B0 amount_mismatch memo_reference by -40: P0=60",
    ]);
}

#[test]
fn a_credit_in_another_currency_or_on_another_account_is_shown() {
    let named = &["HOSO123456"];
    let pays = |payment: PaymentFacts<'static>, credits: &[BankFacts<'static>]| {
        Case::of(&[payment]).banks(credits)
    };
    let foreign = BankFacts {
        currency: usd(),
        ..credit("HOSO123456")
    };
    pays(owed(named), &[foreign]).gives(&[
        "P0 wrong_currency memo_reference: B0 candidate",
        "B0 wrong_currency memo_reference: P0 candidate",
    ]);
    pays(owed(named), &[foreign, credit("HOSO123456")]).gives(&[
        "P0 matched memo_reference: B1=100, B0 candidate",
        "B0 wrong_currency memo_reference: P0 candidate",
        "B1 matched memo_reference: P0=100",
    ]);
    let on_account = |account| BankFacts {
        account,
        ..credit("HOSO123456")
    };
    pays(owed(named), &[on_account(Some("999"))]).gives(&[
        "P0 wrong_account memo_reference: B0=100",
        "B0 wrong_account memo_reference: P0=100",
    ]);
    pays(owed(named), &[on_account(Some("001.234"))]).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
    pays(owed(named), &[on_account(None)]).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
    let anywhere = PaymentFacts {
        channel: A,
        ..owed(named)
    };
    pays(anywhere, &[on_account(Some("999"))]).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
}

#[test]
fn a_credit_for_what_is_paid_already_or_comes_by_a_provider_is_not_matched() {
    let named = &["HOSO123456"];
    let by_provider = |status| PaymentFacts {
        is_direct: false,
        status,
        ..owed(named)
    };
    Case::of(&[by_provider(PaymentStatus::Succeeded)])
        .banks(&[credit("HOSO123456")])
        .gives(&[
            "P0 missing_in_settlement no_counterpart: B0 taken_already",
            "B0 duplicate_payment memo_reference: P0 taken_already",
        ]);
    Case::of(&[by_provider(PaymentStatus::Pending)])
        .banks(&[credit("HOSO123456")])
        .gives(&[
            "P0 not_expected no_counterpart: B0 candidate",
            "B0 not_recorded memo_reference: P0 candidate",
        ]);
    // A settlement line has it.
    let settled = PaymentFacts {
        channel: A,
        txn_id: Some("T1"),
        ..owed(named)
    };
    Case::of(&[settled])
        .lines(&[line("T1", "")])
        .banks(&[credit("HOSO123456")])
        .gives(&[
            "P0 matched_settlement transaction_id: L0=100, B0 taken_already",
            "L0 matched transaction_id: P0=100",
            "B0 duplicate_payment memo_reference: P0 taken_already",
            "O0 payout_missing no_counterpart",
        ]);
    let pending = PaymentFacts {
        is_direct: false,
        status: PaymentStatus::Pending,
        ..settled
    };
    Case::of(&[pending])
        .lines(&[line("T1", "")])
        .banks(&[credit("HOSO123456")])
        .gives(&[
            "P0 recorded_failed_but_settled transaction_id: L0=100, B0 taken_already",
            "L0 recorded_failed_but_settled transaction_id: P0=100",
            "B0 duplicate_payment memo_reference: P0 taken_already",
            "O0 payout_missing no_counterpart",
        ]);
}

#[test]
fn one_credit_pays_several_payments_only_when_it_is_their_sum() {
    let (one, two) = (&["HOSO111111"], &["HOSO222222"]);
    let memo = "HOSO111111 HOSO222222";
    let both = |first: PaymentFacts<'static>, second: PaymentFacts<'static>, amount| {
        Case::of(&[first, second]).banks(&[BankFacts {
            amount,
            ..credit(memo)
        }])
    };
    both(owed(one), owed(two), 200).gives(&[
        "P0 merged memo_reference: B0=100",
        "P1 merged memo_reference: B0=100",
        "B0 merged memo_reference: P0=100, P1=100",
    ]);
    both(owed(one), owed(two), 190).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    let expired = PaymentFacts {
        is_expired: true,
        ..owed(two)
    };
    both(owed(one), expired, 200).gives(&[
        "P0 merged memo_reference: B0=100",
        "P1 late_payment memo_reference: B0=100",
        "B0 merged memo_reference: P0=100, P1=100",
    ]);
    let pending = PaymentFacts {
        status: PaymentStatus::Pending,
        ..owed(two)
    };
    both(owed(one), pending, 200).gives(&[
        "P0 merged memo_reference: B0=100",
        "P1 merged memo_reference: B0=100",
        "B0 merged memo_reference: P0=100, P1=100",
    ]);
    let failed = PaymentFacts {
        status: PaymentStatus::Failed,
        ..owed(two)
    };
    both(owed(one), failed, 200).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    let by_provider = PaymentFacts {
        is_direct: false,
        ..owed(two)
    };
    both(owed(one), by_provider, 200).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 missing_in_settlement no_counterpart",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    let foreign = PaymentFacts {
        currency: usd(),
        ..owed(two)
    };
    both(owed(one), foreign, 200).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    let elsewhere = PaymentFacts {
        channel: B,
        ..owed(two)
    };
    both(owed(one), elsewhere, 200).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    // The first has its own credit.
    Case::of(&[owed(one), owed(two)])
        .banks(&[
            BankFacts {
                amount: 200,
                ..credit(memo)
            },
            credit("HOSO111111"),
        ])
        .gives(&[
            "P0 matched memo_reference: B1=100",
            "P1 needs_review ambiguous: B0 candidate",
            "B0 needs_review ambiguous: P1 candidate, P0 taken_already",
            "B1 matched memo_reference: P0=100",
        ]);
}

#[test]
fn a_reference_that_several_payments_share_is_narrowed_and_never_guessed() {
    let shared = &["HOSO123456"];
    let of = |amount, status| PaymentFacts {
        amount,
        status,
        ..owed(shared)
    };
    let (open, failed) = (PaymentStatus::Succeeded, PaymentStatus::Failed);
    let pays = |payments: &[PaymentFacts<'static>], amount| {
        Case::of(payments).banks(&[BankFacts {
            amount,
            ..credit("HOSO123456")
        }])
    };
    // One of them is open; one of the open ones has the amount; all together have it.
    pays(&[of(100, open), of(100, failed)], 70).gives(&[
        "P0 amount_mismatch memo_reference by -30: B0=70",
        "P1 not_expected no_counterpart",
        "B0 amount_mismatch memo_reference by -30: P0=70",
    ]);
    pays(&[of(100, open), of(70, open)], 70).gives(&[
        "P0 missing_in_bank no_counterpart",
        "P1 matched memo_reference: B0=70",
        "B0 matched memo_reference: P1=70",
    ]);
    pays(&[of(100, open), of(70, open)], 170).gives(&[
        "P0 merged memo_reference: B0=100",
        "P1 merged memo_reference: B0=70",
        "B0 merged memo_reference: P0=100, P1=70",
    ]);
    // Two have it, none has it, none is open.
    pays(&[of(100, open), of(100, open)], 100).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    pays(&[of(100, open), of(70, open)], 80).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "P1 needs_review ambiguous: B0 candidate",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    pays(&[of(100, failed), of(70, failed)], 70).gives(&[
        "P0 not_expected no_counterpart",
        "P1 not_expected no_counterpart",
        "B0 needs_review ambiguous: P0 candidate, P1 candidate",
    ]);
    // Three that come to it together.
    pays(&[of(0, open), of(50, open), of(50, open)], 100).gives(&[
        "P0 merged memo_reference: B0=0",
        "P1 merged memo_reference: B0=50",
        "P2 merged memo_reference: B0=50",
        "B0 merged memo_reference: P0=0, P1=50, P2=50",
    ]);
    let pending = of(100, PaymentStatus::Pending);
    let by_provider = PaymentFacts {
        is_direct: false,
        ..of(100, open)
    };
    pays(&[pending, by_provider], 70).gives(&[
        "P0 amount_mismatch memo_reference by -30: B0=70",
        "P1 missing_in_settlement no_counterpart",
        "B0 amount_mismatch memo_reference by -30: P0=70",
    ]);
    let settled = PaymentFacts {
        channel: A,
        txn_id: Some("T1"),
        ..of(100, open)
    };
    pays(&[settled, of(100, open)], 70)
        .lines(&[line("T1", "")])
        .gives(&[
            "P0 matched_settlement transaction_id: L0=100",
            "P1 amount_mismatch memo_reference by -30: B0=70",
            "L0 matched transaction_id: P0=100",
            "B0 amount_mismatch memo_reference by -30: P1=70",
            "O0 payout_missing no_counterpart",
        ]);
    // Another reference in the memo says for certain which of them it is.
    let own = PaymentFacts {
        references: &["HOSO123456", "DS23AB45"],
        ..owed(&[])
    };
    Case::of(&[own, of(70, open)])
        .banks(&[BankFacts {
            amount: 70,
            ..credit("HOSO123456 DS23AB45")
        }])
        .gives(&[
            "P0 amount_mismatch memo_reference by -30: B0=70",
            "P1 missing_in_bank no_counterpart",
            "B0 amount_mismatch memo_reference by -30: P0=70",
        ]);
    // A certain one beside a doubtful one.
    let certain = owed(&["DS23AB45"]);
    Case::of(&[certain, of(100, open), of(100, open)])
        .banks(&[credit("HOSO123456 DS23AB45")])
        .gives(&[
            "P0 needs_review ambiguous: B0 candidate",
            "P1 needs_review ambiguous: B0 candidate",
            "P2 needs_review ambiguous: B0 candidate",
            "B0 needs_review ambiguous: P0 candidate, P1 candidate, P2 candidate",
        ]);
    // Not even where all together come to it: the shared reference alone does not.
    Case::of(&[certain, of(100, open), of(100, open)])
        .banks(&[BankFacts {
            amount: 300,
            ..credit("HOSO123456 DS23AB45")
        }])
        .gives(&[
            "P0 needs_review ambiguous: B0 candidate",
            "P1 needs_review ambiguous: B0 candidate",
            "P2 needs_review ambiguous: B0 candidate",
            "B0 needs_review ambiguous: P0 candidate, P1 candidate, P2 candidate",
        ]);
}

#[test]
fn an_order_names_a_payment_in_a_memo_only_where_it_is_one_of_its_references() {
    let ordered = |references| PaymentFacts {
        order_ref: Some("ORDER-2609"),
        ..owed(references)
    };
    let memo = [credit("ck ORDER2609")];
    Case::of(&[ordered(&["ORDER-2609"])]).banks(&memo).gives(&[
        "P0 matched memo_reference: B0=100",
        "B0 matched memo_reference: P0=100",
    ]);
    Case::of(&[ordered(&[])]).banks(&memo).gives(&[
        "P0 needs_review amount_only: B0 same_amount_only",
        "B0 needs_review amount_only: P0 same_amount_only",
    ]);
}

#[test]
fn a_bank_s_id_that_two_payments_have_decides_nothing() {
    let twin = PaymentFacts {
        bank_txn_id: Some("FT1"),
        ..owed(&[])
    };
    let by_reference = BankFacts {
        reference: Some("FT1"),
        ..credit("nothing")
    };
    Case::of(&[twin, twin]).banks(&[by_reference]).gives(&[
        "P0 needs_review amount_only: B0 same_amount_only",
        "P1 needs_review amount_only: B0 same_amount_only",
        "B0 needs_review amount_only: P0 same_amount_only, P1 same_amount_only",
    ]);
}

#[test]
fn an_amount_alone_is_shown_to_a_person() {
    let pending = PaymentFacts {
        status: PaymentStatus::Pending,
        ..owed(&[])
    };
    Case::of(&[owed(&[]), pending])
        .banks(&[credit("nop phi")])
        .gives(&[
            "P0 needs_review amount_only: B0 same_amount_only",
            "P1 needs_review amount_only: B0 same_amount_only",
            "B0 needs_review amount_only: P0 same_amount_only, P1 same_amount_only",
        ]);
    Case::of(&[owed(&[])])
        .banks(&[
            BankFacts {
                amount: 99,
                ..credit("nop phi")
            },
            BankFacts {
                currency: usd(),
                ..credit("nop phi")
            },
        ])
        .gives(&[
            "P0 missing_in_bank no_counterpart",
            "B0 unknown_credit no_counterpart",
            "B1 unknown_credit no_counterpart",
        ]);
    let by_provider = PaymentFacts {
        is_direct: false,
        ..owed(&[])
    };
    Case::of(&[by_provider])
        .banks(&[credit("nop phi")])
        .gives(&[
            "P0 missing_in_settlement no_counterpart",
            "B0 unknown_credit no_counterpart",
        ]);
    // A payment of which nothing is expected is no candidate.
    let failed = PaymentFacts {
        status: PaymentStatus::Failed,
        ..owed(&[])
    };
    Case::of(&[failed]).banks(&[credit("nop phi")]).gives(&[
        "P0 not_expected no_counterpart",
        "B0 unknown_credit no_counterpart",
    ]);
}

#[test]
fn a_credit_s_own_words_are_read() {
    Case::default()
        .banks(&[
            credit("Lãi tiền gửi tháng 9"),
            credit("LAI NHAP GOC"),
            credit("Interest 09/2026"),
            credit("VNPAY TT GD 0609"),
            credit("vnpay tt momo 0609"),
            BankFacts {
                counterparty: Some("MOMO PAY JSC"),
                ..credit("tt 0609")
            },
            credit("nop phi"),
        ])
        .gives(&[
            "B0 not_a_payment own_words",
            "B1 not_a_payment own_words",
            "B2 not_a_payment own_words",
            "B3 payout_differs payout_mark",
            "B4 payout_differs payout_mark",
            "B5 payout_differs payout_mark",
            "B6 unknown_credit no_counterpart",
        ]);
}

#[test]
fn the_longest_mark_says_whose_payout_it_is() {
    let of_b = LineFacts {
        channel: B,
        net: Some(88),
        ..line("", "")
    };
    let whose = |memo, counterparty| {
        let mark = BankFacts {
            amount: 88,
            counterparty,
            ..credit(memo)
        };
        let found = compare(
            &Case::default()
                .lines(&[line("", ""), of_b])
                .banks(&[mark])
                .input(),
        );
        let paid = found.payouts.iter().map(|one| one.outcome.kind.as_str());
        paid.collect::<Vec<_>>()
    };
    let (differs, missing, matched) = ("payout_differs", "payout_missing", "payout_matched");
    assert_eq!(whose("VNPAY TT 0609", None), [differs, missing]);
    assert_eq!(whose("VNPAY TT MOMO", None), [missing, matched]);
    assert_eq!(whose("tt", Some("Momo Pay JSC")), [missing, matched]);
    assert_eq!(whose("tt", Some("Momo")), [missing, missing]);
}
