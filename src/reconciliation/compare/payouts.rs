//! Batches of settlement lines against the bank credits that pay them, net of fees: one for one, one
//! credit for several batches in a row, or the batches that come to something else. What a file states
//! of its batches is checked against its lines.

use std::collections::BTreeMap;

use super::bank::Marked;
use super::facts::{ChannelNo, FileNo, LineKind};
use super::fees::net;
use super::input::{Batch, Input, Line};
use super::join::{at, number};
use super::outcome::{Item, Outcome, OutcomeKind, Payout, Role, Rule};
use super::settlement::Agreed;
use super::work::{Work, identity, later, matched, verdict};
use crate::domain::time::Day;

type BatchKey = (ChannelNo, FileNo, String);

/// Gives each payout its credits, and checks stated batches.
pub(super) fn place(work: &mut Work<'_>, mut marked: Marked) {
    let mut by_channel: BTreeMap<ChannelNo, Vec<u32>> = BTreeMap::new();
    for (own, payout) in (0..).zip(&work.out.payouts) {
        by_channel.entry(payout.channel).or_default().push(own);
    }
    for (channel, payouts) in by_channel {
        let credits = marked.remove(&channel).unwrap_or_default();
        pay(work, payouts, credits);
    }
    // Payouts of channels whose file is not here.
    for bank in marked.into_values().flatten() {
        work.set(
            Item::Bank(bank),
            verdict(OutcomeKind::PayoutDiffers, Rule::PayoutMark),
        );
    }
    for (own, batch) in (0..).zip(&work.input.batches) {
        stated(work, own, batch);
    }
}

/// The payouts that the lines come to.
pub(super) fn batches(input: &Input, agreed: &Agreed) -> Vec<Payout> {
    let mut found: BTreeMap<BatchKey, Payout> = BTreeMap::new();
    let is_one = |one: &Line, other: &Line| {
        (one.channel, one.file) == (other.channel, other.file)
            && (one.batch == other.batch || input.batch(one) == input.batch(other))
    };
    for run in input.lines.chunk_by(is_one) {
        let Some(first) = run.first() else { continue };
        let batch = input.batch(first).to_owned();
        let key = (first.channel, first.file, batch.clone());
        let payout = found.entry(key).or_insert_with(|| Payout {
            channel: first.channel,
            file: first.file,
            batch,
            day: first.day,
            count: 0,
            failed: 0,
            gross: 0,
            fees: 0,
            net: 0,
            outcome: verdict(OutcomeKind::PayoutMissing, Rule::NoCounterpart),
        });
        for line in run {
            add(payout, line, agreed);
        }
    }
    let mut payouts: Vec<Payout> = found.into_values().collect();
    payouts.sort_by(|one, other| {
        let key = |payout: &Payout| (payout.channel, payout.day, payout.file);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.batch.cmp(&other.batch))
    });
    payouts
}

fn add(payout: &mut Payout, line: &Line, agreed: &Agreed) {
    let is_money = match line.kind {
        LineKind::Payment | LineKind::Refund | LineKind::Fee => agreed.is_own_currency(line),
        LineKind::Failed | LineKind::Unknown => false,
    };
    payout.day = payout.day.max(line.day);
    if !is_money {
        payout.failed += 1;
        return;
    }
    let (net, fee) = net(line, agreed.tariff(line));
    payout.count += 1;
    payout.gross = payout.gross.saturating_add(line.gross);
    payout.fees = payout.fees.saturating_add(fee);
    payout.net = payout.net.saturating_add(net);
}

fn amounts(work: &Work<'_>, payout: u32, bank: u32) -> (i64, i64) {
    let net = work.out.payouts.get(at(payout)).map_or(0, |one| one.net);
    let credit = work.input.banks.get(at(bank)).map_or(0, |one| one.amount);
    (net, credit)
}

/// Gives the credits of one channel to its batches.
fn pay(work: &mut Work<'_>, mut payouts: Vec<u32>, mut credits: Vec<u32>) {
    let input = work.input;
    credits.sort_by_key(|bank| identity(input, Item::Bank(*bank)));
    payouts.retain(|payout| {
        let equal = |bank: &u32| {
            let (net, credit) = amounts(work, *payout, *bank);
            net == credit && may_pay(work, *payout, *bank)
        };
        let Some(place) = credits.iter().position(equal) else {
            return true;
        };
        let bank = credits.remove(place);
        link(work, &[*payout], bank, OutcomeKind::PayoutMatched);
        false
    });
    credits.retain(|bank| {
        let Some((start, end)) = run(work, &payouts, *bank) else {
            return true;
        };
        let paid: Vec<u32> = payouts.drain(start..end).collect();
        link(work, &paid, *bank, OutcomeKind::PayoutMatched);
        false
    });
    if let ([payout], [bank]) = (payouts.as_slice(), credits.as_slice()) {
        link(work, &[*payout], *bank, OutcomeKind::PayoutDiffers);
        return;
    }
    for payout in &payouts {
        let outcome = work.absent(waits_until(work, *payout), OutcomeKind::PayoutMissing);
        work.set(Item::Payout(*payout), outcome);
    }
    for bank in credits {
        work.set(
            Item::Bank(bank),
            verdict(OutcomeKind::PayoutDiffers, Rule::PayoutMark),
        );
        for payout in &payouts {
            work.note(Item::Bank(bank), Item::Payout(*payout), Role::Candidate, 0);
            work.note(Item::Payout(*payout), Item::Bank(bank), Role::Candidate, 0);
        }
    }
}

