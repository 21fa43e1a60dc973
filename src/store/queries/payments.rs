//! Payments, notices and the quarantine, read for people and swept by commands.

use diesel::prelude::*;

use super::Conn;
use crate::store::failure::Failure;
use crate::store::ops::{PaymentFilter, Payments};
use crate::store::rows::{NoticeRow, PaymentHead, PaymentRow, QuarantinedHead, QuarantinedRow};
use crate::store::schema::{dossiers, notices, payments, quarantined_calls as quarantined};
use crate::store::types::{Ts, Uid};

impl Payments for Conn {
    fn list_payments(
        &mut self,
        tenant: i32,
        filter: &PaymentFilter,
    ) -> Result<Vec<PaymentRow>, Failure> {
        let mut query = payments::table
            .filter(payments::tenant.eq(tenant))
            .order(payments::payment_id)
            .limit(filter.limit)
            .select(PaymentRow::as_select())
            .into_boxed();
        if let Some(channel) = &filter.channel {
            query = query.filter(payments::channel.eq(channel));
        }
        if let Some(id) = &filter.provider_txn_id {
            query = query.filter(payments::provider_txn_id.eq(id));
        }
        if let Some(status) = &filter.status {
            query = query.filter(payments::status.eq(status));
        }
        if let Some(unit) = &filter.unit_code {
            let of_unit = dossiers::table
                .filter(dossiers::tenant.eq(tenant))
                .filter(dossiers::unit_code.eq(unit))
                .select(dossiers::dossier_id.nullable());
            query = query.filter(payments::dossier_id.eq_any(of_unit));
        }
        if let Some(from) = filter.from {
            query = query.filter(payments::payment_id.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(payments::payment_id.lt(to));
        }
        if let Some(after) = filter.after {
            query = query.filter(payments::payment_id.gt(after));
        }
        if let Some((from, to)) = filter.paid_within {
            query = query.filter(
                payments::paid_at
                    .is_null()
                    .or(payments::paid_at.ge(from).and(payments::paid_at.lt(to))),
            );
        }
        Ok(query.load(self)?)
    }

    fn list_payment_heads(
        &mut self,
        tenant: i32,
        (first, behind): (Uid, Uid),
        (from, to): (Ts, Ts),
        limit: i64,
    ) -> Result<Vec<PaymentHead>, Failure> {
        let is_within = payments::paid_at.ge(from).and(payments::paid_at.lt(to));
        Ok(payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::payment_id.ge(first))
            .filter(payments::payment_id.lt(behind))
            .filter(payments::paid_at.is_null().or(is_within))
            .order(payments::payment_id)
            .limit(limit)
            .select(PaymentHead::as_select())
            .load(self)?)
    }

    fn list_payment_heads_keyed(
        &mut self,
        tenant: i32,
        channel: &str,
        keys: &[&str],
    ) -> Result<Vec<PaymentHead>, Failure> {
        let mut heads = Vec::new();
        for chunk in keys.chunks(super::CHUNK) {
            heads.extend(
                payments::table
                    .filter(payments::tenant.eq(tenant))
                    .filter(payments::channel.eq(channel))
                    .filter(payments::payment_key.eq_any(chunk))
                    .select(PaymentHead::as_select())
                    .load::<PaymentHead>(self)?,
            );
        }
        Ok(heads)
    }

    fn find_payment(&mut self, tenant: i32, id: Uid) -> Result<Option<PaymentRow>, Failure> {
        Ok(payments::table
            .find((tenant, id))
            .select(PaymentRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_payments_of(
        &mut self,
        tenant: i32,
        dossier_ids: &[Uid],
    ) -> Result<Vec<PaymentRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in dossier_ids.chunks(super::CHUNK) {
            rows.extend(
                payments::table
                    .filter(payments::tenant.eq(tenant))
                    .filter(payments::dossier_id.eq_any(chunk))
                    .filter(payments::dossier_id.is_not_null())
                    .order(payments::payment_id)
                    .select(PaymentRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_notices(
        &mut self,
        tenant: i32,
        channel: Option<&str>,
        verdict: Option<&str>,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<NoticeRow>, Failure> {
        let mut query = notices::table
            .filter(notices::tenant.eq(tenant))
            .order(notices::notice_id)
            .limit(limit)
            .select(NoticeRow::as_select())
            .into_boxed();
        if let Some(channel) = channel {
            query = query.filter(notices::channel.eq(channel));
        }
        if let Some(verdict) = verdict {
            query = query.filter(notices::verdict.eq(verdict));
        }
        if let Some(after) = after {
            query = query.filter(notices::notice_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn list_unsettled_notices(
        &mut self,
        tenant: i32,
        limit: i64,
    ) -> Result<Vec<NoticeRow>, Failure> {
        Ok(notices::table
            .filter(notices::tenant.eq(tenant))
            .filter(diesel::dsl::not(notices::is_settled))
            .order(notices::notice_id)
            .limit(limit)
            .select(NoticeRow::as_select())
            .load(self)?)
    }

    fn count_unsettled_notices(&mut self, tenant: i32) -> Result<i64, Failure> {
        Ok(notices::table
            .filter(notices::tenant.eq(tenant))
            .filter(diesel::dsl::not(notices::is_settled))
            .count()
            .get_result(self)?)
    }

    fn list_quarantined(
        &mut self,
        tenant: i32,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<QuarantinedRow>, Failure> {
        let mut query = quarantined::table
            .filter(quarantined::tenant.eq(tenant))
            .filter(quarantined::replayed_at.is_null())
            .order(quarantined::quarantine_id)
            .limit(limit)
            .select(QuarantinedRow::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(quarantined::quarantine_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn list_quarantined_heads(
        &mut self,
        tenant: i32,
        channel: Option<&str>,
        limit: i64,
    ) -> Result<Vec<QuarantinedHead>, Failure> {
        let mut query = quarantined::table
            .filter(quarantined::tenant.eq(tenant))
            .filter(quarantined::replayed_at.is_null())
            .order(quarantined::quarantine_id)
            .limit(limit)
            .select((
                quarantined::quarantine_id,
                quarantined::channel,
                quarantined::reason,
                quarantined::detail,
                quarantined::arrived_at,
                diesel::dsl::sql::<diesel::sql_types::Integer>("length(raw)"),
            ))
            .into_boxed();
        if let Some(channel) = channel {
            query = query.filter(quarantined::channel.eq(channel.to_owned()));
        }
        Ok(query.load(self)?)
    }

    fn mark_replayed(&mut self, tenant: i32, id: Uid, at: Ts) -> Result<(), Failure> {
        diesel::update(quarantined::table.find((tenant, id)))
            .set(quarantined::replayed_at.eq(at))
            .execute(self)?;
        Ok(())
    }

    fn delete_old_quarantined(&mut self, tenant: i32, keep: i64) -> Result<usize, Failure> {
        let oldest_kept: Option<Uid> = quarantined::table
            .filter(quarantined::tenant.eq(tenant))
            .order(quarantined::quarantine_id.desc())
            .offset(keep.saturating_sub(1).max(0))
            .select(quarantined::quarantine_id)
            .first(self)
            .optional()?;
        let Some(oldest_kept) = oldest_kept else {
            return Ok(0);
        };
        let older = quarantined::table
            .filter(quarantined::tenant.eq(tenant))
            .filter(quarantined::quarantine_id.lt(oldest_kept));
        Ok(diesel::delete(older).execute(self)?)
    }
}
