//! The facts a comparison is given, borrowed: payments, lines, refunds, stated batches, and what is
//! agreed about a channel. Words only; kept and compared elsewhere.

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::domain::money::Currency;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Day;

/// A channel of this comparison, given by [`Input::add_channel`](super::Input::add_channel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelNo(pub u16);

/// A file of this comparison: numbered by the caller, the same file always with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNo(pub u32);

/// How a contracted fee is made whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Half a unit and more goes up.
    #[default]
    HalfUp,
    /// Fractions are dropped.
    Down,
}

/// What a provider may charge for one payment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// Hundredths of a percent of the gross amount; fractions are allowed.
    pub basis_points: Decimal,
    /// Charged for every payment on top.
    pub fixed: i64,
    /// Not less than this.
    pub min: Option<i64>,
    /// Not more than this.
    pub max: Option<i64>,
    /// Value added tax on the fee, percent.
    pub vat_percent: Decimal,
    /// How fractions are made whole.
    pub rounding: Rounding,
}

/// What is agreed with a provider or a bank about one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The channel's name.
    pub channel: String,
    /// What one payment may cost; `None` when nothing is agreed, then recorded fees are believed.
    pub terms: Option<Terms>,
    /// How many days after its day a payment may be absent before that is a difference.
    pub grace_days: u64,
    /// The currency of the channel.
    pub currency: Currency,
    /// The bank account its money must arrive on, `None` when any.
    pub account: Option<String>,
    /// Texts that mark a bank credit as this channel's payout, such as `VNPAY TT`; compared without
    /// spaces, accents and case.
    pub payout_marks: Vec<String>,
}

/// One recorded payment, or one that is expected: an open bill that a bank transfer may pay is a
/// direct, pending one.
#[derive(Debug, Clone, Copy)]
pub struct PaymentFacts<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its channel.
    pub channel: ChannelNo,
    /// The provider's transaction id.
    pub txn_id: Option<&'a str>,
    /// The order reference sent to the provider.
    pub order_ref: Option<&'a str>,
    /// The bank's transaction id, where the payment names one.
    pub bank_txn_id: Option<&'a str>,
    /// Texts that would name it in a bank memo: payment reference, order reference, dossier code.
    /// Compared without spaces, marks and case; those of fewer than six letters and digits name nothing.
    pub references: &'a [&'a str],
    /// Minor units, zero or more.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// What the provider said of it.
    pub status: PaymentStatus,
    /// The business day it belongs to.
    pub day: Day,
    /// The last day on which its absence is no difference yet; `None`: `day` and the channel's grace.
    pub waits_until: Option<Day>,
    /// Whether it arrives as a single bank credit rather than in a payout.
    pub is_direct: bool,
    /// Whether it was due and no longer expected when its money came.
    pub is_expired: bool,
}

/// What a settlement line reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// A payment that succeeded.
    Payment,
    /// Money given back; its gross is below zero.
    Refund,
    /// A charge by itself; its gross is below zero, or zero with a fee.
    Fee,
    /// No money: failed, cancelled, pending.
    Failed,
    /// A state nobody here knows.
    Unknown,
}

/// One line of a settlement file.
#[derive(Debug, Clone, Copy)]
pub struct LineFacts<'a> {
    /// Its file.
    pub file: FileNo,
    /// Its line or row.
    pub place: u32,
    /// Its channel.
    pub channel: ChannelNo,
    /// The provider's transaction id.
    pub txn_id: Option<&'a str>,
    /// The order reference.
    pub order_ref: Option<&'a str>,
    /// The payout or batch it is paid with; `None`: all lines of its file are one batch.
    pub batch: Option<&'a str>,
    /// Signed minor units, before promotion and fees.
    pub gross: i64,
    /// The fee it names, zero or more.
    pub fee: Option<i64>,
    /// What is paid out for it, where the file says so.
    pub net: Option<i64>,
    /// What it reports.
    pub kind: LineKind,
    /// Its currency.
    pub currency: Currency,
    /// Its day.
    pub day: Day,
}

/// One line of a bank statement.
#[derive(Debug, Clone, Copy)]
pub struct BankFacts<'a> {
    /// Its file.
    pub file: FileNo,
    /// Its line or row.
    pub place: u32,
    /// The account it stands on.
    pub account: Option<&'a str>,
    /// Signed minor units: above zero brings money.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// The bank's reference.
    pub reference: Option<&'a str>,
    /// What the payer or the bank wrote.
    pub memo: Option<&'a str>,
    /// The other party.
    pub counterparty: Option<&'a str>,
    /// Its day.
    pub day: Day,
}

/// One approved refund.
#[derive(Debug, Clone, Copy)]
pub struct RefundFacts<'a> {
    /// Its id.
    pub id: Uuid,
    /// The payment whose money goes back.
    pub payment: Option<Uuid>,
    /// The channel it goes back through.
    pub channel: ChannelNo,
    /// The provider's id of the refund.
    pub provider_refund_id: Option<&'a str>,
    /// The order reference of the payment.
    pub order_ref: Option<&'a str>,
    /// The bank's reference of the transfer, where the bank pays it out.
    pub bank_reference: Option<&'a str>,
    /// Minor units, above zero.
    pub amount: i64,
    /// The last day on which its absence is no difference yet.
    pub waits_until: Day,
}

/// Money that an officer recorded as passed on from one of our accounts.
#[derive(Debug, Clone, Copy)]
pub struct RemittanceFacts<'a> {
    /// The account it left.
    pub account: &'a str,
    /// The bank's reference of the transfer.
    pub reference: &'a str,
    /// Minor units, above zero.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
}

/// What a file says of one of its batches by itself.
#[derive(Debug, Clone, Copy)]
pub struct BatchFacts<'a> {
    /// Its file.
    pub file: FileNo,
    /// Its channel.
    pub channel: ChannelNo,
    /// The batch, as its lines name it.
    pub batch: Option<&'a str>,
    /// How many lines it says to have.
    pub count: Option<u64>,
    /// The gross total it says to have.
    pub total: Option<i64>,
    /// The last day on which the absence of its bank credit is no difference yet; `None`: its day and
    /// the channel's grace.
    pub waits_until: Option<Day>,
}
