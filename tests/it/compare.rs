//! The comparison against a whole day of samples, and the laws that hold for any input: one outcome
//! each, nothing matched twice, never more allocated than an amount, sums that add up, and the same
//! result in whatever order and pieces the facts come.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use doisoat::domain::money::Currency;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::statement::Line;
use doisoat::domain::time::{Day, VIETNAM};
use doisoat::reconciliation::book::Sink;
use doisoat::reconciliation::compare::batches::carried;
use doisoat::reconciliation::compare::bridge::bridge;
use doisoat::reconciliation::compare::reason::reason;
use doisoat::reconciliation::compare::{
    BankFacts, BatchFacts, ChannelNo, Comparison, Contract, FileNo, Input, Item, LineFacts,
    LineKind, Outcome, OutcomeKind, PaymentFacts, RefundFacts, Role, Rounding, Terms, compare,
};
use doisoat::reconciliation::input::Input as Bytes;
use doisoat::reconciliation::problem::Problem;
use doisoat::reconciliation::reading::{Ask, read};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statements/scenario/one-day")
}

fn contract(channel: &str, marks: &[&str]) -> Contract {
    Contract {
        channel: channel.to_owned(),
        terms: None,
        grace_days: 0,
        currency: Currency::VND,
        account: None,
        payout_marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
    }
}

#[derive(Default)]
struct Kept {
    lines: Vec<Line>,
    failed: Vec<Line>,
}

impl Sink for Kept {
    fn take(&mut self, line: &Line) -> Result<(), Problem> {
        self.lines.push(line.clone());
        Ok(())
    }

    fn pass_over(&mut self, line: &Line) {
        self.failed.push(line.clone());
    }
}

fn file(name: &str) -> Kept {
    let mut kept = Kept::default();
    let reading = read(
        &Bytes::File(folder().join(name)),
        &Ask::default(),
        &mut kept,
    )
    .unwrap();
    assert!(!reading.is_held(), "{name}: {:?}", reading.findings.holds);
    kept
}

/// The day as it would be given to the comparison, and what each number is called there.
struct OneDay {
    input: Input,
    payments: Vec<String>,
    lines: Vec<String>,
    banks: Vec<String>,
}

fn one_day(terms: Option<Terms>) -> OneDay {
    let mut input = Input::on(NaiveDate::from_ymd_opt(2026, 9, 24).unwrap());
    let vnpay = input.add_channel(Contract {
        terms,
        ..contract("vnpay", &["VNPAY TT GD"])
    });
    let momo = input.add_channel(contract("momo", &["MOMO THANH TOAN"]));
    let bank = input.add_channel(Contract {
        account: Some("0011000000777".to_owned()),
        ..contract("vcb", &[])
    });
    let mut day = OneDay {
        input,
        payments: Vec::new(),
        lines: Vec::new(),
        banks: Vec::new(),
    };
    recorded(
        &mut day,
        &[("VNPAY", vnpay), ("MOMO", momo), ("BANK", bank)],
    );
    for (number, name, channel, letter) in [
        (0, "vnpay-settlement.xlsx", vnpay, "V"),
        (1, "momo-settlement.csv", momo, "M"),
    ] {
        settlement(&mut day, FileNo(number), &file(name), channel, letter);
    }
    day.input.add_batch(&BatchFacts {
        file: FileNo(0),
        channel: vnpay,
        batch: None,
        count: Some(18),
        total: None,
        waits_until: None,
    });
    for (place, line) in file("bank-vietcombank.xlsx").lines.iter().enumerate() {
        day.banks.push(format!("B{:04}", place + 1));
        day.input.add_bank(&BankFacts {
            file: FileNo(2),
            place: u32::try_from(line.place).unwrap(),
            account: Some("0011000000777"),
            amount: line.amount,
            currency: Currency::VND,
            reference: line.reference.as_deref(),
            memo: line.memo.as_deref(),
            counterparty: line.counterparty.as_deref(),
            day: line.date,
        });
    }
    day
}

