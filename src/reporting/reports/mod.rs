//! The roster of reports and nothing else: one line each. A new report is one file here and one
//! line below.

use super::ask::{Ask, Refusal};
use super::period::Step;
use super::table::Table;
use crate::store::ops::Queries;

pub mod all_indicators;
pub mod day_sheet;
pub mod in_transit;
pub mod one_indicator;
pub mod provider_settlement;
pub mod reconciliation_quality;
pub mod refunds_outstanding;
pub mod unmatched_by_age;

/// Something that can be asked for by name.
pub trait Report: Sync {
    /// The names it answers to.
    fn names(&self) -> Vec<&'static str>;

    /// The period it is about when none is given.
    fn step(&self) -> Step {
        Step::Quarter
    }

    /// The answer, in one consistent read.
    ///
    /// # Errors
    /// Any [`Refusal`].
    fn table(&self, name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal>;
}

/// Every report.
pub const ROSTER: &[&dyn Report] = &[
    &all_indicators::AllIndicators,
    &one_indicator::OneIndicator,
    &day_sheet::DaySheet,
    &provider_settlement::ProviderSettlement,
    &in_transit::InTransit,
    &unmatched_by_age::UnmatchedByAge,
    &refunds_outstanding::RefundsOutstanding,
    &reconciliation_quality::ReconciliationQuality,
];

/// The answer of the report with this name.
///
/// # Errors
/// [`Refusal::Report`], or whatever the report refuses.
pub fn answer(name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
    let report = find(name).ok_or_else(|| Refusal::Report(name.to_owned()))?;
    report.table(name, db, ask)
}

/// The period that the report with this name is about when none is given.
#[must_use]
pub fn step(name: &str) -> Step {
    find(name).map_or(Step::Quarter, Report::step)
}

fn find(name: &str) -> Option<&'static dyn Report> {
    let mut all = ROSTER.iter().copied();
    all.find(|report| report.names().contains(&name))
}

/// All names, for people.
#[must_use]
pub fn list() -> String {
    let names: Vec<&str> = ROSTER.iter().flat_map(|report| report.names()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_reports_have_one_name() {
        let mut names: Vec<&str> = super::ROSTER.iter().flat_map(|one| one.names()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
