//! The hot path on PostgreSQL: rows are locked in key order, then one prepared statement per table
//! writes the whole batch. The statements themselves stand in `statements.rs`.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::statements::{
    AddBalances, AddCounts, AddUnitCounts, FindAttempts, FindNotices, FindStanding,
    InsertDeliveries, InsertEvents, InsertNotices, InsertPayments, InsertPostings, KnowPayments,
    LockPayments, UpdateBills, UpdateClasses, columns,
};
use super::{
    Batch, Found, Journal, Lookup, NoticeHead, SealedBlock, find_named_payments, find_refunds,
    why_not_sealed, without_given,
};
use crate::store::failure::Failure;
use crate::store::ops::{Cases as _, Refunds as _};
use crate::store::rows::{BillRow, DossierRow, FeeItemRow, PaymentRow};
use crate::store::schema::{
    bills, dossiers, fee_items, payments, quarantined_calls, seal_blocks, seal_chains,
};
use crate::store::types::Uid;

impl Journal for PgConnection {
    fn find(&mut self, lookup: &Lookup) -> Result<Found, Failure> {
        let mut found = Found::default();
        let mut dossier_ids = self.find_by_clues(lookup, &mut found)?;
        found.payments = self.lock_payments(lookup)?;
        dossier_ids.extend(found.payments.iter().filter_map(|row| row.dossier_id));
        let known: Vec<Uid> = found.payments.iter().map(|row| row.payment_id).collect();
        if !known.is_empty() {
            found.allocations = self.list_allocations(lookup.tenant, &known)?;
            dossier_ids.extend(found.allocations.iter().map(|row| row.dossier_id));
        }
        found.refunds = find_refunds(self, lookup, &found.payments)?;
        self.lock_dossiers(lookup.tenant, dossier_ids, &mut found)?;
        self.must_know_early_payments(lookup, &found)?;
        find_named_payments(self, lookup, &mut found)?;
        let (payments, bills) = found.settleable();
        found.differences = self.list_standing_differences(lookup.tenant, &payments, &bills)?;
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
        if batch.has_cases() {
            self.insert_cases(&batch.allocations, &batch.differences, &batch.refunds)?;
            self.mark_differences(&batch.changed_differences)?;
            self.insert_difference_steps(&batch.difference_steps)?;
        }
        self.announce(tenant, batch)?;
        if batch.has_refund_steps() {
            self.mark_refunds(&batch.changed_refunds, &batch.refund_steps)?;
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
    fn must_know_early_payments(&mut self, lookup: &Lookup, found: &Found) -> Result<(), Failure>;
    fn write_payments(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn write_dossiers(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn add_sums(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn announce(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
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
        if lookup.payment_keys.is_empty() {
            return Ok(Vec::new());
        }
        // Two writers lock what they share in one order.
        let mut keys: Vec<&(String, String)> = lookup.payment_keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let (channel, payment_key) = keys.into_iter().cloned().unzip();
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
        mut ids: Vec<Uid>,
        found: &mut Found,
    ) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        // Several clues lead to one dossier; what stands on it is read once.
        ids.sort_unstable();
        ids.dedup();
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
        found.standing = FindStanding {
            tenant,
            dossier_id: ids,
        }
        .load(self)?;
        let paying: Vec<Uid> = found.standing.iter().map(|row| row.payment_id).collect();
        if !paying.is_empty() {
            let given = self.list_allocations(tenant, &paying)?;
            without_given(&mut found.standing, &given);
        }
        Ok(())
    }

    /// While we waited for a dossier, another writer may have written a payment of its that waits
    /// without a name. Then everything is read anew. An order that leads to no dossier has no row
    /// that both would lock.
    fn must_know_early_payments(&mut self, lookup: &Lookup, found: &Found) -> Result<(), Failure> {
        let is_known = |(channel, key): &&(String, String)| {
            let mut known = found.payments.iter();
            known.any(|row| row.channel == *channel && row.payment_key == *key)
        };
        let unknown = lookup.early_keys.iter().filter(|key| !is_known(key));
        let unknown: Vec<&(String, String)> = unknown.collect();
        if unknown.is_empty() || found.dossiers.is_empty() {
            return Ok(());
        }
        let (channel, payment_key) = unknown.into_iter().cloned().unzip();
        let written: Vec<(String, String)> = KnowPayments {
            tenant: lookup.tenant,
            channel,
            payment_key,
        }
        .load(self)?;
        if written.is_empty() {
            return Ok(());
        }
        let problem = "a payment was told of without a name meanwhile";
        Err(Failure::Contention(problem.to_owned()))
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
                    payments::provider_txn_id.eq(&row.provider_txn_id),
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
                    payments::banked_minor.eq(row.banked_minor),
                    payments::refunding_minor.eq(row.refunding_minor),
                    payments::returned_minor.eq(row.returned_minor),
                    payments::test_minor.eq(row.test_minor),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn write_dossiers(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if !batch.bills.is_empty() {
            columns!(UpdateBills, tenant, &batch.bills, { bill_id, paid_minor, waived_minor, state, cancelled_at })
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
            columns!(AddUnitCounts, tenant, batch.months(), {
                period, unit_code, procedure_code, class, writer, n,
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

    fn announce(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        if batch.events.is_empty() {
            return Ok(());
        }
        columns!(InsertEvents, tenant, &batch.events, {
            event_id, subject, dossier_code, kind, body, created_at,
        })
        .execute(self)?;
        columns!(InsertDeliveries, tenant, &batch.deliveries, {
            delivery_id, subscriber, event_id, subject, seq, state, tries, round_from, next_at,
        })
        .execute(self)?;
        Ok(())
    }

    fn seal(&mut self, tenant: i32, block: &SealedBlock) -> Result<(), Failure> {
        let row = &block.row;
        let moved = diesel::update(seal_chains::table.find((tenant, row.chain)))
            .filter(seal_chains::epoch.eq(block.epoch))
            .filter(seal_chains::closed_before.le(row.sealed_at))
            .set((
                seal_chains::height.eq(row.height),
                seal_chains::hash.eq(&row.hash),
                seal_chains::renewed_at.eq(block.renewed_at),
            ))
            .execute(self)?;
        if moved != 1 {
            return Err(why_not_sealed(self, row));
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
