//! PostgreSQL: its connection type, pool, migrations and how its transactions begin.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{Connection, r2d2};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::hash::{BuildHasher, Hasher, RandomState};
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
pub(crate) type Conn = PgConnection;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Whole seconds since 1970 of a column of instants.
fn seconds_of(column: &str) -> String {
    format!("CAST(FLOOR(EXTRACT(EPOCH FROM {column})) AS BIGINT)")
}

/// The server's clock, which may be another machine's; it moves within a transaction.
const OWN_TIME: Option<&str> = Some("clock_timestamp()");

/// Waits for everybody who wrote counts by unit and keeps others from it; reading goes on. The locks of
/// tables are taken before a statement looks at the data: this one before the first look of its
/// transaction, and that of a batch that had to wait sees the catalogue that it waited for.
const HOLD_UNIT_COUNTS: Option<&str> = Some("LOCK TABLE unit_counts IN SHARE ROW EXCLUSIVE MODE");

/// The hot path finds rows by key alone. Plans made while tables are empty would walk them and be
/// kept when they are large, so walks and hash joins are out of the question there.
const WRITER_SETTINGS: &str = "SET synchronous_commit = on; SET enable_seqscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan";

/// Counts the rows of tables of the hot path that have grown since the server last counted next to
/// nothing in them. It does so itself a minute later or more; until then its plans take all rows of a
/// tenant for a handful and walk them. Waits for nobody: what somebody else holds is left out, and what
/// belongs to another role is that role's to count.
const COUNT_NEW_TABLES: &str = "DO $$ DECLARE grown regclass; BEGIN \
    FOR grown IN SELECT c.oid::regclass FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid \
    WHERE s.schemaname = current_schema() AND c.relname IN \
    ('dossiers', 'bills', 'fee_items', 'attempts', 'notices', 'payments') AND c.reltuples < 1000 \
    AND s.n_mod_since_analyze > 500 AND pg_has_role(c.relowner, 'MEMBER') \
    LOOP EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown); END LOOP; END $$";

/// New tables are looked for after the first commit of a connection, the second, the fourth, and so on
/// up to this many, then each time so many went by.
const COMMITS_BETWEEN_COUNTS: u32 = 256;

/// What is answered as done is on the disk, whatever the server or the role has as its default. Ids are
/// in the order of time, so what a range of them asks for lies together; the planner knows the order of a
/// key's first column only, the tenant, takes the rows for scattered and would read whole tables instead.
const POOL_SETTINGS: &str = "SET synchronous_commit = on; SET random_page_cost = 1.1";

/// Held until the end of the transaction. The number is nobody else's: "doisoat" in ASCII.
const MIGRATIONS_LOCK: &str = "SELECT pg_advisory_xact_lock(28269996369994100)";

/// How often a cold transaction is tried when another writer is in the way.
const ATTEMPTS: u32 = 20;

/// A pool of connections, the address they were made from, and the one turn for cold writes: those
/// of one process want the same chain, so they wait for each other instead of undoing each other.
#[derive(Clone)]
pub struct Handle {
    url: String,
    pool: Pool<ConnectionManager<PgConnection>>,
    cold: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct Durable;

impl CustomizeConnection<PgConnection, r2d2::Error> for Durable {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), r2d2::Error> {
        connection
            .batch_execute(POOL_SETTINGS)
            .map_err(r2d2::Error::QueryError)
    }
}

/// The connection of a writing thread, made anew when it breaks.
pub struct Writer {
    url: String,
    connection: Option<PgConnection>,
    /// Tried on this connection.
    commits: u32,
}

