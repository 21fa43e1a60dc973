//! Taking a file in: read by its source's profile, refused when it is another's, in another currency,
//! or interim. Gives its statements as rows and its lines as pages; asks no database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use super::StatementError;
use super::fit::{Shown, is_table, misfit, profile_of};
use super::import_statement::{Import, Upload};
use super::sorting::{Leaf, Original, Seen, Sorting, Watch, original};
use super::spool::Spool;
use crate::config::source::{Source, SourceKind};
use crate::domain::statement::{Line, decimals_of};
use crate::domain::time::Day;
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::profiles::library;
use crate::reconciliation::reading::{Ask, Reading, read};
use crate::reconciliation::text::dates::DateOrder;
use crate::store::failure::Failure;
use crate::store::rows::StatementRow;
use crate::store::types::Uid;

/// A file that was read.
pub(super) struct Sorted {
    pub(super) reading: Reading,
    pub(super) id: Uid,
    pub(super) spool: Spool,
    pub(super) leaves: BTreeMap<Day, Vec<Leaf>>,
    pub(super) first: Vec<Line>,
    /// The account of each statement; none when it does not count.
    pub(super) accounts: Vec<Option<String>>,
    pub(super) statements: Vec<StatementRow>,
    pub(super) original: Original,
}

/// A file whose bytes were put away.
pub(super) struct Kept {
    spool: Spool,
    pub(super) original: Original,
    stamp: Option<(u64, SystemTime)>,
}

/// Puts the bytes of the file away.
pub(super) fn keep(import: &Import<'_>, upload: &Upload) -> Result<Kept, StatementError> {
    let keep = || {
        let stamp = stamp(&upload.input);
        let spool = Spool::open()?;
        let original = original(&upload.input, &spool, import.progress)?;
        Ok(Kept {
            spool,
            original,
            stamp,
        })
    };
    keep().map_err(StatementError::Unreadable)
}

/// Reads the file and refuses it when it is not of this source.
pub(super) fn sort(
    import: &Import<'_>,
    source: &Source,
    upload: &Upload,
    kept: Kept,
    id: Uid,
) -> Result<Sorted, StatementError> {
    let at = Arc::new(AtomicU64::new(0));
    let watch = Watch {
        tell: import.progress,
        at: &at,
        size: kept.original.bytes,
    };
    let input = Input::Watched(Box::new(upload.input.clone()), Arc::clone(&at));
    let (reading, mut sorting) =
        read_file(source, &input, &kept.spool, watch).map_err(StatementError::Unreadable)?;
    if stamp(&upload.input) != kept.stamp {
        let text = "the file changed while it was read: try again when it is whole";
        return Err(StatementError::Unreadable(Problem::file(text)));
    }
    let leaves = sorting.finish().map_err(StatementError::Unreadable)?;
    let days = leaves
        .keys()
        .next()
        .copied()
        .zip(leaves.keys().next_back().copied());
    let shown = Shown {
        profile: profile_of(&reading),
        account: reading.account(),
        days,
        is_table: is_table(&reading),
    };
    if let Some(text) = misfit(source, import.sources, &shown) {
        return Err(StatementError::WrongSource(text));
    }
    if reading.statements().any(|one| one.is_interim) {
        return Err(StatementError::Interim(reading.format));
    }
    same_currency(source, &reading, &sorting)?;
    let (accounts, statements) = rows(source, &reading, &sorting, id)?;
    if statements.is_empty() {
        let unknown = reading.findings.no_known_status();
        return Err(unknown.map_or(StatementError::Empty, StatementError::Unreadable));
    }
    let first = std::mem::take(&mut sorting.first);
    drop(sorting);
    Ok(Sorted {
        id,
        spool: kept.spool,
        first,
        leaves,
        accounts,
        statements,
        reading,
        original: kept.original,
    })
}

/// Size and time of a file on disk.
fn stamp(input: &Input) -> Option<(u64, SystemTime)> {
    match input {
        Input::File(path) => {
            let about = std::fs::metadata(path).ok()?;
            Some((about.len(), about.modified().ok()?))
        }
        Input::Memory(_) | Input::Watched(..) => None,
    }
}

