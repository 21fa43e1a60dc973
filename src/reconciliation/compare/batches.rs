//! Batches: the lines of a file that a provider pays out together. Lines that name a batch are of that
//! one; of the others, those of one day are one, because providers settle day by day. Lines come in,
//! their sums go out, and what of them is agreed with payments of ours; which credit pays a batch is not
//! asked here.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::facts::{ChannelNo, FileNo, LineKind};
use super::fees::net;
use super::input::{Input, Line};
use super::join::at;
use super::outcome::{Comparison, Outcome, OutcomeKind, Payout, Rule};
use super::settlement::Agreed;
use super::work::verdict;
use crate::domain::time::Day;

/// Channel, file, and the batch that the lines name, else their day.
type Key<'a> = (ChannelNo, FileNo, &'a str, Day);

/// What of a batch is agreed, and may leave clearing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// Of the gross amounts: what our payments carry, less everything that the provider took off.
    pub gross: i64,
    /// The fees of these lines.
    pub fee: i64,
    /// What the bank should be credited for them.
    pub net: i64,
    /// How many lines were compared, with those that are no money.
    pub lines: u64,
    /// The lines of which not all is agreed, by their numbers.
    pub open: Vec<u32>,
}

fn key<'a>(input: &'a Input, line: &Line) -> Key<'a> {
    match input.batch(line) {
        "" => (line.channel, line.file, "", line.day),
        batch => (line.channel, line.file, batch, Day::MIN),
    }
}

fn key_of(payout: &Payout) -> Key<'_> {
    if payout.is_of_day {
        (payout.channel, payout.file, "", payout.day)
    } else {
        (payout.channel, payout.file, &payout.batch, Day::MIN)
    }
}

/// The batches that lines are of, by number.
#[derive(Default)]
struct Places<'a> {
    by_name: BTreeMap<Key<'a>, usize>,
    /// Of lines that were seen: a million of them have few channels, files, names and days.
    seen: HashMap<(ChannelNo, FileNo, u32, Day), usize, RandomState>,
}

impl<'a> Places<'a> {
    /// The batch of a line; the next number when it is a new one.
    fn of(&mut self, input: &'a Input, line: &Line) -> usize {
        let own = (line.channel, line.file, line.batch, line.day);
        if let Some(place) = self.seen.get(&own) {
            return *place;
        }
        let next = self.by_name.len();
        let place = *self.by_name.entry(key(input, line)).or_insert(next);
        self.seen.insert(own, place);
        place
    }
}

/// The payouts that the lines come to, by channel, day, file and batch.
pub(super) fn batches(input: &Input, agreed: &Agreed) -> Vec<Payout> {
    let mut places = Places::default();
    let mut payouts: Vec<Payout> = Vec::new();
    for line in &input.lines {
        let place = places.of(input, line);
        if place == payouts.len() {
            payouts.push(none_yet(key(input, line), line.day));
        }
        if let Some(payout) = payouts.get_mut(place) {
            add(payout, line, agreed);
        }
    }
    payouts.sort_by(|one, other| {
        let key = |payout: &Payout| (payout.channel, payout.day, payout.file, payout.is_of_day);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.batch.cmp(&other.batch))
    });
    payouts
}

fn none_yet((channel, file, batch, _): Key<'_>, day: Day) -> Payout {
    Payout {
        channel,
        file,
        batch: if batch.is_empty() {
            day.to_string()
        } else {
            batch.to_owned()
        },
        is_of_day: batch.is_empty(),
        day,
        count: 0,
        failed: 0,
        gross: 0,
        fees: 0,
        net: 0,
        outcome: verdict(OutcomeKind::PayoutMissing, Rule::NoCounterpart),
    }
}

fn is_money(line: &Line, agreed: &Agreed) -> bool {
    match line.kind {
        LineKind::Payment | LineKind::Refund | LineKind::Fee => agreed.is_own_currency(line),
        LineKind::Failed | LineKind::Unknown => false,
    }
}

fn add(payout: &mut Payout, line: &Line, agreed: &Agreed) {
    payout.day = payout.day.max(line.day);
    if !is_money(line, agreed) {
        payout.failed += 1;
        return;
    }
    let (net, fee) = net(line, agreed.tariff(line));
    payout.count += 1;
    payout.gross = payout.gross.saturating_add(line.gross);
    payout.fees = payout.fees.saturating_add(fee);
    payout.net = payout.net.saturating_add(net);
}

/// What of each payout is agreed, in the order of the payouts.
#[must_use]
pub fn carried(input: &Input, found: &Comparison) -> Vec<Carried> {
    let agreed = Agreed::of(input);
    let mut places = Places {
        by_name: found.payouts.iter().map(key_of).zip(0..).collect(),
        ..Places::default()
    };
    let mut all = vec![Carried::default(); found.payouts.len()];
    for (own, line) in (0..).zip(&input.lines) {
        let carried = all.get_mut(places.of(input, line));
        if let (Some(carried), Some(outcome)) = (carried, found.lines.get(at(own))) {
            carried.take(line, own, outcome, &agreed);
        }
    }
    all
}

impl Carried {
    /// Adds what of a line is agreed. What a provider takes off counts always: it is not there to be
    /// booked, and stays in clearing until somebody explains it.
    fn take(&mut self, line: &Line, own: u32, outcome: &Outcome, agreed: &Agreed) {
        self.lines += 1;
        if !is_money(line, agreed) {
            return;
        }
        let (net, fee) = net(line, agreed.tariff(line));
        let part = agreed_part(line, outcome);
        if part == line.gross {
            self.add(part, fee, net);
            return;
        }
        self.open.push(own);
        // Its fee is for the whole line: a part that does not bear it is not agreed.
        if part > 0 && (0..=part).contains(&fee) {
            self.add(part, fee, part.saturating_sub(fee));
        }
    }

    fn add(&mut self, gross: i64, fee: i64, net: i64) {
        self.gross = self.gross.saturating_add(gross);
        self.fee = self.fee.saturating_add(fee);
        self.net = self.net.saturating_add(net);
    }
}

/// How much of a line a payment of ours carries: of another amount the lower one.
fn agreed_part(line: &Line, outcome: &Outcome) -> i64 {
    if line.gross <= 0 {
        return line.gross;
    }
    if line.kind != LineKind::Payment {
        return 0;
    }
    let kind = outcome.kind;
    if matches!(kind, OutcomeKind::Matched | OutcomeKind::FeeDiffers) {
        line.gross
    } else if kind == OutcomeKind::AmountMismatch {
        outcome.first.map_or(0, |first| first.allocated)
    } else {
        0
    }
}
