//! What proves a table against itself: the running balance row by row, in either order, and rows of
//! totals. Works on minor units; says what is wrong and leaves the verdict to the book.

/// Follows a column of balances.
#[derive(Debug, Default, Clone)]
pub struct Running {
    first: Option<(i64, i64)>,
    last: Option<(i64, i64)>,
    rows: u64,
    ascending: Breaks,
    descending: Breaks,
}

#[derive(Debug, Default, Clone, Copy)]
struct Breaks {
    count: u64,
    first: u64,
}

impl Breaks {
    fn note(&mut self, is_tied: bool, place: u64) {
        if !is_tied {
            self.count += 1;
            if self.count == 1 {
                self.first = place;
            }
        }
    }
}

/// What a column of balances shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// No balances, or too few.
    Nothing,
    /// Every row ties; balances before the first and after the last payment.
    Tied {
        /// Before.
        opening: i64,
        /// After.
        closing: i64,
        /// Whether the newest row stands first.
        is_newest_first: bool,
    },
    /// The first row that does not tie.
    Broken(u64),
}

impl Running {
    /// Adds a row: how much it moves the balance, and the balance after it.
    pub fn add(&mut self, movement: i64, balance: i64, place: u64) {
        if let Some((moved, before)) = self.last {
            self.ascending
                .note(before.checked_add(movement) == Some(balance), place);
            self.descending
                .note(before.checked_sub(moved) == Some(balance), place);
        }
        self.first = self.first.or(Some((movement, balance)));
        self.last = Some((movement, balance));
        self.rows += 1;
    }

    /// What the rows show.
    #[must_use]
    pub fn proof(&self) -> Proof {
        let (Some((first_moved, first)), Some((last_moved, last))) = (self.first, self.last) else {
            return Proof::Nothing;
        };
        let is_newest_first = self.descending.count < self.ascending.count;
        let breaks = if is_newest_first {
            self.descending
        } else {
            self.ascending
        };
        if breaks.count > 0 {
            return Proof::Broken(breaks.first);
        }
        let (opening, closing) = if is_newest_first {
            (last.checked_sub(last_moved), first)
        } else {
            (first.checked_sub(first_moved), last)
        };
        match opening {
            Some(opening) => Proof::Tied {
                opening,
                closing,
                is_newest_first,
            },
            None => Proof::Nothing,
        }
    }
}

/// Sums of a table, of the rows that count and of all.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Money in.
    pub credit: i64,
    /// Money out, zero or more.
    pub debit: i64,
}

impl Sums {
    /// Adds a signed amount; a sum that does not fit stays at its limit and can then tie with nothing.
    pub fn add(&mut self, amount: i64) {
        if amount < 0 {
            self.debit = self.debit.saturating_sub(amount);
        } else {
            self.credit = self.credit.saturating_add(amount);
        }
    }

    fn less(self, before: Self) -> Self {
        Self {
            credit: self.credit.saturating_sub(before.credit),
            debit: self.debit.saturating_sub(before.debit),
        }
    }
}

/// Totals that a file states, as signed as it writes them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Money in.
    pub credit: Option<i64>,
    /// Money out.
    pub debit: Option<i64>,
    /// All amounts.
    pub amount: Option<i64>,
}

/// Follows sums and compares totals with them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// Rows that count.
    pub good: Sums,
    /// All rows.
    pub all: Sums,
    good_before: Sums,
    all_before: Sums,
}

impl Totals {
    /// Whether the totals are those of the rows so far, or of the rows since the last totals, with
    /// or without the rows that are no money.
    pub fn tie(&mut self, stated: Stated) -> bool {
        let candidates = [
            self.good,
            self.all,
            self.good.less(self.good_before),
            self.all.less(self.all_before),
        ];
        (self.good_before, self.all_before) = (self.good, self.all);
        candidates.iter().any(|sums| ties(*sums, stated))
    }
}

fn ties(sums: Sums, stated: Stated) -> bool {
    let is = |stated: Option<i64>, sum: i64| {
        stated.is_none_or(|stated| stated == sum || stated.checked_neg() == Some(sum))
    };
    let net = sums.credit.saturating_sub(sums.debit);
    let gross = sums.credit.saturating_add(sums.debit);
    is(stated.credit, sums.credit)
        && is(stated.debit, sums.debit)
        && (is(stated.amount, net) || is(stated.amount, gross) || is(stated.amount, sums.credit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(rows: &[(i64, i64)]) -> Proof {
        let mut running = Running::default();
        for (place, (movement, balance)) in (1..).zip(rows) {
            running.add(*movement, *balance, place);
        }
        running.proof()
    }

    #[test]
    fn balances_tie_in_either_order_or_name_the_row() {
        let tied = |opening, closing, is_newest_first| Proof::Tied {
            opening,
            closing,
            is_newest_first,
        };
        assert_eq!(
            follow(&[(10, 110), (-5, 105), (20, 125)]),
            tied(100, 125, false)
        );
        assert_eq!(
            follow(&[(20, 125), (-5, 105), (10, 110)]),
            tied(100, 125, true)
        );
        assert_eq!(
            follow(&[(10, 110), (-5, 105), (20, 120), (1, 121)]),
            Proof::Broken(3)
        );
        assert_eq!(follow(&[]), Proof::Nothing);
    }

    #[test]
    fn totals_tie_with_good_rows_all_rows_or_the_rows_of_their_part() {
        let mut totals = Totals::default();
        for (amount, is_good) in [(100, true), (50, false), (-30, true)] {
            totals.all.add(amount);
            if is_good {
                totals.good.add(amount);
            }
        }
        let stated = |credit, debit, amount| Stated {
            credit,
            debit,
            amount,
        };
        assert!(totals.tie(stated(Some(100), Some(30), None)));
        assert!(totals.tie(stated(Some(150), Some(-30), None)));
        totals.good.add(7);
        totals.all.add(7);
        assert!(totals.tie(stated(Some(7), None, None)));
        assert!(!totals.tie(stated(Some(8), None, None)));
        assert!(totals.tie(stated(None, None, Some(77))));
    }
}
