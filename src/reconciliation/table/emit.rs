//! The second way through a table: every row becomes a line, a total, a label or a note, or the file
//! is refused with the row. What proves the table is checked at its end.

use super::checks::Stated;
use super::columns::currency_of;
use super::ids::id;
use super::labels::{Labels, balance_label};
use super::part::Part;
use super::row::{amount, day, in_currency, is_money, signed, whole, words};
use super::survey::{Plan, survey, tell};
use super::{Cell, Row, Table};
use crate::domain::money::Currency;
use crate::domain::statement::{Line, decimals_of, to_minor};
use crate::domain::time::Day;
use crate::reconciliation::book::{Book, filled};
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::profiles::{Role, library};
use crate::reconciliation::reading::Ask;
use rust_decimal::Decimal;

/// Rows kept around a table to look for labels.
const AROUND_MAX: usize = 200;

/// Reads a table into the book.
///
/// # Errors
/// Why the file is refused, with its row.
pub fn emit(table: &dyn Table, ask: &Ask, book: &mut Book<'_>) -> Result<(), Problem> {
    let plan = survey(table, ask)?;
    tell(&plan, book);
    let mut emit = Emit {
        plan: &plan,
        usual: ask.currency,
        book,
        around: Vec::new(),
        state: State::Above,
        part: Part::default(),
    };
    if plan.header.place == 0 {
        emit.open();
    }
    let mut rows = table.rows()?;
    while let Some(row) = rows.next_row()? {
        emit.row(row)?;
    }
    emit.close()
}

#[derive(PartialEq, Clone, Copy)]
enum State {
    Above,
    Body,
    Tail,
}

struct Emit<'a, 'b, 'c> {
    plan: &'a Plan,
    /// The currency where nothing in the file names one.
    usual: Option<Currency>,
    book: &'b mut Book<'c>,
    around: Vec<Row>,
    state: State,
    part: Part,
}

