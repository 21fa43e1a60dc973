//! The report `in-transit`: what providers and banks hold of ours and has not been passed on, first
//! in, first out per account, by age. Money older than 24 hours is what Circular 74/2022/TT-BTC asks
//! to have been passed on.

use chrono::TimeDelta;

use super::Report;
use crate::domain::lang::Text;
use crate::domain::time::Instant;
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk::{self, Totals};
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::ops::{Queries, StockSum};
use crate::store::types::Ts;

/// The report.
#[derive(Debug)]
pub struct InTransit;

const ID: &str = "in-transit";

/// Hours at which money is late, and at which a bucket of it ends.
const BOUNDS: [i64; 4] = [24, 48, 8 * 24, 31 * 24];

/// How far the first look goes back, in hours; every further one goes twice as far.
const FIRST_LOOK: i64 = 32 * 24;

/// Looks back of 32 days and six doublings are five years; the last one is at all there is.
const LOOKS: u32 = 7;

const TITLE: Text = Text {
    vi: "Tiền trung gian chưa chuyển, theo tuổi (Thông tư 74/2022/TT-BTC)",
    en: "Money in transit by age (Circular 74/2022/TT-BTC)",
};

impl Report for InTransit {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        desk::must_be_whole(ask, ID)?;
        let now = ask.captured_at;
        let mut sums = stock(db, ask)?;
        sums.sort_by(|a, b| (&a.account, &a.currency).cmp(&(&b.account, &b.currency)));
        let mut totals = Totals::default();
        for sum in &sums {
            let late = i64::from(older(sum, 0) > 0);
            totals.add("held", &sum.currency, 1, sum.held_minor);
            totals.add("over_24h", &sum.currency, late, older(sum, 0));
        }
        let (mut facts, mut notes) = desk::told(ask, ID, None, true);
        facts.insert("totals".to_owned(), totals.facts());
        notes.extend(totals.notes(ask.lang));
        let rule = Text {
            vi: "Nhập trước, xuất trước: số dư của tài khoản là những khoản vào sau cùng. Tuổi tính từ lúc ghi sổ.",
            en: "First in, first out: the balance of an account is what came last. Ages count from when it was posted.",
        };
        notes.push(rule.of(ask.lang).to_owned());
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(ask.lang, COLUMNS),
            rows: sums.iter().map(|sum| cells(sum, now)).collect(),
            total: None,
            notes,
            facts,
        })
    }
}

const COLUMNS: &[(&str, &str, &str, Kind)] = &[
    ("account", "Tài khoản", "Account", Kind::Text),
    ("currency", "Tiền tệ", "Currency", Kind::Text),
    ("held", "Số dư", "Held", Kind::Money),
    ("within_24h", "Trong 24 giờ", "Within 24 hours", Kind::Money),
    ("over_24h", "Quá 24 giờ", "Over 24 hours", Kind::Money),
    ("h24_48", "24–48 giờ", "24–48 hours", Kind::Money),
    ("d2_7", "2–7 ngày", "2–7 days", Kind::Money),
    ("d8_30", "8–30 ngày", "8–30 days", Kind::Money),
    ("d30_more", "Trên 30 ngày", "Over 30 days", Kind::Money),
    (
        "oldest_age_hours",
        "Tuổi cao nhất (giờ)",
        "Oldest age (hours)",
        Kind::Integer,
    ),
    (
        "oldest_at_utc",
        "Vào lúc (UTC)",
        "Came at (UTC)",
        Kind::Text,
    ),
    (
        "oldest_at_local",
        "Vào lúc (giờ VN)",
        "Came at (Vietnam)",
        Kind::Text,
    ),
];

/// Looks back until every balance is made up of what came since.
fn stock(db: &mut dyn Queries, ask: &Ask) -> Result<Vec<StockSum>, Refusal> {
    let now = ask.captured_at;
    // Exactly 24 hours old is old; the database compares with "after".
    let bounds = BOUNDS.map(|hours| Ts(desk::before(now, hours)));
    let mut hours = FIRST_LOOK;
    for _ in 0..LOOKS {
        let sums = db.list_stock(ask.tenant, Ts(desk::before(now, hours)), bounds)?;
        if sums.iter().all(|sum| sum.came_minor >= sum.held_minor) {
            return Ok(sums);
        }
        hours = hours.saturating_mul(2);
    }
    Ok(db.list_stock(ask.tenant, Ts(Instant::UNIX_EPOCH), bounds)?)
}

/// What of the balance came at or before a bound.
fn older(sum: &StockSum, bound: usize) -> i64 {
    let came = sum.after.get(bound).copied().unwrap_or_default();
    sum.held_minor.saturating_sub(came).max(0)
}

fn cells(sum: &StockSum, now: Instant) -> Vec<Cell> {
    let money = |minor| desk::amount(minor, &sum.currency);
    let [day, two, week, month] = [0, 1, 2, 3].map(|bound| older(sum, bound));
    let age = sum.oldest.map_or(TimeDelta::zero(), |at| now - at.0);
    let mut cells = vec![
        desk::word(&sum.account),
        desk::word(&sum.currency),
        money(sum.held_minor),
        money(sum.held_minor.saturating_sub(day)),
        money(day),
        money(day.saturating_sub(two)),
        money(two.saturating_sub(week)),
        money(week.saturating_sub(month)),
        money(month),
        Cell::Integer(age.num_hours()),
    ];
    cells.extend(desk::times(sum.oldest.map(|at| at.0)));
    cells
}
