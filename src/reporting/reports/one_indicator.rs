//! A report per indicator, named by its id: the figure and its breakdown. Its JSON is also what
//! the API answers.
//!
//! Facts in JSON: `id`, `version`, `refunded` (the rule about refunded dossiers), `name_vi`, `name_en`, `formula_vi`, `formula_en`,
//! `numerator_vi/en`, `denominator_vi/en`, `exclusions_vi/en`, `date_basis_vi/en` (words),
//! `period` {`from`, `to`}, `scope` {`unit`, `name`} (null for all units), `captured_at`, `numerator`,
//! `denominator`, `excluded`, `outside`, `percent`, `by`, `additive`; rows have `key`, `name`,
//! `numerator`, `denominator`, `excluded`, `percent`.

use serde_json::{Map, Value, json};

use super::Report;
use crate::domain::lang::{Lang, Text};
use crate::domain::time::VIETNAM;
use crate::reporting::ask::{Ask, By, Refusal};
use crate::reporting::indicators;
use crate::reporting::measure::{Measured, Row, Tally, measure};
use crate::reporting::table::{Cell, Column, Kind, Table};
use crate::store::ops::Queries;

/// The report of every indicator.
#[derive(Debug)]
pub struct OneIndicator;

impl Report for OneIndicator {
    fn names(&self) -> Vec<&'static str> {
        indicators::ROSTER.iter().map(|one| one.id).collect()
    }

    fn table(&self, name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        let unknown = || Refusal::Indicator(name.to_owned());
        let indicator = indicators::find(name).ok_or_else(unknown)?;
        let measured = measure(db, ask, &[indicator])?;
        measured.first().map(table_of).ok_or_else(unknown)
    }
}

/// A measured indicator as a table.
#[must_use]
pub fn table_of(measured: &Measured) -> Table {
    let lang = measured.ask.lang;
    Table {
        title: measured.indicator.name.of(lang).to_owned(),
        columns: columns(lang),
        rows: measured.rows.iter().map(cells).collect(),
        total: Some(cells(&Row {
            key: "total".to_owned(),
            name: TOTAL.of(lang).to_owned(),
            tally: measured.total,
        })),
        notes: notes(measured),
        facts: facts(measured),
    }
}

const TOTAL: Text = Text {
    vi: "Tổng",
    en: "Total",
};

fn columns(lang: Lang) -> Vec<Column> {
    [
        ("key", "Mã", "Code", Kind::Text),
        ("name", "Tên", "Name", Kind::Text),
        ("numerator", "Tử số", "Numerator", Kind::Integer),
        ("denominator", "Mẫu số", "Denominator", Kind::Integer),
        ("excluded", "Loại trừ", "Excluded", Kind::Integer),
        ("percent", "Tỷ lệ", "Rate", Kind::Percent),
    ]
    .into_iter()
    .map(|(key, vi, en, kind)| Column {
        key,
        title: Text { vi, en }.of(lang).to_owned(),
        kind,
    })
    .collect()
}

fn cells(row: &Row) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(row.key.clone()), Cell::Text(row.name.clone())];
    cells.extend(figures(row.tally));
    cells
}

/// Numerator, denominator, excluded, percentage.
pub(super) fn figures(tally: Tally) -> [Cell; 4] {
    [
        Cell::Integer(tally.numerator),
        Cell::Integer(tally.denominator),
        Cell::Integer(tally.excluded),
        tally.percent().map_or(Cell::Empty, Cell::Percent),
    ]
}

