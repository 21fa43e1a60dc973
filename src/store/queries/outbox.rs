//! Subscribers, deliveries and their tries. Conditions on a partial index stand word for word as in the
//! index: neither engine would use it for a bound value.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::upsert::excluded;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::{DeliveryCounts, DeliveryFilter, Outbox};
use crate::store::rows::{DeliveryRow, EventRow, SubscriberRow, TryRow};
use crate::store::schema::{
    outbox_deliveries as deliveries, outbox_events as events, outbox_subscribers as subscribers,
    outbox_tries as tries,
};
use crate::store::types::{Ts, Uid};

const WAITING: &str = "outbox_deliveries.state = 'waiting'";
const GIVEN_UP: &str = "outbox_deliveries.state = 'given_up'";

impl Outbox for Conn {
    fn list_subscribers(&mut self, tenant: i32) -> Result<Vec<SubscriberRow>, Failure> {
        Ok(subscribers::table
            .filter(subscribers::tenant.eq(tenant))
            .order(subscribers::subscriber)
            .select(SubscriberRow::as_select())
            .load(self)?)
    }

    fn list_all_subscribers(&mut self) -> Result<Vec<SubscriberRow>, Failure> {
        Ok(subscribers::table
            .order((subscribers::tenant, subscribers::subscriber))
            .select(SubscriberRow::as_select())
            .load(self)?)
    }

