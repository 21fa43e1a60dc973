//! A range of days and how it is taken apart: into whole months and remaining days, so that a year
//! costs twelve periods and not 365; and into the steps of a time series. Reads no clock.

use chrono::{Datelike, Days, Months, Weekday};

use super::ask::Refusal;
use crate::domain::lang::Lang;
use crate::domain::time::Day;
use crate::store::ops::{CountRange, DAY_GRAIN, MONTH_GRAIN};

/// Years outside of which a date is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A range of days, both ends included, the first never after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Day,
    to: Day,
}

/// The length of one step of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A calendar day.
    Day,
    /// A week from Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

impl Period {
    /// The range between two days.
    ///
    /// # Errors
    /// [`Refusal::Period`] when it ends before it begins or a year cannot be meant.
    pub fn new(from: Day, to: Day) -> Result<Self, Refusal> {
        if from > to || !YEARS.contains(&from.year()) || !YEARS.contains(&to.year()) {
            return Err(Refusal::Period { from, to });
        }
        Ok(Self { from, to })
    }

    /// The whole step that contains a day.
    #[must_use]
    pub fn around(day: Day, step: Step) -> Self {
        let from = step.start(day);
        let to = step.next(from).pred_opt().unwrap_or(from);
        Self { from, to }
    }

    /// First day.
    #[must_use]
    pub fn from(self) -> Day {
        self.from
    }

    /// Last day.
    #[must_use]
    pub fn to(self) -> Day {
        self.to
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> i64 {
        self.to.signed_duration_since(self.from).num_days() + 1
    }

    /// Every day of it, as one range.
    #[must_use]
    pub fn daily(self) -> Vec<CountRange> {
        vec![days(self.from, self.to)]
    }

    /// Whole months, and the days before and after them; together they are the period.
    #[must_use]
    pub fn parts(self) -> Vec<CountRange> {
        let first = if self.from.day() == 1 {
            self.from
        } else {
            Step::Month.next(Step::Month.start(self.from))
        };
        let end = Step::Month.start(self.to.succ_opt().unwrap_or(self.to));
        if first >= end {
            return self.daily();
        }
        let mut parts = Vec::new();
        if self.from < first {
            parts.push(days(self.from, first - Days::new(1)));
        }
        parts.push(CountRange {
            grain: MONTH_GRAIN,
            from: first,
            to: Step::Month.start(end - Days::new(1)),
        });
        if end <= self.to {
            parts.push(days(end, self.to));
        }
        parts
    }
}

fn days(from: Day, to: Day) -> CountRange {
    CountRange {
        grain: DAY_GRAIN,
        from,
        to,
    }
}

impl Step {
    /// First day of the step a day lies in.
    #[must_use]
    pub fn start(self, day: Day) -> Day {
        let month = match self {
            Self::Day => return day,
            Self::Week => return day.week(Weekday::Mon).checked_first_day().unwrap_or(day),
            Self::Month => day.month(),
            Self::Quarter => (day.month0() / 3) * 3 + 1,
            Self::Year => 1,
        };
        Day::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
    }

    /// First day of the next step, from the first day of one.
    #[must_use]
    pub fn next(self, start: Day) -> Day {
        let later = match self {
            Self::Day => start.succ_opt(),
            Self::Week => start.checked_add_days(Days::new(7)),
            Self::Month => start.checked_add_months(Months::new(1)),
            Self::Quarter => start.checked_add_months(Months::new(3)),
            Self::Year => start.checked_add_months(Months::new(12)),
        };
        later.unwrap_or(Day::MAX)
    }

    /// The step's name in files and addresses: `2026-01-05`, `2026-W02`, `2026-01`, `2026-Q1`, `2026`.
    #[must_use]
    pub fn key(self, start: Day) -> String {
        match self {
            Self::Day => start.format("%Y-%m-%d").to_string(),
            Self::Week => start.format("%G-W%V").to_string(),
            Self::Month => start.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", start.year(), quarter(start)),
            Self::Year => start.year().to_string(),
        }
    }

