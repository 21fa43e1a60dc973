//! What commands share: the settings, the database, the clock and how to answer. Settings are read
//! and the database is opened when a command first asks, so that one which needs neither works
//! without them.

use std::cell::OnceCell;

use anyhow::Context as _;

use super::Globals;
use super::telemetry::{self, Traces};
use crate::config::clock::Clock;
use crate::config::load::{Loaded, ProviderFacts, load, machine_environment};
use crate::config::settings::Settings;
use crate::domain::ids::uuid_at;
use crate::domain::time::Day;
use crate::intake::providers::ROSTER;
use crate::ledger::signing::known_keys;
use crate::store::Db;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It did what it was asked; exit status 0.
    Done,
    /// It did not, and has said why; exit status 1.
    Failed,
}

/// The caller asked for something that cannot be meant; exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// What commands share.
pub struct Context {
    /// Whether to print one JSON document instead of sentences.
    pub is_json: bool,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The name under which this process leases a seal chain.
    pub holder: String,
    globals: Globals,
    loaded: OnceCell<Loaded>,
    db: OnceCell<Db>,
    traces: OnceCell<Option<Traces>>,
}

impl Context {
    /// A context of this process's arguments; reads nothing yet.
    #[must_use]
    pub fn new(globals: Globals) -> Self {
        let clock = Clock::System;
        Self {
            is_json: globals.is_json,
            holder: uuid_at(clock.now()).to_string(),
            clock,
            globals,
            loaded: OnceCell::new(),
            db: OnceCell::new(),
            traces: OnceCell::new(),
        }
    }

    /// The settings with their warnings and sources, read at the first call.
    ///
    /// # Errors
    /// The fault of the configuration, with its place.
    pub fn loaded(&self) -> anyhow::Result<&Loaded> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let loaded = load(
            &self.globals.config,
            machine_environment(),
            &provider_facts(),
        )?;
        let settings = &loaded.settings;
        let traces = telemetry::start(&settings.log, settings.traces.as_ref(), &self.holder)?;
        self.traces.get_or_init(|| traces);
        Ok(self.loaded.get_or_init(|| loaded))
    }

    /// The settings.
    ///
    /// # Errors
    /// As [`Context::loaded`].
    pub fn settings(&self) -> anyhow::Result<&Settings> {
        Ok(&self.loaded()?.settings)
    }

    /// The spans on their way to a collector, where one is named.
    #[must_use]
    pub fn traces(&self) -> Option<&Traces> {
        self.traces.get()?.as_ref()
    }

    /// The public keys under which a closed day counts as signed.
    ///
    /// # Errors
    /// As [`Context::loaded`].
    pub fn known_keys(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let signing = &self.settings()?.signing;
        let (keys, problem) = known_keys(signing.key_file.as_deref(), &signing.retired_keys);
        if let Some(problem) = problem {
            tracing::warn!("[signing] key_file: {problem}");
        }
        Ok(keys)
    }

    /// The database, opened at the first call; its schema may be out of date.
    ///
    /// # Errors
    /// As [`Context::loaded`], and when the database cannot be reached.
    pub fn db(&self) -> anyhow::Result<&Db> {
        if let Some(db) = self.db.get() {
            return Ok(db);
        }
        let database = &self.settings()?.database;
        let db = Db::open(&database.url)
            .with_context(|| format!("the database {} cannot be used", database.shown()))?;
        Ok(self.db.get_or_init(|| db))
    }

    /// The database, with its schema up to date.
    ///
    /// # Errors
    /// As [`Context::db`], and when migrations are missing.
    pub fn ready_db(&self) -> anyhow::Result<&Db> {
        let db = self.db()?;
        let missing = db.pending_migrations()?;
        anyhow::ensure!(
            missing.is_empty(),
            "the database lacks {} ({}): run doisoat migrate first",
            if missing.len() == 1 {
                "a migration"
            } else {
                "migrations"
            },
            missing.join(", ")
        );
        Ok(db)
    }
}

/// What configuration has to know of each provider on the roster.
#[must_use]
pub fn provider_facts() -> Vec<ProviderFacts> {
    let owned = |text: &str| text.to_owned();
    let facts = |provider: &&'static dyn crate::intake::provider::Provider| ProviderFacts {
        name: owned(provider.name()),
        secrets: provider
            .secrets()
            .into_iter()
            .map(|(name, needed)| (owned(name), needed))
            .collect(),
        schemes: provider.schemes().into_iter().map(owned).collect(),
        settings: provider.settings().iter().copied().map(owned).collect(),
    };
    ROSTER.iter().map(facts).collect()
}

/// A day of the command line.
///
/// # Errors
/// What to write instead.
pub(super) fn read_day(text: &str) -> Result<Day, String> {
    text.parse()
        .map_err(|_| "no such day: write year, month and day, such as 2026-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_a_provider_does_not_read_is_named() {
        let text = "[database]\nurl = \"sqlite://x\"\n[channels.v]\nprovider = \"vnpay\"\n\
            secrets.tmn_code = \"T\"\nsecrets.hash_secret = \"k\"\nsettings.hash = \"sha256\"\n\
            settings.accounts = [\"1\"]\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        std::fs::write(&file, text).unwrap();
        let loaded = load(&[file], [], &provider_facts()).unwrap();
        let unused = "channels.v: settings.hash is not used by vnpay";
        assert!(
            loaded.warnings.iter().any(|told| told == unused),
            "{:?}",
            loaded.warnings
        );
        let accounts = |told: &String| told.contains("accounts");
        assert!(
            !loaded.warnings.iter().any(accounts),
            "{:?}",
            loaded.warnings
        );
    }
}
