//! Which bank credit pays which batches of one channel: the same amount first, of equal ones those that
//! the memo names, then one credit for several batches in a row. What could be one or the other is shown
//! as alternatives. The rules stand in `docs/settlement.md`.

use std::collections::BTreeSet;

use super::input::Bank;
use super::join::at;
use super::memo::{Names, Squeezed};
use super::memo_days::MemoDays;
use super::outcome::{Item, Outcome, OutcomeKind, Payout, Role, Rule};
use super::payouts::waits_until;
use super::work::{Work, identity, matched, verdict};
use crate::domain::time::Day;

/// A credit that is marked as a payout, and the batches of the channel that its memo names.
struct Credit {
    bank: u32,
    amount: i64,
    named: BTreeSet<u32>,
}

/// The batches and credits of one channel that do not have each other yet, in order.
struct Paying<'w, 'a> {
    work: &'w mut Work<'a>,
    payouts: Vec<u32>,
    credits: Vec<Credit>,
    /// Batches that stand beside others with equal right to a credit.
    doubted: BTreeSet<u32>,
}

/// Gives the credits of one channel to its batches.
pub(super) fn pay(work: &mut Work<'_>, payouts: Vec<u32>, mut credits: Vec<u32>) {
    let input = work.input;
    credits.sort_by_key(|bank| identity(input, Item::Bank(*bank)));
    let credits = named(work, &payouts, &credits);
    let mut paying = Paying {
        work,
        payouts,
        credits,
        doubted: BTreeSet::new(),
    };
    paying.leave_empty();
    paying.by_name();
    paying.one_for_one();
    paying.several_at_once();
    paying.end();
}

/// The credits with the batches they name, by the batch or by its day. The day of the credit itself may
/// be that of the payout as well, and names nothing.
fn named(work: &Work<'_>, payouts: &[u32], credits: &[u32]) -> Vec<Credit> {
    let mut names = Names::default();
    let known = |own: &u32| Some((*own, work.out.payouts.get(at(*own))?));
    let batches: Vec<(u32, &Payout)> = payouts.iter().filter_map(known).collect();
    for (own, batch) in batches.iter().filter(|(_, batch)| !batch.is_of_day) {
        names.add(&batch.batch, *own);
    }
    let texts = &work.input.theirs;
    let credit = |bank: &u32| {
        let line = work.input.banks.get(at(*bank))?;
        let memo = texts.text(line.memo);
        let days = MemoDays::of(memo);
        let by_day = batches.iter().filter(|(_, one)| {
            let day = session(one);
            day < line.day && days.name(day)
        });
        let by_day = by_day.map(|(own, _)| *own);
        let mut named: BTreeSet<u32> = by_day.collect();
        for text in [memo, texts.text(line.reference)] {
            let found = names.find(&Squeezed::of(text));
            named.extend(found.into_iter().flatten());
        }
        Some(Credit {
            bank: *bank,
            amount: line.amount,
            named,
        })
    };
    credits.iter().filter_map(credit).collect()
}

/// The day whose payments a batch pays out: what came for a closed day counts on a later one, and keeps
/// its own as its name.
fn session(payout: &Payout) -> Day {
    payout.batch.parse().unwrap_or(payout.day)
}

impl Paying<'_, '_> {
    fn payout(&self, own: u32) -> Option<&Payout> {
        self.work.out.payouts.get(at(own))
    }

    fn line(&self, bank: u32) -> Option<&Bank> {
        self.work.input.banks.get(at(bank))
    }

    fn net(&self, own: u32) -> i64 {
        self.payout(own).map_or(0, |one| one.net)
    }

    /// Money is paid out on the day of its payments or later, in the channel's currency.
    fn may_pay(&self, own: u32, bank: u32) -> bool {
        let both = self.payout(own).zip(self.line(bank));
        both.is_some_and(|(payout, line)| {
            let contract = self.work.input.contract(payout.channel);
            line.day >= session(payout) && contract.is_some_and(|one| one.currency == line.currency)
        })
    }

