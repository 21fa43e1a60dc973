//! Payments: `GET /payments` and `GET /payments/{id}`. What the provider said and what matching made
//! of it stand side by side; the payer's words and account numbers are not shown.

use std::collections::HashMap;

use actix_web::web;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, read};
use super::page::{End, Page, after, instant, limit, ok};
use crate::domain::ids::lowest_uuid_at;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::PaymentStatus;
use crate::store::failure::Failure;
use crate::store::ops::{PaymentFilter, Queries};
use crate::store::rows::{AllocationRow, DossierRow, PaymentRow};
use crate::store::types::Uid;
use crate::web::Gateway;
use crate::web::error::Problem;

/// A payment as other programs read it.
#[derive(Debug, Serialize)]
pub struct PaymentJson {
    id: Uuid,
    channel: String,
    provider: String,
    provider_txn_id: Option<String>,
    order_ref: Option<String>,
    amount: String,
    currency: String,
    status: String,
    paid_at: Option<String>,
    recorded_at: Option<String>,
    bill: Option<String>,
    dossier: Option<String>,
    unit: Option<String>,
    #[serde(rename = "match")]
    matched: MatchJson,
    allocated: String,
    payer_credit: String,
    suspense: String,
    refunded: String,
    refunding: String,
    fee_returned: String,
    test: String,
    bank_txn_id: Option<String>,
    allocations: Vec<AllocationJson>,
    differences: Vec<Uuid>,
}

/// A part of a payment that pays a bill.
#[derive(Debug, Serialize)]
struct AllocationJson {
    bill: Option<String>,
    amount: String,
    /// `matching` or `officer`.
    by: &'static str,
}

#[derive(Debug, Serialize)]
struct MatchJson {
    outcome: String,
    rule: Option<String>,
    reason: String,
}

/// Decimal text of an amount in a row.
pub(super) fn amount(minor: i64, currency: &str) -> String {
    let currency = Currency::parse(currency).unwrap_or(Currency::VND);
    Money::new(minor, currency).to_decimal_text()
}

/// The instant inside an id, RFC 3339.
pub(super) fn made_at(id: Uid) -> Option<String> {
    let (seconds, nanos) = id.0.get_timestamp()?.to_unix();
    let at = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)?;
    Some(at.to_rfc3339())
}

/// What payments point at: dossiers by id, and the references of their bills.
#[derive(Default)]
pub(super) struct Pointed {
    dossiers: HashMap<Uid, DossierRow>,
    references: HashMap<Uid, String>,
    given: Vec<AllocationRow>,
    differences: Vec<(Uid, Uid)>,
}

/// The payments whose money was sent for a dossier, or given to it by an officer.
pub(super) fn payments_on(
    queries: &mut dyn Queries,
    tenant: i32,
    dossier: Uid,
) -> Result<Vec<PaymentRow>, Failure> {
    let mut payments = queries.list_payments_of(tenant, &[dossier])?;
    for given in queries.list_allocations_to(tenant, &[dossier])? {
        if payments
            .iter()
            .all(|row| row.payment_id != given.payment_id)
        {
            payments.extend(queries.find_payment(tenant, given.payment_id)?);
        }
    }
    Ok(payments)
}

impl Pointed {
    pub(super) fn at(
        queries: &mut dyn Queries,
        tenant: i32,
        payments: &[PaymentRow],
    ) -> Result<Self, Failure> {
        let payment_ids: Vec<Uid> = payments.iter().map(|row| row.payment_id).collect();
        let mut given = queries.list_allocations(tenant, &payment_ids)?;
        given.retain(|row| row.amount_minor > 0);
        let mut ids: Vec<Uid> = payments.iter().filter_map(|row| row.dossier_id).collect();
        ids.extend(given.iter().map(|row| row.dossier_id));
        ids.sort_unstable();
        ids.dedup();
        let dossiers = queries.list_dossiers_by_id(tenant, &ids)?;
        let bills = queries.list_bills_of(tenant, &ids)?;
        Ok(Self {
            dossiers: dossiers
                .into_iter()
                .map(|row| (row.dossier_id, row))
                .collect(),
            references: bills
                .into_iter()
                .map(|row| (row.bill_id, row.reference))
                .collect(),
            given,
            differences: queries.list_differences_of(tenant, &payment_ids)?,
        })
    }

    fn dossier(&self, payment: &PaymentRow) -> Option<&DossierRow> {
        self.dossiers.get(&payment.dossier_id?)
    }

    fn given(&self, payment: &PaymentRow) -> impl Iterator<Item = &AllocationRow> {
        let id = payment.payment_id;
        self.given.iter().filter(move |row| row.payment_id == id)
    }

    /// Whether a payment was sent for a bill, or a part of it was given to it.
    pub(super) fn pays(&self, payment: &PaymentRow, bill: Uid) -> bool {
        payment.bill_id == Some(bill) || self.given(payment).any(|row| row.bill_id == bill)
    }

