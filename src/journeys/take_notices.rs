//! Taking notices: one bounded queue per writer, and the thread behind it that commits everything
//! waiting in one transaction and answers each call after the commit. While one batch syncs, the
//! next gathers; no delay is added. Verification and the answer's words are not decided here.
//!
//! A batch that fails is tried again when another writer was in the way; otherwise its calls are
//! committed one by one, and a call that still fails is recorded without effect, for `sweep`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::apply_notice::{Applied, Incoming, apply_notice, record_only};
use super::lease_chain::{free_chains, lease_chain, provider_slots};
use super::workbook::Workbook;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::{NoticeId, QuarantineId, Tenant};
use crate::domain::notice::{Notice, Verdict};
use crate::ledger::seal::ChainHead;
use crate::matching::clues::clues;
use crate::store::failure::Failure;
use crate::store::journal::{Batch, Journal, Lookup};
use crate::store::rows::{NoticeRow, QuarantinedRow};
use crate::store::types::{Ts, Uid};
use crate::store::{Db, Writer};

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
    /// The channel it came in on.
    pub channel: Arc<Channel>,
    /// Its notices; all of them commit or fail together.
    pub notices: Vec<Notice>,
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
}

/// How the writer works.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls that may wait; more are answered "try later".
    pub queue: usize,
    /// Calls in one transaction.
    pub batch: usize,
    /// Refused calls kept per tenant.
    pub quarantine_rows: i64,
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
    /// Calls answered "try later" by the writer.
    pub failed: AtomicU64,
    /// Refused calls dropped because too many came at once.
    pub refusals_dropped: AtomicU64,
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
        self.tally.waiting.fetch_add(1, Ordering::Relaxed);
        self.calls.try_send(Item::Call(call)).map_err(|refused| {
            self.tally.waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(Item::Call(call))
                | TrySendError::Disconnected(Item::Call(call)) => call,
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
            self.tally.refusals_dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // The writer looks at refusals when it commits; a full queue needs no waking.
        let _ = self.calls.try_send(Item::Wake);
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

/// How often the quarantine is cut back to its bound, in refused calls.
const PRUNE_EVERY: usize = 64;

/// How often a batch is tried while another writer is in the way.
const ATTEMPTS: u32 = 12;

/// Starts the writing thread. It ends, with the queue finished, when every [`Intake`] is dropped.
///
/// # Errors
/// [`Failure::Unreachable`] when the database cannot be reached now.
pub fn start_writer(
    db: &Db,
    clock: &Clock,
    providers: Vec<String>,
    limits: Limits,
) -> Result<(Intake, JoinHandle<()>), Failure> {
    let mut writer = BatchWriter::open(db, clock, providers, limits.quarantine_rows)?;
    let (calls, waiting) = sync_channel(limits.queue);
    let (refusals, refused) = sync_channel(REFUSALS_WAITING);
    let tally = Arc::new(Tally::default());
    let intake = Intake {
        calls,
        refusals,
        tally: Arc::clone(&tally),
    };
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            writer.run(&waiting, &refused, &tally, limits.batch);
            writer.close();
        })
        .map_err(|error| Failure::Broken(format!("the writer could not start: {error}")))?;
    Ok((intake, thread))
}

/// Everything a commit needs: the connection, the leased chains and the providers' bits.
pub struct BatchWriter {
    db: Db,
    writer: Writer,
    clock: Clock,
    holder: String,
    providers: Vec<String>,
    chains: HashMap<Tenant, ChainHead>,
    slots: HashMap<Tenant, HashMap<String, u8>>,
    quarantine_rows: i64,
    refusals_since_prune: usize,
}

