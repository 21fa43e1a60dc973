//! CAMT: account reports (052), statements (053) and notifications (054) of ISO 20022 in any version,
//! read as a stream by local names. No DTD, no entities; one entry is one line, however many
//! payments it holds. Pending entries are not money.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Format, Look};
use crate::domain::money::Currency;
use crate::domain::statement::Line;
use crate::domain::time::Day;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::iso::{Balance, Entry, Place, day};
use crate::reconciliation::text::xml::{next_depth, reference, xml_problem};
use crate::reconciliation::text::{Counted, LONGEST, Position, too_long};

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
        let format = self.name(look);
        let mut walk = Walk {
            position,
            format,
            ..Walk::default()
        };
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            walk.position.begin();
            walk.at.line = walk.position.line();
            let event = reader.read_event_into(&mut buffer);
            let event = event.map_err(|error| xml_problem(&error, walk.position.line()))?;
            match event {
                Event::Start(tag) => walk.start(&tag, book)?,
                Event::End(_) => walk.end(book)?,
                Event::Text(text) => walk.push(&text.xml10_content())?,
                Event::CData(text) => walk.push(&text.xml10_content())?,
                Event::GeneralRef(name) => walk.push(&reference(&name, walk.at.line)?)?,
                Event::DocType(_) => {
                    let text = "a DTD (DOCTYPE) with its entities is not allowed in a statement";
                    return Err(Problem::at(walk.at.line, text));
                }
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        walk.finish(book)
    }
}

#[derive(Default)]
struct Walk {
    position: Position,
    format: &'static str,
    at: Place,
    text: String,
    entry: Entry,
    balance: Balance,
    balances: Vec<(Balance, u64)>,
    has_currency: bool,
    declared: Option<u64>,
    made_on: Option<Day>,
    seen: u64,
    is_message: bool,
}

impl Walk {
    fn push(&mut self, text: &str) -> Result<(), Problem> {
        self.text.push_str(text);
        if self.text.len() > LONGEST {
            return Err(too_long(self.at.line));
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, book: &mut Book<'_>) -> Result<(), Problem> {
        self.text.clear();
        let name = tag.local_name().as_ref().to_owned();
        next_depth(self.at.path.len(), self.at.line)?;
        self.root(&name, tag)?;
        match name.as_str() {
            "Stmt" | "Rpt" | "Ntfctn" if self.at.path.len() == 2 => {
                book.statement.decimals = 2;
                book.statement.is_interim = self.format == "camt052";
                self.balances.clear();
                (self.declared, self.seen, self.has_currency) = (None, 0, false);
            }
            "Ntry" => {
                self.entry = Entry {
                    place: self.at.line,
                    ..Entry::default()
                }
            }
            "Bal" => self.balance = Balance::default(),
            "TxDtls" => self.entry.transactions += 1,
            "Amt" => {
                let code = tag
                    .attributes()
                    .flatten()
                    .find(|one| one.key.local_name().as_ref() == "Ccy");
                self.at.currency = match code {
                    Some(code) => Some(
                        Currency::parse(&code.value)
                            .map_err(|error| Problem::at(self.at.line, error.to_string()))?,
                    ),
                    None => None,
                };
            }
            _ => {}
        }
        self.at.path.push(name);
        Ok(())
    }

    /// The first elements tell whether this is a statement at all.
    fn root(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), Problem> {
        if self.is_message || self.at.path.len() > 1 {
            return Ok(());
        }
        if MESSAGES.iter().any(|(element, _)| *element == name) {
            self.is_message = true;
            return Ok(());
        }
        if self.at.path.is_empty() && name == "Document" {
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
                return Err(Problem::at(self.at.line, text));
            }
            return Ok(());
        }
        let text = format!(
            "this XML file begins with <{}>: it is not a statement (camt.052, camt.053, camt.054)",
            shown(name)
        );
        Err(Problem::at(self.at.line, text))
    }

    fn end(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let text = std::mem::take(&mut self.text);
        let value = text.trim();
        match self.at.path.last().map(String::as_str) {
            Some("Ntry") => self.close_entry(book)?,
            Some("Bal") => self.close_balance(),
            Some("Stmt" | "Rpt" | "Ntfctn") if self.at.path.len() == 3 => {
                self.close_statement(book)?
            }
            _ if self.at.is_in("Ntry") => self.entry.field(&self.at, value)?,
            _ if self.at.is_in("Bal") => self.balance.field(&self.at, value)?,
            _ => self.statement_field(value, book)?,
        }
        self.at.path.pop();
        Ok(())
    }

