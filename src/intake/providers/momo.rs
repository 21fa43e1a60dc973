//! MoMo (AIO v2): a POST of JSON with its signature inside comes in, one notice goes out. The
//! protocol has no event id, so the facts are the notice's key; the payment's key is `transId`, or
//! `ref:` and `orderId` where it is zero. It does not read the members that are not signed
//! (`storeId`, `userFee`, `promotionInfo` and the like).

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

const SIGNATURE: &str = "signature";

/// What MoMo signs, in its order; `accessKey` comes first and is not in the body.
const SIGNED: &[&str] = &[
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
];

/// The provider `momo`.
#[derive(Debug, Clone, Copy)]
pub struct Momo;

impl Provider for Momo {
    fn name(&self) -> &str {
        "momo"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        vec![
            ("partner_code", true),
            ("access_key", true),
            ("secret_key", true),
        ]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        let body = call.json()?;
        let claimed = body.text(SIGNATURE)?;
        let text = signed_text(&body)?;
        // Access keys are rotated with the secret keys, so every pair is tried.
        let access_keys = channel.secret("access_key");
        let mut result = Err(Refusal::NotConfigured("access_key".into()));
        for access_key in access_keys {
            let head: [&[u8]; 3] = [b"accessKey=", access_key.bytes(), text.as_bytes()];
            result =
                any_key_gives_hex(channel.secret("secret_key"), "secret_key", claimed, |key| {
                    hmac_sha256(key.bytes(), &head)
                });
            if result.is_ok() {
                break;
            }
        }
        result?;
        Ok(Checked {
            content: Content::Json(body.only(SIGNED)),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        let body = verified.json()?;
        fields::must_be_ours(body.scalar_text("partnerCode")?, channel, "partner_code")?;
        let order_ref = body.scalar_text("orderId")?;
        if !is_order_id(order_ref) {
            return Err(Refusal::malformed("orderId", "is not in MoMo's form"));
        }
        let txn_id = body.integer_text("transId")?;
        let answered = body.integer("responseTime")?;
        let info = body.scalar_text("orderInfo")?;
        Ok(Normalised::one(Notice {
            event_id: None,
            provider_txn_id: Some(txn_id.to_owned()),
            payment_key: fields::payment_key(txn_id, order_ref),
            order_ref: Some(order_ref.to_owned()),
            amount: fields::money("amount", body.scalar_text("amount")?, None)?,
            refunded_minor: None,
            status: status(body.integer_text("resultCode")?),
            // The nearest thing to the time of payment that MoMo signs.
            paid_at: Some(fields::millis(
                "responseTime",
                answered,
                verified.arrived_at(),
            )?),
            memo: (!info.is_empty()).then(|| info.to_owned()),
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        }))
    }

    /// 204 without a body is MoMo's whole contract; it reads nothing of a refusal.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        match outcome {
            Outcome::New(..) | Outcome::Repeat(..) => Answer::empty(204),
            Outcome::Refused(refusal) => Answer::empty(refusal.status(&[SIGNATURE])),
            Outcome::TryLater => Answer::empty(503).retry_after(TRY_AGAIN_AFTER_S),
        }
    }
}

/// The signed text after the access key: values as they are, nothing escaped, empty ones kept. A
/// value that could be read as two fields is refused: the border between `orderInfo`, which may be
/// a payer's text, and `orderId` must not be movable.
fn signed_text(body: &Json) -> Result<String, Refusal> {
    let mut text = String::with_capacity(512);
    for name in SIGNED {
        let value = body.scalar_text(name)?;
        fields::has_one_reading(name, value, SIGNED)?;
        for part in ["&", name, "=", value] {
            text.push_str(part);
        }
    }
    Ok(text)
}

/// The body of `members` with the signature MoMo would give it.
///
/// # Errors
/// A refusal when one of the signed members is absent or not a text or number.
pub fn sign_body(
    mut members: Vec<(String, Json)>,
    access_key: &[u8],
    key: &[u8],
) -> Result<String, Refusal> {
    let text = signed_text(&Json::Object(members.clone()))?;
    let digest = hmac_sha256(key, &[b"accessKey=", access_key, text.as_bytes()]);
    members.push((SIGNATURE.to_owned(), Json::Text(to_hex(&digest))));
    Ok(Json::Object(members).to_compact_text())
}

/// MoMo's form of an order id, `^[0-9a-zA-Z]([-_.]*[0-9a-zA-Z]+)*$`.
fn is_order_id(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first()) && edge(bytes.last()) && text.bytes().all(is_inner)
}

/// MoMo's result codes. Its documented failures are final and took no money; a code it does not
/// document may have, so an officer looks at it.
fn status(code: &str) -> PaymentStatus {
    match code {
        "0" => PaymentStatus::Succeeded,
        "9000" => PaymentStatus::Authorized,
        "1000" | "7000" | "7002" => PaymentStatus::Pending,
        "1001" | "1002" | "1003" | "1004" | "1005" | "1006" | "1007" | "1017" | "1026" => {
            PaymentStatus::Failed
        }
        // Faults of the request: nothing was charged. 42 and 99 are "unknown" in MoMo's own words.
        "10" | "11" | "12" | "13" | "20" | "21" | "22" | "40" | "41" | "43" => {
            PaymentStatus::Failed
        }
        _ => PaymentStatus::Review,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_cannot_hold_a_border() {
        for good in ["a", "H29.12-260105-9906", "a-._b", "0"] {
            assert!(is_order_id(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a&b", "a=b", "a b", "ạ"] {
            assert!(!is_order_id(bad), "{bad}");
        }
    }

    #[test]
    fn only_zero_is_success() {
        use PaymentStatus as S;
        for (code, expected) in [
            ("0", S::Succeeded),
            ("9000", S::Authorized),
            ("1000", S::Pending),
            ("7000", S::Pending),
            ("7002", S::Pending),
            ("1006", S::Failed),
            ("00", S::Review),
            ("-0", S::Review),
            ("99", S::Review),
            ("8000", S::Review),
        ] {
            assert_eq!(status(code), expected, "{code}");
        }
    }
}
