//! One call as it came over the wire: method, query, headers, body, arrival. It judges the form a
//! provider's calls have (method, content type, JSON) and nothing of what they say.

use std::borrow::Cow;

use super::json::Json;
use super::provider::Refusal;
use crate::domain::time::Instant;

/// The two methods webhooks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The call is in the query.
    Get,
    /// The call is in the body.
    Post,
}

impl Method {
    /// The word of HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One call exactly as received.
#[derive(Clone)]
pub struct RawCall {
    /// The HTTP method.
    pub method: Method,
    /// What stands behind the channel's name in the address, such as `token_generate`; mostly empty.
    pub action: String,
    /// The query as received, without `?`, not decoded.
    pub query: String,
    /// The headers that providers use, names in lower case, one entry per header line.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// When it arrived, UTC.
    pub arrived_at: Instant,
}

impl RawCall {
    /// A header that stands exactly once.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when absent, [`Refusal::Malformed`] when given twice.
    pub fn header(&self, name: &str) -> Result<&str, Refusal> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => Err(Refusal::Missing(Cow::Owned(name.to_owned()))),
            (Some(_), Some(_)) => Err(Refusal::malformed(name, "is given twice")),
        }
    }

    /// Whether this is the method that the provider calls with.
    ///
    /// # Errors
    /// [`Refusal::WrongMethod`].
    pub fn must_be(&self, method: Method) -> Result<(), Refusal> {
        if self.method != method {
            return Err(Refusal::WrongMethod(method.as_str()));
        }
        Ok(())
    }

    /// Whether this is a POST whose body calls itself JSON; one that does not say is believed.
    ///
    /// # Errors
    /// [`Refusal::WrongMethod`], [`Refusal::WrongContentType`].
    pub fn must_be_json(&self) -> Result<(), Refusal> {
        self.must_be(Method::Post)?;
        self.must_call_itself("application/json", "JSON")
    }

    /// As [`RawCall::must_be_json`], for a form.
    ///
    /// # Errors
    /// [`Refusal::WrongMethod`], [`Refusal::WrongContentType`].
    pub fn must_be_form(&self) -> Result<(), Refusal> {
        self.must_be(Method::Post)?;
        self.must_call_itself("application/x-www-form-urlencoded", "form")
    }

    fn must_call_itself(&self, known: &str, word: &'static str) -> Result<(), Refusal> {
        let kind = match self.header("content-type") {
            Ok(value) => value.split(';').next().unwrap_or("").trim(),
            Err(Refusal::Missing(_)) => return Ok(()),
            Err(other) => return Err(other),
        };
        if !kind.eq_ignore_ascii_case(known) {
            return Err(Refusal::WrongContentType(word));
        }
        Ok(())
    }

    /// The body of a POST, as strict JSON.
    ///
    /// # Errors
    /// As [`RawCall::must_be_json`] and [`Json::parse`].
    pub fn json(&self) -> Result<Json, Refusal> {
        self.must_be_json()?;
        Json::parse(&self.body)
    }
}

impl std::fmt::Debug for RawCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "RawCall({}, {} bytes)",
            self.method.as_str(),
            self.body.len()
        )
    }
}
