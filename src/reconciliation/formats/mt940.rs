//! MT940 statements and MT942 interim reports, one or many in a file, with or without SWIFT blocks.
//! Tolerates what banks really send; refuses a closed message without a closing balance and a field
//! that breaks off.

use super::{Format, Look};
use crate::domain::statement::Line;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::Lines;
use crate::reconciliation::text::swift::{Balance, balance, details, entry};

/// The format.
pub struct Mt940;

impl Format for Mt940 {
    fn name(&self, look: &Look) -> &'static str {
        if is_interim(look) { "mt942" } else { "mt940" }
    }

    fn knows(&self, look: &Look) -> bool {
        let has_tag = |tag: &str| {
            look.text
                .lines()
                .any(|line| line.trim_start().starts_with(tag))
        };
        has_tag(":20:") && (has_tag(":25") || has_tag(":60") || has_tag(":61:") || has_tag(":28"))
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
        let mut lines = Lines::new(script.text(input)?);
        let mut message = Message {
            is_interim: is_interim(look),
            ..Message::default()
        };
        let mut field: Option<Field> = None;
        while let Some((number, text)) = lines.next_line()? {
            let text = text.trim_end_matches(['\u{1}', '\u{3}', '\0']);
            if let Some((tag, value)) = tag_of(text) {
                message.close(field.take(), book)?;
                field = Some(Field {
                    tag: tag.to_owned(),
                    text: value.to_owned(),
                    line: number,
                });
            } else if is_end(text) {
                message.close(field.take(), book)?;
                message.end(number, book)?;
            } else if text.starts_with('{') {
                message.close(field.take(), book)?;
            } else if let Some(open) = &mut field {
                open.text.push('\n');
                open.text.push_str(text);
                if open.text.len() > crate::reconciliation::text::LONGEST {
                    return Err(crate::reconciliation::text::too_long(open.line));
                }
            }
        }
        let last = field.as_ref().map(|open| (open.line, open.tag == "61"));
        message.close(field, book)?;
        message.finish(last, ends_with_a_line(input)?, book)
    }
}

fn is_interim(look: &Look) -> bool {
    (look.text.contains(":34F:") || look.text.contains(":13D:")) && !look.text.contains(":60F:")
}

fn ends_with_a_line(input: &Input) -> Result<bool, Problem> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = input.open()?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(matches!(last, [b'\n' | b'\r' | 0x03 | b'-' | b'}']))
}

struct Field {
    tag: String,
    text: String,
    line: u64,
}

/// A line that begins a field: `:20:`, `:28C:`, `:NS:`.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (tag, value) = line
        .trim_start_matches('\u{feff}')
        .strip_prefix(':')?
        .split_once(':')?;
    let is_number = matches!(tag.len(), 2 | 3)
        && tag.chars().take(2).all(|c| c.is_ascii_digit())
        && tag.chars().skip(2).all(|c| c.is_ascii_uppercase());
    let is_own = tag == "NS" || tag == "NSF";
    (is_number || is_own).then_some((tag, value))
}

/// A line that ends a message: a dash, alone or with the end of a block.
fn is_end(line: &str) -> bool {
    let Some(rest) = line.trim().strip_prefix('-') else {
        return false;
    };
    rest.is_empty()
        || rest.starts_with('}')
        || rest.chars().count() <= 3 && rest.chars().all(|c| c.is_uppercase() || !c.is_ascii())
}

#[derive(Default)]
struct Message {
    is_open: bool,
    is_interim: bool,
    opening: Option<Balance>,
    has_closing: bool,
    pending: Option<Line>,
    last_kind: Option<String>,
    memo: String,
}

