//! The writing statements of the hot path on SQLite, which Diesel would prepare, or at least spell
//! out, anew for every row. Each has a static `QueryId`, so that it is prepared once per connection.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};
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

/// Runs a statement with the fields of a row.
macro_rules! run_row {
    ($conn:expr, $statement:ident, $row:expr, { $($field:ident),+ $(,)? }) => {
        diesel::RunQueryDsl::execute($statement { $($field: &$row.$field),+ }, $conn)
    };
}

pub(super) use run_row;

row_statement!(UpdateBill {
    "UPDATE bills SET paid_minor = " paid_minor: BigInt => i64,
    ", waived_minor = " waived_minor: BigInt => i64,
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

row_statement!(AddUnitCount {
    "INSERT INTO unit_counts (tenant, period, unit_code, has_fee, class, writer, n) VALUES ("
    tenant: Integer => i32,
    ", " period: Date => NaiveDate,
    ", " unit_code: Text => str,
    ", " has_fee: Bool => bool,
    ", " class: Integer => i32,
    ", " writer: Integer => i32,
    ", " n: BigInt => i64,
} ") ON CONFLICT (tenant, period, unit_code, has_fee, class, writer) DO UPDATE SET n = n + excluded.n");

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

row_statement!(InsertNotice {
    "INSERT INTO notices (tenant, notice_id, channel, key_hash, facts_hash, payment_id, status, verdict, is_settled, raw, facts) VALUES ("
    tenant: Integer => i32,
    ", " notice_id: SqlUid => Uid,
    ", " channel: Text => String,
    ", " key_hash: Binary => Vec<u8>,
    ", " facts_hash: Binary => Vec<u8>,
    ", " payment_id: Nullable<SqlUid> => Option<Uid>,
    ", " status: Text => String,
    ", " verdict: Text => String,
    ", " is_settled: Bool => bool,
    ", " raw: Binary => Vec<u8>,
    ", " facts: Nullable<Text> => Option<String>,
} ")");

row_statement!(InsertPayment {
    "INSERT INTO payments (tenant, payment_id, channel, provider, payment_key, provider_txn_id, order_ref, amount_minor, currency, status, paid_at, memo, virtual_account, account_number, bank_txn_id, bill_id, dossier_id, match_outcome, match_rule, match_reason, allocated_minor, credit_minor, suspense_minor, refunded_minor) VALUES ("
    tenant: Integer => i32,
    ", " payment_id: SqlUid => Uid,
    ", " channel: Text => String,
    ", " provider: Text => String,
    ", " payment_key: Text => String,
    ", " provider_txn_id: Nullable<Text> => Option<String>,
    ", " order_ref: Nullable<Text> => Option<String>,
    ", " amount_minor: BigInt => i64,
    ", " currency: Text => String,
    ", " status: Text => String,
    ", " paid_at: Nullable<SqlTs> => Option<Ts>,
    ", " memo: Nullable<Text> => Option<String>,
    ", " virtual_account: Nullable<Text> => Option<String>,
    ", " account_number: Nullable<Text> => Option<String>,
    ", " bank_txn_id: Nullable<Text> => Option<String>,
    ", " bill_id: Nullable<SqlUid> => Option<Uid>,
    ", " dossier_id: Nullable<SqlUid> => Option<Uid>,
    ", " match_outcome: Text => String,
    ", " match_rule: Nullable<Text> => Option<String>,
    ", " match_reason: Text => String,
    ", " allocated_minor: BigInt => i64,
    ", " credit_minor: BigInt => i64,
    ", " suspense_minor: BigInt => i64,
    ", " refunded_minor: BigInt => i64,
} ")");

row_statement!(InsertPosting {
    "INSERT INTO postings (tenant, chain, height, seq, entry_id, event, debit, credit, amount_minor, currency, payment_id, bill_id, corrects) VALUES ("
    tenant: Integer => i32,
    ", " chain: Integer => i32,
    ", " height: BigInt => i64,
    ", " seq: Integer => i32,
    ", " entry_id: SqlUid => Uid,
    ", " event: Text => String,
    ", " debit: Text => String,
    ", " credit: Text => String,
    ", " amount_minor: BigInt => i64,
    ", " currency: Text => String,
    ", " payment_id: Nullable<SqlUid> => Option<Uid>,
    ", " bill_id: Nullable<SqlUid> => Option<Uid>,
    ", " corrects: Nullable<SqlUid> => Option<Uid>,
} ")");

row_statement!(InsertEvent {
    "INSERT INTO outbox_events (tenant, event_id, subject, dossier_code, kind, body, created_at) VALUES ("
    tenant: Integer => i32,
    ", " event_id: SqlUid => Uid,
    ", " subject: SqlUid => Uid,
    ", " dossier_code: Nullable<Text> => Option<String>,
    ", " kind: Text => String,
    ", " body: Text => String,
    ", " created_at: SqlTs => Ts,
} ")");

// Rows are written one after the other, so the place of each follows from those before it.
row_statement!(InsertDelivery {
    "INSERT INTO outbox_deliveries (seq, tenant, delivery_id, subscriber, event_id, subject, state, tries, round_from, next_at) SELECT (SELECT COALESCE(MAX(d.seq), 0) + 1 FROM outbox_deliveries d WHERE d.tenant = u.tenant AND d.subscriber = u.subscriber AND d.subject = u.subject), u.* FROM (SELECT "
    tenant: Integer => i32,
    " AS tenant, " delivery_id: SqlUid => Uid,
    " AS delivery_id, " subscriber: Text => String,
    " AS subscriber, " event_id: SqlUid => Uid,
    " AS event_id, " subject: SqlUid => Uid,
    " AS subject, " state: Text => String,
    " AS state, " tries: Integer => i32,
    " AS tries, " round_from: Integer => i32,
    " AS round_from, " next_at: SqlTs => Ts,
} " AS next_at) AS u");
