//! The webhook door: exact bytes come in, are verified and normalised, wait in the writer's queue,
//! and the provider's own answer goes out after the commit. A refused call goes to the quarantine,
//! which is never waited for. What an answer says is the provider's file's business.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use actix_web::http::{Method as HttpMethod, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Gateway;
use super::door::gate::Visitor;
use super::door::limits::Wait;
use super::error::Problem;
use crate::config::channel::Channel;
use crate::domain::time::Instant;
use crate::intake::provider::{Answer, Method, Normalised, Outcome, Provider, RawCall, Refusal};
use crate::intake::providers;
use crate::intake::verify::{read, verify};
use crate::journeys::replay_quarantine::{CUT_MARK, NO_CERTIFICATE, WRONG_ADDRESS};
use crate::journeys::take_notices::{Call, Refused, Taken};

/// Headers that some provider reads; all others are dropped at the door.
const READ_HEADERS: &[&str] = &[
    "content-type",
    "authorization",
    "x-sepay-signature",
    "x-sepay-timestamp",
    "x-secret-key",
];
const READ_PREFIXES: &[&str] = &["webhook-", "svix-"];

/// How many refused calls of each channel may be kept in a second.
pub(super) struct Floods(BTreeMap<String, DefaultDirectRateLimiter>);

impl Floods {
    pub(super) fn new<'a>(channels: impl Iterator<Item = &'a String>, per_second: u32) -> Self {
        let Some(per_second) = NonZeroU32::new(per_second) else {
            return Self(BTreeMap::new());
        };
        let limiter = || RateLimiter::direct(Quota::per_second(per_second));
        Self(channels.map(|name| (name.clone(), limiter())).collect())
    }

    fn has_room(&self, channel: &str) -> bool {
        let limiter = self.0.get(channel);
        limiter.is_some_and(|limiter| limiter.check().is_ok())
    }
}

/// Takes one call of a provider.
pub async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    gateway: web::Data<Gateway>,
) -> HttpResponse {
    let name = request.match_info().get("channel").unwrap_or("");
    let Some(channel) = gateway.channels.get(name).map(Arc::clone) else {
        return Problem::NotFound("channel").error_response();
    };
    let visitor = request.extensions().get::<Visitor>().copied();
    let Some(visitor) = visitor else {
        return Problem::NotFound("address").error_response();
    };
    if let Err(Wait(seconds)) = gateway.limits.called(name) {
        gateway.metrics.count_answered(name, "too_many");
        return Problem::TooMany(seconds).error_response();
    }
    let Some(provider) = providers::of(&channel) else {
        return Problem::NotFound("channel").error_response();
    };
    let action = request.match_info().get("action").unwrap_or("");
    if action.contains('/') && !has_own_paths(&channel) {
        return Problem::NotFound("address").error_response();
    }
    let Some(method) = method_of(&request) else {
        let now = gateway.clock.now();
        return Problem::WrongMethod(methods(provider, &channel, action, now)).error_response();
    };
    let most = gateway.settings.server.body_limit_bytes;
    let patience = gateway.settings.server.request_timeout;
    let body = match timeout(patience, payload.to_bytes_limited(most)).await {
        Ok(Ok(Ok(body))) => body.to_vec(),
        Ok(Ok(Err(_))) => return Problem::unreadable().error_response(),
        Ok(Err(_)) => return Problem::TooLarge(most).error_response(),
        Err(_) => return Problem::TooSlow.error_response(),
    };
    let call = RawCall {
        method,
        action: action.to_owned(),
        query: request.query_string().to_owned(),
        headers: read_headers(&request, provider),
        body,
        arrived_at: gateway.clock.now(),
    };
    let visit = Visit {
        gateway: &gateway,
        channel: &channel,
        provider,
        visitor,
    };
    match visit.barred() {
        Some((reason, detail)) => visit.bar(reason, detail, &call),
        None => visit.answer(call).await,
    }
}

/// Whether its provider puts paths of its own behind the address it was given.
fn has_own_paths(channel: &Channel) -> bool {
    let described = channel.described.as_ref();
    described.is_some_and(|description| description.request.action.is_some())
}

/// The methods that the channel's provider calls this address with: those that it does not refuse as
/// wrong on a call that holds nothing else.
fn methods(
    provider: &dyn Provider,
    channel: &Channel,
    action: &str,
    arrived_at: Instant,
) -> &'static str {
    let takes = |method| {
        let bare = RawCall {
            method,
            action: action.to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            arrived_at,
        };
        let answer = verify(provider, &bare, channel);
        !matches!(answer, Err(Refusal::WrongMethod(_)))
    };
    match (takes(Method::Get), takes(Method::Post)) {
        (true, false) => "GET",
        (false, true) => "POST",
        (true, true) | (false, false) => "GET, POST",
    }
}

fn method_of(request: &HttpRequest) -> Option<Method> {
    match *request.method() {
        HttpMethod::GET => Some(Method::Get),
        HttpMethod::POST => Some(Method::Post),
        _ => None,
    }
}

