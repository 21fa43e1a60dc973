//! Days as statements write them, in any of three orders. Text comes in, a day and what follows it
//! goes out. When every day of a file reads in two orders, nothing here chooses one.

use crate::domain::time::Day;

/// The order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Day, month, year.
    #[default]
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

impl DateOrder {
    /// The order of this name: `dmy`, `mdy` or `ymd`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "dmy" => Some(Self::Dmy),
            "mdy" => Some(Self::Mdy),
            "ymd" => Some(Self::Ymd),
            _ => None,
        }
    }

    /// For people.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Dmy => "day/month/year",
            Self::Mdy => "month/day/year",
            Self::Ymd => "year-month-day",
        }
    }
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The three numbers at the beginning of a text, as written, and what follows them.
struct Parts<'a> {
    first: &'a str,
    second: u32,
    third: &'a str,
    rest: &'a str,
    is_named_month: bool,
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let text = text.trim_start().trim_start_matches('\'');
    let (first, rest) = digits(text);
    if first.len() == 8 {
        let (year, rest_of) = first.split_at_checked(4)?;
        let (month, day) = rest_of.split_at_checked(2)?;
        let month = month.parse().ok()?;
        return Some(Parts {
            first: year,
            second: month,
            third: day,
            rest,
            is_named_month: false,
        });
    }
    if first.is_empty() || first.len() > 4 {
        return None;
    }
    let rest = rest.strip_prefix(['/', '-', '.', ' '])?.trim_start();
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (second, after, is_named_month) = if letters >= 3 {
        let name = rest.get(..3)?.to_ascii_lowercase();
        let month = (1..).zip(MONTHS).find(|(_, known)| *known == name)?.0;
        (month, rest.get(letters..)?, true)
    } else {
        let (number, after) = digits(rest);
        (
            number.parse().ok().filter(|_| number.len() <= 2)?,
            after,
            false,
        )
    };
    let after = after
        .strip_prefix(['/', '-', '.', ' ', '\'', ','])?
        .trim_start();
    let (third, rest) = digits(after);
    let is_year_first = first.len() == 4;
    let is_complete = if is_year_first {
        matches!(third.len(), 1 | 2)
    } else {
        matches!(third.len(), 2 | 4)
    };
    is_complete.then_some(Parts {
        first,
        second,
        third,
        rest,
        is_named_month,
    })
}

fn year_of(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    Some(match (text.len(), year) {
        (4, _) => year,
        (_, 0..=69) => year + 2000,
        _ => year + 1900,
    })
}

/// A day at the beginning of a text and what follows it; `None` when there is no such day.
#[must_use]
pub fn parse(text: &str, order: DateOrder) -> Option<(Day, &str)> {
    let found = parts(text)?;
    let first: u32 = found.first.parse().ok()?;
    let third: u32 = found.third.parse().ok()?;
    let (year, month, day) = if found.first.len() == 4 {
        (year_of(found.first)?, found.second, third)
    } else if found.is_named_month {
        (year_of(found.third)?, found.second, first)
    } else {
        match order {
            DateOrder::Dmy => (year_of(found.third)?, found.second, first),
            DateOrder::Mdy => (year_of(found.third)?, first, found.second),
            DateOrder::Ymd => (year_of(found.first)?, found.second, third),
        }
    };
    let day = Day::from_ymd_opt(year, month, day)?;
    (1900..2200).contains(&year).then_some((day, found.rest))
}

/// Every day in a text, in order, such as the period in a heading.
#[must_use]
pub fn all_in(text: &str, order: DateOrder) -> Vec<Day> {
    let words = text.split([' ', ':', '\n', '(', ')', ',', ';']);
    words
        .filter_map(|word| parse(word, order).map(|(day, _)| day))
        .collect()
}

/// Which orders the days of a column allow.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    day_first: u64,
    month_first: u64,
    either: u64,
    year_first: u64,
}

impl Tally {
    /// Notes a date.
    pub fn note(&mut self, text: &str) {
        let Some(found) = parts(text) else {
            return;
        };
        if found.first.len() == 4 || found.is_named_month {
            self.year_first += 1;
            return;
        }
        match (found.first.parse::<u32>(), found.second) {
            (Ok(13..=31), _) => self.day_first += 1,
            (Ok(1..=12), 13..=31) => self.month_first += 1,
            (Ok(first), second) if first != second => self.either += 1,
            (Ok(_) | Err(_), _) => {}
        }
    }

    /// The order that the dates themselves show, none when they read in two.
    #[must_use]
    pub fn order(&self) -> Option<DateOrder> {
        if self.day_first == 0 && self.month_first == 0 {
            return (self.either == 0).then_some(if self.year_first > 0 {
                DateOrder::Ymd
            } else {
                DateOrder::Dmy
            });
        }
        Some(if self.day_first >= self.month_first {
            DateOrder::Dmy
        } else {
            DateOrder::Mdy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_in_their_order() {
        let table = [
            ("04/10/2026", DateOrder::Dmy, "2026-10-04", ""),
            (
                "04/10/2026 08:23:10",
                DateOrder::Mdy,
                "2026-04-10",
                " 08:23:10",
            ),
            (
                "05-10-2026 23:10:32",
                DateOrder::Dmy,
                "2026-10-05",
                " 23:10:32",
            ),
            ("2026-10-04", DateOrder::Dmy, "2026-10-04", ""),
            (
                "2026/10/04 02:44:19 -0700",
                DateOrder::Mdy,
                "2026-10-04",
                " 02:44:19 -0700",
            ),
            ("20261004", DateOrder::Dmy, "2026-10-04", ""),
            ("20261004120000", DateOrder::Dmy, "", ""),
            ("6/12'15", DateOrder::Mdy, "2015-06-12", ""),
            ("5 Mar 2021", DateOrder::Dmy, "2021-03-05", ""),
            ("05-Mar-21", DateOrder::Mdy, "2021-03-05", ""),
            ("31/02/2026", DateOrder::Dmy, "", ""),
            ("Tổng cộng", DateOrder::Dmy, "", ""),
            ("12345", DateOrder::Dmy, "", ""),
        ];
        for (text, order, day, rest) in table {
            let found = parse(text, order).map(|(day, rest)| (day.to_string(), rest));
            let wanted = (!day.is_empty()).then(|| (day.to_owned(), rest));
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn an_order_is_shown_by_days_above_twelve_or_not_at_all() {
        let order = |texts: &[&str]| {
            let mut tally = Tally::default();
            texts.iter().for_each(|text| tally.note(text));
            tally.order()
        };
        assert_eq!(order(&["04/10/2026", "14/10/2026"]), Some(DateOrder::Dmy));
        assert_eq!(order(&["08/17/2022", "08/09/2022"]), Some(DateOrder::Mdy));
        assert_eq!(order(&["2015-02-08"]), Some(DateOrder::Ymd));
        assert_eq!(order(&["05/03/2021"]), None);
        assert_eq!(order(&["05/05/2021"]), Some(DateOrder::Dmy));
    }

    #[test]
    fn a_period_is_found_in_a_sentence() {
        let days = all_in(
            "Từ ngày/ From: 04/10/2026  Đến ngày/ To: 06/10/2026",
            DateOrder::Dmy,
        );
        let days: Vec<String> = days.iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-10-04", "2026-10-06"]);
    }
}
