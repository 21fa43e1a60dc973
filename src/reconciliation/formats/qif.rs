//! QIF: letters at the beginning of lines, a caret at the end of each entry. It names no currency, no
//! balance and no order of day and month; when its dates read in two orders the officer is asked.

use super::{Format, Look};
use crate::domain::money::Currency;
use crate::domain::statement::{Line, decimals_of};
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::Lines;
use crate::reconciliation::text::amounts::{Mark, Tally, parse};
use crate::reconciliation::text::dates::{self, DateOrder};

/// The format.
pub struct Qif;

impl Format for Qif {
    fn name(&self, _: &Look) -> &'static str {
        "qif"
    }

    fn knows(&self, look: &Look) -> bool {
        let start = look.start();
        ["!Type:", "!Account", "!Option:", "!Clear:"]
            .iter()
            .any(|word| {
                start
                    .get(..word.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(word))
            })
    }

    fn read(
        &self,
        input: &Input,
        look: &Look,
        ask: &Ask,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let script = look.script()?;
        book.detect("encoding", script.name());
        let (order, style) = survey(&mut Lines::new(script.text(input)?), ask, book)?;
        let mut reader = Reader {
            order,
            style,
            usual: ask.currency,
            ..Reader::default()
        };
        let mut lines = Lines::new(script.text(input)?);
        while let Some((number, text)) = lines.next_line()? {
            reader.line(number, text.trim(), book)?;
        }
        reader.finish(book)
    }
}

/// Looks at all dates and amounts before the first is read.
fn survey<R: std::io::BufRead>(
    lines: &mut Lines<R>,
    ask: &Ask,
    book: &mut Book<'_>,
) -> Result<(DateOrder, Option<Mark>), Problem> {
    let mut days = dates::Tally::default();
    let mut amounts = Tally::default();
    while let Some((number, text)) = lines.next_line()? {
        if let Some(date) = text.strip_prefix('D') {
            days.note(date);
        } else if let Some(amount) = text.strip_prefix('T') {
            amounts.note(amount, number);
        }
    }
    let order = ask.date_order.or(days.order()).unwrap_or_else(|| {
        book.hold("every date reads as day/month and as month/day: say which with --date-order dmy or mdy");
        DateOrder::Dmy
    });
    book.detect("date order", order.shown());
    let style = amounts.style().map_err(|line| {
        Problem::at(
            line,
            "this amount is written in another style than the others",
        )
    })?;
    Ok((order, style))
}

#[derive(Default)]
struct Reader {
    order: DateOrder,
    style: Option<Mark>,
    account: Option<String>,
    is_account: bool,
    is_open: bool,
    is_other: bool,
    usual: Option<Currency>,
    draft: Draft,
}

#[derive(Default)]
struct Draft {
    line: Line,
    amount: Option<rust_decimal::Decimal>,
    date: Option<crate::domain::time::Day>,
    is_begun: bool,
}

impl Reader {
    fn line(&mut self, number: u64, text: &str, book: &mut Book<'_>) -> Result<(), Problem> {
        let Some(mark) = text.chars().next() else {
            return Ok(());
        };
        let value = text.get(mark.len_utf8()..).unwrap_or_default();
        if mark == '!' {
            self.heading(number, value, book)?;
        } else if mark == '^' {
            self.close(number, book)?;
        } else if self.is_account {
            if mark == 'N' {
                self.account = filled(value);
            }
        } else if !self.is_other {
            self.field(number, mark, value)?;
        }
        Ok(())
    }

    fn heading(&mut self, number: u64, value: &str, book: &mut Book<'_>) -> Result<(), Problem> {
        if self.draft.is_begun {
            return Err(Problem::at(
                number,
                "the entry above is incomplete: it does not end with ^",
            ));
        }
        let value = value.to_ascii_lowercase();
        self.is_account = value.starts_with("account");
        let is_entries = [
            "type:bank",
            "type:cash",
            "type:ccard",
            "type:oth a",
            "type:oth l",
        ]
        .iter()
        .any(|kind| value.trim() == *kind);
        self.is_other = !self.is_account && !is_entries;
        if is_entries {
            if self.is_open {
                book.end();
            }
            self.is_open = true;
            book.statement.account.clone_from(&self.account);
            book.statement.decimals = self.usual.map_or(2, decimals_of);
            book.statement.currency = self.usual;
        }
        Ok(())
    }

    fn field(&mut self, number: u64, mark: char, value: &str) -> Result<(), Problem> {
        let draft = &mut self.draft;
        if !draft.is_begun {
            draft.is_begun = true;
            draft.line.place = number;
        }
        match mark {
            'D' => {
                let day = dates::parse(value.trim(), self.order).map(|(day, _)| day);
                draft.date = Some(day.ok_or_else(|| {
                    let text = format!(
                        "the date \"{}\" is no day in the order {}",
                        shown(value),
                        self.order.shown()
                    );
                    Problem::at(number, text)
                })?);
            }
            'T' => {
                let amount = parse(value, self.style).map_err(|why| {
                    Problem::at(number, format!("the amount \"{}\" {why}", shown(value)))
                })?;
                draft.amount = amount;
            }
            'N' => draft.line.reference = filled(value),
            'P' => draft.line.counterparty = filled(value),
            'M' => draft.line.memo = filled(value),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, number: u64, book: &mut Book<'_>) -> Result<(), Problem> {
        let draft = std::mem::take(&mut self.draft);
        if self.is_account {
            self.is_account = false;
            return Ok(());
        }
        if !draft.is_begun {
            return Ok(());
        }
        let (Some(date), Some(amount)) = (draft.date, draft.amount) else {
            return Err(Problem::at(
                number,
                "this entry has no date (D) or no amount (T)",
            ));
        };
        if !self.is_open {
            self.is_open = true;
            book.statement.decimals = 2;
        }
        let mut line = draft.line;
        line.date = date;
        line.amount = book.minor(amount, number)?;
        if line.memo.is_none() {
            line.memo.clone_from(&line.counterparty);
        }
        book.add(line)
    }

    fn finish(self, book: &mut Book<'_>) -> Result<(), Problem> {
        if self.draft.is_begun {
            let text = "the file is truncated: its last entry does not end with ^";
            return Err(Problem::at(self.draft.line.place, text));
        }
        if !self.is_open {
            return Err(Problem::file(
                "the file has no entries: no section !Type:Bank, Cash or CCard",
            ));
        }
        book.end();
        book.warn("QIF names no currency and no balance: nothing proves that the file is whole");
        Ok(())
    }
}
