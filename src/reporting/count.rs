//! Asks the store for the sums that a question needs, and for the names beside them. Splits by no
//! more than the breakdown and the rule need, so that few rows come back.

use std::collections::BTreeMap;

use super::ask::{Ask, By, Refusal};
use super::definition::{Indicator, Rule};
use super::period::Step;
use crate::store::failure::Failure;
use crate::store::ops::{CountSplit, CountSum, Queries};
use crate::store::rows::{ProcedureRow, UnitRow};

/// What the catalogues say, by code.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) units: BTreeMap<String, UnitRow>,
    pub(super) procedures: BTreeMap<String, ProcedureRow>,
    /// Provider names by their slot in a class.
    pub(super) providers: BTreeMap<u8, String>,
}

impl Names {
    /// Reads the catalogues of a tenant.
    pub(super) fn read(db: &mut dyn Queries, tenant: i32) -> Result<Self, Failure> {
        let mut names = Self::default();
        for row in db.list_units(tenant)? {
            names.units.insert(row.code.clone(), row);
        }
        for row in db.list_procedures(tenant)? {
            names.procedures.insert(row.code.clone(), row);
        }
        for row in db.list_provider_slots(tenant)? {
            // Providers that came after the last slot share it, and are told together.
            let slot = u8::try_from(row.slot).unwrap_or(u8::MAX);
            let shared = names.providers.entry(slot).or_default();
            if !shared.is_empty() {
                shared.push_str(", ");
            }
            shared.push_str(&row.provider);
        }
        Ok(names)
    }

    /// Refuses a unit that is not in the catalogue.
    pub(super) fn check_unit(&self, unit: Option<&str>) -> Result<(), Refusal> {
        match unit {
            Some(code) if !self.units.contains_key(code) => Err(Refusal::Unit(code.to_owned())),
            Some(_) | None => Ok(()),
        }
    }
}

/// The sums behind a question about some indicators.
pub(super) fn counts(
    db: &mut dyn Queries,
    ask: &Ask,
    indicators: &[&Indicator],
) -> Result<Vec<CountSum>, Failure> {
    let asks_procedures = indicators
        .iter()
        .any(|indicator| matches!(indicator.rule, Rule::Procedures(_)));
    let split = CountSplit {
        by_unit: matches!(ask.by, By::Unit | By::Level),
        by_procedure: asks_procedures || matches!(ask.by, By::Procedure | By::Field),
        by_period: ask.by.step().is_some(),
        by_kind: ask.by == By::Kind,
    };
    // Months are counted without the providers' bits.
    let needs_days =
        ask.by == By::Provider || matches!(ask.by.step(), Some(Step::Day | Step::Week));
    let ranges = if needs_days {
        ask.period.daily()
    } else {
        ask.period.parts()
    };
    let mut sums = Vec::new();
    for range in ranges {
        sums.extend(db.list_counts(ask.tenant, range, split, ask.unit.as_deref())?);
    }
    Ok(sums)
}
