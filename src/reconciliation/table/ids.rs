//! The numbers by which money is found again, as a cell holds them. What a spreadsheet made of one is
//! refused: whether 1.002E+03 was 1002 or 1002.4 nobody can tell.

use super::columns::Columns;
use super::row::words;
use super::{Cell, Row};
use crate::reconciliation::book::filled;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::profiles::Role;

/// What spreadsheets write where a formula failed.
const FAULTS: [&str; 11] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#NAME?",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#ERROR!",
    "#GETTING_DATA",
];

/// The number in the column of a role, none when there is none.
///
/// # Errors
/// When a spreadsheet spoiled it.
pub fn id(row: &Row, columns: &Columns, role: Role) -> Result<Option<String>, Problem> {
    let cell = columns.cell(row, role);
    let read = match cell {
        Cell::Empty | Cell::Number(_) | Cell::Moment(_) => return Ok(words(row, columns, role)),
        Cell::Fault(_) => Err("is an error of the workbook"),
        Cell::Formula => Err("stands for a formula"),
        Cell::Text(text) => plain(text),
    };
    let found = read.map_err(|why| {
        let text = format!(
            "the {role} \"{}\" {why}, so the number is lost: format its column as text and export again",
            shown(&cell.shown())
        );
        Problem::at(row.place, text)
    })?;
    Ok(filled(&found).filter(|text| text != "-"))
}

/// Without what cannot be seen and without the marks that keep it a text.
fn plain(text: &str) -> Result<String, &'static str> {
    let is_unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}');
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let seen = seen.trim();
    let quoted = seen
        .strip_prefix("=\"")
        .and_then(|left| left.strip_suffix('"'));
    if let Some(inside) = quoted.filter(|inside| !inside.contains('"')) {
        return judged(inside, true);
    }
    match seen.strip_prefix('\'') {
        Some(inside) => judged(inside, true),
        None => judged(seen, false),
    }
}

/// A number kept as text may be written in any way but those in which digits are lost.
fn judged(text: &str, is_kept: bool) -> Result<String, &'static str> {
    let upper = text.trim().to_ascii_uppercase();
    let is_hidden = !upper.is_empty() && upper.chars().all(|c| c == '#');
    if is_hidden || FAULTS.contains(&upper.as_str()) {
        return Err("is an error of a spreadsheet");
    }
    if is_scientific(&upper) {
        return Err("is in scientific notation");
    }
    if !is_kept && upper.starts_with('=') {
        return Err("is a formula");
    }
    if !is_kept && is_number(&upper) {
        return Err("is written as a spreadsheet writes an amount");
    }
    Ok(text.to_owned())
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// 1.002E+03: with the sign that spreadsheets write; without one it may be a number with a letter.
fn is_scientific(upper: &str) -> bool {
    let Some((front, power)) = upper.split_once('E') else {
        return false;
    };
    let (whole, fraction) = front.split_once(['.', ',']).unwrap_or((front, "0"));
    let power = power.strip_prefix(['+', '-']);
    are_digits(whole) && are_digits(fraction) && power.is_some_and(are_digits)
}

/// 1002.0 and 1,006; not 5243.14661, 0123.456 or 12.34.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if are_digits(whole) && matches!(fraction, "0" | "00") {
        return true;
    }
    let is_grouped = |mark: char| {
        let mut groups = text.split(mark);
        let first = groups.next().unwrap_or_default();
        let is_first = are_digits(first) && first.len() <= 3 && !first.starts_with('0');
        let rest: Vec<&str> = groups.collect();
        let is_rest = |group: &&str| are_digits(group) && group.len() == 3;
        is_first && !rest.is_empty() && rest.iter().all(is_rest)
    };
    is_grouped(',') || is_grouped('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_spreadsheet_spoiled_are_told_from_true_ones() {
        for text in [
            "1.002E+03",
            "1,002E+03",
            "1e+15",
            "1.5E-07",
            "12.345E+3",
            "1002.0",
            "1002,0",
            "1002.00",
            "#N/A",
            "#ref!",
            "####",
            "=1007",
            "=A1&\"x\"",
            "1,006",
            "1.006",
            "1,234,567",
            "1.234.567",
            "'1.002E+03",
            "=\"#N/A\"",
        ] {
            assert!(plain(text).is_err(), "{text}");
        }
        for text in [
            "1010",
            "0010",
            "5243.14661",
            "FT26.001",
            "1002.5",
            "12,34",
            "1,23",
            "0.500",
            "0123.456",
            "1234.567",
            "1.234,567",
            "5E12",
            "12E45",
            "1E+A",
            "A#1",
            "#12",
            "FT=1",
            "MBVCB.39",
            "2026.11.25",
            "1.0.0",
            "E+03",
            "",
        ] {
            assert_eq!(plain(text).as_deref(), Ok(text));
        }
        for (text, id) in [
            ("=\"1010\"", "1010"),
            ("=\"0010\"", "0010"),
            ("=\"1,006\"", "1,006"),
            ("'1003", "1003"),
            ("10\u{200b}11\u{feff}", "1011"),
            ("\u{feff}'1004", "1004"),
        ] {
            assert_eq!(plain(text).as_deref(), Ok(id), "{text}");
        }
    }
}
