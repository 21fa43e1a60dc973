//! Facts as they were added, given back by their number: for those who act on an outcome. Decides
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::arena::{Arena, Span};
use super::facts::{BankFacts, ChannelNo, LineFacts, PaymentFacts, RefundFacts};
use super::input::Input;
use super::join::at;
use super::outcome::{Comparison, OutcomeKind};

impl Input {
    /// The transaction ids, by channel, of lines for which no payment was found.
    #[must_use]
    pub fn unknown_ids(&self, found: &Comparison) -> BTreeMap<ChannelNo, BTreeSet<String>> {
        let mut ids: BTreeMap<ChannelNo, BTreeSet<String>> = BTreeMap::new();
        for (number, outcome) in (0..).zip(&found.lines) {
            if outcome.kind == OutcomeKind::NotRecorded
                && let Some(line) = self.line_facts(number)
                && let Some(txn) = line.txn_id
            {
                ids.entry(line.channel).or_default().insert(txn.to_owned());
            }
        }
        ids
    }

    /// Those of these payments that were added: under another transaction id than the one they are
    /// kept by, a payment may be asked for that is there.
    #[must_use]
    pub fn known_of(&self, ids: impl Iterator<Item = Uuid>) -> BTreeSet<Uuid> {
        let asked: BTreeSet<Uuid> = ids.collect();
        if asked.is_empty() {
            return asked;
        }
        let ours = self.payments.iter().map(|one| one.id);
        ours.filter(|id| asked.contains(id)).collect()
    }

    /// A settlement line.
    #[must_use]
    pub fn line_facts(&self, number: u32) -> Option<LineFacts<'_>> {
        let one = self.lines.get(at(number))?;
        Some(LineFacts {
            file: one.file,
            place: one.place,
            channel: one.channel,
            txn_id: told(self.theirs.word_text(&one.txn)),
            order_ref: given(&self.theirs, one.order),
            batch: told(self.batch(one)),
            gross: one.gross,
            fee: one.fee(),
            net: one.net(),
            kind: one.kind,
            currency: one.currency,
            day: one.day,
        })
    }

    /// A bank line.
    #[must_use]
    pub fn bank_facts(&self, number: u32) -> Option<BankFacts<'_>> {
        let one = self.banks.get(at(number))?;
        Some(BankFacts {
            file: one.file,
            place: one.place,
            account: given(&self.theirs, one.account),
            amount: one.amount,
            currency: one.currency,
            reference: given(&self.theirs, one.reference),
            memo: given(&self.theirs, one.memo),
            counterparty: given(&self.theirs, one.counterparty),
            day: one.day,
        })
    }

    /// A payment; its references are not given back.
    #[must_use]
    pub fn payment_facts(&self, number: u32) -> Option<PaymentFacts<'_>> {
        let one = self.payments.get(at(number))?;
        Some(PaymentFacts {
            id: one.id,
            channel: one.channel,
            txn_id: told(self.ours.word_text(&one.txn)),
            order_ref: given(&self.ours, one.order),
            bank_txn_id: told(self.bank_txn(one)),
            references: &[],
            amount: one.amount,
            currency: one.currency,
            status: one.status,
            day: one.day,
            waits_until: self.waits_until(one),
            is_direct: one.is_direct,
            is_expired: one.is_expired,
        })
    }

    /// A refund.
    #[must_use]
    pub fn refund_facts(&self, number: u32) -> Option<RefundFacts<'_>> {
        let one = self.refunds.get(at(number))?;
        Some(RefundFacts {
            id: one.id,
            payment: one.payment,
            channel: one.channel,
            provider_refund_id: given(&self.ours, one.provider_id),
            order_ref: given(&self.ours, one.order),
            bank_reference: given(&self.ours, one.bank_reference),
            amount: one.amount,
            waits_until: one.waits_until,
        })
    }
}

fn given(arena: &Arena, span: Span) -> Option<&str> {
    told(arena.text(span))
}

fn told(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
