//! The contract of the hot path, told once and held by both databases: what is written is found
//! again, and a batch that cannot stand leaves nothing of itself.

use std::fmt::Debug;

use chrono::NaiveDate;
use doisoat::domain::time::Instant;
use doisoat::store::Db;
use doisoat::store::failure::Failure;
use doisoat::store::journal::{Batch, Found, Lookup, NoticeHead, SealedBlock, Standing};
use doisoat::store::ops::Queries;
use doisoat::store::rows::{
    AttemptRow, BalanceRow, BillRow, BlockRow, ChainRow, CountRow, DossierRow, FeeItemRow,
    NoticeRow, PaymentRow, PostingRow, ProcedureRow, QuarantinedRow, UnitRow,
};
use doisoat::store::types::{Ts, Uid};
use uuid::Uuid;

use crate::support::Engine;
use crate::support::app::now;
use crate::support::database::TestDatabase;

/// Holds both databases to one contract.
macro_rules! contract {
    (fn $name:ident($world:ident) $body:block) => {
        mod $name {
            use super::*;

            fn contract($world: &World) $body

            #[test]
            fn on_sqlite() {
                contract(&World::new(Engine::Sqlite));
            }

            #[test]
            fn on_postgres() {
                contract(&World::new(Engine::Postgres));
            }
        }
    };
}

/// A migrated database with two dossiers and a leased chain.
struct World {
    db: Db,
    database: TestDatabase,
}

fn id(number: u128) -> Uid {
    Uid(Uuid::from_u128(number))
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 5).unwrap()
}

fn later() -> Instant {
    now() + chrono::Duration::microseconds(1_000_001)
}

fn dossier(number: u128) -> DossierRow {
    DossierRow {
        tenant: 1,
        dossier_id: id(number),
        code: format!("H12.104-260105-{number:04}"),
        code_squeezed: format!("H12104260105{number:04}"),
        procedure_code: "2.000815".to_owned(),
        unit_code: "H12.104".to_owned(),
        received_on: day(),
        submitted_via: "online".to_owned(),
        status: "processing".to_owned(),
        applicant_name: "Nguyễn Văn A".to_owned(),
        class: 0,
        facts_hash: vec![1; 32],
    }
}

/// A bill of the dossier of the same number.
fn bill(number: u128) -> BillRow {
    BillRow {
        tenant: 1,
        bill_id: id(1000 + number),
        dossier_id: id(number),
        reference: format!("BILL-{number}"),
        virtual_account: (number == 2).then(|| "VA-2".to_owned()),
        total_minor: 50_000,
        currency: "VND".to_owned(),
        paid_minor: 0,
        waived_minor: 0,
        state: "open".to_owned(),
        due_on: Some(day()),
        opened_at: Ts(now()),
        cancelled_at: (number == 2).then(|| Ts(now())),
    }
}

fn fee_item(number: u128) -> FeeItemRow {
    FeeItemRow {
        tenant: 1,
        dossier_id: id(number),
        position: 0,
        kind: "phi".to_owned(),
        code: "P".to_owned(),
        name: "Phí".to_owned(),
        amount_minor: 50_000,
        currency: "VND".to_owned(),
        basis: String::new(),
        bill_id: Some(id(1000 + number)),
    }
}

fn payment(number: u128) -> PaymentRow {
    PaymentRow {
        tenant: 1,
        payment_id: id(2000 + number),
        channel: "bank".to_owned(),
        provider: "sepay".to_owned(),
        payment_key: format!("key {number}"),
        provider_txn_id: Some(format!("txn {number}")),
        order_ref: None,
        amount_minor: 50_000,
        currency: "VND".to_owned(),
        status: "succeeded".to_owned(),
        paid_at: Some(Ts(now())),
        memo: Some("“nộp phí” {1,2} \\ 'x' NULL".to_owned()),
        virtual_account: None,
        account_number: Some(String::new()),
        bank_txn_id: None,
        bill_id: Some(id(1000 + number)),
        dossier_id: Some(id(number)),
        match_outcome: "short".to_owned(),
        match_rule: Some("payment_reference".to_owned()),
        match_reason: "because".to_owned(),
        allocated_minor: 20_000,
        credit_minor: 0,
        suspense_minor: 0,
        refunded_minor: 30_000,
        banked_minor: 0,
        refunding_minor: 0,
        returned_minor: 0,
        test_minor: 0,
    }
}

