//! The floor under a gateway: a bare loop that writes the rows of the same payments in batches of the
//! same size, by the same statements, one commit each. No calls, no signatures, no matching, nothing
//! looked up; the rows are made before the clock starts.

use std::process::Command;
use std::time::Instant;

use chrono::{Datelike, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use doisoat::store::Db;
use doisoat::store::journal::{Batch, SealedBlock};
use doisoat::store::rows::{
    BalanceRow, BillRow, BlockRow, CountRow, DossierRow, NoticeRow, PaymentRow, PostingRow,
};
use doisoat::store::types::{Ts, Uid};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::prepare::{BILLS, FEE};

/// Bytes of a call as it is kept.
const RAW: usize = 560;
/// How a payment was matched, as it is kept.
const REASON: usize = 120;
/// What is kept of a dossier that was paid online in full beside what it was.
const PAID: i32 = 24;
/// A chain that no gateway has.
const CHAIN: i32 = 9;
/// The bits of a class by which months are counted.
const MONTHLY: i32 = 4095;

/// Payments a second that the loop writes in batches of `size`.
pub(crate) fn floor(url: &str, size: usize) -> f64 {
    let chain = "INSERT INTO seal_chains (tenant, chain, epoch, holder, renewed_at, height, hash, closed_before) \
                 SELECT 1, 9, 1, NULL, opened_at, 0, facts, opened_at FROM \
                 (SELECT b.opened_at, d.facts_hash AS facts FROM bills b JOIN dossiers d \
                  ON d.tenant = b.tenant AND d.dossier_id = b.dossier_id LIMIT 1) AS any_bill";
    match url.strip_prefix("sqlite://") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(chain)
            .unwrap(),
        None => {
            let done = Command::new("psql")
                .args(["-qd", url, "-c", chain])
                .status();
            assert!(done.unwrap().success());
        }
    }
    let db = Db::open(url).unwrap();
    let mut batches = Vec::new();
    let mut after = None;
    while batches.len() * size < BILLS {
        let dossiers = db
            .read(|queries| queries.list_dossiers(1, after, size as i64))
            .unwrap();
        let Some(last) = dossiers.last() else { break };
        after = Some(last.dossier_id);
        let ids: Vec<Uid> = dossiers.iter().map(|row| row.dossier_id).collect();
        let bills = db.read(|queries| queries.list_bills_of(1, &ids)).unwrap();
        batches.push(batch(batches.len() as i64 + 1, &dossiers, bills));
    }
    let mut writer = db.writer().unwrap();
    let begun = Instant::now();
    let mut written = 0;
    for batch in &batches {
        writer.commit(|journal| journal.write(1, batch)).unwrap();
        written += batch.notices.len();
        if begun.elapsed().as_secs() >= super::SECONDS {
            break;
        }
    }
    written as f64 / begun.elapsed().as_secs_f64()
}

/// Payments and blocks that a run left behind.
pub(crate) fn written(url: &str) -> (i64, i64) {
    let count = "SELECT (SELECT COUNT(*) FROM payments), (SELECT COUNT(*) FROM seal_blocks)";
    let output = match url.strip_prefix("sqlite://") {
        Some(path) => Command::new("python3")
            .args(["-c", "import sqlite3,sys; print('|'.join(map(str, sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())))", path, count])
            .output(),
        None => Command::new("psql").args(["-Atqd", url, "-c", count]).output(),
    };
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let (payments, blocks) = text.trim().split_once('|').unwrap();
    (payments.parse().unwrap(), blocks.parse().unwrap())
}

