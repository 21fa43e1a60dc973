//! Our own strict JSON: what it reads, another reader reads too, and what it writes it reads again.
//! Then the same bytes as a dossier.

#![no_main]

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use doisoat::domain::catalogue::{Unit, UnitLevel};
use doisoat::intake::json::Json;
use doisoat::journeys::read_dossier::{Served, read_dossier};
use doisoat_fuzz::now;
use libfuzzer_sys::{Corpus, fuzz_target};

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let unit = Unit {
        code: "H12.104".into(),
        name_vi: String::new(),
        name_en: String::new(),
        level: UnitLevel::Commune,
        parent: None,
        valid_from: None,
        valid_to: None,
    };
    Served {
        units: HashMap::from([(unit.code.clone(), unit)]),
        procedures: BTreeSet::from(["2.000815".to_owned()]),
        provinces: BTreeSet::from(["H12".to_owned()]),
        groups: BTreeSet::from(["poor".to_owned()]),
    }
});

fuzz_target!(init: doisoat_fuzz::seeds::write_if_asked(), |data: &[u8]| -> Corpus {
    let Ok(json) = Json::parse(data) else {
        return Corpus::Keep;
    };
    let is_read = serde_json::from_slice::<serde_json::Value>(data);
    if let Err(error) = is_read {
        // It keeps numbers as text and so knows none that is too large.
        let text = error.to_string();
        assert!(text.contains("number out of range"), "read by us alone: {text}");
    }
    let text = json.to_compact_text();
    let again = Json::parse(text.as_bytes()).expect("what we write we read");
    assert_eq!(again, json);
    let _ = read_dossier(&json, &SERVED, now());
    Corpus::Keep
});
