//! HTTP of what goes wrong, decided in one place. A refusal or failure comes in, an RFC 9457 problem
//! with a stable code goes out; what a failure says stays in the log, because it may name things the
//! caller must not know.

use std::fmt;

use actix_web::error::QueryPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::door::gate::CountsAsRefused;
use crate::store::AsFailure;
use crate::store::failure::Failure;

/// What went wrong with a request to the API.
#[derive(Debug)]
pub enum Problem {
    /// No token, or none we know.
    NotKnown(&'static str),
    /// A token that may not do this.
    NotAllowed(String),
    /// Nothing there, or nothing this caller may see.
    NotFound(&'static str),
    /// The address is asked in another way only.
    WrongMethod(&'static str),
    /// A parameter or a body that cannot be meant.
    NotValid(String),
    /// A question whose parameters cannot be meant together, or ask for a unit nobody knows.
    WrongQuestion(String),
    /// A body that is too large.
    TooLarge(usize),
    /// A body of another type than the address takes, which is named.
    WrongContentType(&'static str),
    /// A body that did not arrive in time.
    TooSlow,
    /// A body that is packed.
    Packed,
    /// One too many; the seconds after which it may come again.
    TooMany(u64),
    /// A field of a body that cannot be taken; in a batch, which part of it.
    Wrong {
        /// Counted from 0.
        index: Option<usize>,
        /// The field, as a path.
        field: String,
        /// What is wrong with it.
        problem: String,
        /// Whether it contradicts what the books hold.
        is_contradiction: bool,
    },
    /// A journey refuses, by a stable code of its own.
    Refused {
        /// The status.
        status: StatusCode,
        /// The code.
        code: &'static str,
        /// The sentence.
        detail: String,
    },
    /// A statement that was imported before with other entries; what was found.
    OtherEntries {
        /// The sentence.
        detail: String,
        /// The whole report of the import.
        report: Value,
    },
    /// An Idempotency-Key that was given to another request before.
    KeyReused,
    /// A request that is being done now, under the same Idempotency-Key.
    UnderWay,
    /// A question for a price that the tariff does not answer: the stable code, and why.
    Unpriced(&'static str, String),
    /// The machine is wrong.
    Failed(Failure),
}

impl Problem {
    /// Status, stable code and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotKnown(_) => (StatusCode::UNAUTHORIZED, "not_known", "Who are you?"),
            Self::NotAllowed(_) => (StatusCode::FORBIDDEN, "not_allowed", "Not allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::WrongMethod(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                "wrong_method",
                "Method not allowed",
            ),
            Self::NotValid(_) => (StatusCode::BAD_REQUEST, "not_valid", "Not valid"),
            Self::WrongQuestion(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong_question",
                "Cannot be meant",
            ),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large"),
            Self::WrongContentType(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wrong_content_type",
                "Wrong type of body",
            ),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow", "Too slow"),
            Self::Packed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "packed", "Packed"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many"),
            Self::Wrong {
                is_contradiction: true,
                ..
            } => (StatusCode::CONFLICT, "contradicted", "Contradicted"),
            Self::Wrong { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong_field",
                "A field is wrong",
            ),
            Self::Refused { status, code, .. } => (*status, *code, "Refused"),
            Self::OtherEntries { .. } => (
                StatusCode::CONFLICT,
                "other_entries",
                "Other entries before",
            ),
            Self::KeyReused => (StatusCode::CONFLICT, "key_reused", "Key used before"),
            Self::UnderWay => (StatusCode::CONFLICT, "under_way", "Under way"),
            Self::Unpriced(code, _) => (StatusCode::UNPROCESSABLE_ENTITY, code, "No price"),
            Self::Failed(
                Failure::Contention(_) | Failure::Unreachable(_) | Failure::Exhausted(_),
            ) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "try_later",
                "Try again later",
            ),
            Self::Failed(Failure::DayClosed(_)) => {
                (StatusCode::CONFLICT, "day_closed", "The day is closed")
            }
            Self::Failed(Failure::Fenced(_) | Failure::Address(_) | Failure::Broken(_)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "failed", "Failed")
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotKnown(detail) => f.write_str(detail),
            Self::NotAllowed(detail)
            | Self::NotValid(detail)
            | Self::WrongQuestion(detail)
            | Self::Unpriced(_, detail)
            | Self::Refused { detail, .. } => f.write_str(detail),
            Self::Wrong { field, problem, .. } => write!(f, "{field}: {problem}"),
            Self::NotFound(what) => write!(f, "there is no such {what}"),
            Self::WrongMethod(allowed) => write!(f, "this address takes {allowed}"),
            Self::OtherEntries { detail, .. } => f.write_str(detail),
            Self::WrongContentType(right) => write!(f, "this address takes a body of {right}"),
            Self::TooLarge(most) => write!(f, "a body may have {most} bytes"),
            Self::TooSlow => f.write_str("the body did not arrive in time"),
            Self::Packed => {
                f.write_str("bodies are taken as they are: send it without an encoding")
            }
            Self::TooMany(seconds) => {
                write!(
                    f,
                    "too many calls were refused or sent: come again in {seconds} s"
                )
            }
            Self::KeyReused => f.write_str("this Idempotency-Key was given to another request"),
            Self::UnderWay => f.write_str("the same request is being done now"),
            Self::Failed(failure @ Failure::DayClosed(_)) => write!(
                f,
                "{failure}; the clock of this gateway is behind: nothing was changed"
            ),
            Self::Failed(_) => f.write_str("the gateway could not do this; nothing was changed"),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl AsFailure for Problem {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::NotKnown(_)
            | Self::NotAllowed(_)
            | Self::NotFound(_)
            | Self::WrongMethod(_)
            | Self::NotValid(_)
            | Self::WrongQuestion(_)
            | Self::TooLarge(_)
            | Self::WrongContentType(_)
            | Self::OtherEntries { .. }
            | Self::TooSlow
            | Self::Packed
            | Self::TooMany(_)
            | Self::Refused { .. }
            | Self::KeyReused
            | Self::UnderWay
            | Self::Wrong { .. }
            | Self::Unpriced(..) => None,
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, ..) = self.kind();
        if let Self::Failed(failure) = self {
            tracing::error!(%failure, "a request could not be answered");
        }
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "5"));
        }
        if let Self::TooMany(seconds) = self {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.is_counted() {
            response.extensions_mut().insert(CountsAsRefused);
        }
        if matches!(self, Self::UnderWay) {
            response.insert_header((RETRY_AFTER, "1"));
        }
        if let Self::WrongMethod(allowed) = self {
            response.insert_header((ALLOW, *allowed));
        }
        if let Self::WrongContentType(right) = self {
            response.insert_header((ACCEPT, *right));
        }
        response
            .content_type("application/problem+json")
            .body(self.to_json().to_string())
    }
}

impl Problem {
    /// A body that broke off or was sent wrongly.
    #[must_use]
    pub fn unreadable() -> Self {
        Self::NotValid("the body could not be read".to_owned())
    }

