//! The statements of the hot path on PostgreSQL: one tenant and one array per column each, unnested
//! by the server. Each has a static `QueryId`, so that it is parsed and planned once per connection.

use chrono::NaiveDate;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date, Integer, Nullable, Text};

use crate::store::types::{SqlTs, SqlUid, Ts, Uid};

/// A statement whose binds are one tenant and one array per column.
macro_rules! statement {
    (@binds $self:ident $out:ident $($field:ident: $sql:ty),+) => {
        let mut separator = "";
        $(
            $out.push_sql(separator);
            $out.push_bind_param::<Array<$sql>, _>(&$self.$field)?;
            separator = ", ";
        )+
        let _ = separator;
    };
    ($name:ident $(-> $returns:ty)?, $before:literal, $between:literal, $after:literal,
     { $($field:ident: $sql:ty => $rust:ty),+ $(,)? }) => {
        #[derive(Default, QueryId)]
        pub(super) struct $name { pub(super) tenant: i32, $(pub(super) $field: Vec<$rust>),+ }

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($before);
                out.push_bind_param::<Integer, _>(&self.tenant)?;
                out.push_sql($between);
                statement!(@binds self out $($field: $sql),+);
                out.push_sql($after);
                Ok(())
            }
        }

        impl RunQueryDsl<PgConnection> for $name {}
        $(impl Query for $name { type SqlType = $returns; })?
    };
}

// The reading statements go from the keys to the rows, whatever the planner believes of the table:
// a lateral query with a limit is never turned round.

statement!(
    FindNotices -> (Text, Binary, Binary, Text),
    "SELECT n.* FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (channel, key_hash)) AS k, LATERAL (SELECT n.channel, n.key_hash, n.facts_hash, n.verdict \
     FROM notices n WHERE n.tenant = k.tenant AND n.channel = k.channel AND n.key_hash = k.key_hash LIMIT 1) AS n",
    { channel: Text => String, key_hash: Binary => Vec<u8> }
);

statement!(
    KnowPayments -> (Text, Text),
    "SELECT p.* FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (channel, payment_key)) AS k, LATERAL (SELECT p.channel, p.payment_key FROM payments p \
     WHERE p.tenant = k.tenant AND p.channel = k.channel AND p.payment_key = k.payment_key LIMIT 1) AS p",
    { channel: Text => String, payment_key: Text => String }
);

statement!(
    LockPayments -> SqlUid,
    "SELECT p.* FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (channel, payment_key)) AS k, LATERAL (SELECT p.payment_id FROM payments p WHERE p.tenant = k.tenant \
     AND p.channel = k.channel AND p.payment_key = k.payment_key LIMIT 1 FOR UPDATE) AS p",
    { channel: Text => String, payment_key: Text => String }
);

statement!(
    FindAttempts -> (Text, Text, SqlUid, SqlUid),
    "SELECT k.channel, k.order_ref, a.bill_id, a.dossier_id FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (channel, order_ref)) AS k, LATERAL (SELECT b.bill_id, b.dossier_id FROM attempts a JOIN bills b \
     ON b.tenant = a.tenant AND b.bill_id = a.bill_id WHERE a.tenant = k.tenant AND a.channel = k.channel \
     AND a.order_ref = k.order_ref LIMIT 1) AS a",
    { channel: Text => String, order_ref: Text => String }
);

statement!(
    FindStanding -> (SqlUid, SqlUid, SqlUid, Text, BigInt, BigInt, BigInt, BigInt, Text, Text),
    "SELECT k.dossier_id, p.* FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (dossier_id)) AS k, LATERAL (SELECT p.bill_id, p.payment_id, p.provider, p.allocated_minor, \
     p.returned_minor, p.credit_minor, p.refunding_minor + p.refunded_minor, p.status, p.match_outcome \
     FROM payments p WHERE p.tenant = k.tenant AND p.dossier_id = k.dossier_id AND p.bill_id IS NOT NULL \
     AND (p.allocated_minor - p.returned_minor + p.credit_minor > 0 \
     OR (p.refunding_minor + p.refunded_minor > 0 AND p.status <> 'reversed')) \
     UNION ALL SELECT a.bill_id, a.payment_id, a.provider, a.amount_minor, 0, 0, 0, '', '' FROM allocations a \
     WHERE a.tenant = k.tenant AND a.dossier_id = k.dossier_id AND a.amount_minor > 0 OFFSET 0) AS p",
    { dossier_id: SqlUid => Uid }
);

