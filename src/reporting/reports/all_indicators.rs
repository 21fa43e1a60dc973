//! The report `indicators`: every indicator of a scope and period side by side, one row each, or
//! one row per indicator and key of the breakdown. Definitions stand in the notes.

use super::Report;
use super::one_indicator::{figures, scope_facts, scope_notes};
use crate::domain::lang::{Lang, Text};
use crate::reporting::ask::{Ask, By, Refusal};
use crate::reporting::indicators;
use crate::reporting::measure::{Measured, Tally, measure};
use crate::reporting::table::{Cell, Column, Kind, Table};
use crate::store::ops::Queries;

/// The report of all indicators.
#[derive(Debug)]
pub struct AllIndicators;

impl Report for AllIndicators {
    fn names(&self) -> Vec<&'static str> {
        vec!["indicators"]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        let measured = measure(db, ask, indicators::ROSTER)?;
        let unit_name = measured.first().and_then(|one| one.unit_name.clone());
        let is_split = ask.by != By::None;
        let mut notes = scope_notes(ask, unit_name.as_deref());
        notes.extend(measured.iter().map(definition));
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: columns(ask.lang, is_split),
            rows: measured
                .iter()
                .flat_map(|one| rows(one, is_split))
                .collect(),
            total: None,
            notes,
            facts: scope_facts(ask, unit_name.as_deref()),
        })
    }
}

const TITLE: Text = Text {
    vi: "Các chỉ số thanh toán trực tuyến",
    en: "Indicators of online payment",
};

fn definition(measured: &Measured) -> String {
    let (lang, indicator) = (measured.ask.lang, measured.indicator);
    let version = measured.version();
    let formula = indicator.formula.of(lang);
    match lang {
        Lang::Vi => format!("{} (phiên bản {version}): {formula}", indicator.id),
        Lang::En => format!("{} (version {version}): {formula}", indicator.id),
    }
}

fn columns(lang: Lang, is_split: bool) -> Vec<Column> {
    let all = [
        ("indicator", "Chỉ số", "Indicator", Kind::Text),
        ("version", "Phiên bản", "Version", Kind::Integer),
        ("title", "Tên chỉ số", "Name of indicator", Kind::Text),
        ("key", "Mã", "Code", Kind::Text),
        ("name", "Tên", "Name", Kind::Text),
        ("numerator", "Tử số", "Numerator", Kind::Integer),
        ("denominator", "Mẫu số", "Denominator", Kind::Integer),
        ("excluded", "Loại trừ", "Excluded", Kind::Integer),
        ("percent", "Tỷ lệ", "Rate", Kind::Percent),
    ];
    all.into_iter()
        .filter(|(key, ..)| is_split || !matches!(*key, "key" | "name"))
        .map(|(key, vi, en, kind)| Column {
            key,
            title: Text { vi, en }.of(lang).to_owned(),
            kind,
        })
        .collect()
}

fn rows(measured: &Measured, is_split: bool) -> Vec<Vec<Cell>> {
    let row = |names: Vec<Cell>, tally: Tally| {
        let mut cells = vec![
            Cell::Text(measured.indicator.id.to_owned()),
            Cell::Integer(measured.version().into()),
            Cell::Text(measured.indicator.name.of(measured.ask.lang).to_owned()),
        ];
        cells.extend(names);
        cells.extend(figures(tally));
        cells
    };
    if !is_split {
        return vec![row(Vec::new(), measured.total)];
    }
    let split = measured.rows.iter().map(|one| {
        let names = vec![Cell::Text(one.key.clone()), Cell::Text(one.name.clone())];
        row(names, one.tally)
    });
    split.collect()
}
