//! Undoing an import while nothing of it is matched and no later file stands on it. The file, its bytes
//! and its lines stay on record; they count no more, and the same file may come again.

use uuid::Uuid;

use super::{Hand, StatementError, UNDONE, must_be_free, must_be_officer, must_find, must_say};
use crate::store::Db;
use crate::store::rows::StatementFileRow;
use crate::store::types::Ts;

/// Undoes an import.
///
/// # Errors
/// [`StatementError`]; the file counts as before then.
pub fn undo_import(
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
        let reason = must_say(reason)?;
        must_be_free(queries, &row)?;
        UNDONE.clone_into(&mut row.state);
        row.undone_by = Some(hand.officer.to_owned());
        row.undone_at = Some(Ts(hand.now));
        row.undo_reason = Some(reason);
        queries.mark_statement_file(&row)?;
        queries.mark_turn(row.tenant, &row.source)?;
        queries.mark_turn(row.tenant, "")?;
        Ok(row)
    })
}
