//! Layers: TOML text and environment variables come in, single settings with the place where each
//! was given go out; later layers win. What the settings mean is not judged here.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin};

/// Environment variables that begin so are settings.
const PREFIX: &str = "DOISOAT__";

/// A value as written.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Flag(bool),
    List(Vec<Value>),
    Table(BTreeMap<String, Value>),
    /// A kind that no setting has: a fraction or a date.
    Other,
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    pub(super) fn whole(&self) -> Option<i64> {
        if let Self::Whole(number) = self {
            Some(*number)
        } else {
            None
        }
    }

    /// The texts of a list; none when it is no list or holds something else.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        if let Self::List(items) = self {
            let text = |item: &Self| item.text().map(str::to_owned);
            items.iter().map(text).collect()
        } else {
            None
        }
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }
}

/// One setting and where it was given.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Settings by path. A table without entries stands as itself, so that an empty section is seen.
pub(super) type Layer = BTreeMap<Vec<String>, Given>;

/// Reads one TOML file into single settings.
pub(super) fn from_toml(file: &str, text: &str) -> Result<Layer, ConfigError> {
    let line = |at: usize| {
        let before = text.get(..at)?;
        Some(before.matches('\n').count().saturating_add(1))
    };
    let table = DeTable::parse(text).map_err(|error| ConfigError::NotToml {
        origin: Origin::File(
            file.to_owned(),
            error.span().and_then(|span| line(span.start)),
        ),
        // The parser's full text would quote the line, which may hold a secret.
        reason: error.message().to_owned(),
    })?;
    let mut layer = Layer::new();
    let origin = |at: usize| Origin::File(file.to_owned(), line(at));
    flatten(table.get_ref(), &[], &origin, &mut layer);
    Ok(layer)
}

/// A secret may be a table of its own, so nothing below its name is a setting.
fn is_whole(path: &[String]) -> bool {
    match path {
        [channels, _, secrets, _] => channels == "channels" && secrets == "secrets",
        [subscribers, _, secret] => subscribers == "subscribers" && secret.ends_with("secret"),
        _ => false,
    }
}

fn flatten(
    table: &DeTable<'_>,
    path: &[String],
    origin: &dyn Fn(usize) -> Origin,
    layer: &mut Layer,
) {
    for (key, value) in table.iter() {
        let mut path = path.to_vec();
        path.push(key.get_ref().to_string());
        if let DeValue::Table(inner) = value.get_ref()
            && !inner.is_empty()
            && !is_whole(&path)
        {
            flatten(inner, &path, origin, layer);
            continue;
        }
        let given = Given {
            value: value_of(value.get_ref()),
            origin: origin(key.span().start),
        };
        layer.insert(path, given);
    }
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Whole)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| value_of(item.get_ref())).collect())
        }
        DeValue::Table(table) => Value::Table(
            table
                .iter()
                .map(|(key, value)| (key.get_ref().to_string(), value_of(value.get_ref())))
                .collect(),
        ),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
    }
}

/// Reads the environment: names become paths, values take the kind that `kind_of` the path asks.
pub(super) fn from_environment(
    environment: &BTreeMap<String, String>,
    kind_of: &dyn Fn(&[String]) -> Option<Value>,
) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let path = path_of(rest);
        let origin = Origin::Environment(name.clone());
        let value = typed(text, kind_of(&path).as_ref())
            .map_err(|reason| ConfigError::wrong(&origin, path.join("."), reason))?;
        layer.insert(path, Given { value, origin });
    }
    Ok(layer)
}

/// `CHANNELS__VNPAY_LAND__…` is the channel `vnpay-land`: a variable's name cannot hold a hyphen
/// and the name of a channel, a source or a subscriber cannot hold an underscore.
fn path_of(name: &str) -> Vec<String> {
    let mut path: Vec<String> = name.split("__").map(str::to_lowercase).collect();
    if let [first, name, ..] = path.as_mut_slice()
        && matches!(first.as_str(), "channels" | "sources" | "subscribers")
    {
        *name = name.replace('_', "-");
    }
    path
}

fn typed(text: &str, kind: Option<&Value>) -> Result<Value, &'static str> {
    match kind {
        Some(Value::Whole(_)) => text
            .parse()
            .map(Value::Whole)
            .map_err(|_| "must be a whole number"),
        Some(Value::Flag(_)) => text
            .parse()
            .map(Value::Flag)
            .map_err(|_| "must be true or false"),
        Some(Value::List(_)) => list(text),
        Some(Value::Text(_) | Value::Table(_) | Value::Other) | None => {
            Ok(Value::Text(text.to_owned()))
        }
    }
}

/// A TOML list in brackets, or words with commas between.
fn list(text: &str) -> Result<Value, &'static str> {
    if text.trim_start().starts_with('[') {
        let parsed = DeValue::parse(text.trim()).map_err(|_| "must be a list")?;
        return Ok(value_of(parsed.get_ref()));
    }
    let words = text.split(',').map(str::trim);
    Ok(Value::List(
        words
            .filter(|word| !word.is_empty())
            .map(|word| Value::Text(word.to_owned()))
            .collect(),
    ))
}
