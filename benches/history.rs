//! What one day costs when ten years of payments lie before it, and what a day of a million payments
//! costs: the same day is compared, proposed and closed in a database that holds only its weeks and in
//! one that holds everything. Prints one table.
//!
//! `cargo bench --bench history`
//!
//! `DOISOAT_BENCH_HISTORY` is the number of days before (3,600), of 10,000 payments each; the database
//! of ten years takes 20 GB in the folder for temporary files and is removed at the end.
//! `DOISOAT_BENCH_MILLION` is the number of payments of the large day. With `DOISOAT_TEST_POSTGRES` the
//! same is done there, in databases of its own, with a tenth of the days before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::too_many_lines,
    reason = "a benchmark may stop at the first surprise"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use doisoat::cli::context::provider_facts;
use doisoat::config::load::load;
use doisoat::config::settings::Settings;
use doisoat::domain::calendar::{begins, ends};
use doisoat::domain::ids::Tenant;
use doisoat::domain::money::Currency;
use doisoat::domain::time::{Day, vietnam_day};
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::compare_days::compare_days;
use doisoat::journeys::days::DayDesk;
use doisoat::journeys::days::close_day::close_day;
use doisoat::journeys::days::propose_day::propose_day;
use doisoat::ledger::signing::new_private_pem;
use doisoat::reconciliation::compare::Item;
use doisoat::reconciliation::pages::{Entry, PAGE_LINES, empty, push};
use doisoat::store::Db;
use doisoat::store::rows::{StatementFileRow, StatementPageRow};
use doisoat::store::types::{Ts, Uid};
use uuid::Uuid;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Days that both databases hold: more than a comparison looks at.
const WEEKS: u64 = 50;
const PER_DAY: u64 = 10_000;
const YEARS: u64 = 3_600;
const MILLION: u64 = 1_000_000;
/// Days behind the one that is closed.
const BEHIND: u64 = 2;
const RUNS: usize = 5;
/// Days written by one statement.
const AT_ONCE: u64 = 100;

