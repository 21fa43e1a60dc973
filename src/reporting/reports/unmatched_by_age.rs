//! The report `unmatched-by-age`: differences that stand, and money in suspense or of payers', by
//! unit and age, as it is now. Amounts are gross, and the same money may stand in a difference and in
//! suspense: the three are never added.

use super::Report;
use crate::domain::lang::Text;
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk::{self, Totals, Units};
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::ops::{Aged, AgedSum, Queries};

/// The report.
#[derive(Debug)]
pub struct UnmatchedByAge;

const ID: &str = "unmatched-by-age";

const WHAT: [(Aged, &str); 3] = [
    (Aged::Differences, "differences"),
    (Aged::Suspense, "suspense"),
    (Aged::PayerCredit, "payer_credit"),
];

const TITLE: Text = Text {
    vi: "Khoản chưa khớp theo tuổi nợ",
    en: "Unmatched items by age",
};

impl Report for UnmatchedByAge {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        let units = Units::read(db, ask)?;
        let bounds = desk::bounds(ask.captured_at);
        let mut totals = Totals::default();
        let mut rows = Vec::new();
        for (what, name) in WHAT {
            let sums = db.list_aged(ask.tenant, what, bounds, &desk::scope(ask))?;
            for sum in joined(sums) {
                totals.add(name, &sum.currency, sum.n, sum.minor);
                rows.push(cells(name, &sum, &units));
            }
        }
        let (mut facts, mut notes) = desk::told(ask, ID, units.asked(ask), true);
        facts.insert("totals".to_owned(), totals.facts());
        notes.extend(totals.notes(ask.lang));
        let gross = Text {
            vi: "Số tiền là số gộp; cùng một khoản tiền có thể nằm cả ở chênh lệch và ở tiền treo, không cộng các loại với nhau. Tuổi tính theo ngày 24 giờ kể từ lúc phát sinh.",
            en: "Amounts are gross; the same money may stand in a difference and in suspense, so kinds are not added. Ages are days of 24 hours since it was opened.",
        };
        notes.push(gross.of(ask.lang).to_owned());
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(
                ask.lang,
                &[
                    ("what", "Loại", "Kind", Kind::Text),
                    ("unit", "Mã đơn vị", "Unit", Kind::Text),
                    ("unit_name", "Đơn vị", "Name of unit", Kind::Text),
                    ("age_days", "Tuổi (ngày)", "Age (days)", Kind::Text),
                    ("count", "Số khoản", "Count", Kind::Integer),
                    ("amount", "Số tiền", "Amount", Kind::Money),
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
            rows,
            total: None,
            notes,
            facts,
        })
    }
}

/// Sums without their states, by unit, age and currency.
fn joined(mut sums: Vec<AgedSum>) -> Vec<AgedSum> {
    let key = |sum: &AgedSum| (sum.unit_code.clone(), sum.bucket, sum.currency.clone());
    sums.sort_by_key(key);
    let mut joined: Vec<AgedSum> = Vec::new();
    for sum in sums {
        match joined.last_mut() {
            Some(last) if key(last) == key(&sum) => {
                last.n = last.n.saturating_add(sum.n);
                last.minor = last.minor.saturating_add(sum.minor);
                last.oldest = last.oldest.min(sum.oldest);
            }
            Some(_) | None => joined.push(sum),
        }
    }
    joined
}

fn cells(what: &str, sum: &AgedSum, units: &Units) -> Vec<Cell> {
    let mut cells = vec![desk::word(what)];
    cells.extend(units.cells(&sum.unit_code));
    cells.extend([
        desk::bucket(sum.bucket),
        Cell::Integer(sum.n),
        desk::amount(sum.minor, &sum.currency),
        desk::word(&sum.currency),
    ]);
    cells.extend(desk::oldest(sum.oldest));
    cells
}
