//! Building: every `providers.NAME` table of the settings, and of the descriptions that ship, comes
//! in; each goes out as judged descriptions, one for each scheme. The order is always the same:
//! refuse unknown keys, read, refuse what is unsafe. Nothing is read twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::description::{Confidence, Description, Token};
use super::sheet::{Entries, Sheet};
use super::{fields, proof, rules};
use crate::config::error::{ConfigError, Origin};
use crate::config::layers::{Given, Layer, from_toml};
use crate::config::load::ProviderFacts;

/// The descriptions that ship: every file of `config/providers/` but the template, compiled in and
/// addressed by its provider's name. They are read and judged like anybody's own.
pub const SHIPPED: &[(&str, &str)] = &[
    (
        "config/providers/casso.toml",
        include_str!("../../../config/providers/casso.toml"),
    ),
    (
        "config/providers/keypay.toml",
        include_str!("../../../config/providers/keypay.toml"),
    ),
    (
        "config/providers/onepay.toml",
        include_str!("../../../config/providers/onepay.toml"),
    ),
    (
        "config/providers/stripe.toml",
        include_str!("../../../config/providers/stripe.toml"),
    ),
    (
        "config/providers/viettelmoney.toml",
        include_str!("../../../config/providers/viettelmoney.toml"),
    ),
    (
        "config/providers/vietqrvn.toml",
        include_str!("../../../config/providers/vietqrvn.toml"),
    ),
];

/// How long a token may be good at most, seconds.
const LONGEST_TOKEN_S: u64 = 3600;

/// A described provider with its schemes.
pub(in crate::config) struct Described {
    /// One for each scheme, by its name.
    pub(in crate::config) schemes: Vec<Arc<Description>>,
    /// The scheme of a channel that names none; none when it must.
    pub(in crate::config) default: Option<String>,
}

/// A provider's table: its keys below `providers.NAME`.
type Table<'a> = BTreeMap<&'a [String], &'a Given>;

/// Every described provider by name: those that ship and those of the settings.
pub(in crate::config) fn build(
    layer: &Layer,
    coded: &[ProviderFacts],
) -> Result<BTreeMap<String, Described>, ConfigError> {
    let mut all = BTreeMap::new();
    for (file, text) in SHIPPED {
        let shipped = from_toml(file, text)?;
        for (name, table) in tables(&shipped)? {
            all.insert(name.to_owned(), one(name, &table)?);
        }
    }
    for (name, table) in tables(layer)? {
        check_name(name, &table, coded, &all)?;
        all.insert(name.to_owned(), one(name, &table)?);
    }
    Ok(all)
}

fn tables(layer: &Layer) -> Result<BTreeMap<&str, Table<'_>>, ConfigError> {
    let mut tables: BTreeMap<&str, Table<'_>> = BTreeMap::new();
    for (path, given) in layer {
        match path.as_slice() {
            [section, name, rest @ ..] if section == "providers" => {
                tables.entry(name).or_default().insert(rest, given);
            }
            [section] if section == "providers" && !given.value.is_table() => {
                let reason = "is a section: write [providers.NAME]";
                return Err(ConfigError::wrong(&given.origin, section, reason));
            }
            _ => {}
        }
    }
    Ok(tables)
}

fn origin_of(table: &Table<'_>) -> Origin {
    let line = |given: &&Given| match &given.origin {
        Origin::File(_, line) => line.unwrap_or(0),
        Origin::Environment(_) => usize::MAX,
    };
    let first = table.values().copied().min_by_key(line);
    first.map_or(Origin::File("settings".to_owned(), None), |given| {
        given.origin.clone()
    })
}

fn check_name(
    name: &str,
    table: &Table<'_>,
    coded: &[ProviderFacts],
    shipped: &BTreeMap<String, Described>,
) -> Result<(), ConfigError> {
    let wrong = |reason: &str| {
        let key = format!("providers.{name}");
        Err(ConfigError::wrong(&origin_of(table), key, reason))
    };
    if coded.iter().any(|facts| facts.name == name) || shipped.contains_key(name) {
        return wrong("is the name of a provider that ships: choose another name");
    }
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(is_letter) {
        return wrong("is no provider name: write 1 to 32 of a-z, 0-9 and -");
    }
    Ok(())
}

