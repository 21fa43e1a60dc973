//! Batches of settlement lines against the bank credits that pay them, net of fees, channel by channel;
//! and what a file states of its batches against its lines. Which credit pays which batch is decided in
//! `pay`.

use std::collections::BTreeMap;

use super::bank::Marked;
use super::facts::ChannelNo;
use super::input::Batch;
use super::join::at;
use super::outcome::{Item, Outcome, OutcomeKind, Payout, Role, Rule};
use super::pay::pay;
use super::work::{Work, later, matched, verdict};
use crate::domain::time::Day;

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

/// The last day on which it is no difference that nothing pays a batch.
pub(super) fn waits_until(work: &Work<'_>, payout: u32) -> Day {
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

/// Whether a file speaks of this batch; where it names none, of all its lines that name none.
fn is_of(work: &Work<'_>, batch: &Batch, payout: &Payout) -> bool {
    let is_named = match work.input.theirs.text(batch.batch) {
        "" => payout.is_of_day,
        name => !payout.is_of_day && name == payout.batch,
    };
    is_named && (batch.channel, batch.file) == (payout.channel, payout.file)
}

/// What a file says of a batch against its lines. Totals in files often count rows that are no
/// money, so a count with and a count without them are both true.
fn stated(work: &mut Work<'_>, own: u32, batch: &Batch) {
    let payouts = (0..).zip(&work.out.payouts);
    let spoken: Vec<(u32, &Payout)> = payouts
        .filter(|(_, payout)| is_of(work, batch, payout))
        .collect();
    let (mut count, mut failed, mut gross) = (0_u64, 0_u64, 0_i64);
    for (_, one) in &spoken {
        count += one.count;
        failed += one.failed;
        gross = gross.saturating_add(one.gross);
    }
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
    let first = spoken.first();
    let outcome = Outcome {
        difference,
        first: first.and_then(|(payout, _)| matched(Item::Payout(*payout), 0)),
        ..verdict(kind, Rule::StatedTotals)
    };
    let further: Vec<u32> = spoken.iter().skip(1).map(|(payout, _)| *payout).collect();
    work.set(Item::Batch(own), outcome);
    for payout in further {
        work.note(Item::Batch(own), Item::Payout(payout), Role::Matched, 0);
    }
}
