//! From sums by class to figures: adds up what a rule says of every class or procedure, in all and
//! per row of the breakdown. Pure: the sums and the catalogue come in, tallies go out.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::ask::By;
use super::count::Names;
use super::definition::{Place, ProcedureSeen, Rule};
use super::label;
use crate::domain::classification::Class;
use crate::store::ops::CountSum;
use crate::store::rows::ProcedureRow;

/// The four counts of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Reached, within the denominator.
    pub numerator: i64,
    /// All that the definition asks.
    pub denominator: i64,
    /// Left out by the definition.
    pub excluded: i64,
    /// Reached, but outside the denominator: told, never added.
    pub outside: i64,
}

impl Tally {
    /// The percentage, two decimals, half up; `None` when there is nothing to divide by.
    #[must_use]
    pub fn percent(self) -> Option<Decimal> {
        let share = Decimal::from(self.numerator)
            .checked_mul(Decimal::ONE_HUNDRED)?
            .checked_div(Decimal::from(self.denominator))?;
        let mut percent = share.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        percent.rescale(2);
        Some(percent)
    }

    fn add(&mut self, place: Place, n: i64) {
        if place.is_asked {
            self.denominator += n;
        }
        if place.is_reached && place.is_asked {
            self.numerator += n;
        } else if place.is_reached {
            self.outside += n;
        }
        if place.is_excluded {
            self.excluded += n;
        }
    }
}

/// A figure in all and per key of the breakdown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) total: Tally,
    /// A row without a single dossier.
    pub(super) unseen: Tally,
    pub(super) rows: BTreeMap<String, Tally>,
}

/// Folds sums by a rule.
pub(super) fn fold(rule: Rule, by: By, sums: &[CountSum], names: &Names) -> Folded {
    let mut folded = match rule {
        Rule::Dossiers(place) => fold_dossiers(place, by, sums, names),
        Rule::Procedures(place) => fold_procedures(place, by, sums, names),
    };
    if by == By::Provider {
        // A dossier meets a provider by being paid, so each provider is measured against all that
        // was asked: its share of the whole figure.
        for tally in folded.rows.values_mut() {
            tally.denominator = folded.total.denominator;
            tally.excluded = folded.total.excluded;
        }
    }
    folded.rows.retain(|_, tally| *tally != Tally::default());
    folded
}

fn fold_dossiers(
    place: fn(Class, bool) -> Place,
    by: By,
    sums: &[CountSum],
    names: &Names,
) -> Folded {
    let mut folded = Folded::default();
    for sum in sums {
        let place = place(Class(sum.class), sum.has_fee);
        folded.total.add(place, sum.n);
        for key in label::keys(by, sum, names) {
            folded.rows.entry(key).or_default().add(place, sum.n);
        }
    }
    folded
}

type Seen<'a> = BTreeMap<&'a str, ProcedureSeen>;

fn fold_procedures(
    place: fn(ProcedureSeen) -> Place,
    by: By,
    sums: &[CountSum],
    names: &Names,
) -> Folded {
    let mut all = Seen::new();
    let mut groups: BTreeMap<String, Seen<'_>> = BTreeMap::new();
    // Where rows are made of procedures, each belongs to one row, whether it has dossiers or not.
    let mut members: BTreeMap<String, Vec<&ProcedureRow>> = BTreeMap::new();
    if matches!(by, By::Procedure | By::Field) {
        for procedure in names.procedures.values() {
            let key = label::procedure_key(by, &procedure.code, names);
            groups.entry(key.clone()).or_default();
            members.entry(key).or_default().push(procedure);
        }
    }
    // A cell can fall to zero or below in one writer's rows, never in the sum of all.
    for sum in sums.iter().filter(|sum| sum.n > 0) {
        see(&mut all, sum);
        for key in label::keys(by, sum, names) {
            see(groups.entry(key).or_default(), sum);
        }
    }
    let all_procedures: Vec<&ProcedureRow> = names.procedures.values().collect();
    Folded {
        total: tally(place, &all, &all_procedures),
        unseen: tally(place, &Seen::new(), &all_procedures),
        rows: groups
            .iter()
            .map(|(key, seen)| {
                let procedures = members.get(key).unwrap_or(&all_procedures);
                (key.clone(), tally(place, seen, procedures))
            })
            .collect(),
    }
}

fn tally(
    place: fn(ProcedureSeen) -> Place,
    seen: &Seen<'_>,
    procedures: &[&ProcedureRow],
) -> Tally {
    let mut tally = Tally::default();
    for procedure in procedures {
        let mut facts = seen
            .get(procedure.code.as_str())
            .copied()
            .unwrap_or_default();
        facts.has_fee = procedure.has_fee;
        tally.add(place(facts), 1);
    }
    tally
}

fn see<'a>(seen: &mut Seen<'a>, sum: &'a CountSum) {
    let class = Class(sum.class);
    let facts = seen.entry(sum.procedure_code.as_str()).or_default();
    facts.carries_fee |= label::kinds(class).next().is_some();
    facts.is_billed |= class.is_billed();
    facts.is_paid |= class.has_online_payment();
}

/// Whether the rows of a breakdown add up to the total.
pub(super) fn is_additive(rule: Rule, by: By) -> bool {
    match rule {
        Rule::Dossiers(_) => !matches!(by, By::Kind | By::Provider),
        Rule::Procedures(_) => matches!(by, By::None | By::Procedure | By::Field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_two_decimals_half_up_and_need_a_denominator() {
        for (numerator, denominator, expected) in [
            (0, 0, None),
            (0, 7, Some("0.00")),
            (7, 7, Some("100.00")),
            (1, 3, Some("33.33")),
            (2, 3, Some("66.67")),
            (1, 8, Some("12.50")),
            (1, 800, Some("0.13")),
            (80_848, 88_429, Some("91.43")),
            (127_749, 149_933, Some("85.20")),
        ] {
            let tally = Tally {
                numerator,
                denominator,
                ..Tally::default()
            };
            let percent = tally.percent().map(|percent| percent.to_string());
            assert_eq!(percent.as_deref(), expected, "{numerator}/{denominator}");
        }
    }
}
