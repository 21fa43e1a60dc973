//! What a single channel may set beside its secrets: one small reader for each setting, from the
//! value as written to the value as used. Also says which settings nobody reads.

use std::time::Duration;

use regex_lite::Regex;

use super::channels::OneChannel;
use crate::config::described::bounded;
use crate::config::described::description::Description;
use crate::config::door::{ChannelDoor, Networks};
use crate::config::error::{ConfigError, Hint, nearest};
use crate::config::layers::{Given, Value};
use crate::config::load::ProviderFacts;

/// How far a signed time may be off when nothing is said: what most providers advise.
const REPLAY_WINDOW: Duration = Duration::from_secs(300);

const HASHES: [&str; 2] = ["sha256", "hmac-sha256"];

impl<'a> OneChannel<'a, '_> {
    pub(super) fn tenant(&self) -> Result<i32, ConfigError> {
        let Some(given) = self.find(&["tenant"]) else {
            return Ok(1);
        };
        let number = given.value.whole().filter(|number| *number >= 1);
        number
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| self.wrong(given, "tenant", "must be a whole number, 1 or more"))
    }

    /// Where calls may come from and whether they need a certificate.
    pub(super) fn door(&self) -> Result<ChannelDoor, ConfigError> {
        let mut door = ChannelDoor::default();
        if let Some(given) = self.find(&["allow_from"]) {
            let reason = "must be a list of networks or addresses, such as [\"203.0.113.0/24\"]";
            let texts = given.value.texts().filter(|texts| !texts.is_empty());
            let texts = texts.ok_or_else(|| self.wrong(given, "allow_from", reason))?;
            door.allow_from = Networks::parse(&texts).map_err(|text| {
                let reason = format!("holds \"{text}\": it {reason}");
                self.wrong(given, "allow_from", reason)
            })?;
        }
        if let Some(given) = self.find(&["require_client_certificate"]) {
            let Value::Flag(flag) = &given.value else {
                let reason = "must be true or false";
                return Err(self.wrong(given, "require_client_certificate", reason));
            };
            door.requires_client_certificate = *flag;
        }
        Ok(door)
    }

    pub(super) fn text(&self, setting: &str) -> Result<Option<String>, ConfigError> {
        Ok(self.text_at(setting)?.map(|(text, _)| text.to_owned()))
    }

    fn text_at(&self, setting: &str) -> Result<Option<(&'a str, &'a Given)>, ConfigError> {
        let Some(given) = self.find(&["settings", setting]) else {
            return Ok(None);
        };
        let text = given.value.text().filter(|text| !text.is_empty());
        let text =
            text.ok_or_else(|| self.wrong(given, &format!("settings.{setting}"), "must be text"))?;
        Ok(Some((text, given)))
    }

    pub(super) fn choice(
        &self,
        setting: &str,
        known: &[String],
    ) -> Result<Option<String>, ConfigError> {
        let Some((text, given)) = self.text_at(setting)? else {
            return Ok(None);
        };
        if known.iter().any(|name| name == text) {
            return Ok(Some(text.to_owned()));
        }
        let hint = Hint(nearest(text, known));
        let reason = format!("is \"{text}\"; known are {}{hint}", known.join(", "));
        Err(self.wrong(given, &format!("settings.{setting}"), reason))
    }

    pub(super) fn hash(&self) -> Result<Option<String>, ConfigError> {
        self.choice("hash", &HASHES.map(str::to_owned))
    }

    /// A provider with one protocol takes any word for it, with a warning when the word is not its
    /// own name.
    pub(super) fn scheme(&mut self, facts: &ProviderFacts) -> Result<Option<String>, ConfigError> {
        if !facts.schemes.is_empty() {
            return self.choice("scheme", &facts.schemes);
        }
        let scheme = self.text("scheme")?;
        if scheme
            .as_deref()
            .is_some_and(|given| given != facts.name.as_str())
        {
            self.warn_unused("scheme", &facts.name);
        }
        Ok(scheme)
    }

    fn warn_unused(&mut self, setting: &str, user: &str) {
        let name = self.name;
        self.warnings.push(format!(
            "channels.{name}: settings.{setting} is not used by {user}"
        ));
    }

    pub(super) fn warn_of_unused(&mut self, facts: &ProviderFacts) {
        let settings = self.below("settings");
        for setting in settings.keys() {
            let everywhere = matches!(*setting, "scheme" | "accounts" | "query_url");
            let is_used =
                facts.settings.is_empty() || facts.settings.iter().any(|one| one == setting);
            if !everywhere && !is_used {
                self.warn_unused(setting, &facts.name);
            }
        }
        let has = |setting: &str| settings.contains_key(setting);
        if has("order_ref_pattern_field") && !has("order_ref_pattern") {
            self.warn_unused(
                "order_ref_pattern_field",
                "a channel without order_ref_pattern",
            );
        }
    }

    pub(super) fn replay_window(
        &self,
        described: Option<&Description>,
    ) -> Result<Duration, ConfigError> {
        let setting = "settings.replay_window_s";
        let Some(given) = self.find(&["settings", "replay_window_s"]) else {
            let time = described.and_then(|one| one.proof.time.as_ref());
            let own = time.and_then(|rule| rule.window);
            return Ok(own.unwrap_or(REPLAY_WINDOW));
        };
        let seconds = given.value.whole();
        seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs)
            .ok_or_else(|| {
                self.wrong(
                    given,
                    setting,
                    "must be a whole number of seconds, 0 or more",
                )
            })
    }

    pub(super) fn pattern(&self) -> Result<Option<Regex>, ConfigError> {
        let Some((pattern, given)) = self.text_at("order_ref_pattern")? else {
            return Ok(None);
        };
        let regex = bounded(pattern)
            .map_err(|reason| self.wrong(given, "settings.order_ref_pattern", reason));
        regex.map(Some)
    }

    /// Answers are believed for the connection they come over, so it must be one that nobody can
    /// sit in: TLS, or a proxy on this machine.
    pub(super) fn query_url(&self) -> Result<Option<String>, ConfigError> {
        let Some((url, given)) = self.text_at("query_url")? else {
            return Ok(None);
        };
        let local = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        let is_local = local.iter().any(|start| {
            let rest = url.strip_prefix(start);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        let host = url.strip_prefix("https://").unwrap_or("");
        let is_plain = url.bytes().all(|b| b.is_ascii_graphic()) && !url.contains(['?', '#', '@']);
        let has_host = host.starts_with(|first: char| first.is_ascii_alphanumeric());
        if is_plain && (is_local || has_host) {
            return Ok(Some(url.trim_end_matches('/').to_owned()));
        }
        let reason = "must be an address such as https://sandbox.vnpayment.vn; http:// only to \
                      this machine";
        Err(self.wrong(given, "settings.query_url", reason))
    }

    pub(super) fn accounts(&self) -> Result<Vec<String>, ConfigError> {
        let Some(given) = self.find(&["settings", "accounts"]) else {
            return Ok(Vec::new());
        };
        given.value.texts().ok_or_else(|| {
            let reason = "must be a list of account numbers in quotes";
            self.wrong(given, "settings.accounts", reason)
        })
    }
}
