//! Taking notices: one bounded queue, and the threads behind it, one per connection, that commit
//! everything waiting in one transaction and answer each call after the commit. While one batch
//! syncs, the next gathers; no delay is added. Verification and the answer's words are not decided
//! here.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tracing::Span;
use uuid::Uuid;

use super::keep_refusals::Quarantine;
use super::keep_silent::keep_silent;
use super::share_queue::Shares;
use super::write_batch::BatchWriter;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::Tenant;
use crate::domain::notice::{Notice, Verdict};
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Durable now; all of its notices were new or some were.
    New(Verdict),
    /// Durable before; nothing was posted.
    Repeat(Verdict),
    /// Not durable: the provider must call again.
    TryLater,
}

/// A verified call on its way to the writer.
pub struct Call {
    /// The name of the request that brought it, where one did.
    pub request_id: Option<Uuid>,
    /// What is followed of it until it is answered, where somebody follows.
    pub span: Option<Box<Span>>,
    /// The channel it came in on.
    pub channel: Arc<Channel>,
    /// Its notices; all of them commit or fail together.
    pub notices: Vec<Notice>,
    /// Why there are none, where there are none.
    pub silent_because: Option<Box<str>>,
    /// The call as received, in wire form.
    pub raw: Vec<u8>,
    /// Told what became of it, after the commit.
    pub reply: Box<dyn FnOnce(Taken) + Send>,
}

/// A refused call, kept so that it can be replayed after a key is mended.
pub struct Refused {
    /// The channel it came in on.
    pub channel: Arc<Channel>,
    /// Stable word of the refusal.
    pub reason: &'static str,
    /// The refusal as a sentence.
    pub detail: String,
    /// The call as received, in wire form.
    pub raw: Vec<u8>,
    /// When it arrived, UTC.
    pub arrived_at: Instant,
}

/// How the writer works.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls that may wait; more are answered "try later".
    pub queue: usize,
    /// Calls in one transaction.
    pub batch: usize,
    /// Connections that write at once, each on a seal chain of its own.
    pub writers: usize,
    /// Refused calls kept per tenant.
    pub quarantine_rows: i64,
    /// Their bytes, per tenant.
    pub quarantine_bytes: i64,
    /// What one channel alone may fill of the queue, per cent.
    pub share_percent: u32,
}

/// Counters of the writer, for `/metrics`.
#[derive(Debug, Default)]
pub struct Tally {
    /// Calls waiting now.
    pub waiting: AtomicU64,
    /// Transactions committed.
    pub batches: AtomicU64,
    /// Calls committed in them.
    pub calls: AtomicU64,
    /// Most calls in one of them.
    pub largest_batch: AtomicU64,
    /// Calls answered "try later" by the writer.
    pub failed: AtomicU64,
    /// Refused calls dropped because too many came at once.
    pub refusals_dropped: AtomicU64,
    /// Calls that wait, by channel.
    pub shares: Shares,
    /// How many calls were committed at once.
    pub batch_sizes: BatchSizes,
}

/// Commits by the number of calls in them.
#[derive(Debug)]
pub struct BatchSizes(pub Histogram);

impl Default for BatchSizes {
    fn default() -> Self {
        Self(Histogram::new(exponential_buckets(1.0, 2.0, 12)))
    }
}

/// The door's end of the queue. Clones share it; the writer ends when the last one is dropped.
#[derive(Clone)]
pub struct Intake {
    calls: SyncSender<Item>,
    refusals: SyncSender<Refused>,
    tally: Arc<Tally>,
}

enum Item {
    Call(Call),
    Wake,
}

impl Intake {
    /// Hands a call to the writer.
    ///
    /// # Errors
    /// Gives the call back when the queue is full or the writer has ended.
    pub fn submit(&self, call: Call) -> Result<(), Call> {
        let waiting = self.tally.waiting.fetch_add(1, Ordering::Relaxed);
        if !self.tally.shares.enter(&call.channel.name, waiting) {
            self.tally.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(call);
        }
        self.calls.try_send(Item::Call(call)).map_err(|refused| {
            self.tally.waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(Item::Call(call))
                | TrySendError::Disconnected(Item::Call(call)) => {
                    self.tally.shares.leave(&call.channel.name);
                    call
                }
                TrySendError::Full(Item::Wake) | TrySendError::Disconnected(Item::Wake) => {
                    unreachable!("a call was sent")
                }
            }
        })
    }

    /// Hands a refused call to the quarantine; dropped and counted when too many come at once, so
    /// that a flood of forgeries cannot slow honest calls.
    pub fn quarantine(&self, refused: Refused) {
        if self.refusals.try_send(refused).is_err() {
            self.count_dropped();
            return;
        }
        // The writer looks at refusals when it commits; a full queue needs no waking.
        let _ = self.calls.try_send(Item::Wake);
    }

    /// Counts a refused call that is not kept.
    pub fn count_dropped(&self) {
        self.tally.refusals_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the writing thread still takes calls.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let woken = self.calls.try_send(Item::Wake);
        !matches!(woken, Err(TrySendError::Disconnected(_)))
    }

    /// The writer's counters.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// Refused calls that may wait, and how many of them ride on one commit.
const REFUSALS_WAITING: usize = 256;
const REFUSALS_PER_COMMIT: usize = 32;

