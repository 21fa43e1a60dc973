//! Repeating: a thread of `serve` that does one thing now and again after each pause, until it is
//! dropped. A bug in one round costs that round alone. What is done is whoever starts it's to say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::store::failure::Failure;

/// A thread that repeats something; it stops, its round finished, when this is dropped.
pub struct Repeating {
    name: &'static str,
    shared: Arc<Shared>,
    waker: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Repeating {
    /// Whether the first round is done.
    #[must_use]
    pub fn has_done_one(&self) -> bool {
        self.shared.has_done_one.load(Ordering::Acquire)
    }
}

impl Drop for Repeating {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        self.waker.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(thread = self.name, "ended with a bug");
        }
    }
}

/// What the thread and whoever holds it both see.
#[derive(Default)]
struct Shared {
    is_stopping: AtomicBool,
    has_done_one: AtomicBool,
}

/// Starts a thread that does one round now and one after each pause. A round may look whether it is
/// to stop early.
///
/// # Errors
/// [`Failure::Broken`] when the thread cannot be started.
pub fn start_repeating(
    name: &'static str,
    pause: Duration,
    round: impl FnMut(&AtomicBool) + Send + 'static,
) -> Result<Repeating, Failure> {
    let shared = Arc::new(Shared::default());
    let (waker, woken) = channel();
    let own = Arc::clone(&shared);
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || run(name, pause, round, &own, &woken))
        .map_err(|error| Failure::Broken(format!("{name} could not start: {error}")))?;
    Ok(Repeating {
        name,
        shared,
        waker: Some(waker),
        thread: Some(thread),
    })
}

fn run(
    name: &'static str,
    pause: Duration,
    mut round: impl FnMut(&AtomicBool),
    shared: &Shared,
    woken: &Receiver<()>,
) {
    while !shared.is_stopping.load(Ordering::Acquire) {
        if catch_unwind(AssertUnwindSafe(|| round(&shared.is_stopping))).is_err() {
            tracing::error!(thread = name, "a bug ended one round; the next begins anew");
        }
        shared.has_done_one.store(true, Ordering::Release);
        match woken.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_round_that_fails_is_followed_by_the_next_until_it_is_dropped() {
        let (told, hears) = sync_channel(0);
        let mut count = 0;
        let repeating = start_repeating("test", Duration::from_millis(1), move |_| {
            count += 1;
            let _ = told.send(count);
            assert!(count != 1, "the first round fails");
        });
        let rounds: Vec<i32> = hears.iter().take(3).collect();
        assert_eq!(rounds, [1, 2, 3]);
        drop(hears);
        drop(repeating.unwrap());
    }
}
