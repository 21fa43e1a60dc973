//! How many payments a second one gateway takes in, beside the same handler without storage, its own
//! rate with one transaction per call, and `pgbench` doing the same row writes. Prints one table.
//!
//! `DOISOAT_TEST_SHARED_BUFFERS=1GB tests/run --run cargo bench --bench intake`
//!
//! Every call is a signed notice of its own that pays a bill of its own in full. The load comes from
//! `wrk` on the same machine, the gateway runs in a process of its own, and every answer is sent
//! after a durable commit. Nothing is asserted: a benchmark measures.

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
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, Utc};
use doisoat::cli::context::provider_facts;
use doisoat::config::clock::Clock;
use doisoat::config::load::load;
use doisoat::config::secret::Secret;
use doisoat::config::settings::Settings;
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
use doisoat::journeys::take_notices::start_storing_nothing;
use doisoat::store::Db;
use doisoat::web::Gateway;
use doisoat::web::server::serve_on;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bills, and so calls, prepared. A run that uses them up goes on with repeats and says so.
const BILLS: usize = 150_000;
const SECONDS: u64 = 6;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FEE: i64 = 8_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--serve") {
        serve(&arguments[place + 1], &arguments[place + 2]);
        return;
    }
    let folder = std::env::temp_dir().join(format!("doisoat-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    run(&folder);
    fs::remove_dir_all(&folder).unwrap();
}

fn run(folder: &Path) {
    let lite = format!("sqlite://{}/template.db", folder.display());
    let postgres = std::env::var("DOISOAT_TEST_POSTGRES").ok();
    println!("preparing {BILLS} dossiers with a bill each");
    prepare(&lite, "SQLite");
    if let Some(server) = &postgres {
        prepare(
            &new_database(server, "bench_template", "template1"),
            "PostgreSQL",
        );
    }
    let calls = write_calls(folder);
    println!(
        "\n{:<44} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "case", "conns", "calls/s", "p50 ms", "p99 ms", "idle MB", "load MB"
    );
    let without = measure("handler without storage", "none", &lite, &calls, 64);
    let copy = |name: &str| {
        let path = folder.join(name);
        fs::copy(folder.join("template.db"), &path).unwrap();
        format!("sqlite://{}", path.display())
    };
    let single = measure(
        "SQLite, one transaction per call",
        "1",
        &copy("one.db"),
        &calls,
        64,
    );
    let grouped = [64, 256].map(|conns| {
        measure(
            "SQLite, everything waiting in one",
            "512",
            &copy(&format!("g{conns}.db")),
            &calls,
            conns,
        )
    });
    let best = grouped[0].max(grouped[1]);
    println!(
        "SQLite: {:.1} times its own rate with one transaction per call, {:.0} % of the handler without storage",
        best / single,
        100.0 * best / without
    );
    match &postgres {
        Some(server) => run_postgres(server, folder, &calls, without),
        None => println!("PostgreSQL: not measured, DOISOAT_TEST_POSTGRES is not set"),
    }
}

fn run_postgres(server: &str, folder: &Path, calls: &Path, without: f64) {
    let grouped = [64, 256].map(|conns| {
        let url = new_database(server, &format!("bench_{conns}"), "bench_template");
        measure(
            "PostgreSQL, everything waiting in one",
            "512",
            &url,
            calls,
            conns,
        )
    });
    let best = grouped[0].max(grouped[1]);
    let floors = [16, 64].map(|clients| pgbench(server, clients, folder));
    println!(
        "PostgreSQL: {:.1} times pgbench at 16 connections, {:.1} times at 64, {:.0} % of the handler without storage",
        best / floors[0],
        best / floors[1],
        100.0 * best / without
    );
}

/// Measures one case and prints its line; gives calls per second.
fn measure(name: &str, batch: &str, url: &str, calls: &Path, conns: u32) -> f64 {
    let mut server = start(batch, url);
    let idle = memory(server.child.id(), "VmRSS:");
    let output = Command::new("wrk")
        .args(["-t2", "--latency", "--timeout", "20s", "-s"])
        .arg(calls.with_file_name("replay.lua"))
        .args([
            format!("-c{conns}"),
            format!("-d{SECONDS}s"),
            format!("http://{}", server.address),
        ])
        .output()
        .expect("wrk is missing: apt-get install wrk");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let peak = memory(server.child.id(), "VmHWM:");
    server.stop();
    let field = |label: &str| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(label));
        line.and_then(|line| line.split_whitespace().nth(1))
            .unwrap_or("?")
            .to_owned()
    };
    let rate: f64 = field("Requests/sec:").parse().unwrap_or(0.0);
    println!(
        "{name:<44} {conns:>9} {rate:>9.0} {:>9} {:>9} {idle:>9} {peak:>9}",
        millis(&field("50%")),
        millis(&field("99%"))
    );
    for line in text
        .lines()
        .filter(|line| line.contains("Non-2xx") || line.contains("Socket errors"))
    {
        println!("    {}", line.trim());
    }
    if rate * (SECONDS as f64) > BILLS as f64 && batch != "none" {
        println!("    more calls than bills: the last ones were repeats");
    }
    rate
}

