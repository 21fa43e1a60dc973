//! Cases of loading and judging: files in a temporary folder and an invented environment come in,
//! settings, warnings and sentences are compared. The real environment is never touched.

mod refusals;
mod subscribers;

use std::path::PathBuf;
use std::time::Duration;

use super::load::{Loaded, ProviderFacts, load};
use super::settings::LogFormat;

fn providers() -> [ProviderFacts; 2] {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    [
        ProviderFacts {
            name: "vnpay".to_owned(),
            secrets: vec![
                ("hash_secret".to_owned(), true),
                ("tmn_code".to_owned(), false),
            ],
            schemes: Vec::new(),
            settings: owned(&["replay_window_s"]),
        },
        ProviderFacts {
            name: "sepay".to_owned(),
            secrets: vec![
                ("hmac_secret".to_owned(), false),
                ("api_key".to_owned(), false),
            ],
            schemes: owned(&["sepay-hmac", "sepay-apikey"]),
            settings: Vec::new(),
        },
    ]
}

const CHANNEL: &str =
    "[channels.vnpay]\nprovider = \"vnpay\"\nsecrets.hash_secret = \"wonderland\"\n";

/// Files `0.toml`, `1.toml`, … and the environment; the folder's name is cut from errors.
fn loaded(texts: &[&str], environment: &[(&str, &str)]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, text): (usize, &&str)| {
        let path = folder.path().join(format!("{number}.toml"));
        std::fs::write(&path, text).unwrap();
        path
    };
    let files: Vec<PathBuf> = texts.iter().enumerate().map(write).collect();
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&files, environment, &providers()).map_err(|error| {
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

fn values(loaded: &Loaded, channel: &str, secret: &str) -> Vec<String> {
    let secrets = loaded.settings.channels[channel].secret(secret);
    secrets
        .iter()
        .map(|secret| secret.text().to_owned())
        .collect()
}

#[test]
fn traces_go_where_the_standard_says_and_nowhere_unless_it_is_said() {
    assert_eq!(loaded(&[], &[]).unwrap().settings.traces, None);
    for given in ["http://h:4318", "http://h:4318/", "http://h:4318/v1/traces"] {
        let key = "DOISOAT__TRACES__OTLP_ENDPOINT";
        let traces = loaded(&[], &[(key, given)]).unwrap().settings.traces;
        let traces = traces.unwrap();
        assert_eq!(traces.otlp_endpoint, "http://h:4318/v1/traces", "{given}");
        assert_eq!((traces.sample_percent, traces.queue), (100, 8192));
    }
}

#[test]
fn the_defaults_alone_are_a_configuration() {
    let loaded = loaded(&[], &[]).unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.database.url, "sqlite://var/doisoat.db");
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert!(settings.server.workers >= 1);
    assert_eq!(settings.server.body_limit_bytes, 262_144);
    assert_eq!(
        (settings.writer.queue, settings.writer.batch),
        (16_384, 512)
    );
    let quarantine = settings.quarantine;
    assert_eq!(
        (quarantine.max_rows, quarantine.max_per_second),
        (10_000, 50)
    );
    assert_eq!(settings.log.format, LogFormat::Json);
    assert!(settings.migrate_on_serve && settings.channels.is_empty());
    assert_eq!(loaded.sources, ["compiled-in default.toml"]);
    assert_eq!(
        loaded.warnings,
        ["no channel is configured, so no webhook is taken"]
    );
}

#[test]
fn three_things_are_a_complete_configuration() {
    let text = format!(
        "[database]\nurl = \"postgresql://u:p@db/fees?sslmode=require\"\n\
         [server]\nlisten = \"localhost:9000\"\n{CHANNEL}"
    );
    let loaded = loaded(&[&text], &[]).unwrap();
    assert_eq!(
        loaded.settings.database.url,
        "postgres://u:p@db/fees?sslmode=require"
    );
    assert_eq!(loaded.settings.server.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(loaded.warnings, [""; 0]);
    let channel = &loaded.settings.channels["vnpay"];
    assert_eq!(
        (channel.tenant.0, channel.replay_window),
        (1, Duration::from_secs(300))
    );
    let printed = format!("{loaded:?}");
    assert!(printed.contains("postgres://db/fees"));
    for hidden in ["wonderland", "u:p", "sslmode"] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
}

#[test]
fn later_layers_win() {
    let first = "[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[log]\nlevel = \"warn\"\n";
    let second = "[server]\nlisten = \"127.0.0.1:2\"\n[channels.vnpay-land]\nprovider = \"vnpay\"\n\
                  secrets.hash_secret = { file = \"nowhere\" }\n";
    let environment = [
        ("DOISOAT__SERVER__WORKERS", "5"),
        ("DOISOAT__MIGRATE_ON_SERVE", "false"),
        ("DOISOAT__OFFICE__PROVINCES", "H12, G09"),
        (
            "DOISOAT__CHANNELS__VNPAY_LAND__SECRETS__HASH_SECRET",
            "12345",
        ),
        ("DOISOAT__CHANNELS__VNPAY_LAND__TENANT", "7"),
        (
            "DOISOAT__CHANNELS__VNPAY_LAND__SETTINGS__ACCOUNTS",
            "[\"001\", \"002\"]",
        ),
        ("DOISOAT_CONFIG", "not ours"),
        ("HOME", "/"),
    ];
    let loaded = loaded(&[first, second], &environment).unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:2");
    assert_eq!(
        (settings.server.workers, settings.log.level.as_str()),
        (5, "warn")
    );
    assert!(!settings.migrate_on_serve);
    assert_eq!(settings.office.provinces, ["H12", "G09"]);
    let channel = &settings.channels["vnpay-land"];
    assert_eq!(
        (channel.tenant.0, channel.accounts.as_slice()),
        (7, ["001".to_owned(), "002".to_owned()].as_slice())
    );
    assert_eq!(values(&loaded, "vnpay-land", "hash_secret"), ["12345"]);
    assert_eq!(loaded.sources.len(), 4);
    assert_eq!(loaded.sources[3], "environment (6 variables)");
}

#[test]
fn secrets_come_from_text_files_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "from file\r\n").unwrap();
    let text = format!(
        "[channels.a]\nprovider = \"sepay\"\n\
         secrets.previous_hmac_secret = \"old\"\n\
         secrets.hmac_secret = [\"new\", {{ file = {path:?} }}]\n\
         secrets.api_key = {{ env = \"SEPAY_KEY\" }}\n"
    );
    let loaded = loaded(&[&text], &[("SEPAY_KEY", "from env")]).unwrap();
    assert_eq!(
        values(&loaded, "a", "hmac_secret"),
        ["new", "from file", "old"]
    );
    assert_eq!(values(&loaded, "a", "api_key"), ["from env"]);
    assert_eq!(values(&loaded, "a", "other"), [""; 0]);
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn what_is_allowed_but_not_meant_is_a_warning() {
    let text = "[channels.v]\nprovider = \"vnpay\"\nsettings.scheme = \"other\"\n\
                settings.hash = \"sha256\"\nsettings.accounts = [\"1\"]\n\
                [channels.w]\nprovider = \"vnpay\"\nsecrets.hash_secret = \"s\"\n\
                settings.scheme = \"vnpay\"\nsettings.replay_window_s = 60\n\
                [channels.x]\nprovider = \"sepay\"\nsettings.order_ref_pattern_field = \"content\"\n";
    assert_eq!(
        loaded(&[text], &[]).unwrap().warnings,
        [
            "channels.v: without secrets.hash_secret no call of vnpay can be verified",
            "channels.v: settings.scheme is not used by vnpay",
            "channels.v: settings.hash is not used by vnpay",
            "channels.x: settings.order_ref_pattern_field is not used by a channel without \
             order_ref_pattern",
        ]
    );
}

#[test]
fn the_shipped_production_file_is_valid_and_holds_no_secret() {
    let text = include_str!("../../../config/production.toml");
    let text = text.replace("/run/secrets/vnpay_hash_secret", "Cargo.toml");
    let environment = [
        ("VNPAY_TMN_CODE", "T"),
        ("DOISOAT__DATABASE__URL", "postgres://gateway@db/fees"),
    ];
    let loaded = loaded(&[&text], &environment).unwrap();
    assert_eq!(values(&loaded, "vnpay", "tmn_code"), ["T"]);
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn an_account_has_one_source_and_a_source_without_one_is_warned_of() {
    let bank = |name: &str, rest: &str| format!("[sources.{name}]\nkind = \"bank\"\n{rest}\n");
    let two = |one: &str, other: &str| loaded(&[&(bank("a", one) + &bank("b", other))], &[]);
    let of_sources = |loaded: Loaded| -> Vec<String> {
        let warnings = loaded.warnings.into_iter();
        warnings.filter(|one| one.starts_with("sources.")).collect()
    };
    let account = "account = \"1017588888\"";
    let refused = two(account, account).unwrap_err();
    let wanted = "sources.b.account is the account of sources.a already";
    assert!(refused.contains(wanted), "{refused}");
    for other in [
        "account = \"1017588889\"",
        "account = \"1017588888\"\ncurrency = \"USD\"",
    ] {
        assert_eq!(
            of_sources(two(account, other).unwrap()),
            Vec::<String>::new()
        );
    }
    let warnings = of_sources(two("", "").unwrap());
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings[0].contains("sources.a names no account"),
        "{warnings:?}"
    );
}
