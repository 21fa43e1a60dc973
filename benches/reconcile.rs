//! How long it takes to compare a million settlement lines with a million payments, beside DuckDB,
//! polars and pandas doing the same with the same files. Prints one table.
//!
//! `cargo bench --bench reconcile`
//!
//! Every tool runs in a process of its own, reads both CSV files, joins them fully by transaction id
//! and classifies every row. The others also write one line per row into a file; our second run packs
//! the outcome of every line and every payment with what it was matched with, and keeps them in a
//! database (SQLite, `synchronous=FULL`) as `reconcile` does. Time is taken inside the process, after
//! its libraries are loaded. All must find the same counts. The Python packages are installed into a
//! folder of their own (`DOISOAT_BENCH_VENV`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "a benchmark may stop at the first surprise"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use chrono::{NaiveDate, Utc};
use doisoat::domain::money::Currency;
use doisoat::domain::payment::PaymentStatus;
use doisoat::reconciliation::compare::known::known;
use doisoat::reconciliation::compare::{
    ChannelNo, Comparison, Contract, FileNo, Input, Item, LineFacts, LineKind, OutcomeKind,
    PaymentFacts, Side, Terms, compare,
};
use doisoat::reconciliation::outcomes::{self as packed, Page};
use doisoat::reconciliation::problem::Problem;
use doisoat::reconciliation::text::dates::DateOrder;
use doisoat::reconciliation::text::fast::{Record, day, each_record, whole_amount};
use doisoat::store::Db;
use doisoat::store::rows::{ComparisonRow, OutcomePageRow};
use doisoat::store::types::Ts;
use sha2::{Digest, Sha256};
use uuid::Uuid;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u64 = 1_000_000;
const RUNS: usize = 3;
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/reconcile_peers.py");

type Counts = BTreeMap<String, u64>;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--ours") {
        ours(Path::new(&arguments[place + 1]), &arguments[place + 2]);
        return;
    }
    let folder = std::env::temp_dir().join(format!("doisoat-reconcile-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    generate(&folder);
    // What the system still writes would be measured with the first ones.
    assert!(Command::new("sync").status().unwrap().success());
    measure(&folder);
    fs::remove_dir_all(&folder).unwrap();
}

/// A generator whose numbers depend on nothing but its seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// What is wrong with a row: 0.5 % of each kind.
fn fault(row: u64) -> u64 {
    row % 200
}

/// The same numbers in another order.
fn shuffled(seed: u64) -> Vec<u64> {
    let mut numbers = Numbers(seed);
    let mut rows: Vec<u64> = (0..ROWS).collect();
    for place in (1..rows.len()).rev() {
        rows.swap(place, numbers.next(place as u64 + 1) as usize);
    }
    rows
}

fn amount(row: u64) -> i64 {
    (Numbers(row).next(900) as i64 + 100) * 1_000 + (row % 7) as i64
}

/// 1.65 %, half up.
fn fee(amount: i64) -> i64 {
    (amount * 165 + 5_000) / 10_000
}

fn generate(folder: &Path) {
    let mut payments = BufWriter::new(File::create(folder.join("payments.csv")).unwrap());
    writeln!(
        payments,
        "payment_id,provider_txn_id,order_ref,amount,currency,status,paid_on"
    )
    .unwrap();
    for row in shuffled(1).into_iter().filter(|row| fault(*row) != 2) {
        let status = if fault(row) == 4 {
            "failed"
        } else {
            "succeeded"
        };
        let (amount, paid) = (amount(row), 1 + row % 28);
        writeln!(
            payments,
            "P{row:07},{},DH26{row:08},{amount},VND,{status},2026-09-{paid:02}",
            34_500_000_000 + row * 13
        )
        .unwrap();
    }
    payments.flush().unwrap();
    let mut lines = BufWriter::new(File::create(folder.join("settlement.csv")).unwrap());
    writeln!(
        lines,
        "\"Thời gian GD\",Mã giao dịch,Mã đơn hàng,\"Điểm thu\",Số tiền,Phí,Trạng thái"
    )
    .unwrap();
    for row in shuffled(2).into_iter().filter(|row| fault(*row) != 1) {
        let gross = amount(row) + i64::from(fault(row) == 0) * 1_000;
        let fee = fee(gross) + i64::from(fault(row) == 3);
        let (paid, hour) = (1 + row % 28, row % 24);
        writeln!(
            lines,
            "{paid:02}/09/2026 {hour:02}:{:02}:{:02},{},DH26{row:08},\"UBND phường {}, Cà Mau\",{gross},{fee},Thành công",
            row % 60,
            (row / 7) % 60,
            34_500_000_000 + row * 13,
            row % 64,
        )
        .unwrap();
    }
    lines.flush().unwrap();
    for name in ["payments.csv", "settlement.csv"] {
        let size = fs::metadata(folder.join(name)).unwrap().len();
        println!("{name}: {} MB", size / 1_000_000);
    }
}

fn contract(input: &mut Input) -> ChannelNo {
    input.add_channel(Contract {
        channel: "bench".to_owned(),
        terms: Some(Terms {
            basis_points: 165.into(),
            ..Terms::default()
        }),
        grace_days: 1,
        currency: Currency::VND,
        account: None,
        payout_marks: Vec::new(),
    })
}

fn text<'a>(record: &Record<'a>, place: usize) -> &'a str {
    match record.bytes(place) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).unwrap(),
        Cow::Owned(_) => panic!("a doubled quote in an id"),
    }
}

