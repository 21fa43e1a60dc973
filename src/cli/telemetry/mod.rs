//! Telemetry: the `[log]` and `[traces]` settings come in, log lines go to standard error, so that
//! standard output stays the answer of a command, and spans to a collector where one is named. What is
//! told are ids and sentences, never bodies, secrets, names or account numbers; that is kept by those
//! who write the lines, and libraries that may show what they carry are told to say less unless a
//! setting names them.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::settings::{LogFormat, LogSettings, TraceSettings};
use crate::web::door::traces::TraceTally;

mod carrier;
mod queue;

use carrier::Carrier;
use queue::Queue;

/// Libraries that speak of requests, answers and connections in detail, and how much of it we want.
const QUIET: &str = "actix_http=info,actix_server=info,actix_web=info,mio=info,h2=info,ureq=info,\
                     ureq_proto=info,rustls=info,r2d2=info";

/// How long a batch of spans may take to be taken, with its tries.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the end of a command waits for what is still to be sent.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// The spans on their way to a collector.
pub struct Traces {
    provider: SdkTracerProvider,
    /// What became of them.
    pub tally: Arc<TraceTally>,
}

impl Traces {
    /// Sends what waits, for a bounded time; what ends later is lost.
    pub fn end(&self) {
        if self.provider.shutdown_with_timeout(LAST_PATIENCE).is_err() {
            tracing::warn!("the last traces could not be sent in time");
        }
    }
}

/// Starts logging for this process, and tracing where a collector is named; a second start changes
/// nothing. `instance` tells this process from others.
///
/// # Errors
/// When the sender of spans cannot be made.
pub fn start(
    log: &LogSettings,
    traces: Option<&TraceSettings>,
    instance: &str,
) -> anyhow::Result<Option<Traces>> {
    // Of two directives for one place the later counts, so a setting can name them all the same.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let Some(settings) = traces else {
        // Refused when a subscriber is set already, as in tests.
        let _ = registry().with(lines(log.format)).with(filter).try_init();
        return Ok(None);
    };
    let traces = open(settings, instance)?;
    // Where it was in the code and on which thread is our business alone.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(traces.provider.tracer("doisoat"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false);
    // What libraries say of themselves stays out; "debug" is where the ids are told.
    let ours = Targets::new().with_target("doisoat", LevelFilter::DEBUG);
    let _ = registry()
        .with(lines(log.format).with_filter(filter))
        .with(spans.with_filter(ours))
        .try_init();
    Ok(Some(traces))
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.with_ansi(false).boxed(),
    }
}

fn open(settings: &TraceSettings, instance: &str) -> anyhow::Result<Traces> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Carrier::new(PATIENCE))
        .with_endpoint(&settings.otlp_endpoint)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("doisoat")
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_owned()),
        ])
        .build();
    let tally = Arc::<TraceTally>::default();
    let queue = Queue::start(exporter, &resource, settings.queue, Arc::clone(&tally))?;
    let share = format!("{}e-2", settings.sample_percent).parse()?;
    // Whoever hands a trace over has decided whether it is followed.
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(sampler)
        .with_span_processor(queue)
        .build();
    Ok(Traces { provider, tally })
}
