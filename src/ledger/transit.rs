//! Money in transit: what stands with a provider or on a bank account at the end of a day, and how
//! much of it has stood there for more than a day. What came first is held to have left first, so
//! what is left came last. Circular 74/2022/TT-BTC asks that collected fees are passed on within
//! 24 hours.

use std::collections::BTreeMap;

use crate::domain::time::Day;
use crate::store::rows::DayBalanceRow;

/// Money on one account at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transit {
    /// The account.
    pub account: String,
    /// Its currency.
    pub currency: String,
    /// All that stands there, minor units.
    pub balance_minor: i64,
    /// Of it, what came on the day itself.
    pub within_day_minor: i64,
    /// Of it, what came on a day before, and so has stood there for more than 24 hours.
    pub over_day_minor: i64,
    /// The day on which the oldest part came; none when it came before what is known.
    pub oldest: Option<Day>,
}

/// Whether money on an account is in transit.
#[must_use]
pub fn is_transit(account: &str) -> bool {
    account.starts_with("clearing:") || account.starts_with("bank:")
}

/// Ages what stands on each account. `earlier` are the balances of closed days before, without a
/// gap; the money of an account that none of them knows came on `day`, unless there are none at all.
#[must_use]
pub fn in_transit(day: Day, today: &[DayBalanceRow], earlier: &[DayBalanceRow]) -> Vec<Transit> {
    let mut known: BTreeMap<Day, BTreeMap<(&str, &str), i64>> = BTreeMap::new();
    for row in earlier {
        let debits = known.entry(row.day).or_default();
        debits.insert((&row.account, &row.currency), row.debit_minor);
    }
    let standing = today
        .iter()
        .filter(|row| is_transit(&row.account) && row.debit_minor > row.credit_minor);
    standing.map(|row| age(day, row, &known)).collect()
}

fn age(
    day: Day,
    row: &DayBalanceRow,
    known: &BTreeMap<Day, BTreeMap<(&str, &str), i64>>,
) -> Transit {
    let balance = row.debit_minor - row.credit_minor;
    let key = (row.account.as_str(), row.currency.as_str());
    let (mut rest, mut at, mut debits) = (balance, day, row.debit_minor);
    let mut within = None;
    let mut oldest = None;
    // Back from day to day: what came on a day is what its debits are above those of the day before.
    for (before, accounts) in known.iter().rev().filter(|(before, _)| **before < day) {
        let earlier = accounts.get(&key).copied().unwrap_or(0);
        let came = (debits - earlier).min(rest);
        within.get_or_insert(came);
        rest -= came;
        if rest == 0 {
            oldest = Some(at);
            break;
        }
        (at, debits) = (*before, earlier);
    }
    // Without a closed day before nothing says when it came: it counts as old.
    let within_day_minor = within.unwrap_or(0);
    Transit {
        account: row.account.clone(),
        currency: row.currency.clone(),
        balance_minor: balance,
        within_day_minor,
        over_day_minor: balance - within_day_minor,
        oldest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: &str, account: &str, debit_minor: i64, credit_minor: i64) -> DayBalanceRow {
        DayBalanceRow {
            tenant: 1,
            day: day.parse().unwrap(),
            account: account.to_owned(),
            currency: "VND".to_owned(),
            debit_minor,
            credit_minor,
        }
    }

    #[test]
    fn what_is_left_came_last() {
        let bank = "bank:1017588888";
        // 100 came on the 5th, 50 on the 6th, 30 on the 7th.
        let earlier = [
            row("2026-01-06", bank, 150, 0),
            row("2026-01-05", bank, 100, 0),
        ];
        let oldest = |day: &str| Some(day.parse().unwrap());
        let table = [
            (0, 180, 30, 150, None),
            (120, 60, 30, 30, oldest("2026-01-06")),
            (150, 30, 30, 0, oldest("2026-01-07")),
            (160, 20, 20, 0, oldest("2026-01-07")),
        ];
        for (credit, balance, within, over, oldest) in table {
            let today = [row("2026-01-07", bank, 180, credit)];
            let found = in_transit("2026-01-07".parse().unwrap(), &today, &earlier);
            let expected = Transit {
                account: bank.to_owned(),
                currency: "VND".to_owned(),
                balance_minor: balance,
                within_day_minor: within,
                over_day_minor: over,
                oldest,
            };
            assert_eq!(found, [expected], "{credit}");
        }
    }

    #[test]
    fn only_money_that_waits_to_be_passed_on_is_in_transit() {
        let day = "2026-01-07".parse().unwrap();
        let rows = [
            row("2026-01-07", "bank:1", 5, 5),
            row("2026-01-07", "clearing:vnpay", 9, 2),
            row("2026-01-07", "receivable:H12.104", 9, 2),
            row("2026-01-07", "suspense", 0, 7),
        ];
        let found = in_transit(day, &rows, &[row("2026-01-06", "suspense", 0, 7)]);
        let told: Vec<_> = found
            .iter()
            .map(|t| (t.account.as_str(), t.within_day_minor, t.over_day_minor))
            .collect();
        assert_eq!(told, [("clearing:vnpay", 7, 0)]);
        // A closing of the day itself is none before it.
        let closings = [
            row("2026-01-07", "clearing:vnpay", 9, 2),
            row("2026-01-06", "clearing:vnpay", 4, 0),
        ];
        let again = in_transit(day, &rows, &closings);
        assert_eq!((again[0].within_day_minor, again[0].over_day_minor), (5, 2));
        let first = in_transit(day, &rows, &[]);
        assert_eq!((first[0].within_day_minor, first[0].over_day_minor), (0, 7));
    }
}
