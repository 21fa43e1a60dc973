//! Cases of the comparison, each small enough to be judged by eye: what goes in, and in one line for
//! each item what became of it, by which rule, and with whom. The laws in `compare.rs` hold for any
//! input; here it is said what is right.

use chrono::NaiveDate;
use uuid::Uuid;

use doisoat::domain::money::Currency;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::time::Day;
use doisoat::reconciliation::compare::{
    BankFacts, BatchFacts, ChannelNo, Comparison, Contract, FileNo, Input, Item, LineFacts,
    LineKind, Outcome, PaymentFacts, RefundFacts, RemittanceFacts, Role, Terms, compare,
};

/// A provider's channel.
pub(crate) const A: ChannelNo = ChannelNo(0);
/// Another one, with a contracted fee of 1.5 % and an account of its own.
pub(crate) const B: ChannelNo = ChannelNo(1);
/// Transfers to our account.
pub(crate) const D: ChannelNo = ChannelNo(2);

pub(crate) const TODAY: u32 = 10;

pub(crate) fn on(day: u32) -> Day {
    NaiveDate::from_ymd_opt(2026, 9, day).unwrap()
}

pub(crate) fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

/// What is compared, and the same as an input.
#[derive(Default, Clone)]
pub(crate) struct Case<'a> {
    pub(crate) payments: Vec<PaymentFacts<'a>>,
    pub(crate) lines: Vec<LineFacts<'a>>,
    pub(crate) banks: Vec<BankFacts<'a>>,
    pub(crate) refunds: Vec<RefundFacts<'a>>,
    pub(crate) remittances: Vec<RemittanceFacts<'a>>,
    pub(crate) batches: Vec<BatchFacts<'a>>,
}

/// A payment of 100 through a provider, too old to be waited for.
pub(crate) fn paid<'a>(txn: &'a str, order: &'a str) -> PaymentFacts<'a> {
    PaymentFacts {
        id: Uuid::from_u128(1),
        channel: A,
        txn_id: Some(txn),
        order_ref: Some(order),
        bank_txn_id: None,
        references: &[],
        amount: 100,
        currency: Currency::VND,
        status: PaymentStatus::Succeeded,
        day: on(5),
        waits_until: None,
        is_direct: false,
        is_expired: false,
    }
}

/// A payment of 100 that comes as a bank credit and is named by these references.
pub(crate) fn owed<'a>(references: &'a [&'a str]) -> PaymentFacts<'a> {
    PaymentFacts {
        channel: D,
        references,
        is_direct: true,
        ..paid("", "")
    }
}

/// A settlement line of 100.
pub(crate) fn line<'a>(txn: &'a str, order: &'a str) -> LineFacts<'a> {
    LineFacts {
        file: FileNo(1),
        place: 1,
        channel: A,
        txn_id: Some(txn),
        order_ref: Some(order),
        batch: None,
        gross: 100,
        fee: None,
        net: None,
        kind: LineKind::Payment,
        currency: Currency::VND,
        day: on(5),
    }
}

/// A credit of 100 on our account.
pub(crate) fn credit(memo: &str) -> BankFacts<'_> {
    BankFacts {
        file: FileNo(9),
        place: 1,
        account: Some("001234"),
        amount: 100,
        currency: Currency::VND,
        reference: None,
        memo: Some(memo),
        counterparty: None,
        day: on(6),
    }
}

/// A debit of 100.
pub(crate) fn debit(memo: &str) -> BankFacts<'_> {
    BankFacts {
        amount: -100,
        ..credit(memo)
    }
}

/// An approved refund of 100 that should have gone out by now.
pub(crate) fn refund(number: u128) -> RefundFacts<'static> {
    RefundFacts {
        id: Uuid::from_u128(500 + number),
        payment: None,
        channel: A,
        provider_refund_id: None,
        order_ref: None,
        bank_reference: None,
        amount: 100,
        waits_until: on(9),
    }
}

