//! The fields of a call as its description says they are written: the query or form as pairs, JSON,
//! JSON in a text or in Base64. A raw call comes in, one document goes out; what it proves is not
//! known here.

use std::borrow::Cow;

use crate::config::described::description::{Description, Field, Format, Token, Wrapping};
use crate::intake::json::Json;
use crate::intake::provider::{Method, RawCall, Refusal};
use crate::intake::query;
use crate::intake::signature::from_base64;

/// A call taken apart.
pub(super) struct Payload {
    /// The whole call, pairs as an object of texts.
    pub(super) outer: Json,
    /// The text in the envelope, and the call inside it.
    pub(super) inner: Option<(String, Json)>,
    /// The pairs in the order received, each as it came; empty for JSON.
    pub(super) received: Vec<(String, String)>,
}

impl Payload {
    /// A call of which nothing was read yet.
    pub(super) fn empty() -> Self {
        Self {
            outer: Json::Null,
            inner: None,
            received: Vec::new(),
        }
    }

    /// What the fields of the description are read from.
    pub(super) fn content(&self) -> &Json {
        match &self.inner {
            Some((_, inner)) => inner,
            None => &self.outer,
        }
    }

    pub(super) fn into_content(self) -> Json {
        match self.inner {
            Some((_, inner)) => inner,
            None => self.outer,
        }
    }
}

impl Description {
    /// The token rule, when the call asks for a token. An address that ends with something the
    /// description does not know is refused.
    pub(super) fn asked_for_token(&self, call: &RawCall) -> Result<Option<&Token>, Refusal> {
        let last = call.action.rsplit('/').next().unwrap_or("");
        let token = self.token.as_ref();
        if let Some(token) = token.filter(|token| token.action == last) {
            return Ok(Some(token));
        }
        match &self.request.action {
            Some(action) if !last.is_empty() && action != last => {
                let reason = format!("ends with {last}, which {} never calls", self.title);
                Err(Refusal::malformed("address", reason))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Whether method and content type are those of the description.
    pub(super) fn must_have_form(&self, call: &RawCall) -> Result<(), Refusal> {
        match (call.method, self.request.takes_get, self.request.takes_post) {
            (Method::Get, true, _) => Ok(()),
            (Method::Get, false, _) => Err(Refusal::WrongMethod("POST")),
            (Method::Post, _, false) => Err(Refusal::WrongMethod("GET")),
            (Method::Post, _, true) => match self.request.format {
                Format::Json => call.must_be_json(),
                Format::Pairs => call.must_be_form(),
            },
        }
    }

    /// Takes the call apart.
    pub(super) fn payload(&self, call: &RawCall) -> Result<Payload, Refusal> {
        let mut payload = match self.request.format {
            Format::Json => Payload {
                outer: Json::parse(&call.body)?,
                inner: None,
                received: Vec::new(),
            },
            Format::Pairs => pairs(call)?,
        };
        if let Some((field, wrapping)) = &self.request.envelope {
            let text = needed(&payload.outer, field)?;
            let text = text.into_owned();
            let inner = unwrap(field, &text, *wrapping)?;
            payload.inner = Some((text, inner));
        }
        Ok(payload)
    }
}

fn pairs(call: &RawCall) -> Result<Payload, Refusal> {
    let text = match call.method {
        Method::Get => call.query.as_str(),
        Method::Post => std::str::from_utf8(&call.body)
            .map_err(|_| Refusal::malformed("body", "is not UTF-8"))?,
    };
    let mut members = Vec::new();
    let mut received = Vec::new();
    for pair in query::parse(text)? {
        received.push((pair.name.clone().into_owned(), pair.raw.to_owned()));
        members.push((pair.name.into_owned(), Json::Text(pair.value.into_owned())));
    }
    Ok(Payload {
        outer: Json::Object(members),
        inner: None,
        received,
    })
}

fn unwrap(field: &Field, text: &str, wrapping: Wrapping) -> Result<Json, Refusal> {
    match wrapping {
        Wrapping::Text => Json::parse_field(&field.shown, text),
        Wrapping::Base64 => {
            let bytes = from_base64(text)
                .ok_or_else(|| Refusal::malformed(&field.shown, "is not Base64"))?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Refusal::malformed(&field.shown, "is not UTF-8 inside"))?;
            Json::parse_field(&field.shown, text)
        }
    }
}

/// The text of a field: of a text, a number or a flag. None when absent or null.
///
/// # Errors
/// [`Refusal::Malformed`] for a list or an object.
pub(super) fn text<'a>(json: &'a Json, field: &Field) -> Result<Option<Cow<'a, str>>, Refusal> {
    match json.at_names(&field.path) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text) | Json::Number(text)) => Ok(Some(Cow::Borrowed(text))),
        Some(Json::Bool(flag)) => Ok(Some(Cow::Owned(flag.to_string()))),
        Some(Json::List(_) | Json::Object(_)) => {
            let reason = "must be text or a number";
            Err(Refusal::malformed(field.shown.clone(), reason))
        }
    }
}

/// As [`text`], with an empty one counting as absent.
pub(super) fn filled<'a>(json: &'a Json, field: &Field) -> Result<Option<Cow<'a, str>>, Refusal> {
    Ok(text(json, field)?.filter(|text| !text.is_empty()))
}

/// As [`text`], for a field that must be there; it may be empty.
pub(super) fn needed<'a>(json: &'a Json, field: &Field) -> Result<Cow<'a, str>, Refusal> {
    text(json, field)?.ok_or_else(|| Refusal::Missing(Cow::Owned(field.shown.clone())))
}
