//! Which days a reconciliation acts for: its own, and closed days before it, which nobody reconciles any
//! more. What is posted for one of those is posted today.

use std::collections::BTreeSet;

use crate::domain::day::DayState;
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::journeys::compare_days::DaysCompared;
use crate::store::failure::Failure;
use crate::store::ops::Queries;

/// The days acted for.
pub(super) struct Reach {
    day: Day,
    closed: BTreeSet<Day>,
}

impl Reach {
    /// The day, and those of the days compared before it that are closed.
    pub(super) fn of(
        queries: &mut dyn Queries,
        tenant: Tenant,
        found: &DaysCompared,
        day: Day,
    ) -> Result<Self, Failure> {
        let mut closed = BTreeSet::new();
        for before in found.from.iter_days().take_while(|before| *before < day) {
            let row = queries.find_day(tenant.0, before)?;
            if row.is_some_and(|row| row.state == DayState::Closed.as_str()) {
                closed.insert(before);
            }
        }
        Ok(Self { day, closed })
    }

    /// Whether something of these days is acted for: one of them is the day, or all are closed.
    pub(super) fn covers(&self, days: &[Day]) -> bool {
        days.contains(&self.day) || days.iter().all(|day| self.closed.contains(day))
    }
}
