//! The life of a rule: drafted, activated once, ended once. Its state follows from those two and the
//! day that is asked about, by one function; nothing else decides it.

use crate::domain::dossier::words;
use crate::domain::time::Day;

words!(
    /// Where a rule stands.
    State {
        /// Not activated; prices nothing.
        Draft = "draft",
        /// Activated; prices what is received between its days.
        Active = "active",
        /// Its last day is over; prices only what was received until then.
        Expired = "expired",
    }
);

/// The state on a day of a rule that was activated or not and whose last day is this.
#[must_use]
pub fn state_on(is_activated: bool, last_day: Option<Day>, today: Day) -> State {
    if !is_activated {
        State::Draft
    } else if last_day.is_some_and(|last| last < today) {
        State::Expired
    } else {
        State::Active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_still_counts() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let table = [
            (false, None, State::Draft),
            (false, Some("2026-01-01"), State::Draft),
            (true, None, State::Active),
            (true, Some("2026-01-05"), State::Active),
            (true, Some("2026-01-04"), State::Expired),
        ];
        for (is_activated, last, state) in table {
            let last_day = last.map(day);
            assert_eq!(
                state_on(is_activated, last_day, day("2026-01-05")),
                state,
                "{last:?}"
            );
        }
    }
}
