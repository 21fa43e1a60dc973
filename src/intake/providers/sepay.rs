//! SePay: a POST of JSON about one bank transfer comes in (`sepay-hmac`, `sepay-apikey`) or one
//! about an order of its payment gateway (`sepay-pg-secret`); one notice goes out. A transfer's
//! `id` is the same over all retries: it is the event id and the payment's key. The gateway has no
//! event id, there the facts are the notice's key and `transaction_id` the payment's. It does not
//! take SePay's form bodies or its mode without any authentication.

use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{
    Answer, Normalised, Outcome, Provider, RawCall, Refusal, TRY_AGAIN_AFTER_S,
};
use crate::intake::signature::{any_key, any_key_gives_hex, hmac_sha256, is_same, to_hex};
use crate::intake::verify::{Checked, Content, Verified};

const SIGNATURE: &str = "x-sepay-signature";
const TIMESTAMP: &str = "x-sepay-timestamp";
const API_KEY: &str = "authorization";
/// SePay's documentation insists on this spelling of the word.
const API_KEY_WORD: &str = "Apikey ";
const PG_SECRET: &str = "x-secret-key";

const HMAC: &str = "sepay-hmac";
const APIKEY: &str = "sepay-apikey";
const GATEWAY: &str = "sepay-pg-secret";

/// The provider `sepay`.
#[derive(Debug, Clone, Copy)]
pub struct SePay;

impl Provider for SePay {
    fn name(&self) -> &str {
        "sepay"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        // Each scheme needs its own one; a call without it is refused as not configured.
        vec![
            ("hmac_secret", false),
            ("api_key", false),
            ("pg_secret_key", false),
        ]
    }

    fn schemes(&self) -> Vec<&str> {
        vec![HMAC, APIKEY, GATEWAY]
    }

    /// A transfer has an id here and another at the bank, and no settlement file says which it means.
    fn settled_key(&self, _txn_id: &str, _order_ref: &str) -> Option<String> {
        None
    }

