//! The rows of a sheet out of its XML, one by one, with the type each cell has in the file: text,
//! number as written, date, error, formula without a value.

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::zipped::{Piece, Pieces, Workbook, value};
use super::{Cell, Row, Rows};
use crate::reconciliation::problem::Problem;

/// Columns a sheet may use.
const COLUMNS_MAX: usize = 2_000;

/// The rows of a sheet.
pub struct SheetRows<'a> {
    workbook: &'a Workbook<'a>,
    pieces: Pieces,
    place: u64,
}

#[derive(Default)]
struct Draft {
    column: usize,
    kind: String,
    style: usize,
    value: String,
    text: String,
    is_formula: bool,
}

impl<'a> SheetRows<'a> {
    /// The rows of this part.
    ///
    /// # Errors
    /// When there is no such part.
    pub fn new(workbook: &'a Workbook<'a>, part: &str) -> Result<Self, Problem> {
        Ok(Self {
            workbook,
            pieces: workbook.pieces(part)?,
            place: 0,
        })
    }

    fn row(&mut self) -> Result<Row, Problem> {
        let mut row = Row {
            place: self.place,
            cells: Vec::new(),
        };
        let mut draft = Draft::default();
        let mut inside = String::new();
        let mut is_sound = false;
        while let Some(piece) = self.pieces.next_piece()? {
            match piece {
                Piece::Start(name, attributes) => {
                    if name == "c" {
                        draft = begun(&attributes, row.cells.len(), self.place)?;
                    }
                    draft.is_formula |= name == "f";
                    is_sound |= name == "rPh";
                    inside = name;
                }
                Piece::Text(text) if inside == "v" => draft.value.push_str(&text),
                Piece::Text(text) if inside == "t" && !is_sound => draft.text.push_str(&text),
                Piece::Text(_) => {}
                Piece::End(name) => {
                    inside.clear();
                    match name.as_str() {
                        "row" => break,
                        "rPh" => is_sound = false,
                        "c" => {
                            let done = std::mem::take(&mut draft);
                            let column = done.column;
                            let cell = self.cell(done);
                            if cell != Cell::Empty {
                                row.cells.resize(column.max(row.cells.len()), Cell::Empty);
                                row.cells.push(cell);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(row)
    }

    fn cell(&self, draft: Draft) -> Cell {
        let has_no_value = draft.value.is_empty() && draft.text.is_empty();
        if has_no_value {
            return if draft.is_formula {
                Cell::Formula
            } else {
                Cell::Empty
            };
        }
        match draft.kind.as_str() {
            "s" => {
                let at: Option<usize> = draft.value.trim().parse().ok();
                let text = at.and_then(|at| self.workbook.texts.get(at));
                text.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
            }
            "inlineStr" => Cell::Text(draft.text),
            "str" | "d" => Cell::Text(draft.value),
            "b" => Cell::Text(if draft.value == "1" { "true" } else { "false" }.to_owned()),
            "e" => Cell::Fault(draft.value),
            _ => {
                let is_date = self
                    .workbook
                    .dates
                    .get(draft.style)
                    .copied()
                    .unwrap_or(false);
                let at = is_date
                    .then(|| moment(&draft.value, self.workbook.is_1904))
                    .flatten();
                at.map_or(Cell::Number(draft.value), Cell::Moment)
            }
        }
    }
}

impl Rows for SheetRows<'_> {
    fn next_row(&mut self) -> Result<Option<Row>, Problem> {
        while let Some(piece) = self.pieces.next_piece()? {
            if let Piece::Start(name, attributes) = piece
                && name == "row"
            {
                let stated = value(&attributes, "r").and_then(|number| number.parse().ok());
                self.place = stated.unwrap_or(self.place + 1);
                return self.row().map(Some);
            }
        }
        Ok(None)
    }
}

fn begun(attributes: &[(String, String)], next: usize, place: u64) -> Result<Draft, Problem> {
    let column = value(attributes, "r").and_then(column_of).unwrap_or(next);
    if column >= COLUMNS_MAX || column < next {
        return Err(Problem::at(
            place,
            format!(
                "the workbook is damaged: a cell is out of place or beyond {COLUMNS_MAX} columns"
            ),
        ));
    }
    Ok(Draft {
        column,
        kind: value(attributes, "t").unwrap_or_default().to_owned(),
        style: value(attributes, "s")
            .and_then(|style| style.parse().ok())
            .unwrap_or(0),
        ..Draft::default()
    })
}

/// The column of `AB12`, from 0.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(4).try_fold(0_usize, |sum, letter| {
        let digit = usize::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        sum.checked_mul(26)?.checked_add(digit)
    })?;
    number.checked_sub(1)
}

/// The date and time of a day number of a workbook.
#[must_use]
pub fn moment(number: &str, is_1904: bool) -> Option<NaiveDateTime> {
    let number: f64 = number.trim().parse().ok()?;
    let number: Decimal = number.to_string().parse().ok()?;
    let days = number.trunc().to_u64()?;
    let seconds = (number.fract() * Decimal::from(86_400)).round().to_i64()?;
    let zero = if is_1904 {
        NaiveDate::from_ymd_opt(1904, 1, 1)?
    } else {
        NaiveDate::from_ymd_opt(1899, 12, 30)?
    };
    let day = zero.checked_add_days(Days::new(days))?;
    day.and_hms_opt(0, 0, 0)?
        .checked_add_signed(TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_read_in_both_calendars() {
        let at = |number: &str, is_1904| moment(number, is_1904).map(|at| at.to_string());
        assert_eq!(at("46299", false).as_deref(), Some("2026-10-04 00:00:00"));
        assert_eq!(at("46299.5", false).as_deref(), Some("2026-10-04 12:00:00"));
        assert_eq!(at("44837", true).as_deref(), Some("2026-10-04 00:00:00"));
        assert_eq!(at("x", false), None);
    }

    #[test]
    fn columns_are_counted_from_their_letters() {
        assert_eq!(
            [
                column_of("A1"),
                column_of("Z9"),
                column_of("AA10"),
                column_of("7")
            ],
            [Some(0), Some(25), Some(26), None]
        );
    }
}
