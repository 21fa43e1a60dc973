//! Months by unit beside the counts by procedure that they are the sums of: over a catalogue that changes,
//! also while calls are taken, beside a program that does not know of them, and in a database from before.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use doisoat::domain::classification::UNIT_BITS;
use doisoat::domain::ids::Tenant;
use doisoat::journeys::import_file::{Import, Imported, Kind};
use doisoat::journeys::lease_chain::{free_chains, lease_chain};
use doisoat::ledger::verify::verify;
use doisoat::store::failure::Failure;
use doisoat::store::journal::Batch;
use doisoat::store::ops::{CountRange, CountSplit, MONTH_GRAIN};
use doisoat::store::rows::{CountRow, ProcedureRow};
use serde_json::json;

use crate::support::office::{HERE, THERE, dossier};
use crate::support::{TestApp, both};

const FEE: &str = "2.000815";
const FREE: &str = "1.000200";
const SHARE: &str = "/api/v1/indicators/online-payment-rate?from=2026-01-01&to=2026-12-31";

/// Imports a catalogue of two procedures; `turn` makes each file another one.
pub(crate) fn imports_fees(app: &TestApp, turn: usize, fees: [bool; 2]) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("procedures.csv");
    let text = format!(
        "procedure_code,name,field,level,has_fee\n{FEE},Chứng thực {turn},Chứng thực,commune,{}\n\
         {FREE},Khai sinh {turn},Hộ tịch,commune,{}\n",
        fees[0], fees[1]
    );
    std::fs::write(&path, text).unwrap();
    let import = Import {
        db: &app.db,
        tenant: Tenant(1),
        provinces: &[],
        holder: "import",
        now: app.clock.now(),
        progress: &|_, _, _| {},
    };
    import.run(Kind::Procedures, &path).unwrap()
}

/// Unit, fee and class of every sum of all months: kept by unit, and added up from those by procedure.
type Sums = BTreeMap<(String, bool, i32), i64>;

fn sums(app: &TestApp, by_procedure: bool) -> Sums {
    let range = CountRange {
        grain: MONTH_GRAIN,
        from: "2000-01-01".parse().unwrap(),
        to: "2100-01-01".parse().unwrap(),
    };
    let split = CountSplit {
        by_unit: true,
        by_procedure,
        by_period: false,
        by_kind: by_procedure,
    };
    let told = app
        .db
        .read(|queries| queries.list_counts(1, range, split, None))
        .unwrap();
    let mut sums = Sums::new();
    for sum in told {
        let key = (sum.unit_code, sum.has_fee, sum.class & UNIT_BITS);
        *sums.entry(key).or_default() += sum.n;
    }
    sums.retain(|_, n| *n != 0);
    sums
}

/// Both ways come to the same, and a recount to the same as both.
#[track_caller]
fn agrees(app: &TestApp) {
    assert_eq!(sums(app, false), sums(app, true));
    is_clean(app);
}

#[track_caller]
fn is_clean(app: &TestApp) {
    for check in verify(&app.db, 1).unwrap() {
        assert_eq!(check.wrong, [], "{}", check.proves);
    }
}

/// Whether sums come from the counts by unit: adds to them behind the program's back, and takes it away.
#[track_caller]
fn relies_on_units(app: &TestApp, expected: bool) {
    let before = sums(app, false);
    let add = |n: i32| {
        app.database
            .run(&format!("UPDATE unit_counts SET n = n + {n}"));
    };
    add(1_000);
    let is_seen = sums(app, false) != before;
    add(-1_000);
    assert_eq!(is_seen, expected);
}

/// Dossiers of both procedures in two units and three months; gives the references of those with a bill.
fn has_world(app: &TestApp) -> Vec<String> {
    app.has_office();
    imports_fees(app, 0, [true, false]);
    let mut bills = Vec::new();
    for number in 0..12_usize {
        let unit = [HERE, THERE][number % 2];
        let month = 1 + number % 3;
        let code = format!("{unit}-26{month:02}05-{:04}", number + 1);
        let mut body = dossier(unit, 50_000);
        body["procedure_code"] = json!([FEE, FEE, FREE][number / 4]);
        body["received_on"] = json!(format!("2026-{month:02}-05"));
        body["submitted_via"] = json!(["online", "counter"][number % 5 / 4]);
        body["bill_due_on"] = json!("2026-12-31");
        app.clock
            .advance_to(doisoat::domain::time::parse_rfc3339("2026-04-05T03:35:00Z").unwrap());
        let reply = app.put(&format!("/api/v1/dossiers/{code}"), &body);
        assert_eq!(reply.status, 201, "{reply:?}");
        let told = app.get(&format!("/api/v1/dossiers/{code}"));
        bills.push(told["bills"][0]["reference"].as_str().unwrap().to_owned());
    }
    bills
}

fn pays(app: &TestApp, id: usize, bill: &str) {
    let reply = app.transfer(u64::try_from(id).unwrap(), 50_000, bill);
    assert_eq!(reply.status, 200, "{reply:?}");
}

