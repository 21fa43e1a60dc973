//! OFX 1 (SGML, tags left open) and 2 (XML), for bank accounts and cards, one or many in a file.
//! Tags are read one by one, so neither closing tags nor well-formed XML are asked for; a file that
//! does not end with `</OFX>` is refused.

use std::collections::HashSet;
use std::io::BufRead;

use rust_decimal::Decimal;

use super::{Format, Look};
use crate::domain::money::Currency;
use crate::domain::statement::{Line, decimals_of};
use crate::domain::time::Day;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::amounts::parse_plain;
use crate::reconciliation::text::{Counted, Position};

/// The format.
pub struct Ofx;

impl Format for Ofx {
    fn name(&self, _: &Look) -> &'static str {
        "ofx"
    }

    fn knows(&self, look: &Look) -> bool {
        let start = look.start();
        let is_markup = start.starts_with('<') && (look.has("<?OFX") || look.has("<OFX>"));
        is_markup || start.starts_with("OFXHEADER") || start.starts_with("DATA:OFX")
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
        let mut decimals = 0;
        let mut tags = Tags::new(script.text(input)?);
        while let Some(tag) = tags.next_tag()? {
            if matches!(tag.name.as_str(), "TRNAMT" | "BALAMT") {
                let amount = parse_plain(&tag.value).unwrap_or_default();
                decimals = decimals.max(amount.normalize().scale());
            }
        }
        let mut reader = Reader {
            decimals,
            ..Reader::default()
        };
        let mut tags = Tags::new(script.text(input)?);
        while let Some(tag) = tags.next_tag()? {
            reader.tag(&tag, book)?;
        }
        reader.finish(tags.position.line(), book)
    }
}

/// A tag with the text that follows it.
struct Tag {
    name: String,
    value: String,
    line: u64,
}

struct Tags<R> {
    text: Counted<R>,
    position: Position,
    is_begun: bool,
}

impl<R: BufRead> Tags<R> {
    fn new(text: R) -> Self {
        let (text, position) = Counted::new(text);
        Self {
            text,
            position,
            is_begun: false,
        }
    }

    fn until(&mut self, end: u8) -> Result<(String, bool), Problem> {
        self.position.begin();
        let mut bytes = Vec::new();
        self.text.read_until(end, &mut bytes)?;
        let is_ended = bytes.last() == Some(&end);
        if is_ended {
            bytes.pop();
        }
        Ok((String::from_utf8_lossy(&bytes).into_owned(), is_ended))
    }

    fn next_tag(&mut self) -> Result<Option<Tag>, Problem> {
        if !self.is_begun {
            self.until(b'<')?;
            self.is_begun = true;
        }
        let line = self.position.line();
        let (name, is_ended) = self.until(b'>')?;
        if name.is_empty() && !is_ended {
            return Ok(None);
        }
        if !is_ended {
            return Err(truncated(self.position.line()));
        }
        if name.starts_with("!DOCTYPE") || name.starts_with("!ENTITY") {
            let text = "a DTD (DOCTYPE) with its entities is not allowed in a statement";
            return Err(Problem::at(line, text));
        }
        let (value, _) = self.until(b'<')?;
        let cdata = name
            .strip_prefix("![CDATA[")
            .and_then(|text| text.strip_suffix("]]"));
        Ok(Some(Tag {
            value: unescaped(cdata.unwrap_or(&value)),
            name: name
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_ascii_uppercase(),
            line,
        }))
    }
}

/// A file that breaks off.
fn truncated(line: u64) -> Problem {
    Problem::at(
        line,
        "the file ends unexpectedly, before </OFX>: it is truncated or incomplete; download it again",
    )
}

/// Text with the entities that banks use; an ampersand that begins none stays as it is.
fn unescaped(text: &str) -> String {
    let mut plain = text.trim().to_owned();
    for (entity, letter) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        if plain.contains(entity) {
            plain = plain.replace(entity, letter);
        }
    }
    plain
}

#[derive(Default)]
struct Reader {
    decimals: u32,
    inside: Inside,
    code: String,
    is_closed: bool,
    has_statement: bool,
    is_open: bool,
    draft: Draft,
    ids: HashSet<String>,
}

#[derive(Default, PartialEq, Clone, Copy)]
enum Inside {
    #[default]
    Nothing,
    SignOn,
    Account,
    Entry,
    Ledger,
    Other,
}

#[derive(Default)]
struct Draft {
    line: Line,
    date: Option<Day>,
    amount: Option<Decimal>,
    check: Option<String>,
}

