//! The way out: a request comes in, the provider's answer goes out, or why there is none. Time and
//! size are bounded, redirects are not followed, certificates are checked against the roots that are
//! compiled in. The only file that names `ureq`; it judges nothing of what an answer says.

use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;
use ureq::http::header::RETRY_AFTER;

use super::outbound::Request;

/// The longest answer that is read: the longest known is a few kilobytes.
pub const MOST_BYTES: u64 = 256 * 1024;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// An answer of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Seconds the provider asks us to wait, where it says so in numbers.
    pub retry_after_s: Option<u32>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    /// Nobody answered in time.
    Timeout,
    /// The answer is longer than anything we read.
    TooLarge,
    /// The address cannot be reached, or its certificate is not good.
    Unreachable,
}

impl NoReply {
    /// A stable word for rows and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Unreachable => "unreachable",
        }
    }
}

/// The client; clones share its connections.
#[derive(Clone)]
pub struct Client(Agent);

impl Client {
    /// A client that gives up after `patience`.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(patience))
            .timeout_connect(Some(patience.min(CONNECT)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("doisoat")
            .build();
        Self(Agent::new_with_config(config))
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        let headers = request.headers.iter();
        let answer = match &request.body {
            None => {
                let call = headers.fold(self.0.get(&request.url), |call, (name, value)| {
                    call.header(*name, value)
                });
                call.call()
            }
            Some((content_type, body)) => {
                let call = self.0.post(&request.url).content_type(*content_type);
                let call = headers.fold(call, |call, (name, value)| call.header(*name, value));
                call.send(body.as_bytes())
            }
        };
        read(answer.map_err(why)?)
    }
}

fn read(mut answer: Response<ureq::Body>) -> Result<Reply, NoReply> {
    let header = answer.headers().get(RETRY_AFTER);
    let retry_after_s = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(MOST_BYTES);
    Ok(Reply {
        status,
        retry_after_s,
        body: body.read_to_vec().map_err(why)?,
    })
}

#[allow(
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    reason = "an error is given away; its kinds may become more with every release of the client"
)]
fn why(error: ureq::Error) -> NoReply {
    match error {
        ureq::Error::Timeout(_) => NoReply::Timeout,
        ureq::Error::BodyExceedsLimit(_) => NoReply::TooLarge,
        _ => NoReply::Unreachable,
    }
}
