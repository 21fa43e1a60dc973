//! The sections: layered settings come in, checked sections go out, or the first fault.
//! The compiled-in defaults say which keys exist and of which kind they are; channels, providers,
//! sources and subscribers are judged elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{server, traces};
use crate::config::error::{ConfigError, Origin};
use crate::config::layers::{Given, Layer, Value};
use crate::config::settings::{
    DatabaseSettings, IndicatorSettings, LogFormat, LogSettings, OfficeSettings, OutboxSettings,
    QuarantineSettings, Settings, SigningSettings, StatusQuerySettings, WriterSettings,
};
use crate::domain::calendar::Calendar;
use crate::domain::public_key::parse_public_key;
use crate::domain::refund::RefundedRule;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Refuses keys that the defaults do not have, and values of another kind.
pub(in crate::config) fn check_keys(layer: &Layer, defaults: &Layer) -> Result<(), ConfigError> {
    let known: Vec<String> = defaults.keys().map(|path| path.join(".")).collect();
    for (path, given) in layer {
        let is_named = |first: &String| {
            matches!(
                first.as_str(),
                "channels" | "providers" | "sources" | "subscribers"
            )
        };
        if path.first().is_some_and(is_named) {
            continue;
        }
        let key = path.join(".");
        let Some(default) = defaults.get(path) else {
            let is_section = defaults.keys().any(|known| known.starts_with(path));
            if !is_section {
                return Err(ConfigError::unknown_key(&given.origin, &key, &known));
            }
            if !given.value.is_table() {
                let reason = "is a section, not a value";
                return Err(ConfigError::wrong(&given.origin, key, reason));
            }
            continue;
        };
        let (is, should) = (&given.value, &default.value);
        if std::mem::discriminant(is) != std::mem::discriminant(should) {
            let reason = format!("must be {}", kind(should));
            return Err(ConfigError::wrong(&given.origin, key, reason));
        }
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "text",
        Value::Whole(_) => "a whole number",
        Value::Flag(_) => "true or false",
        Value::List(_) => "a list",
        Value::Table(_) | Value::Other => "a section",
    }
}

/// Everything but channels, sources and subscribers, from settings whose keys were checked.
pub(in crate::config) fn judge(layer: &Layer) -> Result<Settings, ConfigError> {
    let read = Reader { layer };
    Ok(Settings {
        database: database(&read)?,
        server: server::judge(&read)?,
        writer: writer(&read)?,
        quarantine: QuarantineSettings {
            max_rows: read.whole("quarantine.max_rows", 0)?,
            max_bytes: read.whole("quarantine.max_bytes", 65_536)?,
            max_per_second: read.whole("quarantine.max_per_second", 1)?,
        },
        status_queries: status_queries(&read)?,
        outbox: OutboxSettings {
            keep_days: read.whole("outbox.keep_days", LEAST_DAYS)?,
        },
        office: office(&read)?,
        signing: signing(&read)?,
        indicators: indicators(&read)?,
        channels: BTreeMap::new(),
        sources: BTreeMap::new(),
        subscribers: BTreeMap::new(),
        log: log(&read)?,
        traces: traces::judge(&read)?,
        migrate_on_serve: read.flag("migrate_on_serve")?,
    })
}

/// Reads settings by dotted key.
pub(super) struct Reader<'a> {
    layer: &'a Layer,
}

