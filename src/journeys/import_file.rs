//! Importing a file of units, procedures or dossiers: CSV with a header by name or JSON Lines, read
//! as a stream, checked whole before anything is written, written in one transaction. The same
//! bytes again change nothing and say when they came before.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use thiserror::Error;

use super::import_rows::Source;
use super::put_dossiers::{Put, PutError, Putter};
use super::read_catalogue::{read_person_group, read_procedure, read_unit, served};
use super::read_dossier::{FIELDS, FieldError, Served, read_dossier};
use super::tariffs::draft::{draft_rules, read_rules};
use super::tariffs::read_rule;
use crate::domain::dossier::DossierFacts;
use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::intake::json::Json;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::PersonGroupRow;
use crate::store::rows::{ImportRow, ProcedureRow, UnitRow};
use crate::store::types::Ts;
use crate::store::{AsFailure, Db};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Units.
    Units,
    /// Procedures.
    Procedures,
    /// Dossiers with their fee items and bills.
    Dossiers,
    /// Groups of people that tariffs may name.
    PersonGroups,
    /// Rules of a tariff, which become drafts.
    Tariffs,
}

impl Kind {
    /// The word of the command line and of rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Procedures => "procedures",
            Self::Dossiers => "dossiers",
            Self::PersonGroups => "person-groups",
            Self::Tariffs => "tariffs",
        }
    }

    /// The columns of such a file.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Units => &[
                "unit_code",
                "name_vi",
                "name_en",
                "level",
                "parent_code",
                "valid_from",
                "valid_to",
            ],
            Self::Procedures => &["procedure_code", "name", "field", "level", "has_fee"],
            Self::Dossiers => FIELDS,
            Self::PersonGroups => &["person_group", "name_vi", "name_en"],
            Self::Tariffs => read_rule::COLUMNS,
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The rows were taken in.
    Done(Put),
    /// The same bytes had been imported, then, with so many rows.
    Before(Instant, i64),
}

/// Why a file was not imported; nothing of it was.
#[derive(Debug, Error)]
pub enum ImportError {
    /// A row is wrong.
    #[error("{file}, line {line}, column {}: {}", error.field, error.problem)]
    Row {
        /// The file.
        file: String,
        /// The line on which the row begins, counted from 1.
        line: u64,
        /// The column and what is wrong.
        error: FieldError,
    },
    /// The file as a whole is wrong.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for ImportError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Row { .. } | Self::File { .. } => None,
        }
    }
}

/// How far an import is: which pass (1 checks, 2 writes), bytes read of the file, its size.
pub type Progress<'a> = &'a dyn Fn(u8, u64, u64);

/// Takes a chunk of dossiers and the lines they begin on.
type TakeChunk<'a> = &'a mut dyn FnMut(&[DossierFacts], &[u64]) -> Result<(), ImportError>;

/// Dossiers written between two looks at the progress.
const CHUNK: usize = 1000;

/// One file on its way in.
pub struct Import<'a> {
    /// The database.
    pub db: &'a Db,
    /// The tenant.
    pub tenant: Tenant,
    /// The provinces the office is set to; empty for those of its units.
    pub provinces: &'a [String],
    /// Name of the process in the seal chains.
    pub holder: &'a str,
    /// The present instant.
    pub now: Instant,
    /// Told how far it is.
    pub progress: Progress<'a>,
}