/// Money is paid out on the day of its payments or later, in the channel's currency.
fn may_pay(work: &Work<'_>, payout: u32, bank: u32) -> bool {
    let batch = work.out.payouts.get(at(payout));
    let credit = work.input.banks.get(at(bank));
    batch.zip(credit).is_some_and(|(batch, credit)| {
        let contract = work.input.contract(batch.channel);
        credit.day >= batch.day && contract.is_some_and(|one| one.currency == credit.currency)
    })
}

/// A run of batches, by day, that together come to a credit.
fn run(work: &Work<'_>, payouts: &[u32], bank: u32) -> Option<(usize, usize)> {
    for start in 0..payouts.len() {
        let mut sum = 0_i64;
        for (place, payout) in payouts.iter().enumerate().skip(start) {
            let (net, credit) = amounts(work, *payout, bank);
            if !may_pay(work, *payout, bank) {
                break;
            }
            sum = sum.saturating_add(net);
            if sum == credit {
                return Some((start, place + 1));
            }
        }
    }
    None
}

fn link(work: &mut Work<'_>, payouts: &[u32], bank: u32, kind: OutcomeKind) {
    let (mut sum, mut credit) = (0_i64, 0);
    for payout in payouts {
        let (net, found) = amounts(work, *payout, bank);
        sum = sum.saturating_add(net);
        credit = found;
    }
    let difference = credit.saturating_sub(sum);
    let outcome = Outcome {
        difference,
        ..verdict(kind, Rule::PayoutMark)
    };
    work.set(Item::Bank(bank), outcome);
    for payout in payouts {
        let (net, credit) = amounts(work, *payout, bank);
        let part = net.min(credit).max(0);
        let first = matched(Item::Bank(bank), part);
        work.set(Item::Payout(*payout), Outcome { first, ..outcome });
        work.note(Item::Bank(bank), Item::Payout(*payout), Role::Matched, part);
    }
}

fn waits_until(work: &Work<'_>, payout: u32) -> Day {
    let Some(one) = work.out.payouts.get(at(payout)) else {
        return Day::MAX;
    };
    let input = work.input;
    let said = input.batches.iter().find(|batch| is_of(work, batch, one));
    said.and_then(|batch| batch.waits_until).unwrap_or_else(|| {
        let contract = input.contract(one.channel);
        later(one.day, contract.map_or(0, |one| one.grace_days))
    })
}

fn is_of(work: &Work<'_>, batch: &Batch, payout: &Payout) -> bool {
    (batch.channel, batch.file) == (payout.channel, payout.file)
        && work.input.theirs.text(batch.batch) == payout.batch
}

/// What a file says of a batch against its lines. Totals in files often count rows that are no
/// money, so a count with and a count without them are both true.
fn stated(work: &mut Work<'_>, own: u32, batch: &Batch) {
    let payouts = work.out.payouts.iter();
    let found = payouts
        .enumerate()
        .find(|(_, payout)| is_of(work, batch, payout));
    let none = (0, 0, 0);
    let (count, failed, gross) = found.map_or(none, |(_, one)| (one.count, one.failed, one.gross));
    let wrong_count = batch
        .count
        .filter(|stated| *stated != count && *stated != count + failed);
    let wrong_total = batch.total.filter(|stated| *stated != gross);
    let (kind, difference) = match (wrong_total, wrong_count) {
        (Some(stated), _) => (OutcomeKind::BatchTotalDiffers, gross.saturating_sub(stated)),
        (None, Some(stated)) => {
            let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            (
                OutcomeKind::BatchCountDiffers,
                signed(count).saturating_sub(signed(stated)),
            )
        }
        (None, None) => (OutcomeKind::Matched, 0),
    };
    let link = found.and_then(|(place, _)| matched(Item::Payout(number(place)), 0));
    let outcome = Outcome {
        difference,
        first: link,
        ..verdict(kind, Rule::StatedTotals)
    };
    work.set(Item::Batch(own), outcome);
}
