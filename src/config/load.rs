//! Loading: files in order and the environment come in, one judged [`Settings`] goes out, with
//! warnings and the list of sources. Everything is read once, at start; nothing is read again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::described;
use super::error::ConfigError;
use super::judge::{channels, sections, sources, subscribers};
use super::layers::{Layer, from_environment, from_toml};
use super::settings::Settings;

/// Every setting with its default and the reason for it.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// What configuration has to know of a provider; told by the caller, because the roster of
/// providers stands on a higher floor.
#[derive(Debug, Clone)]
pub struct ProviderFacts {
    /// The name in `provider = "…"`.
    pub name: String,
    /// Secrets by name, and whether a call cannot be verified without it.
    pub secrets: Vec<(String, bool)>,
    /// The variants `settings.scheme` may pick; empty where there is one.
    pub schemes: Vec<String>,
    /// The settings its protocol reads, `scheme` and `accounts` apart; empty when it does not say,
    /// then none is called unused.
    pub settings: Vec<String>,
}

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
    /// Where settings came from, in order; later ones win.
    pub sources: Vec<String>,
}

/// The environment of this process; variables that are not Unicode cannot be settings.
#[must_use]
pub fn machine_environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the defaults, then each file in order, then the environment, and judges the result.
///
/// # Errors
/// The first fault, with its place and, for a mistyped name, the nearest known one.
pub fn load(
    files: &[PathBuf],
    environment: impl IntoIterator<Item = (String, String)>,
    providers: &[ProviderFacts],
) -> Result<Loaded, ConfigError> {
    let environment: BTreeMap<String, String> = environment.into_iter().collect();
    let defaults = from_toml("default.toml", DEFAULTS)?;
    let mut sources = vec!["compiled-in default.toml".to_owned()];
    let mut merged = defaults.clone();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError::Unreadable {
            file: name.clone(),
            reason: error.to_string(),
        })?;
        merged.extend(from_toml(&name, &text)?);
        sources.push(name);
    }
    let kind_of = |path: &[String]| match path {
        [first, ..] if first == "channels" => channels::kind_of(path),
        [first, ..] if first == "sources" => sources::kind_of(path),
        [first, ..] if first == "subscribers" => subscribers::kind_of(path),
        _ => defaults.get(path).map(|default| default.value.clone()),
    };
    let layer = from_environment(&environment, &kind_of)?;
    if !layer.is_empty() {
        sources.push(format!("environment ({} variables)", layer.len()));
    }
    merged.extend(layer);
    sections::check_keys(&merged, &defaults)?;
    let mut settings = sections::judge(&merged)?;
    let mut warnings = Vec::new();
    let known = channels::Known {
        coded: providers,
        described: &described::build(&merged, providers)?,
    };
    settings.channels = channels::judge(&merged, &known, &environment, &mut warnings)?;
    check_certificates(&settings, &merged)?;
    settings.sources = sources::judge(
        &merged,
        &settings.channels,
        &settings.office.calendar,
        &mut warnings,
    )?;
    settings.subscribers = subscribers::judge(&merged, &environment)?;
    Ok(Loaded {
        settings,
        warnings,
        sources,
    })
}

/// A channel that wants certificates needs a door that can ask for them.
fn check_certificates(settings: &Settings, layer: &Layer) -> Result<(), ConfigError> {
    let tls = settings.server.tls.as_ref();
    if tls.is_some_and(|tls| tls.client_ca_file.is_some()) {
        return Ok(());
    }
    for (name, channel) in &settings.channels {
        let path = ["channels", name, "require_client_certificate"].map(str::to_owned);
        if channel.door.requires_client_certificate
            && let Some(given) = layer.get(path.as_slice())
        {
            let reason =
                "needs server.tls with a client_ca_file: nobody asks for certificates else";
            return Err(ConfigError::wrong(&given.origin, path.join("."), reason));
        }
    }
    Ok(())
}
