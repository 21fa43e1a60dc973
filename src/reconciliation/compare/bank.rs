//! Bank lines: each is read for what it names, never for its amount alone, and handed to where it is
//! decided: single payments, several at once, refunds, payouts, or a person.

use std::collections::{BTreeMap, HashMap};

use super::credits::{several, single};
use super::facts::ChannelNo;
use super::input::{Bank, Input};
use super::join::{at, number};
use super::memo::{Names, Squeezed, squeeze};
use super::outcome::{Item, OutcomeKind, Role, Rule};
use super::refunds::Debits;
use super::work::{Work, identity, took_money, verdict};
use crate::domain::payment::PaymentStatus;

/// Credits that a memo marks as a payout, by channel.
pub(super) type Marked = BTreeMap<ChannelNo, Vec<u32>>;

/// What a bank writes of interest on a credit, squeezed: no word that citizens write of what they pay, nor
/// the name of a place.
const INTEREST: [&str; 3] = ["laitiengui", "lainhapgoc", "interest"];
/// What it writes of its charges for the account on a debit.
const CHARGES: [&str; 5] = [
    "phiquanly",
    "phisms",
    "phiduytri",
    "phithuongnien",
    "phidichvu",
];

/// What a credit says of itself.
enum Said {
    One(u32, Rule),
    Several(Vec<u32>),
    Unclear(Vec<u32>),
    NoPayment,
    Payout(ChannelNo),
    Nothing,
}

struct Reader {
    names: Names,
    by_bank: HashMap<String, Vec<u32>>,
    marks: Vec<(String, ChannelNo)>,
    /// Remittances by the bank's reference.
    passed_on: HashMap<String, Vec<u32>>,
    passed_on_names: Names,
}

/// Gives every bank line its outcome but the payouts, which are returned.
pub(super) fn place(work: &mut Work<'_>) -> Marked {
    let mut marked = Marked::new();
    if work.input.banks.is_empty() {
        return marked;
    }
    let reader = Reader::of(work);
    let mut debits = Debits::of(work.input);
    let mut singles: BTreeMap<u32, Vec<(u32, Rule)>> = BTreeMap::new();
    let (mut many, mut anonymous) = (Vec::new(), Vec::new());
    for bank in in_order(work) {
        let Some(line) = work.input.banks.get(at(bank)) else {
            continue;
        };
        if line.amount <= 0 {
            reader.debit(work, &mut debits, bank, line);
            continue;
        }
        match reader.read(work, line) {
            Said::One(payment, rule) => singles.entry(payment).or_default().push((bank, rule)),
            Said::Several(payments) => many.push((bank, payments)),
            Said::Unclear(payments) => unclear(work, bank, &payments),
            Said::NoPayment => {
                let outcome = verdict(OutcomeKind::NotAPayment, Rule::OwnWords);
                work.set(Item::Bank(bank), outcome);
            }
            Said::Payout(channel) => marked.entry(channel).or_default().push(bank),
            Said::Nothing => anonymous.push(bank),
        }
    }
    for (payment, credits) in &singles {
        single(work, *payment, credits);
    }
    for (bank, payments) in &many {
        several(work, *bank, payments);
    }
    by_amount(work, &anonymous);
    marked
}

/// The bank lines by day, file and place.
fn in_order(work: &Work<'_>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..number(work.input.banks.len())).collect();
    order.sort_by_key(|bank| identity(work.input, Item::Bank(*bank)));
    order
}

impl Reader {
    fn of(work: &Work<'_>) -> Self {
        let input = work.input;
        let mut reader = Self {
            names: Names::default(),
            by_bank: HashMap::new(),
            marks: Vec::new(),
            passed_on: HashMap::new(),
            passed_on_names: Names::default(),
        };
        for (place, remittance) in input.remittances.iter().enumerate() {
            let reference = squeeze(input.ours.text(remittance.reference));
            reader.passed_on_names.add(&reference, number(place));
            reader
                .passed_on
                .entry(reference)
                .or_default()
                .push(number(place));
        }
        for (place, payment) in input.payments.iter().enumerate() {
            let own = number(place);
            let bank_txn = input.bank_txn(payment);
            if !bank_txn.is_empty() {
                reader
                    .by_bank
                    .entry(bank_txn.to_owned())
                    .or_default()
                    .push(own);
            }
            if payment.status != PaymentStatus::Outgoing {
                for text in input.references(payment).split(' ') {
                    reader.names.add(text, own);
                }
            }
        }
        for (place, contract) in (0..).zip(&input.contracts) {
            let marks = contract.payout_marks.iter().map(|mark| squeeze(mark));
            reader
                .marks
                .extend(marks.map(|mark| (mark, ChannelNo(place))));
        }
        // The longest mark is the most exact one.
        reader
            .marks
            .sort_by(|one, other| other.0.len().cmp(&one.0.len()).then(one.cmp(other)));
        reader
    }

