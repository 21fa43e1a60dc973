//! Judging the channels: the settings under `channels` and the facts about providers come in,
//! checked channels and warnings go out. Which providers exist is told by the caller; secrets are
//! fetched by `fetch`, single settings read by `channel_settings`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fetch::{Secrets, is_secret_name};
use crate::config::channel::Channel;
use crate::config::described::Described;
use crate::config::described::description::Description;
use crate::config::error::{ConfigError, Hint, Origin, nearest};
use crate::config::layers::{Given, Layer, Value};
use crate::config::load::ProviderFacts;
use crate::domain::ids::Tenant;

const SETTINGS: [&str; 8] = [
    "scheme",
    "hash",
    "replay_window_s",
    "order_ref_field",
    "order_ref_pattern",
    "order_ref_pattern_field",
    "accounts",
    "query_url",
];

/// The kind a value under `channels` has, where it is not text.
pub(in crate::config) fn kind_of(path: &[String]) -> Option<Value> {
    match path.last().map(String::as_str) {
        Some("tenant") if path.len() == 3 => Some(Value::Whole(0)),
        Some("allow_from") if path.len() == 3 => Some(Value::List(Vec::new())),
        Some("require_client_certificate") if path.len() == 3 => Some(Value::Flag(false)),
        Some("replay_window_s") if path.len() == 4 => Some(Value::Whole(0)),
        Some("accounts") if path.len() == 4 => Some(Value::List(Vec::new())),
        _ => None,
    }
}

/// The providers a channel may name.
pub(in crate::config) struct Known<'a> {
    pub(in crate::config) coded: &'a [ProviderFacts],
    pub(in crate::config) described: &'a BTreeMap<String, Described>,
}

/// The provider of one channel: facts about it, and its description where it has no code.
type Chosen = (ProviderFacts, Option<Arc<Description>>);

/// The settings of one channel by their path below its name.
type Part<'a> = BTreeMap<&'a [String], &'a Given>;