impl BatchWriter {
    /// Opens a writer of its own, without a queue: for commands such as `sweep`.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub fn open(
        db: &Db,
        clock: &Clock,
        providers: Vec<String>,
        quarantine_rows: i64,
    ) -> Result<Self, Failure> {
        Ok(Self {
            db: db.clone(),
            writer: db.writer()?,
            clock: clock.clone(),
            holder: NoticeId::at(clock.now()).to_string(),
            providers,
            chains: HashMap::new(),
            slots: HashMap::new(),
            quarantine_rows,
            refusals_since_prune: 0,
        })
    }

    /// Lets go of the chains.
    pub fn close(&mut self) {
        if let Err(failure) = free_chains(&self.db, &self.holder) {
            tracing::warn!(%failure, "the seal chains could not be freed; they go stale by themselves");
        }
    }

    fn run(
        &mut self,
        waiting: &Receiver<Item>,
        refused: &Receiver<Refused>,
        tally: &Tally,
        most: usize,
    ) {
        while let Ok(first) = waiting.recv() {
            let mut calls = Vec::with_capacity(most);
            calls.extend(as_call(first));
            while calls.len() < most {
                match waiting.try_recv() {
                    Ok(item) => calls.extend(as_call(item)),
                    Err(_) => break,
                }
            }
            tally
                .waiting
                .fetch_sub(u64::try_from(calls.len()).unwrap_or(0), Ordering::Relaxed);
            let refusals: Vec<Refused> = refused.try_iter().take(REFUSALS_PER_COMMIT).collect();
            self.take_all(calls, tally);
            self.keep_refusals(refusals);
        }
        let rest: Vec<Refused> = refused.try_iter().collect();
        self.keep_refusals(rest);
    }

    /// Commits calls of any tenants and answers each.
    fn take_all(&mut self, calls: Vec<Call>, tally: &Tally) {
        let mut by_tenant: HashMap<Tenant, Vec<Call>> = HashMap::new();
        for call in calls {
            by_tenant.entry(call.channel.tenant).or_default().push(call);
        }
        for (tenant, calls) in by_tenant {
            let outcomes = self.take(tenant, &calls);
            tally.batches.fetch_add(1, Ordering::Relaxed);
            for (call, taken) in calls.into_iter().zip(outcomes) {
                let counter = if taken == Taken::TryLater {
                    &tally.failed
                } else {
                    &tally.calls
                };
                counter.fetch_add(1, Ordering::Relaxed);
                (call.reply)(taken);
            }
        }
    }

    /// Commits the calls of one tenant: together, else one by one, else without effect.
    pub fn take(&mut self, tenant: Tenant, calls: &[Call]) -> Vec<Taken> {
        let incoming: Vec<Vec<Incoming<'_>>> = calls.iter().map(incoming_of).collect();
        match self.commit(tenant, &incoming, Effect::Full) {
            Ok(taken) => taken,
            Err(failure) if matches!(failure, Failure::Unreachable(_)) => {
                tracing::error!(%failure, calls = calls.len(), "no call of this batch is durable");
                vec![Taken::TryLater; calls.len()]
            }
            Err(failure) => {
                tracing::warn!(%failure, calls = calls.len(), "the batch is committed call by call");
                incoming
                    .iter()
                    .map(|one| self.take_one(tenant, one))
                    .collect()
            }
        }
    }

    fn take_one(&mut self, tenant: Tenant, call: &[Incoming<'_>]) -> Taken {
        let one = [call.to_vec()];
        let full = self.commit(tenant, &one, Effect::Full);
        let taken = full.or_else(|failure| {
            tracing::error!(%failure, "a call is recorded without effect; run doisoat sweep");
            self.commit(tenant, &one, Effect::RecordOnly)
        });
        taken
            .ok()
            .and_then(|taken| taken.first().copied())
            .unwrap_or_else(|| {
                tracing::error!("a call could not be recorded");
                Taken::TryLater
            })
    }

    /// Applies swept notices one by one; gives how many could be applied.
    pub(super) fn sweep(
        &mut self,
        tenant: Tenant,
        rows: &[(NoticeRow, Notice, Arc<Channel>)],
    ) -> usize {
        let mut applied = 0;
        for (row, notice, channel) in rows {
            let incoming = Incoming {
                channel,
                notice,
                raw: &row.raw,
                recorded_as: Some(row.notice_id),
            };
            match self.commit(tenant, &[vec![incoming]], Effect::Full) {
                Ok(_) => applied += 1,
                Err(failure) => {
                    tracing::error!(%failure, notice_id = %row.notice_id.0, "still cannot be applied")
                }
            }
        }
        applied
    }

    fn commit(
        &mut self,
        tenant: Tenant,
        calls: &[Vec<Incoming<'_>>],
        effect: Effect,
    ) -> Result<Vec<Taken>, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.try_commit(tenant, calls, effect) {
                Ok(taken) => return Ok(taken),
                Err(failure) => failure,
            };
            self.chains.remove(&tenant);
            if !failure.is_contention() || attempt == ATTEMPTS {
                return Err(failure);
            }
            std::thread::sleep(Duration::from_millis(u64::from(attempt)));
        }
    }

    fn try_commit(
        &mut self,
        tenant: Tenant,
        calls: &[Vec<Incoming<'_>>],
        effect: Effect,
    ) -> Result<Vec<Taken>, Failure> {
        let now = self.clock.now();
        let head = self.head(tenant)?;
        let slots = self.slots_of(tenant)?;
        let lookup = lookup(tenant, calls);
        let mut taken = Vec::new();
        let next = self.writer.commit(|journal| {
            let mut book = Workbook::open(tenant, now, &slots, journal.find(&lookup)?)?;
            taken = calls
                .iter()
                .map(|call| apply_call(&mut book, call, effect))
                .collect::<Result<_, Failure>>()?;
            let mut next = head.clone();
            let batch = book.close(&mut next);
            write_clean(journal, tenant, batch)?;
            Ok(next)
        })?;
        self.chains.insert(tenant, next);
        self.slots.insert(tenant, slots);
        Ok(taken)
    }

    fn head(&mut self, tenant: Tenant) -> Result<ChainHead, Failure> {
        match self.chains.get(&tenant) {
            Some(head) => Ok(head.clone()),
            None => lease_chain(&self.db, tenant, &self.holder, self.clock.now()),
        }
    }

    fn slots_of(&mut self, tenant: Tenant) -> Result<HashMap<String, u8>, Failure> {
        match self.slots.remove(&tenant) {
            Some(slots) => Ok(slots),
            None => provider_slots(&self.db, tenant, &self.providers),
        }
    }

    fn keep_refusals(&mut self, refusals: Vec<Refused>) {
        let mut by_tenant: HashMap<Tenant, Batch> = HashMap::new();
        let now = self.clock.now();
        self.refusals_since_prune += refusals.len();
        for refused in refusals {
            let tenant = refused.channel.tenant;
            by_tenant
                .entry(tenant)
                .or_default()
                .quarantined
                .push(QuarantinedRow {
                    tenant: tenant.0,
                    quarantine_id: Uid(QuarantineId::at(now).0),
                    channel: refused.channel.name.clone(),
                    reason: refused.reason.to_owned(),
                    detail: refused.detail,
                    raw: refused.raw,
                    arrived_at: Ts(now),
                    replayed_at: None,
                });
        }
        for (tenant, batch) in by_tenant {
            let done = self
                .writer
                .commit(|journal| journal.write(tenant.0, &batch));
            if let Err(failure) = done {
                tracing::warn!(%failure, "refused calls could not be kept");
            }
            if self.refusals_since_prune >= PRUNE_EVERY {
                self.refusals_since_prune = 0;
                let keep = self.quarantine_rows;
                let pruned = self
                    .db
                    .write(|queries| queries.delete_old_quarantined(tenant.0, keep));
                if let Err(failure) = pruned {
                    tracing::warn!(%failure, "the quarantine could not be cut back");
                }
            }
        }
    }
}

