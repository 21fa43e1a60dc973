//! MEMORY: the only room that knows Diesel. Two engines, one schema: embedded SQLite and
//! PostgreSQL, chosen by the address. The question "which database?" is asked here and in the two
//! engines' files, nowhere else; what a row means is for others to say.
//!
//! Every query is written once in `queries/` and compiled twice,
//! by `postgres.rs` and `sqlite.rs`, each with its own `Conn`; the traits in [`ops`] are what the
//! house calls.
//!
//! Why traits and not an enum with a line per operation: a cold journey runs several operations in
//! one transaction, and a trait object lets its story be written once, with `&mut dyn Queries`.

mod convert;
pub mod failure;
pub mod journal;
pub mod ops;
mod postgres;
pub mod rows;
mod schema;
mod sqlite;
pub mod types;

pub use convert::UNSETTLED;

use failure::Failure;
use journal::Journal;
use ops::Queries;

/// Prefix of an embedded database's address.
const SQLITE: &str = "sqlite://";

/// A database, open and ready to be read and written.
#[derive(Clone)]
pub enum Db {
    /// PostgreSQL.
    Postgres(postgres::Handle),
    /// Embedded SQLite.
    Sqlite(sqlite::Handle),
}

/// The connection of one writing thread.
pub enum Writer {
    /// PostgreSQL, READ COMMITTED with row locks.
    Postgres(Box<postgres::Writer>),
    /// SQLite, `BEGIN IMMEDIATE`.
    Sqlite(Box<sqlite::Writer>),
}

impl Db {
    /// Opens the database of an address, `sqlite://path` or `postgres://…`; other addresses are
    /// refused rather than guessed.
    ///
    /// # Errors
    /// [`Failure::Address`] or [`Failure::Unreachable`].
    pub fn open(url: &str) -> Result<Self, Failure> {
        if let Some(path) = url.strip_prefix(SQLITE) {
            return sqlite::Handle::open(path).map(Self::Sqlite);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return postgres::Handle::open(url).map(Self::Postgres);
        }
        Err(Failure::Address(format!(
            "\"{}\" is not a database address: write sqlite://path/to/file.db or postgres://user@host/name",
            url.split('@').next_back().unwrap_or_default()
        )))
    }

    /// The engine's name, for people.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Sqlite(_) => "SQLite",
        }
    }

    /// How many connections are worth writing at once: SQLite has one writer; on PostgreSQL a second
    /// one works while the first waits for its commit.
    #[must_use]
    pub fn useful_writers(&self) -> usize {
        match self {
            Self::Postgres(_) => 2,
            Self::Sqlite(_) => 1,
        }
    }

    /// Applies the migrations that are missing and returns their names.
    ///
    /// # Errors
    /// Any [`Failure`].
    pub fn migrate(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Postgres(handle) => handle.migrate(),
            Self::Sqlite(handle) => handle.migrate(),
        }
    }

    /// Names of the migrations that are not applied yet.
    ///
    /// # Errors
    /// Any [`Failure`].
    pub fn pending_migrations(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Postgres(handle) => handle.pending_migrations(),
            Self::Sqlite(handle) => handle.pending_migrations(),
        }
    }

    /// Reads in one consistent snapshot. Writing inside fails.
    ///
    /// # Errors
    /// Whatever `story` returns, or a [`Failure`] of the connection.
    pub fn read<T, E: From<Failure>>(
        &self,
        mut story: impl FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Postgres(handle) => handle.read(&mut story),
            Self::Sqlite(handle) => handle.read(&mut story),
        }
    }

    /// Runs a cold journey in one transaction, SERIALIZABLE on PostgreSQL (tried again when another
    /// writer is in the way), `BEGIN IMMEDIATE` on SQLite. `story` may run more than once.
    ///
    /// # Errors
    /// Whatever `story` returns, or a [`Failure`] of the connection.
    pub fn write<T, E: From<Failure> + AsFailure>(
        &self,
        mut story: impl FnMut(&mut dyn Queries) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Postgres(handle) => handle.write(&mut story),
            Self::Sqlite(handle) => handle.write(&mut story),
        }
    }

    /// A connection for one writing thread.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub fn writer(&self) -> Result<Writer, Failure> {
        match self {
            Self::Postgres(handle) => handle
                .writer()
                .map(|writer| Writer::Postgres(Box::new(writer))),
            Self::Sqlite(handle) => handle
                .writer()
                .map(|writer| Writer::Sqlite(Box::new(writer))),
        }
    }
}

impl Writer {
    /// Runs `story` in one hot transaction; an error undoes everything.
    ///
    /// # Errors
    /// Whatever `story` or the commit returns.
    pub fn commit<T>(
        &mut self,
        mut story: impl FnMut(&mut dyn Journal) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Postgres(writer) => writer.commit(&mut story),
            Self::Sqlite(writer) => writer.commit(&mut story),
        }
    }
}

/// An error that may carry a [`Failure`], so that a transaction knows whether to try again.
pub trait AsFailure {
    /// The failure inside, if it is one.
    fn as_failure(&self) -> Option<&Failure>;
}

impl AsFailure for Failure {
    fn as_failure(&self) -> Option<&Failure> {
        Some(self)
    }
}
