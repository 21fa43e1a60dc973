//! The queue of spans that ended: bounded, with one thread behind it that sends them in batches. Whoever
//! ends a span never waits: one that finds no room is counted and dropped. A collector that does not
//! answer costs its spans and nothing else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, Key};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter as _, SpanProcessor};

use crate::web::door::traces::{METHOD, ROUTE, TraceTally};

/// How long spans gather before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// Spans in one request.
const MOST: usize = 512;

/// The spans' end of the queue.
#[derive(Debug)]
pub(super) struct Queue {
    spans: SyncSender<Item>,
    is_ending: Arc<AtomicBool>,
    /// Disconnected when the thread has ended.
    ended: Mutex<Receiver<()>>,
    tally: Arc<TraceTally>,
}

enum Item {
    Span(Box<SpanData>),
    Wake,
}

impl Queue {
    /// Starts the thread that sends.
    pub(super) fn start(
        mut exporter: SpanExporter,
        resource: &Resource,
        room: usize,
        tally: Arc<TraceTally>,
    ) -> std::io::Result<Self> {
        exporter.set_resource(resource);
        let (spans, waiting) = sync_channel(room);
        let (lives, ended) = sync_channel(0);
        let is_ending = Arc::<AtomicBool>::default();
        let mut sender = Sender {
            exporter,
            waiting,
            is_ending: Arc::clone(&is_ending),
            tally: Arc::clone(&tally),
            is_failing: false,
        };
        let run = move || {
            sender.run();
            drop(lives);
        };
        std::thread::Builder::new()
            .name("traces".to_owned())
            .spawn(run)?;
        Ok(Self {
            spans,
            is_ending,
            ended: Mutex::new(ended),
            tally,
        })
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let is_wanted = span.span_context.is_sampled();
        if is_wanted && self.spans.try_send(Item::Span(Box::new(span))).is_err() {
            self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Has what waits sent now, without waiting for it.
    fn force_flush(&self) -> OTelSdkResult {
        // A thread whose queue is full is at work already.
        let _ = self.spans.try_send(Item::Wake);
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.is_ending.store(true, Ordering::Release);
        self.force_flush()?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.recv_timeout(timeout) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(timeout)),
        }
    }
}

/// The thread's end of it.
struct Sender {
    exporter: SpanExporter,
    waiting: Receiver<Item>,
    is_ending: Arc<AtomicBool>,
    tally: Arc<TraceTally>,
    is_failing: bool,
}

impl Sender {
    fn run(&mut self) {
        loop {
            // Asked before it is looked whether something waits: what came before the end is sent.
            let is_ending = self.is_ending.load(Ordering::Acquire);
            let batch = self.gather(if is_ending { Duration::ZERO } else { GATHER });
            if !batch.is_empty() {
                self.send(batch);
            } else if is_ending {
                return;
            }
        }
    }

    fn gather(&self, patience: Duration) -> Vec<SpanData> {
        let began = Instant::now();
        let mut batch = Vec::new();
        while batch.len() < MOST {
            let left = patience.saturating_sub(began.elapsed());
            match self.waiting.recv_timeout(left) {
                Ok(Item::Span(span)) => batch.push(named(*span)),
                Ok(Item::Wake) | Err(_) => break,
            }
        }
        batch
    }

    fn send(&mut self, batch: Vec<SpanData>) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let sent = block_on(self.exporter.export(batch));
        let counter = if sent.is_ok() {
            &self.tally.sent
        } else {
            &self.tally.failed
        };
        counter.fetch_add(count, Ordering::Relaxed);
        // Told when it begins and when it ends, not at every batch between.
        match (&sent, self.is_failing) {
            (Err(error), false) => tracing::warn!(%error, "traces cannot be sent; they are lost"),
            (Ok(()), true) => tracing::info!("traces are sent again"),
            (Ok(()), false) | (Err(_), true) => {}
        }
        self.is_failing = sent.is_err();
    }
}

/// The span of a request is called by its address, as collectors expect, and not `request`.
fn named(mut span: SpanData) -> SpanData {
    let word = |wanted: &Key| {
        let found = span.attributes.iter().find(|one| one.key == *wanted);
        found.map(|one| one.value.to_string())
    };
    let Some(method) = word(&METHOD) else {
        return span;
    };
    let route = word(&ROUTE);
    span.span_kind = SpanKind::Server;
    span.name = match route {
        Some(route) => format!("{method} {route}").into(),
        None => method.into(),
    };
    span
}
