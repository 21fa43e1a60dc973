//! Writing batches: calls of one tenant come in, are applied to a workbook and committed in one
//! transaction, sealed on a leased chain. What waits where, and who is answered, is not known here.
//!
//! A batch that fails is tried again when another writer was in the way. When the machine is at fault its
//! calls are put off; otherwise they are committed one by one, and a call that still fails is recorded
//! without effect, for `sweep`.
//!
//! Why separate transactions and not savepoints when a batch is replayed: the guarantee for each
//! call is the same, and a call that poisons its connection cannot take its neighbours along.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::apply_notice::{Applied, apply_notice, record_only};
use super::incoming::Incoming;
use super::known_payment::waits;
use super::lease_chain::{free_chains, lease_chain, provider_slots};
use super::outbox::{Listeners, listeners_of};
use super::take_notices::{Call, Taken};
use super::workbook::Workbook;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::domain::ids::{NoticeId, Tenant};
use crate::domain::notice::{Notice, Verdict};
use crate::domain::payment::PaymentStatus;
use crate::ledger::seal::ChainHead;
use crate::store::failure::Failure;
use crate::store::journal::{Batch, Found, Lookup, NoticeHead};
use crate::store::rows::{NoticeRow, PaymentRow};
use crate::store::{Db, Writer};

/// How often a batch is tried while another writer is in the way.
const ATTEMPTS: u32 = 12;

/// Everything a commit needs: the connection, the leased chains and the providers' bits.
pub struct BatchWriter {
    pub(super) db: Db,
    writer: Writer,
    is_broken: bool,
    pub(super) clock: Clock,
    holder: String,
    providers: Vec<String>,
    chains: HashMap<Tenant, ChainHead>,
    slots: HashMap<Tenant, HashMap<String, u8>>,
    listeners: HashMap<Tenant, Listeners>,
}