fn unusual(place: u32, field: &str) -> Problem {
    Problem::at(
        u64::from(place),
        format!("{field} is unusual: the general reader is needed"),
    )
}

/// A word that is mostly that of the row before, and what it means.
struct Known<T> {
    word: Vec<u8>,
    meaning: Option<T>,
}

impl<T: Copy> Known<T> {
    const NOTHING: Self = Self {
        word: Vec::new(),
        meaning: None,
    };

    fn read(&mut self, word: &[u8], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.meaning.is_none() || self.word != word {
            self.meaning = parse(std::str::from_utf8(word).ok()?);
            self.word = word.to_vec();
        }
        self.meaning
    }
}

fn read_payments(path: &Path) -> Input {
    let mut input = Input::on(NaiveDate::from_ymd_opt(2026, 11, 1).unwrap());
    let channel = contract(&mut input);
    let size = fs::metadata(path).unwrap().len() as usize;
    input.reserve(size / 64, 0);
    let (mut currency, mut status) = (Known::NOTHING, Known::NOTHING);
    each_record(File::open(path).unwrap(), b',', |place, record| {
        if place == 1 {
            return Ok(());
        }
        let id: u64 = text(&record, 0)[1..].parse().unwrap();
        input.add_payment(&PaymentFacts {
            id: Uuid::from_u64_pair(0, id),
            channel,
            txn_id: Some(text(&record, 1)),
            order_ref: Some(text(&record, 2)),
            bank_txn_id: None,
            references: &[],
            amount: whole_amount(&record.bytes(3)).ok_or_else(|| unusual(place, "amount"))?,
            currency: currency
                .read(&record.bytes(4), |word| Currency::parse(word).ok())
                .ok_or_else(|| unusual(place, "currency"))?,
            status: status
                .read(&record.bytes(5), PaymentStatus::parse)
                .ok_or_else(|| unusual(place, "status"))?,
            day: day(&record.bytes(6), DateOrder::Ymd).ok_or_else(|| unusual(place, "day"))?,
            waits_until: None,
            is_direct: false,
            is_expired: false,
        });
        Ok(())
    })
    .unwrap();
    input
}

/// Where the second part of the lines begins: both threads get as many bytes.
fn cut(folder: &Path) -> u64 {
    let size = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
    let (payments, lines) = (size("payments.csv"), size("settlement.csv"));
    let mut file = File::open(folder.join("settlement.csv")).unwrap();
    let near = (payments + lines) / 2;
    file.seek(SeekFrom::Start(near)).unwrap();
    let mut rest = Vec::new();
    BufReader::new(file).read_until(b'\n', &mut rest).unwrap();
    near + rest.len() as u64
}

