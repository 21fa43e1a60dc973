//! Fetching secrets: what a channel says about its keys comes in, the keys go out. A key stands in
//! the configuration itself, in a file or in the environment. An error names where it was looked
//! for and never what was found.

use std::collections::BTreeMap;

use crate::config::error::ConfigError;
use crate::config::layers::{Given, Value};
use crate::config::load::ProviderFacts;
use crate::config::secret::Secret;

/// `previous_NAME` is one more value of `NAME`, for the time in which a key is changed.
const PREVIOUS: &str = "previous_";

/// The secret a name speaks of.
fn base<'n>(facts: &ProviderFacts, name: &'n str) -> &'n str {
    let is_known = |name: &str| facts.secrets.iter().any(|(known, _)| *known == name);
    match name.strip_prefix(PREVIOUS) {
        Some(base) if !is_known(name) && is_known(base) => base,
        Some(_) | None => name,
    }
}

/// Whether a provider knows a secret of this name, `previous_` included.
pub(super) fn is_secret_name(facts: &ProviderFacts, name: &str) -> bool {
    let base = base(facts, name);
    facts.secrets.iter().any(|(known, _)| *known == base)
}

/// The secrets of one channel.
pub(super) struct Secrets<'a> {
    pub(super) channel: &'a str,
    pub(super) environment: &'a BTreeMap<String, String>,
}

impl Secrets<'_> {
    /// Every secret with its values, the present one first.
    pub(super) fn fetch(
        &self,
        facts: &ProviderFacts,
        given: &BTreeMap<&str, &Given>,
    ) -> Result<BTreeMap<String, Vec<Secret>>, ConfigError> {
        let mut secrets: BTreeMap<String, Vec<Secret>> = BTreeMap::new();
        let is_previous = |name: &str| base(facts, name) != name;
        let present = given.iter().filter(|(name, _)| !is_previous(name));
        let previous = given.iter().filter(|(name, _)| is_previous(name));
        for (name, given) in present.chain(previous) {
            let values = match &given.value {
                Value::List(items) => items.as_slice(),
                Value::Text(_)
                | Value::Whole(_)
                | Value::Flag(_)
                | Value::Table(_)
                | Value::Other => std::slice::from_ref(&given.value),
            };
            for value in values {
                let bytes =
                    look_for(value, self.environment).map_err(|reason| ConfigError::Secret {
                        origin: given.origin.clone(),
                        channel: self.channel.to_owned(),
                        secret: (*name).to_owned(),
                        reason,
                    })?;
                let known = secrets.entry(base(facts, name).to_owned()).or_default();
                known.push(Secret::new(bytes));
            }
        }
        secrets.retain(|_, values| !values.is_empty());
        Ok(secrets)
    }
}

/// The bytes of one value of a secret. An empty key would let anyone sign, so it is refused wherever
/// it comes from.
pub(super) fn look_for(
    value: &Value,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    let (bytes, place) = match value {
        Value::Text(text) => (text.clone().into_bytes(), "the value".to_owned()),
        Value::Table(table) => look_up(table, environment)?,
        Value::Whole(_) | Value::Flag(_) | Value::List(_) | Value::Other => {
            return Err(
                "must be text, { file = \"…\" }, { env = \"…\" } or a list of these".to_owned(),
            );
        }
    };
    if bytes.is_empty() {
        return Err(format!("{place} is empty"));
    }
    Ok(bytes)
}

fn look_up(
    table: &BTreeMap<String, Value>,
    environment: &BTreeMap<String, String>,
) -> Result<(Vec<u8>, String), String> {
    let mut entries = table.iter().map(|(key, value)| (key.as_str(), value));
    match (entries.next(), entries.next()) {
        (Some(("file", Value::Text(path))), None) => {
            let bytes = std::fs::read(path)
                .map_err(|error| format!("the file {} cannot be read: {error}", absolute(path)))?;
            Ok((
                without_newline(bytes),
                format!("the file {}", absolute(path)),
            ))
        }
        (Some(("env", Value::Text(name))), None) => {
            let value = environment.get(name);
            let value =
                value.ok_or_else(|| format!("the environment variable {name} is not set"))?;
            let place = format!("the environment variable {name}");
            Ok((value.clone().into_bytes(), place))
        }
        _ => Err("names either { file = \"…\" } or { env = \"…\" }, nothing else".to_owned()),
    }
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |full| full.display().to_string())
}

/// Editors end a file with a newline that is not part of the key.
fn without_newline(mut bytes: Vec<u8>) -> Vec<u8> {
    while bytes.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        bytes.pop();
    }
    bytes
}
