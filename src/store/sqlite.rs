//! Embedded SQLite: its connection type, settings, migrations and how its transactions begin. One
//! connection writes at a time, under `BEGIN IMMEDIATE`; readers are `query_only`.

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, r2d2};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::AsFailure;
use super::failure::Failure;
use super::journal::Journal;
use super::ops::Queries;

#[allow(
    clippy::duplicate_mod,
    reason = "every query is written once and compiled for both engines"
)]
#[path = "queries/mod.rs"]
mod queries;

/// The connection the queries are compiled against here.
pub(crate) type Conn = SqliteConnection;

/// Whole seconds since 1970 of a column of instants.
fn seconds_of(column: &str) -> String {
    format!("({column} / 1000000)")
}

/// The engine has no clock of its own: it runs inside this process.
const OWN_TIME: Option<&str> = None;

/// `BEGIN IMMEDIATE` keeps everybody else from writing anyway.
const HOLD_UNIT_COUNTS: Option<&str> = None;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Durable at every commit (`FULL` syncs the log), and five seconds of patience for another writer.
const WRITER_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; \
    PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY;";

const READER_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; \
    PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

/// Readers in a pool, one connection for cold writes, and the path to open another.
#[derive(Clone)]
pub struct Handle {
    path: String,
    readers: Pool<ConnectionManager<SqliteConnection>>,
    cold: Arc<Mutex<SqliteConnection>>,
}

/// The connection of the writing thread, made anew when it breaks.
pub struct Writer {
    path: String,
    connection: SqliteConnection,
}

#[derive(Debug)]
struct Reader;

impl CustomizeConnection<SqliteConnection, r2d2::Error> for Reader {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), r2d2::Error> {
        connection
            .batch_execute(READER_SETTINGS)
            .map_err(r2d2::Error::QueryError)
    }
}

/// How often something cold is tried while another process writes: SQLite lets nobody queue, so one may
/// wait its five seconds in vain beside a busy gateway. Some steps of opening do not even wait.
const ATTEMPTS: u32 = 4;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(150);

/// Tries until another writer is no longer in the way, so often.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(Failure::Contention(_)) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    attempt()
}

fn open_for_writing(path: &str) -> Result<SqliteConnection, Failure> {
    patiently(|| {
        let mut connection = SqliteConnection::establish(path)?;
        connection.batch_execute(WRITER_SETTINGS)?;
        Ok(connection)
    })
}

/// Opens a connection anew that can no longer begin a transaction: SQLite ends one by itself when it
/// cannot write, and then there is none left to undo.
fn mend(path: &str, connection: &mut SqliteConnection) -> Result<(), Failure> {
    use diesel::connection::TransactionManager;
    if <SqliteConnection as Connection>::TransactionManager::is_broken_transaction_manager(
        connection,
    ) {
        *connection = open_for_writing(path)?;
    }
    Ok(())
}

impl Handle {
    pub(super) fn open(path: &str) -> Result<Self, Failure> {
        if path.is_empty() {
            return Err(Failure::Address(
                "sqlite:// needs a path, such as sqlite://var/doisoat.db".to_owned(),
            ));
        }
        if let Some(folder) = Path::new(path).parent() {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::Unreachable(format!("{}: {error}", folder.display())))?;
        }
        let cold = open_for_writing(path)?;
        let readers = Pool::builder()
            .max_size(4)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(5))
            .connection_customizer(Box::new(Reader))
            .build_unchecked(ConnectionManager::new(path));
        Ok(Self {
            path: path.to_owned(),
            readers,
            cold: Arc::new(Mutex::new(cold)),
        })
    }

    pub(super) fn migrate(&self) -> Result<Vec<String>, Failure> {
        let mut cold = self.cold.lock().unwrap_or_else(PoisonError::into_inner);
        // One transaction around all of them: whoever else starts meanwhile waits, then finds them.
        patiently(|| cold.immediate_transaction(|conn| queries::migrations::run(conn, MIGRATIONS)))
    }

    pub(super) fn pending_migrations(&self) -> Result<Vec<String>, Failure> {
        let mut cold = self.cold.lock().unwrap_or_else(PoisonError::into_inner);
        patiently(|| queries::migrations::pending(&mut cold, MIGRATIONS))
    }

    pub(super) fn read<T, E: From<Failure>>(
        &self,
        story: &mut dyn FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self
            .readers
            .get()
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        connection.batch_execute("BEGIN").map_err(Failure::from)?;
        let outcome = story(&mut *connection);
        connection.batch_execute("COMMIT").map_err(Failure::from)?;
        outcome
    }

    pub(super) fn write<T, E: From<Failure> + AsFailure>(
        &self,
        story: &mut dyn FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut cold = self.cold.lock().unwrap_or_else(PoisonError::into_inner);
        mend(&self.path, &mut cold)?;
        let mut outcome = None;
        let done = patiently(|| {
            let done = cold.immediate_transaction(|conn| {
                let told = story(conn);
                let is_good = told.is_ok();
                outcome = Some(told);
                if is_good {
                    Ok(())
                } else {
                    Err(diesel::result::Error::RollbackTransaction)
                }
            });
            match done {
                // What the story ran into is the answer; only a transaction that did not begin is tried again.
                Err(error) if outcome.is_none() => Err(Failure::from(error)),
                done => Ok(done),
            }
        })?;
        match (done, outcome) {
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(Failure::from(error).into()),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(Failure::Broken("the transaction did not run".to_owned()).into()),
        }
    }

    pub(super) fn writer(&self) -> Result<Writer, Failure> {
        let path = self.path.clone();
        open_for_writing(&path).map(|connection| Writer { path, connection })
    }
}

impl Writer {
    pub(super) fn commit<T>(
        &mut self,
        story: &mut dyn FnMut(&mut dyn Journal) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        mend(&self.path, &mut self.connection)?;
        let mut failure = None;
        let done = self.connection.immediate_transaction(|conn| {
            story(conn).map_err(|error| {
                failure = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        done.map_err(|error| failure.take().unwrap_or_else(|| Failure::from(error)))
    }
}
