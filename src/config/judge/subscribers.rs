//! Judging the subscribers: the settings under `subscribers` come in, checked subscribers go out, or
//! the first fault with its place. Nothing is sent to anybody here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fetch::look_for;
use super::named::{Table, tables};
use crate::config::error::{ConfigError, Hint, nearest};
use crate::config::layers::{Layer, Value};
use crate::config::secret::Secret;
use crate::config::subscriber::Subscriber;
use crate::domain::ids::Tenant;
use crate::domain::outbox::EventType;

const KEYS: [&str; 8] = [
    "url",
    "secret",
    "previous_secret",
    "events",
    "tenant",
    "timeout_s",
    "allow_http",
    "ca_file",
];

/// How long a subscriber may take to answer when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longer would let one answer hold up a stop of the process.
const LONGEST_TIMEOUT_S: i64 = 60;

/// Bytes of a key: what the standard allows.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The kind a value under `subscribers` has, where it is not text.
pub(in crate::config) fn kind_of(path: &[String]) -> Option<Value> {
    let [_, _, key] = path else {
        return None;
    };
    match key.as_str() {
        "tenant" | "timeout_s" => Some(Value::Whole(0)),
        "allow_http" => Some(Value::Flag(false)),
        "events" => Some(Value::List(Vec::new())),
        _ => None,
    }
}

/// Every subscriber by name.
pub(in crate::config) fn judge(
    layer: &Layer,
    environment: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Subscriber>, ConfigError> {
    let mut subscribers = BTreeMap::new();
    for table in tables(layer, "subscribers")? {
        let name = table.name.to_owned();
        let one = One { table, environment };
        subscribers.insert(name, one.judge()?);
    }
    Ok(subscribers)
}

impl<'a> Deref for One<'a> {
    type Target = Table<'a>;

    fn deref(&self) -> &Table<'a> {
        &self.table
    }
}

/// One subscriber while it is judged.
struct One<'a> {
    table: Table<'a>,
    environment: &'a BTreeMap<String, String>,
}

impl<'a> One<'a> {
    fn judge(&self) -> Result<Subscriber, ConfigError> {
        self.check_name("subscriber")?;
        for (key, given) in &self.part {
            if !key.is_empty() && !KEYS.contains(&key.as_str()) {
                let known: Vec<String> = KEYS.iter().map(|known| self.key(known)).collect();
                return Err(ConfigError::unknown_key(
                    &given.origin,
                    &self.key(key),
                    &known,
                ));
            }
        }
        Ok(Subscriber {
            name: self.name.to_owned(),
            tenant: Tenant(self.tenant()?),
            url: self.url()?,
            secrets: self.secrets()?,
            events: self.events()?,
            timeout: self.timeout()?,
            roots: self.roots()?,
        })
    }

