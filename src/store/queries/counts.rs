//! Sums of the counts that the indicators are made of, and what keeps the counts by unit in step with the
//! catalogue. Months that are split neither by procedure nor by fee kind are read from `unit_counts`.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};

use super::{Conn, HOLD_UNIT_COUNTS};
use crate::domain::classification::UNIT_BITS;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{CountRange, CountSplit, CountSum, Counts, MONTH_GRAIN};
use crate::store::schema::{seal_chains, unit_counts};

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    unit_code: String,
    #[diesel(sql_type = Text)]
    procedure_code: String,
    #[diesel(sql_type = Nullable<Date>)]
    period: Option<Day>,
    #[diesel(sql_type = Bool)]
    has_fee: bool,
    #[diesel(sql_type = Integer)]
    class: i32,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Where sums come from.
#[derive(Clone, Copy)]
enum Source {
    /// Counts by procedure, of this grain.
    Procedures(i32),
    /// Months by unit.
    Units,
}

impl Source {
    fn from(self) -> &'static str {
        match self {
            Self::Procedures(_) => {
                "dossier_counts c JOIN procedures p ON p.tenant = c.tenant AND p.code = c.procedure_code"
            }
            Self::Units => "unit_counts c",
        }
    }

    fn has_fee(self) -> &'static str {
        match self {
            Self::Procedures(_) => "p.has_fee",
            Self::Units => "c.has_fee",
        }
    }

    fn grain(self) -> String {
        match self {
            Self::Procedures(grain) => format!("c.grain = {grain} AND "),
            Self::Units => String::new(),
        }
    }
}

/// The statement of a split. It groups by what is split and nothing else: a constant among the
/// groups makes SQLite's sort a third slower.
fn statement(split: CountSplit, source: Source) -> String {
    let columns = [
        ("unit_code", "c.unit_code", split.by_unit),
        ("procedure_code", "c.procedure_code", split.by_procedure),
        ("period", "c.period", split.by_period),
    ];
    let mut told = String::new();
    let mut groups = String::new();
    for (name, column, is_split) in columns {
        let nothing = if name == "period" {
            "CAST(NULL AS DATE)"
        } else {
            "''"
        };
        let value = if is_split { column } else { nothing };
        told.push_str(&format!("{value} AS {name}, "));
        if is_split {
            groups.push_str(&format!("{column}, "));
        }
    }
    let (from, has_fee, grain) = (source.from(), source.has_fee(), source.grain());
    format!(
        "SELECT {told} {has_fee} AS has_fee, c.class AS class, CAST(SUM(c.n) AS BIGINT) AS n \
         FROM {from} WHERE c.tenant = $1 AND {grain} c.period BETWEEN $2 AND $3 \
         AND ($4 = '' OR c.unit_code = $5 OR c.unit_code LIKE $6) \
         GROUP BY {groups} {has_fee}, c.class HAVING SUM(c.n) <> 0"
    )
}

/// Adds to the counts by unit, or takes away from them, what months by procedure say of some rows.
fn add_unit_counts(sign: i32, rows: &str) -> String {
    format!(
        "INSERT INTO unit_counts (tenant, period, unit_code, has_fee, class, writer, n) \
         SELECT c.tenant, c.period, c.unit_code, p.has_fee, c.class & {UNIT_BITS}, c.writer, CAST(SUM(c.n) * {sign} AS BIGINT) \
         FROM dossier_counts c JOIN procedures p ON p.tenant = c.tenant AND p.code = c.procedure_code \
         WHERE c.tenant = $1 AND c.grain = {MONTH_GRAIN} AND {rows} \
         GROUP BY c.tenant, c.period, c.unit_code, p.has_fee, c.class & {UNIT_BITS}, c.writer \
         ON CONFLICT (tenant, period, unit_code, has_fee, class, writer) \
         DO UPDATE SET n = unit_counts.n + excluded.n"
    )
}

/// Moves what was counted of some procedures, before (-1) and after (1) the catalogue says something else
/// of their fees. Of one that was not in the catalogue, nothing was counted by unit.
pub(super) fn move_unit_counts(
    conn: &mut Conn,
    tenant: i32,
    procedures: &[&str],
    sign: i32,
) -> Result<(), Failure> {
    if procedures.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = (0..procedures.len())
        .map(|at| format!("${}", at + 2))
        .collect();
    let rows = format!("c.procedure_code IN ({})", places.join(", "));
    let mut asked = diesel::sql_query(add_unit_counts(sign, &rows))
        .into_boxed()
        .bind::<Integer, _>(tenant);
    for code in procedures {
        asked = asked.bind::<Text, _>(*code);
    }
    asked.execute(conn)?;
    Ok(())
}

/// Whether every writer keeps the counts by unit. One from before they were does not say so.
pub(super) fn are_units_counted(conn: &mut Conn, tenant: i32) -> Result<bool, Failure> {
    let silent = seal_chains::table
        .filter(seal_chains::tenant.eq(tenant))
        .filter(seal_chains::counted_epoch.ne(seal_chains::epoch));
    let silent: i64 = silent.count().get_result(conn)?;
    Ok(silent == 0)
}

impl Counts for Conn {
    fn list_counts(
        &mut self,
        tenant: i32,
        range: CountRange,
        split: CountSplit,
        unit: Option<&str>,
    ) -> Result<Vec<CountSum>, Failure> {
        let unit = unit.unwrap_or_default();
        let is_by_unit = range.grain == MONTH_GRAIN && !split.by_procedure && !split.by_kind;
        let source = if is_by_unit && are_units_counted(self, tenant)? {
            Source::Units
        } else {
            Source::Procedures(range.grain)
        };
        let sums: Vec<Sum> = diesel::sql_query(statement(split, source))
            .bind::<Integer, _>(tenant)
            .bind::<Date, _>(range.from)
            .bind::<Date, _>(range.to)
            .bind::<Text, _>(unit)
            .bind::<Text, _>(unit)
            .bind::<Text, _>(format!("{unit}.%"))
            .load(self)?;
        let told = |sum: Sum| CountSum {
            unit_code: sum.unit_code,
            procedure_code: sum.procedure_code,
            period: sum.period,
            has_fee: sum.has_fee,
            class: sum.class,
            n: sum.n,
        };
        Ok(sums.into_iter().map(told).collect())
    }

    fn mark_units_uncounted(&mut self) -> Result<(), Failure> {
        if let Some(hold) = HOLD_UNIT_COUNTS {
            diesel::sql_query(hold).execute(self)?;
        }
        Ok(())
    }

    fn insert_unit_counts(&mut self, tenant: i32, writer: i32) -> Result<(), Failure> {
        let of_writer = unit_counts::table
            .filter(unit_counts::tenant.eq(tenant))
            .filter(unit_counts::writer.eq(writer));
        diesel::delete(of_writer).execute(self)?;
        diesel::sql_query(add_unit_counts(1, "c.writer = $2"))
            .bind::<Integer, _>(tenant)
            .bind::<Integer, _>(writer)
            .execute(self)?;
        Ok(())
    }
}
