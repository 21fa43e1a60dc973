//! A file's lines beside those that are known of the same days: what is new, what is known, what is
//! known and missing in the file. Entries are told apart by account, day, amount, reference, memo and
//! balance, and equal ones counted, so that true twins stay. One page is in memory at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::StatementError;
use super::moved::{Moved, moved};
use super::sorting::{Leaf, Page, Place, digest};
use super::spool::Spool;
use crate::domain::statement::Line;
use crate::domain::time::Day;
use crate::reconciliation::pages::{Entry, entries};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::StatementPageHead;
use crate::store::types::Uid;

/// Lines that are shown of those that differ.
const SHOWN: usize = 20;

/// Days before and after a file in which a line may stand that it has on another day.
const AROUND: i64 = 3;

/// What MT940 writes where there is no reference.
const NO_REFERENCE: &str = "NONREF";

type Key = [u8; 16];

/// What a file looks like from outside.
pub(super) struct Own<'a> {
    pub(super) tenant: i32,
    pub(super) source: &'a str,
    /// The file, whose stored pages are read when they are not in the spool.
    pub(super) file: Uid,
    pub(super) spool: &'a Spool,
    /// The account of each statement; none when it repeats an earlier one and does not count.
    pub(super) accounts: &'a [Option<String>],
    /// Files that are to be replaced, so that their lines are not known.
    pub(super) without: &'a [Uid],
}

impl Own<'_> {
    /// The lines of a page of this file.
    pub(super) fn lines(
        &self,
        queries: &mut dyn Queries,
        leaf: &Leaf,
    ) -> Result<Vec<u8>, StatementError> {
        match leaf.place {
            Place::Spooled(piece) => Ok(self.spool.get(piece)?),
            Place::Stored(page) => {
                let key = (leaf.day, self.file, page);
                stored(queries, self, key)
            }
        }
    }

    /// The account of a line of this file; none when it does not count.
    pub(super) fn account(&self, entry: &Entry<'_>) -> Option<&str> {
        self.accounts.get(entry.statement)?.as_deref()
    }
}

/// The lines of a stored page.
fn stored(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    (day, file, page): (Day, Uid, i32),
) -> Result<Vec<u8>, StatementError> {
    let found = queries.find_statement_page(own.tenant, own.source, day, file, page)?;
    found.ok_or_else(|| {
        let text = format!(
            "page {page} of {day} of statement file {} is not there",
            file.0
        );
        Failure::Broken(text).into()
    })
}

/// Pages that are known, and the accounts of their lines.
pub(super) struct Shelf {
    pub(super) heads: Vec<StatementPageHead>,
    accounts: HashMap<(Uid, usize), String>,
}

impl Shelf {
    /// The known pages of the days of a file and of some around them.
    fn of(
        queries: &mut dyn Queries,
        own: &Own<'_>,
        (first, last): (Day, Day),
    ) -> Result<Self, StatementError> {
        let around = TimeDelta::days(AROUND);
        let from = first.checked_sub_signed(around).unwrap_or(first);
        let to = last.checked_add_signed(around).unwrap_or(last);
        let mut heads = queries.list_statement_page_heads(own.tenant, own.source, from, to)?;
        heads.retain(|head| !own.without.contains(&head.file_id));
        let accounts = accounts_of(queries, own.tenant, &heads)?;
        Ok(Self { heads, accounts })
    }

    pub(super) fn account(&self, file: Uid, entry: &Entry<'_>) -> &str {
        let found = self.accounts.get(&(file, entry.statement));
        found.map_or("", String::as_str)
    }

