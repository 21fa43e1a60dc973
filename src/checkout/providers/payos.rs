//! payOS: making a link, signed with the checksum key, and asking for a link, which is a GET proven
//! by `client_id` and `api_key`. The answer is signed as payOS signs its calls; each transfer in it
//! is a payment of its own. There is no sandbox.

use std::borrow::Cow;

use crate::checkout::outbound::{
    Asks, Kind, Members, Outbound, Question, Request, Signed, Standing, Told, Way, ampersanded,
    key, missing, name_of, not_taken, query_fault, text,
};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::signature::{any_key_gives_hex, hmac_sha256, to_hex};

const CREATE: &[&str] = &[
    "amount",
    "cancelUrl",
    "description",
    "orderCode",
    "returnUrl",
];
const LINKS: &str = "/v2/payment-requests";

/// The members of an answer that are read; none may seem to begin inside the value of another.
const READ: &[&str] = &["amount", "orderCode", "status", "transactions"];

/// The provider `payos`.
#[derive(Debug, Clone, Copy)]
pub struct PayOs;

impl Outbound for PayOs {
    fn name(&self) -> &'static str {
        "payos"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://api-merchant.payos.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        if kind != Kind::Pay {
            return Err(not_taken(self.name()));
        }
        let signed = ampersanded(&members, CREATE)?;
        let digest = hmac_sha256(key(channel, "checksum_key")?, &[signed.as_bytes()]);
        let signature = to_hex(&digest);
        members.push(text("signature", signature.clone()));
        Ok(Signed {
            text: signed,
            signature,
            members,
            path: LINKS,
            way: Way::Json,
            headers: credentials(channel)?,
        })
    }

    fn asks(&self) -> Option<&'static dyn Asks> {
        Some(&Self)
    }
}

fn credentials(channel: &Channel) -> Result<Vec<(&'static str, String)>, Refusal> {
    Ok(vec![
        ("x-client-id", name_of(channel, "client_id")?.to_owned()),
        ("x-api-key", name_of(channel, "api_key")?.to_owned()),
    ])
}

impl Asks for PayOs {
    fn needs(&self) -> &'static [&'static str] {
        &["checksum_key", "client_id", "api_key"]
    }

    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal> {
        let code = question.order_ref;
        // The code becomes part of the address, and payOS's are numbers.
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::malformed("orderCode", "is no number"));
        }
        Ok(Request {
            url: format!("{address}{LINKS}/{code}"),
            headers: credentials(channel)?,
            body: None,
        })
    }

    fn hear(
        &self,
        body: &[u8],
        question: &Question<'_>,
        channel: &Channel,
    ) -> Result<Told, Refusal> {
        let answer = Json::parse(body)?;
        match answer.text("code")? {
            "00" => {}
            "101" => return Ok(Told::nothing(Standing::NotFound)),
            code => {
                return Err(query_fault("code", code));
            }
        }
        let data = answer.at("data").ok_or_else(|| missing("data"))?;
        let signed = signed_text(data)?;
        any_key_gives_hex(
            channel.secret("checksum_key"),
            "checksum_key",
            answer.text("signature")?,
            |key| hmac_sha256(key.bytes(), &[signed.as_bytes()]),
        )?;
        question.must_be_mine("orderCode", data.integer_text("orderCode")?)?;
        told(data, question)
    }
}

fn told(data: &Json, question: &Question<'_>) -> Result<Told, Refusal> {
    let transfers: &[Json] = match data.at("transactions") {
        Some(Json::List(transfers)) => transfers,
        _ => &[],
    };
    let notices: Result<Vec<Notice>, Refusal> = transfers
        .iter()
        .map(|transfer| notice(transfer, question))
        .collect();
    let notices = notices?;
    let standing = match data.text("status")? {
        "PAID" if notices.is_empty() => {
            return Err(Refusal::malformed("status", "is PAID without a transfer"));
        }
        "PAID" | "CANCELLED" | "EXPIRED" | "FAILED" => Standing::Final,
        // PENDING, PROCESSING, UNDERPAID, and whatever comes later.
        _ => Standing::Open,
    };
    Ok(Told { notices, standing })
}

