//! Old workbooks (`.xls`, BIFF) through calamine. The format cannot be streamed, so its size is limited;
//! numbers leave as their shortest exact text. A workbook with a password is named as such.

use std::io::Cursor;

use calamine::{Data, Range, Reader, SheetVisible, Xls as Workbook, XlsError};

use super::{Format, Look};
use crate::reconciliation::book::Book;
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::reading::Ask;
use crate::reconciliation::table::emit::emit;
use crate::reconciliation::table::sheet::moment;
use crate::reconciliation::table::{Cell, Row, Rows, Table};

/// The format.
pub struct Xls;

/// Bytes an old workbook may have.
const BYTES_MAX: u64 = 20 * 1024 * 1024;

impl Format for Xls {
    fn name(&self, _: &Look) -> &'static str {
        "xls"
    }

    fn knows(&self, look: &Look) -> bool {
        look.head.starts_with(b"\xD0\xCF\x11\xE0")
    }

    fn read(&self, input: &Input, _: &Look, ask: &Ask, book: &mut Book<'_>) -> Result<(), Problem> {
        let bytes = input.whole(BYTES_MAX)?;
        if is_encrypted(&bytes) {
            return Err(Problem::file(
                "the workbook is protected with a password: remove the password and save it again",
            ));
        }
        let mut workbook = Workbook::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        let is_1904 = workbook.has_1904_epoch();
        let sheets = workbook.sheets_metadata().to_vec();
        let visible: Vec<_> = sheets
            .iter()
            .filter(|sheet| sheet.visible == SheetVisible::Visible)
            .collect();
        let mut best: Option<(String, Range<Data>)> = None;
        for sheet in visible {
            let range = workbook
                .worksheet_range(&sheet.name)
                .map_err(|error| damaged(&error))?;
            if best.is_none() && !range.is_empty() {
                best = Some((sheet.name.clone(), range));
            }
        }
        let Some((name, range)) = best else {
            return Err(Problem::file("the workbook is empty: no sheet has rows"));
        };
        book.detect("sheet", name);
        emit(&Sheet { range, is_1904 }, ask, book)
    }
}

fn damaged(error: &XlsError) -> Problem {
    let text = if matches!(error, XlsError::Password) {
        "the workbook is protected with a password: remove the password and save it again"
            .to_owned()
    } else {
        format!("the workbook is damaged and cannot be opened: {error}")
    };
    Problem::file(text)
}

/// A new workbook with a password is an old container with a part of this name, in UTF-16.
fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.windows(name.len()).any(|part| part == name)
}

struct Sheet {
    range: Range<Data>,
    is_1904: bool,
}

impl Table for Sheet {
    fn rows(&self) -> Result<Box<dyn Rows + '_>, Problem> {
        let (row, column) = self.range.start().unwrap_or_default();
        Ok(Box::new(SheetRows {
            rows: self.range.rows(),
            place: u64::from(row),
            indent: usize::try_from(column).unwrap_or_default(),
            is_1904: self.is_1904,
        }))
    }

    fn kind(&self) -> &'static str {
        "workbook"
    }
}

struct SheetRows<'a> {
    rows: calamine::Rows<'a, Data>,
    place: u64,
    indent: usize,
    is_1904: bool,
}

impl Rows for SheetRows<'_> {
    fn next_row(&mut self) -> Result<Option<Row>, Problem> {
        let Some(cells) = self.rows.next() else {
            return Ok(None);
        };
        self.place += 1;
        let mut row = Row {
            place: self.place,
            cells: vec![Cell::Empty; self.indent],
        };
        row.cells.extend(cells.iter().map(|cell| self.cell(cell)));
        while row.cells.last() == Some(&Cell::Empty) {
            row.cells.pop();
        }
        Ok(Some(row))
    }
}

impl SheetRows<'_> {
    fn cell(&self, data: &Data) -> Cell {
        match data {
            Data::Empty => Cell::Empty,
            Data::Int(number) => Cell::Number(number.to_string()),
            Data::Float(number) => Cell::Number(number.to_string()),
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
                Cell::Text(text.clone())
            }
            Data::Bool(is) => Cell::Text(is.to_string()),
            Data::DateTime(at) => {
                let number = at.as_f64().to_string();
                moment(&number, self.is_1904).map_or(Cell::Number(number), Cell::Moment)
            }
            Data::Error(error) => Cell::Fault(error.to_string()),
        }
    }
}
