//! Entries that lines of files prove, remittances, and the recount that `verify` makes of them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::{CHUNK, Conn};
use crate::store::failure::Failure;
use crate::store::ops::{RemittanceFilter, Settling};
use crate::store::rows::{PaymentRow, RemittancePartRow, RemittanceRow, SettlementEntryRow};
use crate::store::schema::{
    payments, remittance_parts as parts, remittances, settlement_entries as entries,
};
use crate::store::types::{Ts, Uid};

/// Every entry that a line proves, and every remittance, was posted as it is kept; nothing of the kind
/// was posted that is not kept.
pub(super) const WRONG_SETTLED: &str = "SELECT entry_id AS id, 'kept less posted on ' || account || ' is ' || \
    CAST(SUM(a) AS TEXT) || ' ' || currency AS problem FROM (\
    SELECT entry_id, currency, 'bank:' || bank AS account, net_minor AS a FROM settlement_entries \
    WHERE tenant = $1 AND event <> 'refund_paid' \
    UNION ALL SELECT entry_id, currency, 'charges:' || channel, fee_minor FROM settlement_entries \
    WHERE tenant = $2 AND event <> 'refund_paid' \
    UNION ALL SELECT entry_id, currency, 'clearing:' || channel, -gross_minor FROM settlement_entries \
    WHERE tenant = $3 AND event <> 'refund_paid' \
    UNION ALL SELECT entry_id, currency, 'refund_payable', gross_minor FROM settlement_entries \
    WHERE tenant = $4 AND event = 'refund_paid' \
    UNION ALL SELECT entry_id, currency, CASE WHEN bank IS NULL THEN 'clearing:' || channel ELSE 'bank:' || bank END, \
    -gross_minor FROM settlement_entries WHERE tenant = $5 AND event = 'refund_paid' \
    UNION ALL SELECT entry_id, currency, 'bank:' || bank, -total_minor FROM remittances WHERE tenant = $6 \
    UNION ALL SELECT r.entry_id, r.currency, 'due:' || r.unit_code || ':' || p.kind, p.amount_minor \
    FROM remittances r JOIN remittance_parts p ON p.tenant = r.tenant AND p.remittance_id = r.remittance_id \
    WHERE r.tenant = $7 \
    UNION ALL SELECT entry_id, currency, debit, -amount_minor FROM postings WHERE tenant = $8 AND (\
    event IN ('provider_settled', 'bank_credited', 'passed_on') OR (event = 'refund_paid' AND entry_id IN (\
    SELECT entry_id FROM settlement_entries WHERE tenant = $9 AND event = 'refund_paid'))) \
    UNION ALL SELECT entry_id, currency, credit, amount_minor FROM postings WHERE tenant = $10 AND (\
    event IN ('provider_settled', 'bank_credited', 'passed_on') OR (event = 'refund_paid' AND entry_id IN (\
    SELECT entry_id FROM settlement_entries WHERE tenant = $11 AND event = 'refund_paid')))) x \
    GROUP BY entry_id, account, currency HAVING SUM(a) <> 0 ORDER BY entry_id, account LIMIT 20";

