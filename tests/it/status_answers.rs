//! A payment told twice, by webhook and by query, whichever comes first: for every provider that can
//! be asked, over real sockets, signed as the provider signs. It is one payment, and its bill is paid
//! once.

use doisoat::checkout::providers::payos::sign_answer;
use doisoat::domain::time::parse_rfc3339;
use doisoat::intake::json::Json;
use doisoat::intake::providers::{momo, paymentplatform, payos, vnpay, zalopay};
use doisoat::intake::signature::{hmac_sha512, to_hex};
use serde_json::{Value, json};

use crate::status_queries::{Desk, ask_all, attempt_opened};
use crate::support::http::{exchange, request};
use crate::support::office::HERE;
use crate::support::provider::{Got, Provider, Says};
use crate::support::{Engine, TestApp};

/// How one provider speaks, of an order of 50,000 đồng with the transaction 14000077.
struct Voice {
    name: &'static str,
    order_ref: &'static str,
    txn: &'static str,
    secrets: &'static str,
    asked_at: &'static str,
    webhook: fn(&str) -> Vec<u8>,
    answer: fn(&Got) -> String,
}

const VOICES: &[Voice] = &[
    Voice {
        name: "vnpay",
        order_ref: "HS00025H290001",
        txn: "14000077",
        secrets: "secrets.tmn_code = \"DOISOAT1\"\nsecrets.hash_secret = \"k\"\n",
        asked_at: "POST /merchant_webapi/api/transaction",
        webhook: vnpay_calls,
        answer: |got| vnpay_answers(got, "00", "14000077"),
    },
    Voice {
        name: "momo",
        order_ref: "H29.12-260105-0001",
        txn: "14000077",
        secrets: "secrets.partner_code = \"P\"\nsecrets.access_key = \"a\"\nsecrets.secret_key = \"s\"\n",
        asked_at: "POST /v2/gateway/api/query",
        webhook: momo_calls,
        answer: |got| momo_answers(got, 0, "14000077"),
    },
    Voice {
        name: "zalopay",
        order_ref: "260105_H295792",
        txn: "14000077",
        secrets: "secrets.app_id = \"27011\"\nsecrets.key1 = \"k1\"\nsecrets.key2 = \"k2\"\n",
        asked_at: "POST /v2/query",
        webhook: zalopay_calls,
        answer: |_| {
            json!({
            "return_code": 1, "return_message": "ok", "sub_return_code": 1, "is_processing": false,
            "amount": 50_000, "zp_trans_id": 14_000_077, "discount_amount": 0,
        }).to_string()
        },
    },
    Voice {
        name: "payos",
        order_ref: "260105001",
        txn: "FT14000077",
        secrets: "secrets.checksum_key = \"c\"\nsecrets.client_id = \"i\"\nsecrets.api_key = \"x\"\n",
        asked_at: "GET /v2/payment-requests/260105001",
        webhook: payos_calls,
        answer: |_| payos_answers("PAID", true),
    },
    Voice {
        name: "paymentplatform",
        order_ref: "dvcH291226010500120260105103015",
        txn: "14000077",
        secrets: "secrets.partner_code = \"P\"\nsecrets.secret = \"s\"\n",
        asked_at: "POST /",
        webhook: platform_calls,
        answer: |got| platform_answers(got, "1", "14000077"),
    },
];

fn vnpay_calls(channel: &str) -> Vec<u8> {
    let pairs = [
        ("vnp_Amount", "5000000"),
        ("vnp_BankCode", "NCB"),
        ("vnp_BankTranNo", "VNP14000077"),
        ("vnp_OrderInfo", "Nop phi"),
        ("vnp_PayDate", "20260105103015"),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "DOISOAT1"),
        ("vnp_TransactionNo", "14000077"),
        ("vnp_TransactionStatus", "00"),
        ("vnp_TxnRef", "HS00025H290001"),
    ];
    let query = vnpay::sign_query(&pairs, b"k");
    request("GET", &format!("/webhooks/{channel}?{query}"), &[], b"")
}

