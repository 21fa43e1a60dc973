//! Which days a bank memo names, as banks and providers write them: `05/01/2026`, `05-01-26`, `05/01`,
//! `2026-01-05`, `05012026`, `20260105`, `050126`. A text comes in; whether it names a day is answered.
//! What the day means there, that of the payments or that of the payout, is not decided here.

use std::ops::RangeInclusive;

use chrono::Datelike;

use crate::domain::time::Day;

/// The days that a text names.
pub(super) struct MemoDays(Vec<Named>);

/// A day as a text names it, perhaps without its year.
#[derive(PartialEq, Eq)]
struct Named {
    year: Option<i32>,
    month: u32,
    day: u32,
}

/// Digits, and whether one mark alone joins them to the digits before.
struct Digits<'a> {
    text: &'a str,
    is_joined: bool,
}

impl MemoDays {
    /// Reads a text.
    pub(super) fn of(text: &str) -> Self {
        let digits = digits(text);
        let mut days = Self(Vec::new());
        let mut rest = digits.as_slice();
        loop {
            rest = match rest {
                [] => return days,
                [one, two, three, rest @ ..] if two.is_joined && three.is_joined => {
                    days.apart([one.text, two.text, three.text]);
                    rest
                }
                [one, two, rest @ ..] if two.is_joined => {
                    if (one.text.len(), two.text.len()) == (2, 2) {
                        days.add(None, two.text, one.text);
                    }
                    rest
                }
                [one, rest @ ..] => {
                    days.together(one.text);
                    rest
                }
            };
        }
    }

    /// Whether a day is named.
    pub(super) fn name(&self, day: Day) -> bool {
        self.0.iter().any(|one| {
            (one.month, one.day) == (day.month(), day.day())
                && one.year.is_none_or(|year| year == day.year())
        })
    }

    /// Day, month and year, or the other way round, with marks between.
    fn apart(&mut self, parts: [&str; 3]) {
        let [one, two, three] = parts;
        let short: RangeInclusive<usize> = 1..=2;
        let lengths = parts.map(str::len);
        let [first, second, third] = lengths;
        if !short.contains(&second) {
            return;
        }
        if short.contains(&first) && (third == 4 || third == 2) {
            self.add(Some(three), two, one);
        } else if first == 4 && short.contains(&third) {
            self.add(Some(one), two, three);
        }
    }

    /// A day written without marks, read both ways round.
    fn together(&mut self, text: &str) {
        let mut read = |places: [RangeInclusive<usize>; 3]| {
            let [year, month, day] = places.map(|place| text.get(place).unwrap_or_default());
            self.add(Some(year), month, day);
        };
        match text.len() {
            8 => {
                read([4..=7, 2..=3, 0..=1]);
                read([0..=3, 4..=5, 6..=7]);
            }
            6 => {
                read([4..=5, 2..=3, 0..=1]);
                read([0..=1, 2..=3, 4..=5]);
            }
            _ => {}
        }
    }

    fn add(&mut self, year: Option<&str>, month: &str, day: &str) {
        let century = |year: &str| if year.len() == 2 { 2000 } else { 0 };
        let whole = |year: &str| Some(century(year) + year.parse::<i32>().ok()?);
        let (Ok(month), Ok(day)) = (month.parse(), day.parse()) else {
            return;
        };
        let named = Named {
            year: year.and_then(whole),
            month,
            day,
        };
        let in_year = named.year.unwrap_or(2024);
        if Day::from_ymd_opt(in_year, month, day).is_some() && !self.0.contains(&named) {
            self.0.push(named);
        }
    }
}

fn digits(text: &str) -> Vec<Digits<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut is_first = true;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter: char| !letter.is_ascii_digit());
        let (text, after) = from.split_at(end.unwrap_or(from.len()));
        let is_joined = !is_first && matches!(before, "/" | "-" | ".");
        found.push(Digits { text, is_joined });
        (rest, is_first) = (after, false);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_whatever_way_they_are_written() {
        let fifth = Day::from_ymd_opt(2026, 1, 5).unwrap();
        let sixth = Day::from_ymd_opt(2026, 1, 6).unwrap();
        let table = [
            ("VNPAY TT GD NGAY 05012026", true),
            ("VNPAY TT GD 05/01/2026", true),
            ("TT 5-1-26 VNPAY", true),
            ("TT 2026-01-05", true),
            ("MOMO20260105TT", true),
            ("PHIEN 050126", true),
            ("NGAY 05.01", true),
            ("TU 04/01/2026 DEN 05/01/2026", true),
            ("NGAY 05/01/2025", false),
            ("NGAY 06012026", false),
            ("1050120269", false),
            ("LO 5/1", false),
            ("45/99/2026", false),
            ("VNPAY TT GD", false),
            ("", false),
        ];
        for (text, expected) in table {
            let days = MemoDays::of(text);
            assert_eq!(days.name(fifth), expected, "{text}");
            assert_eq!(days.name(sixth), text.contains("06012026"), "{text}");
        }
        assert!(!MemoDays::of("31/02/2026").name(fifth));
    }
}
