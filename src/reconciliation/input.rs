//! The bytes of a file, opened as often as a reader needs them: once to look, once to read. Holds a
//! file's name or bytes that are in memory already; keeps no content of its own.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::problem::Problem;

/// How much of a file is looked at to tell its format.
const HEAD: u64 = 64 * 1024;

/// Bytes a text may have.
const TEXT_MAX: u64 = 512 * 1024 * 1024;

/// Something that can be read from any place.
pub trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// A file to read.
#[derive(Debug, Clone)]
pub enum Input {
    /// On disk.
    File(PathBuf),
    /// In memory.
    Memory(Arc<[u8]>),
    /// Another one, whose readers say how far they are.
    Watched(Box<Self>, Arc<AtomicU64>),
}

/// Says how far a reader is.
struct Watched {
    inner: Box<dyn Bytes>,
    at: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let more = u64::try_from(read).unwrap_or(0);
        self.at.fetch_add(more, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.inner.seek(to)?;
        self.at.store(at, Ordering::Relaxed);
        Ok(at)
    }
}

impl Input {
    /// Bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::Memory(Arc::from(bytes))
    }

    /// Opens it at its beginning.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Bytes>, Problem> {
        match self {
            Self::File(path) => {
                let file = File::open(path)?;
                if file.metadata()?.is_dir() {
                    return Err(Problem::file("this is a folder, not a file"));
                }
                Ok(Box::new(file))
            }
            Self::Memory(bytes) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            Self::Watched(inner, at) => {
                let inner = inner.open()?;
                at.store(0, Ordering::Relaxed);
                Ok(Box::new(Watched {
                    inner,
                    at: Arc::clone(at),
                }))
            }
        }
    }

    /// How many bytes it has.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn size(&self) -> Result<u64, Problem> {
        Ok(self.open()?.seek(SeekFrom::End(0))?)
    }

    /// Its first bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn head(&self) -> Result<Vec<u8>, Problem> {
        let mut head = Vec::new();
        self.open()?.take(HEAD).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Refuses a text of more than 512 MB.
    ///
    /// # Errors
    /// When it is larger or cannot be opened.
    pub fn limit(&self) -> Result<(), Problem> {
        if self.size()? <= TEXT_MAX {
            return Ok(());
        }
        Err(Problem::file(
            "the file is too large: the limit is 512 MB; split it by day",
        ))
    }

    /// All of its bytes, when there are at most `limit` of them.
    ///
    /// # Errors
    /// When the file is larger or cannot be read.
    pub fn whole(&self, limit: u64) -> Result<Vec<u8>, Problem> {
        let mut all = Vec::new();
        self.open()?
            .take(limit.saturating_add(1))
            .read_to_end(&mut all)?;
        if u64::try_from(all.len()).is_ok_and(|len| len <= limit) {
            return Ok(all);
        }
        let megabytes = limit / (1024 * 1024);
        Err(Problem::file(format!(
            "the file is too large: the limit for this format is {megabytes} MB; export a shorter period"
        )))
    }
}
