//! The table of addresses: each is registered once, with the methods it takes, so that what is served
//! and what is told of it can be compared. Every other method, and a body of another type, is refused
//! here with what would be right.

use std::future::Future;
use std::sync::LazyLock;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};

use super::access::Bearer;
use crate::web::error::{Problem, only_get, only_get_and_post, only_get_and_put, only_post};
use crate::web::openapi::BASE;

/// One address.
pub struct Address {
    /// Under `/api/v1`, with its variable parts in braces.
    pub path: &'static str,
    /// The methods it takes, beside `HEAD` where it takes `GET`.
    pub methods: &'static [&'static str],
    resource: Resource,
}

/// Every address, in the order in which they are tried.
#[derive(Default)]
pub struct Addresses(Vec<Address>);

impl Addresses {
    /// One more address.
    pub fn service(&mut self, address: Address) -> &mut Self {
        self.0.push(address);
        self
    }

    /// More addresses.
    pub fn configure(&mut self, more: fn(&mut Self)) -> &mut Self {
        more(self);
        self
    }

    /// What each takes.
    #[must_use]
    pub fn all(&self) -> &[Address] {
        &self.0
    }

    /// Serves them all.
    pub fn serve(self, config: &mut ServiceConfig) {
        for address in self.0 {
            config.service(address.resource);
        }
    }
}

/// Whether there is an address that takes a method. The path is the whole one.
#[must_use]
pub fn is_taken(method: &str, path: &str) -> bool {
    static TABLE: LazyLock<Vec<(&str, &[&str])>> = LazyLock::new(|| {
        let addresses = super::addresses();
        let all = addresses.all().iter();
        all.map(|one| (one.path, one.methods)).collect()
    });
    let Some(path) = path.strip_prefix(BASE) else {
        return false;
    };
    let fits = |template: &str| {
        let (template, given) = (template.split('/'), path.split('/'));
        let is_same = |(one, other): (&str, &str)| one == other || one.starts_with('{');
        template.clone().count() == given.clone().count() && template.zip(given).all(is_same)
    };
    let takes = |(template, methods): &(&str, &[&str])| methods.contains(&method) && fits(template);
    TABLE.iter().any(takes)
}

/// Whether a body is JSON; one without a type is taken for it.
fn is_json(context: &GuardContext<'_>) -> bool {
    let Some(given) = context.head().headers().get(CONTENT_TYPE) else {
        return true;
    };
    let kind = given.to_str().unwrap_or("").split(';').next().unwrap_or("");
    let kind = kind.trim().to_ascii_lowercase();
    kind.is_empty()
        || kind == "application/json"
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Whether a body is a file and not a form around one.
fn is_file(context: &GuardContext<'_>) -> bool {
    let given = context.head().headers().get(CONTENT_TYPE);
    let kind = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    !kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("multipart/")
}

async fn not_json(_: Bearer) -> Result<HttpResponse, Problem> {
    Err(Problem::WrongContentType("application/json"))
}

async fn not_a_file(_: Bearer) -> Result<HttpResponse, Problem> {
    Err(Problem::WrongContentType("application/octet-stream"))
}

/// A page or document that is only read.
pub fn shown<F, Args>(path: &'static str, handler: F) -> Resource
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

/// An address that is only read.
pub fn reading<F, Args>(path: &'static str, handler: F) -> Address
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
    F::Future: Future,
{
    Address {
        path,
        methods: &["GET"],
        resource: shown(path, handler),
    }
}

/// An address that is only written, with JSON.
pub fn writing<F, Args>(path: &'static str, handler: F) -> Address
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
    F::Future: Future,
{
    let resource = web::resource(path)
        .route(web::post().guard(fn_guard(is_json)).to(handler))
        .route(web::post().to(not_json))
        .default_service(web::route().to(only_post));
    Address {
        path,
        methods: &["POST"],
        resource,
    }
}

impl Address {
    /// The same, written to by `POST` too, with JSON.
    pub fn and_posting<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods = &["GET", "POST"];
        self.resource = self
            .resource
            .route(web::post().guard(fn_guard(is_json)).to(handler))
            .route(web::post().to(not_json))
            .default_service(web::route().to(only_get_and_post));
        self
    }

    /// The same, sent files by `POST` too.
    pub fn and_taking_files<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods = &["GET", "POST"];
        self.resource = self
            .resource
            .route(web::post().guard(fn_guard(is_file)).to(handler))
            .route(web::post().to(not_a_file))
            .default_service(web::route().to(only_get_and_post));
        self
    }

    /// The same, written by `PUT` too, with JSON.
    pub fn and_putting<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods = &["GET", "PUT"];
        self.resource = self
            .resource
            .route(web::put().guard(fn_guard(is_json)).to(handler))
            .route(web::put().to(not_json))
            .default_service(web::route().to(only_get_and_put));
        self
    }
}