fn notice(number: u128, payment: Option<Uid>, is_settled: bool) -> NoticeRow {
    NoticeRow {
        tenant: 1,
        notice_id: id(3000 + number),
        channel: "bank".to_owned(),
        key_hash: vec![u8::try_from(number).unwrap(); 32],
        facts_hash: vec![7; 32],
        payment_id: payment,
        status: "succeeded".to_owned(),
        verdict: "recorded".to_owned(),
        is_settled,
        raw: vec![0, 255, b'\\', b'x', b'"'],
        facts: (!is_settled).then(|| "{\"a\": \"{}\"}".to_owned()),
    }
}

fn posting(height: i64, seq: i32) -> PostingRow {
    PostingRow {
        tenant: 1,
        chain: 1,
        height,
        seq,
        entry_id: id(4000),
        event: "payment_recorded".to_owned(),
        debit: "clearing:bank".to_owned(),
        credit: "receivable:H12.104".to_owned(),
        amount_minor: 20_000,
        currency: "VND".to_owned(),
        payment_id: Some(id(2001)),
        bill_id: (seq == 0).then(|| id(1001)),
        corrects: None,
    }
}

fn block(height: i64, epoch: i64) -> SealedBlock {
    SealedBlock {
        row: BlockRow {
            tenant: 1,
            chain: 1,
            height,
            sealed_at: Ts(later()),
            posting_count: 2,
            hash: vec![u8::try_from(height).unwrap(); 32],
        },
        postings: vec![posting(height, 0), posting(height, 1)],
        epoch,
        renewed_at: Ts(later()),
    }
}

fn count(n: i64) -> CountRow {
    CountRow {
        tenant: 1,
        grain: 0,
        period: day(),
        unit_code: "H12.104".to_owned(),
        procedure_code: "2.000815".to_owned(),
        class: 4,
        writer: 1,
        n,
    }
}

fn balance(account: &str, debit_minor: i64, credit_minor: i64) -> BalanceRow {
    BalanceRow {
        tenant: 1,
        account: account.to_owned(),
        currency: "VND".to_owned(),
        writer: 1,
        debit_minor,
        credit_minor,
    }
}

fn quarantined() -> QuarantinedRow {
    QuarantinedRow {
        tenant: 1,
        quarantine_id: id(5000),
        channel: "bank".to_owned(),
        reason: "signature".to_owned(),
        detail: "…".to_owned(),
        raw: vec![0, 1, 255],
        arrived_at: Ts(later()),
        replayed_at: None,
    }
}

/// The first dossier's bill after a payment in part.
fn part_paid() -> BillRow {
    BillRow {
        paid_minor: 20_000,
        state: "part_paid".to_owned(),
        ..bill(1)
    }
}

/// One of everything.
fn whole_batch() -> Batch {
    Batch {
        notices: vec![
            notice(1, Some(id(2001)), true),
            notice(2, Some(id(2002)), false),
            notice(3, None, true),
        ],
        new_payments: vec![payment(1), payment(2)],
        bills: vec![part_paid()],
        classes: vec![(id(1), 4)],
        counts: vec![
            count(2),
            CountRow {
                grain: 1,
                ..count(-1)
            },
        ],
        balances: vec![
            balance("clearing:bank", 40_000, 0),
            balance("receivable:H12.104", 0, 40_000),
        ],
        block: Some(block(1, 3)),
        quarantined: vec![quarantined()],
        ..Batch::default()
    }
}

