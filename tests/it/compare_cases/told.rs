//! What is made of a comparison: the bridge, the reasons in words, what an item is known by, and the
//! facts given back.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use doisoat::reconciliation::compare::OutcomeKind;
use doisoat::reconciliation::compare::bridge::{Bridge, Span, bridge, bridge_of};
use doisoat::reconciliation::compare::known::{Known, known};
use doisoat::reconciliation::compare::reason::{Compared, name, reason, reason_naming};

fn span(kind: OutcomeKind, count: u64, amount: i64) -> Span {
    Span {
        kind,
        count,
        amount,
    }
}

fn back(txn: &'static str, amount: i64) -> LineFacts<'static> {
    LineFacts {
        kind: LineKind::Refund,
        gross: -amount,
        ..line(txn, "")
    }
}

#[test]
fn the_bridge_explains_both_totals_kind_by_kind() {
    use OutcomeKind as K;
    let of = |txn, amount| PaymentFacts {
        amount,
        ..paid(txn, "")
    };
    let with = |txn, gross| LineFacts {
        gross,
        ..line(txn, "")
    };
    let direct = |txn| PaymentFacts {
        is_direct: true,
        ..of(txn, 5_000)
    };
    let failed = PaymentFacts {
        status: PaymentStatus::Failed,
        ..of("T4", 40)
    };
    let pays_back = |txn, number, amount| RefundFacts {
        provider_refund_id: Some(txn),
        amount,
        ..refund(number)
    };
    let case = Case::of(&[
        of("T1", 100),
        of("T2", 200),
        of("T3", 300),
        failed,
        of("T5", 50),
        direct("T6"),
        direct("T7"),
        PaymentFacts {
            channel: B,
            ..of("T8", 8_000)
        },
    ])
    .lines(&[
        with("T1", 100),
        with("T2", 230),
        with("T4", 40),
        with("T6", 5_000),
        with("T9", 9),
        LineFacts {
            kind: LineKind::Failed,
            ..with("T5", 50)
        },
        back("R1", 20),
        back("R2", 33),
        back("R9", 7),
        LineFacts {
            channel: B,
            ..with("T8", 8_000)
        },
    ])
    .refunds(&[
        pays_back("R1", 1, 20),
        pays_back("R2", 2, 30),
        pays_back("R3", 3, 11),
        RefundFacts {
            channel: B,
            ..pays_back("R4", 4, 1)
        },
    ]);
    let input = case.input();
    let found = compare(&input);
    let whole = bridge(&input, &found, A);
    assert_eq!(
        whole,
        Bridge {
            channel: A,
            // 100 + 230 + 40 + 5,000 + 9, less 20 + 33 + 7.
            provider_total: 5_319,
            // 100 + 200 + 300 + 50 + 5,000, less 20 + 30 + 11.
            ledger_total: 5_589,
            spans: vec![
                // Thirty more by T2, three more went back by R2.
                span(K::AmountMismatch, 2, 27),
                // T3 and T5.
                span(K::MissingInSettlement, 2, -350),
                span(K::NotRecorded, 1, 9),
                span(K::RecordedFailedButSettled, 1, 40),
                span(K::RefundNotRecorded, 1, -7),
                span(K::RefundMissing, 1, 11),
            ],
            elsewhere: (0, 0),
            residual: 0,
        }
    );
    // Some lines lie on another day; then some payments and a refund.
    let without = |out: &[Item]| bridge_of(&input, &found, A, &|item| !out.contains(&item));
    let lines = [Item::Line(0), Item::Line(1), Item::Line(6), Item::Line(8)];
    assert_eq!(
        without(&lines),
        Bridge {
            provider_total: 5_319 - 100 - 230 + 20 + 7,
            spans: vec![
                span(K::AmountMismatch, 1, -3),
                span(K::MissingInSettlement, 2, -350),
                span(K::NotRecorded, 1, 9),
                span(K::RecordedFailedButSettled, 1, 40),
                span(K::RefundMissing, 1, 11),
            ],
            elsewhere: (3, -100 - 200 + 20),
            ..whole.clone()
        }
    );
    let ours = [
        Item::Payment(0),
        Item::Payment(1),
        Item::Payment(2),
        Item::Refund(0),
        Item::Refund(2),
    ];
    assert_eq!(
        without(&ours),
        Bridge {
            ledger_total: 5_589 - 100 - 200 - 300 + 20 + 11,
            spans: vec![
                span(K::AmountMismatch, 1, -3),
                span(K::MissingInSettlement, 1, -50),
                span(K::NotRecorded, 1, 9),
                span(K::RecordedFailedButSettled, 1, 40),
                span(K::RefundNotRecorded, 1, -7),
            ],
            elsewhere: (3, 100 + 230 - 20),
            ..whole
        }
    );
}

#[test]
fn only_what_was_matched_may_lie_elsewhere() {
    let case = Case::of(&[paid("T1", "")]).lines(&[line("T1", ""), line("T1", "")]);
    let input = case.input();
    let found = compare(&input);
    let told = bridge_of(&input, &found, A, &|item| item != Item::Line(1));
    assert_eq!((told.provider_total, told.ledger_total), (100, 100));
    assert_eq!((told.spans, told.elsewhere), (vec![], (0, 0)));
}

#[test]
fn a_direct_payment_counts_only_where_a_line_reports_it() {
    let direct = |txn| PaymentFacts {
        is_direct: true,
        references: &["HOSO123456"],
        ..paid(txn, "")
    };
    let other = LineFacts {
        gross: 90,
        ..line("T2", "")
    };
    let case = Case::of(&[direct("T1"), direct("T2")])
        .lines(&[other])
        .banks(&[credit("HOSO123456")]);
    let input = case.input();
    let found = compare(&input);
    let told = bridge(&input, &found, A);
    assert_eq!((told.provider_total, told.ledger_total), (90, 100));
    assert_eq!(told.spans, [span(OutcomeKind::AmountMismatch, 1, -10)]);
    assert_eq!(told.residual, 0);
}

/// One of everything, each with a counterpart.
fn one_of_everything() -> Case<'static> {
    let payment = PaymentFacts {
        channel: B,
        txn_id: Some("T1"),
        references: &["HOSO123456", "H12-104"],
        id: Uuid::from_u128(0xa1),
        bank_txn_id: Some("FT9"),
        ..paid("", "ORDER-1")
    };
    let of_b = LineFacts {
        channel: B,
        place: 12,
        fee: Some(2),
        net: Some(98),
        batch: Some("batch 1"),
        file: FileNo(3),
        ..line("T1", "ORDER-2")
    };
    let credited = BankFacts {
        place: 7,
        amount: 98,
        reference: Some("FT1"),
        counterparty: Some("MOMO PAY JSC"),
        account: Some("777"),
        ..credit("tt")
    };
    let asked = RefundFacts {
        payment: Some(Uuid::from_u128(0xa1)),
        provider_refund_id: Some("RF1"),
        order_ref: Some("ORDER-1"),
        bank_reference: Some("FT2"),
        channel: B,
        ..refund(1)
    };
    let mut case = Case::of(&[payment])
        .lines(&[of_b])
        .banks(&[credited])
        .refunds(&[asked]);
    case.batches = vec![BatchFacts {
        file: FileNo(3),
        channel: B,
        batch: Some("batch 1"),
        count: Some(1),
        total: Some(100),
        waits_until: None,
    }];
    case
}