    fn insert_subscriber(&mut self, row: &SubscriberRow) -> Result<(), Failure> {
        diesel::insert_into(subscribers::table)
            .values(row)
            .on_conflict((subscribers::tenant, subscribers::subscriber))
            .do_update()
            .set((
                subscribers::events.eq(excluded(subscribers::events)),
                subscribers::gone_url.eq(excluded(subscribers::gone_url)),
                subscribers::gone_at.eq(excluded(subscribers::gone_at)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn delete_subscriber(&mut self, tenant: i32, subscriber: &str) -> Result<(), Failure> {
        diesel::delete(subscribers::table.find((tenant, subscriber))).execute(self)?;
        Ok(())
    }

    fn list_due_deliveries(
        &mut self,
        tenant: i32,
        subscriber: &str,
        now: Ts,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, Failure> {
        Ok(deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .filter(deliveries::subscriber.eq(subscriber))
            .filter(sql::<Bool>(WAITING))
            .filter(deliveries::next_at.le(now))
            .order((
                deliveries::next_at,
                deliveries::seq,
                deliveries::delivery_id,
            ))
            .limit(limit)
            .select(DeliveryRow::as_select())
            .load(self)?)
    }

    fn list_first_waiting(
        &mut self,
        tenant: i32,
        subscriber: &str,
        subjects: &[Uid],
    ) -> Result<Vec<DeliveryRow>, Failure> {
        let waiting = deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .filter(deliveries::subscriber.eq(subscriber))
            .filter(deliveries::subject.eq_any(subjects))
            .filter(sql::<Bool>(WAITING))
            .order((deliveries::subject, deliveries::seq))
            .select(DeliveryRow::as_select());
        let mut rows: Vec<DeliveryRow> = waiting.load(self)?;
        rows.dedup_by_key(|row| row.subject);
        Ok(rows)
    }

    fn mark_delivery(&mut self, row: &DeliveryRow, tries: i32) -> Result<bool, Failure> {
        let held = deliveries::table
            .find((row.tenant, row.delivery_id))
            .filter(deliveries::tries.eq(tries));
        let changed = diesel::update(held)
            .set((
                deliveries::state.eq(&row.state),
                deliveries::tries.eq(row.tries),
                deliveries::round_from.eq(row.round_from),
                deliveries::next_at.eq(row.next_at),
                deliveries::last_status.eq(row.last_status),
                deliveries::last_error.eq(&row.last_error),
                deliveries::delivered_at.eq(row.delivered_at),
            ))
            .execute(self)?;
        Ok(changed == 1)
    }

    fn mark_following(&mut self, row: &DeliveryRow, next_at: Ts) -> Result<(), Failure> {
        let behind = deliveries::table
            .filter(deliveries::tenant.eq(row.tenant))
            .filter(deliveries::subscriber.eq(&row.subscriber))
            .filter(deliveries::subject.eq(row.subject))
            .filter(deliveries::seq.gt(row.seq))
            .filter(sql::<Bool>(WAITING));
        diesel::update(behind)
            .set(deliveries::next_at.eq(next_at))
            .execute(self)?;
        Ok(())
    }

    fn insert_try(&mut self, row: &TryRow, keep: i32) -> Result<(), Failure> {
        diesel::insert_into(tries::table)
            .values(row)
            .execute(self)?;
        let older = tries::table
            .filter(tries::tenant.eq(row.tenant))
            .filter(tries::delivery_id.eq(row.delivery_id))
            .filter(tries::nth.le(row.nth.saturating_sub(keep)));
        diesel::delete(older).execute(self)?;
        Ok(())
    }

    fn list_events(&mut self, tenant: i32, ids: &[Uid]) -> Result<Vec<EventRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            rows.extend(
                events::table
                    .filter(events::tenant.eq(tenant))
                    .filter(events::event_id.eq_any(chunk))
                    .order(events::event_id)
                    .select(EventRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_deliveries(
        &mut self,
        tenant: i32,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliveryRow>, Failure> {
        let mut query = deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .order(deliveries::delivery_id)
            .limit(filter.limit)
            .select(DeliveryRow::as_select())
            .into_boxed();
        if let Some(subscriber) = &filter.subscriber {
            query = query.filter(deliveries::subscriber.eq(subscriber));
        }
        if let Some(state) = &filter.state {
            query = query.filter(deliveries::state.eq(state));
        }
        if let Some(subject) = filter.subject {
            query = query.filter(deliveries::subject.eq(subject));
        }
        if let Some(since) = filter.since {
            query = query.filter(deliveries::delivery_id.ge(since));
        }
        if let Some(after) = filter.after {
            query = query.filter(deliveries::delivery_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn find_delivery(&mut self, tenant: i32, id: Uid) -> Result<Option<DeliveryRow>, Failure> {
        Ok(deliveries::table
            .find((tenant, id))
            .select(DeliveryRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_tries(&mut self, tenant: i32, ids: &[Uid]) -> Result<Vec<TryRow>, Failure> {
        Ok(tries::table
            .filter(tries::tenant.eq(tenant))
            .filter(tries::delivery_id.eq_any(ids))
            .order((tries::delivery_id, tries::nth))
            .select(TryRow::as_select())
            .load(self)?)
    }

    fn delete_ended_deliveries(
        &mut self,
        tenant: i32,
        before: Uid,
        limit: i64,
    ) -> Result<usize, Failure> {
        let ended: Vec<Uid> = deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .filter(deliveries::delivery_id.lt(before))
            .filter(deliveries::state.ne("waiting"))
            .order(deliveries::delivery_id)
            .limit(limit)
            .select(deliveries::delivery_id)
            .load(self)?;
        let of_them = tries::table
            .filter(tries::tenant.eq(tenant))
            .filter(tries::delivery_id.eq_any(&ended));
        diesel::delete(of_them).execute(self)?;
        let still_ended = deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .filter(deliveries::delivery_id.eq_any(&ended))
            .filter(deliveries::state.ne("waiting"));
        Ok(diesel::delete(still_ended).execute(self)?)
    }

    fn list_events_waited_for(&mut self, tenant: i32, before: Uid) -> Result<Vec<Uid>, Failure> {
        Ok(deliveries::table
            .filter(deliveries::tenant.eq(tenant))
            .filter(deliveries::delivery_id.lt(before))
            .select(deliveries::event_id)
            .load(self)?)
    }

    fn list_events_before(
        &mut self,
        tenant: i32,
        before: Uid,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<Uid>, Failure> {
        let mut query = events::table
            .filter(events::tenant.eq(tenant))
            .filter(events::event_id.lt(before))
            .order(events::event_id)
            .limit(limit)
            .select(events::event_id)
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(events::event_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn delete_events(&mut self, tenant: i32, ids: &[Uid]) -> Result<usize, Failure> {
        let mut removed = 0;
        for chunk in ids.chunks(CHUNK) {
            let gone = events::table
                .filter(events::tenant.eq(tenant))
                .filter(events::event_id.eq_any(chunk));
            removed += diesel::delete(gone).execute(self)?;
        }
        Ok(removed)
    }

    fn count_deliveries(
        &mut self,
        tenant: i32,
        subscriber: &str,
    ) -> Result<DeliveryCounts, Failure> {
        let of_subscriber = || {
            deliveries::table
                .filter(deliveries::tenant.eq(tenant))
                .filter(deliveries::subscriber.eq(subscriber))
        };
        let of_event = events::tenant
            .eq(deliveries::tenant)
            .and(events::event_id.eq(deliveries::event_id));
        Ok(DeliveryCounts {
            waiting: of_subscriber()
                .filter(sql::<Bool>(WAITING))
                .count()
                .get_result(self)?,
            given_up: of_subscriber()
                .filter(sql::<Bool>(GIVEN_UP))
                .count()
                .get_result(self)?,
            oldest_waiting: of_subscriber()
                .inner_join(events::table.on(of_event))
                .filter(sql::<Bool>(WAITING))
                .order(events::created_at)
                .select(events::created_at)
                .first(self)
                .optional()?,
        })
    }
}