    /// Shows every known line of some days until `see` says that it has seen enough.
    pub(super) fn look(
        &self,
        queries: &mut dyn Queries,
        own: &Own<'_>,
        is_asked: impl Fn(Day) -> bool,
        see: &mut dyn FnMut(&str, &Entry<'_>) -> bool,
    ) -> Result<(), StatementError> {
        for head in self.heads.iter().filter(|head| is_asked(head.day)) {
            let data = stored(queries, own, (head.day, head.file_id, head.page))?;
            for entry in entries(&data) {
                let entry = entry?;
                if !see(self.account(head.file_id, &entry), &entry) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Known lines of a statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) lines: u64,
    pub(super) net: i64,
    pub(super) fees: i64,
}

/// What came out.
#[derive(Default)]
pub(super) struct Compared {
    /// The pages of the new lines.
    pub(super) leaves: Vec<Leaf>,
    /// Days whose pages are not those of the file, because some of their lines are known.
    pub(super) rewritten: BTreeSet<Day>,
    pub(super) known: u64,
    pub(super) new: u64,
    /// Known lines of each statement.
    pub(super) of_statement: HashMap<usize, Known>,
    /// Days on which some lines are known, some new and some missing.
    pub(super) changed: Vec<Day>,
    /// Days on which a new line has the reference of a known one that the file does not have.
    pub(super) rivals: Vec<Day>,
    /// New lines that are known, by reference and amount, on another day.
    pub(super) moved: Moved,
    /// Some of the lines that are new on days that have known lines.
    pub(super) only_here: Vec<Line>,
    /// Some of the lines that are known and not in the file.
    pub(super) only_known: Vec<Line>,
}

impl Compared {
    /// Days of the new lines.
    pub(super) fn days(&self) -> BTreeSet<Day> {
        self.leaves.iter().map(|leaf| leaf.day).collect()
    }
}

/// Compares a file with what is known.
pub(super) fn compare(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    leaves: &BTreeMap<Day, Vec<Leaf>>,
) -> Result<Compared, StatementError> {
    let mut done = Compared::default();
    let ends = leaves.keys().next().zip(leaves.keys().next_back());
    let Some((first, last)) = ends else {
        return Ok(done);
    };
    let shelf = Shelf::of(queries, own, (*first, *last))?;
    let known: HashSet<Day> = shelf.heads.iter().map(|head| head.day).collect();
    let has_repeats = own.accounts.iter().any(Option::is_none);
    for (day, leaves) in leaves {
        if known.contains(day) || has_repeats {
            one_day(queries, own, &shelf, (*day, leaves), &mut done)?;
            continue;
        }
        for leaf in leaves {
            done.new += u64::from(leaf.lines);
            done.leaves.push(*leaf);
        }
    }
    done.moved = moved(queries, own, &shelf, &done.leaves)?;
    Ok(done)
}

fn one_day(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    shelf: &Shelf,
    (day, leaves): (Day, &[Leaf]),
    done: &mut Compared,
) -> Result<(), StatementError> {
    let mut left: HashMap<Key, u32> = HashMap::new();
    shelf.look(queries, own, |one| one == day, &mut |account, entry| {
        *left.entry(key(account, entry)).or_default() += 1;
        true
    })?;
    let has_known = !left.is_empty();
    let (known_before, new_before) = (done.known, done.new);
    let mut here: HashSet<Key> = HashSet::new();
    let mut page = Page::of(day);
    let mut kept = Vec::new();
    for leaf in leaves {
        let data = own.lines(queries, leaf)?;
        for entry in entries(&data) {
            let entry = entry?;
            let Some(account) = own.account(&entry) else {
                continue;
            };
            let found = left.get_mut(&key(account, &entry));
            if let Some(count) = found.filter(|count| **count > 0) {
                *count -= 1;
                note(done, &entry);
                continue;
            }
            done.new += 1;
            if has_known {
                here.extend(named(account, &entry));
                if done.only_here.len() < SHOWN {
                    done.only_here.push(entry.to_line());
                }
            }
            // The sums of the whole file did fit, so these do.
            let _ = page.add(&entry);
            if page.is_full() {
                let full = std::mem::replace(&mut page, Page::of(day));
                kept.push(full.put(own.spool).map_err(StatementError::Unreadable)?);
            }
        }
    }
    if page.lines > 0 {
        kept.push(page.put(own.spool).map_err(StatementError::Unreadable)?);
    }
    let lines = |leaves: &[Leaf]| leaves.iter().map(|leaf| u64::from(leaf.lines)).sum::<u64>();
    if lines(&kept) == lines(leaves) {
        // Nothing was left out: the pages of the file are as good.
        done.leaves.extend(leaves);
    } else {
        done.leaves.extend(kept);
        done.rewritten.insert(day);
    }
    left.retain(|_, count| *count > 0);
    if left.is_empty() {
        return Ok(());
    }
    if done.known > known_before && done.new > new_before {
        done.changed.push(day);
    }
    absent(queries, own, shelf, (day, left), &here, done)
}

fn note(done: &mut Compared, entry: &Entry<'_>) {
    done.known += 1;
    let known = done.of_statement.entry(entry.statement).or_default();
    known.lines += 1;
    known.net = known.net.saturating_add(entry.amount);
    known.fees = known.fees.saturating_add(entry.fee.unwrap_or(0));
}

/// Known lines that were not found in the file: some of them, and whether one has the reference of a
/// line that is new in it.
fn absent(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    shelf: &Shelf,
    (day, mut left): (Day, HashMap<Key, u32>),
    here: &HashSet<Key>,
    done: &mut Compared,
) -> Result<(), StatementError> {
    let mut is_rivalled = false;
    let shown = &mut done.only_known;
    shelf.look(queries, own, |one| one == day, &mut |account, entry| {
        if let Some(count) = left
            .get_mut(&key(account, entry))
            .filter(|count| **count > 0)
        {
            *count -= 1;
            is_rivalled |= named(account, entry).is_some_and(|name| here.contains(&name));
            if shown.len() < SHOWN {
                shown.push(entry.to_line());
            }
        }
        !is_rivalled || shown.len() < SHOWN
    })?;
    if is_rivalled {
        done.rivals.push(day);
    }
    Ok(())
}

/// The accounts of the statements in some files.
fn accounts_of(
    queries: &mut dyn Queries,
    tenant: i32,
    heads: &[StatementPageHead],
) -> Result<HashMap<(Uid, usize), String>, StatementError> {
    let mut files: Vec<Uid> = heads.iter().map(|head| head.file_id).collect();
    files.sort_unstable();
    files.dedup();
    let statements = queries.list_statements_of(tenant, &files)?;
    Ok(statements
        .into_iter()
        .filter_map(|row| {
            let position = usize::try_from(row.position).ok()?;
            Some(((row.file_id, position), row.account))
        })
        .collect())
}

fn key(account: &str, entry: &Entry<'_>) -> Key {
    let mut hash = Sha256::new();
    hash.update(account.as_bytes());
    hash.update([0]);
    digest(&mut hash, entry);
    short(hash)
}

/// The reference of a line, where it has one that says something.
pub(super) fn reference<'a>(entry: &Entry<'a>) -> Option<&'a str> {
    let reference = entry.bank_reference.or(entry.reference)?;
    (!reference.is_empty() && reference != NO_REFERENCE).then_some(reference)
}

/// What a line calls itself: account, reference and the side of its money; none without a reference.
fn named(account: &str, entry: &Entry<'_>) -> Option<Key> {
    let reference = reference(entry)?;
    let mut hash = Sha256::new();
    hash.update(account.as_bytes());
    hash.update([0, u8::from(entry.amount < 0)]);
    hash.update(reference.as_bytes());
    Some(short(hash))
}

fn short(hash: Sha256) -> Key {
    let full = hash.finalize();
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(full) {
        *to = from;
    }
    key
}
