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

/// The statement of a split. The fee flag is joined to the sums and not to the counts, which are
/// many times as many.
fn statement(split: CountSplit) -> String {
    let unit = if split.by_unit { "unit_code" } else { "''" };
    let procedure = if split.by_procedure {
        "s.procedure_code"
    } else {
        "''"
    };
    let period = if split.by_period {
        "period"
    } else {
        "CAST(NULL AS DATE)"
    };
    format!(
        "SELECT s.unit_code AS unit_code, {procedure} AS procedure_code, s.period AS period, \
         p.has_fee AS has_fee, s.class AS class, CAST(SUM(s.n) AS BIGINT) AS n \
         FROM (SELECT {unit} AS unit_code, procedure_code, {period} AS period, class, SUM(n) AS n \
         FROM dossier_counts WHERE tenant = $1 AND grain = $2 AND period BETWEEN $3 AND $4 \
         AND ($5 = '' OR unit_code = $6 OR unit_code LIKE $7) GROUP BY 1, 2, 3, 4) s \
         JOIN procedures p ON p.tenant = $8 AND p.code = s.procedure_code \
         GROUP BY 1, 2, 3, 4, 5 HAVING SUM(s.n) <> 0"
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
            .bind::<Integer, _>(tenant)
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
