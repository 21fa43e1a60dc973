//! The couriers of `serve`: one plain thread for each subscriber, so that one that is slow or gone keeps
//! nobody else waiting. Threads look for what is due, also for what other processes wrote; they end
//! after the delivery under way when they are told to.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::deliver::Courier;
use crate::config::clock::Clock;
use crate::config::subscriber::Subscriber;
use crate::store::Db;
use crate::store::failure::Failure;

/// How often a thread looks for something to deliver.
const GLANCE: Duration = Duration::from_millis(500);

/// The threads; they stop when this is dropped.
pub struct Couriers {
    is_stopping: Arc<AtomicBool>,
    wakers: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts a thread for each subscriber.
///
/// # Errors
/// [`Failure::Broken`] when a subscriber's certificates cannot be used or a thread cannot be started.
pub fn start_couriers(
    db: &Db,
    clock: &Clock,
    subscribers: &BTreeMap<String, Subscriber>,
) -> Result<Couriers, Failure> {
    let mut couriers = Couriers {
        is_stopping: Arc::new(AtomicBool::new(false)),
        wakers: Vec::new(),
        threads: Vec::new(),
    };
    for subscriber in subscribers.values() {
        let courier = Courier::new(db, clock, subscriber)?;
        let (waker, woken) = channel();
        let is_stopping = Arc::clone(&couriers.is_stopping);
        let name = subscriber.name.clone();
        let thread = std::thread::Builder::new()
            .name(format!("courier {name}"))
            .spawn(move || run(courier, &name, &is_stopping, &woken))
            .map_err(|error| Failure::Broken(format!("a courier could not start: {error}")))?;
        couriers.wakers.push(waker);
        couriers.threads.push(thread);
    }
    Ok(couriers)
}

impl Couriers {
    /// Tells the threads to end after the delivery under way.
    pub fn stop(&mut self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.wakers.clear();
    }

    /// Whether every thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }
}

impl Drop for Couriers {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(mut courier: Courier, name: &str, is_stopping: &AtomicBool, woken: &Receiver<()>) {
    while !is_stopping.load(Ordering::Relaxed) {
        match catch_unwind(AssertUnwindSafe(|| courier.round(is_stopping))) {
            Ok(Ok(round)) if round.is_busy => continue,
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => {
                tracing::warn!(subscriber = name, %failure, "the outbox could not be read or written")
            }
            // What was claimed is sent again when its claim has run out.
            Err(_) => tracing::error!(subscriber = name, "a bug stopped a delivery; it goes on"),
        }
        match woken.recv_timeout(GLANCE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
