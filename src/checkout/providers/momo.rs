//! MoMo (AIO v2): making an order, its status query and the refund. MoMo does not sign its answers,
//! so they are believed for the connection they came over, and must name our partner code, our
//! question and our order. The sandbox is `https://test-payment.momo.vn`.

use crate::checkout::outbound::{
    Asks, Kind, Members, Outbound, Question, Request, Signed, Standing, Told, Way, add,
    ampersanded, key, name_of, not_taken, query_fault, text,
};
use crate::config::channel::Channel;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::Refusal;
use crate::intake::signature::{hmac_sha256, to_hex};

/// What is signed of a new order after the access key, in this order.
const CREATE: &[&str] = &[
    "amount",
    "extraData",
    "ipnUrl",
    "orderId",
    "orderInfo",
    "partnerCode",
    "redirectUrl",
    "requestId",
    "requestType",
];

/// What is signed of a query after the access key, in this order.
const QUERY: &[&str] = &["orderId", "partnerCode", "requestId"];

/// What is signed of a refund after the access key, in this order.
const REFUND: &[&str] = &[
    "amount",
    "description",
    "orderId",
    "partnerCode",
    "requestId",
    "transId",
];

/// The provider `momo`.
#[derive(Debug, Clone, Copy)]
pub struct Momo;

