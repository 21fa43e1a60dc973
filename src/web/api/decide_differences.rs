//! Decisions on differences: `POST /differences/{id}/resolution`, `…/reopening`, `…/acknowledgement`
//! and `…/comments`. The caller must be an officer; `"preview": true` says what would be posted and
//! changes nothing.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, change};
use super::body::{Whole, body, members};
use super::page::ok;
use crate::domain::difference::WayOut;
use crate::domain::ids::{Tenant, uuid_at};
use crate::domain::time::Day;
use crate::journeys::case_desk::{CaseDesk, CaseError, CaseOutcome, CaseRefusal};
use crate::journeys::note_difference::{Note, note_difference};
use crate::journeys::reopen_difference::{Reopening, reopen_difference};
use crate::journeys::resolve_difference::{BillPart, Resolution, resolve_difference};
use crate::reporting::differences::postings_json;
use crate::web::Gateway;
use crate::web::error::Problem;

/// Roles that may accept less than is due.
const APPROVERS: &[&str] = &["approver", "admin"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolutionBody {
    action: WayOut,
    reason: String,
    revision: Whole,
    #[serde(default)]
    bills: Vec<BillBody>,
    until: Option<Day>,
    unit: Option<String>,
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BillBody {
    bill: String,
    amount: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReopeningBody {
    reason: String,
    revision: Whole,
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    #[serde(default)]
    text: String,
}

impl From<ResolutionBody> for Resolution {
    fn from(body: ResolutionBody) -> Self {
        let part = |part: BillBody| BillPart {
            reference: part.bill,
            amount: part.amount,
        };
        Self {
            way: body.action,
            reason: body.reason,
            revision: body.revision.0,
            bills: body.bills.into_iter().map(part).collect(),
            until: body.until,
            unit: body.unit,
            is_preview: body.preview,
        }
    }
}

/// `POST /differences/{id}/resolution`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn resolve(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::Cases, payload).await?;
    let resolution: Resolution = members::<ResolutionBody>(&body)?.into();
    // Whoever may not ask for a refund may not ask for it by this way either.
    let need = match resolution.way {
        WayOut::Return => Need::AskRefunds,
        WayOut::Assign
        | WayOut::AcceptShort
        | WayOut::AskTopUp
        | WayOut::MarkTest
        | WayOut::Close
        | WayOut::MoveUnit => Need::Cases,
    };
    decide(&gateway, bearer, need, &id, move |gateway, desk, id| {
        resolve_difference(&gateway.db, desk, id, &resolution)
    })
    .await
}

/// `POST /differences/{id}/reopening`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn reopen(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::Cases, payload).await?;
    let body: ReopeningBody = members(&body)?;
    let reopening = Reopening {
        reason: body.reason,
        revision: body.revision.0,
        is_preview: body.preview,
    };
    decide(
        &gateway,
        bearer,
        Need::Cases,
        &id,
        move |gateway, desk, id| reopen_difference(&gateway.db, desk, id, &reopening),
    )
    .await
}

/// `POST /differences/{id}/acknowledgement`; the body may be empty.
///
/// # Errors
/// 400, 401, 403, 404, 409.
pub async fn acknowledge(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    note(&gateway, bearer, &id, payload, Note::Acknowledgement).await
}

/// `POST /differences/{id}/comments`.
///
/// # Errors
/// 400, 401, 403, 404, 422.
pub async fn comment(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    note(&gateway, bearer, &id, payload, Note::Comment).await
}

async fn note(
    gateway: &web::Data<Gateway>,
    bearer: Bearer,
    id: &str,
    payload: web::Payload,
    note: Note,
) -> Answered {
    let body = body(gateway, &bearer, Need::Cases, payload).await?;
    let words = if body.is_empty() {
        NoteBody::default()
    } else {
        members(&body)?
    };
    decide(
        gateway,
        bearer,
        Need::Cases,
        id,
        move |gateway, desk, id| note_difference(&gateway.db, desk, id, note, &words.text),
    )
    .await
}

async fn decide(
    gateway: &web::Data<Gateway>,
    bearer: Bearer,
    need: Need,
    id: &str,
    story: impl FnOnce(&Gateway, &CaseDesk<'_>, Uuid) -> Result<CaseOutcome, CaseError> + Send + 'static,
) -> Answered {
    let id = Uuid::parse_str(id);
    let told = change(gateway, bearer, need, move |gateway, caller| {
        let id = id.map_err(|_| Problem::NotFound("difference"))?;
        at_desk(gateway, caller, |desk| story(gateway, desk, id))
    });
    Ok(answer(&told.await?))
}

/// Sits the officer behind the token at the desk.
fn at_desk(
    gateway: &Gateway,
    caller: &Caller,
    story: impl FnOnce(&CaseDesk<'_>) -> Result<CaseOutcome, CaseError>,
) -> Result<CaseOutcome, Problem> {
    let Some(officer) = &caller.officer else {
        let problem = "this token belongs to no officer; make one with --officer CODE";
        return Err(Problem::NotAllowed(problem.to_owned()));
    };
    let now = gateway.clock.now();
    let holder = uuid_at(now).to_string();
    let desk = CaseDesk {
        tenant: Tenant(caller.tenant),
        holder: &holder,
        now,
        officer,
        unit: caller.unit.as_deref(),
        may_approve: APPROVERS.contains(&caller.role.as_str()),
    };
    story(&desk).map_err(problem)
}

fn problem(error: CaseError) -> Problem {
    match error {
        CaseError::Unknown => Problem::NotFound("difference"),
        CaseError::Failure(failure) => failure.into(),
        CaseError::Refused(refusal) => Problem::Refused {
            status: status(&refusal),
            code: refusal.code(),
            detail: refusal.to_string(),
        },
        CaseError::Preview(_) => Problem::NotValid(error.to_string()),
    }
}

fn status(refusal: &CaseRefusal) -> StatusCode {
    if refusal.is_about_rights() {
        StatusCode::FORBIDDEN
    } else if refusal.is_about_request() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::CONFLICT
    }
}

fn answer(told: &CaseOutcome) -> HttpResponse {
    ok(&outcome_json(told))
}

/// What became of a difference, as JSON.
#[must_use]
pub fn outcome_json(told: &CaseOutcome) -> Value {
    json!({
        "id": told.difference_id,
        "state": told.state.as_str(),
        "revision": told.revision,
        "preview": told.is_preview,
        "postings": postings_json(&told.postings),
        "refunds": told.refunds,
    })
}
