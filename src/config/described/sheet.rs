//! One description as written: keys with their places, of a scheme laid over what all schemes share.
//! Values go out as the builders ask for them; what nobody asked for is an unknown key. What a value
//! means is not known here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::description::{Field, Format};
use crate::config::error::{ConfigError, Hint, Origin, nearest};
use crate::config::layers::{Given, Value};

/// Keys below `providers.NAME`, dotted, with what they were given.
pub(super) type Entries<'a> = BTreeMap<String, &'a Given>;

/// One description as written.
pub(super) struct Sheet<'a> {
    /// `providers.NAME`, or `providers.NAME.schemes.SCHEME`.
    base: String,
    origin: Origin,
    entries: Entries<'a>,
    format: Format,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(base: String, origin: Origin, entries: Entries<'a>) -> Self {
        let format = entries.get("request.format");
        let format = match format.and_then(|given| given.value.text()) {
            Some("json") => Format::Json,
            Some(_) | None => Format::Pairs,
        };
        Self {
            base,
            origin,
            entries,
            format,
            asked: RefCell::default(),
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<&'a Given> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.entries.get(key).copied()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The entries of a table whose keys are free, without the table's name.
    pub(super) fn below(&self, table: &str) -> Vec<(String, &'a Given)> {
        let prefix = format!("{table}.");
        let mut found = Vec::new();
        for (key, given) in &self.entries {
            if let Some(rest) = key.strip_prefix(&prefix) {
                self.asked.borrow_mut().insert(key.clone());
                found.push((rest.to_owned(), *given));
            }
        }
        found
    }

    /// The fault of a key: at its place, or at the description's where it is not given.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        let given = self.entries.get(key);
        let origin = given.map_or(&self.origin, |given| &given.origin);
        ConfigError::wrong(origin, format!("{}.{key}", self.base), reason)
    }

    fn missing(&self, key: &str, why: &str) -> ConfigError {
        self.wrong(key, format!("is missing: {why}"))
    }

    pub(super) fn opt_text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        let Some(given) = self.find(key) else {
            return Ok(None);
        };
        let text = given.value.text().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| self.wrong(key, "must be text"))?;
        Ok(Some(text))
    }

    pub(super) fn text(&self, key: &str, why: &str) -> Result<&'a str, ConfigError> {
        self.opt_text(key)?.ok_or_else(|| self.missing(key, why))
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Some(given) = self.find(key) else {
            return Ok(Vec::new());
        };
        let one = given.value.text().map(|text| vec![text.to_owned()]);
        let texts = one.or_else(|| given.value.texts());
        let texts = texts.filter(|texts| texts.iter().all(|text| !text.is_empty()));
        texts.ok_or_else(|| self.wrong(key, "must be text or a list of texts"))
    }

    pub(super) fn opt_whole(&self, key: &str) -> Result<Option<u64>, ConfigError> {
        let Some(given) = self.find(key) else {
            return Ok(None);
        };
        let number = given.value.whole().and_then(|n| u64::try_from(n).ok());
        let number = number.ok_or_else(|| self.wrong(key, "must be a whole number, 0 or more"))?;
        Ok(Some(number))
    }

    /// One of the words of a table.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &str,
        table: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let Some(word) = self.opt_text(key)? else {
            return Ok(None);
        };
        let found = table.iter().find(|(known, _)| *known == word);
        let found = found.map(|(_, value)| *value);
        let found = found.ok_or_else(|| self.unknown_word(key, word, table))?;
        Ok(Some(found))
    }

    fn unknown_word<T>(&self, key: &str, word: &str, table: &[(&str, T)]) -> ConfigError {
        let names: Vec<String> = table.iter().map(|(known, _)| (*known).to_owned()).collect();
        let hint = Hint(nearest(word, &names));
        let reason = format!("is \"{word}\"; known are {}{hint}", names.join(", "));
        self.wrong(key, reason)
    }

    /// The field of a name: a path in JSON, from the top of the call after `/`.
    pub(super) fn field(&self, shown: &str) -> Field {
        Field::named(shown, self.format)
    }

    pub(super) fn opt_field(&self, key: &str) -> Result<Option<Field>, ConfigError> {
        Ok(self.opt_text(key)?.map(|name| self.field(name)))
    }

    pub(super) fn fields(&self, key: &str) -> Result<Vec<Field>, ConfigError> {
        let names = self.texts(key)?;
        Ok(names.iter().map(|name| self.field(name)).collect())
    }

    /// Refuses what nobody asked for, with the nearest name that somebody did.
    pub(super) fn refuse_unknown(&self) -> Result<(), ConfigError> {
        let asked = self.asked.borrow();
        let full = |key: &String| format!("{}.{key}", self.base);
        for (key, given) in &self.entries {
            let is_section = asked
                .iter()
                .any(|known| known.starts_with(&format!("{key}.")));
            let is_empty = matches!(&given.value, Value::Table(table) if table.is_empty());
            if asked.contains(key) || (is_section && is_empty) {
                continue;
            }
            let known: Vec<String> = asked.iter().map(full).collect();
            return Err(ConfigError::unknown_key(&given.origin, &full(key), &known));
        }
        Ok(())
    }
}
