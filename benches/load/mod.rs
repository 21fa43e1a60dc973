//! A load on gateways in processes of their own, and what it costs them: calls a second, latencies,
//! processor time by who used it, memory. The calls come from `wrk` on the same machine.

pub(crate) mod floor;
pub(crate) mod history;
pub(crate) mod pgbench;
pub(crate) mod prepare;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use doisoat::cli::context::provider_facts;
use doisoat::config::clock::Clock;
use doisoat::config::load::load;
use doisoat::config::settings::Settings;
use doisoat::journeys::take_notices::start_storing_nothing;
use doisoat::store::Db;
use doisoat::web::Gateway;
use doisoat::web::server::serve_on;

use prepare::{BILLS, SECRET};

/// How long a case is loaded.
pub(crate) const SECONDS: u64 = 6;
/// Ticks of `/proc` in a second.
const TICKS: f64 = 100.0;

/// One line of the table.
pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    /// The most calls of one commit, or `none` for a gateway that stores nothing.
    pub(crate) batch: &'a str,
    pub(crate) url: &'a str,
    pub(crate) gateways: usize,
    pub(crate) conns: u32,
    /// Calls a second that are asked for; none for as many as there can be.
    pub(crate) rate: Option<f64>,
}

/// What a case came to.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Calls a second.
    pub(crate) rate: f64,
    /// Milliseconds.
    p50: f64,
    pub(crate) p99: f64,
    p999: f64,
    refused: u64,
}

pub(crate) fn heading() {
    println!(
        "| case | connections | calls/s | p50 ms | p99 ms | p99.9 ms | gateway % | database % | load % | idle MB | load MB |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
}

/// Measures one case and prints its line.
pub(crate) fn measure(case: &Case<'_>, folder: &Path) -> Measured {
    let (all, line) = loaded(case, folder);
    println!("{line}");
    if all.refused > 0 {
        println!("    {} calls were not answered 200", all.refused);
    }
    if all.rate * (SECONDS as f64) > BILLS as f64 && case.batch != "none" {
        println!("    more calls than bills: the last ones were repeats");
    }
    all
}

/// Measures a full load of one database and prints nothing.
pub(crate) fn quietly(url: &str, folder: &Path) -> Measured {
    let case = Case {
        name: "",
        batch: "512",
        url,
        gateways: 1,
        conns: 256,
        rate: None,
    };
    loaded(&case, folder).0
}

fn loaded(case: &Case<'_>, folder: &Path) -> (Measured, String) {
    let mut servers: Vec<Server> = (0..case.gateways)
        .map(|_| Server::start(case.batch, case.url))
        .collect();
    let idle = memory(&servers, "VmRSS:");
    let before = Processor::now(&servers);
    let conns = case.conns / case.gateways as u32;
    // Each connection waits for about so long between an answer and its next call.
    let pause = case
        .rate
        .map_or(0.0, |rate| f64::from(case.conns) * 1_000.0 / rate);
    let loads: Vec<Child> = servers
        .iter()
        .enumerate()
        .map(|(place, server)| {
            let threads = if case.gateways == 1 { 2 } else { 1 };
            Command::new("wrk")
                .args(["--timeout", "20s", "-s"])
                .arg(folder.join("replay.lua"))
                .args([
                    format!("-t{threads}"),
                    format!("-c{conns}"),
                    format!("-d{SECONDS}s"),
                    format!("http://{}", server.address),
                    "--".to_owned(),
                    (place * threads).to_string(),
                    (case.gateways * threads).to_string(),
                    format!("{pause:.3}"),
                ])
                .stdout(Stdio::piped())
                .spawn()
                .expect("wrk is missing: apt-get install wrk")
        })
        .collect();
    let parts: Vec<Measured> = loads.into_iter().map(told).collect();
    let spent = Processor::now(&servers).since(&before);
    let peak = memory(&servers, "VmHWM:");
    servers.iter_mut().for_each(Server::stop);
    let worst = |of: fn(&Measured) -> f64| parts.iter().map(of).fold(0.0, f64::max);
    let all = Measured {
        rate: parts.iter().map(|part| part.rate).sum(),
        p50: worst(|part| part.p50),
        p99: worst(|part| part.p99),
        p999: worst(|part| part.p999),
        refused: parts.iter().map(|part| part.refused).sum(),
    };
    let line = format!(
        "| {} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} | {idle} | {peak} |",
        case.name,
        case.conns,
        all.rate,
        all.p50,
        all.p99,
        all.p999,
        spent.gateways,
        spent.database,
        spent.rest
    );
    (all, line)
}

/// What the script says at its end: calls, microseconds, microseconds at 50, 99 and 99.9 %, refused.
fn told(child: Child) -> Measured {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("told "));
    let line = line.unwrap_or_else(|| panic!("wrk says: {text}"));
    let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
    Measured {
        rate: numbers[0] * 1e6 / numbers[1],
        p50: numbers[2] / 1_000.0,
        p99: numbers[3] / 1_000.0,
        p999: numbers[4] / 1_000.0,
        refused: numbers[5] as u64,
    }
}

