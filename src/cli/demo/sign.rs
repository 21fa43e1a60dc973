//! The providers' side of a call: a planned call comes in, the HTTP request that the provider would
//! send goes out, signed as it signs. The signing itself is each provider file's; which bill is
//! meant and when is the score's.

use anyhow::Result;
use chrono::SecondsFormat;

use super::keys::{ACCOUNT, Keys};
use super::plan::Way;
use super::score::{Call, Payment, Proof, Says};
use crate::config::secret::Secret;
use crate::domain::time::VIETNAM;
use crate::intake::fields::{COMPACT_TIME, PRINTED_TIME};
use crate::intake::json::Json;
use crate::intake::providers::{
    momo, paymentplatform, payos, sepay, standardwebhooks, vnpay, zalopay,
};

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// A query makes it a GET, a body a POST.
    pub(super) query: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// Both sets of keys a player needs.
pub(super) struct Signer {
    genuine: Keys,
    forged: Keys,
}

fn text(name: &str, value: impl Into<String>) -> (String, Json) {
    (name.to_owned(), Json::Text(value.into()))
}

fn number(name: &str, value: impl ToString) -> (String, Json) {
    (name.to_owned(), Json::Number(value.to_string()))
}

/// A POST of JSON without headers of its own.
fn post(body: String) -> Request {
    Request {
        query: String::new(),
        headers: Vec::new(),
        body,
    }
}

impl Signer {
    /// A signer with the keys of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let genuine = Keys::of(seed);
        Self {
            forged: genuine.forged(seed),
            genuine,
        }
    }

    /// The keys a gateway must know.
    pub(super) fn genuine(&self) -> &Keys {
        &self.genuine
    }

    /// The request that tells of a payment.
    ///
    /// # Errors
    /// When a provider's scheme cannot sign what was planned.
    pub(super) fn request(&self, payment: &Payment, call: &Call) -> Result<Request> {
        let keys = match call.proof {
            Proof::Genuine | Proof::Stale => &self.genuine,
            Proof::Forged => &self.forged,
        };
        let told = Told {
            keys,
            payment,
            call,
            amount: match call.says {
                Says::OtherAmount => payment.amount + 1_000,
                Says::Succeeded | Says::Failed | Says::Pending => payment.amount,
            },
        };
        match payment.way {
            Way::Vnpay => Ok(told.vnpay()),
            Way::Momo => told.momo(),
            Way::ZaloPay => Ok(told.zalopay()),
            Way::PayOs => told.payos(),
            Way::SePay => Ok(told.sepay()),
            Way::BankHook => told.bank_hook(),
            Way::Platform => told.platform(),
        }
    }
}

/// One call with all it is made of.
struct Told<'a> {
    keys: &'a Keys,
    payment: &'a Payment,
    call: &'a Call,
    amount: i64,
}

