//! DOORS: the only room that knows HTTP, and the only one that waits. Requests come in, journeys
//! change things, answers go out; every address of the program stands in [`configure`]. Nothing is
//! decided here about money.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use tokio::sync::Notify;

use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::config::settings::Settings;
use crate::intake::providers;
use crate::journeys::ask_statuses::AskTally;
use crate::journeys::outbox::register_subscribers;
use crate::journeys::take_notices::{Intake, Limits, start_writer};
use crate::store::Db;
use crate::store::failure::Failure;

pub mod api;
pub mod assets;
pub mod door;
pub mod error;
pub mod health;
pub mod indicators;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod server;
pub mod standing;
pub mod webhooks;

use api::addresses::shown;
use door::limits::Limits as Bounds;
use door::traces::TraceTally;
use metrics::Metrics;
use webhooks::Floods;

/// What every door shares.
pub struct Gateway {
    /// The database.
    pub db: Db,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The settings.
    pub settings: Settings,
    /// Channels by name.
    pub channels: BTreeMap<String, Arc<Channel>>,
    /// The way to the writer.
    pub intake: Intake,
    /// The name under which this process leases chains for journeys of its own.
    pub holder: String,
    /// Counts of whoever asks providers, if somebody does.
    pub asked: Arc<AskTally>,
    /// Told when files that may change are to be read again.
    pub reload: Arc<Notify>,
    /// Counts of the spans that ended, where somebody follows.
    pub traces: Arc<TraceTally>,
    metrics: Metrics,
    limits: Bounds,
    floods: Floods,
}

/// The thread behind [`Gateway::intake`]; ends when the gateway is gone and its queue is finished.
pub type WriterThread = std::thread::JoinHandle<()>;

impl Gateway {
    /// Opens the doors' shared state, writes down who listens and starts the writer; the schema must
    /// be up to date.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub fn open(
        db: Db,
        clock: Clock,
        settings: Settings,
        holder: String,
    ) -> Result<(Self, WriterThread), Failure> {
        register_subscribers(&db, &settings.subscribers)?;
        let limits = Limits {
            queue: settings.writer.queue,
            batch: settings.writer.batch,
            writers: settings.writer.connections.unwrap_or(db.useful_writers()),
            quarantine_rows: i64::from(settings.quarantine.max_rows),
            quarantine_bytes: settings.quarantine.max_bytes,
            share_percent: settings.server.limits.queue_share_percent,
        };
        let names = providers::names(settings.channels.values());
        let (intake, writer) = start_writer(&db, &clock, names, limits)?;
        let gateway = Self::with_intake(db, clock, settings, holder, intake);
        Ok((gateway, writer))
    }

    /// The same shared state around a writer that is started already.
    #[must_use]
    pub fn with_intake(
        db: Db,
        clock: Clock,
        settings: Settings,
        holder: String,
        intake: Intake,
    ) -> Self {
        let channels: BTreeMap<String, Arc<Channel>> = settings
            .channels
            .iter()
            .map(|(name, channel)| (name.clone(), Arc::new(channel.clone())))
            .collect();
        Self {
            metrics: Metrics::new(
                channels.keys(),
                settings.writer.queue,
                intake.tally().batch_sizes.0.clone(),
            ),
            reload: Arc::default(),
            limits: Bounds::new(&settings.server.limits, channels.keys()),
            asked: Arc::default(),
            traces: Arc::default(),
            floods: Floods::new(channels.keys(), settings.quarantine.max_per_second),
            db,
            clock,
            settings,
            channels,
            intake,
            holder,
        }
    }
}

/// Every address.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(shown("/healthz", health::alive))
        .service(shown("/readyz", health::ready))
        .service(shown("/metrics", metrics::show))
        .service(shown("/assets/site.css", assets::style))
        .service(shown("/indicators", indicators::show))
        .route("/webhooks/{channel}", web::route().to(webhooks::receive))
        .route(
            "/webhooks/{channel}/{action:.*}",
            web::route().to(webhooks::receive),
        )
        .app_data(
            web::QueryConfig::default()
                .error_handler(|error, request| error::BadQuery::of(&error, request).into()),
        )
        .app_data(
            web::PathConfig::default()
                .error_handler(|_, _| error::Problem::NotFound("address").into()),
        )
        .service(shown("/api/openapi.json", openapi::show))
        .service(shown("/api/docs", openapi::pages::show))
        .service(
            web::scope("/api/v1")
                .wrap(from_fn(api::once::answer_once))
                .wrap(from_fn(api::no_nul::refuse_nul))
                .configure(api::configure)
                .default_service(web::route().to(error::no_such_address)),
        )
        .default_service(web::route().to(error::no_such_address));
}
