//! What is compared: facts come in borrowed, are kept as small records whose longer texts lie in
//! arenas, and stay in the order they were added. A million lines and a million payments fit in two
//! hundred megabytes. Judges nothing.

use uuid::Uuid;

use super::arena::{Arena, Span, Word, trimmed};
use super::facts::{
    BankFacts, BatchFacts, ChannelNo, Contract, FileNo, LineFacts, LineKind, PaymentFacts,
    RefundFacts, RemittanceFacts,
};
use super::join::{at, key, number};
use crate::domain::money::Currency;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Day;

/// A payment as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    pub(super) id: Uuid,
    pub(super) amount: i64,
    pub(super) txn: Word,
    pub(super) order: Span,
    /// What few payments have, by its number in the input.
    seldom: u32,
    pub(super) day: Day,
    pub(super) channel: ChannelNo,
    pub(super) currency: Currency,
    pub(super) status: PaymentStatus,
    pub(super) is_direct: bool,
    pub(super) is_expired: bool,
}

/// What few payments have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seldom {
    bank_txn: Span,
    /// The references, with a space between them.
    references: Span,
    waits_until: Option<Day>,
}

/// The payment has none of what few have.
const NOTHING: u32 = u32::MAX;
/// Its order reference is its one reference, and it has nothing else of what few have.
const ORDER_NAMES_IT: u32 = u32::MAX - 1;

/// A settlement line as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) gross: i64,
    pub(super) txn: Word,
    fee: i64,
    net: i64,
    pub(super) order: Span,
    pub(super) batch: u32,
    pub(super) file: FileNo,
    pub(super) place: u32,
    pub(super) day: Day,
    pub(super) channel: ChannelNo,
    pub(super) currency: Currency,
    pub(super) kind: LineKind,
    has_fee: bool,
    has_net: bool,
}

impl Line {
    pub(super) fn fee(&self) -> Option<i64> {
        self.has_fee.then_some(self.fee)
    }

    pub(super) fn net(&self) -> Option<i64> {
        self.has_net.then_some(self.net)
    }
}

/// A bank line as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bank {
    pub(super) amount: i64,
    pub(super) account: Span,
    pub(super) reference: Span,
    pub(super) memo: Span,
    pub(super) counterparty: Span,
    pub(super) file: FileNo,
    pub(super) place: u32,
    pub(super) day: Day,
    pub(super) currency: Currency,
}

/// A refund as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refund {
    pub(super) id: Uuid,
    pub(super) payment: Option<Uuid>,
    pub(super) channel: ChannelNo,
    pub(super) provider_id: Span,
    pub(super) order: Span,
    pub(super) bank_reference: Span,
    pub(super) amount: i64,
    pub(super) waits_until: Day,
}

/// A remittance as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remittance {
    pub(super) account: Span,
    pub(super) reference: Span,
    pub(super) amount: i64,
    pub(super) currency: Currency,
}

/// A stated batch as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) file: FileNo,
    pub(super) channel: ChannelNo,
    pub(super) batch: Span,
    pub(super) count: Option<u64>,
    pub(super) total: Option<i64>,
    pub(super) waits_until: Option<Day>,
}

/// Everything that is compared.
#[derive(Debug, Clone)]
pub struct Input {
    /// The day on which it is compared: decides what still waits.
    pub today: Day,
    pub(super) contracts: Vec<Contract>,
    pub(super) payments: Vec<Payment>,
    pub(super) lines: Vec<Line>,
    pub(super) banks: Vec<Bank>,
    pub(super) refunds: Vec<Refund>,
    pub(super) remittances: Vec<Remittance>,
    pub(super) batches: Vec<Batch>,
    /// For each payment what its channel and transaction id hash to.
    pub(super) our_keys: Vec<u32>,
    /// For each settlement line the same.
    pub(super) their_keys: Vec<u32>,
    /// The lines that are no payment, in order.
    pub(super) odd: Vec<u32>,
    seldom: Vec<Seldom>,
    /// Names of batches; lines that follow each other share one.
    pub(super) batch_names: Vec<Span>,
    /// Texts of payments, refunds.
    pub(super) ours: Arena,
    /// Texts of settlement lines, bank lines, batches.
    pub(super) theirs: Arena,
}

