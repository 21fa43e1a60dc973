//! Proving a call: the description's rule, the call and the channel's keys come in; the content that
//! the proof speaks for goes out, or the refusal. Every key and every combination is tried, so the
//! time taken does not tell which one it was.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::payload::{Payload, text};
use super::signed_text::{Outside, Part, signed_text};
use super::token;
use crate::config::channel::Channel;
use crate::config::described::description::Description;
use crate::config::described::scheme::{
    Digest, KeyForm, Place, Proof, ProofKind, Spelling, TimeRule,
};
use crate::config::described::template::Piece;
use crate::config::secret::Secret;
use crate::intake::fields;
use crate::intake::json::Json;
use crate::intake::provider::{RawCall, Refusal};
use crate::intake::query;
use crate::intake::signature::{
    any_key, from_base64, from_hex, from_upper_hex, hmac_sha1, hmac_sha256, hmac_sha512, is_same,
    md5, sha256, to_hex,
};

/// Signatures looked at in one call; during a rotation there are two.
const MOST_CLAIMS: usize = 8;

/// What a proven call holds, and its id where that is signed outside.
type Proven = (Json, Option<String>);

/// Checks the call and gives what it holds.
pub(super) fn prove(
    description: &Description,
    call: &RawCall,
    channel: &Channel,
) -> Result<Proven, Refusal> {
    let proof = &description.proof;
    match proof.kind {
        // These do not depend on what the call says, so it is not parsed before.
        ProofKind::StaticKey => prove_static(proof, call, channel)?,
        ProofKind::Token => {
            let shown = bare(proof, header(proof, call)?);
            let rule = (description.token.as_ref(), key_name(proof));
            token::must_be_ours(shown, rule, channel, call.arrived_at)?;
        }
        ProofKind::Digest(digest) => {
            if reads_fields(proof) {
                let payload = description.payload(call)?;
                let id = prove_digest(description, digest, call, &payload, channel)?;
                return Ok((payload.into_content(), id));
            }
            let id = prove_digest(description, digest, call, &Payload::empty(), channel)?;
            return Ok((description.payload(call)?.into_content(), id));
        }
    }
    Ok((description.payload(call)?.into_content(), None))
}

/// Whether the fields of a call are needed to prove it. Where they are not, nothing of it is parsed
/// before it is proven.
fn reads_fields(proof: &Proof) -> bool {
    let in_field = |place: &Place| matches!(place, Place::Field(_));
    let time = proof.time.as_ref().and_then(|rule| rule.place.as_ref());
    in_field(&proof.place)
        || time.is_some_and(in_field)
        || proof.text.iter().any(|piece| {
            matches!(
                piece,
                Piece::Json | Piece::Pairs | Piece::Envelope | Piece::Field { .. }
            )
        })
}

fn key_name(proof: &Proof) -> &str {
    proof.key.as_deref().unwrap_or("")
}

fn header<'a>(proof: &Proof, call: &'a RawCall) -> Result<&'a str, Refusal> {
    match &proof.place {
        Place::Header(name) => call.header(name),
        // Judged when the description was loaded.
        Place::Field(_) | Place::Query(_) => Err(Refusal::SignatureMismatch),
    }
}

/// What stands behind the prefix; nothing where the prefix is not there.
fn bare<'a>(proof: &Proof, shown: &'a str) -> &'a str {
    shown.strip_prefix(&proof.prefix).unwrap_or("")
}

fn prove_static(proof: &Proof, call: &RawCall, channel: &Channel) -> Result<(), Refusal> {
    let shown = bare(proof, header(proof, call)?);
    let name = key_name(proof);
    any_key(channel.secret(name), name, |key| {
        is_same(shown.as_bytes(), key.bytes())
    })
}

