//! The hot path on SQLite: statements that are prepared once and run once per row, inside the `BEGIN
//! IMMEDIATE` that the caller opened. The lock of that transaction is the lock on every row; what is
//! read is read by a unique key, and no `LIMIT` is bound, for which SQLite would prepare anew each time.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::row_statements::{
    AddBalance, AddCount, AddUnitCount, InsertDelivery, InsertEvent, InsertNotice, InsertPayment,
    InsertPosting, UpdateBill, UpdateClass, run_row,
};
use super::{
    Batch, Found, Journal, Lookup, NoticeHead, SealedBlock, Standing, find_named_payments,
    find_refunds, why_not_sealed, without_given,
};
use crate::domain::classification::UNIT_BITS;
use crate::store::failure::Failure;
use crate::store::ops::{Cases as _, Refunds as _};
use crate::store::rows::{AllocationRow, BillRow, DossierRow, FeeItemRow, PaymentRow};
use crate::store::schema::{
    allocations, attempts, bills, dossiers, fee_items, notices, payments, procedures,
    quarantined_calls, seal_blocks, seal_chains,
};
use crate::store::types::Uid;

impl Journal for SqliteConnection {
    fn find(&mut self, lookup: &Lookup) -> Result<Found, Failure> {
        let mut found = Found::default();
        self.find_notices(lookup, &mut found)?;
        let mut dossier_ids = BTreeSet::new();
        self.find_payments(lookup, &mut found, &mut dossier_ids)?;
        let known: Vec<Uid> = found.payments.iter().map(|row| row.payment_id).collect();
        if !known.is_empty() {
            found.allocations = self.list_allocations(lookup.tenant, &known)?;
            dossier_ids.extend(found.allocations.iter().map(|row| row.dossier_id));
        }
        found.refunds = find_refunds(self, lookup, &found.payments)?;
        self.find_by_clues(lookup, &mut found, &mut dossier_ids)?;
        for id in dossier_ids {
            self.find_dossier(lookup.tenant, id, &mut found)?;
        }
        let paying: Vec<Uid> = found.standing.iter().map(|row| row.payment_id).collect();
        if !paying.is_empty() {
            let given = self.list_allocations(lookup.tenant, &paying)?;
            without_given(&mut found.standing, &given);
        }
        find_named_payments(self, lookup, &mut found)?;
        let (payments, bills) = found.settleable();
        found.differences = self.list_standing_differences(lookup.tenant, &payments, &bills)?;
        for bill in found
            .bills
            .iter()
            .filter(|bill| bill.cancelled_at.is_some())
        {
            let of_bill = fee_items::table
                .filter(fee_items::tenant.eq(lookup.tenant))
                .filter(fee_items::dossier_id.eq(bill.dossier_id))
                .filter(fee_items::bill_id.eq(bill.bill_id));
            found
                .fee_items
                .extend(of_bill.select(FeeItemRow::as_select()).load(self)?);
        }
        Ok(found)
    }

    fn write(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        for row in &batch.notices {
            run_row!(self, InsertNotice, row, { tenant, notice_id, channel, key_hash, facts_hash, payment_id, status, verdict, is_settled, raw, facts })?;
        }
        for &id in &batch.settled_notices {
            diesel::update(notices::table.find((tenant, id)))
                .set((
                    notices::is_settled.eq(true),
                    notices::facts.eq(None::<String>),
                ))
                .execute(self)?;
        }
        for row in &batch.new_payments {
            run_row!(self, InsertPayment, row, { tenant, payment_id, channel, provider, payment_key, provider_txn_id, order_ref, amount_minor, currency, status, paid_at, memo, virtual_account, account_number, bank_txn_id, bill_id, dossier_id, match_outcome, match_rule, match_reason, allocated_minor, credit_minor, suspense_minor, refunded_minor })?;
        }
        for row in &batch.changed_payments {
            self.change_payment(row)?;
        }
        for row in &batch.bills {
            run_row!(self, UpdateBill, row, { paid_minor, waived_minor, state, cancelled_at, tenant, bill_id })?;
        }
        for (dossier_id, class) in &batch.classes {
            let update = UpdateClass {
                class,
                tenant: &tenant,
                dossier_id,
            };
            update.execute(self)?;
        }
        self.add_sums(tenant, batch)?;
        for row in &batch.quarantined {
            diesel::insert_into(quarantined_calls::table)
                .values(row)
                .execute(self)?;
        }
        if batch.has_cases() {
            self.insert_cases(&batch.allocations, &batch.differences, &batch.refunds)?;
            self.mark_differences(&batch.changed_differences)?;
            self.insert_difference_steps(&batch.difference_steps)?;
        }
        for row in &batch.events {
            run_row!(self, InsertEvent, row, { tenant, event_id, subject, dossier_code, kind, body, created_at })?;
        }
        for row in &batch.deliveries {
            run_row!(self, InsertDelivery, row, { tenant, delivery_id, subscriber, event_id, subject, state, tries, round_from, next_at })?;
        }
        if batch.has_refund_steps() {
            self.mark_refunds(&batch.changed_refunds, &batch.refund_steps)?;
        }
        match &batch.block {
            Some(block) => self.seal(block),
            None => Ok(()),
        }
    }
}

