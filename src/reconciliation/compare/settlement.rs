//! Payments against settlement lines: by transaction id, then by order reference, never by amount.
//! Each line and each payment of a provider gets its outcome; fees are checked line by line. Bank
//! credits are not looked at here.

use std::collections::HashMap;
use std::thread;

use super::facts::LineKind;
use super::fees::Tariff;
use super::input::{Input, Line, Payment};
use super::join::{NONE, at, join, number};
use super::outcome::{Item, Outcome, OutcomeKind, Role, Rule};
use super::work::{Work, identity, matched, took_money, verdict};
use crate::domain::money::Currency;

/// One line in three is looked at by two threads only when there are this many.
const MANY: usize = 50_000;

/// What is agreed about a channel, ready for a million lines.
pub(super) struct Agreed {
    pub(super) tariffs: Vec<Option<Tariff>>,
    currencies: Vec<Currency>,
}

impl Agreed {
    pub(super) fn of(input: &Input) -> Self {
        let contracts = || input.contracts.iter();
        Self {
            tariffs: contracts().map(|one| one.terms.map(Tariff::of)).collect(),
            currencies: contracts().map(|one| one.currency).collect(),
        }
    }

    pub(super) fn tariff(&self, line: &Line) -> Option<&Tariff> {
        self.tariffs.get(usize::from(line.channel.0))?.as_ref()
    }

    /// Whether a line is in its channel's currency.
    pub(super) fn is_own_currency(&self, line: &Line) -> bool {
        self.currencies.get(usize::from(line.channel.0)) == Some(&line.currency)
    }
}

/// Gives every settlement line but refunds, and every payment of a provider, its outcome.
pub(super) fn settle(work: &mut Work<'_>, agreed: &Agreed) {
    let input = work.input;
    let partners = join(
        (input.payments.len(), |place| our_key(input, place)),
        (input.lines.len(), |place| their_key(input, place)),
        |one, other| identity(input, Item::Payment(one)) < identity(input, Item::Payment(other)),
    );
    let mut line_of = vec![NONE; input.payments.len()];
    let mut open = Vec::new();
    for (place, (line, partner)) in input.lines.iter().zip(&partners).enumerate() {
        let own = number(place);
        match line.kind {
            LineKind::Payment if *partner == NONE => open.push(own),
            LineKind::Payment => take(work, &mut line_of, *partner, own),
            LineKind::Refund => {}
            LineKind::Fee => work.set(
                Item::Line(own),
                verdict(OutcomeKind::NotAPayment, Rule::OwnWords),
            ),
            LineKind::Failed | LineKind::Unknown => no_money(work, line.kind, own, *partner),
        }
    }
    for (place, line) in line_of
        .iter()
        .enumerate()
        .filter(|(_, line)| **line != NONE)
    {
        pair(work, agreed, number(place), *line, Rule::TransactionId);
    }
    by_order(work, agreed, &open);
}

fn our_key(input: &Input, place: usize) -> (u16, &[u8]) {
    let payment = input.payments.get(place);
    payment.map_or((0, &[]), |one| (one.channel.0, input.ours.bytes(one.txn)))
}

fn their_key(input: &Input, place: usize) -> (u16, &[u8]) {
    let line = input.lines.get(place);
    line.map_or((0, &[]), |one| (one.channel.0, input.theirs.bytes(one.txn)))
}

/// A payment takes the earliest of the lines with its transaction id; the others repeat it.
fn take(work: &mut Work<'_>, line_of: &mut [u32], payment: u32, line: u32) {
    let Some(slot) = line_of.get_mut(at(payment)) else {
        return;
    };
    let mut late = line;
    if *slot == NONE {
        *slot = line;
        return;
    }
    let input = work.input;
    if identity(input, Item::Line(line)) < identity(input, Item::Line(*slot)) {
        late = std::mem::replace(slot, line);
    }
    let outcome = verdict(OutcomeKind::DuplicatePayment, Rule::TransactionId);
    work.set(Item::Line(late), outcome);
    work.note(
        Item::Line(late),
        Item::Payment(payment),
        Role::TakenAlready,
        0,
    );
    work.note(
        Item::Payment(payment),
        Item::Line(late),
        Role::TakenAlready,
        0,
    );
}

fn no_money(work: &mut Work<'_>, kind: LineKind, line: u32, partner: u32) {
    let outcome = if kind == LineKind::Failed {
        OutcomeKind::IgnoredFailed
    } else {
        OutcomeKind::Unclassified
    };
    work.set(Item::Line(line), verdict(outcome, Rule::OwnWords));
    if partner != NONE {
        work.note(Item::Line(line), Item::Payment(partner), Role::NoMoney, 0);
        work.note(Item::Payment(partner), Item::Line(line), Role::NoMoney, 0);
    }
}

/// A payment and a line that are certainly one.
fn pair(work: &mut Work<'_>, agreed: &Agreed, payment: u32, line: u32, rule: Rule) {
    let input = work.input;
    let (Some(ours), Some(theirs)) = (input.payments.get(at(payment)), input.lines.get(at(line)))
    else {
        return;
    };
    let (mine, other) = judge(agreed, ours, theirs, rule);
    let is_alike = mine.kind != OutcomeKind::WrongCurrency;
    let allocated = if is_alike {
        ours.amount.min(theirs.gross).max(0)
    } else {
        0
    };
    let (payment_item, line_item) = (Item::Payment(payment), Item::Line(line));
    let first = matched(line_item, allocated);
    work.set(payment_item, Outcome { first, ..mine });
    let first = matched(payment_item, allocated);
    work.set(line_item, Outcome { first, ..other });
    work.claim(payment);
}

