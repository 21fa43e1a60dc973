//! The differences that a comparison wants to stand for its day: one for each item that needs a
//! person, and for files that are missing, late or came for a day off. A disagreement of which both
//! sides are of the day stands once, on our side of it. Reads what was found; opens nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::subjects::{Subjects, of_file};
use crate::domain::difference::DifferenceKind;
use crate::domain::money::Currency;
use crate::journeys::compare_days::DaysCompared;
use crate::reconciliation::compare::{Item, Outcome, OutcomeKind, Role, Side};

/// A difference that should stand.
pub(super) struct Wanted {
    pub(super) kind: DifferenceKind,
    pub(super) subject: String,
    pub(super) channel: String,
    /// The payment it speaks of.
    pub(super) payment: Option<Uuid>,
    pub(super) minor: i64,
    pub(super) currency: Currency,
    pub(super) evidence: Value,
    /// It is only told: it is settled as soon as it is opened.
    pub(super) is_told_only: bool,
}

/// The items of the day that need a person, each for itself or for the pair it is of.
pub(super) fn differing(compared: &DaysCompared) -> Vec<Item> {
    let items = compared.of_the_day();
    let differ = items.filter(|(item, outcome)| {
        outcome.kind.is_difference() && !stands_elsewhere(compared, *item, outcome)
    });
    differ.map(|(item, _)| item).collect()
}

/// Whether the other side of the pair is of the same day and tells the same, and comes first.
fn stands_elsewhere(compared: &DaysCompared, item: Item, outcome: &Outcome) -> bool {
    let mut links = compared.comparison.links(outcome);
    links.any(|link| {
        let other = compared.comparison.outcome(link.item);
        link.role == Role::Matched
            && rank(link.item.side()) < rank(item.side())
            && other.is_some_and(|other| other.kind == outcome.kind)
            && compared.day_of(link.item) == Some(compared.day)
    })
}

fn rank(side: Side) -> u8 {
    match side {
        Side::Payment => 0,
        Side::Refund => 1,
        Side::Payout => 2,
        Side::Line => 3,
        Side::Bank => 4,
        Side::Batch => 5,
    }
}

/// Everything that should stand for the day.
pub(super) fn wanted(compared: &DaysCompared, items: &[Item], subjects: &Subjects) -> Vec<Wanted> {
    let of_items = items.iter().filter_map(|item| {
        let outcome = compared.comparison.outcome(*item)?;
        of_item(compared, *item, outcome, subjects.subject(*item))
    });
    of_items.chain(of_files(compared)).collect()
}

fn of_item(
    compared: &DaysCompared,
    item: Item,
    outcome: &Outcome,
    subject: &str,
) -> Option<Wanted> {
    let known = compared.known(item)?;
    let contract = known
        .channel
        .and_then(|channel| compared.input.contract(channel));
    let own = contract.map_or(Currency::VND, |contract| contract.currency);
    let reason = compared.reason(item)?;
    let file = known.file.and_then(|file| compared.file(file));
    let minor = match outcome.difference {
        0 => known.amount,
        difference => difference,
    };
    let evidence = json!({
        "item": compared.name(item),
        "amount": known.amount,
        "difference": outcome.difference,
        "file": file.map(|file| file.file_name.as_str()),
        "source": file.map(|file| file.source.as_str()),
        "line": file.filter(|_| known.place > 0).map(|_| known.place),
        "reason": reason,
    });
    Some(Wanted {
        kind: kind_of(outcome.kind)?,
        subject: subject.to_owned(),
        channel: contract.map_or_else(String::new, |contract| contract.channel.clone()),
        payment: known.payment,
        minor: minor.saturating_abs(),
        currency: known.currency.unwrap_or(own),
        evidence,
        is_told_only: false,
    })
}

/// The kind of difference an outcome is: the same word.
fn kind_of(kind: OutcomeKind) -> Option<DifferenceKind> {
    DifferenceKind::parse(kind.as_str()).filter(|_| kind.is_difference())
}

fn of_files(compared: &DaysCompared) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let of = |kind, source: &str, evidence| Wanted {
        kind,
        subject: of_file(source, compared.day),
        channel: String::new(),
        payment: None,
        minor: 0,
        currency: Currency::VND,
        evidence,
        is_told_only: kind == DifferenceKind::LateFile,
    };
    for (source, due) in &compared.expected.missing {
        let evidence = json!({ "source": source, "due": due.to_string() });
        wanted.push(of(DifferenceKind::MissingFile, source, evidence));
    }
    for source in &compared.expected.unexpected {
        let evidence = json!({ "source": source, "reason": "no file can be of a day off" });
        wanted.push(of(DifferenceKind::UnexpectedFile, source, evidence));
    }
    let files = compared.files_of_the_day();
    let late = files.iter().filter(|file| file.is_late);
    let sources: BTreeSet<&str> = late.map(|file| file.source.as_str()).collect();
    for source in sources {
        let own = files
            .iter()
            .filter(|file| file.source == source && file.is_late);
        let names: Vec<&str> = own.map(|file| file.file_name.as_str()).collect();
        let evidence = json!({ "source": source, "files": names });
        wanted.push(of(DifferenceKind::LateFile, source, evidence));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_that_needs_a_person_is_a_kind_of_difference() {
        for kind in OutcomeKind::ALL {
            assert_eq!(kind_of(*kind).is_some(), kind.is_difference(), "{kind:?}");
        }
    }
}
