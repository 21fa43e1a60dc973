//! VNPAY (PAY 2.1.0): the signed address a payer opens, the query `querydr` and the refund. The
//! answer of `querydr` carries a signature of its own, checked over its fields as received. The
//! sandbox is `https://sandbox.vnpayment.vn`.

use crate::checkout::outbound::{
    Asks, Kind, Members, Outbound, Question, Request, Signed, Standing, Told, Way, add, key,
    members_of, name_of, not_taken, piped, query_fault, text, value,
};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::query::push_encoded;
use crate::intake::signature::{any_key_gives_hex, hmac_sha512, to_hex};

const SIGNATURE: &str = "vnp_SecureHash";
const VERSION: &str = "2.1.0";

/// What is signed of a query, in this order.
const QUERY: &[&str] = &[
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_TransactionDate",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
];

/// What is signed of a refund, in this order.
const REFUND: &[&str] = &[
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TransactionType",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_TransactionNo",
    "vnp_TransactionDate",
    "vnp_CreateBy",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
];

/// What is signed of the answer to a query, in this order; absent fields are empty.
const ANSWER: &[&str] = &[
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
    "vnp_PromotionCode",
    "vnp_PromotionAmount",
];

/// The last fields with text of people; what follows them in an answer is not read.
const FREE: &[&str] = &["vnp_OrderInfo"];

/// The provider `vnpay`.
#[derive(Debug, Clone, Copy)]
pub struct Vnpay;

impl Outbound for Vnpay {
    fn name(&self) -> &'static str {
        "vnpay"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://merchant.vnpay.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        let command = match kind {
            Kind::Pay => "pay",
            Kind::Query => "querydr",
            Kind::Refund => "refund",
            Kind::Receipt => return Err(not_taken(self.name())),
        };
        add(&mut members, text("vnp_Version", VERSION));
        add(&mut members, text("vnp_Command", command));
        add(
            &mut members,
            text("vnp_TmnCode", name_of(channel, "tmn_code")?),
        );
        hundredfold(&mut members)?;
        let signed = match kind {
            Kind::Pay => {
                add(&mut members, text("vnp_CurrCode", "VND"));
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
                form_encoded(&members)?
            }
            Kind::Query => piped(&members, QUERY, FREE)?,
            Kind::Refund | Kind::Receipt => piped(&members, REFUND, FREE)?,
        };
        let digest = hmac_sha512(key(channel, "hash_secret")?, &[signed.as_bytes()]);
        let signature = to_hex(&digest);
        members.push(text(SIGNATURE, signature.clone()));
        let (path, way) = match kind {
            Kind::Pay => ("/paymentv2/vpcpay.html", Way::Address),
            Kind::Query | Kind::Refund | Kind::Receipt => {
                ("/merchant_webapi/api/transaction", Way::Json)
            }
        };
        Ok(Signed {
            text: signed,
            signature,
            members,
            path,
            way,
            headers: Vec::new(),
        })
    }

    fn asks(&self) -> Option<&'static dyn Asks> {
        Some(&Self)
    }
}

/// VNPAY takes amounts times one hundred.
fn hundredfold(members: &mut Members) -> Result<(), Refusal> {
    for (name, value) in members.iter_mut().filter(|(name, _)| name == "vnp_Amount") {
        let text = match value {
            Json::Text(text) | Json::Number(text) => text,
            Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => {
                return Err(Refusal::malformed(name.as_str(), "must be an amount"));
            }
        };
        let minor = fields::money(name, text, None)?.minor();
        let wire = minor.checked_mul(100);
        let wire = wire.ok_or_else(|| Refusal::malformed(name.as_str(), "is too large"))?;
        *text = wire.to_string();
    }
    Ok(())
}

fn form_encoded(members: &[(String, Json)]) -> Result<String, Refusal> {
    let mut signed = String::with_capacity(512);
    for (name, _) in members {
        push_encoded(&mut signed, name, value(members, name)?);
    }
    Ok(signed)
}

