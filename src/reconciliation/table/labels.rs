//! What stands above and below a table under a label: account, currency, period, balances, totals.
//! A value stands after the colon, in a cell to the right, or in the cell below. Finds; judges nothing.

use rust_decimal::Decimal;

use super::columns::currency_of;
use super::heading::{fold, heading};
use super::row::number;
use super::{Cell, Row};
use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::reconciliation::book::filled;
use crate::reconciliation::profiles::{Label, Library};
use crate::reconciliation::text::amounts::Mark;
use crate::reconciliation::text::dates::{DateOrder, all_in};

/// What was found around a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// The account.
    pub account: Option<String>,
    /// The currency.
    pub currency: Option<Currency>,
    /// First and last day.
    pub period: Option<(Day, Day)>,
    /// The opening balance.
    pub opening: Option<Decimal>,
    /// The closing balance, with its row.
    pub closing: Option<(Decimal, u64)>,
    /// How many rows there should be.
    pub count: Option<(u64, u64)>,
    /// Sum of money in.
    pub credit: Option<(Decimal, u64)>,
    /// Sum of money out.
    pub debit: Option<(Decimal, u64)>,
}

fn label_of(text: &str, library: &Library) -> Option<Label> {
    let names = heading(text).names;
    let mut labels = library.words.labels.iter();
    labels.find_map(|(label, words)| {
        names
            .iter()
            .any(|name| words.contains(name))
            .then_some(*label)
    })
}

/// Whether a row is the opening or the closing balance, as some tables write it among their rows.
#[must_use]
pub fn balance_label(row: &Row, library: &Library) -> Option<Label> {
    let mut labels = row.cells.iter().filter_map(|cell| match cell {
        Cell::Text(text) => label_of(text.trim_end_matches(':'), library),
        Cell::Empty | Cell::Number(_) | Cell::Moment(_) | Cell::Fault(_) | Cell::Formula => None,
    });
    labels.find(|label| matches!(label, Label::Opening | Label::Closing))
}

impl Labels {
    /// Takes a balance that stands among the rows.
    pub fn take_balance(&mut self, label: Label, balance: Option<Decimal>, place: u64) {
        if label == Label::Opening {
            self.opening = self.opening.or(balance);
        } else {
            self.closing = balance.map(|balance| (balance, place)).or(self.closing);
        }
    }

    /// Looks through rows and adds what they tell.
    pub fn read(&mut self, rows: &[Row], library: &Library, order: DateOrder, style: Option<Mark>) {
        for (at, row) in rows.iter().enumerate() {
            let below = rows.get(at + 1);
            for (column, cell) in row.cells.iter().enumerate() {
                let Cell::Text(text) = cell else {
                    continue;
                };
                self.period(text, order);
                let (head, tail) = text.split_once(':').unwrap_or((text, ""));
                let Some(label) = label_of(head, library) else {
                    continue;
                };
                let value = match filled(tail) {
                    Some(tail) => Cell::Text(tail),
                    None => beside(row, column, below, library),
                };
                self.take(label, &value, row.place, style);
            }
        }
    }

    fn period(&mut self, text: &str, order: DateOrder) {
        let folded = fold(text);
        let is_period = ["tu ngay", "from", "ky sao ke", "period", "thoi gian"]
            .iter()
            .any(|word| folded.starts_with(word));
        if is_period
            && self.period.is_none()
            && let [first, last] = all_in(text, order).as_slice()
        {
            self.period = Some((*first, *last));
        }
    }

    fn take(&mut self, label: Label, value: &Cell, place: u64, style: Option<Mark>) {
        let text = value.shown();
        let amount = number(value, style).ok().flatten();
        match label {
            Label::Account => {
                let bare = text.split('(').next().unwrap_or_default();
                let digits = bare.chars().filter(char::is_ascii_digit).count();
                if digits >= 4 && self.account.is_none() {
                    self.account = filled(bare);
                    let unit = heading(&text).unit;
                    self.currency = self.currency.or(unit.as_deref().and_then(currency_of));
                }
            }
            Label::Currency => self.currency = self.currency.or(currency_of(&text)),
            Label::Opening => self.opening = self.opening.or(amount),
            Label::Closing => self.closing = amount.map(|amount| (amount, place)).or(self.closing),
            Label::Count => {
                self.count = text
                    .trim()
                    .parse()
                    .ok()
                    .map(|count| (count, place))
                    .or(self.count)
            }
            Label::CreditSum => self.credit = amount.map(|amount| (amount, place)).or(self.credit),
            Label::DebitSum => self.debit = amount.map(|amount| (amount, place)).or(self.debit),
            Label::Period => {}
        }
        if matches!(label, Label::Opening | Label::Closing) && self.currency.is_none() {
            self.currency = text.split_whitespace().last().and_then(currency_of);
        }
    }
}

/// The first cell to the right that is filled, unless it is a label itself; then the cell below.
fn beside(row: &Row, column: usize, below: Option<&Row>, library: &Library) -> Cell {
    let right = row
        .cells
        .iter()
        .skip(column + 1)
        .find(|cell| !cell.is_blank());
    let is_label = |cell: &Cell| match cell {
        Cell::Text(text) => label_of(text.split(':').next().unwrap_or_default(), library).is_some(),
        Cell::Empty | Cell::Number(_) | Cell::Moment(_) | Cell::Fault(_) | Cell::Formula => false,
    };
    match right.filter(|cell| !is_label(cell)) {
        Some(cell) => cell.clone(),
        None => below.map_or(Cell::Empty, |below| below.cell(column).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconciliation::profiles::library;

    #[test]
    fn values_stand_after_the_colon_to_the_right_or_below() {
        let row = |place, cells: &[&str]| Row {
            place,
            cells: cells
                .iter()
                .map(|text| {
                    if text.is_empty() {
                        Cell::Empty
                    } else {
                        Cell::Text((*text).to_owned())
                    }
                })
                .collect(),
        };
        let rows = [
            row(
                1,
                &[
                    "Số tài khoản cũ: 111111",
                    "",
                    "Số tài khoản: 001817115 (VND)",
                ],
            ),
            row(2, &["Từ ngày/ From: 04/10/2026  Đến ngày/ To: 06/10/2026"]),
            row(
                3,
                &["Số dư đầu", "Tổng rút ra", "Tổng gửi vào", "Số dư cuối"],
            ),
            row(4, &["6.000.000", "1.000.000", "2.000.000", "7.000.000"]),
        ];
        let mut labels = Labels::default();
        labels.read(&rows, library(), DateOrder::Dmy, None);
        assert_eq!(labels.account.as_deref(), Some("001817115"));
        assert_eq!(labels.currency, Some(Currency::VND));
        assert_eq!(labels.opening, Some(6_000_000.into()));
        assert_eq!(labels.closing, Some((7_000_000.into(), 3)));
        assert_eq!(labels.debit, Some((1_000_000.into(), 3)));
        assert_eq!(labels.period.unwrap().1.to_string(), "2026-10-06");
        let mut labels = Labels::default();
        labels.read(
            &[row(
                1,
                &["Số dư đầu kỳ/ Opening balance", "", "3,359,662,231 VND"],
            )],
            library(),
            DateOrder::Dmy,
            None,
        );
        assert_eq!(labels.opening, Some(3_359_662_231_i64.into()));
        assert_eq!(labels.currency, Some(Currency::VND));
    }
}