    fn settings(&self) -> &'static [&'static str] {
        &[
            "accounts",
            "order_ref_field",
            "order_ref_pattern",
            "order_ref_pattern_field",
            "replay_window_s",
        ]
    }

    fn static_headers(&self, channel: &Channel) -> Vec<(String, String)> {
        let keys = |name| channel.secret(name).iter();
        match scheme(channel) {
            APIKEY => keys("api_key")
                .map(|key| (API_KEY.to_owned(), format!("{API_KEY_WORD}{}", key.text())))
                .collect(),
            GATEWAY => keys("pg_secret_key")
                .map(|key| (PG_SECRET.to_owned(), key.text().to_owned()))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        call.must_be_json()?;
        // The proofs do not depend on what the body says, so it is not parsed before.
        match scheme(channel) {
            HMAC => prove_hmac(call, channel)?,
            APIKEY => {
                let given = call.header(API_KEY)?;
                let given = given.strip_prefix(API_KEY_WORD).unwrap_or("");
                prove_static(given, channel, "api_key")?;
            }
            GATEWAY => prove_static(call.header(PG_SECRET)?, channel, "pg_secret_key")?,
            _ => return Err(Refusal::NotConfigured("scheme".into())),
        }
        Ok(Checked {
            content: Content::Json(call.json()?),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        if scheme(channel) == GATEWAY {
            order(verified.json()?, verified.arrived_at())
        } else {
            transfer(verified.json()?, verified.arrived_at(), channel)
        }
    }

    /// SePay counts a call as delivered only for status 200 or 201 with exactly this body.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        let failure = |status, message| {
            Answer::json(
                status,
                format!(r#"{{"success":false,"message":"{message}"}}"#),
            )
        };
        match outcome {
            Outcome::New(..) | Outcome::Repeat(..) => Answer::json(200, r#"{"success": true}"#),
            Outcome::Refused(Refusal::WrongMethod(_)) => Answer::empty(405),
            Outcome::Refused(refusal) => failure(
                refusal.status(&[SIGNATURE, TIMESTAMP, API_KEY, PG_SECRET]),
                refusal.code(),
            ),
            Outcome::TryLater => failure(503, "try_later").retry_after(TRY_AGAIN_AFTER_S),
        }
    }
}

fn scheme(channel: &Channel) -> &str {
    channel.scheme.as_deref().unwrap_or(HMAC)
}

fn prove_hmac(call: &RawCall, channel: &Channel) -> Result<(), Refusal> {
    let timestamp = call.header(TIMESTAMP)?;
    let claimed = call
        .header(SIGNATURE)?
        .strip_prefix("sha256=")
        .unwrap_or("");
    any_key_gives_hex(
        channel.secret("hmac_secret"),
        "hmac_secret",
        claimed,
        |key| digest(timestamp, &call.body, key.bytes()),
    )?;
    fields::signed_within_window(TIMESTAMP, timestamp, channel, call.arrived_at)
}

fn digest(timestamp: &str, body: &[u8], key: &[u8]) -> Vec<u8> {
    hmac_sha256(key, &[timestamp.as_bytes(), b".", body])
}

fn prove_static(given: &str, channel: &Channel, name: &'static str) -> Result<(), Refusal> {
    any_key(channel.secret(name), name, |key| {
        is_same(given.as_bytes(), key.bytes())
    })
}

/// The value of `X-SePay-Signature` for a body sent at `timestamp` (seconds since 1970).
#[must_use]
pub fn sign_header(timestamp: &str, body: &[u8], key: &[u8]) -> String {
    format!("sha256={}", to_hex(&digest(timestamp, body, key)))
}

/// One transfer on a bank account of ours.
fn transfer(body: &Json, arrived_at: Instant, channel: &Channel) -> Result<Normalised, Refusal> {
    let own = |name: &str| Ok::<_, Refusal>(body.opt_text(name)?.map(str::to_owned));
    let id = body.integer_text("id")?;
    let order_ref = order_ref(body, channel)?;
    let bank_txn_id = own("referenceCode")?;
    // A test call from SePay's dashboard may carry id 0, which would be everybody's key.
    let event_id = fields::real_id(id).map(str::to_owned);
    let payment_key = match (&event_id, &bank_txn_id, &order_ref) {
        (Some(id), _, _) | (None, Some(id), _) => id.clone(),
        (None, None, Some(order_ref)) => format!("ref:{order_ref}"),
        (None, None, None) => return Err(Refusal::malformed("id", "identifies nothing")),
    };
    let date = body.text("transactionDate")?;
    Ok(Normalised::one(Notice {
        event_id,
        provider_txn_id: Some(id.to_owned()),
        payment_key,
        order_ref,
        amount: fields::money("transferAmount", body.scalar_text("transferAmount")?, None)?,
        refunded_minor: None,
        status: match body.text("transferType")? {
            "in" => PaymentStatus::Succeeded,
            "out" => PaymentStatus::Outgoing,
            // Money moved, but nobody knows which way.
            _ => PaymentStatus::Review,
        },
        paid_at: Some(fields::local_time(
            "transactionDate",
            date,
            fields::PRINTED_TIME,
            arrived_at,
        )?),
        memo: own("content")?,
        virtual_account: own("subAccount")?,
        account_number: own("accountNumber")?,
        bank_txn_id,
    }))
}

/// The code SePay found by its own prefix rule, else what our pattern finds in the transfer's
/// text. Neither is normal: payers forget it.
fn order_ref(body: &Json, channel: &Channel) -> Result<Option<String>, Refusal> {
    let field = channel.order_ref_field.as_deref().unwrap_or("code");
    if let Some(code) = body.opt_text(field)? {
        return Ok(Some(code.to_owned()));
    }
    let Some(pattern) = &channel.order_ref_pattern else {
        return Ok(None);
    };
    let searched = channel.order_ref_pattern_field.as_deref();
    let text = body.opt_text(searched.unwrap_or("content"))?.unwrap_or("");
    Ok(pattern.find(text).map(|found| found.as_str().to_owned()))
}

/// One order of SePay's payment gateway.
fn order(body: &Json, arrived_at: Instant) -> Result<Normalised, Refusal> {
    let kind = body.text("notification_type")?;
    if body.at("transaction.transaction_id").is_none() {
        return Ok(Normalised::nothing("no transaction in it"));
    }
    let txn_id = body.scalar_text("transaction.transaction_id")?;
    let order_ref = body.filled_text("order.order_invoice_number")?;
    let date = body.text("transaction.transaction_date")?;
    let amount = body.scalar_text("transaction.transaction_amount")?;
    let currency = body.opt_text("transaction.transaction_currency")?;
    let memo = body.opt_text("order.order_description")?;
    let status = body.text("transaction.transaction_status")?;
    Ok(Normalised::one(Notice {
        event_id: None,
        provider_txn_id: Some(txn_id.to_owned()),
        payment_key: fields::payment_key(txn_id, order_ref),
        order_ref: Some(order_ref.to_owned()),
        amount: fields::money("transaction.transaction_amount", amount, currency)?,
        refunded_minor: None,
        status: match (kind, status) {
            ("ORDER_PAID", "APPROVED") => PaymentStatus::Succeeded,
            ("TRANSACTION_VOID", _) => PaymentStatus::Reversed,
            // A pair nobody documents: money may have moved.
            _ => PaymentStatus::Review,
        },
        paid_at: Some(fields::local_time(
            "transaction.transaction_date",
            date,
            fields::PRINTED_TIME,
            arrived_at,
        )?),
        memo: memo.map(str::to_owned),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    }))
}
