//! Text as lines and as counted pieces, each limited in length, so that no file can fill the
//! memory. Takes any decoded reader; knows nothing of formats.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::problem::Problem;

pub mod amounts;
pub mod dates;
pub mod encoding;
pub mod fast;
pub mod iso;
pub mod signs;
pub mod swift;
pub mod xml;

/// Bytes a line, a cell or a piece of markup may have.
pub const LONGEST: usize = 1024 * 1024;

/// The lines of a text, numbered from 1, without their ends.
pub struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of this text.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// The next line, none at the end.
    ///
    /// # Errors
    /// When the line is too long or the file cannot be read.
    pub fn next_line(&mut self) -> Result<Option<(u64, String)>, Problem> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let mut piece = (&mut self.reader).take(limit + 2);
        if piece.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() > LONGEST {
            return Err(too_long(self.number));
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        let line = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some((self.number, line)))
    }
}

/// A line or piece beyond [`LONGEST`].
#[must_use]
pub fn too_long(line: u64) -> Problem {
    Problem::at(
        line,
        "a line or cell is too long: the limit is 1 MB; the file was damaged or is no statement",
    )
}

/// Where a counted text stands.
#[derive(Debug, Clone, Default)]
pub struct Position {
    line: Rc<Cell<u64>>,
    taken: Rc<Cell<usize>>,
}

impl Position {
    /// The line of the next byte, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line.get()
    }

    /// Begins a new piece: it may have [`LONGEST`] bytes again.
    pub fn begin(&self) {
        self.taken.set(0);
    }
}

/// A text that counts its lines and ends pieces that are too long.
pub struct Counted<R> {
    reader: R,
    position: Position,
}

impl<R: BufRead> Counted<R> {
    /// Counts this text.
    pub fn new(reader: R) -> (Self, Position) {
        let position = Position {
            line: Rc::new(Cell::new(1)),
            taken: Rc::new(Cell::new(0)),
        };
        let counted = Self {
            reader,
            position: position.clone(),
        };
        (counted, position)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        for (to, from) in out.iter_mut().zip(ready) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position.taken.get() > LONGEST {
            return Err(too_long(self.position.line()).into());
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let ready = self.reader.fill_buf().unwrap_or_default();
        let ends = ready
            .iter()
            .take(count)
            .filter(|byte| **byte == b'\n')
            .count();
        let line = self.position.line.get();
        self.position
            .line
            .set(line.saturating_add(u64::try_from(ends).unwrap_or(0)));
        let taken = self.position.taken.get();
        self.position.taken.set(taken.saturating_add(count));
        self.reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_limited() {
        let mut lines = Lines::new(&b"a\r\n\nb"[..]);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line);
        }
        let texts: Vec<_> = all.iter().map(|(at, text)| (*at, text.as_str())).collect();
        assert_eq!(texts, [(1, "a"), (2, ""), (3, "b")]);
        let long = format!("a\n{}", "x".repeat(LONGEST + 1));
        let mut lines = Lines::new(long.as_bytes());
        lines.next_line().unwrap();
        assert_eq!(lines.next_line().unwrap_err().line, Some(2));
    }
}