fn prove_digest(
    description: &Description,
    digest: Digest,
    call: &RawCall,
    payload: &Payload,
    channel: &Channel,
) -> Result<Option<String>, Refusal> {
    let proof = &description.proof;
    let shown = at_place(&proof.place, call, payload)?;
    let claims = Claims::read(proof, &shown)?;
    let at_rule = match &proof.time {
        Some(TimeRule {
            place: Some(place), ..
        }) => Some(at_place(place, call, payload)?),
        Some(_) | None => None,
    };
    let time = at_rule.as_deref().or(claims.time.as_deref());
    if proof.time.is_some() && time.is_none_or(str::is_empty) {
        return Err(Refusal::SignatureMismatch);
    }
    let id = match &proof.id_header {
        None => None,
        Some(name) => Some(call.header(name)?),
    };
    if id.is_some_and(str::is_empty) {
        return Err(Refusal::SignatureMismatch);
    }
    let parts = signed_text(description, call, payload, &Outside { time, id })?;
    must_fit(proof, digest, &parts, &claims.digests, channel)?;
    if let (Some(rule), Some(time)) = (&proof.time, time) {
        must_be_fresh(rule, time, channel, call)?;
    }
    let touches = |pair: &[Piece]| pair.iter().all(Piece::varies);
    if id.is_none() && proof.text.windows(2).any(touches) {
        return Ok(Some(told_once(&parts)));
    }
    Ok(id.map(str::to_owned))
}

/// What a signature speaks for, in one word. Where values touch each other, the same text could be
/// cut into other fields: under this key the second reading contradicts the first and is kept aside.
fn told_once(parts: &[Part<'_>]) -> String {
    let bytes: Vec<&[u8]> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Bytes(bytes) => Some(bytes.as_ref()),
            Part::Secret(_) => None,
        })
        .collect();
    to_hex(&sha256(&bytes))
}

/// What stands at a place outside or inside the fields.
fn at_place<'a>(
    place: &Place,
    call: &'a RawCall,
    payload: &'a Payload,
) -> Result<Cow<'a, str>, Refusal> {
    let missing = |name: &str| Refusal::Missing(Cow::Owned(name.to_owned()));
    match place {
        Place::Header(name) => Ok(Cow::Borrowed(call.header(name)?)),
        Place::Field(field) => text(&payload.outer, field)?.ok_or_else(|| missing(&field.shown)),
        Place::Query(name) => {
            let pairs = query::parse(&call.query)?;
            let found = pairs.into_iter().find(|pair| pair.name == name.as_str());
            Ok(found.ok_or_else(|| missing(name))?.value)
        }
    }
}

/// The signatures and the time that a text shows.
struct Claims {
    digests: Vec<Vec<u8>>,
    time: Option<String>,
}

impl Claims {
    fn read(proof: &Proof, shown: &str) -> Result<Self, Refusal> {
        let Some(shown) = shown.strip_prefix(&proof.prefix) else {
            return Err(Refusal::SignatureMismatch);
        };
        let mut digests = Vec::new();
        let mut times = Vec::new();
        match &proof.separator {
            None => digests.extend(decode(proof.spelling, shown)),
            Some(separator) => {
                for part in shown.split(separator.as_str()).map(str::trim) {
                    if let Some(claim) = part.strip_prefix(&proof.tag) {
                        digests.extend(decode(proof.spelling, claim));
                    } else if let Some(tag) = &proof.time_tag {
                        times.extend(part.strip_prefix(tag).map(str::to_owned));
                    }
                }
            }
        }
        // Two times in one header could be read as either.
        if times.len() > 1 || digests.len() > MOST_CLAIMS {
            return Err(Refusal::SignatureMismatch);
        }
        Ok(Self {
            digests,
            time: times.pop(),
        })
    }
}

fn decode(spelling: Spelling, claim: &str) -> Option<Vec<u8>> {
    match spelling {
        Spelling::HexLower => from_hex(claim),
        Spelling::HexUpper => from_upper_hex(claim),
        Spelling::HexAny => from_hex(claim).or_else(|| from_upper_hex(claim)),
        Spelling::Base64 => from_base64(claim),
    }
}

