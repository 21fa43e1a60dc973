//! Measures indicators: a question goes in, figures with everything that makes them citable come
//! out (definition and version, scope, period, capture time). Formats nothing.

use super::ask::{Ask, By, Refusal};
use super::count::{Names, counts};
use super::definition::Indicator;
use super::fold::{self, fold};
use super::label;
use crate::domain::classification::Class;
use crate::domain::lang::{Lang, Text};
use crate::store::ops::Queries;

pub use super::fold::Tally;

/// One row of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Stable key: a code or a word.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Its figure.
    pub tally: Tally,
}

/// A measured indicator.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What was measured.
    pub indicator: &'static Indicator,
    /// The question.
    pub ask: Ask,
    /// The name of the unit asked for, none for all units.
    pub unit_name: Option<String>,
    /// The figure.
    pub total: Tally,
    /// Whether the rows add up to it.
    pub is_additive: bool,
    /// The breakdown: in time order, else by key.
    pub rows: Vec<Row>,
}

/// Measures some indicators by one question, from one set of sums.
///
/// # Errors
/// [`Refusal::Unit`], or a failure of the database.
pub fn measure(
    db: &mut dyn Queries,
    ask: &Ask,
    indicators: &[&'static Indicator],
) -> Result<Vec<Measured>, Refusal> {
    let names = Names::read(db, ask.tenant)?;
    names.check_unit(ask.unit.as_deref())?;
    let mut sums = counts(db, ask, indicators)?;
    for sum in &mut sums {
        sum.class = Class(sum.class).under(ask.refunded).0;
    }
    let unit_name = |code: &String| label::unit_name(code, &names, ask.lang);
    let measured = indicators.iter().map(|&indicator| {
        let folded = fold(indicator.rule, ask.by, &sums, &names);
        let keyed = |(key, tally): (&String, &Tally)| Row {
            key: key.clone(),
            name: label::name(ask.by, key, &names, ask.lang),
            tally: *tally,
        };
        let rows = match ask.by.step() {
            Some(step) => label::series(step, &sums, ask.lang)
                .into_iter()
                .map(|(key, name)| Row {
                    tally: folded.rows.get(&key).copied().unwrap_or(folded.unseen),
                    key,
                    name,
                })
                .collect(),
            None => folded.rows.iter().map(keyed).collect(),
        };
        Measured {
            indicator,
            ask: ask.clone(),
            unit_name: ask.unit.as_ref().and_then(unit_name),
            total: folded.total,
            is_additive: fold::is_additive(indicator.rule, ask.by),
            rows,
        }
    });
    Ok(measured.collect())
}

/// A unit to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChoice {
    /// Portal code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// The units a question can be narrowed to, by code.
///
/// # Errors
/// A failure of the database.
pub fn unit_choices(
    db: &mut dyn Queries,
    tenant: i32,
    lang: Lang,
) -> Result<Vec<UnitChoice>, Refusal> {
    let units = db.list_units(tenant)?;
    let choice = |unit: crate::store::rows::UnitRow| UnitChoice {
        code: unit.code,
        name: match lang {
            Lang::Vi => unit.name_vi,
            Lang::En => unit.name_en,
        },
    };
    Ok(units.into_iter().map(choice).collect())
}

impl Measured {
    /// The version of the definition that was applied.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.indicator.version(self.ask.refunded)
    }

    /// What its numerator counts.
    #[must_use]
    pub fn numerator(&self) -> Text {
        self.indicator.numerator(self.ask.refunded)
    }

    /// What people call the breakdown.
    #[must_use]
    pub fn by(&self) -> By {
        self.ask.by
    }
}
