//! The proof against rows that are written one by one: how many it looked at, and exactly which row is
//! told of in which words. No server, no journey: the store, the seal and the proof alone.

use doisoat::domain::classification::Class;
use doisoat::domain::entry::{Account, Event, Posting};
use doisoat::domain::ids::{EntryId, Tenant};
use doisoat::domain::money::Money;
use doisoat::domain::time::{Day, Instant};
use doisoat::ledger::seal::{ChainHead, GENESIS};
use doisoat::ledger::signing::{SigningKey, new_private_pem};
use doisoat::ledger::trial::trial_balance;
use doisoat::ledger::verify::{Check, verify, verify_signed_by};
use doisoat::store::Db;
use doisoat::store::failure::Failure;
use doisoat::store::journal::{Batch, SealedBlock};
use doisoat::store::ops::Queries;
use doisoat::store::rows::{
    AllocationRow, ArtefactRow, BalanceRow, BillRow, ChainRow, ComparisonRow, DayRow, DayStepRow,
    DossierRow, FeeItemRow, OutcomePageRow, PaymentRow, ProcedureRow, ProviderSlotRow, UnitRow,
};
use doisoat::store::types::{Ts, Uid};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::Engine;
use crate::support::database::TestDatabase;

/// Holds both databases to one sentence.
macro_rules! proof {
    (fn $name:ident($world:ident) $body:block) => {
        mod $name {
            use super::*;

            fn proof($world: &mut World) $body

            #[test]
            fn on_sqlite() {
                proof(&mut World::new(Engine::Sqlite));
            }

            #[test]
            fn on_postgres() {
                proof(&mut World::new(Engine::Postgres));
            }
        }
    };
}

/// A migrated database with one unit, one procedure and two chains, and the key that signs its days.
struct World {
    db: Db,
    database: TestDatabase,
    key: SigningKey,
    heads: [ChainHead; 2],
}

fn id(number: u128) -> Uid {
    Uid(Uuid::from_u128(number))
}

fn day(number: u32) -> Day {
    Day::from_ymd_opt(2026, 1, number).unwrap()
}