impl Asks for Vnpay {
    fn needs(&self) -> &'static [&'static str] {
        &["tmn_code", "hash_secret"]
    }

    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal> {
        let order_ref = question.order_ref;
        let members = vec![
            text("vnp_RequestId", question.id),
            text("vnp_TxnRef", order_ref),
            text("vnp_OrderInfo", format!("Truy van {order_ref}")),
            text("vnp_TransactionDate", Question::local(question.ordered_at)),
            text("vnp_CreateDate", Question::local(question.asked_at)),
            text("vnp_IpAddr", question.our_address),
        ];
        self.sign(Kind::Query, members, channel)?
            .to_request(address)
    }

    fn hear(
        &self,
        body: &[u8],
        question: &Question<'_>,
        channel: &Channel,
    ) -> Result<Told, Refusal> {
        let members = members_of(Json::parse(body)?)?;
        match value(&members, "vnp_ResponseCode")? {
            "00" => {}
            // Speaks of no money, and nobody documents how it is signed.
            "91" => return Ok(Told::nothing(Standing::NotFound)),
            code => {
                return Err(query_fault("vnp_ResponseCode", code));
            }
        }
        must_be_genuine(&members, channel)?;
        let answer = Json::Object(members);
        fields::must_be_ours(answer.text("vnp_TmnCode")?, channel, "tmn_code")?;
        question.must_be_mine("vnp_TxnRef", answer.scalar_text("vnp_TxnRef")?)?;
        notice(&answer, question.asked_at).map(Told::one)
    }
}

/// The text of an answer that VNPAY signs.
fn answer_text(members: &[(String, Json)]) -> Result<String, Refusal> {
    piped(members, ANSWER, &["vnp_Message", "vnp_OrderInfo"])
}

fn must_be_genuine(members: &[(String, Json)], channel: &Channel) -> Result<(), Refusal> {
    let signed = answer_text(members)?;
    let claimed = value(members, SIGNATURE)?;
    any_key_gives_hex(
        channel.secret("hash_secret"),
        "hash_secret",
        claimed,
        |key| hmac_sha512(key.bytes(), &[signed.as_bytes()]),
    )
}

fn notice(answer: &Json, asked_at: Instant) -> Result<Notice, Refusal> {
    let order_ref = answer.scalar_text("vnp_TxnRef")?;
    let txn_id = opt(answer, "vnp_TransactionNo")?;
    let paid_at = opt(answer, "vnp_PayDate")?
        .map(|text| fields::local_time("vnp_PayDate", text, fields::COMPACT_TIME, asked_at));
    Ok(Notice {
        event_id: None,
        provider_txn_id: txn_id.map(str::to_owned),
        payment_key: fields::payment_key(txn_id.unwrap_or(""), order_ref),
        order_ref: Some(order_ref.to_owned()),
        amount: fields::vnd_hundredfold("vnp_Amount", answer.scalar_text("vnp_Amount")?)?,
        refunded_minor: None,
        status: status(
            opt(answer, "vnp_TransactionType")?.unwrap_or("01"),
            answer.scalar_text("vnp_TransactionStatus")?,
        ),
        paid_at: paid_at.transpose()?,
        memo: opt(answer, "vnp_OrderInfo")?.map(str::to_owned),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    })
}

fn opt<'a>(answer: &'a Json, name: &str) -> Result<Option<&'a str>, Refusal> {
    let found = answer.at(name).is_some();
    let text = found.then(|| answer.scalar_text(name)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The response code speaks of the query, so the transaction's alone decides. Types 02 and 03 are
/// refunds, whose amount is not the payment's: an officer looks at those, as at every status that
/// VNPAY does not document.
fn status(kind: &str, transaction: &str) -> PaymentStatus {
    match (kind, transaction) {
        ("01", "00") => PaymentStatus::Succeeded,
        ("01", "01") => PaymentStatus::Pending,
        ("01", "02") => PaymentStatus::Failed,
        _ => PaymentStatus::Review,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_zeros_of_a_payment_are_success() {
        use PaymentStatus as S;
        for (kind, code, expected) in [
            ("01", "00", S::Succeeded),
            ("01", "01", S::Pending),
            ("01", "02", S::Failed),
            ("01", "04", S::Review),
            ("01", "05", S::Review),
            ("01", "06", S::Review),
            ("01", "07", S::Review),
            ("01", "09", S::Review),
            ("01", "", S::Review),
            ("01", "0", S::Review),
            ("02", "00", S::Review),
            ("03", "00", S::Review),
        ] {
            assert_eq!(status(kind, code), expected, "{kind} {code}");
        }
    }
}
