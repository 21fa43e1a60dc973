//! The API under `/api/v1`: every address on one page. A bearer token comes in with the request,
//! JSON goes out, or a problem. What a caller may see follows from the token alone.

use std::future::Future;

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};

use super::error::{Problem, only_get, only_get_and_post, only_get_and_put, only_post};

pub mod access;
pub mod attempts;
pub mod bills;
pub mod body;
pub mod days;
pub mod decide_differences;
pub mod differences;
pub mod dossiers;
pub mod indicators;
pub mod ledger;
pub mod notices;
pub mod once;
pub mod outbox;
pub mod outcomes;
pub mod page;
pub mod payments;
pub mod put_dossiers;
pub mod put_refunds;
pub mod quote;
pub mod refunds;
pub mod remittances;
pub mod reports;
pub mod statements;

/// What every reading address answers.
pub type Answered = Result<HttpResponse, Problem>;

/// Every address of the API.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(what_is_owed)
        .configure(what_was_paid)
        .configure(what_needs_a_person)
        .configure(what_banks_say)
        .service(reading("/days/{date}", days::show))
        .service(reading("/days/{date}/outcomes", outcomes::list))
        .service(writing("/days/{date}/comparison", outcomes::compare))
        .service(writing("/days/{date}/proposal", days::propose))
        .service(writing("/days/{date}/closing", days::close))
        .service(writing("/days/{date}/reopening", days::reopen))
        .service(reading("/outbox", outbox::list))
        .service(reading("/outbox/{id}", outbox::show))
        .service(writing("/outbox/{id}/redelivery", outbox::redeliver))
        .service(reading("/indicators/{id}", indicators::show))
        .service(reading("/reports/{name}", reports::show));
}

fn what_is_owed(config: &mut ServiceConfig) {
    config
        .service(writing("/dossiers/batch", put_dossiers::batch))
        .service(
            web::resource("/dossiers/{code}")
                .route(web::get().to(dossiers::show))
                .route(web::head().to(dossiers::show))
                .route(web::put().to(put_dossiers::put))
                .default_service(web::route().to(only_get_and_put)),
        )
        .service(reading("/bills/{reference}", bills::show))
        .service(reading("/quote", quote::show));
}

fn what_was_paid(config: &mut ServiceConfig) {
    config
        .service(writing("/attempts", attempts::open))
        .service(reading("/attempts/{channel}/{order_ref}", attempts::show))
        .service(reading("/payments", payments::list))
        .service(reading("/payments/{id}", payments::show))
        .service(reading("/notices", notices::list))
        .service(reading("/ledger/accounts", ledger::accounts))
        .service(reading("/ledger/entries", ledger::entries));
}

fn what_banks_say(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/statements")
                .route(web::get().to(statements::list))
                .route(web::head().to(statements::list))
                .route(web::post().to(statements::upload))
                .default_service(web::route().to(only_get_and_post)),
        )
        .service(
            web::resource("/remittances")
                .route(web::get().to(remittances::list))
                .route(web::head().to(remittances::list))
                .route(web::post().to(remittances::record))
                .default_service(web::route().to(only_get_and_post)),
        )
        .service(reading("/statements/{id}", statements::show))
        .service(writing("/statements/{id}/override", statements::let_in))
        .service(writing("/statements/{id}/undo", statements::undo));
}

fn what_needs_a_person(config: &mut ServiceConfig) {
    use decide_differences as decide;
    config
        .service(reading("/differences", differences::list))
        .service(reading("/differences/{id}", differences::show))
        .service(writing("/differences/{id}/resolution", decide::resolve))
        .service(writing("/differences/{id}/reopening", decide::reopen))
        .service(writing(
            "/differences/{id}/acknowledgement",
            decide::acknowledge,
        ))
        .service(writing("/differences/{id}/comments", decide::comment))
        .service(
            web::resource("/refunds")
                .route(web::get().to(refunds::list))
                .route(web::head().to(refunds::list))
                .route(web::post().to(put_refunds::request))
                .default_service(web::route().to(only_get_and_post)),
        )
        .service(reading("/refunds/{id}", refunds::show))
        .service(writing("/refunds/{id}/approval", put_refunds::approve))
        .service(writing("/refunds/{id}/withdrawal", put_refunds::withdraw))
        .service(writing("/refunds/{id}/sending", put_refunds::send))
        .service(writing("/refunds/{id}/outcome", put_refunds::settle));
}

/// An address that is only read.
fn reading<F, Args>(path: &'static str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
    F::Future: Future,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::route().to(only_get))
}

/// An address that is only written.
fn writing<F, Args>(path: &'static str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
    F::Future: Future,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::route().to(only_post))
}

/// The parameters of a request, or which of them cannot be meant.
fn asked<T>(query: Result<web::Query<T>, actix_web::Error>) -> Result<T, Problem> {
    query
        .map(web::Query::into_inner)
        .map_err(|error| Problem::NotValid(error.to_string()))
}
