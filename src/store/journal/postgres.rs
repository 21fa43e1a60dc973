//! The hot path on PostgreSQL: one prepared `UNNEST` statement per table and batch. Every
//! statement has a static `QueryId`, so that libpq parses and plans it once per connection.

use chrono::NaiveDate;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date, Integer, Nullable, Text};

use super::{Batch, Found, Journal, Lookup, NoticeHead, SealedBlock};
use crate::store::failure::Failure;
use crate::store::rows::{BillRow, DossierRow, FeeItemRow, PaymentRow};
use crate::store::schema::{
    bills, dossiers, fee_items, payments, quarantined_calls, seal_blocks, seal_chains,
};
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
        struct $name { tenant: i32, $($field: Vec<$rust>),+ }

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

statement!(
    FindNotices -> (Text, Binary, Binary, Text),
    "SELECT n.channel, n.key_hash, n.facts_hash, n.verdict FROM notices n WHERE n.tenant = ",
    " AND (n.channel, n.key_hash) IN (SELECT * FROM UNNEST(",
    "))",
    { channel: Text => String, key_hash: Binary => Vec<u8> }
);

statement!(
    LockPayments -> SqlUid,
    "SELECT p.payment_id FROM payments p WHERE p.tenant = ",
    " AND (p.channel, p.payment_key) IN (SELECT * FROM UNNEST(",
    ")) ORDER BY p.payment_id FOR UPDATE",
    { channel: Text => String, payment_key: Text => String }
);

