//! ZaloPay (v2): making an order and its status query, both signed with `key1`. ZaloPay does not
//! sign its answers, so they are believed for the connection they came over. It calls us after
//! success only: that a payment failed is learned here alone. The sandbox is
//! `https://sb-openapi.zalopay.vn`.

use crate::checkout::outbound::{
    Asks, Kind, Members, Outbound, Question, Request, Signed, Standing, Told, Way, add, key,
    name_of, not_taken, piped, query_fault, text,
};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::signature::{hmac_sha256, to_hex};

/// What is signed of a new order, in this order; JSON inside texts may hold the separator.
const CREATE: &[&str] = &[
    "app_id",
    "app_trans_id",
    "app_user",
    "amount",
    "app_time",
    "embed_data",
    "item",
];
const FREE: &[&str] = &["embed_data", "item"];

/// What is signed of a query before the key itself, in this order.
const QUERY: &[&str] = &["app_id", "app_trans_id"];

/// The provider `zalopay`.
#[derive(Debug, Clone, Copy)]
pub struct ZaloPay;

impl Outbound for ZaloPay {
    fn name(&self) -> &'static str {
        "zalopay"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://openapi.zalopay.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        let app_id = Json::Number(name_of(channel, "app_id")?.to_owned());
        let key1 = name_of(channel, "key1")?;
        add(&mut members, ("app_id".to_owned(), app_id));
        let (signed, path) = match kind {
            Kind::Pay => (piped(&members, CREATE, FREE)?, "/v2/create"),
            Kind::Query => {
                let head = piped(&members, QUERY, &[])?;
                (format!("{head}|{key1}"), "/v2/query")
            }
            Kind::Refund | Kind::Receipt => return Err(not_taken(self.name())),
        };
        let signature = to_hex(&hmac_sha256(key(channel, "key1")?, &[signed.as_bytes()]));
        members.push(text("mac", signature.clone()));
        Ok(Signed {
            text: signed,
            signature,
            members,
            path,
            way: Way::Json,
            headers: Vec::new(),
        })
    }

    fn asks(&self) -> Option<&'static dyn Asks> {
        Some(&Self)
    }
}

impl Asks for ZaloPay {
    fn needs(&self) -> &'static [&'static str] {
        &["app_id", "key1"]
    }

    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal> {
        let members = vec![text("app_trans_id", question.order_ref)];
        self.sign(Kind::Query, members, channel)?
            .to_request(address)
    }

    fn hear(&self, body: &[u8], question: &Question<'_>, _: &Channel) -> Result<Told, Refusal> {
        let answer = Json::parse(body)?;
        if let Some(order_ref) = answer.opt_text("app_trans_id")? {
            question.must_be_mine("app_trans_id", order_ref)?;
        }
        let status = match answer.integer_text("return_code")? {
            "1" => PaymentStatus::Succeeded,
            "2" => match fault(&answer)? {
                Fault::Payment => PaymentStatus::Failed,
                Fault::NoOrder => return Ok(Told::nothing(Standing::NotFound)),
            },
            "3" => PaymentStatus::Pending,
            code => {
                return Err(query_fault("return_code", code));
            }
        };
        told(&answer, question, status)
    }
}

/// What `return_code` 2 is about.
enum Fault {
    /// The payment failed.
    Payment,
    /// There is no such order.
    NoOrder,
}

/// Code 2 stands for a failed payment and for faults of the query alike; the sub-code tells them
/// apart.
fn fault(answer: &Json) -> Result<Fault, Refusal> {
    let sub = match answer.at("sub_return_code") {
        Some(_) => answer.integer_text("sub_return_code")?,
        None => "",
    };
    match sub {
        "-101" => Ok(Fault::NoOrder),
        "-2" | "-401" | "-402" | "-403" | "-429" | "-500" | "-503" => {
            Err(query_fault("sub_return_code", sub))
        }
        _ => Ok(Fault::Payment),
    }
}

fn told(answer: &Json, question: &Question<'_>, status: PaymentStatus) -> Result<Told, Refusal> {
    let txn_id = match answer.at("zp_trans_id") {
        Some(_) => answer.integer_text("zp_trans_id")?,
        None => "0",
    };
    // Nobody was charged and ZaloPay names no transaction: there is no payment to speak of.
    if fields::real_id(txn_id).is_none() && status != PaymentStatus::Succeeded {
        return Ok(Told::nothing(match status {
            PaymentStatus::Failed => Standing::Final,
            PaymentStatus::Pending
            | PaymentStatus::Authorized
            | PaymentStatus::Succeeded
            | PaymentStatus::Review
            | PaymentStatus::Reversed
            | PaymentStatus::Refunded
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Outgoing => Standing::Open,
        }));
    }
    Ok(Told::one(Notice {
        event_id: None,
        provider_txn_id: Some(txn_id.to_owned()),
        payment_key: fields::payment_key(txn_id, question.order_ref),
        order_ref: Some(question.order_ref.to_owned()),
        amount: fields::money("amount", answer.scalar_text("amount")?, None)?,
        refunded_minor: None,
        status,
        paid_at: None,
        memo: None,
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    }))
}