impl BatchWriter {
    /// Opens a writer of its own, without a queue: for commands such as `sweep`.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub fn open(db: &Db, clock: &Clock, providers: Vec<String>) -> Result<Self, Failure> {
        Ok(Self {
            db: db.clone(),
            writer: db.writer()?,
            is_broken: false,
            clock: clock.clone(),
            holder: NoticeId::at(clock.now()).to_string(),
            providers,
            chains: HashMap::new(),
            slots: HashMap::new(),
            listeners: HashMap::new(),
        })
    }

    /// Lets go of the chains.
    pub fn close(&mut self) {
        if let Err(failure) = free_chains(&self.db, &self.holder) {
            tracing::warn!(%failure, "the seal chains could not be freed; they go stale by themselves");
        }
    }

    /// Begins anew after something broke in the middle of a commit: what is known of the chains may
    /// be wrong, and the connection may still be inside a transaction.
    pub(super) fn forget(&mut self) {
        self.is_broken = true;
        self.chains.clear();
        self.slots.clear();
        self.listeners.clear();
    }

    /// Writes rows that belong to no call.
    pub(super) fn write(&mut self, tenant: Tenant, batch: &Batch) -> Result<(), Failure> {
        self.connection()?
            .commit(|journal| journal.write(tenant.0, batch))
    }

    pub(super) fn connection(&mut self) -> Result<&mut Writer, Failure> {
        if self.is_broken {
            self.writer = self.db.writer()?;
            self.is_broken = false;
        }
        Ok(&mut self.writer)
    }

    /// Commits the calls of one tenant: together, else one by one, else without effect.
    pub fn take(&mut self, tenant: Tenant, calls: &[Call]) -> Vec<Taken> {
        let incoming: Vec<Vec<Incoming<'_>>> = calls.iter().map(incoming_of).collect();
        match self.commit(tenant, &incoming, Effect::Full) {
            Ok(taken) => taken,
            Err(failure) if failure.is_of_the_machine() => {
                tracing::error!(%failure, calls = calls.len(), "no call of this batch is durable");
                vec![Taken::TryLater; calls.len()]
            }
            Err(failure) => {
                tracing::warn!(%failure, calls = calls.len(), "the batch is committed call by call");
                let one_by_one = incoming.chunks(1);
                one_by_one.map(|one| self.take_one(tenant, one)).collect()
            }
        }
    }

    fn take_one(&mut self, tenant: Tenant, one: &[Vec<Incoming<'_>>]) -> Taken {
        let full = self.commit(tenant, one, Effect::Full);
        let taken = full.or_else(|failure| {
            // What does not fit on a full disk may fit without its effect; it is whole or not at all.
            if failure.is_of_the_machine() {
                return Err(failure);
            }
            tracing::error!(%failure, "a call is recorded without effect, to be swept later");
            self.commit(tenant, one, Effect::RecordOnly)
        });
        taken
            .ok()
            .and_then(|taken| taken.first().copied())
            .unwrap_or_else(|| {
                tracing::error!("a call could not be recorded");
                Taken::TryLater
            })
    }

    /// Applies swept notices one by one until it is told to stop; gives how many could be applied.
    pub(super) fn sweep(
        &mut self,
        tenant: Tenant,
        rows: &[(NoticeRow, Notice, Arc<Channel>)],
        is_stopping: &AtomicBool,
    ) -> usize {
        let mut applied = 0;
        for (row, notice, channel) in rows {
            if is_stopping.load(Ordering::Relaxed) {
                break;
            }
            let incoming = Incoming::new(channel, notice, &row.raw, Some(row.notice_id));
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
        let listeners = self.listeners_of(tenant)?;
        let lookup = lookup(tenant, calls);
        let mut taken = Vec::new();
        let next = self.connection()?.commit(|journal| {
            let mut found = journal.find(&lookup)?;
            let contradictions = contradictions(tenant, calls, &found);
            if !contradictions.notice_keys.is_empty() {
                found.notices.extend(journal.find(&contradictions)?.notices);
            }
            let mut book = Workbook::open(tenant, now, &slots, found)?;
            book.watch_for(&listeners);
            taken = calls
                .iter()
                .map(|call| apply_call(&mut book, call, effect))
                .collect::<Result<_, Failure>>()?;
            let mut next = head.clone();
            let batch = book.close(&mut next)?;
            journal.write(tenant.0, &batch)?;
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

    fn listeners_of(&mut self, tenant: Tenant) -> Result<Listeners, Failure> {
        if let Some(known) = self.listeners.get(&tenant) {
            return Ok(Listeners::clone(known));
        }
        let listeners = self.db.read(|queries| listeners_of(queries, tenant.0))?;
        self.listeners.insert(tenant, Listeners::clone(&listeners));
        Ok(listeners)
    }

    fn slots_of(&mut self, tenant: Tenant) -> Result<HashMap<String, u8>, Failure> {
        match self.slots.remove(&tenant) {
            Some(slots) => Ok(slots),
            None => provider_slots(&self.db, tenant, &self.providers),
        }
    }
}

/// Whether notices move the books or are only written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Full,
    RecordOnly,
}

fn incoming_of(call: &Call) -> Vec<Incoming<'_>> {
    let incoming = |notice| Incoming {
        request_id: call.request_id,
        span: call.span.as_deref(),
        ..Incoming::new(&call.channel, notice, &call.raw, None)
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
        let applied: Applied = incoming.following().in_scope(|| match effect {
            Effect::Full => apply_notice(book, incoming),
            Effect::RecordOnly => Ok(record_only(book, incoming)),
        })?;
        book.end_step();
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
            .push((channel.clone(), incoming.key_hash.clone()));
        let own = (channel.clone(), notice.payment_key.clone());
        lookup.payment_keys.push(own);
        if let Some(early) = notice.early_key() {
            lookup.payment_keys.push((channel.clone(), early.clone()));
            lookup.early_keys.push((channel.clone(), early));
        }
        if notice.is_unnamed() && waits(notice.status) {
            let order = notice.order_ref.clone();
            let order = order.map(|order| (channel.clone(), order));
            lookup.unnamed_orders.extend(order);
        }
        lookup.takes_back |= takes_back(notice.status);
        let clues = incoming.clues.clone();
        let attempt = clues.order_ref.map(|text| (channel.clone(), text));
        lookup.attempts.extend(attempt);
        lookup.references.extend(clues.references);
        lookup.virtual_accounts.extend(clues.virtual_account);
        lookup.dossier_codes.extend(clues.dossier_codes);
    }
    lookup
}

/// Whether money goes back with a notice of this status.
fn takes_back(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Reversed | PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded => {
            true
        }
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Review
        | PaymentStatus::Outgoing => false,
    }
}

/// The keys under which notices about something known would be kept if they contradict it: a retried
/// contradiction must be found again.
fn contradictions(tenant: Tenant, calls: &[Vec<Incoming<'_>>], found: &Found) -> Lookup {
    let is_known = |incoming: &&Incoming<'_>| {
        let (channel, notice) = (&incoming.channel.name, incoming.notice);
        let early = notice.early_key();
        let of_payment = |row: &PaymentRow| {
            let is_key = row.payment_key == notice.payment_key;
            row.channel == *channel && (is_key || Some(&row.payment_key) == early.as_ref())
        };
        let of_notice =
            |head: &NoticeHead| head.channel == *channel && head.key_hash == incoming.key_hash;
        found.payments.iter().any(of_payment) || found.notices.iter().any(of_notice)
    };
    let known = calls.iter().flatten().filter(|incoming| {
        !(found.payments.is_empty() && found.notices.is_empty()) && is_known(incoming)
    });
    let key = |incoming: &Incoming<'_>| {
        let key = incoming.notice.conflict_key_hash();
        (incoming.channel.name.clone(), key.to_vec())
    };
    Lookup {
        tenant: tenant.0,
        notice_keys: known.map(key).collect(),
        ..Lookup::default()
    }
}