impl Told<'_> {
    fn key(&self, name: &str) -> &str {
        self.keys.get(self.payment.way, name)
    }

    fn local(&self, format: &str) -> String {
        let local = self.call.at.with_timezone(&VIETNAM);
        local.format(format).to_string()
    }

    /// One of three words, by what the call says.
    fn word(&self, succeeded: &'static str, failed: &'static str, pending: &'static str) -> &str {
        match self.call.says {
            Says::Succeeded | Says::OtherAmount => succeeded,
            Says::Failed => failed,
            Says::Pending => pending,
        }
    }

    fn vnpay(&self) -> Request {
        let amount = (self.amount * 100).to_string();
        let number = self.payment.number.to_string();
        let paid_at = self.local(COMPACT_TIME);
        let pairs = [
            ("vnp_Amount", amount.as_str()),
            ("vnp_BankCode", "NCB"),
            ("vnp_CardType", "ATM"),
            ("vnp_OrderInfo", &self.payment.memo),
            ("vnp_PayDate", &paid_at),
            ("vnp_ResponseCode", self.word("00", "24", "00")),
            ("vnp_TmnCode", self.key("tmn_code")),
            ("vnp_TransactionNo", &number),
            ("vnp_TransactionStatus", self.word("00", "02", "01")),
            ("vnp_TxnRef", &self.payment.order_ref),
        ];
        Request {
            query: vnpay::sign_query(&pairs, self.key("hash_secret").as_bytes()),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    fn momo(&self) -> Result<Request> {
        let payment = self.payment;
        let members = vec![
            text("partnerCode", self.key("partner_code")),
            text("orderId", &payment.order_ref),
            text(
                "requestId",
                format!("{}-{}", payment.order_ref, payment.number),
            ),
            number("amount", self.amount),
            text("orderInfo", &payment.memo),
            text("orderType", "momo_wallet"),
            number("transId", payment.number),
            number("resultCode", self.word("0", "1006", "7000")),
            text(
                "message",
                self.word("Thành công.", "Giao dịch bị từ chối.", "Đang xử lý."),
            ),
            text("payType", self.word("qr", "", "")),
            number("responseTime", self.call.at.timestamp_millis()),
            text("extraData", ""),
        ];
        let key = self.key("secret_key").as_bytes();
        let body = momo::sign_body(members, self.key("access_key").as_bytes(), key)?;
        Ok(post(body))
    }

    fn zalopay(&self) -> Request {
        let millis = self.call.at.timestamp_millis();
        let data = Json::Object(vec![
            number("app_id", self.key("app_id")),
            text("app_trans_id", &self.payment.order_ref),
            number("app_time", millis - 60_000),
            text("app_user", "cong-dan"),
            number("amount", self.amount),
            text("embed_data", "{}"),
            text("item", "[]"),
            number("zp_trans_id", 250_701_000_000_000 + self.payment.number),
            number("server_time", millis),
            number("channel", 38),
            text("merchant_user_id", ""),
            number("user_fee_amount", 0),
            number("discount_amount", 0),
        ]);
        let key = self.key("key2").as_bytes();
        post(zalopay::sign_body(&data.to_compact_text(), key))
    }

    fn payos(&self) -> Result<Request> {
        let payment = self.payment;
        let data = Json::Object(vec![
            number("orderCode", &payment.order_ref),
            number("amount", self.amount),
            text("description", &payment.memo),
            text("accountNumber", "0909666688"),
            text("reference", format!("FT25{:010}", payment.number)),
            text("transactionDateTime", self.local(PRINTED_TIME)),
            text("currency", "VND"),
            text("paymentLinkId", format!("{:032x}", payment.number)),
            text("code", "00"),
            text("desc", "success"),
            text("counterAccountBankId", ""),
            text("counterAccountBankName", ""),
            text("virtualAccountName", ""),
            text("virtualAccountNumber", ""),
        ]);
        let key = self.key("checksum_key").as_bytes();
        Ok(post(payos::sign_body(data, key)?))
    }

    fn sepay(&self) -> Request {
        let number_text = self.payment.number;
        let body = Json::Object(vec![
            number("id", number_text),
            text("gateway", "Vietcombank"),
            text("transactionDate", self.local(PRINTED_TIME)),
            text("accountNumber", ACCOUNT),
            text("subAccount", ""),
            ("code".to_owned(), Json::Null),
            text("content", &self.payment.memo),
            text("transferType", "in"),
            text(
                "description",
                format!("BankAPINotify {}", self.payment.memo),
            ),
            number("transferAmount", self.amount),
            number("accumulated", 0),
            text("referenceCode", format!("VCB.{number_text}")),
        ]);
        let body = body.to_compact_text();
        let timestamp = self.call.signed_at.timestamp().to_string();
        let key = self.key("hmac_secret").as_bytes();
        let signature = sepay::sign_header(&timestamp, body.as_bytes(), key);
        Request {
            headers: vec![
                ("x-sepay-timestamp", timestamp),
                ("x-sepay-signature", signature),
            ],
            ..post(body)
        }
    }

    fn bank_hook(&self) -> Result<Request> {
        let payment = self.payment;
        let word = self.word("succeeded", "failed", "pending");
        let mut data = vec![
            text("transaction_id", format!("BH{}", payment.number)),
            number("amount", self.amount),
            text("currency", "VND"),
            text(
                "paid_at",
                self.call.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            ),
            text("memo", &payment.memo),
        ];
        if !payment.order_ref.is_empty() {
            data.push(text("order_ref", &payment.order_ref));
        }
        data.extend(
            payment
                .virtual_account
                .iter()
                .map(|account| text("virtual_account", account)),
        );
        let body = Json::Object(vec![
            text("type", format!("payment.{word}")),
            ("data".to_owned(), Json::Object(data)),
        ]);
        let body = body.to_compact_text();
        let id = match self.call.says {
            Says::OtherAmount => format!("evt_{}_corrected", payment.number),
            Says::Succeeded | Says::Failed | Says::Pending => {
                format!("evt_{}_{word}", payment.number)
            }
        };
        let timestamp = self.call.signed_at.timestamp().to_string();
        let secret = Secret::new(self.key("secret"));
        let signature = standardwebhooks::sign_header(&id, &timestamp, body.as_bytes(), &secret)?;
        Ok(Request {
            headers: vec![
                ("webhook-id", id),
                ("webhook-timestamp", timestamp),
                ("webhook-signature", signature),
            ],
            ..post(body)
        })
    }

    fn platform(&self) -> Result<Request> {
        let payment = self.payment;
        let members = vec![
            text("LoaiBanTin", "CONFIRM"),
            text("MaLoi", self.word("00", "99", "03")),
            text("MaDoiTac", self.key("partner_code")),
            text("MaThamChieu", &payment.order_ref),
            number("SoTien", self.amount),
            text("MaTienTe", "VND"),
            text("MaGiaoDich", format!("DVCQG{}", payment.number)),
            text("MaNganHang", "BIDV"),
            text("ThoiGianGD", self.local(COMPACT_TIME)),
            text("ThongTinGiaoDich", &payment.memo),
        ];
        let secret = self.key("secret").as_bytes();
        Ok(post(paymentplatform::sign_body(members, None, secret)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::Expected;
    use super::*;
    use crate::config::channel::Channel;
    use crate::config::load::load;
    use crate::domain::notice::Verdict;
    use crate::domain::payment::PaymentStatus;
    use crate::domain::time::parse_rfc3339;
    use crate::intake::call::{Method, RawCall};
    use crate::intake::provider::Refusal;
    use crate::intake::{providers, verify};

    const SEED: u64 = 11;

    fn channels() -> Vec<Channel> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("demo.toml");
        std::fs::write(&file, Keys::of(SEED).as_settings()).unwrap();
        let facts = crate::cli::context::provider_facts();
        let loaded = load(&[file], [], &facts).unwrap();
        let channels = loaded.settings.channels.values();
        channels.cloned().collect()
    }

    fn payment(way: Way) -> Payment {
        Payment {
            way,
            number: 14_250_777,
            order_ref: match way {
                Way::PayOs => "14250777".to_owned(),
                Way::ZaloPay => "250701_14250777".to_owned(),
                Way::Vnpay | Way::Momo | Way::SePay | Way::BankHook | Way::Platform => {
                    "DS23456789AB12".to_owned()
                }
            },
            amount: 170_000,
            memo: "Nộp phí hồ sơ H12.104-250701-0012".to_owned(),
            virtual_account: None,
            target: None,
        }
    }

    fn call(says: Says, proof: Proof) -> Call {
        let at = parse_rfc3339("2025-07-01T03:15:00Z").unwrap();
        Call {
            slot: 0,
            payment: 0,
            says,
            at,
            signed_at: if proof == Proof::Stale {
                at - chrono::TimeDelta::hours(1)
            } else {
                at
            },
            proof,
            expected: Expected::New(Verdict::Recorded),
        }
    }

    fn arrives(request: Request) -> RawCall {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let own = request.headers.into_iter();
        headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
        RawCall {
            method: if request.query.is_empty() {
                Method::Post
            } else {
                Method::Get
            },
            action: String::new(),
            query: request.query,
            headers,
            body: request.body.into_bytes(),
            arrived_at: parse_rfc3339("2025-07-01T03:15:30Z").unwrap(),
        }
    }

    fn told(way: Way, says: Says, proof: Proof) -> Result<(PaymentStatus, i64), Refusal> {
        let request = Signer::new(SEED).request(&payment(way), &call(says, proof));
        let channels = channels();
        let channel = channels
            .iter()
            .find(|one| one.name == way.as_str())
            .unwrap();
        let provider = providers::of(channel).unwrap();
        let verified = verify::verify(provider, &arrives(request.unwrap()), channel)?;
        let notices = provider.normalise(&verified, channel)?.notices;
        Ok((notices[0].status, notices[0].amount.minor()))
    }

    #[test]
    fn every_channel_believes_the_genuine_and_refuses_the_forged() {
        for &way in Way::ALL {
            let genuine = told(way, Says::Succeeded, Proof::Genuine);
            assert_eq!(genuine, Ok((PaymentStatus::Succeeded, 170_000)), "{way:?}");
            let forged = told(way, Says::Succeeded, Proof::Forged);
            assert_eq!(forged, Err(Refusal::SignatureMismatch), "{way:?}");
            let other = told(way, Says::OtherAmount, Proof::Genuine);
            assert_eq!(other, Ok((PaymentStatus::Succeeded, 171_000)), "{way:?}");
        }
    }

    #[test]
    fn failures_and_waiting_are_told_in_each_providers_words() {
        for way in [Way::Vnpay, Way::Momo, Way::BankHook] {
            let told = |says| told(way, says, Proof::Genuine).unwrap().0;
            assert_eq!(told(Says::Failed), PaymentStatus::Failed, "{way:?}");
            assert_eq!(told(Says::Pending), PaymentStatus::Pending, "{way:?}");
        }
        let failed = told(Way::Platform, Says::Failed, Proof::Genuine);
        assert_eq!(failed.map(|told| told.0), Ok(PaymentStatus::Failed));
        for way in [Way::SePay, Way::BankHook] {
            let stale = told(way, Says::Succeeded, Proof::Stale);
            assert!(matches!(stale, Err(Refusal::OutsideWindow(_))), "{way:?}");
        }
    }
}
