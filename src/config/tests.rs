//! Cases of loading and judging: files in a temporary folder and an invented environment come in,
//! settings, warnings and sentences are compared. The real environment is never touched.

use std::path::PathBuf;
use std::time::Duration;

use super::load::{Loaded, ProviderFacts, load};
use super::settings::LogFormat;

const PROVIDERS: [ProviderFacts; 2] = [
    ProviderFacts {
        name: "vnpay",
        secrets: &[("hash_secret", true), ("tmn_code", false)],
        schemes: &[],
        settings: &["replay_window_s"],
    },
    ProviderFacts {
        name: "sepay",
        secrets: &[("hmac_secret", false), ("api_key", false)],
        schemes: &["sepay-hmac", "sepay-apikey"],
        settings: &[],
    },
];

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
    load(&files, environment, &PROVIDERS).map_err(|error| {
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

fn refused(table: &[(&str, &str)]) {
    for (text, sentence) in table {
        assert_eq!(loaded(&[text], &[]).unwrap_err(), *sentence, "{text}");
    }
}

fn values(loaded: &Loaded, channel: &str, secret: &str) -> Vec<String> {
    let secrets = loaded.settings.channels[channel].secret(secret);
    secrets
        .iter()
        .map(|secret| secret.text().to_owned())
        .collect()
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
fn a_mistyped_name_is_refused_with_the_nearest_known_one() {
    let table = [
        (
            "[server]\nlisen = \"x\"\n",
            "0.toml:2: unknown key server.lisen; did you mean server.listen?",
        ),
        (
            "[sever]\nlisten = \"x\"\n",
            "0.toml:2: unknown key sever.listen; did you mean server.listen?",
        ),
        (
            "[server]\nurl = \"x\"\n",
            "0.toml:2: unknown key server.url; did you mean database.url?",
        ),
        ("[something]\n", "0.toml:1: unknown key something"),
        (
            "server.listen.port = 1\n",
            "0.toml:1: unknown key server.listen.port",
        ),
        (
            "[channels.a]\nprovidr = \"vnpay\"\nprovider = \"vnpay\"\n",
            "0.toml:2: unknown key channels.a.providr; did you mean channels.a.provider?",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsecrets.hashsecret = \"wonderland\"\n",
            "0.toml:3: unknown key channels.a.secrets.hashsecret; did you mean channels.a.secrets.hash_secret?",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.shceme = \"x\"\n",
            "0.toml:3: unknown key channels.a.settings.shceme; did you mean channels.a.settings.scheme?",
        ),
        (
            "[channels.a]\nprovider = \"vnpai\"\n",
            "0.toml:2: channels.a names the unknown provider \"vnpai\"; did you mean vnpay?; known are vnpay, sepay",
        ),
        (
            "[channels.a]\nprovider = \"sepay\"\nsettings.scheme = \"sepay-hmca\"\n",
            "0.toml:3: channels.a.settings.scheme is \"sepay-hmca\"; known are sepay-hmac, sepay-apikey; did you mean sepay-hmac?",
        ),
    ];
    refused(&table);
    assert_eq!(
        loaded(&[], &[("DOISOAT__SERVER__LISEN", "x")]).unwrap_err(),
        "environment DOISOAT__SERVER__LISEN: unknown key server.lisen; did you mean server.listen?"
    );
}

#[test]
fn a_value_that_cannot_be_used_is_refused_with_its_place() {
    let table = [
        ("server = 3\n", "0.toml:1: server is a section, not a value"),
        (
            "[server]\nworkers = \"4\"\n",
            "0.toml:2: server.workers must be a whole number",
        ),
        (
            "[server]\nworkers = -1\n",
            "0.toml:2: server.workers must be a whole number, 0 or more",
        ),
        (
            "[server]\nworkers = 1.5\n",
            "0.toml:2: server.workers must be a whole number",
        ),
        (
            "[server]\nlisten = \"8080\"\n",
            "0.toml:2: server.listen is \"8080\": write an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "[database]\nurl = \"postgre://u:wonderland@h/d\"\n",
            "0.toml:2: database.url must begin with sqlite:// or postgres://, such as sqlite://var/doisoat.db",
        ),
        (
            "[database]\nurl = \"sqlite://\"\n",
            "0.toml:2: database.url names no database after its scheme",
        ),
        (
            "[writer]\nqueue = 10\nbatch = 20\n",
            "0.toml:3: writer.batch is 20, more than the 10 of writer.queue",
        ),
        (
            "[office]\nprovinces = [\"12\"]\n",
            "0.toml:2: office.provinces holds \"12\": a code is H or G and two digits, such as H12",
        ),
        (
            "[office]\nprovinces = [12]\n",
            "0.toml:2: office.provinces must be a list of texts",
        ),
        (
            "[log]\nformat = \"xml\"\n",
            "0.toml:2: log.format is \"xml\": write json or pretty",
        ),
        (
            "[log]\nlevel = \"loud\"\n",
            "0.toml:2: log.level is \"loud\": write one of off, error, warn, info, debug, trace",
        ),
    ];
    refused(&table);
    assert_eq!(
        loaded(&[], &[("DOISOAT__WRITER__QUEUE", "many")]).unwrap_err(),
        "environment DOISOAT__WRITER__QUEUE: writer.queue must be a whole number"
    );
    let absent = load(&[PathBuf::from("absent.toml")], [], &PROVIDERS).unwrap_err();
    assert!(
        absent
            .to_string()
            .starts_with("absent.toml cannot be read: ")
    );
}

#[test]
fn a_channel_that_cannot_be_used_is_refused_with_its_place() {
    let table = [
        (
            "channels = 3\n",
            "0.toml:1: channels is a section: write [channels.NAME]",
        ),
        (
            "[channels]\na = 3\n",
            "0.toml:2: channels.a.provider is missing: every channel names its provider",
        ),
        (
            "[channels.a]\n",
            "0.toml:1: channels.a.provider is missing: every channel names its provider",
        ),
        (
            "[channels.A_b]\nprovider = \"vnpay\"\n",
            "0.toml:2: channels.A_b is no channel name: write 1 to 32 of a-z, 0-9 and -",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsecrets = \"wonderland\"\n",
            "0.toml:3: channels.a.secrets is a section, not a value",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\ntenant = 0\n",
            "0.toml:3: channels.a.tenant must be a whole number, 1 or more",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.hash = \"md5\"\n",
            "0.toml:3: channels.a.settings.hash is \"md5\"; known are sha256, hmac-sha256",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.replay_window_s = -1\n",
            "0.toml:3: channels.a.settings.replay_window_s must be a whole number of seconds, 0 or more",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.accounts = [1]\n",
            "0.toml:3: channels.a.settings.accounts must be a list of account numbers in quotes",
        ),
    ];
    refused(&table);
}

#[test]
fn a_secret_that_cannot_be_had_names_the_place_and_never_the_value() {
    let table = [
        (
            "{ env = \"GONE\" }",
            "the environment variable GONE is not set",
        ),
        (
            "{ env = \"HOLLOW\" }",
            "the environment variable HOLLOW is empty",
        ),
        ("\"\"", "the value is empty"),
        ("[\"wonderland\", \"\"]", "the value is empty"),
        (
            "12345678",
            "must be text, { file = \"…\" }, { env = \"…\" } or a list of these",
        ),
        (
            "{ file = \"wonderland\", env = \"wonderland\" }",
            "names either { file = \"…\" } or { env = \"…\" }, nothing else",
        ),
        (
            "{ fil = \"wonderland\" }",
            "names either { file = \"…\" } or { env = \"…\" }, nothing else",
        ),
    ];
    for (value, reason) in table {
        let text = format!("[channels.a]\nprovider = \"vnpay\"\nsecrets.hash_secret = {value}\n");
        assert_eq!(
            loaded(&[&text], &[("HOLLOW", "")]).unwrap_err(),
            format!("0.toml:3: channel a, secret hash_secret: {reason}"),
            "{value}"
        );
    }
    let text = CHANNEL.replace("\"wonderland\"", "{ file = \"/gone/key\" }");
    let error = loaded(&[&text], &[]).unwrap_err();
    assert!(
        error.contains("secret hash_secret: the file /gone/key cannot be read: "),
        "{error}"
    );
    for broken in ["\"wonderland", "wonderland", "\"a\" \"wonderland\""] {
        let text = CHANNEL.replace("\"wonderland\"", broken);
        let error = loaded(&[&text], &[]).unwrap_err();
        assert!(error.starts_with("0.toml:3: this is not TOML: "), "{error}");
        assert!(!error.contains("wonderland"), "{error}");
    }
}

#[test]
fn the_shipped_production_file_is_valid_and_holds_no_secret() {
    let text = include_str!("../../config/production.toml");
    let text = text.replace("/run/secrets/vnpay_hash_secret", "Cargo.toml");
    let environment = [
        ("VNPAY_TMN_CODE", "T"),
        ("DOISOAT__DATABASE__URL", "postgres://gateway@db/fees"),
    ];
    let loaded = loaded(&[&text], &environment).unwrap();
    assert_eq!(values(&loaded, "vnpay", "tmn_code"), ["T"]);
    assert_eq!(loaded.warnings, [""; 0]);
}
