//! The gate every request passes: it gets a name for the logs, is told apart by where it comes from,
//! and leaves with the headers that keep a page from loading, sending or being shown elsewhere. A
//! body that is packed is not unpacked; a refused request that is one too many is answered 429.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY,
    HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};
use tracing::Instrument;
use uuid::Uuid;

use super::address::Origin;
use super::connections::Shown;
use super::limits::Wait;
use super::traces;
use super::unread::Held;
use crate::domain::ids::uuid_at;
use crate::web::Gateway;
use crate::web::error::Problem;

/// The name of a request, in the answer and in every line that is logged about it.
pub(in crate::web) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who stands at the gate.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Visitor {
    /// The name of the request.
    pub(in crate::web) request_id: Uuid,
    /// The caller's address, where it is known.
    pub(in crate::web) address: Option<IpAddr>,
    /// Whose refused calls are counted together.
    pub(in crate::web) counted: Option<IpAddr>,
    /// Whether the caller showed a certificate of our authorities.
    pub(in crate::web) has_certificate: bool,
}

/// Marks an answer to a request that was refused, so that it is counted.
pub(in crate::web) struct CountsAsRefused;

/// Lets a request through, or not.
///
/// # Errors
/// Whatever the addresses behind it answer.
pub async fn gate(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(gateway) = request.app_data::<web::Data<Gateway>>().cloned() else {
        return next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body);
    };
    let began = Instant::now();
    let visitor = visitor(&request, &gateway);
    let is_packed = is_packed(request.headers());
    request.extensions_mut().insert(visitor);
    let held = Held::of(&mut request);
    let span = tracing::info_span!("request", request_id = %visitor.request_id);
    let is_followed = gateway.settings.traces.is_some();
    if is_followed {
        traces::take_up(&request, &span);
    }
    let mut response = if is_packed {
        request.into_response(Problem::Packed.error_response())
    } else {
        let answered = next.call(request).instrument(span.clone()).await;
        answered?.map_into_boxed_body()
    };
    if response
        .response()
        .extensions()
        .get::<CountsAsRefused>()
        .is_some()
        && let Err(Wait(seconds)) = gateway.limits.refused(visitor.counted, None)
    {
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, Problem::TooMany(seconds).error_response());
    }
    if response.status().is_client_error() {
        // What is left of a body that was not read is not waited for.
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    let is_tls = gateway.settings.server.tls.is_some();
    dress(response.headers_mut(), visitor.request_id, is_tls);
    let time = began.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, micros = time.as_micros(), "answered"));
    if is_followed {
        traces::tell(&response, &span);
    }
    let channel = response.request().match_info().get("channel");
    if let Some(channel) = channel.filter(|name| gateway.channels.contains_key(*name)) {
        gateway.metrics.time(channel, time);
    }
    Ok(match held {
        Some(held) => held.until_sent(response),
        None => response,
    })
}

fn visitor(request: &ServiceRequest, gateway: &Gateway) -> Visitor {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let trusted = &gateway.settings.server.trusted_proxies;
    let origin = Origin::of(peer, request.headers(), trusted);
    let shown = request.conn_data::<Shown>();
    Visitor {
        request_id: uuid_at(gateway.clock.now()),
        address: origin.address,
        counted: origin.counted,
        has_certificate: shown.is_some_and(|shown| shown.has_certificate),
    }
}

/// Whether a body is packed. None is ever unpacked: a signature covers what is sent, and a few bytes
/// may hold gigabytes.
fn is_packed(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING);
    encodings.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Nothing is loaded, sent, framed or kept unless a page says more about itself.
fn dress(headers: &mut HeaderMap, request_id: Uuid, is_tls: bool) {
    const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}
