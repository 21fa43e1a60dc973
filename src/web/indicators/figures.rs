//! The figures of the page, read in one snapshot: every indicator in all, and for the chosen one
//! its trend and its comparison. Knows no HTML.

use super::question::{PUBLIC_TENANT, Parameters, Wrong, written};
use crate::domain::lang::{Lang, collation_key};
use crate::domain::refund::RefundedRule;
use crate::domain::time::Instant;
use crate::reporting::ask::{Ask, By, Refusal};
use crate::reporting::definition::{Indicator, Rule};
use crate::reporting::indicators;
use crate::reporting::measure::{Measured, UnitChoice, measure, unit_choices};
use crate::reporting::period::Period;
use crate::store::ops::Queries;

/// How the comparison is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Highest rate first, rows without one last.
    Rate,
    /// By name.
    Name,
}

/// Everything the page shows.
#[derive(Debug)]
pub struct Figures {
    /// The question behind them.
    pub ask: Ask,
    /// The indicator of the charts.
    pub chosen: &'static Indicator,
    /// Every indicator, not broken down.
    pub headlines: Vec<Measured>,
    /// The chosen one over time.
    pub trend: Measured,
    /// The chosen one by what was asked.
    pub comparison: Measured,
    /// The order of the comparison.
    pub order: Order,
    /// What can be chosen as unit.
    pub units: Vec<UnitChoice>,
    /// Whether there is a single dossier.
    pub is_empty: bool,
}

/// Reads the figures.
///
/// # Errors
/// [`Wrong`], with what was wrong about the question.
pub fn figures(
    db: &mut dyn Queries,
    parameters: &Parameters,
    now: Instant,
    lang: Lang,
    refunded: RefundedRule,
) -> Result<Figures, Wrong> {
    let by = Some(parameters.by(By::Unit)?).filter(|by| *by != By::None);
    let by = by.unwrap_or(By::Unit);
    let ask = parameters.ask(PUBLIC_TENANT, now, by, lang, refunded)?;
    let chosen = match written(parameters.indicator.as_deref()) {
        Some(id) => indicators::find(id).ok_or_else(|| Refusal::Indicator(id.to_owned()))?,
        None => first()?,
    };
    let of = |by: By| Ask { by, ..ask.clone() };
    let headlines = measure(db, &of(By::None), indicators::ROSTER)?;
    let trend = one(measure(db, &of(trend_step(ask.period)), &[chosen])?)?;
    let mut comparison = one(measure(db, &ask, &[chosen])?)?;
    let order = order_of(parameters, by);
    arrange(&mut comparison, order);
    // Procedures are in the catalogue whether or not there are dossiers; these say nothing here.
    let is_empty = headlines
        .iter()
        .filter(|one| matches!(one.indicator.rule, Rule::Dossiers(_)))
        .all(|one| one.total.denominator == 0);
    Ok(Figures {
        units: unit_choices(db, PUBLIC_TENANT, lang)?,
        chosen,
        headlines,
        trend,
        comparison,
        order,
        is_empty,
        ask,
    })
}

fn first() -> Result<&'static Indicator, Refusal> {
    let none = || Refusal::Indicator(String::new());
    indicators::ROSTER.first().copied().ok_or_else(none)
}

fn one(measured: Vec<Measured>) -> Result<Measured, Refusal> {
    let none = || Refusal::Indicator(String::new());
    measured.into_iter().next().ok_or_else(none)
}

/// Steps that give a trend a readable number of points.
fn trend_step(period: Period) -> By {
    match period.days() {
        ..=31 => By::Day,
        32..=190 => By::Week,
        191..=1_100 => By::Month,
        _ => By::Year,
    }
}

/// What was asked for; else time runs forward and the rest is compared by rate.
fn order_of(parameters: &Parameters, by: By) -> Order {
    match written(parameters.sort.as_deref()) {
        Some("name") => Order::Name,
        Some("rate") => Order::Rate,
        Some(_) | None if by.step().is_some() => Order::Name,
        Some(_) | None => Order::Rate,
    }
}

fn arrange(measured: &mut Measured, order: Order) {
    match order {
        Order::Rate => measured.rows.sort_by(|one, other| {
            let by_rate = other.tally.percent().cmp(&one.tally.percent());
            by_rate
                .then(other.tally.denominator.cmp(&one.tally.denominator))
                .then(one.key.cmp(&other.key))
        }),
        // A series is in order already, and its names are no words.
        Order::Name if measured.by().step().is_some() => {}
        Order::Name => measured
            .rows
            .sort_by_cached_key(|row| (collation_key(&row.name), row.key.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_has_a_readable_number_of_points() {
        for (from, to, by) in [
            ("2026-01-01", "2026-01-31", By::Day),
            ("2026-01-01", "2026-03-31", By::Week),
            ("2026-01-01", "2026-06-30", By::Week),
            ("2026-01-01", "2026-12-31", By::Month),
            ("2020-01-01", "2026-12-31", By::Year),
        ] {
            let period = Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
            assert_eq!(trend_step(period), by);
        }
    }
}
