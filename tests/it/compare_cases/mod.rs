//! Cases of the comparison, each small enough to be judged by eye: what goes in, and in one line for
//! each item what became of it, by which rule, and with whom. The laws in `compare.rs` hold for any
//! input; here it is said what is right.

#![allow(clippy::too_many_lines, reason = "tables, one case per statement")]

mod bank;
mod debits;
mod payouts;
mod refunds;
mod settlement;
mod told;

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
const A: ChannelNo = ChannelNo(0);
/// Another one, with a contracted fee of 1.5 % and an account of its own.
const B: ChannelNo = ChannelNo(1);
/// Transfers to our account.
const D: ChannelNo = ChannelNo(2);

const TODAY: u32 = 10;

fn on(day: u32) -> Day {
    NaiveDate::from_ymd_opt(2026, 9, day).unwrap()
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

/// What is compared, and the same as an input.
#[derive(Default, Clone)]
struct Case<'a> {
    payments: Vec<PaymentFacts<'a>>,
    lines: Vec<LineFacts<'a>>,
    banks: Vec<BankFacts<'a>>,
    refunds: Vec<RefundFacts<'a>>,
    remittances: Vec<RemittanceFacts<'a>>,
    batches: Vec<BatchFacts<'a>>,
}

/// A payment of 100 through a provider, too old to be waited for.
fn paid<'a>(txn: &'a str, order: &'a str) -> PaymentFacts<'a> {
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
fn owed<'a>(references: &'a [&'a str]) -> PaymentFacts<'a> {
    PaymentFacts {
        channel: D,
        references,
        is_direct: true,
        ..paid("", "")
    }
}

/// A settlement line of 100.
fn line<'a>(txn: &'a str, order: &'a str) -> LineFacts<'a> {
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
fn credit(memo: &str) -> BankFacts<'_> {
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
fn debit(memo: &str) -> BankFacts<'_> {
    BankFacts {
        amount: -100,
        ..credit(memo)
    }
}

/// An approved refund of 100 that should have gone out by now.
fn refund(number: u128) -> RefundFacts<'static> {
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
    fn of(payments: &[PaymentFacts<'a>]) -> Self {
        Self {
            payments: payments.to_vec(),
            ..Self::default()
        }
    }

    /// With lines, each on a place of its own.
    fn lines(mut self, lines: &[LineFacts<'a>]) -> Self {
        self.lines.extend_from_slice(lines);
        self
    }

    fn banks(mut self, banks: &[BankFacts<'a>]) -> Self {
        self.banks.extend_from_slice(banks);
        self
    }

    fn refunds(mut self, refunds: &[RefundFacts<'a>]) -> Self {
        self.refunds.extend_from_slice(refunds);
        self
    }

    /// Ids and places are given in the order in which things stand here, unless they have one.
    fn input(&self) -> Input {
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
    fn gives(&self, expected: &[&str]) {
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