impl Emit<'_, '_, '_> {
    fn row(&mut self, row: Row) -> Result<(), Problem> {
        if row.is_blank() {
            if self.state != State::Body {
                self.keep(row);
            }
            return Ok(());
        }
        if self.plan.header.place > 0 && row.cells == self.plan.header.cells {
            if self.state == State::Tail {
                self.end_part()?;
            }
            if self.state != State::Body {
                self.open();
            }
            return Ok(());
        }
        if self.state == State::Above {
            self.keep(row);
            return Ok(());
        }
        self.body(row)
    }

    fn keep(&mut self, row: Row) {
        if self.around.len() < AROUND_MAX {
            self.around.push(row);
        }
    }

    /// The heading was reached: what stood above it is told.
    fn open(&mut self) {
        let rows = std::mem::take(&mut self.around);
        let plan = self.plan;
        self.part
            .labels
            .read(&rows, library(), plan.order, plan.style);
        let found = &self.part.labels;
        let own = plan.profile.currency.as_deref().and_then(currency_of);
        let assumed = plan.columns.is_vietnamese.then_some(Currency::VND);
        let currency = found
            .currency
            .or(plan.row_currency)
            .or(plan.columns.currency)
            .or(own)
            .or(assumed)
            .or(self.usual);
        self.book.statement.decimals = currency.map_or(2, decimals_of);
        self.book.statement.currency = currency.filter(|_| !plan.profile.any_currency);
        self.state = State::Body;
    }

    fn body(&mut self, row: Row) -> Result<(), Problem> {
        let plan = self.plan;
        let cell = plan.columns.cell(&row, Role::Date);
        let dated = day(cell, plan.order);
        if dated.is_none() && is_total(&row) {
            self.total(&row);
            self.state = State::Tail;
            self.keep(row);
            return Ok(());
        }
        let roles = [Role::Amount, Role::Debit, Role::Credit];
        let has_amount = roles
            .iter()
            .any(|role| !plan.columns.cell(&row, *role).is_blank());
        let (day, rest) = match dated {
            Some((day, rest)) => (day, rest),
            None if cell.is_blank()
                && has_amount
                && plan.profile.fill_down
                && self.part.day.is_some() =>
            {
                (self.part.day.unwrap_or_default(), String::new())
            }
            None if !has_amount || self.state == State::Tail || self.is_label(&row) => {
                self.state = State::Tail;
                self.keep(row);
                return Ok(());
            }
            None if plan.columns.beyond(&row).is_some() => return whole(&row, &plan.columns),
            None if cell.is_blank() => {
                return Err(Problem::at(
                    row.place,
                    "there is an amount and no date: fill in the date, or mark the row as a total",
                ));
            }
            None => {
                let text = shown(&cell.shown());
                return Err(Problem::at(
                    row.place,
                    format!(
                        "the date \"{text}\" is no day in the order {}",
                        plan.order.shown()
                    ),
                ));
            }
        };
        whole(&row, &plan.columns)?;
        if !has_amount && let Some(label) = balance_label(&row, library()) {
            let own = self.book.statement.currency;
            in_currency(&row, &plan.columns, own, &mut self.part.signs)?;
            let balance = amount(&row, &plan.columns, Role::Balance, plan.style)?;
            self.part.labels.take_balance(label, balance, row.place);
            return Ok(());
        }
        self.state = State::Body;
        self.part.day = Some(day);
        self.line(&row, day, &rest)
    }

    fn is_label(&self, row: &Row) -> bool {
        let mut labels = Labels::default();
        labels.read(
            std::slice::from_ref(row),
            library(),
            self.plan.order,
            self.plan.style,
        );
        labels != Labels::default()
    }

    fn line(&mut self, row: &Row, day: Day, rest: &str) -> Result<(), Problem> {
        let plan = self.plan;
        let columns = &plan.columns;
        self.part.rows += 1;
        if !is_money(row, plan, self.book) {
            let amount = signed(row, plan).ok().flatten().unwrap_or_default();
            let amount = to_minor(amount, self.book.statement.decimals).unwrap_or(0);
            self.part.totals.all.add(amount);
            self.book.pass_over(Line {
                place: row.place,
                date: day,
                amount,
                reference: id(row, columns, Role::Reference).ok().flatten(),
                order: id(row, columns, Role::Order).ok().flatten(),
                memo: words(row, columns, Role::Memo),
                ..Line::default()
            });
            return Ok(());
        }
        let own = currency_of(&columns.cell(row, Role::Currency).shown())
            .or(self.book.statement.currency);
        in_currency(row, columns, own, &mut self.part.signs)?;
        let Some(found) = signed(row, plan)? else {
            return Err(self.without_amount(row));
        };
        let (book, place) = (&mut *self.book, row.place);
        let of = |role| amount(row, columns, role, plan.style);
        let money =
            |found: Option<Decimal>| found.map(|found| book.minor(found, place)).transpose();
        let fee = of(Role::Fee)?.map_or(of(Role::Tax)?, |fee| {
            Some(fee.abs() + of(Role::Tax).ok().flatten().unwrap_or_default().abs())
        });
        let line = Line {
            place,
            date: day,
            value_date: super::row::day(columns.cell(row, Role::ValueDate), plan.order)
                .map(|(day, _)| day),
            amount: book.minor(found, place)?,
            currency: own,
            reference: id(row, columns, Role::Reference)?.or(filled(rest)),
            order: id(row, columns, Role::Order)?,
            memo: words(row, columns, Role::Memo),
            counterparty: words(row, columns, Role::Counterparty),
            balance: money(of(Role::Balance)?)?,
            fee: money(fee.map(|fee| fee.abs()))?,
            ..Line::default()
        };
        let reference = columns.cell(row, Role::Reference);
        if matches!(reference, Cell::Number(_))
            && line.reference.as_ref().is_some_and(|text| text.len() > 15)
        {
            self.book.warn(format!(
                "row {place}: a reference of more than 15 digits is kept as a number, so its last digits may be lost: \
                 format the column as text"
            ));
        }
        self.part.note(&line, plan, self.book);
        self.book.add(line)
    }

    fn without_amount(&self, row: &Row) -> Problem {
        let (has, width) = (row.cells.len(), self.plan.columns.width);
        let place = row.place;
        if has < width {
            return Problem::at(
                place,
                format!("the row has {has} of {width} columns and no amount: it is cut off"),
            );
        }
        Problem::at(
            place,
            "there is a date and no amount: fill it in, or remove the row",
        )
    }

    fn total(&mut self, row: &Row) {
        let of = |role| {
            let found = amount(row, &self.plan.columns, role, self.plan.style)
                .ok()
                .flatten();
            found.and_then(|found| to_minor(found, self.book.statement.decimals))
        };
        let stated = Stated {
            credit: of(Role::Credit),
            debit: of(Role::Debit),
            amount: of(Role::Amount),
        };
        if stated != Stated::default()
            && !self.part.totals.tie(stated)
            && self.part.wrong_totals.is_none()
        {
            self.part.wrong_totals = Some(row.place);
        }
    }

    fn end_part(&mut self) -> Result<(), Problem> {
        let rows = std::mem::take(&mut self.around);
        let plan = self.plan;
        let mut part = std::mem::take(&mut self.part);
        part.labels.read(&rows, library(), plan.order, plan.style);
        let statement = &mut self.book.statement;
        statement.account.clone_from(&part.labels.account);
        if let Some((from, to)) = part.labels.period {
            (statement.from, statement.to) = (Some(from), Some(to));
        }
        let decimals = statement.decimals;
        let minor = |amount: Decimal| to_minor(amount, decimals);
        statement.opening = part.labels.opening.and_then(minor);
        statement.closing = part.labels.closing.and_then(|(amount, _)| minor(amount));
        self.book.closing_at = part.labels.closing.map(|(_, place)| place);
        let is_quiet = statement.opening.is_some() && statement.opening == statement.closing;
        if part.rows == 0 && !is_quiet {
            return Err(Problem::file(
                "the table has a heading and no rows: it is empty",
            ));
        }
        part.judge(self.book);
        self.book.end();
        Ok(())
    }

    fn close(mut self) -> Result<(), Problem> {
        if self.state == State::Above {
            return Err(Problem::file("the table has no rows: it is empty"));
        }
        self.end_part()?;
        if self.book.findings.skipped > 0 {
            let text = format!(
                "{} rows are not counted: failed, cancelled or pending",
                self.book.findings.skipped
            );
            self.book.warn(text);
        }
        Ok(())
    }
}

/// Whether a row without a date begins with a word of totals.
fn is_total(row: &Row) -> bool {
    let totals = &library().words.totals;
    row.cells.iter().any(|cell| match cell {
        Cell::Text(text) => {
            let names = super::heading::heading(text.trim_end_matches(':')).names;
            names.iter().any(|name| totals.contains(name))
        }
        Cell::Empty | Cell::Number(_) | Cell::Moment(_) | Cell::Fault(_) | Cell::Formula => false,
    })
}
