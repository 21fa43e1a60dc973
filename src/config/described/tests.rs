//! What descriptions have in common: those that ship and the template are sound, patterns are bounded,
//! and a channel chooses among schemes. What is refused stands in `refusals`.

use std::collections::BTreeSet;
use std::path::Path;

use super::build::SHIPPED;
use crate::config::load::{Loaded, ProviderFacts, load};

/// Loads a settings file `bank.toml`; the folder's name is cut from errors.
fn read(text: &str) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.toml");
    std::fs::write(&file, text).unwrap();
    let coded = [ProviderFacts {
        name: "vnpay".to_owned(),
        secrets: Vec::new(),
        schemes: Vec::new(),
        settings: Vec::new(),
    }];
    load(&[file], [], &coded).map_err(|error| {
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

/// A description without a fault; each line has a name so that a case can change it.
const SOUND: &[(&str, &str)] = &[
    ("head", "[providers.bank]"),
    (
        "request",
        "request = { method = \"POST\", format = \"json\" }",
    ),
    ("kind", "signature.kind = \"hmac-sha256\""),
    ("place", "signature.header = \"X-Sign\""),
    ("key", "signature.key = \"secret\""),
    ("signed", "signature.signed = \"${body}\""),
    ("amount", "fields.amount = \"amount\""),
    ("payment_key", "fields.payment_key = \"id\""),
    ("succeeded", "status.succeeded = [{ code = \"00\" }]"),
    (
        "recorded",
        "answers.recorded = { status = 200, body = \"ok\" }",
    ),
    ("refused", "answers.refused.status = 400"),
    ("try_later", "answers.try_later.status = 503"),
    (
        "channel",
        "[channels.bank]\nprovider = \"bank\"\nsecrets.secret = \"k\"",
    ),
];

/// The sound description with some lines in the place of others; a new name is a new line after the
/// one before it in the list.
pub(super) fn changed(changes: &[(&str, &str)]) -> String {
    let mut lines: Vec<(&str, &str)> = SOUND.to_vec();
    for (name, line) in changes {
        match lines.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = line,
            None => {
                let end = lines.len() - 1;
                lines.insert(end, (name, line));
            }
        }
    }
    let lines: Vec<&str> = lines.into_iter().map(|(_, line)| line).collect();
    lines.join("\n")
}

/// Why the description with these changes is refused.
pub(super) fn refused(changes: &[(&str, &str)]) -> String {
    let text = changed(changes);
    match read(&text) {
        Ok(_) => panic!("not refused:\n{text}"),
        Err(reason) => reason,
    }
}

#[test]
fn a_sound_description_is_taken() {
    let loaded = read(&changed(&[])).unwrap();
    let channel = &loaded.settings.channels["bank"];
    let description = channel.described.as_ref().unwrap();
    assert_eq!(
        (description.name.as_str(), channel.provider.as_str()),
        ("bank", "bank")
    );
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn a_pattern_is_kept_short_shallow_and_small() {
    for pattern in [
        "x".repeat(201),
        "(".repeat(20) + "x" + &")".repeat(20),
        "((((x{50}){50}){50}){50})".to_owned(),
        "x{101}".to_owned(),
        "(x".to_owned(),
    ] {
        assert!(super::bounded(&pattern).is_err(), "{pattern}");
    }
    for pattern in [
        "HS([0-9A-Z]{8,20})",
        "^(?:[a-z]+|[0-9]{2,4})+$",
        "(?i)(ab|cd)*",
    ] {
        assert!(super::bounded(pattern).is_ok(), "{pattern}");
    }
}

#[test]
fn a_channel_of_a_provider_with_rival_schemes_must_choose_one() {
    let channel = |scheme: &str| {
        let text = format!("[channels.v]\nprovider = \"viettelmoney\"\n{scheme}");
        read(&text).map(|loaded| loaded.settings.channels["v"].clone())
    };
    assert_eq!(
        channel("").unwrap_err(),
        "bank.toml:2: channels.v.settings.scheme is missing: choose one of viettel-sha1-base64, \
         viettel-sha1-hex, viettel-sha256-base64"
    );
    let chosen = channel("settings.scheme = \"viettel-sha1-hex\"").unwrap();
    assert_eq!(chosen.described.unwrap().scheme, "viettel-sha1-hex");
    let casso = read("[channels.c]\nprovider = \"casso\"\n").unwrap();
    let casso = casso.settings.channels["c"].described.clone().unwrap();
    assert_eq!(casso.scheme, "casso-v2");
}

#[test]
fn everything_in_the_folder_ships_and_the_template_is_sound() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped: BTreeSet<String> = SHIPPED.iter().map(|(file, _)| (*file).to_owned()).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(top.join("config/providers")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "template.toml" {
            found.insert(format!("config/providers/{name}"));
        }
    }
    assert_eq!(shipped, found);
    let template = std::fs::read_to_string(top.join("config/providers/template.toml")).unwrap();
    let channel = "\n[channels.bank]\nprovider = \"mybank\"\nsecrets.secret = \"k\"\n";
    let loaded = read(&(template + channel)).unwrap();
    let described = loaded.settings.channels["bank"].described.clone().unwrap();
    assert_eq!(
        described.secrets,
        [
            ("merchant_id".to_owned(), false),
            ("secret".to_owned(), true)
        ]
    );
}
