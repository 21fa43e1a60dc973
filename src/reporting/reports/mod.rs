//! The roster of reports and nothing else: one line each. A new report is one file here and one
//! line below.

use super::ask::{Ask, Refusal};
use super::table::Table;
use crate::store::ops::Queries;

pub mod all_indicators;
pub mod one_indicator;

/// Something that can be asked for by name.
pub trait Report: Sync {
    /// The names it answers to.
    fn names(&self) -> Vec<&'static str>;

    /// The answer, in one consistent read.
    ///
    /// # Errors
    /// Any [`Refusal`].
    fn table(&self, name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal>;
}

/// Every report.
pub const ROSTER: &[&dyn Report] = &[&all_indicators::AllIndicators, &one_indicator::OneIndicator];

/// The answer of the report with this name.
///
/// # Errors
/// [`Refusal::Report`], or whatever the report refuses.
pub fn answer(name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
    ROSTER
        .iter()
        .find(|report| report.names().contains(&name))
        .ok_or_else(|| Refusal::Report(name.to_owned()))?
        .table(name, db, ask)
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