/// Tries every key with every value of the secrets inside the text.
fn must_fit(
    proof: &Proof,
    digest: Digest,
    parts: &[Part<'_>],
    claims: &[Vec<u8>],
    channel: &Channel,
) -> Result<(), Refusal> {
    let mut result = Err(Refusal::SignatureMismatch);
    for chosen in choices(parts, channel)? {
        let bytes: Vec<&[u8]> = parts
            .iter()
            .map(|part| match part {
                Part::Bytes(bytes) => bytes.as_ref(),
                Part::Secret(name) => chosen.get(name).copied().unwrap_or(&[]),
            })
            .collect();
        let fits = |made: &[u8]| {
            let fold = |found, claim: &Vec<u8>| is_same(made, claim) | found;
            claims.iter().fold(false, fold)
        };
        let tried = if digest.is_keyed() {
            let name = key_name(proof);
            any_key(channel.secret(name), name, |key| {
                let key = key_bytes(proof, key);
                key.is_some_and(|key| fits(&made(digest, &key, &bytes)))
            })
        } else if fits(&made(digest, &[], &bytes)) {
            Ok(())
        } else {
            Err(Refusal::SignatureMismatch)
        };
        if result.is_err() {
            result = tried;
        }
    }
    result
}

/// Every way to fill the places of secrets with the channel's values of them.
fn choices<'a>(
    parts: &[Part<'a>],
    channel: &'a Channel,
) -> Result<Vec<BTreeMap<&'a str, &'a [u8]>>, Refusal> {
    let mut choices: Vec<BTreeMap<&str, &[u8]>> = vec![BTreeMap::new()];
    for part in parts {
        let Part::Secret(name) = part else {
            continue;
        };
        let values: Vec<&[u8]> = channel
            .secret(name)
            .iter()
            .map(Secret::bytes)
            .filter(|value| !value.is_empty())
            .collect();
        if values.is_empty() {
            return Err(Refusal::NotConfigured((*name).to_owned().into()));
        }
        if choices.iter().all(|choice| choice.contains_key(name)) {
            continue;
        }
        let with = |choice: &BTreeMap<&'a str, &'a [u8]>, value: &'a [u8]| {
            let mut choice = choice.clone();
            choice.insert(*name, value);
            choice
        };
        choices = choices
            .iter()
            .flat_map(|choice| values.iter().map(|value| with(choice, value)))
            .collect();
    }
    Ok(choices)
}

fn made(digest: Digest, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match digest {
        Digest::HmacSha1 => hmac_sha1(key, parts),
        Digest::HmacSha256 => hmac_sha256(key, parts),
        Digest::HmacSha512 => hmac_sha512(key, parts),
        Digest::Sha256 => sha256(parts),
        Digest::Md5 => md5(parts),
    }
}

/// The bytes that a key stands for; none when it is not written as the provider writes it.
fn key_bytes<'a>(proof: &Proof, key: &'a Secret) -> Option<Cow<'a, [u8]>> {
    let text = key.text();
    let text = text.strip_prefix(&proof.key_prefix).unwrap_or(text);
    let bytes = match proof.key_form {
        KeyForm::Text => return (!text.is_empty()).then_some(Cow::Borrowed(text.as_bytes())),
        KeyForm::Hex => from_hex(&text.to_ascii_lowercase()),
        KeyForm::Base64 => from_base64(text),
    };
    bytes.filter(|bytes| !bytes.is_empty()).map(Cow::Owned)
}

/// Whether the time the call was signed at lies within the channel's window, both ways.
fn must_be_fresh(
    rule: &TimeRule,
    time: &str,
    channel: &Channel,
    call: &RawCall,
) -> Result<(), Refusal> {
    const FIELD: &str = "the time of signing";
    if !rule.is_millis {
        return fields::signed_within_window(FIELD, time, channel, call.arrived_at);
    }
    let is_plain = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let millis: Option<i64> = is_plain.then(|| time.parse().ok()).flatten();
    let millis =
        millis.ok_or_else(|| Refusal::malformed(FIELD, "is not a number of milliseconds"))?;
    let away = call.arrived_at.timestamp_millis().saturating_sub(millis);
    if u128::from(away.unsigned_abs()) > channel.replay_window.as_millis() {
        return Err(Refusal::OutsideWindow(away / 1000));
    }
    Ok(())
}
