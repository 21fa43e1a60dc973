//! What became of every item of a day, packed into pages: written, summed and hashed in one walk, so
//! that a comparison made again can be held against the one that is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Reconciling, SYSTEM};
use crate::journeys::compare_days::DaysCompared;
use crate::reconciliation::close::canonical::canonical;
use crate::reconciliation::compare::{Item, Outcome, OutcomeKind, Role, Side};
use crate::reconciliation::outcomes::{Entry, Key, Named, PAGE_ITEMS, Page};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ComparisonRow, OutcomePageRow};
use crate::store::types::{Ts, Uid};

/// Replaces what is kept of the day by what was found now; gives its hash.
pub(super) fn keep(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
) -> Result<Vec<u8>, Failure> {
    let (tenant, day) = (run.tenant.0, compared.day);
    queries.delete_comparison(tenant, day)?;
    let mut page = 0;
    let digest = walk(compared, |data, count| {
        let row = OutcomePageRow {
            tenant,
            day,
            page,
            item_count: i32::try_from(count).unwrap_or(i32::MAX),
            data,
        };
        page += 1;
        queries.insert_outcome_pages(std::slice::from_ref(&row))
    })?;
    queries.insert_comparison(&ComparisonRow {
        tenant,
        day,
        compared_at: Ts(run.now),
        compared_by: run.officer.unwrap_or(SYSTEM).to_owned(),
        counts: canonical(&counts_json(compared)),
        digest: digest.clone(),
    })?;
    Ok(digest)
}

/// The hash that the outcomes would be kept with.
///
/// # Errors
/// Any [`Failure`].
pub(in crate::journeys) fn digest(compared: &DaysCompared) -> Result<Vec<u8>, Failure> {
    walk(compared, |_, _| Ok(()))
}

/// Packs the outcomes of the day and hands them over page by page; gives the hash of all.
fn walk(
    compared: &DaysCompared,
    mut take: impl FnMut(Vec<u8>, usize) -> Result<(), Failure>,
) -> Result<Vec<u8>, Failure> {
    let mut hash = Sha256::new();
    let mut page = Page::default();
    let mut end = |page: &mut Page| {
        let count = page.len();
        let bytes = page.take();
        hash.update(&bytes);
        take(bytes, count)
    };
    for (item, outcome) in compared.of_the_day() {
        let entry = Entry {
            side: item.side(),
            key: key(compared, item),
            kind: outcome.kind,
            rule: outcome.rule,
            difference: outcome.difference,
            turns_on: outcome.turns_on,
        };
        let named = compared.comparison.links(outcome).map(|link| Named {
            side: link.item.side(),
            key: key(compared, link.item),
            role: link.role,
            allocated: link.allocated,
        });
        page.push(&entry, named);
        if page.len() == PAGE_ITEMS {
            end(&mut page)?;
        }
    }
    if !page.is_empty() {
        end(&mut page)?;
    }
    Ok(hash.finalize().to_vec())
}

fn key(compared: &DaysCompared, item: Item) -> Key<'_> {
    let known = compared.known(item).unwrap_or_default();
    let file = || {
        known
            .file
            .map_or_else(Default::default, |file| compared.file_id(file))
    };
    match item.side() {
        Side::Payment | Side::Refund => Key::Id(known.id.unwrap_or_default()),
        Side::Line | Side::Bank => Key::Place(file(), known.place),
        Side::Payout | Side::Batch => Key::Batch(file(), known.batch),
    }
}

/// How many items of the day there are of each side and outcome.
#[must_use]
pub fn counts(compared: &DaysCompared) -> BTreeMap<(Side, OutcomeKind), u64> {
    let mut counts = BTreeMap::new();
    for (item, outcome) in compared.of_the_day() {
        *counts.entry((item.side(), outcome.kind)).or_default() += 1;
    }
    counts
}

/// The counts as JSON: side, outcome, how many.
#[must_use]
pub fn counts_json(compared: &DaysCompared) -> Value {
    let counts = counts(compared).into_iter().map(
        |((side, kind), count)| json!({ "side": side.as_str(), "outcome": kind.as_str(), "count": count }),
    );
    counts.collect()
}

/// The files of which something was matched by an item of the day: they can no longer be undone.
pub(super) fn matched_files(compared: &DaysCompared) -> Vec<Uid> {
    let mut files = BTreeSet::new();
    let file_of = |item: Item| {
        let number = compared.known(item)?.file?;
        Some(Uid(compared.file_id(number)))
    };
    for (item, outcome) in compared
        .of_the_day()
        .filter(|(_, outcome)| is_matched(outcome))
    {
        let links = compared.comparison.links(outcome);
        let matched = links.filter(|link| link.role == Role::Matched);
        let mut others = matched.map(|link| link.item).peekable();
        if others.peek().is_some() {
            files.extend(others.chain([item]).filter_map(file_of));
        }
    }
    files.into_iter().collect()
}

fn is_matched(outcome: &Outcome) -> bool {
    use OutcomeKind as K;
    matches!(
        outcome.kind,
        K::Matched
            | K::MatchedSettlement
            | K::MatchedSplit
            | K::Merged
            | K::PayoutMatched
            | K::RefundMatched
            | K::FeeDiffers
    )
}
