//! Old workbooks (`.xls`, BIFF) through calamine. The format cannot be streamed, so its size is limited;
//! numbers leave as their shortest exact text. A workbook with a password is named as such.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
/// An old workbook is a whole number of sectors of at least this size.
const SECTOR: usize = 64;

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
        // The reader may stop with a panic on a damaged file; that too is an answer.
        let opened = catch_unwind(AssertUnwindSafe(|| first_sheet(bytes)));
        let (name, sheet) = opened.unwrap_or_else(|_| {
            Err(Problem::file(
                "the workbook is damaged and cannot be opened",
            ))
        })?;
        book.detect("sheet", name);
        emit(&sheet, ask, book)
    }
}

fn first_sheet(bytes: Vec<u8>) -> Result<(String, Sheet), Problem> {
    if !bytes.len().is_multiple_of(SECTOR) {
        return Err(Problem::file(
            "the workbook is damaged or truncated: download it again",
        ));
    }
    let mut workbook = Workbook::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let is_1904 = workbook.has_1904_epoch();
    let mut sheets = workbook.sheets_metadata().to_vec();
    sheets.retain(|sheet| sheet.visible == SheetVisible::Visible);
    for sheet in sheets {
        let range = workbook
            .worksheet_range(&sheet.name)
            .map_err(|error| damaged(&error))?;
        if !range.is_empty() {
            return Ok((sheet.name, Sheet { range, is_1904 }));
        }
    }
    Err(Problem::file(
        "the workbook is empty: no visible sheet has rows",
    ))
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
