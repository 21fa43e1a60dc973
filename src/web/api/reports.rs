//! `/api/v1/reports/{name}`: a report as JSON, CSV or a spreadsheet. A caller bound to one unit gets
//! that unit's rows and no others, whatever is asked for.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::access::{Bearer, Caller, Need, read};
use super::{Answered, asked, indicators};
use crate::domain::time::vietnam_day;
use crate::reporting::ask::{Ask, By};
use crate::reporting::period::Step;
use crate::reporting::reports;
use crate::reporting::table::{Table, to_csv, to_value, to_xlsx};
use crate::store::failure::Failure;
use crate::web::Gateway;
use crate::web::error::Problem;

/// How a report is asked for.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
    unit: Option<String>,
    lang: Option<String>,
    format: Option<String>,
}

impl Asked {
    fn question(&self) -> indicators::Asked {
        indicators::Asked {
            from: self.from.clone(),
            to: self.to.clone(),
            by: self.by.clone(),
            unit: self.unit.clone(),
            lang: self.lang.clone(),
        }
    }
}

/// `GET /api/v1/reports/{name}?from=&to=&by=&unit=&lang=&format=`.
///
/// # Errors
/// 401 and 403, 404 for a name that is none, 400 for a question that cannot be meant.
pub async fn show(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    name: web::Path<String>,
    query: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let mut asked = asked(query)?;
    let (now, refunded) = (gateway.clock.now(), gateway.settings.indicators.refunded);
    let name = name.into_inner();
    if reports::step(&name) == Step::Day {
        let (from, to) = (asked.from.take(), asked.to.take());
        let today = || vietnam_day(now).to_string();
        let day = from.or_else(|| to.clone()).unwrap_or_else(today);
        asked.to = Some(to.unwrap_or_else(|| day.clone()));
        asked.from = Some(day);
    }
    let format = asked.format.take();
    let asked_name = name.clone();
    let table = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let (parameters, lang) = asked.question().parameters()?;
        let by = parameters.by(By::None)?;
        let ask = parameters.ask(caller.tenant, now, by, lang, refunded)?;
        let ask = within(ask, caller)?;
        Ok(reports::answer(&asked_name, queries, &ask)?)
    });
    written(&table.await?, &name, format.as_deref().unwrap_or("json"))
}

/// The question as far as the caller may ask it.
fn within(mut ask: Ask, caller: &Caller) -> Result<Ask, Problem> {
    let Some(own) = &caller.unit else {
        return Ok(ask);
    };
    if ask.unit.as_ref().is_some_and(|asked| asked != own) {
        let problem = format!("this token sees the unit {own} and no other");
        return Err(Problem::NotAllowed(problem));
    }
    ask.unit = Some(own.clone());
    ask.is_own = true;
    Ok(ask)
}

fn written(table: &Table, name: &str, format: &str) -> Answered {
    let broken = |error: String| Problem::Failed(Failure::Broken(error));
    let (bytes, kind) = match format {
        "json" => return Ok(HttpResponse::Ok().json(to_value(table))),
        "csv" => {
            let bytes = to_csv(table).map_err(|error| broken(error.to_string()))?;
            (bytes, "text/csv; charset=utf-8")
        }
        "xlsx" => {
            let bytes = to_xlsx(table).map_err(|error| broken(error.to_string()))?;
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            (bytes, kind)
        }
        other => {
            let problem = format!("\"{other}\" is no format: write json, csv or xlsx");
            return Err(Problem::NotValid(problem));
        }
    };
    let file = format!("attachment; filename=\"{name}.{format}\"");
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CONTENT_DISPOSITION, file))
        .body(bytes))
}
