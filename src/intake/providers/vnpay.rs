//! VNPAY (PAY 2.1.0): a signed GET query comes in, one notice goes out. The protocol has no event
//! id and repeats itself byte for byte, so the facts are the notice's key; the payment's key is
//! `vnp_TransactionNo`, or `ref:` and `vnp_TxnRef` where VNPAY charged nothing and sends `0`. It
//! does not read parameters whose name does not begin with `vnp_`: they are not signed.

use std::borrow::Cow;

use crate::config::channel::Channel;
use crate::domain::notice::{Notice, Verdict};
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::provider::{Answer, Method, Normalised, Outcome, Provider, RawCall, Refusal};
use crate::intake::query::{self, Pair};
use crate::intake::signature::{any_key_gives_hex, hmac_sha512, to_hex};
use crate::intake::verify::{Checked, Content, Verified};

const SIGNATURE: &str = "vnp_SecureHash";
const SIGNATURE_TYPE: &str = "vnp_SecureHashType";

/// The provider `vnpay`.
#[derive(Debug, Clone, Copy)]
pub struct Vnpay;

impl Provider for Vnpay {
    fn name(&self) -> &str {
        "vnpay"
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        vec![("tmn_code", true), ("hash_secret", true)]
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        call.must_be(Method::Get)?;
        let pairs = query::parse(&call.query)?;
        let claimed = pairs
            .iter()
            .find(|pair| pair.name == SIGNATURE)
            .ok_or(Refusal::Missing(Cow::Borrowed(SIGNATURE)))?;
        let mut signed: Vec<&Pair<'_>> = pairs.iter().filter(|pair| is_signed(pair)).collect();
        signed.sort_unstable_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
        prove(&signed, &claimed.value, channel)?;
        let own = |pair: &&Pair<'_>| (pair.name.to_string(), pair.value.to_string());
        Ok(Checked {
            content: Content::Pairs(signed.iter().map(own).collect()),
            event_id: None,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        fields::must_be_ours(verified.pair("vnp_TmnCode")?, channel, "tmn_code")?;
        let order_ref = verified.pair("vnp_TxnRef")?;
        let txn_id = verified.opt_pair("vnp_TransactionNo");
        let paid_at = verified.opt_pair("vnp_PayDate").map(|text| {
            let arrived_at = verified.arrived_at();
            fields::local_time("vnp_PayDate", text, fields::COMPACT_TIME, arrived_at)
        });
        Ok(Normalised::one(Notice {
            event_id: None,
            provider_txn_id: txn_id.map(str::to_owned),
            payment_key: fields::payment_key(txn_id.unwrap_or(""), order_ref),
            order_ref: Some(order_ref.to_owned()),
            amount: fields::vnd_hundredfold("vnp_Amount", verified.pair("vnp_Amount")?)?,
            refunded_minor: None,
            status: status(
                verified.pair("vnp_ResponseCode")?,
                verified.pair("vnp_TransactionStatus")?,
            ),
            paid_at: paid_at.transpose()?,
            memo: verified.opt_pair("vnp_OrderInfo").map(str::to_owned),
            virtual_account: None,
            account_number: None,
            bank_txn_id: verified.opt_pair("vnp_BankTranNo").map(str::to_owned),
        }))
    }

    /// Always HTTP 200 and `RspCode`, whatever happened: VNPAY reads nothing else. It stops at 00
    /// and 02 and calls again, up to ten times, at every other code.
    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        let (code, message) = match outcome {
            Outcome::New(Verdict::Recorded, _) => ("00", "Confirm success"),
            Outcome::New(Verdict::UnknownOrder, _) | Outcome::Repeat(Verdict::UnknownOrder, _) => {
                ("01", "Order not found")
            }
            Outcome::New(Verdict::AmountDiffers, _)
            | Outcome::Repeat(Verdict::AmountDiffers, _) => ("04", "Invalid amount"),
            Outcome::New(Verdict::AlreadyFinal | Verdict::Conflict, _)
            | Outcome::Repeat(Verdict::Recorded | Verdict::AlreadyFinal | Verdict::Conflict, _) => {
                ("02", "Order already confirmed")
            }
            Outcome::Refused(Refusal::WrongMethod(_)) => return Answer::empty(405),
            Outcome::Refused(refusal) if refusal.is_unproven(&[SIGNATURE]) => {
                ("97", "Invalid signature")
            }
            Outcome::Refused(_) | Outcome::TryLater => ("99", "Unknown error"),
        };
        Answer::json(
            200,
            format!(r#"{{"RspCode":"{code}","Message":"{message}"}}"#),
        )
    }
}

fn is_signed(pair: &Pair<'_>) -> bool {
    pair.name.starts_with("vnp_") && pair.name != SIGNATURE && pair.name != SIGNATURE_TYPE
}

/// VNPAY's own samples disagree on which characters are escaped and whether empty values take
/// part, so the text is tried as received and as re-encoded, with and without them. Each is keyed
/// and each splits one way only, so any match is a proof.
fn prove(signed: &[&Pair<'_>], claimed: &str, channel: &Channel) -> Result<(), Refusal> {
    let filled: Vec<&Pair<'_>> = signed
        .iter()
        .copied()
        .filter(|pair| !pair.value.is_empty())
        .collect();
    let sets = [filled.as_slice(), signed];
    let keys = channel.secret("hash_secret");
    let fits = |text: &str| {
        any_key_gives_hex(keys, "hash_secret", claimed, |key| {
            hmac_sha512(key.bytes(), &[text.as_bytes()])
        })
    };
    let mut result = Err(Refusal::SignatureMismatch);
    for pairs in sets
        .iter()
        .take(if filled.len() < signed.len() { 2 } else { 1 })
    {
        let raw: Vec<&str> = pairs.iter().map(|pair| pair.raw).collect();
        let received = raw.join("&");
        result = fits(&received);
        if result.is_err() {
            let encoded = signed_text(pairs.iter().map(|pair| (&*pair.name, &*pair.value)));
            if encoded != received {
                result = fits(&encoded);
            }
        }
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The text VNPAY signs: form-encoded pairs in the order given, which must be that of the names.
fn signed_text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::with_capacity(512);
    for (name, value) in pairs {
        query::push_encoded(&mut text, name, value);
    }
    text
}

/// The whole query as VNPAY sends it: pairs sorted, the signature last. The same rule signs the
/// pay address.
#[must_use]
pub fn sign_query(pairs: &[(&str, &str)], key: &[u8]) -> String {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let mut text = signed_text(sorted.into_iter().filter(|(_, value)| !value.is_empty()));
    let digest = hmac_sha512(key, &[text.as_bytes()]);
    query::push_encoded(&mut text, SIGNATURE, &to_hex(&digest));
    text
}

/// Success only when both codes say so (VNPAY's PHP sample accepts either, its .NET sample asks for
/// both). Money may have moved wherever the two contradict each other or are not in VNPAY's
/// tables, so those go to an officer.
fn status(response: &str, transaction: &str) -> PaymentStatus {
    match (response, transaction) {
        ("00", "00") => PaymentStatus::Succeeded,
        // 07: taken, suspected of fraud. 04: taken by the bank, not successful at VNPAY.
        ("07", _) | (_, "07" | "04") => PaymentStatus::Review,
        (_, "01") => PaymentStatus::Pending,
        ("00", _) => PaymentStatus::Review,
        (_, "02") => PaymentStatus::Failed,
        _ => PaymentStatus::Review,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_needs_both_codes_and_doubt_goes_to_an_officer() {
        use PaymentStatus as S;
        let cases = [
            ("00", "00", S::Succeeded),
            ("07", "07", S::Review),
            ("07", "00", S::Review),
            ("00", "07", S::Review),
            ("00", "04", S::Review),
            ("24", "04", S::Review),
            ("00", "02", S::Review),
            ("24", "00", S::Review),
            ("00", "01", S::Pending),
            ("24", "02", S::Failed),
            ("XX", "02", S::Failed),
            ("00", "XX", S::Review),
            ("00", "05", S::Review),
            ("XX", "XX", S::Review),
        ];
        for (response, transaction, expected) in cases {
            assert_eq!(
                status(response, transaction),
                expected,
                "{response} {transaction}"
            );
        }
    }
}