impl Import<'_> {
    /// Imports a file.
    ///
    /// # Errors
    /// [`ImportError`] names file, line and column.
    pub fn run(&self, kind: Kind, path: &Path) -> Result<Imported, ImportError> {
        let file = Source::open(path)?;
        let file_hash = file.hash()?;
        let before = self
            .db
            .read(|queries| queries.find_import(self.tenant.0, kind.as_str(), &file_hash))?;
        if let Some(before) = before {
            return Ok(Imported::Before(before.imported_at.0, before.row_count));
        }
        let put = match kind {
            Kind::Units => self.units(&file, &file_hash)?,
            Kind::Procedures => self.procedures(&file, &file_hash)?,
            Kind::Dossiers => self.dossiers(&file, &file_hash)?,
            Kind::PersonGroups => self.person_groups(&file, &file_hash)?,
            Kind::Tariffs => self.tariffs(&file, &file_hash)?,
        };
        Ok(Imported::Done(put))
    }

    fn units(&self, file: &Source, file_hash: &[u8]) -> Result<Put, ImportError> {
        let read = |json: &Json| read_unit(self.tenant, json);
        let units: Vec<UnitRow> = catalogue(file, Kind::Units, read, |row| &row.code)?;
        self.db.write(|queries| {
            let known = queries.list_units(self.tenant.0)?;
            let put = count_put(&units, &known, |row| &row.code);
            queries.insert_units(&units)?;
            self.remember(queries, Kind::Units, file, file_hash, put)?;
            Ok(put)
        })
    }

    fn procedures(&self, file: &Source, file_hash: &[u8]) -> Result<Put, ImportError> {
        let read = |json: &Json| read_procedure(self.tenant, json);
        let procedures: Vec<ProcedureRow> =
            catalogue(file, Kind::Procedures, read, |row| &row.code)?;
        self.db.write(|queries| {
            queries.mark_units_uncounted()?;
            let known = queries.list_procedures(self.tenant.0)?;
            let put = count_put(&procedures, &known, |row| &row.code);
            queries.insert_procedures(&procedures)?;
            self.remember(queries, Kind::Procedures, file, file_hash, put)?;
            Ok(put)
        })
    }

    fn person_groups(&self, file: &Source, file_hash: &[u8]) -> Result<Put, ImportError> {
        let read = |json: &Json| read_person_group(self.tenant, json);
        let groups: Vec<PersonGroupRow> =
            catalogue(file, Kind::PersonGroups, read, |row| &row.code)?;
        self.db.write(|queries| {
            let known = queries.list_person_groups(self.tenant.0)?;
            let put = count_put(&groups, &known, |row| &row.code);
            queries.insert_person_groups(&groups)?;
            self.remember(queries, Kind::PersonGroups, file, file_hash, put)?;
            Ok(put)
        })
    }

    fn tariffs(&self, file: &Source, file_hash: &[u8]) -> Result<Put, ImportError> {
        let served = self
            .db
            .read(|queries| served(queries, self.tenant, self.provinces))?;
        if served.procedures.is_empty() {
            let problem = "import procedures first: no rule can be checked without them";
            return Err(file.problem(problem));
        }
        let rules = read_rules(file, &served, &|offset| {
            (self.progress)(1, offset, file.size);
        })?;
        (self.progress)(2, 0, file.size);
        self.db.write(|queries| {
            let put = draft_rules(queries, self.tenant.0, Ts(self.now), file, &rules)?;
            self.remember(queries, Kind::Tariffs, file, file_hash, put)?;
            must_be_unchanged(file, file_hash)?;
            Ok(put)
        })
    }

    fn dossiers(&self, file: &Source, file_hash: &[u8]) -> Result<Put, ImportError> {
        let served = self
            .db
            .read(|queries| served(queries, self.tenant, self.provinces))?;
        if served.units.is_empty() || served.procedures.is_empty() {
            let problem =
                "import units and procedures first: no dossier can be checked without them";
            return Err(file.problem(problem));
        }
        let mut codes = HashSet::new();
        self.each_chunk(file, &served, 1, &mut |facts, lines| {
            for (facts, line) in facts.iter().zip(lines) {
                if !codes.insert(facts.code.squeezed()) {
                    let problem = format!("{} stands in this file twice", facts.code.as_str());
                    return Err(file.wrong(*line, FieldError::new("dossier_code", problem)));
                }
            }
            Ok(())
        })?;
        drop(codes);
        self.db.write(|queries| {
            let mut putter = Putter::begin(queries, self.tenant, self.holder, self.now)?;
            self.each_chunk(file, &served, 2, &mut |facts, lines| {
                putter.put(queries, facts, 0).map_err(|error| match error {
                    PutError::Failure(failure) => ImportError::Failure(failure),
                    PutError::OtherUnit { index } => file.wrong(
                        lines.get(index).copied().unwrap_or_default(),
                        FieldError::new("unit_code", "belongs to another unit"),
                    ),
                    PutError::Dossier { index, error } => {
                        file.wrong(lines.get(index).copied().unwrap_or_default(), error)
                    }
                })
            })?;
            let put = putter.finish(queries, self.holder)?;
            self.remember(queries, Kind::Dossiers, file, file_hash, put)?;
            must_be_unchanged(file, file_hash)?;
            Ok(put)
        })
    }

    /// Reads the dossiers of a file chunk by chunk, each with the lines they begin on.
    fn each_chunk(
        &self,
        file: &Source,
        served: &Served,
        pass: u8,
        take: TakeChunk<'_>,
    ) -> Result<(), ImportError> {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut lines = Vec::with_capacity(CHUNK);
        file.rows(Kind::Dossiers.columns(), |line, offset, json| {
            let facts =
                read_dossier(json, served, self.now).map_err(|error| file.wrong(line, error))?;
            chunk.push(facts);
            lines.push(line);
            if chunk.len() == CHUNK {
                take(&chunk, &lines)?;
                chunk.clear();
                lines.clear();
                (self.progress)(pass, offset, file.size);
            }
            Ok(())
        })?;
        take(&chunk, &lines)?;
        (self.progress)(pass, file.size, file.size);
        Ok(())
    }

    fn remember(
        &self,
        queries: &mut dyn Queries,
        kind: Kind,
        file: &Source,
        file_hash: &[u8],
        put: Put,
    ) -> Result<(), ImportError> {
        let rows = put
            .added
            .saturating_add(put.changed)
            .saturating_add(put.unchanged);
        let file_name = Path::new(&file.name).file_name().unwrap_or_default();
        queries.insert_import(&ImportRow {
            tenant: self.tenant.0,
            kind: kind.as_str().to_owned(),
            file_hash: file_hash.to_vec(),
            file_name: file_name.to_string_lossy().into_owned(),
            row_count: i64::try_from(rows).unwrap_or(i64::MAX),
            imported_at: Ts(self.now),
        })?;
        Ok(())
    }
}

