//! When to ask: the settings and what happened so far come in, an instant goes out. Distances grow
//! from question to question and differ a little from order to order, so that a burst of payers does
//! not become a burst of questions. Nothing is read or written here, and no clock.

use chrono::TimeDelta;

use crate::config::settings::StatusQuerySettings;
use crate::domain::time::Instant;
use crate::intake::signature::sha256;

/// When an order is asked about for the first time.
#[must_use]
pub fn first_at(settings: &StatusQuerySettings, order_ref: &str, ordered_at: Instant) -> Instant {
    later(ordered_at, spread(settings.first_after_s, order_ref, 0))
}

/// When the chances of an order end.
#[must_use]
pub fn last_chance_at(settings: &StatusQuerySettings, ordered_at: Instant) -> Instant {
    later(ordered_at, settings.last_chance_s.saturating_mul(1_000))
}

/// When to ask again after question number `tries`; none when that was the last chance.
#[must_use]
pub fn next_at(
    settings: &StatusQuerySettings,
    order_ref: &str,
    tries: u32,
    now: Instant,
    last_chance_at: Instant,
) -> Option<Instant> {
    if now >= last_chance_at {
        return None;
    }
    let grown = settings.factor.saturating_pow(tries);
    let distance = settings.first_after_s.saturating_mul(grown);
    let distance = spread(distance.min(settings.longest_s), order_ref, tries);
    Some(later(now, distance).min(last_chance_at))
}

/// When a channel may be asked again: at its rate while it answers, after a growing pause once it
/// failed too often in a row. The first question after a pause is the probe: another failure makes
/// the next pause longer, an answer ends it. A provider that says how long it wants to be left alone
/// is left alone that long.
#[must_use]
pub fn channel_at(
    settings: &StatusQuerySettings,
    failures: u32,
    retry_after_s: Option<u32>,
    now: Instant,
) -> Instant {
    let own = match failures.checked_sub(settings.open_after) {
        None => 60_000 / u64::from(settings.per_minute.max(1)),
        Some(beyond) => {
            let pause = settings
                .pause_s
                .saturating_mul(2_u64.saturating_pow(beyond));
            pause.min(settings.longest_pause_s).saturating_mul(1_000)
        }
    };
    let wanted = u64::from(retry_after_s.unwrap_or(0));
    let wanted = wanted.min(settings.longest_s).saturating_mul(1_000);
    later(now, own.max(wanted))
}

/// Seconds as milliseconds, up to a tenth less or more, the same for the same order and number.
fn spread(seconds: u64, order_ref: &str, number: u32) -> u64 {
    let millis = seconds.saturating_mul(1_000);
    let digest = sha256(&[order_ref.as_bytes(), &number.to_be_bytes()]);
    let dice = digest
        .iter()
        .take(4)
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let part = (millis / 5).max(1);
    (millis - millis / 10).saturating_add(dice % part)
}

fn later(at: Instant, millis: u64) -> Instant {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    let distance = TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX);
    at.checked_add_signed(distance).unwrap_or(Instant::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn settings() -> StatusQuerySettings {
        StatusQuerySettings {
            keep_days: 90,
            is_enabled: true,
            first_after_s: 600,
            factor: 2,
            longest_s: 43_200,
            last_chance_s: 259_200,
            per_minute: 30,
            timeout_s: 30,
            open_after: 3,
            pause_s: 60,
            longest_pause_s: 3_600,
            our_address: "127.0.0.1".to_owned(),
        }
    }

    fn start() -> Instant {
        parse_rfc3339("2026-01-05T03:00:00Z").unwrap()
    }

    #[test]
    fn distances_double_up_to_half_a_day_and_end_at_the_last_chance() {
        let (settings, order) = (settings(), "ORDER-1");
        let end = last_chance_at(&settings, start());
        let mut at = first_at(&settings, order, start());
        let mut minutes = vec![(at - start()).num_minutes()];
        for tries in 1..100 {
            match next_at(&settings, order, tries, at, end) {
                Some(next) => {
                    minutes.push((next - at).num_minutes());
                    at = next;
                }
                None => break,
            }
        }
        assert_eq!(at, end);
        let planned = [10, 20, 40, 80, 160, 320, 640, 720, 720, 720];
        assert!(minutes.len() > planned.len(), "{minutes:?}");
        for (place, planned) in planned.iter().enumerate() {
            let real = minutes[place];
            assert!((real - planned).abs() <= planned / 10 + 1, "{minutes:?}");
        }
        assert_eq!(next_at(&settings, order, 99, end, end), None);
    }

    #[test]
    fn two_orders_of_one_second_are_not_asked_about_in_one() {
        let settings = settings();
        let mut all: Vec<Instant> = (0..100)
            .map(|number| first_at(&settings, &format!("ORDER-{number}"), start()))
            .collect();
        let again = first_at(&settings, "ORDER-7", start());
        assert!(all.contains(&again));
        all.sort_unstable();
        let spread = *all.last().unwrap() - *all.first().unwrap();
        assert!(spread.num_seconds() > 60, "{spread}");
        all.dedup();
        assert!(all.len() > 90, "{}", all.len());
    }

    #[test]
    fn a_channel_keeps_its_rate_and_a_failing_one_is_left_alone_longer_and_longer() {
        let settings = settings();
        let wait = |failures, retry_after_s| {
            let at = channel_at(&settings, failures, retry_after_s, start());
            (at - start()).num_seconds()
        };
        for (failures, retry_after_s, seconds) in [
            (0, None, 2),
            (2, None, 2),
            (3, None, 60),
            (4, None, 120),
            (8, None, 1_920),
            (9, None, 3_600),
            (4_000_000_000, None, 3_600),
            (1, Some(90), 90),
            (4, Some(90), 120),
            (0, Some(4_000_000_000), 43_200),
        ] {
            assert_eq!(
                wait(failures, retry_after_s),
                seconds,
                "{failures} {retry_after_s:?}"
            );
        }
    }
}
