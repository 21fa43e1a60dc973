//! Money passed on: `POST /remittances` records a bank transfer to the Treasury or the collecting body,
//! `GET /remittances` lists them, each with the bank line that shows it. With `"preview": true` the
//! entry is shown and nothing is done.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Bearer, Caller, Need, change, read};
use super::body::{body, members};
use super::page::{Page, after, limit, ok};
use super::payments::amount;
use super::refunds::PostingJson;
use super::{Answered, asked};
use crate::domain::dossier::FeeKind;
use crate::domain::ids::{Tenant, uuid_at};
use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::journeys::reconcile::pass_on::{RemittanceError, Remitted, Transfer, pass_on};
use crate::journeys::refunds::Hand;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RemittanceFilter};
use crate::store::rows::{RemittancePartRow, RemittanceRow};
use crate::store::types::Uid;
use crate::web::Gateway;
use crate::web::error::Problem;

/// A remittance as other programs read it.
#[derive(Debug, Serialize)]
pub struct RemittanceJson {
    id: Uuid,
    unit: String,
    bank: String,
    reference: String,
    day: Day,
    amount: String,
    amounts: BTreeMap<String, String>,
    currency: String,
    entry: Uuid,
    recorded_by: String,
    recorded_at: String,
    /// The file and line of the bank statement that shows it.
    file: Option<Uuid>,
    place: Option<i64>,
    proven_at: Option<String>,
}

/// The body of a record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    unit: String,
    bank: String,
    amounts: BTreeMap<FeeKind, String>,
    currency: Option<String>,
    reference: String,
    day: Day,
    #[serde(default)]
    preview: bool,
}

/// How remittances are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    unit: Option<String>,
    unproven: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

fn shown(row: RemittanceRow, parts: &[RemittancePartRow]) -> RemittanceJson {
    let own = parts
        .iter()
        .filter(|part| part.remittance_id == row.remittance_id);
    let amounts = own.map(|part| (part.kind.clone(), amount(part.amount_minor, &row.currency)));
    RemittanceJson {
        id: row.remittance_id.0,
        day: row.day,
        amount: amount(row.total_minor, &row.currency),
        amounts: amounts.collect(),
        entry: row.entry_id.0,
        recorded_at: row.recorded_at.0.to_rfc3339(),
        file: row.file_id.map(|id| id.0),
        place: row.place,
        proven_at: row.proven_at.map(|at| at.0.to_rfc3339()),
        unit: row.unit_code,
        bank: row.bank,
        reference: row.reference,
        currency: row.currency,
        recorded_by: row.recorded_by,
    }
}

/// Remittances with their parts, in their order.
///
/// # Errors
/// A failure of the database.
pub fn remittances_json(
    queries: &mut dyn Queries,
    tenant: i32,
    rows: Vec<RemittanceRow>,
) -> Result<Vec<RemittanceJson>, Failure> {
    let ids: Vec<Uid> = rows.iter().map(|row| row.remittance_id).collect();
    let parts = queries.list_remittance_parts(tenant, &ids)?;
    Ok(rows.into_iter().map(|row| shown(row, &parts)).collect())
}

/// What was recorded, or would be, as other programs read it.
#[must_use]
pub fn remitted_json(remitted: Remitted, is_preview: bool) -> Value {
    let entry: Vec<PostingJson> = remitted.entry.iter().map(PostingJson::of).collect();
    let remittance = shown(remitted.row, &remitted.parts);
    json!({ "remittance": remittance, "entry": entry, "preview": is_preview })
}

/// `POST /remittances`: 201, or 200 for a preview.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn record(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::PassOn, payload).await?;
    let told = change(&gateway, bearer, Need::PassOn, move |gateway, caller| {
        let record: Record = members(&body)?;
        let is_preview = record.preview;
        let status = if is_preview {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let now = gateway.clock.now();
        // A name of its own for each request, so that two at once never share a chain.
        let holder = uuid_at(now).to_string();
        let officer = caller.officer.as_deref();
        let hand = Hand {
            tenant: Tenant(caller.tenant),
            officer: officer.ok_or(RemittanceError::NoOfficer)?,
            unit: caller.unit.as_deref(),
            holder: &holder,
            now,
            is_preview,
        };
        let remitted = pass_on(&gateway.db, &hand, &transfer(record)?)?;
        Ok((status, remitted_json(remitted, is_preview)))
    });
    let (status, told) = told.await?;
    Ok(HttpResponse::build(status).json(told))
}

fn transfer(record: Record) -> Result<Transfer, RemittanceError> {
    let code = record.currency.as_deref();
    let currency = code.map_or(Ok(Currency::VND), Currency::parse);
    let wrong = |error| RemittanceError::WrongAmount(format!("currency: {error}"));
    Ok(Transfer {
        unit: record.unit,
        bank: record.bank,
        amounts: record.amounts.into_iter().collect(),
        currency: currency.map_err(wrong)?,
        reference: record.reference,
        day: record.day,
    })
}

fn filter(asked: &Asked, caller: &Caller) -> Result<RemittanceFilter, Problem> {
    let own = caller.unit.as_ref();
    if let (Some(own), Some(unit)) = (own, &asked.unit)
        && own != unit
    {
        let message = format!("this token does not see remittances of {unit}");
        return Err(Problem::NotAllowed(message));
    }
    Ok(RemittanceFilter {
        unit_code: own.or(asked.unit.as_ref()).cloned(),
        days: None,
        is_unproven: asked.unproven.unwrap_or(false),
        after: after(asked.cursor.as_deref())?,
        limit: limit(asked.limit)? + 1,
    })
}

/// `GET /remittances`.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    query: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let query = asked(query)?;
    let page = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let rows = queries.list_remittances(caller.tenant, &filter(&query, caller)?)?;
        let id = |row: &RemittanceRow| row.remittance_id.0.to_string();
        let page = Page::of(rows, limit(query.limit)?, id);
        Ok(Page {
            items: remittances_json(queries, caller.tenant, page.items)?,
            next: page.next,
        })
    });
    Ok(ok(&page.await?))
}

impl From<RemittanceError> for Problem {
    fn from(error: RemittanceError) -> Self {
        let status = match &error {
            RemittanceError::UnknownUnit(_) => StatusCode::NOT_FOUND,
            RemittanceError::UnknownOfficer(_)
            | RemittanceError::NoOfficer
            | RemittanceError::OtherUnit(_) => StatusCode::FORBIDDEN,
            RemittanceError::KnownReference { .. } | RemittanceError::AboveStanding { .. } => {
                StatusCode::CONFLICT
            }
            RemittanceError::WrongAmount(_)
            | RemittanceError::WrongText(_)
            | RemittanceError::NotYet(_)
            | RemittanceError::Shown(_) => StatusCode::UNPROCESSABLE_ENTITY,
            RemittanceError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, detail) = (error.code(), error.to_string());
        if let RemittanceError::Failed(failure) = error {
            return Self::Failed(failure);
        }
        Self::Refused {
            status,
            code,
            detail,
        }
    }
}
