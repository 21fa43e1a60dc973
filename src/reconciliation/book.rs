//! What a reader writes into while it reads: statements with their balances, lines that are added up
//! and passed on, holds and warnings. Proves each statement when it ends; keeps no line.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use rust_decimal::Decimal;

use super::problem::{Problem, shown};
use crate::domain::money::Currency;
use crate::domain::statement::{Line, Statement, decimals_of, to_minor};

/// Lines a file may have.
const LINES_MAX: u64 = 2_000_000;
/// Status words that are named when they are not known.
const STATUSES_MAX: usize = 5;
/// Texts of one kind that are kept; more are counted.
const NOTES_MAX: usize = 20;

/// Takes the lines of a file as they are read.
pub trait Sink {
    /// One line of the statement with that number.
    ///
    /// # Errors
    /// What makes the taker stop.
    fn take(&mut self, line: &Line) -> Result<(), Problem>;

    /// A row that is no money, failed, cancelled or pending: counted apart. Most takers need no more.
    fn pass_over(&mut self, _line: &Line) {}
}

/// What was found out about a file beside its lines.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    /// Every statement, in the order of the file.
    pub statements: Vec<Statement>,
    /// What was detected, for people: name and value.
    pub detected: Vec<(&'static str, String)>,
    /// Why the file must not be posted without an officer.
    pub holds: Vec<String>,
    /// What an officer should know.
    pub warnings: Vec<String>,
    /// Rows that are not money: failed, cancelled, pending.
    pub skipped: u64,
    /// Status words that no list knows, each with its first row.
    pub unknown_statuses: Vec<(String, u64)>,
}

impl Findings {
    /// Why nothing of the file counts, when that is because its status words are not known.
    #[must_use]
    pub fn no_known_status(&self) -> Option<Problem> {
        let (_, first) = self.unknown_statuses.first()?;
        let words: Vec<String> = self
            .unknown_statuses
            .iter()
            .map(|(word, row)| format!("\"{word}\" (row {row})"))
            .collect();
        let text = format!(
            "none of its {} rows counts, and no list knows the status {}: write a profile that lists such words under \
             succeeded = [\u{2026}] (money moved) or failed = [\u{2026}] (none did), and name it as the profile of the source",
            self.skipped,
            words.join(", ")
        );
        Some(Problem::at(*first, text))
    }
}

/// Collects what a reader finds.
pub struct Book<'a> {
    sink: &'a mut dyn Sink,
    /// What was found so far.
    pub findings: Findings,
    /// The statement being read.
    pub statement: Statement,
    /// Whether fees named beside the lines move the balance.
    pub fees_move_balance: bool,
    /// Whether the balances contradict each other, so that they prove nothing.
    pub is_unproven: bool,
    /// The line of the closing balance.
    pub closing_at: Option<u64>,
    digest: DefaultHasher,
    known: HashSet<u64>,
    /// Lines that name a transaction, where each may stand once.
    once: Option<HashSet<u64>>,
    lines: u64,
}

