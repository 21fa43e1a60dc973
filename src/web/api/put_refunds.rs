//! Steps of refunds: `POST /refunds` and `POST /refunds/{id}/approval|withdrawal|sending|outcome`.
//! Every step names its reason and is taken by the officer behind the token; with `"preview": true`
//! the refund and the entry are shown and nothing is done.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, change};
use super::body::{Whole, body, members};
use super::refunds::{PostingJson, with_steps};
use crate::domain::ids::{PaymentId, RefundId, Tenant, uuid_at};
use crate::domain::refund::RefundSource;
use crate::journeys::refunds::approve::approve_refund;
use crate::journeys::refunds::ask::{Asked, Wish, adopt_refund, request_refund, withdraw_refund};
use crate::journeys::refunds::pay::{
    Outcome, Payer, Sending, Settling, send_refund, settle_refund,
};
use crate::journeys::refunds::{Hand, ItemAsked, RefundError, Told, Which};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::web::Gateway;
use crate::web::error::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemBody {
    position: Whole,
    amount: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    /// A refund that a rule proposes; else `payment` and `source`.
    proposal: Option<Uuid>,
    payment: Option<Uuid>,
    source: Option<RefundSource>,
    amount: Option<String>,
    #[serde(default)]
    items: Vec<ItemBody>,
    #[serde(default)]
    reason: String,
    revision: Option<Whole>,
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepBody {
    #[serde(default)]
    reason: String,
    revision: Option<Whole>,
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SendingBody {
    provider_refund_id: Option<String>,
    bank_reference: Option<String>,
    #[serde(default)]
    reason: String,
    revision: Option<Whole>,
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeWord {
    Succeeded,
    Failed,
    ByHand,
    CalledOff,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PayerWord {
    Provider,
    Bank,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeBody {
    outcome: OutcomeWord,
    /// Who paid it out, where it succeeded: the provider unless said otherwise.
    paid_by: Option<PayerWord>,
    /// The account our bank paid from.
    account: Option<String>,
    evidence: Option<String>,
    #[serde(default)]
    reason: String,
    revision: Option<Whole>,
    #[serde(default)]
    preview: bool,
}

/// `POST /refunds`: 201 for a refund of the own accord, 200 for a proposal taken up and a preview.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn request(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::AskRefunds, payload).await?;
    let told = change(
        &gateway,
        bearer,
        Need::AskRefunds,
        move |gateway, caller| {
            let asked: RequestBody = members(&body)?;
            let items = asked.items.into_iter().map(|item| ItemAsked {
                position: item.position.0,
                amount: item.amount,
            });
            let wish = Wish {
                amount: asked.amount,
                items: items.collect(),
                reason: asked.reason,
            };
            match (asked.proposal, asked.payment, asked.source) {
                (Some(id), None, None) => {
                    let which = which(id, asked.revision);
                    let told = step(gateway, caller, asked.preview, |db, hand| {
                        adopt_refund(db, hand, which, &wish)
                    })?;
                    Ok((StatusCode::OK, told))
                }
                (None, Some(payment), Some(source)) => {
                    let asked_for = Asked {
                        payment_id: PaymentId(payment),
                        source,
                        wish,
                    };
                    let told = step(gateway, caller, asked.preview, |db, hand| {
                        request_refund(db, hand, &asked_for)
                    })?;
                    let status = if asked.preview {
                        StatusCode::OK
                    } else {
                        StatusCode::CREATED
                    };
                    Ok((status, told))
                }
                _ => Err(Problem::Wrong {
                    index: None,
                    field: "proposal".to_owned(),
                    problem: "name either a proposal, or a payment and a source".to_owned(),
                    is_contradiction: false,
                }),
            }
        },
    );
    let (status, told) = told.await?;
    Ok(HttpResponse::build(status).json(told))
}

/// `POST /refunds/{id}/approval`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn approve(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let need = Need::ApproveRefunds;
    let body = body(&gateway, &bearer, need, payload).await?;
    let told = change(&gateway, bearer, need, move |gateway, caller| {
        let asked: StepBody = members(&body)?;
        let which = which(named(&id)?, asked.revision);
        step(gateway, caller, asked.preview, |db, hand| {
            approve_refund(db, hand, which, &asked.reason)
        })
    });
    Ok(HttpResponse::Ok().json(told.await?))
}

/// `POST /refunds/{id}/withdrawal`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn withdraw(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let need = Need::AskRefunds;
    let body = body(&gateway, &bearer, need, payload).await?;
    let told = change(&gateway, bearer, need, move |gateway, caller| {
        let asked: StepBody = members(&body)?;
        let which = which(named(&id)?, asked.revision);
        step(gateway, caller, asked.preview, |db, hand| {
            withdraw_refund(db, hand, which, &asked.reason)
        })
    });
    Ok(HttpResponse::Ok().json(told.await?))
}

/// `POST /refunds/{id}/sending`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn send(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let need = Need::AskRefunds;
    let body = body(&gateway, &bearer, need, payload).await?;
    let told = change(&gateway, bearer, need, move |gateway, caller| {
        let asked: SendingBody = members(&body)?;
        let which = which(named(&id)?, asked.revision);
        let sending = Sending {
            provider_refund_id: asked.provider_refund_id,
            bank_reference: asked.bank_reference,
            reason: asked.reason,
        };
        step(gateway, caller, asked.preview, |db, hand| {
            send_refund(db, hand, which, &sending)
        })
    });
    Ok(HttpResponse::Ok().json(told.await?))
}

/// `POST /refunds/{id}/outcome`.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn settle(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let need = Need::AskRefunds;
    let body = body(&gateway, &bearer, need, payload).await?;
    let told = change(&gateway, bearer, need, move |gateway, caller| {
        let asked: OutcomeBody = members(&body)?;
        let which = which(named(&id)?, asked.revision);
        let account = asked.account.unwrap_or_default();
        let outcome = match (asked.outcome, asked.paid_by) {
            (OutcomeWord::Succeeded, Some(PayerWord::Bank)) => {
                Outcome::Succeeded(Payer::Bank(account))
            }
            (OutcomeWord::Succeeded, Some(PayerWord::Provider) | None) => {
                Outcome::Succeeded(Payer::Provider)
            }
            (OutcomeWord::Failed, _) => Outcome::Failed,
            (OutcomeWord::ByHand, _) => Outcome::ByHand(account),
            (OutcomeWord::CalledOff, _) => Outcome::CalledOff,
        };
        let settling = Settling {
            outcome,
            evidence: asked.evidence,
            reason: asked.reason,
        };
        step(gateway, caller, asked.preview, |db, hand| {
            settle_refund(db, hand, which, &settling)
        })
    });
    Ok(HttpResponse::Ok().json(told.await?))
}

