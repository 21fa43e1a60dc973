//! CAMT: account reports (052), statements (053) and notifications (054) of ISO 20022 in any version,
//! read as a stream by local names. No DTD, no entities; one entry is one line, however many
//! payments it holds. Pending entries are not money.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rust_decimal::Decimal;

use super::{Format, Look};
use crate::domain::money::Currency;
use crate::domain::statement::Line;
use crate::domain::time::Day;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::xml::{next_depth, reference, xml_problem};
use crate::reconciliation::text::{Counted, Position};

/// The format.
pub struct Camt;

const MESSAGES: [(&str, &str); 3] = [
    ("BkToCstmrAcctRpt", "camt052"),
    ("BkToCstmrStmt", "camt053"),
    ("BkToCstmrDbtCdtNtfctn", "camt054"),
];

impl Format for Camt {
    fn name(&self, look: &Look) -> &'static str {
        let found = MESSAGES
            .iter()
            .find(|(element, _)| look.text.contains(element));
        found.map_or("camt053", |(_, name)| name)
    }

    fn knows(&self, look: &Look) -> bool {
        look.start().starts_with('<')
    }

    fn read(
        &self,
        input: &Input,
        look: &Look,
        _: &Ask,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let script = look.script()?;
        book.detect("encoding", script.name());
        let (text, position) = Counted::new(script.text(input)?);
        let mut reader = Reader::from_reader(text);
        reader.config_mut().expand_empty_elements = true;
        let mut walk = Walk::new(position, self.name(look));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            walk.position.begin();
            walk.line = walk.position.line();
            let event = reader.read_event_into(&mut buffer);
            let event = event.map_err(|error| xml_problem(&error, walk.position.line()))?;
            match event {
                Event::Start(tag) => walk.start(&tag, book)?,
                Event::End(_) => walk.end(book)?,
                Event::Text(text) => walk.text.push_str(&text.xml10_content()),
                Event::CData(text) => walk.text.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => walk.text.push_str(&reference(&name, walk.line)?),
                Event::DocType(_) => {
                    let text = "a DTD (DOCTYPE) with its entities is not allowed in a statement";
                    return Err(Problem::at(walk.line, text));
                }
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        walk.finish(book)
    }
}

#[derive(Default)]
struct Entry {
    place: u64,
    amount: Option<(Decimal, Currency)>,
    is_debit: Option<bool>,
    status: String,
    booked_on: Option<Day>,
    value_date: Option<Day>,
    bank_reference: Option<String>,
    entry_reference: Option<String>,
    reference: Option<String>,
    structured: Option<String>,
    memo: String,
    note: Option<String>,
    debtor: Option<String>,
    creditor: Option<String>,
    transactions: u64,
}

#[derive(Default)]
struct Bal {
    kind: String,
    amount: Option<(Decimal, Currency)>,
    is_debit: bool,
    day: Option<Day>,
}

struct Walk {
    position: Position,
    format: &'static str,
    path: Vec<String>,
    text: String,
    line: u64,
    currency: Option<Currency>,
    entry: Entry,
    bal: Bal,
    previous: Option<i64>,
    declared: Option<u64>,
    made_on: Option<Day>,
    seen: u64,
    is_message: bool,
}

impl Walk {
    fn new(position: Position, format: &'static str) -> Self {
        Self {
            position,
            format,
            path: Vec::new(),
            text: String::new(),
            line: 1,
            currency: None,
            entry: Entry::default(),
            bal: Bal::default(),
            previous: None,
            declared: None,
            made_on: None,
            seen: 0,
            is_message: false,
        }
    }

    /// Whether the element being read stands under these, the last of them itself.
    fn is_at(&self, tail: &[&str]) -> bool {
        let mut path = self.path.iter().rev();
        tail.iter()
            .rev()
            .all(|name| path.next().is_some_and(|own| own == name))
    }

