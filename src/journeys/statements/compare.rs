//! A file's lines beside those that are known of the same days: what is new, what is known, what is
//! known and missing in the file. Entries are told apart by account, day, amount, reference, memo and
//! balance, and equal ones counted, so that true twins stay. Writes nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::StatementError;
use super::sorting::{Page, digest};
use crate::domain::statement::Line;
use crate::domain::time::Day;
use crate::reconciliation::pages::{Entry, entries};
use crate::store::ops::Queries;
use crate::store::rows::StatementPageRow;
use crate::store::types::Uid;

/// Lines that are shown of those that differ.
const SHOWN: usize = 20;

/// What MT940 writes where there is no reference.
const NO_REFERENCE: &str = "NONREF";

type Key = [u8; 16];

/// What a file looks like from outside.
pub(super) struct Own<'a> {
    pub(super) tenant: i32,
    pub(super) source: &'a str,
    /// The account of each statement; none when it repeats an earlier one and does not count.
    pub(super) accounts: &'a [Option<String>],
    /// Files that are to be replaced, so that their lines are not known.
    pub(super) without: &'a [Uid],
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
pub(super) struct Compared<'a> {
    pub(super) pages: Vec<Cow<'a, Page>>,
    pub(super) known: u64,
    pub(super) new: u64,
    /// Known lines of each statement.
    pub(super) of_statement: HashMap<usize, Known>,
    /// Days on which some lines are known, some new and some missing.
    pub(super) changed: Vec<Day>,
    /// Days on which a new line has the reference of a known one that the file does not have.
    pub(super) rivals: Vec<Day>,
    /// Some of the lines that are new on days that have known lines.
    pub(super) only_here: Vec<Line>,
    /// Some of the lines that are known and not in the file.
    pub(super) only_known: Vec<Line>,
}

/// Compares a file with what is known.
pub(super) fn compare<'a>(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    pages: &'a BTreeMap<Day, Vec<Page>>,
) -> Result<Compared<'a>, StatementError> {
    let mut done = Compared::default();
    let has_repeats = own.accounts.iter().any(Option::is_none);
    for (day, pages) in pages {
        let mut rows = queries.list_statement_pages(own.tenant, own.source, *day, *day)?;
        rows.retain(|row| !own.without.contains(&row.file_id));
        if rows.is_empty() && !has_repeats {
            for page in pages {
                done.new += u64::from(page.lines);
                done.pages.push(Cow::Borrowed(page));
            }
            continue;
        }
        one_day(queries, own, *day, pages, &rows, &mut done)?;
    }
    Ok(done)
}

fn one_day(
    queries: &mut dyn Queries,
    own: &Own<'_>,
    day: Day,
    pages: &[Page],
    rows: &[StatementPageRow],
    done: &mut Compared<'_>,
) -> Result<(), StatementError> {
    let accounts = accounts_of(queries, own.tenant, rows)?;
    let mut left: HashMap<Key, u32> = HashMap::new();
    for row in rows {
        for entry in entries(&row.data) {
            let entry = entry?;
            let key = key(account_in(&accounts, row.file_id, &entry), &entry);
            *left.entry(key).or_default() += 1;
        }
    }
    let (known_before, new_before) = (done.known, done.new);
    let mut here: HashSet<Key> = HashSet::new();
    let mut page = Page::of(day);
    for entry in pages.iter().flat_map(|page| entries(&page.data)) {
        let entry = entry?;
        let Some(Some(account)) = own.accounts.get(entry.statement) else {
            continue;
        };
        if let Some(count) = left
            .get_mut(&key(account, &entry))
            .filter(|count| **count > 0)
        {
            *count -= 1;
            done.known += 1;
            let known = done.of_statement.entry(entry.statement).or_default();
            known.lines += 1;
            known.net = known.net.saturating_add(entry.amount);
            known.fees = known.fees.saturating_add(entry.fee.unwrap_or(0));
            continue;
        }
        done.new += 1;
        here.extend(named(account, &entry));
        if !rows.is_empty() && done.only_here.len() < SHOWN {
            done.only_here.push(entry.to_line());
        }
        // The sums of the whole file did fit, so these do.
        let _ = page.add(&entry);
        if page.is_full() {
            let full = std::mem::replace(&mut page, Page::of(day));
            done.pages.push(Cow::Owned(full));
        }
    }
    if page.lines > 0 {
        done.pages.push(Cow::Owned(page));
    }
    let is_missing = left.values().any(|count| *count > 0);
    if is_missing && done.known > known_before && done.new > new_before {
        done.changed.push(day);
    }
    if is_missing && is_rivalled(rows, &accounts, &left, &here)? {
        done.rivals.push(day);
    }
    missing(rows, &accounts, left, &mut done.only_known)
}

/// Whether a known line that is not in the file has the reference of one that is new in it.
fn is_rivalled(
    rows: &[StatementPageRow],
    accounts: &HashMap<(Uid, usize), String>,
    left: &HashMap<Key, u32>,
    here: &HashSet<Key>,
) -> Result<bool, StatementError> {
    for row in rows {
        for entry in entries(&row.data) {
            let entry = entry?;
            let account = account_in(accounts, row.file_id, &entry);
            let is_missing = left
                .get(&key(account, &entry))
                .is_some_and(|count| *count > 0);
            if is_missing && named(account, &entry).is_some_and(|name| here.contains(&name)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Some of the known lines that were not found in the file.
fn missing(
    rows: &[StatementPageRow],
    accounts: &HashMap<(Uid, usize), String>,
    mut left: HashMap<Key, u32>,
    into: &mut Vec<Line>,
) -> Result<(), StatementError> {
    left.retain(|_, count| *count > 0);
    if left.is_empty() {
        return Ok(());
    }
    for row in rows {
        for entry in entries(&row.data) {
            let entry = entry?;
            let key = key(account_in(accounts, row.file_id, &entry), &entry);
            if into.len() >= SHOWN {
                return Ok(());
            }
            if let Some(count) = left.get_mut(&key).filter(|count| **count > 0) {
                *count -= 1;
                into.push(entry.to_line());
            }
        }
    }
    Ok(())
}

/// The accounts of the statements in some files.
fn accounts_of(
    queries: &mut dyn Queries,
    tenant: i32,
    rows: &[StatementPageRow],
) -> Result<HashMap<(Uid, usize), String>, StatementError> {
    let mut files: Vec<Uid> = rows.iter().map(|row| row.file_id).collect();
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

fn account_in<'a>(
    accounts: &'a HashMap<(Uid, usize), String>,
    file: Uid,
    entry: &Entry<'_>,
) -> &'a str {
    accounts
        .get(&(file, entry.statement))
        .map_or("", String::as_str)
}

fn key(account: &str, entry: &Entry<'_>) -> Key {
    let mut hash = Sha256::new();
    hash.update(account.as_bytes());
    hash.update([0]);
    digest(&mut hash, entry);
    short(hash)
}

/// What a line calls itself: account, reference and the side of its money; none without a reference.
fn named(account: &str, entry: &Entry<'_>) -> Option<Key> {
    let reference = entry.bank_reference.or(entry.reference)?;
    if reference.is_empty() || reference == NO_REFERENCE {
        return None;
    }
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