/// Whether notices move the books or are only written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Full,
    RecordOnly,
}

fn as_call(item: Item) -> Option<Call> {
    match item {
        Item::Call(call) => Some(call),
        Item::Wake => None,
    }
}

fn incoming_of(call: &Call) -> Vec<Incoming<'_>> {
    let incoming = |notice| Incoming {
        channel: &call.channel,
        notice,
        raw: &call.raw,
        recorded_as: None,
    };
    call.notices.iter().map(incoming).collect()
}

/// Applies the notices of one call. The answer is that of the first notice that is not simply
/// recorded; a call is a repeat when every notice is.
fn apply_call(
    book: &mut Workbook<'_>,
    call: &[Incoming<'_>],
    effect: Effect,
) -> Result<Taken, Failure> {
    let mut verdict = Verdict::Recorded;
    let mut is_repeat = !call.is_empty();
    for incoming in call {
        let applied: Applied = match effect {
            Effect::Full => apply_notice(book, incoming)?,
            Effect::RecordOnly => record_only(book, incoming),
        };
        is_repeat &= applied.is_repeat;
        if verdict == Verdict::Recorded {
            verdict = applied.verdict;
        }
    }
    Ok(if is_repeat {
        Taken::Repeat(verdict)
    } else {
        Taken::New(verdict)
    })
}

fn lookup(tenant: Tenant, calls: &[Vec<Incoming<'_>>]) -> Lookup {
    let mut lookup = Lookup {
        tenant: tenant.0,
        ..Lookup::default()
    };
    for incoming in calls.iter().flatten() {
        let channel = &incoming.channel.name;
        let notice = incoming.notice;
        lookup
            .notice_keys
            .push((channel.clone(), notice.key_hash().to_vec()));
        lookup
            .payment_keys
            .push((channel.clone(), notice.payment_key.clone()));
        let clues = clues(notice);
        lookup.attempts.extend(
            clues
                .order_ref
                .map(|order_ref| (channel.clone(), order_ref)),
        );
        lookup.references.extend(clues.references);
        lookup.virtual_accounts.extend(clues.virtual_account);
        lookup.dossier_codes.extend(clues.dossier_codes);
    }
    lookup
}

/// PostgreSQL keeps no NUL in text: a provider's odd memo must not stop its money.
fn write_clean(journal: &mut dyn Journal, tenant: Tenant, mut batch: Batch) -> Result<(), Failure> {
    for row in &mut batch.new_payments {
        let texts = [
            &mut row.memo,
            &mut row.order_ref,
            &mut row.provider_txn_id,
            &mut row.bank_txn_id,
        ];
        for text in texts
            .into_iter()
            .flatten()
            .filter(|text| text.contains('\0'))
        {
            *text = text.replace('\0', "\u{fffd}");
        }
    }
    journal.write(tenant.0, &batch)
}