pub(crate) fn vnpay_answers(got: &Got, status: &str, txn: &str) -> String {
    let order = got.json()["vnp_TxnRef"].as_str().unwrap_or("").to_owned();
    let mut values = vec![
        ("vnp_ResponseId", "r1"),
        ("vnp_Command", "querydr"),
        ("vnp_ResponseCode", "00"),
        ("vnp_Message", "QueryDR Success"),
        ("vnp_TmnCode", "DOISOAT1"),
        ("vnp_TxnRef", &order),
        ("vnp_Amount", "5000000"),
        ("vnp_BankCode", "NCB"),
        ("vnp_PayDate", "20260105103015"),
        ("vnp_TransactionNo", txn),
        ("vnp_TransactionType", "01"),
        ("vnp_TransactionStatus", status),
        ("vnp_OrderInfo", "Nop phi"),
        ("vnp_PromotionCode", ""),
        ("vnp_PromotionAmount", ""),
    ];
    let text: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
    let signature = to_hex(&hmac_sha512(b"k", &[text.join("|").as_bytes()]));
    values.push(("vnp_SecureHash", &signature));
    json!(
        values
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
    )
    .to_string()
}

fn members(value: Value) -> Vec<(String, Json)> {
    match Json::parse(value.to_string().as_bytes()).unwrap() {
        Json::Object(members) => members,
        other => panic!("{other:?}"),
    }
}

fn post(channel: &str, body: &str) -> Vec<u8> {
    let headers = [("content-type", "application/json")];
    request(
        "POST",
        &format!("/webhooks/{channel}"),
        &headers,
        body.as_bytes(),
    )
}

fn momo_calls(channel: &str) -> Vec<u8> {
    let body = json!({
        "partnerCode": "P", "orderId": "H29.12-260105-0001", "requestId": "r1", "amount": 50_000,
        "orderInfo": "Nop phi", "orderType": "momo_wallet", "transId": 14_000_077, "resultCode": 0,
        "message": "Successful.", "payType": "qr", "responseTime": 1_767_583_815_000_i64,
        "extraData": "",
    });
    post(
        channel,
        &momo::sign_body(members(body), b"a", b"s").unwrap(),
    )
}

pub(crate) fn momo_answers(got: &Got, code: i64, txn: &str) -> String {
    let asked = got.json();
    json!({
        "partnerCode": "P", "requestId": asked["requestId"], "orderId": asked["orderId"],
        "extraData": "", "amount": 50_000, "transId": txn.parse::<i64>().unwrap(), "payType": "qr",
        "resultCode": code, "refundTrans": [], "message": "Successful.",
        "responseTime": 1_767_590_000_000_i64,
    })
    .to_string()
}

fn zalopay_calls(channel: &str) -> Vec<u8> {
    let data = json!({
        "app_id": 27011, "app_trans_id": "260105_H295792", "app_time": 1_767_583_800_000_i64,
        "app_user": "congdan", "amount": 50_000, "embed_data": "{}", "item": "[]",
        "zp_trans_id": 14_000_077, "server_time": 1_767_583_815_000_i64, "channel": 38,
        "merchant_user_id": "u", "user_fee_amount": 0, "discount_amount": 0,
    });
    post(channel, &zalopay::sign_body(&data.to_string(), b"k2"))
}

fn payos_calls(channel: &str) -> Vec<u8> {
    let data = json!({
        "orderCode": 260_105_001, "amount": 50_000, "description": "HS1", "accountNumber": "1",
        "reference": "FT14000077", "transactionDateTime": "2026-01-05 10:30:15", "currency": "VND",
        "paymentLinkId": "l", "code": "00", "desc": "success", "virtualAccountNumber": null,
    });
    let data = Json::parse(data.to_string().as_bytes()).unwrap();
    post(channel, &payos::sign_body(data, b"c").unwrap())
}

pub(crate) fn payos_answers(status: &str, is_paid: bool) -> String {
    let transfer = json!({
        "reference": "FT14000077", "amount": 50_000, "accountNumber": "1", "description": "HS1",
        "transactionDateTime": "2026-01-05T10:30:15+07:00", "virtualAccountNumber": null,
        "counterAccountName": "NGUYEN VAN A",
    });
    let data = json!({
        "id": "l", "orderCode": 260_105_001, "amount": 50_000, "amountPaid": 50_000,
        "amountRemaining": 0, "status": status, "createdAt": "2026-01-05T10:25:00+07:00",
        "transactions": if is_paid { vec![transfer] } else { vec![] }, "cancellationReason": null,
    });
    let data = Json::parse(data.to_string().as_bytes()).unwrap();
    sign_answer(data, b"c").unwrap()
}