fn batch(height: i64, dossiers: &[DossierRow], mut bills: Vec<BillRow>) -> Batch {
    let now = Ts(Utc::now());
    let mut batch = Batch::default();
    let mut postings = Vec::new();
    let mut counts: BTreeMap<_, CountRow> = BTreeMap::new();
    let mut balances: BTreeMap<String, BalanceRow> = BTreeMap::new();
    for (seq, bill) in (0..).zip(&mut bills) {
        let dossier = dossiers
            .iter()
            .find(|row| row.dossier_id == bill.dossier_id);
        let dossier = dossier.unwrap();
        let payment_id = Uid(Uuid::now_v7());
        let txn = format!("FT{height:06}{seq:06}");
        let hash = Sha256::digest(txn.as_bytes()).to_vec();
        batch.notices.push(NoticeRow {
            tenant: 1,
            notice_id: Uid(Uuid::now_v7()),
            channel: "bank".to_owned(),
            key_hash: hash.clone(),
            facts_hash: hash,
            payment_id: Some(payment_id),
            status: "succeeded".to_owned(),
            verdict: "recorded".to_owned(),
            is_settled: true,
            raw: vec![b'x'; RAW],
            facts: None,
        });
        batch.new_payments.push(PaymentRow {
            tenant: 1,
            payment_id,
            channel: "bank".to_owned(),
            provider: "standardwebhooks".to_owned(),
            payment_key: txn.clone(),
            provider_txn_id: Some(txn),
            order_ref: Some(bill.reference.clone()),
            amount_minor: FEE,
            currency: "VND".to_owned(),
            status: "succeeded".to_owned(),
            paid_at: Some(now),
            memo: None,
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
            bill_id: Some(bill.bill_id),
            dossier_id: Some(bill.dossier_id),
            match_outcome: "exact".to_owned(),
            match_rule: Some("payment_reference".to_owned()),
            match_reason: "x".repeat(REASON),
            allocated_minor: FEE,
            credit_minor: 0,
            suspense_minor: 0,
            refunded_minor: 0,
            banked_minor: 0,
            refunding_minor: 0,
            returned_minor: 0,
            test_minor: 0,
        });
        let receivable = format!("receivable:{}", dossier.unit_code);
        for (account, debit, credit) in [("clearing:bank", FEE, 0), (receivable.as_str(), 0, FEE)] {
            let balance = balances
                .entry(account.to_owned())
                .or_insert_with(|| BalanceRow {
                    tenant: 1,
                    account: account.to_owned(),
                    currency: "VND".to_owned(),
                    writer: CHAIN,
                    debit_minor: 0,
                    credit_minor: 0,
                });
            balance.debit_minor += debit;
            balance.credit_minor += credit;
        }
        postings.push(PostingRow {
            tenant: 1,
            chain: CHAIN,
            height,
            seq,
            entry_id: Uid(Uuid::now_v7()),
            event: "payment_recorded".to_owned(),
            debit: "clearing:bank".to_owned(),
            credit: receivable,
            amount_minor: FEE,
            currency: "VND".to_owned(),
            payment_id: Some(payment_id),
            bill_id: Some(bill.bill_id),
            corrects: None,
        });
        let class = dossier.class | PAID;
        batch.classes.push((dossier.dossier_id, class));
        for (class, n) in [(dossier.class, -1), (class, 1)] {
            let month = dossier.received_on.with_day(1).unwrap();
            for (grain, period, class) in
                [(0, dossier.received_on, class), (1, month, class & MONTHLY)]
            {
                let key = (
                    grain,
                    period,
                    dossier.unit_code.clone(),
                    dossier.procedure_code.clone(),
                    class,
                );
                let count = counts.entry(key).or_insert_with(|| CountRow {
                    tenant: 1,
                    grain,
                    period,
                    unit_code: dossier.unit_code.clone(),
                    procedure_code: dossier.procedure_code.clone(),
                    class,
                    writer: CHAIN,
                    n: 0,
                });
                count.n += n;
            }
        }
        bill.paid_minor = bill.total_minor;
        "paid".clone_into(&mut bill.state);
    }
    batch.bills = bills;
    batch.counts = counts.into_values().collect();
    batch.balances = balances.into_values().collect();
    batch.block = Some(SealedBlock {
        row: BlockRow {
            tenant: 1,
            chain: CHAIN,
            height,
            sealed_at: now,
            posting_count: postings.len() as i32,
            hash: Sha256::digest(height.to_le_bytes()).to_vec(),
        },
        postings,
        epoch: 1,
        renewed_at: now,
    });
    batch
}