both!(fn months_by_unit_follow_the_catalogue(app) {
    let bills = has_world(app);
    agrees(app);
    relies_on_units(app, true);
    assert_eq!(app.get(SHARE)["denominator"], 8);
    for (turn, fees, denominator) in [
        (1, [true, true], 12),
        (2, [false, true], 4),
        (3, [false, false], 0),
        (4, [false, false], 0),
        (5, [true, false], 8),
    ] {
        pays(app, turn, &bills[turn]);
        imports_fees(app, turn, fees);
        agrees(app);
        assert_eq!(app.get(SHARE)["denominator"], denominator, "{fees:?}");
    }
    let target = format!("{SHARE}&by=unit&unit={HERE}");
    assert_eq!(app.get(&target)["denominator"], 4);
    // The days of a week are not kept by unit, and come to the same.
    let days = "/api/v1/indicators/online-payment-rate?from=2026-01-02&to=2026-03-30";
    assert_eq!(app.get(days)["denominator"], 8);
    assert_eq!(app.get(days)["numerator"], app.get(SHARE)["numerator"]);
});

both!(fn what_a_batch_adds_while_the_catalogue_changes_counts_where_it_belongs(app) {
    let bills = has_world(app);
    for (turn, bill) in (1..).zip(&bills[..4]) {
        let changed = ProcedureRow {
            tenant: 1,
            code: FEE.to_owned(),
            name: String::new(),
            field: String::new(),
            has_fee: turn % 2 == 0,
        };
        let (is_changed, wait) = mpsc::channel();
        std::thread::scope(|threads| {
            let db = &app.db;
            threads.spawn(move || {
                db.write(|queries| {
                    queries.mark_units_uncounted()?;
                    queries.insert_procedures(std::slice::from_ref(&changed))?;
                    is_changed.send(()).unwrap();
                    // Long enough for the call below to read all it reads, and wait.
                    std::thread::sleep(Duration::from_millis(400));
                    Ok::<(), Failure>(())
                })
                .unwrap();
            });
            wait.recv().unwrap();
            pays(app, turn, bill);
        });
        agrees(app);
    }
});

both!(fn a_procedure_that_was_not_in_the_catalogue_is_counted_from_its_import_on(app) {
    app.has_office();
    let unknown = CountRow {
        tenant: 1,
        grain: MONTH_GRAIN,
        period: "2026-01-01".parse().unwrap(),
        unit_code: HERE.to_owned(),
        procedure_code: FREE.to_owned(),
        class: 4,
        writer: 1,
        n: 3,
    };
    let counts = vec![unknown.clone(), CountRow { procedure_code: FEE.to_owned(), ..unknown }];
    let batch = Batch { counts, ..Batch::default() };
    app.expects_broken_books();
    app.db.writer().unwrap().commit(|journal| journal.write(1, &batch)).unwrap();
    let fee = ((HERE.to_owned(), true, 4), 3);
    assert_eq!(sums(app, false), Sums::from([fee.clone()]));
    imports_fees(app, 1, [true, false]);
    let free = ((HERE.to_owned(), false, 4), 3);
    assert_eq!(sums(app, false), Sums::from([fee, free]));
    assert_eq!(sums(app, true), sums(app, false));
});

both!(fn beside_a_program_that_does_not_know_of_them_nobody_relies_on_them(app) {
    let bills = has_world(app);
    app.stop();
    free_chains(&app.db, "import").unwrap();
    let expected = sums(app, true);
    // It leases every chain and counts, by procedure alone.
    app.database.run(
        "UPDATE seal_chains SET epoch = epoch + 1, holder = 'before'; DELETE FROM unit_counts",
    );
    assert_eq!(sums(app, false), expected);
    is_clean(app);
    // A newer one beside it counts, and leaves alone what the other holds.
    lease_chain(&app.db, Tenant(1), "beside", app.clock.now()).unwrap();
    free_chains(&app.db, "beside").unwrap();
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM unit_counts"), 0);
    assert_eq!(sums(app, false), expected);
    // When it has gone, the next lease counts anew.
    app.database.run("UPDATE seal_chains SET holder = NULL WHERE holder = 'before'");
    lease_chain(&app.db, Tenant(1), "beside", app.clock.now()).unwrap();
    free_chains(&app.db, "beside").unwrap();
    agrees(app);
    relies_on_units(app, true);
    assert_eq!(sums(app, false), expected);
    assert!(!bills.is_empty());
});

both!(fn a_database_from_before_is_counted_by_its_migration(app) {
    let bills = has_world(app);
    pays(app, 1, &bills[0]);
    app.stop();
    let kept = "SELECT CAST(period AS TEXT) || ' ' || unit_code || ' ' || class || ' ' || writer || ' ' || n || \
        CASE WHEN has_fee THEN ' with' ELSE ' without' END AS t FROM unit_counts WHERE n <> 0 \
        ORDER BY period, unit_code, class, writer, has_fee";
    let before = app.database.texts(kept);
    assert!(before.len() > 4, "{before:?}");
    let down = match app.db.engine() {
        "SQLite" => include_str!("../../migrations/sqlite/0014_unit_counts/down.sql"),
        _ => include_str!("../../migrations/postgres/0014_unit_counts/down.sql"),
    };
    app.database.run(down);
    app.database.run("DELETE FROM __diesel_schema_migrations WHERE version >= '0014'");
    // One gateway goes on while the database is migrated.
    app.database.run("UPDATE seal_chains SET holder = NULL; UPDATE seal_chains SET holder = 'before' WHERE chain = 1");
    app.db.migrate().unwrap();
    assert_eq!(app.database.texts(kept), before);
    relies_on_units(app, false);
    app.database.run("UPDATE seal_chains SET holder = NULL");
    lease_chain(&app.db, Tenant(1), "after", app.clock.now()).unwrap();
    free_chains(&app.db, "after").unwrap();
    assert_eq!(app.database.texts(kept), before);
    agrees(app);
    relies_on_units(app, true);
});
