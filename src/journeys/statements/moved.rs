//! The same reference with the same amount on another day: a line that came again with another date, or
//! a reference that was used again. Which of them it is is for the verdict to judge.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::StatementError;
use super::compare::{Own, Shelf, reference};
use super::sorting::Leaf;
use crate::domain::time::Day;
use crate::reconciliation::pages::{Entry, entries};
use crate::store::ops::Queries;

/// New lines that are known on another day.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// How many known lines bring money in.
    pub(super) credits: u64,
    /// How many take money out.
    pub(super) debits: u64,
    /// One of them: its reference, its day in the file and the day on which it is known.
    pub(super) first: Option<(String, Day, Day)>,
}

impl Moved {
    /// What an officer is told.
    pub(super) fn sentence(&self) -> String {
        let lines = self.credits + self.debits;
        let (name, here, known) = self.first.clone().unwrap_or_default();
        let format = |day: Day| day.format("%d/%m/%Y").to_string();
        format!(
            "{lines} new {} the reference and the amount of one that is known on another day, such as {name} on {} \
             and on {}",
            if lines == 1 { "line has" } else { "lines have" },
            format(here),
            format(known),
        )
    }
}

/// Looks for new lines among those that are known on other days.
pub(super) fn moved(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    shelf: &Shelf,
    new: &[Leaf],
) -> Result<Moved, StatementError> {
    let mut found = Moved::default();
    let is_elsewhere = |leaf: &Leaf| shelf.heads.iter().any(|head| head.day != leaf.day);
    if !new.iter().any(is_elsewhere) {
        return Ok(found);
    }
    let mut days: HashMap<u64, Day> = HashMap::new();
    for leaf in new {
        let data = own.lines(queries, leaf)?;
        for entry in entries(&data) {
            let entry = entry?;
            if let Some(account) = own.account(&entry)
                && let Some(name) = named(account, &entry)
            {
                days.insert(name, entry.date);
            }
        }
    }
    shelf.look(queries, own, |_| true, &mut |account, entry| {
        let name = named(account, entry);
        let day = name.and_then(|name| days.get(&name));
        if let Some(day) = day.filter(|day| **day != entry.date) {
            let side = if entry.amount < 0 {
                &mut found.debits
            } else {
                &mut found.credits
            };
            *side += 1;
            let name = reference(entry).unwrap_or_default();
            found
                .first
                .get_or_insert_with(|| (name.to_owned(), *day, entry.date));
        }
        true
    })?;
    Ok(found)
}

/// Account, reference and amount of a line as one number; none without a reference.
fn named(account: &str, entry: &Entry<'_>) -> Option<u64> {
    let reference = reference(entry)?;
    let mut hash = DefaultHasher::new();
    (account, reference, entry.amount).hash(&mut hash);
    Some(hash.finish())
}
