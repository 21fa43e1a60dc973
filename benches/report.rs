//! What a report by unit over a year costs with ten million dossiers behind it, beside the same report
//! from the counts by procedure and beside a recount of the dossiers; all three must say the same. And how
//! long a gateway takes on that database from its start to the first good answer of `/readyz`. Prints one
//! table.
//!
//! `cargo bench --bench report`
//!
//! `DOISOAT_BENCH_DOSSIERS` is their number (10,000,000; 4 GB in the folder for temporary files, removed at
//! the end). With `DOISOAT_TEST_POSTGRES` the same is done there, in a database of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "a benchmark may stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use doisoat::cli::context::provider_facts;
use doisoat::config::clock::Clock;
use doisoat::config::load::load;
use doisoat::domain::lang::Lang;
use doisoat::domain::refund::RefundedRule;
use doisoat::reporting::ask::{Ask, By};
use doisoat::reporting::period::Period;
use doisoat::reporting::reports;
use doisoat::reporting::table::Cell;
use doisoat::store::Db;
use doisoat::store::rows::{ProcedureRow, UnitRow};
use doisoat::web::Gateway;
use doisoat::web::server::serve_on;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PROCEDURES: usize = 450;
const DOSSIERS: u64 = 10_000_000;
/// Dossiers written by one statement.
const AT_ONCE: u64 = 500_000;
const RUNS: usize = 20;

/// Numerator and denominator by unit.
type Figures = BTreeMap<String, (i64, i64)>;

#[derive(QueryableByName)]
struct Recounted {
    #[diesel(sql_type = Text)]
    unit_code: String,
    #[diesel(sql_type = BigInt)]
    paid: i64,
    #[diesel(sql_type = BigInt)]
    asked: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

const RECOUNT: &str = "SELECT unit_code, CAST(SUM(CASE WHEN class & 8 <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS paid, \
    CAST(SUM(CASE WHEN class & 4 <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS asked FROM dossiers \
    WHERE tenant = 1 AND received_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY unit_code";

enum Behind {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Behind {
    fn of(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => Self::Sqlite(Box::new(SqliteConnection::establish(path).unwrap())),
            None => Self::Postgres(Box::new(PgConnection::establish(url).unwrap())),
        }
    }

    fn run(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
        .unwrap();
    }

    fn number(&mut self, table: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT COUNT(*) AS n FROM {table}"));
        let row: Number = match self {
            Self::Sqlite(connection) => query.get_result(&mut **connection),
            Self::Postgres(connection) => query.get_result(&mut **connection),
        }
        .unwrap();
        row.n
    }

