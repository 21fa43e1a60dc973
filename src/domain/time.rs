//! Instants and days. Instants are UTC; days are calendar days of an office's wall clock. What a
//! provider writes in local time is read here with the zone of the caller. No clock is read.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};

/// A point in time, UTC.
pub type Instant = DateTime<Utc>;

/// A calendar day, local to the office.
pub type Day = NaiveDate;

/// Vietnam's offset from UTC: seven hours, no summer time.
pub const VIETNAM: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(offset) => offset,
    None => panic!("seven hours is a valid offset"),
};

/// The day of an instant on the wall clock of Vietnam.
#[must_use]
pub fn vietnam_day(at: Instant) -> Day {
    at.with_timezone(&VIETNAM).date_naive()
}

/// An instant on the wall clock of Vietnam, such as `2026-01-06 00:10:00 +07:00`.
#[must_use]
pub fn vietnam_text(at: Instant) -> String {
    let local = at.with_timezone(&VIETNAM);
    local.format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Reads local Vietnamese time such as `20260105103015` in the given `chrono` format; `None` when
/// the text is not such a time.
#[must_use]
pub fn parse_vietnam_time(text: &str, format: &str) -> Option<Instant> {
    let local = NaiveDateTime::parse_from_str(text, format).ok()?;
    let at = VIETNAM.from_local_datetime(&local).single()?;
    Some(at.with_timezone(&Utc))
}

/// Reads an instant of RFC 3339, `None` when the text is not one.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Instant> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&Utc))
}

/// Reads milliseconds since 1970, `None` when out of range.
#[must_use]
pub fn from_millis(millis: i64) -> Option<Instant> {
    Utc.timestamp_millis_opt(millis).single()
}

/// Microseconds since 1970, the finest instant that both databases keep.
#[must_use]
pub fn to_micros(at: Instant) -> i64 {
    at.timestamp_micros()
}

/// The instant cut to whole microseconds, so that it reads back from a database unchanged.
#[must_use]
pub fn whole_micros(at: Instant) -> Instant {
    Utc.timestamp_micros(at.timestamp_micros())
        .single()
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_read_as_utc_seven_hours_earlier() {
        let at = parse_vietnam_time("20260105003015", "%Y%m%d%H%M%S").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-01-04T17:30:15+00:00");
        assert_eq!(vietnam_day(at).to_string(), "2026-01-05");
        assert_eq!(parse_vietnam_time("20261305003015", "%Y%m%d%H%M%S"), None);
    }
}
