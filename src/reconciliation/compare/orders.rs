//! Payments against settlement lines whose transaction id nobody has: by order reference, when only
//! one open payment has it. What is not certain is shown to a person.

use std::collections::HashMap;
use std::thread;

use foldhash::fast::RandomState;

use super::input::{Input, Payment};
use super::join::{at, join_thread, number};
use super::outcome::{Item, OutcomeKind, Role, Rule};
use super::settlement::{Agreed, judged};
use super::work::{Work, verdict};

/// Fewer payments than this are looked through by one thread.
const MANY: usize = 50_000;
/// Numbers that the end of an order reference may give.
const ENDS: usize = 1 << 18;

/// Lines whose transaction id nobody has: by order reference, when only one open payment has it.
pub(super) fn by_order(work: &mut Work<'_>, agreed: &Agreed, open: &[u32]) {
    let input = work.input;
    let mut lines = OrderLines::default();
    for line in open {
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

type OrderLines<'a> = HashMap<(u16, &'a [u8]), (Vec<u32>, Vec<u32>), RandomState>;

/// The payments that have one of the order references.
fn with_order<'a>(input: &'a Input, lines: &OrderLines<'a>) -> Vec<(u32, (u16, &'a [u8]))> {
    if lines.is_empty() {
        return Vec::new();
    }
    // Few payments have one of these orders: what most are told by is cheap.
    let mut is_known = vec![false; ENDS];
    for (_, order) in lines.keys() {
        if let Some(slot) = is_known.get_mut(end_of(order)) {
            *slot = true;
        }
    }
    let may_be = |order: &[u8]| is_known.get(end_of(order)) == Some(&true);
    let search = |start: usize, part: &'a [Payment]| {
        let keyed = part.iter().enumerate().map(|(place, one)| {
            let key = (one.channel.0, input.ours.bytes(one.order));
            (number(start + place), key)
        });
        keyed
            .filter(|(_, key)| may_be(key.1) && lines.contains_key(key))
            .collect()
    };
    let middle = input.payments.len() / 2;
    let (first, second) = input.payments.split_at(middle);
    if middle < MANY {
        return search(0, &input.payments);
    }
    thread::scope(|scope| {
        let rest = scope.spawn(|| -> Vec<_> { search(middle, second) });
        let mut found: Vec<_> = search(0, first);
        found.extend(join_thread(rest));
        found
    })
}

/// A number below [`ENDS`] that the end of a text gives: the same for the same text.
fn end_of(text: &[u8]) -> usize {
    let last = text.last_chunk::<8>().copied().unwrap_or_default();
    let mixed = u64::from_le_bytes(last).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 46).unwrap_or(0)
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
        let (mine, other) = judged(input, agreed, *payment, *line, Rule::OrderReference);
        work.set(Item::Payment(*payment), mine);
        work.set(Item::Line(*line), other);
        work.claim(*payment);
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
