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
pub mod dossiers;
pub mod indicators;
pub mod ledger;
pub mod notices;
pub mod once;
pub mod outbox;
pub mod page;
pub mod payments;
pub mod put_dossiers;
pub mod put_refunds;
pub mod quote;
pub mod refunds;

/// What every reading address answers.
pub type Answered = Result<HttpResponse, Problem>;

/// Every address of the API.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/dossiers/batch")
                .route(web::post().to(put_dossiers::batch))
                .default_service(web::route().to(only_post)),
        )
        .service(
            web::resource("/dossiers/{code}")
                .route(web::get().to(dossiers::show))
                .route(web::head().to(dossiers::show))
                .route(web::put().to(put_dossiers::put))
                .default_service(web::route().to(only_get_and_put)),
        )
        .service(
            web::resource("/attempts")
                .route(web::post().to(attempts::open))
                .default_service(web::route().to(only_post)),
        )
        .service(reading("/attempts/{channel}/{order_ref}", attempts::show))
        .service(reading("/bills/{reference}", bills::show))
        .service(reading("/payments", payments::list))
        .service(reading("/payments/{id}", payments::show))
        .service(
            web::resource("/refunds")
                .route(web::get().to(refunds::list))
                .route(web::head().to(refunds::list))
                .route(web::post().to(put_refunds::request))
                .default_service(web::route().to(only_get_and_post)),
        )
        .service(reading("/refunds/{id}", refunds::show))
        .service(step("/refunds/{id}/approval", put_refunds::approve))
        .service(step("/refunds/{id}/withdrawal", put_refunds::withdraw))
        .service(step("/refunds/{id}/sending", put_refunds::send))
        .service(step("/refunds/{id}/outcome", put_refunds::settle))
        .service(reading("/notices", notices::list))
        .service(reading("/outbox", outbox::list))
        .service(reading("/outbox/{id}", outbox::show))
        .service(
            web::resource("/outbox/{id}/redelivery")
                .route(web::post().to(outbox::redeliver))
                .default_service(web::route().to(only_post)),
        )
        .service(reading("/indicators/{id}", indicators::show))
        .service(reading("/ledger/accounts", ledger::accounts))
        .service(reading("/ledger/entries", ledger::entries))
        .service(reading("/quote", quote::show));
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

/// An address at which a step is taken.
fn step<F, Args>(path: &'static str, handler: F) -> Resource
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
