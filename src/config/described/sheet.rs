//! One description as written: keys with their places, of a scheme laid over what all schemes share.
//! Values go out as the builders ask for them; a key that stands in no list here is unknown. What a
//! value means is not decided here.

use std::collections::BTreeMap;

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
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<&'a Given> {
        assert!(is_known(key), "{key} is read and not listed");
        self.entries.get(key).copied()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The entries of a table whose keys are free, without the table's name.
    pub(super) fn below(&self, table: &str) -> Vec<(String, &'a Given)> {
        let prefix = format!("{table}.");
        let entries = self.entries.iter();
        entries
            .filter_map(|(key, given)| Some((key.strip_prefix(&prefix)?.to_owned(), *given)))
            .collect()
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

    /// Refuses what nobody reads, with the nearest name that somebody does.
    pub(super) fn refuse_unknown(&self) -> Result<(), ConfigError> {
        for (key, given) in &self.entries {
            let is_section = KEYS
                .iter()
                .any(|known| known.starts_with(&format!("{key}.")));
            let is_empty = matches!(&given.value, Value::Table(table) if table.is_empty());
            if is_known(key) || ((is_section || TABLES.contains(&key.as_str())) && is_empty) {
                continue;
            }
            let is_value = |known: &&&str| key.starts_with(&format!("{known}."));
            if let Some(known) = KEYS.iter().find(is_value) {
                let reason = "is a value and no table; conditions stand in a list, such as \
                              [{ code = \"00\" }]";
                let known = format!("{}.{known}", self.base);
                return Err(ConfigError::wrong(&given.origin, known, reason));
            }
            let full = |key: &str| format!("{}.{key}", self.base);
            let known: Vec<String> = KEYS.iter().map(|key| full(key)).collect();
            return Err(ConfigError::unknown_key(&given.origin, &full(key), &known));
        }
        Ok(())
    }
}

/// Tables whose keys are fields, so that any may stand there.
const TABLES: [&str; 3] = ["identity", "forms", "fields.currencies"];

fn is_known(key: &str) -> bool {
    let is_below = |table: &&str| {
        let rest = key
            .strip_prefix(*table)
            .and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| !rest.is_empty())
    };
    KEYS.contains(&key) || TABLES.iter().any(is_below)
}

/// Every other key of a description.
const KEYS: &[&str] = &[
    "title",
    "confidence",
    "note",
    "other_secrets",
    "request.method",
    "request.format",
    "request.envelope",
    "request.envelope_form",
    "request.items",
    "request.action",
    "signature.kind",
    "signature.header",
    "signature.field",
    "signature.query",
    "signature.prefix",
    "signature.separator",
    "signature.tag",
    "signature.time_tag",
    "signature.encoding",
    "signature.key",
    "signature.key_form",
    "signature.key_prefix",
    "signature.signed",
    "signature.id_header",
    "signature.pairs.of",
    "signature.pairs.names",
    "signature.pairs.without",
    "signature.pairs.empty",
    "signature.pairs.encoding",
    "time.header",
    "time.field",
    "time.query",
    "time.unit",
    "time.window_s",
    "token.action",
    "token.user",
    "token.password",
    "token.lifetime_s",
    "fields.amount",
    "fields.amount_plus",
    "fields.amount_form",
    "fields.negative_amount",
    "fields.currency",
    "fields.order_ref",
    "fields.order_ref_pattern",
    "fields.order_ref_pattern_field",
    "fields.provider_txn_id",
    "fields.event_id",
    "fields.payment_key",
    "fields.bank_txn_id",
    "fields.memo",
    "fields.virtual_account",
    "fields.account_number",
    "fields.paid_at",
    "fields.paid_at_form",
    "fields.refunded",
    "status.succeeded",
    "status.failed",
    "status.pending",
    "status.authorized",
    "status.review",
    "status.reversed",
    "status.refunded",
    "status.partially_refunded",
    "status.outgoing",
    "status.otherwise",
    "only",
    "answers.recorded.status",
    "answers.recorded.type",
    "answers.recorded.body",
    "answers.repeat.status",
    "answers.repeat.type",
    "answers.repeat.body",
    "answers.unknown_order.status",
    "answers.unknown_order.type",
    "answers.unknown_order.body",
    "answers.amount_differs.status",
    "answers.amount_differs.type",
    "answers.amount_differs.body",
    "answers.already_final.status",
    "answers.already_final.type",
    "answers.already_final.body",
    "answers.bad_signature.status",
    "answers.bad_signature.type",
    "answers.bad_signature.body",
    "answers.refused.status",
    "answers.refused.type",
    "answers.refused.body",
    "answers.try_later.status",
    "answers.try_later.type",
    "answers.try_later.body",
];
