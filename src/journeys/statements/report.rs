//! What an officer and other programs are told of an import: what was read, what is new, what is in
//! the way. Plain texts and numbers; the same for a preview, an import and a repeat.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::statement::{Line, Statement, StatementShown};
use crate::domain::time::{Day, VIETNAM};
use crate::store::rows::StatementFileRow;

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Its bytes are hashed and put away.
    Keeping,
    /// Its lines are read.
    Reading,
    /// Its lines are compared with those that are known.
    Comparing,
    /// It is written to the database.
    Storing,
}

/// How far an import is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub doing: Doing,
    /// Bytes done of this.
    pub done: u64,
    /// Bytes there are; 0 where it is not known.
    pub of: u64,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Report {
    /// `ok`, `held`, `duplicate_file`, `duplicate` or `conflict`.
    pub outcome: &'static str,
    /// Whether nothing was meant to be stored.
    pub is_preview: bool,
    /// The sentence for the officer.
    pub says: String,
    /// The file that was stored.
    pub file: Option<Uuid>,
    /// The source it was given for.
    pub source: String,
    /// The format.
    pub format: String,
    /// The account, when all statements have the same.
    pub account: Option<String>,
    /// The currency.
    pub currency: String,
    /// First day covered.
    pub from: Option<Day>,
    /// Last day covered.
    pub to: Option<Day>,
    /// Lines of the file.
    pub entries: u64,
    /// Lines no earlier file had.
    pub new_entries: u64,
    /// Lines an earlier file had.
    pub skipped_as_known: u64,
    /// Rows that are no money.
    pub not_counted: u64,
    /// Sum of money in, decimal text.
    pub sum_credit: String,
    /// Sum of money out.
    pub sum_debit: String,
    /// Sum of fees.
    pub sum_fee: String,
    /// Opening balance of the first statement.
    pub opening: Option<String>,
    /// Closing balance of the last statement.
    pub closing: Option<String>,
    /// Every statement of the file.
    pub statements: Vec<StatementShown>,
    /// The first lines.
    pub first: Vec<LineShown>,
    /// What was detected: profile, columns, encoding.
    pub detected: BTreeMap<&'static str, String>,
    /// Why an officer has to look.
    pub holds: Vec<String>,
    /// What an officer should know.
    pub warnings: Vec<String>,
    /// The earlier file, of a repeat or a conflict.
    pub earlier: Option<Earlier>,
    /// Entries that differ, of a conflict.
    pub differing: Option<Differing>,
}

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineShown {
    /// Line or row of the file.
    pub place: u64,
    /// Day.
    pub date: Day,
    /// Signed decimal text.
    pub amount: String,
    /// Fee.
    pub fee: Option<String>,
    /// The bank's reference or the customer's.
    pub reference: Option<String>,
    /// The merchant's order.
    pub order: Option<String>,
    /// Memo.
    pub memo: Option<String>,
}

/// An earlier file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// Its id.
    pub file: Uuid,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: String,
    /// When it was imported, RFC 3339.
    pub imported_at: String,
    /// By whom.
    pub imported_by: String,
}

/// Entries that differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Differing {
    /// Known and not in the file.
    pub known: Vec<LineShown>,
    /// In the file and not known.
    pub file: Vec<LineShown>,
}

impl Earlier {
    /// An earlier file.
    #[must_use]
    pub fn of(row: &StatementFileRow) -> Self {
        Self {
            file: row.file_id.0,
            name: row.file_name.clone(),
            state: row.state.clone(),
            imported_at: row.imported_at.0.to_rfc3339(),
            imported_by: row.imported_by.clone(),
        }
    }
}

/// When and by whom, for people.
pub(super) fn when(row: &StatementFileRow) -> String {
    let at = row.imported_at.0.with_timezone(&VIETNAM);
    format!(
        "on {} by {} ({})",
        at.format("%d/%m/%Y %H:%M"),
        row.imported_by,
        row.file_name
    )
}

/// A line as it is shown, with so many decimals.
pub(super) fn shown(line: &Line, decimals: u32) -> LineShown {
    let scale = Statement {
        decimals,
        ..Statement::default()
    };
    LineShown {
        place: line.place,
        date: line.date,
        amount: scale.text(line.amount),
        fee: line.fee.map(|fee| scale.text(fee)),
        reference: line
            .bank_reference
            .clone()
            .or_else(|| line.reference.clone()),
        order: line.order.clone(),
        memo: line.memo.clone(),
    }
}
