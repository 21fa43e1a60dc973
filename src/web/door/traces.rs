//! What a trace says of a request: its method, the pattern of its address and the status of its answer,
//! never the address itself, a header or a body. A caller of the API may hand its trace over; what
//! becomes of the spans is counted. Where they go is not known here.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::Status;
use opentelemetry::{Context, Key};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The method of a request.
pub const METHOD: Key = Key::from_static_str("http.request.method");
/// The pattern of its address.
pub const ROUTE: Key = Key::from_static_str("http.route");
const STATUS: Key = Key::from_static_str("http.response.status_code");

/// Spans that ended, by what became of them.
#[derive(Debug, Default)]
pub struct TraceTally {
    /// Taken by the collector.
    pub sent: AtomicU64,
    /// Not taken, though it was tried.
    pub failed: AtomicU64,
    /// Not tried, because too many waited.
    pub dropped: AtomicU64,
}

/// The same for `/metrics`.
#[derive(Default)]
pub(in crate::web) struct SpanCounts(Family<[(&'static str, &'static str); 1], Counter>);

impl SpanCounts {
    pub(in crate::web) fn register(&self, registry: &mut Registry) {
        let help = "Spans of traces, by what became of them";
        registry.register("trace_spans", help, self.0.clone());
    }

    pub(in crate::web) fn read(&self, tally: &TraceTally) {
        for (outcome, count) in [
            ("sent", &tally.sent),
            ("failed", &tally.failed),
            ("dropped", &tally.dropped),
        ] {
            let counter = self.0.get_or_create(&[("outcome", outcome)]);
            let count = count.load(Ordering::Relaxed);
            counter.inner().store(count, Ordering::Relaxed);
        }
    }
}

/// The headers of a request, for those who read traces in them.
struct Headers<'a>(&'a ServiceRequest);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.headers().get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.headers().keys().map(|name| name.as_str()).collect()
    }
}

/// The trace that a caller of the API hands over becomes ours. What a webhook says of traces says
/// nothing: whoever pays us chose it.
pub(super) fn take_up(request: &ServiceRequest, span: &Span) {
    if request.path().starts_with("/api/") {
        let told =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(request));
        // Refused where nobody follows this span.
        let _ = span.set_parent(told);
    }
}

/// Tells the span what was asked and how it was answered.
pub(super) fn tell<B>(response: &ServiceResponse<B>, span: &Span) {
    let request = response.request();
    span.set_attribute(METHOD, method(request.method()));
    if let Some(pattern) = request.match_pattern() {
        span.set_attribute(ROUTE, pattern);
    }
    span.set_attribute(STATUS, i64::from(response.status().as_u16()));
    if response.status().is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// A method that everybody knows; callers may send any word.
fn method(method: &Method) -> &'static str {
    [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::DELETE, "DELETE"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::PATCH, "PATCH"),
    ]
    .into_iter()
    .find_map(|(known, word)| (known == *method).then_some(word))
    .unwrap_or("_OTHER")
}