/// Noon of a day.
fn at(number: u32) -> Instant {
    day(number).and_hms_opt(5, 0, 0).unwrap().and_utc()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn posting(minor: i64) -> Posting {
    Posting {
        entry_id: EntryId(Uuid::from_u128(77)),
        event: Event::PaymentRecorded,
        debit: Account::Clearing("bank".to_owned()),
        credit: Account::Suspense,
        amount: Money::vnd(minor),
        payment_id: None,
        bill_id: None,
        corrects: None,
    }
}

fn dossier(number: u128, class: i32) -> DossierRow {
    DossierRow {
        tenant: 1,
        dossier_id: id(number),
        code: format!("H12.104-260105-{number:04}"),
        code_squeezed: format!("H12104260105{number:04}"),
        procedure_code: "2.000815".to_owned(),
        unit_code: "H12.104".to_owned(),
        received_on: day(5),
        submitted_via: "online".to_owned(),
        status: "processing".to_owned(),
        applicant_name: String::new(),
        class,
        facts_hash: vec![1; 32],
    }
}

/// The bill of a dossier, paid in part.
fn bill(number: u128) -> BillRow {
    BillRow {
        tenant: 1,
        bill_id: id(1000 + number),
        dossier_id: id(number),
        reference: format!("BILL-{number}"),
        virtual_account: None,
        total_minor: 50_000,
        currency: "VND".to_owned(),
        paid_minor: 20_000,
        waived_minor: 0,
        state: "part_paid".to_owned(),
        due_on: None,
        opened_at: Ts(at(5)),
        cancelled_at: None,
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

/// A payment that matching placed on the bill of a dossier.
fn payment(number: u128, provider: &str, allocated_minor: i64) -> PaymentRow {
    PaymentRow {
        tenant: 1,
        payment_id: id(2000 + number),
        channel: "bank".to_owned(),
        provider: provider.to_owned(),
        payment_key: format!("key {number}"),
        provider_txn_id: None,
        order_ref: None,
        amount_minor: allocated_minor,
        currency: "VND".to_owned(),
        status: "succeeded".to_owned(),
        paid_at: Some(Ts(at(5))),
        memo: None,
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
        bill_id: Some(id(1000 + number)),
        dossier_id: Some(id(number)),
        match_outcome: "short".to_owned(),
        match_rule: None,
        match_reason: String::new(),
        allocated_minor,
        credit_minor: 0,
        suspense_minor: 0,
        refunded_minor: 0,
        banked_minor: 0,
        refunding_minor: 0,
        returned_minor: 0,
        test_minor: 0,
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
        let chains = [1, 2].map(|chain| ChainRow {
            tenant: 1,
            chain,
            epoch: 3,
            counted_epoch: 3,
            holder: Some("me".to_owned()),
            renewed_at: Ts(at(1)),
            height: 0,
            hash: GENESIS.to_vec(),
        });
        let slots = [("sepay", 3), ("momo", 15)].map(|(provider, slot)| ProviderSlotRow {
            tenant: 1,
            provider: provider.to_owned(),
            slot,
        });
        let world = Self {
            heads: chains.each_ref().map(ChainHead::of),
            key: SigningKey::of_pem(&new_private_pem().unwrap()).unwrap(),
            db,
            database,
        };
        assert_eq!(world.heads[0].tenant, Tenant(1));
        world.fill(|queries| {
            queries.insert_units(std::slice::from_ref(&unit))?;
            queries.insert_procedures(std::slice::from_ref(&procedure))?;
            for chain in &chains {
                queries.insert_chain(chain)?;
            }
            slots
                .iter()
                .try_for_each(|slot| queries.insert_provider_slot(slot))
        });
        world
    }

    fn fill(&self, story: impl FnMut(&mut dyn Queries) -> Result<(), Failure>) {
        self.db.write(story).unwrap();
    }

    fn write(&self, batch: &Batch) {
        let mut writer = self.db.writer().unwrap();
        writer.commit(|journal| journal.write(1, batch)).unwrap();
    }

    /// Seals a block on chain 1 or 2, with one posting for each amount.
    fn seals(&mut self, chain: usize, on: u32, amounts: &[i64]) {
        let postings: Vec<Posting> = amounts.iter().map(|minor| posting(*minor)).collect();
        let sum: i64 = amounts.iter().sum();
        let block: Option<SealedBlock> = self.heads[chain - 1].seal(at(on), &postings);
        let balance = |account: &str, debit_minor, credit_minor| BalanceRow {
            tenant: 1,
            account: account.to_owned(),
            currency: "VND".to_owned(),
            writer: i32::try_from(chain).unwrap(),
            debit_minor,
            credit_minor,
        };
        self.write(&Batch {
            balances: vec![
                balance("clearing:bank", sum, 0),
                balance("suspense", 0, sum),
            ],
            block,
            ..Batch::default()
        });
    }

    fn checks(&self) -> Vec<Check> {
        verify_signed_by(&self.db, 1, Some(&[self.key.public_key()])).unwrap()
    }

    /// How many rows the check looked at whose sentence begins so, and what it told.
    fn told(&self, proves: &str) -> (i64, Vec<(String, String)>) {
        let checks = self.checks();
        let mut named = checks
            .iter()
            .filter(|check| check.proves.starts_with(proves));
        let check = named.next().unwrap();
        assert!(named.next().is_none(), "{proves}");
        (check.rows, check.wrong.clone())
    }

    /// The check tells exactly this after the statement, and nothing any more after the second one.
    #[track_caller]
    fn tells(&self, proves: &str, sql: &str, undo: &str, expected: &[(&str, &str)]) {
        self.database.run(sql);
        let (_, wrong) = self.told(proves);
        let wrong: Vec<(&str, &str)> = wrong
            .iter()
            .map(|(name, problem)| (name.as_str(), problem.as_str()))
            .collect();
        assert_eq!(wrong, expected, "{sql}");
        self.database.run(undo);
        assert_eq!(self.told(proves).1, [], "{undo}");
    }
}

const SEALS: &str = "every block's hash";

proof!(fn every_block_of_every_chain_is_walked(world) {
    assert_eq!(world.told(SEALS), (0, vec![]));
    world.seals(1, 1, &[10, 20]);
    world.seals(1, 2, &[30]);
    world.seals(2, 2, &[40]);
    world.seals(1, 3, &[50, 60, 70]);
    world.seals(2, 4, &[80]);
    assert_eq!(world.told(SEALS), (5, vec![]));
    assert_eq!(world.told("balances equal"), (4, vec![]));
    let second = "WHERE tenant = 1 AND chain = 1 AND height = 2";
    world.tells(
        SEALS,
        &format!("UPDATE postings SET amount_minor = 31 {second}"),
        &format!("UPDATE postings SET amount_minor = 30 {second}"),
        &[("block 1/2", "its 1 postings or its head are not those that were sealed")],
    );
    world.tells(
        SEALS,
        &format!("UPDATE seal_blocks SET posting_count = 9 {second}"),
        &format!("UPDATE seal_blocks SET posting_count = 1 {second}"),
        &[("block 1/2", "says it has 9 postings, 1 are kept")],
    );
    world.tells(
        SEALS,
        "UPDATE seal_chains SET height = 4 WHERE chain = 1",
        "UPDATE seal_chains SET height = 3 WHERE chain = 1",
        &[("chain 1", "says its head is block 4, its blocks end at 3 or hash otherwise")],
    );
    let head = |chain: i32, height: i64| format!(
        "UPDATE seal_chains SET hash = (SELECT hash FROM seal_blocks WHERE chain = {chain} AND \
         height = {height}) WHERE chain = 2"
    );
    world.tells(SEALS, &head(1, 1), &head(2, 2), &[(
        "chain 2",
        "says its head is block 2, its blocks end at 2 or hash otherwise",
    )]);
    world.tells(
        SEALS,
        "INSERT INTO postings SELECT tenant, chain, 99, seq, entry_id, event, debit, credit, amount_minor, \
         currency, payment_id, bill_id, corrects FROM postings WHERE chain = 2 AND height = 1",
        "DELETE FROM postings WHERE height = 99",
        &[("postings", "9 are kept, 8 stand in blocks")],
    );
});

proof!(fn a_block_that_is_gone_is_missed_by_the_next_one(world) {
    for on in 1..=3 {
        world.seals(1, on, &[10]);
    }
    world.database.run(
        "DELETE FROM postings WHERE height = 2; DELETE FROM seal_blocks WHERE height = 2",
    );
    let told = |name: &str, problem: &str| (name.to_owned(), problem.to_owned());
    assert_eq!(world.told(SEALS), (3, vec![
        told("block 1/3", "follows block 1: a block is missing"),
        told("block 1/3", "its 1 postings or its head are not those that were sealed"),
    ]));
});

proof!(fn at_most_twenty_wrong_blocks_are_named(world) {
    for _ in 0..25 {
        world.seals(1, 1, &[10]);
    }
    world.database.run("UPDATE postings SET amount_minor = 11");
    let (rows, wrong) = world.told(SEALS);
    assert_eq!((rows, wrong.len()), (25, 20));
});

proof!(fn debits_and_credits_are_summed_by_currency(world) {
    let sums = "debits equal credits";
    assert_eq!(world.told(sums), (0, vec![]));
    world.seals(1, 1, &[10, 20]);
    world.seals(2, 1, &[40]);
    // The two writers' rows of an account are one balance.
    assert_eq!(world.told(sums), (2, vec![]));
    let insert = |account: &str, debit: i64, credit: i64| format!(
        "INSERT INTO account_balances (tenant, account, currency, writer, debit_minor, credit_minor) \
         VALUES (1, '{account}', 'USD', 1, {debit}, {credit})"
    );
    // What lacks in one currency is not made good by another one.
    let sql = format!("{}; {}", insert("bank:1", 9, 2), insert("suspense", 3, 3));
    world.tells(sums, &sql, "DELETE FROM account_balances WHERE currency = 'USD'", &[(
        "USD",
        "debits less credits are 7",
    )]);
    world.tells(
        sums,
        "UPDATE account_balances SET credit_minor = 41 WHERE account = 'suspense' AND writer = 2",
        "UPDATE account_balances SET credit_minor = 40 WHERE account = 'suspense' AND writer = 2",
        &[("VND", "debits less credits are -1")],
    );
});

const CLASSES: &str = "dossiers are classed";
/// Billed, with a fee of the first kind.
const BILLED: i32 = 4 | 256;
/// The same, and some of it paid.
const SOME_PAID: i32 = BILLED | 8;

proof!(fn a_dossier_is_classed_by_its_bills_and_by_the_money_that_stands_on_them(world) {
    // Of what matching gave to the first dossier an officer gave all to the second one's bill.
    let rows = [
        dossier(1, BILLED),
        dossier(2, SOME_PAID | 1 << 15),
        dossier(3, SOME_PAID | 1 << 27),
        // Nobody knows a slot of its provider: it shares the last one.
        dossier(4, SOME_PAID | 1 << 27),
        dossier(5, 0),
    ];
    let given = AllocationRow {
        tenant: 1,
        payment_id: id(2001),
        bill_id: id(1002),
        dossier_id: id(2),
        provider: "sepay".to_owned(),
        amount_minor: 20_000,
    };
    world.fill(|queries| {
        queries.insert_dossiers(&rows)?;
        queries.insert_bills(&[1, 2, 3, 4].map(bill))?;
        queries.insert_fee_items(&[1, 2, 3, 4].map(fee_item))
    });
    world.write(&Batch {
        new_payments: vec![
            payment(1, "sepay", 20_000),
            payment(3, "momo", 20_000),
            payment(4, "nobody", 20_000),
        ],
        allocations: vec![given],
        ..Batch::default()
    });
    assert_eq!(world.told(CLASSES), (5, vec![]));
    world.tells(
        CLASSES,
        "UPDATE dossiers SET class = class - 8 WHERE code = 'H12.104-260105-0003'",
        "UPDATE dossiers SET class = class + 8 WHERE code = 'H12.104-260105-0003'",
        &[("dossier H12.104-260105-0003", "has class 134217988, its rows give 134217996")],
    );
    world.tells(
        CLASSES,
        "UPDATE allocations SET amount_minor = 19999",
        "UPDATE allocations SET amount_minor = 20000",
        &[("dossier H12.104-260105-0001", "has class 260, its rows give 33036")],
    );
    assert_eq!(Class(33_036), Class(SOME_PAID | 1 << 15));
});

proof!(fn at_most_twenty_dossiers_with_another_class_are_named(world) {
    let rows: Vec<DossierRow> = (1..=30).map(|number| dossier(number, i32::from(number > 5))).collect();
    world.fill(|queries| queries.insert_dossiers(&rows));
    let (count, wrong) = world.told(CLASSES);
    assert_eq!((count, wrong.len()), (30, 20));
    assert!(wrong.iter().all(|(_, problem)| problem == "has class 1, its rows give 0"), "{wrong:?}");
});

/// The statement that puts a digest, as text in hexadecimal digits, into a column.
fn put(engine: &str, table: &str, column: &str, bytes: &[u8], filter: &str) -> String {
    let hex = hex::encode(bytes);
    let value = if engine == "SQLite" {
        format!("x'{hex}'")
    } else {
        format!("'\\x{hex}'")
    };
    format!("UPDATE {table} SET {column} = {value} WHERE {filter}")
}

impl World {
    /// Closes a day as an officer does, after what is signed of the day before.
    fn closes(
        &self,
        number: u32,
        previous: Option<&ArtefactRow>,
        outcomes: Option<&[u8]>,
    ) -> ArtefactRow {
        let printable = format!("the sheet of {number}").into_bytes();
        let before = previous.map(|before| before.sha256.clone());
        let mut text = json!({ "printable_sha256": hex::encode(sha256(&printable)) });
        if let Some(before) = &before {
            text["previous"] = json!({ "sha256": hex::encode(before) });
        }
        if let Some(outcomes) = outcomes {
            text["outcomes"] = json!({ "sha256": hex::encode(outcomes) });
        }
        let bytes = serde_json::to_vec(&text).unwrap();
        let artefact = ArtefactRow {
            tenant: 1,
            day: day(number),
            revision: 1,
            sha256: sha256(&bytes),
            signature: self.key.sign(&bytes),
            public_key: self.key.public_key(),
            previous_sha256: before,
            printable,
            bytes,
        };
        let row = DayRow {
            tenant: 1,
            day: day(number),
            state: "closed".to_owned(),
            revision: 1,
            verdict: None,
            result: Some("{}".to_owned()),
            proposed_by: Some("an".to_owned()),
            proposed_at: None,
            closed_by: Some("binh".to_owned()),
            closed_at: None,
            reopened_by: None,
            reopened_at: None,
            reopen_reason: None,
        };
        let step = |seq, action: &str| DayStepRow {
            tenant: 1,
            day: day(number),
            seq,
            action: action.to_owned(),
            officer: "an".to_owned(),
            reason: String::new(),
            revision: 1,
            taken_at: Ts(at(number)),
        };
        self.fill(|queries| {
            let trial = trial_balance(queries, 1, day(number))?;
            queries.insert_day_balances(1, day(number), &trial.balances)?;
            queries.insert_day(&row)?;
            queries.insert_day_step(&step(1, "proposed"))?;
            queries.insert_day_step(&step(2, "proposed"))?;
            queries.insert_day_step(&step(3, "closed"))?;
            queries.insert_artefact(&artefact)
        });
        artefact
    }

    /// Keeps the outcomes of a day in two pages, and gives their digest.
    fn compares(&self, number: u32, pages: [&[u8]; 2]) -> Vec<u8> {
        let digest = sha256(&pages.concat());
        let row = ComparisonRow {
            tenant: 1,
            day: day(number),
            compared_at: Ts(at(number)),
            compared_by: "an".to_owned(),
            counts: "{}".to_owned(),
            digest: digest.clone(),
        };
        let rows: Vec<OutcomePageRow> = (0..)
            .zip(pages)
            .map(|(page, data)| OutcomePageRow {
                tenant: 1,
                day: day(number),
                page,
                item_count: 1,
                data: data.to_vec(),
            })
            .collect();
        self.fill(|queries| {
            queries.insert_outcome_pages(&rows)?;
            queries.insert_comparison(&row)
        });
        digest
    }
}

const DAYS: &str = "closed days are what was signed";

proof!(fn a_closed_day_is_what_was_signed_and_what_its_postings_give(world) {
    assert_eq!(world.told(DAYS), (0, vec![]));
    world.seals(1, 5, &[10]);
    let first = world.closes(5, None, None);
    world.seals(1, 6, &[20, 30]);
    world.seals(2, 6, &[5]);
    let second = world.closes(6, Some(&first), None);
    assert_eq!(world.told(DAYS), (2, vec![]));

    let engine = world.db.engine();
    let artefact = |column: &str, bytes: &[u8]| put(engine, "day_artefacts", column, bytes, "day = '2026-01-06'");
    let named = "day 2026-01-06";
    let altered: [(&str, &[u8], &[u8], &str); 5] = [
        ("sha256", &first.sha256, &second.sha256, "closing 1 is not what was signed"),
        ("signature", &first.signature, &second.signature, "closing 1 is not what was signed"),
        ("bytes", &first.bytes, &second.bytes, "closing 1 is not what was signed"),
        ("printable", b"x", &second.printable, "the sheet of closing 1 is not the one that was signed"),
        ("previous_sha256", b"x", &first.sha256, "closing 1 follows another day than was signed"),
    ];
    for (column, other, own, problem) in altered {
        world.tells(DAYS, &artefact(column, other), &artefact(column, own), &[(named, problem)]);
    }
    world.tells(
        DAYS,
        "UPDATE day_balances SET debit_minor = debit_minor + 1 WHERE day = '2026-01-06' AND account = 'suspense'",
        "UPDATE day_balances SET debit_minor = debit_minor - 1 WHERE day = '2026-01-06' AND account = 'suspense'",
        &[(named, "its postings give another trial balance than was frozen")],
    );
    world.tells(
        DAYS,
        "UPDATE days SET revision = 2 WHERE day = '2026-01-06'",
        "UPDATE days SET revision = 1 WHERE day = '2026-01-06'",
        &[
            (named, "was closed 2 times, closing 2 is gone"),
            (named, "says it was closed 2 times, its steps say otherwise"),
        ],
    );
    world.tells(
        DAYS,
        "UPDATE days SET state = 'reopened' WHERE day = '2026-01-06'",
        "UPDATE days SET state = 'closed' WHERE day = '2026-01-06'",
        &[(named, "is reopened, its last step says otherwise")],
    );
    world.tells(
        DAYS,
        "UPDATE day_steps SET action = 'proposed' WHERE day = '2026-01-06'",
        "UPDATE day_steps SET action = 'closed' WHERE day = '2026-01-06' AND seq = 3",
        &[
            (named, "says it was closed 1 times, its steps say otherwise"),
            (named, "is closed, its last step says otherwise"),
        ],
    );
});

proof!(fn a_day_that_was_signed_with_another_key_is_named_where_keys_are_known(world) {
    let first = world.closes(5, None, None);
    world.closes(6, Some(&first), None);
    let other = SigningKey::of_pem(&new_private_pem().unwrap()).unwrap().public_key();
    let told = |keys: Option<&[Vec<u8>]>| {
        let checks = match keys {
            Some(keys) => verify_signed_by(&world.db, 1, Some(keys)).unwrap(),
            None => verify(&world.db, 1).unwrap(),
        };
        let days = checks.iter().find(|check| check.proves.starts_with(DAYS)).unwrap();
        days.wrong.iter().map(|(name, problem)| format!("{name} {problem}")).collect::<Vec<_>>()
    };
    assert_eq!(told(None), [] as [String; 0]);
    assert_eq!(told(Some(&[other.clone(), world.key.public_key()])), [] as [String; 0]);
    let wrong = told(Some(&[other]));
    let own = hex::encode(world.key.public_key());
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    for (problem, day) in wrong.iter().zip(["2026-01-06", "2026-01-05"]) {
        assert!(problem.starts_with(&format!("day {day} closing 1 is signed with the key {own}")), "{problem}");
    }
});

const OUTCOMES: &str = "outcomes are those";

proof!(fn the_outcomes_of_a_closed_day_are_those_that_it_signed(world) {
    assert_eq!(world.told(OUTCOMES), (0, vec![]));
    // Compared and not closed; closed before outcomes were signed; closed on its outcomes.
    world.compares(4, [b"a", b"b"]);
    world.compares(5, [b"c", b"d"]);
    world.closes(5, None, None);
    let signed = world.compares(6, [b"e", b"f"]);
    world.closes(6, None, Some(&signed));
    assert_eq!(world.told(OUTCOMES), (3, vec![]));
    let engine = world.db.engine();
    let page = |bytes: &[u8]| put(engine, "outcome_pages", "data", bytes, "day = '2026-01-06' AND page = 1");
    world.tells(OUTCOMES, &page(b"g"), &page(b"f"), &[(
        "comparison of 2026-01-06",
        "its pages are not those that were written",
    )]);
    let digest = |bytes: &[u8]| put(engine, "comparisons", "digest", bytes, "day = '2026-01-06'");
    let compared_anew = format!("{}; {}", page(b"g"), digest(&sha256(b"eg")));
    let as_it_was = format!("{}; {}", page(b"f"), digest(&signed));
    world.tells(OUTCOMES, &compared_anew, &as_it_was, &[(
        "comparison of 2026-01-06",
        "the day was closed on other outcomes",
    )]);
    // A day that is open again may be compared anew.
    world.database.run(&format!("{compared_anew}; UPDATE days SET state = 'reopened' WHERE day = '2026-01-06'"));
    assert_eq!(world.told(OUTCOMES), (3, vec![]));
});