impl World {
    fn new(engine: Engine) -> Self {
        let database = TestDatabase::new(engine);
        let db = Db::open(&database.url).unwrap();
        db.migrate().unwrap();
        let unit = UnitRow {
            tenant: 1,
            code: "H12.104".to_owned(),
            name_vi: String::new(),
            name_en: String::new(),
            level: "commune".to_owned(),
            parent: None,
            valid_from: None,
            valid_to: None,
        };
        let procedure = ProcedureRow {
            tenant: 1,
            code: "2.000815".to_owned(),
            name: String::new(),
            field: String::new(),
            has_fee: true,
        };
        let attempt = AttemptRow {
            tenant: 1,
            channel: "bank".to_owned(),
            order_ref: "order 1".to_owned(),
            bill_id: id(1001),
            opened_at: Ts(now()),
        };
        let chain = ChainRow {
            tenant: 1,
            chain: 1,
            epoch: 3,
            holder: Some("me".to_owned()),
            renewed_at: Ts(now()),
            height: 0,
            hash: vec![0; 32],
            counted_epoch: 3,
        };
        let fill = |queries: &mut dyn Queries| -> Result<(), Failure> {
            queries.insert_units(std::slice::from_ref(&unit))?;
            queries.insert_procedures(std::slice::from_ref(&procedure))?;
            queries.insert_dossiers(&[dossier(1), dossier(2)])?;
            queries.insert_bills(&[bill(1), bill(2)])?;
            queries.insert_fee_items(&[fee_item(1), fee_item(2)])?;
            queries.insert_attempts(std::slice::from_ref(&attempt))?;
            queries.insert_chain(&chain)
        };
        db.write(fill).unwrap();
        Self { db, database }
    }

    fn write(&self, batch: &Batch) -> Result<(), Failure> {
        self.db
            .writer()
            .unwrap()
            .commit(|journal| journal.write(1, batch))
    }

    fn find(&self, lookup: &Lookup) -> Found {
        self.db
            .writer()
            .unwrap()
            .commit(|journal| journal.find(lookup))
            .unwrap()
    }

    fn read<T>(&self, ask: impl FnMut(&mut dyn Queries) -> Result<T, Failure>) -> T {
        self.db.read(ask).unwrap()
    }

    /// Everything a batch can change, as text to be compared.
    fn state(&self) -> Vec<String> {
        let tables = [
            "notices",
            "payments",
            "dossier_counts",
            "unit_counts",
            "account_balances",
            "seal_blocks",
            "postings",
            "quarantined_calls",
        ];
        let mut state: Vec<String> = tables
            .iter()
            .map(|table| {
                let sql = format!("SELECT COUNT(*) AS n FROM {table}");
                format!("{table} {}", self.database.number(&sql))
            })
            .collect();
        let ids = [id(1), id(2)];
        state.push(self.read(|queries| {
            let rows = (
                queries.list_dossiers_by_id(1, &ids)?,
                queries.list_bills_of(1, &ids)?,
                queries.list_payments_of(1, &ids)?,
                queries.list_balances(1)?,
                queries.list_chains(1)?,
            );
            Ok(format!("{rows:?}"))
        }));
        state
    }

    /// A batch is refused in this way and leaves nothing.
    #[track_caller]
    fn refuses(&self, batch: &Batch, is_expected: fn(&Failure) -> bool) {
        let before = self.state();
        let failure = self.write(batch).unwrap_err();
        assert!(is_expected(&failure), "{failure:?}");
        assert_eq!(self.state(), before);
    }
}

fn sorted<T: Debug>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}

fn by_everything() -> Lookup {
    let key = |number: u8| ("bank".to_owned(), vec![number; 32]);
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let pair = |word: &str| ("bank".to_owned(), word.to_owned());
    Lookup {
        tenant: 1,
        notice_keys: vec![key(1), key(2), key(9)],
        payment_keys: vec![pair("key 1"), pair("key 9")],
        attempts: vec![pair("order 1"), pair("order 9")],
        references: text(&["BILL-1", "BILL-9"]),
        virtual_accounts: text(&["VA-2", "VA-9"]),
        dossier_codes: text(&["H121042601050001", "H129"]),
        ..Lookup::default()
    }
}

