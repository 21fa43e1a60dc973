//! The statements of the hot path on SQLite that Diesel would prepare anew for every row: updates
//! and upserts. Each has a static `QueryId`, so that it is prepared once per connection.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::store::types::{SqlTs, SqlUid, Ts, Uid};

/// A statement as its text with one bind after each piece but the last.
macro_rules! row_statement {
    ($name:ident { $($sql:literal $field:ident: $sql_type:ty => $rust:ty),+ $(,)? } $tail:literal) => {
        pub(super) struct $name<'a> { $(pub(super) $field: &'a $rust),+ }

        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl QueryFragment<Sqlite> for $name<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                $(
                    out.push_sql($sql);
                    out.push_bind_param::<$sql_type, $rust>(self.$field)?;
                )+
                out.push_sql($tail);
                Ok(())
            }
        }

        impl RunQueryDsl<SqliteConnection> for $name<'_> {}
    };
}

row_statement!(UpdateBill {
    "UPDATE bills SET paid_minor = " paid_minor: BigInt => i64,
    ", state = " state: Text => String,
    ", cancelled_at = " cancelled_at: Nullable<SqlTs> => Option<Ts>,
    " WHERE tenant = " tenant: Integer => i32,
    " AND bill_id = " bill_id: SqlUid => Uid,
} "");

row_statement!(UpdateClass {
    "UPDATE dossiers SET class = " class: Integer => i32,
    " WHERE tenant = " tenant: Integer => i32,
    " AND dossier_id = " dossier_id: SqlUid => Uid,
} "");

row_statement!(AddCount {
    "INSERT INTO dossier_counts (tenant, grain, period, unit_code, procedure_code, class, writer, n) VALUES ("
    tenant: Integer => i32,
    ", " grain: Integer => i32,
    ", " period: Date => NaiveDate,
    ", " unit_code: Text => String,
    ", " procedure_code: Text => String,
    ", " class: Integer => i32,
    ", " writer: Integer => i32,
    ", " n: BigInt => i64,
} ") ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) \
   DO UPDATE SET n = n + excluded.n");

row_statement!(AddBalance {
    "INSERT INTO account_balances (tenant, account, currency, writer, debit_minor, credit_minor) VALUES ("
    tenant: Integer => i32,
    ", " account: Text => String,
    ", " currency: Text => String,
    ", " writer: Integer => i32,
    ", " debit_minor: BigInt => i64,
    ", " credit_minor: BigInt => i64,
} ") ON CONFLICT (tenant, account, currency, writer) DO UPDATE SET \
   debit_minor = debit_minor + excluded.debit_minor, credit_minor = credit_minor + excluded.credit_minor");
