//! The calendar of an office: which days are worked, to which session an instant belongs, when a
//! file is due. Holidays come in as the text of a table; no clock and no file is read here.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use thiserror::Error;

use super::time::{Day, Instant, VIETNAM};

/// Why a table of holidays cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The first line does not name the columns.
    #[error("line 1 must name the columns day and kind, among others")]
    NoHeader,
    /// A line that cannot be meant.
    #[error("line {line}, {field}: {problem}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// The column.
        field: &'static str,
        /// What is wrong with it, and what to write.
        problem: String,
    },
}

/// Days that are not worked although they are weekdays, and those that are although they are not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<Day>,
    swapped: BTreeSet<Day>,
}

/// How the payments of a channel are gathered into days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The local time from which a payment belongs to the next day; none for midnight.
    pub cut_off: Option<NaiveTime>,
    /// Whether days off in a row are one session, up to before the first working day, as VNPAY
    /// gathers weekends and holidays. It has the name of its first day.
    pub rolls: bool,
}

impl Session {
    /// From midnight to midnight, every day by itself.
    pub const DAILY: Self = Self {
        cut_off: None,
        rolls: false,
    };
}

/// The first instant of a day on the wall clock of Vietnam.
#[must_use]
pub fn begins(day: Day) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = VIETNAM.from_local_datetime(&midnight).single();
    local.map_or(Instant::MAX_UTC, |at| at.with_timezone(&Utc))
}

/// The first instant after a day.
#[must_use]
pub fn ends(day: Day) -> Instant {
    day.succ_opt().map_or(Instant::MAX_UTC, begins)
}

