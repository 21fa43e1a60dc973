//! Telemetry: the `[log]` settings come in, log lines go to standard error, so that standard output
//! stays the answer of a command. What is logged are ids and sentences, never bodies, secrets,
//! names or account numbers; that is kept by those who write the lines, and libraries that may show
//! what they carry are told to say less unless a setting names them.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::settings::{LogFormat, LogSettings};

/// Libraries that speak of requests, answers and connections in detail, and how much of it we want.
const QUIET: &str = "actix_http=info,actix_server=info,actix_web=info,mio=info,h2=info,ureq=info,\
                     ureq_proto=info,rustls=info,r2d2=info";

/// Starts logging for this process; a second start changes nothing.
pub fn start(log: &LogSettings) {
    // Of two directives for one place the later counts, so a setting can name them all the same.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(true);
    // Refused when a subscriber is set already, as in tests.
    let _ = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Pretty => lines.with_ansi(false).try_init(),
    };
}
