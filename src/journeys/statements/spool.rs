//! A temporary file for what of a file being read does not belong in memory: its deflated bytes and its
//! packed lines. It has no name on the disk, so nothing is left of it whatever happens.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::reconciliation::problem::Problem;
use crate::store::failure::Failure;

/// Where something lies in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    at: u64,
    pub(super) len: usize,
}

/// The file, and where it ends.
pub(super) struct Spool {
    file: File,
    end: Cell<u64>,
}

impl Spool {
    pub(super) fn open() -> Result<Self, Problem> {
        let file = tempfile::tempfile().map_err(|error| unwritable(&error))?;
        Ok(Self {
            file,
            end: Cell::new(0),
        })
    }

    /// Adds bytes.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<Piece, Problem> {
        let piece = Piece {
            at: self.end.get(),
            len: bytes.len(),
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(piece.at))
            .and_then(|_| file.write_all(bytes))
            .map_err(|error| unwritable(&error))?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.end.set(piece.at.saturating_add(len));
        Ok(piece)
    }

    /// Gives bytes back.
    pub(super) fn get(&self, piece: Piece) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; piece.len];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(piece.at))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| Failure::Broken(format!("a temporary file: {error}")))?;
        Ok(bytes)
    }

    /// Where it ends now.
    pub(super) fn end(&self) -> u64 {
        self.end.get()
    }

    /// Forgets what was added after an end.
    pub(super) fn cut(&self, end: u64) {
        self.end.set(end);
    }
}

fn unwritable(error: &io::Error) -> Problem {
    let folder = std::env::temp_dir();
    Problem::file(format!(
        "the temporary file in {} cannot be written ({error}): make room there, or name another folder in TMPDIR",
        folder.display()
    ))
}