impl Calendar {
    /// Reads a table with the columns `day` and `kind` (`holiday`, `compensation` or `working`);
    /// further columns are for people.
    ///
    /// # Errors
    /// [`CalendarError`], with the line.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().map_err(|_| CalendarError::NoHeader)?;
        let place = |name: &str| header.iter().position(|column| column == name);
        let (Some(day_at), Some(kind_at)) = (place("day"), place("kind")) else {
            return Err(CalendarError::NoHeader);
        };
        let mut calendar = Self::default();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let at = error.position().map_or(0, csv::Position::line);
                wrong_line(at, "line", error.to_string())
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let text = record.get(day_at).unwrap_or("");
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
                let problem = format!("\"{text}\" is no day: write it as 2026-01-05");
                wrong_line(line, "day", problem)
            })?;
            let is_new = match record.get(kind_at).unwrap_or("") {
                "holiday" | "compensation" => {
                    !calendar.swapped.contains(&day) && calendar.holidays.insert(day)
                }
                "working" => !calendar.holidays.contains(&day) && calendar.swapped.insert(day),
                other => {
                    let problem =
                        format!("\"{other}\" is none: write holiday, compensation or working");
                    return Err(wrong_line(line, "kind", problem));
                }
            };
            if !is_new {
                let problem = format!("{day} stands in a line before: write each day once");
                return Err(wrong_line(line, "day", problem));
            }
        }
        Ok(calendar)
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn is_working_day(&self, day: Day) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.swapped.contains(&day) || !(is_weekend || self.holidays.contains(&day))
    }

    /// The first working day after a day.
    #[must_use]
    pub fn next_working_day(&self, day: Day) -> Day {
        self.walk(day, Day::succ_opt)
    }

    /// The last working day before a day.
    #[must_use]
    pub fn previous_working_day(&self, day: Day) -> Day {
        self.walk(day, Day::pred_opt)
    }

    fn walk(&self, day: Day, step: impl Fn(&Day) -> Option<Day>) -> Day {
        let mut day = day;
        while let Some(next) = step(&day) {
            day = next;
            if self.is_working_day(day) {
                break;
            }
        }
        day
    }

    /// The day to whose session an instant belongs.
    #[must_use]
    pub fn session_of(&self, session: Session, at: Instant) -> Day {
        let local = at.with_timezone(&VIETNAM).naive_local();
        let is_late = session
            .cut_off
            .is_some_and(|cut_off| local.time() >= cut_off);
        let day = local.date();
        let day = if is_late {
            day.succ_opt().unwrap_or(day)
        } else {
            day
        };
        self.session_day(session, day)
    }

    /// The first instant of a day's session and the first after it; both the same where the day has
    /// no session of its own.
    #[must_use]
    pub fn session_span(&self, session: Session, day: Day) -> (Instant, Instant) {
        let begin = self.cut(session, day);
        if session.rolls && self.first_of(day) != day {
            return (begin, begin);
        }
        let after = if session.rolls && !self.is_working_day(day) {
            self.next_working_day(day)
        } else {
            day.succ_opt().unwrap_or(day)
        };
        (begin, self.cut(session, after))
    }

    /// The day to whose session a day belongs whose payments were cut already: only days off are gathered.
    #[must_use]
    pub fn session_day(&self, session: Session, day: Day) -> Day {
        if session.rolls {
            self.first_of(day)
        } else {
            day
        }
    }

    /// The first of the days off in a row to which a day belongs; a working day is its own.
    fn first_of(&self, day: Day) -> Day {
        if self.is_working_day(day) {
            return day;
        }
        self.previous_working_day(day).succ_opt().unwrap_or(day)
    }

    /// The first instant that belongs to a day.
    fn cut(&self, session: Session, day: Day) -> Instant {
        match session.cut_off {
            None => begins(day),
            Some(cut_off) => {
                let since = cut_off.signed_duration_since(NaiveTime::MIN);
                let before = day.pred_opt().unwrap_or(day);
                begins(before)
                    .checked_add_signed(since)
                    .unwrap_or(Instant::MAX_UTC)
            }
        }
    }

    /// The working day on which the file of a session is due, so many working days after the session
    /// has ended.
    #[must_use]
    pub fn due_day(&self, session: Session, day: Day, working_days: u32) -> Day {
        let (_, end) = self.session_span(session, day);
        let last = end.checked_sub_signed(TimeDelta::microseconds(1));
        let mut due = last.map_or(day, |at| at.with_timezone(&VIETNAM).date_naive());
        for _ in 0..working_days {
            due = self.next_working_day(due);
        }
        if self.is_working_day(due) {
            due
        } else {
            self.next_working_day(due)
        }
    }
}