    /// Whether a batch comes to exactly this credit.
    fn is_equal(&self, own: u32, credit: &Credit) -> bool {
        self.net(own) == credit.amount && self.may_pay(own, credit.bank)
    }

    /// Batches that come to nothing, as when as much was given back as was paid: no credit will come.
    fn leave_empty(&mut self) {
        let (empty, open) = std::mem::take(&mut self.payouts)
            .into_iter()
            .partition(|own| self.net(*own) == 0);
        self.payouts = open;
        for own in empty {
            let outcome = verdict(OutcomeKind::NotExpected, Rule::StatedTotals);
            self.work.set(Item::Payout(own), outcome);
        }
    }

    /// Credits that name one batch of their amount: it is theirs, or it was paid already.
    fn by_name(&mut self) {
        let all = self.payouts.clone();
        for credit in std::mem::take(&mut self.credits) {
            let named = |own: &&u32| credit.named.contains(own) && self.is_equal(**own, &credit);
            let named: Vec<u32> = all.iter().filter(named).copied().collect();
            let [own] = named.as_slice() else {
                self.credits.push(credit);
                continue;
            };
            if self.payouts.contains(own) {
                self.link(&[*own], &credit, OutcomeKind::PayoutMatched);
            } else {
                let (bank, payout) = (Item::Bank(credit.bank), Item::Payout(*own));
                let again = verdict(OutcomeKind::PayoutDiffers, Rule::PayoutMark);
                self.work.set(bank, again);
                self.work.note(bank, payout, Role::TakenAlready, 0);
                self.work.note(payout, bank, Role::TakenAlready, 0);
            }
        }
    }

    /// Credits of the amount of a batch that do not say which one: it must be the only one due, or all
    /// that are due must have a credit, and then the earliest is paid first.
    fn one_for_one(&mut self) {
        let mut credits = std::mem::take(&mut self.credits).into_iter();
        while let Some(credit) = credits.next() {
            let due = self.due(&credit);
            let alike = |one: &&Credit| one.amount == credit.amount;
            let further = credits.as_slice().iter().filter(alike).count();
            match due.as_slice() {
                [] => self.credits.push(credit),
                [first, others @ ..] if others.len() <= further => {
                    self.link(&[*first], &credit, OutcomeKind::PayoutMatched);
                }
                several => self.doubt(&credit, several),
            }
        }
    }

    /// The open batches of a credit's amount: those it names, and of these those whose day was over.
    fn due(&self, credit: &Credit) -> Vec<u32> {
        let equal = |own: &u32| self.is_equal(*own, credit);
        let equal: Vec<u32> = self.payouts.iter().copied().filter(equal).collect();
        let is_over = |own: &u32| {
            let both = self.payout(*own).zip(self.line(credit.bank));
            both.is_some_and(|(payout, line)| session(payout) < line.day)
        };
        let named = narrowed(equal, |own| credit.named.contains(own));
        narrowed(named, is_over)
    }

    /// One credit for several batches in a row, of all or of one file, when there is one such row only,
    /// or one that begins and ends with what the memo names.
    fn several_at_once(&mut self) {
        for credit in std::mem::take(&mut self.credits) {
            let rows = narrowed(self.rows(&credit), |row: &Vec<u32>| {
                let ends = [row.first(), row.last()];
                let mut ends = ends.into_iter().flatten();
                ends.all(|own| credit.named.contains(own))
            });
            match rows.as_slice() {
                [] => self.credits.push(credit),
                [row] => self.link(row, &credit, OutcomeKind::PayoutMatched),
                rows => {
                    let any: BTreeSet<u32> = rows.iter().flatten().copied().collect();
                    let any: Vec<u32> = any.into_iter().collect();
                    self.doubt(&credit, &any);
                }
            }
        }
    }

