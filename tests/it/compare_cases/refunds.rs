//! Refunds against settlement lines and bank debits.

use super::*;

fn back<'a>(txn: &'a str, order: &'a str, amount: i64) -> LineFacts<'a> {
    LineFacts {
        kind: LineKind::Refund,
        gross: -amount,
        ..line(txn, order)
    }
}

#[test]
fn a_refund_line_is_the_refund_whose_id_it_has() {
    let own = RefundFacts {
        provider_refund_id: Some("RF1"),
        ..refund(1)
    };
    let case = |refunds: &[RefundFacts<'static>], lines: &[LineFacts<'static>]| {
        Case::default().refunds(refunds).lines(lines)
    };
    case(&[own], &[back("RF1", "", 100)]).gives(&[
        "L0 refund_matched refund_id: R0=100",
        "R0 refund_matched refund_id: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(&[own], &[back("RF1", "", 130)]).gives(&[
        "L0 amount_mismatch refund_id by 30: R0=100",
        "R0 amount_mismatch refund_id by 30: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(&[own], &[back("RF1", "", 70)]).gives(&[
        "L0 amount_mismatch refund_id by -30: R0=70",
        "R0 amount_mismatch refund_id by -30: L0=70",
        "O0 payout_missing no_counterpart",
    ]);
    case(&[own], &[back("RF2", "", 100)]).gives(&[
        "L0 refund_not_recorded no_counterpart",
        "R0 refund_missing no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    case(
        &[RefundFacts { channel: B, ..own }],
        &[back("RF1", "", 100)],
    )
    .gives(&[
        "L0 refund_not_recorded no_counterpart",
        "R0 refund_missing no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    // Of two with one id the one that is due first, and a line for it once.
    let first = RefundFacts {
        waits_until: on(8),
        ..RefundFacts {
            id: Uuid::from_u128(900),
            ..own
        }
    };
    case(&[own, first], &[back("RF1", "", 100)]).gives(&[
        "L0 refund_matched refund_id: R1=100",
        "R0 refund_missing no_counterpart",
        "R1 refund_matched refund_id: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(&[own], &[back("RF1", "", 100), back("RF1", "", 100)]).gives(&[
        "L0 refund_matched refund_id: R0=100",
        "L1 refund_not_recorded no_counterpart",
        "R0 refund_matched refund_id: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    // The id goes before the order.
    let by_order = RefundFacts {
        order_ref: Some("ORDER-1"),
        ..refund(2)
    };
    case(
        &[by_order, own],
        &[back("RF1", "ORDER-1", 100), back("RF9", "ORDER-1", 100)],
    )
    .gives(&[
        "L0 refund_matched refund_id: R1=100",
        "L1 refund_matched order_reference: R0=100",
        "R0 refund_matched order_reference: L1=100",
        "R1 refund_matched refund_id: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn a_refund_line_with_the_order_must_have_the_amount_too() {
    let payment = PaymentFacts {
        id: Uuid::from_u128(77),
        ..paid("T1", "ORDER-7")
    };
    let by_order = RefundFacts {
        order_ref: Some("ORDER-1"),
        ..refund(1)
    };
    let of_payment = RefundFacts {
        payment: Some(Uuid::from_u128(77)),
        ..refund(1)
    };
    let of_nobody = RefundFacts {
        payment: Some(Uuid::from_u128(78)),
        ..refund(1)
    };
    let case = |refund: RefundFacts<'static>, lines: &[LineFacts<'static>]| {
        Case::of(&[payment]).refunds(&[refund]).lines(lines)
    };
    case(by_order, &[back("X", "ORDER-1", 100)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_matched order_reference: R0=100",
        "R0 refund_matched order_reference: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(by_order, &[back("X", "ORDER-1", 90)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_not_recorded no_counterpart: R0 candidate",
        "R0 refund_missing no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
    case(
        by_order,
        &[back("X", "ORDER-1", 100), back("Y", "ORDER-1", 100)],
    )
    .gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_matched order_reference: R0=100",
        "L1 refund_not_recorded no_counterpart: R0 taken_already",
        "R0 refund_matched order_reference: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(of_payment, &[back("X", "ORDER-7", 100)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_matched order_reference: R0=100",
        "R0 refund_matched order_reference: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(of_payment, &[back("T1", "", 100)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_matched order_reference: R0=100",
        "R0 refund_matched order_reference: L0=100",
        "O0 payout_missing no_counterpart",
    ]);
    case(of_nobody, &[back("T1", "ORDER-7", 100)]).gives(&[
        "P0 missing_in_settlement no_counterpart",
        "L0 refund_not_recorded no_counterpart",
        "R0 refund_missing no_counterpart",
        "O0 payout_missing no_counterpart",
    ]);
}

#[test]
fn a_refund_by_bank_is_found_by_its_reference_or_what_the_memo_names() {
    let payment = PaymentFacts {
        id: Uuid::from_u128(77),
        ..owed(&["HOSO123456"])
    };
    let by_reference = RefundFacts {
        bank_reference: Some("FT 2609"),
        ..refund(1)
    };
    let by_id = RefundFacts {
        provider_refund_id: Some("RFND0001"),
        ..refund(1)
    };
    let by_order = RefundFacts {
        order_ref: Some("ORDER-2609"),
        ..refund(1)
    };
    let of_payment = RefundFacts {
        payment: Some(Uuid::from_u128(77)),
        ..refund(1)
    };
    let case = |refund: RefundFacts<'static>, banks: &[BankFacts<'static>]| {
        Case::default().refunds(&[refund]).banks(banks)
    };
    let with = |reference| BankFacts {
        reference: Some(reference),
        ..debit("chuyen tien")
    };
    case(by_reference, &[with("FT2609")]).gives(&[
        "B0 refund_matched bank_reference: R0=100",
        "R0 refund_matched bank_reference: B0=100",
    ]);
    case(
        by_reference,
        &[BankFacts {
            amount: -90,
            ..with("FT2609")
        }],
    )
    .gives(&[
        "B0 unknown_debit no_counterpart",
        "R0 refund_missing no_counterpart",
    ]);
    case(by_reference, &[with("FT2610")]).gives(&[
        "B0 unknown_debit no_counterpart",
        "R0 refund_missing no_counterpart",
    ]);
    case(by_reference, &[debit("hoan tien FT2609")]).gives(&[
        "B0 refund_matched memo_reference: R0=100",
        "R0 refund_matched memo_reference: B0=100",
    ]);
    case(by_id, &[debit("hoan tien RFND0001")]).gives(&[
        "B0 refund_matched memo_reference: R0=100",
        "R0 refund_matched memo_reference: B0=100",
    ]);
    case(
        by_order,
        &[debit("hoan tien ORDER2609"), debit("hoan tien ORDER2609")],
    )
    .gives(&[
        "B0 refund_matched memo_reference: R0=100",
        "B1 unknown_debit no_counterpart",
        "R0 refund_matched memo_reference: B0=100",
    ]);
    Case::of(&[payment])
        .refunds(&[of_payment])
        .banks(&[debit("hoan HOSO123456")])
        .gives(&[
            "P0 missing_in_bank no_counterpart",
            "B0 refund_matched memo_reference: R0=100",
            "R0 refund_matched memo_reference: B0=100",
        ]);
    // Two that the memo names: the one due first.
    let first = RefundFacts {
        waits_until: on(8),
        id: Uuid::from_u128(900),
        ..by_order
    };
    Case::default()
        .refunds(&[by_order, first])
        .banks(&[debit("ORDER2609")])
        .gives(&[
            "B0 refund_matched memo_reference: R1=100",
            "R0 refund_missing no_counterpart",
            "R1 refund_matched memo_reference: B0=100",
        ]);
    // A credit pays no refund out.
    case(by_order, &[credit("ORDER2609")]).gives(&[
        "B0 unknown_credit no_counterpart",
        "R0 refund_missing no_counterpart",
    ]);
}

#[test]
fn a_refund_that_went_nowhere_is_waited_for_and_then_missed() {
    let until = |day| RefundFacts {
        waits_until: on(day),
        ..refund(1)
    };
    Case::default()
        .refunds(&[until(9), until(10), until(12)])
        .gives(&[
            "R0 refund_missing no_counterpart",
            "R1 waiting no_counterpart until 11",
            "R2 waiting no_counterpart until 13",
        ]);
}
