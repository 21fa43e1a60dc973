//! Payments against settlement lines: by transaction id, then by order reference, never by amount.
//! Each line and each payment of a provider gets its outcome; fees are checked line by line. Bank
//! credits are not looked at here.

use std::thread;

use super::batches::batches;
use super::facts::LineKind;
use super::fees::Tariff;
use super::input::{Input, Line, Payment};
use super::join::{Look, NONE, Pair, at, join, join_thread, number};
use super::orders::by_order;
use super::outcome::{Item, Outcome, OutcomeKind, Role, Rule};
use super::work::{Work, identity, matched, took_money, verdict};
use crate::domain::money::Currency;

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

/// Payments and lines as the join looks at them.
struct Sides<'a> {
    input: &'a Input,
    agreed: &'a Agreed,
}

/// What is seen of a payment and a line with one transaction id.
struct Seen {
    /// They agree in everything but perhaps the fee.
    is_even: bool,
    /// The line is a payment.
    is_payment: bool,
}

impl Look for Sides<'_> {
    type Seen = Seen;

    fn is_same(&self, one: u32, other: u32) -> bool {
        let input = self.input;
        let payments = (input.payments.get(at(one)), input.payments.get(at(other)));
        let (Some(one), Some(other)) = payments else {
            return false;
        };
        let arena = &input.ours;
        one.channel == other.channel && arena.word_bytes(&one.txn) == arena.word_bytes(&other.txn)
    }

    fn is_better(&self, one: u32, other: u32) -> bool {
        let key = |payment| identity(self.input, Item::Payment(payment));
        key(one) < key(other)
    }

    fn pair(&self, ours: u32, theirs: u32) -> Option<Seen> {
        let input = self.input;
        let ours = input.payments.get(at(ours))?;
        let theirs = input.lines.get(at(theirs))?;
        let is_one = ours.channel == theirs.channel
            && ours.txn.same(&theirs.txn).unwrap_or_else(|| {
                input.ours.word_bytes(&ours.txn) == input.theirs.word_bytes(&theirs.txn)
            });
        is_one.then(|| Seen {
            is_even: ours.amount == theirs.gross
                && ours.currency == theirs.currency
                && took_money(ours)
                && self.agreed.is_own_currency(theirs),
            is_payment: theirs.kind == LineKind::Payment,
        })
    }
}

/// Which payment and line have one transaction id.
struct Pairs {
    /// For each line its payment.
    payment_of: Vec<u32>,
    /// For each payment the earliest of its lines that are payments.
    line_of: Vec<u32>,
    /// Whether a line and its payment agree in everything but perhaps the fee.
    is_even: Vec<bool>,
    /// Lines that repeat another one.
    late: Vec<u32>,
}

impl Pairs {
    fn of(input: &Input, joined: [Vec<Pair<Seen>>; 2]) -> Self {
        let mut pairs = Self {
            payment_of: vec![NONE; input.lines.len()],
            line_of: vec![NONE; input.payments.len()],
            is_even: vec![false; input.lines.len()],
            late: Vec::new(),
        };
        for pair in joined.into_iter().flatten() {
            let line = at(pair.theirs);
            if let Some(slot) = pairs.payment_of.get_mut(line) {
                *slot = pair.ours;
            }
            if let Some(slot) = pairs.is_even.get_mut(line) {
                *slot = pair.seen.is_even;
            }
            if pair.seen.is_payment {
                pairs.take(input, pair.ours, pair.theirs);
            }
        }
        pairs
    }

    /// A payment takes the earliest of the lines with its transaction id; the others repeat it.
    fn take(&mut self, input: &Input, payment: u32, line: u32) {
        let Some(slot) = self.line_of.get_mut(at(payment)) else {
            return;
        };
        if *slot == NONE {
            *slot = line;
            return;
        }
        let is_earlier = identity(input, Item::Line(line)) < identity(input, Item::Line(*slot));
        self.late.push(if is_earlier {
            std::mem::replace(slot, line)
        } else {
            line
        });
    }

    fn payment_of(&self, line: usize) -> u32 {
        self.payment_of.get(line).copied().unwrap_or(NONE)
    }

    fn line_of(&self, payment: usize) -> u32 {
        self.line_of.get(payment).copied().unwrap_or(NONE)
    }

    fn is_even(&self, line: usize) -> bool {
        self.is_even.get(line).copied().unwrap_or(false)
    }
}

/// Gives every settlement line but refunds, and every payment of a provider, its outcome.
pub(super) fn settle(work: &mut Work<'_>, agreed: &Agreed) {
    let input = work.input;
    let sides = Sides { input, agreed };
    let joined = join(&input.our_keys, &input.their_keys, &sides);
    let (payouts, pairs) = thread::scope(|scope| {
        let payouts = scope.spawn(|| batches(input, agreed));
        let pairs = Pairs::of(input, joined);
        (join_thread(payouts), pairs)
    });
    let ((payments, alone), (lines, open)) = thread::scope(|scope| {
        let payments = scope.spawn(|| of_payments(input, agreed, &pairs));
        let lines = of_lines(input, agreed, &pairs);
        (join_thread(payments), lines)
    });
    work.out.payouts = payouts;
    work.alone = alone;
    work.claimed = pairs.line_of.iter().map(|line| *line != NONE).collect();
    work.out.payments = payments;
    work.out.lines = lines;
    for line in &pairs.late {
        let payment = pairs.payment_of(at(*line));
        link(work, payment, *line, Role::TakenAlready);
    }
    for line in &input.odd {
        let payment = pairs.payment_of(at(*line));
        let is_none = |line: &Line| matches!(line.kind, LineKind::Failed | LineKind::Unknown);
        if payment != NONE && input.lines.get(at(*line)).is_some_and(is_none) {
            link(work, payment, *line, Role::NoMoney);
        }
    }
    by_order(work, agreed, &open);
}