    fn recount(&mut self) -> Figures {
        let query = diesel::sql_query(RECOUNT);
        let rows: Vec<Recounted> = match self {
            Self::Sqlite(connection) => query.load(&mut **connection),
            Self::Postgres(connection) => query.load(&mut **connection),
        }
        .unwrap();
        let told = rows
            .into_iter()
            .map(|row| (row.unit_code, (row.paid, row.asked)));
        told.collect()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--serve") {
        serve(&arguments[place + 1]);
        return;
    }
    let dossiers = std::env::var("DOISOAT_BENCH_DOSSIERS")
        .map_or(DOSSIERS, |text| text.parse().expect("a number of dossiers"));
    println!(
        "| | dossiers | cells by procedure | cells by unit | report ms (min / median of {RUNS}) | \
         from the cells by procedure | recount | start to /readyz |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let folder = std::env::temp_dir().join(format!("doisoat-report-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("report.db");
    case("SQLite", &format!("sqlite://{}", path.display()), dossiers);
    fs::remove_dir_all(&folder).unwrap();
    if let Ok(server) = std::env::var("DOISOAT_TEST_POSTGRES") {
        let database = format!("report_{}", std::process::id());
        let url = format!("{}/{database}", server.rsplit_once('/').unwrap().0);
        let mut admin = PgConnection::establish(&server).unwrap();
        admin
            .batch_execute(&format!("CREATE DATABASE {database}"))
            .unwrap();
        case("PostgreSQL", &url, dossiers);
        admin
            .batch_execute(&format!("DROP DATABASE {database}"))
            .unwrap();
    }
}

fn case(name: &str, url: &str, dossiers: u64) {
    let begun = Instant::now();
    let db = Db::open(url).unwrap();
    db.migrate().unwrap();
    catalogue(&db);
    generate(url, dossiers);
    eprintln!("{name}: made in {:.0} s", begun.elapsed().as_secs_f64());
    let mut behind = Behind::of(url);
    let by_procedure = behind.number("dossier_counts");
    let by_unit = behind.number("unit_counts");
    let (times, told) = reports_of(&db, RUNS);
    // A chain whose holder does not say that it counts by unit: then nobody relies on it.
    behind.run("UPDATE seal_chains SET counted_epoch = 0");
    let (without, told_without) = reports_of(&db, 3);
    behind.run("UPDATE seal_chains SET counted_epoch = epoch");
    let begun = Instant::now();
    let recounted = behind.recount();
    let recount = begun.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!(recounted.len(), 64);
    assert_eq!(told, recounted, "{name}");
    assert_eq!(told_without, recounted, "{name}");
    drop((db, behind));
    println!(
        "| {name} | {dossiers} | {by_procedure} | {by_unit} | {:.1} / {:.1} | {:.0} | {recount:.0} | {:.0} |",
        times[0],
        times[times.len() / 2],
        without[0],
        ready(url),
    );
}

/// Sixty-four communes, and the procedures of the catalogue with more of their kind.
fn catalogue(db: &Db) {
    let units: Vec<UnitRow> = (101..165)
        .map(|number| UnitRow {
            tenant: 1,
            code: format!("H12.{number}"),
            name_vi: format!("Xã {number}"),
            name_en: format!("Commune {number}"),
            level: "commune".to_owned(),
            parent: None,
            valid_from: None,
            valid_to: None,
        })
        .collect();
    let known = include_str!("../config/data/procedures.csv")
        .lines()
        .skip(1);
    let known = known.map(|line| line.split(',').next().unwrap().to_owned());
    let further = (0..).map(|number| format!("3.{number:06}"));
    let procedures: Vec<ProcedureRow> = (0..)
        .zip(known.chain(further).take(PROCEDURES))
        .map(|(place, code)| ProcedureRow {
            tenant: 1,
            code,
            name: format!("Thủ tục {place}"),
            field: "Chứng thực".to_owned(),
            has_fee: place % 3 != 2,
        })
        .collect();
    db.write(|queries| {
        queries.insert_units(&units)?;
        queries.insert_procedures(&procedures)
    })
    .unwrap();
}

fn generate(url: &str, dossiers: u64) {
    let is_sqlite = url.starts_with("sqlite");
    let mut behind = Behind::of(url);
    if is_sqlite {
        behind.run(
            "PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000",
        );
    }
    // The place of a procedure as the catalogue gives it out.
    let places: Vec<String> = (0..)
        .zip(
            include_str!("../config/data/procedures.csv")
                .lines()
                .skip(1),
        )
        .map(|(place, line)| format!("({place}, '{}')", line.split(',').next().unwrap()))
        .collect();
    let further: Vec<String> = (places.len()..PROCEDURES)
        .map(|place| format!("({place}, '3.{:06}')", place - places.len()))
        .collect();
    behind.run(&format!(
        "CREATE TABLE bench_procedures (p INTEGER PRIMARY KEY, code TEXT NOT NULL); \
         INSERT INTO bench_procedures VALUES {}",
        [places, further].concat().join(", ")
    ));
    let text = if is_sqlite {
        include_str!("report.sqlite.sql")
    } else {
        include_str!("report.postgres.sql")
    };
    for from in (0..dossiers).step_by(AT_ONCE as usize) {
        let sql = text
            .replace("{from}", &from.to_string())
            .replace("{to}", &dossiers.min(from + AT_ONCE).to_string())
            .replace("{all}", &dossiers.to_string())
            .replace("{procedures}", &PROCEDURES.to_string());
        behind.run(&format!("BEGIN; {sql}; COMMIT"));
    }
    count(&mut behind, is_sqlite);
}

/// Counts what was generated, as two writers would have, each with a chain of its own.
fn count(behind: &mut Behind, is_sqlite: bool) {
    let (month, writer, hash) = if is_sqlite {
        (
            "date(received_on, 'start of month')",
            "CAST(strftime('%d', received_on) AS INTEGER) % 2 + 1",
            "x'00'",
        )
    } else {
        (
            "date_trunc('month', received_on)::date",
            "extract(day FROM received_on)::int % 2 + 1",
            "'\\x00'",
        )
    };
    let counts = include_str!("report.counts.sql")
        .replace("{month}", month)
        .replace("{writer}", writer);
    behind.run(&counts);
    let at = if is_sqlite { "0" } else { "'1970-01-01'" };
    behind.run(&format!(
        "INSERT INTO seal_chains (tenant, chain, epoch, holder, renewed_at, height, hash, counted_epoch) \
         VALUES (1, 1, 1, NULL, {at}, 0, {hash}, 1), (1, 2, 1, NULL, {at}, 0, {hash}, 1); \
         DROP TABLE bench_procedures"
    ));
    if !is_sqlite {
        behind.run("VACUUM ANALYZE");
    }
}

/// Milliseconds of each run, the shortest first, and what the report says.
fn reports_of(db: &Db, runs: usize) -> (Vec<f64>, Figures) {
    let day = |text: &str| text.parse().unwrap();
    let ask = Ask {
        tenant: 1,
        period: Period::new(day("2025-01-01"), day("2025-12-31")).unwrap(),
        unit: None,
        is_own: false,
        by: By::Unit,
        captured_at: Clock::System.now(),
        lang: Lang::Vi,
        refunded: RefundedRule::Leaves,
    };
    let mut told = Figures::new();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let begun = Instant::now();
            let table = db
                .read(|queries| reports::answer("online-transaction-share", queries, &ask))
                .unwrap();
            let time = begun.elapsed().as_secs_f64() * 1_000.0;
            let number = |cell: &Cell| cell.plain().parse().unwrap();
            told = table
                .rows
                .iter()
                .map(|row| (row[0].plain(), (number(&row[2]), number(&row[3]))))
                .collect();
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times, told)
}

/// Milliseconds from the start of a gateway's process to its first good answer; the best of three.
fn ready(url: &str) -> f64 {
    let once = || {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--serve", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        while !is_ready(address.trim()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        let time = begun.elapsed().as_secs_f64() * 1_000.0;
        drop(child.stdin.take());
        child.wait().unwrap();
        time
    };
    (0..3).map(|_| once()).reduce(f64::min).unwrap()
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.starts_with("HTTP/1.1 200")
}

/// The gateway's process: serves until its standard input closes.
fn serve(url: &str) {
    let environment = [
        ("DOISOAT__DATABASE__URL", url),
        ("DOISOAT__CHANNELS__BANK__PROVIDER", "standardwebhooks"),
        (
            "DOISOAT__CHANNELS__BANK__SECRETS__SECRET",
            "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        ),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = load(&[], environment, &provider_facts()).unwrap().settings;
    let db = Db::open(url).unwrap();
    let holder = std::process::id().to_string();
    let (gateway, writer) = Gateway::open(db, Clock::System, settings, holder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut running = serve_on(gateway, writer, listener).unwrap();
    println!("{}", running.address);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    running.stop().unwrap();
}
