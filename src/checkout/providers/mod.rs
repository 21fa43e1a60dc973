//! The roster of providers we send requests to and nothing else: one line each, in the order of the
//! roster of intake.

use super::outbound::{Asks, Outbound};
use crate::config::channel::Channel;

pub mod momo;
pub mod paymentplatform;
pub mod payos;
pub mod sepay;
pub mod vnpay;
pub mod vnptpay;
pub mod zalopay;

/// Every provider this program sends requests to.
pub const ROSTER: &[&dyn Outbound] = &[
    &vnpay::Vnpay,
    &momo::Momo,
    &zalopay::ZaloPay,
    &payos::PayOs,
    &sepay::SePay,
    &paymentplatform::PaymentPlatform,
    &vnptpay::VnptPay,
];

/// The provider of a name, as configuration writes it.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Outbound> {
    ROSTER
        .iter()
        .copied()
        .find(|provider| provider.name() == name)
}

/// Who is asked about the payments of a channel, and at which address.
#[derive(Clone)]
pub struct Asked {
    /// The provider's query.
    pub query: &'static dyn Asks,
    /// The address below which it is asked.
    pub address: String,
}

/// Why the payments of a channel are not asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// The provider has no status query that we speak.
    #[error("{0} offers no status query that doisoat speaks")]
    NoQuery(&'static str),
    /// As above, for a provider that is described in the settings.
    #[error("the provider offers no status query that doisoat speaks")]
    NotOurs,
    /// A secret is not given.
    #[error("status queries are switched off without secrets.{0}")]
    Lacks(&'static str),
    /// No address is published, and none is given.
    #[error("status queries are switched off without settings.query_url")]
    NoAddress,
}

/// Who is asked about the payments of a channel.
///
/// # Errors
/// Why nobody is.
pub fn asked(channel: &Channel) -> Result<Asked, NotAsked> {
    let provider = find(&channel.provider).ok_or(NotAsked::NotOurs)?;
    let query = provider.asks().ok_or(NotAsked::NoQuery(provider.name()))?;
    let lacks = |name: &&&str| channel.secret(name).is_empty();
    if let Some(name) = query.needs().iter().find(lacks) {
        return Err(NotAsked::Lacks(name));
    }
    let own = channel.query_url.as_deref();
    let address = own.or(provider.address()).ok_or(NotAsked::NoAddress)?;
    Ok(Asked {
        query,
        address: address.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::checkout::emv_qr::{Transfer, emv_qr};
    use crate::checkout::outbound::{Kind, Members, Question, Signed, Standing, Told};
    use crate::config::secret::Secret;
    use crate::domain::ids::Tenant;
    use crate::domain::payment::PaymentStatus;
    use crate::domain::time::{Instant, parse_rfc3339};
    use crate::intake;
    use crate::intake::json::Json;
    use crate::intake::provider::{Method, RawCall, Refusal};
    use crate::intake::signature::{hmac_sha256, to_hex};

    fn vectors() -> Vec<Value> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outbound.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    fn vector(name: &str) -> Value {
        let all = vectors();
        all.into_iter().find(|one| one["name"] == name).unwrap()
    }

    fn channel(provider: &str, secrets: &Value) -> Channel {
        let secrets: BTreeMap<String, Vec<Secret>> = secrets
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), vec![Secret::new(value.as_str().unwrap())]))
            .collect();
        Channel {
            name: provider.to_owned(),
            provider: provider.to_owned(),
            tenant: Tenant(1),
            door: crate::config::door::ChannelDoor::default(),
            secrets,
            scheme: None,
            hash: None,
            replay_window: Duration::from_secs(300),
            order_ref_field: None,
            order_ref_pattern: None,
            order_ref_pattern_field: None,
            accounts: Vec::new(),
            query_url: None,
            described: None,
        }
    }

    /// The channel of a vector; the keys that only open the door are not in the vectors.
    fn channel_of(one: &Value) -> Channel {
        let mut secrets = one["secrets"].clone();
        for name in ["client_id", "api_key"] {
            secrets[name] = json!("…");
        }
        channel(one["provider"].as_str().unwrap(), &secrets)
    }

    fn members(inputs: &Value) -> Members {
        let Json::Object(mut members) = Json::parse(inputs.to_string().as_bytes()).unwrap() else {
            panic!("{inputs}");
        };
        members.retain(|(name, _)| name != "note");
        members
    }

    fn sign(one: &Value) -> Signed {
        let kind = match one["kind"].as_str().unwrap() {
            "pay_url" | "create" | "create_form" => Kind::Pay,
            "query" => Kind::Query,
            "refund" => Kind::Refund,
            "receipt" => Kind::Receipt,
            other => panic!("{other}"),
        };
        let provider = find(one["provider"].as_str().unwrap()).unwrap();
        let mut given = members(&one["inputs"]);
        if kind == Kind::Pay && provider.name() == "sepay" {
            // Signed in the order given, which JSON objects of the reader do not keep.
            let order = one["canonical_string"].as_str().unwrap();
            given.sort_by_key(|(name, _)| order.find(&format!("{name}=")));
        }
        provider.sign(kind, given, &channel_of(one)).unwrap()
    }

    /// The URL of a vector without the sandbox's host, for the live one differs in it alone.
    fn path_of(url: &str) -> String {
        let rest = url.strip_prefix("https://").unwrap();
        rest[rest.find('/').unwrap()..].to_owned()
    }

    fn check_output(one: &Value, signed: &Signed) {
        let (name, output) = (&one["name"], &one["output"]);
        let request = signed.to_request("https://host").unwrap();
        let sent = Json::Object(signed.members.clone()).to_compact_text();
        let sent: Value = serde_json::from_str(&sent).unwrap();
        if let Some(url) = output.as_str() {
            assert_eq!(path_of(&request.url), path_of(url), "{name}");
            assert!(request.body.is_none(), "{name}");
            return;
        }
        if one["kind"] == "create_form" {
            assert_eq!(sent, *output, "{name}");
        }
        if let Some(url) = output["url"].as_str() {
            assert_eq!(path_of(&request.url), path_of(url), "{name}");
        }
        if output.get("method").is_some() {
            assert_eq!(output["method"], "POST", "{name}");
            let (content_type, body) = request.body.as_ref().unwrap();
            assert_eq!(*content_type, "application/json", "{name}");
            assert_eq!(serde_json::from_str::<Value>(body).unwrap(), sent, "{name}");
        }
        if let Some(json) = output.get("json") {
            assert_eq!(sent, *json, "{name}");
        }
        if let Some(field) = output["field"].as_str() {
            assert_eq!(sent[field], one["signature"], "{name}");
        }
        for (header, _) in output["headers"].as_object().into_iter().flatten() {
            let has = request.headers.iter().any(|(known, _)| known == header);
            assert!(has, "{name} {header}");
        }
    }

    #[test]
    fn every_request_is_signed_as_its_provider_signs_it() {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for one in vectors() {
            let kind = one["kind"].as_str().unwrap().to_owned();
            *seen.entry(kind.clone()).or_default() += 1;
            match kind.as_str() {
                "emv_qr" => check_qr(&one),
                "query_response" => check_answer(&one),
                "legacy_notification" => check_legacy(&one),
                _ => {
                    let signed = sign(&one);
                    assert_eq!(signed.text, one["canonical_string"], "{}", one["name"]);
                    assert_eq!(signed.signature, one["signature"], "{}", one["name"]);
                    check_output(&one, &signed);
                }
            }
        }
        let expected = [
            ("create", 5),
            ("create_form", 1),
            ("emv_qr", 4),
            ("legacy_notification", 1),
            ("pay_url", 3),
            ("query", 4),
            ("query_response", 1),
            ("receipt", 1),
            ("refund", 2),
        ];
        let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
        assert_eq!(seen, BTreeMap::from(expected));
    }

    fn check_qr(one: &Value) {
        let inputs = &one["inputs"];
        let transfer = Transfer {
            bank_bin: inputs["bank_bin"].as_str().unwrap(),
            account: inputs["account"].as_str().unwrap(),
            dong: inputs["amount"].as_str().map(|text| text.parse().unwrap()),
            purpose: inputs["purpose"].as_str(),
        };
        let code = emv_qr(&transfer).unwrap();
        let (text, check) = code.split_at(code.len() - 4);
        assert_eq!(text, one["canonical_string"], "{}", one["name"]);
        assert_eq!(check, one["signature"], "{}", one["name"]);
        assert_eq!(code, one["output"], "{}", one["name"]);
    }

    fn at(text: &str) -> Instant {
        parse_rfc3339(text).unwrap()
    }

    fn question(order_ref: &str) -> Question<'_> {
        Question {
            order_ref,
            ordered_at: at("2026-01-05T03:30:15Z"),
            asked_at: at("2026-01-05T04:00:00Z"),
            id: "rq0e0aed2a",
            our_address: "203.0.113.9",
        }
    }

    fn hear(name: &str, secrets: &Value, order_ref: &str, body: &str) -> Result<Told, Refusal> {
        let channel = channel(name, secrets);
        let query = find(name).unwrap().asks().unwrap();
        query.hear(body.as_bytes(), &question(order_ref), &channel)
    }

    fn check_answer(one: &Value) {
        let order_ref = one["inputs"]["vnp_TxnRef"].as_str().unwrap();
        let body = one["inputs"].to_string();
        let told = hear("vnpay", &one["secrets"], order_ref, &body).unwrap();
        assert_eq!(told.standing, Standing::Final);
        let notice = &told.notices[0];
        assert_eq!(
            (notice.payment_key.as_str(), notice.amount.minor()),
            ("15100001", 150_000)
        );
        assert_eq!(notice.status, PaymentStatus::Succeeded);
        assert_eq!(notice.paid_at, Some(at("2026-01-05T03:30:15Z")));
        for field in one["inputs"].as_object().unwrap().keys() {
            let mut forged = one["inputs"].clone();
            forged[field] = json!(if field == "vnp_ResponseCode" {
                "99"
            } else {
                "1"
            });
            let heard = hear("vnpay", &one["secrets"], order_ref, &forged.to_string());
            assert!(heard.is_err(), "{field}: {heard:?}");
        }
        let other = hear("vnpay", &one["secrets"], "ANOTHER", &body);
        assert!(matches!(other, Err(Refusal::Malformed { .. })), "{other:?}");
    }

    /// The notice of MoMo's first protocol is computed as recorded, and is not one of today's.
    fn check_legacy(one: &Value) {
        let key = one["secrets"]["secret_key"].as_str().unwrap();
        let text = one["canonical_string"].as_str().unwrap();
        let signature = to_hex(&hmac_sha256(key.as_bytes(), &[text.as_bytes()]));
        assert_eq!(signature, one["signature"]);
        let mut body = one["inputs"].clone();
        body["signature"] = json!(signature);
        body["partnerCode"] = one["secrets"]["partner_code"].clone();
        let call = RawCall {
            method: Method::Post,
            action: String::new(),
            query: String::new(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            arrived_at: at("2026-01-05T04:00:00Z"),
        };
        let read = intake::verify::read(&intake::providers::momo::Momo, &call, &channel_of(one));
        assert!(read.is_err() && one["output"].is_null());
    }

    #[test]
    fn the_roster_is_that_of_intake_as_far_as_both_go() {
        let names: Vec<&str> = ROSTER.iter().map(|provider| provider.name()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let theirs = intake::providers::ROSTER.iter().map(|one| one.name());
        let both: Vec<&str> = theirs.filter(|name| names.contains(name)).collect();
        assert_eq!(names[..both.len()], both);
    }

    #[test]
    fn a_question_is_the_recorded_request() {
        for (name, changes) in [
            ("vnpay.public.querydr_request", json!({})),
            ("momo.public.query", json!({ "requestId": "rq0e0aed2a" })),
            ("zalopay.public.query", json!({})),
            ("paymentplatform.public.query", json!({})),
        ] {
            let one = vector(name);
            let channel = channel_of(&one);
            let order = ["vnp_TxnRef", "orderId", "app_trans_id", "MaThamChieu"];
            let order_ref = order
                .iter()
                .find_map(|field| one["inputs"][field].as_str())
                .unwrap();
            let query = find(&channel.provider).unwrap().asks().unwrap();
            let request = query
                .ask(&question(order_ref), &channel, "https://host")
                .unwrap();
            let (_, body) = request.body.unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            for (field, value) in one["inputs"].as_object().unwrap() {
                let value = changes.get(field).unwrap_or(value);
                // Ours needs no transaction number and asks for Vietnamese.
                if field != "vnp_TransactionNo" {
                    assert_eq!(plain(&body[field]), plain(value), "{name} {field}");
                }
            }
            if changes == json!({}) {
                assert!(
                    body.to_string()
                        .contains(one["signature"].as_str().unwrap()),
                    "{name}"
                );
            }
        }
        let payos = channel("payos", &json!({ "client_id": "c", "api_key": "a" }));
        let request = payos::PayOs.asks().unwrap();
        let asked = |order_ref| request.ask(&question(order_ref), &payos, "https://host");
        assert_eq!(
            asked("77").ok().unwrap().url,
            "https://host/v2/payment-requests/77"
        );
        for strange in ["", "7/../8", "7?x", "-7"] {
            assert!(asked(strange).is_err(), "{strange}");
        }
    }

    fn plain(value: &Value) -> String {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    const PLATFORM: &str = "paymentplatform";

    fn platform(state: &str, txn: &str) -> Result<Told, Refusal> {
        let secrets = json!({ "partner_code": "P", "secret": "s" });
        let body = json!({
            "MaLoi": "00", "MaDoiTac": "P", "MaThamChieu": "R1", "SoTien": 150_000,
            "MaTienTe": "VND", "MaGiaoDich": txn, "TrangThaiGD": state,
            "ThoiGianGD": "20260105103015",
        });
        hear(PLATFORM, &secrets, "R1", &body.to_string())
    }

    #[test]
    fn the_platforms_states_are_read_with_care() {
        use PaymentStatus as S;
        for (state, status, standing) in [
            ("1", S::Succeeded, Standing::Final),
            ("3", S::Pending, Standing::Open),
            ("4", S::Failed, Standing::Final),
            ("2", S::Review, Standing::Open),
            ("01", S::Review, Standing::Open),
        ] {
            let told = platform(state, "T9").unwrap();
            assert_eq!(
                (told.notices[0].status, told.standing),
                (status, standing),
                "{state}"
            );
            assert_eq!(told.notices[0].payment_key, "T9");
        }
        assert_eq!(platform("3", "").unwrap(), Told::nothing(Standing::Open));
        let secrets = json!({ "partner_code": "P", "secret": "s" });
        let refused = hear(PLATFORM, &secrets, "R1", r#"{"MaLoi":"12"}"#).unwrap();
        assert_eq!(refused, Told::nothing(Standing::Open));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let secrets = json!({
            "tmn_code": "T", "hash_secret": "k", "partner_code": "P", "access_key": "a",
            "secret_key": "s", "app_id": "1", "key1": "k1", "checksum_key": "c", "secret": "s",
        });
        let big = format!("[{}]", "0,".repeat(1000));
        for name in ["vnpay", "momo", "zalopay", "payos", PLATFORM] {
            for body in [
                "",
                "<html><body>502</body></html>",
                "{}",
                "[]",
                "null",
                "{\"a\":",
                &big,
            ] {
                assert!(hear(name, &secrets, "R1", body).is_err(), "{name} {body}");
            }
        }
    }

    #[test]
    fn zalopays_second_code_is_a_failed_payment_or_a_failed_question() {
        let secrets = json!({ "app_id": "1", "key1": "k" });
        let said = |body: Value| hear("zalopay", &secrets, "260105_1", &body.to_string());
        let failed = said(json!({ "return_code": 2, "sub_return_code": -54 })).unwrap();
        assert_eq!(failed, Told::nothing(Standing::Final));
        let unknown = said(json!({ "return_code": 2, "sub_return_code": -101 })).unwrap();
        assert_eq!(unknown, Told::nothing(Standing::NotFound));
        for sub in [-401, -402, -500, -503] {
            assert!(
                said(json!({ "return_code": 2, "sub_return_code": sub })).is_err(),
                "{sub}"
            );
        }
        let open = said(json!({ "return_code": 3, "is_processing": true, "zp_trans_id": 0 }));
        assert_eq!(open.unwrap(), Told::nothing(Standing::Open));
        let paid =
            json!({ "return_code": 1, "amount": 5000, "zp_trans_id": 260_105_000_000_123_i64 });
        let told = said(paid).unwrap();
        assert_eq!(told.notices[0].payment_key, "260105000000123");
        assert!(said(json!({ "return_code": 4 })).is_err());
        let other = json!({ "return_code": 1, "amount": 1, "zp_trans_id": 1, "app_trans_id": "x" });
        assert!(said(other).is_err());
    }

    #[test]
    fn an_answer_that_is_not_about_our_question_is_refused() {
        let secrets = json!({ "partner_code": "P", "access_key": "a", "secret_key": "s" });
        let said = |partner: &str, order: &str, request: &str| {
            let body = json!({
                "partnerCode": partner, "orderId": order, "requestId": request, "amount": 5000,
                "transId": 77, "resultCode": 0, "message": "Success", "refundTrans": [],
            });
            hear("momo", &secrets, "A1", &body.to_string())
        };
        assert_eq!(
            said("P", "A1", "rq0e0aed2a").unwrap().notices[0].payment_key,
            "77"
        );
        assert_eq!(
            said("Q", "A1", "rq0e0aed2a"),
            Err(Refusal::NotOurs("partner_code".into()))
        );
        assert!(said("P", "A2", "rq0e0aed2a").is_err());
        assert!(said("P", "A1", "other").is_err());
    }

    #[test]
    fn a_link_is_paid_transfer_by_transfer() {
        let secrets = json!({ "checksum_key": "c", "client_id": "i", "api_key": "a" });
        let transfer = |reference: &str, dong: i64| {
            json!({
                "reference": reference, "amount": dong, "accountNumber": "1", "description": "HS1",
                "transactionDateTime": "2026-01-05T10:30:15+07:00", "counterAccountName": null,
            })
        };
        let said = |status: &str, transfers: Vec<Value>| {
            let data = json!({
                "id": "l", "orderCode": 77, "amount": 100, "amountPaid": 100, "status": status,
                "transactions": transfers, "cancellationReason": null,
            });
            let data = Json::parse(data.to_string().as_bytes()).unwrap();
            let body = payos::sign_answer(data, b"c").unwrap();
            let forged = hear("payos", &secrets, "77", &body.replace("100", "101"));
            assert_eq!(forged, Err(Refusal::SignatureMismatch));
            hear("payos", &secrets, "77", &body)
        };
        let part = said("UNDERPAID", vec![transfer("FT1", 60)]).unwrap();
        assert_eq!((part.notices.len(), part.standing), (1, Standing::Open));
        let both = said("PAID", vec![transfer("FT1", 60), transfer("FT2", 40)]).unwrap();
        assert_eq!((both.notices.len(), both.standing), (2, Standing::Final));
        assert_eq!(both.notices[0], part.notices[0]);
        assert_eq!(both.notices[1].payment_key, "FT2");
        assert_eq!(both.notices[1].paid_at, Some(at("2026-01-05T03:30:15Z")));
        assert_eq!(
            said("EXPIRED", vec![]).unwrap(),
            Told::nothing(Standing::Final)
        );
        assert_eq!(
            said("PENDING", vec![]).unwrap(),
            Told::nothing(Standing::Open)
        );
        assert!(said("PAID", vec![]).is_err());
        let gone = hear(
            "payos",
            &secrets,
            "77",
            r#"{"code":"101","desc":"none","data":null}"#,
        );
        assert_eq!(gone.unwrap(), Told::nothing(Standing::NotFound));
    }

    #[test]
    fn momo_means_the_same_by_a_code_when_it_calls_and_when_it_answers() {
        let secrets = json!({ "partner_code": "P", "access_key": "a", "secret_key": "s" });
        let channel = channel("momo", &secrets);
        let member = |name: &str, text: &str| (name.to_owned(), Json::Text(text.to_owned()));
        for code in [
            "0", "9000", "1000", "7000", "7002", "1001", "1006", "1017", "1026", "8000",
        ] {
            let signed = [
                ("amount", "5000"),
                ("extraData", ""),
                ("message", "m"),
                ("orderId", "A1"),
                ("orderInfo", "i"),
                ("orderType", "t"),
                ("partnerCode", "P"),
                ("payType", "qr"),
                ("requestId", "rq0e0aed2a"),
                ("responseTime", "1767583800000"),
                ("resultCode", code),
                ("transId", "77"),
            ];
            let members = signed.map(|(name, text)| member(name, text)).to_vec();
            let body = intake::providers::momo::sign_body(members, b"a", b"s").unwrap();
            let call = RawCall {
                method: Method::Post,
                action: String::new(),
                query: String::new(),
                headers: Vec::new(),
                body: body.clone().into_bytes(),
                arrived_at: at("2026-01-05T04:00:00Z"),
            };
            let called = intake::verify::read(&intake::providers::momo::Momo, &call, &channel);
            let (called, told) = (
                called.unwrap(),
                hear("momo", &secrets, "A1", &body).unwrap(),
            );
            assert_eq!(called.notices[0].status, told.notices[0].status, "{code}");
            assert_eq!(
                called.notices[0].payment_key, told.notices[0].payment_key,
                "{code}"
            );
        }
    }

    #[test]
    fn a_channel_says_why_it_is_not_asked() {
        let why = |provider: &str, secrets: Value| asked(&channel(provider, &secrets)).err();
        let zalopay = json!({ "app_id": "1", "key2": "k" });
        assert_eq!(why("zalopay", zalopay), Some(NotAsked::Lacks("key1")));
        assert_eq!(why("sepay", json!({})), Some(NotAsked::NoQuery("sepay")));
        assert_eq!(why("bank-of-ours", json!({})), Some(NotAsked::NotOurs));
        let platform = json!({ "partner_code": "P", "secret": "s" });
        assert_eq!(why(PLATFORM, platform), Some(NotAsked::NoAddress));
        let vnpay = json!({ "tmn_code": "T", "hash_secret": "k" });
        let mut channel = channel("vnpay", &vnpay);
        assert_eq!(
            asked(&channel).ok().unwrap().address,
            "https://merchant.vnpay.vn"
        );
        channel.query_url = Some("https://sandbox.vnpayment.vn".to_owned());
        assert_eq!(
            asked(&channel).ok().unwrap().address,
            "https://sandbox.vnpayment.vn"
        );
    }
}
