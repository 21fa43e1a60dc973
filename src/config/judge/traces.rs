//! The section `traces`: layered settings come in, checked ones go out, or the first fault. Nobody is
//! called here.

use super::sections::Reader;
use crate::config::error::ConfigError;
use crate::config::settings::TraceSettings;

/// Where collectors take spans, behind the address that is given.
const PATH: &str = "/v1/traces";

/// The section `traces`; none where no collector is named.
pub(super) fn judge(read: &Reader<'_>) -> Result<Option<TraceSettings>, ConfigError> {
    let key = "traces.sample_percent";
    let sample_percent: u32 = read.whole(key, 1)?;
    if sample_percent > 100 {
        let reason = format!("is {sample_percent}: write 1 to 100");
        return Err(ConfigError::wrong(&read.given(key)?.origin, key, reason));
    }
    let queue = read.whole("traces.queue", 1)?;
    Ok(endpoint(read)?.map(|otlp_endpoint| TraceSettings {
        otlp_endpoint,
        sample_percent,
        queue,
    }))
}

/// The address is not repeated in an error, because it may hold a password.
fn endpoint(read: &Reader<'_>) -> Result<Option<String>, ConfigError> {
    let key = "traces.otlp_endpoint";
    let (text, origin) = read.text(key)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |reason: &str| ConfigError::wrong(origin, key, reason);
    let form = "must be an address such as http://127.0.0.1:4318";
    let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong(form))?;
    if text.contains(['@', '?', '#']) {
        let reason = "holds a user, a password or a question: headers for the collector come from \
                      the environment, OTEL_EXPORTER_OTLP_HEADERS";
        return Err(wrong(reason));
    }
    let has_host = !rest.starts_with(['/', ':']) && !rest.is_empty();
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic());
    if !matches!(scheme, "http" | "https") || !has_host || !is_plain {
        return Err(wrong(form));
    }
    let bare = text.trim_end_matches('/');
    let bare = bare.strip_suffix(PATH).unwrap_or(bare);
    Ok(Some(format!("{bare}{PATH}")))
}