contract!(fn what_was_written_is_found_again_row_for_row(world) {
    world.write(&whole_batch()).unwrap();
    let found = world.find(&by_everything());
    let head = |number: u8| NoticeHead {
        channel: "bank".to_owned(),
        key_hash: vec![number; 32],
        facts_hash: vec![7; 32],
        verdict: "recorded".to_owned(),
    };
    assert_eq!(sorted(found.notices), [head(1), head(2)]);
    assert_eq!(found.payments, [payment(1)]);
    assert_eq!(found.attempts, [("bank".to_owned(), "order 1".to_owned(), id(1001))]);
    assert_eq!(sorted(found.bills), sorted(vec![part_paid(), bill(2)]));
    assert_eq!(found.fee_items, [fee_item(2)]);
    assert_eq!(sorted(found.dossiers), [DossierRow { class: 4, ..dossier(1) }, dossier(2)]);
    let standing = |number: u128| Standing {
        dossier_id: id(number),
        bill_id: id(1000 + number),
        payment_id: id(2000 + number),
        provider: "sepay".to_owned(),
        allocated_minor: 20_000,
        returned_minor: 0,
        credit_minor: 0,
        gone_minor: 30_000,
        status: "succeeded".to_owned(),
        match_outcome: "short".to_owned(),
    };
    assert_eq!(sorted(found.standing), [standing(1), standing(2)]);

    let notices = world.read(|queries| queries.list_notices(1, None, None, None, 10));
    assert_eq!(notices, whole_batch().notices);
    let calls = world.read(|queries| queries.list_quarantined(1, None, 10));
    assert_eq!(calls, [quarantined()]);
    let blocks = world.read(|queries| queries.list_blocks(1, (0, 0), 10));
    assert_eq!(blocks, [block(1, 3).row]);
    let postings = world.read(|queries| queries.list_postings(1, (0, 0, 0), 10));
    assert_eq!(postings, [(posting(1, 0), Ts(later())), (posting(1, 1), Ts(later()))]);
    let chain = world.read(|queries| queries.list_chains(1)).remove(0);
    assert_eq!((chain.height, chain.hash, chain.renewed_at), (1, vec![1; 32], Ts(later())));
});

contract!(fn every_single_clue_leads_to_its_dossier_with_all_that_is_on_it(world) {
    world.write(&whole_batch()).unwrap();
    let all = by_everything();
    let of = |change: fn(&mut Lookup, Lookup)| {
        let mut lookup = Lookup { tenant: 1, ..Lookup::default() };
        change(&mut lookup, by_everything());
        lookup
    };
    for (lookup, number) in [
        (of(|lookup, all| lookup.payment_keys = all.payment_keys), 1),
        (of(|lookup, all| lookup.attempts = all.attempts), 1),
        (of(|lookup, all| lookup.references = all.references), 1),
        (of(|lookup, all| lookup.virtual_accounts = all.virtual_accounts), 2),
        (of(|lookup, all| lookup.dossier_codes = all.dossier_codes), 1),
    ] {
        let found = world.find(&lookup);
        let ids: Vec<Uid> = found.dossiers.iter().map(|row| row.dossier_id).collect();
        assert_eq!(ids, [id(number)], "{lookup:?}");
        assert_eq!((found.bills.len(), found.standing.len()), (1, 1), "{lookup:?}");
    }
    let nobodys = Lookup { tenant: 2, ..all };
    let found = world.find(&nobodys);
    assert!(found.dossiers.is_empty() && found.notices.is_empty() && found.payments.is_empty());
    let nothing = world.find(&Lookup { tenant: 1, ..Lookup::default() });
    assert!(nothing.dossiers.is_empty() && nothing.bills.is_empty());
});