/// One provider: its shared keys, and those of each scheme laid over them.
fn one(name: &str, table: &Table<'_>) -> Result<Described, ConfigError> {
    let mut shared = Entries::new();
    let mut own: BTreeMap<&str, Entries<'_>> = BTreeMap::new();
    let mut default = None;
    for (path, given) in table {
        match path {
            [schemes, scheme, rest @ ..] if schemes == "schemes" => {
                let keys = own.entry(scheme).or_default();
                if !rest.is_empty() {
                    keys.insert(rest.join("."), given);
                }
            }
            [key] if key == "default_scheme" => default = Some(*given),
            _ => {
                shared.insert(path.join("."), given);
            }
        }
    }
    let origin = origin_of(table);
    let base = format!("providers.{name}");
    let mut schemes = Vec::new();
    for (scheme, keys) in &own {
        let mut entries = shared.clone();
        entries.extend(keys.iter().map(|(key, given)| (key.clone(), *given)));
        let sheet = Sheet::new(base.clone(), origin.clone(), entries);
        schemes.push(Arc::new(describe(&sheet, name, scheme)?));
    }
    if own.is_empty() {
        let sheet = Sheet::new(base.clone(), origin, shared);
        schemes.push(Arc::new(describe(&sheet, name, name)?));
    }
    let default = match default {
        None => None,
        Some(given) => Some(default_scheme(given, &base, &schemes)?),
    };
    Ok(Described { schemes, default })
}

fn default_scheme(
    given: &Given,
    base: &str,
    schemes: &[Arc<Description>],
) -> Result<String, ConfigError> {
    let word = given.value.text().unwrap_or("");
    if schemes.iter().any(|one| one.scheme == word) {
        return Ok(word.to_owned());
    }
    let names: Vec<&str> = schemes.iter().map(|one| one.scheme.as_str()).collect();
    let reason = format!("names no scheme; known are {}", names.join(", "));
    let key = format!("{base}.default_scheme");
    Err(ConfigError::wrong(&given.origin, key, reason))
}

fn describe(sheet: &Sheet<'_>, name: &str, scheme: &str) -> Result<Description, ConfigError> {
    sheet.refuse_unknown()?;
    let confidence = [
        ("high", Confidence::High),
        ("medium", Confidence::Medium),
        ("low", Confidence::Low),
    ];
    let mut description = Description {
        name: name.to_owned(),
        scheme: scheme.to_owned(),
        title: sheet.opt_text("title")?.unwrap_or(name).to_owned(),
        confidence: sheet
            .choice("confidence", &confidence)?
            .unwrap_or(Confidence::Medium),
        note: sheet.opt_text("note")?.unwrap_or("").to_owned(),
        request: fields::request(sheet)?,
        proof: proof::proof(sheet)?,
        fields: fields::fields(sheet)?,
        states: fields::states(sheet)?,
        identity: fields::identity(sheet)?,
        forms: fields::forms(sheet)?,
        answers: fields::answers(sheet)?,
        token: token(sheet)?,
        secrets: Vec::new(),
    };
    let optional = sheet.texts("other_secrets")?;
    description.secrets = secrets(&description, optional);
    rules::judge(sheet, &description)?;
    Ok(description)
}

fn token(sheet: &Sheet<'_>) -> Result<Option<Token>, ConfigError> {
    let Some(action) = sheet.opt_text("token.action")? else {
        return Ok(None);
    };
    let why = "a token is given for a user and a password, which are secrets of the channel";
    let lifetime = sheet.opt_whole("token.lifetime_s")?.unwrap_or(300);
    if !(1..=LONGEST_TOKEN_S).contains(&lifetime) {
        let reason = format!("must be 1 to {LONGEST_TOKEN_S} seconds");
        return Err(sheet.wrong("token.lifetime_s", reason));
    }
    Ok(Some(Token {
        action: action.to_owned(),
        user: sheet.text("token.user", why)?.to_owned(),
        password: sheet.text("token.password", why)?.to_owned(),
        lifetime: std::time::Duration::from_secs(lifetime),
    }))
}

/// What the proof needs is needed; who we are and what calls of ours use is not.
fn secrets(description: &Description, optional: Vec<String>) -> Vec<(String, bool)> {
    let proof = &description.proof;
    let mut needed: BTreeSet<String> = proof.key.iter().cloned().collect();
    let inside = proof.text.iter().filter_map(super::template::Piece::secret);
    needed.extend(inside.map(str::to_owned));
    if let Some(token) = &description.token {
        needed.extend([token.user.clone(), token.password.clone()]);
    }
    let identity = description.identity.iter().map(|(_, name)| name.clone());
    let mut all: BTreeMap<String, bool> = optional
        .into_iter()
        .chain(identity)
        .map(|name| (name, false))
        .collect();
    all.extend(needed.into_iter().map(|name| (name, true)));
    all.into_iter().collect()
}
