//! The way out: an event goes to its subscriber, signed as a Standard Webhook, and what was answered
//! comes back, cut short. Time is bounded, redirects are not followed, certificates are checked. The
//! only file of the outbox that names `ureq`; whether an answer is good is judged elsewhere.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use ureq::Agent;
use ureq::http::Response;
use ureq::http::header::RETRY_AFTER;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::config::secret::Secret;
use crate::config::subscriber::Subscriber;
use crate::domain::time::Instant;
use crate::intake::providers::standardwebhooks::sign_header;
use crate::store::rows::EventRow;

/// Bytes of an answer that are kept.
const ANSWER_BYTES: u64 = 1_024;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status, when there was an answer.
    pub(super) status: Option<u16>,
    /// Why there was none.
    pub(super) error: Option<String>,
    /// How long the subscriber asks us to wait.
    pub(super) retry_after: Option<Duration>,
    /// The first bytes of the answer.
    pub(super) body: String,
}

/// The client of one subscriber.
pub(super) struct Post {
    agent: Agent,
    url: String,
    secrets: Vec<Secret>,
}

impl Post {
    /// A client; `Err` says what is wrong with the subscriber's certificates.
    pub(super) fn new(subscriber: &Subscriber) -> Result<Self, String> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = &subscriber.roots {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(certificates(pem)?)));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(subscriber.timeout))
            .timeout_connect(Some(subscriber.timeout.min(CONNECT)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("doisoat/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        Ok(Self {
            agent: Agent::new_with_config(config),
            url: subscriber.url.clone(),
            secrets: subscriber.secrets.clone(),
        })
    }

    /// Sends an event, signed at `now`.
    pub(super) fn send(&self, event: &EventRow, now: Instant) -> Answer {
        let id = event.event_id.0.to_string();
        let timestamp = now.timestamp().to_string();
        let signatures = signatures(&id, &timestamp, event.body.as_bytes(), &self.secrets);
        let call = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", &signatures);
        match call.send(event.body.as_bytes()) {
            Ok(answer) => read(answer, now),
            Err(error) => Answer {
                status: None,
                error: Some(why(&error)),
                retry_after: None,
                body: String::new(),
            },
        }
    }
}

/// One signature for each secret, in their order.
fn signatures(id: &str, timestamp: &str, body: &[u8], secrets: &[Secret]) -> String {
    // Secrets were judged when they were read: each can sign.
    let one = |secret| sign_header(id, timestamp, body, secret).ok();
    let all: Vec<String> = secrets.iter().filter_map(one).collect();
    all.join(" ")
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| error.to_string())? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(found)
}

fn read(mut answer: Response<ureq::Body>, now: Instant) -> Answer {
    let header = answer.headers().get(RETRY_AFTER);
    let retry_after = header.and_then(|value| wait_of(value.to_str().ok()?.trim(), now));
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    // The status was heard; an answer that breaks off after it is kept as far as it came.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(ANSWER_BYTES)
        .read_to_end(&mut bytes);
    Answer {
        status: Some(status),
        error: None,
        retry_after,
        body: String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}"),
    }
}

/// Seconds, or a date of HTTP.
fn wait_of(text: &str, now: Instant) -> Option<Duration> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| {
        let at = DateTime::parse_from_rfc2822(text).ok()?;
        at.to_utc().signed_duration_since(now).to_std().ok()
    })
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of errors may become more with every release of the client"
)]
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = parse_rfc3339("2026-01-05T03:35:00Z").unwrap();
        let seconds = |text| wait_of(text, now).map(|wait| wait.as_secs());
        let table = [
            ("120", Some(120)),
            ("Mon, 05 Jan 2026 03:36:30 GMT", Some(90)),
            ("Mon, 05 Jan 2026 03:34:30 GMT", None),
            ("soon", None),
            ("-1", None),
        ];
        for (text, wait) in table {
            assert_eq!(seconds(text), wait, "{text}");
        }
    }

    #[test]
    fn each_secret_gives_a_signature_in_its_place() {
        let secret = |byte: &str| Secret::new(format!("whsec_{}", byte.repeat(32)));
        let sign = |secrets: &[Secret]| signatures("id", "1", b"{}", secrets);
        let (new, old) = (secret("A"), secret("B"));
        let both = sign(&[new.clone(), old.clone()]);
        assert_eq!(both, format!("{} {}", sign(&[new]), sign(&[old])));
        assert!(both.split(' ').all(|one| one.starts_with("v1,")), "{both}");
    }
}
