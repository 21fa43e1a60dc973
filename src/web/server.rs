//! Running the doors: a gateway and a listening socket come in; when told to stop, no new call is
//! taken, those under way are answered, the writer's queue is finished and the chains are freed.
//! Signals are not known here; whoever runs a process decides when to stop.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::{App, HttpServer, web};
use tokio::sync::{Notify, oneshot};

use super::door::connections::{Connections, end_dead_ones};
use super::door::gate::gate;
use super::door::tls::Certificates;
use super::{Gateway, WriterThread, configure};

/// How often the end of the writer is looked for.
const GLANCE: Duration = Duration::from_millis(2);

/// How often the certificate's files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Serves until `stop` resolves, then drains.
///
/// # Errors
/// When the socket cannot be served, or the queue was not finished in time.
pub async fn serve_until(
    gateway: Gateway,
    writer: WriterThread,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let settings = gateway.settings.server.clone();
    let certificates = settings.tls.as_ref().map(Certificates::open).transpose();
    let certificates = certificates.map_err(io::Error::other)?;
    let reload = Arc::clone(&gateway.reload);
    let shared = web::Data::new(gateway);
    let server = open(&shared, listener, certificates.as_ref())?;
    let refreshing = certificates.map(|one| actix_web::rt::spawn(refresh(one, reload)));
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    stop.await;
    if let Some(refreshing) = refreshing {
        refreshing.abort();
    }
    let drained = actix_web::rt::time::timeout(settings.shutdown, async {
        handle.stop(true).await;
        let served = running.await;
        // The last hold on the queue: with it the writer ends, its queue finished.
        drop(shared);
        while !writer.is_finished() {
            actix_web::rt::time::sleep(GLANCE).await;
        }
        served
    });
    match drained.await {
        Ok(Ok(served)) => served,
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::Error::other("calls were still under way at the end")),
    }
}

/// Begins to listen, with every bound that the settings name.
fn open(
    shared: &web::Data<Gateway>,
    listener: TcpListener,
    certificates: Option<&Arc<Certificates>>,
) -> io::Result<Server> {
    let settings = &shared.settings.server;
    end_dead_ones(&listener, settings.request_timeout.saturating_mul(3))?;
    let connections = Connections::new(
        settings.connections_per_address,
        settings.trusted_proxies.clone(),
    );
    let of_each = settings.connections.div_ceil(settings.workers);
    let doors = shared.clone();
    let app = move || {
        let app = App::new().app_data(doors.clone()).wrap(from_fn(gate));
        app.configure(configure)
    };
    let server = HttpServer::new(app)
        .on_connect(move |connection, known| connections.greet(connection, known))
        .workers(settings.workers)
        .max_connections(of_each)
        // Handshakes that stand still would keep everybody else out.
        .max_connection_rate(of_each)
        .client_request_timeout(settings.request_timeout)
        .tls_handshake_timeout(settings.request_timeout)
        .shutdown_timeout(settings.shutdown.as_secs())
        .disable_signals();
    let server = match certificates {
        None => server.listen(listener)?,
        Some(certificates) => {
            let config = certificates.server().map_err(io::Error::other)?;
            server.listen_rustls_0_23(listener, config)?
        }
    };
    Ok(server.run())
}

/// Reads the certificate's files again, now and then and when told to.
async fn refresh(certificates: Arc<Certificates>, told: Arc<Notify>) {
    loop {
        let _ = actix_web::rt::time::timeout(LOOK_AGAIN, told.notified()).await;
        let read = Arc::clone(&certificates);
        match web::block(move || read.refresh()).await {
            Ok(Ok(true)) => tracing::info!("a new certificate is shown from now on"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!(%error, "the old certificate stays in use"),
        }
    }
}

/// A server in a thread of its own.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Serves in a thread of its own until [`Running::stop`].
///
/// # Errors
/// When the thread cannot be started.
pub fn serve_on(
    gateway: Gateway,
    writer: WriterThread,
    listener: TcpListener,
) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("doors".to_owned())
        .spawn(move || {
            System::new().block_on(serve_until(gateway, writer, listener, async {
                // A dropped sender means stop as well.
                let _ = stopped.await;
            }))
        })?;
    Ok(Running {
        address,
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl Running {
    /// Stops taking calls, finishes those under way and the queue; a second stop does nothing.
    ///
    /// # Errors
    /// As [`serve_until`].
    pub fn stop(&mut self) -> io::Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(served)) => served,
            Some(Err(_)) => Err(io::Error::other("the server ended with a bug")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "the server did not end well");
        }
    }
}
