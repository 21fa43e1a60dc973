//! Dossiers: `GET /dossiers/{code}` in the words of the dossier file, with bills and payments. A
//! code is found however it is punctuated.

use actix_web::web;
use serde::Serialize;

use super::Answered;
use super::access::{Bearer, Need, read};
use super::bills::{BillJson, bill_json};
use super::page::ok;
use super::payments::{PaymentJson, Pointed, amount};
use crate::domain::dossier_code::{is_meant, squeeze};
use crate::store::rows::TariffFlagRow;
use crate::store::rows::{DossierRow, FeeItemRow};
use crate::web::Gateway;
use crate::web::error::Problem;

#[derive(Debug, Serialize)]
struct FeeItemJson {
    kind: String,
    code: String,
    name: String,
    amount: String,
    currency: String,
    basis: String,
    /// What the tariff says against the amount, if it does.
    tariff_flag: Option<FlagJson>,
}

#[derive(Debug, Serialize)]
struct FlagJson {
    asked: String,
    tariff: Option<String>,
    explanation: String,
    flagged_at: String,
}

impl FlagJson {
    fn of(row: &TariffFlagRow, currency: &str) -> Self {
        Self {
            asked: amount(row.asked_minor, currency),
            tariff: row.tariff_minor.map(|minor| amount(minor, currency)),
            explanation: row.explanation.clone(),
            flagged_at: row.flagged_at.0.to_rfc3339(),
        }
    }
}

impl FeeItemJson {
    fn of(row: &FeeItemRow, flags: &[TariffFlagRow]) -> Self {
        let flag = flags.iter().find(|flag| flag.position == row.position);
        Self {
            kind: row.kind.clone(),
            code: row.code.clone(),
            name: row.name.clone(),
            amount: amount(row.amount_minor, &row.currency),
            currency: row.currency.clone(),
            basis: row.basis.clone(),
            tariff_flag: flag.map(|flag| FlagJson::of(flag, &row.currency)),
        }
    }
}

#[derive(Debug, Serialize)]
struct DossierJson {
    dossier_code: String,
    procedure_code: String,
    unit_code: String,
    received_on: String,
    submitted_via: String,
    status: String,
    applicant_name: String,
    fee_items: Vec<FeeItemJson>,
    bills: Vec<BillJson>,
    payments: Vec<PaymentJson>,
}

fn dossier_json(
    row: DossierRow,
    fee_items: Vec<FeeItemJson>,
    bills: Vec<BillJson>,
    payments: Vec<PaymentJson>,
) -> DossierJson {
    DossierJson {
        dossier_code: row.code,
        procedure_code: row.procedure_code,
        unit_code: row.unit_code,
        received_on: row.received_on.to_string(),
        submitted_via: row.submitted_via,
        status: row.status,
        applicant_name: row.applicant_name,
        fee_items,
        bills,
        payments,
    }
}

/// `GET /dossiers/{code}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    code: web::Path<String>,
) -> Answered {
    let dossier = read(&gateway, bearer, Need::Dossiers, move |queries, caller| {
        let tenant = caller.tenant;
        let row = queries
            .find_dossier(tenant, &squeeze(&code))?
            .filter(|row| is_meant(&code, &row.code) && caller.sees(Some(&row.unit_code)))
            .ok_or(Problem::NotFound("dossier"))?;
        let ids = [row.dossier_id];
        let items = queries.list_fee_items_of(tenant, &ids)?;
        let bills = queries.list_bills_of(tenant, &ids)?;
        let bills = bills.iter().map(|bill| bill_json(bill, &row, &items));
        let bills: Vec<BillJson> = bills.collect();
        let payments = queries.list_payments_of(tenant, &ids)?;
        let pointed = Pointed::at(queries, tenant, &payments)?;
        let payments = payments.into_iter().map(|row| pointed.json(row)).collect();
        let flags = queries.list_tariff_flags_of(tenant, &ids)?;
        let items = items.iter().map(|item| FeeItemJson::of(item, &flags));
        Ok(dossier_json(row, items.collect(), bills, payments))
    });
    Ok(ok(&dossier.await?))
}