fn millis(text: &str) -> String {
    let number = |suffix: &str| {
        text.strip_suffix(suffix)
            .and_then(|number| number.parse::<f64>().ok())
    };
    let value = number("us")
        .map(|us| us / 1000.0)
        .or_else(|| number("ms"))
        .or_else(|| number("s").map(|s| s * 1000.0));
    value.map_or_else(|| text.to_owned(), |value| format!("{value:.1}"))
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn stop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

fn start(batch: &str, url: &str) -> Server {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--serve", batch, url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    Server {
        child,
        address: line.trim().to_owned(),
    }
}

/// The gateway's process: serves until its standard input closes.
fn serve(batch: &str, url: &str) {
    let settings = settings(url, batch);
    let db = Db::open(url).unwrap();
    let holder = std::process::id().to_string();
    let (gateway, writer) = if batch == "none" {
        let (intake, writer) = start_storing_nothing(settings.writer.queue).unwrap();
        (
            Gateway::with_intake(db, Clock::System, settings, holder, intake),
            writer,
        )
    } else {
        Gateway::open(db, Clock::System, settings, holder).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut running = serve_on(gateway, writer, listener).unwrap();
    println!("{}", running.address);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    running.stop().unwrap();
}

fn settings(url: &str, batch: &str) -> Settings {
    let batch = if batch == "none" { "512" } else { batch };
    let environment = [
        ("DOISOAT__DATABASE__URL", url),
        ("DOISOAT__WRITER__BATCH", batch),
        ("DOISOAT__CHANNELS__BANK__PROVIDER", "standardwebhooks"),
        ("DOISOAT__CHANNELS__BANK__SECRETS__SECRET", SECRET),
        (
            "DOISOAT__CHANNELS__BANK__SETTINGS__REPLAY_WINDOW_S",
            "86400",
        ),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    load(&[], environment, &provider_facts()).unwrap().settings
}

fn memory(pid: u32, label: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(label));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

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

fn prepare(url: &str, engine: &str) {
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
fn write_calls(folder: &Path) -> PathBuf {
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
    let script = format!(
        r#"local next_id = 0
function setup(thread) thread:set("id", next_id); next_id = next_id + 1 end
function init(args)
  calls = {{}}
  local file = io.open("{}", "rb")
  local n = 0
  while true do
    local size = file:read(8)
    if not size then break end
    local call = file:read(tonumber(size))
    if n % 2 == id then calls[#calls + 1] = call end
    n = n + 1
  end
  file:close()
  at = 0
end
function request() at = at % #calls + 1; return calls[at] end
"#,
        path.display()
    );
    fs::write(folder.join("replay.lua"), script).unwrap();
    path
}

/// A database of its own on the server, copied from a template.
fn new_database(server: &str, name: &str, template: &str) -> String {
    let psql = |sql: String| {
        let done = Command::new("psql")
            .args(["-qd", server, "-c"])
            .arg(sql)
            .status()
            .unwrap();
        assert!(done.success());
    };
    psql(format!("DROP DATABASE IF EXISTS {name}"));
    psql(format!("CREATE DATABASE {name} TEMPLATE {template}"));
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// The same row writes per payment in one plain transaction each: notice, payment, posting, bill,
/// dossier, and the four count cells. Balances and blocks, which the gateway writes once per batch,
/// are left out in pgbench's favour; each connection walks through days of its own in order.
const PGBENCH: &str = r"
\set i :i + 1
\set n 1 + (:client_id * BILLS / CLIENTS + :i) % BILLS
BEGIN;
INSERT INTO notices SELECT 1, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid, 'bank', decode(md5(random()::text) || md5(random()::text), 'hex'), decode(md5(random()::text) || md5(random()::text), 'hex'), bill_id, 'succeeded', 'recorded', true, convert_to(repeat('x', 560), 'UTF8'), NULL FROM bench_bills WHERE n = :n;
INSERT INTO payments SELECT 1, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid, 'bank', 'standardwebhooks', md5(random()::text), 'FT000000012345', reference, 8000, 'VND', 'succeeded', now(), NULL, NULL, NULL, NULL, bill_id, dossier_id, 'exact', 'payment_reference', repeat('x', 120), 8000, 0, 0, 0 FROM bench_bills WHERE n = :n;
INSERT INTO postings SELECT 1, 1000 + :client_id, (extract(epoch from clock_timestamp()) * 1000000)::bigint, 1, gen_random_uuid(), 'payment_recorded', 'clearing' || chr(58) || 'bank', 'receivable' || chr(58) || unit_code, 8000, 'VND', bill_id, bill_id, NULL FROM bench_bills WHERE n = :n;
UPDATE bills SET paid_minor = total_minor, state = 'paid' FROM bench_bills b WHERE bills.tenant = 1 AND bills.bill_id = b.bill_id AND b.n = :n;
UPDATE dossiers SET class = class | 24 FROM bench_bills b WHERE dossiers.tenant = 1 AND dossiers.dossier_id = b.dossier_id AND b.n = :n;
INSERT INTO dossier_counts SELECT 1, 0, received_on, unit_code, procedure_code, 4, 1, -1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n - 1;
INSERT INTO dossier_counts SELECT 1, 0, received_on, unit_code, procedure_code, 28, 1, 1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n + 1;
INSERT INTO dossier_counts SELECT 1, 1, date_trunc('month', received_on)::date, unit_code, procedure_code, 4, 1, -1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n - 1;
INSERT INTO dossier_counts SELECT 1, 1, date_trunc('month', received_on)::date, unit_code, procedure_code, 28, 1, 1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n + 1;
COMMIT;
";

fn pgbench(server: &str, clients: u32, folder: &Path) -> f64 {
    let url = new_database(server, "bench_floor", "bench_template");
    let prepare = "CREATE TABLE bench_bills AS SELECT row_number() OVER (ORDER BY b.bill_id)::int AS n, b.bill_id, b.dossier_id, b.reference, d.unit_code, d.procedure_code, d.received_on FROM bills b JOIN dossiers d ON d.tenant = b.tenant AND d.dossier_id = b.dossier_id; ALTER TABLE bench_bills ADD PRIMARY KEY (n); ANALYZE";
    assert!(
        Command::new("psql")
            .args(["-qd", &url, "-c", prepare])
            .status()
            .unwrap()
            .success()
    );
    let script = folder.join("pgbench.sql");
    fs::write(
        &script,
        PGBENCH
            .replace("BILLS", &BILLS.to_string())
            .replace("CLIENTS", &clients.to_string()),
    )
    .unwrap();
    let output = Command::new("pgbench")
        .args([
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-D",
            "i=0",
            "-T",
            &SECONDS.to_string(),
            "-c",
            &clients.to_string(),
            "-f",
        ])
        .arg(&script)
        .arg(&url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .collect();
    let number = |name: &str| {
        fields
            .get(name)
            .and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok())
    };
    let rate = number("tps").unwrap_or(0.0);
    let latency = number("latency average").unwrap_or(0.0);
    println!(
        "{:<44} {clients:>9} {rate:>9.0} {latency:>9.1} {:>9} {:>9} {:>9}",
        "pgbench, one plain transaction per payment", "", "", ""
    );
    if rate == 0.0 {
        println!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    std::thread::sleep(Duration::from_millis(200));
    rate
}
