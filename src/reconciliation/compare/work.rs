//! A comparison while it is made: the outcomes so far, and the links that do not fit into them yet.
//! Ends as a [`Comparison`] whose links stand in an order that does not depend on the input's.

use super::input::{Input, Payment};
use super::join::{at, number};
use super::outcome::{Comparison, Item, Link, Match, Outcome, OutcomeKind, Role, Rule};
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Day;
use chrono::Days;
use std::collections::HashMap;
use uuid::Uuid;

/// What is found of one item.
pub(super) fn verdict(kind: OutcomeKind, rule: Rule) -> Outcome {
    Outcome {
        kind,
        rule,
        difference: 0,
        turns_on: None,
        first: None,
        more: (0, 0),
    }
}

/// A match with an item.
pub(super) fn matched(item: Item, allocated: i64) -> Option<Match> {
    Some(Match { item, allocated })
}

/// Whether we hold that money was taken.
pub(super) fn took_money(payment: &Payment) -> bool {
    match payment.status {
        PaymentStatus::Succeeded
        | PaymentStatus::Reversed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded => true,
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Failed
        | PaymentStatus::Review
        | PaymentStatus::Outgoing => false,
    }
}

/// Outcomes in the making.
pub(super) struct Work<'a> {
    pub(super) input: &'a Input,
    pub(super) out: Comparison,
    /// Which payments have their counterpart.
    pub(super) claimed: Vec<bool>,
    /// Payments whose transaction id is on no line.
    pub(super) alone: Vec<u32>,
    notes: Vec<(Item, Link)>,
}

impl<'a> Work<'a> {
    pub(super) fn on(input: &'a Input) -> Self {
        let unknown = verdict(OutcomeKind::Unclassified, Rule::NoCounterpart);
        Self {
            input,
            out: Comparison {
                // Those of payments and lines are many: the settlement makes them in one go.
                banks: vec![unknown; input.banks.len()],
                refunds: vec![unknown; input.refunds.len()],
                batches: vec![unknown; input.batches.len()],
                ..Comparison::default()
            },
            claimed: Vec::new(),
            alone: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn set(&mut self, item: Item, outcome: Outcome) {
        let slot = match item {
            Item::Payment(number) => self.out.payments.get_mut(at(number)),
            Item::Line(number) => self.out.lines.get_mut(at(number)),
            Item::Bank(number) => self.out.banks.get_mut(at(number)),
            Item::Refund(number) => self.out.refunds.get_mut(at(number)),
            Item::Batch(number) => self.out.batches.get_mut(at(number)),
            Item::Payout(number) => self
                .out
                .payouts
                .get_mut(at(number))
                .map(|one| &mut one.outcome),
        };
        if let Some(slot) = slot {
            *slot = outcome;
        }
    }

    /// Adds to what an item's outcome names.
    pub(super) fn note(&mut self, item: Item, other: Item, role: Role, allocated: i64) {
        let link = Link {
            item: other,
            role,
            allocated,
        };
        self.notes.push((item, link));
    }

    pub(super) fn claim(&mut self, payment: u32) {
        if let Some(claimed) = self.claimed.get_mut(at(payment)) {
            *claimed = true;
        }
    }

    pub(super) fn is_claimed(&self, payment: u32) -> bool {
        self.claimed.get(at(payment)).copied().unwrap_or(true)
    }

    /// The last day on which a payment's absence is no difference.
    pub(super) fn waits_until(&self, payment: &Payment) -> Day {
        self.input.waits_until(payment).unwrap_or_else(|| {
            let contract = self.input.contract(payment.channel);
            later(payment.day, contract.map_or(0, |one| one.grace_days))
        })
    }

    /// An outcome for something absent: still waiting, or a difference.
    pub(super) fn absent(&self, waits_until: Day, difference: OutcomeKind) -> Outcome {
        if self.input.today > waits_until {
            return verdict(difference, Rule::NoCounterpart);
        }
        Outcome {
            turns_on: waits_until.succ_opt(),
            ..verdict(OutcomeKind::Waiting, Rule::NoCounterpart)
        }
    }

    /// The payments that a bank line may belong to, and how.
    pub(super) fn candidates(&self) -> HashMap<u32, Role> {
        let mut found = HashMap::new();
        for (item, link) in &self.notes {
            if let (Item::Payment(payment), Role::Candidate | Role::SameAmountOnly) =
                (item, link.role)
                && matches!(link.item, Item::Bank(_))
            {
                let role = found.entry(*payment).or_insert(link.role);
                *role = (*role).min(link.role);
            }
        }
        found
    }

    /// Puts the links in order and ends.
    pub(super) fn end(mut self) -> Comparison {
        let mut notes = std::mem::take(&mut self.notes);
        let input = self.input;
        notes.sort_by_cached_key(|(item, link)| {
            (*item, link.role, identity(input, link.item), link.item)
        });
        notes.dedup();
        let mut start = 0;
        for group in notes.chunk_by(|one, other| one.0 == other.0) {
            let end = start + group.len();
            if let Some((item, _)) = group.first()
                && let Some(mut outcome) = self.out.outcome(*item).copied()
            {
                outcome.more = (number(start), number(end));
                self.set(*item, outcome);
            }
            start = end;
        }
        self.out.links = notes.into_iter().map(|(_, link)| link).collect();
        self.out
    }
}

/// A day some days later.
pub(super) fn later(day: Day, days: u64) -> Day {
    day.checked_add_days(Days::new(days)).unwrap_or(Day::MAX)
}

/// What an item is, whatever its number: orders equals the same way for every order of the input.
pub(super) fn identity(input: &Input, item: Item) -> (Day, Uuid, u32, u32) {
    let none = (Day::MIN, Uuid::nil(), 0, 0);
    match item {
        Item::Payment(number) => input
            .payments
            .get(at(number))
            .map_or(none, |one| (one.day, one.id, 0, 0)),
        Item::Line(number) => input
            .lines
            .get(at(number))
            .map_or(none, |one| (one.day, Uuid::nil(), one.file.0, one.place)),
        Item::Bank(number) => input
            .banks
            .get(at(number))
            .map_or(none, |one| (one.day, Uuid::nil(), one.file.0, one.place)),
        Item::Refund(number) => input
            .refunds
            .get(at(number))
            .map_or(none, |one| (one.waits_until, one.id, 0, 0)),
        Item::Batch(number) | Item::Payout(number) => (Day::MIN, Uuid::nil(), number, 0),
    }
}