/// Reads by the source's profile. A built-in one is not forced upon a file that is plainly another's.
fn read_file<'a>(
    source: &Source,
    input: &Input,
    spool: &'a Spool,
    watch: Watch<'a>,
) -> Result<(Reading, Sorting<'a>), Problem> {
    let before = spool.end();
    let run = |profile: Option<String>| {
        let ask = Ask {
            profile,
            date_order: source.date_order.as_deref().and_then(DateOrder::parse),
            currency: Some(source.currency),
            is_settlement: source.kind == SourceKind::Settlement,
        };
        spool.cut(before);
        let mut sorting = Sorting::new(source.currency, spool, watch);
        read(input, &ask, &mut sorting).map(|reading| (reading, sorting))
    };
    let asked = source.profile.clone();
    let is_built_in = |name: &String| library().profiles.iter().any(|one| one.name == *name);
    if !asked.as_ref().is_some_and(is_built_in) {
        return run(asked);
    }
    match run(None) {
        Ok((reading, sorting)) if profile_of(&reading).is_some() || !is_table(&reading) => {
            Ok((reading, sorting))
        }
        Ok(_) | Err(_) => run(asked),
    }
}

fn same_currency(
    source: &Source,
    reading: &Reading,
    sorting: &Sorting<'_>,
) -> Result<(), StatementError> {
    let own = source.currency;
    let named = reading.statements().filter_map(|one| one.currency);
    if let Some(other) = named.into_iter().find(|currency| *currency != own) {
        return Err(StatementError::OtherCurrency(format!(
            "the file is in {other}; source {} takes {own} only",
            source.name
        )));
    }
    if let Some((place, other)) = sorting.other_currency {
        return Err(StatementError::OtherCurrency(format!(
            "line {place} is in {other}; source {} takes {own} only",
            source.name
        )));
    }
    let is_scaled = |decimals: u32| decimals == decimals_of(own);
    if reading
        .statements()
        .any(|one| one.entries > 0 && !is_scaled(one.decimals))
    {
        return Err(StatementError::OtherCurrency(format!(
            "the file names no currency and its amounts are not written as {own} is"
        )));
    }
    Ok(())
}

/// The account of each statement, and the statements that have days.
fn rows(
    source: &Source,
    reading: &Reading,
    sorting: &Sorting<'_>,
    id: Uid,
) -> Result<(Vec<Option<String>>, Vec<StatementRow>), StatementError> {
    let found = &reading.findings.statements;
    if sorting.seen.len() > found.len() {
        let text = "lines stand in no statement".to_owned();
        return Err(StatementError::Failed(Failure::Broken(text)));
    }
    let none = Seen::default();
    let (mut accounts, mut rows) = (Vec::new(), Vec::new());
    for (position, one) in found.iter().enumerate() {
        let named = source.account.as_ref().or(one.account.as_ref());
        let account = named.cloned().unwrap_or_default();
        accounts.push((!one.is_repeat).then(|| account.clone()));
        let seen = sorting.seen.get(position).unwrap_or(&none);
        let Some((from_day, to_day)) = seen.days(one).filter(|_| !one.is_repeat) else {
            continue;
        };
        let (opening_minor, closing_minor) = seen.balances(one);
        rows.push(StatementRow {
            tenant: source.tenant.0,
            file_id: id,
            position: i32::try_from(position).unwrap_or(i32::MAX),
            account,
            currency: source.currency.to_string(),
            decimals: i32::try_from(decimals_of(source.currency)).unwrap_or(0),
            from_day,
            to_day,
            number: one.number.clone(),
            reference: one.reference.clone(),
            revision: 1,
            opening_minor,
            closing_minor,
            credit_minor: one.credit,
            debit_minor: one.debit,
            fees_minor: one.fees,
            line_count: i64::try_from(one.entries).unwrap_or(i64::MAX),
            digest: seen.digest(),
        });
    }
    Ok((accounts, rows))
}
