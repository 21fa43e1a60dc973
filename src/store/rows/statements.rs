//! Rows of statement files: the files, parts of their original bytes, their statements and the pages
//! of lines they added. They carry data and decide nothing.

use diesel::prelude::*;

use crate::domain::time::Day;
use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// A file of a bank or a provider.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = statement_files, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct StatementFileRow {
    pub tenant: i32,
    pub file_id: Uid,
    pub source: String,
    pub file_hash: Vec<u8>,
    pub file_name: String,
    pub format: String,
    pub profile: Option<String>,
    pub state: String,
    pub byte_count: i64,
    pub line_count: i64,
    pub new_count: i64,
    pub known_count: i64,
    pub currency: String,
    pub holds: String,
    pub imported_by: String,
    pub imported_at: Ts,
    pub overridden_by: Option<String>,
    pub override_reason: Option<String>,
    pub overridden_at: Option<Ts>,
    pub undone_by: Option<String>,
    pub undone_at: Option<Ts>,
    pub undo_reason: Option<String>,
    pub is_late: bool,
    pub matched_on: Option<Day>,
}

/// A part of a file's original bytes, deflated.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = statement_originals)]
pub struct StatementOriginalRow {
    pub tenant: i32,
    pub file_id: Uid,
    pub part: i32,
    pub bytes: Vec<u8>,
}

/// A statement of a file.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = statements, treat_none_as_default_value = false)]
pub struct StatementRow {
    pub tenant: i32,
    pub file_id: Uid,
    pub position: i32,
    pub account: String,
    pub currency: String,
    pub decimals: i32,
    pub from_day: Day,
    pub to_day: Day,
    pub number: Option<String>,
    pub reference: Option<String>,
    pub revision: i32,
    pub opening_minor: Option<i64>,
    pub closing_minor: Option<i64>,
    pub credit_minor: i64,
    pub debit_minor: i64,
    pub fees_minor: i64,
    pub line_count: i64,
    pub digest: Vec<u8>,
}

/// A page of lines that a file added.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = statement_pages)]
pub struct StatementPageRow {
    pub tenant: i32,
    pub source: String,
    pub day: Day,
    pub file_id: Uid,
    pub page: i32,
    pub line_count: i32,
    pub credit_minor: i64,
    pub debit_minor: i64,
    pub data: Vec<u8>,
    pub counts_on: Day,
}

/// A page without its lines.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = statement_pages)]
pub struct StatementPageHead {
    pub day: Day,
    pub file_id: Uid,
    pub page: i32,
    pub line_count: i32,
    pub credit_minor: i64,
    pub debit_minor: i64,
    pub counts_on: Day,
}
