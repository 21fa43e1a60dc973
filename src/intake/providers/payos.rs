//! payOS: a POST of JSON comes in whose object `data` is signed, one notice goes out for each
//! transfer. The protocol has no event id, so the facts are the notice's key; the payment's key is
//! `reference`, the bank's transaction, or `ref:` and `orderCode` without one: a link may be paid
//! in parts. It does not read the outer `code` and `success`, which are not signed, and takes the
//! sample payOS posts when an address is registered (order 123) like any other call.

use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{
    Answer, Normalised, Outcome, Provider, RawCall, Refusal, TRY_AGAIN_AFTER_S,
};
use crate::intake::signature::{any_key_gives_hex, hmac_sha256, to_hex};
use crate::intake::verify::{Checked, Content, Verified};
use std::borrow::Cow;

const SIGNATURE: &str = "signature";
const SIGNED: &str = "data";

/// The members that are read; none of them may seem to begin inside the value of another.
const READ: &[&str] = &[
    "accountNumber",
    "amount",
    "code",
    "currency",
    "description",
    "orderCode",
    "paymentLinkId",
    "reference",
    "transactionDateTime",
    "virtualAccountNumber",
];

/// The provider `payos`.
#[derive(Debug, Clone, Copy)]
pub struct PayOs;

impl Provider for PayOs {
    fn name(&self) -> &str {
        "payos"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        // The two others are needed for calls of ours only.
        vec![
            ("checksum_key", true),
            ("client_id", false),
            ("api_key", false),
        ]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        let body = call.json()?;
        let claimed = body.text(SIGNATURE)?;
        let data = body
            .at(SIGNED)
            .ok_or(Refusal::Missing(Cow::Borrowed(SIGNED)))?;
        let text = signed_text(data)?;
        any_key_gives_hex(
            channel.secret("checksum_key"),
            "checksum_key",
            claimed,
            |key| hmac_sha256(key.bytes(), &[text.as_bytes()]),
        )?;
        let data = body.take(SIGNED);
        Ok(Checked {
            content: Content::Json(data.ok_or(Refusal::Missing(Cow::Borrowed(SIGNED)))?),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, _channel: &Channel) -> Result<Normalised, Refusal> {
        let data = verified.json()?;
        let opt = |name| {
            let text = data.opt_text(name)?;
            Ok::<_, Refusal>(text.map(str::to_owned))
        };
        let order_ref = data.integer_text("orderCode")?;
        let reference = opt("reference")?;
        let amount = data.scalar_text("amount")?;
        let currency = data.opt_text("currency")?;
        let paid_at = data.opt_text("transactionDateTime")?.map(|text| {
            let arrived_at = verified.arrived_at();
            fields::local_time(
                "transactionDateTime",
                text,
                fields::PRINTED_TIME,
                arrived_at,
            )
        });
        Ok(Normalised::one(Notice {
            event_id: None,
            payment_key: fields::payment_key(reference.as_deref().unwrap_or(""), order_ref),
            bank_txn_id: reference.clone(),
            provider_txn_id: reference,
            order_ref: Some(order_ref.to_owned()),
            amount: fields::money("amount", amount, currency)?,
            refunded_minor: None,
            status: status(data.text("code")?),
            paid_at: paid_at.transpose()?,
            memo: opt("description")?,
            virtual_account: opt("virtualAccountNumber")?,
            account_number: opt("accountNumber")?,
        }))
    }

    /// Any 2xx satisfies payOS, also for the sample it posts at registration.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        match outcome {
            Outcome::New(..) | Outcome::Repeat(..) => Answer::json(200, r#"{"success":true}"#),
            Outcome::Refused(Refusal::WrongMethod(_)) => Answer::empty(405),
            Outcome::Refused(refusal) => {
                Answer::json(refusal.status(&[SIGNATURE]), r#"{"success":false}"#)
            }
            Outcome::TryLater => {
                Answer::json(503, r#"{"success":false}"#).retry_after(TRY_AGAIN_AFTER_S)
            }
        }
    }
}

/// The text payOS signs, as its own library makes it: every member of `data`, known or not, by
/// name; values as they are, nothing escaped.
fn signed_text(data: &Json) -> Result<String, Refusal> {
    let Json::Object(members) = data else {
        return Err(Refusal::malformed(SIGNED, "must be an object"));
    };
    let mut members: Vec<&(String, Json)> = members.iter().collect();
    // By UTF-16 code unit, as JavaScript sorts.
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    let mut text = String::with_capacity(512);
    for (name, value) in members {
        let value = value_text(name, value)?;
        // The description is typed by the payer at the bank.
        fields::has_one_reading(name, &value, READ)?;
        if name.contains(['&', '=']) {
            return Err(Refusal::malformed(name, "is no name that can be signed"));
        }
        for part in [if text.is_empty() { "" } else { "&" }, name, "=", &value] {
            text.push_str(part);
        }
    }
    Ok(text)
}

fn value_text<'a>(name: &str, value: &'a Json) -> Result<Cow<'a, str>, Refusal> {
    Ok(match value {
        Json::Null => Cow::Borrowed(""),
        // The library takes these words for what JavaScript means by them.
        Json::Text(text) if text == "null" || text == "undefined" => Cow::Borrowed(""),
        Json::Text(text) | Json::Number(text) => Cow::Borrowed(text),
        Json::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Json::List(items) => {
            let sorted: Result<Vec<Json>, Refusal> = items
                .iter()
                .map(|item| match item {
                    Json::Object(members) => {
                        let mut members = members.clone();
                        members
                            .sort_by(|one, other| one.0.encode_utf16().cmp(other.0.encode_utf16()));
                        Ok(Json::Object(members))
                    }
                    Json::Null
                    | Json::Bool(_)
                    | Json::Number(_)
                    | Json::Text(_)
                    | Json::List(_) => Err(Refusal::malformed(name, "must be a list of objects")),
                })
                .collect();
            Cow::Owned(Json::List(sorted?).to_compact_text())
        }
        // The library would sign the words "[object Object]", which proves nothing.
        Json::Object(_) => return Err(Refusal::malformed(name, "is an object and not signed")),
    })
}

/// The whole body as payOS sends it, around the object `data`.
///
/// # Errors
/// A refusal when `data` is not an object or holds what payOS cannot sign.
pub fn sign_body(data: Json, key: &[u8]) -> Result<String, Refusal> {
    let signature = to_hex(&hmac_sha256(key, &[signed_text(&data)?.as_bytes()]));
    let text = |text: &str| Json::Text(text.to_owned());
    Ok(Json::Object(vec![
        ("code".to_owned(), text("00")),
        ("desc".to_owned(), text("success")),
        ("success".to_owned(), Json::Bool(true)),
        (SIGNED.to_owned(), data),
        (SIGNATURE.to_owned(), Json::Text(signature)),
    ])
    .to_compact_text())
}

/// payOS speaks of transfers that happened; 01 is its failure. Any other code may stand for money
/// that moved, so an officer looks at it.
fn status(code: &str) -> PaymentStatus {
    match code {
        "00" => PaymentStatus::Succeeded,
        "01" => PaymentStatus::Failed,
        _ => PaymentStatus::Review,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_takes_part_by_name() {
        let data = br#"{"b":null,"a":"null","C":1.0,"list":[{"z":1,"a":"\u00e9"}],"t":true}"#;
        assert_eq!(
            signed_text(&Json::parse(data).unwrap()).unwrap(),
            r#"C=1.0&a=&b=&list=[{"a":"é","z":1}]&t=true"#
        );
    }

    #[test]
    fn a_border_cannot_be_moved_by_the_payers_text() {
        for data in [
            r#"{"description":"x&orderCode=7"}"#,
            r#"{"x&amount":"1"}"#,
            r#"{"counter":{"a":1}}"#,
            r#"{"items":[1]}"#,
            r#"[]"#,
        ] {
            let data = Json::parse(data.as_bytes()).unwrap();
            assert!(signed_text(&data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn a_code_nobody_documents_is_for_an_officer() {
        assert_eq!(status("00"), PaymentStatus::Succeeded);
        assert_eq!(status("01"), PaymentStatus::Failed);
        assert_eq!(status(""), PaymentStatus::Review);
        assert_eq!(status("0"), PaymentStatus::Review);
    }
}
