//! The dashboard and the alert rules in a real Prometheus that reads a real gateway under some load: every
//! expression is taken and finds something, every figure and label they name is there. `tests/run`
//! brings Prometheus; without it this test fails.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::seeing::named;
use crate::support::app::BANK_KEY;
use crate::support::http::{exchange, request};
use crate::support::office::{HERE, bank_request, transfer};
use crate::support::program::{Program, settings_of};
use crate::support::{Engine, TestApp};

/// Nothing here takes so long on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(file)
}

/// A Prometheus that reads one gateway twice a second.
struct Prometheus {
    process: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(folder: &Path, gateway: SocketAddr) -> Self {
        // It comes in one package with the program that checks rules.
        let promtool = std::env::var("DOISOAT_TEST_PROMTOOL").unwrap_or("promtool".to_owned());
        let program = Path::new(&promtool).with_file_name("prometheus");
        let rules = deploy("alerts.yml");
        let config = folder.join("prometheus.yml");
        let text = json!({
            "global": { "scrape_interval": "500ms", "evaluation_interval": "500ms" },
            "rule_files": [rules],
            "scrape_configs": [{
                "job_name": "doisoat",
                "scrape_timeout": "500ms",
                "static_configs": [{ "targets": [gateway.to_string()] }],
            }],
        });
        fs::write(&config, text.to_string()).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = Command::new(&program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("prometheus.log")).unwrap())
            .spawn();
        let process = process
            .unwrap_or_else(|error| panic!("{}: {error}; tests/run brings it", program.display()));
        let prometheus = Self { process, address };
        // It listens before it can answer.
        until(|| {
            TcpStream::connect(address).ok()?;
            let ready = exchange(address, b"GET /-/ready HTTP/1.0\r\n\r\n");
            (ready.status == 200).then_some(())
        });
        prometheus
    }

    /// What it answers at an address of its API, where it answers well.
    fn asked(&self, target: &str) -> Value {
        // It answers in pieces unless the connection ends with the answer.
        let ask = format!("GET /api/v1/{target} HTTP/1.0\r\n\r\n");
        let told = exchange(self.address, ask.as_bytes()).json();
        assert_eq!(told["status"], "success", "{target}: {told}");
        told["data"].clone()
    }

    /// The series of an expression over the last seconds, asked for as a dashboard asks.
    fn series(&self, expression: &str) -> Vec<Value> {
        let query: String = form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        // Its clock says which are the last ones.
        let times = self.asked("query?query=vector(time())")["result"][0]["value"][1].clone();
        let now: u64 = times
            .as_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let span = format!("start={}&end={now}&step=1", now - 5);
        let told = self.asked(&format!("query_range?query={query}&{span}"));
        told["result"].as_array().unwrap().clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "it takes too long");
        std::thread::yield_now();
    }
}

/// The names between two marks.
fn between(text: &str, begin: &str, end: &str) -> BTreeSet<String> {
    let found = text.split(begin).skip(1);
    found
        .filter_map(|rest| Some(rest.split_once(end)?.0.trim().to_owned()))
        .collect()
}

/// Every variable is one of the dashboard's own or one that Grafana has.
fn variables_resolve(dashboard: &Value) {
    let own: BTreeSet<&str> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    let text = dashboard.to_string();
    let used = text.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches('{');
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        &rest[..end.unwrap()]
    });
    let mut count = 0;
    for name in used {
        count += 1;
        assert!(
            own.contains(name) || name == "__rate_interval",
            "${name} is nowhere"
        );
    }
    assert!(count > 20, "{text}");
}