    fn statement_field(&mut self, value: &str, book: &mut Book<'_>) -> Result<(), Problem> {
        if self.at.path.len() > 3 && self.at.is_at(&["Acct", "Ccy"]) {
            let currency = Currency::parse(value)
                .map_err(|error| Problem::at(self.at.line, error.to_string()))?;
            book.set_currency(currency);
            self.has_currency = true;
        } else if self.at.path.len() <= 7
            && (self.at.is_at(&["Acct", "Id", "IBAN"])
                || self.at.is_at(&["Acct", "Id", "Othr", "Id"]))
        {
            book.statement.account = filled(value);
        } else if self.at.path.len() == 4 && self.at.is_at(&["Id"]) {
            book.statement.number = filled(value);
        } else if self.at.is_at(&["FrToDt", "FrDtTm"]) || self.at.is_at(&["FrToDt", "FrDt"]) {
            book.statement.from = day(value);
        } else if self.at.is_at(&["FrToDt", "ToDtTm"]) || self.at.is_at(&["FrToDt", "ToDt"]) {
            book.statement.to = day(value);
        } else if self.at.is_at(&["CreDtTm"]) {
            self.made_on = day(value);
        } else if self.at.is_at(&["TtlNtries", "NbOfNtries"]) {
            self.declared = value.parse().ok();
        }
        Ok(())
    }

    /// Balances stand before the entries, which may be what names the currency.
    fn close_balance(&mut self) {
        let balance = std::mem::take(&mut self.balance);
        if matches!(balance.kind.as_str(), "OPBD" | "PRCD" | "CLBD") && self.balances.len() < 100 {
            self.balances.push((balance, self.at.line));
        }
    }

    fn take_balance(
        &self,
        balance: &Balance,
        line: u64,
        book: &mut Book<'_>,
    ) -> Result<Option<i64>, Problem> {
        let Some((amount, currency)) = balance.amount else {
            return Ok(None);
        };
        let kind = &balance.kind;
        if book.statement.currency.is_none() {
            book.set_currency(currency);
        }
        if amount.is_sign_negative() && !amount.is_zero() {
            book.warn(format!("line {line}: the balance {kind} is written as {amount}, which the standard does not allow: not used"));
            return Ok(None);
        }
        if let Some(own) = book.statement.currency.filter(|own| *own != currency) {
            let text = format!(
                "line {line}: the balance {kind} is in {currency}, the statement in {own}: not used"
            );
            if self.has_currency {
                book.hold(text);
            } else {
                book.warn(text);
            }
            return Ok(None);
        }
        let signed = if balance.is_debit { -amount } else { amount };
        book.minor(signed, line).map(Some)
    }

    fn other_currency(&self, currency: Currency, book: &Book<'_>) -> Problem {
        let account = book
            .statement
            .currency
            .map_or(String::new(), |own| own.to_string());
        Problem::at(
            self.at.line,
            format!(
                "an amount in {currency}, but the account is in {account}: the currency must be the same"
            ),
        )
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
            "INFO" => self.format != "camt053",
            // An interim report tells what is under way; nothing of it is ever posted.
            "PDNG" => self.format == "camt052",
            "FUTR" => false,
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

    fn close_statement(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let mut previous = None;
        for (balance, line) in std::mem::take(&mut self.balances) {
            let minor = self.take_balance(&balance, line, book)?;
            match (balance.kind.as_str(), minor) {
                ("OPBD", Some(minor)) => book.statement.opening = Some(minor),
                ("PRCD", Some(minor)) => previous = Some(minor),
                ("CLBD", Some(minor)) => {
                    book.statement.closing = Some(minor);
                    book.closing_at = Some(line);
                    book.statement.to = book.statement.to.or(balance.day);
                }
                _ => {}
            }
        }
        if previous.is_some()
            && book.statement.opening.is_some()
            && previous != book.statement.opening
        {
            book.is_unproven = true;
            book.warn("two opening balances (OPBD and PRCD) differ: the balances prove nothing");
        }
        book.statement.opening = book.statement.opening.or(previous);
        if let Some(declared) = self.declared.filter(|declared| *declared != self.seen) {
            book.warn(format!(
                "the summary (TxsSummry) says {declared} entries, the statement has {}",
                self.seen
            ));
        }
        book.end();
        Ok(())
    }

    fn finish(&self, book: &mut Book<'_>) -> Result<(), Problem> {
        if !self.at.path.is_empty() {
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