/// Starts the writing threads. They end, with the queue finished, when every [`Intake`] is dropped;
/// the handle is that of the last to end.
///
/// # Errors
/// [`Failure::Unreachable`] when the database cannot be reached now.
pub fn start_writer(
    db: &Db,
    clock: &Clock,
    providers: Vec<String>,
    limits: Limits,
) -> Result<(Intake, JoinHandle<()>), Failure> {
    let writers: Vec<BatchWriter> = (0..limits.writers.max(1))
        .map(|_| BatchWriter::open(db, clock, providers.clone()))
        .collect::<Result<_, Failure>>()?;
    let shares = Shares::new(limits.queue, limits.share_percent);
    start_thread(limits.queue, shares, move |queues, tally| {
        std::thread::scope(|threads| {
            for mut writer in writers {
                threads.spawn(move || {
                    let mut quarantine =
                        Quarantine::new(limits.quarantine_rows, limits.quarantine_bytes);
                    queues.run(&mut writer, &mut quarantine, tally, limits.batch);
                    writer.close();
                });
            }
        });
    })
}

/// Starts a thread that answers every call as recorded and stores nothing, so that a benchmark can
/// measure the doors alone. No command and no door reaches it.
///
/// # Errors
/// [`Failure::Broken`] when the thread cannot be started.
pub fn start_storing_nothing(queue: usize) -> Result<(Intake, JoinHandle<()>), Failure> {
    start_thread(queue, Shares::new(queue, 100), |queues, tally| {
        while let Some(round) = queues.gather(1) {
            for call in round.calls {
                tally.waiting.fetch_sub(1, Ordering::Relaxed);
                tally.shares.leave(&call.channel.name);
                (call.reply)(Taken::New(Verdict::Recorded));
            }
        }
    })
}

fn start_thread(
    queue: usize,
    shares: Shares,
    run: impl FnOnce(&Queues, &Tally) + Send + 'static,
) -> Result<(Intake, JoinHandle<()>), Failure> {
    let (calls, waiting) = sync_channel(queue);
    let (refusals, refused) = sync_channel(REFUSALS_WAITING);
    let tally = Arc::new(Tally {
        shares,
        ..Tally::default()
    });
    let intake = Intake {
        calls,
        refusals,
        tally: Arc::clone(&tally),
    };
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || run(&Queues(Mutex::new((waiting, refused))), &tally))
        .map_err(|error| Failure::Broken(format!("the writer could not start: {error}")))?;
    Ok((intake, thread))
}

/// The writers' end of the queues. One of them gathers at a time, while the others write.
struct Queues(Mutex<(Receiver<Item>, Receiver<Refused>)>);

/// What one writer takes from the queues at once.
struct Round {
    calls: Vec<Call>,
    refusals: Vec<Refused>,
}

impl Queues {
    /// Writes until every [`Intake`] is dropped and nothing waits. A round that panics costs its own
    /// calls, which are answered "try later"; the next one begins anew.
    fn run(
        &self,
        writer: &mut BatchWriter,
        quarantine: &mut Quarantine,
        tally: &Tally,
        most: usize,
    ) {
        while let Some(round) = self.gather(most) {
            let gathered = u64::try_from(round.calls.len()).unwrap_or(0);
            tally.waiting.fetch_sub(gathered, Ordering::Relaxed);
            for call in &round.calls {
                tally.shares.leave(&call.channel.name);
            }
            tally.largest_batch.fetch_max(gathered, Ordering::Relaxed);
            let written = catch_unwind(AssertUnwindSafe(|| {
                take_all(writer, round.calls, tally);
                quarantine.keep(writer, round.refusals);
            }));
            if written.is_err() {
                tracing::error!(
                    "a bug stopped the writer in the middle of a batch; it begins anew"
                );
                writer.forget();
            }
        }
        let (_, refused) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        quarantine.keep(writer, refused.try_iter().collect());
    }

    /// Waits for a call and takes what waits behind it; nothing when no more can come.
    fn gather(&self, most: usize) -> Option<Round> {
        let (waiting, refused) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut calls = Vec::with_capacity(most);
        calls.extend(as_call(waiting.recv().ok()?));
        while calls.len() < most {
            match waiting.try_recv() {
                Ok(item) => calls.extend(as_call(item)),
                Err(_) => break,
            }
        }
        let refusals = refused.try_iter().take(REFUSALS_PER_COMMIT).collect();
        Some(Round { calls, refusals })
    }
}

/// Commits calls of any tenants and answers each.
fn take_all(writer: &mut BatchWriter, calls: Vec<Call>, tally: &Tally) {
    let mut by_tenant: HashMap<Tenant, Vec<Call>> = HashMap::new();
    for call in calls {
        if call.notices.is_empty() {
            let taken = keep_silent(writer, &call);
            (call.reply)(taken);
        } else {
            by_tenant.entry(call.channel.tenant).or_default().push(call);
        }
    }
    for (tenant, calls) in by_tenant {
        let outcomes = writer.take(tenant, &calls);
        tally.batches.fetch_add(1, Ordering::Relaxed);
        let size = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        tally.batch_sizes.0.observe(f64::from(size));
        for (call, taken) in calls.into_iter().zip(outcomes) {
            let counter = if taken == Taken::TryLater {
                &tally.failed
            } else {
                &tally.calls
            };
            counter.fetch_add(1, Ordering::Relaxed);
            let request_id = call.request_id.map(tracing::field::display);
            tracing::debug!(
                parent: call.span.as_deref().and_then(Span::id),
                request_id,
                channel = call.channel.name,
                ?taken,
                "a call ended"
            );
            // It ends before the request that waits for it.
            drop(call.span);
            (call.reply)(taken);
        }
    }
}

fn as_call(item: Item) -> Option<Call> {
    match item {
        Item::Call(call) => Some(call),
        Item::Wake => None,
    }
}
