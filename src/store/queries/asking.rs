//! Attempts and the status queries about them.

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::{QueryFilter, StatusQueries};
use crate::store::rows::{AttemptRow, BillRow, PaymentRow, QueryChannelRow, StatusQueryRow};
use crate::store::schema::{attempts, bills, payments, status_queries, status_query_channels};
use crate::store::types::{Ts, Uid};

/// As in the partial index, word for word: neither engine would use it for a bound value.
const UNFINISHED: &str = "payments.status IN ('pending', 'authorized', 'review')";

impl StatusQueries for Conn {
    fn find_attempt(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Option<AttemptRow>, Failure> {
        Ok(attempts::table
            .find((tenant, channel, order_ref))
            .select(AttemptRow::as_select())
            .first(self)
            .optional()?)
    }

    fn find_bill_by_id(&mut self, tenant: i32, id: Uid) -> Result<Option<BillRow>, Failure> {
        Ok(bills::table
            .find((tenant, id))
            .select(BillRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_payments_of_attempt(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Vec<PaymentRow>, Failure> {
        let of_bill = bills::tenant
            .eq(attempts::tenant)
            .and(bills::bill_id.eq(attempts::bill_id));
        let dossiers: Vec<Uid> = attempts::table
            .inner_join(bills::table.on(of_bill))
            .filter(attempts::tenant.eq(tenant))
            .filter(attempts::channel.eq(channel))
            .filter(attempts::order_ref.eq(order_ref))
            .select(bills::dossier_id)
            .load(self)?;
        Ok(payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::dossier_id.eq_any(dossiers))
            .filter(payments::dossier_id.is_not_null())
            .filter(payments::channel.eq(channel))
            .filter(payments::order_ref.eq(order_ref))
            .order(payments::payment_id)
            .select(PaymentRow::as_select())
            .load(self)?)
    }

    fn list_unasked_attempts(
        &mut self,
        tenant: i32,
        channel: &str,
        since: Ts,
        limit: i64,
    ) -> Result<Vec<AttemptRow>, Failure> {
        let asked = status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .filter(status_queries::channel.eq(channel))
            .filter(status_queries::order_ref.eq(attempts::order_ref));
        Ok(attempts::table
            .filter(attempts::tenant.eq(tenant))
            .filter(attempts::channel.eq(channel))
            .filter(attempts::opened_at.ge(since))
            .filter(not(exists(asked)))
            .order(attempts::opened_at)
            .limit(limit)
            .select(AttemptRow::as_select())
            .load(self)?)
    }

    fn list_unasked_payments(
        &mut self,
        tenant: i32,
        channel: &str,
        since: Uid,
        limit: i64,
    ) -> Result<Vec<PaymentRow>, Failure> {
        let asked = status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .filter(status_queries::channel.eq(channel))
            .filter(status_queries::order_ref.nullable().eq(payments::order_ref));
        Ok(payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::channel.eq(channel))
            .filter(payments::payment_id.ge(since))
            .filter(payments::order_ref.is_not_null())
            .filter(sql::<Bool>(UNFINISHED))
            .filter(not(exists(asked)))
            .order(payments::payment_id)
            .limit(limit)
            .select(PaymentRow::as_select())
            .load(self)?)
    }

    fn insert_status_queries(&mut self, rows: &[StatusQueryRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(status_queries::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(self)?;
        }
        Ok(())
    }

    fn find_status_query(
        &mut self,
        tenant: i32,
        channel: &str,
        order_ref: &str,
    ) -> Result<Option<StatusQueryRow>, Failure> {
        Ok(status_queries::table
            .find((tenant, channel, order_ref))
            .select(StatusQueryRow::as_select())
            .first(self)
            .optional()?)
    }

    fn find_due_status_query(
        &mut self,
        tenant: i32,
        channel: &str,
        now: Ts,
    ) -> Result<Option<StatusQueryRow>, Failure> {
        Ok(status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .filter(status_queries::state.eq("waiting"))
            .filter(status_queries::channel.eq(channel))
            .filter(status_queries::next_at.le(now))
            .order((status_queries::next_at, status_queries::order_ref))
            .select(StatusQueryRow::as_select())
            .first(self)
            .optional()?)
    }

    fn mark_status_query(&mut self, row: &StatusQueryRow, tries: i32) -> Result<bool, Failure> {
        let held = status_queries::table
            .find((row.tenant, &row.channel, &row.order_ref))
            .filter(status_queries::tries.eq(tries))
            .filter(status_queries::state.eq("waiting"));
        let changed = diesel::update(held)
            .set((
                status_queries::next_at.eq(row.next_at),
                status_queries::tries.eq(row.tries),
                status_queries::state.eq(&row.state),
                status_queries::last_outcome.eq(&row.last_outcome),
                status_queries::last_asked_at.eq(row.last_asked_at),
            ))
            .execute(self)?;
        Ok(changed == 1)
    }

    fn list_status_queries(
        &mut self,
        tenant: i32,
        filter: &QueryFilter,
    ) -> Result<Vec<StatusQueryRow>, Failure> {
        let mut query = status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .order((
                status_queries::next_at,
                status_queries::channel,
                status_queries::order_ref,
            ))
            .limit(filter.limit)
            .select(StatusQueryRow::as_select())
            .into_boxed();
        if let Some(channel) = &filter.channel {
            query = query.filter(status_queries::channel.eq(channel));
        }
        if let Some(state) = &filter.state {
            query = query.filter(status_queries::state.eq(state));
        }
        Ok(query.load(self)?)
    }

    fn count_status_queries(
        &mut self,
        tenant: i32,
        channel: &str,
        state: &str,
    ) -> Result<i64, Failure> {
        Ok(status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .filter(status_queries::state.eq(state))
            .filter(status_queries::channel.eq(channel))
            .count()
            .get_result(self)?)
    }

    fn delete_answered(&mut self, tenant: i32, before: Ts, limit: i64) -> Result<usize, Failure> {
        let answered: Vec<(String, String)> = status_queries::table
            .filter(status_queries::tenant.eq(tenant))
            .filter(status_queries::state.eq("answered"))
            .filter(status_queries::last_asked_at.lt(before))
            .order((status_queries::channel, status_queries::next_at))
            .limit(limit)
            .select((status_queries::channel, status_queries::order_ref))
            .load(self)?;
        for (channel, order_ref) in &answered {
            diesel::delete(status_queries::table.find((tenant, channel, order_ref)))
                .execute(self)?;
        }
        Ok(answered.len())
    }

    fn find_query_channel(
        &mut self,
        tenant: i32,
        channel: &str,
    ) -> Result<Option<QueryChannelRow>, Failure> {
        Ok(status_query_channels::table
            .find((tenant, channel))
            .select(QueryChannelRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_query_channel(&mut self, row: &QueryChannelRow) -> Result<(), Failure> {
        diesel::insert_into(status_query_channels::table)
            .values(row)
            .on_conflict((
                status_query_channels::tenant,
                status_query_channels::channel,
            ))
            .do_update()
            .set((
                status_query_channels::next_at.eq(excluded(status_query_channels::next_at)),
                status_query_channels::failures.eq(excluded(status_query_channels::failures)),
                status_query_channels::last_outcome
                    .eq(excluded(status_query_channels::last_outcome)),
            ))
            .execute(self)?;
        Ok(())
    }
}