impl Input {
    /// Nothing to compare yet.
    #[must_use]
    pub fn on(today: Day) -> Self {
        Self {
            today,
            contracts: Vec::new(),
            payments: Vec::new(),
            lines: Vec::new(),
            banks: Vec::new(),
            refunds: Vec::new(),
            remittances: Vec::new(),
            batches: Vec::new(),
            our_keys: Vec::new(),
            their_keys: Vec::new(),
            odd: Vec::new(),
            seldom: Vec::new(),
            batch_names: Vec::new(),
            ours: Arena::default(),
            theirs: Arena::default(),
        }
    }

    /// A channel and what is agreed about it. The order of channels must not depend on the input.
    pub fn add_channel(&mut self, contract: Contract) -> ChannelNo {
        let number = u16::try_from(self.contracts.len()).unwrap_or(u16::MAX);
        assert!(
            number != u16::MAX,
            "a comparison has fewer than 65,535 channels"
        );
        self.contracts.push(contract);
        ChannelNo(number)
    }

    /// What is agreed about a channel.
    #[must_use]
    pub fn contract(&self, channel: ChannelNo) -> Option<&Contract> {
        self.contracts.get(usize::from(channel.0))
    }

    /// Adds a payment. Its position, from 0, is its number in the result.
    pub fn add_payment(&mut self, facts: &PaymentFacts<'_>) {
        let txn = trimmed(facts.txn_id.unwrap_or(""));
        let order = self.ours.put(facts.order_ref);
        let payment = Payment {
            id: facts.id,
            amount: facts.amount,
            txn: self.ours.word(txn),
            order,
            seldom: self.seldom(facts),
            day: facts.day,
            channel: facts.channel,
            currency: facts.currency,
            status: facts.status,
            is_direct: facts.is_direct,
            is_expired: facts.is_expired,
        };
        self.our_keys.push(key(facts.channel, txn));
        self.payments.push(payment);
    }

    fn seldom(&mut self, facts: &PaymentFacts<'_>) -> u32 {
        let is_plain = facts.bank_txn_id.is_none() && facts.waits_until.is_none();
        match (facts.references, facts.order_ref) {
            ([], _) if is_plain => return NOTHING,
            ([one], Some(order)) if is_plain && *one == order => return ORDER_NAMES_IT,
            _ => {}
        }
        self.seldom.push(Seldom {
            bank_txn: self.ours.put(facts.bank_txn_id),
            references: self.ours.put_joined(facts.references),
            waits_until: facts.waits_until,
        });
        number(self.seldom.len() - 1)
    }

    fn seldom_of(&self, payment: &Payment) -> Seldom {
        let known = self.seldom.get(at(payment.seldom)).copied();
        known.unwrap_or_else(|| Seldom {
            references: if payment.seldom == ORDER_NAMES_IT {
                payment.order
            } else {
                Span::default()
            },
            ..Seldom::default()
        })
    }

    /// The bank's transaction id of a payment.
    pub(super) fn bank_txn(&self, payment: &Payment) -> &str {
        self.ours.text(self.seldom_of(payment).bank_txn)
    }

    /// The references of a payment, with a space between them.
    pub(super) fn references(&self, payment: &Payment) -> &str {
        self.ours.text(self.seldom_of(payment).references)
    }

    /// Until when a payment's absence is said to be no difference.
    pub(super) fn waits_until(&self, payment: &Payment) -> Option<Day> {
        self.seldom_of(payment).waits_until
    }