impl Message {
    fn close(&mut self, field: Option<Field>, book: &mut Book<'_>) -> Result<(), Problem> {
        let Some(field) = field else {
            return Ok(());
        };
        let wrong =
            |why: String| Problem::at(field.line, format!("the field :{}: {why}", field.tag));
        if field.tag != "86" {
            self.flush(book)?;
        }
        match field.tag.as_str() {
            "20" => {
                if self.is_open {
                    self.end(field.line, book)?;
                }
                self.begin(book);
                book.statement.reference = filled(&field.text);
            }
            "25" | "25P" => book.statement.account = account(&field.text),
            "28" | "28C" => {
                if let Some(number) = filled(&field.text.split('\n').collect::<String>()) {
                    book.statement.number = Some(number);
                }
            }
            "60F" | "60M" => {
                let found = balance(&field.text).map_err(wrong)?;
                book.set_currency(found.currency);
                book.statement.opening = Some(book.minor(found.amount, field.line)?);
                book.statement.from = Some(found.day);
                self.opening = Some(found);
            }
            "62F" | "62M" => self.closing(&field, balance(&field.text).map_err(wrong)?, book)?,
            "34F" => {
                let code = field.text.get(..3).unwrap_or_default();
                if let Ok(currency) = crate::domain::money::Currency::parse(code) {
                    book.set_currency(currency);
                }
            }
            "61" => self.entry(&field, book)?,
            "86" if self.pending.is_some() => {
                self.memo.push('\n');
                self.memo.push_str(&field.text);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, book: &mut Book<'_>) {
        self.is_open = true;
        self.opening = None;
        self.has_closing = false;
        book.statement.decimals = 2;
        book.statement.is_interim = self.is_interim;
    }

    fn closing(
        &mut self,
        field: &Field,
        found: Balance,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let currency = *book.statement.currency.get_or_insert(found.currency);
        if currency != found.currency {
            return Err(Problem::at(
                field.line,
                format!(
                    "the currency of the closing balance is {}, but the statement is in {currency}",
                    found.currency
                ),
            ));
        }
        book.statement.closing = Some(book.minor(found.amount, field.line)?);
        book.statement.to = Some(found.day);
        book.closing_at = Some(field.line);
        self.has_closing = true;
        Ok(())
    }

    fn entry(&mut self, field: &Field, book: &mut Book<'_>) -> Result<(), Problem> {
        let found = entry(&field.text)
            .map_err(|why| Problem::at(field.line, format!("the field :61: {why}")))?;
        if !self.is_open {
            book.hold(format!(
                "line {}: an entry stands outside any statement",
                field.line
            ));
            let last = book.findings.statements.last().cloned().unwrap_or_default();
            self.begin(book);
            self.has_closing = true;
            book.statement.account = last.account;
            book.statement.currency = last.currency;
            book.statement.decimals = last.decimals;
        }
        if found.is_clamped {
            book.warn(format!(
                "line {}: the value date is a day of February that does not exist, as banks use for interest; \
                 read as {}",
                field.line, found.value_date
            ));
        }
        self.last_kind = Some(found.kind);
        self.memo = String::new();
        let named = |text: &str| filled(text).filter(|text| text != "NONREF" && text != "KREF+");
        self.pending = Some(Line {
            place: field.line,
            date: found.booked_on.unwrap_or(found.value_date),
            value_date: Some(found.value_date),
            amount: book.minor(found.amount, field.line)?,
            currency: book.statement.currency,
            reference: named(&found.reference),
            bank_reference: named(&found.bank_reference),
            memo: filled(&found.extra),
            ..Line::default()
        });
        Ok(())
    }

    fn flush(&mut self, book: &mut Book<'_>) -> Result<(), Problem> {
        let Some(mut line) = self.pending.take() else {
            return Ok(());
        };
        let found = details(self.memo.trim_start_matches('\n'));
        line.memo = filled(&found.memo).or(line.memo);
        line.counterparty = filled(&found.name);
        book.add(line)
    }

    fn end(&mut self, line: u64, book: &mut Book<'_>) -> Result<(), Problem> {
        self.flush(book)?;
        if !self.is_open {
            return Ok(());
        }
        if !self.is_interim && !self.has_closing {
            let number = book
                .statement
                .number
                .clone()
                .or(book.statement.reference.clone());
            let number = number.unwrap_or_default();
            return Err(Problem::at(
                line,
                format!(
                    "statement {number} ends without a closing balance (:62F:): ask the bank for the whole file"
                ),
            ));
        }
        if !self.is_interim
            && self.opening.is_none()
            && book.statement.opening.is_none()
            && book.statement.closing.is_some()
        {
            book.warn(format!(
                "line {line}: the statement has no opening balance (:60F:), so it cannot be proved"
            ));
        }
        self.is_open = false;
        book.end();
        Ok(())
    }

    /// The end of the file, which some senders leave without a closing balance.
    fn finish(
        &mut self,
        last: Option<(u64, bool)>,
        is_whole: bool,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        self.flush(book)?;
        let is_entry = last.is_some_and(|(_, is_entry)| is_entry);
        let last = last.map(|(line, _)| line);
        if self.is_open && !self.has_closing && !self.is_interim {
            let is_cut = is_entry && (!is_whole || self.last_kind.as_deref() == Some(""));
            if is_cut || book.statement.entries == 0 {
                let text = "the file is truncated: it ends without a closing balance (:62F:); ask the bank for the whole file";
                return Err(
                    last.map_or_else(|| Problem::file(text), |line| Problem::at(line, text))
                );
            }
            book.warn("the last statement has no closing balance (:62F:): the file may be incomplete, and nothing proves its totals");
            self.has_closing = true;
        }
        self.end(last.unwrap_or_default(), book)?;
        if self.is_interim {
            book.warn("this is an interim report (MT942): never the final word on a day");
        }
        if book.findings.statements.is_empty() {
            return Err(Problem::file(
                "the file has no statement: no field :20: with entries was found",
            ));
        }
        Ok(())
    }
}

/// The account as the bank writes it, on one line.
fn account(text: &str) -> Option<String> {
    filled(&text.split('\n').collect::<String>())
}
