//! The settings after judging: one struct per concern, every value checked. Where each value came
//! from is no longer known here. Nothing in them prints a password.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::channel::Channel;
use super::door::{LimitSettings, Networks, TlsSettings};
use super::source::Source;
use super::subscriber::Subscriber;
use crate::domain::calendar::Calendar;
use crate::domain::refund::RefundedRule;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where rows are kept.
    pub database: DatabaseSettings,
    /// How HTTP is answered.
    pub server: ServerSettings,
    /// How verified calls reach the database.
    pub writer: WriterSettings,
    /// How many refused calls are kept.
    pub quarantine: QuarantineSettings,
    /// How providers are asked what became of payments.
    pub status_queries: StatusQuerySettings,
    /// How long what subscribers were told is kept.
    pub outbox: OutboxSettings,
    /// Whose gateway this is.
    pub office: OfficeSettings,
    /// With which key a closed day is signed.
    pub signing: SigningSettings,
    /// How indicators read the books.
    pub indicators: IndicatorSettings,
    /// Merchant accounts by name.
    pub channels: BTreeMap<String, Channel>,
    /// Where statement files come from, by name.
    pub sources: BTreeMap<String, Source>,
    /// Who is told of what happens, by name.
    pub subscribers: BTreeMap<String, Subscriber>,
    /// What is logged and how.
    pub log: LogSettings,
    /// Where traces go, where somebody wants them.
    pub traces: Option<TraceSettings>,
    /// Whether `serve` brings the schema up to date first.
    pub migrate_on_serve: bool,
}

/// Where rows are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
}

impl DatabaseSettings {
    /// The address for people and logs: user, password and parameters left out.
    #[must_use]
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        if scheme != "postgres" {
            return self.url.clone();
        }
        let bare = rest.split('?').next().unwrap_or("");
        let host = bare.rsplit('@').next().unwrap_or("");
        format!("{scheme}://{host}")
    }
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseSettings({})", self.shown())
    }
}

/// How HTTP is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Threads, at least one.
    pub workers: usize,
    /// Largest body taken.
    pub body_limit_bytes: usize,
    /// When an unanswered request is given up.
    pub request_timeout: Duration,
    /// How long calls under way may take to finish at the end.
    pub shutdown: Duration,
    /// Connections that may be open at once.
    pub connections: usize,
    /// Connections that one address may have open.
    pub connections_per_address: usize,
    /// Proxies whose word about a caller's address is taken.
    pub trusted_proxies: Networks,
    /// How many calls are borne.
    pub limits: LimitSettings,
    /// With which certificate we are served; none where a proxy does that.
    pub tls: Option<TlsSettings>,
}

/// How verified calls reach the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSettings {
    /// Calls that may wait.
    pub queue: usize,
    /// Most calls of one transaction, never more than may wait.
    pub batch: usize,
    /// Connections that write at once; none for what suits the database.
    pub connections: Option<usize>,
}

/// How many refused calls are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineSettings {
    /// Rows in all.
    pub max_rows: u32,
    /// Bytes of calls in all.
    pub max_bytes: i64,
    /// Rows added in one second.
    pub max_per_second: u32,
}

/// How providers are asked what became of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusQuerySettings {
    /// Whether `serve` asks at all.
    pub is_enabled: bool,
    /// Seconds from the order to the first question.
    pub first_after_s: u64,
    /// By how much each distance is longer than the one before, 1 or more.
    pub factor: u64,
    /// The longest distance, seconds.
    pub longest_s: u64,
    /// Seconds from the order to the last question.
    pub last_chance_s: u64,
    /// Questions a channel is asked in a minute, at most.
    pub per_minute: u32,
    /// Seconds after which an unanswered question is given up.
    pub timeout_s: u64,
    /// Failures in a row after which a channel is left alone.
    pub open_after: u32,
    /// The first pause, seconds; each further failure doubles it.
    pub pause_s: u64,
    /// The longest pause, seconds.
    pub longest_pause_s: u64,
    /// Days for which an answered question is kept.
    pub keep_days: u32,
    /// Our address on the internet, which some providers want in the signed question.
    pub our_address: String,
}

/// How long what subscribers were told is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// Days for which an event and its deliveries are kept once they have ended.
    pub keep_days: u32,
}

/// Whose gateway this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeSettings {
    /// The name people read, may be empty.
    pub province_name: String,
    /// Codes whose dossiers are taken where they have units; empty for every imported unit's.
    pub provinces: Vec<String>,
    /// Which days are worked.
    pub calendar: Calendar,
}

/// With which key a closed day is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSettings {
    /// The file of the private key; none where nothing can be signed.
    pub key_file: Option<PathBuf>,
    /// Public keys, 32 bytes each, with which days were signed before.
    pub retired_keys: Vec<Vec<u8>>,
}

/// How indicators read the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorSettings {
    /// What a dossier is whose online money all went back.
    pub refunded: RefundedRule,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For a terminal.
    Pretty,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// A level, or directives per module.
    pub level: String,
    /// The form of lines.
    pub format: LogFormat,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// The collector's whole address.
    pub otlp_endpoint: String,
    /// Of a hundred requests so many are traced, 1 to 100.
    pub sample_percent: u32,
    /// Spans that may wait to be sent.
    pub queue: usize,
}
