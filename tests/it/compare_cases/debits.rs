//! Bank debits: charges, what was passed on, and what nobody recorded.

use super::*;

#[test]
fn a_debit_is_what_it_says_or_unknown() {
    let named = owed(&["HOSO123456"]);
    Case::of(&[named])
        .banks(&[
            BankFacts {
                amount: 0,
                ..credit("HOSO123456")
            },
            debit("Phí dịch vụ tháng 9"),
            debit("PHI SMS BANKING"),
            debit("hoan tien HOSO123456"),
            debit("rut tien"),
        ])
        .gives(&[
            "P0 missing_in_bank no_counterpart",
            "B0 not_a_payment own_words: P0 candidate",
            "B1 not_a_payment own_words",
            "B2 not_a_payment own_words",
            "B3 refund_not_recorded memo_reference: P0 candidate",
            "B4 unknown_debit no_counterpart",
        ]);
    let by_provider = PaymentFacts {
        is_direct: false,
        ..named
    };
    Case::of(&[named, by_provider])
        .banks(&[debit("HOSO123456 hoan tien HOSO123456")])
        .gives(&[
            "P0 missing_in_bank no_counterpart",
            "P1 missing_in_settlement no_counterpart",
            "B0 refund_not_recorded memo_reference: P0 candidate, P1 candidate",
        ]);
}

#[test]
fn a_debit_is_passed_on_only_as_an_officer_recorded_it() {
    let passed = RemittanceFacts {
        account: "001234",
        reference: "FT-2609/77",
        amount: 100,
        currency: Currency::VND,
    };
    let by = |reference| BankFacts {
        reference,
        ..debit("nop ngan sach")
    };
    let own = by(Some("FT 2609 77"));
    let mut case = Case::default().banks(&[
        own,
        debit("nop ngan sach FT260977 thang 9"),
        BankFacts {
            account: None,
            ..own
        },
        BankFacts {
            account: Some("999"),
            ..own
        },
        BankFacts { amount: -90, ..own },
        BankFacts {
            amount: -90,
            account: None,
            ..own
        },
        BankFacts {
            currency: usd(),
            ..own
        },
        by(Some("FT 2609 78")),
        by(None),
    ]);
    case.remittances = vec![passed];
    case.gives(&[
        "B0 passed_on bank_reference",
        "B1 passed_on bank_reference",
        "B2 passed_on bank_reference",
        "B3 unknown_debit bank_reference",
        "B4 unknown_debit bank_reference",
        "B5 unknown_debit bank_reference",
        "B6 unknown_debit bank_reference",
        "B7 unknown_debit no_counterpart",
        "B8 unknown_debit no_counterpart",
    ]);
    // The second of two with one reference may be it.
    case.remittances = vec![
        RemittanceFacts {
            amount: 90,
            ..passed
        },
        passed,
    ];
    case.banks.truncate(2);
    case.gives(&["B0 passed_on bank_reference", "B1 passed_on bank_reference"]);
}

#[test]
fn money_that_left_with_our_payment_s_bank_id_is_that_payment() {
    let out = PaymentFacts {
        bank_txn_id: Some("FT1"),
        status: PaymentStatus::Outgoing,
        references: &["HOSO123456"],
        ..owed(&[])
    };
    let by = |amount| BankFacts {
        reference: Some("FT1"),
        amount,
        ..debit("rut tien")
    };
    Case::of(&[out]).banks(&[by(-100)]).gives(&[
        "P0 matched bank_reference: B0=100",
        "B0 matched bank_reference: P0=100",
    ]);
    Case::of(&[out]).banks(&[by(-130)]).gives(&[
        "P0 amount_mismatch bank_reference by 30: B0=100",
        "B0 amount_mismatch bank_reference by 30: P0=100",
    ]);
    Case::of(&[out]).banks(&[by(-70), by(-100)]).gives(&[
        "P0 amount_mismatch bank_reference by -30: B0=70, B1 candidate",
        "B0 amount_mismatch bank_reference by -30: P0=70",
        "B1 refund_not_recorded bank_reference: P0 candidate",
    ]);
    let incoming = PaymentFacts {
        status: PaymentStatus::Succeeded,
        ..out
    };
    Case::of(&[incoming]).banks(&[by(-100)]).gives(&[
        "P0 needs_review ambiguous: B0 candidate",
        "B0 refund_not_recorded bank_reference: P0 candidate",
    ]);
    // What goes out is not named by a memo.
    Case::of(&[out])
        .banks(&[debit("HOSO123456"), credit("HOSO123456")])
        .gives(&[
            "P0 not_expected no_counterpart",
            "B0 unknown_debit no_counterpart",
            "B1 unknown_credit no_counterpart",
        ]);
}
