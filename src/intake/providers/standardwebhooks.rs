//! Standard Webhooks: a POST of JSON signed in its headers (`webhook-*`, or `svix-*` of the same
//! meaning) comes in, a notice about a payment goes out, or none for events of other kinds. The
//! `webhook-id` is the event id; the payment's key is `transaction_id`, else `ref:` and
//! `order_ref`, else the event. It does not verify `v1a`: those need a public key nobody gave us.

use crate::config::channel::Channel;
use crate::config::secret::Secret;
use crate::domain::money::Money;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{
    Answer, Normalised, Outcome, Provider, RawCall, Refusal, TRY_AGAIN_AFTER_S,
};
use crate::intake::signature::{any_key, from_base64, hmac_sha256, is_same, to_base64};
use crate::intake::verify::{Checked, Content, Verified};

/// The headers of one call: id, time of signing, signatures.
type Headers = [&'static str; 3];

const WEBHOOK: Headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
const SVIX: Headers = ["svix-id", "svix-timestamp", "svix-signature"];

/// The provider `standardwebhooks`.
#[derive(Debug, Clone, Copy)]
pub struct StandardWebhooks;

impl Provider for StandardWebhooks {
    fn name(&self) -> &str {
        "standardwebhooks"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        vec![("secret", true)]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["accounts", "replay_window_s"]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        call.must_be_json()?;
        let [id, timestamp, signatures] = headers_of(call);
        let timestamp_name = timestamp;
        let (id, timestamp) = (call.header(id)?, call.header(timestamp)?);
        let claimed = claimed(call.header(signatures)?);
        if id.is_empty() {
            return Err(Refusal::SignatureMismatch);
        }
        any_key(channel.secret("secret"), "secret", |secret| {
            let Some(key) = key_of(secret) else {
                return false;
            };
            let digest = digest(id, timestamp, &call.body, &key);
            let fits = |found, claimed: &Vec<u8>| is_same(&digest, claimed) | found;
            claimed.iter().fold(false, fits)
        })?;
        fields::signed_within_window(timestamp_name, timestamp, channel, call.arrived_at)?;
        Ok(Checked {
            content: Content::Json(call.json()?),
            event_id: Some(id.to_owned()),
        })
    }

    fn normalise(&self, verified: &Verified, _channel: &Channel) -> Result<Normalised, Refusal> {
        let body = verified.json()?;
        let Some(kind) = body.text("type")?.strip_prefix("payment.") else {
            return Ok(Normalised::nothing("not an event about a payment"));
        };
        let own = |name: &str| Ok::<_, Refusal>(body.opt_text(name)?.map(str::to_owned));
        let (txn_id, order_ref) = (own("data.transaction_id")?, own("data.order_ref")?);
        let amount = body.scalar_text("data.amount")?;
        let amount = fields::money("data.amount", amount, body.opt_text("data.currency")?)?;
        let event_id = verified.event_id().map(str::to_owned);
        let paid_at = body
            .opt_text("data.paid_at")?
            .map(|text| fields::rfc3339("data.paid_at", text, verified.arrived_at()));
        Ok(Normalised::one(Notice {
            payment_key: match (&txn_id, &order_ref) {
                (Some(id), _) if fields::real_id(id).is_some() => id.clone(),
                (_, Some(order_ref)) => format!("ref:{order_ref}"),
                (_, None) => format!("event:{}", event_id.as_deref().unwrap_or("")),
            },
            event_id,
            provider_txn_id: txn_id,
            order_ref,
            amount,
            refunded_minor: refunded(body, kind, amount)?,
            status: status(kind),
            paid_at: paid_at.transpose()?,
            memo: own("data.memo")?,
            virtual_account: own("data.virtual_account")?,
            account_number: None,
            bank_txn_id: None,
        }))
    }

    /// Any 2xx ends the matter; everything else is tried again by the sender's schedule.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        match outcome {
            Outcome::New(..) | Outcome::Repeat(..) => Answer::empty(204),
            Outcome::Refused(refusal) => Answer::empty(refusal.status(&[WEBHOOK, SVIX].concat())),
            Outcome::TryLater => Answer::empty(503).retry_after(TRY_AGAIN_AFTER_S),
        }
    }
}

/// The family of header names that the call uses; never a mixture of the two.
fn headers_of(call: &RawCall) -> Headers {
    let has = |names: Headers| {
        let mut known = call.headers.iter().map(|(name, _)| name.as_str());
        known.any(|name| names.contains(&name))
    };
    if has(SVIX) && !has(WEBHOOK) {
        SVIX
    } else {
        WEBHOOK
    }
}

/// The `v1` digests of a space-separated list; other versions are ignored, as the standard asks.
fn claimed(signatures: &str) -> Vec<Vec<u8>> {
    signatures
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
        .filter_map(from_base64)
        .collect()
}

/// The key inside `whsec_` and Base64; `None` for a secret that is not so written.
fn key_of(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.text();
    let key = from_base64(text.strip_prefix("whsec_").unwrap_or(text))?;
    (!key.is_empty()).then_some(key)
}

fn digest(id: &str, timestamp: &str, body: &[u8], key: &[u8]) -> Vec<u8> {
    hmac_sha256(
        key,
        &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body],
    )
}

/// The value of `webhook-signature` for a body sent at `timestamp` (seconds since 1970).
///
/// # Errors
/// [`Refusal::NotConfigured`] when the secret is not Base64.
pub fn sign_header(
    id: &str,
    timestamp: &str,
    body: &[u8],
    secret: &Secret,
) -> Result<String, Refusal> {
    let key = key_of(secret).ok_or(Refusal::NotConfigured("secret".into()))?;
    Ok(format!(
        "v1,{}",
        to_base64(&digest(id, timestamp, body, &key))
    ))
}

/// What was given back so far. A refund in part that does not say how much means nothing.
fn refunded(body: &Json, kind: &str, amount: Money) -> Result<Option<i64>, Refusal> {
    const FIELD: &str = "data.refunded_amount";
    if body.at(FIELD).is_none() && kind != "partially_refunded" {
        return Ok(None);
    }
    let text = body.scalar_text(FIELD)?;
    let refunded = fields::money(FIELD, text, Some(amount.currency().as_str()))?;
    if refunded.minor() > amount.minor() {
        return Err(Refusal::malformed(FIELD, "is more than was paid"));
    }
    Ok(Some(refunded.minor()))
}

/// The word after `payment.`; one we do not know may speak of money, so an officer looks at it.
fn status(kind: &str) -> PaymentStatus {
    match kind {
        "succeeded" => PaymentStatus::Succeeded,
        "failed" => PaymentStatus::Failed,
        "pending" => PaymentStatus::Pending,
        "authorized" => PaymentStatus::Authorized,
        "reversed" => PaymentStatus::Reversed,
        "refunded" => PaymentStatus::Refunded,
        "partially_refunded" => PaymentStatus::PartiallyRefunded,
        _ => PaymentStatus::Review,
    }
}
