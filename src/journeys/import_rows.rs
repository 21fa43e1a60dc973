//! The rows of an imported file, read as a stream as often as asked: CSV with a header by name or
//! JSON Lines, recognised by the first byte. Every row goes out as JSON with the line it began on;
//! what its fields mean is for others to say.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::import_file::ImportError;
use super::read_dossier::{FieldError, unknown_field};
use crate::intake::json::Json;

/// A file that can be read more than once.
pub(super) struct Source {
    path: PathBuf,
    pub(super) name: String,
    pub(super) size: u64,
    is_lines: bool,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let problem = |problem: String| ImportError::File {
            file: name.clone(),
            problem,
        };
        let mut file = File::open(path).map_err(|error| problem(error.to_string()))?;
        let size = file
            .metadata()
            .map_err(|error| problem(error.to_string()))?
            .len();
        let mut first = Vec::new();
        let mut reader = Read::by_ref(&mut file).take(4096);
        reader
            .read_to_end(&mut first)
            .map_err(|error| problem(error.to_string()))?;
        let first = first
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&first)
            .trim_ascii_start();
        if first.is_empty() {
            return Err(problem("the file is empty".to_owned()));
        }
        let is_lines = first.starts_with(b"{");
        Ok(Self {
            path: path.to_owned(),
            name,
            size,
            is_lines,
        })
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> ImportError {
        ImportError::File {
            file: self.name.clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn wrong(&self, line: u64, error: FieldError) -> ImportError {
        ImportError::Row {
            file: self.name.clone(),
            line,
            error,
        }
    }

    fn reader(&self) -> Result<BufReader<File>, ImportError> {
        let file = File::open(&self.path).map_err(|error| self.problem(error.to_string()))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let head = reader
            .fill_buf()
            .map_err(|error| self.problem(error.to_string()))?;
        let skip = if head.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        reader
            .seek_relative(skip)
            .map_err(|error| self.problem(error.to_string()))?;
        Ok(reader)
    }

    pub(super) fn hash(&self) -> Result<Vec<u8>, ImportError> {
        let mut file = File::open(&self.path).map_err(|error| self.problem(error.to_string()))?;
        file.rewind()
            .map_err(|error| self.problem(error.to_string()))?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file
                .read(&mut buffer)
                .map_err(|error| self.problem(error.to_string()))?;
            match buffer.get(..read) {
                Some(bytes) if read > 0 => hash.update(bytes),
                _ => return Ok(hash.finalize().to_vec()),
            }
        }
    }

    /// Hands every row as JSON, with its line and the offset behind it.
    pub(super) fn rows(
        &self,
        columns: &[&str],
        take: impl FnMut(u64, u64, &Json) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        if self.is_lines {
            self.json_lines(take)
        } else {
            self.csv_rows(columns, take)
        }
    }

    fn json_lines(
        &self,
        mut take: impl FnMut(u64, u64, &Json) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut reader = self.reader()?;
        let mut line = Vec::new();
        let mut offset = 0;
        for number in 1.. {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(|error| self.problem(error.to_string()))?;
            if read == 0 {
                break;
            }
            offset += u64::try_from(read).unwrap_or(0);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let json = Json::parse(line.trim_ascii()).map_err(|refusal| {
                self.wrong(number, FieldError::new("(whole line)", refusal.to_string()))
            })?;
            take(number, offset, &json)?;
        }
        Ok(())
    }

    fn csv_rows(
        &self,
        columns: &[&str],
        mut take: impl FnMut(u64, u64, &Json) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut reader = csv::Reader::from_reader(self.reader()?);
        let mut lines = Lines::of(self.reader()?);
        let header = reader
            .headers()
            .map_err(|error| self.csv_problem(&error, &mut lines))?
            .clone();
        let mut names: Vec<&str> = Vec::new();
        for name in header.iter().map(str::trim) {
            if !columns.contains(&name) {
                return Err(self.wrong(1, unknown_field(name, columns)));
            }
            if names.contains(&name) {
                return Err(self.wrong(1, FieldError::new(name, "stands twice in the header")));
            }
            names.push(name);
        }
        let mut record = csv::StringRecord::new();
        while reader
            .read_record(&mut record)
            .map_err(|error| self.csv_problem(&error, &mut lines))?
        {
            let line = lines
                .line_at(record.position().map_or(0, csv::Position::byte))
                .map_err(|error| self.problem(error.to_string()))?;
            let members = names.iter().zip(record.iter());
            let members = members
                .map(|(name, value)| ((*name).to_owned(), Json::Text(value.trim().to_owned())));
            take(
                line,
                reader.position().byte(),
                &Json::Object(members.collect()),
            )?;
        }
        Ok(())
    }

    fn csv_problem(&self, error: &csv::Error, lines: &mut Lines) -> ImportError {
        let offset = error.position().map_or(0, csv::Position::byte);
        let line = lines.line_at(offset).unwrap_or(1);
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                format!("has {len} columns where the header has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
            csv::ErrorKind::Io(_) | csv::ErrorKind::Seek | _ => error.to_string(),
        };
        self.wrong(line, FieldError::new("(whole line)", problem))
    }
}

/// Counts the lines of a file alongside the CSV reader, whose own count stands still over blank
/// lines and stays one behind where lines end as on Windows.
struct Lines {
    reader: BufReader<File>,
    at: u64,
    line: u64,
}

impl Lines {
    fn of(reader: BufReader<File>) -> Self {
        Self {
            reader,
            at: 0,
            line: 1,
        }
    }

    /// The line of the first byte at `offset` or after it that does not end a line. Offsets may
    /// only grow.
    fn line_at(&mut self, offset: u64) -> std::io::Result<u64> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let before = usize::try_from(offset.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let (before, after) = buffer.split_at(before.min(buffer.len()));
            let begins = after.iter().position(|byte| !b"\r\n".contains(byte));
            let taken = before.len() + begins.unwrap_or(after.len());
            let passed = buffer.iter().take(taken).filter(|byte| **byte == b'\n');
            self.line += u64::try_from(passed.count()).unwrap_or(0);
            let is_there = begins.is_some() || buffer.is_empty();
            self.at += u64::try_from(taken).unwrap_or(0);
            self.reader.consume(taken);
            if is_there {
                return Ok(self.line);
            }
        }
    }
}