contract!(fn sums_are_added_and_known_rows_are_changed(world) {
    world.write(&whole_batch()).unwrap();
    let changed = PaymentRow {
        status: "reversed".to_owned(),
        allocated_minor: 0,
        refunded_minor: 50_000,
        paid_at: None,
        match_rule: None,
        match_reason: "taken back".to_owned(),
        ..payment(1)
    };
    let second = Batch {
        settled_notices: vec![id(3002)],
        changed_payments: vec![changed.clone()],
        bills: vec![bill(1), BillRow { cancelled_at: None, ..bill(2) }],
        classes: vec![(id(1), 0), (id(2), 5)],
        counts: vec![count(3)],
        balances: vec![balance("clearing:bank", 0, 20_000)],
        block: Some(block(2, 3)),
        ..Batch::default()
    };
    world.write(&second).unwrap();
    let found = world.find(&by_everything());
    assert_eq!(found.payments, [changed]);
    assert_eq!(sorted(found.bills), [bill(1), BillRow { cancelled_at: None, ..bill(2) }]);
    assert_eq!(found.fee_items, []);
    assert_eq!(sorted(found.dossiers), [dossier(1), DossierRow { class: 5, ..dossier(2) }]);
    assert_eq!(found.standing.len(), 1);
    let notices = world.read(|queries| queries.list_notices(1, None, None, None, 10));
    assert!(notices[1].is_settled && notices[1].facts.is_none());
    let n = "SELECT CAST(n AS BIGINT) AS n FROM dossier_counts WHERE grain =";
    assert_eq!(world.database.number(&format!("{n} 0")), 5);
    assert_eq!(world.database.number(&format!("{n} 1")), -1);
    let by_unit = "SELECT CAST(SUM(n) AS BIGINT) AS n FROM unit_counts";
    assert_eq!(world.database.number(by_unit), -1);
    let balances = world.read(|queries| queries.list_balances(1));
    let told: Vec<_> = balances.iter().map(|row| (row.debit_minor, row.credit_minor)).collect();
    assert_eq!(told, [(40_000, 20_000), (0, 40_000)]);
});

contract!(fn a_notice_key_that_is_taken_is_contention_and_leaves_nothing(world) {
    world.write(&whole_batch()).unwrap();
    let batch = Batch {
        notices: vec![notice(4, None, true), NoticeRow { notice_id: id(3999), ..notice(1, None, true) }],
        new_payments: vec![PaymentRow { payment_id: id(2003), payment_key: "key 3".to_owned(), ..payment(1) }],
        bills: vec![BillRow { paid_minor: 50_000, state: "paid".to_owned(), ..bill(1) }],
        classes: vec![(id(1), 20)],
        counts: vec![count(1)],
        balances: vec![balance("suspense", 0, 1)],
        block: Some(block(2, 3)),
        quarantined: vec![QuarantinedRow { quarantine_id: id(5001), ..quarantined() }],
        ..Batch::default()
    };
    world.refuses(&batch, |failure| matches!(failure, Failure::Contention(_)));
});

contract!(fn a_payment_key_that_is_taken_is_contention_and_leaves_nothing(world) {
    world.write(&whole_batch()).unwrap();
    let batch = Batch {
        notices: vec![notice(4, None, true)],
        new_payments: vec![PaymentRow { payment_id: id(2009), ..payment(1) }],
        ..Batch::default()
    };
    world.refuses(&batch, |failure| matches!(failure, Failure::Contention(_)));
});

contract!(fn a_chain_that_was_taken_over_is_fenced_and_leaves_nothing(world) {
    let stale = Batch { block: Some(block(1, 2)), ..whole_batch() };
    world.refuses(&stale, |failure| matches!(failure, Failure::Fenced(1)));
    world.write(&whole_batch()).unwrap();
});

