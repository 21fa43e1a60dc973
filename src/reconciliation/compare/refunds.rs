//! Refunds against settlement lines and bank debits: by the provider's refund id, then by the
//! reference of the payment together with the amount. Money that went back without approval and
//! approved refunds that never went out both come to light here.

use std::collections::HashMap;

use uuid::Uuid;

use super::facts::LineKind;
use super::input::{Bank, Input, Line, Refund};
use super::join::{at, number};
use super::memo::{Names, Squeezed, squeeze};
use super::outcome::{Item, Outcome, OutcomeKind, Role, Rule};
use super::work::{Work, identity, matched, verdict};

/// Texts that may name a refund, with its number.
type ByText<'a> = HashMap<(u16, &'a [u8]), Vec<u32>>;

/// Refund lines of settlement files. Gives each its outcome.
pub(super) fn settle(work: &mut Work<'_>) {
    let input = work.input;
    let is_refund = |line: &Line| line.kind == LineKind::Refund;
    let odd = input.odd.iter().copied();
    let mut lines: Vec<u32> = odd
        .filter(|line| input.lines.get(at(*line)).is_some_and(is_refund))
        .collect();
    if lines.is_empty() {
        return;
    }
    lines.sort_by_key(|line| identity(input, Item::Line(*line)));
    let by_id = texts(input, |one| vec![input.ours.bytes(one.provider_id)]);
    let payments = payments(input);
    let by_payment = texts(input, |one| {
        let payment = one
            .payment
            .and_then(|id| payments.get(&id))
            .and_then(|at| input.payments.get(*at));
        let mut keys = vec![input.ours.bytes(one.order)];
        keys.extend(payment.map(|one| input.ours.bytes(one.order)));
        keys.extend(payment.map(|one| input.ours.word_bytes(&one.txn)));
        keys
    });
    let mut open: Vec<u32> = Vec::new();
    for line in lines {
        if !refund_line(work, line, &by_id, Rule::RefundId) {
            open.push(line);
        }
    }
    for line in open {
        if !refund_line(work, line, &by_payment, Rule::OrderReference) {
            unknown(work, line, &by_payment);
        }
    }
}

fn payments(input: &Input) -> HashMap<Uuid, usize> {
    if input.refunds.is_empty() {
        return HashMap::new();
    }
    input
        .payments
        .iter()
        .enumerate()
        .map(|(place, one)| (one.id, place))
        .collect()
}

fn texts<'a>(input: &'a Input, keys: impl Fn(&Refund) -> Vec<&'a [u8]>) -> ByText<'a> {
    let mut found = ByText::new();
    for (place, refund) in input.refunds.iter().enumerate() {
        for key in keys(refund).into_iter().filter(|key| !key.is_empty()) {
            let list = found.entry((refund.channel.0, key)).or_default();
            if !list.contains(&number(place)) {
                list.push(number(place));
            }
        }
    }
    for list in found.values_mut() {
        list.sort_by_key(|refund| identity(input, Item::Refund(*refund)));
    }
    found
}

/// Whether it was already given a line.
fn is_free(work: &Work<'_>, refund: u32) -> bool {
    let outcome = work.out.refunds.get(at(refund));
    outcome.is_some_and(|one| one.kind == OutcomeKind::Unclassified)
}

/// Gives the line to the first free refund that the texts name; with its own id also when the
/// amount is another, else only with the same amount.
fn refund_line(work: &mut Work<'_>, line: u32, texts: &ByText<'_>, rule: Rule) -> bool {
    let input = work.input;
    let Some(theirs) = input.lines.get(at(line)) else {
        return false;
    };
    let size = theirs.gross.saturating_abs();
    let mut keys = vec![input.theirs.word_bytes(&theirs.txn)];
    if rule == Rule::OrderReference {
        keys.push(input.theirs.bytes(theirs.order));
    }
    for key in keys {
        let key = (theirs.channel.0, key);
        let named = texts.get(&key).map_or(&[][..], Vec::as_slice);
        let free = named.iter().copied().filter(|one| is_free(work, *one));
        let fits = |one: &u32| {
            rule == Rule::RefundId
                || input
                    .refunds
                    .get(at(*one))
                    .is_some_and(|one| one.amount == size)
        };
        let Some(refund) = free.into_iter().find(fits) else {
            continue;
        };
        pair(work, refund, (Item::Line(line), size), rule);
        return true;
    }
    false
}

