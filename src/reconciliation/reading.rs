//! One file read from end to end: its format told from its bytes, its lines counted, proved and
//! shown to a sink, and the verdict: ok, or held for an officer. Changes nothing anywhere.

use super::book::{Book, Findings, Sink};
use super::formats::{Look, ROSTER, strangers};
use super::input::Input;
use super::problem::Problem;
use super::text::dates::DateOrder;
use crate::domain::money::Currency;
use crate::domain::statement::{Line, Statement};
use rust_decimal::Decimal;

/// What the caller says to settle what a file leaves open.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The name of a mapping profile, or of a file that holds one.
    pub profile: Option<String>,
    /// The order of day, month and year.
    pub date_order: Option<DateOrder>,
    /// The currency of amounts where the file names none.
    pub currency: Option<Currency>,
    /// Whether it is a provider's settlement file, which names a transaction once.
    pub is_settlement: bool,
}

/// A file that could be read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The name of its format.
    pub format: &'static str,
    /// What was found.
    pub findings: Findings,
}

impl Reading {
    /// Whether an officer has to look before anything is posted.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.findings.holds.is_empty()
    }

    /// The statements that count.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.findings.statements.iter().filter(|one| !one.is_repeat)
    }

    /// How many lines count.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.statements().map(|one| one.entries).sum()
    }

    /// The sum of something over all statements, as plain decimal text.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&Statement) -> i64) -> String {
        let parts = self
            .statements()
            .map(|one| Decimal::new(of(one), one.decimals));
        parts
            .fold(Decimal::ZERO, |sum, part| sum.saturating_add(part))
            .to_string()
    }

    /// The account, when all statements have the same.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.common(|one| one.account.as_deref())
    }

    /// The currency, when all statements have the same.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.common(|one| one.currency)
    }

    /// The opening balance of the first and the closing balance of the last statement, when all
    /// are of one account.
    #[must_use]
    pub fn balances(&self) -> (Option<String>, Option<String>) {
        let key = |one: &Statement| Some((one.account.clone(), one.currency));
        if self.common(key).is_none() {
            return (None, None);
        }
        let text = |one: &Statement, minor: Option<i64>| minor.map(|minor| one.text(minor));
        let first = self.statements().next();
        let last = self.statements().last();
        (
            first.and_then(|one| text(one, one.opening)),
            last.and_then(|one| text(one, one.closing)),
        )
    }

    fn common<'a, T: PartialEq>(&'a self, of: impl Fn(&'a Statement) -> Option<T>) -> Option<T> {
        let mut all = self.statements().map(of);
        let first = all.next()??;
        all.all(|other| other.as_ref() == Some(&first))
            .then_some(first)
    }
}

/// Keeps the first lines of a file.
#[derive(Debug, Default)]
pub struct Preview {
    /// The first lines.
    pub lines: Vec<Line>,
    /// How many to keep.
    pub room: usize,
}

impl Sink for Preview {
    fn take(&mut self, line: &Line) -> Result<(), Problem> {
        if self.lines.len() < self.room {
            self.lines.push(line.clone());
        }
        Ok(())
    }
}

/// Reads a file; `sink` is shown every line. Lines shown before a problem must be forgotten.
///
/// # Errors
/// Why the file is refused, with its line or row.
pub fn read(input: &Input, ask: &Ask, sink: &mut dyn Sink) -> Result<Reading, Problem> {
    let look = Look::at(input)?;
    strangers(&look)?;
    let format = ROSTER
        .iter()
        .find(|format| format.knows(&look))
        .ok_or_else(|| {
            Problem::file(
                "the format is not known: neither MT940, CAMT, OFX, QIF, a workbook, PayPal STL \
                 nor a table of text",
            )
        })?;
    let mut book = Book::new(sink);
    if ask.is_settlement {
        book.expect_numbers_once();
    }
    format.read(input, &look, ask, &mut book)?;
    let mut findings = book.findings;
    several_currencies(&mut findings);
    Ok(Reading {
        format: format.name(&look),
        findings,
    })
}

fn several_currencies(findings: &mut Findings) {
    let mut known: Vec<Currency> = findings
        .statements
        .iter()
        .filter_map(|one| one.currency)
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.len() > 1 {
        let list: Vec<String> = known.iter().map(ToString::to_string).collect();
        findings.warnings.push(format!(
            "the file has several currencies ({}): its totals add unlike things, look at the statements",
            list.join(", ")
        ));
    }
}
