//! Delivering to one subscriber: what is due is claimed, sent, and what came of it is written down. Of
//! one subject only the first that waits is sent, so that its events arrive in order; those of other
//! subjects do not wait for it. A claim raises the tries and moves the next instant ahead, so that no
//! other process sends the same meanwhile; what it sent before it could say so is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use super::post::{Answer, Post};
use super::schedule::next_at;
use crate::config::clock::Clock;
use crate::config::subscriber::Subscriber;
use crate::domain::outbox::DeliveryState;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{DeliveryRow, EventRow, SubscriberRow, TryRow};
use crate::store::types::{Ts, Uid};

/// Deliveries looked at in one round.
const BATCH: i64 = 32;

/// How long a round goes on sending before it writes down what came of it.
const ROUND: TimeDelta = TimeDelta::seconds(5);

/// How much longer than a round and an answer may take a claim holds.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// The longest that a subscriber is left alone because it asked for it.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Tries kept of a delivery.
const KEPT_TRIES: i32 = 20;

const GONE: u16 = 410;
const BUSY: [u16; 2] = [429, 503];

/// Who delivers to one subscriber.
pub struct Courier {
    db: Db,
    clock: Clock,
    subscriber: Subscriber,
    post: Post,
    paused_until: Option<Instant>,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Deliveries that were sent.
    pub tried: usize,
    /// Those among them that the subscriber took.
    pub delivered: usize,
    /// Whether there may be more at once.
    pub is_busy: bool,
}

/// What is due: what to send with its event, and what waits behind something that is not due.
#[derive(Default)]
struct Due {
    first: Vec<DeliveryRow>,
    held_by: Vec<DeliveryRow>,
    events: BTreeMap<Uid, EventRow>,
}

/// A delivery that this process may send, and how it was before.
struct Claimed {
    row: DeliveryRow,
    before: DeliveryRow,
}

/// What is written down of a claim.
struct Ended {
    row: DeliveryRow,
    claimed_tries: i32,
    told: Option<TryRow>,
}

impl Courier {
    /// A courier of a subscriber.
    ///
    /// # Errors
    /// [`Failure::Broken`] when the subscriber's certificates cannot be used.
    pub fn new(db: &Db, clock: &Clock, subscriber: &Subscriber) -> Result<Self, Failure> {
        let post = Post::new(subscriber).map_err(|reason| {
            Failure::Broken(format!("subscribers.{}.ca_file: {reason}", subscriber.name))
        })?;
        Ok(Self {
            db: db.clone(),
            clock: clock.clone(),
            subscriber: subscriber.clone(),
            post,
            paused_until: None,
        })
    }

    /// Sends what is due now, as far as one round goes; `stop` ends it after the one under way.
    ///
    /// # Errors
    /// Any [`Failure`]; what was sent and not written down is sent again later.
    pub fn round(&mut self, stop: &AtomicBool) -> Result<Round, Failure> {
        let now = self.clock.now();
        if self.paused_until.is_some_and(|until| now < until) {
            return Ok(Round::default());
        }
        let due = self.db.read(|queries| self.look(queries, now))?;
        if due.first.is_empty() && due.held_by.is_empty() {
            return Ok(Round::default());
        }
        let claimed = self.db.write(|queries| self.claim(queries, &due, now))?;
        let mut round = Round {
            is_busy: true,
            ..Round::default()
        };
        let mut is_gone = false;
        let mut ended = Vec::with_capacity(claimed.len());
        for claim in claimed {
            let is_over = is_gone
                || stop.load(Ordering::Relaxed)
                || self.paused_until.is_some_and(|until| now < until)
                || self.clock.now().signed_duration_since(now) > ROUND;
            let event = due.events.get(&claim.row.event_id);
            let Some(event) = event.filter(|_| !is_over) else {
                ended.push(released(claim));
                continue;
            };
            let (end, status) = self.send(claim, event);
            round.tried += 1;
            round.delivered += usize::from(is_taken(status));
            is_gone |= status == Some(GONE);
            ended.push(end);
        }
        let gone_at = is_gone.then(|| self.clock.now());
        self.db
            .write(|queries| self.record(queries, &ended, gone_at))?;
        Ok(round)
    }

    fn look(&self, queries: &mut dyn Queries, now: Instant) -> Result<Due, Failure> {
        let (tenant, name) = (self.subscriber.tenant.0, self.subscriber.name.as_str());
        let known = queries.list_subscribers(tenant)?;
        let is_gone = |row: &SubscriberRow| {
            row.subscriber == name && row.gone_url.as_deref() == Some(self.subscriber.url.as_str())
        };
        if known.iter().any(is_gone) {
            return Ok(Due::default());
        }
        let rows = queries.list_due_deliveries(tenant, name, Ts(now), BATCH)?;
        if rows.is_empty() {
            return Ok(Due::default());
        }
        let subjects: BTreeSet<Uid> = rows.iter().map(|row| row.subject).collect();
        let subjects: Vec<Uid> = subjects.into_iter().collect();
        let first = queries.list_first_waiting(tenant, name, &subjects)?;
        let (mut first, held_by): (Vec<_>, Vec<_>) =
            first.into_iter().partition(|row| row.next_at.0 <= now);
        first.sort_by_key(|row| (row.next_at, row.delivery_id));
        let ids: Vec<Uid> = first.iter().map(|row| row.event_id).collect();
        let events = queries.list_events(tenant, &ids)?;
        Ok(Due {
            first,
            held_by,
            events: events.into_iter().map(|row| (row.event_id, row)).collect(),
        })
    }