impl Settling for Conn {
    fn insert_settlement_entries(&mut self, rows: &[SettlementEntryRow]) -> Result<(), Failure> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(entries::table)
                .values(chunk)
                .execute(self)?;
        }
        Ok(())
    }

    fn list_settlement_entries(
        &mut self,
        tenant: i32,
        subjects: &[String],
    ) -> Result<Vec<SettlementEntryRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in subjects.chunks(CHUNK) {
            rows.extend(
                entries::table
                    .filter(entries::tenant.eq(tenant))
                    .filter(entries::subject.eq_any(chunk))
                    .order(entries::subject)
                    .select(SettlementEntryRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn list_entries_of_line(
        &mut self,
        tenant: i32,
        file_id: Uid,
        place: i64,
    ) -> Result<Vec<SettlementEntryRow>, Failure> {
        Ok(entries::table
            .filter(entries::tenant.eq(tenant))
            .filter(entries::file_id.eq(file_id))
            .filter(entries::place.eq(place))
            .order(entries::subject)
            .select(SettlementEntryRow::as_select())
            .load(self)?)
    }

    fn list_entries_of_payment(
        &mut self,
        tenant: i32,
        payment_id: Uid,
    ) -> Result<Vec<SettlementEntryRow>, Failure> {
        Ok(entries::table
            .filter(entries::tenant.eq(tenant))
            .filter(entries::payment_id.eq(payment_id))
            .order(entries::subject)
            .select(SettlementEntryRow::as_select())
            .load(self)?)
    }

    fn find_payment_by_key(
        &mut self,
        tenant: i32,
        channel: &str,
        payment_key: &str,
    ) -> Result<Option<PaymentRow>, Failure> {
        Ok(payments::table
            .filter(payments::tenant.eq(tenant))
            .filter(payments::channel.eq(channel))
            .filter(payments::payment_key.eq(payment_key))
            .select(PaymentRow::as_select())
            .first(self)
            .optional()?)
    }

    fn insert_remittance(
        &mut self,
        row: &RemittanceRow,
        of: &[RemittancePartRow],
    ) -> Result<(), Failure> {
        diesel::insert_into(remittances::table)
            .values(row)
            .execute(self)?;
        diesel::insert_into(parts::table).values(of).execute(self)?;
        Ok(())
    }

    fn mark_remittance_proven(
        &mut self,
        row: &RemittanceRow,
        file_id: Uid,
        place: i64,
        at: Ts,
    ) -> Result<(), Failure> {
        diesel::update(remittances::table.find((row.tenant, row.remittance_id)))
            .set((
                remittances::file_id.eq(file_id),
                remittances::place.eq(place),
                remittances::proven_at.eq(at),
            ))
            .execute(self)?;
        Ok(())
    }

    fn find_remittance(
        &mut self,
        tenant: i32,
        bank: &str,
        reference: &str,
    ) -> Result<Option<RemittanceRow>, Failure> {
        Ok(remittances::table
            .filter(remittances::tenant.eq(tenant))
            .filter(remittances::bank.eq(bank))
            .filter(remittances::reference.eq(reference))
            .select(RemittanceRow::as_select())
            .first(self)
            .optional()?)
    }

    fn list_remittances(
        &mut self,
        tenant: i32,
        filter: &RemittanceFilter,
    ) -> Result<Vec<RemittanceRow>, Failure> {
        let mut query = remittances::table
            .filter(remittances::tenant.eq(tenant))
            .order(remittances::remittance_id)
            .limit(filter.limit)
            .select(RemittanceRow::as_select())
            .into_boxed();
        if let Some(unit) = &filter.unit_code {
            query = query.filter(remittances::unit_code.eq(unit));
        }
        if filter.is_unproven {
            query = query.filter(remittances::file_id.is_null());
        }
        if let Some((from, to)) = filter.days {
            query = query.filter(remittances::day.between(from, to));
        }
        if let Some(after) = filter.after {
            query = query.filter(remittances::remittance_id.gt(after));
        }
        Ok(query.load(self)?)
    }

    fn list_remittance_parts(
        &mut self,
        tenant: i32,
        of: &[Uid],
    ) -> Result<Vec<RemittancePartRow>, Failure> {
        let mut rows = Vec::new();
        for chunk in of.chunks(CHUNK) {
            rows.extend(
                parts::table
                    .filter(parts::tenant.eq(tenant))
                    .filter(parts::remittance_id.eq_any(chunk))
                    .order((parts::remittance_id, parts::kind))
                    .select(RemittancePartRow::as_select())
                    .load(self)?,
            );
        }
        Ok(rows)
    }

    fn is_line_of_remittance(
        &mut self,
        tenant: i32,
        file_id: Uid,
        place: i64,
    ) -> Result<bool, Failure> {
        let of_line = remittances::table
            .filter(remittances::tenant.eq(tenant))
            .filter(remittances::file_id.eq(file_id))
            .filter(remittances::place.eq(place));
        Ok(diesel::select(exists(of_line)).get_result(self)?)
    }
}