fn pair(work: &mut Work<'_>, refund: u32, (other, size): (Item, i64), rule: Rule) {
    let Some(ours) = work.input.refunds.get(at(refund)) else {
        return;
    };
    let difference = size.saturating_sub(ours.amount);
    let kind = if difference == 0 {
        OutcomeKind::RefundMatched
    } else {
        OutcomeKind::AmountMismatch
    };
    let outcome = Outcome {
        difference,
        ..verdict(kind, rule)
    };
    let allocated = size.min(ours.amount);
    let first = matched(other, allocated);
    work.set(Item::Refund(refund), Outcome { first, ..outcome });
    let first = matched(Item::Refund(refund), allocated);
    work.set(other, Outcome { first, ..outcome });
}

/// A refund line that nobody approved; refunds of the same payment in another amount are shown.
fn unknown(work: &mut Work<'_>, line: u32, texts: &ByText<'_>) {
    let input = work.input;
    let outcome = verdict(OutcomeKind::RefundNotRecorded, Rule::NoCounterpart);
    work.set(Item::Line(line), outcome);
    let Some(theirs) = input.lines.get(at(line)) else {
        return;
    };
    let txn = input.theirs.word_bytes(&theirs.txn);
    for key in [txn, input.theirs.bytes(theirs.order)] {
        let key = (theirs.channel.0, key);
        for refund in texts.get(&key).map_or(&[][..], Vec::as_slice) {
            let role = if is_free(work, *refund) {
                Role::Candidate
            } else {
                Role::TakenAlready
            };
            work.note(Item::Line(line), Item::Refund(*refund), role, 0);
        }
    }
}

/// Refunds as bank debits may name them.
pub(super) struct Debits {
    names: Names,
    /// By the bank's reference.
    by_bank: HashMap<String, Vec<u32>>,
}

impl Debits {
    pub(super) fn of(input: &Input) -> Self {
        let payments = payments(input);
        let mut names = Names::default();
        let mut by_bank: HashMap<String, Vec<u32>> = HashMap::new();
        for (place, refund) in input.refunds.iter().enumerate() {
            let own = number(place);
            let reference = squeeze(input.ours.text(refund.bank_reference));
            if !reference.is_empty() {
                names.add(&reference, own);
                by_bank.entry(reference).or_default().push(own);
            }
            names.add(input.ours.text(refund.provider_id), own);
            names.add(input.ours.text(refund.order), own);
            let payment = refund
                .payment
                .and_then(|id| payments.get(&id))
                .and_then(|at| input.payments.get(*at));
            let references = payment.map_or("", |one| input.references(one));
            for text in references.split(' ') {
                names.add(text, own);
            }
        }
        Self { names, by_bank }
    }

    /// Gives a debit to the first free refund that its reference or its memo names, when the amount is the
    /// same.
    pub(super) fn take(
        &mut self,
        work: &mut Work<'_>,
        bank: u32,
        line: &Bank,
        memo: &Squeezed,
    ) -> bool {
        let input = work.input;
        let size = line.amount.saturating_abs();
        let reference = squeeze(input.theirs.text(line.reference));
        let by_bank = self
            .by_bank
            .get(&reference)
            .filter(|_| !reference.is_empty());
        let rule = match by_bank {
            Some(_) => Rule::BankReference,
            None => Rule::MemoReference,
        };
        let mut named: Vec<u32> = match by_bank {
            Some(refunds) => refunds.clone(),
            None => self
                .names
                .find(memo)
                .into_iter()
                .flatten()
                .copied()
                .collect(),
        };
        named.sort_by_key(|refund| identity(input, Item::Refund(*refund)));
        let refund = named.into_iter().find(|one| {
            let is_same = input
                .refunds
                .get(at(*one))
                .is_some_and(|one| one.amount == size);
            is_same && is_free(work, *one)
        });
        if let Some(refund) = refund {
            pair(work, refund, (Item::Bank(bank), size), rule);
        }
        refund.is_some()
    }
}

/// Approved refunds that went out nowhere: still waiting, or missing.
pub(super) fn absent(work: &mut Work<'_>) {
    for (place, refund) in work.input.refunds.iter().enumerate() {
        let own = number(place);
        if is_free(work, own) {
            let outcome = work.absent(refund.waits_until, OutcomeKind::RefundMissing);
            work.set(Item::Refund(own), outcome);
        }
    }
}
