//! The report `day-sheet`: one day on one sheet. Payments by channel and status, what matching made
//! of their money, differences and refunds opened, what moved on every account, and whether the books
//! are balanced. One row is one figure, so that any program can read it.

use std::collections::BTreeMap;

use super::Report;
use crate::domain::lang::Text;
use crate::reporting::ask::{Ask, Refusal};
use crate::reporting::desk::{self, Units};
use crate::reporting::period::Step;
use crate::reporting::table::{Cell, Kind, Table};
use crate::store::failure::Failure;
use crate::store::ops::{OpenedSum, PaymentSum, Queries};

/// The report.
#[derive(Debug)]
pub struct DaySheet;

const ID: &str = "day-sheet";

const TITLE: Text = Text {
    vi: "Tờ đối soát ngày",
    en: "Day sheet",
};

/// Section, what it is of, which figure, how many, how much, in which currency.
type Figure = (&'static str, String, String, Option<i64>, i64, String);

impl Report for DaySheet {
    fn names(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn step(&self) -> Step {
        Step::Day
    }

    fn table(&self, _name: &str, db: &mut dyn Queries, ask: &Ask) -> Result<Table, Refusal> {
        if ask.period.days() != 1 {
            return Err(Refusal::OneDay(ID));
        }
        let units = Units::read(db, ask)?;
        let (scope, window) = (desk::scope(ask), desk::window(ask));
        let mut figures = Vec::new();
        let mut payments = db.list_payment_sums(ask.tenant, window, &scope)?;
        payments.sort_by(|a, b| (&a.channel, &a.status).cmp(&(&b.channel, &b.status)));
        figures.extend(payments.iter().map(by_status));
        figures.extend(payments.iter().flat_map(placed));
        let opened = db.list_opened_differences(ask.tenant, window, &scope)?;
        figures.extend(of_opened("differences", opened));
        let opened = db.list_opened_refunds(ask.tenant, window, &scope)?;
        figures.extend(of_opened("refunds", opened));
        figures.extend(ledger(db, ask)?);
        let (facts, notes) = desk::told(ask, ID, units.asked(ask), false);
        Ok(Table {
            title: TITLE.of(ask.lang).to_owned(),
            columns: desk::columns(
                ask.lang,
                &[
                    ("section", "Phần", "Section", Kind::Text),
                    ("subject", "Đối tượng", "Subject", Kind::Text),
                    ("figure", "Chỉ tiêu", "Figure", Kind::Text),
                    ("count", "Số lượng", "Count", Kind::Integer),
                    ("amount", "Số tiền", "Amount", Kind::Money),
                    ("currency", "Tiền tệ", "Currency", Kind::Text),
                ],
            ),
            rows: figures.iter().map(cells).collect(),
            total: None,
            notes,
            facts,
        })
    }
}

fn by_status(sum: &PaymentSum) -> Figure {
    let (channel, status) = (sum.channel.clone(), sum.status.clone());
    let currency = sum.currency.clone();
    (
        "payments",
        channel,
        status,
        Some(sum.n),
        sum.minor,
        currency,
    )
}

/// What stands on bills, in suspense, and with the payer; only where there is any.
fn placed(sum: &PaymentSum) -> Vec<Figure> {
    let parts = [
        ("matched", sum.matched, sum.matched_minor),
        ("suspense", sum.suspended, sum.suspense_minor),
        ("payer_credit", sum.credited, sum.credit_minor),
    ];
    let figure = |(name, n, minor): (&str, i64, i64)| {
        let name = format!("{name} ({})", sum.status);
        let (channel, currency) = (sum.channel.clone(), sum.currency.clone());
        ("placing", channel, name, Some(n), minor, currency)
    };
    let some = parts.into_iter().filter(|(_, n, _)| *n > 0);
    some.map(figure).collect()
}

fn of_opened(section: &'static str, mut sums: Vec<OpenedSum>) -> Vec<Figure> {
    sums.sort_by(|a, b| (&a.word, &a.currency).cmp(&(&b.word, &b.currency)));
    let figures = |sum: OpenedSum| {
        let figure = |name: &str, n, minor| {
            let (word, currency) = (sum.word.clone(), sum.currency.clone());
            (section, word, name.to_owned(), Some(n), minor, currency)
        };
        [
            figure("opened", sum.n, sum.minor),
            figure("still_open", sum.standing, sum.standing_minor),
        ]
    };
    sums.into_iter().flat_map(figures).collect()
}

/// Debits and credits of the day per account, then the check: all debits less all credits, of the day
/// and of all balances. Of one unit only its own accounts are told, and no check.
fn ledger(db: &mut dyn Queries, ask: &Ask) -> Result<Vec<Figure>, Failure> {
    let window = desk::window(ask);
    let mut sums = db.list_moves(ask.tenant, "", window, window.to)?;
    sums.retain(|sum| is_seen(ask, &sum.account));
    let mut accounts: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for sum in sums {
        let moved = accounts.entry((sum.account, sum.currency)).or_default();
        moved.0 = moved.0.saturating_add(sum.debit_minor);
        moved.1 = moved.1.saturating_add(sum.credit_minor);
    }
    let figure = |account: &str, name: &str, minor: i64, currency: &str| -> Figure {
        let (account, name) = (account.to_owned(), name.to_owned());
        ("ledger", account, name, None, minor, currency.to_owned())
    };
    let mut figures = Vec::new();
    let mut checks: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for ((account, currency), (debit, credit)) in &accounts {
        figures.push(figure(account, "debit", *debit, currency));
        figures.push(figure(account, "credit", *credit, currency));
        let check = checks.entry(("day", currency.clone())).or_default();
        *check = check.saturating_add(debit.saturating_sub(*credit));
    }
    if ask.unit.is_some() {
        return Ok(figures);
    }
    for ((_, currency), balance) in desk::balances(db, ask.tenant, "")? {
        let check = checks.entry(("balances", currency)).or_default();
        *check = check.saturating_add(balance);
    }
    for ((what, currency), minor) in checks {
        let (what, name) = (what.to_owned(), "debits_less_credits".to_owned());
        figures.push(("zero_check", what, name, None, minor, currency));
    }
    Ok(figures)
}

/// Whether an account may be told: all of them, or those of the unit that is asked for.
fn is_seen(ask: &Ask, account: &str) -> bool {
    let scope = desk::scope(ask);
    if scope.unit.is_empty() {
        return true;
    }
    let mut parts = account.split(':');
    match (parts.next(), parts.next()) {
        (Some("receivable" | "due"), Some(unit)) => {
            let is_below = !scope.below.is_empty() && unit.starts_with(&scope.below);
            unit == scope.unit || is_below
        }
        _ => false,
    }
}

fn cells((section, subject, figure, count, minor, currency): &Figure) -> Vec<Cell> {
    vec![
        desk::word(section),
        desk::word(subject),
        desk::word(figure),
        count.map_or(Cell::Empty, Cell::Integer),
        desk::amount(*minor, currency),
        desk::word(currency),
    ]
}