    fn claim(
        &self,
        queries: &mut dyn Queries,
        due: &Due,
        now: Instant,
    ) -> Result<Vec<Claimed>, Failure> {
        for row in &due.held_by {
            queries.mark_following(row, row.next_at)?;
        }
        let patience = TimeDelta::from_std(self.subscriber.timeout).unwrap_or(GRACE);
        let until = now
            .checked_add_signed(patience + ROUND + GRACE)
            .unwrap_or(now);
        let mut claimed = Vec::with_capacity(due.first.len());
        for before in &due.first {
            let row = DeliveryRow {
                tries: before.tries.saturating_add(1),
                next_at: Ts(until),
                ..before.clone()
            };
            if queries.mark_delivery(&row, before.tries)? {
                let before = before.clone();
                claimed.push(Claimed { row, before });
            }
        }
        Ok(claimed)
    }

    /// Sends one and says what is to be written down, and what status was answered.
    fn send(&mut self, claim: Claimed, event: &EventRow) -> (Ended, Option<u16>) {
        let started = self.clock.now();
        let answer = self.post.send(event, started);
        let now = self.clock.now();
        let claimed_tries = claim.row.tries;
        let told = TryRow {
            tenant: claim.row.tenant,
            delivery_id: claim.row.delivery_id,
            nth: claimed_tries,
            tried_at: Ts(started),
            millis: now.signed_duration_since(started).num_milliseconds(),
            status: answer.status.map(i32::from),
            error: answer.error.clone(),
            answer: answer.body.clone(),
        };
        let row = self.judge(claim.row, &answer, now);
        let status = answer.status;
        let ended = Ended {
            row,
            claimed_tries,
            told: Some(told),
        };
        (ended, status)
    }

    /// What an answer makes of a delivery.
    fn judge(&mut self, mut row: DeliveryRow, answer: &Answer, now: Instant) -> DeliveryRow {
        let (name, delivery) = (self.subscriber.name.as_str(), row.delivery_id.0);
        row.last_status = answer.status.map(i32::from);
        row.last_error.clone_from(&answer.error);
        if is_taken(answer.status) {
            DeliveryState::Delivered.as_str().clone_into(&mut row.state);
            row.delivered_at = Some(Ts(now));
            row.next_at = Ts(now);
            return row;
        }
        if answer.status == Some(GONE) {
            // Waits until the subscriber is switched on again, whatever the table says.
            row.next_at = Ts(now);
            return row;
        }
        let is_busy = answer.status.is_some_and(|status| BUSY.contains(&status));
        let asked = answer.retry_after.filter(|_| is_busy);
        self.paused_until = asked.and_then(|asked| pause(now, asked));
        let failed = row.tries.saturating_sub(row.round_from);
        let error = answer.error.as_deref().unwrap_or("");
        match next_at(now, row.delivery_id.0, failed, asked) {
            Some(at) => {
                tracing::info!(subscriber = name, %delivery, status = answer.status, error, "a delivery failed");
                row.next_at = Ts(at);
            }
            None => {
                tracing::warn!(
                    subscriber = name, %delivery, status = answer.status, error,
                    "a delivery is given up; doisoat outbox redeliver asks for it again"
                );
                DeliveryState::GivenUp.as_str().clone_into(&mut row.state);
                row.next_at = Ts(now);
            }
        }
        row
    }

    fn record(
        &self,
        queries: &mut dyn Queries,
        ended: &[Ended],
        gone_at: Option<Instant>,
    ) -> Result<(), Failure> {
        for end in ended {
            if !queries.mark_delivery(&end.row, end.claimed_tries)? {
                continue;
            }
            if let Some(told) = &end.told {
                queries.insert_try(told, KEPT_TRIES)?;
                queries.mark_following(&end.row, end.row.next_at)?;
            }
        }
        let Some(at) = gone_at else {
            return Ok(());
        };
        let (tenant, name) = (self.subscriber.tenant.0, self.subscriber.name.as_str());
        for row in queries.list_subscribers(tenant)? {
            if row.subscriber == name {
                queries.insert_subscriber(&SubscriberRow {
                    gone_url: Some(self.subscriber.url.clone()),
                    gone_at: Some(Ts(at)),
                    ..row
                })?;
            }
        }
        tracing::warn!(
            subscriber = name,
            "answered 410, so nothing more is sent there; doisoat outbox switch-on begins again"
        );
        Ok(())
    }
}

fn is_taken(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..=299).contains(&status))
}

fn pause(now: Instant, asked: Duration) -> Option<Instant> {
    let asked = TimeDelta::from_std(asked).unwrap_or(LONGEST_PAUSE);
    now.checked_add_signed(asked.min(LONGEST_PAUSE))
}

/// A claim that was not used: the delivery is as it was before.
fn released(claim: Claimed) -> Ended {
    Ended {
        claimed_tries: claim.row.tries,
        row: claim.before,
        told: None,
    }
}
