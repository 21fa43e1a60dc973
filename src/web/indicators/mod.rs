//! The public page `/indicators`: a question in the address comes in, figures with their
//! definitions, a trend and a comparison of units go out, in Vietnamese or English, without
//! scripts. Shows sums only, never a dossier or a person.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::lang::Lang;
use crate::reporting::ask::Refusal;
use crate::reporting::measure::Measured;
use crate::reporting::reports::one_indicator::table_of;
use crate::reporting::table::to_csv;
use crate::store::failure::Failure;
use crate::web::Gateway;
use crate::web::page::{Words, answer, language};

pub mod chart;
pub mod figures;
pub mod question;
pub mod view;

use figures::{Figures, figures};
use question::{Parameters, Wrong, written};

/// `GET /indicators`.
pub async fn show(
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    query: Result<web::Query<Parameters>, actix_web::Error>,
) -> HttpResponse {
    let parameters = query.map(web::Query::into_inner).unwrap_or_default();
    let lang = language(&request, parameters.lang.as_deref());
    let asked = parameters.clone();
    let shared = gateway.clone();
    let now = gateway.clock.now();
    let refunded = gateway.settings.indicators.refunded;
    let read = web::block(move || {
        shared
            .db
            .read(|queries| figures(queries, &asked, now, lang, refunded))
    });
    let figures = read.await.unwrap_or_else(|_| {
        let message = "a page was given up".to_owned();
        Err(Wrong::Refused(Refusal::Failure(Failure::Broken(message))))
    });
    let office = gateway.settings.office.province_name.as_str();
    match figures {
        Ok(figures) if written(parameters.format.as_deref()) == Some("csv") => {
            file(&figures.comparison)
        }
        Ok(figures) => page(office, &figures, lang),
        Err(wrong) => refuse(office, &wrong, lang),
    }
}

fn page(office: &str, figures: &Figures, lang: Lang) -> HttpResponse {
    match view::page(office, figures, Words(lang)).render() {
        Ok(html) => answer(StatusCode::OK, lang, html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn file(measured: &Measured) -> HttpResponse {
    match to_csv(&table_of(measured)) {
        Ok(bytes) => {
            let ask = &measured.ask;
            let (from, to) = (ask.period.from(), ask.period.to());
            let name = format!(
                "{}_{}_{from}_{to}.csv",
                measured.indicator.id,
                ask.by.as_str()
            );
            HttpResponse::Ok()
                .content_type("text/csv; charset=utf-8")
                .insert_header((
                    CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{name}\""),
                ))
                .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .body(bytes)
        }
        Err(error) => {
            tracing::error!(%error, "a file could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// One plain sentence and a way back.
fn refuse(office: &str, wrong: &Wrong, lang: Lang) -> HttpResponse {
    let t = Words(lang);
    let (status, sentence) = match wrong {
        Wrong::Date(text) => (
            StatusCode::BAD_REQUEST,
            t.say_with("wrong-date", &[("text", text)]),
        ),
        Wrong::Refused(Refusal::Period { from, to }) => {
            let (from, to) = (t.day(*from), t.day(*to));
            let values = [("from", from.as_str()), ("to", to.as_str())];
            (StatusCode::BAD_REQUEST, t.say_with("wrong-period", &values))
        }
        Wrong::Refused(Refusal::Unit(unit)) => (
            StatusCode::NOT_FOUND,
            t.say_with("wrong-unit", &[("unit", unit)]),
        ),
        Wrong::Refused(
            Refusal::Breakdown(_)
            | Refusal::Indicator(_)
            | Refusal::Report(_)
            | Refusal::NotOfUnits(_)
            | Refusal::OneDay(_),
        ) => (StatusCode::BAD_REQUEST, t.say("wrong-question")),
        Wrong::Refused(Refusal::Failure(failure)) => {
            tracing::error!(%failure, "the indicators could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, t.say("wrong-machine"))
        }
    };
    match view::problem(office, sentence, t).render() {
        Ok(html) => answer(status, lang, html),
        Err(_) => HttpResponse::build(status).finish(),
    }
}