/// The lines from some byte to another, and how many records they are. A quote that is open where they
/// end is an error: then the file cannot be cut there.
fn read_lines(path: &Path, from: u64, to: u64) -> (Input, u32) {
    let mut input = Input::on(NaiveDate::from_ymd_opt(2026, 11, 1).unwrap());
    let channel = contract(&mut input);
    // The rest of the file is taken over behind its beginning.
    let size = fs::metadata(path).unwrap().len() - from;
    input.reserve(0, (size / 96) as usize);
    let mut file = File::open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    let mut records = 0;
    each_record(file.take(to - from), b',', |place, record| {
        records = place;
        if from == 0 && place == 1 {
            return Ok(());
        }
        let is_money = *record.bytes(6) == *"Thành công".as_bytes();
        input.add_line(&LineFacts {
            file: FileNo(0),
            place,
            channel,
            txn_id: Some(text(&record, 1)),
            order_ref: Some(text(&record, 2)),
            batch: None,
            gross: whole_amount(&record.bytes(4)).ok_or_else(|| unusual(place, "amount"))?,
            fee: Some(whole_amount(&record.bytes(5)).ok_or_else(|| unusual(place, "fee"))?),
            net: None,
            kind: if is_money {
                LineKind::Payment
            } else {
                LineKind::Failed
            },
            currency: Currency::VND,
            day: day(&record.bytes(0), DateOrder::Dmy).ok_or_else(|| unusual(place, "day"))?,
        });
        Ok(())
    })
    .unwrap();
    (input, records)
}

/// One run of ours, in a process of its own.
fn ours(folder: &Path, write: &str) {
    let begun = Instant::now();
    let path = &folder.join("settlement.csv");
    let cut = cut(folder);
    let input = std::thread::scope(|scope| {
        let second = scope.spawn(move || {
            let payments = read_payments(&folder.join("payments.csv"));
            (payments, read_lines(path, cut, u64::MAX).0)
        });
        let (lines, records) = read_lines(path, 0, cut);
        let (payments, rest) = second.join().unwrap();
        payments.with_lines_of(lines.with_lines_of(rest, records), 0)
    });
    let read = begun.elapsed();
    let found = compare(&input);
    let counts = counts(&found);
    let compared = begun.elapsed();
    if write == "store" {
        store(&folder.join("ours.db"), &input, &found);
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "  read {:.2} s, compared {:.2} s, all {seconds:.2} s",
        read.as_secs_f64(),
        compared.as_secs_f64()
    );
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let peak: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!(
        "{}",
        serde_json::json!({"seconds": seconds, "peak_mb": peak / 1024, "counts": counts})
    );
    // The memory is the system's to take back.
    std::process::exit(0);
}

/// Keeps every outcome, as the program does, in one transaction.
fn store(path: &Path, input: &Input, found: &Comparison) {
    let day = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    let db = Db::open(&address(path)).unwrap();
    db.write(|queries| {
        let (mut page, mut hash, mut number) = (Page::default(), Sha256::new(), 0);
        let mut keep = |page: &mut Page| {
            let item_count = page.len() as i32;
            let data = page.take();
            hash.update(&data);
            number += 1;
            queries.insert_outcome_pages(&[OutcomePageRow {
                tenant: 1,
                day,
                page: number,
                item_count,
                data,
            }])
        };
        for (item, outcome) in found.all() {
            let entry = packed::Entry {
                side: item.side(),
                key: key(input, found, item),
                kind: outcome.kind,
                rule: outcome.rule,
                difference: outcome.difference,
                turns_on: outcome.turns_on,
            };
            let named = found.links(outcome).map(|link| packed::Named {
                side: link.item.side(),
                key: key(input, found, link.item),
                role: link.role,
                allocated: link.allocated,
            });
            page.push(&entry, named);
            if page.len() == packed::PAGE_ITEMS {
                keep(&mut page)?;
            }
        }
        keep(&mut page)?;
        queries.insert_comparison(&ComparisonRow {
            tenant: 1,
            day,
            compared_at: Ts(Utc::now()),
            compared_by: "bench".to_owned(),
            counts: serde_json::to_string(&counts(found)).unwrap(),
            digest: hash.finalize().to_vec(),
        })
    })
    .unwrap();
}