    /// Whether the caller sees one of the dossiers of a payment.
    fn is_seen(&self, caller: &Caller, payment: &PaymentRow) -> bool {
        let given = self.given(payment).map(|row| row.dossier_id);
        let ids = payment.dossier_id.into_iter().chain(given);
        let dossiers = ids.filter_map(|id| self.dossiers.get(&id));
        let mut units = dossiers.map(|row| row.unit_code.as_str());
        caller.sees(None) || units.any(|unit| caller.sees(Some(unit)))
    }

    /// Which part pays which bill: what matching placed, then what officers gave.
    fn allocations(&self, payment: &PaymentRow) -> Vec<AllocationJson> {
        let json = |bill: Uid, minor: i64, by: &'static str| AllocationJson {
            bill: self.references.get(&bill).cloned(),
            amount: amount(minor, &payment.currency),
            by,
        };
        let elsewhere: i64 = self.given(payment).map(|row| row.amount_minor).sum();
        let own = payment.allocated_minor - elsewhere;
        let own = payment
            .bill_id
            .filter(|_| own > 0)
            .map(|bill| json(bill, own, "matching"));
        let given = self.given(payment);
        own.into_iter()
            .chain(given.map(|row| json(row.bill_id, row.amount_minor, "officer")))
            .collect()
    }

    pub(super) fn json(&self, row: PaymentRow) -> PaymentJson {
        let dossier = self.dossier(&row);
        let money = |minor| amount(minor, &row.currency);
        PaymentJson {
            id: row.payment_id.0,
            amount: money(row.amount_minor),
            allocated: money(row.allocated_minor),
            payer_credit: money(row.credit_minor),
            suspense: money(row.suspense_minor),
            refunded: money(row.refunded_minor),
            refunding: money(row.refunding_minor),
            fee_returned: money(row.returned_minor),
            test: money(row.test_minor),
            allocations: self.allocations(&row),
            differences: self
                .differences
                .iter()
                .filter(|(_, payment)| *payment == row.payment_id)
                .map(|(id, _)| id.0)
                .collect(),
            dossier: dossier.map(|dossier| dossier.code.clone()),
            unit: dossier.map(|dossier| dossier.unit_code.clone()),
            bill: row.bill_id.and_then(|id| self.references.get(&id)).cloned(),
            paid_at: row.paid_at.map(|at| at.0.to_rfc3339()),
            recorded_at: made_at(row.payment_id),
            channel: row.channel,
            provider: row.provider,
            provider_txn_id: row.provider_txn_id,
            order_ref: row.order_ref,
            currency: row.currency,
            status: row.status,
            matched: MatchJson {
                outcome: row.match_outcome,
                rule: row.match_rule,
                reason: row.match_reason,
            },
            bank_txn_id: row.bank_txn_id,
        }
    }
}

/// How payments are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    channel: Option<String>,
    provider_txn_id: Option<String>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Asked {
    fn filter(&self, caller: &Caller) -> Result<PaymentFilter, Problem> {
        if let Some(status) = &self.status
            && PaymentStatus::parse(status).is_none()
        {
            let known: Vec<&str> = PaymentStatus::ALL.iter().map(|one| one.as_str()).collect();
            let known = known.join(", ");
            return Err(Problem::NotValid(format!(
                "status is \"{status}\"; known are {known}"
            )));
        }
        let from = instant("from", self.from.as_deref(), End::From)?;
        let to = instant("to", self.to.as_deref(), End::To)?;
        Ok(PaymentFilter {
            channel: self.channel.clone(),
            provider_txn_id: self.provider_txn_id.clone(),
            status: self.status.clone(),
            unit_code: caller.unit.clone(),
            from: from.map(|at| Uid(lowest_uuid_at(at))),
            to: to.map(|at| Uid(lowest_uuid_at(at))),
            after: after(self.cursor.as_deref())?,
            limit: limit(self.limit)? + 1,
            ..PaymentFilter::default()
        })
    }
}

/// `GET /payments`.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let page = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let rows = queries.list_payments(caller.tenant, &asked.filter(caller)?)?;
        let pointed = Pointed::at(queries, caller.tenant, &rows)?;
        let page = Page::of(rows, limit(asked.limit)?, |row| {
            row.payment_id.0.to_string()
        });
        Ok(page.map(|row| pointed.json(row)))
    });
    Ok(ok(&page.await?))
}

/// `GET /payments/{id}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, id: web::Path<String>) -> Answered {
    let payment = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let missing = || Problem::NotFound("payment");
        let id = Uuid::parse_str(&id).map_err(|_| missing())?;
        let row = queries
            .find_payment(caller.tenant, Uid(id))?
            .ok_or_else(missing)?;
        let pointed = Pointed::at(queries, caller.tenant, std::slice::from_ref(&row))?;
        if !pointed.is_seen(caller, &row) {
            return Err(missing());
        }
        Ok(pointed.json(row))
    });
    Ok(ok(&payment.await?))
}