trait Steps {
    fn find_notices(&mut self, lookup: &Lookup, found: &mut Found) -> Result<(), Failure>;
    fn find_payments(
        &mut self,
        lookup: &Lookup,
        found: &mut Found,
        ids: &mut BTreeSet<Uid>,
    ) -> Result<(), Failure>;
    fn find_by_clues(
        &mut self,
        lookup: &Lookup,
        found: &mut Found,
        ids: &mut BTreeSet<Uid>,
    ) -> Result<(), Failure>;
    fn find_dossier(&mut self, tenant: i32, id: Uid, found: &mut Found) -> Result<(), Failure>;
    fn change_payment(&mut self, row: &PaymentRow) -> Result<(), Failure>;
    fn add_sums(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn add_unit_counts(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure>;
    fn seal(&mut self, block: &SealedBlock) -> Result<(), Failure>;
}

impl Steps for SqliteConnection {
    fn find_notices(&mut self, lookup: &Lookup, found: &mut Found) -> Result<(), Failure> {
        for (channel, key) in &lookup.notice_keys {
            let head: Option<(Vec<u8>, String)> = notices::table
                .filter(notices::tenant.eq(lookup.tenant))
                .filter(notices::channel.eq(channel))
                .filter(notices::key_hash.eq(key))
                .select((notices::facts_hash, notices::verdict))
                .get_result(self)
                .optional()?;
            if let Some((facts_hash, verdict)) = head {
                found.notices.push(NoticeHead {
                    channel: channel.clone(),
                    key_hash: key.clone(),
                    facts_hash,
                    verdict,
                });
            }
        }
        Ok(())
    }

    fn find_payments(
        &mut self,
        lookup: &Lookup,
        found: &mut Found,
        ids: &mut BTreeSet<Uid>,
    ) -> Result<(), Failure> {
        for (channel, key) in &lookup.payment_keys {
            let row: Option<PaymentRow> = payments::table
                .filter(payments::tenant.eq(lookup.tenant))
                .filter(payments::channel.eq(channel))
                .filter(payments::payment_key.eq(key))
                .select(PaymentRow::as_select())
                .get_result(self)
                .optional()?;
            if let Some(row) = row {
                ids.extend(row.dossier_id);
                found.payments.push(row);
            }
        }
        Ok(())
    }

    fn find_by_clues(
        &mut self,
        lookup: &Lookup,
        found: &mut Found,
        ids: &mut BTreeSet<Uid>,
    ) -> Result<(), Failure> {
        let tenant = lookup.tenant;
        for (channel, order_ref) in &lookup.attempts {
            let hit: Option<(Uid, Uid)> = attempts::table
                .inner_join(
                    bills::table.on(bills::tenant
                        .eq(attempts::tenant)
                        .and(bills::bill_id.eq(attempts::bill_id))),
                )
                .filter(attempts::tenant.eq(tenant))
                .filter(attempts::channel.eq(channel))
                .filter(attempts::order_ref.eq(order_ref))
                .select((bills::bill_id, bills::dossier_id))
                .get_result(self)
                .optional()?;
            if let Some((bill_id, dossier_id)) = hit {
                ids.insert(dossier_id);
                found
                    .attempts
                    .push((channel.clone(), order_ref.clone(), bill_id));
            }
        }
        for reference in &lookup.references {
            let of_reference = bills::table
                .filter(bills::tenant.eq(tenant))
                .filter(bills::reference.eq(reference));
            ids.extend(
                of_reference
                    .select(bills::dossier_id)
                    .get_result::<Uid>(self)
                    .optional()?,
            );
        }
        for account in &lookup.virtual_accounts {
            let of_account = bills::table
                .filter(bills::tenant.eq(tenant))
                .filter(bills::virtual_account.eq(account));
            ids.extend(
                of_account
                    .select(bills::dossier_id)
                    .get_result::<Uid>(self)
                    .optional()?,
            );
        }
        for code in &lookup.dossier_codes {
            let of_code = dossiers::table
                .filter(dossiers::tenant.eq(tenant))
                .filter(dossiers::code_squeezed.eq(code));
            ids.extend(
                of_code
                    .select(dossiers::dossier_id)
                    .get_result::<Uid>(self)
                    .optional()?,
            );
        }
        Ok(())
    }

    fn find_dossier(&mut self, tenant: i32, id: Uid, found: &mut Found) -> Result<(), Failure> {
        let row = dossiers::table
            .find((tenant, id))
            .select(DossierRow::as_select())
            .get_result(self)?;
        found.dossiers.push(row);
        found.bills.extend(
            bills::table
                .filter(bills::tenant.eq(tenant))
                .filter(bills::dossier_id.eq(id))
                .order(bills::bill_id)
                .select(BillRow::as_select())
                .load(self)?,
        );
        let kept = payments::allocated_minor - payments::returned_minor + payments::credit_minor;
        let gone = payments::refunding_minor + payments::refunded_minor;
        let standing = payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::dossier_id.eq(id))
            .filter(payments::bill_id.is_not_null())
            .filter(
                kept.gt(0)
                    .or(gone.gt(0).and(payments::status.ne("reversed"))),
            )
            .select((
                payments::dossier_id.assume_not_null(),
                payments::bill_id.assume_not_null(),
                payments::payment_id,
                payments::provider,
                payments::allocated_minor,
                payments::returned_minor,
                payments::credit_minor,
                gone,
                payments::status,
                payments::match_outcome,
            ));
        found.standing.extend(standing.load::<Standing>(self)?);
        let allocated = allocations::table
            .filter(allocations::tenant.eq(tenant))
            .filter(allocations::dossier_id.eq(id))
            .filter(allocations::amount_minor.gt(0))
            .select(AllocationRow::as_select())
            .load(self)?;
        found
            .standing
            .extend(allocated.iter().map(Standing::of_allocation));
        Ok(())
    }

    fn change_payment(&mut self, row: &PaymentRow) -> Result<(), Failure> {
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
        Ok(())
    }

    fn add_sums(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        for row in &batch.counts {
            run_row!(self, AddCount, row, { tenant, grain, period, unit_code, procedure_code, class, writer, n })?;
        }
        self.add_unit_counts(tenant, batch)?;
        for row in &batch.balances {
            run_row!(self, AddBalance, row, { tenant, account, currency, writer, debit_minor, credit_minor })?;
        }
        Ok(())
    }

    /// Several procedures and classes come to one row, so that far fewer rows are written than counts came.
    fn add_unit_counts(&mut self, tenant: i32, batch: &Batch) -> Result<(), Failure> {
        let mut fees: HashMap<&str, Option<bool>> = HashMap::new();
        let mut sums: BTreeMap<(NaiveDate, &str, bool, i32, i32), i64> = BTreeMap::new();
        for row in batch.months() {
            let has_fee = match fees.entry(&row.procedure_code) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => {
                    let known = procedures::table.find((tenant, &row.procedure_code));
                    let has_fee = known.select(procedures::has_fee).get_result(self);
                    *unknown.insert(has_fee.optional()?)
                }
            };
            if let Some(has_fee) = has_fee {
                let key = (
                    row.period,
                    row.unit_code.as_str(),
                    has_fee,
                    row.class & UNIT_BITS,
                    row.writer,
                );
                *sums.entry(key).or_default() += row.n;
            }
        }
        for ((period, unit_code, has_fee, class, writer), n) in sums {
            if n != 0 {
                let add = AddUnitCount {
                    tenant: &tenant,
                    period: &period,
                    unit_code,
                    has_fee: &has_fee,
                    class: &class,
                    writer: &writer,
                    n: &n,
                };
                add.execute(self)?;
            }
        }
        Ok(())
    }

    fn seal(&mut self, block: &SealedBlock) -> Result<(), Failure> {
        let row = &block.row;
        let moved = diesel::update(seal_chains::table.find((row.tenant, row.chain)))
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
        for posting in &block.postings {
            run_row!(self, InsertPosting, posting, { tenant, chain, height, seq, entry_id, event, debit, credit, amount_minor, currency, payment_id, bill_id, corrects })?;
        }
        Ok(())
    }
}