fn platform_calls(channel: &str) -> Vec<u8> {
    let body = json!({
        "LoaiBanTin": "CONFIRM", "MaLoi": "00", "MaDoiTac": "P",
        "MaThamChieu": "dvcH291226010500120260105103015", "SoTien": "50000", "MaTienTe": "VND",
        "MaGiaoDich": "14000077", "MaNganHang": "VCB", "ThoiGianGD": "20260105103015",
        "ThongTinGiaoDich": "THANH TOAN HO SO",
    });
    post(
        channel,
        &paymentplatform::sign_body(members(body), None, b"s").unwrap(),
    )
}

pub(crate) fn platform_answers(got: &Got, state: &str, txn: &str) -> String {
    json!({
        "LoaiBanTin": "QUERY", "MaLoi": "00", "MaDoiTac": "P",
        "MaThamChieu": got.json()["MaThamChieu"], "SoTien": 50_000, "MaTienTe": "VND",
        "MaGiaoDich": txn, "MaNganHang": "VCB", "ThoiGianGD": "20260105103015",
        "ThongTinGiaoDich": "THANH TOAN HO SO", "TrangThaiGD": state,
    })
    .to_string()
}

fn told_twice(engine: Engine, is_webhook_first: bool) {
    for voice in VOICES {
        let provider = Provider::start();
        let settings = format!(
            "[channels.line]\nprovider = \"{}\"\n{}settings.query_url = \"{}\"\n",
            voice.name,
            voice.secrets,
            provider.url()
        );
        let app = TestApp::start(engine, &settings);
        app.has_office();
        let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
        attempt_opened(&app, "line", voice.order_ref, &bill);
        let (answer, call, address) = (voice.answer, (voice.webhook)("line"), app.address());
        let webhook = call.clone();
        provider.says(Says::body(move |got| {
            // The webhook overtakes the answer, which the provider has made already.
            let answer = answer(got);
            if is_webhook_first {
                let reply = exchange(address, &webhook);
                assert!(reply.status < 300, "{reply:?}");
            }
            answer
        }));
        let desk = Desk::open(&app);
        desk.enrol();
        app.set_clock(parse_rfc3339("2026-01-05T04:35:00Z").unwrap());
        assert_eq!(ask_all(&desk, "line"), ["succeeded"], "{}", voice.name);
        assert_eq!(app.items("/api/v1/payments").len(), 1, "{}", voice.name);
        let reply = app.send(&call);
        assert!(reply.status < 300, "{} {reply:?}", voice.name);
        let got = provider.got();
        assert_eq!(got.len(), 1, "{}", voice.name);
        assert_eq!(got[0].line, format!("{} HTTP/1.1", voice.asked_at));
        let has_key = got[0]
            .headers
            .contains(&("x-api-key".to_owned(), "x".to_owned()));
        assert_eq!(has_key, voice.name == "payos");
        check_books(&app, voice, &bill);
    }
}

/// One payment, its bill paid once, and nothing contradicted.
fn check_books(app: &TestApp, voice: &Voice, bill: &str) {
    let payments = app.items("/api/v1/payments");
    assert_eq!(payments.len(), 1, "{}: {payments:?}", voice.name);
    let payment = &payments[0];
    assert_eq!(payment["provider_txn_id"], voice.txn, "{}", voice.name);
    assert_eq!(payment["order_ref"], voice.order_ref, "{}", voice.name);
    assert_eq!(
        (&payment["amount"], &payment["status"]),
        (&json!("50000"), &json!("succeeded"))
    );
    assert_eq!(
        (&payment["bill"], &payment["match"]["outcome"]),
        (&json!(bill), &json!("exact"))
    );
    let told = app.get(&format!("/api/v1/bills/{bill}"));
    assert_eq!(
        (&told["state"], &told["paid"]),
        (&json!("paid"), &json!("50000"))
    );
    let conflicts = app.items("/api/v1/notices?outcome=conflict");
    assert!(conflicts.is_empty(), "{}: {conflicts:?}", voice.name);
    let attempt = app.get(&format!("/api/v1/attempts/line/{}", voice.order_ref));
    assert_eq!(
        attempt["status_query"]["state"], "answered",
        "{}",
        voice.name
    );
}

#[test]
fn a_query_after_the_webhook_makes_no_second_payment_on_sqlite() {
    told_twice(Engine::Sqlite, true);
}

#[test]
fn a_query_after_the_webhook_makes_no_second_payment_on_postgres() {
    told_twice(Engine::Postgres, true);
}

#[test]
fn a_webhook_after_the_query_makes_no_second_payment_on_sqlite() {
    told_twice(Engine::Sqlite, false);
}

#[test]
fn a_webhook_after_the_query_makes_no_second_payment_on_postgres() {
    told_twice(Engine::Postgres, false);
}
