//! The cells of one row as what they mean: amounts, days, words. A cell that is not what its column
//! holds is refused with its text.

use rust_decimal::Decimal;

use super::columns::Columns;
use super::heading::fold;
use super::survey::Plan;
use super::{Cell, Row};
use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::reconciliation::book::Book;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::profiles::{Role, library};
use crate::reconciliation::text::amounts::{Mark, parse, parse_number};
use crate::reconciliation::text::dates::{self, DateOrder};
use crate::reconciliation::text::signs::{Signs, currencies};

/// The columns that hold amounts.
pub(super) const AMOUNTS: [Role; 6] = [
    Role::Amount,
    Role::Debit,
    Role::Credit,
    Role::Balance,
    Role::Fee,
    Role::Tax,
];

/// An amount in a cell.
///
/// # Errors
/// Why it is none, to follow the cell's text.
pub fn number(cell: &Cell, style: Option<Mark>) -> Result<Option<Decimal>, String> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Text(text) => parse(text, style),
        Cell::Number(text) => parse_number(text).map(Some),
        Cell::Fault(_) => Err("is an error of the workbook, not an amount".to_owned()),
        Cell::Formula => Err(
            "is no amount: open the workbook, let it calculate, save it and try again".to_owned(),
        ),
        Cell::Moment(_) => Err("is a date, not an amount".to_owned()),
    }
}

/// The amount of a role.
///
/// # Errors
/// When the cell holds something else.
pub fn amount(
    row: &Row,
    columns: &Columns,
    role: Role,
    style: Option<Mark>,
) -> Result<Option<Decimal>, Problem> {
    let cell = columns.cell(row, role);
    number(cell, style).map_err(|why| {
        let name = if role == Role::Amount {
            "amount".to_owned()
        } else {
            format!("{role} amount")
        };
        let text = shown(&cell.shown());
        Problem::at(row.place, format!("the {name} \"{text}\" {why}"))
    })
}

/// No amount of the row names another currency than the row's or, where none is known, than the
/// amounts before it.
///
/// # Errors
/// When one does, with both currencies.
pub fn in_currency(
    row: &Row,
    columns: &Columns,
    own: Option<Currency>,
    signs: &mut Signs,
) -> Result<(), Problem> {
    for role in AMOUNTS {
        let Cell::Text(text) = columns.cell(row, role) else {
            continue;
        };
        for sign in currencies(text) {
            signs.note(sign, own).map_err(|other| {
                let text = format!(
                    "the amount \"{}\" is in {}, and the amounts of this file are in {other}: mend the cell or, where \
                     it is right, name the currency above the table, in the heading or in a column of currencies",
                    shown(text),
                    sign.text
                );
                Problem::at(row.place, text)
            })?;
        }
    }
    Ok(())
}

/// Nothing of the row stands beyond the heading, where only cells that are shifted come to stand.
///
/// # Errors
/// When something does, with what stands there.
pub fn whole(row: &Row, columns: &Columns) -> Result<(), Problem> {
    let Some(cell) = columns.beyond(row) else {
        return Ok(());
    };
    let text = format!(
        "the row has more cells than the heading, \"{}\" beyond its last column, as after an amount or a memo with a \
         comma that is not in quotes, so its cells may be shifted: put that cell in quotes or export the file again; \
         a note beside the table goes out",
        shown(&cell.shown())
    );
    Err(Problem::at(row.place, text))
}

/// A day in a cell and what follows it that is no time.
#[must_use]
pub fn day(cell: &Cell, order: DateOrder) -> Option<(Day, String)> {
    match cell {
        Cell::Moment(at) => Some((at.date(), String::new())),
        Cell::Text(text) => {
            let (day, rest) = dates::parse(text, order)?;
            let rest = rest.trim();
            let is_time = rest.split(['T', ' ', '+', '-', 'Z', '.']).all(|word| {
                word.is_empty()
                    || word.chars().all(|c| c.is_ascii_digit() || c == ':')
                        && (word.contains(':') || word.len() <= 4)
                    || matches!(word, "AM" | "PM" | "am" | "pm" | "UTC" | "SA" | "CH")
            });
            Some((
                day,
                if is_time {
                    String::new()
                } else {
                    rest.to_owned()
                },
            ))
        }
        Cell::Number(text) => {
            let whole = text.split('.').next().unwrap_or_default();
            let days: u64 = whole
                .parse()
                .ok()
                .filter(|days| (20_000..80_000).contains(days))?;
            let zero = Day::from_ymd_opt(1899, 12, 30)?;
            Some((
                zero.checked_add_days(chrono::Days::new(days))?,
                String::new(),
            ))
        }
        Cell::Empty | Cell::Fault(_) | Cell::Formula => None,
    }
}

