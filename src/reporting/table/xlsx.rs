//! A table as a spreadsheet: numbers as numbers, a bold header that stays in view, percentages in
//! percent format, and the notes on a second sheet. Rows are written once, from top to bottom, so
//! that memory does not grow with them; there are no formulas.

use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Cell, Kind, Table, without_formula};

struct Formats {
    header: Format,
    integer: Format,
    percent: Format,
    number: Format,
}

/// The bytes of the file.
///
/// # Errors
/// What the writer says, such as more rows than a sheet can hold.
pub fn to_xlsx(table: &Table) -> Result<Vec<u8>, XlsxError> {
    let formats = Formats {
        header: Format::new().set_bold().set_text_wrap(),
        integer: Format::new().set_num_format("#,##0"),
        percent: Format::new().set_num_format("0.00%"),
        number: Format::new().set_num_format("0.0"),
    };
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_freeze_panes(1, 0)?;
    for (place, column) in (0..).zip(&table.columns) {
        let width = if column.kind == Kind::Text { 34 } else { 16 };
        sheet.set_column_width(place, width)?;
    }
    for (place, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, place, &column.title, &formats.header)?;
    }
    for (line, row) in (1..).zip(table.rows.iter().chain(&table.total)) {
        for (place, cell) in (0..).zip(row) {
            write_cell(sheet, (line, place), cell, &formats)?;
        }
    }
    write_notes(
        workbook.add_worksheet_with_constant_memory()?,
        table,
        &formats,
    )?;
    workbook.save_to_buffer()
}

fn write_notes(sheet: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 120)?;
    sheet.write_string_with_format(0, 0, &table.title, &formats.header)?;
    for (line, note) in (1..).zip(&table.notes) {
        sheet.write_string(line, 0, without_formula(note))?;
    }
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    (line, place): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) => sheet.write_string(line, place, without_formula(text))?,
        Cell::Integer(number) => sheet.write_with_format(line, place, *number, &formats.integer)?,
        Cell::Percent(percent) => {
            let share = percent / Decimal::ONE_HUNDRED;
            write_decimal(sheet, (line, place), &share.to_string(), &formats.percent)?
        }
        Cell::Number(number) => {
            write_decimal(sheet, (line, place), &number.to_string(), &formats.number)?
        }
        Cell::Money(money) => write_decimal(
            sheet,
            (line, place),
            &money.to_decimal_text(),
            &formats.integer,
        )?,
        Cell::Empty => sheet,
    };
    Ok(())
}

/// A spreadsheet knows no decimals but binary ones: the text is read as the nearest of them, which
/// is exact to fifteen digits, and nothing is calculated with it here.
fn write_decimal<'a>(
    sheet: &'a mut Worksheet,
    (line, place): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<&'a mut Worksheet, XlsxError> {
    match text.parse::<f64>() {
        Ok(number) => sheet.write_number_with_format(line, place, number, format),
        Err(_) => sheet.write_string(line, place, text),
    }
}
