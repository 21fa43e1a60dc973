//! A notice: what a provider told us, verified and put into our words. The facts are ours to
//! compare; the provider's exact bytes are kept beside them by the store.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::money::Money;
use super::payment::PaymentStatus;
use super::time::{Instant, to_micros};

/// What the key of a payment begins with while only its order names it.
pub const ORDER_KEY: &str = "ref:";

/// One verified, normalised statement about one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The provider's id of this call, where its protocol has one; else none and the facts are
    /// the key.
    pub event_id: Option<String>,
    /// The provider's transaction id as sent, for people; may be a filler such as VNPAY's `0`.
    pub provider_txn_id: Option<String>,
    /// What identifies the payment at the channel: the transaction id, or `ref:` and the order
    /// reference of the attempt where the id is missing or a filler.
    pub payment_key: String,
    /// The order reference the notice claims, known to us or not.
    pub order_ref: Option<String>,
    /// The amount of the payment.
    pub amount: Money,
    /// Cumulative amount given back, minor units; set on refunds in part.
    pub refunded_minor: Option<i64>,
    /// The provider's word for the state, mapped; an unknown code is never success.
    pub status: PaymentStatus,
    /// When the payer paid, by the provider's clock.
    pub paid_at: Option<Instant>,
    /// Free text that travelled with the money.
    pub memo: Option<String>,
    /// Alias account the money came in on.
    pub virtual_account: Option<String>,
    /// Our account that received the money, where the provider says it.
    pub account_number: Option<String>,
    /// The bank's own transaction id.
    pub bank_txn_id: Option<String>,
}

impl Notice {
    /// The notice with NUL characters replaced: PostgreSQL keeps none in text, and a provider's odd
    /// memo must not stop its money.
    #[must_use]
    pub fn without_nul(mut self) -> Self {
        let texts = [
            &mut self.event_id,
            &mut self.provider_txn_id,
            &mut self.order_ref,
            &mut self.memo,
            &mut self.virtual_account,
            &mut self.account_number,
            &mut self.bank_txn_id,
        ];
        let texts = texts.into_iter().flatten();
        for text in texts.chain([&mut self.payment_key]) {
            if text.contains('\0') {
                *text = text.replace('\0', "\u{fffd}");
            }
        }
        self
    }

    /// The key under which the same payment is known from before the provider gave it a transaction
    /// id: that of its order. `None` for a notice that has no order, or no transaction id itself.
    #[must_use]
    pub fn early_key(&self) -> Option<String> {
        let order_ref = self.order_ref.as_deref().filter(|_| !self.is_unnamed())?;
        Some(format!("{ORDER_KEY}{order_ref}"))
    }

    /// Whether the provider had given the payment no transaction id yet, so that only its order
    /// names it.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.payment_key.starts_with(ORDER_KEY)
    }

    /// SHA-256 over every fact but the event id. Two notices that say the same have the same hash
    /// whatever their bytes looked like.
    #[must_use]
    pub fn facts_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut field = |text: Option<&str>| match text {
            Some(text) => {
                hash.update([1]);
                hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update([0]),
        };
        field(self.provider_txn_id.as_deref());
        field(Some(&self.payment_key));
        field(self.order_ref.as_deref());
        field(Some(&self.amount.minor().to_string()));
        field(Some(self.amount.currency().as_str()));
        field(
            self.refunded_minor
                .map(|minor| minor.to_string())
                .as_deref(),
        );
        field(Some(self.status.as_str()));
        field(self.paid_at.map(|at| to_micros(at).to_string()).as_deref());
        field(self.memo.as_deref());
        field(self.virtual_account.as_deref());
        field(self.account_number.as_deref());
        field(self.bank_txn_id.as_deref());
        hash.finalize().into()
    }

    /// The key that makes a notice unique at its channel: SHA-256 of the event id, or of the
    /// facts where there is none.
    #[must_use]
    pub fn key_hash(&self) -> [u8; 32] {
        match &self.event_id {
            Some(id) => {
                let mut hash = Sha256::new();
                hash.update(b"event:");
                hash.update(id.as_bytes());
                hash.finalize().into()
            }
            None => self.facts_hash(),
        }
    }

    /// The key the notice is kept by when it contradicts what was said before: it covers the facts,
    /// so that retries of the contradiction are repeats of it.
    #[must_use]
    pub fn conflict_key_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"conflict:");
        hash.update(self.key_hash());
        hash.update(self.facts_hash());
        hash.finalize().into()
    }
}

/// What became of one call, the word from which a provider's answer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Recorded (a failed payment included).
    Recorded,
    /// Recorded, the money belongs to no bill we know.
    UnknownOrder,
    /// Recorded, the amount is not what the bill asks.
    AmountDiffers,
    /// Recorded, the bill was already paid or can no longer be paid.
    AlreadyFinal,
    /// Kept for officers: contradicts what the same key said before.
    Conflict,
}

impl Verdict {
    /// All values.
    pub const ALL: &'static [Self] = &[
        Self::Recorded,
        Self::UnknownOrder,
        Self::AmountDiffers,
        Self::AlreadyFinal,
        Self::Conflict,
    ];

    /// The word used in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::UnknownOrder => "unknown_order",
            Self::AmountDiffers => "amount_differs",
            Self::AlreadyFinal => "already_final",
            Self::Conflict => "conflict",
        }
    }

    /// Reads the word; `None` when unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|verdict| verdict.as_str() == text)
    }
}
