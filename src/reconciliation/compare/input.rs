//! What is compared: facts come in borrowed, are kept as small records whose texts lie in one arena,
//! and stay in the order they were added. A million lines and a million payments fit in a few
//! hundred megabytes. Judges nothing.

use uuid::Uuid;

use super::facts::{
    BankFacts, BatchFacts, ChannelNo, Contract, FileNo, LineFacts, LineKind, PaymentFacts,
    RefundFacts,
};
use crate::domain::money::Currency;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Day;

/// A text in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A payment as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    pub(super) id: Uuid,
    pub(super) amount: i64,
    pub(super) txn: Span,
    pub(super) order: Span,
    pub(super) bank_txn: Span,
    /// The references, with a space between them.
    pub(super) references: Span,
    pub(super) day: Day,
    pub(super) waits_until: Option<Day>,
    pub(super) channel: ChannelNo,
    pub(super) currency: Currency,
    pub(super) status: PaymentStatus,
    pub(super) is_direct: bool,
    pub(super) is_expired: bool,
}

/// A settlement line as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) gross: i64,
    pub(super) fee: Option<i64>,
    pub(super) net: Option<i64>,
    pub(super) txn: Span,
    pub(super) order: Span,
    pub(super) batch: Span,
    pub(super) file: FileNo,
    pub(super) place: u32,
    pub(super) day: Day,
    pub(super) channel: ChannelNo,
    pub(super) currency: Currency,
    pub(super) kind: LineKind,
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
    pub(super) amount: i64,
    pub(super) waits_until: Day,
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
    /// Texts that mark a bank line as no payment of a citizen: interest, account fees.
    pub not_payment_marks: Vec<String>,
    pub(super) contracts: Vec<Contract>,
    pub(super) payments: Vec<Payment>,
    pub(super) lines: Vec<Line>,
    pub(super) banks: Vec<Bank>,
    pub(super) refunds: Vec<Refund>,
    pub(super) batches: Vec<Batch>,
    /// Texts of payments, refunds.
    pub(super) ours: Arena,
    /// Texts of settlement lines, bank lines, batches.
    pub(super) theirs: Arena,
}

/// Texts, one behind the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Arena(Vec<u8>);

impl Arena {
    fn put(&mut self, text: Option<&str>) -> Span {
        let text = text.unwrap_or("").trim();
        let start = self.0.len();
        self.0.extend_from_slice(text.as_bytes());
        // An arena beyond 4 GB is refused as a bug: a comparison is one window of days.
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        assert!(
            start != u32::MAX,
            "one comparison has less than 4 GB of texts"
        );
        let len = u32::try_from(text.len()).unwrap_or(0);
        Span { start, len }
    }

    fn put_joined(&mut self, texts: &[&str]) -> Span {
        let whole = self.put(None);
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            self.put(Some(text));
            self.0.push(b' ');
        }
        let end = u32::try_from(self.0.len()).unwrap_or(whole.start);
        Span {
            start: whole.start,
            len: end.saturating_sub(whole.start),
        }
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let len = usize::try_from(span.len).unwrap_or(0);
        let end = start.saturating_add(len);
        self.0.get(start..end).unwrap_or(&[])
    }

    pub(super) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(self.bytes(span)).unwrap_or("")
    }
}

impl Input {
    /// Nothing to compare yet.
    #[must_use]
    pub fn on(today: Day) -> Self {
        let marks = [
            "LAI TIEN GUI",
            "TRA LAI",
            "LAI NHAP GOC",
            "PHI QUAN LY",
            "PHI SMS",
            "INTEREST",
        ];
        Self {
            today,
            not_payment_marks: marks.map(str::to_owned).to_vec(),
            contracts: Vec::new(),
            payments: Vec::new(),
            lines: Vec::new(),
            banks: Vec::new(),
            refunds: Vec::new(),
            batches: Vec::new(),
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
        let payment = Payment {
            id: facts.id,
            amount: facts.amount,
            txn: self.ours.put(facts.txn_id),
            order: self.ours.put(facts.order_ref),
            bank_txn: self.ours.put(facts.bank_txn_id),
            references: self.ours.put_joined(facts.references),
            day: facts.day,
            waits_until: facts.waits_until,
            channel: facts.channel,
            currency: facts.currency,
            status: facts.status,
            is_direct: facts.is_direct,
            is_expired: facts.is_expired,
        };
        self.payments.push(payment);
    }

    /// Adds a settlement line. Its position, from 0, is its number in the result.
    pub fn add_line(&mut self, facts: &LineFacts<'_>) {
        let line = Line {
            gross: facts.gross,
            fee: facts.fee,
            net: facts.net,
            txn: self.theirs.put(facts.txn_id),
            order: self.theirs.put(facts.order_ref),
            batch: self.theirs.put(facts.batch),
            file: facts.file,
            place: facts.place,
            day: facts.day,
            channel: facts.channel,
            currency: facts.currency,
            kind: facts.kind,
        };
        self.lines.push(line);
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
            amount: facts.amount,
            waits_until: facts.waits_until,
        };
        self.refunds.push(refund);
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

    /// Takes over the settlement lines, bank lines and batches of another input, so that both sides
    /// can be read at the same time. Channels must have been added to both alike.
    ///
    /// # Panics
    /// When this input has any of its own: their texts could not be told apart.
    #[must_use]
    pub fn with_lines_of(self, other: Self) -> Self {
        let is_empty = self.lines.is_empty() && self.banks.is_empty() && self.batches.is_empty();
        assert!(is_empty, "lines are taken over by an input that has none");
        Self {
            lines: other.lines,
            banks: other.banks,
            batches: other.batches,
            theirs: other.theirs,
            ..self
        }
    }

    /// Makes room ahead, so that nothing is copied while a large file is added.
    pub fn reserve(&mut self, payments: usize, lines: usize) {
        self.payments.reserve_exact(payments);
        self.lines.reserve_exact(lines);
    }
}
