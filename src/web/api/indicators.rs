//! `/api/v1/indicators/{id}`: one figure with its definition, period, capture time and breakdown.
//! Public figures: whoever may read payments may ask for any unit.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

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

/// How figures are asked for here. The page takes more, and more kindly.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) by: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) lang: Option<String>,
}

impl Asked {
    /// The same as the page reads it, and the language.
    ///
    /// # Errors
    /// [`Problem::NotValid`] for a parameter that is empty, and for a language that is none.
    pub(super) fn parameters(&self) -> Result<(Parameters, Lang), Problem> {
        for (name, value) in [
            ("from", &self.from),
            ("to", &self.to),
            ("by", &self.by),
            ("unit", &self.unit),
            ("lang", &self.lang),
        ] {
            if value.as_ref().is_some_and(|text| text.trim().is_empty()) {
                return Err(Problem::NotValid(format!("{name} is empty: leave it out")));
            }
        }
        let lang = match self.lang.as_deref() {
            None => Lang::default(),
            Some(text) => Lang::parse(text).ok_or_else(|| {
                Problem::NotValid(format!("lang is \"{text}\"; known are vi, en"))
            })?,
        };
        let parameters = Parameters {
            from: self.from.clone(),
            to: self.to.clone(),
            by: self.by.clone(),
            unit: self.unit.clone(),
            ..Parameters::default()
        };
        Ok((parameters, lang))
    }
}

/// `GET /api/v1/indicators/{id}?from=&to=&by=&unit=&lang=`.
///
/// # Errors
/// 401 and 403, 404 for an id that is none, 400 for a question that cannot be meant.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
    query: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = asked(query)?;
    let (now, refunded) = (gateway.clock.now(), gateway.settings.indicators.refunded);
    let value = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let indicator = indicators::find(&id).ok_or(Problem::NotFound("indicator"))?;
        let (parameters, lang) = asked.parameters()?;
        let by = parameters.by(By::None)?;
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
            wrong @ Refusal::Breakdown(_) => Self::NotValid(format!("by: {wrong}")),
            wrong @ (Refusal::Unit(_) | Refusal::OneDay(_) | Refusal::Period { .. }) => {
                Self::WrongQuestion(wrong.to_string())
            }
        }
    }
}
