//! Bills: `GET /bills/{reference}`, and the shape of a bill, which dossiers show too.

use actix_web::web;
use serde::Serialize;

use super::Answered;
use super::access::{Bearer, Need, read};
use super::page::ok;
use super::payments::{PaymentJson, Pointed, amount, payments_on};
use crate::reporting::suggestions::rest;
use crate::store::rows::{BillRow, DossierRow, FeeItemRow};
use crate::web::Gateway;
use crate::web::error::Problem;

/// A bill as other programs read it.
#[derive(Debug, Serialize)]
pub struct BillJson {
    reference: String,
    dossier: String,
    total: String,
    currency: String,
    paid: String,
    waived: String,
    rest: String,
    state: String,
    due_on: Option<String>,
    opened_at: String,
    cancelled_at: Option<String>,
    virtual_account: Option<String>,
    /// Positions among the dossier's fee items, counted from 0.
    items: Vec<i32>,
}

/// The JSON of a bill.
pub(super) fn bill_json(row: &BillRow, dossier: &DossierRow, items: &[FeeItemRow]) -> BillJson {
    let own = |item: &&FeeItemRow| item.bill_id == Some(row.bill_id);
    BillJson {
        reference: row.reference.clone(),
        dossier: dossier.code.clone(),
        total: amount(row.total_minor, &row.currency),
        currency: row.currency.clone(),
        paid: amount(row.paid_minor, &row.currency),
        waived: amount(row.waived_minor, &row.currency),
        rest: amount(rest(row), &row.currency),
        state: row.state.clone(),
        due_on: row.due_on.map(|day| day.to_string()),
        opened_at: row.opened_at.0.to_rfc3339(),
        cancelled_at: row.cancelled_at.map(|at| at.0.to_rfc3339()),
        virtual_account: row.virtual_account.clone(),
        items: items.iter().filter(own).map(|item| item.position).collect(),
    }
}

#[derive(Debug, Serialize)]
struct BillPage {
    #[serde(flatten)]
    bill: BillJson,
    payments: Vec<PaymentJson>,
}

/// `GET /bills/{reference}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    reference: web::Path<String>,
) -> Answered {
    let bill = read(&gateway, bearer, Need::Dossiers, move |queries, caller| {
        let missing = || Problem::NotFound("bill");
        let tenant = caller.tenant;
        let row = queries.find_bill(tenant, &reference)?.ok_or_else(missing)?;
        let ids = [row.dossier_id];
        let dossiers = queries.list_dossiers_by_id(tenant, &ids)?;
        let dossier = dossiers.first().ok_or_else(missing)?;
        if !caller.sees(Some(&dossier.unit_code)) {
            return Err(missing());
        }
        let items = queries.list_fee_items_of(tenant, &ids)?;
        let mut payments = payments_on(queries, tenant, row.dossier_id)?;
        let pointed = Pointed::at(queries, tenant, &payments)?;
        payments.retain(|payment| pointed.pays(payment, row.bill_id));
        Ok(BillPage {
            bill: bill_json(&row, dossier, &items),
            payments: payments.into_iter().map(|row| pointed.json(row)).collect(),
        })
    });
    Ok(ok(&bill.await?))
}
