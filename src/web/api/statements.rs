//! Statement files: `POST /statements?source=NAME` takes the bytes of a file, `GET /statements` and
//! `/statements/{id}` show what was imported, `/override` and `/undo` decide on one. Files are the
//! province's: who acts for one unit neither sees nor sends them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::access::{Bearer, Caller, Need, change, read};
use super::body::{body, members, upload as upload_body};
use super::page::{Page, after, limit, ok};
use super::{Answered, asked};
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::journeys::statements::import_statement::{Import, Upload, import_statement};
use crate::journeys::statements::override_hold::override_hold;
use crate::journeys::statements::undo_import::undo_import;
use crate::journeys::statements::{Hand, StatementError};
use crate::reporting::statements::{FileJson, file_shown};
use crate::store::Db;
use crate::store::ops::StatementFilter;
use crate::store::rows::StatementFileRow;
use crate::store::types::Uid;
use crate::web::Gateway;
use crate::web::error::Problem;

/// Where a file can stand.
pub const STATES: [&str; 3] = ["imported", "held", "undone"];

/// Parameters of an upload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    source: String,
    name: Option<String>,
    #[serde(default)]
    preview: bool,
    revise: Option<String>,
}

/// Parameters of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    source: Option<String>,
    state: Option<String>,
    day: Option<Day>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The body of a decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

/// Takes a file in, or says what it would add.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 422.
pub async fn upload(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    query: Result<web::Query<Sent>, actix_web::Error>,
    payload: web::Payload,
) -> Answered {
    let sent = asked(query)?;
    let bytes = upload_body(&gateway, &bearer, Need::Statements, payload).await?;
    let report = change(
        &gateway,
        bearer,
        Need::Statements,
        move |gateway, caller| {
            let name = sent.name.as_deref().unwrap_or("upload");
            let mut upload = Upload::of_bytes(&sent.source, name, bytes);
            upload.is_preview = sent.preview;
            upload.revise = sent.revise;
            let import = Import {
                db: &gateway.db,
                sources: &gateway.settings.sources,
                hand: hand(gateway, caller)?,
                progress: &|_| {},
            };
            import_statement(&import, &upload).map_err(problem)
        },
    )
    .await?;
    if report.outcome == "conflict" {
        let detail = report.says.clone();
        let report = serde_json::to_value(report);
        return Err(Problem::OtherEntries {
            detail,
            report: report.map_err(|error| Problem::broken(error.to_string()))?,
        });
    }
    let status = match report.outcome {
        "ok" | "held" if !report.is_preview => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok(HttpResponse::build(status).json(report))
}

/// Lists files, oldest first.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    query: Result<web::Query<Filter>, actix_web::Error>,
) -> Answered {
    let filter = asked(query)?;
    if let Some(state) = filter
        .state
        .as_deref()
        .filter(|state| !STATES.contains(state))
    {
        let known = STATES.join(", ");
        return Err(Problem::NotValid(format!(
            "state is \"{state}\"; known are {known}"
        )));
    }
    let limit = limit(filter.limit)?;
    let filter = StatementFilter {
        source: filter.source,
        state: filter.state,
        day: filter.day,
        after: after(filter.cursor.as_deref())?,
        limit: limit + 1,
    };
    let rows = read(
        &gateway,
        bearer,
        Need::ReadStatements,
        move |queries, caller| {
            of_province(caller)?;
            Ok(queries.list_statement_files(caller.tenant, &filter)?)
        },
    )
    .await?;
    let page = Page::of(rows, limit, |row| row.file_id.0.to_string());
    Ok(ok(&page.map(|row| FileJson::of(&row))))
}

/// Shows one file.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, id: web::Path<String>) -> Answered {
    let id = id_of(&id)?;
    let shown = read(
        &gateway,
        bearer,
        Need::ReadStatements,
        move |queries, caller| {
            of_province(caller)?;
            let found = file_shown(queries, caller.tenant, Uid(id))?;
            found.ok_or(Problem::NotFound("statement file"))
        },
    )
    .await?;
    Ok(ok(&shown))
}

/// Lets a held file count.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn let_in(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    decide(gateway, bearer, &id, payload, override_hold).await
}

/// Undoes an import.
///
/// # Errors
/// 400, 401, 403, 404, 409, 422.
pub async fn undo(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    decide(gateway, bearer, &id, payload, undo_import).await
}

type Journey = fn(&Db, &Hand<'_>, Uuid, &str) -> Result<StatementFileRow, StatementError>;

async fn decide(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: &str,
    payload: web::Payload,
    journey: Journey,
) -> Answered {
    let id = id_of(id)?;
    let body = body(&gateway, &bearer, Need::Statements, payload).await?;
    let told = change(
        &gateway,
        bearer,
        Need::Statements,
        move |gateway, caller| {
            let Reason { reason } = members(&body)?;
            let hand = hand(gateway, caller)?;
            journey(&gateway.db, &hand, id, &reason).map_err(problem)
        },
    )
    .await?;
    Ok(ok(&FileJson::of(&told)))
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| Problem::NotFound("statement file"))
}

fn of_province(caller: &Caller) -> Result<(), Problem> {
    match &caller.unit {
        None => Ok(()),
        Some(unit) => Err(Problem::NotAllowed(format!(
            "statement files are the province's; this token acts for {unit}"
        ))),
    }
}

fn hand<'a>(gateway: &Gateway, caller: &'a Caller) -> Result<Hand<'a>, Problem> {
    of_province(caller)?;
    let officer = caller.officer.as_deref().ok_or_else(|| {
        Problem::NotAllowed(
            "a statement file is imported by a person: this token is no officer's".to_owned(),
        )
    })?;
    Ok(Hand {
        tenant: Tenant(caller.tenant),
        officer,
        now: gateway.clock.now(),
    })
}

fn problem(error: StatementError) -> Problem {
    let code = error.code();
    let detail = error.to_string();
    let status = match error {
        StatementError::Failed(failure) => return failure.into(),
        StatementError::UnknownFile(_) => return Problem::NotFound("statement file"),
        StatementError::UnknownSource(_) => StatusCode::NOT_FOUND,
        StatementError::UnknownOfficer(_)
        | StatementError::OfficerOfUnit(_)
        | StatementError::SameOfficer(_) => StatusCode::FORBIDDEN,
        StatementError::NotHeld(_)
        | StatementError::Undone
        | StatementError::Matched(_)
        | StatementError::LeanedOn(_)
        | StatementError::ClosedDay(..)
        | StatementError::Busy
        | StatementError::TooSlow
        | StatementError::PartOfAFile(_)
        | StatementError::Contradicted(_) => StatusCode::CONFLICT,
        StatementError::Unreadable(_)
        | StatementError::WrongSource(_)
        | StatementError::OtherCurrency(_)
        | StatementError::Interim(_)
        | StatementError::Empty
        | StatementError::NoReason => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::Refused {
        status,
        code,
        detail,
    }
}