/// Every channel by name.
pub(in crate::config) fn judge(
    layer: &Layer,
    providers: &Known<'_>,
    environment: &BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Channel>, ConfigError> {
    let mut parts: BTreeMap<&str, Part<'_>> = BTreeMap::new();
    for (path, given) in layer {
        match path.as_slice() {
            [section, name, rest @ ..] if section == "channels" => {
                parts.entry(name).or_default().insert(rest, given);
            }
            [section] if section == "channels" && !given.value.is_table() => {
                return Err(ConfigError::wrong(
                    &given.origin,
                    section,
                    "is a section: write [channels.NAME]",
                ));
            }
            _ => {}
        }
    }
    let mut channels = BTreeMap::new();
    for (name, part) in parts {
        let mut one = OneChannel {
            name,
            part,
            warnings,
        };
        channels.insert(name.to_owned(), one.judge(providers, environment)?);
    }
    if channels.is_empty() {
        warnings.push("no channel is configured, so no webhook is taken".to_owned());
    }
    Ok(channels)
}

/// One channel while it is judged.
pub(super) struct OneChannel<'a, 'w> {
    pub(super) name: &'a str,
    part: Part<'a>,
    pub(super) warnings: &'w mut Vec<String>,
}

impl<'a> OneChannel<'a, '_> {
    fn judge(
        &mut self,
        providers: &Known<'_>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Channel, ConfigError> {
        self.check_name()?;
        let (facts, described) = self.provider(providers)?;
        let facts = &facts;
        self.check_keys(facts)?;
        let secrets = Secrets {
            channel: self.name,
            environment,
        }
        .fetch(facts, &self.below("secrets"))?;
        for (secret, _) in facts.secrets.iter().filter(|(_, needed)| *needed) {
            if !secrets.contains_key(secret) {
                let name = self.name;
                self.warnings.push(format!(
                    "channels.{name}: without secrets.{secret} no call of {} can be verified",
                    facts.name
                ));
            }
        }
        let scheme = self.scheme(facts)?;
        self.warn_of_unused(facts);
        if let Some(description) = &described {
            self.check_described(description, &secrets)?;
        }
        Ok(Channel {
            name: self.name.to_owned(),
            provider: facts.name.clone(),
            tenant: Tenant(self.tenant()?),
            door: self.door()?,
            secrets,
            scheme,
            hash: self.hash()?,
            replay_window: self.replay_window(described.as_deref())?,
            order_ref_field: self.text("order_ref_field")?,
            order_ref_pattern: self.pattern()?,
            order_ref_pattern_field: self.text("order_ref_pattern_field")?,
            accounts: self.accounts()?,
            query_url: self.query_url()?,
            described,
        })
    }

    pub(super) fn key(&self, rest: &str) -> String {
        format!("channels.{}.{rest}", self.name)
    }

    pub(super) fn origin(&self) -> Origin {
        let first = self.part.values().next();
        first.map_or_else(
            || Origin::File("default.toml".to_owned(), None),
            |given| given.origin.clone(),
        )
    }

    pub(super) fn wrong(
        &self,
        given: &Given,
        rest: &str,
        reason: impl Into<String>,
    ) -> ConfigError {
        ConfigError::wrong(&given.origin, self.key(rest), reason)
    }

    fn check_name(&self) -> Result<(), ConfigError> {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&self.name.len()) && self.name.bytes().all(is_letter) {
            return Ok(());
        }
        Err(ConfigError::wrong(
            &self.origin(),
            format!("channels.{}", self.name),
            "is no channel name: write 1 to 32 of a-z, 0-9 and -",
        ))
    }

    pub(super) fn find(&self, path: &[&str]) -> Option<&'a Given> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.part.get(path.as_slice()).copied()
    }

    pub(super) fn below(&self, section: &str) -> BTreeMap<&'a str, &'a Given> {
        let entries = self.part.iter().filter_map(|(path, given)| match path {
            [first, name] if first == section => Some((name.as_str(), *given)),
            _ => None,
        });
        entries.collect()
    }

    fn provider(&self, known: &Known<'_>) -> Result<Chosen, ConfigError> {
        let Some(given) = self.find(&["provider"]) else {
            return Err(ConfigError::wrong(
                &self.origin(),
                self.key("provider"),
                "is missing: every channel names its provider",
            ));
        };
        let Some(provider) = given.value.text() else {
            return Err(self.wrong(given, "provider", "must be text"));
        };
        if let Some(facts) = known.coded.iter().find(|facts| facts.name == provider) {
            return Ok((facts.clone(), None));
        }
        if let Some(described) = known.described.get(provider) {
            return self.described(provider, described);
        }
        let coded = known.coded.iter().map(|facts| facts.name.clone());
        let names: Vec<String> = coded.chain(known.described.keys().cloned()).collect();
        let hint = Hint(nearest(provider, &names));
        Err(ConfigError::UnknownProvider {
            origin: given.origin.clone(),
            channel: self.name.to_owned(),
            provider: provider.to_owned(),
            known: format!("{hint}; known are {}", names.join(", ")),
        })
    }

    fn check_keys(&self, facts: &ProviderFacts) -> Result<(), ConfigError> {
        let secrets = facts
            .secrets
            .iter()
            .map(|(name, _)| format!("secrets.{name}"));
        let settings = SETTINGS.iter().map(|name| format!("settings.{name}"));
        let own = [
            "provider",
            "tenant",
            "allow_from",
            "require_client_certificate",
        ];
        let known: Vec<String> = own
            .into_iter()
            .map(str::to_owned)
            .chain(secrets)
            .chain(settings)
            .map(|rest| self.key(&rest))
            .collect();
        for (path, given) in &self.part {
            let key = self.key(&path.join("."));
            let is_known = match path {
                [] => self.check_section(given, "")?,
                [section] if section == "secrets" || section == "settings" => {
                    self.check_section(given, section)?
                }
                [secrets, name] if secrets == "secrets" => is_secret_name(facts, name),
                _ => known.contains(&key),
            };
            if !is_known {
                return Err(ConfigError::unknown_key(&given.origin, &key, &known));
            }
        }
        Ok(())
    }

    /// A section stands among the settings only when it is empty; a value in its place is wrong.
    fn check_section(&self, given: &Given, section: &str) -> Result<bool, ConfigError> {
        if given.value.is_table() {
            return Ok(true);
        }
        let key = self.key(section);
        let reason = "is a section, not a value";
        Err(ConfigError::wrong(
            &given.origin,
            key.trim_end_matches('.'),
            reason,
        ))
    }
}