fn address(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn key<'a>(input: &'a Input, found: &'a Comparison, item: Item) -> packed::Key<'a> {
    let known = known(input, found, item).unwrap();
    match item.side() {
        Side::Payment | Side::Refund => packed::Key::Id(known.id.unwrap()),
        Side::Line | Side::Bank => packed::Key::Place(Uuid::from_u128(1), known.place),
        Side::Payout | Side::Batch => packed::Key::Batch(Uuid::from_u128(1), known.batch),
    }
}

fn counts(found: &Comparison) -> Counts {
    let mut counts: BTreeMap<OutcomeKind, u64> = BTreeMap::new();
    let missing = OutcomeKind::MissingInSettlement;
    for outcome in found
        .lines
        .iter()
        .chain(found.payments.iter().filter(|one| one.kind == missing))
    {
        *counts.entry(outcome.kind).or_default() += 1;
    }
    let named = |(kind, count): (OutcomeKind, u64)| (kind.as_str().to_owned(), count);
    counts.into_iter().map(named).collect()
}

struct Run {
    seconds: f64,
    peak: u64,
    counts: Counts,
}

fn run(command: &mut Command) -> Option<Run> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .ok()?;
    let last = String::from_utf8_lossy(&output.stdout);
    let found: serde_json::Value = serde_json::from_str(last.lines().last()?).ok()?;
    Some(Run {
        seconds: found["seconds"].as_f64()?,
        peak: found["peak_mb"].as_u64()?,
        counts: serde_json::from_value(found["counts"].clone()).ok()?,
    })
}

/// A database as it is before the day.
fn fresh(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    Db::open(&address(path)).unwrap().migrate().unwrap();
}

/// The fastest of several runs.
fn best(mut command: impl FnMut() -> Command) -> Option<Run> {
    let runs = (0..RUNS).filter_map(|_| run(&mut command()));
    runs.min_by(|one, other| one.seconds.total_cmp(&other.seconds))
}

fn measure(folder: &Path) {
    let own = std::env::current_exe().unwrap();
    let python = python();
    let mut rows = Vec::new();
    for (name, write) in [
        ("doisoat, compared", "no"),
        ("doisoat, and every outcome kept", "store"),
    ] {
        let run = best(|| {
            fresh(&folder.join("ours.db"));
            let mut command = Command::new(&own);
            command.arg("--ours").arg(folder).arg(write);
            command
        });
        rows.push((name, run.expect("our own run ends")));
    }
    for name in ["duckdb", "polars", "pandas"] {
        let run = best(|| {
            let mut command = Command::new(&python);
            command.arg(PEERS).arg(name).arg(folder);
            command
        });
        match run {
            Some(run) => rows.push((name, run)),
            None => println!("{name} could not be run"),
        }
    }
    let first = &rows[0].1;
    println!("| | s | peak MB | times ours |\n|---|--:|--:|--:|");
    for (name, run) in &rows {
        let ratio = run.seconds / first.seconds;
        println!(
            "| {name} | {:.2} | {} | {ratio:.1} |",
            run.seconds, run.peak
        );
        assert_eq!(run.counts, first.counts, "{name} finds other counts");
    }
    println!("every tool finds {:?}", first.counts);
}

/// A Python with the packages.
fn python() -> PathBuf {
    let folder = std::env::var_os("DOISOAT_BENCH_VENV").map_or_else(
        || std::env::temp_dir().join("doisoat-bench-venv"),
        PathBuf::from,
    );
    let python = folder.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&folder)
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "python3 with venv is needed"
        );
        let mut pip = Command::new(folder.join("bin/pip"));
        let packages = ["install", "--quiet", "duckdb", "polars", "pandas"];
        assert!(
            pip.args(packages)
                .status()
                .is_ok_and(|status| status.success())
        );
    }
    python
}
