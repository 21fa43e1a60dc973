//! The API under `/api/v1`: every address on one page. A bearer token comes in with the request,
//! JSON goes out, or a problem. What a caller may see follows from the token alone.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use serde::de::DeserializeOwned;

use super::error::{BadQuery, Problem};
use addresses::{Addresses, reading, writing};

pub mod access;
pub mod addresses;
pub mod attempts;
pub mod bills;
pub mod body;
pub mod days;
pub mod decide_differences;
pub mod differences;
pub mod dossiers;
pub mod indicators;
pub mod ledger;
pub mod no_nul;
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

/// Serves every address of the API.
pub fn configure(config: &mut ServiceConfig) {
    addresses().serve(config);
}

/// Every address of the API. What is told of each stands in `web/openapi`.
#[must_use]
pub fn addresses() -> Addresses {
    let mut addresses = Addresses::default();
    every(&mut addresses);
    addresses
}

fn every(addresses: &mut Addresses) {
    addresses
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

fn what_is_owed(addresses: &mut Addresses) {
    addresses
        .service(writing("/dossiers/batch", put_dossiers::batch))
        .service(reading("/dossiers/{code}", dossiers::show).and_putting(put_dossiers::put))
        .service(reading("/bills/{reference}", bills::show))
        .service(reading("/quote", quote::show));
}

fn what_was_paid(addresses: &mut Addresses) {
    addresses
        .service(writing("/attempts", attempts::open))
        .service(reading("/attempts/{channel}/{order_ref}", attempts::show))
        .service(reading("/payments", payments::list))
        .service(reading("/payments/{id}", payments::show))
        .service(reading("/notices", notices::list))
        .service(reading("/ledger/accounts", ledger::accounts))
        .service(reading("/ledger/entries", ledger::entries));
}

fn what_banks_say(addresses: &mut Addresses) {
    addresses
        .service(reading("/statements", statements::list).and_taking_files(statements::upload))
        .service(reading("/remittances", remittances::list).and_posting(remittances::record))
        .service(reading("/statements/{id}", statements::show))
        .service(writing("/statements/{id}/override", statements::let_in))
        .service(writing("/statements/{id}/undo", statements::undo));
}

fn what_needs_a_person(addresses: &mut Addresses) {
    use decide_differences as decide;
    addresses
        .service(reading("/differences", differences::list))
        .service(reading("/differences/{id}", differences::show))
        .service(writing("/differences/{id}/resolution", decide::resolve))
        .service(writing("/differences/{id}/reopening", decide::reopen))
        .service(writing(
            "/differences/{id}/acknowledgement",
            decide::acknowledge,
        ))
        .service(writing("/differences/{id}/comments", decide::comment))
        .service(reading("/refunds", refunds::list).and_posting(put_refunds::request))
        .service(reading("/refunds/{id}", refunds::show))
        .service(writing("/refunds/{id}/approval", put_refunds::approve))
        .service(writing("/refunds/{id}/withdrawal", put_refunds::withdraw))
        .service(writing("/refunds/{id}/sending", put_refunds::send))
        .service(writing("/refunds/{id}/outcome", put_refunds::settle));
}

/// The parameters of a request, or which of them cannot be meant.
fn asked<T: DeserializeOwned>(
    query: Result<web::Query<T>, actix_web::Error>,
) -> Result<T, Problem> {
    query.map(web::Query::into_inner).map_err(|error| {
        let Some(bad) = error.as_error::<BadQuery>() else {
            return Problem::NotValid(error.to_string());
        };
        Problem::NotValid(match culprit::<T>(bad) {
            Some(name) => format!("{name}: {}", bad.why),
            None => bad.why.clone(),
        })
    })
}

/// The parameter that alone is refused for the reason for which all of them were.
fn culprit<T: DeserializeOwned>(bad: &BadQuery) -> Option<String> {
    let pairs = form_urlencoded::parse(bad.query.as_bytes());
    pairs
        .filter(|(name, value)| {
            let mut alone = form_urlencoded::Serializer::new(String::new());
            let alone = alone.append_pair(name, value).finish();
            let told = web::Query::<T>::from_query(&alone).err();
            told.is_some_and(|error| BadQuery::words(&error) == bad.why)
        })
        .map(|(name, _)| name.into_owned())
        .next()
        .filter(|name| !bad.why.contains(&format!("`{name}`")))
}
