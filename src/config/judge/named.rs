//! Sections of tables with names of their own, such as `[sources.vcb]`: what was given for one table, by
//! key, and the words in which a fault of it is told. Knows no key.

use std::collections::BTreeMap;

use crate::config::error::{ConfigError, Origin};
use crate::config::layers::{Given, Layer, Value};

/// One table of such a section while it is judged.
pub(super) struct Table<'a> {
    section: &'static str,
    pub(super) name: &'a str,
    /// What was given, by key; keys of tables inside are joined with points.
    pub(super) part: BTreeMap<String, &'a Given>,
}

/// The tables of a section, by name.
pub(super) fn tables<'a>(
    layer: &'a Layer,
    section: &'static str,
) -> Result<Vec<Table<'a>>, ConfigError> {
    let mut parts: BTreeMap<&str, BTreeMap<String, &Given>> = BTreeMap::new();
    for (path, given) in layer {
        let no_table = |key: String| {
            let reason = format!("is a section: write [{section}.NAME]");
            Err(ConfigError::wrong(&given.origin, key, reason))
        };
        match path.as_slice() {
            [first, ..] if first != section => {}
            [_, name, rest @ ..] if !rest.is_empty() || given.value.is_table() => {
                parts.entry(name).or_default().insert(rest.join("."), given);
            }
            [_, name] => return no_table(format!("{section}.{name}")),
            [_] if !given.value.is_table() => return no_table(section.to_owned()),
            _ => {}
        }
    }
    let table = |(name, part)| Table {
        section,
        name,
        part,
    };
    Ok(parts.into_iter().map(table).collect())
}

impl<'a> Table<'a> {
    /// Refuses a name that is none; `what` it is the name of.
    pub(super) fn check_name(&self, what: &str) -> Result<(), ConfigError> {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&self.name.len()) && self.name.bytes().all(is_letter) {
            return Ok(());
        }
        let reason = format!("is no {what} name: write 1 to 32 of a-z, 0-9 and -");
        let key = format!("{}.{}", self.section, self.name);
        Err(ConfigError::wrong(&self.origin(), key, reason))
    }

    /// The whole name of a key.
    pub(super) fn key(&self, rest: &str) -> String {
        format!("{}.{}.{rest}", self.section, self.name)
    }

    /// Where the table was given.
    pub(super) fn origin(&self) -> Origin {
        let first = self.part.values().next();
        first.map_or_else(
            || Origin::File("default.toml".to_owned(), None),
            |given| given.origin.clone(),
        )
    }

    /// A fault of a key.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        let given = self.part.get(key);
        let origin = given.map_or_else(|| self.origin(), |given| given.origin.clone());
        ConfigError::wrong(&origin, self.key(key), reason)
    }

    /// What was given for a key.
    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.part.get(key).map(|given| &given.value)
    }
}