/// The headers providers use. Bytes that are not text become a mark that no signature fits.
fn read_headers(request: &HttpRequest, provider: &dyn Provider) -> Vec<(String, String)> {
    let own = provider.headers();
    let is_read = |name: &str| {
        READ_HEADERS.contains(&name)
            || READ_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || own.contains(&name)
    };
    request
        .headers()
        .iter()
        .filter(|(name, _)| is_read(name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// One call on its way through the door.
struct Visit<'a> {
    gateway: &'a Gateway,
    channel: &'a Arc<Channel>,
    provider: &'a dyn Provider,
    visitor: Visitor,
}

impl Visit<'_> {
    /// Why the caller may not use this channel, whatever it says.
    fn barred(&self) -> Option<(&'static str, &'static str)> {
        let door = &self.channel.door;
        let is_from_there = |address| door.allow_from.hold(address);
        if !door.allow_from.is_empty() && !self.visitor.address.is_some_and(is_from_there) {
            return Some((
                WRONG_ADDRESS,
                "this channel takes no calls from this address",
            ));
        }
        if door.requires_client_certificate && !self.visitor.has_certificate {
            return Some((
                NO_CERTIFICATE,
                "this channel takes calls with a certificate only",
            ));
        }
        None
    }

    fn bar(&self, reason: &'static str, detail: &'static str, call: &RawCall) -> HttpResponse {
        let metrics = &self.gateway.metrics;
        if let Err(seconds) = self.count_refused(reason) {
            return Problem::TooMany(seconds).error_response();
        }
        metrics.count_answered(&self.channel.name, "refused");
        self.keep(reason, detail, call);
        Problem::NotAllowed(detail.to_owned()).error_response()
    }

    /// Counts a refused call, or tells after how many seconds it may come again.
    fn count_refused(&self, reason: &'static str) -> Result<(), u64> {
        let name = &self.channel.name;
        self.gateway.metrics.count_refused(name, reason);
        let counted = self
            .gateway
            .limits
            .refused(self.visitor.counted, Some(name));
        if let Err(Wait(seconds)) = counted {
            self.gateway.metrics.count_answered(name, "too_many");
            return Err(seconds);
        }
        let from = self.visitor.address.map(tracing::field::display);
        tracing::info!(channel = name, reason, from, "a call was refused");
        Ok(())
    }

    /// Hands a refused call to the quarantine.
    fn keep(&self, reason: &'static str, detail: &str, call: &RawCall) {
        let name = &self.channel.name;
        if !self.gateway.floods.has_room(name) {
            self.gateway.intake.count_dropped();
            return;
        }
        let (raw, is_cut) = call.to_wire(name, self.provider.credential());
        let mark = if is_cut { CUT_MARK } else { "" };
        self.gateway.intake.quarantine(Refused {
            channel: Arc::clone(self.channel),
            reason,
            detail: format!("{detail}{mark}"),
            raw,
            arrived_at: call.arrived_at,
        });
    }

    async fn answer(&self, call: RawCall) -> HttpResponse {
        let reading = tracing::debug_span!("verify", channel = self.channel.name);
        let normalised = match reading.in_scope(|| read(self.provider, &call, self.channel)) {
            Ok(normalised) => normalised,
            Err(refusal) => return self.refuse(&refusal, &call),
        };
        if let Some(reply) = normalised.reply {
            let metrics = &self.gateway.metrics;
            metrics.count_answered(&self.channel.name, "asked");
            return http(reply);
        }
        let (taken, normalised) = self.submit(normalised, &call).await;
        let first = normalised.first();
        let (outcome, word) = match taken {
            Taken::New(verdict) => (Outcome::New(verdict, first), "new"),
            Taken::Repeat(verdict) => (Outcome::Repeat(verdict, first), "repeat"),
            Taken::TryLater => (Outcome::TryLater, "try_later"),
        };
        self.respond(outcome, word)
    }

    /// Waits for the writer; gives the notices back for the answer.
    async fn submit(
        &self,
        normalised: Normalised,
        call: &RawCall,
    ) -> (Taken, Vec<crate::domain::notice::Notice>) {
        let notices = normalised.notices;
        let (reply, told) = oneshot::channel();
        let span = tracing::debug_span!("commit", channel = self.channel.name);
        let call = Call {
            request_id: Some(self.visitor.request_id),
            span: (!span.is_disabled()).then(|| Box::new(span)),
            channel: Arc::clone(self.channel),
            notices: notices.clone(),
            silent_because: normalised.nothing_because.map(Box::from),
            raw: call.to_evidence(self.provider.credential()),
            // The caller may have gone away; what was committed stays committed.
            reply: Box::new(move |taken| {
                let _ = reply.send(taken);
            }),
        };
        if self.gateway.intake.submit(call).is_err() {
            return (Taken::TryLater, notices);
        }
        let patience = self.gateway.settings.server.request_timeout;
        let taken = match timeout(patience, told).await {
            Ok(Ok(taken)) => taken,
            Ok(Err(_)) | Err(_) => Taken::TryLater,
        };
        (taken, notices)
    }

    fn refuse(&self, refusal: &Refusal, call: &RawCall) -> HttpResponse {
        if let Err(seconds) = self.count_refused(refusal.code()) {
            return Problem::TooMany(seconds).error_response();
        }
        self.keep(refusal.code(), &refusal.to_string(), call);
        let mut response = self.respond(Outcome::Refused(refusal), "refused");
        if let Refusal::WrongMethod(method) = refusal
            && let Ok(allowed) = method.parse()
        {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }

    fn respond(&self, outcome: Outcome<'_>, word: &'static str) -> HttpResponse {
        self.gateway
            .metrics
            .count_answered(&self.channel.name, word);
        let now = self.gateway.clock.now();
        http(self.provider.answer(outcome, self.channel, now))
    }
}

fn http(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(seconds) = answer.retry_after_s {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    if answer.content_type.is_empty() {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, answer.content_type.as_ref()));
    response.body(answer.body)
}