impl<'a> Reader<'a> {
    pub(super) fn given(&self, key: &str) -> Result<&'a Given, ConfigError> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.layer.get(&path).ok_or_else(|| {
            ConfigError::wrong(
                &Origin::File("default.toml".to_owned(), None),
                key,
                "is missing",
            )
        })
    }

    /// The value as `take` reads it, with its place.
    fn get<T>(
        &self,
        key: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
        reason: &str,
    ) -> Result<(T, &'a Origin), ConfigError> {
        let given = self.given(key)?;
        let value = take(&given.value);
        let value = value.ok_or_else(|| ConfigError::wrong(&given.origin, key, reason))?;
        Ok((value, &given.origin))
    }

    pub(super) fn text(&self, key: &str) -> Result<(&'a str, &'a Origin), ConfigError> {
        self.get(key, Value::text, "must be text")
    }

    pub(super) fn whole<T: TryFrom<i64>>(&self, key: &str, least: i64) -> Result<T, ConfigError> {
        let take = |value: &Value| {
            let number = value.whole().filter(|number| *number >= least)?;
            T::try_from(number).ok()
        };
        let reason = format!("must be a whole number, {least} or more");
        Ok(self.get(key, take, &reason)?.0)
    }

    fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        let take = |value: &Value| {
            let is_flag = matches!(value, Value::Flag(_));
            is_flag.then_some(matches!(value, Value::Flag(true)))
        };
        Ok(self.get(key, take, "must be true or false")?.0)
    }

    pub(super) fn texts(&self, key: &str) -> Result<(Vec<String>, &'a Origin), ConfigError> {
        self.get(key, Value::texts, "must be a list of texts")
    }
}

/// The address is not repeated in an error, because it may hold a password.
fn database(read: &Reader<'_>) -> Result<DatabaseSettings, ConfigError> {
    let key = "database.url";
    let (url, origin) = read.text(key)?;
    let url = url.trim();
    let wrong = |reason: &str| ConfigError::wrong(origin, key, reason);
    let url = match url.split_once("://") {
        Some(("sqlite" | "postgres" | "postgresql", "")) => {
            return Err(wrong("names no database after its scheme"));
        }
        Some(("sqlite" | "postgres", _)) => url.to_owned(),
        Some(("postgresql", rest)) => format!("postgres://{rest}"),
        _ => {
            return Err(wrong(
                "must begin with sqlite:// or postgres://, such as sqlite://var/doisoat.db",
            ));
        }
    };
    Ok(DatabaseSettings { url })
}

/// What was given up after three days of tries can still be asked for again.
const LEAST_DAYS: i64 = 7;

/// More connections than this only wait for each other.
const MOST_WRITERS: usize = 16;

fn writer(read: &Reader<'_>) -> Result<WriterSettings, ConfigError> {
    let queue: usize = read.whole("writer.queue", 1)?;
    let batch: usize = read.whole("writer.batch", 1)?;
    if batch > queue {
        let origin = &read.given("writer.batch")?.origin;
        let reason = format!("is {batch}, more than the {queue} of writer.queue");
        return Err(ConfigError::wrong(origin, "writer.batch", reason));
    }
    let connections: usize = read.whole("writer.connections", 0)?;
    if connections > MOST_WRITERS {
        let origin = &read.given("writer.connections")?.origin;
        let reason = format!("is {connections}, more than {MOST_WRITERS}");
        return Err(ConfigError::wrong(origin, "writer.connections", reason));
    }
    Ok(WriterSettings {
        queue,
        batch,
        connections: (connections > 0).then_some(connections),
    })
}

fn status_queries(read: &Reader<'_>) -> Result<StatusQuerySettings, ConfigError> {
    let key = "status_queries.our_address";
    let (our_address, origin) = read.text(key)?;
    if our_address.parse::<std::net::IpAddr>().is_err() {
        let reason = format!("is \"{our_address}\": write an address such as 203.0.113.7");
        return Err(ConfigError::wrong(origin, key, reason));
    }
    Ok(StatusQuerySettings {
        is_enabled: read.flag("status_queries.enabled")?,
        first_after_s: read.whole("status_queries.first_after_s", 1)?,
        factor: read.whole("status_queries.factor", 1)?,
        longest_s: read.whole("status_queries.longest_s", 1)?,
        last_chance_s: read.whole("status_queries.last_chance_s", 1)?,
        per_minute: read.whole("status_queries.per_minute", 1)?,
        timeout_s: read.whole("status_queries.timeout_s", 1)?,
        open_after: read.whole("status_queries.open_after", 1)?,
        pause_s: read.whole("status_queries.pause_s", 1)?,
        longest_pause_s: read.whole("status_queries.longest_pause_s", 1)?,
        keep_days: read.whole("status_queries.keep_days", 1)?,
        our_address: our_address.to_owned(),
    })
}

