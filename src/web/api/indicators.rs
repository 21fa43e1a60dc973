//! `/api/v1/indicators/{id}`: one figure with its definition, period, capture time and breakdown.
//! Public figures: whoever may read payments may ask for any unit.

use actix_web::{HttpResponse, web};

use super::access::{Bearer, Need, read};
use super::{Answered, asked};
use crate::domain::lang::Lang;
use crate::reporting::ask::{By, Refusal};
use crate::reporting::indicators;
use crate::reporting::reports;
use crate::reporting::table::to_value;
use crate::web::Gateway;
use crate::web::error::Problem;
use crate::web::indicators::question::{Parameters, Wrong};

/// `GET /api/v1/indicators/{id}?from=&to=&by=&unit=&lang=`.
///
/// # Errors
/// 401 and 403, 404 for an id that is none, 400 for a question that cannot be meant.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    query: Result<web::Query<Parameters>, actix_web::Error>,
) -> Answered {
    let parameters = asked(query)?;
    let (now, refunded) = (gateway.clock.now(), gateway.settings.indicators.refunded);
    let value = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let indicator = indicators::find(&id).ok_or(Problem::NotFound("indicator"))?;
        let lang = parameters.lang.as_deref().and_then(Lang::parse);
        let by = parameters.by(By::None)?;
        let lang = lang.unwrap_or_default();
        let ask = parameters.ask(caller.tenant, now, by, lang, refunded)?;
        let table = reports::answer(indicator.id, queries, &ask)?;
        Ok(to_value(&table))
    });
    Ok(HttpResponse::Ok().json(value.await?))
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Date(text) => {
                Self::NotValid(format!("\"{text}\" is not a day: write 2026-01-31"))
            }
            Wrong::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failure(failure) => Self::Failed(failure),
            Refusal::Report(_) => Self::NotFound("report"),
            Refusal::Indicator(_) => Self::NotFound("indicator"),
            wrong @ Refusal::NotOfUnits(_) => Self::NotAllowed(wrong.to_string()),
            wrong @ (Refusal::Breakdown(_)
            | Refusal::Unit(_)
            | Refusal::OneDay(_)
            | Refusal::Period { .. }) => Self::NotValid(wrong.to_string()),
        }
    }
}
