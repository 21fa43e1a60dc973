//! Sums of the counts that the indicators are made of.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Text};

use super::Conn;
use crate::store::failure::Failure;
use crate::store::ops::{CountRange, CountSplit, CountSum, Counts};

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Bool)]
    has_fee: bool,
    #[diesel(sql_type = Integer)]
    class: i32,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Counts for Conn {
    fn list_counts(
        &mut self,
        tenant: i32,
        range: CountRange,
        split: CountSplit,
        unit: Option<&str>,
    ) -> Result<Vec<CountSum>, Failure> {
        let key = match split {
            CountSplit::Unit => "c.unit_code",
            CountSplit::Procedure => "c.procedure_code",
            CountSplit::Period => "CAST(c.period AS TEXT)",
            CountSplit::None => "''",
        };
        let query = format!(
            "SELECT {key} AS key, p.has_fee AS has_fee, c.class AS class, CAST(SUM(c.n) AS BIGINT) AS n \
             FROM dossier_counts c JOIN procedures p ON p.tenant = c.tenant AND p.code = c.procedure_code \
             WHERE c.tenant = $1 AND c.grain = $2 AND c.period BETWEEN $3 AND $4 \
             AND ($5 = '' OR c.unit_code = $6 OR c.unit_code LIKE $7) \
             GROUP BY {key}, p.has_fee, c.class HAVING SUM(c.n) <> 0"
        );
        let unit = unit.unwrap_or_default();
        let sums: Vec<Sum> = diesel::sql_query(query)
            .bind::<Integer, _>(tenant)
            .bind::<Integer, _>(range.grain)
            .bind::<Date, _>(range.from)
            .bind::<Date, _>(range.to)
            .bind::<Text, _>(unit)
            .bind::<Text, _>(unit)
            .bind::<Text, _>(format!("{unit}.%"))
            .load(self)?;
        Ok(sums
            .into_iter()
            .map(|sum| (sum.key, sum.has_fee, sum.class, sum.n))
            .collect())
    }
}
