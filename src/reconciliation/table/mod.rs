//! TABLES: rows of cells, from wherever they come, become statements and lines. Twice through every
//! table: `survey` looks (where is the heading, which columns, which styles), `emit` reads. Rows are
//! streamed; no table is ever whole in memory here.

use chrono::NaiveDateTime;

use super::problem::Problem;

pub mod checks;
pub mod columns;
pub mod emit;
pub mod heading;
pub mod ids;
pub mod labels;
pub(crate) mod part;
pub mod rivals;
pub mod row;
pub mod sheet;
pub mod split;
pub mod survey;
pub mod zipped;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing in it.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// A number of a workbook, as its text.
    Number(String),
    /// A date with time of a workbook.
    Moment(NaiveDateTime),
    /// An error such as `#REF!`.
    Fault(String),
    /// A formula whose result the workbook does not hold.
    Formula,
}

impl Cell {
    /// What it shows.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Number(text) | Self::Fault(text) => text.clone(),
            Self::Moment(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            Self::Formula => "a formula without a value".to_owned(),
        }
    }

    /// Whether nothing but space is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Moment(_) | Self::Fault(_) | Self::Formula => false,
        }
    }
}

/// A row: its number in the file, from 1, and its cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The line of a text file or the row of a sheet.
    pub place: u64,
    /// Its cells, from the first column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of this column.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// Whether it has nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// Rows one after the other.
pub trait Rows {
    /// The next row, none at the end.
    ///
    /// # Errors
    /// When the file is damaged, too large or cannot be read.
    fn next_row(&mut self) -> Result<Option<Row>, Problem>;
}

/// Something with rows that can be gone through more than once.
pub trait Table {
    /// Its rows from the first.
    ///
    /// # Errors
    /// When the file cannot be opened.
    fn rows(&self) -> Result<Box<dyn Rows + '_>, Problem>;

    /// What it is, for messages: `CSV`, `workbook`, `web page`.
    fn kind(&self) -> &'static str;
}
