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
    /// The database is there and cannot write now: its disk is full, say, or it is somebody's copy.
    #[error("the database cannot write now: {0}")]
    Exhausted(String),
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

    /// Whether the machine is at fault whatever was asked of it: what failed is tried again later as
    /// it is, and nothing smaller is tried in its place.
    #[must_use]
    pub fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Exhausted(_))
    }
}

/// What drivers say of a connection that is gone. They give no code, so their words are searched.
const CLOSED: &[&str] = &[
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "connection not open",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed",
];

/// What they say when the machine cannot write.
const EXHAUSTED: &[&str] = &[
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "readonly database",
    "No space left on device",
    "File too large",
    "Disk quota exceeded",
    "Read-only file system",
    "Input/output error",
    "could not extend file",
    "could not write",
    "could not fsync",
    "out of memory",
    "out of shared memory",
    "remaining connection slots",
    "too many clients",
    "the database system is",
    "canceling statement due to",
];

fn says(text: &str, words: &[&str]) -> bool {
    words.iter().any(|words| text.contains(words))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        if let Error::RollbackErrorOnCommit { commit_error, .. } = error {
            // The commit failed, and so did undoing it: the first of the two says why.
            return Self::from(*commit_error);
        }
        if matches!(error, Error::BrokenTransactionManager) {
            return Self::Unreachable(text);
        }
        if let Error::DatabaseError(kind, _) = &error {
            let is_contention = matches!(
                kind,
                DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure
            ) || text.contains("deadlock detected")
                || text.contains("database is locked");
            if is_contention {
                return Self::Contention(text);
            }
            if matches!(kind, DatabaseErrorKind::ClosedConnection) || says(&text, CLOSED) {
                return Self::Unreachable(text);
            }
            // Inside our own read-only transactions nothing writes, so it is the server that is one.
            if matches!(kind, DatabaseErrorKind::ReadOnlyTransaction) || says(&text, EXHAUSTED) {
                return Self::Exhausted(text);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: DatabaseErrorKind, text: &str) -> Failure {
        Failure::from(Error::DatabaseError(kind, Box::new(text.to_owned())))
    }

    #[test]
    fn what_the_machine_cannot_do_is_told_from_what_a_call_may_not() {
        use DatabaseErrorKind as Kind;
        for text in [
            "database or disk is full",
            "disk I/O error",
            "could not extend file \"base/5/16384\": No space left on device",
            "the database system is in recovery mode",
        ] {
            let failure = of(Kind::Unknown, text);
            assert!(matches!(failure, Failure::Exhausted(_)), "{failure}");
            assert!(failure.is_of_the_machine());
        }
        let standby = "cannot execute INSERT in a read-only transaction";
        assert!(of(Kind::ReadOnlyTransaction, standby).is_of_the_machine());
        for text in [
            "server closed the connection unexpectedly",
            "terminating connection due to administrator command",
            "could not receive data from server: Connection reset by peer",
        ] {
            let failure = of(Kind::Unknown, text);
            assert!(matches!(failure, Failure::Unreachable(_)), "{failure}");
        }
        for (kind, text) in [
            (Kind::CheckViolation, "violates check constraint"),
            (
                Kind::Unknown,
                "invalid byte sequence for encoding \"UTF8\": 0x00",
            ),
            (Kind::Unknown, "bigint out of range"),
        ] {
            assert!(!of(kind, text).is_of_the_machine(), "{text}");
        }
        assert!(of(Kind::Unknown, "database is locked").is_contention());
    }

    #[test]
    fn a_connection_cut_in_the_middle_of_a_commit_is_a_connection_that_is_gone() {
        let cut = |text: &str| {
            Box::new(Error::DatabaseError(
                DatabaseErrorKind::Unknown,
                Box::new(text.to_owned()),
            ))
        };
        let failure = Failure::from(Error::RollbackErrorOnCommit {
            commit_error: cut("server closed the connection unexpectedly"),
            rollback_error: cut("no connection to the server"),
        });
        assert!(matches!(failure, Failure::Unreachable(_)), "{failure}");
    }
}
