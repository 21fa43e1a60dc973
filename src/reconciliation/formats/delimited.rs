//! Delimited text: CSV with commas or semicolons, tabs, pipes, in any known encoding. The delimiter is
//! the one with which a heading is found; columns are the table's business.

use super::{Format, Look};
use crate::reconciliation::book::Book;
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::profiles::{Profile, library};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::table::columns::Columns;
use crate::reconciliation::table::emit::emit;
use crate::reconciliation::table::split::Records;
use crate::reconciliation::table::{Cell, Row, Rows, Table};
use crate::reconciliation::text::encoding::{Decoded, Script};
use std::io::BufReader;

/// The format.
pub struct Delimited;

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// Fields a record may have.
const FIELDS_MAX: usize = 2_000;

impl Format for Delimited {
    fn name(&self, look: &Look) -> &'static str {
        match delimiter(&look.text) {
            '|' => "pipe",
            '\t' => "tsv",
            _ => "csv",
        }
    }

    fn knows(&self, look: &Look) -> bool {
        look.script.is_some() && !look.text.is_empty()
    }

    fn read(
        &self,
        input: &Input,
        look: &Look,
        ask: &Ask,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let script = look.script()?;
        book.detect("encoding", script.name());
        let delimiter = delimiter(&look.text);
        book.detect(
            "delimiter",
            if delimiter == '\t' {
                "tab".to_owned()
            } else {
                delimiter.to_string()
            },
        );
        if script.is_unsure {
            book.hold(format!(
                "the encoding is not sure: read as {}; export the file as UTF-8",
                script.name()
            ));
        }
        emit(
            &Text {
                input,
                script,
                delimiter,
            },
            ask,
            book,
        )
    }
}

/// The delimiter with which most columns of a heading are found, or the most frequent one.
fn delimiter(text: &str) -> char {
    let score = |delimiter: char| {
        let mut records = Records::new(text.as_bytes(), delimiter);
        let (mut roles, mut fields) = (0, 0);
        for _ in 0..60 {
            let Ok(Some((place, record))) = records.next_record() else {
                break;
            };
            fields += record.len().saturating_sub(1);
            let found = Columns::of(&row(place, record), &Profile::default(), library());
            roles = roles.max(found.map_or(0, |columns| columns.count()));
        }
        (roles, fields)
    };
    let scored = DELIMITERS
        .iter()
        .rev()
        .map(|delimiter| (score(*delimiter), *delimiter));
    scored
        .max_by_key(|(score, _)| *score)
        .map_or(',', |(_, delimiter)| delimiter)
}

fn row(place: u64, record: Vec<String>) -> Row {
    let cell = |text: String| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text(text)
        }
    };
    Row {
        place,
        cells: record.into_iter().map(cell).collect(),
    }
}

struct Text<'a> {
    input: &'a Input,
    script: Script,
    delimiter: char,
}

impl Table for Text<'_> {
    fn rows(&self) -> Result<Box<dyn Rows + '_>, Problem> {
        Ok(Box::new(TextRows(Records::new(
            self.script.text(self.input)?,
            self.delimiter,
        ))))
    }

    fn kind(&self) -> &'static str {
        "table"
    }
}

struct TextRows(Records<BufReader<Decoded>>);

impl Rows for TextRows {
    fn next_row(&mut self) -> Result<Option<Row>, Problem> {
        let Some((place, record)) = self.0.next_record()? else {
            return Ok(None);
        };
        if record.len() > FIELDS_MAX {
            return Err(Problem::at(
                place,
                format!("more than {FIELDS_MAX} columns: too many for a statement"),
            ));
        }
        Ok(Some(row(place, record)))
    }
}