statement!(
    InsertNotices,
    "INSERT INTO notices (tenant, notice_id, channel, key_hash, facts_hash, payment_id, status, \
     verdict, is_settled, raw, facts) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u",
    {
        notice_id: SqlUid => Uid, channel: Text => String, key_hash: Binary => Vec<u8>,
        facts_hash: Binary => Vec<u8>, payment_id: Nullable<SqlUid> => Option<Uid>,
        status: Text => String, verdict: Text => String, is_settled: Bool => bool,
        raw: Binary => Vec<u8>, facts: Nullable<Text> => Option<String>,
    }
);

statement!(
    InsertPayments,
    "INSERT INTO payments (tenant, payment_id, channel, provider, payment_key, provider_txn_id, \
     order_ref, amount_minor, currency, status, paid_at, memo, virtual_account, account_number, \
     bank_txn_id, bill_id, dossier_id, match_outcome, match_rule, match_reason, allocated_minor, \
     credit_minor, suspense_minor, refunded_minor) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u",
    {
        payment_id: SqlUid => Uid, channel: Text => String, provider: Text => String,
        payment_key: Text => String, provider_txn_id: Nullable<Text> => Option<String>,
        order_ref: Nullable<Text> => Option<String>, amount_minor: BigInt => i64,
        currency: Text => String, status: Text => String, paid_at: Nullable<SqlTs> => Option<Ts>,
        memo: Nullable<Text> => Option<String>, virtual_account: Nullable<Text> => Option<String>,
        account_number: Nullable<Text> => Option<String>, bank_txn_id: Nullable<Text> => Option<String>,
        bill_id: Nullable<SqlUid> => Option<Uid>, dossier_id: Nullable<SqlUid> => Option<Uid>,
        match_outcome: Text => String, match_rule: Nullable<Text> => Option<String>,
        match_reason: Text => String, allocated_minor: BigInt => i64, credit_minor: BigInt => i64,
        suspense_minor: BigInt => i64, refunded_minor: BigInt => i64,
    }
);

statement!(
    UpdateBills,
    "UPDATE bills SET paid_minor = u.paid_minor, waived_minor = u.waived_minor, state = u.state, cancelled_at = u.cancelled_at FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS x (bill_id, paid_minor, waived_minor, state, cancelled_at)) AS u WHERE bills.tenant = u.tenant AND bills.bill_id = u.bill_id",
    { bill_id: SqlUid => Uid, paid_minor: BigInt => i64, waived_minor: BigInt => i64, state: Text => String, cancelled_at: Nullable<SqlTs> => Option<Ts> }
);

statement!(
    UpdateClasses,
    "UPDATE dossiers SET class = u.class FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS x (dossier_id, class)) AS u WHERE dossiers.tenant = u.tenant AND dossiers.dossier_id = u.dossier_id",
    { dossier_id: SqlUid => Uid, class: Integer => i32 }
);

statement!(
    AddCounts,
    "INSERT INTO dossier_counts (tenant, grain, period, unit_code, procedure_code, class, writer, n) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u ON CONFLICT (tenant, grain, period, unit_code, procedure_code, class, writer) \
     DO UPDATE SET n = dossier_counts.n + EXCLUDED.n",
    {
        grain: Integer => i32, period: Date => NaiveDate, unit_code: Text => String,
        procedure_code: Text => String, class: Integer => i32, writer: Integer => i32, n: BigInt => i64,
    }
);

