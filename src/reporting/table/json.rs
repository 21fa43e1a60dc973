//! A table as one JSON object: its facts, `title`, `columns` [{`key`, `title`, `kind`}], `rows` as
//! objects by column key, `notes`. Whole numbers are numbers; percentages and amounts are decimal
//! text, so that no reader rounds them; no value is null.

use serde_json::{Map, Value, json};

use super::{Cell, Table};

/// The object.
#[must_use]
pub fn to_value(table: &Table) -> Value {
    let mut object = table.facts.clone();
    let columns = table.columns.iter().map(
        |column| json!({"key": column.key, "title": column.title, "kind": column.kind.as_str()}),
    );
    let rows = table.rows.iter().map(|row| {
        let members = table.columns.iter().zip(row);
        let members = members.map(|(column, cell)| (column.key.to_owned(), value(cell)));
        Value::Object(members.collect::<Map<_, _>>())
    });
    object.insert("title".to_owned(), Value::from(table.title.as_str()));
    object.insert("columns".to_owned(), columns.collect());
    object.insert("rows".to_owned(), rows.collect());
    object.insert("notes".to_owned(), Value::from(table.notes.clone()));
    Value::Object(object)
}

/// The object as indented text with a line end.
#[must_use]
pub fn to_json(table: &Table) -> String {
    format!("{:#}\n", to_value(table))
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Integer(number) => Value::from(*number),
        Cell::Empty => Value::Null,
        Cell::Text(_) | Cell::Percent(_) | Cell::Number(_) | Cell::Money(_) => {
            Value::from(cell.plain())
        }
    }
}