/// A gateway to which everything happens that a figure is about.
fn busy(app: &TestApp, folder: &Path) -> Program {
    app.has_office();
    let bill = app.has_bill(HERE, "H12.104-260105-0001", 50_000);
    let more = "[status_queries]\nfirst_after_s = 1\n\
        [sources.vcb]\nkind = \"bank\"\naccount = \"1017588888\"\nchannels = [\"bank\"]\n\
        [subscribers.ear]\nurl = \"http://127.0.0.1:1/x\"\n\
        secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    // Nobody answers there.
    let nowhere = "http://127.0.0.1:1/query";
    let program = Program::serve(
        folder,
        &settings_of(&app.database, more),
        &[("DOISOAT__CHANNELS__VNPAY__SETTINGS__QUERY_URL", nowhere)],
    );
    let bearer = format!("Bearer {}", app.token_of("dossier-system", None));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "channel": "vnpay", "order_ref": "ORDER-1", "bill_reference": bill });
    let attempt = request(
        "POST",
        "/api/v1/attempts",
        &headers,
        body.to_string().as_bytes(),
    );
    assert_eq!(exchange(program.address, &attempt).status, 201);
    program
}

fn some_load(program: &Program, round: u64) {
    for (id, key, status) in [
        (round, BANK_KEY, 200),
        (round, BANK_KEY, 200),
        (0, "forged", 401),
    ] {
        let body = transfer(id, 1000, "memo").to_string();
        let reply = exchange(program.address, &bank_request(body.as_bytes(), key));
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

#[test]
fn every_expression_of_dashboard_and_rules_finds_something_in_a_real_prometheus() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start(Engine::Sqlite, "");
    let program = busy(&app, folder.path());
    let prometheus = Prometheus::start(folder.path(), program.address);
    let mut round = 0;
    // Until it has read what took longest to happen twice, so that rates can be told.
    until(|| {
        round += 1;
        some_load(&program, round);
        let last = "count_over_time(doisoat_status_queries_total[1m]) > 2";
        (!prometheus.series(last).is_empty()).then_some(())
    });
    let dashboard = fs::read_to_string(deploy("dashboard.json")).unwrap();
    let rules = fs::read_to_string(deploy("alerts.yml")).unwrap();
    for name in named(&dashboard).into_iter().chain(named(&rules)) {
        assert!(!prometheus.series(&name).is_empty(), "there is no {name}");
    }
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    variables_resolve(&dashboard);
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    for target in targets {
        // Grafana takes four times the distance of two readings at least.
        let expression = target["expr"]
            .as_str()
            .unwrap()
            .replace("$__rate_interval", "1m");
        let series = prometheus.series(&expression);
        assert!(!series.is_empty(), "{expression} finds nothing");
        for label in between(target["legendFormat"].as_str().unwrap(), "{{", "}}") {
            let has = |one: &Value| one["metric"].get(&label).is_some();
            assert!(
                series.iter().all(has),
                "{expression} has no {label}: {series:?}"
            );
        }
    }
    let evaluated = until(|| {
        let groups = prometheus.asked("rules")["groups"].clone();
        let rules = groups[0]["rules"].as_array()?.clone();
        let is_done = |rule: &Value| rule["health"] != "unknown";
        rules.iter().all(is_done).then_some(rules)
    });
    assert!(evaluated.len() > 10, "{evaluated:?}");
    for rule in evaluated {
        assert_eq!(
            (&rule["health"], &rule["lastError"]),
            (&json!("ok"), &Value::Null),
            "{rule}"
        );
        labels_are_there(&prometheus, &rule);
    }
}

/// The labels of which an alert speaks are on what its rule compares.
fn labels_are_there(prometheus: &Prometheus, rule: &Value) {
    let query = rule["query"].as_str().unwrap();
    // What a rule compares, without the bound: an alert that does not ring has no labels to look at.
    let compared = query
        .split([' '])
        .take_while(|word| !matches!(*word, ">" | "=="));
    let compared: Vec<&str> = compared.collect();
    let series = prometheus.series(&compared.join(" "));
    assert!(!series.is_empty(), "{query} compares nothing");
    let summary = rule["annotations"]["summary"].as_str().unwrap();
    for label in between(summary, "$labels.", "}}") {
        let has = |one: &Value| one["metric"].get(&label).is_some();
        assert!(series.iter().all(has), "{query} has no {label}: {series:?}");
    }
}