fn office(read: &Reader<'_>) -> Result<OfficeSettings, ConfigError> {
    let key = "office.provinces";
    let (provinces, origin) = read.texts(key)?;
    let is_code = |code: &String| {
        let digits = code.strip_prefix(['H', 'G']);
        digits.is_some_and(|d| d.len() == 2 && d.bytes().all(|b| b.is_ascii_digit()))
    };
    if let Some(wrong) = provinces.iter().find(|code| !is_code(code)) {
        let reason = format!("holds \"{wrong}\": a code is H or G and two digits, such as H12");
        return Err(ConfigError::wrong(origin, key, reason));
    }
    Ok(OfficeSettings {
        province_name: read.text("office.province_name")?.0.to_owned(),
        provinces,
        calendar: calendar(read)?,
    })
}

/// The holidays that are shipped; an installation may have a table of its own.
const HOLIDAYS: &str = include_str!("../../../config/data/holidays.csv");

fn calendar(read: &Reader<'_>) -> Result<Calendar, ConfigError> {
    let key = "office.holidays_file";
    let (file, origin) = read.text(key)?;
    let wrong = |problem: String| ConfigError::wrong(origin, key, problem);
    let text = match file {
        "" => HOLIDAYS.to_owned(),
        file => std::fs::read_to_string(file)
            .map_err(|error| wrong(format!("names {file}, which cannot be read: {error}")))?,
    };
    Calendar::parse(&text).map_err(|error| wrong(format!("names {file}: {error}")))
}

fn signing(read: &Reader<'_>) -> Result<SigningSettings, ConfigError> {
    let (file, _) = read.text("signing.key_file")?;
    let key = "signing.retired_keys";
    let (texts, origin) = read.texts(key)?;
    let keys = texts.iter().zip(1..).map(|(text, number)| {
        parse_public_key(text).ok_or_else(|| {
            let reason = format!(
                "holds no public key in place {number}: write the 64 hexadecimal digits, or what stands in the file beside the private key"
            );
            ConfigError::wrong(origin, key, reason)
        })
    });
    Ok(SigningSettings {
        retired_keys: keys.collect::<Result<_, _>>()?,
        key_file: (!file.is_empty()).then(|| PathBuf::from(file)),
    })
}

fn indicators(read: &Reader<'_>) -> Result<IndicatorSettings, ConfigError> {
    let key = "indicators.refunded";
    let (word, origin) = read.text(key)?;
    let refunded = RefundedRule::parse(word).ok_or_else(|| {
        let reason = format!("is \"{word}\": write leaves or stays");
        ConfigError::wrong(origin, key, reason)
    })?;
    Ok(IndicatorSettings { refunded })
}

fn log(read: &Reader<'_>) -> Result<LogSettings, ConfigError> {
    let (level, origin) = read.text("log.level")?;
    let is_level = |directive: &str| {
        let last = directive.rsplit('=').next().unwrap_or("").trim();
        LEVELS.contains(&last.to_lowercase().as_str())
    };
    if !level.split(',').all(is_level) {
        let reason = format!("is \"{level}\": write one of {}", LEVELS.join(", "));
        return Err(ConfigError::wrong(origin, "log.level", reason));
    }
    let (format, origin) = read.text("log.format")?;
    let format = match format {
        "json" => LogFormat::Json,
        "pretty" => LogFormat::Pretty,
        other => {
            let reason = format!("is \"{other}\": write json or pretty");
            return Err(ConfigError::wrong(origin, "log.format", reason));
        }
    };
    Ok(LogSettings {
        level: level.to_owned(),
        format,
    })
}
