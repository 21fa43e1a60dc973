//! The `signature` and `time` tables of a description: how a call proves itself and when it was
//! signed. Whether the parts fit together is judged by `rules`.

use std::time::Duration;

use super::scheme::{
    Digest, KeyForm, PairsRule, Place, Proof, ProofKind, Spelling, TimeRule, Writing,
};
use super::sheet::Sheet;
use super::template::{self, Piece};
use crate::config::error::ConfigError;

const KINDS: [(&str, ProofKind); 7] = [
    ("static-key", ProofKind::StaticKey),
    ("jwt-hs512", ProofKind::Token),
    ("hmac-sha1", ProofKind::Digest(Digest::HmacSha1)),
    ("hmac-sha256", ProofKind::Digest(Digest::HmacSha256)),
    ("hmac-sha512", ProofKind::Digest(Digest::HmacSha512)),
    ("sha256", ProofKind::Digest(Digest::Sha256)),
    ("md5", ProofKind::Digest(Digest::Md5)),
];

const SPELLINGS: [(&str, Spelling); 4] = [
    ("hex", Spelling::HexLower),
    ("hex-upper", Spelling::HexUpper),
    ("hex-any", Spelling::HexAny),
    ("base64", Spelling::Base64),
];

const KEY_FORMS: [(&str, KeyForm); 3] = [
    ("text", KeyForm::Text),
    ("hex", KeyForm::Hex),
    ("base64", KeyForm::Base64),
];

const WRITINGS: [(&str, Writing); 3] = [
    ("raw", Writing::Raw),
    ("form", Writing::Form),
    ("received", Writing::Received),
];

pub(super) fn proof(sheet: &Sheet<'_>) -> Result<Proof, ConfigError> {
    let kind = sheet.choice("signature.kind", &KINDS)?;
    let why = "say how a call proves itself, such as \"hmac-sha256\" or \"static-key\"";
    let kind = kind.ok_or_else(|| sheet.wrong("signature.kind", format!("is missing: {why}")))?;
    let place = place(sheet, "signature")?;
    let why = "name the header, field or query in which the signature stands";
    let place =
        place.ok_or_else(|| sheet.wrong("signature.header", format!("is missing: {why}")))?;
    let own = |key: &str| Ok::<_, ConfigError>(sheet.opt_text(key)?.map(str::to_owned));
    Ok(Proof {
        kind,
        place,
        prefix: own("signature.prefix")?.unwrap_or_default(),
        separator: own("signature.separator")?,
        tag: own("signature.tag")?.unwrap_or_default(),
        time_tag: own("signature.time_tag")?,
        spelling: sheet
            .choice("signature.encoding", &SPELLINGS)?
            .unwrap_or(Spelling::HexLower),
        key: own("signature.key")?,
        key_form: sheet
            .choice("signature.key_form", &KEY_FORMS)?
            .unwrap_or(KeyForm::Text),
        key_prefix: own("signature.key_prefix")?.unwrap_or_default(),
        text: signed_text(sheet)?,
        pairs: pairs(sheet)?,
        id_header: sheet
            .opt_text("signature.id_header")?
            .map(str::to_ascii_lowercase),
        time: time(sheet)?,
    })
}

/// The one place that `table` names, if it names one.
fn place(sheet: &Sheet<'_>, table: &str) -> Result<Option<Place>, ConfigError> {
    let key = |place: &str| format!("{table}.{place}");
    let header = sheet.opt_text(&key("header"))?.map(str::to_ascii_lowercase);
    let field = sheet.opt_field(&key("field"))?;
    let query = sheet.opt_text(&key("query"))?.map(str::to_owned);
    match (header, field, query) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) => Ok(Some(Place::Header(name))),
        (None, Some(field), None) => Ok(Some(Place::Field(field))),
        (None, None, Some(name)) => Ok(Some(Place::Query(name))),
        _ => Err(sheet.wrong(
            &key("field"),
            format!("and {table}.header, {table}.query exclude each other: name one place"),
        )),
    }
}

fn signed_text(sheet: &Sheet<'_>) -> Result<Vec<Piece>, ConfigError> {
    let Some(text) = sheet.opt_text("signature.signed")? else {
        return Ok(Vec::new());
    };
    template::signed(text, |name| sheet.field(name))
        .map_err(|reason| sheet.wrong("signature.signed", reason))
}

fn pairs(sheet: &Sheet<'_>) -> Result<Option<PairsRule>, ConfigError> {
    let rule = PairsRule {
        of: sheet.opt_field("signature.pairs.of")?,
        prefixes: sheet.texts("signature.pairs.names")?,
        without: sheet.texts("signature.pairs.without")?,
        keeps_empty: sheet
            .choice("signature.pairs.empty", &[("keep", true), ("skip", false)])?
            .unwrap_or(false),
        writing: sheet
            .choice("signature.pairs.encoding", &WRITINGS)?
            .unwrap_or(Writing::Raw),
    };
    let text = sheet.opt_text("signature.signed")?.unwrap_or("");
    if text.contains("${pairs}") {
        return Ok(Some(rule));
    }
    match sheet.below("signature.pairs").first() {
        None => Ok(None),
        Some((key, _)) => Err(sheet.wrong(
            &format!("signature.pairs.{key}"),
            "is of no use: signature.signed does not hold ${pairs}",
        )),
    }
}

fn time(sheet: &Sheet<'_>) -> Result<Option<TimeRule>, ConfigError> {
    let place = place(sheet, "time")?;
    let has_tag = sheet.has("signature.time_tag");
    let is_millis = sheet.choice("time.unit", &[("s", false), ("ms", true)])?;
    let window = sheet.opt_whole("time.window_s")?;
    match (&place, has_tag) {
        (None, false) if is_millis.is_none() && window.is_none() => Ok(None),
        (None, false) => Err(sheet.wrong(
            "time.header",
            "is missing: say where the time stands, or signature.time_tag",
        )),
        (Some(_), true) => Err(sheet.wrong(
            "signature.time_tag",
            "and a place under time exclude each other: the time stands in one place",
        )),
        (Some(_), false) | (None, true) => Ok(Some(TimeRule {
            place,
            is_millis: is_millis.unwrap_or(false),
            window: window.map(Duration::from_secs),
        })),
    }
}
