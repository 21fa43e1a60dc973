//! PayPal's settlement report (STL): records named by their first field, amounts unsigned in minor
//! units with CR or DR beside them, fees apart, counts and totals at the end that must tie.

use super::{Format, Look};
use crate::domain::money::Currency;
use crate::domain::statement::Line;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::table::heading::fold;
use crate::reconciliation::table::split::Records;
use crate::reconciliation::text::dates::{self, DateOrder};

/// The format.
pub struct PayPal;

impl Format for PayPal {
    fn name(&self, _: &Look) -> &'static str {
        "paypal-stl"
    }

    fn knows(&self, look: &Look) -> bool {
        let start = look.start();
        (start.starts_with("\"RH\",") || start.starts_with("RH,"))
            && (look.text.contains("\"SH\",") || look.text.contains("\nSH,"))
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
        let mut records = Records::new(script.text(input)?, ',');
        let mut report = Report::default();
        book.fees_move_balance = true;
        book.expect_numbers_once();
        while let Some((line, fields)) = records.next_record()? {
            report.record(line, &fields, book)?;
        }
        report.finish(book)
    }
}

#[derive(Default)]
struct Report {
    headings: Vec<String>,
    rows: u64,
    section_rows: u64,
    is_ended: bool,
    has_section: bool,
}

impl Report {
    fn record(&mut self, line: u64, fields: &[String], book: &mut Book<'_>) -> Result<(), Problem> {
        let field = |at: usize| fields.get(at).map_or("", |text| text.trim());
        match field(0) {
            "RH" => book.statement.number = filled(field(1)),
            "SH" => {
                let day = |text| dates::parse(text, DateOrder::Ymd).map(|(day, _)| day);
                book.statement.from = book.statement.from.or(day(field(1)));
                book.statement.to = day(field(2)).or(book.statement.to);
                book.statement.account = filled(field(3));
                self.section_rows = 0;
                self.has_section = true;
            }
            "CH" => self.headings = fields.iter().map(|text| fold(text)).collect(),
            "SB" => self.body(line, fields, book)?,
            "SC" => self.count(line, "SC", field(1), self.section_rows, book)?,
            "RC" => self.count(line, "RC", field(1), self.rows, book)?,
            "RF" => self.footer(line, fields, book)?,
            "FF" => self.is_ended = true,
            "FH" | "SF" | "" => {}
            other => {
                return Err(Problem::at(
                    line,
                    format!("the record type \"{}\" is not known", shown(other)),
                ));
            }
        }
        Ok(())
    }

    fn body(&mut self, line: u64, fields: &[String], book: &mut Book<'_>) -> Result<(), Problem> {
        let field = |name: &str| {
            let at = self.headings.iter().position(|heading| heading == name);
            at.and_then(|at| fields.get(at))
                .map_or("", |text| text.trim())
        };
        let code = field("gross transaction currency");
        let currency =
            Currency::parse(code).map_err(|error| Problem::at(line, error.to_string()))?;
        match book.statement.currency {
            None => book.set_currency(currency),
            Some(own) if own != currency => {
                let text = format!(
                    "the report has several currencies ({own}, {currency}): export one report for each"
                );
                return Err(Problem::at(line, text));
            }
            Some(_) => {}
        }
        let gross = amount(
            line,
            "gross amount",
            field("gross transaction amount"),
            field("transaction debit or credit"),
        )?;
        let fee = match field("fee amount") {
            "" => None,
            text => Some(-amount(line, "fee", text, field("fee debit or credit"))?),
        };
        let date = field("transaction completion date");
        let wrong = || Problem::at(line, format!("the date \"{}\" is no day", shown(date)));
        let (date, _) = dates::parse(date, DateOrder::Ymd).ok_or_else(wrong)?;
        self.rows += 1;
        self.section_rows += 1;
        book.add(Line {
            place: line,
            date,
            amount: gross,
            currency: Some(currency),
            reference: filled(field("transaction id")),
            bank_reference: filled(field("paypal reference id")),
            order: filled(field("invoice id")),
            memo: filled(field("custom field")),
            counterparty: filled(field("consumer id")),
            fee,
            ..Line::default()
        })
    }

    fn count(
        &self,
        line: u64,
        record: &str,
        declared: &str,
        counted: u64,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let wrong = || {
            Problem::at(
                line,
                format!("the count \"{}\" of {record} is no number", shown(declared)),
            )
        };
        let declared: u64 = declared.parse().map_err(|_| wrong())?;
        if declared != counted {
            book.hold(format!(
                "line {line}: {record} says {declared} rows, the report has {counted}"
            ));
        }
        Ok(())
    }

    fn footer(&self, line: u64, fields: &[String], book: &mut Book<'_>) -> Result<(), Problem> {
        let number = |at: usize| {
            let text = fields.get(at).map_or("", |text| text.trim());
            let wrong = || {
                Problem::at(
                    line,
                    format!("\"{}\" in the totals (RF) is no amount", shown(text)),
                )
            };
            text.parse::<i64>().map_err(|_| wrong())
        };
        let [credit, debit, back, fees, opening, closing] = [
            number(2)?,
            number(3)?,
            number(4)?,
            number(5)?,
            number(6)?,
            number(7)?,
        ];
        let statement = &book.statement;
        let found = (statement.credit, statement.debit, statement.fees);
        if found != (credit, debit, fees.saturating_sub(back)) {
            let text = |minor| statement.text(minor);
            let say = format!(
                "line {line}: the totals (RF) say {} in, {} out and {} fees; the rows come to {}, {} and {}",
                text(credit),
                text(debit),
                text(fees.saturating_sub(back)),
                text(found.0),
                text(found.1),
                text(found.2)
            );
            book.hold(say);
        }
        book.statement.opening = Some(opening);
        book.statement.closing = Some(closing);
        book.closing_at = Some(line);
        Ok(())
    }

    fn finish(&self, book: &mut Book<'_>) -> Result<(), Problem> {
        if !self.is_ended || !self.has_section {
            return Err(Problem::file(
                "the file is truncated: it does not end with the file footer (FF)",
            ));
        }
        book.end();
        Ok(())
    }
}

fn amount(line: u64, what: &str, text: &str, side: &str) -> Result<i64, Problem> {
    let wrong = |why: &str| Problem::at(line, format!("the {what} \"{}\" {why}", shown(text)));
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let size: i64 = text
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| wrong("is no amount in minor units"))?;
    match side {
        "CR" => Ok(size),
        "DR" => Ok(-size),
        _ => Err(wrong("has no CR or DR beside it")),
    }
}
