//! The text that was signed, put together again from the call: pieces of the description come in,
//! bytes with gaps for secrets go out. A value that could be read as two is refused here, because
//! text that is joined without escapes has to have one reading.

use std::borrow::Cow;

use super::payload::{Payload, filled, needed};
use crate::config::described::description::Description;
use crate::config::described::scheme::{PairsRule, Writing};
use crate::config::described::template::Piece;
use crate::intake::json::Json;
use crate::intake::provider::{RawCall, Refusal};
use crate::intake::query;

/// A part of a signed text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Bytes(Cow<'a, [u8]>),
    /// The place of a secret.
    Secret(&'a str),
}

/// What stands outside the fields and is signed with them.
pub(super) struct Outside<'a> {
    pub(super) time: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

/// Puts the signed text together.
pub(super) fn signed_text<'a>(
    description: &'a Description,
    call: &'a RawCall,
    payload: &'a Payload,
    outside: &Outside<'a>,
) -> Result<Vec<Part<'a>>, Refusal> {
    let pieces = &description.proof.text;
    let last = pieces.iter().rposition(Piece::varies);
    let mut parts = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        let part = part(description, piece, call, payload, outside)?;
        let before = at.checked_sub(1).and_then(|before| pieces.get(before));
        let next = pieces.get(at.saturating_add(1));
        if [before, next].into_iter().flatten().any(Piece::varies) {
            must_be_filled(piece, &part)?;
        }
        let is_short = matches!(piece, Piece::Field { .. } | Piece::Id | Piece::Time);
        if is_short && Some(at) != last {
            has_one_end(piece, &part, next)?;
        }
        parts.push(part);
    }
    Ok(parts)
}

fn part<'a>(
    description: &'a Description,
    piece: &'a Piece,
    call: &'a RawCall,
    payload: &'a Payload,
    outside: &Outside<'a>,
) -> Result<Part<'a>, Refusal> {
    let text = |text: Option<&'a str>| Cow::Borrowed(text.unwrap_or("").as_bytes());
    Ok(Part::Bytes(match piece {
        Piece::Secret(name) => return Ok(Part::Secret(name)),
        Piece::Text(text) => Cow::Borrowed(text.as_bytes()),
        Piece::Time => text(outside.time),
        Piece::Id => text(outside.id),
        Piece::Body => Cow::Borrowed(&call.body),
        Piece::Json => {
            let sorted = payload.outer.clone().sorted();
            Cow::Owned(sorted.to_compact_text().into_bytes())
        }
        Piece::Envelope => text(payload.inner.as_ref().map(|(text, _)| text.as_str())),
        Piece::Pairs => match &description.proof.pairs {
            Some(rule) => Cow::Owned(pairs(description, rule, payload)?.into_bytes()),
            None => Cow::Borrowed(b"".as_slice()),
        },
        Piece::Field { field, is_optional } => {
            let mut whole = field.clone();
            whole.path = description.path_of(field);
            let value = match is_optional {
                true => filled(payload.content(), &whole)?.unwrap_or_default(),
                false => needed(payload.content(), &whole)?,
            };
            match value {
                Cow::Borrowed(value) => Cow::Borrowed(value.as_bytes()),
                Cow::Owned(value) => Cow::Owned(value.into_bytes()),
            }
        }
    }))
}

/// Where values touch each other, an empty one would give its letters to a neighbour.
fn must_be_filled(piece: &Piece, part: &Part<'_>) -> Result<(), Refusal> {
    match (piece, part) {
        (
            Piece::Field {
                field,
                is_optional: false,
            },
            Part::Bytes(bytes),
        ) if bytes.is_empty() => Err(Refusal::Missing(Cow::Owned(field.shown.clone()))),
        _ => Ok(()),
    }
}

/// Whether the constant behind a value stands first just behind it: otherwise the value could end
/// earlier, and the rest belong to the next one.
fn has_one_end(piece: &Piece, part: &Part<'_>, next: Option<&Piece>) -> Result<(), Refusal> {
    let (Some(Piece::Text(border)), Part::Bytes(value)) = (next, part) else {
        return Ok(());
    };
    let both = [value.as_ref(), border.as_bytes()].concat();
    let first = both
        .windows(border.len())
        .position(|window| window == border.as_bytes());
    if first == Some(value.len()) {
        return Ok(());
    }
    let name = if let Piece::Field { field, .. } = piece {
        field.shown.as_str()
    } else {
        "the header"
    };
    Err(Refusal::malformed(name, "could be read as two fields"))
}

/// The signed pairs by name.
fn pairs(
    description: &Description,
    rule: &PairsRule,
    payload: &Payload,
) -> Result<String, Refusal> {
    let mut signed = values(description, rule, payload)?;
    if !rule.keeps_empty {
        signed.retain(|(_, value)| !value.is_empty());
    }
    signed.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    let mut text = String::with_capacity(512);
    for (name, value) in &signed {
        match rule.writing {
            Writing::Form => query::push_encoded(&mut text, name, value),
            Writing::Raw => {
                has_one_reading(rule, name, value)?;
                let and = if text.is_empty() { "" } else { "&" };
                [and, name, "=", value]
                    .iter()
                    .for_each(|part| text.push_str(part));
            }
            Writing::Received => {
                let and = if text.is_empty() { "" } else { "&" };
                let raw = payload.received.iter().find(|(known, _)| known == name);
                text.push_str(and);
                text.push_str(raw.map_or("", |(_, raw)| raw));
            }
        }
    }
    Ok(text)
}

/// The signed members with their texts; lists and objects as compact JSON.
fn values<'a>(
    description: &Description,
    rule: &PairsRule,
    payload: &'a Payload,
) -> Result<Vec<(&'a str, Cow<'a, str>)>, Refusal> {
    let place = rule.of.as_ref().map(|field| description.path_of(field));
    let place = place.unwrap_or_default();
    let Some(Json::Object(members)) = payload.content().at_names(&place) else {
        let shown = rule
            .of
            .as_ref()
            .map_or("body", |field| field.shown.as_str());
        return Err(Refusal::malformed(shown, "must be an object"));
    };
    let proof = description.proof.place.field();
    let is_proof = |name: &str| {
        let path = proof.map(|field| field.path.as_slice());
        let ends = path.and_then(<[String]>::split_last);
        ends.is_some_and(|(last, above)| last == name && above == place.as_slice())
    };
    let signed = members
        .iter()
        .filter(|(name, _)| rule.takes(name) && !is_proof(name));
    Ok(signed
        .map(|(name, value)| {
            let text = match value {
                Json::Null => Cow::Borrowed(""),
                Json::Text(text) | Json::Number(text) => Cow::Borrowed(text.as_str()),
                Json::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
                Json::List(_) | Json::Object(_) => {
                    Cow::Owned(value.clone().sorted().to_compact_text())
                }
            };
            (name.as_str(), text)
        })
        .collect())
}

/// Refuses a value in which another signed pair seems to begin: the border could be moved.
fn has_one_reading(rule: &PairsRule, name: &str, value: &str) -> Result<(), Refusal> {
    if name.contains(['&', '=']) {
        return Err(Refusal::malformed(name, "is no name that can be signed"));
    }
    let mut parts = value.split('&').skip(1);
    let moves = |part: &str| {
        let claimed = part.split_once('=').map(|(claimed, _)| claimed);
        claimed.is_some_and(|claimed| rule.takes(claimed))
    };
    if parts.any(moves) {
        return Err(Refusal::malformed(name, "could be read as two fields"));
    }
    Ok(())
}
