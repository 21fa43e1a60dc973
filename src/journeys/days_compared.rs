//! What a comparison of the days around one day gives: what was compared, what became of it, the files
//! that were used, and which files were missed. Read by whoever shows, stores or closes; changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::time::Day;
use crate::reconciliation::compare::known::{Known, known};
use crate::reconciliation::compare::reason::{Reason, name_of, reason_naming};
use crate::reconciliation::compare::{ChannelNo, Comparison, FileNo, Input, Item, Outcome, Payout};
use crate::store::rows::StatementFileRow;

/// Which files of a day are there, and which are not.
#[derive(Debug, Clone, Default)]
pub struct FilesOfDay {
    /// Sources of which a file was expected for the day and due by today, and no line of the day is
    /// known: the source, and the day on which the file was due.
    pub missing: Vec<(String, Day)>,
    /// Sources of which a file is expected for the day and not due yet, and no line is known.
    pub awaited: Vec<String>,
    /// Sources that brought a file of days for which there can be none.
    pub unexpected: Vec<String>,
    /// Channels in the settings on which no source reports.
    pub unreported: BTreeSet<String>,
    /// Days of which a source has lines, around the day.
    pub lines_on: BTreeSet<(String, Day)>,
}

/// What was compared and found, for the days around one day.
pub struct DaysCompared {
    /// The day that was asked about.
    pub day: Day,
    /// The first of the days around it.
    pub from: Day,
    /// The last of the days around it.
    pub to: Day,
    /// What was compared.
    pub input: Input,
    /// What became of each item.
    pub comparison: Comparison,
    /// The channels, by name.
    pub channels: BTreeMap<String, ChannelNo>,
    /// The files, by number.
    pub files: Vec<StatementFileRow>,
    /// Which files of the day are there, and which are not.
    pub expected: FilesOfDay,
    pub(super) payments: Vec<Day>,
    pub(super) lines: Vec<Day>,
    pub(super) banks: Vec<Day>,
    pub(super) refunds: Vec<Day>,
}

impl DaysCompared {
    /// The business day of an item: its session's first day, the day on the statement, the day a
    /// refund was approved. `None` when there is no such item.
    #[must_use]
    pub fn day_of(&self, item: Item) -> Option<Day> {
        let of = |days: &[Day], number: u32| {
            let number = usize::try_from(number).ok()?;
            days.get(number).copied()
        };
        match item {
            Item::Payment(number) => of(&self.payments, number),
            Item::Line(number) => of(&self.lines, number),
            Item::Bank(number) => of(&self.banks, number),
            Item::Refund(number) => of(&self.refunds, number),
            Item::Payout(number) => {
                let number = usize::try_from(number).ok()?;
                Some(self.comparison.payouts.get(number)?.day)
            }
            Item::Batch(_) => {
                let own = self.known(item)?;
                let payouts = self.comparison.payouts.iter();
                let is_it = |one: &&Payout| match own.batch {
                    "" => one.is_of_day,
                    batch => !one.is_of_day && one.batch == batch,
                };
                let of_file = payouts.filter(|one| Some(one.file) == own.file);
                of_file.filter(is_it).map(|one| one.day).max()
            }
        }
    }

    /// The items of the day, each with what became of it.
    pub fn of_the_day(&self) -> impl Iterator<Item = (Item, &Outcome)> {
        let day = Some(self.day);
        let all = self.comparison.all();
        all.filter(move |(item, _)| self.day_of(*item) == day)
    }

    /// What an item is known by.
    #[must_use]
    pub fn known(&self, item: Item) -> Option<Known<'_>> {
        known(&self.input, &self.comparison, item)
    }

    /// A file that was used.
    #[must_use]
    pub fn file(&self, number: FileNo) -> Option<&StatementFileRow> {
        self.files.get(usize::try_from(number.0).ok()?)
    }

    /// The id of a file that was used.
    #[must_use]
    pub fn file_id(&self, number: FileNo) -> Uuid {
        self.file(number).map_or(Uuid::nil(), |file| file.file_id.0)
    }

    /// The name of a channel.
    #[must_use]
    pub fn channel(&self, number: ChannelNo) -> &str {
        let contract = self.input.contract(number);
        contract.map_or("", |contract| &contract.channel)
    }

    /// The files with lines of the day.
    #[must_use]
    pub fn files_of_the_day(&self) -> Vec<&StatementFileRow> {
        let mut numbers = BTreeSet::new();
        let day = Some(&self.day);
        for (number, of) in (0..).zip(&self.lines) {
            if Some(of) == day {
                numbers.extend(self.known(Item::Line(number)).and_then(|one| one.file));
            }
        }
        for (number, of) in (0..).zip(&self.banks) {
            if Some(of) == day {
                numbers.extend(self.known(Item::Bank(number)).and_then(|one| one.file));
            }
        }
        let files = numbers.into_iter();
        files.filter_map(|number| self.file(number)).collect()
    }

    fn file_name(&self, number: FileNo) -> String {
        let file = self.file(number);
        file.map_or_else(String::new, |file| file.file_name.clone())
    }

    /// What an item is called, with the name of its file.
    #[must_use]
    pub fn name(&self, item: Item) -> String {
        let file = |number| self.file_name(number);
        name_of(&self.input, &self.comparison, item, &file)
    }

    /// Why an item's outcome is what it is, with the names of files.
    #[must_use]
    pub fn reason(&self, item: Item) -> Option<Reason> {
        let file = |number| self.file_name(number);
        reason_naming(&self.input, &self.comparison, item, &file)
    }
}
