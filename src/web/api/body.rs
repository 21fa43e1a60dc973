//! Bodies of writing requests: the bytes of somebody who may write, in time and within the limit,
//! and their JSON as a struct. Repeated and unknown members are refused.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};
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

/// A whole number, also as JSON may write one: `2`, `2.0`, `2e0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub i32);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        // A float that is whole is written without a fraction.
        let text = number.as_f64().filter(|_| number.is_f64());
        let text = text.map_or_else(|| number.to_string(), |float| float.to_string());
        let whole = text.parse().map(Self);
        whole.map_err(|_| {
            D::Error::custom(format!(
                "{number} is not a whole number from {} to {}",
                i32::MIN,
                i32::MAX
            ))
        })
    }
}

/// What no body may hold, wherever it stands.
enum Fault {
    /// A text with NUL, which neither a name nor PostgreSQL has.
    Nul,
    /// A list inside a list: no body has one, and it would pass for the members of an object.
    ListInList,
}

/// The first fault, with its path.
fn fault(value: &Value) -> Option<(String, Fault)> {
    let below = |name: String, value: &Value| {
        let (rest, found) = fault(value)?;
        let is_here = rest.is_empty();
        Some((
            if is_here {
                name
            } else {
                format!("{name}.{rest}")
            },
            found,
        ))
    };
    match value {
        Value::String(text) => text.contains('\0').then(|| (String::new(), Fault::Nul)),
        Value::Array(items) => (0..).zip(items).find_map(|(n, item): (usize, _)| {
            if item.is_array() {
                return Some((n.to_string(), Fault::ListInList));
            }
            below(n.to_string(), item)
        }),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| below(name.clone(), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The members of a JSON body; the struct denies unknown fields.
///
/// # Errors
/// 400 with the line, column and member that cannot be meant; 422 for a text that nobody can keep.
pub fn members<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let not_valid = |error: serde_json::Error| Problem::NotValid(error.to_string());
    let value: Value = serde_json::from_slice(body).map_err(not_valid)?;
    if !value.is_object() {
        let text = "the body must be a JSON object";
        return Err(Problem::NotValid(text.to_owned()));
    }
    match fault(&value) {
        None => serde_json::from_slice(body).map_err(not_valid),
        Some((field, Fault::ListInList)) => Err(Problem::NotValid(format!(
            "{field}: a list cannot stand here"
        ))),
        Some((field, Fault::Nul)) => Err(Problem::Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "wrong_text",
            detail: format!("{field} holds a NUL character"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct One {
        revision: Whole,
    }

    #[test]
    fn a_whole_number_is_read_however_json_writes_it() {
        let read = |text: &str| {
            let body = format!("{{\"revision\": {text}}}");
            members::<One>(body.as_bytes())
                .map(|one| one.revision.0)
                .ok()
        };
        let table = [
            ("2", 2),
            ("2.0", 2),
            ("2e0", 2),
            ("-2147483648", i32::MIN),
            ("2147483647.0", i32::MAX),
        ];
        for (text, whole) in table {
            assert_eq!(read(text), Some(whole), "{text}");
        }
        for text in ["2.5", "2147483648", "1e300", "\"2\"", "null", "true"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
