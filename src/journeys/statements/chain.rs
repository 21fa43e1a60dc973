//! Statements of an account hang together: each opens with what the one before closed with, and
//! numbers and pages have no gap. What does not hold becomes a sentence for the officer.

use std::collections::{BTreeSet, HashMap};

use chrono::Datelike;
use rust_decimal::Decimal;

use super::StatementError;
use super::compare::Known;
use super::identity::Judged;
use crate::config::source::{Source, SourceKind};
use crate::store::ops::Queries;
use crate::store::rows::StatementRow;
use crate::store::types::Uid;

/// Why the statements of a file do not follow those before them.
pub(super) fn prove(
    queries: &mut dyn Queries,
    source: &Source,
    judged: &[Judged],
    known: &HashMap<usize, Known>,
    without: &[Uid],
) -> Result<Vec<String>, StatementError> {
    let mut holds = Vec::new();
    let accounts: BTreeSet<&str> = judged.iter().map(|one| one.row.account.as_str()).collect();
    for account in accounts {
        let mut own: Vec<&Judged> = judged
            .iter()
            .filter(|one| one.row.account == account)
            .collect();
        own.sort_by_key(|one| (one.row.to_day, one.row.from_day, numbers(&one.row)));
        let mut last: Option<StatementRow> = None;
        for one in own {
            let before = match last.take() {
                Some(last) => Some(last),
                None => stored_before(queries, source, &one.row, without)?,
            };
            let position = usize::try_from(one.row.position).unwrap_or(usize::MAX);
            let known = known.get(&position).copied().unwrap_or_default();
            let is_known = one.same.is_some()
                || one.row.line_count > 0
                    && i64::try_from(known.lines).is_ok_and(|lines| lines == one.row.line_count);
            if !is_known {
                holds.extend(follows(source, before.as_ref(), &one.row, known));
            }
            last = Some(one.row.clone())
                .filter(|row| row.closing_minor.is_some())
                .or(before);
        }
    }
    Ok(holds)
}

fn stored_before(
    queries: &mut dyn Queries,
    source: &Source,
    row: &StatementRow,
    without: &[Uid],
) -> Result<Option<StatementRow>, StatementError> {
    let mut until = row.to_day;
    // A file that is replaced is not there any more; at most a few statements are passed over.
    for _ in 0..16 {
        let found = queries.find_last_statement(
            row.tenant,
            &source.name,
            &row.account,
            until,
            row.file_id,
        )?;
        let Some(found) = found else {
            return Ok(None);
        };
        if !without.contains(&found.file_id) {
            return Ok(Some(found));
        }
        let Some(earlier) = found.to_day.pred_opt() else {
            return Ok(None);
        };
        until = earlier;
    }
    Ok(None)
}

fn follows(
    source: &Source,
    before: Option<&StatementRow>,
    row: &StatementRow,
    known: Known,
) -> Vec<String> {
    let mut holds = Vec::new();
    if source.kind == SourceKind::Bank {
        holds.extend(gap(before, row));
    }
    let (Some(before), Some(opening), Some(closing)) =
        (before, row.opening_minor, row.closing_minor)
    else {
        return holds;
    };
    let Some(closed) = before.closing_minor else {
        return holds;
    };
    let net = row.credit_minor.saturating_sub(row.debit_minor);
    let fees_move = opening.saturating_add(net) != closing
        && opening.saturating_add(net).saturating_sub(row.fees_minor) == closing;
    // What is known already came in with the statement before.
    let mut there = opening.saturating_add(known.net);
    if fees_move {
        there = there.saturating_sub(known.fees);
    }
    if there != closed {
        holds.push(format!(
            "{} of account {} {} {}, but {}, the last one imported before it, closed on {} with {}: \
             a statement is missing between them, or one was changed",
            name(row),
            row.account,
            opens(row, known),
            text(row, there),
            name(before),
            before.to_day.format("%d/%m/%Y"),
            text(row, closed),
        ));
    }
    holds
}