    fn read(&self, work: &Work<'_>, line: &Bank) -> Said {
        let input = work.input;
        if let Some([payment]) = self
            .by_bank
            .get(input.theirs.text(line.reference))
            .map(Vec::as_slice)
        {
            return Said::One(*payment, Rule::BankReference);
        }
        let memo = Squeezed::of(input.theirs.text(line.memo));
        let found = self.names.find(&memo);
        if !found.is_empty() {
            return named(work, line, &found);
        }
        if INTEREST.iter().any(|mark| memo.holds(mark)) {
            return Said::NoPayment;
        }
        let payer = Squeezed::of(input.theirs.text(line.counterparty));
        let mark = self
            .marks
            .iter()
            .find(|(mark, _)| memo.holds(mark) || payer.holds(mark));
        mark.map_or(Said::Nothing, |(_, channel)| Said::Payout(*channel))
    }

    /// Money that left the account: a refund, or a payment we recorded as outgoing.
    fn debit(&self, work: &mut Work<'_>, debits: &mut Debits, bank: u32, line: &Bank) {
        let input = work.input;
        let memo = Squeezed::of(input.theirs.text(line.memo));
        if debits.take(work, bank, line, &memo) {
            return;
        }
        if let Some([payment]) = self
            .by_bank
            .get(input.theirs.text(line.reference))
            .map(Vec::as_slice)
        {
            super::credits::outgoing(work, *payment, bank);
            return;
        }
        let mut named: Vec<u32> = self
            .names
            .find(&memo)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        named.sort_unstable();
        named.dedup();
        let (kind, rule) = if line.amount == 0 {
            (OutcomeKind::NotAPayment, Rule::OwnWords)
        } else if let Some(is_recorded) = self.is_passed_on(input, line, &memo) {
            let kind = if is_recorded {
                OutcomeKind::PassedOn
            } else {
                OutcomeKind::UnknownDebit
            };
            (kind, Rule::BankReference)
        } else if !named.is_empty() {
            (OutcomeKind::RefundNotRecorded, Rule::MemoReference)
        } else if CHARGES.iter().any(|mark| memo.holds(mark)) {
            (OutcomeKind::NotAPayment, Rule::OwnWords)
        } else {
            (OutcomeKind::UnknownDebit, Rule::NoCounterpart)
        };
        work.set(Item::Bank(bank), verdict(kind, rule));
        for payment in named {
            work.note(Item::Bank(bank), Item::Payment(payment), Role::Candidate, 0);
        }
    }
}

impl Reader {
    /// Whether a debit is a remittance that was recorded in this amount from this account; `None` when no
    /// remittance has its reference.
    fn is_passed_on(&self, input: &Input, line: &Bank, memo: &Squeezed) -> Option<bool> {
        let own = squeeze(input.theirs.text(line.reference));
        let by_own = self.passed_on.get(&own).into_iter().flatten().copied();
        let in_memo = self
            .passed_on_names
            .find(memo)
            .into_iter()
            .flatten()
            .copied();
        let named: Vec<u32> = by_own.chain(in_memo).collect();
        let account = input.theirs.text(line.account);
        let is_it = |number: &u32| {
            input.remittances.get(at(*number)).is_some_and(|one| {
                one.amount == line.amount.saturating_neg()
                    && one.currency == line.currency
                    && (account.is_empty() || input.ours.text(one.account) == account)
            })
        };
        (!named.is_empty()).then(|| named.iter().any(is_it))
    }
}

/// Whether a single credit may still pay it.
fn is_open(work: &Work<'_>, payment: u32) -> bool {
    work.input.payments.get(at(payment)).is_some_and(|one| {
        one.is_direct
            && !work.is_claimed(payment)
            && (took_money(one) || one.status == PaymentStatus::Pending)
    })
}