impl Handle {
    pub(super) fn open(url: &str) -> Result<Self, Failure> {
        let first = PgConnection::establish(url)?;
        drop(first);
        let pool = Pool::builder()
            .max_size(8)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(5))
            .connection_customizer(Box::new(Durable))
            .build_unchecked(ConnectionManager::new(url));
        Ok(Self {
            url: url.to_owned(),
            pool,
            cold: Arc::new(Mutex::new(())),
        })
    }

    fn connection(
        &self,
    ) -> Result<diesel::r2d2::PooledConnection<ConnectionManager<PgConnection>>, Failure> {
        self.pool
            .get()
            .map_err(|error| Failure::Unreachable(error.to_string()))
    }

    pub(super) fn migrate(&self) -> Result<Vec<String>, Failure> {
        let mut connection = self.connection()?;
        // One transaction around all of them: whoever else starts meanwhile waits, then finds them.
        connection.build_transaction().read_committed().run(|conn| {
            conn.batch_execute(MIGRATIONS_LOCK)?;
            queries::migrations::run(conn, MIGRATIONS)
        })
    }

    pub(super) fn pending_migrations(&self) -> Result<Vec<String>, Failure> {
        queries::migrations::pending(&mut *self.connection()?, MIGRATIONS)
    }

    pub(super) fn read<T, E: From<Failure>>(
        &self,
        story: &mut dyn FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection()?;
        let mut outcome = None;
        let done = connection
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(|conn| {
                outcome = Some(story(conn));
                Ok::<(), diesel::result::Error>(())
            });
        finish(done, outcome)
    }

    pub(super) fn write<T, E: From<Failure> + AsFailure>(
        &self,
        story: &mut dyn FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.cold.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = self.connection()?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut outcome = None;
            let done = connection.build_transaction().serializable().run(|conn| {
                let told = story(conn);
                let is_good = told.is_ok();
                outcome = Some(told);
                if is_good {
                    Ok(())
                } else {
                    Err(diesel::result::Error::RollbackTransaction)
                }
            });
            let done = match done {
                Err(diesel::result::Error::RollbackTransaction) => Ok(()),
                other => other,
            };
            let result = finish(done, outcome);
            match &result {
                Err(error)
                    if attempt < ATTEMPTS
                        && error.as_failure().is_some_and(Failure::is_contention) =>
                {
                    std::thread::sleep(pause(attempt));
                }
                _ => return result,
            }
        }
    }

    pub(super) fn writer(&self) -> Result<Writer, Failure> {
        let connection = connect_for_writing(&self.url)?;
        Ok(Writer {
            url: self.url.clone(),
            connection: Some(connection),
            commits: 0,
        })
    }
}

/// How long to stand back before the next attempt: longer each time, and never quite as long as
/// another process does.
fn pause(attempt: u32) -> Duration {
    let dice = RandomState::new().build_hasher().finish() % 16;
    Duration::from_millis(u64::from(attempt) * 3 + dice)
}

fn connect_for_writing(url: &str) -> Result<PgConnection, Failure> {
    let mut connection = PgConnection::establish(url)?;
    connection.batch_execute(WRITER_SETTINGS)?;
    Ok(connection)
}

fn finish<T, E: From<Failure>>(
    done: Result<(), diesel::result::Error>,
    outcome: Option<Result<T, E>>,
) -> Result<T, E> {
    match (done, outcome) {
        (_, Some(Err(error))) => Err(error),
        (Err(error), _) => Err(Failure::from(error).into()),
        (Ok(()), Some(Ok(value))) => Ok(value),
        (Ok(()), None) => Err(Failure::Broken("the transaction did not run".to_owned()).into()),
    }
}

impl Writer {
    /// Commits on the connection there is. When the server went away since the last commit and is back,
    /// the connection is dead and its transaction cannot even begin: nothing was asked of the server
    /// then, so the same is done once on a new connection. What breaks later is never tried again here,
    /// because a commit that was sent may have been done.
    pub(super) fn commit<T>(
        &mut self,
        story: &mut dyn FnMut(&mut dyn Journal) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let is_old = self.connection.is_some();
        let mut has_begun = false;
        let result = self.try_commit(&mut |journal| {
            has_begun = true;
            story(journal)
        });
        if is_old && !has_begun && matches!(result, Err(Failure::Unreachable(_))) {
            return self.try_commit(story);
        }
        result
    }

    fn try_commit<T>(
        &mut self,
        story: &mut dyn FnMut(&mut dyn Journal) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                self.commits = 0;
                self.connection.insert(connect_for_writing(&self.url)?)
            }
        };
        if counts_are_due(self.commits)
            && let Err(error) = connection.batch_execute(COUNT_NEW_TABLES)
        {
            // The batch does not depend on it; where the server is away, its own transaction says so.
            tracing::warn!(%error, "the rows of new tables could not be counted");
        }
        self.commits = self.commits.wrapping_add(1);
        let mut failure = None;
        let done = connection.build_transaction().read_committed().run(|conn| {
            story(conn).map_err(|error| {
                failure = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        let result = done.map_err(|error| failure.take().unwrap_or_else(|| Failure::from(error)));
        if matches!(result, Err(Failure::Unreachable(_))) || is_broken(connection) {
            self.connection = None;
        }
        result
    }
}

fn counts_are_due(commits: u32) -> bool {
    let most = COMMITS_BETWEEN_COUNTS;
    commits.is_power_of_two() && commits < most || commits > 0 && commits.is_multiple_of(most)
}

/// Whether the connection can no longer begin a transaction (the server went away in the middle).
fn is_broken(connection: &mut PgConnection) -> bool {
    use diesel::connection::TransactionManager;
    <PgConnection as Connection>::TransactionManager::is_broken_transaction_manager(connection)
}
