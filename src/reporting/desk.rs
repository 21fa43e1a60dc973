//! What the reports about money share: whose rows they take, the instants of their period, buckets of
//! age, names of units, and sums per currency. Knows no report.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Refusal};
use super::table::{Cell, Column, Kind};
use crate::domain::ids::{instant_of, lowest_uuid_at};
use crate::domain::lang::{Lang, Text};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Instant, VIETNAM};
use crate::store::failure::Failure;
use crate::store::ops::{Queries, UnitScope, Window};
use crate::store::types::{Ts, Uid};

/// Hours at which a bucket of age ends and the next begins.
pub(super) const BOUNDS: [i64; 3] = [2 * 24, 8 * 24, 31 * 24];

/// The buckets of age, in whole days of 24 hours.
pub(super) const BUCKETS: [&str; 4] = ["0-1", "2-7", "8-30", "30+"];

/// The word of a bucket.
pub(super) fn bucket(number: i32) -> Cell {
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    let word = BUCKETS.get(place).or(BUCKETS.last());
    Cell::Text(word.copied().unwrap_or_default().to_owned())
}

/// The instant some hours before another.
pub(super) fn before(now: Instant, hours: i64) -> Instant {
    now.checked_sub_signed(TimeDelta::hours(hours))
        .unwrap_or(Instant::MIN_UTC)
}

/// What was made at or after these ids is younger than the bound. A thing is as old as its bound
/// when exactly so many hours have gone by.
pub(super) fn bounds(now: Instant) -> [Uid; 3] {
    let step = TimeDelta::milliseconds(1);
    BOUNDS.map(|hours| {
        let at = before(now, hours);
        Uid(lowest_uuid_at(at.checked_add_signed(step).unwrap_or(at)))
    })
}

/// Whose rows a question is about.
pub(super) fn scope(ask: &Ask) -> UnitScope {
    let unit = ask.unit.clone().unwrap_or_default();
    let below = if unit.is_empty() || ask.is_own {
        String::new()
    } else {
        format!("{unit}.")
    };
    UnitScope { unit, below }
}

/// The first instant of a day in Vietnam.
fn start(day: Day) -> Instant {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let local = VIETNAM.from_local_datetime(&midnight).single();
    local.map_or(midnight.and_utc(), |at| at.to_utc())
}

/// The instants of the days of a question.
pub(super) fn window(ask: &Ask) -> Window {
    let to = ask.period.to();
    let (from, to) = (start(ask.period.from()), start(to.succ_opt().unwrap_or(to)));
    Window {
        from: Ts(from),
        to: Ts(to),
        first: Uid(lowest_uuid_at(from)),
        end: Uid(lowest_uuid_at(to)),
    }
}

