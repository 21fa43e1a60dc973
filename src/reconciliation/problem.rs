//! Why a file cannot be read: the line or row, what stands there and what to do. One problem ends
//! the reading; what can be read but not trusted is a hold or a warning of the reading instead.

use std::fmt;
use std::io;

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line of a text file or the row of a sheet, from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong and what to do, in one sentence.
    pub message: String,
}

impl Problem {
    /// A problem of the whole file.
    #[must_use]
    pub fn file(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
        }
    }

    /// A problem at a line or row.
    #[must_use]
    pub fn at(line: u64, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Problem {}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        let own = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>());
        own.cloned()
            .unwrap_or_else(|| Self::file(format!("the file cannot be read: {error}")))
    }
}

impl From<Problem> for io::Error {
    fn from(problem: Problem) -> Self {
        Self::other(problem)
    }
}

/// A text shortened for a message, without line breaks.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.replace(['\n', '\r', '\t'], " ")
}
