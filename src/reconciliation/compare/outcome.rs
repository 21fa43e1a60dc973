//! What a comparison finds: for every payment, line and refund one outcome, with its rule, what it
//! was matched with and what was considered and turned down. Small, because there may be millions;
//! `reason` puts it into words. Decides nothing.

use super::facts::{ChannelNo, FileNo};
use crate::domain::dossier::words;
use crate::domain::time::Day;

words!(
    /// What became of a payment, a line, a refund or a payout.
    OutcomeKind {
        /// Agrees with its counterpart.
        Matched = "matched",
        /// A payment that agrees with a settlement line.
        MatchedSettlement = "matched_settlement",
        /// One payment that came in several credits.
        MatchedSplit = "matched_split",
        /// One credit that names several payments and is their sum.
        Merged = "merged",
        /// The counterpart is certain, its amount is another.
        AmountMismatch = "amount_mismatch",
        /// There are candidates; a person decides.
        NeedsReview = "needs_review",
        /// Paid when it was no longer expected.
        LatePayment = "late_payment",
        /// Paid or reported once more.
        DuplicatePayment = "duplicate_payment",
        /// Absent, and may be for some days yet. Not a difference.
        Waiting = "waiting",
        /// Recorded, and absent from the provider's file after grace.
        MissingInSettlement = "missing_in_settlement",
        /// Recorded, and absent from the bank statement after grace.
        MissingInBank = "missing_in_bank",
        /// Proves a payment that was never recorded.
        NotRecorded = "not_recorded",
        /// Recorded as not paid, and the other side says it was.
        RecordedFailedButSettled = "recorded_failed_but_settled",
        /// A line that is no money.
        IgnoredFailed = "ignored_failed",
        /// A payment without money, of which nobody reports any.
        NotExpected = "not_expected",
        /// A refund that went out as approved.
        RefundMatched = "refund_matched",
        /// A refund that nobody here approved.
        RefundNotRecorded = "refund_not_recorded",
        /// An approved refund that did not go out in time.
        RefundMissing = "refund_missing",
        /// The bank credit is what the batch comes to.
        PayoutMatched = "payout_matched",
        /// The bank credit is not what the batch comes to.
        PayoutDiffers = "payout_differs",
        /// A batch whose bank credit did not come in time.
        PayoutMissing = "payout_missing",
        /// A batch does not come to the total its file states.
        BatchTotalDiffers = "batch_total_differs",
        /// A batch has not the number of lines its file states.
        BatchCountDiffers = "batch_count_differs",
        /// The fee is not the contracted one.
        FeeDiffers = "fee_differs",
        /// The counterpart is certain, its currency is another.
        WrongCurrency = "wrong_currency",
        /// The counterpart is certain, it stands on another account.
        WrongAccount = "wrong_account",
        /// Interest, charges, and other lines that are no payment.
        NotAPayment = "not_a_payment",
        /// A debit that an officer recorded as passed on to the Treasury or the collecting body.
        PassedOn = "passed_on",
        /// Money that left the account and nobody recorded.
        UnknownDebit = "unknown_debit",
        /// Money nobody expects.
        UnknownCredit = "unknown_credit",
        /// In a state nobody here knows; counted, never dropped.
        Unclassified = "unclassified",
    }
);

impl OutcomeKind {
    /// Whether it is a difference: something a person has to look at.
    #[must_use]
    pub fn is_difference(self) -> bool {
        match self {
            Self::Matched
            | Self::MatchedSettlement
            | Self::MatchedSplit
            | Self::Merged
            | Self::Waiting
            | Self::IgnoredFailed
            | Self::NotExpected
            | Self::RefundMatched
            | Self::PayoutMatched
            | Self::PassedOn
            | Self::NotAPayment => false,
            Self::AmountMismatch
            | Self::NeedsReview
            | Self::LatePayment
            | Self::DuplicatePayment
            | Self::MissingInSettlement
            | Self::MissingInBank
            | Self::NotRecorded
            | Self::RecordedFailedButSettled
            | Self::RefundNotRecorded
            | Self::RefundMissing
            | Self::PayoutDiffers
            | Self::PayoutMissing
            | Self::BatchTotalDiffers
            | Self::BatchCountDiffers
            | Self::FeeDiffers
            | Self::WrongCurrency
            | Self::WrongAccount
            | Self::UnknownDebit
            | Self::UnknownCredit
            | Self::Unclassified => true,
        }
    }
}

words!(
    /// By which rule an outcome came about.
    Rule {
        /// The provider's transaction id is the same.
        TransactionId = "transaction_id",
        /// The order reference is the same, and only one payment has it.
        OrderReference = "order_reference",
        /// The bank's transaction id is the same.
        BankReference = "bank_reference",
        /// The bank memo holds the reference.
        MemoReference = "memo_reference",
        /// The bank memo marks a payout of the channel.
        PayoutMark = "payout_mark",
        /// Only the amount is the same, which proves nothing.
        AmountOnly = "amount_only",
        /// Several have an equal right.
        Ambiguous = "ambiguous",
        /// The provider's id of the refund is the same.
        RefundId = "refund_id",
        /// The line's own words say what it is.
        OwnWords = "own_words",
        /// Nothing was found on the other side.
        NoCounterpart = "no_counterpart",
        /// What the file states of itself.
        StatedTotals = "stated_totals",
    }
);

