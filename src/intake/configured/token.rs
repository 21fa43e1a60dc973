//! Tokens of ours: a provider shows user and password, is given a JSON Web Token (HS512), and proves
//! its calls with it until it runs out. Only tokens that our own keys made for this very channel are
//! good, whoever else has the same keys; no other algorithm is known here.

use std::borrow::Cow;

use crate::config::channel::Channel;
use crate::config::described::description::Token;
use crate::config::secret::Secret;
use crate::domain::time::Instant;
use crate::intake::json::Json;
use crate::intake::provider::{Answer, RawCall, Refusal};
use crate::intake::signature::{
    any_key, from_base64, from_base64url, hmac_sha512, is_same, to_base64url,
};

const AUTHORIZATION: &str = "authorization";

/// Whether the call shows the user and password of the channel.
pub(super) fn must_know_us(call: &RawCall, rule: &Token, channel: &Channel) -> Result<(), Refusal> {
    let shown = call.header(AUTHORIZATION)?.strip_prefix("Basic ");
    let shown = shown.and_then(from_base64).unwrap_or_default();
    let colon = shown.iter().position(|byte| *byte == b':');
    let (user, password) = shown.split_at(colon.unwrap_or(0));
    let password = password.get(1..).unwrap_or(&[]);
    let is_one_of = |name: &str, shown: &[u8]| {
        any_key(channel.secret(name), name, |key| {
            is_same(shown, key.bytes())
        })
    };
    let knows_user = is_one_of(&rule.user, user);
    let knows_password = is_one_of(&rule.password, password);
    knows_user.and(knows_password)
}

/// The answer that gives a token.
pub(super) fn issue(
    rule: &Token,
    key: Option<&str>,
    channel: &Channel,
    now: Instant,
) -> Result<Answer, Refusal> {
    let key = key.unwrap_or("");
    let missing = || Refusal::NotConfigured(Cow::Owned(key.to_owned()));
    let secret = channel.secret(key).first().ok_or_else(missing)?;
    let user = channel.secret(&rule.user).first().ok_or_else(missing)?;
    let lifetime = i64::try_from(rule.lifetime.as_secs()).unwrap_or(0);
    let from = now.timestamp();
    let claims = Json::Object(vec![
        ("username".to_owned(), Json::Text(user.text().to_owned())),
        ("aud".to_owned(), Json::Text(channel.name.clone())),
        ("iat".to_owned(), Json::Number(from.to_string())),
        (
            "exp".to_owned(),
            Json::Number(from.saturating_add(lifetime).to_string()),
        ),
    ]);
    let token = sign(&claims.to_compact_text(), secret);
    let body =
        format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{lifetime}}}"#);
    Ok(Answer::json(200, body))
}

fn sign(claims: &str, secret: &Secret) -> String {
    let head = to_base64url(br#"{"alg":"HS512","typ":"JWT"}"#);
    let text = format!("{head}.{}", to_base64url(claims.as_bytes()));
    let mac = hmac_sha512(secret.bytes(), &[text.as_bytes()]);
    format!("{text}.{}", to_base64url(&mac))
}

/// Whether a token was made with one of the channel's keys for this channel, and has not run out.
/// Ours name the channel. A token that names none was made elsewhere with the key; it must name the
/// user of the channel.
pub(super) fn must_be_ours(
    token: &str,
    (rule, key): (Option<&Token>, &str),
    channel: &Channel,
    now: Instant,
) -> Result<(), Refusal> {
    let keys = channel.secret(key);
    let parts = token.rsplit_once('.');
    let claimed = parts.and_then(|(_, mac)| from_base64url(mac));
    let claimed = claimed.unwrap_or_default();
    let (text, _) = parts.unwrap_or(("", ""));
    any_key(keys, key, |secret| {
        is_same(&hmac_sha512(secret.bytes(), &[text.as_bytes()]), &claimed)
    })?;
    let (head, claims) = text.split_once('.').ok_or(Refusal::SignatureMismatch)?;
    let read = |part: &str| {
        let bytes = from_base64url(part).ok_or(Refusal::SignatureMismatch)?;
        Json::parse(&bytes).map_err(|_| Refusal::SignatureMismatch)
    };
    if read(head)?.text("alg") != Ok("HS512") {
        return Err(Refusal::SignatureMismatch);
    }
    let claims = read(claims)?;
    let is_for_us = match (claims.at("aud"), rule) {
        (Some(named), _) => matches!(named, Json::Text(name) if *name == channel.name),
        (None, Some(rule)) => {
            let user = claims.text("username").unwrap_or("").as_bytes();
            let is_own = |own: &Secret| is_same(own.bytes(), user);
            any_key(channel.secret(&rule.user), &rule.user, is_own).is_ok()
        }
        (None, None) => true,
    };
    if !is_for_us {
        return Err(Refusal::SignatureMismatch);
    }
    let until = claims.integer("exp");
    let until = until.map_err(|_| Refusal::SignatureMismatch)?;
    if now.timestamp() >= until {
        return Err(Refusal::OutsideWindow(
            now.timestamp().saturating_sub(until),
        ));
    }
    Ok(())
}
