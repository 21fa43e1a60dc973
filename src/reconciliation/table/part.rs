//! One table of a file while it is read: what stands around it, what its rows add up to, and what that
//! proves at its end. Tells the book; reads no cell.

use rust_decimal::Decimal;

use super::checks::{Proof, Running, Totals};
use super::labels::Labels;
use super::survey::Plan;
use crate::domain::statement::{Line, to_minor};
use crate::domain::time::Day;
use crate::reconciliation::book::Book;
use crate::reconciliation::text::signs::Signs;

/// One table of a file; a file may hold several, one below the other.
#[derive(Default)]
pub(super) struct Part {
    pub(super) labels: Labels,
    running: Running,
    pub(super) totals: Totals,
    pub(super) rows: u64,
    last: Option<(Line, u64)>,
    pub(super) day: Option<Day>,
    pub(super) wrong_totals: Option<u64>,
    pub(super) signs: Signs,
}

impl Part {
    /// Follows balances, sums, twins and currencies.
    pub(super) fn note(&mut self, line: &Line, plan: &Plan, book: &mut Book<'_>) {
        self.totals.good.add(line.amount);
        self.totals.all.add(line.amount);
        if let Some(balance) = line.balance {
            let fee = if plan.profile.fees_move_balance {
                line.fee.unwrap_or(0)
            } else {
                0
            };
            self.running
                .add(line.amount.saturating_sub(fee), balance, line.place);
        }
        let own = book.statement.currency;
        if let (Some(own), Some(currency)) = (own, line.currency)
            && own != currency
        {
            book.hold(format!(
                "row {}: an amount in {currency} in a table in {own}: the sums add unlike things",
                line.place
            ));
        }
        let same = |(other, _): &(Line, u64)| {
            let facts = |one: &Line| {
                (
                    one.date,
                    one.amount,
                    one.balance,
                    one.reference.clone(),
                    one.memo.clone(),
                )
            };
            line.balance.is_some() && line.reference.is_some() && facts(other) == facts(line)
        };
        if let Some((_, place)) = self.last.as_ref().filter(|last| same(last)) {
            book.hold(format!(
                "row {} repeats row {place}, with the same reference and balance: pasted twice?",
                line.place
            ));
        }
        self.last = Some((line.clone(), line.place));
    }

    /// Says what does not prove itself, and takes balances from the rows when none are stated.
    pub(super) fn judge(&self, book: &mut Book<'_>) {
        let decimals = book.statement.decimals;
        match self.running.proof() {
            Proof::Broken(place) => {
                book.hold(format!("row {place}: the balance column does not tie here: a row was changed, removed or added"));
            }
            Proof::Tied {
                opening,
                closing,
                is_newest_first,
            } => {
                book.detect(
                    "balances",
                    format!(
                        "tie row by row, {}",
                        if is_newest_first {
                            "newest first"
                        } else {
                            "oldest first"
                        }
                    ),
                );
                book.statement.opening = book.statement.opening.or(Some(opening));
                book.statement.closing = book.statement.closing.or(Some(closing));
            }
            Proof::Nothing => {}
        }
        if let Some(place) = self.wrong_totals {
            book.hold(format!(
                "row {place}: the totals written there are not the sums of the rows"
            ));
        }
        let minor = |found: Option<(Decimal, u64)>| {
            found.and_then(|(amount, place)| Some((to_minor(amount, decimals)?, place)))
        };
        for (stated, place) in [minor(self.labels.credit), minor(self.labels.debit)]
            .into_iter()
            .flatten()
        {
            let sums = [self.totals.good, self.totals.all];
            if !sums
                .iter()
                .any(|sums| stated.abs() == sums.credit || stated.abs() == sums.debit)
            {
                book.hold(format!(
                    "row {place}: the sum written there is not that of the rows"
                ));
            }
        }
        let counts = [self.rows, book.statement.entries];
        if let Some((stated, place)) = self
            .labels
            .count
            .filter(|(stated, _)| !counts.contains(stated))
        {
            book.hold(format!(
                "row {place}: {stated} transactions are announced, the table has {}",
                self.rows
            ));
        }
    }
}
