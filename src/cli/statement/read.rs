//! `doisoat statement read`: reads a statement or settlement file and shows what was understood: format,
//! account, totals, first lines, what was detected, what is doubtful. Needs no settings and no
//! database, asks nothing, stores nothing.

use std::path::PathBuf;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::cli::output::{complain, say, say_json};
use crate::cli::{Context, End};
use crate::domain::statement::{Line, Statement};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::reading::{Ask, Preview, Reading, read};
use crate::reconciliation::text::dates::DateOrder;

#[derive(Debug, clap::Args)]
pub(super) struct ReadArguments {
    /// The file
    file: PathBuf,
    /// The mapping profile of a table, by name or as a .toml file
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The order of day, month and year, where the file leaves it open
    #[arg(long, value_name = "dmy|mdy|ymd", value_parser = order)]
    date_order: Option<DateOrder>,
}

fn order(text: &str) -> Result<DateOrder, String> {
    DateOrder::parse(text).ok_or_else(|| "write dmy, mdy or ymd".to_owned())
}

/// How many lines are shown.
const SHOWN: usize = 10;

/// Runs the command.
///
/// # Errors
/// Never: a file that cannot be read is an answer.
pub(super) fn run(arguments: &ReadArguments, context: &Context) -> anyhow::Result<End> {
    let input = Input::File(arguments.file.clone());
    let ask = Ask {
        profile: arguments.profile.clone(),
        date_order: arguments.date_order,
        currency: None,
        is_settlement: false,
    };
    let mut preview = Preview {
        room: SHOWN,
        ..Preview::default()
    };
    match read(&input, &ask, &mut preview) {
        Ok(reading) => {
            if context.is_json {
                say_json(&result(&reading, &preview.lines));
            } else {
                show(&reading, &preview.lines);
            }
            Ok(End::Done)
        }
        Err(problem) => {
            if context.is_json {
                say_json(&refused(&problem));
            } else {
                complain(&format!("doisoat: {}: {problem}", arguments.file.display()));
                complain("nothing was stored");
            }
            Ok(End::Failed)
        }
    }
}

fn refused(problem: &Problem) -> Value {
    json!({
        "outcome": "error", "format": null, "account": null, "currency": null, "entries": null, "sum_credit": null,
        "sum_debit": null, "opening": null, "closing": null, "first": null, "warnings": [],
        "error": { "line": problem.line, "message": problem.message },
    })
}

fn result(reading: &Reading, lines: &[Line]) -> Value {
    let (opening, closing) = reading.balances();
    let findings = &reading.findings;
    let warnings: Vec<&String> = findings.holds.iter().chain(&findings.warnings).collect();
    let detected: serde_json::Map<String, Value> = findings
        .detected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({
        "outcome": if reading.is_held() { "held" } else { "ok" },
        "format": reading.format,
        "account": reading.account(),
        "currency": reading.currency().map(|currency| currency.to_string()),
        "entries": reading.entries(),
        "sum_credit": reading.sum(|one| one.credit),
        "sum_debit": reading.sum(|one| one.debit),
        "sum_fee": reading.sum(|one| one.fees),
        "opening": opening,
        "closing": closing,
        "first": first(reading, lines).map(|(one, line)| json!({
            "date": line.date.to_string(), "amount": one.text(line.amount), "reference": line.reference, "memo": line.memo,
        })),
        "skipped": findings.skipped,
        "detected": detected,
        "statements": reading.statements().map(statement).collect::<Vec<_>>(),
        "warnings": warnings,
        "error": null,
    })
}

fn first<'a>(reading: &'a Reading, lines: &'a [Line]) -> Option<(&'a Statement, &'a Line)> {
    let line = lines.first()?;
    Some((reading.findings.statements.get(line.statement)?, line))
}

fn statement(one: &Statement) -> Value {
    json!({
        "account": one.account, "number": one.number, "currency": one.currency.map(|currency| currency.to_string()),
        "from": one.from.map(|day| day.to_string()), "to": one.to.map(|day| day.to_string()),
        "entries": one.entries, "sum_credit": one.text(one.credit), "sum_debit": one.text(one.debit), "sum_fee": one.text(one.fees),
        "opening": one.opening.map(|minor| one.text(minor)), "closing": one.closing.map(|minor| one.text(minor)),
        "is_interim": one.is_interim,
    })
}

fn show(reading: &Reading, lines: &[Line]) {
    let findings = &reading.findings;
    say(&format!("format       {}", reading.format));
    for (name, value) in &findings.detected {
        say(&format!("{name:12} {value}"));
    }
    for one in reading.statements() {
        say("");
        say(&summary(one));
    }
    if findings.skipped > 0 {
        say(&format!(
            "not counted  {} rows: failed, cancelled or pending",
            findings.skipped
        ));
    }
    if !lines.is_empty() {
        say("");
        say(&table(reading, lines).to_string());
        let more = reading
            .entries()
            .saturating_sub(u64::try_from(lines.len()).unwrap_or(u64::MAX));
        if more > 0 {
            say(&format!("… and {more} more"));
        }
    }
    say("");
    for text in &findings.warnings {
        say(&format!("note: {text}"));
    }
    for text in &findings.holds {
        say(&format!("held: {text}"));
    }
    say(if reading.is_held() {
        "held: an officer has to look before this is imported; nothing was stored"
    } else {
        "ok; nothing was stored"
    });
}

fn summary(one: &Statement) -> String {
    let money = |minor: Option<i64>| {
        minor.map_or_else(
            || "not stated".to_owned(),
            |minor| grouped(&one.text(minor)),
        )
    };
    let day = |day: Option<crate::domain::time::Day>| {
        day.map_or_else(|| "?".to_owned(), |day| day.format("%d/%m/%Y").to_string())
    };
    format!(
        "account      {}\nnumber       {}\ncurrency     {}\nperiod       {} – {}\nopening      {}\nin           {}\nout          {}\nfees         {}\nclosing      {}\nentries      {}",
        one.account.as_deref().unwrap_or("not stated"),
        one.number.as_deref().unwrap_or("not stated"),
        one.currency
            .map_or_else(|| "not stated".to_owned(), |currency| currency.to_string()),
        day(one.from),
        day(one.to),
        money(one.opening),
        money(Some(one.credit)),
        money(Some(one.debit)),
        money(Some(one.fees)),
        money(one.closing),
        one.entries,
    )
}

fn table(reading: &Reading, lines: &[Line]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_BORDERS_ONLY_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["place", "date", "amount", "fee", "reference", "memo"]);
    for line in lines {
        let own = reading.findings.statements.get(line.statement);
        let money = |minor: i64| own.map_or_else(String::new, |one| grouped(&one.text(minor)));
        let short = |text: &Option<String>| {
            text.as_deref()
                .unwrap_or_default()
                .replace('\n', " ")
                .chars()
                .take(48)
                .collect::<String>()
        };
        table.add_row([
            line.place.to_string(),
            line.date.format("%d/%m/%Y").to_string(),
            money(line.amount),
            line.fee.map_or_else(String::new, money),
            short(&line.reference),
            short(&line.memo),
        ]);
    }
    for column in [0, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Decimal text with its thousands apart.
pub(super) fn grouped(text: &str) -> String {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (left, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        grouped.push(digit);
        if left > 1 && left % 3 == 1 {
            grouped.push('.');
        }
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped},{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let texts = ["0", "999", "1000", "-1250000", "1234567.50"].map(grouped);
        assert_eq!(texts, ["0", "999", "1.000", "-1.250.000", "1.234.567,50"]);
    }
}
