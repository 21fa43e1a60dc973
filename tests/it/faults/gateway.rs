//! The program as an operator runs it: a process of its own with a file of settings, killed, stopped and
//! started by a scenario. Its log is kept, and searched for bugs in the end.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a process may take to end after it was told to.
const PATIENCE: Duration = Duration::from_secs(40);

/// How a process is started.
#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    /// Another program than the one that is tested.
    pub(super) program: Option<PathBuf>,
    /// Shell words before the program, such as `ulimit -S -f 100;`.
    pub(super) before: String,
    /// Variables of its environment.
    pub(super) variables: Vec<(String, String)>,
}

/// A program that was told to serve.
pub(super) struct Gateway {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    log: PathBuf,
}

impl Gateway {
    /// Starts it; whether it comes to serve is to be seen.
    pub(super) fn spawn(config: &Path, log: &Path, start: &Start) -> Self {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("{} exec \"$0\" \"$@\"", start.before))
            .arg(start.program.as_deref().unwrap_or(own()))
            .args(["serve", "--json", "--config"])
            .arg(config)
            .envs(start.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(appended(log))
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            output,
            log: log.to_owned(),
        }
    }

    /// Waits until it says where it listens.
    pub(super) fn address(&mut self) -> SocketAddr {
        self.try_address().unwrap_or_else(|| {
            let log = std::fs::read_to_string(&self.log).unwrap();
            let end: Vec<&str> = log.lines().rev().take(20).collect();
            panic!("the gateway does not serve; its last words, latest first: {end:#?}")
        })
    }

    /// The same, or nothing where it ends before.
    pub(super) fn try_address(&mut self) -> Option<SocketAddr> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).ok()?;
        let address = told["address"].as_str().unwrap();
        Some(address.trim_start_matches("http://").parse().unwrap())
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, without waiting.
    pub(super) fn told_to_stop(&self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.unwrap().success());
    }

    /// Waits for its end.
    pub(super) fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the gateway has not ended within {PATIENCE:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM; it must end well.
    pub(super) fn stop(mut self) {
        self.told_to_stop();
        assert_eq!(self.ended().code(), Some(0), "told to stop");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn appended(log: &Path) -> File {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(log).unwrap()
}

/// The program that is tested.
pub(super) fn own() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_doisoat"))
}

/// Runs another command of a program to its end; gives its exit status and what it said.
pub(super) fn command(program: &Path, config: &Path, words: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(program)
        .arg("--config")
        .arg(config)
        .args(words)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