impl<'a> Book<'a> {
    /// An empty book.
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            findings: Findings::default(),
            statement: Statement::default(),
            fees_move_balance: false,
            is_unproven: false,
            closing_at: None,
            digest: DefaultHasher::new(),
            known: HashSet::new(),
            once: None,
            lines: 0,
        }
    }

    /// From now on a line that repeats an earlier one, number and all, holds the file: a provider gives
    /// a transaction its number once, while a bank may book two equal entries.
    pub fn expect_numbers_once(&mut self) {
        self.once.get_or_insert_default();
    }

    /// Sets the statement's currency and with it how many decimals its amounts have.
    pub fn set_currency(&mut self, currency: Currency) {
        self.statement.currency = Some(currency);
        self.statement.decimals = decimals_of(currency);
    }

    /// An amount in the statement's minor units.
    ///
    /// # Errors
    /// When it has more decimals than the currency or does not fit.
    pub fn minor(&self, amount: Decimal, place: u64) -> Result<i64, Problem> {
        to_minor(amount, self.statement.decimals).ok_or_else(|| {
            let currency = self.statement.currency;
            let currency = currency.map_or_else(|| "its currency".to_owned(), |known| known.to_string());
            let message = format!(
                "the amount {amount} has a fraction that {currency} does not have, or too many digits"
            );
            Problem::at(place, message)
        })
    }

    /// Counts a line and passes it on.
    ///
    /// # Errors
    /// When there are too many lines, a sum does not fit, or the taker stops.
    pub fn add(&mut self, mut line: Line) -> Result<(), Problem> {
        self.lines += 1;
        if self.lines > LINES_MAX {
            let message = format!("more than {LINES_MAX} entries: split the file by day");
            return Err(Problem::at(line.place, message));
        }
        line.statement = self.findings.statements.len();
        let overflow = || Problem::at(line.place, "the sum of the amounts is too large");
        let statement = &mut self.statement;
        statement.entries += 1;
        let size = line.amount.checked_abs().ok_or_else(overflow)?;
        let side = if line.amount < 0 {
            &mut statement.debit
        } else {
            &mut statement.credit
        };
        *side = side.checked_add(size).ok_or_else(overflow)?;
        let fee = line.fee.unwrap_or(0);
        statement.fees = statement.fees.checked_add(fee).ok_or_else(overflow)?;
        (line.date, line.amount, &line.reference, &line.memo).hash(&mut self.digest);
        self.note_repeat(&line);
        self.sink.take(&line)
    }

    /// Notes a row that does not count because its status is in no list.
    pub fn unknown_status(&mut self, status: &str, place: u64) {
        let status = shown(status);
        self.hold(format!(
            "row {place}: the status \"{status}\" is not known: the row is not counted"
        ));
        let known = &mut self.findings.unknown_statuses;
        if known.len() < STATUSES_MAX && known.iter().all(|(word, _)| *word != status) {
            known.push((status, place));
        }
    }

    /// Holds the file when the line stood in it before.
    fn note_repeat(&mut self, line: &Line) {
        let number = line.bank_reference.as_ref().or(line.reference.as_ref());
        let (Some(once), Some(number)) = (&mut self.once, number) else {
            return;
        };
        let mut hash = DefaultHasher::new();
        (line.date, line.value_date, line.amount, line.fee, number).hash(&mut hash);
        (&line.reference, &line.order, &line.memo).hash(&mut hash);
        (&line.counterparty, line.balance, line.currency).hash(&mut hash);
        if !once.insert(hash.finish()) {
            let text = format!(
                "row {}: transaction {} stood in the file before with the same day, amount and words, and its money \
                 would count twice: pasted twice?",
                line.place,
                shown(number)
            );
            self.hold(text);
        }
    }

    /// Counts a row that is no money.
    pub fn pass_over(&mut self, mut line: Line) {
        line.statement = self.findings.statements.len();
        self.findings.skipped += 1;
        self.sink.pass_over(&line);
    }

    /// Ends the statement: proves its balances, and tells one that repeats an earlier one.
    pub fn end(&mut self) {
        let mut statement = std::mem::take(&mut self.statement);
        let mut digest = std::mem::take(&mut self.digest);
        (
            &statement.account,
            &statement.number,
            &statement.reference,
            statement.opening,
            statement.closing,
        )
            .hash(&mut digest);
        let is_new = self.known.insert(digest.finish());
        let closing_at = self.closing_at.take();
        if !is_new && (statement.entries > 0 || statement.number.is_some()) {
            statement.is_repeat = true;
            self.hold(format!(
                "the statement {} of account {} stands in the file twice: it is counted once",
                name(statement.number.as_deref()),
                name(statement.account.as_deref()),
            ));
        } else {
            self.prove(&statement, closing_at);
        }
        self.is_unproven = false;
        self.findings.statements.push(statement);
    }

    fn prove(&mut self, statement: &Statement, closing_at: Option<u64>) {
        let (Some(expected), Some(closing)) = (
            statement.expected_closing(self.fees_move_balance),
            statement.closing,
        ) else {
            return;
        };
        if expected == closing {
            return;
        }
        let place = closing_at.map_or(String::new(), |line| format!("line {line}: "));
        let text = format!(
            "{place}the balances of account {} do not add up: opening {} plus credits {} less debits {} \
             is {}, but the closing balance is {} ({} off)",
            name(statement.account.as_deref()),
            statement.text(statement.opening.unwrap_or_default()),
            statement.text(statement.credit),
            statement.text(statement.debit),
            statement.text(expected),
            statement.text(closing),
            statement.text(closing.saturating_sub(expected)),
        );
        if self.is_unproven {
            self.warn(text);
        } else {
            self.hold(text);
        }
    }

    /// Notes a reason to hold the file.
    pub fn hold(&mut self, text: impl Into<String>) {
        keep(&mut self.findings.holds, text.into());
    }

    /// Notes something an officer should know.
    pub fn warn(&mut self, text: impl Into<String>) {
        keep(&mut self.findings.warnings, text.into());
    }

    /// Notes something that was detected.
    pub fn detect(&mut self, name: &'static str, value: impl Into<String>) {
        self.findings.detected.push((name, value.into()));
    }
}

fn keep(notes: &mut Vec<String>, text: String) {
    if notes.len() < NOTES_MAX && !notes.contains(&text) {
        notes.push(text);
    }
}

fn name(text: Option<&str>) -> &str {
    text.unwrap_or("without a name")
}

/// A text without surrounding space, in composed form; none when nothing is left.
#[must_use]
pub fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| super::text::encoding::composed(text))
}
