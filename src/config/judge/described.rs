//! A channel whose provider is described: which of its schemes it speaks, whether its keys have the
//! form the scheme asks for, and whether the fields its settings name are signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::channels::OneChannel;
use crate::config::described::Described;
use crate::config::described::description::{Description, Field};
use crate::config::described::scheme::KeyForm;
use crate::config::error::ConfigError;
use crate::config::load::ProviderFacts;
use crate::config::secret::Secret;

impl OneChannel<'_, '_> {
    /// The description of the scheme chosen, and what else has to be known of its provider.
    pub(super) fn described(
        &self,
        name: &str,
        described: &Described,
    ) -> Result<(ProviderFacts, Option<Arc<Description>>), ConfigError> {
        let names: Vec<String> = described
            .schemes
            .iter()
            .map(|one| one.scheme.clone())
            .collect();
        let is_single = names.len() == 1;
        let wanted = match is_single {
            true => None,
            false => self.choice("scheme", &names)?.or(described.default.clone()),
        };
        let mut schemes = described.schemes.iter();
        let chosen = match &wanted {
            Some(wanted) => schemes.find(|one| one.scheme == *wanted),
            None if is_single => schemes.next(),
            None => None,
        };
        let Some(chosen) = chosen else {
            let key = self.key("settings.scheme");
            let reason = format!("is missing: choose one of {}", names.join(", "));
            return Err(ConfigError::wrong(&self.origin(), key, reason));
        };
        let mut secrets: BTreeMap<String, bool> = BTreeMap::new();
        for (secret, _) in described.schemes.iter().flat_map(|one| &one.secrets) {
            secrets.insert(secret.clone(), false);
        }
        secrets.extend(chosen.secrets.iter().cloned());
        let facts = ProviderFacts {
            name: name.to_owned(),
            secrets: secrets.into_iter().collect(),
            schemes: if is_single { Vec::new() } else { names },
            settings: settings_of(chosen),
        };
        Ok((facts, Some(Arc::clone(chosen))))
    }

    /// What a description cannot know of the channel that uses it.
    pub(super) fn check_described(
        &self,
        description: &Description,
        secrets: &BTreeMap<String, Vec<Secret>>,
    ) -> Result<(), ConfigError> {
        for setting in ["order_ref_field", "order_ref_pattern_field"] {
            let Some(given) = self.find(&["settings", setting]) else {
                continue;
            };
            let name = given.value.text().unwrap_or("");
            if !description.covers(&Field::named(name, description.request.format)) {
                let reason = format!("names {name}, which is not signed: anybody could write it");
                return Err(self.wrong(given, &format!("settings.{setting}"), reason));
            }
        }
        let proof = &description.proof;
        let key = proof.key.as_deref().unwrap_or("");
        let keys = secrets.get(key).map_or(&[][..], Vec::as_slice);
        let Some(reason) = keys.iter().find_map(|one| fault_of_key(one, description)) else {
            return Ok(());
        };
        let given = self.find(&["secrets", key]);
        Err(ConfigError::Secret {
            origin: given.map_or_else(|| self.origin(), |given| given.origin.clone()),
            channel: self.name.to_owned(),
            secret: key.to_owned(),
            reason,
        })
    }
}

/// The settings that matter to a description.
fn settings_of(description: &Description) -> Vec<String> {
    let mut settings = vec![
        "accounts",
        "order_ref_field",
        "order_ref_pattern",
        "order_ref_pattern_field",
    ];
    if description.proof.time.is_some() {
        settings.push("replay_window_s");
    }
    settings.into_iter().map(str::to_owned).collect()
}

fn fault_of_key(key: &Secret, description: &Description) -> Option<String> {
    let text = key.text();
    let prefix = description.proof.key_prefix.as_str();
    let bare = text.strip_prefix(prefix).unwrap_or(text);
    let is_good = match description.proof.key_form {
        KeyForm::Text => !bare.is_empty(),
        KeyForm::Hex => !bare.is_empty() && hex::decode(bare).is_ok(),
        KeyForm::Base64 => !bare.is_empty() && is_base64(bare),
    };
    let form = match description.proof.key_form {
        KeyForm::Text | KeyForm::Hex => "hex",
        KeyForm::Base64 => "Base64",
    };
    (!is_good).then(|| format!("is no {form}, as {} writes this key", description.title))
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .is_ok()
}
