//! What can go wrong with a database, sorted by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

use crate::domain::time::Instant;

/// The machine is wrong, not the caller.
#[derive(Debug, ThisError)]
pub enum Failure {
    /// Another writer was there first: the same work can be tried again at once.
    #[error("another writer was in the way: {0}")]
    Contention(String),
    /// The seal chain was taken over by another process: lease one and try again.
    #[error("the seal chain {0} was taken over by another process")]
    Fenced(i32),
    /// The block is dated into a day that is closed. The same is refused until our clock has passed
    /// the instant.
    #[error("everything before {0} is closed: what is dated earlier is not posted")]
    DayClosed(Instant),
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The address is not one of a database we know.
    #[error("{0}")]
    Address(String),
    /// Everything else: a bug or a broken installation.
    #[error("the database refused: {0}")]
    Broken(String),
}

impl Failure {
    /// Whether trying the same again may succeed.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Contention(_) | Self::Fenced(_))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        if let Error::DatabaseError(kind, _) = &error {
            let is_contention = matches!(
                kind,
                DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure
            ) || text.contains("deadlock detected")
                || text.contains("database is locked");
            if is_contention {
                return Self::Contention(text);
            }
            let is_closed = matches!(kind, DatabaseErrorKind::ClosedConnection)
                || text.contains("server closed the connection")
                || text.contains("terminating connection")
                || text.contains("no connection to the server");
            if is_closed {
                return Self::Unreachable(text);
            }
        }
        Self::Broken(text)
    }
}

impl From<diesel::ConnectionError> for Failure {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