/// A transfer to the link. payOS lists only those that arrived.
fn notice(transfer: &Json, question: &Question<'_>) -> Result<Notice, Refusal> {
    let opt = |name| Ok::<_, Refusal>(transfer.opt_text(name)?.map(str::to_owned));
    let reference = opt("reference")?;
    let at = transfer.opt_text("transactionDateTime")?;
    let paid_at = at.map(|text| transferred_at(text, question.asked_at));
    Ok(Notice {
        event_id: None,
        payment_key: fields::payment_key(reference.as_deref().unwrap_or(""), question.order_ref),
        bank_txn_id: reference.clone(),
        provider_txn_id: reference,
        order_ref: Some(question.order_ref.to_owned()),
        amount: fields::money("amount", transfer.scalar_text("amount")?, None)?,
        refunded_minor: None,
        status: PaymentStatus::Succeeded,
        paid_at: paid_at.transpose()?,
        memo: opt("description")?,
        virtual_account: opt("virtualAccountNumber")?,
        account_number: opt("accountNumber")?,
    })
}

/// With its zone, or as in payOS's calls.
fn transferred_at(text: &str, asked_at: Instant) -> Result<Instant, Refusal> {
    const FIELD: &str = "transactionDateTime";
    fields::rfc3339(FIELD, text, asked_at)
        .or_else(|_| fields::local_time(FIELD, text, fields::PRINTED_TIME, asked_at))
}

/// The text payOS signs: every member of `data` by name, values as they are.
fn signed_text(data: &Json) -> Result<String, Refusal> {
    let Json::Object(members) = data else {
        return Err(Refusal::malformed("data", "must be an object"));
    };
    let mut members: Vec<&(String, Json)> = members.iter().collect();
    members.sort_by(by_name);
    let mut signed = String::with_capacity(512);
    for (name, value) in members {
        let value = value_text(name, value)?;
        fields::has_one_reading(name, &value, READ)?;
        if name.contains(['&', '=']) {
            return Err(Refusal::malformed(name, "is no name that can be signed"));
        }
        for part in [if signed.is_empty() { "" } else { "&" }, name, "=", &value] {
            signed.push_str(part);
        }
    }
    Ok(signed)
}

/// By UTF-16 code unit, as JavaScript sorts.
fn by_name(one: &&(String, Json), other: &&(String, Json)) -> std::cmp::Ordering {
    one.0.encode_utf16().cmp(other.0.encode_utf16())
}

fn value_text<'a>(name: &str, value: &'a Json) -> Result<Cow<'a, str>, Refusal> {
    Ok(match value {
        Json::Null => Cow::Borrowed(""),
        Json::Text(text) if text == "null" || text == "undefined" => Cow::Borrowed(""),
        Json::Text(text) | Json::Number(text) => Cow::Borrowed(text),
        Json::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Json::List(items) => {
            let sorted: Result<Vec<Json>, Refusal> =
                items.iter().map(|item| sorted(name, item)).collect();
            Cow::Owned(Json::List(sorted?).to_compact_text())
        }
        Json::Object(_) => return Err(Refusal::malformed(name, "is an object and not signed")),
    })
}

fn sorted(name: &str, item: &Json) -> Result<Json, Refusal> {
    let Json::Object(members) = item else {
        return Err(Refusal::malformed(name, "must be a list of objects"));
    };
    let mut members: Vec<&(String, Json)> = members.iter().collect();
    members.sort_by(by_name);
    Ok(Json::Object(members.into_iter().cloned().collect()))
}

/// The whole answer as payOS sends it, around the object `data`.
///
/// # Errors
/// A refusal when `data` cannot be signed.
pub fn sign_answer(data: Json, checksum_key: &[u8]) -> Result<String, Refusal> {
    let signature = to_hex(&hmac_sha256(
        checksum_key,
        &[signed_text(&data)?.as_bytes()],
    ));
    Ok(Json::Object(vec![
        text("code", "00"),
        text("desc", "success"),
        ("data".to_owned(), data),
        text("signature", signature),
    ])
    .to_compact_text())
}