/// The script that replays the calls: each thread of each process its own ones.
pub(crate) fn write_script(folder: &Path) {
    let script = r#"local next_id = 0
function setup(thread) thread:set("id", next_id); next_id = next_id + 1 end
function init(args)
  local mine, all = id + tonumber(args[1]), tonumber(args[2])
  pause = tonumber(args[3])
  math.randomseed(id + 1)
  calls = {}
  local file = io.open("CALLS", "rb")
  local n = 0
  while true do
    local size = file:read(8)
    if not size then break end
    local call = file:read(tonumber(size))
    if n % all == mine then calls[#calls + 1] = call end
    n = n + 1
  end
  file:close()
  at = 0
end
function request() at = at % #calls + 1; return calls[at] end
function delay() return math.random(0, math.floor(2 * pause)) end
function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format("told %d %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"#;
    let calls = folder.join("calls").display().to_string();
    fs::write(folder.join("replay.lua"), script.replace("CALLS", &calls)).unwrap();
}

/// A gateway in a process of its own.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) ready_ms: f64,
}

impl Server {
    pub(crate) fn start(batch: &str, url: &str) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--serve", batch, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().to_owned();
        while !is_ready(&address) {}
        Self {
            child,
            address,
            ready_ms: begun.elapsed().as_secs_f64() * 1_000.0,
        }
    }

    pub(crate) fn stop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

fn is_ready(address: &str) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200")
}

/// The gateway's process: serves until its standard input closes.
pub(crate) fn serve(batch: &str, url: &str) {
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

fn memory(servers: &[Server], label: &str) -> u64 {
    let of = |server: &Server| {
        let path = format!("/proc/{}/status", server.child.id());
        let status = fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(label));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
    };
    servers.iter().filter_map(of).sum::<u64>() / 1024
}

/// Seconds of processor time; as a difference, percent of one core.
struct Processor {
    at: Instant,
    gateways: f64,
    database: f64,
    rest: f64,
}

impl Processor {
    fn now(servers: &[Server]) -> Self {
        let gateways = servers.iter().map(|server| ticks(server.child.id())).sum();
        let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let name = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
            (name.trim() == "postgres").then(|| ticks(id))
        });
        let database = processes.sum();
        let stat = fs::read_to_string("/proc/stat").unwrap();
        // user, nice, system, idle, waiting, interrupts, soft interrupts
        let first = stat.lines().next().unwrap().split_whitespace().skip(1);
        let all: Vec<f64> = first.map(|word| word.parse().unwrap()).collect();
        let busy = all[0] + all[1] + all[2] + all[5] + all[6];
        Self {
            at: Instant::now(),
            gateways,
            database,
            rest: busy / TICKS - gateways - database,
        }
    }

    fn since(&self, before: &Self) -> Self {
        let percent =
            |now: f64, then: f64| 100.0 * (now - then) / (self.at - before.at).as_secs_f64();
        Self {
            at: self.at,
            gateways: percent(self.gateways, before.gateways),
            database: percent(self.database, before.database),
            rest: percent(self.rest, before.rest),
        }
    }
}

/// Seconds that a process and those it waited for have used.
fn ticks(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let Some((_, behind)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let own = fields[11..13]
        .iter()
        .map(|word| word.parse::<f64>().unwrap());
    own.sum::<f64>() / TICKS
}
