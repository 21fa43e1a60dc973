//! A collector of traces in a process of its own: it decodes what a gateway sends with the published
//! package and gives the spans back. `tests/run` brings the package; without it these tests fail.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::http::{exchange, request};

pub(crate) struct Collector {
    process: Child,
    pub(crate) url: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let folder = std::env::var("DOISOAT_TEST_RECEIVERS").unwrap_or_else(|_| {
            panic!(
                "DOISOAT_TEST_RECEIVERS IS NOT SET: this test needs a package of PyPI and is not \
                 skipped; run tests/run, which brings it"
            )
        });
        let script = "tests/fixtures/traces/collector.py";
        let mut process = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .arg(Path::new(&folder).join("python"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "the collector did not start");
        let url = url.trim().to_owned();
        Self { process, url }
    }

    /// The section of settings that sends traces here.
    pub(crate) fn settings(&self) -> String {
        format!("[traces]\notlp_endpoint = \"{}\"\n", self.url)
    }

    /// Everything that was taken so far.
    pub(crate) fn taken(&self) -> String {
        let address = self.url.trim_start_matches("http://").parse().unwrap();
        exchange(address, &request("GET", "/", &[], b"")).body
    }

    pub(crate) fn spans(&self) -> Vec<Value> {
        serde_json::from_str(&self.taken()).unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