    /// Something of our own that should always work.
    #[must_use]
    pub fn broken(why: String) -> Self {
        Self::Failed(Failure::Broken(why))
    }

    /// Whether whoever sends many of these is told to wait: those that need no knowledge to send.
    fn is_counted(&self) -> bool {
        match self {
            Self::NotKnown(_) | Self::TooLarge(_) | Self::TooSlow | Self::Packed => true,
            Self::NotFound(what) => matches!(*what, "address" | "channel"),
            Self::NotAllowed(_)
            | Self::WrongMethod(_)
            | Self::WrongContentType(_)
            | Self::WrongQuestion(_)
            | Self::OtherEntries { .. }
            | Self::NotValid(_)
            | Self::TooMany(_)
            | Self::Refused { .. }
            | Self::KeyReused
            | Self::UnderWay
            | Self::Wrong { .. }
            | Self::Unpriced(..)
            | Self::Failed(_) => false,
        }
    }

    fn to_json(&self) -> Value {
        let (status, code, title) = self.kind();
        let mut members = json!({
            "type": format!("urn:doisoat:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
            "code": code,
        });
        if let (Self::Wrong { index, field, .. }, Some(members)) = (self, members.as_object_mut()) {
            members.insert("field".to_owned(), json!(field));
            members.extend(index.map(|index| ("index".to_owned(), json!(index))));
        }
        if let (Self::OtherEntries { report, .. }, Some(members)) = (self, members.as_object_mut())
        {
            members.insert("report".to_owned(), report.clone());
        }
        members
    }
}

impl From<Problem> for HttpResponse {
    fn from(problem: Problem) -> Self {
        problem.error_response()
    }
}

/// A query that cannot be meant, with what it said.
#[derive(Debug)]
pub struct BadQuery {
    /// As it was sent.
    pub query: String,
    /// Why not.
    pub why: String,
}

impl BadQuery {
    /// What is wrong, without saying that it was read as a query.
    #[must_use]
    pub fn words(error: &QueryPayloadError) -> String {
        match error {
            QueryPayloadError::Deserialize(why) => why.to_string(),
            other => other.to_string(),
        }
    }

    /// Keeps a refused query, so that the address can name the parameter.
    #[must_use]
    pub fn of(error: &QueryPayloadError, request: &HttpRequest) -> Self {
        Self {
            query: request.query_string().to_owned(),
            why: Self::words(error),
        }
    }
}

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl ResponseError for BadQuery {
    fn status_code(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        Problem::NotValid(self.why.clone()).error_response()
    }
}

/// Answers an address nobody has.
///
/// # Errors
/// Always [`Problem::NotFound`].
pub async fn no_such_address() -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound("address"))
}

/// Answers a method other than GET, HEAD and PUT where only these are known.
///
/// # Errors
/// Always [`Problem::WrongMethod`].
pub async fn only_get_and_put() -> Result<HttpResponse, Problem> {
    Err(Problem::WrongMethod("GET, HEAD, PUT"))
}

/// Answers a method other than GET, HEAD and POST where only these are known.
///
/// # Errors
/// Always [`Problem::WrongMethod`].
pub async fn only_get_and_post() -> Result<HttpResponse, Problem> {
    Err(Problem::WrongMethod("GET, HEAD, POST"))
}

/// Answers a method other than POST where only POST is known.
///
/// # Errors
/// Always [`Problem::WrongMethod`].
pub async fn only_post() -> Result<HttpResponse, Problem> {
    Err(Problem::WrongMethod("POST"))
}

/// Answers a method other than GET and HEAD where only these are known.
///
/// # Errors
/// Always [`Problem::WrongMethod`].
pub async fn only_get() -> Result<HttpResponse, Problem> {
    Err(Problem::WrongMethod("GET, HEAD"))
}