contract!(fn a_block_dated_into_a_closed_day_is_refused_as_such(world) {
    let sealed_at = whole_batch().block.unwrap().row.sealed_at;
    let after = Ts(sealed_at.0 + std::time::Duration::from_micros(1));
    world.db.write(|queries| queries.mark_chains_closed(1, after)).unwrap();
    world.refuses(&whole_batch(), |failure| matches!(failure, Failure::DayClosed(_)));
});

contract!(fn a_block_of_a_height_that_exists_leaves_nothing(world) {
    world.write(&whole_batch()).unwrap();
    let again = Batch { block: Some(block(1, 3)), ..Batch::default() };
    world.refuses(&again, |failure| matches!(failure, Failure::Contention(_)));
});

/// Rows that were read of all tables. The server publishes what a connection has read at the end of a
/// transaction, once a second at most.
fn rows_read(world: &World, run: &mut dyn FnMut(i64)) -> i64 {
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    run(1);
    let of_schema = "WHERE schemaname = current_schema";
    world.database.number(&format!(
        "SELECT CAST((SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes {of_schema}) \
         + (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables {of_schema}) AS BIGINT) AS n"
    ))
}

/// Waits until the server tells of so many rows in each table. What a connection has written it tells at
/// the end of the connection at the latest.
fn until_told_of(world: &World, rows: u128) {
    let told = format!(
        "SELECT COUNT(*) AS n FROM pg_stat_user_tables WHERE schemaname = current_schema \
         AND relname IN ('dossiers', 'bills', 'fee_items', 'notices', 'payments') AND n_tup_ins >= {rows}"
    );
    let begun = std::time::Instant::now();
    while world.database.number(&told) < 5 {
        assert!(
            begun.elapsed().as_secs() < 30,
            "the server tells of no rows"
        );
    }
}

/// Statements are planned while tables are empty, and plans are kept until the server counts rows.
#[test]
fn what_a_batch_reads_does_not_grow_with_what_is_stored_on_postgres() {
    const STORED: u128 = 4_000;
    const RUNS: i64 = 40;
    /// Commits within which new tables are counted.
    const COUNTED: i64 = 256;
    let world = World::new(Engine::Postgres);
    let mut writer = world.db.writer().unwrap();
    let pair = |word: &str| ("bank".to_owned(), word.to_owned());
    let lookup = Lookup {
        early_keys: vec![pair("key 8"), pair("key 9")],
        ..by_everything()
    };
    let change = Batch {
        bills: vec![bill(1), bill(2)],
        classes: vec![(id(1), 0)],
        ..Batch::default()
    };
    let mut run = |times: i64| {
        for _ in 0..times {
            let done = writer.commit(|journal| {
                journal.find(&lookup)?;
                journal.write(1, &change)
            });
            done.unwrap();
        }
    };
    run(RUNS);
    let numbers = 10_000..10_000 + STORED;
    let more = Batch {
        notices: numbers
            .clone()
            .map(|number| NoticeRow {
                notice_id: id(3000 + number),
                key_hash: number.to_le_bytes().repeat(2),
                ..notice(1, None, true)
            })
            .collect(),
        new_payments: numbers.clone().map(payment).collect(),
        ..Batch::default()
    };
    let fill = |queries: &mut dyn Queries| -> Result<(), Failure> {
        queries.insert_dossiers(&numbers.clone().map(dossier).collect::<Vec<_>>())?;
        queries.insert_bills(&numbers.clone().map(bill).collect::<Vec<_>>())?;
        queries.insert_fee_items(&numbers.clone().map(fee_item).collect::<Vec<_>>())
    };
    let other = Db::open(&world.database.url).unwrap();
    other.write(fill).unwrap();
    let written = other
        .writer()
        .unwrap()
        .commit(|journal| journal.write(1, &more));
    written.unwrap();
    drop(other);
    until_told_of(&world, STORED);
    run(COUNTED);
    let before = rows_read(&world, &mut run);
    run(RUNS);
    let rows = (rows_read(&world, &mut run) - before) / (RUNS + 1);
    assert!(
        rows < 200,
        "a batch of a dozen keys reads {rows} rows of {STORED}"
    );
}
