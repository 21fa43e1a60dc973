//! A report as a neutral table: columns with kinds, rows, a total, notes, and facts for machines.
//! Comes from a report, goes to a terminal, CSV, JSON or a spreadsheet through the files beside
//! this one. Computes nothing.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::domain::money::Money;

mod csv;
mod json;
mod text;
mod xlsx;

pub use self::csv::to_csv;
pub use self::json::{to_json, to_value};
pub use self::text::to_text;
pub use self::xlsx::to_xlsx;

/// First characters that make a spreadsheet calculate.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Words as a spreadsheet may hold them: with an apostrophe before what would make it calculate, also
/// where the file says that they are words, because they are copied on into files that cannot say so.
fn without_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA_STARTS) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words and codes.
    Text,
    /// Whole numbers.
    Integer,
    /// Percentages with two decimals, 85.94 meaning 85.94 %.
    Percent,
    /// Other decimal numbers.
    Number,
    /// Amounts.
    Money,
}

impl Kind {
    /// The word used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Percent => "percent",
            Self::Number => "number",
            Self::Money => "money",
        }
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Stable name, the header of CSV and the member of JSON rows.
    pub key: &'static str,
    /// What people read.
    pub title: String,
    /// What it holds.
    pub kind: Kind,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words and codes.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A percentage.
    Percent(Decimal),
    /// Another decimal number.
    Number(Decimal),
    /// An amount.
    Money(Money),
    /// No value, such as a percentage of nothing.
    Empty,
}

impl Cell {
    /// The value as plain text: decimal point, no thousands marks, empty when there is none.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Percent(number) | Self::Number(number) => number.to_string(),
            Self::Money(money) => money.to_decimal_text(),
            Self::Empty => String::new(),
        }
    }
}

/// A report, ready to be written in any format.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What people read above it.
    pub title: String,
    /// Columns from left to right.
    pub columns: Vec<Column>,
    /// Rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// The last line; it need not be the sum of the rows.
    pub total: Option<Vec<Cell>>,
    /// Definitions, exclusions, capture time: what makes the figures citable.
    pub notes: Vec<String>,
    /// Members of the JSON object beside `rows`.
    pub facts: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;

    pub(super) fn sample() -> Table {
        let column = |key, kind| Column {
            key,
            title: key.to_uppercase(),
            kind,
        };
        let mut facts = Map::new();
        facts.insert("id".to_owned(), Value::from("sample"));
        Table {
            title: "Mẫu".to_owned(),
            columns: vec![
                column("name", Kind::Text),
                column("n", Kind::Integer),
                column("percent", Kind::Percent),
                column("amount", Kind::Money),
            ],
            rows: vec![
                vec![
                    Cell::Text("=SUM(A1)".to_owned()),
                    Cell::Integer(-4),
                    Cell::Percent(Decimal::new(8594, 2)),
                    Cell::Money(Money::vnd(20_000)),
                ],
                vec![
                    Cell::Text("Phường \"An\", Xuyên".to_owned()),
                    Cell::Integer(0),
                    Cell::Empty,
                    Cell::Empty,
                ],
            ],
            total: None,
            notes: vec!["A note.".to_owned()],
            facts,
        }
    }

    #[test]
    fn csv_neutralises_formulas_in_words_and_leaves_numbers_alone() {
        let text = String::from_utf8(to_csv(&sample()).unwrap()).unwrap();
        assert_eq!(
            text,
            "name,n,percent,amount\n'=SUM(A1),-4,85.94,20000\n\"Phường \"\"An\"\", Xuyên\",0,,\n"
        );
    }

    #[test]
    fn csv_has_the_total_where_there_are_no_rows() {
        let mut table = sample();
        table.total = table.rows.pop();
        table.rows.clear();
        let text = String::from_utf8(to_csv(&table).unwrap()).unwrap();
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn json_has_facts_rows_by_key_and_nulls() {
        let value = to_value(&sample());
        let expected = serde_json::json!({
            "id": "sample",
            "title": "Mẫu",
            "columns": [
                {"key": "name", "title": "NAME", "kind": "text"},
                {"key": "n", "title": "N", "kind": "integer"},
                {"key": "percent", "title": "PERCENT", "kind": "percent"},
                {"key": "amount", "title": "AMOUNT", "kind": "money"},
            ],
            "rows": [
                {"name": "=SUM(A1)", "n": -4, "percent": "85.94", "amount": "20000"},
                {"name": "Phường \"An\", Xuyên", "n": 0, "percent": null, "amount": null},
            ],
            "notes": ["A note."],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn text_shows_a_dash_for_no_value() {
        let text = to_text(&sample());
        assert!(text.starts_with("Mẫu\n"), "{text}");
        assert!(text.contains("85.94%") && text.contains('–') && text.contains("A note."));
    }

    #[test]
    fn a_spreadsheet_is_a_zip_with_two_sheets() {
        let bytes = to_xlsx(&sample()).unwrap();
        assert!(bytes.starts_with(b"PK"));
        let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        assert!(has(b"xl/worksheets/sheet1.xml") && has(b"xl/worksheets/sheet2.xml"));
    }
}
