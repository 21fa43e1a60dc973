//! An office in a few words: units, a procedure, dossiers with a bill, and calls of the two channels
//! every test has.

use doisoat::intake::providers::vnpay;
use doisoat::store::rows::{ProcedureRow, UnitRow};
use serde_json::{Value, json};

use super::TestApp;
use super::app::BANK_KEY;
use super::http::{Reply, request};

/// Two communes.
pub(crate) const HERE: &str = "H12.104";
pub(crate) const THERE: &str = "H12.105";

impl TestApp {
    /// Opens the office: two units and one procedure with a fee.
    pub(crate) fn has_office(&self) {
        let unit = |code: &str| UnitRow {
            tenant: 1,
            code: code.to_owned(),
            name_vi: format!("Xã {code}"),
            name_en: format!("Commune {code}"),
            level: "commune".to_owned(),
            parent: None,
            valid_from: None,
            valid_to: None,
        };
        let procedure = ProcedureRow {
            tenant: 1,
            code: "2.000815".to_owned(),
            name: "Chứng thực bản sao".to_owned(),
            field: "Chứng thực".to_owned(),
            has_fee: true,
        };
        self.db
            .write(|queries| {
                queries.insert_units(&[unit(HERE), unit(THERE)])?;
                queries.insert_procedures(std::slice::from_ref(&procedure))
            })
            .unwrap();
    }

    /// Takes in a dossier with one bill and gives the bill's reference.
    pub(crate) fn has_bill(&self, unit: &str, code: &str, dong: i64) -> String {
        let reply = self.put(&format!("/api/v1/dossiers/{code}"), &dossier(unit, dong));
        assert_eq!(reply.status, 201, "{reply:?}");
        let told = self.get(&format!("/api/v1/dossiers/{code}"));
        told["bills"][0]["reference"].as_str().unwrap().to_owned()
    }

    /// A transfer on our bank account, with this id, amount and memo.
    pub(crate) fn transfer(&self, id: u64, dong: i64, memo: &str) -> Reply {
        self.bank_says(transfer(id, dong, memo).to_string().as_bytes())
    }

    /// Any body on the channel `bank`.
    pub(crate) fn bank_says(&self, body: &[u8]) -> Reply {
        self.send(&bank_request(body, BANK_KEY))
    }

    /// A payment through VNPAY, signed with a key.
    pub(crate) fn vnpay_pays(&self, txn: &str, order_ref: &str, dong: i64, key: &str) -> Reply {
        let target = format!("/webhooks/vnpay?{}", vnpay_query(txn, order_ref, dong, key));
        self.send(&request("GET", &target, &[], b""))
    }
}

/// A dossier with one fee item and a bill.
pub(crate) fn dossier(unit: &str, dong: i64) -> Value {
    json!({
        "procedure_code": "2.000815", "unit_code": unit, "received_on": "2026-01-05",
        "submitted_via": "online", "status": "awaiting_payment", "applicant_name": "Nguyễn Văn A",
        "fee_items": [{
            "kind": "phi", "code": "P1", "name": "Phí chứng thực", "amount": dong.to_string(),
            "basis": "Thông tư 226/2016/TT-BTC",
        }],
        "bill_due_on": "2026-02-05",
    })
}

/// The body of a transfer.
pub(crate) fn transfer(id: u64, dong: i64, memo: &str) -> Value {
    json!({
        "id": id, "gateway": "Vietcombank", "transactionDate": "2026-01-05 10:30:12",
        "accountNumber": "1017588888", "subAccount": "", "code": null, "content": memo,
        "transferType": "in", "description": memo, "transferAmount": dong,
        "referenceCode": format!("FT{id}"),
    })
}

/// A call on the channel `bank`.
pub(crate) fn bank_request(body: &[u8], key: &str) -> Vec<u8> {
    let authorization = format!("Apikey {key}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", authorization.as_str()),
    ];
    request("POST", "/webhooks/bank", &headers, body)
}

/// The query of a payment through VNPAY.
pub(crate) fn vnpay_query(txn: &str, order_ref: &str, dong: i64, key: &str) -> String {
    let amount = (dong * 100).to_string();
    let pairs = [
        ("vnp_Amount", amount.as_str()),
        ("vnp_BankCode", "NCB"),
        ("vnp_OrderInfo", "Nop phi"),
        ("vnp_PayDate", "20260105103015"),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "DOISOAT1"),
        ("vnp_TransactionNo", txn),
        ("vnp_TransactionStatus", "00"),
        ("vnp_TxnRef", order_ref),
    ];
    vnpay::sign_query(&pairs, key.as_bytes())
}
