//! Settings with providers of their own: any text as a settings file. What is loaded can be described.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use doisoat::cli::context::provider_facts;
use doisoat::config::load::{ProviderFacts, load};
use doisoat::intake::configured::describe::{doubts, sentences};
use libfuzzer_sys::{Corpus, fuzz_target};

static PLACE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("doisoat.toml");
    (folder, file)
});
static FACTS: LazyLock<Vec<ProviderFacts>> = LazyLock::new(provider_facts);

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    // A file or the environment that a secret names is not for a fuzzer to read.
    if text.contains("file") || text.contains("env") {
        return Corpus::Reject;
    }
    fs::write(&PLACE.1, text).expect("written");
    if let Ok(loaded) = load(&[PLACE.1.clone()], [], &FACTS) {
        for channel in loaded.settings.channels.values() {
            if let Some(description) = &channel.described {
                drop((sentences(description, 300), doubts(description)));
            }
        }
    }
    Corpus::Keep
});