/// When the balance that is compared stood: at the opening, or after the lines that are known.
fn opens(row: &StatementRow, known: Known) -> String {
    let day = row.from_day.format("%d/%m/%Y");
    match known.lines {
        0 => format!("opens on {day} with"),
        lines => format!("opens on {day} and stands, after {lines} lines that are known, at"),
    }
}

/// A gap in numbers or pages.
fn gap(before: Option<&StatementRow>, row: &StatementRow) -> Option<String> {
    let (number, page) = numbers(row)?;
    let missing = |what: String| {
        Some(format!(
            "{what} of account {} was not imported before {}",
            row.account,
            name(row)
        ))
    };
    let Some((last, last_page)) = before.and_then(numbers) else {
        return match (before, page) {
            (None, 2..) => missing(format!("page {} of statement {number}", page - 1)),
            _ => None,
        };
    };
    let is_same_year = before.is_some_and(|before| before.to_day.year() == row.to_day.year());
    if number == last {
        if page > last_page.saturating_add(1) {
            return missing(format!("page {} of statement {number}", page - 1));
        }
        return None;
    }
    if number > last && page > 1 {
        return missing(format!("page {} of statement {number}", page - 1));
    }
    if is_same_year && number > last.saturating_add(1) {
        let first = last + 1;
        return if first == number - 1 {
            missing(format!("statement {first}"))
        } else {
            missing(format!("a statement from {first} to {}", number - 1))
        };
    }
    None
}

/// Number and page of a statement such as `202/1`; the page is 1 where none is named.
fn numbers(row: &StatementRow) -> Option<(u64, u64)> {
    let text = row.number.as_deref()?;
    let (number, page) = text.split_once('/').unwrap_or((text, "1"));
    Some((number.trim().parse().ok()?, page.trim().parse().ok()?))
}

fn name(row: &StatementRow) -> String {
    match &row.number {
        Some(number) => format!("statement {number}"),
        None if row.from_day == row.to_day => {
            format!("the statement of {}", row.to_day.format("%d/%m/%Y"))
        }
        None => format!(
            "the statement of {} to {}",
            row.from_day.format("%d/%m/%Y"),
            row.to_day.format("%d/%m/%Y")
        ),
    }
}

fn text(row: &StatementRow, minor: i64) -> String {
    let decimals = u32::try_from(row.decimals).unwrap_or(0);
    Decimal::new(minor, decimals).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Day;

    fn row(number: &str, day: u32) -> StatementRow {
        let day = Day::from_ymd_opt(2026, 9, day).unwrap();
        StatementRow {
            tenant: 1,
            file_id: Uid::MIN,
            position: 0,
            account: "A".to_owned(),
            currency: "VND".to_owned(),
            decimals: 0,
            from_day: day,
            to_day: day,
            number: Some(number.to_owned()),
            reference: None,
            revision: 1,
            opening_minor: Some(100),
            closing_minor: Some(150),
            credit_minor: 50,
            debit_minor: 0,
            fees_minor: 0,
            line_count: 1,
            digest: Vec::new(),
        }
    }

    #[test]
    fn a_gap_in_numbers_or_pages_is_named() {
        let of = |before: Option<&str>, number: &str| {
            let before = before.map(|before| row(before, 14));
            gap(before.as_ref(), &row(number, 15)).is_some()
        };
        for (before, number, expected) in [
            (None, "7/1", false),
            (None, "7/2", true),
            (Some("201/1"), "202/1", false),
            (Some("201/1"), "203/1", true),
            (Some("201/1"), "201/2", false),
            (Some("201/1"), "201/3", true),
            (Some("201/2"), "202/2", true),
            (Some("201/1"), "201/1", false),
            (Some("365/1"), "1/1", false),
            (Some("x"), "9/1", false),
            (Some("201/1"), "x", false),
        ] {
            assert_eq!(of(before, number), expected, "{before:?} {number}");
        }
    }
}
