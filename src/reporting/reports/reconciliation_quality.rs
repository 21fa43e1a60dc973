//! The report `reconciliation-quality`: per unit, how many payments of the period found their bills
//! by themselves, how many through an officer, and how old the differences are that stand. Files of
//! banks and providers that came late belong to no unit and stand with the province.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::Report;
use crate::domain::lang::Text;
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk::{self, Units};
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::ops::Queries;
use crate::store::types::Ts;

/// The report.
#[derive(Debug)]
pub struct ReconciliationQuality;

const ID: &str = "reconciliation-quality";

const TITLE: Text = Text {
    vi: "Chất lượng đối soát theo đơn vị",
    en: "Quality of reconciliation by unit",
};

/// What one unit, or all together, look like.
#[derive(Debug, Clone, Copy, Default)]
struct Quality {
    payments: i64,
    by_rule: i64,
    by_officer: i64,
    standing: i64,
    age_seconds: i64,
    oldest_seconds: i64,
    opened: i64,
    resolved: i64,
    /// Of the province, and of all together; a file belongs to no unit.
    files_late: Option<i64>,
}

impl Report for ReconciliationQuality {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        let units = Units::read(db, ask)?;
        let (scope, window) = (desk::scope(ask), desk::window(ask));
        let mut found: BTreeMap<String, Quality> = BTreeMap::new();
        for sum in db.list_matched(ask.tenant, window, &scope)? {
            let quality = found.entry(sum.unit_code).or_default();
            quality.payments = sum.n;
            quality.by_rule = sum.by_rule;
            quality.by_officer = sum.by_officer;
        }
        for sum in db.list_case_sums(ask.tenant, window, Ts(ask.captured_at), &scope)? {
            let quality = found.entry(sum.unit_code).or_default();
            quality.standing = sum.standing;
            quality.age_seconds = sum.age_seconds;
            quality.oldest_seconds = sum.oldest_seconds;
            quality.opened = sum.opened;
            quality.resolved = sum.resolved;
        }
        let files_late = match scope.unit.as_str() {
            "" => Some(db.count_late_files(ask.tenant, (window.first, window.end))?),
            _ => None,
        };
        if files_late.is_some_and(|late| late > 0) {
            found.entry(String::new()).or_default();
        }
        if let Some(province) = found.get_mut("") {
            province.files_late = files_late;
        }
        let (facts, mut notes) = desk::told(ask, ID, units.asked(ask), false);
        let basis = Text {
            vi: "Tính theo thời điểm ghi nhận giao dịch; chênh lệch đang mở và tuổi của chúng là số liệu tại thời điểm chốt.",
            en: "Payments count by when they were recorded; differences that stand, and their ages, are as of the capture time.",
        };
        notes.push(basis.of(ask.lang).to_owned());
        let all = Quality {
            files_late,
            ..found.values().copied().fold(Quality::default(), together)
        };
        let name = Text {
            vi: "Tổng",
            en: "Total",
        };
        let names = [desk::word("total"), desk::word(name.of(ask.lang))];
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(ask.lang, COLUMNS),
            rows: found
                .iter()
                .map(|(unit, quality)| cells(units.cells(unit), *quality))
                .collect(),
            total: Some(cells(names, all)),
            notes,
            facts,
        })
    }
}

const COLUMNS: &[(&str, &str, &str, Kind)] = &[
    ("unit", "Mã đơn vị", "Unit", Kind::Text),
    ("unit_name", "Đơn vị", "Name of unit", Kind::Text),
    (
        "payments",
        "Giao dịch có tiền",
        "Payments with money",
        Kind::Integer,
    ),
    (
        "matched_by_rule",
        "Khớp tự động",
        "Matched by rule",
        Kind::Integer,
    ),
    (
        "matched_by_officer",
        "Cán bộ khớp",
        "Matched by officer",
        Kind::Integer,
    ),
    (
        "automatic_rate",
        "Tỷ lệ khớp tự động",
        "Automatic match rate",
        Kind::Percent,
    ),
    (
        "differences_open",
        "Chênh lệch đang mở",
        "Differences open",
        Kind::Integer,
    ),
    (
        "mean_age_days",
        "Tuổi trung bình (ngày)",
        "Mean age (days)",
        Kind::Number,
    ),
    (
        "oldest_age_days",
        "Tuổi cao nhất (ngày)",
        "Oldest age (days)",
        Kind::Number,
    ),
    (
        "differences_opened",
        "Phát sinh trong kỳ",
        "Opened in period",
        Kind::Integer,
    ),
    (
        "differences_resolved",
        "Xử lý trong kỳ",
        "Resolved in period",
        Kind::Integer,
    ),
    (
        "files_late",
        "Tệp nộp muộn trong kỳ",
        "Files late in period",
        Kind::Integer,
    ),
];

fn together(a: Quality, b: Quality) -> Quality {
    Quality {
        payments: a.payments.saturating_add(b.payments),
        by_rule: a.by_rule.saturating_add(b.by_rule),
        by_officer: a.by_officer.saturating_add(b.by_officer),
        standing: a.standing.saturating_add(b.standing),
        age_seconds: a.age_seconds.saturating_add(b.age_seconds),
        oldest_seconds: a.oldest_seconds.max(b.oldest_seconds),
        opened: a.opened.saturating_add(b.opened),
        resolved: a.resolved.saturating_add(b.resolved),
        files_late: None,
    }
}

fn cells(names: [Cell; 2], quality: Quality) -> Vec<Cell> {
    let percent = Decimal::from(quality.by_rule)
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|hundredfold| hundredfold.checked_div(Decimal::from(quality.payments)));
    let percent = percent.map_or(Cell::Empty, |percent| {
        let mut percent = percent.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        percent.rescale(2);
        Cell::Percent(percent)
    });
    let mean = Decimal::from(quality.age_seconds).checked_div(Decimal::from(quality.standing));
    let oldest = mean.map(|_| Decimal::from(quality.oldest_seconds));
    let mut cells = Vec::from(names);
    cells.extend([
        Cell::Integer(quality.payments),
        Cell::Integer(quality.by_rule),
        Cell::Integer(quality.by_officer),
        percent,
        Cell::Integer(quality.standing),
        mean.map_or(Cell::Empty, desk::days),
        oldest.map_or(Cell::Empty, desk::days),
        Cell::Integer(quality.opened),
        Cell::Integer(quality.resolved),
        quality.files_late.map_or(Cell::Empty, Cell::Integer),
    ]);
    cells
}
