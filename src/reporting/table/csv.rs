//! A table as CSV (RFC 4180, UTF-8, comma, header of stable names). Words that a spreadsheet would
//! run as a formula get a leading apostrophe; notes and, beside rows, the total are left out, so
//! that every line is data.

use super::{Cell, Table, without_formula};

/// The bytes of the file.
///
/// # Errors
/// What the writer says; writing to memory does not fail in practice.
pub fn to_csv(table: &Table) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| column.key))?;
    let lone_total = table.total.iter().filter(|_| table.rows.is_empty());
    for row in table.rows.iter().chain(lone_total) {
        writer.write_record(row.iter().map(harmless))?;
    }
    writer
        .into_inner()
        .map_err(::csv::IntoInnerError::into_error)
}

fn harmless(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => without_formula(text).into_owned(),
        Cell::Integer(_) | Cell::Percent(_) | Cell::Number(_) | Cell::Money(_) | Cell::Empty => {
            cell.plain()
        }
    }
}
