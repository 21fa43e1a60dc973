//! What the callers send: payments of three providers, each told of in one or two calls, signed as the
//! provider signs, or forged; and what an answer to each means. Which call is sent when is the book's.

use doisoat::config::secret::Secret;
use doisoat::intake::providers::{standardwebhooks, vnpay};
use serde_json::json;

use crate::support::app::BANK_KEY;
use crate::support::http::Reply;
use crate::support::office::transfer;

const VNPAY_KEY: &str = "k-vnpay";
const HOOK_KEY: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const FORGERS_KEY: &str = "whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";

/// The channel beside those that every test has.
pub(super) const CHANNELS: &str = "[channels.hook]\nprovider = \"standardwebhooks\"\n\
    secrets.secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n";

/// The channel a payment comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// A signed query; first `pending`, then `succeeded`; the answer tells a repeat from news.
    Vnpay,
    /// Proven by a word, one call.
    Bank,
    /// A signed body with a time; first `pending`, then `succeeded`.
    Hook,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Vnpay, Self::Bank, Self::Hook];

    pub(super) fn channel(self) -> &'static str {
        match self {
            Self::Vnpay => "vnpay",
            Self::Bank => "bank",
            Self::Hook => "hook",
        }
    }
}

/// A payment as the providers know it.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) way: Way,
    pub(super) number: u64,
    pub(super) dong: i64,
    pub(super) memo: String,
}

impl Payment {
    /// The provider's id of it.
    pub(super) fn txn(&self) -> String {
        match self.way {
            Way::Vnpay | Way::Bank => self.number.to_string(),
            Way::Hook => format!("BH{}", self.number),
        }
    }

    /// Whether it is told of twice.
    pub(super) fn has_two(&self) -> bool {
        self.way != Way::Bank
    }

    /// The bytes of a call.
    pub(super) fn request(&self, is_success: bool, is_forged: bool) -> Vec<u8> {
        match self.way {
            Way::Vnpay => self.vnpay(is_success, is_forged),
            Way::Bank => {
                let body = transfer(self.number, self.dong, &self.memo).to_string();
                let key = if is_forged { "k-thief" } else { BANK_KEY };
                let authorization = format!("authorization: Apikey {key}");
                post("bank", &[authorization], &body)
            }
            Way::Hook => self.hook(is_success, is_forged),
        }
    }

    fn vnpay(&self, is_success: bool, is_forged: bool) -> Vec<u8> {
        let (amount, number) = ((self.dong * 100).to_string(), self.number.to_string());
        let order = format!("HD{number}");
        let pairs = [
            ("vnp_Amount", amount.as_str()),
            ("vnp_BankCode", "NCB"),
            ("vnp_OrderInfo", &self.memo),
            ("vnp_PayDate", "20260105103015"),
            ("vnp_ResponseCode", "00"),
            ("vnp_TmnCode", "DOISOAT1"),
            ("vnp_TransactionNo", &number),
            (
                "vnp_TransactionStatus",
                if is_success { "00" } else { "01" },
            ),
            ("vnp_TxnRef", &order),
        ];
        let key = if is_forged { "k-thief" } else { VNPAY_KEY };
        let query = vnpay::sign_query(&pairs, key.as_bytes());
        format!("GET /webhooks/vnpay?{query} HTTP/1.1\r\nhost: gw.example.gov.vn\r\n\r\n")
            .into_bytes()
    }

    fn hook(&self, is_success: bool, is_forged: bool) -> Vec<u8> {
        let word = if is_success { "succeeded" } else { "pending" };
        let body = json!({
            "type": format!("payment.{word}"),
            "data": {
                "transaction_id": self.txn(), "amount": self.dong, "currency": "VND",
                "paid_at": "2026-01-05T03:30:15Z", "memo": self.memo,
            },
        });
        let body = body.to_string();
        let id = format!("evt_{}_{word}", self.number);
        let timestamp = chrono::Utc::now().timestamp().to_string();
        let secret = Secret::new(if is_forged { FORGERS_KEY } else { HOOK_KEY });
        let signature = standardwebhooks::sign_header(&id, &timestamp, body.as_bytes(), &secret);
        let headers = [
            format!("webhook-id: {id}"),
            format!("webhook-timestamp: {timestamp}"),
            format!("webhook-signature: {}", signature.unwrap()),
        ];
        post("hook", &headers, &body)
    }
}

fn post(channel: &str, headers: &[String], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "POST /webhooks/{channel} HTTP/1.1\r\nhost: gw.example.gov.vn\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What an answer says to its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Recorded; the provider will not call again.
    Recorded {
        /// Whether the answer says that it is news; only VNPAY's does, for money that found its bill.
        is_new: Option<bool>,
    },
    /// Not recorded: call again.
    TryLater,
    /// The proof does not hold.
    Refused,
}

/// What an answer means, byte for byte as the provider's contract has it; `None` for anything else.
pub(super) fn meaning(way: Way, reply: &Reply) -> Option<Meaning> {
    let recorded = |is_new| Some(Meaning::Recorded { is_new });
    let may_retry = reply.status == 503 && reply.header("retry-after").is_some();
    match (way, reply.status, reply.body.as_str()) {
        (Way::Vnpay, 200, r#"{"RspCode":"00","Message":"Confirm success"}"#) => {
            recorded(Some(true))
        }
        (Way::Vnpay, 200, r#"{"RspCode":"02","Message":"Order already confirmed"}"#) => {
            recorded(Some(false))
        }
        (Way::Vnpay, 200, r#"{"RspCode":"01","Message":"Order not found"}"#) => recorded(None),
        (Way::Vnpay, 200, r#"{"RspCode":"99","Message":"Unknown error"}"#) => {
            Some(Meaning::TryLater)
        }
        (Way::Vnpay, 200, r#"{"RspCode":"97","Message":"Invalid signature"}"#) => {
            Some(Meaning::Refused)
        }
        (Way::Bank, 200, r#"{"success": true}"#) | (Way::Hook, 204, "") => recorded(None),
        (Way::Bank, 503, r#"{"success":false,"message":"try_later"}"#) | (Way::Hook, 503, "")
            if may_retry =>
        {
            Some(Meaning::TryLater)
        }
        (Way::Bank | Way::Hook, 401, _) => Some(Meaning::Refused),
        _ => None,
    }
}