fn must_be_unchanged(file: &Source, file_hash: &[u8]) -> Result<(), ImportError> {
    if file.hash()? == file_hash {
        return Ok(());
    }
    Err(file.problem("the file changed while it was read; nothing was imported"))
}

/// Reads a whole file of few rows, each code once.
fn catalogue<T>(
    file: &Source,
    kind: Kind,
    read: impl Fn(&Json) -> Result<T, FieldError>,
    code: fn(&T) -> &String,
) -> Result<Vec<T>, ImportError> {
    let mut rows: Vec<T> = Vec::new();
    let mut codes = HashSet::new();
    file.rows(kind.columns(), |line, _, json| {
        let row = read(json).map_err(|error| file.wrong(line, error))?;
        if !codes.insert(code(&row).clone()) {
            let problem = format!("{} stands in this file twice", code(&row));
            let column = kind.columns().first().copied().unwrap_or_default();
            return Err(file.wrong(line, FieldError::new(column, problem)));
        }
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

fn count_put<T: PartialEq>(rows: &[T], known: &[T], code: fn(&T) -> &String) -> Put {
    let known: HashMap<&String, &T> = known.iter().map(|row| (code(row), row)).collect();
    let mut put = Put::default();
    for row in rows {
        match known.get(code(row)) {
            None => put.added += 1,
            Some(known) if *known == row => put.unchanged += 1,
            Some(_) => put.changed += 1,
        }
    }
    put
}