// Whether a procedure has a fee is looked up by the statement itself, which waits here while an import
// changes it: by key for each row, where a join would walk the whole catalogue for every batch.
// Several procedures and classes come to one row: of a class, the bits without fee kinds and
// providers are kept.
statement!(
    AddUnitCounts,
    "INSERT INTO unit_counts (tenant, period, unit_code, has_fee, class, writer, n) \
     SELECT c.tenant, c.period, c.unit_code, c.has_fee, c.class & 255, c.writer, CAST(SUM(c.n) AS BIGINT) FROM (\
     SELECT t.*, (SELECT p.has_fee FROM procedures p WHERE p.tenant = t.tenant AND p.code = t.procedure_code) AS has_fee \
     FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS u (period, unit_code, procedure_code, class, writer, n)) AS t OFFSET 0) AS c WHERE c.has_fee IS NOT NULL \
     GROUP BY c.tenant, c.period, c.unit_code, c.has_fee, c.class & 255, c.writer HAVING SUM(c.n) <> 0 \
     ON CONFLICT (tenant, period, unit_code, has_fee, class, writer) DO UPDATE SET n = unit_counts.n + EXCLUDED.n",
    {
        period: Date => NaiveDate, unit_code: Text => String, procedure_code: Text => String,
        class: Integer => i32, writer: Integer => i32, n: BigInt => i64,
    }
);

statement!(
    AddBalances,
    "INSERT INTO account_balances (tenant, account, currency, writer, debit_minor, credit_minor) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u ON CONFLICT (tenant, account, currency, writer) DO UPDATE SET \
     debit_minor = account_balances.debit_minor + EXCLUDED.debit_minor, \
     credit_minor = account_balances.credit_minor + EXCLUDED.credit_minor",
    {
        account: Text => String, currency: Text => String, writer: Integer => i32,
        debit_minor: BigInt => i64, credit_minor: BigInt => i64,
    }
);

statement!(
    InsertPostings,
    "INSERT INTO postings (tenant, chain, height, seq, entry_id, event, debit, credit, amount_minor, \
     currency, payment_id, bill_id, corrects) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u",
    {
        chain: Integer => i32, height: BigInt => i64, seq: Integer => i32, entry_id: SqlUid => Uid,
        event: Text => String, debit: Text => String, credit: Text => String,
        amount_minor: BigInt => i64, currency: Text => String,
        payment_id: Nullable<SqlUid> => Option<Uid>, bill_id: Nullable<SqlUid> => Option<Uid>,
        corrects: Nullable<SqlUid> => Option<Uid>,
    }
);

statement!(
    InsertEvents,
    "INSERT INTO outbox_events (tenant, event_id, subject, dossier_code, kind, body, created_at) SELECT ",
    ", u.* FROM UNNEST(",
    ") AS u",
    {
        event_id: SqlUid => Uid, subject: SqlUid => Uid, dossier_code: Nullable<Text> => Option<String>,
        kind: Text => String, body: Text => String, created_at: SqlTs => Ts,
    }
);

statement!(
    InsertDeliveries,
    "INSERT INTO outbox_deliveries (tenant, delivery_id, subscriber, event_id, subject, seq, state, tries, \
     round_from, next_at) SELECT u.tenant, u.delivery_id, u.subscriber, u.event_id, u.subject, \
     u.seq + COALESCE((SELECT MAX(d.seq) FROM outbox_deliveries d WHERE d.tenant = u.tenant \
     AND d.subscriber = u.subscriber AND d.subject = u.subject), 0), u.state, u.tries, u.round_from, u.next_at \
     FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS x (delivery_id, subscriber, event_id, subject, seq, state, tries, round_from, next_at)) AS u",
    {
        delivery_id: SqlUid => Uid, subscriber: Text => String, event_id: SqlUid => Uid,
        subject: SqlUid => Uid, seq: BigInt => i64, state: Text => String, tries: Integer => i32,
        round_from: Integer => i32, next_at: SqlTs => Ts,
    }
);

/// Moves rows into the columns of a statement.
macro_rules! columns {
    ($statement:ident, $tenant:expr, $rows:expr, { $($field:ident),+ $(,)? }) => {{
        let mut columns = $statement { tenant: $tenant, ..Default::default() };
        for row in $rows {
            $(columns.$field.push(row.$field.clone());)+
        }
        columns
    }};
}

pub(super) use columns;
