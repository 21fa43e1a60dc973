//! What was found of a day, as JSON: payments by channel and status, the bridge, files counted and
//! missing, open differences by age. The same rows give the same value in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::bridge::{Received, bridge, is_waiting};
use crate::domain::calendar::ends;
use crate::domain::day::DayVerdict;
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, vietnam_day};
use crate::store::failure::Failure;
use crate::store::rows::{DifferenceRow, PaymentRow};

/// Ages of open differences, in days, and their names.
pub const AGES: [(&str, i64, i64); 4] = [
    ("0-1", 0, 1),
    ("2-7", 2, 7),
    ("8-30", 8, 30),
    ("over-30", 31, i64::MAX),
];

/// The member of a bridge that only rows of older versions need: days signed without it stay as they
/// are, byte for byte.
pub const BOOKED_NET: &str = "refunded_before_told";

/// A statement or settlement file that was counted for the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedFile {
    /// The source it came from.
    pub source: String,
    /// The channels it speaks of.
    pub channel: String,
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Whether it came after it was due.
    pub is_late: bool,
}

/// What the comparison of the day gave.
#[derive(Debug, Clone, Default)]
pub struct ComparedRows {
    /// Files with lines of the day.
    pub files: Vec<CountedFile>,
    /// Sources whose file of the day is not there.
    pub missing: BTreeSet<String>,
    /// Channels on which a source reports.
    pub reported: BTreeSet<String>,
    /// Payments that wait for a file.
    pub waiting_payments: BTreeSet<Uuid>,
    /// What else waits: refunds and payouts.
    pub waiting: usize,
    /// From the provider's total to ours, channel by channel.
    pub settlement: Value,
    /// Channels whose settlement leaves something unexplained.
    pub unexplained: Vec<String>,
    /// The hash of the outcomes that are kept, and how many there are of each.
    pub outcomes: Value,
}

/// The rows of a day.
#[derive(Debug, Clone)]
pub struct DayRows<'a> {
    /// The day.
    pub day: Day,
    /// Payments paid on it.
    pub paid: &'a [PaymentRow],
    /// What the books took in on it.
    pub received: &'a [Received],
    /// Differences not resolved; those of days after, or opened after the day, are left out.
    pub differences: &'a [DifferenceRow],
    /// What the comparison gave.
    pub compared: &'a ComparedRows,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The headline.
    pub verdict: DayVerdict,
    /// Channels whose bridge leaves something unexplained.
    pub unexplained: Vec<String>,
    /// Everything, as JSON, without the books.
    pub value: Value,
}

/// An amount as decimal text.
#[must_use]
pub fn amount(minor: i64, currency: &str) -> String {
    let currency = Currency::parse(currency).unwrap_or(Currency::VND);
    Money::new(minor, currency).to_decimal_text()
}

/// Finds what there is to find.
///
/// # Errors
/// [`Failure::Broken`] when a row holds a word we never write.
pub fn found(rows: &DayRows<'_>) -> Result<Found, Failure> {
    let spans = bridge(rows.paid, rows.received)?;
    let compared = rows.compared;
    let mut waiting = compared.waiting_payments.clone();
    for row in rows.paid {
        if is_waiting(row)? {
            waiting.insert(row.payment_id.0);
        }
    }
    let waiting = waiting.len() + compared.waiting;
    let with_money = spans.keys().map(|(channel, _)| channel);
    let unreported = with_money.filter(|channel| !compared.reported.contains(*channel));
    let missing: BTreeSet<&String> = compared.missing.iter().chain(unreported).collect();
    let faulty = spans.iter().filter(|(_, span)| !span.is_sound());
    let mut unexplained: Vec<String> = faulty.map(|((channel, _), _)| channel.clone()).collect();
    unexplained.extend(compared.unexplained.iter().cloned());
    let (differences, open) = differences(rows);
    let bridges: Vec<Value> = spans
        .iter()
        .map(|((channel, currency), span)| {
            let text = |minor| amount(minor, currency);
            let mut told = json!({
                "channel": channel, "currency": currency,
                "paid": text(span.paid),
                "booked_on_another_day": text(span.booked_elsewhere),
                "paid_on_another_day": text(span.paid_elsewhere),
                "ledger": text(span.ledger),
                "residual": text(span.residual()),
                "unexplained": span.unexplained.iter().map(|id| id.0.to_string()).collect::<Vec<_>>(),
            });
            if let (Value::Object(members), true) = (&mut told, span.booked_net != 0) {
                members.insert(BOOKED_NET.to_owned(), Value::from(text(span.booked_net)));
            }
            told
        })
        .collect();
    let files = files(compared);
    let verdict = DayVerdict::of(missing.len(), open + unexplained.len(), waiting);
    let value = json!({
        "verdict": verdict.as_str(),
        "payments": payments(rows.paid),
        "waiting": waiting,
        "bridge": bridges,
        "settlement": compared.settlement,
        "outcomes": compared.outcomes,
        "files": files,
        "missing_files": missing,
        "differences": differences,
    });
    Ok(Found {
        verdict,
        unexplained,
        value,
    })
}

fn files(compared: &ComparedRows) -> Vec<Value> {
    let mut files: Vec<&CountedFile> = compared.files.iter().collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            json!({
                "source": file.source, "channel": file.channel, "name": file.name,
                "sha256": file.sha256, "late": file.is_late,
            })
        })
        .collect()
}

fn payments(paid: &[PaymentRow]) -> Value {
    let mut sums: BTreeMap<(&str, &str, &str), (usize, i64)> = BTreeMap::new();
    for row in paid {
        let key = (
            row.channel.as_str(),
            row.status.as_str(),
            row.currency.as_str(),
        );
        let sum = sums.entry(key).or_default();
        sum.0 += 1;
        sum.1 += row.amount_minor;
    }
    let told = sums
        .iter()
        .map(|((channel, status, currency), (count, minor))| {
            json!({
                "channel": channel, "status": status, "currency": currency,
                "count": count, "amount": amount(*minor, currency),
            })
        });
    told.collect()
}

/// Open differences by age, and how many there are.
fn differences(rows: &DayRows<'_>) -> (Value, usize) {
    let end = ends(rows.day);
    let is_open = |row: &&DifferenceRow| match row.day {
        Some(day) => day <= rows.day,
        None => row.opened_at.0 < end,
    };
    let mut open: Vec<&DifferenceRow> = rows.differences.iter().filter(is_open).collect();
    open.sort_by_key(|row| row.difference_id);
    let since = |row: &DifferenceRow| row.day.unwrap_or_else(|| vietnam_day(row.opened_at.0));
    let age = |row: &DifferenceRow| rows.day.signed_duration_since(since(row)).num_days().max(0);
    let by_age: Vec<Value> = AGES
        .iter()
        .map(|(name, from, to)| {
            let count = open.iter().filter(|row| (*from..=*to).contains(&age(row)));
            json!({ "days": name, "count": count.count() })
        })
        .collect();
    let items: Vec<Value> = open
        .iter()
        .map(|row| {
            json!({
                "id": row.difference_id.0.to_string(), "kind": row.kind, "unit": row.unit_code,
                "channel": row.channel, "currency": row.currency,
                "amount": amount(row.amount_minor, &row.currency),
                "opened_on": since(row).to_string(), "age_days": age(row),
            })
        })
        .collect();
    (json!({ "by_age": by_age, "items": items }), open.len())
}
