//! Writing a file before it is published: its bytes and pages go to the database in short
//! transactions, where nobody sees them until the file itself is there. What an import leaves behind
//! that did not come to its end is removed by the next one, and by `sweep`.

use std::time::Duration;

use chrono::TimeDelta;

use super::StatementError;
use super::compare::Own;
use super::keep::numbered;
use super::report::{Doing, Progress};
use super::sorting::Leaf;
use super::take_in::Sorted;
use crate::config::source::Source;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{StatementOriginalRow, StatementPageRow};
use crate::store::types::{Ts, Uid};

/// Bytes written in one transaction. A file with fewer needs no other than the one that publishes it.
const CHUNK: usize = 4 * 1024 * 1024;

/// Between two chunks others have their turn: as long as a writer that waits for SQLite's lock looks
/// away at most, so that it is never passed over twice.
const BREATH: Duration = Duration::from_millis(100);

/// How long an import may take from its first chunk to its end.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// Rows removed in one transaction.
const REMOVED: i64 = 4;

/// A row that waits to be written.
#[derive(Clone, Copy)]
enum Waiting {
    Original(i32, super::spool::Piece),
    Page(i32, Leaf),
}

impl Waiting {
    fn bytes(&self) -> usize {
        match self {
            Self::Original(_, piece) => piece.len,
            // Few pages are larger than a megabyte, and a stored one is not written again.
            Self::Page(_, leaf) => match leaf.place {
                super::sorting::Place::Spooled(piece) => piece.len,
                super::sorting::Place::Stored(_) => 0,
            },
        }
    }
}

/// A file while it is written.
pub(super) struct Stage<'a> {
    pub(super) db: &'a Db,
    pub(super) source: &'a Source,
    pub(super) sorted: &'a Sorted,
    pub(super) begun_at: Instant,
    pub(super) tell: &'a dyn Fn(Progress),
    /// Pages that were written, of the verdict before.
    written: Option<Vec<Leaf>>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        db: &'a Db,
        source: &'a Source,
        sorted: &'a Sorted,
        begun_at: Instant,
        tell: &'a dyn Fn(Progress),
    ) -> Self {
        Self {
            db,
            source,
            sorted,
            begun_at,
            tell,
            written: None,
        }
    }

    /// Writes what can be written before the file is published.
    pub(super) fn fill(&mut self, leaves: &[Leaf]) -> Result<(), StatementError> {
        let mut waiting = Vec::new();
        match &self.written {
            Some(written) if written == leaves => return Ok(()),
            Some(_) => remove(self.db, self.source.tenant.0, self.sorted.id)?,
            None => {}
        }
        waiting.extend(self.originals());
        waiting.extend(pages(leaves));
        let of: usize = waiting.iter().map(Waiting::bytes).sum();
        self.tell(0, of);
        if self.written.is_none() && of <= CHUNK {
            return Ok(());
        }
        if self.written.is_none() {
            let (tenant, id) = (self.source.tenant.0, self.sorted.id);
            self.db
                .write(|queries| queries.insert_stage(tenant, id, Ts(self.begun_at)))?;
        }
        self.written = Some(leaves.to_vec());
        let (mut at, mut done) = (waiting.as_slice(), 0);
        while !at.is_empty() {
            let count = chunk(at);
            let (now, rest) = at.split_at_checked(count).unwrap_or((at, &[]));
            self.db.write(|queries| {
                self.must_be_mine(queries)?;
                self.write(queries, now)
            })?;
            done += now.iter().map(Waiting::bytes).sum::<usize>();
            self.tell(done, of);
            std::thread::sleep(BREATH);
            at = rest;
        }
        Ok(())
    }

    /// Ends the writing, in the transaction that publishes: all of it now where the file is small.
    pub(super) fn end(
        &self,
        queries: &mut dyn Queries,
        leaves: &[Leaf],
    ) -> Result<(), StatementError> {
        if self.written.is_some() {
            self.must_be_mine(queries)?;
            return Ok(queries.delete_stage(self.source.tenant.0, self.sorted.id)?);
        }
        let waiting: Vec<Waiting> = self.originals().chain(pages(leaves)).collect();
        self.write(queries, &waiting)
    }

    /// Removes what was written, of an import that came to nothing.
    pub(super) fn clear(&self) {
        if self.written.is_none() {
            return;
        }
        let (tenant, id) = (self.source.tenant.0, self.sorted.id);
        let removed = remove(self.db, tenant, id)
            .and_then(|()| self.db.write(|queries| queries.delete_stage(tenant, id)));
        if let Err(failure) = removed {
            tracing::warn!(%failure, file = %id.0, "what was written of a statement file is left for sweep");
        }
    }

    fn tell(&self, done: usize, of: usize) {
        (self.tell)(Progress {
            doing: Doing::Storing,
            done: u64::try_from(done).unwrap_or(0),
            of: u64::try_from(of).unwrap_or(0),
        });
    }

    fn originals(&self) -> impl Iterator<Item = Waiting> {
        let parts = self.sorted.original.parts.iter().zip(0..);
        parts.map(|(piece, part)| Waiting::Original(part, *piece))
    }

    /// Refuses when the stage was removed, because it looked abandoned.
    fn must_be_mine(&self, queries: &mut dyn Queries) -> Result<(), StatementError> {
        let found = queries.find_stage(self.source.tenant.0, self.sorted.id)?;
        if found == Some(Ts(self.begun_at)) {
            Ok(())
        } else {
            Err(StatementError::TooSlow)
        }
    }

    fn write(&self, queries: &mut dyn Queries, waiting: &[Waiting]) -> Result<(), StatementError> {
        for one in waiting {
            match one {
                Waiting::Original(part, piece) => {
                    queries.insert_statement_originals(&[StatementOriginalRow {
                        tenant: self.source.tenant.0,
                        file_id: self.sorted.id,
                        part: *part,
                        bytes: self.sorted.spool.get(*piece)?,
                    }])?;
                }
                Waiting::Page(number, leaf) => {
                    let row = page(queries, self.source, self.sorted, *number, leaf)?;
                    queries.insert_statement_pages(&[row])?;
                }
            }
        }
        Ok(())
    }
}

