//! `doisoat serve`: opens the doors and keeps them open until the process is told to stop. It brings
//! the schema up to date first where the settings ask for it, and refuses to serve on an old one.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::output::{say, say_json};
use super::{Context, End};
use crate::intake::providers;
use crate::journeys::ask_statuses::{Asker, Asking, start_asking};
use crate::journeys::days::clocks::must_agree;
use crate::journeys::outbox::couriers::{Couriers, start_couriers};
use crate::journeys::prune::{Keep, start_pruning};
use crate::journeys::sweep::start_sweeping;
use crate::web::Gateway;
use crate::web::server::serve_until;

/// How often the end of the couriers is looked for.
const GLANCE: Duration = Duration::from_millis(2);

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
///
/// # Errors
/// When the configuration, the database or the address cannot be used.
pub fn run(_: &Arguments, context: &Context) -> anyhow::Result<End> {
    leave_no_core()?;
    let loaded = context.loaded()?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let settings = loaded.settings.clone();
    if settings.migrate_on_serve {
        for name in context.db()?.migrate()? {
            tracing::info!(migration = name, "applied");
        }
    }
    let db = context.ready_db()?.clone();
    let (listen, patience) = (settings.server.listen, settings.server.shutdown);
    let is_tls = settings.server.tls.is_some();
    let subscribers = settings.subscribers.clone();
    let keep = Keep::of(&settings);
    let (channels, names) = (
        settings.channels.clone(),
        providers::names(settings.channels.values()),
    );
    if let Err(error) = must_agree(&db, &context.clock) {
        tracing::warn!("{error}");
    }
    let listener =
        TcpListener::bind(listen).with_context(|| format!("{listen} cannot be listened on"))?;
    let address = listener.local_addr()?;
    let (mut gateway, writer) = Gateway::open(
        db.clone(),
        context.clock.clone(),
        settings,
        context.holder.clone(),
    )?;
    if let Some(traces) = context.traces() {
        gateway.traces = Arc::clone(&traces.tally);
    }
    let asking = start_asker(&gateway)?;
    let pruning = start_pruning(&db, &context.clock, keep)?;
    let sweeping = start_sweeping(&db, &context.clock, &channels, names)?;
    let mut couriers = start_couriers(&db, &context.clock, &subscribers)?;
    actix_web::rt::System::new().block_on(async {
        let told = told_to_stop()?;
        // Whoever asks stops first, so that the writer's queue can be finished.
        let stop = async {
            told.await;
            drop(asking);
            drop(pruning);
            drop(sweeping);
        };
        let reload = read_again_when_told(gateway.reload.clone())?;
        say_where(context, is_tls, address);
        let stop = async {
            stop.await;
            couriers.stop();
        };
        let served = serve_until(gateway, writer, listener, stop).await;
        reload.abort();
        served.context("the gateway did not end well")
    })?;
    wait_for(&couriers, patience);
    tracing::info!("the queue is finished, nothing is under way");
    Ok(End::Done)
}

/// Asks providers what became of payments, where the settings want it and a channel can be asked.
fn start_asker(gateway: &Gateway) -> anyhow::Result<Option<Asking>> {
    let asker = Asker::new(&gateway.db, &gateway.settings, gateway.asked.clone());
    let channels: Vec<&str> = asker.channels().collect();
    if !gateway.settings.status_queries.is_enabled || channels.is_empty() {
        tracing::info!("no provider is asked what became of payments");
        return Ok(None);
    }
    tracing::info!(
        channels = channels.join(","),
        "providers are asked what became of payments"
    );
    let asking = start_asking(asker, gateway.clock.clone(), gateway.intake.clone())?;
    Ok(Some(asking))
}

/// Waits for the deliveries under way; one that takes longer is sent again by the next process.
fn wait_for(couriers: &Couriers, patience: Duration) {
    let began = Instant::now();
    while !couriers.is_finished() && began.elapsed() < patience {
        std::thread::sleep(GLANCE);
    }
}

/// Tells where to call.
fn say_where(context: &Context, is_tls: bool, address: SocketAddr) {
    let scheme = if is_tls { "https" } else { "http" };
    if context.is_json {
        say_json(&json!({ "address": format!("{scheme}://{address}") }));
    } else {
        say(&format!("doisoat serves on {scheme}://{address}"));
    }
}

/// Keeps the memory of this process, and the keys in it, out of core files and away from debuggers.
fn leave_no_core() -> anyhow::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("core files cannot be forbidden")?;
    // A limit of nothing does not stop a system that hands cores to a program.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("core files cannot be forbidden")
}

/// Has files that may change read again at SIGHUP, which would end the process otherwise.
fn read_again_when_told(reload: Arc<Notify>) -> std::io::Result<JoinHandle<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(actix_web::rt::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("told to read the certificate again");
            reload.notify_one();
        }
    }))
}

/// Resolves at SIGTERM or SIGINT. Listened for before the address is told, so that whoever waits for
/// the address can stop us at once.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop: calls under way are finished");
    })
}