impl<'a> Case<'a> {
    pub(crate) fn of(payments: &[PaymentFacts<'a>]) -> Self {
        Self {
            payments: payments.to_vec(),
            ..Self::default()
        }
    }

    /// With lines, each on a place of its own.
    pub(crate) fn lines(mut self, lines: &[LineFacts<'a>]) -> Self {
        self.lines.extend_from_slice(lines);
        self
    }

    pub(crate) fn banks(mut self, banks: &[BankFacts<'a>]) -> Self {
        self.banks.extend_from_slice(banks);
        self
    }

    pub(crate) fn refunds(mut self, refunds: &[RefundFacts<'a>]) -> Self {
        self.refunds.extend_from_slice(refunds);
        self
    }

    /// Ids and places are given in the order in which things stand here, unless they have one.
    pub(crate) fn input(&self) -> Input {
        let mut input = Input::on(on(TODAY));
        for (name, account, marks) in [
            ("a", None, &["VNPAY TT"][..]),
            ("b", Some("777"), &["VNPAY TT MOMO", "MOMO PAY"]),
            ("d", Some("001-234"), &[]),
        ] {
            input.add_channel(Contract {
                channel: name.to_owned(),
                terms: (name == "b").then(|| Terms {
                    basis_points: 150.into(),
                    ..Terms::default()
                }),
                grace_days: 2,
                currency: Currency::VND,
                account: account.map(str::to_owned),
                payout_marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            });
        }
        for (number, facts) in (1..).zip(&self.payments) {
            let id = if facts.id == Uuid::from_u128(1) {
                Uuid::from_u128(number)
            } else {
                facts.id
            };
            input.add_payment(&PaymentFacts { id, ..*facts });
        }
        for (number, facts) in (1..).zip(&self.lines) {
            let place = if facts.place == 1 {
                number
            } else {
                facts.place
            };
            input.add_line(&LineFacts { place, ..*facts });
        }
        for (number, facts) in (1..).zip(&self.banks) {
            let place = if facts.place == 1 {
                number
            } else {
                facts.place
            };
            input.add_bank(&BankFacts { place, ..*facts });
        }
        self.refunds.iter().for_each(|one| input.add_refund(one));
        self.remittances
            .iter()
            .for_each(|one| input.add_remittance(one));
        self.batches.iter().for_each(|one| input.add_batch(one));
        input
    }

    /// One line for each item says what became of it.
    #[track_caller]
    pub(crate) fn gives(&self, expected: &[&str]) {
        let input = self.input();
        let found = compare(&input);
        let told: Vec<String> = found
            .all()
            .map(|(item, outcome)| told(&found, item, outcome))
            .collect();
        assert_eq!(told, expected, "{told:#?}");
    }
}

fn called(item: Item) -> String {
    match item {
        Item::Payment(number) => format!("P{number}"),
        Item::Line(number) => format!("L{number}"),
        Item::Bank(number) => format!("B{number}"),
        Item::Refund(number) => format!("R{number}"),
        Item::Payout(number) => format!("O{number}"),
        Item::Batch(number) => format!("S{number}"),
    }
}

/// `P0 amount_mismatch transaction_id by 30: L0=100 L1 taken_already`.
fn told(found: &Comparison, item: Item, outcome: &Outcome) -> String {
    let mut text = format!(
        "{} {} {}",
        called(item),
        outcome.kind.as_str(),
        outcome.rule.as_str()
    );
    if outcome.difference != 0 {
        text.push_str(&format!(" by {}", outcome.difference));
    }
    if let Some(day) = outcome.turns_on {
        text.push_str(&format!(" until {}", day.format("%d")));
    }
    for (place, link) in found.links(outcome).enumerate() {
        text.push_str(if place == 0 { ": " } else { ", " });
        text.push_str(&called(link.item));
        if link.role == Role::Matched {
            text.push_str(&format!("={}", link.allocated));
        } else {
            assert_eq!(link.allocated, 0);
            text.push_str(&format!(" {}", link.role.as_str()));
        }
    }
    text
}

// ---- Payments and settlement lines ----

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
        "O0 payout_missing no_counterpart",
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
        "O0 payout_missing no_counterpart",
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

// ---- Bank credits ----

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

// ---- Bank debits ----

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

// ---- Refunds ----

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

// ---- Payouts ----

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
            (A, on(4), 1, "", 1),
            (A, on(4), 2, "x", 2),
            (A, on(4), 3, "", 1),
            (B, on(1), 1, "", 1),
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