const EVERY: [Item; 6] = [
    Item::Payment(0),
    Item::Line(0),
    Item::Bank(0),
    Item::Refund(0),
    Item::Payout(0),
    Item::Batch(0),
];

#[test]
fn every_item_has_a_name_and_is_known_by_what_it_was() {
    let input = one_of_everything().input();
    let found = compare(&input);
    let names = EVERY.map(|item| name(&input, &found, item));
    assert_eq!(
        names,
        [
            "payment 00000000-0000-0000-0000-0000000000a1",
            "line 12 of file 3",
            "bank line 7 of file 9",
            "refund 00000000-0000-0000-0000-0000000001f5",
            "batch \"batch 1\" of file 3",
            "totals of batch \"batch 1\" of file 3",
        ]
    );
    let own = Uuid::from_u128(0xa1);
    let vnd = Some(Currency::VND);
    let expected = [
        Known {
            id: Some(own),
            payment: Some(own),
            channel: Some(B),
            amount: 100,
            currency: vnd,
            ..Known::default()
        },
        Known {
            channel: Some(B),
            file: Some(FileNo(3)),
            place: 12,
            reference: "T1",
            amount: 100,
            currency: vnd,
            ..Known::default()
        },
        Known {
            file: Some(FileNo(9)),
            place: 7,
            reference: "FT1",
            amount: 98,
            currency: vnd,
            ..Known::default()
        },
        Known {
            id: Some(Uuid::from_u128(501)),
            payment: Some(own),
            channel: Some(B),
            amount: 100,
            ..Known::default()
        },
        Known {
            channel: Some(B),
            file: Some(FileNo(3)),
            batch: "batch 1",
            amount: 98,
            ..Known::default()
        },
        Known {
            channel: Some(B),
            file: Some(FileNo(3)),
            batch: "batch 1",
            amount: 100,
            ..Known::default()
        },
    ];
    for (item, expected) in EVERY.into_iter().zip(expected) {
        assert_eq!(known(&input, &found, item), Some(expected), "{item:?}");
    }
    for item in [
        Item::Payment(1),
        Item::Line(1),
        Item::Bank(1),
        Item::Refund(1),
        Item::Payout(1),
        Item::Batch(1),
    ] {
        assert_eq!(known(&input, &found, item), None);
        assert!(found.outcome(item).is_none() && reason(&input, &found, item).is_none());
        assert_eq!(name(&input, &found, item), "");
    }
    // A line without a transaction id is known by its order.
    let order = Case::default().lines(&[line("", "ORDER-7")]).input();
    let found = compare(&order);
    let line = known(&order, &found, Item::Line(0)).unwrap();
    assert_eq!(line.reference, "ORDER-7");
}

