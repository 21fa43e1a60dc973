//! A table for a terminal: title, aligned columns, the total, notes. For eyes only; programs read
//! CSV or JSON.

use comfy_table::{CellAlignment, ContentArrangement, Table as Drawing};

use super::{Cell, Kind, Table};

/// The text, ending with a line end.
#[must_use]
pub fn to_text(table: &Table) -> String {
    let mut drawing = Drawing::new();
    drawing.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    drawing.set_content_arrangement(ContentArrangement::Disabled);
    drawing.set_header(table.columns.iter().map(|column| column.title.as_str()));
    for row in table.rows.iter().chain(&table.total) {
        drawing.add_row(row.iter().map(shown));
    }
    for (column, described) in drawing.column_iter_mut().zip(&table.columns) {
        if described.kind != Kind::Text {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("{}\n{drawing}\n", table.title);
    for note in &table.notes {
        text.push_str(note);
        text.push('\n');
    }
    text
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Percent(percent) => format!("{percent}%"),
        Cell::Empty => "–".to_owned(),
        Cell::Text(_) | Cell::Integer(_) | Cell::Number(_) | Cell::Money(_) => cell.plain(),
    }
}
