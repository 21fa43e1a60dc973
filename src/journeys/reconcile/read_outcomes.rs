//! Reading what is kept of a day's comparison, one page at a time: of one side or one outcome where
//! asked, from a place on. The same words as when it was compared; changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::reconciliation::compare::{OutcomeKind, Role, Side};
use crate::reconciliation::outcomes::{Entry, Key, Named, unpack};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ComparisonRow, OutcomePageRow};
use crate::store::types::Uid;

/// Which outcomes are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutcomeFilter {
    /// One outcome only.
    pub kind: Option<OutcomeKind>,
    /// One side only.
    pub side: Option<Side>,
    /// The page and the place in it to begin with.
    pub from: (i32, usize),
    /// At most so many.
    pub limit: usize,
}

fn named_among<T: Copy>(
    what: &str,
    text: &str,
    found: Option<T>,
    all: &[T],
    word: fn(T) -> &'static str,
) -> Result<T, String> {
    found.ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| word(*one)).collect();
        format!("{what} is \"{text}\"; known are {}", known.join(", "))
    })
}

/// The outcome of a word, or what is known.
///
/// # Errors
/// A sentence that names the known words.
pub fn kind_named(text: &str) -> Result<OutcomeKind, String> {
    let found = OutcomeKind::parse(text);
    named_among(
        "outcome",
        text,
        found,
        OutcomeKind::ALL,
        OutcomeKind::as_str,
    )
}

/// The side of a word, or what is known.
///
/// # Errors
/// A sentence that names the known words.
pub fn side_named(text: &str) -> Result<Side, String> {
    named_among("side", text, Side::parse(text), Side::ALL, Side::as_str)
}

/// The words of every outcome.
#[must_use]
pub fn outcome_words() -> Vec<&'static str> {
    OutcomeKind::ALL.iter().map(|one| one.as_str()).collect()
}

/// The words of every side.
#[must_use]
pub fn side_words() -> Vec<&'static str> {
    Side::ALL.iter().map(|one| one.as_str()).collect()
}

/// Outcomes as JSON, and where the next ones begin.
pub type Outcomes = (Vec<Value>, Option<(i32, usize)>);

/// The outcomes of a comparison that is kept.
///
/// # Errors
/// Any [`Failure`]; [`Failure::Broken`] when a page cannot be read.
pub fn read_outcomes(
    queries: &mut dyn Queries,
    of: &ComparisonRow,
    filter: &OutcomeFilter,
) -> Result<Outcomes, Failure> {
    let (mut page, mut place) = filter.from;
    let mut told = Vec::new();
    let mut names = BTreeMap::new();
    while let Some(row) = queries.find_outcome_page(of.tenant, of.day, page)? {
        let entries = unpack(&row.data).map_err(|_| broken(&row))?;
        let is_asked = |entry: &Entry<'_>| {
            filter.kind.is_none_or(|kind| kind == entry.kind)
                && filter.side.is_none_or(|side| side == entry.side)
        };
        let rest = entries.iter().enumerate().skip(place);
        let asked: Vec<_> = rest.filter(|(_, (entry, _))| is_asked(entry)).collect();
        learn(queries, of.tenant, &asked, &mut names)?;
        for (at, (entry, named)) in asked {
            if told.len() == filter.limit {
                return Ok((told, Some((page, at))));
            }
            told.push(outcome_json(entry, named, &names));
        }
        (page, place) = (page + 1, 0);
    }
    Ok((told, None))
}

fn broken(row: &OutcomePageRow) -> Failure {
    Failure::Broken(format!(
        "page {} of the outcomes of {} cannot be read",
        row.page, row.day
    ))
}

/// Finds the names of files not met before.
fn learn(
    queries: &mut dyn Queries,
    tenant: i32,
    asked: &[(usize, &(Entry<'_>, Vec<Named<'_>>))],
    names: &mut BTreeMap<Uuid, String>,
) -> Result<(), Failure> {
    let keys = asked.iter().flat_map(|(_, (entry, named))| {
        let others = named.iter().map(|one| one.key);
        std::iter::once(entry.key).chain(others)
    });
    let files: BTreeSet<Uuid> = keys
        .filter_map(|key| match key {
            Key::Place(file, _) | Key::Batch(file, _) => Some(file),
            Key::Id(_) => None,
        })
        .filter(|file| !names.contains_key(file))
        .collect();
    let ids: Vec<Uid> = files.into_iter().map(Uid).collect();
    for row in queries.list_files(tenant, &ids)? {
        names.insert(row.file_id.0, row.file_name);
    }
    Ok(())
}

fn outcome_json(entry: &Entry<'_>, named: &[Named<'_>], names: &BTreeMap<Uuid, String>) -> Value {
    let with: Vec<Value> = named
        .iter()
        .map(|one| {
            let minor = (one.role == Role::Matched).then_some(one.allocated);
            json!({
                "side": one.side.as_str(), "item": item_json(&one.key, names),
                "role": one.role.as_str(), "allocated_minor": minor,
            })
        })
        .collect();
    json!({
        "side": entry.side.as_str(),
        "item": item_json(&entry.key, names),
        "outcome": entry.kind.as_str(),
        "is_difference": entry.kind.is_difference(),
        "rule": entry.rule.as_str(),
        "difference_minor": entry.difference,
        "turns_on": entry.turns_on.map(|day| day.to_string()),
        "with": with,
    })
}

fn item_json(key: &Key<'_>, names: &BTreeMap<Uuid, String>) -> Value {
    match key {
        Key::Id(id) => json!({ "id": id }),
        Key::Place(file, line) => json!({ "file": file, "name": names.get(file), "line": line }),
        Key::Batch(file, batch) => json!({ "file": file, "name": names.get(file), "batch": batch }),
    }
}
