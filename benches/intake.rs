//! How many payments a second gateways take in, beside the same handler without storage, a bare loop
//! that writes the same rows in the same batches, a gateway with one transaction per call, and `pgbench`
//! doing the same row writes. Prints one table, then what each payment takes on disk.
//!
//! `DOISOAT_TEST_SHARED_BUFFERS=1GB tests/run --run cargo bench --bench intake`
//!
//! Every call is a signed notice of its own that pays a bill of its own in full. The load comes from
//! `wrk` on the same machine, gateways run in processes of their own, and every answer is sent after a
//! durable commit. Nothing is asserted: a benchmark measures.
//!
//! `DOISOAT_BENCH_HISTORY`, millions of payments with a comma between them (`1,10`), loads databases
//! that hold so many already. Ten million take 14 GB in the folder for temporary files and as much on
//! the server; they are removed at the end.

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
use std::path::Path;
use std::process::Command;

mod load;

use load::floor::{floor, written};
use load::history::grow;
use load::pgbench::{Way, new_database, pgbench};
use load::prepare::{prepare, write_calls};
use load::{Case, Measured, Server, heading, measure, serve, write_script};

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A case that is not loaded in full gets so much of what it could take.
const HALF: f64 = 0.5;

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
    println!("preparing dossiers with a bill each");
    prepare(&lite, "SQLite");
    if let Some(server) = &postgres {
        let url = new_database(server, "bench_template", "template1");
        prepare(&url, "PostgreSQL");
    }
    write_calls(folder);
    write_script(folder);
    println!();
    heading();
    let case = Case {
        name: "handler without storage",
        batch: "none",
        url: &lite,
        gateways: 1,
        conns: 64,
        rate: None,
    };
    let without = measure(&case, folder).rate;
    println!("\n{}", run_sqlite(folder, without));
    match &postgres {
        Some(server) => println!("\n{}", run_postgres(server, folder, without)),
        None => println!("PostgreSQL: not measured, DOISOAT_TEST_POSTGRES is not set"),
    }
    let history = std::env::var("DOISOAT_BENCH_HISTORY").unwrap_or_default();
    let millions: Vec<u64> = history
        .split(',')
        .filter_map(|word| word.trim().parse().ok())
        .collect();
    if !millions.is_empty() {
        run_grown(postgres.as_deref(), folder, &millions);
    }
}

/// A copy of the prepared file.
fn copy(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::copy(folder.join("template.db"), &path).unwrap();
    format!("sqlite://{}", path.display())
}

fn remove(url: &str) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", url.trim_start_matches("sqlite://")));
    }
}

/// Bytes of a database.
fn bytes(url: &str) -> i64 {
    match url.strip_prefix("sqlite://") {
        Some(path) => fs::metadata(path).map_or(0, |file| file.len() as i64),
        None => {
            let size = "SELECT pg_database_size(current_database())";
            let output = Command::new("psql")
                .args(["-Atqd", url, "-c", size])
                .output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            text.trim().parse().unwrap()
        }
    }
}

/// What a loaded database came to: bytes for each payment, and payments in a commit.
fn per_payment(url: &str, before: i64) -> (i64, i64) {
    let (payments, blocks) = written(url);
    (
        (bytes(url) - before) / payments.max(1),
        payments / blocks.max(1),
    )
}

fn run_sqlite(folder: &Path, without: f64) -> String {
    let single = copy(folder, "single.db");
    let case = Case {
        name: "SQLite, one transaction per call",
        batch: "1",
        url: &single,
        gateways: 1,
        conns: 64,
        rate: None,
    };
    let single_rate = measure(&case, folder).rate;
    remove(&single);
    let mut best: Option<Measured> = None;
    let mut kept = (0, 1);
    for conns in [64, 256] {
        let url = copy(folder, "grouped.db");
        let before = bytes(&url);
        let case = Case {
            name: "SQLite, everything waiting in one",
            batch: "512",
            url: &url,
            conns,
            ..case
        };
        let found = measure(&case, folder);
        if best.is_none_or(|best| found.rate > best.rate) {
            (best, kept) = (Some(found), per_payment(&url, before));
        }
        remove(&url);
    }
    let best = best.unwrap();
    let url = copy(folder, "half.db");
    let half = measure(
        &Case {
            name: "SQLite, half load",
            batch: "512",
            url: &url,
            rate: Some(best.rate * HALF),
            ..case
        },
        folder,
    );
    remove(&url);
    let url = copy(folder, "floor.db");
    let floor = floor(&url, kept.1.max(1) as usize);
    remove(&url);
    println!("| SQLite, a bare loop of the same writes | | {floor:.0} | | | | | | | | |");
    format!(
        "SQLite: {:.1} times its own rate with one transaction per call, {:.0} % of the bare loop, {:.0} % of the \
         handler without storage; {} payments in a commit; {} bytes for a payment on disk; p99 at half load {:.1} ms",
        best.rate / single_rate,
        100.0 * best.rate / floor,
        100.0 * best.rate / without,
        kept.1,
        kept.0,
        half.p99
    )
}

