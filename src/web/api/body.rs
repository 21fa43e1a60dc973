//! Bodies of writing requests: the bytes of somebody who may write, in time and within the limit,
//! and their JSON as a struct. Repeated and unknown members are refused.

use actix_web::web;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::access::{Bearer, Need, admit};
use crate::web::Gateway;
use crate::web::error::Problem;

/// The body of somebody who may do what `need` says.
///
/// # Errors
/// 401, 403, 408, 413.
pub async fn body(
    gateway: &web::Data<Gateway>,
    bearer: &Bearer,
    need: Need,
    payload: web::Payload,
) -> Result<Vec<u8>, Problem> {
    admit(gateway, bearer, need).await?;
    read(gateway, payload).await
}

/// Bytes of a file that may be uploaded.
pub const UPLOAD_MOST: usize = 20 * 1024 * 1024;

/// A file sent by somebody who may do what `need` says.
///
/// # Errors
/// 401, 403, 408, 413.
pub async fn upload(
    gateway: &web::Data<Gateway>,
    bearer: &Bearer,
    need: Need,
    payload: web::Payload,
) -> Result<Vec<u8>, Problem> {
    admit(gateway, bearer, need).await?;
    read_at_most(gateway, payload, UPLOAD_MOST).await
}

/// Bytes that a request to this address may have.
#[must_use]
pub fn most(gateway: &Gateway, path: &str) -> usize {
    if path.ends_with("/statements") {
        UPLOAD_MOST
    } else {
        gateway.settings.server.body_limit_bytes
    }
}

/// A body, in time and within the limit.
///
/// # Errors
/// 400, 408, 413.
pub async fn read(gateway: &web::Data<Gateway>, payload: web::Payload) -> Result<Vec<u8>, Problem> {
    let most = gateway.settings.server.body_limit_bytes;
    read_at_most(gateway, payload, most).await
}

/// A body of so many bytes, in time.
///
/// # Errors
/// 400, 408, 413.
pub async fn read_at_most(
    gateway: &web::Data<Gateway>,
    payload: web::Payload,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let patience = gateway.settings.server.request_timeout;
    match timeout(patience, payload.to_bytes_limited(most)).await {
        Ok(Ok(Ok(body))) => Ok(body.to_vec()),
        Ok(Ok(Err(_))) => Err(Problem::unreadable()),
        Ok(Err(_)) => Err(Problem::TooLarge(most)),
        Err(_) => Err(Problem::TooSlow),
    }
}

/// The members of a JSON body; the struct denies unknown fields.
///
/// # Errors
/// 400 with the line, column and member that cannot be meant.
pub fn members<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::NotValid(error.to_string()))
}
