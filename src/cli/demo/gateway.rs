//! The gateway of the demonstration: a folder, a settings file with invented keys, a fresh embedded
//! database and the doors on loopback, with a clock that stands where the story puts it. Everything
//! is set up as an installation would; only the clock is not the machine's.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use indicatif::ProgressBar;

use super::dossiers::Dossier;
use super::keys::Keys;
use super::plan::{PROCEDURES, UNITS};
use super::score::{Attempt, TENANT};
use crate::cli::context::provider_facts;
use crate::cli::telemetry;
use crate::config::clock::Clock;
use crate::config::load::load;
use crate::config::settings::Settings;
use crate::domain::dossier::DossierFacts;
use crate::journeys::import_file::{Import, Kind};
use crate::journeys::open_attempts::{NewAttempt, open_attempts};
use crate::journeys::put_dossiers::put_dossiers;
use crate::store::Db;
use crate::web::Gateway;
use crate::web::server::{Running, serve_on};

/// Dossiers put, and attempts opened, in one transaction.
const CHUNK: usize = 8_000;

/// The name under which the demonstration leases chains.
const HOLDER: &str = "demo";

/// The folder with what the demonstration made.
pub(super) struct House {
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
    pub(super) db: Db,
    pub(super) clock: Clock,
}

impl House {
    /// Writes the settings and makes the database.
    ///
    /// # Errors
    /// When the folder has a database already, or cannot be written.
    pub(super) fn build(
        folder: &Path,
        listen: SocketAddr,
        keys: &Keys,
        clock: Clock,
    ) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let database = folder.join("doisoat.db");
        ensure!(
            !database.exists(),
            "{} is there already; the demonstration begins with an empty database",
            database.display()
        );
        let database = fs::canonicalize(folder)?.join("doisoat.db");
        let file = folder.join("doisoat.toml");
        fs::write(&file, settings_text(&database, listen, keys))?;
        let settings = load(&[file], [], &provider_facts())?.settings;
        telemetry::start(&settings.log, None, "demo")?;
        let db = Db::open(&settings.database.url)?;
        db.migrate()?;
        Ok(Self {
            folder: folder.to_owned(),
            settings,
            db,
            clock,
        })
    }

    /// Takes in the units and procedures of Cà Mau, from files as an officer would.
    ///
    /// # Errors
    /// When a row is refused.
    pub(super) fn import_catalogues(&self) -> Result<()> {
        let import = Import {
            db: &self.db,
            tenant: TENANT,
            provinces: &self.settings.office.provinces,
            holder: HOLDER,
            now: self.clock.now(),
            progress: &|_, _, _| {},
        };
        for (kind, name, text) in [
            (Kind::Units, "units.csv", UNITS),
            (Kind::Procedures, "procedures.csv", PROCEDURES),
        ] {
            let file = self.folder.join(name);
            fs::write(&file, text)?;
            import.run(kind, &file)?;
        }
        Ok(())
    }

    /// Puts the dossiers and opens the attempts under which payers will pay.
    ///
    /// # Errors
    /// When one of them is refused.
    pub(super) fn put(
        &self,
        dossiers: &[Dossier],
        attempts: &[Attempt],
        bar: &ProgressBar,
    ) -> Result<()> {
        let now = self.clock.now();
        for chunk in dossiers.chunks(CHUNK) {
            let facts: Vec<DossierFacts> = chunk.iter().map(|one| one.facts.clone()).collect();
            put_dossiers(&self.db, TENANT, HOLDER, now, None, &facts)?;
            bar.inc(u64::try_from(chunk.len()).unwrap_or(0));
        }
        let attempts: Vec<NewAttempt> = attempts
            .iter()
            .map(|attempt| NewAttempt {
                channel: attempt.way.as_str().to_owned(),
                order_ref: attempt.order_ref.clone(),
                bill_reference: attempt.bill_reference.clone(),
            })
            .collect();
        for chunk in attempts.chunks(CHUNK) {
            open_attempts(&self.db, TENANT, now, chunk)?;
        }
        Ok(())
    }

    /// Opens the doors in a thread of their own.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(super) fn serve(&self) -> Result<Running> {
        let listen = self.settings.server.listen;
        let listener =
            TcpListener::bind(listen).with_context(|| format!("{listen} cannot be listened on"))?;
        let (gateway, writer) = Gateway::open(
            self.db.clone(),
            self.clock.clone(),
            self.settings.clone(),
            HOLDER.to_owned(),
        )?;
        Ok(serve_on(gateway, writer, listener)?)
    }
}

fn settings_text(database: &Path, listen: SocketAddr, keys: &Keys) -> String {
    format!(
        "# Made by doisoat demo. The keys are invented and open nothing.\n\
         [database]\n\
         url = \"sqlite://{}\"\n\
         [server]\n\
         listen = \"{listen}\"\n\
         # A quarter passes in seconds, and its forgeries with it.\n\
         [server.limits]\n\
         refused_per_channel_burst = 0\n\
         refused_per_channel_per_second = 0\n\
         [quarantine]\n\
         max_per_second = 1000\n\
         [status_queries]\n\
         # Invented keys are no keys: no provider is asked.\n\
         enabled = false\n\
         [office]\n\
         province_name = \"Tỉnh Cà Mau\"\n\
         provinces = [\"H12\"]\n\
         [log]\n\
         level = \"warn\"\n\
         format = \"pretty\"\n{}",
        database.display(),
        keys.as_settings()
    )
}