impl Outbound for Momo {
    fn name(&self) -> &'static str {
        "momo"
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://payment.momo.vn")
    }

    fn sign(&self, kind: Kind, mut members: Members, channel: &Channel) -> Result<Signed, Refusal> {
        let (names, path) = match kind {
            Kind::Pay => (CREATE, "/v2/gateway/api/create"),
            Kind::Query => (QUERY, "/v2/gateway/api/query"),
            Kind::Refund => (REFUND, "/v2/gateway/api/refund"),
            Kind::Receipt => return Err(not_taken(self.name())),
        };
        let access_key = name_of(channel, "access_key")?;
        let partner = name_of(channel, "partner_code")?;
        add(&mut members, text("partnerCode", partner));
        if kind == Kind::Pay {
            add(&mut members, text("accessKey", access_key));
            add(&mut members, text("requestType", "captureWallet"));
        }
        add(&mut members, text("lang", "en"));
        let signed = format!("accessKey={access_key}&{}", ampersanded(&members, names)?);
        let signature = to_hex(&hmac_sha256(
            key(channel, "secret_key")?,
            &[signed.as_bytes()],
        ));
        members.push(text("signature", signature.clone()));
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

impl Asks for Momo {
    fn needs(&self) -> &'static [&'static str] {
        &["partner_code", "access_key", "secret_key"]
    }

    fn ask(
        &self,
        question: &Question<'_>,
        channel: &Channel,
        address: &str,
    ) -> Result<Request, Refusal> {
        let members = vec![
            text("requestId", question.id),
            text("orderId", question.order_ref),
            text("lang", "vi"),
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
        let answer = Json::parse(body)?;
        fields::must_be_ours(answer.scalar_text("partnerCode")?, channel, "partner_code")?;
        question.must_be_mine("orderId", answer.scalar_text("orderId")?)?;
        if answer.scalar_text("requestId")? != question.id {
            return Err(Refusal::malformed(
                "requestId",
                "is another question than ours",
            ));
        }
        let code = answer.integer_text("resultCode")?;
        let status = match status(code) {
            Some(status) => status,
            // The order is not known: nobody began to pay.
            None if code == "42" => return Ok(Told::nothing(Standing::NotFound)),
            None => {
                return Err(query_fault("resultCode", code));
            }
        };
        notice(&answer, question, status).map(Told::one)
    }
}

fn notice(
    answer: &Json,
    question: &Question<'_>,
    status: PaymentStatus,
) -> Result<Notice, Refusal> {
    let txn_id = match answer.at("transId") {
        Some(_) => answer.integer_text("transId")?,
        None => "0",
    };
    let amount = fields::money("amount", answer.scalar_text("amount")?, None)?;
    let refunded = refunded(answer)?;
    let status = match (status, refunded) {
        (PaymentStatus::Succeeded, Some(back)) if back >= amount.minor() => PaymentStatus::Refunded,
        (PaymentStatus::Succeeded, Some(_)) => PaymentStatus::PartiallyRefunded,
        (other, _) => other,
    };
    Ok(Notice {
        event_id: None,
        provider_txn_id: Some(txn_id.to_owned()),
        payment_key: fields::payment_key(txn_id, question.order_ref),
        order_ref: Some(question.order_ref.to_owned()),
        amount,
        refunded_minor: refunded.filter(|_| status == PaymentStatus::PartiallyRefunded),
        status,
        // `responseTime` is here the time of this answer, not of the payment.
        paid_at: None,
        memo: None,
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    })
}

/// The sum of refunds that succeeded, minor units; none where there were none.
fn refunded(answer: &Json) -> Result<Option<i64>, Refusal> {
    let Some(Json::List(refunds)) = answer.at("refundTrans") else {
        return Ok(None);
    };
    let mut sum: Option<i64> = None;
    for refund in refunds {
        if refund.integer_text("resultCode")? == "0" {
            let amount = fields::money("refundTrans.amount", refund.scalar_text("amount")?, None)?;
            let total = sum.unwrap_or(0).checked_add(amount.minor());
            sum = Some(total.ok_or_else(|| Refusal::malformed("refundTrans", "is too large"))?);
        }
    }
    Ok(sum)
}

/// What a result code says of the payment, by the same table as in MoMo's own calls; none for codes
/// below one hundred, which are faults of the query itself.
fn status(code: &str) -> Option<PaymentStatus> {
    Some(match code {
        "0" => PaymentStatus::Succeeded,
        "9000" => PaymentStatus::Authorized,
        "1000" | "7000" | "7002" => PaymentStatus::Pending,
        "1001" | "1002" | "1003" | "1004" | "1005" | "1006" | "1007" | "1017" | "1026" => {
            PaymentStatus::Failed
        }
        short if short.len() <= 2 => return None,
        _ => PaymentStatus::Review,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_query_is_no_fate_of_the_payment() {
        use PaymentStatus as S;
        for (code, expected) in [
            ("0", Some(S::Succeeded)),
            ("9000", Some(S::Authorized)),
            ("7002", Some(S::Pending)),
            ("1006", Some(S::Failed)),
            ("8000", Some(S::Review)),
            ("00", None),
            ("11", None),
            ("42", None),
            ("99", None),
        ] {
            assert_eq!(status(code), expected, "{code}");
        }
    }

    #[test]
    fn money_that_went_back_is_counted_with_the_payment() {
        let answer = |refunds: &str| {
            let text = format!(r#"{{"transId":"7","amount":1000,"refundTrans":{refunds}}}"#);
            let question = Question {
                order_ref: "A",
                ordered_at: chrono::DateTime::UNIX_EPOCH,
                asked_at: chrono::DateTime::UNIX_EPOCH,
                id: "q",
                our_address: "",
            };
            let json = Json::parse(text.as_bytes()).unwrap();
            let notice = notice(&json, &question, PaymentStatus::Succeeded).unwrap();
            (notice.status, notice.refunded_minor)
        };
        use PaymentStatus as S;
        assert_eq!(answer("null"), (S::Succeeded, None));
        assert_eq!(answer("[]"), (S::Succeeded, None));
        let part = r#"{"amount":400,"resultCode":0}"#;
        let failed = r#"{"amount":600,"resultCode":1001}"#;
        assert_eq!(
            answer(&format!("[{part},{failed}]")),
            (S::PartiallyRefunded, Some(400))
        );
        let rest = r#"{"amount":600,"resultCode":0}"#;
        assert_eq!(answer(&format!("[{part},{rest}]")), (S::Refunded, None));
    }
}