fn run_postgres(server: &str, folder: &Path, without: f64) -> String {
    let fresh = || new_database(server, "bench_load", "bench_template");
    let mut best: Option<Measured> = None;
    let mut kept = (0, 1);
    for (name, gateways, conns) in [
        ("PostgreSQL, everything waiting in one", 1, 64),
        ("PostgreSQL, everything waiting in one", 1, 256),
        ("PostgreSQL, two gateways", 2, 256),
    ] {
        let url = fresh();
        let before = bytes(&url);
        let case = Case {
            name,
            batch: "512",
            url: &url,
            gateways,
            conns,
            rate: None,
        };
        let found = measure(&case, folder);
        if gateways == 1 && best.is_none_or(|best| found.rate > best.rate) {
            (best, kept) = (Some(found), per_payment(&url, before));
        }
    }
    let best = best.unwrap();
    let half = measure(
        &Case {
            name: "PostgreSQL, half load",
            batch: "512",
            url: &fresh(),
            gateways: 1,
            conns: 64,
            rate: Some(best.rate * HALF),
        },
        folder,
    );
    let bare = floor(&fresh(), kept.1.max(1) as usize);
    println!("| PostgreSQL, a bare loop of the same writes | | {bare:.0} | | | | | | | | |");
    let floors = |way| {
        [16, 64]
            .map(|clients| pgbench(server, way, clients, folder))
            .into_iter()
            .fold(0.0, f64::max)
    };
    let (plain, combined) = (floors(Way::Plain), floors(Way::Combined));
    format!(
        "PostgreSQL: {:.1} times pgbench with a plain transaction per payment, {:.1} times with a combined statement, \
         {:.0} % of the bare loop, {:.0} % of the handler without storage; {} payments in a commit; {} bytes for a \
         payment on disk; p99 at half load {:.1} ms",
        best.rate / plain,
        best.rate / combined,
        100.0 * best.rate / bare,
        100.0 * best.rate / without,
        kept.1,
        kept.0,
        half.p99
    )
}

/// The same load with millions of payments before it, and how soon a gateway is ready on them.
fn run_grown(postgres: Option<&str>, folder: &Path, millions: &[u64]) {
    println!(
        "\n| payments before | database | ready ms | calls/s | of the empty one | p99 ms |\n|---|---|--:|--:|--:|--:|"
    );
    let engines = ["SQLite", "PostgreSQL"];
    for engine in engines
        .into_iter()
        .take(1 + usize::from(postgres.is_some()))
    {
        let mut first = None;
        for million in std::iter::once(&0).chain(millions) {
            let url = match postgres.filter(|_| engine == "PostgreSQL") {
                Some(server) => new_database(server, "bench_grown", "bench_template"),
                None => copy(folder, "grown.db"),
            };
            grow(&url, *million);
            let mut server = Server::start("512", &url);
            let ready = server.ready_ms;
            server.stop();
            let found = load::quietly(&url, folder);
            let whole = *first.get_or_insert(found.rate);
            println!(
                "| {million},000,000 | {engine} | {ready:.0} | {:.0} | {:.0} % | {:.1} |",
                found.rate,
                100.0 * found.rate / whole,
                found.p99
            );
            remove(&url);
        }
    }
    if let Some(server) = postgres {
        new_database(server, "bench_grown", "template1");
    }
}
