//! Writing dossiers: `PUT /dossiers/{code}` and `POST /dossiers/batch` take the words of the dossier
//! file as JSON. All dossiers of a request are put or none. Saying the same again changes nothing,
//! so both can be sent again.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::Answered;
use super::access::{Bearer, Caller, Need, change};
use super::body::body;
use crate::domain::dossier::DossierFacts;
use crate::domain::dossier_code::is_meant;
use crate::domain::ids::{Tenant, uuid_at};
use crate::intake::json::Json;
use crate::journeys::put_dossiers::{Put, PutError, put_dossiers};
use crate::journeys::read_catalogue::served;
use crate::journeys::read_dossier::{FieldError, read_dossier};
use crate::web::Gateway;
use crate::web::error::Problem;

/// `PUT /dossiers/{code}`: 201 when it was not known, 200 when it was.
///
/// # Errors
/// 400, 401, 403, 408, 409, 413, 422.
pub async fn put(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    code: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    let body = body(&gateway, &bearer, Need::WriteDossiers, payload).await?;
    let put = change(
        &gateway,
        bearer,
        Need::WriteDossiers,
        move |gateway, caller| {
            let json = with_code(parse(&body)?, &code)?;
            put_all(gateway, caller, &[json], |_| None)
        },
    );
    let put = put.await?;
    let answer = json!({ "outcome": word(put) });
    Ok(if put.added > 0 {
        HttpResponse::Created().json(answer)
    } else {
        HttpResponse::Ok().json(answer)
    })
}

/// `POST /dossiers/batch`: a JSON list of dossiers.
///
/// # Errors
/// 400, 401, 403, 408, 409, 413, 422.
pub async fn batch(gateway: web::Data<Gateway>, bearer: Bearer, payload: web::Payload) -> Answered {
    let body = body(&gateway, &bearer, Need::WriteDossiers, payload).await?;
    let put = change(
        &gateway,
        bearer,
        Need::WriteDossiers,
        move |gateway, caller| match parse(&body)? {
            Json::List(dossiers) => put_all(gateway, caller, &dossiers, Some),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => Err(
                Problem::NotValid("the body must be a list of dossiers".to_owned()),
            ),
        },
    );
    let put = put.await?;
    Ok(HttpResponse::Ok().json(json!({
        "added": put.added, "changed": put.changed, "unchanged": put.unchanged,
    })))
}

fn parse(body: &[u8]) -> Result<Json, Problem> {
    Json::parse(body).map_err(|refusal| Problem::NotValid(refusal.to_string()))
}

fn word(put: Put) -> &'static str {
    if put.added > 0 {
        "added"
    } else if put.changed > 0 {
        "changed"
    } else {
        "unchanged"
    }
}

/// The dossier of a request, whose code stands in the address and may stand in the body too.
fn with_code(json: Json, code: &str) -> Result<Json, Problem> {
    let Json::Object(mut members) = json else {
        return Err(Problem::NotValid("the body must be a dossier".to_owned()));
    };
    let given = members.iter().find(|(name, _)| name == "dossier_code");
    match given {
        None => members.push(("dossier_code".to_owned(), Json::Text(code.to_owned()))),
        Some((_, Json::Text(given))) if is_meant(code, given) => {}
        Some(_) => {
            let text = format!("is not the {code} of the address");
            return Err(wrong(None, FieldError::new("dossier_code", text), false));
        }
    }
    Ok(Json::Object(members))
}

fn wrong(index: Option<usize>, error: FieldError, is_contradiction: bool) -> Problem {
    Problem::Wrong {
        index,
        field: error.field,
        problem: error.problem,
        is_contradiction,
    }
}

fn put_all(
    gateway: &Gateway,
    caller: &Caller,
    dossiers: &[Json],
    shown: impl Fn(usize) -> Option<usize>,
) -> Result<Put, Problem> {
    let (tenant, now) = (Tenant(caller.tenant), gateway.clock.now());
    let provinces = &gateway.settings.office.provinces;
    let served = gateway
        .db
        .read(|queries| served(queries, tenant, provinces))?;
    let mut all: Vec<DossierFacts> = Vec::with_capacity(dossiers.len());
    for (index, json) in dossiers.iter().enumerate() {
        let facts =
            read_dossier(json, &served, now).map_err(|error| wrong(shown(index), error, false))?;
        if !caller.sees(Some(&facts.unit_code)) {
            let message = format!("this token does not write dossiers of {}", facts.unit_code);
            return Err(Problem::NotAllowed(message));
        }
        all.push(facts);
    }
    // A name of its own for each request, so that two at once never share a chain.
    let holder = uuid_at(now).to_string();
    let unit = caller.unit.as_deref();
    put_dossiers(&gateway.db, tenant, &holder, now, unit, &all).map_err(|error| match error {
        PutError::Failure(failure) => failure.into(),
        PutError::OtherUnit { index } => {
            let code = all.get(index).map_or("", |facts| facts.code.as_str());
            Problem::NotAllowed(format!("this token does not write dossier {code}"))
        }
        PutError::Dossier { index, error } => wrong(shown(index), error, true),
    })
}