fn recorded(day: &mut OneDay, channels: &[(&str, ChannelNo)]) {
    let text = fs::read_to_string(folder().join("recorded-payments.csv")).unwrap();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [id, order, at, amount, currency, method, txn, status] = cells[..] else {
            panic!("{row}")
        };
        let channel = channels.iter().find(|(name, _)| *name == method).unwrap().1;
        let at = DateTime::parse_from_rfc3339(at).unwrap();
        day.payments.push(id.to_owned());
        day.input.add_payment(&PaymentFacts {
            id: Uuid::from_u128(id[1..].parse().unwrap()),
            channel,
            txn_id: Some(txn),
            order_ref: Some(order),
            bank_txn_id: None,
            references: &[order],
            amount: amount.parse().unwrap(),
            currency: Currency::parse(currency).unwrap(),
            status: match status {
                "PAID" => PaymentStatus::Succeeded,
                "FAILED" => PaymentStatus::Failed,
                _ => PaymentStatus::Pending,
            },
            day: at.with_timezone(&VIETNAM).date_naive(),
            waits_until: None,
            is_direct: method == "BANK",
            is_expired: status == "EXPIRED",
        });
    }
}

fn settlement(day: &mut OneDay, number: FileNo, kept: &Kept, channel: ChannelNo, letter: &str) {
    let money = kept.lines.iter().map(|line| {
        let kind = if line.amount < 0 {
            LineKind::Refund
        } else {
            LineKind::Payment
        };
        (line, kind)
    });
    for (line, kind) in money.chain(kept.failed.iter().map(|line| (line, LineKind::Failed))) {
        day.lines
            .push(format!("{letter}{}", line.reference.clone().unwrap()));
        day.input.add_line(&LineFacts {
            file: number,
            place: u32::try_from(line.place).unwrap(),
            channel,
            txn_id: line.reference.as_deref(),
            order_ref: line.order.as_deref(),
            batch: None,
            gross: line.amount,
            fee: line.fee,
            net: None,
            kind,
            currency: Currency::VND,
            day: line.date,
        });
    }
}

/// What a payment was matched with, its candidates and its difference are those expected.
fn counterparts(day: &OneDay, found: &Comparison, name: &str, outcome: &Outcome, one: &Value) {
    let names = |matched: bool| {
        let of = |item| match item {
            Item::Bank(number) => day.banks[number as usize].clone(),
            Item::Line(number) => day.lines[number as usize].clone(),
            other => panic!("{other:?}"),
        };
        let links = found.links(outcome);
        let wanted = links.filter(|link| (link.role == Role::Matched) == matched);
        wanted.map(|link| of(link.item)).collect::<Vec<String>>()
    };
    if let Some(banks) = one["bank"].as_array() {
        assert_eq!(
            &names(true)
                .into_iter()
                .map(Value::String)
                .collect::<Vec<_>>(),
            banks,
            "{name}"
        );
    }
    if let Some(line) = one["settlement"].as_str() {
        assert_eq!(names(true), [line], "{name}");
    }
    if let Some(candidates) = one["candidates"].as_array() {
        assert_eq!(
            &names(false)
                .into_iter()
                .map(Value::String)
                .collect::<Vec<_>>(),
            candidates,
            "{name}"
        );
    }
    if let Some(difference) = one["difference"].as_i64() {
        assert_eq!(outcome.difference, difference, "{name}");
    }
}

