//! Sums of the counts that the indicators are made of.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};

use super::Conn;
use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::ops::{CountRange, CountSplit, CountSum, Counts};

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

/// The statement of a split. It groups by what is split and nothing else: a constant among the
/// groups makes SQLite's sort a third slower.
fn statement(split: CountSplit) -> String {
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
    format!(
        "SELECT {told} p.has_fee AS has_fee, c.class AS class, CAST(SUM(c.n) AS BIGINT) AS n \
         FROM dossier_counts c JOIN procedures p ON p.tenant = c.tenant AND p.code = c.procedure_code \
         WHERE c.tenant = $1 AND c.grain = $2 AND c.period BETWEEN $3 AND $4 \
         AND ($5 = '' OR c.unit_code = $6 OR c.unit_code LIKE $7) \
         GROUP BY {groups} p.has_fee, c.class HAVING SUM(c.n) <> 0"
    )
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
        let sums: Vec<Sum> = diesel::sql_query(statement(split))
            .bind::<Integer, _>(tenant)
            .bind::<Integer, _>(range.grain)
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
}
