//! What every scenario has: a database with an office and bills, a file of settings, a book and open
//! doors. Nothing breaks here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::book::Book;
use super::callers::{Callers, Doors};
use super::gateway::{Gateway, Start, command, own};
use super::messages::CHANNELS;
use super::{Dice, seed};
use crate::support::app::settings;
use crate::support::database::TestDatabase;
use crate::support::office::{HERE, dossier};
use crate::support::{Engine, TestApp};

/// Bills: half of them are paid once and exactly, by VNPAY; the others are fought over.
const BILLS: usize = 120;

/// Answers within three seconds, so that a scenario need not wait for ten.
const SETTINGS: &str = "[server]\nlisten = \"127.0.0.1:0\"\nworkers = 2\nrequest_timeout_s = 3\n\
    [status_queries]\nenabled = false\n[log]\nlevel = \"info\"\n";

/// The stage.
pub(super) struct Scene {
    seed: u64,
    pub(super) database: Arc<TestDatabase>,
    pub(super) config: PathBuf,
    pub(super) log: PathBuf,
    pub(super) book: Arc<Mutex<Book>>,
    pub(super) doors: Arc<Doors>,
    pub(super) dice: Dice,
    pub(super) folder: TempDir,
    /// The name under which its gateways connect to PostgreSQL.
    pub(super) known_as: String,
}

impl Scene {
    pub(super) fn new(engine: Engine) -> Self {
        Self::on(TestDatabase::new(engine))
    }

    pub(super) fn on(database: TestDatabase) -> Self {
        let database = Arc::new(database);
        let bills = has_bills(&database);
        Self::told(database, bills)
    }

    /// On a database that has nothing yet, not even a schema.
    pub(super) fn on_nothing(engine: Engine) -> Self {
        Self::told(
            Arc::new(TestDatabase::new(engine)),
            vec![("unknown".to_owned(), 1_000); BILLS],
        )
    }

    /// On a database that another program made, with an office and bills of its own.
    pub(super) fn made_by(engine: Engine, program: &Path) -> Self {
        let mut scene = Self::on_nothing(engine);
        let mut dossiers = String::from(
            "dossier_code,procedure_code,unit_code,received_on,submitted_via,status,bill_due_on,fee_items\n",
        );
        for number in 1..=BILLS {
            let amount = 10_000 + number * 1_000;
            dossiers += &format!(
                "{HERE}-260105-{number:04},2.000815,{HERE},2026-01-05,online,awaiting_payment,2026-02-05,\
                 \"[{{\"\"kind\"\":\"\"phi\"\",\"\"amount\"\":{amount}}}]\"\n"
            );
        }
        let file = scene.folder.path().join("dossiers.csv");
        std::fs::write(&file, dossiers).unwrap();
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/data");
        scene.does_with(program, &["migrate"]);
        for (kind, file) in [
            ("units", data.join("camau_units.csv")),
            ("procedures", data.join("procedures.csv")),
            ("dossiers", file),
        ] {
            scene.does_with(program, &["import", kind, file.to_str().unwrap()]);
        }
        let bills = bills_of(&scene.database);
        scene.book = Arc::new(Mutex::new(Book::new(scene.seed, bills)));
        scene
    }

    fn told(database: Arc<TestDatabase>, bills: Vec<(String, i64)>) -> Self {
        let seed = seed();
        eprintln!("DOISOAT_FAULTS_SEED={seed} plays this again");
        let folder = tempfile::tempdir().unwrap();
        let known_as = format!("faults-{}", uuid::Uuid::now_v7().simple());
        let url = if database.url.starts_with("postgres") {
            format!("{}&application_name={known_as}", database.url)
        } else {
            database.url.clone()
        };
        let config = folder.path().join("doisoat.toml");
        std::fs::write(&config, format!("{}{CHANNELS}{SETTINGS}", settings(&url))).unwrap();
        Self {
            seed,
            log: folder.path().join("log"),
            config,
            folder,
            database,
            book: Arc::new(Mutex::new(Book::new(seed, bills))),
            doors: Arc::default(),
            dice: Dice(seed ^ 0x5EED),
            known_as,
        }
    }

    /// A gateway that serves, its door open to the callers.
    pub(super) fn serving(&self, start: &Start) -> (Gateway, std::net::SocketAddr) {
        let mut gateway = Gateway::spawn(&self.config, &self.log, start);
        let address = gateway.address();
        self.doors.open(address);
        (gateway, address)
    }

    pub(super) fn callers(&self, count: usize) -> Callers {
        Callers::start(Arc::clone(&self.book), Arc::clone(&self.doors), count)
    }

    /// A number between two, of the scenario's dice.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.dice.below(most - least + 1)
    }

    /// Runs a command that must succeed; gives what it said.
    pub(super) fn does(&self, words: &[&str]) -> String {
        self.does_with(own(), words)
    }

    fn does_with(&self, program: &Path, words: &[&str]) -> String {
        let (status, said) = command(program, &self.config, words);
        assert_eq!(status, Some(0), "{words:?}: {said}");
        said
    }
}

/// Puts an office and its bills into a database; gives reference and amount of each.
fn has_bills(database: &Arc<TestDatabase>) -> Vec<(String, i64)> {
    let app = TestApp::start_on(Arc::clone(database), "");
    app.has_office();
    let dossiers: Vec<Value> = (1..=BILLS)
        .map(|number| {
            let mut told = dossier(HERE, 10_000 + i64::try_from(number).unwrap() * 1_000);
            told["dossier_code"] = json!(format!("H12.104-260105-{number:04}"));
            told
        })
        .collect();
    let reply = app.ask(
        &app.token_of("admin", None),
        "POST",
        "/api/v1/dossiers/batch",
        &Value::Array(dossiers).to_string(),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    drop(app);
    bills_of(database)
}

/// Reference and amount of each bill.
fn bills_of(database: &TestDatabase) -> Vec<(String, i64)> {
    let bills = database.texts("SELECT reference || ' ' || total_minor AS t FROM bills ORDER BY 1");
    let read = |text: String| {
        let (reference, dong) = text.split_once(' ').unwrap();
        (reference.to_owned(), dong.parse().unwrap())
    };
    bills.into_iter().map(read).collect()
}