fn pages(leaves: &[Leaf]) -> impl Iterator<Item = Waiting> {
    let numbered = numbered(leaves).into_iter();
    numbered.map(|(number, leaf)| Waiting::Page(number, leaf))
}

/// How many rows from the first on go into one transaction.
fn chunk(waiting: &[Waiting]) -> usize {
    let mut bytes = 0;
    let count = waiting.iter().take_while(|one| {
        let is_room = bytes < CHUNK;
        bytes += one.bytes();
        is_room
    });
    count.count().max(1)
}

fn page(
    queries: &mut dyn Queries,
    source: &Source,
    sorted: &Sorted,
    number: i32,
    leaf: &Leaf,
) -> Result<StatementPageRow, StatementError> {
    let own = Own {
        tenant: source.tenant.0,
        source: &source.name,
        file: sorted.id,
        spool: &sorted.spool,
        accounts: &[],
        without: &[],
    };
    Ok(StatementPageRow {
        tenant: source.tenant.0,
        source: source.name.clone(),
        day: leaf.day,
        file_id: sorted.id,
        page: number,
        line_count: i32::try_from(leaf.lines).unwrap_or(i32::MAX),
        credit_minor: leaf.credit,
        debit_minor: leaf.debit,
        data: own.lines(queries, leaf)?,
        counts_on: source.day_of(leaf.day),
    })
}

/// Removes what was written of a file that was not published.
fn remove(db: &Db, tenant: i32, id: Uid) -> Result<(), Failure> {
    loop {
        let gone = db.write(|queries| {
            if queries.find_statement_file(tenant, id)?.is_some() {
                let text = format!("statement file {} is there and was to be removed", id.0);
                return Err(Failure::Broken(text));
            }
            queries.delete_staged(tenant, id, REMOVED)
        })?;
        if gone == 0 {
            return Ok(());
        }
    }
}

/// Removes what imports left behind that did not come to their end; how many files.
///
/// # Errors
/// [`Failure`]; what was removed before stays removed.
pub fn remove_abandoned(db: &Db, tenant: i32, now: Instant) -> Result<usize, Failure> {
    let before = now
        .checked_sub_signed(LONGEST)
        .unwrap_or(Instant::UNIX_EPOCH);
    let stages = db.read(|queries| queries.list_stages(tenant, Ts(before)))?;
    let mut removed = 0;
    for id in stages {
        let is_left = db.write(|queries| {
            let begun_at = queries.find_stage(tenant, id)?;
            let is_left = begun_at.is_some_and(|begun_at| begun_at < Ts(before));
            if is_left {
                // Whoever still writes it cannot go on from here.
                queries.mark_stage(tenant, id, Ts(Instant::UNIX_EPOCH))?;
            }
            Ok::<bool, Failure>(is_left)
        })?;
        if is_left {
            remove(db, tenant, id)?;
            db.write(|queries| queries.delete_stage(tenant, id))?;
            removed += 1;
        }
    }
    Ok(removed)
}
