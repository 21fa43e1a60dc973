//! The `answers` table of a description: what the provider is told, outcome by outcome. Three must
//! be given (recorded, refused, try_later); the others are like the nearest of these.

use super::description::{Answers, Reply};
use super::sheet::Sheet;
use super::template;
use crate::config::error::ConfigError;

pub(super) fn answers(sheet: &Sheet<'_>) -> Result<Answers, ConfigError> {
    let needed = |outcome: &str| {
        let why = "say what the provider is told, at least its status";
        let answer = reply(sheet, outcome)?;
        answer.ok_or_else(|| {
            sheet.wrong(
                &format!("answers.{outcome}.status"),
                format!("is missing: {why}"),
            )
        })
    };
    let recorded = needed("recorded")?;
    let refused = needed("refused")?;
    let or = |outcome: &str, other: &Reply| {
        Ok::<_, ConfigError>(reply(sheet, outcome)?.unwrap_or_else(|| other.clone()))
    };
    Ok(Answers {
        repeat: or("repeat", &recorded)?,
        unknown_order: or("unknown_order", &recorded)?,
        amount_differs: or("amount_differs", &recorded)?,
        already_final: or("already_final", &recorded)?,
        bad_signature: or("bad_signature", &refused)?,
        try_later: needed("try_later")?,
        recorded,
        refused,
    })
}

fn reply(sheet: &Sheet<'_>, outcome: &str) -> Result<Option<Reply>, ConfigError> {
    let key = |part: &str| format!("answers.{outcome}.{part}");
    let status = sheet.opt_whole(&key("status"))?;
    let content_type = sheet.opt_text(&key("type"))?;
    let body = sheet.opt_text(&key("body"))?;
    let Some(status) = status else {
        return match (content_type, body) {
            (None, None) => Ok(None),
            _ => Err(sheet.wrong(&key("status"), "is missing beside its type and body")),
        };
    };
    let status = u16::try_from(status).ok();
    let status = status.filter(|status| (200..600).contains(status));
    let status = status
        .ok_or_else(|| sheet.wrong(&key("status"), "must be a status of HTTP, 200 to 599"))?;
    let body =
        template::answer(body.unwrap_or("")).map_err(|reason| sheet.wrong(&key("body"), reason))?;
    let has_body = !body.is_empty();
    if !has_body && content_type.is_some() {
        return Err(sheet.wrong(&key("type"), "is given for no body"));
    }
    let own = content_type.unwrap_or("application/json").to_owned();
    Ok(Some(Reply {
        status,
        content_type: if has_body { own } else { String::new() },
        body,
    }))
}
