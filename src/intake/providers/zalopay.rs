//! ZaloPay (v2): a POST of JSON comes in whose member `data` is JSON inside a text, signed as that
//! text; one notice goes out. The protocol has no event id, so the facts are the notice's key; the
//! payment's key is `zp_trans_id`, or `ref:` and `app_trans_id` where it is zero. It does not read
//! the outer `type`, which is not signed.

use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{Answer, Normalised, Outcome, Provider, RawCall, Refusal};
use crate::intake::signature::{any_key_gives_hex, hmac_sha256, to_hex};
use crate::intake::verify::{Checked, Content, Verified};

const SIGNATURE: &str = "mac";
const SIGNED: &str = "data";

/// The provider `zalopay`.
#[derive(Debug, Clone, Copy)]
pub struct ZaloPay;

impl Provider for ZaloPay {
    fn name(&self) -> &str {
        "zalopay"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        // key1 signs what we send, key2 what ZaloPay sends.
        vec![("app_id", true), ("key1", false), ("key2", true)]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        let body = call.json()?;
        let claimed = body.text(SIGNATURE)?;
        let text = body.text(SIGNED)?;
        any_key_gives_hex(channel.secret("key2"), "key2", claimed, |key| {
            hmac_sha256(key.bytes(), &[text.as_bytes()])
        })?;
        Ok(Checked {
            content: Content::Json(Json::parse_field(SIGNED, text)?),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        let data = verified.json()?;
        fields::must_be_ours(data.scalar_text("app_id")?, channel, "app_id")?;
        if data.at("zp_trans_id").is_none() && data.at("binding_id").is_some() {
            return Ok(Normalised::nothing(
                "an agreement of a payer, not a payment",
            ));
        }
        let order_ref = data.filled_text("app_trans_id")?;
        let txn_id = data.integer_text("zp_trans_id")?;
        let server_time = data.integer("server_time")?;
        Ok(Normalised::one(Notice {
            event_id: None,
            provider_txn_id: Some(txn_id.to_owned()),
            payment_key: fields::payment_key(txn_id, order_ref),
            order_ref: Some(order_ref.to_owned()),
            // What the order asked; fees and discounts are between ZaloPay and the payer.
            amount: fields::money("amount", data.scalar_text("amount")?, None)?,
            refunded_minor: None,
            // ZaloPay calls only after success; failures are found by query.
            status: PaymentStatus::Succeeded,
            paid_at: Some(fields::millis(
                "server_time",
                server_time,
                verified.arrived_at(),
            )?),
            memo: None,
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        }))
    }

    /// HTTP 200 and `return_code`: 1 and 2 end the matter, 0 makes ZaloPay call again (up to three
    /// times), anything else ends it without success.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        let (code, message) = match outcome {
            Outcome::New(..) => (1, "success"),
            Outcome::Repeat(..) => (2, "already recorded"),
            Outcome::Refused(Refusal::WrongMethod(_)) => return Answer::empty(405),
            Outcome::Refused(refusal) if refusal.is_unproven(&[SIGNATURE]) => (-1, "mac not equal"),
            Outcome::Refused(_) => (-1, "invalid request"),
            Outcome::TryLater => (0, "try again"),
        };
        Answer::json(
            200,
            format!(r#"{{"return_code":{code},"return_message":"{message}"}}"#),
        )
    }
}

/// The whole body as ZaloPay sends it, around the inner JSON text `data`.
#[must_use]
pub fn sign_body(data: &str, key2: &[u8]) -> String {
    let mac = to_hex(&hmac_sha256(key2, &[data.as_bytes()]));
    Json::Object(vec![
        (SIGNED.to_owned(), Json::Text(data.to_owned())),
        (SIGNATURE.to_owned(), Json::Text(mac)),
        ("type".to_owned(), Json::Number("1".to_owned())),
    ])
    .to_compact_text()
}