    fn tenant(&self) -> Result<i32, ConfigError> {
        let Some(value) = self.value("tenant") else {
            return Ok(1);
        };
        let number = value.whole().filter(|number| *number >= 1);
        number
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| self.wrong("tenant", "must be a whole number, 1 or more"))
    }

    fn timeout(&self) -> Result<Duration, ConfigError> {
        let Some(value) = self.value("timeout_s") else {
            return Ok(TIMEOUT);
        };
        let seconds = value.whole();
        let seconds = seconds.filter(|seconds| (1..=LONGEST_TIMEOUT_S).contains(seconds));
        seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs)
            .ok_or_else(|| {
                let reason = format!("must be a whole number of seconds, 1 to {LONGEST_TIMEOUT_S}");
                self.wrong("timeout_s", reason)
            })
    }

    fn url(&self) -> Result<String, ConfigError> {
        let Some(value) = self.value("url") else {
            return Err(self.wrong("url", "is missing: every subscriber has an address"));
        };
        let allows_http = self.allows_http()?;
        let wrong = |reason: &str| self.wrong("url", reason);
        let url = value.text().ok_or_else(|| wrong("must be text"))?;
        let form = "must be an address such as https://mot-cua.example.gov.vn/hooks";
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong(form))?;
        let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\');
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        if authority.contains('@') || url.contains('#') {
            return Err(wrong(
                "holds a user, a password or a fragment; none is sent",
            ));
        }
        let host = host_of(authority).ok_or_else(|| wrong(form))?;
        if !url.bytes().all(is_plain) {
            return Err(wrong(form));
        }
        match scheme {
            "https" => {}
            "http" if allows_http || is_loopback(host) => {}
            "http" => {
                return Err(wrong(
                    "is not encrypted: write https://, or set allow_http = true where the network \
                     between is yours",
                ));
            }
            _ => return Err(wrong(form)),
        }
        Ok(url.to_owned())
    }

    fn allows_http(&self) -> Result<bool, ConfigError> {
        match self.value("allow_http") {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(
                Value::Text(_) | Value::Whole(_) | Value::List(_) | Value::Table(_) | Value::Other,
            ) => Err(self.wrong("allow_http", "must be true or false")),
        }
    }

    /// The present secrets, then the previous ones.
    fn secrets(&self) -> Result<Vec<Secret>, ConfigError> {
        let mut secrets = Vec::new();
        for key in ["secret", "previous_secret"] {
            let values = match self.value(key) {
                None => continue,
                Some(Value::List(items)) => items.as_slice(),
                Some(
                    one @ (Value::Text(_)
                    | Value::Whole(_)
                    | Value::Flag(_)
                    | Value::Table(_)
                    | Value::Other),
                ) => std::slice::from_ref(one),
            };
            for value in values {
                let bytes = look_for(value, self.environment);
                let secret = bytes.and_then(|bytes| sound(Secret::new(bytes)));
                secrets.push(secret.map_err(|reason| self.wrong(key, reason))?);
            }
        }
        if secrets.is_empty() {
            return Err(self.wrong("secret", "is missing: the receiver knows us by it"));
        }
        Ok(secrets)
    }

    fn events(&self) -> Result<Vec<EventType>, ConfigError> {
        let Some(value) = self.value("events") else {
            return Ok(EventType::ALL.to_vec());
        };
        let words: Vec<String> = EventType::ALL
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let texts = value.texts().filter(|texts| !texts.is_empty());
        let texts = texts.ok_or_else(|| {
            let reason = format!("must be a list of {}", words.join(", "));
            self.wrong("events", reason)
        })?;
        let mut events = Vec::new();
        for text in texts {
            let kind = EventType::parse(&text).ok_or_else(|| {
                let hint = Hint(nearest(&text, &words));
                let known = words.join(", ");
                self.wrong(
                    "events",
                    format!("holds \"{text}\"; known are {known}{hint}"),
                )
            })?;
            if !events.contains(&kind) {
                events.push(kind);
            }
        }
        Ok(events)
    }

    fn roots(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some(value) = self.value("ca_file") else {
            return Ok(None);
        };
        let path = value
            .text()
            .ok_or_else(|| self.wrong("ca_file", "must be text"))?;
        let bytes = std::fs::read(path).map_err(|error| {
            self.wrong(
                "ca_file",
                format!("names {path}, which cannot be read: {error}"),
            )
        })?;
        let begin = b"-----BEGIN CERTIFICATE-----";
        if !bytes.windows(begin.len()).any(|part| part == begin) {
            let reason = format!("names {path}, which holds no certificate (PEM)");
            return Err(self.wrong("ca_file", reason));
        }
        Ok(Some(bytes))
    }
}

/// The host of `host`, `host:port` or `[address]:port`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, after)
        }
        None => match authority.find(':') {
            Some(at) => authority.split_at(at),
            None => (authority, ""),
        },
    };
    let is_port = port.is_empty() || port.strip_prefix(':')?.parse::<u16>().is_ok();
    (!host.is_empty() && is_port).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Refuses a secret that no library of the standard would take. The secret itself is not repeated.
fn sound(secret: Secret) -> Result<Secret, String> {
    let key = secret.text().strip_prefix("whsec_");
    let key = key.and_then(|text| STANDARD.decode(text).ok());
    match key {
        Some(key) if KEY_BYTES.contains(&key.len()) => Ok(secret),
        Some(_) | None => Err(
            "must be whsec_ followed by 24 to 64 bytes in Base64: make one with \
             openssl rand -base64 32"
                .to_owned(),
        ),
    }
}
