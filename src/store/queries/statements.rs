//! Statement files, their original bytes, their statements and the pages of lines they added.

use diesel::prelude::*;

use super::Conn;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{StatementFilter, Statements};
use crate::store::rows::{
    StatementFileRow, StatementOriginalRow, StatementPageHead, StatementPageRow, StatementRow,
};
use crate::store::schema::{
    statement_files as files, statement_originals as originals, statement_pages as pages,
    statements,
};
use crate::store::types::Uid;

/// The state in which a file's lines count.
const IMPORTED: &str = "imported";
/// The state in which a file is as if it had never come.
const UNDONE: &str = "undone";

/// Rows of one statement: they may be large, so few go at once.
const PAGES: usize = 16;

impl Statements for Conn {
    fn insert_statement_file(&mut self, row: &StatementFileRow) -> Result<(), Failure> {
        diesel::insert_into(files::table)
            .values(row)
            .execute(self)?;
        Ok(())
    }

    fn mark_statement_file(&mut self, row: &StatementFileRow) -> Result<(), Failure> {
        diesel::update(files::table.find((row.tenant, row.file_id)))
            .set(row)
            .execute(self)?;
        Ok(())
    }

    fn find_statement_file(
        &mut self,
        tenant: i32,
        id: Uid,
    ) -> Result<Option<StatementFileRow>, Failure> {
        Ok(files::table
            .find((tenant, id))
            .select(StatementFileRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_statement_files_of_bytes(
        &mut self,
        tenant: i32,
        file_hash: &[u8],
    ) -> Result<Vec<StatementFileRow>, Failure> {
        Ok(files::table
            .filter(files::tenant.eq(tenant))
            .filter(files::file_hash.eq(file_hash))
            .filter(files::state.ne(UNDONE))
            .order(files::file_id)
            .select(StatementFileRow::as_select())
            .load(self)?)
    }

    fn list_statement_files(
        &mut self,
        tenant: i32,
        filter: &StatementFilter,
    ) -> Result<Vec<StatementFileRow>, Failure> {
        let mut query = files::table
            .filter(files::tenant.eq(tenant))
            .order(files::file_id)
            .limit(filter.limit)
            .select(StatementFileRow::as_select())
            .into_boxed();
        if let Some(source) = &filter.source {
            query = query.filter(files::source.eq(source));
        }
        if let Some(state) = &filter.state {
            query = query.filter(files::state.eq(state));
        }
        if let Some(after) = filter.after {
            query = query.filter(files::file_id.gt(after));
        }
        if let Some(day) = filter.day {
            let covering = statements::table
                .filter(statements::tenant.eq(tenant))
                .filter(statements::from_day.le(day))
                .filter(statements::to_day.ge(day))
                .select(statements::file_id);
            query = query.filter(files::file_id.eq_any(covering));
        }
        Ok(query.load(self)?)
    }

    fn count_late_files(&mut self, tenant: i32, ids: (Uid, Uid)) -> Result<i64, Failure> {
        Ok(files::table
            .filter(files::tenant.eq(tenant))
            .filter(files::file_id.ge(ids.0))
            .filter(files::file_id.lt(ids.1))
            .filter(files::is_late)
            .filter(files::state.ne(UNDONE))
            .count()
            .get_result(self)?)
    }

    fn list_files_leaning_on(
        &mut self,
        file: &StatementFileRow,
        days: (Day, Day),
    ) -> Result<Vec<StatementFileRow>, Failure> {
        let overlapping = statements::table
            .filter(statements::tenant.eq(file.tenant))
            .filter(statements::from_day.le(days.1))
            .filter(statements::to_day.ge(days.0))
            .select(statements::file_id);
        Ok(files::table
            .filter(files::tenant.eq(file.tenant))
            .filter(files::source.eq(&file.source))
            .filter(files::file_id.ne(file.file_id))
            .filter(
                files::imported_at
                    .ge(file.imported_at)
                    .or(files::overridden_at
                        .is_not_null()
                        .and(files::overridden_at.assume_not_null().ge(file.imported_at))),
            )
            .filter(files::state.ne(UNDONE))
            .filter(files::known_count.gt(0))
            .filter(files::file_id.eq_any(overlapping))
            .order(files::file_id)
            .select(StatementFileRow::as_select())
            .load(self)?)
    }

    fn insert_statement_originals(&mut self, rows: &[StatementOriginalRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(PAGES) {
            diesel::insert_into(originals::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn find_statement_original(
        &mut self,
        tenant: i32,
        file_id: Uid,
        part: i32,
    ) -> Result<Option<StatementOriginalRow>, Failure> {
        Ok(originals::table
            .find((tenant, file_id, part))
            .select(StatementOriginalRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_statements(&mut self, rows: &[StatementRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(super::CHUNK) {
            diesel::insert_into(statements::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn list_statements_of(
        &mut self,
        tenant: i32,
        ids: &[Uid],
    ) -> Result<Vec<StatementRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in ids.chunks(super::CHUNK) {
            rows.extend(
                statements::table
                    .filter(statements::tenant.eq(tenant))
                    .filter(statements::file_id.eq_any(chunk))
                    .order((statements::file_id, statements::position))
                    .select(StatementRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_statements_numbered(
        &mut self,
        tenant: i32,
        source: &str,
        account: &str,
        number: Option<&str>,
    ) -> Result<Vec<(StatementRow, String)>, Failure> {
        let of_file = statements::tenant
            .eq(files::tenant)
            .and(statements::file_id.eq(files::file_id));
        let mut query = statements::table
            .inner_join(files::table.on(of_file))
            .filter(statements::tenant.eq(tenant))
            .filter(files::source.eq(source))
            .filter(files::state.ne(UNDONE))
            .filter(statements::account.eq(account))
            .order((statements::revision.desc(), statements::file_id))
            .select((StatementRow::as_select(), files::state))
            .into_boxed();
        query = match number {
            Some(number) => query.filter(statements::number.eq(number)),
            None => query.filter(statements::number.is_null()),
        };
        Ok(query.load(self)?)
    }

    fn find_last_statement(
        &mut self,
        tenant: i32,
        source: &str,
        account: &str,
        until: Day,
        but: Uid,
    ) -> Result<Option<StatementRow>, Failure> {
        let of_file = statements::tenant
            .eq(files::tenant)
            .and(statements::file_id.eq(files::file_id));
        Ok(statements::table
            .inner_join(files::table.on(of_file))
            .filter(statements::tenant.eq(tenant))
            .filter(statements::account.eq(account))
            .filter(statements::to_day.le(until))
            .filter(statements::closing_minor.is_not_null())
            .filter(statements::file_id.ne(but))
            .filter(files::source.eq(source))
            .filter(files::state.eq(IMPORTED))
            .order((
                statements::to_day.desc(),
                statements::file_id.desc(),
                statements::position.desc(),
            ))
            .select(StatementRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_statement_pages(&mut self, rows: &[StatementPageRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(PAGES) {
            diesel::insert_into(pages::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn list_statement_pages(
        &mut self,
        tenant: i32,
        source: &str,
        from: Day,
        to: Day,
    ) -> Result<Vec<StatementPageRow>, Failure> {
        let of_file = pages::tenant
            .eq(files::tenant)
            .and(pages::file_id.eq(files::file_id));
        Ok(pages::table
            .inner_join(files::table.on(of_file))
            .filter(pages::tenant.eq(tenant))
            .filter(pages::source.eq(source))
            .filter(pages::counts_on.between(from, to))
            .filter(files::state.eq(IMPORTED))
            .order((pages::day, pages::file_id, pages::page))
            .select(StatementPageRow::as_select())
            .load(self)?)
    }

    fn list_statement_page_heads(
        &mut self,
        tenant: i32,
        source: &str,
        from: Day,
        to: Day,
    ) -> Result<Vec<StatementPageHead>, Failure> {
        let of_file = pages::tenant
            .eq(files::tenant)
            .and(pages::file_id.eq(files::file_id));
        Ok(pages::table
            .inner_join(files::table.on(of_file))
            .filter(pages::tenant.eq(tenant))
            .filter(pages::source.eq(source))
            .filter(pages::day.between(from, to))
            .filter(files::state.eq(IMPORTED))
            .order((pages::day, pages::file_id, pages::page))
            .select(StatementPageHead::as_select())
            .load(self)?)
    }

    fn list_statement_page_heads_of(
        &mut self,
        tenant: i32,
        file_id: Uid,
    ) -> Result<Vec<StatementPageHead>, Failure> {
        Ok(pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::file_id.eq(file_id))
            .order((pages::day, pages::page))
            .select(StatementPageHead::as_select())
            .load(self)?)
    }

    fn find_statement_page(
        &mut self,
        tenant: i32,
        source: &str,
        day: Day,
        file_id: Uid,
        page: i32,
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(pages::table
            .find((tenant, source, day, file_id, page))
            .select(pages::data)
            .first(self)
            .optional()?)
    }

    fn mark_statement_pages(
        &mut self,
        tenant: i32,
        file_id: Uid,
        counted_on: Day,
        count_on: Day,
    ) -> Result<(), Failure> {
        let of_day = pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::file_id.eq(file_id))
            .filter(pages::counts_on.eq(counted_on));
        diesel::update(of_day)
            .set(pages::counts_on.eq(count_on))
            .execute(self)?;
        Ok(())
    }

    fn list_statement_days(
        &mut self,
        tenant: i32,
        file_id: Uid,
    ) -> Result<Vec<(Day, i64, i64, i64)>, Failure> {
        let pages: Vec<(Day, i32, i64, i64)> = pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::file_id.eq(file_id))
            .order((pages::day, pages::page))
            .select((
                pages::day,
                pages::line_count,
                pages::credit_minor,
                pages::debit_minor,
            ))
            .load(self)?;
        let mut days: Vec<(Day, i64, i64, i64)> = Vec::new();
        for (day, lines, credit, debit) in pages {
            match days.last_mut().filter(|last| last.0 == day) {
                Some(last) => {
                    last.1 += i64::from(lines);
                    last.2 = last.2.saturating_add(credit);
                    last.3 = last.3.saturating_add(debit);
                }
                None => days.push((day, i64::from(lines), credit, debit)),
            }
        }
        Ok(days)
    }

    fn delete_statement_pages(
        &mut self,
        tenant: i32,
        file_id: Uid,
        day: Day,
    ) -> Result<(), Failure> {
        let of_file = pages::table
            .filter(pages::tenant.eq(tenant))
            .filter(pages::file_id.eq(file_id))
            .filter(pages::day.eq(day));
        diesel::delete(of_file).execute(self)?;
        Ok(())
    }
}