fn field(field: &'static str, own: &str, other: &str) -> Compared {
    Compared {
        field,
        own: own.to_owned(),
        other: other.to_owned(),
        agrees: own == other,
    }
}

#[test]
fn a_reason_shows_the_fields_of_both_sides() {
    let input = one_of_everything().input();
    let found = compare(&input);
    let of = |item| reason(&input, &found, item).unwrap();
    let payment = of(Item::Payment(0));
    assert_eq!(payment.matched, ["line 12 of file 3"]);
    let compared = [
        field("transaction", "T1", "T1"),
        field("order", "ORDER-1", "ORDER-2"),
        field("memo", "HOSO123456 H12-104", ""),
        field("amount", "100", "100"),
        field("currency", "VND", "VND"),
    ];
    assert_eq!(payment.compared, compared);
    assert_eq!(payment.rejected, []);
    let line = of(Item::Line(0));
    assert_eq!(line.compared[2], field("memo", "", "HOSO123456 H12-104"));
    assert_eq!(line.compared[1], field("order", "ORDER-2", "ORDER-1"));
    let payout = of(Item::Payout(0));
    assert_eq!(payout.matched, ["bank line 7 of file 9"]);
    assert_eq!(
        payout.compared,
        [field("memo", "", "tt"), field("amount", "98", "98")]
    );
    let batch = of(Item::Batch(0));
    assert_eq!(batch.compared, [field("amount", "100", "98")]);
    let refund = of(Item::Refund(0));
    assert_eq!((refund.matched.len(), refund.compared.len()), (0, 0));
    let named = reason_naming(&input, &found, Item::Payment(0), &|file| {
        format!("momo.csv ({})", file.0)
    });
    assert_eq!(named.unwrap().matched, ["line 12 of momo.csv (3)"]);
}

#[test]
fn a_reason_shows_accounts_and_what_was_turned_down() {
    let elsewhere = BankFacts {
        account: Some("999"),
        ..credit("ck HOSO123456")
    };
    let twice = BankFacts {
        place: 2,
        amount: 70,
        ..elsewhere
    };
    let own = PaymentFacts {
        id: Uuid::from_u128(0xa1),
        ..owed(&["HOSO123456"])
    };
    let by_id = RefundFacts {
        provider_refund_id: Some("RF1"),
        order_ref: Some("ORDER-1"),
        amount: 60,
        ..refund(1)
    };
    let case = Case::of(&[own])
        .banks(&[elsewhere, twice])
        .refunds(&[by_id])
        .lines(&[LineFacts {
            order_ref: Some("ORDER-9"),
            ..back("RF1", 60)
        }]);
    let input = case.input();
    let found = compare(&input);
    let payment = reason(&input, &found, Item::Payment(0)).unwrap();
    assert_eq!(payment.kind, OutcomeKind::WrongAccount);
    assert_eq!(
        payment.compared,
        [
            field("memo", "HOSO123456", "ck HOSO123456"),
            field("amount", "100", "100"),
            field("currency", "VND", "VND"),
            field("account", "001-234", "999"),
        ]
    );
    let rejected: Vec<_> = payment
        .rejected
        .iter()
        .map(|one| (one.item.as_str(), one.why))
        .collect();
    assert_eq!(rejected, [("bank line 2 of file 9", Role::TakenAlready)]);
    let refund = reason(&input, &found, Item::Refund(0)).unwrap();
    assert_eq!(
        refund.compared,
        [
            field("transaction", "RF1", "RF1"),
            field("order", "ORDER-1", "ORDER-9"),
            field("amount", "60", "-60")
        ]
    );
}

