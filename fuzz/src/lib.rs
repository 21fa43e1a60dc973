//! What the targets share: channels made from the recorded calls of the tests, one for each way in
//! which a provider may be configured.

pub mod seeds;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doisoat::cli::context::provider_facts;
use doisoat::config::channel::Channel;
use doisoat::config::load::load;
use doisoat::config::settings::Settings;
use doisoat::domain::time::{Instant, parse_rfc3339};
use serde_json::Value;

/// When every call arrives: the instant of the recorded calls.
pub fn now() -> Instant {
    parse_rfc3339("2026-01-05T03:35:00Z").expect("an instant")
}

/// The repository.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Settings of some TOML, as the program reads them.
pub fn settings_of(toml: &str) -> Settings {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), toml).expect("the file is written");
    let files = [file.path().to_owned()];
    load(&files, [], &provider_facts()).expect("settings").settings
}

/// A recorded call: the number of its channel, and the call.
pub struct Recorded {
    pub channel: usize,
    pub wire: Vec<u8>,
}

/// Every channel, and every recorded call with the channel it belongs to.
pub fn recorded() -> (Vec<Arc<Channel>>, Vec<Recorded>) {
    let mut files = Vec::new();
    files_below(&top().join("tests/fixtures/providers"), &mut files);
    files.retain(|path| path.extension().is_some_and(|end| end == "http"));
    files.sort();
    let mut texts: Vec<String> = Vec::new();
    let mut calls = Vec::new();
    for path in files {
        let facts = fs::read(path.with_extension("json")).expect("facts");
        let facts: Value = serde_json::from_slice(&facts).expect("JSON");
        let provider = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let text = settings(provider.expect("a provider"), &facts);
        let channel = texts.iter().position(|known| *known == text).unwrap_or_else(|| {
            texts.push(text);
            texts.len() - 1
        });
        let wire = fs::read(&path).expect("a call");
        calls.push(Recorded { channel, wire });
    }
    let named = texts.iter().enumerate();
    let toml: Vec<String> = named.map(|(n, text)| format!("[channels.c{n}]\n{text}")).collect();
    let settings = settings_of(&format!("[database]\nurl = \"sqlite://none.db\"\n{}", toml.join("")));
    let channel = |n: usize| Arc::new(settings.channels[&format!("c{n}")].clone());
    ((0..texts.len()).map(channel).collect(), calls)
}

fn settings(provider: &str, facts: &Value) -> String {
    let mut lines = BTreeSet::new();
    for (name, value) in facts["secrets"].as_object().into_iter().flatten() {
        lines.insert(format!("secrets.{name} = {value}\n"));
    }
    if ["sepay", "casso", "keypay", "viettelmoney"].contains(&provider) {
        lines.insert(format!("settings.scheme = {}\n", facts["scheme"]));
    }
    for (name, value) in facts["config"].as_object().into_iter().flatten() {
        lines.insert(format!("settings.{name} = {value}\n"));
    }
    let lines: String = lines.into_iter().collect();
    format!("provider = \"{provider}\"\n{lines}")
}

/// Every file below a folder.
pub fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The pairs of a query or form, as a check hands them on: decoded, no name twice.
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in String::from_utf8_lossy(text).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if pairs.iter().all(|(known, _)| known != name) {
            pairs.push((name.to_owned(), value.replace('+', " ")));
        }
    }
    pairs
}