fn wrong_line(line: u64, field: &'static str, problem: String) -> CalendarError {
    CalendarError::Line {
        line: usize::try_from(line).unwrap_or(0),
        field,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    const SHIPPED: &str = include_str!("../../config/data/holidays.csv");

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn shipped() -> Calendar {
        Calendar::parse(SHIPPED).unwrap()
    }

    #[test]
    fn holidays_and_weekends_are_not_worked_and_swapped_saturdays_are() {
        let calendar = shipped();
        let table = [
            ("2025-01-01", false),
            ("2025-01-29", false),
            ("2025-04-26", true),
            ("2025-05-02", false),
            ("2025-09-01", false),
            ("2025-09-03", true),
            ("2026-01-03", false),
            ("2026-01-05", true),
            ("2026-02-16", false),
            ("2026-02-20", false),
            ("2026-02-23", true),
            ("2026-04-27", false),
            ("2026-09-02", false),
            ("2027-02-08", false),
            ("2027-04-16", false),
        ];
        for (text, worked) in table {
            assert_eq!(calendar.is_working_day(day(text)), worked, "{text}");
        }
    }

    #[test]
    fn the_next_and_the_previous_working_day_leap_over_what_is_not_worked() {
        let calendar = shipped();
        let table = [
            ("2026-01-05", "2026-01-06", "2025-12-31"),
            ("2026-01-09", "2026-01-10", "2026-01-08"),
            ("2026-02-18", "2026-02-23", "2026-02-13"),
            ("2025-04-25", "2025-04-26", "2025-04-24"),
            ("2025-05-01", "2025-05-05", "2025-04-29"),
        ];
        for (of, next, previous) in table {
            let got = (
                calendar.next_working_day(day(of)).to_string(),
                calendar.previous_working_day(day(of)).to_string(),
            );
            assert_eq!(got, (next.to_owned(), previous.to_owned()), "{of}");
        }
    }

    #[test]
    fn an_instant_belongs_to_the_session_its_channel_says() {
        let calendar = shipped();
        let half_past_four = NaiveTime::from_hms_opt(16, 30, 0);
        let daily = Session::DAILY;
        let vnpay = Session {
            cut_off: None,
            rolls: true,
        };
        let early = Session {
            cut_off: half_past_four,
            rolls: false,
        };
        let both = Session {
            cut_off: half_past_four,
            rolls: true,
        };
        let table = [
            (daily, "2026-01-05T00:00:00+07:00", "2026-01-05"),
            (daily, "2026-01-05T23:59:59.999999+07:00", "2026-01-05"),
            (daily, "2026-01-04T17:00:00Z", "2026-01-05"),
            (vnpay, "2026-01-16T23:59:59+07:00", "2026-01-16"),
            (vnpay, "2026-01-17T00:00:00+07:00", "2026-01-17"),
            (vnpay, "2026-01-18T23:59:59+07:00", "2026-01-17"),
            (vnpay, "2026-01-19T00:00:00+07:00", "2026-01-19"),
            (vnpay, "2026-02-18T12:00:00+07:00", "2026-02-14"),
            (early, "2026-01-05T16:29:59+07:00", "2026-01-05"),
            (early, "2026-01-05T16:30:00+07:00", "2026-01-06"),
            (both, "2026-01-16T16:30:00+07:00", "2026-01-17"),
            (both, "2026-01-18T16:30:00+07:00", "2026-01-19"),
        ];
        for (session, at, expected) in table {
            let at = parse_rfc3339(at).unwrap();
            let found = calendar.session_of(session, at);
            assert_eq!(found, day(expected), "{at}");
            let (from, to) = calendar.session_span(session, found);
            assert!(from <= at && at < to, "{at} lies outside {from} to {to}");
        }
        let (from, to) = calendar.session_span(vnpay, day("2026-01-18"));
        assert_eq!(from, to, "a Sunday has no session of its own");
    }

    #[test]
    fn a_file_is_due_on_a_working_day_after_its_session() {
        let calendar = shipped();
        let vnpay = Session {
            cut_off: None,
            rolls: true,
        };
        let table = [
            (Session::DAILY, "2026-01-13", 1, "2026-01-14"),
            (Session::DAILY, "2026-01-16", 1, "2026-01-19"),
            (Session::DAILY, "2026-01-17", 0, "2026-01-19"),
            (vnpay, "2026-01-16", 1, "2026-01-19"),
            (vnpay, "2026-01-17", 1, "2026-01-19"),
            (vnpay, "2026-02-13", 2, "2026-02-24"),
        ];
        for (session, of, after, due) in table {
            let found = calendar.due_day(session, day(of), after).to_string();
            assert_eq!(found, due, "{of}");
        }
    }

    #[test]
    fn a_table_that_cannot_be_meant_names_its_line() {
        let table = [
            ("", "line 1"),
            ("ngay,loai\n", "line 1"),
            (
                "day,kind\n2026-02-30,holiday\n",
                "line 2, day: \"2026-02-30\"",
            ),
            ("day,kind\n2026-02-17,feast\n", "line 2, kind: \"feast\""),
            (
                "day,kind\n2026-02-17,holiday\n2026-02-17,working\n",
                "line 3, day: 2026-02-17 stands",
            ),
        ];
        for (text, told) in table {
            let error = Calendar::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
        assert_eq!(
            Calendar::parse("kind,day\nholiday,2026-02-17\n")
                .unwrap()
                .holidays
                .len(),
            1
        );
    }
}
