//! The real program as a process of its own: a settings file comes in, an address and everything the
//! process ever wrote go out. It is ended when it is dropped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::database::TestDatabase;

pub(crate) struct Program {
    process: Child,
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) told: Value,
}

impl Program {
    /// Serves with these settings on a free port; its files stand in `folder`, its working directory.
    pub(crate) fn serve(folder: &Path, settings: &str, environment: &[(&str, &str)]) -> Self {
        let file = folder.join("doisoat.toml");
        fs::write(&file, settings).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args(["serve", "--json", "--config"])
            .arg(&file)
            .env("DOISOAT__SERVER__LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let written = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", written()));
        let address = told["address"].as_str().unwrap();
        let (_, address) = address.split_once("://").unwrap();
        Self {
            process,
            folder: folder.to_owned(),
            address: address.parse().unwrap(),
            told: told.clone(),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal by its name and tells whether there was somebody to get it.
    pub(crate) fn signal(&self, name: &str) {
        let told = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .status();
        assert!(told.unwrap().success());
    }

    /// Waits for the end and gives the exit status.
    pub(crate) fn end(&mut self) -> std::process::ExitStatus {
        self.process.wait().unwrap()
    }

    /// Everything it wrote to standard error.
    pub(crate) fn written(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Settings of every test for a database of its own.
pub(crate) fn settings_of(database: &TestDatabase, more: &str) -> String {
    format!("{}\n{more}", super::app::settings(&database.url))
}
