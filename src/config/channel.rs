//! One channel: a merchant account at one provider, with its keys and settings. What the keys are
//! called is the provider's business; that a key may be a list while it is rotated is decided here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;

use super::described::description::Description;
use super::door::ChannelDoor;
use super::secret::Secret;
use crate::domain::ids::Tenant;

/// A configured channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name, the last part of its webhook address.
    pub name: String,
    /// The provider's name.
    pub provider: String,
    /// The installation it belongs to.
    pub tenant: Tenant,
    /// How its callers must show themselves beside their signature.
    pub door: ChannelDoor,
    /// Secrets by name; several values of one name are all valid at once (rotation).
    pub secrets: BTreeMap<String, Vec<Secret>>,
    /// The variant of the provider's protocol, such as `sepay-hmac`.
    pub scheme: Option<String>,
    /// Hash rule where a provider has rival ones: `sha256` or `hmac-sha256`.
    pub hash: Option<String>,
    /// How far a signed time may be from ours, both ways.
    pub replay_window: Duration,
    /// Field that holds the order reference.
    pub order_ref_field: Option<String>,
    /// Pattern of an order reference inside free text.
    pub order_ref_pattern: Option<Regex>,
    /// Field the pattern is looked for in.
    pub order_ref_pattern_field: Option<String>,
    /// Our receiving accounts; when given, money to any other account is not placed.
    pub accounts: Vec<String>,
    /// Where the provider is asked what became of payments, in the place of its live address;
    /// without a `/` at its end.
    pub query_url: Option<String>,
    /// The description of its provider, in the scheme chosen; none for a coded provider.
    pub described: Option<Arc<Description>>,
}

impl Channel {
    /// Every valid value of a secret; empty when it is not configured.
    #[must_use]
    pub fn secret(&self, name: &str) -> &[Secret] {
        self.secrets.get(name).map_or(&[], Vec::as_slice)
    }
}