    /// The rows of open batches that together come to a credit.
    fn rows(&self, credit: &Credit) -> Vec<Vec<u32>> {
        let file = |own: &u32| self.payout(*own).map(|one| one.file);
        let is_open = |own: &&u32| !self.doubted.contains(own) && self.may_pay(**own, credit.bank);
        let open: Vec<u32> = self.payouts.iter().filter(is_open).copied().collect();
        let files: BTreeSet<_> = open.iter().map(file).collect();
        let mut found = BTreeSet::new();
        let of_file = files.into_iter().map(|one| {
            let own = open.iter().copied();
            own.filter(|own| file(own) == one).collect::<Vec<u32>>()
        });
        for batches in of_file.chain([open.clone()]) {
            self.rows_of(&batches, credit.amount, &mut found);
        }
        found.into_iter().collect()
    }

    fn rows_of(&self, batches: &[u32], amount: i64, found: &mut BTreeSet<Vec<u32>>) {
        for start in 0..batches.len() {
            let mut sum = 0_i64;
            for (place, own) in batches.iter().enumerate().skip(start) {
                sum = sum.saturating_add(self.net(*own));
                if sum == amount
                    && let Some(row) = batches.get(start..=place).filter(|row| row.len() > 1)
                {
                    found.insert(row.to_vec());
                }
            }
        }
    }

    /// What nothing pays, and credits that pay nothing: one of each belongs together and differs.
    fn end(&mut self) {
        let doubted = std::mem::take(&mut self.doubted);
        let payouts = std::mem::take(&mut self.payouts).into_iter();
        let (unclear, open): (Vec<u32>, Vec<u32>) = payouts.partition(|own| doubted.contains(own));
        for own in unclear {
            let outcome = verdict(OutcomeKind::NeedsReview, Rule::Ambiguous);
            self.work.set(Item::Payout(own), outcome);
        }
        let credits = std::mem::take(&mut self.credits);
        if let ([own], [credit]) = (open.as_slice(), credits.as_slice()) {
            self.link(&[*own], credit, OutcomeKind::PayoutDiffers);
            return;
        }
        for own in &open {
            let until = waits_until(self.work, *own);
            let outcome = self.work.absent(until, OutcomeKind::PayoutMissing);
            self.work.set(Item::Payout(*own), outcome);
        }
        for credit in credits {
            let outcome = verdict(OutcomeKind::PayoutDiffers, Rule::PayoutMark);
            self.work.set(Item::Bank(credit.bank), outcome);
            self.show(credit.bank, &open);
        }
    }

    /// A credit that any of these batches may be paid by: a person decides.
    fn doubt(&mut self, credit: &Credit, payouts: &[u32]) {
        let outcome = verdict(OutcomeKind::NeedsReview, Rule::Ambiguous);
        self.work.set(Item::Bank(credit.bank), outcome);
        self.show(credit.bank, payouts);
        self.doubted.extend(payouts);
    }

    /// Names a credit and batches to each other as candidates.
    fn show(&mut self, bank: u32, payouts: &[u32]) {
        for own in payouts {
            let (bank, payout) = (Item::Bank(bank), Item::Payout(*own));
            self.work.note(bank, payout, Role::Candidate, 0);
            self.work.note(payout, bank, Role::Candidate, 0);
        }
    }

    /// Gives a credit to batches. Never more of it is given away than it is.
    fn link(&mut self, payouts: &[u32], credit: &Credit, kind: OutcomeKind) {
        let sum = payouts
            .iter()
            .fold(0_i64, |sum, own| sum.saturating_add(self.net(*own)));
        let bank = Item::Bank(credit.bank);
        let outcome = Outcome {
            difference: credit.amount.saturating_sub(sum),
            ..verdict(kind, Rule::PayoutMark)
        };
        self.work.set(bank, outcome);
        let mut rest = credit.amount;
        for own in payouts {
            let part = self.net(*own).min(rest).max(0);
            rest = rest.saturating_sub(part);
            let first = matched(bank, part);
            self.work
                .set(Item::Payout(*own), Outcome { first, ..outcome });
            self.work
                .note(bank, Item::Payout(*own), Role::Matched, part);
        }
        self.payouts.retain(|own| !payouts.contains(own));
    }
}

/// Those for which something holds, when there are any; else all.
fn narrowed<T>(all: Vec<T>, holds: impl Fn(&T) -> bool) -> Vec<T> {
    if !all.iter().any(&holds) {
        return all;
    }
    all.into_iter().filter(holds).collect()
}