impl Reader {
    fn tag(&mut self, tag: &Tag, book: &mut Book<'_>) -> Result<(), Problem> {
        match tag.name.as_str() {
            "STMTRS" | "CCSTMTRS" => self.begin(book),
            "/STMTRS" | "/CCSTMTRS" => self.end(book),
            "SONRS" => self.inside = Inside::SignOn,
            "BANKACCTFROM" | "CCACCTFROM" => self.inside = Inside::Account,
            "STMTTRN" => {
                self.close(tag.line, book)?;
                self.inside = Inside::Entry;
                self.draft.line.place = tag.line;
            }
            "LEDGERBAL" => self.inside = Inside::Ledger,
            "AVAILBAL" | "BAL" | "BANKACCTTO" | "CCACCTTO" if self.inside != Inside::Entry => {
                self.inside = Inside::Other
            }
            "/STMTTRN" | "/BANKTRANLIST" => {
                self.close(tag.line, book)?;
                self.inside = Inside::Nothing;
            }
            "/SONRS" | "/BANKACCTFROM" | "/CCACCTFROM" | "/LEDGERBAL" | "/AVAILBAL" | "/BAL" => {
                self.inside = Inside::Nothing
            }
            "/OFX" => self.is_closed = true,
            "CURDEF" => self.currency(tag, book)?,
            "DTSTART" => book.statement.from = day(&tag.value),
            "DTEND" => book.statement.to = day(&tag.value),
            name if !name.starts_with('/') => self.field(name, tag, book)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, book: &mut Book<'_>) {
        self.is_open = true;
        self.has_statement = true;
        self.inside = Inside::Nothing;
        self.ids.clear();
        book.statement.decimals = self.decimals.max(2);
    }

    fn end(&mut self, book: &mut Book<'_>) {
        self.is_open = false;
        self.inside = Inside::Nothing;
        book.end();
    }

    fn currency(&self, tag: &Tag, book: &mut Book<'_>) -> Result<(), Problem> {
        if tag.value.is_empty() {
            return Ok(());
        }
        let currency = Currency::parse(&tag.value.to_ascii_uppercase())
            .map_err(|error| Problem::at(tag.line, error.to_string()))?;
        let usual = decimals_of(currency);
        if self.decimals > usual {
            book.warn(format!(
                "amounts have {} decimals, {currency} has {usual}: ask the sender",
                self.decimals
            ));
        }
        book.statement.currency = Some(currency);
        book.statement.decimals = self.decimals.max(usual);
        Ok(())
    }

    fn field(&mut self, name: &str, tag: &Tag, book: &mut Book<'_>) -> Result<(), Problem> {
        let amount = || {
            parse_plain(&tag.value).map_err(|why| {
                Problem::at(
                    tag.line,
                    format!("the amount \"{}\" {why}", shown(&tag.value)),
                )
            })
        };
        match (self.inside, name) {
            (Inside::SignOn, "CODE") => tag.value.clone_into(&mut self.code),
            (Inside::Account, "ACCTID") => book.statement.account = filled(&tag.value),
            (Inside::Ledger, "BALAMT") => {
                book.statement.closing = Some(book.minor(amount()?, tag.line)?)
            }
            (Inside::Entry, "TRNAMT") => self.draft.amount = Some(amount()?),
            (Inside::Entry, "DTPOSTED") => {
                let wrong = || {
                    Problem::at(
                        tag.line,
                        format!("the date \"{}\" is no day", shown(&tag.value)),
                    )
                };
                self.draft.date = Some(day(&tag.value).ok_or_else(wrong)?);
            }
            (Inside::Entry, "DTAVAIL") => self.draft.line.value_date = day(&tag.value),
            (Inside::Entry, "FITID") => self.draft.line.reference = filled(&tag.value),
            (Inside::Entry, "CHECKNUM" | "REFNUM") => self.draft.check = filled(&tag.value),
            (Inside::Entry, "NAME") => self.draft.line.counterparty = filled(&tag.value),
            (Inside::Entry, "MEMO") => self.draft.line.memo = filled(&tag.value),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, line: u64, book: &mut Book<'_>) -> Result<(), Problem> {
        if self.inside != Inside::Entry {
            return Ok(());
        }
        let Draft {
            line: mut found,
            date,
            amount,
            check,
        } = std::mem::take(&mut self.draft);
        let missing =
            |what: &str| Problem::at(found.place, format!("this entry (STMTTRN) has no {what}"));
        if !self.is_open {
            return Err(Problem::at(
                line,
                "an entry (STMTTRN) stands outside any statement",
            ));
        }
        found.amount = book.minor(
            amount.ok_or_else(|| missing("amount (TRNAMT)"))?,
            found.place,
        )?;
        found.date = date.ok_or_else(|| missing("date (DTPOSTED)"))?;
        found.currency = book.statement.currency;
        found.bank_reference = check;
        if found.memo.is_none() {
            found.memo.clone_from(&found.counterparty);
        }
        if let Some(id) = &found.reference
            && !self.ids.insert(id.clone())
        {
            book.hold(format!(
                "line {}: two entries have the same FITID {}: duplicate, or two payments?",
                found.place,
                shown(id)
            ));
        }
        book.add(found)
    }

    fn finish(&self, line: u64, book: &mut Book<'_>) -> Result<(), Problem> {
        if !self.is_closed || self.is_open || self.inside == Inside::Entry {
            return Err(truncated(line));
        }
        if !self.has_statement {
            let code = if self.code.is_empty() {
                String::new()
            } else {
                format!(" (sign-on status {})", shown(&self.code))
            };
            return Err(Problem::file(format!(
                "the file has no statement{code}: log in at the bank and download it again"
            )));
        }
        if book
            .findings
            .statements
            .iter()
            .any(|one| one.closing.is_some())
        {
            book.detect("balances", "closing only: OFX has no opening balance");
        }
        Ok(())
    }
}

/// The day of `20260914120000[+7:ICT]`, as written.
fn day(value: &str) -> Option<Day> {
    let digits = value.trim().get(..8)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    Day::parse_from_str(digits, "%Y%m%d")
        .ok()
        .filter(|_| is_number)
}
