//! The step from a raw call to a verified one. [`Verified`] has private fields and is made here
//! alone, so nothing that was not checked can reach normalisation or the books.

use std::borrow::Cow;

use super::json::Json;
use super::provider::{Normalised, Provider, RawCall, Refusal};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::time::Instant;

/// What was signed, parsed strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Decoded pairs of a query or form, in the order received; no name twice.
    Pairs(Vec<(String, String)>),
    /// A JSON document; no key twice, numbers kept as text.
    Json(Json),
    /// Nothing: a proven caller asks for something (a token).
    Nothing,
}

/// What a provider's check hands back: the signed content, not yet trusted by anyone.
#[derive(Debug)]
pub struct Checked {
    /// What was signed.
    pub content: Content,
    /// The signed event id, where the protocol carries one outside the body.
    pub event_id: Option<String>,
}

/// A call whose genuineness was proven with the channel's keys.
#[derive(Debug)]
pub struct Verified {
    checked: Checked,
    arrived_at: Instant,
}

impl Verified {
    /// The signed content.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.checked.content
    }

    /// The signed JSON.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when something else was signed, which no check of ours hands back.
    pub fn json(&self) -> Result<&Json, Refusal> {
        match &self.checked.content {
            Content::Json(json) => Ok(json),
            Content::Pairs(_) | Content::Nothing => Err(Refusal::malformed("body", "is not JSON")),
        }
    }

    /// The value of a signed pair; an empty one counts as absent.
    #[must_use]
    pub fn opt_pair(&self, name: &str) -> Option<&str> {
        match &self.checked.content {
            Content::Pairs(pairs) => pairs
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty()),
            Content::Json(_) | Content::Nothing => None,
        }
    }

    /// The value of a signed pair that must be there.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub fn pair(&self, name: &'static str) -> Result<&str, Refusal> {
        self.opt_pair(name)
            .ok_or(Refusal::Missing(Cow::Borrowed(name)))
    }

    /// When the call arrived.
    #[must_use]
    pub fn arrived_at(&self) -> Instant {
        self.arrived_at
    }

    /// The signed event id, where the protocol carries one outside the body.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.checked.event_id.as_deref()
    }
}

/// Checks a call with its provider's rules and the channel's keys.
///
/// # Errors
/// The provider's refusal.
pub fn verify(
    provider: &dyn Provider,
    call: &RawCall,
    channel: &Channel,
) -> Result<Verified, Refusal> {
    let checked = provider.check(call, channel)?;
    Ok(Verified {
        checked,
        arrived_at: call.arrived_at,
    })
}

/// The largest amount a notice may speak of, minor units: far above any fee, and low enough that no
/// sum of the books can overflow.
const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// Verifies and normalises a call: the whole way from bytes to notices.
///
/// # Errors
/// The provider's refusal, or that an amount is beyond anything we keep.
pub fn read(
    provider: &dyn Provider,
    call: &RawCall,
    channel: &Channel,
) -> Result<Normalised, Refusal> {
    let verified = verify(provider, call, channel)?;
    let mut normalised = provider.normalise(&verified, channel)?;
    let is_large = |minor: i64| minor.unsigned_abs() > LARGEST_MINOR.unsigned_abs();
    for notice in &normalised.notices {
        if is_large(notice.amount.minor()) || notice.refunded_minor.is_some_and(is_large) {
            return Err(Refusal::malformed("amount", "is larger than any payment"));
        }
    }
    let notices = normalised.notices.into_iter();
    normalised.notices = notices.map(Notice::without_nul).collect();
    Ok(normalised)
}
