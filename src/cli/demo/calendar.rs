//! The simulated quarter: working days cut into slots in office hours. Numbers of slots come in,
//! instants go out; calls of one slot are played together, slots one after the other. It knows no
//! clock.

use chrono::{Datelike, Days, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};

use super::plan::Quarter;
use crate::domain::time::{Day, Instant, VIETNAM};

/// Working days after the quarter in which its dossiers are still paid, late ones above all.
const DAYS_AFTER: u64 = 35;

/// The working days and the slots of a day.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    days: Vec<Day>,
    /// How many of the days are days of the quarter.
    received: usize,
    /// When the slots of a day end, local; a slot is played when it ends.
    ends: Vec<NaiveTime>,
    minutes: u32,
}

impl Calendar {
    /// The calendar of a quarter.
    pub(super) fn of(quarter: &Quarter) -> Self {
        let is_working = |day: &Day| {
            !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !quarter.holidays.contains(day)
        };
        let last = quarter.last_day + Days::new(DAYS_AFTER);
        let all = quarter.first_day.iter_days().take_while(|day| *day <= last);
        let days: Vec<Day> = all.filter(is_working).collect();
        let received = days.partition_point(|day| *day <= quarter.last_day);
        let at = |clock: u32| (clock / 100) * 60 + clock % 100;
        let mut ends = Vec::new();
        for (open, close) in &quarter.hours {
            let mut end = at(*open) + quarter.slot_minutes;
            while end <= at(*close) {
                ends.extend(NaiveTime::from_num_seconds_from_midnight_opt(end * 60, 0));
                end += quarter.slot_minutes;
            }
        }
        Self {
            days,
            received,
            ends,
            minutes: quarter.slot_minutes,
        }
    }

    /// How many working days the quarter has.
    pub(super) fn reception_days(&self) -> usize {
        self.received
    }

    /// Slots of one day.
    pub(super) fn per_day(&self) -> usize {
        self.ends.len()
    }

    /// A working day by its number.
    pub(super) fn day(&self, number: usize) -> Option<Day> {
        self.days.get(number).copied()
    }

    /// The first working day after `day`, by its number.
    pub(super) fn first_after(&self, day: Day) -> usize {
        self.days.partition_point(|known| *known <= day)
    }

    /// When a slot is played; past the last day the last slot.
    pub(super) fn instant(&self, slot: usize) -> Instant {
        let (number, part) = (slot / self.per_day().max(1), slot % self.per_day().max(1));
        let day = self.day(number).or(self.days.last().copied());
        let local = day
            .zip(self.ends.get(part))
            .map(|(day, end)| day.and_time(*end));
        local
            .and_then(|local| VIETNAM.from_local_datetime(&local).single())
            .map_or_else(Instant::default, |at| at.with_timezone(&Utc))
    }

    /// Before anything happened: the first minute of the quarter.
    pub(super) fn start(&self) -> Instant {
        let midnight = self
            .day(0)
            .map(|day| VIETNAM.from_local_datetime(&day.and_time(NaiveTime::MIN)));
        midnight
            .and_then(|local| local.single())
            .map_or_else(Instant::default, |at| at.with_timezone(&Utc))
    }

    /// An instant inside a slot, so many seconds before its end.
    pub(super) fn before(&self, slot: usize, seconds: i64) -> Instant {
        let within = seconds.clamp(1, i64::from(self.minutes) * 60 - 1);
        self.instant(slot) - TimeDelta::seconds(within)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Plan;
    use super::*;

    #[test]
    fn slots_lie_in_office_hours_of_working_days_and_never_go_back() {
        let plan = Plan::load().unwrap();
        let calendar = Calendar::of(&plan.quarter);
        assert_eq!(calendar.reception_days(), 64);
        let local = |slot| calendar.instant(slot).with_timezone(&VIETNAM).to_string();
        assert_eq!(local(0), "2025-07-01 08:00:00 +07:00");
        let first_of_second = calendar.per_day();
        assert_eq!(local(first_of_second), "2025-07-02 08:00:00 +07:00");
        assert_eq!(local(first_of_second - 1), "2025-07-01 17:00:00 +07:00");
        for slot in 1..calendar.per_day() * 80 {
            assert!(calendar.instant(slot) > calendar.instant(slot - 1));
            assert!(calendar.before(slot, 9_999) > calendar.instant(slot - 1));
        }
        let friday = Day::from_ymd_opt(2025, 8, 29).unwrap();
        let next = calendar.day(calendar.first_after(friday)).unwrap();
        assert_eq!(next.to_string(), "2025-09-03");
    }
}
