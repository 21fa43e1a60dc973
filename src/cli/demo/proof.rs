//! The proof: what the answers, the books and the reports say is put beside what must be and what
//! was published. Everything is read from the database as any report or officer would read it; each
//! comparison becomes one line, and one that fails makes the whole fail.

use anyhow::{Context as _, Result};
use comfy_table::{CellAlignment, Table, presets};

use super::expect::{Figure, Outcome};
use super::gateway::House;
use super::plan::Plan;
use super::play::Played;
use super::score::TENANT;
use crate::cli::output::say;
use crate::domain::lang::Lang;
use crate::ledger::verify::verify;
use crate::reporting::ask::{Ask, By};
use crate::reporting::indicators;
use crate::reporting::measure::{Measured, measure};
use crate::reporting::period::Period;
use crate::store::rows::BalanceRow;

/// Lines that hold or do not.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    failed: usize,
}

impl Verdicts {
    /// Whether every line held.
    pub(super) fn all_hold(&self) -> bool {
        self.failed == 0
    }

    fn line(&mut self, holds: bool, text: &str) {
        self.failed += usize::from(!holds);
        say(&format!("{} {text}", if holds { "✔" } else { "✘" }));
    }

    fn same(&mut self, what: &str, found: i64, due: i64) {
        if found == due {
            self.line(true, &format!("{what}: {}", grouped(found)));
        } else {
            let (found, due) = (grouped(found), grouped(due));
            self.line(false, &format!("{what}: {found}, and not {due}"));
        }
    }
}

/// What the proof compares.
pub(super) struct Evidence<'a> {
    pub(super) plan: &'a Plan,
    pub(super) house: &'a House,
    pub(super) outcome: &'a Outcome,
    pub(super) played: &'a Played,
}

/// A number in groups of three.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Prints everything that was proven.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn prove(evidence: &Evidence<'_>) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    tell_calls(evidence.outcome);
    answers(&mut verdicts, evidence);
    books(&mut verdicts, evidence)?;
    say("");
    figures(&mut verdicts, evidence)?;
    Ok(verdicts)
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(head);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What was sent and what had to come of it.
fn tell_calls(outcome: &Outcome) {
    let mut table = table(&["Calls", "number"]);
    let mut row = |name: &str, number: i64| {
        table.add_row([name.to_owned(), grouped(number)]);
    };
    row("sent, signed as each provider signs", outcome.sent);
    row("recorded", outcome.recorded);
    for (verdict, number) in &outcome.verdicts {
        row(&format!("   {}", told(verdict)), *number);
    }
    row("repeated: told before, posted nothing", outcome.repeated);
    row("refused: forged, or signed too long ago", outcome.refused);
    say(&table.to_string());
}

/// What a recorded call was to the books, for people.
fn told(verdict: &str) -> &str {
    match verdict {
        "recorded" => "success, failure or waiting, as asked for",
        "amount_differs" => "too little or too much",
        "already_final" => "paid twice, too late, or for a closed dossier",
        "unknown_order" => "money that names no bill",
        "conflict" => "contradictions of an earlier call, kept for officers",
        other => other,
    }
}

fn answers(verdicts: &mut Verdicts, evidence: &Evidence<'_>) {
    let played = evidence.played;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let text = format!(
        "{} calls answered, {} not as their provider expects",
        grouped(count(played.answered)),
        grouped(count(played.surprises))
    );
    let is_complete = count(played.answered) == evidence.outcome.sent;
    verdicts.line(is_complete && played.surprises == 0, &text);
    for surprise in &played.told {
        say(&format!("    {surprise}"));
    }
}