words!(
    /// What a linked item is to an outcome.
    Role {
        /// Matched: its money, or a part of it, belongs here.
        Matched = "matched",
        /// Could be it; a person decides.
        Candidate = "candidate",
        /// Turned down: the transaction id is another.
        OtherTransaction = "other_transaction",
        /// Turned down: it is matched already.
        TakenAlready = "taken_already",
        /// Turned down: it is no money.
        NoMoney = "no_money",
        /// Turned down: the same amount alone proves nothing.
        SameAmountOnly = "same_amount_only",
    }
);

words!(
    /// On which side an item stands.
    Side {
        /// A payment.
        Payment = "payment",
        /// A settlement line.
        Line = "settlement_line",
        /// A bank line.
        Bank = "bank_line",
        /// A refund.
        Refund = "refund",
        /// A payout.
        Payout = "payout",
        /// What a file states of a batch.
        Batch = "batch",
    }
);

/// Something that was compared, by its number in the input; payouts by their number in the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Item {
    /// A payment.
    Payment(u32),
    /// A settlement line.
    Line(u32),
    /// A bank line.
    Bank(u32),
    /// A refund.
    Refund(u32),
    /// A payout.
    Payout(u32),
    /// What a file states of a batch.
    Batch(u32),
}

impl Item {
    /// On which side it stands.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::Payment(_) => Side::Payment,
            Self::Line(_) => Side::Line,
            Self::Bank(_) => Side::Bank,
            Self::Refund(_) => Side::Refund,
            Self::Payout(_) => Side::Payout,
            Self::Batch(_) => Side::Batch,
        }
    }
}

/// One item that an outcome names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// Which one.
    pub item: Item,
    /// What it is to the outcome.
    pub role: Role,
    /// How much of its money belongs here, minor units; zero unless matched.
    pub allocated: i64,
}

/// What an item was matched with. Smaller than a [`Link`], because millions of outcomes have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) item: Item,
    pub(super) allocated: i64,
}

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub kind: OutcomeKind,
    /// By which rule.
    pub rule: Rule,
    /// The other side's amount less ours, or the fee charged less the contracted one; else zero.
    pub difference: i64,
    /// While waiting: the first day on which it is a difference.
    pub turns_on: Option<Day>,
    pub(super) first: Option<Match>,
    pub(super) more: (u32, u32),
}

/// One payout: a batch of settlement lines, and the bank credits that should pay it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its channel.
    pub channel: ChannelNo,
    /// The file of its lines.
    pub file: FileNo,
    /// The batch as the lines name it; their day, such as `2026-01-05`, when they name none.
    pub batch: String,
    /// Whether its lines name no batch, so that those of one day are one.
    pub is_of_day: bool,
    /// The latest day of its lines.
    pub day: Day,
    /// How many lines are money.
    pub count: u64,
    /// How many lines are no money.
    pub failed: u64,
    /// Sum of gross amounts, refunds taken off.
    pub gross: i64,
    /// Sum of fees, as charged or, where the file does not say, as contracted.
    pub fees: i64,
    /// What the bank should be credited.
    pub net: i64,
    /// What became of it.
    pub outcome: Outcome,
}

/// Everything that was found. Positions are those of the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// One outcome per payment.
    pub payments: Vec<Outcome>,
    /// One outcome per settlement line.
    pub lines: Vec<Outcome>,
    /// One outcome per bank line.
    pub banks: Vec<Outcome>,
    /// One outcome per refund.
    pub refunds: Vec<Outcome>,
    /// One outcome per stated batch.
    pub batches: Vec<Outcome>,
    /// The payouts, by channel, day, file and batch.
    pub payouts: Vec<Payout>,
    pub(super) links: Vec<Link>,
}

impl Comparison {
    /// What an outcome names: matched first, then candidates and what was turned down.
    pub fn links(&self, outcome: &Outcome) -> impl Iterator<Item = Link> {
        let (start, end) = outcome.more;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let more = self.links.get(start..end).unwrap_or(&[]);
        let first = outcome.first.map(|one| Link {
            item: one.item,
            role: Role::Matched,
            allocated: one.allocated,
        });
        first.into_iter().chain(more.iter().copied())
    }

    /// The outcome of an item.
    #[must_use]
    pub fn outcome(&self, item: Item) -> Option<&Outcome> {
        let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        match item {
            Item::Payment(number) => self.payments.get(at(number)),
            Item::Line(number) => self.lines.get(at(number)),
            Item::Bank(number) => self.banks.get(at(number)),
            Item::Refund(number) => self.refunds.get(at(number)),
            Item::Batch(number) => self.batches.get(at(number)),
            Item::Payout(number) => self.payouts.get(at(number)).map(|payout| &payout.outcome),
        }
    }

    /// Every item with its outcome.
    pub fn all(&self) -> impl Iterator<Item = (Item, &Outcome)> {
        let payments = (0..).map(Item::Payment).zip(&self.payments);
        let lines = (0..).map(Item::Line).zip(&self.lines);
        let banks = (0..).map(Item::Bank).zip(&self.banks);
        let refunds = (0..).map(Item::Refund).zip(&self.refunds);
        let batches = (0..).map(Item::Batch).zip(&self.batches);
        let payouts = self.payouts.iter().map(|payout| &payout.outcome);
        payments
            .chain(lines)
            .chain(banks)
            .chain(refunds)
            .chain(batches)
            .chain((0..).map(Item::Payout).zip(payouts))
    }

    /// Every difference: the outcomes that need a person.
    pub fn differences(&self) -> impl Iterator<Item = (Item, &Outcome)> {
        self.all()
            .filter(|(_, outcome)| outcome.kind.is_difference())
    }
}