    /// The batch of a line.
    pub(super) fn batch(&self, line: &Line) -> &str {
        let name = self.batch_names.get(at(line.batch));
        self.theirs.text(name.copied().unwrap_or_default())
    }

    /// Adds a settlement line. Its position, from 0, is its number in the result.
    pub fn add_line(&mut self, facts: &LineFacts<'_>) {
        let txn = trimmed(facts.txn_id.unwrap_or(""));
        let line = Line {
            gross: facts.gross,
            txn: self.theirs.word(txn),
            fee: facts.fee.unwrap_or(0),
            net: facts.net.unwrap_or(0),
            order: self.theirs.put(facts.order_ref),
            batch: self.batch_name(facts.batch),
            file: facts.file,
            place: facts.place,
            day: facts.day,
            channel: facts.channel,
            currency: facts.currency,
            kind: facts.kind,
            has_fee: facts.fee.is_some(),
            has_net: facts.net.is_some(),
        };
        self.their_keys.push(key(facts.channel, txn));
        if facts.kind != LineKind::Payment {
            self.odd.push(number(self.lines.len()));
        }
        self.lines.push(line);
    }

    /// The number of a batch's name; that of the line before when it is the same.
    fn batch_name(&mut self, name: Option<&str>) -> u32 {
        let name = trimmed(name.unwrap_or(""));
        let last = self.batch_names.last().copied();
        let is_same = |last: Span| match name {
            "" => last.is_empty(),
            name => self.theirs.text(last) == name,
        };
        if !last.is_some_and(is_same) {
            let span = self.theirs.put(Some(name));
            self.batch_names.push(span);
        }
        number(self.batch_names.len() - 1)
    }

    /// Adds a bank line. Its position, from 0, is its number in the result.
    pub fn add_bank(&mut self, facts: &BankFacts<'_>) {
        let bank = Bank {
            amount: facts.amount,
            account: self.theirs.put(facts.account),
            reference: self.theirs.put(facts.reference),
            memo: self.theirs.put(facts.memo),
            counterparty: self.theirs.put(facts.counterparty),
            file: facts.file,
            place: facts.place,
            day: facts.day,
            currency: facts.currency,
        };
        self.banks.push(bank);
    }

    /// Adds an approved refund. Its position, from 0, is its number in the result.
    pub fn add_refund(&mut self, facts: &RefundFacts<'_>) {
        let refund = Refund {
            id: facts.id,
            payment: facts.payment,
            channel: facts.channel,
            provider_id: self.ours.put(facts.provider_refund_id),
            order: self.ours.put(facts.order_ref),
            bank_reference: self.ours.put(facts.bank_reference),
            amount: facts.amount,
            waits_until: facts.waits_until,
        };
        self.refunds.push(refund);
    }

    /// Adds a remittance that an officer recorded.
    pub fn add_remittance(&mut self, facts: &RemittanceFacts<'_>) {
        let remittance = Remittance {
            account: self.ours.put(Some(facts.account)),
            reference: self.ours.put(Some(facts.reference)),
            amount: facts.amount,
            currency: facts.currency,
        };
        self.remittances.push(remittance);
    }

    /// Adds what a file says of a batch. Its position, from 0, is its number in the result.
    pub fn add_batch(&mut self, facts: &BatchFacts<'_>) {
        let batch = Batch {
            file: facts.file,
            channel: facts.channel,
            batch: self.theirs.put(facts.batch),
            count: facts.count,
            total: facts.total,
            waits_until: facts.waits_until,
        };
        self.batches.push(batch);
    }

    /// Makes room ahead, so that nothing is copied while a large file is added.
    pub fn reserve(&mut self, payments: usize, lines: usize) {
        self.payments.reserve_exact(payments);
        self.our_keys.reserve_exact(payments);
        self.ours.reserve(payments);
        self.lines.reserve_exact(lines);
        self.their_keys.reserve_exact(lines);
        self.theirs.reserve(lines);
    }
}
