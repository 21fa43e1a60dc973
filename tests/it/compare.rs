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
use doisoat::reconciliation::compare::bridge::bridge;
use doisoat::reconciliation::compare::reason::reason;
use doisoat::reconciliation::compare::{
    BankFacts, BatchFacts, ChannelNo, Comparison, Contract, FileNo, Input, Item, LineFacts,
    LineKind, OutcomeKind, PaymentFacts, RefundFacts, Role, Rounding, Terms, compare,
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
