//! When a delivery is tried again: ten tries over a good three days, as the Standard Webhooks advise.
//! Every delay is stretched a little by the delivery's own id, so that what failed together does not
//! come back together.

use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::domain::time::Instant;

/// Seconds from a failed try to the next; after the try that follows the last one it is given up.
pub const DELAYS_S: [u32; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];

/// The longest that a subscriber may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// The largest part of a delay that is added to it, in percent.
const STRETCH_PERCENT: u32 = 10;

/// When to try again after `failed` tries of this round, never before what the subscriber asked for;
/// `None` when it is given up.
#[must_use]
pub fn next_at(
    now: Instant,
    delivery: Uuid,
    failed: i32,
    asked: Option<Duration>,
) -> Option<Instant> {
    let index = usize::try_from(failed.checked_sub(1)?).ok()?;
    let delay = u64::from(*DELAYS_S.get(index)?);
    // The last bytes of an id are random.
    let dice = delivery
        .as_u128()
        .to_le_bytes()
        .first()
        .copied()
        .unwrap_or(0);
    let percent = u64::from(u32::from(dice) % (STRETCH_PERCENT + 1));
    let delay = Duration::from_secs(delay) + Duration::from_millis(delay * percent * 10);
    let wait = delay.max(asked.unwrap_or_default().min(LONGEST_WAIT));
    now.checked_add_signed(TimeDelta::from_std(wait).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    #[test]
    fn ten_tries_are_made_over_three_days_and_then_it_is_given_up() {
        let start = Utc.timestamp_opt(1_767_583_815, 0).unwrap();
        for (id, percent) in [(0, 0), (10, 10), (255, 2)] {
            let id = Uuid::from_u128(id);
            let mut at = start;
            for (failed, delay) in (1..).zip(DELAYS_S) {
                let next = next_at(at, id, failed, None).unwrap();
                let delay = i64::from(delay) * 1_000;
                let waited = next.signed_duration_since(at).num_milliseconds();
                assert_eq!(waited, delay + delay * percent / 100, "{failed}");
                at = next;
            }
            assert_eq!(next_at(at, id, 10, None), None);
            let hours = at.signed_duration_since(start).num_hours();
            assert!((75..=84).contains(&hours), "{hours}");
        }
    }

    #[test]
    fn a_subscriber_may_ask_for_a_longer_wait_but_not_for_ever() {
        let start = Utc.timestamp_opt(1_767_583_815, 0).unwrap();
        let wait = |seconds| {
            let asked = Some(Duration::from_secs(seconds));
            let next = next_at(start, Uuid::nil(), 1, asked).unwrap();
            next.signed_duration_since(start).num_seconds()
        };
        assert_eq!([wait(1), wait(120), wait(u64::MAX)], [5, 120, 86_400]);
    }
}
