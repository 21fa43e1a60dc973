//! Letting a held file in: a second officer looked and says why. What was imported meanwhile is looked
//! at again, so that no line comes in twice.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::compare::{Own, compare};
use super::identity::judge;
use super::keep::store_pages;
use super::sorting::Page;
use super::{HELD, Hand, IMPORTED, StatementError, UNDONE, must_be_officer, must_find, must_say};
use crate::domain::time::Day;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementRow};
use crate::store::types::Ts;

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
    db.write(|queries| {
        must_be_officer(queries, hand)?;
        let mut row = must_find(queries, hand, id)?;
        if row.state == UNDONE {
            return Err(StatementError::Undone);
        }
        if row.state != HELD {
            return Err(StatementError::NotHeld(row.state));
        }
        if row.imported_by == hand.officer {
            return Err(StatementError::SameOfficer(row.imported_by));
        }
        let reason = must_say(reason)?;
        let statements = queries.list_statements_of(row.tenant, &[row.file_id])?;
        must_not_contradict(queries, &row, statements.clone())?;
        again(queries, &mut row, &statements)?;
        IMPORTED.clone_into(&mut row.state);
        row.overridden_by = Some(hand.officer.to_owned());
        row.override_reason = Some(reason);
        row.overridden_at = Some(Ts(hand.now));
        queries.mark_statement_file(&row)?;
        Ok(row)
    })
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

/// Leaves out the lines that were imported meanwhile.
fn again(
    queries: &mut dyn Queries,
    row: &mut StatementFileRow,
    statements: &[StatementRow],
) -> Result<(), StatementError> {
    let mut pages: BTreeMap<Day, Vec<Page>> = BTreeMap::new();
    for page in queries.list_statement_pages_of(row.tenant, row.file_id)? {
        pages.entry(page.day).or_default().push(Page {
            day: page.day,
            lines: u32::try_from(page.line_count).unwrap_or(0),
            credit: page.credit_minor,
            debit: page.debit_minor,
            data: page.data,
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
        accounts: &accounts,
        without: &[],
    };
    let compared = compare(queries, &own, &pages)?;
    if compared.known == 0 {
        return Ok(());
    }
    let known = i64::try_from(compared.known).unwrap_or(i64::MAX);
    row.new_count -= known;
    row.known_count += known;
    queries.delete_statement_pages(row.tenant, row.file_id)?;
    store_pages(queries, row, compared.pages.iter().map(AsRef::as_ref))
}
