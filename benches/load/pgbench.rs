//! The floor that PostgreSQL's own load generator gives: the same row writes for each payment, in one
//! plain transaction of several statements, or in one statement.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::SECONDS;
use super::prepare::BILLS;

/// A database of its own on the server, copied from a template.
pub(crate) fn new_database(server: &str, name: &str, template: &str) -> String {
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

/// What is written for each payment: notice, payment, posting, bill, dossier, and the four count cells.
/// Counts by unit, balances and blocks, which the gateway writes once per batch, are left out in pgbench's
/// favour; each connection walks through days of its own in order.
const STATEMENTS: [&str; 9] = [
    r"INSERT INTO notices SELECT 1, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid, 'bank', decode(md5(random()::text) || md5(random()::text), 'hex'), decode(md5(random()::text) || md5(random()::text), 'hex'), bill_id, 'succeeded', 'recorded', true, convert_to(repeat('x', 560), 'UTF8'), NULL FROM bench_bills WHERE n = :n",
    r"INSERT INTO payments SELECT 1, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid, 'bank', 'standardwebhooks', md5(random()::text), 'FT000000012345', reference, 8000, 'VND', 'succeeded', now(), NULL, NULL, NULL, NULL, bill_id, dossier_id, 'exact', 'payment_reference', repeat('x', 120), 8000, 0, 0, 0 FROM bench_bills WHERE n = :n",
    r"INSERT INTO postings SELECT 1, 1000 + :client_id, (extract(epoch from clock_timestamp()) * 1000000)::bigint, 1, gen_random_uuid(), 'payment_recorded', 'clearing' || chr(58) || 'bank', 'receivable' || chr(58) || unit_code, 8000, 'VND', bill_id, bill_id, NULL FROM bench_bills WHERE n = :n",
    r"UPDATE bills SET paid_minor = total_minor, state = 'paid' FROM bench_bills b WHERE bills.tenant = 1 AND bills.bill_id = b.bill_id AND b.n = :n",
    r"UPDATE dossiers SET class = class | 24 FROM bench_bills b WHERE dossiers.tenant = 1 AND dossiers.dossier_id = b.dossier_id AND b.n = :n",
    r"INSERT INTO dossier_counts SELECT 1, 0, received_on, unit_code, procedure_code, 4, 1, -1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n - 1",
    r"INSERT INTO dossier_counts SELECT 1, 0, received_on, unit_code, procedure_code, 28, 1, 1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n + 1",
    r"INSERT INTO dossier_counts SELECT 1, 1, date_trunc('month', received_on)::date, unit_code, procedure_code, 4, 1, -1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n - 1",
    r"INSERT INTO dossier_counts SELECT 1, 1, date_trunc('month', received_on)::date, unit_code, procedure_code, 28, 1, 1 FROM bench_bills WHERE n = :n ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) DO UPDATE SET n = dossier_counts.n + 1",
];

/// How a payment is written.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Statement after statement in one transaction.
    Plain,
    /// All in one statement.
    Combined,
}

impl Way {
    fn script(self) -> String {
        match self {
            Self::Plain => format!("BEGIN;\n{};\nCOMMIT;\n", STATEMENTS.join(";\n")),
            Self::Combined => {
                let parts = (0..).zip(STATEMENTS);
                let parts = parts.map(|(place, sql)| format!("s{place} AS ({sql})"));
                format!("WITH {} SELECT 1;\n", parts.collect::<Vec<_>>().join(",\n"))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "pgbench, one plain transaction per payment",
            Self::Combined => "pgbench, one combined statement per payment",
        }
    }
}

/// Payments a second.
pub(crate) fn pgbench(server: &str, way: Way, clients: u32, folder: &Path) -> f64 {
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
    let sql = format!(
        "\\set i :i + 1\n\\set n 1 + (:client_id * {BILLS} / {clients} + :i) % {BILLS}\n{}",
        way.script()
    );
    fs::write(&script, sql).unwrap();
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
        "| {} | {clients} | {rate:.0} | {latency:.1} on average | | | | | | | |",
        way.name()
    );
    if rate == 0.0 {
        println!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    std::thread::sleep(Duration::from_millis(200));
    rate
}