/// Names payment and line to each other.
fn link(work: &mut Work<'_>, payment: u32, line: u32, role: Role) {
    let (payment, line) = (Item::Payment(payment), Item::Line(line));
    work.note(line, payment, role, 0);
    work.note(payment, line, role, 0);
}

/// The outcome of every payment that has a line, and the payments that have none: theirs is still
/// unknown.
fn of_payments(input: &Input, agreed: &Agreed, pairs: &Pairs) -> (Vec<Outcome>, Vec<u32>) {
    let mut outcomes = Vec::with_capacity(input.payments.len());
    let mut alone = Vec::new();
    for (place, payment) in input.payments.iter().enumerate() {
        let line = pairs.line_of(place);
        outcomes.push(if line == NONE {
            alone.push(number(place));
            verdict(OutcomeKind::Unclassified, Rule::NoCounterpart)
        } else if pairs.is_even(at(line)) {
            Outcome {
                first: matched(Item::Line(line), payment.amount.max(0)),
                ..verdict(OutcomeKind::MatchedSettlement, Rule::TransactionId)
            }
        } else {
            judged(input, agreed, number(place), line, Rule::TransactionId).0
        });
    }
    (outcomes, alone)
}

/// The outcome of every line, and the lines whose transaction id nobody has.
fn of_lines(input: &Input, agreed: &Agreed, pairs: &Pairs) -> (Vec<Outcome>, Vec<u32>) {
    let mut outcomes = Vec::with_capacity(input.lines.len());
    let mut open = Vec::new();
    for (place, line) in input.lines.iter().enumerate() {
        let (own, payment) = (number(place), pairs.payment_of(place));
        outcomes.push(if line.kind != LineKind::Payment {
            no_money(line.kind)
        } else if payment == NONE {
            open.push(own);
            verdict(OutcomeKind::NotRecorded, Rule::NoCounterpart)
        } else if pairs.line_of(at(payment)) != own {
            verdict(OutcomeKind::DuplicatePayment, Rule::TransactionId)
        } else if pairs.is_even(place) {
            Outcome {
                first: matched(Item::Payment(payment), line.gross.max(0)),
                ..settled(agreed, line, Rule::TransactionId)
            }
        } else {
            judged(input, agreed, payment, own, Rule::TransactionId).1
        });
    }
    (outcomes, open)
}

/// A line that is no payment. Refunds are looked at later.
fn no_money(kind: LineKind) -> Outcome {
    let (kind, rule) = match kind {
        LineKind::Failed => (OutcomeKind::IgnoredFailed, Rule::OwnWords),
        LineKind::Fee => (OutcomeKind::NotAPayment, Rule::OwnWords),
        LineKind::Unknown => (OutcomeKind::Unclassified, Rule::OwnWords),
        LineKind::Refund | LineKind::Payment => (OutcomeKind::Unclassified, Rule::NoCounterpart),
    };
    verdict(kind, rule)
}

/// The outcomes of a payment and a line that are certainly one.
pub(super) fn judged(
    input: &Input,
    agreed: &Agreed,
    payment: u32,
    line: u32,
    rule: Rule,
) -> (Outcome, Outcome) {
    let (Some(ours), Some(theirs)) = (input.payments.get(at(payment)), input.lines.get(at(line)))
    else {
        let unknown = verdict(OutcomeKind::Unclassified, Rule::NoCounterpart);
        return (unknown, unknown);
    };
    let (mine, other) = judge(agreed, ours, theirs, rule);
    let is_alike = mine.kind != OutcomeKind::WrongCurrency;
    let allocated = if is_alike {
        ours.amount.min(theirs.gross).max(0)
    } else {
        0
    };
    let mine = Outcome {
        first: matched(Item::Line(line), allocated),
        ..mine
    };
    let other = Outcome {
        first: matched(Item::Payment(payment), allocated),
        ..other
    };
    (mine, other)
}

/// The outcomes of payment and line without their links.
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
    let line = settled(agreed, theirs, rule);
    (verdict(OutcomeKind::MatchedSettlement, rule), line)
}

/// The outcome of a line that agrees with its payment: only its fee may differ.
fn settled(agreed: &Agreed, theirs: &Line, rule: Rule) -> Outcome {
    let fee = agreed.tariff(theirs).zip(theirs.fee());
    let excess = fee.map_or(0, |(tariff, fee)| {
        fee.saturating_sub(tariff.fee(theirs.gross))
    });
    if excess == 0 {
        return verdict(OutcomeKind::Matched, rule);
    }
    Outcome {
        difference: excess,
        ..verdict(OutcomeKind::FeeDiffers, rule)
    }
}

/// Payments of providers that no line reports.
pub(super) fn unsettled(work: &mut Work<'_>) {
    let input = work.input;
    for own in std::mem::take(&mut work.alone) {
        let Some(payment) = input.payments.get(at(own)) else {
            continue;
        };
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
