//! The report `provider-settlement`: for each channel what its provider held of ours when the period
//! began, what moved by kind, and what it has not paid out when the period ends. The kinds add up
//! from one to the other.

use std::collections::BTreeMap;

use super::Report;
use crate::domain::lang::Text;
use crate::domain::time::{Day, Instant};
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk;
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::ops::{MoveSum, Queries};
use crate::store::types::Ts;

/// The report.
#[derive(Debug)]
pub struct ProviderSettlement;

const ID: &str = "provider-settlement";
const ACCOUNTS: &str = "clearing:";

const TITLE: Text = Text {
    vi: "Bảng quyết toán với đơn vị cung ứng dịch vụ thanh toán",
    en: "Settlement by provider",
};

/// Kinds in their order; what is none of them stands under the last.
const KINDS: [&str; 7] = [
    "payments",
    "refunds",
    "reversals",
    "tests",
    "payouts",
    "charges",
    "other",
];

/// One account: its balance now, what moved in the period by kind, what moved after.
#[derive(Debug, Default)]
struct Activity {
    now: i64,
    kinds: BTreeMap<&'static str, i64>,
    later: i64,
}

impl Activity {
    fn add(&mut self, sum: &MoveSum) {
        let net = sum.debit_minor.saturating_sub(sum.credit_minor);
        if sum.is_later {
            self.later = self.later.saturating_add(net);
            return;
        }
        let kind = KINDS.into_iter().find(|kind| *kind == sum.kind);
        let place = self.kinds.entry(kind.unwrap_or("other")).or_default();
        *place = place.saturating_add(net);
    }

    fn kind(&self, kind: &str) -> i64 {
        self.kinds.get(kind).copied().unwrap_or_default()
    }
}

impl Report for ProviderSettlement {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        desk::must_be_whole(ask, ID)?;
        let mut found: BTreeMap<(String, String), Activity> = BTreeMap::new();
        for (account, now) in desk::balances(db, ask.tenant, ACCOUNTS)? {
            found.entry(account).or_default().now = now;
        }
        let window = desk::window(ask);
        for sum in db.list_moves(ask.tenant, ACCOUNTS, window, Ts(end_of_time()))? {
            let account = (sum.account.clone(), sum.currency.clone());
            found.entry(account).or_default().add(&sum);
        }
        let (facts, mut notes) = desk::told(ask, ID, None, false);
        let signs = Text {
            vi: "Số dương: đơn vị cung ứng giữ thêm tiền của ta; số âm: trả ra hoặc giảm. Số dư đầu kỳ cộng các cột phát sinh bằng số dư cuối kỳ.",
            en: "Above zero: the provider holds more of ours; below zero: it paid out or holds less. The opening balance and the columns of activity add up to the closing balance.",
        };
        notes.push(signs.of(ask.lang).to_owned());
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(ask.lang, COLUMNS),
            rows: found.iter().map(cells).collect(),
            total: None,
            notes,
            facts,
        })
    }
}

/// Later than anything that is sealed.
fn end_of_time() -> Instant {
    let day = Day::from_ymd_opt(9999, 12, 31).unwrap_or(Day::MAX);
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

const COLUMNS: &[(&str, &str, &str, Kind)] = &[
    ("channel", "Kênh", "Channel", Kind::Text),
    ("currency", "Tiền tệ", "Currency", Kind::Text),
    ("opening", "Số dư đầu kỳ", "Opening balance", Kind::Money),
    ("payments", "Thu", "Payments", Kind::Money),
    ("refunds", "Hoàn trả", "Refunds", Kind::Money),
    ("reversals", "Bị thu hồi", "Reversals", Kind::Money),
    ("tests", "Giao dịch thử", "Tests", Kind::Money),
    ("payouts", "Đã quyết toán", "Paid out", Kind::Money),
    ("charges", "Phí dịch vụ", "Charges", Kind::Money),
    ("other", "Khác", "Other", Kind::Money),
    (
        "closing",
        "Chưa quyết toán cuối kỳ",
        "Unsettled at end",
        Kind::Money,
    ),
];

fn cells(((account, currency), activity): (&(String, String), &Activity)) -> Vec<Cell> {
    let channel = account.strip_prefix(ACCOUNTS).unwrap_or(account);
    let closing = activity.now.saturating_sub(activity.later);
    let moved = activity
        .kinds
        .values()
        .copied()
        .fold(0, i64::saturating_add);
    let opening = closing.saturating_sub(moved);
    let mut cells = vec![
        desk::word(channel),
        desk::word(currency),
        desk::amount(opening, currency),
    ];
    cells.extend(KINDS.map(|kind| desk::amount(activity.kind(kind), currency)));
    cells.push(desk::amount(closing, currency));
    cells
}