/// What a memo with these references names. One reference that several payments share is narrowed
/// to those that are open, then to those of this amount; what stays unclear is not decided here.
fn named(work: &Work<'_>, line: &Bank, found: &[&[u32]]) -> Said {
    let input = work.input;
    let mut certain: Vec<u32> = Vec::new();
    for list in found {
        if let [payment] = list {
            certain.push(*payment);
        }
    }
    let mut doubtful: Vec<u32> = Vec::new();
    for list in found.iter().filter(|list| list.len() > 1) {
        if list.iter().any(|one| certain.contains(one)) {
            continue;
        }
        let amount = |one: u32| input.payments.get(at(one)).map_or(0, |one| one.amount);
        let open: Vec<u32> = list
            .iter()
            .copied()
            .filter(|one| is_open(work, *one))
            .collect();
        let equal: Vec<u32> = open
            .iter()
            .copied()
            .filter(|one| amount(*one) == line.amount)
            .collect();
        let total = open
            .iter()
            .fold(0_i64, |sum, one| sum.saturating_add(amount(*one)));
        match (open.as_slice(), equal.as_slice()) {
            ([one], _) | (_, [one]) => certain.push(*one),
            ([], _) => doubtful.extend_from_slice(list),
            _ if equal.is_empty() && total == line.amount => certain.extend(open),
            _ => doubtful.extend(open),
        }
    }
    for list in [&mut certain, &mut doubtful] {
        list.sort_by_key(|one| identity(input, Item::Payment(*one)));
        list.dedup();
    }
    if !doubtful.is_empty() {
        doubtful.extend(certain);
        return Said::Unclear(doubtful);
    }
    match certain.as_slice() {
        [payment] => Said::One(*payment, Rule::MemoReference),
        _ => Said::Several(certain),
    }
}

/// A credit whose reference several payments share with equal right.
fn unclear(work: &mut Work<'_>, bank: u32, payments: &[u32]) {
    let outcome = verdict(OutcomeKind::NeedsReview, Rule::Ambiguous);
    work.set(Item::Bank(bank), outcome);
    for payment in payments {
        work.note(
            Item::Bank(bank),
            Item::Payment(*payment),
            Role::Candidate,
            0,
        );
        if is_open(work, *payment) {
            work.note(
                Item::Payment(*payment),
                Item::Bank(bank),
                Role::Candidate,
                0,
            );
        }
    }
}

/// Credits that name nothing: open payments of the same amount are shown to a person, never matched.
fn by_amount(work: &mut Work<'_>, credits: &[u32]) {
    let input = work.input;
    let mut open: HashMap<_, Vec<u32>> = HashMap::new();
    for (place, payment) in input.payments.iter().enumerate() {
        if is_open(work, number(place)) {
            let key = (payment.amount, payment.currency);
            open.entry(key).or_default().push(number(place));
        }
    }
    for bank in credits {
        let Some(line) = input.banks.get(at(*bank)) else {
            continue;
        };
        let Some(payments) = open.get(&(line.amount, line.currency)) else {
            let outcome = verdict(OutcomeKind::UnknownCredit, Rule::NoCounterpart);
            work.set(Item::Bank(*bank), outcome);
            continue;
        };
        let outcome = verdict(OutcomeKind::NeedsReview, Rule::AmountOnly);
        work.set(Item::Bank(*bank), outcome);
        for payment in payments {
            work.note(
                Item::Bank(*bank),
                Item::Payment(*payment),
                Role::SameAmountOnly,
                0,
            );
            work.note(
                Item::Payment(*payment),
                Item::Bank(*bank),
                Role::SameAmountOnly,
                0,
            );
        }
    }
}

/// Payments that should have come as a bank credit and did not: under review when a credit may be
/// theirs, waiting, or missing.
pub(super) fn unpaid(work: &mut Work<'_>) {
    let input = work.input;
    let candidates = work.candidates();
    for own in work.alone.clone() {
        let Some(payment) = input.payments.get(at(own)) else {
            continue;
        };
        if !payment.is_direct || work.is_claimed(own) {
            continue;
        }
        let outcome = match candidates.get(&own) {
            Some(Role::SameAmountOnly) => verdict(OutcomeKind::NeedsReview, Rule::AmountOnly),
            Some(_) => verdict(OutcomeKind::NeedsReview, Rule::Ambiguous),
            None if took_money(payment) => {
                work.absent(work.waits_until(payment), OutcomeKind::MissingInBank)
            }
            None => verdict(OutcomeKind::NotExpected, Rule::NoCounterpart),
        };
        work.set(Item::Payment(own), outcome);
    }
}
