//! What a difference speaks of, as a text that stays the same from run to run: a payment or refund by
//! its id, a line by its reference and day, a payout by its batch, a file by its source and day. Lines
//! that share everything are told apart by their place among them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::domain::time::Day;
use crate::journeys::compare_days::DaysCompared;
use crate::reconciliation::compare::{Item, Side};

/// The items that some subjects speak of.
pub(super) struct Subjects {
    items: HashMap<String, Item>,
    subjects: HashMap<Item, String>,
}

impl Subjects {
    /// Finds the subjects of `wanted`, and the items of the subjects `known`, among the items of `days`.
    pub(super) fn find(
        compared: &DaysCompared,
        wanted: &[Item],
        known: &[&str],
        days: &BTreeSet<Day>,
    ) -> Self {
        let mut groups: HashMap<String, Vec<Item>> = HashMap::new();
        let mut text = String::new();
        for item in wanted {
            write_base(compared, *item, &mut text);
            groups.entry(text.clone()).or_default();
        }
        for subject in known {
            groups.entry(base_of(subject).to_owned()).or_default();
        }
        for (item, _) in compared.comparison.all() {
            if groups.is_empty() || !compared.day_of(item).is_some_and(|day| days.contains(&day)) {
                continue;
            }
            write_base(compared, item, &mut text);
            if let Some(group) = groups.get_mut(text.as_str()) {
                group.push(item);
            }
        }
        let mut found = Self {
            items: HashMap::new(),
            subjects: HashMap::new(),
        };
        for (base, group) in groups {
            for (place, item) in group.into_iter().enumerate() {
                let subject = match place {
                    0 => base.clone(),
                    _ => format!("{base}#{}", place + 1),
                };
                found.items.insert(subject.clone(), item);
                found.subjects.insert(item, subject);
            }
        }
        found
    }

    /// The item of a subject.
    pub(super) fn item(&self, subject: &str) -> Option<Item> {
        self.items.get(subject).copied()
    }

    /// The subject of an item.
    pub(super) fn subject(&self, item: Item) -> &str {
        self.subjects.get(&item).map_or("", String::as_str)
    }
}

/// The subject of the files of a source for a day.
pub(super) fn of_file(source: &str, day: Day) -> String {
    format!("file:{source}:{day}")
}

/// A subject without its place among those that share everything; only lines have one, and theirs
/// follows on a day.
fn base_of(subject: &str) -> &str {
    let is_line = subject.starts_with("line:") || subject.starts_with("bank:");
    match subject.rsplit_once('#') {
        Some((base, place)) if is_line && place.parse::<u32>().is_ok() => base,
        Some(_) | None => subject,
    }
}

fn write_base(compared: &DaysCompared, item: Item, out: &mut String) {
    out.clear();
    let known = compared.known(item).unwrap_or_default();
    let channel = known.channel.map_or("", |number| compared.channel(number));
    let file = known.file.and_then(|number| compared.file(number));
    let file_id = file.map_or_else(Default::default, |file| file.file_id.0);
    let id = known.id.unwrap_or_default();
    let (word, of) = match item.side() {
        Side::Payment => ("payment", ""),
        Side::Refund => ("refund", ""),
        Side::Line => ("line", channel),
        Side::Bank => ("bank", file.map_or("", |file| &file.source)),
        Side::Payout => ("payout", channel),
        Side::Batch => ("batch", channel),
    };
    // Writing to a text does not fail.
    let _ = match item.side() {
        Side::Payment | Side::Refund => write!(out, "{word}:{id}"),
        Side::Payout | Side::Batch => write!(out, "{word}:{of}:{file_id}:{}", known.batch),
        Side::Line | Side::Bank => {
            let day = compared.day_of(item).unwrap_or_default();
            if known.reference.is_empty() {
                write!(out, "{word}:{of}:{file_id}:{}@{day}", known.place)
            } else {
                write!(out, "{word}:{of}:{}@{day}", known.reference)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_off_and_nothing_else() {
        for (subject, base) in [
            ("line:vnpay:1001@2026-01-05", "line:vnpay:1001@2026-01-05"),
            ("line:vnpay:1001@2026-01-05#2", "line:vnpay:1001@2026-01-05"),
            ("line:vnpay:#7@2026-01-05", "line:vnpay:#7@2026-01-05"),
            ("payout:momo:x:a#3", "payout:momo:x:a#3"),
        ] {
            assert_eq!(base_of(subject), base);
        }
    }
}
