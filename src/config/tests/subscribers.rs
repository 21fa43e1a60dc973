//! Subscribers: what is taken, and what is refused in which words. No sentence may hold a secret.

use super::*;
use crate::domain::outbox::EventType;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn told(more: &str) -> String {
    format!(
        "[subscribers.mot-cua]\nurl = \"https://mot-cua.example.gov.vn/hooks\"\nsecret = \"{KEY}\"\n{more}"
    )
}

#[test]
fn an_address_and_a_secret_are_a_complete_subscriber() {
    let loaded = loaded(&[CHANNEL, &told("")], &[]).unwrap();
    assert_eq!(loaded.warnings, [""; 0]);
    let one = &loaded.settings.subscribers["mot-cua"];
    assert_eq!((one.tenant.0, one.timeout), (1, Duration::from_secs(15)));
    assert_eq!(one.url, "https://mot-cua.example.gov.vn/hooks");
    assert_eq!(one.events, EventType::ALL);
    assert!(one.roots.is_none());
    assert!(!format!("{loaded:?}").contains("MfKQ9r8G"));
}

#[test]
fn a_secret_that_is_changed_is_a_list_with_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let old = KEY.replace("MfKQ", "AAAA");
    std::fs::write(&path, format!("{old}\n")).unwrap();
    let text = told(&format!("previous_secret = [{{ file = {path:?} }}]\n"))
        .replace(&format!("\"{KEY}\""), "{ env = \"NEW\" }");
    let loaded = loaded(&[&text], &[("NEW", KEY)]).unwrap();
    let secrets = loaded.settings.subscribers["mot-cua"].secrets.iter();
    let secrets: Vec<&str> = secrets.map(|secret| secret.text()).collect();
    assert_eq!(secrets, [KEY, &old]);
}

#[test]
fn the_environment_can_set_a_subscriber() {
    let environment = [
        ("DOISOAT__SUBSCRIBERS__MOT_CUA__SECRET", KEY),
        (
            "DOISOAT__SUBSCRIBERS__MOT_CUA__URL",
            "http://10.0.0.7/hooks",
        ),
        ("DOISOAT__SUBSCRIBERS__MOT_CUA__ALLOW_HTTP", "true"),
        (
            "DOISOAT__SUBSCRIBERS__MOT_CUA__EVENTS",
            "bill.paid, bill.short",
        ),
        ("DOISOAT__SUBSCRIBERS__MOT_CUA__TENANT", "3"),
        ("DOISOAT__SUBSCRIBERS__MOT_CUA__TIMEOUT_S", "5"),
    ];
    let loaded = loaded(&[], &environment).unwrap();
    let one = &loaded.settings.subscribers["mot-cua"];
    assert_eq!((one.tenant.0, one.timeout), (3, Duration::from_secs(5)));
    assert_eq!(one.events, [EventType::BillPaid, EventType::BillShort]);
}

#[test]
fn an_address_is_encrypted_unless_it_is_this_machine_or_it_is_said() {
    let of = |url: &str, more: &str| {
        let text = told(more).replace("https://mot-cua.example.gov.vn/hooks", url);
        loaded(&[&text], &[]).map(|loaded| loaded.settings.subscribers["mot-cua"].url.clone())
    };
    for url in [
        "http://127.0.0.1:8000/h",
        "http://localhost/h?a=b",
        "http://[::1]:8000",
        "https://a.example:8443",
    ] {
        assert_eq!(of(url, ""), Ok(url.to_owned()));
    }
    let form = "must be an address such as https://mot-cua.example.gov.vn/hooks";
    let bare = "is not encrypted: write https://, or set allow_http = true where the network between is yours";
    let table = [
        ("http://10.0.0.7/h", bare),
        ("http://localhost.example/h", bare),
        ("ftp://a.example", form),
        ("a.example/h", form),
        ("https://", form),
        ("https://:80/h", form),
        ("https://a.example:http/h", form),
        ("https://a b.example", form),
        ("https://[::g]/h", form),
        (
            "https://u:wonderland@a.example",
            "holds a user, a password or a fragment; none is sent",
        ),
        (
            "https://a.example/#h",
            "holds a user, a password or a fragment; none is sent",
        ),
    ];
    for (url, reason) in table {
        let sentence = format!("0.toml:2: subscribers.mot-cua.url {reason}");
        assert_eq!(of(url, ""), Err(sentence), "{url}");
    }
    assert!(of("http://10.0.0.7/h", "allow_http = true\n").is_ok());
}

/// Refuses each text with its sentence, which holds nothing of a secret.
fn refused(table: &[(String, String)]) {
    for (text, sentence) in table {
        let told = loaded(&[text], &[]).unwrap_err();
        assert_eq!(told, format!("0.toml:{sentence}"), "{text}");
        assert!(!told.contains("9r8G"), "{told}");
    }
}

#[test]
fn a_setting_that_cannot_be_meant_is_refused_with_its_place() {
    let known = "bill.paid, bill.short, payment.reversed, payment.refunded, difference.opened";
    let table = [
        (
            "evnts = []",
            "unknown key subscribers.mot-cua.evnts; did you mean subscribers.mot-cua.events?",
        ),
        ("retry.s = 1", "unknown key subscribers.mot-cua.retry.s"),
        (
            "events = []",
            &format!("subscribers.mot-cua.events must be a list of {known}"),
        ),
        (
            "events = [\"bill.payd\"]",
            &format!(
                "subscribers.mot-cua.events holds \"bill.payd\"; known are {known}; did you mean bill.paid?"
            ),
        ),
        (
            "tenant = 0",
            "subscribers.mot-cua.tenant must be a whole number, 1 or more",
        ),
        (
            "timeout_s = 61",
            "subscribers.mot-cua.timeout_s must be a whole number of seconds, 1 to 60",
        ),
        (
            "allow_http = 1",
            "subscribers.mot-cua.allow_http must be true or false",
        ),
        (
            "ca_file = \"Cargo.toml\"",
            "subscribers.mot-cua.ca_file names Cargo.toml, which holds no certificate (PEM)",
        ),
    ];
    refused(&table.map(|(line, sentence)| (told(&format!("{line}\n")), format!("4: {sentence}"))));
}

#[test]
fn a_subscriber_without_a_name_an_address_or_a_sound_secret_is_refused() {
    let of = |from: &str, to: &str| told("").replace(from, to);
    let secret = "3: subscribers.mot-cua.secret must be whsec_ followed by 24 to 64 bytes in Base64: \
                  make one with openssl rand -base64 32";
    let address = "[subscribers.a]\nurl = \"https://a.example\"\n".to_owned();
    let table = [
        (
            of("mot-cua]", "Mot_cua]"),
            "3: subscribers.Mot_cua is no subscriber name: write 1 to 32 of a-z, 0-9 and -",
        ),
        (of("whsec_", ""), secret),
        (of("MfKQ9r8G", "Mf"), secret),
        (
            of(&format!("\"{KEY}\""), "{ env = \"GONE\" }"),
            "3: subscribers.mot-cua.secret the environment variable GONE is not set",
        ),
        (
            "[subscribers.a]\n".to_owned(),
            "1: subscribers.a.url is missing: every subscriber has an address",
        ),
        (
            address,
            "2: subscribers.a.secret is missing: the receiver knows us by it",
        ),
        (
            "subscribers = 3\n".to_owned(),
            "1: subscribers is a section: write [subscribers.NAME]",
        ),
    ];
    refused(&table.map(|(text, sentence)| (text, sentence.to_owned())));
}
