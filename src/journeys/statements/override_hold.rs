//! Letting a held file in: a second officer looked and says why. What was imported meanwhile is looked
//! at again, so that no line comes in twice, and lines of closed days count on the first open one.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::closed::{closed_of, first_open, sentences};
use super::compare::{Compared, Own, compare};
use super::identity::judge;
use super::keep::numbered;
use super::sorting::{Leaf, Place};
use super::spool::Spool;
use super::{HELD, Hand, IMPORTED, StatementError, UNDONE, must_be_officer, must_find, must_say};
use crate::domain::time::Day;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementPageRow, StatementRow};
use crate::store::types::Ts;

/// How often the file is looked at anew when others import at the same time.
const ATTEMPTS: usize = 5;

/// Lets a held file count.
///
/// # Errors
/// [`StatementError`]; the file is held as before then.
pub fn override_hold(
    db: &Db,
    hand: &Hand<'_>,
    id: Uuid,
    reason: &str,
) -> Result<StatementFileRow, StatementError> {
    for _ in 0..ATTEMPTS {
        let spool = Spool::open().map_err(StatementError::Unreadable)?;
        let looked = db.read(|queries| {
            let (row, statements) = may_be_let_in(queries, hand, id)?;
            must_say(reason)?;
            let turn = queries.find_turn(row.tenant, &row.source)?;
            Ok::<_, StatementError>((turn, again(queries, &row, &statements, &spool)?))
        })?;
        let done = db.write(|queries| let_in(queries, hand, (id, reason), &looked, &spool))?;
        if let Some(row) = done {
            return Ok(row);
        }
    }
    Err(StatementError::Busy)
}

/// The file, when this officer may let it in.
fn may_be_let_in(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    id: Uuid,
) -> Result<(StatementFileRow, Vec<StatementRow>), StatementError> {
    must_be_officer(queries, hand)?;
    let row = must_find(queries, hand, id)?;
    if row.state == UNDONE {
        return Err(StatementError::Undone);
    }
    if row.state != HELD {
        return Err(StatementError::NotHeld(row.state));
    }
    if row.imported_by == hand.officer {
        return Err(StatementError::SameOfficer(row.imported_by));
    }
    let statements = queries.list_statements_of(row.tenant, &[row.file_id])?;
    Ok((row, statements))
}

/// Lets the file in; `None` when another file of the source came in since it was looked at.
fn let_in(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    (id, reason): (Uuid, &str),
    (turn, compared): &(i64, Compared),
    spool: &Spool,
) -> Result<Option<StatementFileRow>, StatementError> {
    let (mut row, statements) = may_be_let_in(queries, hand, id)?;
    if queries.find_turn(row.tenant, &row.source)? != *turn {
        return Ok(None);
    }
    must_not_contradict(queries, &row, statements)?;
    leave_out(queries, &mut row, compared, spool)?;
    count_late(queries, &mut row)?;
    IMPORTED.clone_into(&mut row.state);
    row.overridden_by = Some(hand.officer.to_owned());
    row.override_reason = Some(must_say(reason)?);
    row.overridden_at = Some(Ts(hand.now));
    queries.mark_statement_file(&row)?;
    queries.mark_turn(row.tenant, &row.source)?;
    queries.mark_turn(row.tenant, "")?;
    Ok(Some(row))
}

fn must_not_contradict(
    queries: &mut dyn Queries,
    row: &StatementFileRow,
    statements: Vec<StatementRow>,
) -> Result<(), StatementError> {
    for one in judge(queries, &row.source, statements)? {
        if let Some(other) = &one.other
            && one.row.revision <= other.revision
        {
            return Err(StatementError::Contradicted(format!(
                "statement {} was imported meanwhile with other contents (file {}): undo one of them",
                one.row.number.as_deref().unwrap_or("without a number"),
                other.file_id.0
            )));
        }
    }
    Ok(())
}

/// Compares the lines of the file with those that were imported meanwhile.
fn again(
    queries: &mut dyn Queries,
    row: &StatementFileRow,
    statements: &[StatementRow],
    spool: &Spool,
) -> Result<Compared, StatementError> {
    let mut leaves: BTreeMap<Day, Vec<Leaf>> = BTreeMap::new();
    for head in queries.list_statement_page_heads_of(row.tenant, row.file_id)? {
        leaves.entry(head.day).or_default().push(Leaf {
            day: head.day,
            lines: u32::try_from(head.line_count).unwrap_or(0),
            credit: head.credit_minor,
            debit: head.debit_minor,
            place: Place::Stored(head.page),
        });
    }
    let mut accounts = Vec::new();
    for one in statements {
        let position = usize::try_from(one.position)
            .map_err(|_| Failure::Broken(format!("statement {} has no place", one.file_id.0)))?;
        while accounts.len() < position {
            accounts.push(Some(String::new()));
        }
        accounts.push(Some(one.account.clone()));
    }
    let own = Own {
        tenant: row.tenant,
        source: &row.source,
        file: row.file_id,
        spool,
        accounts: &accounts,
        without: &[],
    };
    compare(queries, &own, &leaves)
}

/// Writes the pages of those days anew on which lines are known by now.
fn leave_out(
    queries: &mut dyn Queries,
    row: &mut StatementFileRow,
    compared: &Compared,
    spool: &Spool,
) -> Result<(), StatementError> {
    let known = i64::try_from(compared.known).unwrap_or(i64::MAX);
    row.new_count -= known;
    row.known_count += known;
    let heads = queries.list_statement_page_heads_of(row.tenant, row.file_id)?;
    let counts_on: BTreeMap<Day, Day> = heads
        .iter()
        .map(|head| (head.day, head.counts_on))
        .collect();
    for day in &compared.rewritten {
        queries.delete_statement_pages(row.tenant, row.file_id, *day)?;
    }
    for (number, leaf) in numbered(&compared.leaves) {
        let Place::Spooled(piece) = leaf.place else {
            continue;
        };
        queries.insert_statement_pages(&[StatementPageRow {
            tenant: row.tenant,
            source: row.source.clone(),
            day: leaf.day,
            file_id: row.file_id,
            page: number,
            line_count: i32::try_from(leaf.lines).unwrap_or(i32::MAX),
            credit_minor: leaf.credit,
            debit_minor: leaf.debit,
            data: spool.get(piece)?,
            counts_on: counts_on.get(&leaf.day).copied().unwrap_or(leaf.day),
        }])?;
    }
    Ok(())
}

/// Lines of closed days count on the first open day; why is kept with the file.
fn count_late(queries: &mut dyn Queries, row: &mut StatementFileRow) -> Result<(), StatementError> {
    let heads = queries.list_statement_page_heads_of(row.tenant, row.file_id)?;
    let closed = closed_of(queries, row.tenant, heads.iter().map(|head| head.counts_on))?;
    for day in closed.keys() {
        let open = first_open(queries, row.tenant, *day)?;
        queries.mark_statement_pages(row.tenant, row.file_id, *day, open)?;
    }
    let mut holds: Vec<String> = serde_json::from_str(&row.holds)
        .map_err(|error| Failure::Broken(format!("file {}: {error}", row.file_id.0)))?;
    let told = sentences(&closed);
    let told: Vec<String> = told
        .into_iter()
        .filter(|one| !holds.contains(one))
        .collect();
    holds.extend(told);
    row.holds = serde_json::to_string(&holds)
        .map_err(|error| Failure::Broken(format!("the reasons cannot be written: {error}")))?;
    Ok(())
}