/// The text of a role, none when there is none.
#[must_use]
pub fn words(row: &Row, columns: &Columns, role: Role) -> Option<String> {
    let cell = columns.cell(row, role);
    let mut text = cell.shown();
    // A reference kept as a number: 3.4E8 is 340000000.
    if let Cell::Number(number) = cell
        && let Ok(plain) = number.parse::<f64>()
    {
        text = plain.to_string();
    }
    crate::reconciliation::book::filled(&text).filter(|text| text != "-")
}

/// Whether the status says that money moved; without a status it did.
#[must_use]
pub fn is_money(row: &Row, plan: &Plan, book: &mut Book<'_>) -> bool {
    let Some(status) = words(row, &plan.columns, Role::Status) else {
        return true;
    };
    let folded = fold(&status);
    let words = &library().words;
    let own = &plan.profile;
    // What the profile says of its own words goes first.
    if own.succeeded.contains(&folded) {
        return true;
    }
    if own.failed.contains(&folded) {
        return false;
    }
    if words.succeeded.contains(&folded) {
        return true;
    }
    if !words.failed.contains(&folded) {
        book.unknown_status(&status, row.place);
    }
    false
}

/// The signed amount: money in above zero.
///
/// # Errors
/// When both sides are filled, or a cell holds something else.
pub fn signed(row: &Row, plan: &Plan) -> Result<Option<Decimal>, Problem> {
    let columns = &plan.columns;
    let of = |role| amount(row, columns, role, plan.style);
    let filled = |found: Option<Decimal>| found.filter(|amount| !amount.is_zero());
    let (debit, credit) = (of(Role::Debit)?, of(Role::Credit)?);
    if filled(debit).is_some() && filled(credit).is_some() {
        let text = "there is both a debit and a credit amount: only one can be right";
        return Err(Problem::at(row.place, text));
    }
    if let Some(debit) = filled(debit) {
        return Ok(Some(if plan.has_negative_debits {
            debit
        } else {
            -debit
        }));
    }
    if let Some(found) = filled(credit).or(credit).or(debit) {
        return Ok(Some(found));
    }
    let Some(found) = of(Role::Amount)? else {
        return Ok(None);
    };
    let library = &library().words;
    let Some(side) = words(row, columns, Role::Side) else {
        // A kind such as "Debit" says the side of an amount that has no sign.
        let kind = words(row, columns, Role::Kind).map(|kind| fold(&kind));
        let is_debit = kind.is_some_and(|kind| library.debit.contains(&kind));
        let is_unsigned = found.is_sign_positive();
        return Ok(Some(if is_debit && is_unsigned {
            -found
        } else {
            found
        }));
    };
    let folded = fold(&side);
    if library.credit.contains(&folded) || side.trim() == "+" {
        Ok(Some(found.abs()))
    } else if library.debit.contains(&folded) {
        Ok(Some(-found.abs()))
    } else {
        let text = format!("\"{}\" is neither credit nor debit", shown(&side));
        Err(Problem::at(row.place, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_give_back_the_document_number_beside_them() {
        let of = |text: &str| {
            day(&Cell::Text(text.to_owned()), DateOrder::Dmy)
                .map(|(day, rest)| format!("{day}|{rest}"))
        };
        assert_eq!(
            of("04/10/2026     5243.14661").as_deref(),
            Some("2026-10-04|5243.14661")
        );
        assert_eq!(
            of("04/10/2026\nMBVCB.39").as_deref(),
            Some("2026-10-04|MBVCB.39")
        );
        assert_eq!(of("04-10-2026 08:04:25").as_deref(), Some("2026-10-04|"));
        assert_eq!(
            of("2026-10-04T08:04:25.123+07:00").as_deref(),
            Some("2026-10-04|")
        );
        assert_eq!(
            day(&Cell::Number("46299".into()), DateOrder::Dmy)
                .unwrap()
                .0
                .to_string(),
            "2026-10-04"
        );
        assert_eq!(day(&Cell::Number("5".into()), DateOrder::Dmy), None);
    }
}