/// The outcomes of payment and line.
fn judge(agreed: &Agreed, ours: &Payment, theirs: &Line, rule: Rule) -> (Outcome, Outcome) {
    let both = |kind, difference| {
        let outcome = Outcome {
            difference,
            ..verdict(kind, rule)
        };
        (outcome, outcome)
    };
    if ours.currency != theirs.currency || !agreed.is_own_currency(theirs) {
        return both(OutcomeKind::WrongCurrency, 0);
    }
    let difference = theirs.gross.saturating_sub(ours.amount);
    if !took_money(ours) {
        return both(OutcomeKind::RecordedFailedButSettled, difference);
    }
    if difference != 0 {
        return both(OutcomeKind::AmountMismatch, difference);
    }
    let fee = agreed.tariff(theirs).zip(theirs.fee);
    let excess = fee.map_or(0, |(tariff, fee)| {
        fee.saturating_sub(tariff.fee(theirs.gross))
    });
    let line = if excess == 0 {
        verdict(OutcomeKind::Matched, rule)
    } else {
        Outcome {
            difference: excess,
            ..verdict(OutcomeKind::FeeDiffers, rule)
        }
    };
    (verdict(OutcomeKind::MatchedSettlement, rule), line)
}

/// Lines whose transaction id nobody has: by order reference, when only one open payment has it.
fn by_order(work: &mut Work<'_>, agreed: &Agreed, open: &[u32]) {
    let input = work.input;
    let mut lines = OrderLines::new();
    for line in open {
        let none = verdict(OutcomeKind::NotRecorded, Rule::NoCounterpart);
        work.set(Item::Line(*line), none);
        if let Some(theirs) = input.lines.get(at(*line))
            && !theirs.order.is_empty()
        {
            let key = (theirs.channel.0, input.theirs.bytes(theirs.order));
            lines.entry(key).or_default().0.push(*line);
        }
    }
    for (payment, key) in with_order(input, &lines) {
        if let Some((_, payments)) = lines.get_mut(&key) {
            payments.push(payment);
        }
    }
    let mut groups: Vec<_> = lines
        .into_values()
        .filter(|(_, payments)| !payments.is_empty())
        .collect();
    groups.sort_unstable();
    for (lines, payments) in groups {
        order_group(work, agreed, &lines, &payments);
    }
}

type OrderLines<'a> = HashMap<(u16, &'a [u8]), (Vec<u32>, Vec<u32>)>;

/// The payments that have one of the order references.
fn with_order<'a>(input: &'a Input, lines: &OrderLines<'a>) -> Vec<(u32, (u16, &'a [u8]))> {
    if lines.is_empty() {
        return Vec::new();
    }
    let search = |start: usize, part: &'a [Payment]| {
        let keyed = part.iter().enumerate().map(|(place, one)| {
            let key = (one.channel.0, input.ours.bytes(one.order));
            (number(start + place), key)
        });
        keyed.filter(|(_, key)| lines.contains_key(key)).collect()
    };
    let middle = input.payments.len() / 2;
    let (first, second) = input.payments.split_at(middle);
    if middle < MANY {
        return search(0, &input.payments);
    }
    thread::scope(|scope| {
        let rest = scope.spawn(|| -> Vec<_> { search(middle, second) });
        let mut found: Vec<_> = search(0, first);
        match rest.join() {
            Ok(rest) => found.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        found
    })
}

/// Lines and payments of one order reference.
fn order_group(work: &mut Work<'_>, agreed: &Agreed, lines: &[u32], payments: &[u32]) {
    let input = work.input;
    let (taken, open): (Vec<u32>, Vec<u32>) =
        payments.iter().partition(|one| work.is_claimed(**one));
    for line in lines {
        for payment in &taken {
            work.note(
                Item::Line(*line),
                Item::Payment(*payment),
                Role::TakenAlready,
                0,
            );
        }
    }
    let has_txn = |payment: u32| {
        input
            .payments
            .get(at(payment))
            .is_some_and(|one| !one.txn.is_empty())
    };
    let line_has = |line: u32| {
        input
            .lines
            .get(at(line))
            .is_some_and(|one| !one.txn.is_empty())
    };
    if let ([line], [payment]) = (lines, open.as_slice())
        && !(has_txn(*payment) && line_has(*line))
    {
        pair(work, agreed, *payment, *line, Rule::OrderReference);
        return;
    }
    for (line, payment) in lines
        .iter()
        .flat_map(|line| open.iter().map(move |one| (*line, *one)))
    {
        let is_other = has_txn(payment) && line_has(line);
        let role = if is_other {
            Role::OtherTransaction
        } else {
            Role::Candidate
        };
        let outcome = verdict(OutcomeKind::NeedsReview, Rule::Ambiguous);
        work.set(Item::Line(line), outcome);
        work.set(Item::Payment(payment), outcome);
        work.note(Item::Line(line), Item::Payment(payment), role, 0);
        work.note(Item::Payment(payment), Item::Line(line), role, 0);
        // Its outcome stands: what is done later must not overwrite it.
        work.claim(payment);
    }
}

/// Payments of providers that no line reports.
pub(super) fn unsettled(work: &mut Work<'_>) {
    let input = work.input;
    for (place, payment) in input.payments.iter().enumerate() {
        let own = number(place);
        if payment.is_direct || work.is_claimed(own) {
            continue;
        }
        let outcome = if took_money(payment) {
            work.absent(work.waits_until(payment), OutcomeKind::MissingInSettlement)
        } else {
            verdict(OutcomeKind::NotExpected, Rule::NoCounterpart)
        };
        work.set(Item::Payment(own), outcome);
    }
}
