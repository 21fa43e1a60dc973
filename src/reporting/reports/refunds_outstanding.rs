//! The report `refunds-outstanding`: refunds that have not ended, by unit, state, officer who asked
//! and age, as it is now. What was paid out of them so far stands beside what was asked.

use super::Report;
use crate::domain::lang::Text;
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk::{self, Totals, Units};
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::ops::{Aged, AgedSum, Queries};

/// The report.
#[derive(Debug)]
pub struct RefundsOutstanding;

const ID: &str = "refunds-outstanding";

const TITLE: Text = Text {
    vi: "Hoàn trả chưa xong",
    en: "Refunds outstanding",
};

impl Report for RefundsOutstanding {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        let units = Units::read(db, ask)?;
        let bounds = desk::bounds(ask.captured_at);
        let mut sums = db.list_aged(ask.tenant, Aged::Refunds, bounds, &desk::scope(ask))?;
        sums.sort_by(|a, b| order(a).cmp(&order(b)));
        let mut totals = Totals::default();
        for sum in &sums {
            let left = sum.minor.saturating_sub(sum.paid_minor);
            totals.add("asked", &sum.currency, sum.n, sum.minor);
            totals.add("outstanding", &sum.currency, sum.n, left);
        }
        let (mut facts, mut notes) = desk::told(ask, ID, units.asked(ask), true);
        facts.insert("totals".to_owned(), totals.facts());
        notes.extend(totals.notes(ask.lang));
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(
                ask.lang,
                &[
                    ("unit", "Mã đơn vị", "Unit", Kind::Text),
                    ("unit_name", "Đơn vị", "Name of unit", Kind::Text),
                    ("state", "Trạng thái", "State", Kind::Text),
                    ("asked_by", "Người đề nghị", "Asked by", Kind::Text),
                    ("age_days", "Tuổi (ngày)", "Age (days)", Kind::Text),
                    ("count", "Số khoản", "Count", Kind::Integer),
                    ("amount", "Số tiền đề nghị", "Amount asked", Kind::Money),
                    ("paid", "Đã trả", "Paid out", Kind::Money),
                    ("outstanding", "Còn phải trả", "Outstanding", Kind::Money),
                    ("currency", "Tiền tệ", "Currency", Kind::Text),
                    ("oldest_id", "Khoản cũ nhất", "Oldest", Kind::Text),
                    (
                        "oldest_at_utc",
                        "Phát sinh (UTC)",
                        "Since (UTC)",
                        Kind::Text,
                    ),
                    (
                        "oldest_at_local",
                        "Phát sinh (giờ VN)",
                        "Since (Vietnam)",
                        Kind::Text,
                    ),
                ],
            ),
            rows: sums.iter().map(|sum| cells(sum, &units)).collect(),
            total: None,
            notes,
            facts,
        })
    }
}

fn order(sum: &AgedSum) -> (&str, &str, &str, i32, &str) {
    let AgedSum {
        unit_code,
        state,
        officer,
        ..
    } = sum;
    (unit_code, state, officer, sum.bucket, &sum.currency)
}

fn cells(sum: &AgedSum, units: &Units) -> Vec<Cell> {
    let left = sum.minor.saturating_sub(sum.paid_minor);
    let mut cells = Vec::from(units.cells(&sum.unit_code));
    cells.extend([
        desk::word(&sum.state),
        desk::word(&sum.officer),
        desk::bucket(sum.bucket),
        Cell::Integer(sum.n),
        desk::amount(sum.minor, &sum.currency),
        desk::amount(sum.paid_minor, &sum.currency),
        desk::amount(left, &sum.currency),
        desk::word(&sum.currency),
    ]);
    cells.extend(desk::oldest(sum.oldest));
    cells
}