/// What the books hold: every check of `doisoat verify`, then the sums against the plan's.
fn books(verdicts: &mut Verdicts, evidence: &Evidence<'_>) -> Result<()> {
    let db = &evidence.house.db;
    let outcome = evidence.outcome;
    for check in verify(db, TENANT.0)? {
        let rows = grouped(check.rows);
        verdicts.line(
            check.wrong.is_empty(),
            &format!("{} ({rows} rows)", check.proves),
        );
        for (name, problem) in check.wrong.iter().take(3) {
            say(&format!("    {name}: {problem}"));
        }
        if check.proves.starts_with("notices") {
            verdicts.same("notices recorded", check.rows, outcome.recorded);
        }
    }
    let balances = db.read(|queries| queries.list_balances(TENANT.0))?;
    let debit = |row: &BalanceRow| row.debit_minor - row.credit_minor;
    let of = |account: &str| -> i64 {
        let rows = balances.iter();
        rows.filter(|row| row.account.split(':').next() == Some(account))
            .map(debit)
            .sum()
    };
    verdicts.same(
        "ledger in balance, difference",
        balances.iter().map(debit).sum(),
        0,
    );
    verdicts.same("đồng taken by the providers", of("clearing"), outcome.taken);
    verdicts.same(
        "đồng of payers, to be given back",
        -of("payer_credit"),
        outcome.credit,
    );
    verdicts.same("đồng in suspense", -of("suspense"), outcome.suspense);
    let kept = db.read(|queries| queries.list_quarantined(TENANT.0, None, MANY))?;
    let kept = i64::try_from(kept.len()).unwrap_or(i64::MAX);
    verdicts.same("refused calls kept in quarantine", kept, outcome.refused);
    Ok(())
}

/// More than the demonstration refuses.
const MANY: i64 = 10_000;

/// The figures of the quarter, by the same question that any report puts.
fn measured(evidence: &Evidence<'_>) -> Result<Vec<Measured>> {
    let quarter = &evidence.plan.quarter;
    let ask = Ask {
        tenant: TENANT.0,
        period: Period::new(quarter.first_day, quarter.last_day)?,
        unit: None,
        is_own: false,
        by: By::None,
        captured_at: evidence.house.clock.now(),
        lang: Lang::En,
        refunded: evidence.house.settings.indicators.refunded,
    };
    let published = evidence.plan.published.keys();
    let asked: Option<Vec<_>> = published.map(|id| indicators::find(id)).collect();
    let asked = asked.context("a published figure has no indicator of its name")?;
    let db = &evidence.house.db;
    Ok(db.read(|queries| measure(queries, &ask, &asked))?)
}

/// Each figure beside the published one.
fn figures(verdicts: &mut Verdicts, evidence: &Evidence<'_>) -> Result<()> {
    let mut table = table(&["Indicator", "of", "among", "here", "published"]);
    let mut compared = Vec::new();
    for one in measured(evidence)? {
        let indicator = one.indicator;
        let figure = Figure {
            numerator: one.total.numerator,
            denominator: one.total.denominator,
        };
        let percent = one.total.percent();
        let here = percent.map_or_else(String::new, |percent| percent.to_string());
        let published = evidence.plan.published.get(indicator.id);
        let published = published.map_or("", String::as_str);
        table.add_row([
            indicator.name.en.to_owned(),
            grouped(figure.numerator),
            grouped(figure.denominator),
            format!("{here} %"),
            format!("{published} %"),
        ]);
        let due = evidence.outcome.figures.get(indicator.id);
        let holds = here == published && due == Some(&figure);
        compared.push((indicator.name.en, holds));
    }
    say(&table.to_string());
    for (name, holds) in compared {
        let text = if holds {
            "is the published figure"
        } else {
            "is another figure"
        };
        verdicts.line(holds, &format!("{name} {text}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let table = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ];
        for (number, text) in table {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn one_line_that_does_not_hold_is_enough_to_fail() {
        let mut verdicts = Verdicts::default();
        verdicts.same("calls", 2, 2);
        assert!(verdicts.all_hold());
        verdicts.same("calls", 2, 3);
        verdicts.line(true, "something else");
        assert!(!verdicts.all_hold());
    }
}