#[test]
fn facts_are_given_back_as_they_were_added() {
    let case = one_of_everything();
    let input = case.input();
    let told = |facts: &dyn std::fmt::Debug| format!("{facts:?}");
    let payment = PaymentFacts {
        references: &[],
        ..case.payments[0]
    };
    assert_eq!(told(&input.payment_facts(0).unwrap()), told(&payment));
    assert_eq!(told(&input.line_facts(0).unwrap()), told(&case.lines[0]));
    assert_eq!(told(&input.bank_facts(0).unwrap()), told(&case.banks[0]));
    assert_eq!(
        told(&input.refund_facts(0).unwrap()),
        told(&case.refunds[0])
    );
    let none = input.payment_facts(1).is_none() && input.line_facts(1).is_none();
    assert!(none && input.bank_facts(1).is_none() && input.refund_facts(1).is_none());
    // What was not given, or given as spaces, is not given back; what few have is.
    let bare = PaymentFacts {
        txn_id: None,
        order_ref: Some("  "),
        waits_until: Some(on(12)),
        ..paid("", "")
    };
    let named_by_order = PaymentFacts {
        references: &["ORDER-1"],
        ..paid("T1", "ORDER-1")
    };
    let without = LineFacts {
        txn_id: Some(" "),
        order_ref: None,
        ..line("", "")
    };
    let input = Case::of(&[bare, named_by_order]).lines(&[without]).input();
    let (one, other) = (
        input.payment_facts(0).unwrap(),
        input.payment_facts(1).unwrap(),
    );
    assert_eq!((one.txn_id, one.order_ref), (None, None));
    assert_eq!((one.bank_txn_id, one.waits_until), (None, Some(on(12))));
    assert_eq!((other.bank_txn_id, other.waits_until), (None, None));
    let line = input.line_facts(0).unwrap();
    assert_eq!(
        (line.txn_id, line.order_ref, line.batch),
        (None, None, None)
    );
    assert_eq!((line.fee, line.net), (None, None));
}

#[test]
fn ids_that_nobody_recorded_are_listed_by_channel() {
    let of_b = |txn| LineFacts {
        channel: B,
        ..line(txn, "")
    };
    let case = Case::of(&[paid("T1", "")]).lines(&[
        line("T1", ""),
        line("T2", ""),
        line("", ""),
        of_b("T1"),
        of_b("T3"),
        back("T4", 100),
    ]);
    let input = case.input();
    let found = compare(&input);
    let set = |ids: &[&str]| {
        ids.iter()
            .map(|id| (*id).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let expected = BTreeMap::from([(A, set(&["T2"])), (B, set(&["T1", "T3"]))]);
    assert_eq!(input.unknown_ids(&found), expected);
    let ids = [1, 2].map(Uuid::from_u128);
    assert_eq!(
        input.known_of(ids.into_iter()),
        BTreeSet::from([Uuid::from_u128(1)])
    );
    assert!(input.known_of(std::iter::empty()).is_empty());
}

#[test]
fn lines_are_taken_over_by_payments_that_were_read_beside_them() {
    let mut case = one_of_everything();
    case.lines.push(LineFacts {
        channel: B,
        batch: Some("batch 2"),
        ..back("RF1", 100)
    });
    let mut ours = case.clone();
    (ours.lines, ours.banks, ours.batches) = (vec![], vec![], vec![]);
    let mut theirs = case.clone();
    (theirs.payments, theirs.refunds) = (vec![], vec![]);
    let whole = compare(&case.input());
    let joined =
        |one: &Case<'_>, other: &Case<'_>, places| one.input().with_lines_of(other.input(), places);
    assert_eq!(compare(&joined(&ours, &theirs, 0)), whole);
    // The second half of a file behind the first.
    let rest = theirs.lines.split_off(1);
    ours.lines = std::mem::replace(&mut theirs.lines, rest);
    let input = joined(&ours, &theirs, 1);
    assert_eq!(compare(&input), whole);
    for (number, place) in [(0, 12), (1, 2)] {
        assert_eq!(input.line_facts(number).unwrap().place, place);
    }
}

#[test]
fn only_what_needs_a_person_is_a_difference() {
    use OutcomeKind as K;
    let agreed = [
        K::Matched,
        K::MatchedSettlement,
        K::MatchedSplit,
        K::Merged,
        K::Waiting,
        K::IgnoredFailed,
        K::NotExpected,
        K::RefundMatched,
        K::PayoutMatched,
        K::NotAPayment,
        K::PassedOn,
    ];
    for kind in K::ALL {
        assert_eq!(kind.is_difference(), !agreed.contains(kind), "{kind:?}");
    }
    let found = compare(&Case::of(&[paid("T1", "")]).lines(&[line("T1", "")]).input());
    let differences: Vec<Item> = found.differences().map(|(item, _)| item).collect();
    assert_eq!(differences, [Item::Payout(0)]);
}