fn notes(measured: &Measured) -> Vec<String> {
    let lang = measured.ask.lang;
    let indicator = measured.indicator;
    let mut notes = scope_notes(&measured.ask, measured.unit_name.as_deref());
    let mut say = |vi: String, en: String| notes.push(if lang == Lang::Vi { vi } else { en });
    let (formula, out) = (indicator.formula, indicator.exclusions);
    let version = measured.version();
    say(
        format!("Định nghĩa (phiên bản {version}): {}", formula.vi),
        format!("Definition (version {version}): {}", formula.en),
    );
    let counted = measured.numerator();
    say(
        format!("Tử số: {}", counted.vi),
        format!("Numerator: {}", counted.en),
    );
    say(
        format!("Loại trừ: {}", out.vi),
        format!("Excluded: {}", out.en),
    );
    let basis = indicator.date_basis;
    say(
        format!("Ngày tính: {}", basis.vi),
        format!("Date basis: {}", basis.en),
    );
    if measured.total.outside > 0 {
        let n = measured.total.outside;
        say(
            format!(
                "{n} trường hợp đạt điều kiện của tử số nhưng nằm ngoài mẫu số nên không được tính."
            ),
            format!(
                "{n} met the numerator's condition outside the denominator and are not counted."
            ),
        );
    }
    if !measured.is_additive {
        say(
            "Các dòng không cộng dồn thành tổng: một hồ sơ hoặc thủ tục có thể nằm ở nhiều dòng."
                .to_owned(),
            "Rows do not add up to the total: one dossier or procedure can stand in several."
                .to_owned(),
        );
    }
    if measured.by() == By::Provider {
        say(
            "Theo nhà cung cấp: mẫu số của mọi dòng là mẫu số chung.".to_owned(),
            "By provider: every row has the denominator of the whole.".to_owned(),
        );
    }
    notes
}

/// What any report says of its question: period, unit, capture time.
pub(super) fn scope_notes(ask: &Ask, unit_name: Option<&str>) -> Vec<String> {
    let (from, to) = (ask.period.from(), ask.period.to());
    let unit = match (&ask.unit, unit_name) {
        (Some(code), Some(name)) => format!("{name} ({code})"),
        (Some(code), None) => code.clone(),
        (None, _) => Text {
            vi: "tất cả",
            en: "all",
        }
        .of(ask.lang)
        .to_owned(),
    };
    let at = ask.captured_at.with_timezone(&VIETNAM);
    let at = at.format("%Y-%m-%d %H:%M:%S %:z");
    vec![match ask.lang {
        Lang::Vi => {
            format!("Kỳ: {from} đến {to}. Đơn vị: {unit}. Thời điểm chốt số liệu: {at}.")
        }
        Lang::En => format!("Period: {from} to {to}. Unit: {unit}. Captured at {at}."),
    }]
}

/// The members that say what was asked.
pub(super) fn scope_facts(ask: &Ask, unit_name: Option<&str>) -> Map<String, Value> {
    let mut facts = Map::new();
    let at = ask
        .captured_at
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    facts.insert(
        "period".to_owned(),
        json!({"from": ask.period.from(), "to": ask.period.to()}),
    );
    facts.insert(
        "scope".to_owned(),
        json!({"unit": ask.unit, "name": unit_name}),
    );
    facts.insert("captured_at".to_owned(), Value::from(at));
    facts.insert("by".to_owned(), Value::from(ask.by.as_str()));
    facts
}

fn facts(measured: &Measured) -> Map<String, Value> {
    let indicator = measured.indicator;
    let mut facts = scope_facts(&measured.ask, measured.unit_name.as_deref());
    let mut put = |key: &str, value: Value| {
        facts.insert(key.to_owned(), value);
    };
    put("id", Value::from(indicator.id));
    put("version", Value::from(measured.version()));
    put("refunded", Value::from(measured.ask.refunded.as_str()));
    for (key, text) in [
        ("name", indicator.name),
        ("formula", indicator.formula),
        ("numerator", measured.numerator()),
        ("denominator", indicator.denominator),
        ("exclusions", indicator.exclusions),
        ("date_basis", indicator.date_basis),
    ] {
        put(&format!("{key}_vi"), Value::from(text.vi));
        put(&format!("{key}_en"), Value::from(text.en));
    }
    let total = measured.total;
    put("numerator", Value::from(total.numerator));
    put("denominator", Value::from(total.denominator));
    put("excluded", Value::from(total.excluded));
    put("outside", Value::from(total.outside));
    let percent = total.percent().map(|percent| percent.to_string());
    put("percent", Value::from(percent));
    put("additive", Value::from(measured.is_additive));
    facts
}