/// Columns from keys, titles in both languages, and kinds.
pub(super) fn columns(
    lang: Lang,
    all: &[(&'static str, &'static str, &'static str, Kind)],
) -> Vec<Column> {
    let column = |&(key, vi, en, kind): &(_, _, _, _)| Column {
        key,
        title: Text { vi, en }.of(lang).to_owned(),
        kind,
    };
    all.iter().map(column).collect()
}

/// Words as a cell.
pub(super) fn word(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// An amount as a cell.
pub(super) fn amount(minor: i64, currency: &str) -> Cell {
    let currency = Currency::parse(currency).unwrap_or(Currency::VND);
    Cell::Money(Money::new(minor, currency))
}

/// Seconds as days with one decimal.
pub(super) fn days(seconds: Decimal) -> Cell {
    Cell::Number((seconds / Decimal::from(24 * 3600)).round_dp(1))
}

/// An instant as two cells: UTC, and the wall clock of Vietnam.
pub(super) fn times(at: Option<Instant>) -> [Cell; 2] {
    let Some(at) = at else {
        return [Cell::Empty, Cell::Empty];
    };
    let local = at.with_timezone(&VIETNAM);
    [
        Cell::Text(at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        Cell::Text(local.format("%Y-%m-%d %H:%M:%S").to_string()),
    ]
}

/// An id and the instant inside it, as three cells.
pub(super) fn oldest(id: Uid) -> [Cell; 3] {
    let [utc, local] = times(instant_of(id.0));
    [Cell::Text(id.0.to_string()), utc, local]
}

/// The names of units by code.
pub(super) struct Units {
    names: BTreeMap<String, String>,
    lang: Lang,
}

impl Units {
    /// Reads the catalogue and refuses a unit that is not in it.
    pub(super) fn read(db: &mut dyn Queries, ask: &Ask) -> Result<Self, Refusal> {
        let rows = db.list_units(ask.tenant)?.into_iter();
        let name = |vi: String, en: String| if ask.lang == Lang::Vi { vi } else { en };
        let names = rows.map(|row| (row.code, name(row.name_vi, row.name_en)));
        let names: BTreeMap<_, _> = names.collect();
        match &ask.unit {
            Some(code) if !names.contains_key(code) => Err(Refusal::Unit(code.clone())),
            Some(_) | None => Ok(Self {
                names,
                lang: ask.lang,
            }),
        }
    }

    /// Code and name of a unit, as two cells.
    pub(super) fn cells(&self, code: &str) -> [Cell; 2] {
        let province = Text {
            vi: "Tỉnh (chưa rõ đơn vị)",
            en: "Province (no unit known)",
        };
        let name = match self.names.get(code) {
            Some(name) => name.as_str(),
            None if code.is_empty() => province.of(self.lang),
            None => "",
        };
        [word(code), word(name)]
    }

    /// The name of the unit that is asked for.
    pub(super) fn asked(&self, ask: &Ask) -> Option<&str> {
        ask.unit
            .as_ref()
            .and_then(|code| self.names.get(code))
            .map(String::as_str)
    }
}

/// Counts and amounts of one kind of thing per currency: amounts of different currencies are never
/// added.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<(&'static str, String), (i64, i64)>);

impl Totals {
    /// Adds.
    pub(super) fn add(&mut self, what: &'static str, currency: &str, n: i64, minor: i64) {
        let total = self.0.entry((what, currency.to_owned())).or_default();
        total.0 = total.0.saturating_add(n);
        total.1 = total.1.saturating_add(minor);
    }

    /// One sentence each; one that nothing was found when there are none.
    pub(super) fn notes(&self, lang: Lang) -> Vec<String> {
        if self.0.is_empty() {
            let nothing = Text {
                vi: "Không có dòng nào.",
                en: "There is nothing to show.",
            };
            return vec![nothing.of(lang).to_owned()];
        }
        let total = Text {
            vi: "Tổng",
            en: "Total",
        };
        let line = |((what, currency), (n, minor)): (&(&str, String), &(i64, i64))| {
            let money = amount(*minor, currency).plain();
            format!("{} {what}: {n}, {money} {currency}", total.of(lang))
        };
        self.0.iter().map(line).collect()
    }

    /// The same for machines.
    pub(super) fn facts(&self) -> Value {
        let one = |((what, currency), (n, minor)): (&(&str, String), &(i64, i64))| {
            let money = amount(*minor, currency).plain();
            json!({"what": what, "currency": currency, "count": n, "amount": money})
        };
        self.0.iter().map(one).collect()
    }
}

/// What a report tells of its question beside rows, and the notes that begin with it.
pub(super) fn told(
    ask: &Ask,
    id: &str,
    unit_name: Option<&str>,
    is_of_now: bool,
) -> (Map<String, Value>, Vec<String>) {
    let at = ask
        .captured_at
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let mut facts = Map::new();
    facts.insert("id".to_owned(), Value::from(id));
    if !is_of_now {
        let period = json!({"from": ask.period.from(), "to": ask.period.to()});
        facts.insert("period".to_owned(), period);
    }
    let scope = json!({"unit": ask.unit, "name": unit_name});
    facts.insert("scope".to_owned(), scope);
    facts.insert("captured_at".to_owned(), Value::from(at));
    let local = ask.captured_at.with_timezone(&VIETNAM);
    let local = local.format("%Y-%m-%d %H:%M:%S %:z");
    let unit = ask.unit.as_deref().map_or_else(
        || {
            Text {
                vi: "tất cả",
                en: "all",
            }
            .of(ask.lang)
            .to_owned()
        },
        |code| format!("{} ({code})", unit_name.unwrap_or_default()),
    );
    let (from, to) = (ask.period.from(), ask.period.to());
    let note = match (ask.lang, is_of_now) {
        (Lang::Vi, true) => format!("Số liệu tại {local}. Đơn vị: {unit}."),
        (Lang::En, true) => format!("As it stands at {local}. Unit: {unit}."),
        (Lang::Vi, false) => {
            format!("Kỳ: {from} đến {to}. Đơn vị: {unit}. Số liệu tại {local}.")
        }
        (Lang::En, false) => format!("Period: {from} to {to}. Unit: {unit}. Captured at {local}."),
    };
    (facts, vec![note])
}

/// Refuses a question about one unit where accounts belong to none.
pub(super) fn must_be_whole(ask: &Ask, id: &'static str) -> Result<(), Refusal> {
    match &ask.unit {
        Some(_) => Err(Refusal::NotOfUnits(id)),
        None => Ok(()),
    }
}

/// The balances of accounts that begin like this, debits less credits, by account and currency.
pub(super) fn balances(
    db: &mut dyn Queries,
    tenant: i32,
    beginning: &str,
) -> Result<BTreeMap<(String, String), i64>, Failure> {
    let rows = db.list_balances(tenant)?.into_iter();
    let rows = rows.filter(|row| row.account.starts_with(beginning));
    let balance = |debit: i64, credit| debit.saturating_sub(credit);
    Ok(rows
        .map(|row| {
            let held = balance(row.debit_minor, row.credit_minor);
            ((row.account, row.currency), held)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::uuid_at;
    use crate::domain::time::parse_rfc3339;

    #[test]
    fn a_thing_is_a_bucket_older_when_its_hours_have_gone_by() {
        let now = parse_rfc3339("2026-01-31T03:00:00Z").unwrap();
        let bounds = bounds(now);
        let place = |minutes: i64| {
            let id = Uid(uuid_at(now - TimeDelta::minutes(minutes)));
            bounds.iter().filter(|bound| id < **bound).count()
        };
        for (minutes, bucket) in [
            (0, 0),
            (2 * 1440 - 1, 0),
            (2 * 1440, 1),
            (8 * 1440 - 1, 1),
            (8 * 1440, 2),
            (31 * 1440 - 1, 2),
            (31 * 1440, 3),
        ] {
            assert_eq!(place(minutes), bucket, "{minutes} minutes");
        }
    }
}