    /// The step's name for people.
    #[must_use]
    pub fn label(self, start: Day, lang: Lang) -> String {
        match (self, lang) {
            (Self::Day, _) => start.format("%d/%m/%Y").to_string(),
            (Self::Week, Lang::Vi) => start.format("Tuần %V/%G").to_string(),
            (Self::Week, Lang::En) => start.format("Week %V, %G").to_string(),
            (Self::Month, _) => start.format("%m/%Y").to_string(),
            (Self::Quarter, Lang::Vi) => format!("Quý {}/{}", quarter(start), start.year()),
            (Self::Quarter, Lang::En) => format!("Q{} {}", quarter(start), start.year()),
            (Self::Year, _) => start.year().to_string(),
        }
    }
}

fn quarter(day: Day) -> u32 {
    day.month0() / 3 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_whole_months_and_the_days_around_them() {
        let table = [
            ("2026-01-01 2026-03-31", "M 2026-01-01 2026-03-01"),
            ("2026-01-01 2026-01-31", "M 2026-01-01 2026-01-01"),
            ("2026-01-05 2026-01-05", "D 2026-01-05 2026-01-05"),
            ("2026-01-02 2026-01-31", "D 2026-01-02 2026-01-31"),
            ("2026-01-01 2026-01-30", "D 2026-01-01 2026-01-30"),
            ("2026-01-31 2026-02-01", "D 2026-01-31 2026-02-01"),
            (
                "2026-01-31 2026-03-01",
                "D 2026-01-31 2026-01-31, M 2026-02-01 2026-02-01, D 2026-03-01 2026-03-01",
            ),
            (
                "2025-12-15 2026-02-28",
                "D 2025-12-15 2025-12-31, M 2026-01-01 2026-02-01",
            ),
            (
                "2024-02-01 2024-03-10",
                "M 2024-02-01 2024-02-01, D 2024-03-01 2024-03-10",
            ),
            ("2024-02-01 2024-02-28", "D 2024-02-01 2024-02-28"),
            ("2025-01-01 2026-12-31", "M 2025-01-01 2026-12-01"),
        ];
        for (period, expected) in table {
            let (from, to) = period.split_once(' ').unwrap();
            let parts = Period::new(day(from), day(to)).unwrap().parts();
            let told: Vec<String> = parts
                .iter()
                .map(|part| {
                    let grain = if part.grain == 1 { "M" } else { "D" };
                    format!("{grain} {} {}", part.from, part.to)
                })
                .collect();
            assert_eq!(told.join(", "), expected, "{period}");
        }
    }

    #[test]
    fn every_day_of_a_period_lies_in_one_part() {
        let start = day("2023-12-30");
        for first in 0..40 {
            for length in (0..100).chain([365, 366, 730]) {
                let from = start + Days::new(first);
                let period = Period::new(from, from + Days::new(length)).unwrap();
                let covered: i64 = period
                    .parts()
                    .iter()
                    .map(|part| {
                        let end = if part.grain == 1 {
                            Step::Month.next(part.to)
                        } else {
                            part.to + Days::new(1)
                        };
                        (end - part.from).num_days()
                    })
                    .sum();
                assert_eq!(covered, period.days(), "{period:?}");
            }
        }
    }

    #[test]
    fn steps_are_named_and_follow_each_other() {
        let table = [
            (
                Step::Day,
                "2026-11-22",
                "2026-11-22",
                "22/11/2026",
                "2026-11-23",
            ),
            (
                Step::Week,
                "2026-11-16",
                "2026-W47",
                "Tuần 47/2026",
                "2026-11-23",
            ),
            (
                Step::Month,
                "2026-11-01",
                "2026-11",
                "11/2026",
                "2026-12-01",
            ),
            (
                Step::Quarter,
                "2026-10-01",
                "2026-Q4",
                "Quý 4/2026",
                "2027-01-01",
            ),
            (Step::Year, "2026-01-01", "2026", "2026", "2027-01-01"),
        ];
        for (step, start, key, label, next) in table {
            assert_eq!(step.start(day("2026-11-22")), day(start));
            assert_eq!(step.key(day(start)), key);
            assert_eq!(step.label(day(start), Lang::Vi), label);
            assert_eq!(step.next(day(start)), day(next));
        }
        let quarter = Period::around(day("2026-11-22"), Step::Quarter);
        assert_eq!(quarter.to(), day("2026-12-31"));
    }

    #[test]
    fn a_period_that_cannot_be_meant_is_refused() {
        for (from, to) in [("2026-01-02", "2026-01-01"), ("0026-01-01", "2026-01-01")] {
            assert!(Period::new(day(from), day(to)).is_err());
        }
    }
}
