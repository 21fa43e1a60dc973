//! The bridge of one channel: what the provider's files come to, what our payments come to, and the
//! outcomes that explain the difference, kind by kind. The residual is what no outcome explains; a
//! residual that is not zero is a fault of the comparison, and a day with one is never closed.

use std::collections::BTreeMap;

use super::facts::{ChannelNo, LineKind};
use super::input::Input;
use super::outcome::{Comparison, Item, Outcome, OutcomeKind, Role, Side};
use super::work::took_money;

/// The outcomes of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Their kind.
    pub kind: OutcomeKind,
    /// How many.
    pub count: u64,
    /// What they add to the provider's side, less what they add to ours.
    pub amount: i64,
}

/// From the provider's total to ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The channel.
    pub channel: ChannelNo,
    /// Gross amounts of the lines that are payments and refunds.
    pub provider_total: i64,
    /// Amounts of the payments of which we hold that money was taken, less approved refunds. Those
    /// that come as single bank credits count only where a settlement line reports them.
    pub ledger_total: i64,
    /// What explains the difference.
    pub spans: Vec<Span>,
    /// Pairs of which one side lies on another day: how many, and what they add to the provider's
    /// side, less what they add to ours. None where no day is told apart.
    pub elsewhere: (u64, i64),
    /// What nothing explains.
    pub residual: i64,
}

#[derive(Default)]
struct Sums {
    kinds: BTreeMap<OutcomeKind, (u64, i64)>,
    elsewhere: (u64, i64),
}

impl Sums {
    fn add(&mut self, kind: OutcomeKind, amount: i64) {
        let (count, sum) = self.kinds.entry(kind).or_default();
        *count += 1;
        *sum = sum.saturating_add(amount);
    }

    fn add_elsewhere(&mut self, amount: i64) {
        self.elsewhere.0 += 1;
        self.elsewhere.1 = self.elsewhere.1.saturating_add(amount);
    }
}

/// The bridge of a channel, over everything that was compared.
#[must_use]
pub fn bridge(input: &Input, comparison: &Comparison, channel: ChannelNo) -> Bridge {
    bridge_of(input, comparison, channel, &|_| true)
}

/// The bridge of a channel over some of the items, such as those of one day.
#[must_use]
pub fn bridge_of(
    input: &Input,
    comparison: &Comparison,
    channel: ChannelNo,
    is_in: &dyn Fn(Item) -> bool,
) -> Bridge {
    let bridging = Bridging {
        input,
        comparison,
        channel,
        is_in,
    };
    let mut sums = Sums::default();
    let provider_total = bridging.provider(&mut sums);
    let paid = bridging.ours(&mut sums);
    let refunded = bridging.refunds(&mut sums);
    let ledger_total = paid.saturating_sub(refunded);
    let elsewhere = sums.elsewhere;
    let spans: Vec<Span> = sums
        .kinds
        .into_iter()
        .map(|(kind, (count, amount))| Span {
            kind,
            count,
            amount,
        })
        .collect();
    let explained = spans
        .iter()
        .fold(elsewhere.1, |sum, one| sum.saturating_add(one.amount));
    Bridge {
        channel,
        provider_total,
        ledger_total,
        residual: provider_total
            .saturating_sub(ledger_total)
            .saturating_sub(explained),
        spans,
        elsewhere,
    }
}

struct Bridging<'a> {
    input: &'a Input,
    comparison: &'a Comparison,
    channel: ChannelNo,
    is_in: &'a dyn Fn(Item) -> bool,
}

impl Bridging<'_> {
    /// Whether what an outcome was matched with on some side is left out here.
    fn is_elsewhere(&self, outcome: &Outcome, sides: &[Side]) -> bool {
        let mut matched = self
            .comparison
            .links(outcome)
            .filter(|link| link.role == Role::Matched && sides.contains(&link.item.side()));
        matched.any(|link| !(self.is_in)(link.item))
    }

    fn provider(&self, sums: &mut Sums) -> i64 {
        let mut total = 0_i64;
        let lines = self.input.lines.iter().zip(&self.comparison.lines);
        for ((line, outcome), number) in lines.zip(0..) {
            let is_money = matches!(line.kind, LineKind::Payment | LineKind::Refund);
            if line.channel != self.channel || !is_money || !(self.is_in)(Item::Line(number)) {
                continue;
            }
            total = total.saturating_add(line.gross);
            // Equal on both sides.
            let is_equal = matches!(
                outcome.kind,
                OutcomeKind::Matched | OutcomeKind::FeeDiffers | OutcomeKind::RefundMatched
            );
            let is_pair = is_equal || outcome.kind == OutcomeKind::AmountMismatch;
            if is_pair && self.is_elsewhere(outcome, &[Side::Payment, Side::Refund]) {
                sums.add_elsewhere(line.gross);
            } else if outcome.kind == OutcomeKind::AmountMismatch {
                let difference = outcome.difference;
                let is_refund = line.kind == LineKind::Refund;
                sums.add(
                    outcome.kind,
                    if is_refund {
                        difference.saturating_neg()
                    } else {
                        difference
                    },
                );
            } else if !is_equal {
                sums.add(outcome.kind, line.gross);
            }
        }
        total
    }

    fn ours(&self, sums: &mut Sums) -> i64 {
        let mut total = 0_i64;
        let payments = self.input.payments.iter().zip(&self.comparison.payments);
        for ((payment, outcome), number) in payments.zip(0..) {
            if payment.channel != self.channel
                || !took_money(payment)
                || !(self.is_in)(Item::Payment(number))
            {
                continue;
            }
            let is_settled = outcome.kind == OutcomeKind::MatchedSettlement
                || self
                    .comparison
                    .links(outcome)
                    .any(|link| matches!(link.item, Item::Line(_)) && link.role == Role::Matched);
            if payment.is_direct && !is_settled {
                continue;
            }
            total = total.saturating_add(payment.amount);
            // Equal on both sides, or the line has the difference already.
            let is_told = matches!(
                outcome.kind,
                OutcomeKind::MatchedSettlement | OutcomeKind::AmountMismatch
            );
            if !is_told {
                sums.add(outcome.kind, payment.amount.saturating_neg());
            } else if self.is_elsewhere(outcome, &[Side::Line]) {
                sums.add_elsewhere(payment.amount.saturating_neg());
            }
        }
        total
    }

    fn refunds(&self, sums: &mut Sums) -> i64 {
        let mut total = 0_i64;
        let refunds = self.input.refunds.iter().zip(&self.comparison.refunds);
        for ((refund, outcome), number) in refunds.zip(0..) {
            if refund.channel != self.channel || !(self.is_in)(Item::Refund(number)) {
                continue;
            }
            total = total.saturating_add(refund.amount);
            let is_settled = outcome
                .first
                .is_some_and(|one| matches!(one.item, Item::Line(_)));
            if !is_settled {
                // Went out by bank, waits, or is missing: the provider's file has nothing of it.
                sums.add(outcome.kind, refund.amount);
            } else if self.is_elsewhere(outcome, &[Side::Line]) {
                sums.add_elsewhere(refund.amount);
            }
        }
        total
    }
}