#[test]
fn a_whole_day_is_compared_as_expected_line_by_line() {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(folder().join("expect.json")).unwrap()).unwrap();
    let day = one_day(None);
    let found = compare(&day.input);
    let word = |kind: OutcomeKind| kind.as_str();
    let mut wrong = Vec::new();
    let mut check = |name: &str, kind: OutcomeKind, expected: &Value, alternative: &Value| {
        let is_right = expected == word(kind) || alternative == word(kind);
        if !is_right {
            wrong.push(format!("{name}: {} instead of {expected}", word(kind)));
        }
    };
    assert_eq!(
        day.payments.len(),
        expected["payments"].as_object().unwrap().len()
    );
    assert_eq!(
        day.banks.len(),
        expected["bank_entries"].as_object().unwrap().len()
    );
    assert_eq!(
        day.lines.len(),
        expected["settlement_entries"].as_object().unwrap().len()
    );
    for (name, outcome) in day.payments.iter().zip(&found.payments) {
        let one = &expected["payments"][name];
        check(name, outcome.kind, &one["status"], &one["alternative"]);
        counterparts(&day, &found, name, outcome, one);
    }
    for (name, outcome) in day.banks.iter().zip(&found.banks) {
        check(
            name,
            outcome.kind,
            &expected["bank_entries"][name],
            &Value::Null,
        );
    }
    for (name, outcome) in day.lines.iter().zip(&found.lines) {
        check(
            name,
            outcome.kind,
            &expected["settlement_entries"][name],
            &Value::Null,
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(
        found.payouts[0].net,
        expected["payouts"]["vnpay"]["expected_net"]
    );
    assert_eq!(found.payouts[0].fees, expected["payouts"]["vnpay"]["fees"]);
    assert_eq!(
        found.payouts[1].net,
        expected["payouts"]["momo"]["expected_net"]
    );
    assert_eq!(found.batches[0].kind, OutcomeKind::Matched);
}

#[test]
fn the_day_s_sums_add_up_and_every_outcome_has_its_reason() {
    let day = one_day(None);
    let found = compare(&day.input);
    for channel in [0, 1, 2] {
        assert_eq!(bridge(&day.input, &found, ChannelNo(channel)).residual, 0);
    }
    for (item, outcome) in found.all() {
        let reason = reason(&day.input, &found, item).unwrap();
        assert_eq!(reason.kind, outcome.kind);
        assert!(
            reason.matched.is_empty() || !reason.compared.is_empty(),
            "{reason:?}"
        );
    }
}

#[test]
fn fees_are_checked_line_by_line_against_the_contract() {
    let terms = |basis_points: i64, rounding| {
        Some(Terms {
            basis_points: basis_points.into(),
            rounding,
            ..Terms::default()
        })
    };
    let differing = |terms| {
        let found = compare(&one_day(terms).input);
        let fees = found
            .lines
            .iter()
            .filter(|one| one.kind == OutcomeKind::FeeDiffers);
        fees.map(|one| one.difference).collect::<Vec<_>>()
    };
    // The file's fees are 1.65 % without the fraction.
    assert_eq!(differing(terms(165, Rounding::Down)), [] as [i64; 0]);
    assert_eq!(
        differing(terms(165, Rounding::HalfUp))
            .iter()
            .filter(|one| **one != -1)
            .count(),
        0
    );
    assert_eq!(differing(terms(150, Rounding::Down)).len(), 14);
}

// ---- Laws ----

/// A small world in which collisions are frequent: few orders, few amounts, few references.
#[derive(Debug, Clone)]
struct World {
    payments: Vec<(u8, u8, u8, i64, u8, bool, bool)>,
    lines: Vec<(u8, u8, u8, i64, u8, u8, u8)>,
    banks: Vec<(u8, u8, i64, u8)>,
    refunds: Vec<(u8, u8, i64)>,
}

fn worlds() -> impl Strategy<Value = World> {
    let amount = || prop::sample::select(vec![0_i64, 100, 200, 300, 400, 197, 394]);
    let payment = (
        0..2_u8,
        0..6_u8,
        0..5_u8,
        amount(),
        0..9_u8,
        any::<bool>(),
        any::<bool>(),
    );
    // The last number is the day, and whether a batch is named.
    let line = (
        0..2_u8,
        0..8_u8,
        0..5_u8,
        amount(),
        0..6_u8,
        0..3_u8,
        0..8_u8,
    );
    let bank = (0..9_u8, 0..7_u8, amount(), 0..5_u8);
    (
        prop::collection::vec(payment, 0..10),
        prop::collection::vec(line, 0..10),
        prop::collection::vec(bank, 0..8),
        prop::collection::vec((0..10_u8, 0..5_u8, amount()), 0..4),
    )
        .prop_map(|(payments, lines, banks, refunds)| World {
            payments,
            lines,
            banks,
            refunds,
        })
}

fn on(day: u8) -> Day {
    NaiveDate::from_ymd_opt(2026, 9, 10 + u32::from(day)).unwrap()
}

fn text(letter: &str, number: u8) -> Option<String> {
    (number > 0).then(|| format!("{letter}26092200{number}"))
}

/// Adds the facts in the given order.
fn input(world: &World, order: &Order) -> Input {
    let mut input = Input::on(on(5));
    for name in ["a", "b"] {
        input.add_channel(Contract {
            terms: Some(Terms {
                basis_points: 150.into(),
                ..Terms::default()
            }),
            grace_days: 2,
            account: (name == "a").then(|| "001".to_owned()),
            ..contract(name, &[&format!("PAYOUT {name}")])
        });
    }
    add_payments(&mut input, world, order);
    add_lines(&mut input, world, order);
    add_banks(&mut input, world, order);
    add_refunds(&mut input, world, order);
    input
}

fn add_payments(input: &mut Input, world: &World, order: &Order) {
    for &own in &order.payments {
        let (channel, txn, order_ref, amount, status, is_direct, is_expired) = world.payments[own];
        // As in the books, a transaction id stands once in a channel; so not every payment has one.
        let txn = (txn > 2).then(|| format!("T{own}"));
        let order_ref = text("DH", order_ref);
        let references: Vec<&str> = order_ref.as_deref().into_iter().collect();
        input.add_payment(&PaymentFacts {
            id: Uuid::from_u128(own as u128 + 1),
            channel: ChannelNo(u16::from(channel)),
            txn_id: txn.as_deref(),
            order_ref: order_ref.as_deref(),
            bank_txn_id: None,
            references: &references,
            amount,
            currency: Currency::VND,
            status: PaymentStatus::ALL[usize::from(status)],
            day: on(status % 4),
            waits_until: None,
            is_direct,
            is_expired,
        });
    }
}

fn add_lines(input: &mut Input, world: &World, order: &Order) {
    for &own in &order.lines {
        let (channel, txn, order_ref, gross, kind, file, day) = world.lines[own];
        let kind = [
            LineKind::Payment,
            LineKind::Payment,
            LineKind::Refund,
            LineKind::Fee,
            LineKind::Failed,
            LineKind::Unknown,
        ][usize::from(kind)];
        let sign = if matches!(kind, LineKind::Refund | LineKind::Fee) {
            -1
        } else {
            1
        };
        input.add_line(&LineFacts {
            file: FileNo(u32::from(file)),
            place: own as u32,
            channel: ChannelNo(u16::from(channel)),
            txn_id: Some(&format!("T{txn}")),
            order_ref: text("DH", order_ref).as_deref(),
            batch: (day == 7).then_some("LO-000007"),
            gross: gross * sign,
            fee: (txn % 2 == 0).then_some(3),
            net: None,
            kind,
            currency: if txn == 7 {
                Currency::parse("USD").unwrap()
            } else {
                Currency::VND
            },
            day: on(day % 4),
        });
    }
}

fn add_banks(input: &mut Input, world: &World, order: &Order) {
    for &own in &order.banks {
        let (one, other, amount, day) = world.banks[own];
        let names = [text("DH", one % 5), text("DH", other % 5)].map(Option::unwrap_or_default);
        let memo = match one {
            5 => "PAYOUT A".to_owned(),
            6 => "PAYOUT B".to_owned(),
            7 => format!("PAYOUT A NGAY {}", on(other % 4).format("%d%m%Y")),
            8 => "PAYOUT A LO-000007".to_owned(),
            _ => format!("ck {} {}", names[0], if other > 4 { &names[1] } else { "" }),
        };
        input.add_bank(&BankFacts {
            file: FileNo(9),
            place: own as u32,
            account: Some(if other == 3 { "002" } else { "001" }),
            amount: if day == 4 { -amount } else { amount },
            currency: Currency::VND,
            reference: None,
            memo: Some(&memo),
            counterparty: None,
            day: on(day),
        });
    }
}

fn add_refunds(input: &mut Input, world: &World, order: &Order) {
    for &own in &order.refunds {
        let (payment, order_ref, amount) = world.refunds[own];
        input.add_refund(&RefundFacts {
            id: Uuid::from_u128(own as u128 + 1_000),
            payment: Some(Uuid::from_u128(u128::from(payment))),
            channel: ChannelNo(u16::from(payment % 2)),
            provider_refund_id: (payment > 6).then_some("T6"),
            order_ref: text("DH", order_ref).as_deref(),
            bank_reference: None,
            amount,
            waits_until: on(payment % 7),
        });
    }
}

/// In which order facts are added.
#[derive(Debug, Clone)]
struct Order {
    payments: Vec<usize>,
    lines: Vec<usize>,
    banks: Vec<usize>,
    refunds: Vec<usize>,
}

fn as_they_come(world: &World) -> Order {
    Order {
        payments: (0..world.payments.len()).collect(),
        lines: (0..world.lines.len()).collect(),
        banks: (0..world.banks.len()).collect(),
        refunds: (0..world.refunds.len()).collect(),
    }
}

fn in_any_order() -> impl Strategy<Value = (World, Order)> {
    worlds().prop_flat_map(|world| {
        let order = as_they_come(&world);
        let shuffled = (
            Just(order.payments).prop_shuffle(),
            Just(order.lines).prop_shuffle(),
            Just(order.banks).prop_shuffle(),
            Just(order.refunds).prop_shuffle(),
        );
        shuffled.prop_map(move |(payments, lines, banks, refunds)| {
            let order = Order {
                payments,
                lines,
                banks,
                refunds,
            };
            (world.clone(), order)
        })
    })
}

/// The result by what things are called, whatever their numbers.
fn told(found: &Comparison, order: &Order) -> BTreeMap<String, String> {
    let called = |item: Item| match item {
        Item::Payment(number) => format!("P{}", order.payments[number as usize]),
        Item::Line(number) => format!("L{}", order.lines[number as usize]),
        Item::Bank(number) => format!("B{}", order.banks[number as usize]),
        Item::Refund(number) => format!("R{}", order.refunds[number as usize]),
        Item::Payout(number) => format!("O{number}"),
        Item::Batch(number) => format!("S{number}"),
    };
    let one = |(item, outcome): (Item, &Outcome)| {
        let links = found.links(outcome);
        let links: Vec<String> = links
            .map(|link| format!("{} {:?} {}", called(link.item), link.role, link.allocated))
            .collect();
        let facts = (
            outcome.kind,
            outcome.rule,
            outcome.difference,
            outcome.turns_on,
        );
        (called(item), format!("{facts:?} {links:?}"))
    };
    found.all().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_result_is_the_same_in_whatever_order_the_facts_come((world, order) in in_any_order()) {
        let straight = as_they_come(&world);
        let one = told(&compare(&input(&world, &straight)), &straight);
        let other = told(&compare(&input(&world, &order)), &order);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn everything_has_one_outcome_and_the_sums_add_up(world in worlds()) {
        let input = input(&world, &as_they_come(&world));
        let found = compare(&input);
        prop_assert_eq!(found.payments.len(), world.payments.len());
        prop_assert_eq!(found.lines.len(), world.lines.len());
        prop_assert_eq!(found.banks.len(), world.banks.len());
        prop_assert_eq!(found.refunds.len(), world.refunds.len());
        // Only a state that nobody knows is left unclassified.
        for (item, outcome) in found.all().filter(|(_, one)| one.kind == OutcomeKind::Unclassified) {
            let unknown = matches!(item, Item::Line(number) if world.lines[number as usize].4 == 5);
            prop_assert!(unknown, "{:?} {:?}", item, outcome);
        }
        for channel in [0, 1] {
            let bridge = bridge(&input, &found, ChannelNo(channel));
            prop_assert_eq!(bridge.residual, 0, "{:?}", bridge);
        }
    }

    #[test]
    fn nothing_is_matched_twice_or_beyond_its_amount(world in worlds()) {
        let found = compare(&input(&world, &as_they_come(&world)));
        let mut allocated: HashMap<Item, i64> = HashMap::new();
        let mut partners: HashMap<Item, Vec<Item>> = HashMap::new();
        for (item, outcome) in found.all() {
            for link in found.links(outcome).filter(|link| link.role == Role::Matched) {
                prop_assert!(link.allocated >= 0);
                *allocated.entry(item).or_default() += link.allocated;
                partners.entry(item).or_default().push(link.item);
                // A match is told on both sides.
                let back = found.outcome(link.item).unwrap();
                let tells = found.links(back).any(|other| other.item == item && other.role == Role::Matched);
                prop_assert!(tells, "{:?} and {:?}", item, link.item);
            }
        }
        for (item, sum) in allocated {
            let limit = match item {
                Item::Payment(number) => world.payments[number as usize].3,
                Item::Line(number) => world.lines[number as usize].3,
                Item::Bank(number) => world.banks[number as usize].2,
                Item::Refund(number) => world.refunds[number as usize].2,
                Item::Payout(_) | Item::Batch(_) => continue,
            };
            prop_assert!(sum <= limit, "{:?}: {} of {}", item, sum, limit);
        }
        for (item, with) in &partners {
            let kinds: Vec<_> = with.iter().map(std::mem::discriminant).collect();
            prop_assert!(kinds.iter().all(|kind| *kind == kinds[0]), "{:?} {:?}", item, with);
            let mut once = with.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), with.len());
            prop_assert!(with.len() == 1 || matches!(item, Item::Payment(_) | Item::Bank(_)), "{:?} {:?}", item, with);
        }
        for bank in found.banks.iter().filter(|one| one.kind == OutcomeKind::PayoutMatched) {
            prop_assert_eq!(bank.difference, 0);
        }
    }

    #[test]
    fn every_line_is_of_one_batch_and_a_batch_carries_no_more_than_the_payments_of_its_lines(world in worlds()) {
        let input = input(&world, &as_they_come(&world));
        let found = compare(&input);
        let carried = carried(&input, &found);
        let lines: u64 = carried.iter().map(|one| one.lines).sum();
        prop_assert_eq!(lines, world.lines.len() as u64);
        let counted: u64 = found.payouts.iter().map(|one| one.count + one.failed).sum();
        prop_assert_eq!(counted, lines);
        for (payout, own) in found.payouts.iter().zip(&carried) {
            prop_assert_eq!(own.gross, own.fee + own.net);
            prop_assert!(payout.is_of_day == (payout.batch == payout.day.to_string()));
            if own.open.is_empty() {
                prop_assert_eq!((own.gross, own.fee, own.net), (payout.gross, payout.fees, payout.net));
            }
        }
        for channel in [0, 1] {
            let own = found.payouts.iter().zip(&carried);
            let own = own.filter(|(payout, _)| payout.channel == ChannelNo(channel));
            let gross: i64 = own.map(|(_, one)| one.gross).sum();
            let took = |status: PaymentStatus| status.took_money() || status == PaymentStatus::Reversed;
            let taken = world.payments.iter().filter(|one| u16::from(one.0) == channel && took(PaymentStatus::ALL[usize::from(one.4)]));
            prop_assert!(gross <= taken.map(|one| one.3).sum::<i64>(), "{} {:?}", gross, carried);
        }
    }
}
