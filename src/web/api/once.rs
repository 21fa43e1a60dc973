//! `Idempotency-Key` on writing requests: the same key and the same request get the same answer and
//! do nothing again; the same key on another request is refused. Only requests of callers we know
//! are remembered, and only those that were done.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError, web};
use sha2::{Digest, Sha256};

use super::access::{Bearer, caller};
use super::addresses::is_taken;
use super::body::{most, read_at_most};
use crate::domain::ids::Tenant;
use crate::journeys::answer_once::{
    Begun, Given, Named, begin_request, finish_request, forget_request,
};
use crate::store::failure::Failure;
use crate::web::Gateway;
use crate::web::error::Problem;

/// The header that names a request.
const KEY: &str = "idempotency-key";

/// Set on an answer that was given before.
const REPLAYED: (&str, &str) = ("idempotency-replayed", "true");

type Answer = Result<ServiceResponse<BoxBody>, actix_web::Error>;

/// Answers a request that carries a key once; lets every other one through.
///
/// # Errors
/// Whatever the addresses behind it answer.
pub async fn answer_once(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Answer {
    let named = match name(&mut request).await {
        Ok(Some(named)) => named,
        Ok(None) => {
            return next
                .call(request)
                .await
                .map(ServiceResponse::map_into_boxed_body);
        }
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    let Some(gateway) = request.app_data::<web::Data<Gateway>>().cloned() else {
        return next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body);
    };
    let asked = named.clone();
    match aside(&gateway, move |gateway| {
        begin_request(&gateway.db, &asked, gateway.clock.now())
    })
    .await
    {
        Ok(Begun::New) => {}
        Ok(Begun::Answered(given)) => return Ok(request.into_response(again(&given))),
        Ok(Begun::OtherRequest) => return refused(request, &Problem::KeyReused),
        Ok(Begun::UnderWay) => return refused(request, &Problem::UnderWay),
        Err(problem) => return refused(request, &problem),
    }
    let response = next.call(request).await?.map_into_boxed_body();
    keep(&gateway, named, response).await
}

fn refused(request: ServiceRequest, problem: &Problem) -> Answer {
    Ok(request.into_response(problem.error_response()))
}

fn again(given: &Given) -> HttpResponse {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header(REPLAYED);
    if !given.content_type.is_empty() {
        response.insert_header((CONTENT_TYPE, given.content_type.clone()));
    }
    response.body(given.body.clone())
}

/// The name of a writing request that carries a key; its body is read and put back. None for others.
async fn name(request: &mut ServiceRequest) -> Result<Option<Named>, Problem> {
    let is_write = matches!(*request.method(), Method::POST | Method::PUT);
    // Where nothing is written there is nothing to remember, and what is wrong is told by the address.
    let is_write = is_write && is_taken(request.method().as_str(), request.path());
    let Some(header) = request.headers().get(KEY).filter(|_| is_write) else {
        return Ok(None);
    };
    let key = header.to_str().ok().map(str::trim);
    let is_key = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|b| b >= b' ');
    let key = key.filter(is_key).map(str::to_owned).ok_or_else(|| {
        let text = "Idempotency-Key must be 1 to 255 printable characters of ASCII; spaces may stand between them";
        Problem::NotValid(text.to_owned())
    })?;
    let Some(gateway) = request.app_data::<web::Data<Gateway>>().cloned() else {
        return Ok(None);
    };
    let Ok(bearer) = request.extract::<Bearer>().await else {
        return Ok(None);
    };
    // Whoever is not known is told so by the address itself, and leaves nothing behind here.
    let Ok(caller) = caller(&gateway, &bearer).await else {
        return Ok(None);
    };
    let payload = request.extract::<web::Payload>().await;
    let most = most(&gateway, request.path());
    let payload = payload.map_err(|_| Problem::unreadable())?;
    let body = read_at_most(&gateway, payload, most).await?;
    let mut hash = Sha256::new();
    for part in [
        request.method().as_str(),
        request.uri().path(),
        request.query_string(),
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(&body);
    request.set_payload(Payload::from(body));
    Ok(Some(Named {
        tenant: Tenant(caller.tenant),
        token_hash: bearer.hash().to_vec(),
        key,
        request_hash: hash.finalize().to_vec(),
    }))
}

/// Keeps the answer of what was done; forgets what was refused or failed.
async fn keep(
    gateway: &web::Data<Gateway>,
    named: Named,
    response: ServiceResponse<BoxBody>,
) -> Answer {
    if !response.status().is_success() {
        let forgotten = aside(gateway, move |gateway| forget_request(&gateway.db, &named)).await;
        if forgotten.is_err() {
            tracing::warn!("a refused request stays under way for a minute");
        }
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.unwrap_or_default();
    let content_type = head.headers().get(CONTENT_TYPE);
    let given = Given {
        status: head.status().as_u16(),
        content_type: content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_owned(),
        body: body.to_vec(),
    };
    let kept = aside(gateway, move |gateway| {
        finish_request(&gateway.db, &named, gateway.clock.now(), &given)
    });
    if kept.await.is_err() {
        tracing::warn!("an answer could not be kept; its request is done all the same");
    }
    Ok(ServiceResponse::new(
        request,
        head.set_body(body).map_into_boxed_body(),
    ))
}

async fn aside<T: Send + 'static>(
    gateway: &web::Data<Gateway>,
    story: impl FnOnce(&Gateway) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Problem> {
    let gateway = gateway.clone();
    let done = web::block(move || story(&gateway)).await;
    let done = done.unwrap_or_else(|_| Err(Failure::Broken("a request was given up".to_owned())));
    done.map_err(Problem::from)
}
