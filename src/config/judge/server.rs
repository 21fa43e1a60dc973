//! The section `server`: layered settings come in, checked ones go out, or the first fault. Files it
//! names are not opened here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::sections::Reader;
use crate::config::door::{Bucket, LimitSettings, Networks, TlsSettings};
use crate::config::error::ConfigError;
use crate::config::settings::ServerSettings;

/// The section `server`.
pub(super) fn judge(read: &Reader<'_>) -> Result<ServerSettings, ConfigError> {
    let key = "server.listen";
    let (text, origin) = read.text(key)?;
    let numeric = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    let listen: SocketAddr = numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
        let reason = format!("is \"{text}\": write an address and a port, such as 127.0.0.1:8080");
        ConfigError::wrong(origin, key, reason)
    })?;
    let workers = match read.whole("server.workers", 0)? {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        given => given,
    };
    Ok(ServerSettings {
        listen,
        workers,
        body_limit_bytes: read.whole("server.body_limit_bytes", 1_024)?,
        request_timeout: Duration::from_secs(read.whole("server.request_timeout_s", 1)?),
        shutdown: Duration::from_secs(read.whole("server.shutdown_s", 0)?),
        connections: read.whole("server.connections", 1)?,
        connections_per_address: read.whole("server.connections_per_address", 1)?,
        trusted_proxies: trusted_proxies(read)?,
        limits: limits(read)?,
        tls: tls(read)?,
    })
}

fn trusted_proxies(read: &Reader<'_>) -> Result<Networks, ConfigError> {
    let key = "server.trusted_proxies";
    let (texts, origin) = read.texts(key)?;
    Networks::parse(&texts).map_err(|text| {
        let reason = format!(
            "holds \"{text}\": write networks or addresses, such as 10.0.0.0/8 or 127.0.0.1"
        );
        ConfigError::wrong(origin, key, reason)
    })
}

fn limits(read: &Reader<'_>) -> Result<LimitSettings, ConfigError> {
    let key = "server.limits.queue_share_percent";
    let queue_share_percent: u32 = read.whole(key, 1)?;
    if queue_share_percent > 100 {
        let reason = format!("is {queue_share_percent}: write 1 to 100");
        return Err(ConfigError::wrong(&read.given(key)?.origin, key, reason));
    }
    Ok(LimitSettings {
        refused_per_address: bucket(read, "refused_per_address")?,
        refused_per_channel: bucket(read, "refused_per_channel")?,
        calls_per_channel: bucket(read, "calls_per_channel")?,
        queue_share_percent,
    })
}

/// A bucket of two settings; none where both are 0.
fn bucket(read: &Reader<'_>, name: &str) -> Result<Option<Bucket>, ConfigError> {
    let burst_key = format!("server.limits.{name}_burst");
    let rate_key = format!("server.limits.{name}_per_second");
    let burst: u32 = read.whole(&burst_key, 0)?;
    let per_second: u32 = read.whole(&rate_key, 0)?;
    match (burst, per_second) {
        (0, 0) => Ok(None),
        (0, _) | (_, 0) => {
            let origin = &read.given(&rate_key)?.origin;
            let reason = format!("and {name}_burst are both 0, for no limit, or both 1 or more");
            Err(ConfigError::wrong(origin, rate_key, reason))
        }
        _ => Ok(Some(Bucket { burst, per_second })),
    }
}

fn tls(read: &Reader<'_>) -> Result<Option<TlsSettings>, ConfigError> {
    let file = |name: &str| {
        let (text, _) = read.text(&format!("server.tls.{name}"))?;
        Ok::<_, ConfigError>((!text.is_empty()).then(|| PathBuf::from(text)))
    };
    let client_ca_file = file("client_ca_file")?;
    let lacks = |name: &str, because: &str| {
        let key = format!("server.tls.{name}");
        let origin = &read.given(&key)?.origin;
        Err(ConfigError::wrong(
            origin,
            key,
            format!("is missing: {because}"),
        ))
    };
    match (file("certificate_file")?, file("key_file")?) {
        (Some(certificate_file), Some(key_file)) => Ok(Some(TlsSettings {
            certificate_file,
            key_file,
            client_ca_file,
        })),
        (Some(_), None) => lacks("key_file", "a certificate needs its key"),
        (None, Some(_)) => lacks("certificate_file", "a key needs its certificate"),
        (None, None) if client_ca_file.is_some() => lacks(
            "certificate_file",
            "callers show certificates to a server that has one",
        ),
        (None, None) => Ok(None),
    }
}
