//! Addresses that hold NUL are refused before anything is looked up: no row has it, and PostgreSQL takes
//! no text with it. Everything else goes on.

use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::web::error::Problem;

/// Refuses a request whose address holds NUL.
///
/// # Errors
/// Whatever the addresses behind it answer.
pub async fn refuse_nul(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match nul_in(request.path(), request.query_string()) {
        Some(problem) => Ok(request.into_response(problem.error_response())),
        None => next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body),
    }
}

fn nul_in(path: &str, query: &str) -> Option<Problem> {
    if path.contains("%00") || path.contains('\0') {
        return Some(Problem::NotFound("address"));
    }
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name.contains('\0') || value.contains('\0'))
        .map(|(name, _)| {
            let name = name.replace('\0', "");
            Problem::NotValid(format!("{name} holds a NUL character"))
        })
}
