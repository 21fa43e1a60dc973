//! What a provider is to us: four abilities and the words they exchange. A provider is one file
//! in `providers/` that implements [`Provider`] and one line in the roster there.

use std::borrow::Cow;

use thiserror::Error;

use crate::config::channel::Channel;
use crate::domain::notice::{Notice, Verdict};
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::verify::{Checked, Verified};

pub use crate::intake::call::{Method, RawCall};

/// Seconds after which a provider may call again when we could not make its call durable: the
/// queue drains in less.
pub const TRY_AGAIN_AFTER_S: u32 = 5;

/// Why a call is not taken. Nothing of a refused call touches money or keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The provider never calls with this method.
    #[error("this channel takes {0} calls only")]
    WrongMethod(&'static str),
    /// The provider never sends this kind of body.
    #[error("this channel takes {0} bodies only")]
    WrongContentType(&'static str),
    /// Something needed to check the call is absent.
    #[error("{0} is missing")]
    Missing(Cow<'static, str>),
    /// Broken or ambiguous form; names the field and what is wrong with it.
    #[error("{field} {reason}")]
    Malformed {
        /// The field, as a path.
        field: String,
        /// What is wrong, to follow the field in a sentence.
        reason: String,
    },
    /// The signature is not the one our keys give.
    #[error("the signature does not match")]
    SignatureMismatch,
    /// Signed too long ago, or in the future.
    #[error("the call is dated {0} seconds away from our clock")]
    OutsideWindow(i64),
    /// Genuine, but for another merchant.
    #[error("{0} is not ours")]
    NotOurs(Cow<'static, str>),
    /// The channel lacks a key that the scheme needs.
    #[error("the channel has no secret named {0}")]
    NotConfigured(Cow<'static, str>),
}

impl Refusal {
    /// A field that is broken or ambiguous.
    #[must_use]
    pub fn malformed(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// Whether the caller did not prove who it is. `proof` names the fields or headers that the
    /// proof is made of: without one of them there is none.
    #[must_use]
    pub fn is_unproven(&self, proof: &[&str]) -> bool {
        match self {
            Self::SignatureMismatch | Self::OutsideWindow(_) => true,
            Self::Missing(name) => proof.contains(&name.as_ref()),
            Self::WrongMethod(_)
            | Self::WrongContentType(_)
            | Self::Malformed { .. }
            | Self::NotOurs(_)
            | Self::NotConfigured(_) => false,
        }
    }

    /// The HTTP status of the refusal, for providers that look at it.
    #[must_use]
    pub fn status(&self, proof: &[&str]) -> u16 {
        match self {
            Self::WrongMethod(_) => 405,
            unproven if unproven.is_unproven(proof) => 401,
            Self::SignatureMismatch
            | Self::OutsideWindow(_)
            | Self::Missing(_)
            | Self::WrongContentType(_)
            | Self::Malformed { .. }
            | Self::NotOurs(_)
            | Self::NotConfigured(_) => 400,
        }
    }

    /// A stable word for rows, metrics and JSON.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongMethod(_) => "wrong_method",
            Self::WrongContentType(_) => "wrong_content_type",
            Self::Missing(_) => "missing",
            Self::Malformed { .. } => "malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::OutsideWindow(_) => "outside_window",
            Self::NotOurs(_) => "not_ours",
            Self::NotConfigured(_) => "not_configured",
        }
    }
}

/// What a verified call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// Zero, one or many notices; all of one call commit or fail together.
    pub notices: Vec<Notice>,
    /// Why there are none, where there are none (a registration probe, say).
    pub nothing_because: Option<&'static str>,
    /// The answer itself, where the call asks for something instead of telling it (a token).
    pub reply: Option<Answer>,
}

impl Normalised {
    /// A call with exactly one notice.
    #[must_use]
    pub fn one(notice: Notice) -> Self {
        Self {
            notices: vec![notice],
            nothing_because: None,
            reply: None,
        }
    }

    /// A genuine call that speaks of no payment.
    #[must_use]
    pub fn nothing(because: &'static str) -> Self {
        Self {
            notices: Vec::new(),
            nothing_because: Some(because),
            reply: None,
        }
    }

    /// A genuine call that asks for this answer and speaks of no payment.
    #[must_use]
    pub fn asked(reply: Answer) -> Self {
        Self {
            notices: Vec::new(),
            nothing_because: None,
            reply: Some(reply),
        }
    }
}

/// What became of a call, from which the provider's answer is made.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Durably recorded now. `notice` is the call's first notice.
    New(Verdict, Option<&'a Notice>),
    /// Recorded before: the verdict is that of the first time.
    Repeat(Verdict, Option<&'a Notice>),
    /// Not taken, nothing recorded as money.
    Refused(&'a Refusal),
    /// Could not be made durable now: the provider must call again.
    TryLater,
}

/// An HTTP answer, complete but for transport headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Content type, empty for no body.
    pub content_type: Cow<'static, str>,
    /// The exact body.
    pub body: String,
    /// Seconds for `Retry-After`, where the answer asks to call again over HTTP.
    pub retry_after_s: Option<u32>,
}

impl Answer {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: Cow::Borrowed("application/json"),
            body: body.into(),
            retry_after_s: None,
        }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: Cow::Borrowed(""),
            body: String::new(),
            retry_after_s: None,
        }
    }

    /// The same answer, asking for another call after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

/// A provider's protocol: coded in `providers/`, or read from a
/// [`Description`](crate::config::described::description::Description).
pub trait Provider: Send + Sync {
    /// The name in configuration, rows and fixtures.
    fn name(&self) -> &str;

    /// The secrets its schemes use: name, and whether a call cannot be verified without it.
    fn secrets(&self) -> Vec<(&str, bool)>;

    /// The variants `settings.scheme` may pick, the default first; empty where there is one.
    fn schemes(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The settings it reads, `scheme` apart.
    fn settings(&self) -> &'static [&'static str] {
        &["accounts"]
    }

    /// Every header by which a call could prove itself with one of the channel's keys alone, as
    /// name and whole value; empty for a provider that signs.
    fn static_headers(&self, _channel: &Channel) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The headers it reads beside those that the door always keeps, in lower case.
    fn headers(&self) -> Vec<&str> {
        Vec::new()
    }

    /// A header of its own that carries a key itself and not a proof made with one, in lower case.
    /// It is never written down in clear.
    fn credential(&self) -> Option<&str> {
        None
    }

    /// What identifies, in this provider's notices, the payment that a line of its settlement file
    /// names by transaction id and order; `None` where lines and notices name payments differently.
    fn settled_key(&self, txn_id: &str, order_ref: &str) -> Option<String> {
        Some(fields::payment_key(txn_id, order_ref))
    }

    /// Checks form and signature over the bytes as received and gives the signed content. Called
    /// through [`crate::intake::verify::verify`] only.
    ///
    /// # Errors
    /// The refusal, most basic fault first: method, form, presence, signature, time.
    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal>;

    /// Puts signed content into our words; pure. Fields that are not signed are not read.
    ///
    /// # Errors
    /// A refusal where a signed field has no meaning, or the merchant is not ours.
    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal>;

    /// Exactly the answer the provider's contract asks for.
    fn answer(&self, outcome: Outcome<'_>, channel: &Channel, now: Instant) -> Answer;
}