fn which(id: Uuid, revision: Option<Whole>) -> Which {
    let id = RefundId(id);
    let revision = revision.map(|revision| revision.0);
    Which { id, revision }
}

fn named(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| RefundError::UnknownRefund.into())
}

/// Takes a step as the officer behind the token.
fn step(
    gateway: &Gateway,
    caller: &Caller,
    is_preview: bool,
    story: impl FnOnce(&Db, &Hand<'_>) -> Result<Told, RefundError>,
) -> Result<Value, Problem> {
    let now = gateway.clock.now();
    // A name of its own for each request, so that two at once never share a chain.
    let holder = uuid_at(now).to_string();
    let hand = Hand {
        tenant: Tenant(caller.tenant),
        officer: caller.officer.as_deref().ok_or(RefundError::NoOfficer)?,
        unit: caller.unit.as_deref(),
        holder: &holder,
        now,
        is_preview,
    };
    let told = story(&gateway.db, &hand)?;
    Ok(told_json(&gateway.db, told, is_preview)?)
}

/// What was done, or would be, as other programs read it.
///
/// # Errors
/// A failure of the database.
pub fn told_json(db: &Db, told: Told, is_preview: bool) -> Result<Value, Failure> {
    let entry: Vec<PostingJson> = told.entry.iter().map(PostingJson::of).collect();
    let refund = db.read(|queries| with_steps(queries, told.refund.clone()))?;
    Ok(json!({ "refund": refund, "entry": entry, "preview": is_preview }))
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        let status = match &error {
            RefundError::UnknownRefund | RefundError::UnknownPayment => StatusCode::NOT_FOUND,
            RefundError::UnknownOfficer(_)
            | RefundError::NoOfficer
            | RefundError::OtherUnit(_)
            | RefundError::SameOfficer(_) => StatusCode::FORBIDDEN,
            RefundError::AboveRest { .. }
            | RefundError::WrongState { .. }
            | RefundError::WrongRevision { .. } => StatusCode::CONFLICT,
            RefundError::NoReason
            | RefundError::NoEvidence(_)
            | RefundError::WrongAmount(_)
            | RefundError::WrongItems(_)
            | RefundError::WrongText(_)
            | RefundError::Shown(_) => StatusCode::UNPROCESSABLE_ENTITY,
            RefundError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, detail) = (error.code(), error.to_string());
        if let RefundError::Failed(failure) = error {
            return Self::Failed(failure);
        }
        Self::Refused {
            status,
            code,
            detail,
        }
    }
}