/// What a database holds: the last day is always the same.
#[derive(Clone, Copy)]
struct Shape {
    days: u64,
    /// Days that have payments, from the first on.
    filled: u64,
    per_day: u64,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn last() -> Day {
    NaiveDate::from_ymd_opt(2026, 9, 20).unwrap()
}

fn now() -> DateTime<Utc> {
    ends(last()) + chrono::TimeDelta::hours(8)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--run") {
        run(&arguments[place + 1], Path::new(&arguments[place + 2]));
        return;
    }
    let folder = std::env::temp_dir().join(format!("doisoat-history-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut key = fs::OpenOptions::new();
    key.write(true).create_new(true).mode(0o600);
    let mut key = key.open(folder.join("key.pem")).unwrap();
    key.write_all(new_private_pem().unwrap().as_bytes())
        .unwrap();
    let years = number("DOISOAT_BENCH_HISTORY", YEARS);
    let weeks = Shape {
        days: WEEKS,
        filled: WEEKS,
        per_day: PER_DAY,
    };
    let large = Shape {
        days: 1 + BEHIND,
        filled: 1,
        per_day: number("DOISOAT_BENCH_MILLION", MILLION),
    };
    println!("| | payments before | compare ms | propose ms | close ms | peak MB |");
    println!("|---|--:|--:|--:|--:|--:|");
    let shapes = |days| {
        [
            ("weeks", weeks),
            (
                "all",
                Shape {
                    days,
                    filled: days,
                    ..weeks
                },
            ),
            ("large day", large),
        ]
    };
    for (name, shape) in shapes(years) {
        let url = format!(
            "sqlite://{}/{}.db",
            folder.display(),
            name.replace(' ', "-")
        );
        case(&format!("SQLite, {name}"), &url, shape, &folder);
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", &url["sqlite://".len()..]));
        }
    }
    if let Ok(server) = std::env::var("DOISOAT_TEST_POSTGRES") {
        for (name, shape) in shapes(years / 10) {
            let database = format!("history_{}_{}", std::process::id(), name.replace(' ', "_"));
            let url = format!("{}/{database}", server.rsplit_once('/').unwrap().0);
            let mut admin = PgConnection::establish(&server).unwrap();
            admin
                .batch_execute(&format!("CREATE DATABASE {database}"))
                .unwrap();
            case(&format!("PostgreSQL, {name}"), &url, shape, &folder);
            admin
                .batch_execute(&format!("DROP DATABASE {database}"))
                .unwrap();
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

fn settings(url: &str, folder: &Path) -> Settings {
    let text = format!(
        "[database]\nurl = \"{url}\"\n[signing]\nkey_file = \"{}\"\n\
         [channels.pay]\nprovider = \"standardwebhooks\"\n\
         secrets.secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n\
         [sources.pay]\nkind = \"settlement\"\nchannel = \"pay\"\nexpected = \"daily\"\n",
        folder.join("key.pem").display()
    );
    let file = folder.join("history.toml");
    fs::write(&file, text).unwrap();
    load(&[file], [], &provider_facts()).unwrap().settings
}

fn case(name: &str, url: &str, shape: Shape, folder: &Path) {
    let begun = Instant::now();
    Db::open(url).unwrap().migrate().unwrap();
    generate(url, shape);
    surround(&Db::open(url).unwrap(), url, shape);
    // What the system still writes would be measured.
    assert!(Command::new("sync").status().unwrap().success());
    eprintln!("{name}: made in {:.0} s", begun.elapsed().as_secs_f64());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--run").arg(url).arg(folder);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{name}: {text}");
    let before = (shape.days - 1 - BEHIND) * shape.per_day;
    println!("| {name} | {before} {}", text.lines().last().unwrap());
}

/// Payments, postings and blocks, all by statements that make many rows.
fn generate(url: &str, shape: Shape) {
    let path = url.strip_prefix("sqlite://");
    let text = match path {
        Some(_) => include_str!("history.sqlite.sql"),
        None => include_str!("history.postgres.sql"),
    };
    let begin = begins(first(shape)).timestamp_millis();
    let filled = |from: u64, to: u64| {
        text.replace("{begin}", &begin.to_string())
            .replace("{per_day}", &shape.per_day.to_string())
            .replace("{from}", &from.to_string())
            .replace("{to}", &to.to_string())
    };
    let spans = (0..shape.filled)
        .step_by(AT_ONCE as usize)
        .map(|from| filled(from, shape.filled.min(from + AT_ONCE)));
    if let Some(path) = path {
        let mut connection = SqliteConnection::establish(path).unwrap();
        let fast =
            "PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000";
        connection.batch_execute(fast).unwrap();
        for sql in spans {
            connection
                .batch_execute(&format!("BEGIN; {sql} COMMIT"))
                .unwrap();
        }
        connection
            .batch_execute("PRAGMA journal_mode = WAL")
            .unwrap();
    } else {
        let mut connection = PgConnection::establish(url).unwrap();
        for sql in spans {
            connection.batch_execute(&sql).unwrap();
        }
        connection.batch_execute("VACUUM ANALYZE").unwrap();
    }
}

fn first(shape: Shape) -> Day {
    last() - Days::new(shape.days - 1)
}

/// What stands around the payments: the chain, the days before, closed, and the files of these weeks.
fn surround(db: &Db, url: &str, shape: Shape) {
    for code in ["KT01", "KT02"] {
        add_officer(db, Tenant(1), code, code, None, now()).unwrap();
    }
    let mut sql = String::from(
        "INSERT INTO seal_chains (tenant, chain, epoch, holder, renewed_at, height, hash, closed_before)
         SELECT 1, 1, 1, NULL, sealed_at, height, hash, (SELECT min(sealed_at) FROM seal_blocks)
         FROM seal_blocks ORDER BY height DESC LIMIT 1;",
    );
    let day = day();
    let closed = shape.days - 1 - BEHIND;
    let instant = |at: DateTime<Utc>| {
        if url.starts_with("sqlite") {
            at.timestamp_micros().to_string()
        } else {
            format!("'{}'", at.to_rfc3339())
        }
    };
    for back in (1..=closed).rev() {
        let day = day - Days::new(back);
        let at = instant(ends(day));
        let total = (closed - back + 1) as i64 * shape.per_day as i64 * 500_000;
        sql += &format!(
            "INSERT INTO days (tenant, day, state, revision, verdict, result, proposed_by, proposed_at,
                closed_by, closed_at)
             VALUES (1, '{day}', 'closed', 1, 'reconciled', '{{}}', 'KT01', {at}, 'KT02', {at});
             INSERT INTO day_balances (tenant, day, account, currency, debit_minor, credit_minor)
             VALUES (1, '{day}', 'clearing:pay', 'VND', {total}, 0),
                 (1, '{day}', 'receivable:H12.104', 'VND', 0, {total});"
        );
    }
    match url.strip_prefix("sqlite://") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(&sql),
        None => PgConnection::establish(url).unwrap().batch_execute(&sql),
    }
    .unwrap();
    for back in 1..=shape.filled.min(WEEKS) {
        file(db, shape, shape.filled - back);
    }
}

/// The day that is compared, proposed and closed.
fn day() -> Day {
    last() - Days::new(BEHIND)
}

/// The settlement file of a day: a line for each payment.
fn file(db: &Db, shape: Shape, index: u64) {
    let day = first(shape) + Days::new(index);
    let id = Uid(Uuid::from_u128(u128::from(index) + 1));
    let lines: Vec<u64> = (index * shape.per_day..(index + 1) * shape.per_day).collect();
    db.write(|queries| {
        queries.insert_statement_file(&StatementFileRow {
            tenant: 1,
            file_id: id,
            source: "pay".to_owned(),
            file_hash: index.to_le_bytes().to_vec(),
            file_name: format!("{day}.csv"),
            format: "csv".to_owned(),
            profile: None,
            state: "imported".to_owned(),
            byte_count: lines.len() as i64 * 100,
            line_count: lines.len() as i64,
            new_count: lines.len() as i64,
            known_count: 0,
            currency: "VND".to_owned(),
            holds: "[]".to_owned(),
            imported_by: "KT01".to_owned(),
            imported_at: Ts(ends(day)),
            overridden_by: None,
            override_reason: None,
            overridden_at: None,
            undone_by: None,
            undone_at: None,
            undo_reason: None,
            is_late: false,
            matched_on: None,
        })?;
        for (page, numbers) in (0..).zip(lines.chunks(PAGE_LINES as usize)) {
            let mut data = empty();
            let mut sum = 0;
            for (place, n) in numbers.iter().enumerate() {
                let amount = 50_000 + (*n as i64 * 7_919 % 900) * 1_000;
                let (txn, order) = ((14_000_000_000 + n).to_string(), format!("DH{n:010}"));
                sum += amount;
                push(
                    &mut data,
                    &Entry {
                        statement: 0,
                        place: page as u64 * u64::from(PAGE_LINES) + place as u64 + 2,
                        date: day,
                        value_date: None,
                        amount,
                        currency: Some(Currency::VND),
                        reference: Some(&txn),
                        bank_reference: None,
                        order: Some(&order),
                        memo: None,
                        counterparty: None,
                        balance: None,
                        fee: None,
                    },
                );
            }
            queries.insert_statement_pages(&[StatementPageRow {
                tenant: 1,
                source: "pay".to_owned(),
                day,
                file_id: id,
                page,
                line_count: numbers.len() as i32,
                credit_minor: sum,
                debit_minor: 0,
                data,
                counts_on: day,
            }])?;
        }
        Ok::<_, doisoat::store::failure::Failure>(())
    })
    .unwrap();
}

/// The measuring, in a process of its own.
fn run(url: &str, folder: &Path) {
    let settings = settings(url, folder);
    let db = Db::open(url).unwrap();
    let mut compared = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let found = db
            .read(|queries| compare_days(queries, &settings, Tenant(1), day(), vietnam_day(now())))
            .unwrap();
        compared.push(begun.elapsed().as_secs_f64() * 1_000.0);
        // No bank statement is there, so nothing else but payouts may be missing.
        let mut differences = found.comparison.differences();
        assert!(differences.all(|(item, _)| matches!(item, Item::Payout(_))));
    }
    let compared = compared.into_iter().reduce(f64::min).unwrap();
    let timed = |officer: &str, step: &dyn Fn(&DayDesk<'_>)| {
        let begun = Instant::now();
        step(&DayDesk {
            tenant: Tenant(1),
            holder: "bench",
            now: now(),
            officer,
        });
        begun.elapsed().as_secs_f64() * 1_000.0
    };
    let proposed = timed("KT01", &|desk| {
        propose_day(&db, desk, &settings, day()).unwrap();
    });
    let closed = timed("KT02", &|desk| {
        close_day(&db, desk, &settings, day()).unwrap();
    });
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let peak: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!(
        "| {compared:.0} | {proposed:.0} | {closed:.0} | {} |",
        peak / 1024
    );
}
