//! What the house can ask of the store about statement files. Each method can fail with any failure;
//! none decides anything.

use super::Result;
use crate::domain::time::Day;
use crate::store::rows::{
    StatementFileRow, StatementOriginalRow, StatementPageHead, StatementPageRow, StatementRow,
};
use crate::store::types::Uid;

/// How to list statement files.
#[derive(Debug, Default, Clone)]
pub struct StatementFilter {
    /// One source only.
    pub source: Option<String>,
    /// One state only.
    pub state: Option<String>,
    /// Only files with a statement that covers this day.
    pub day: Option<Day>,
    /// After this id.
    pub after: Option<Uid>,
    /// At most so many.
    pub limit: i64,
}

/// Statement files, their original bytes, their statements and the lines they added.
pub trait Statements {
    /// Adds a file.
    fn insert_statement_file(&mut self, row: &StatementFileRow) -> Result<()>;
    /// Replaces everything but the id of a known file.
    fn mark_statement_file(&mut self, row: &StatementFileRow) -> Result<()>;
    /// One file.
    fn find_statement_file(&mut self, tenant: i32, id: Uid) -> Result<Option<StatementFileRow>>;
    /// The files of these bytes that were not undone, of any source, oldest first.
    fn list_statement_files_of_bytes(
        &mut self,
        tenant: i32,
        file_hash: &[u8],
    ) -> Result<Vec<StatementFileRow>>;
    /// Files by id, oldest first.
    fn list_statement_files(
        &mut self,
        tenant: i32,
        filter: &StatementFilter,
    ) -> Result<Vec<StatementFileRow>>;
    /// How many files with ids in a range came after the time they were expected: as they came, whatever
    /// became of them since, but for those that were undone.
    fn count_late_files(&mut self, tenant: i32, ids: (Uid, Uid)) -> Result<i64>;
    /// Other files of a source that came, or were let in, when this one was there, were not undone, and
    /// found lines known on some of these days.
    fn list_files_leaning_on(
        &mut self,
        file: &StatementFileRow,
        days: (Day, Day),
    ) -> Result<Vec<StatementFileRow>>;
    /// Adds parts of original bytes.
    fn insert_statement_originals(&mut self, rows: &[StatementOriginalRow]) -> Result<()>;
    /// One part of the original bytes.
    fn find_statement_original(
        &mut self,
        tenant: i32,
        file_id: Uid,
        part: i32,
    ) -> Result<Option<StatementOriginalRow>>;
    /// Adds statements.
    fn insert_statements(&mut self, rows: &[StatementRow]) -> Result<()>;
    /// The statements of these files, by file and position.
    fn list_statements_of(&mut self, tenant: i32, files: &[Uid]) -> Result<Vec<StatementRow>>;
    /// Statements of an account with this number, or without one, in files of a source that were not
    /// undone, each with the state of its file; the newest revision first.
    fn list_statements_numbered(
        &mut self,
        tenant: i32,
        source: &str,
        account: &str,
        number: Option<&str>,
    ) -> Result<Vec<(StatementRow, String)>>;
    /// The statement of an account with a closing balance that ends last, at or before a day, in the
    /// imported files of a source other than `but`.
    fn find_last_statement(
        &mut self,
        tenant: i32,
        source: &str,
        account: &str,
        until: Day,
        but: Uid,
    ) -> Result<Option<StatementRow>>;
    /// Adds pages of lines.
    fn insert_statement_pages(&mut self, rows: &[StatementPageRow]) -> Result<()>;
    /// Pages of imported files of a source that count on one of these days, whatever the day of their
    /// lines.
    fn list_statement_pages(
        &mut self,
        tenant: i32,
        source: &str,
        from: Day,
        to: Day,
    ) -> Result<Vec<StatementPageRow>>;
    /// Pages of imported files of a source whose lines are of these days, without their lines.
    fn list_statement_page_heads(
        &mut self,
        tenant: i32,
        source: &str,
        from: Day,
        to: Day,
    ) -> Result<Vec<StatementPageHead>>;
    /// The pages of one file, by day and page, without their lines.
    fn list_statement_page_heads_of(
        &mut self,
        tenant: i32,
        file_id: Uid,
    ) -> Result<Vec<StatementPageHead>>;
    /// The lines of one page.
    fn find_statement_page(
        &mut self,
        tenant: i32,
        source: &str,
        day: Day,
        file_id: Uid,
        page: i32,
    ) -> Result<Option<Vec<u8>>>;
    /// From now on the pages of a file that counted on a day count on another.
    fn mark_statement_pages(
        &mut self,
        tenant: i32,
        file_id: Uid,
        counted_on: Day,
        count_on: Day,
    ) -> Result<()>;
    /// What a file added on each day: lines, money in, money out.
    fn list_statement_days(
        &mut self,
        tenant: i32,
        file_id: Uid,
    ) -> Result<Vec<(Day, i64, i64, i64)>>;
    /// Removes the pages of a file with lines of a day that are written anew.
    fn delete_statement_pages(&mut self, tenant: i32, file_id: Uid, day: Day) -> Result<()>;
}
