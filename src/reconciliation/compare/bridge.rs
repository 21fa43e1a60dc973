//! The bridge of one channel: what the provider's files come to, what our payments come to, and the
//! outcomes that explain the difference, kind by kind. The residual is what no outcome explains; a
//! residual that is not zero is a fault of the comparison, and a day with one is never closed.

use std::collections::BTreeMap;

use super::facts::{ChannelNo, LineKind};
use super::input::Input;
use super::outcome::{Comparison, OutcomeKind};
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
    /// What nothing explains.
    pub residual: i64,
}

#[derive(Default)]
struct Sums(BTreeMap<OutcomeKind, (u64, i64)>);

impl Sums {
    fn add(&mut self, kind: OutcomeKind, amount: i64) {
        let (count, sum) = self.0.entry(kind).or_default();
        *count += 1;
        *sum = sum.saturating_add(amount);
    }
}

/// The bridge of a channel.
#[must_use]
pub fn bridge(input: &Input, comparison: &Comparison, channel: ChannelNo) -> Bridge {
    let mut sums = Sums::default();
    let provider_total = provider(input, comparison, channel, &mut sums);
    let paid = ours(input, comparison, channel, &mut sums);
    let refunded = refunds(input, comparison, channel, &mut sums);
    let ledger_total = paid.saturating_sub(refunded);
    let spans: Vec<Span> = sums
        .0
        .into_iter()
        .map(|(kind, (count, amount))| Span {
            kind,
            count,
            amount,
        })
        .collect();
    let explained = spans
        .iter()
        .fold(0_i64, |sum, one| sum.saturating_add(one.amount));
    Bridge {
        channel,
        provider_total,
        ledger_total,
        residual: provider_total
            .saturating_sub(ledger_total)
            .saturating_sub(explained),
        spans,
    }
}

fn provider(input: &Input, comparison: &Comparison, channel: ChannelNo, sums: &mut Sums) -> i64 {
    let mut total = 0_i64;
    for (line, outcome) in input.lines.iter().zip(&comparison.lines) {
        if line.channel != channel || !matches!(line.kind, LineKind::Payment | LineKind::Refund) {
            continue;
        }
        total = total.saturating_add(line.gross);
        // Equal on both sides.
        let is_equal = matches!(
            outcome.kind,
            OutcomeKind::Matched | OutcomeKind::FeeDiffers | OutcomeKind::RefundMatched
        );
        if outcome.kind == OutcomeKind::AmountMismatch {
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

fn ours(input: &Input, comparison: &Comparison, channel: ChannelNo, sums: &mut Sums) -> i64 {
    let mut total = 0_i64;
    for (payment, outcome) in input.payments.iter().zip(&comparison.payments) {
        let is_settled = outcome.kind == OutcomeKind::MatchedSettlement
            || comparison.links(outcome).any(|link| {
                matches!(link.item, super::Item::Line(_)) && link.role == super::Role::Matched
            });
        if payment.channel != channel || !took_money(payment) || (payment.is_direct && !is_settled)
        {
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
        }
    }
    total
}

fn refunds(input: &Input, comparison: &Comparison, channel: ChannelNo, sums: &mut Sums) -> i64 {
    let mut total = 0_i64;
    for (refund, outcome) in input.refunds.iter().zip(&comparison.refunds) {
        let is_line = |item| matches!(item, super::Item::Line(_));
        let is_settled = outcome.first.is_some_and(|one| is_line(one.item));
        if refund.channel != channel {
            continue;
        }
        total = total.saturating_add(refund.amount);
        if !is_settled {
            // Went out by bank, waits, or is missing: the provider's file has nothing of it.
            sums.add(outcome.kind, refund.amount);
        }
    }
    total
}