    fn start(&mut self, tag: &BytesStart<'_>, book: &mut Book<'_>) -> Result<(), Problem> {
        self.text.clear();
        let name = tag.local_name().as_ref().to_owned();
        next_depth(self.path.len(), self.line)?;
        self.root(&name, tag)?;
        match name.as_str() {
            "Stmt" | "Rpt" | "Ntfctn" if self.path.len() == 2 => {
                book.statement.decimals = 2;
                book.statement.is_interim = self.format == "camt052";
                (self.currency, self.previous, self.declared) = (None, None, None);
                self.seen = 0;
            }
            "Ntry" => {
                self.entry = Entry {
                    place: self.line,
                    ..Entry::default()
                }
            }
            "Bal" => self.bal = Bal::default(),
            "TxDtls" => self.entry.transactions += 1,
            "Amt" => {
                let code = tag
                    .attributes()
                    .flatten()
                    .find(|one| one.key.local_name().as_ref() == "Ccy");
                self.currency = match code {
                    Some(code) => Some(
                        Currency::parse(&code.value)
                            .map_err(|error| Problem::at(self.line, error.to_string()))?,
                    ),
                    None => None,
                };
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    /// The first elements tell whether this is a statement at all.
    fn root(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), Problem> {
        if self.is_message || self.path.len() > 1 {
            return Ok(());
        }
        if MESSAGES.iter().any(|(element, _)| *element == name) {
            self.is_message = true;
            return Ok(());
        }
        if self.path.is_empty() && name == "Document" {
            let space = tag
                .attributes()
                .flatten()
                .find(|one| one.key.as_ref() == "xmlns");
            let message = space.and_then(|space| space.value.rsplit(':').next().map(str::to_owned));
            if let Some(message) = message.filter(|message| !message.starts_with("camt.05")) {
                let text = format!(
                    "this is a {} message, not a statement: camt.052, camt.053 or camt.054 is needed",
                    shown(&message)
                );
                return Err(Problem::at(self.line, text));
            }
            return Ok(());
        }
        let text = format!(
            "this XML file begins with <{}>: it is not a statement (camt.052, camt.053, camt.054)",
            shown(name)
        );
        Err(Problem::at(self.line, text))
    }

    fn end(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let text = std::mem::take(&mut self.text);
        let value = text.trim();
        match self.path.last().map(String::as_str) {
            Some("Ntry") => self.close_entry(book)?,
            Some("Bal") => self.close_balance(book)?,
            Some("Stmt" | "Rpt" | "Ntfctn") if self.path.len() == 3 => self.close_statement(book),
            _ if self.path.iter().any(|name| name == "Ntry") => self.entry_field(value)?,
            _ if self.path.iter().any(|name| name == "Bal") => self.balance_field(value)?,
            _ => self.statement_field(value, book)?,
        }
        self.path.pop();
        Ok(())
    }

    fn statement_field(&mut self, value: &str, book: &mut Book<'_>) -> Result<(), Problem> {
        if self.path.len() > 3 && self.is_at(&["Acct", "Ccy"]) {
            let currency = Currency::parse(value)
                .map_err(|error| Problem::at(self.line, error.to_string()))?;
            book.set_currency(currency);
        } else if self.path.len() <= 7
            && (self.is_at(&["Acct", "Id", "IBAN"]) || self.is_at(&["Acct", "Id", "Othr", "Id"]))
        {
            book.statement.account = filled(value);
        } else if self.path.len() == 4 && self.is_at(&["Id"]) {
            book.statement.number = filled(value);
        } else if self.is_at(&["FrToDt", "FrDtTm"]) || self.is_at(&["FrToDt", "FrDt"]) {
            book.statement.from = day(value);
        } else if self.is_at(&["FrToDt", "ToDtTm"]) || self.is_at(&["FrToDt", "ToDt"]) {
            book.statement.to = day(value);
        } else if self.is_at(&["CreDtTm"]) {
            self.made_on = day(value);
        } else if self.is_at(&["TtlNtries", "NbOfNtries"]) {
            self.declared = value.parse().ok();
        }
        Ok(())
    }

    fn amount(&self, value: &str) -> Result<(Decimal, Currency), Problem> {
        let wrong = || {
            let text = format!(
                "the amount \"{}\" is not a plain decimal number above zero with its currency",
                shown(value)
            );
            Problem::at(self.line, text)
        };
        let digits = value
            .strip_prefix('-')
            .filter(|_| self.is_at(&["Bal", "Amt"]))
            .unwrap_or(value);
        let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.bytes().any(|b| b.is_ascii_digit());
        let is_short = digits.len() <= 26;
        let number = value.parse().ok().filter(|_| is_plain && is_short);
        number.zip(self.currency).ok_or_else(wrong)
    }

    fn day(&self, value: &str) -> Result<Option<Day>, Problem> {
        let wrong = || {
            Problem::at(
                self.line,
                format!("the date \"{}\" is no day", shown(value)),
            )
        };
        day(value).map(Some).ok_or_else(wrong)
    }

    fn side(&self, value: &str) -> Result<bool, Problem> {
        match value {
            "CRDT" => Ok(false),
            "DBIT" => Ok(true),
            _ => Err(Problem::at(
                self.line,
                format!("CdtDbtInd is \"{}\": neither CRDT nor DBIT", shown(value)),
            )),
        }
    }

    fn balance_field(&mut self, value: &str) -> Result<(), Problem> {
        if self.is_at(&["CdOrPrtry", "Cd"]) {
            value.clone_into(&mut self.bal.kind);
        } else if self.is_at(&["Bal", "Amt"]) {
            self.bal.amount = Some(self.amount(value)?);
        } else if self.is_at(&["Bal", "CdtDbtInd"]) {
            self.bal.is_debit = self.side(value)?;
        } else if self.is_at(&["Dt", "Dt"]) || self.is_at(&["Dt", "DtTm"]) {
            self.bal.day = self.day(value)?;
        }
        Ok(())
    }

    fn close_balance(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let bal = std::mem::take(&mut self.bal);
        let Some((amount, currency)) = bal.amount else {
            return Ok(());
        };
        if book.statement.currency.is_none() {
            book.set_currency(currency);
        }
        if !matches!(bal.kind.as_str(), "OPBD" | "PRCD" | "CLBD") {
            return Ok(());
        }
        if amount.is_sign_negative() && !amount.is_zero() {
            book.warn(format!("line {}: the balance {} is written as {amount}, which the standard does not allow: not used", self.line, bal.kind));
            return Ok(());
        }
        if book.statement.currency != Some(currency) {
            return Err(self.other_currency(currency, book));
        }
        let minor = book.minor(if bal.is_debit { -amount } else { amount }, self.line)?;
        match bal.kind.as_str() {
            "OPBD" => book.statement.opening = Some(minor),
            "PRCD" => self.previous = Some(minor),
            _ => {
                book.statement.closing = Some(minor);
                book.closing_at = Some(self.line);
                book.statement.to = book.statement.to.or(bal.day);
            }
        }
        Ok(())
    }

    fn other_currency(&self, currency: Currency, book: &Book<'_>) -> Problem {
        let account = book
            .statement
            .currency
            .map_or(String::new(), |own| own.to_string());
        Problem::at(
            self.line,
            format!(
                "an amount in {currency}, but the account is in {account}: the currency must be the same"
            ),
        )
    }

    fn entry_field(&mut self, value: &str) -> Result<(), Problem> {
        let is_first = self.entry.transactions <= 1;
        if self.is_at(&["Ntry", "Amt"]) {
            self.entry.amount = Some(self.amount(value)?);
        } else if self.is_at(&["Ntry", "CdtDbtInd"]) {
            self.entry.is_debit = Some(self.side(value)?);
        } else if self.is_at(&["Ntry", "Sts"])
            || self.is_at(&["Ntry", "Sts", "Cd"])
            || self.is_at(&["Ntry", "Sts", "Prtry"])
        {
            if !value.is_empty() {
                value.clone_into(&mut self.entry.status);
            }
        } else if self.is_at(&["Ntry", "BookgDt", "Dt"]) || self.is_at(&["Ntry", "BookgDt", "DtTm"])
        {
            self.entry.booked_on = self.day(value)?;
        } else if self.is_at(&["Ntry", "ValDt", "Dt"]) || self.is_at(&["Ntry", "ValDt", "DtTm"]) {
            self.entry.value_date = self.day(value)?;
        } else if self.is_at(&["Ntry", "AcctSvcrRef"]) {
            self.entry.bank_reference = filled(value);
        } else if self.is_at(&["Ntry", "NtryRef"]) {
            self.entry.entry_reference = filled(value);
        } else if self.is_at(&["AddtlNtryInf"]) || self.is_at(&["AddtlTxInf"]) {
            self.entry.note = self.entry.note.take().or(filled(value));
        } else if is_first {
            self.transaction_field(value);
        }
        Ok(())
    }

    fn transaction_field(&mut self, value: &str) {
        let entry = &mut self.entry;
        let mut path = self.path.iter().rev().map(String::as_str);
        match (path.next(), path.next(), path.next()) {
            (Some("EndToEndId"), Some("Refs"), _) if value != "NOTPROVIDED" => {
                entry.reference = entry.reference.take().or(filled(value));
            }
            (Some("Ref"), Some("CdtrRefInf"), _) => {
                entry.structured = entry.structured.take().or(filled(value));
            }
            (Some("Ustrd"), Some("RmtInf"), _) => {
                entry.memo.push_str(value);
                entry.memo.push(' ');
            }
            (Some("Nm"), Some("Dbtr"), _) | (Some("Nm"), Some("Pty"), Some("Dbtr")) => {
                entry.debtor = entry.debtor.take().or(filled(value));
            }
            (Some("Nm"), Some("Cdtr"), _) | (Some("Nm"), Some("Pty"), Some("Cdtr")) => {
                entry.creditor = entry.creditor.take().or(filled(value));
            }
            _ => {}
        }
    }

    fn close_entry(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let entry = std::mem::take(&mut self.entry);
        self.seen += 1;
        let missing =
            |what: &str| Problem::at(entry.place, format!("this entry (Ntry) has no {what}"));
        let (amount, currency) = entry.amount.ok_or_else(|| missing("amount (Amt)"))?;
        let is_debit = entry
            .is_debit
            .ok_or_else(|| missing("CdtDbtInd, so it is neither credit nor debit"))?;
        if book.statement.currency.is_none() {
            book.set_currency(currency);
        }
        if book.statement.currency != Some(currency) {
            let mut problem = self.other_currency(currency, book);
            problem.line = Some(entry.place);
            return Err(problem);
        }
        let is_booked = match entry.status.as_str() {
            "BOOK" | "" => true,
            "INFO" => self.format == "camt054",
            "PDNG" | "FUTR" => false,
            other => {
                book.hold(format!(
                    "line {}: the status \"{}\" is not known: the entry is not counted",
                    entry.place,
                    shown(other)
                ));
                false
            }
        };
        if !is_booked {
            book.findings.skipped += 1;
            return Ok(());
        }
        let date = entry
            .booked_on
            .or(entry.value_date)
            .or(book.statement.to)
            .or(self.made_on);
        let memo = filled(&entry.memo)
            .or(entry.note)
            .or(entry.structured.clone());
        let line = Line {
            place: entry.place,
            date: date.ok_or_else(|| missing("date"))?,
            value_date: entry.value_date,
            amount: book.minor(if is_debit { -amount } else { amount }, entry.place)?,
            currency: Some(currency),
            reference: entry.reference.or(entry.structured),
            bank_reference: entry.bank_reference.or(entry.entry_reference),
            memo,
            counterparty: if is_debit {
                entry.creditor
            } else {
                entry.debtor
            },
            ..Line::default()
        };
        book.add(line)
    }

    fn close_statement(&mut self, book: &mut Book<'_>) {
        match (book.statement.opening, self.previous) {
            (Some(opening), Some(previous)) if opening != previous => {
                book.is_unproven = true;
                book.warn(
                    "two opening balances (OPBD and PRCD) differ: the balances prove nothing",
                );
            }
            (None, Some(previous)) => book.statement.opening = Some(previous),
            (None | Some(_), None | Some(_)) => {}
        }
        if let Some(declared) = self.declared.filter(|declared| *declared != self.seen) {
            book.warn(format!(
                "the summary (TxsSummry) says {declared} entries, the statement has {}",
                self.seen
            ));
        }
        book.end();
    }

    fn finish(&self, book: &mut Book<'_>) -> Result<(), Problem> {
        if !self.path.is_empty() {
            let text = "the file ends unexpectedly: it is truncated or incomplete; ask the bank for the whole file";
            return Err(Problem::at(self.position.line(), text));
        }
        if book.findings.statements.is_empty() {
            return Err(Problem::file(
                "the file has no statement (Stmt, Rpt or Ntfctn)",
            ));
        }
        if self.format == "camt052" {
            book.warn("this is an interim report (camt.052): never the final word on a day");
        }
        if book.findings.skipped > 0 {
            book.warn(format!(
                "{} pending entries are not counted",
                book.findings.skipped
            ));
        }
        Ok(())
    }
}

/// The day of a date or of a date with time, as written.
fn day(value: &str) -> Option<Day> {
    Day::parse_from_str(value.get(..10)?, "%Y-%m-%d").ok()
}