statement!(
    FindAttempts -> (Text, Text, SqlUid, SqlUid),
    "SELECT a.channel, a.order_ref, b.bill_id, b.dossier_id FROM attempts a JOIN bills b \
     ON b.tenant = a.tenant AND b.bill_id = a.bill_id WHERE a.tenant = ",
    " AND (a.channel, a.order_ref) IN (SELECT * FROM UNNEST(",
    "))",
    { channel: Text => String, order_ref: Text => String }
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
    "UPDATE bills SET paid_minor = u.paid_minor, state = u.state, cancelled_at = u.cancelled_at FROM (SELECT ",
    "::int AS tenant, * FROM UNNEST(",
    ") AS x (bill_id, paid_minor, state, cancelled_at)) AS u WHERE bills.tenant = u.tenant AND bills.bill_id = u.bill_id",
    { bill_id: SqlUid => Uid, paid_minor: BigInt => i64, state: Text => String, cancelled_at: Nullable<SqlTs> => Option<Ts> }
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

impl Journal for PgConnection {
    fn find(&mut self, lookup: &Lookup) -> Result<Found, Failure> {
        let mut found = Found::default();
        let mut dossier_ids = self.find_by_clues(lookup, &mut found)?;
        found.payments = self.lock_payments(lookup)?;
        dossier_ids.extend(found.payments.iter().filter_map(|row| row.dossier_id));
        self.lock_dossiers(lookup.tenant, dossier_ids, &mut found)?;
        let (channel, key_hash) = lookup.notice_keys.iter().cloned().unzip();
        let heads = FindNotices {
            tenant: lookup.tenant,
            channel,
            key_hash,
        };
        let heads: Vec<(String, Vec<u8>, Vec<u8>, String)> = heads.load(self)?;
        found.notices = heads
            .into_iter()
            .map(|(channel, key_hash, facts_hash, verdict)| NoticeHead {
                channel,
                key_hash,
                facts_hash,
                verdict,
            })
            .collect();
        Ok(found)
    }

    fn write(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if !batch.notices.is_empty() {
            columns!(InsertNotices, tenant, &batch.notices, {
                notice_id, channel, key_hash, facts_hash, payment_id, status, verdict, is_settled, raw, facts,
            })
            .execute(self)?;
        }
        if !batch.settled_notices.is_empty() {
            use crate::store::schema::notices;
            let settled = notices::table
                .filter(notices::tenant.eq(tenant))
                .filter(notices::notice_id.eq_any(&batch.settled_notices));
            diesel::update(settled)
                .set((
                    notices::is_settled.eq(true),
                    notices::facts.eq(None::<String>),
                ))
                .execute(self)?;
        }
        self.write_payments(tenant, batch)?;
        self.write_dossiers(tenant, batch)?;
        self.add_sums(tenant, batch)?;
        if !batch.quarantined.is_empty() {
            diesel::insert_into(quarantined_calls::table)
                .values(&batch.quarantined)
                .execute(self)?;
        }
        match &batch.block {
            Some(block) => self.seal(tenant, block),
            None => Ok(()),
        }
    }
}

trait Steps {
    fn find_by_clues(&mut self, lookup: &Lookup, found: &mut Found) -> Result<Vec<Uid>, Failure>;
    fn lock_payments(&mut self, lookup: &Lookup) -> Result<Vec<PaymentRow>, Failure>;
    fn lock_dossiers(
        &mut self,
        tenant: i32,
        ids: Vec<Uid>,
        found: &mut Found,
    ) -> Result<(), Failure>;
    fn write_payments(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn write_dossiers(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn add_sums(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn seal(&mut self, tenant: i32, block: &SealedBlock) -> Result<(), Failure>;
}

impl Steps for PgConnection {
    fn find_by_clues(&mut self, lookup: &Lookup, found: &mut Found) -> Result<Vec<Uid>, Failure> {
        let tenant = lookup.tenant;
        let mut ids = Vec::new();
        if !lookup.attempts.is_empty() {
            let (channel, order_ref) = lookup.attempts.iter().cloned().unzip();
            let hits: Vec<(String, String, Uid, Uid)> = FindAttempts {
                tenant,
                channel,
                order_ref,
            }
            .load(self)?;
            for (channel, order_ref, bill_id, dossier_id) in hits {
                ids.push(dossier_id);
                found.attempts.push((channel, order_ref, bill_id));
            }
        }
        let of_tenant = || {
            bills::table
                .filter(bills::tenant.eq(tenant))
                .select(bills::dossier_id)
        };
        if !lookup.references.is_empty() {
            ids.extend(
                of_tenant()
                    .filter(bills::reference.eq_any(&lookup.references))
                    .load::<Uid>(self)?,
            );
        }
        if !lookup.virtual_accounts.is_empty() {
            ids.extend(
                of_tenant()
                    .filter(bills::virtual_account.eq_any(&lookup.virtual_accounts))
                    .load::<Uid>(self)?,
            );
        }
        if !lookup.dossier_codes.is_empty() {
            ids.extend(
                dossiers::table
                    .filter(dossiers::tenant.eq(tenant))
                    .filter(dossiers::code_squeezed.eq_any(&lookup.dossier_codes))
                    .select(dossiers::dossier_id)
                    .load::<Uid>(self)?,
            );
        }
        Ok(ids)
    }

    fn lock_payments(&mut self, lookup: &Lookup) -> Result<Vec<PaymentRow>, Failure> {
        let (channel, payment_key) = lookup.payment_keys.iter().cloned().unzip();
        let tenant = lookup.tenant;
        let locked: Vec<Uid> = LockPayments {
            tenant,
            channel,
            payment_key,
        }
        .load(self)?;
        if locked.is_empty() {
            return Ok(Vec::new());
        }
        Ok(payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::payment_id.eq_any(locked))
            .select(PaymentRow::as_select())
            .load(self)?)
    }

    fn lock_dossiers(
        &mut self,
        tenant: i32,
        ids: Vec<Uid>,
        found: &mut Found,
    ) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        found.dossiers = dossiers::table
            .filter(dossiers::tenant.eq(tenant))
            .filter(dossiers::dossier_id.eq_any(&ids))
            .order(dossiers::dossier_id)
            .for_update()
            .select(DossierRow::as_select())
            .load(self)?;
        found.bills = bills::table
            .filter(bills::tenant.eq(tenant))
            .filter(bills::dossier_id.eq_any(&ids))
            .order(bills::bill_id)
            .select(BillRow::as_select())
            .load(self)?;
        let cancelled = found
            .bills
            .iter()
            .filter(|bill| bill.cancelled_at.is_some());
        let cancelled: Vec<Uid> = cancelled.map(|bill| bill.dossier_id).collect();
        if !cancelled.is_empty() {
            found.fee_items = fee_items::table
                .filter(fee_items::tenant.eq(tenant))
                .filter(fee_items::dossier_id.eq_any(cancelled))
                .select(FeeItemRow::as_select())
                .load(self)?;
        }
        let standing: Vec<(Option<Uid>, Option<Uid>, Uid, String)> = payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::dossier_id.eq_any(&ids))
            .filter(payments::dossier_id.is_not_null())
            .filter((payments::allocated_minor + payments::credit_minor).gt(0))
            .select((
                payments::dossier_id,
                payments::bill_id,
                payments::payment_id,
                payments::provider,
            ))
            .load(self)?;
        found.standing = standing
            .into_iter()
            .filter_map(|(dossier, bill, payment, provider)| {
                Some((dossier?, bill?, payment, provider))
            })
            .collect();
        Ok(())
    }

    fn write_payments(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if !batch.new_payments.is_empty() {
            columns!(InsertPayments, tenant, &batch.new_payments, {
                payment_id, channel, provider, payment_key, provider_txn_id, order_ref, amount_minor,
                currency, status, paid_at, memo, virtual_account, account_number, bank_txn_id, bill_id,
                dossier_id, match_outcome, match_rule, match_reason, allocated_minor, credit_minor,
                suspense_minor, refunded_minor,
            })
            .execute(self)?;
        }
        for row in &batch.changed_payments {
            diesel::update(payments::table.find((row.tenant, row.payment_id)))
                .set((
                    payments::status.eq(&row.status),
                    payments::paid_at.eq(row.paid_at),
                    payments::bill_id.eq(row.bill_id),
                    payments::dossier_id.eq(row.dossier_id),
                    payments::match_outcome.eq(&row.match_outcome),
                    payments::match_rule.eq(&row.match_rule),
                    payments::match_reason.eq(&row.match_reason),
                    payments::allocated_minor.eq(row.allocated_minor),
                    payments::credit_minor.eq(row.credit_minor),
                    payments::suspense_minor.eq(row.suspense_minor),
                    payments::refunded_minor.eq(row.refunded_minor),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn write_dossiers(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if !batch.bills.is_empty() {
            columns!(UpdateBills, tenant, &batch.bills, { bill_id, paid_minor, state, cancelled_at })
                .execute(self)?;
        }
        if !batch.classes.is_empty() {
            let (dossier_id, class) = batch.classes.iter().copied().unzip();
            UpdateClasses {
                tenant,
                dossier_id,
                class,
            }
            .execute(self)?;
        }
        Ok(())
    }

    fn add_sums(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if !batch.counts.is_empty() {
            columns!(AddCounts, tenant, &batch.counts, {
                grain, period, unit_code, procedure_code, class, writer, n,
            })
            .execute(self)?;
        }
        if !batch.balances.is_empty() {
            columns!(AddBalances, tenant, &batch.balances, {
                account, currency, writer, debit_minor, credit_minor,
            })
            .execute(self)?;
        }
        Ok(())
    }

    fn seal(&mut self, tenant: i32, block: &SealedBlock) -> Result<(), Failure> {
        let row = &block.row;
        let moved = diesel::update(seal_chains::table.find((tenant, row.chain)))
            .filter(seal_chains::epoch.eq(block.epoch))
            .set((
                seal_chains::height.eq(row.height),
                seal_chains::hash.eq(&row.hash),
                seal_chains::renewed_at.eq(block.renewed_at),
            ))
            .execute(self)?;
        if moved != 1 {
            return Err(Failure::Fenced(row.chain));
        }
        diesel::insert_into(seal_blocks::table)
            .values(row)
            .execute(self)?;
        columns!(InsertPostings, tenant, &block.postings, {
            chain, height, seq, entry_id, event, debit, credit, amount_minor, currency, payment_id,
            bill_id, corrects,
        })
        .execute(self)?;
        Ok(())
    }
}
