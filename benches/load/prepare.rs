//! What the load is made of: dossiers with a bill each, and a signed call for each bill.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use chrono::{Days, NaiveDate, Utc};
use doisoat::config::secret::Secret;
use doisoat::domain::dossier::{
    BillRequest, DossierFacts, DossierStatus, FeeItem, FeeKind, SubmittedVia,
};
use doisoat::domain::dossier_code::DossierCode;
use doisoat::domain::ids::Tenant;
use doisoat::domain::money::Money;
use doisoat::domain::reference::PaymentReference;
use doisoat::domain::tariff::judge::Grounds;
use doisoat::intake::providers::standardwebhooks;
use doisoat::journeys::import_file::{Import, Kind};
use doisoat::journeys::put_dossiers::put_dossiers;
use doisoat::store::Db;

/// Bills, and so calls, prepared. A run that uses them up goes on with repeats and says so.
pub(crate) const BILLS: usize = 150_000;
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// What a bill asks for, dong.
pub(crate) const FEE: i64 = 8_000;

/// Dossiers and their payments come in the order of their days, as they do in life.
fn code(number: usize) -> String {
    let day =
        NaiveDate::from_ymd_opt(2025, 7, 1).unwrap() + Days::new((number * 92 / BILLS) as u64);
    format!(
        "H12.{}-{}-{:06}",
        101 + number % 64,
        day.format("%y%m%d"),
        number
    )
}

fn facts(number: usize, procedures: &[String]) -> DossierFacts {
    let code = DossierCode::parse(&code(number)).unwrap();
    DossierFacts {
        procedure_code: procedures[number % procedures.len()].clone(),
        unit_code: format!("H12.{}", 101 + number % 64),
        received_on: code.day,
        code,
        submitted_via: SubmittedVia::Online,
        status: DossierStatus::AwaitingPayment,
        applicant_name: "Nguyễn Văn A".to_owned(),
        fee_items: vec![FeeItem {
            kind: if number.is_multiple_of(3) {
                FeeKind::Phi
            } else {
                FeeKind::LePhi
            },
            code: String::new(),
            name: "Lệ phí".to_owned(),
            amount: Money::vnd(FEE),
            basis: String::new(),
        }],
        bills: vec![BillRequest {
            reference: None,
            due_on: None,
            items: vec![0],
            virtual_account: None,
            is_cancelled: false,
        }],
        grounds: Grounds::default(),
    }
}

pub(crate) fn prepare(url: &str, engine: &str) {
    let begun = Instant::now();
    let db = Db::open(url).unwrap();
    db.migrate().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/data");
    let import = Import {
        provinces: &[],
        db: &db,
        tenant: Tenant(1),
        holder: "bench",
        now: Utc::now(),
        progress: &|_, _, _| {},
    };
    import
        .run(Kind::Units, &data.join("camau_units.csv"))
        .unwrap();
    import
        .run(Kind::Procedures, &data.join("procedures.csv"))
        .unwrap();
    let procedures: Vec<String> = db
        .read(|queries| queries.list_procedures(1))
        .unwrap()
        .into_iter()
        .map(|row| row.code)
        .collect();
    let numbers: Vec<usize> = (0..BILLS).collect();
    for chunk in numbers.chunks(5_000) {
        let facts: Vec<DossierFacts> = chunk
            .iter()
            .map(|&number| facts(number, &procedures))
            .collect();
        put_dossiers(&db, Tenant(1), "bench", Utc::now(), None, &facts).unwrap();
    }
    println!(
        "{engine}: prepared in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

/// Writes every call as raw HTTP with its length before it, and the script that replays them.
pub(crate) fn write_calls(folder: &Path) {
    let path = folder.join("calls");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    let secret = Secret::new(SECRET);
    let timestamp = Utc::now().timestamp().to_string();
    for number in 0..BILLS {
        let reference = PaymentReference::derive(1, &code(number), 0, 0);
        let body = format!(
            r#"{{"type":"payment.succeeded","timestamp":"2025-07-01T03:30:15.123Z","data":{{"transaction_id":"FT{number:012}","order_ref":"{reference}","amount":"{FEE}","currency":"VND","paid_at":"2025-07-01T10:30:12+07:00"}}}}"#
        );
        let id = format!("msg_{number:020}");
        let signature =
            standardwebhooks::sign_header(&id, &timestamp, body.as_bytes(), &secret).unwrap();
        let call = format!(
            "POST /webhooks/bank HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nwebhook-id: {id}\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        write!(file, "{:08}{call}", call.len()).unwrap();
    }
    file.flush().unwrap();
}
