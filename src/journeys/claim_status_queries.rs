//! Which order is asked about next: orders whose fate is open are enrolled, one that is due is
//! claimed, and what came of the question is written down. Each step is one transaction, and a claim
//! moves the row's and the channel's next instant ahead, so that no other process asks meanwhile.
//! Nobody is asked here.

use crate::checkout::outbound::Standing;
use crate::checkout::schedule::{channel_at, first_at, last_chance_at, next_at};
use crate::config::settings::StatusQuerySettings;
use crate::domain::bill::BillState;
use crate::domain::ids::lowest_uuid_at;
use crate::domain::payment::PaymentStatus;
use crate::domain::status_query::QueryState;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{QueryChannelRow, StatusQueryRow};
use crate::store::types::{Ts, Uid};
use chrono::{DateTime, TimeDelta};

/// Orders enrolled, or found settled without a question, in one transaction.
const MOST: i64 = 500;

/// How much longer than an answer may take a claim holds, for what comes after the answer.
const GRACE_S: u64 = 30;

/// The queue of questions to one channel.
pub(super) struct Queue<'a> {
    pub(super) db: &'a Db,
    pub(super) settings: &'a StatusQuerySettings,
    pub(super) tenant: i32,
    pub(super) channel: &'a str,
}

/// What the queue offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// An order to ask about now.
    Order(Box<StatusQueryRow>),
    /// Orders are due, and the channel is left alone until then.
    Paused(Instant),
    /// No order is due.
    Idle,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer.
    Answer(Standing),
    /// Without one that could be used; seconds the provider wants to be left alone.
    Failure(Option<u32>),
    /// With an answer that we could not write down.
    NotRecorded,
    /// Before it began: the order is none that this provider could know.
    CannotAsk,
}

impl Queue<'_> {
    /// Enrols attempts and unfinished payments that nobody asks about, as far as their chances have
    /// not ended; gives how many.
    pub(super) fn enrol(&self, now: Instant) -> Result<usize, Failure> {
        let chances = i64::try_from(self.settings.last_chance_s).unwrap_or(i64::MAX);
        let since = TimeDelta::try_seconds(chances)
            .and_then(|chances| now.checked_sub_signed(chances))
            .unwrap_or(DateTime::UNIX_EPOCH);
        let rows = self.db.read(|queries| {
            let (tenant, channel) = (self.tenant, self.channel);
            let attempts = queries.list_unasked_attempts(tenant, channel, Ts(since), MOST)?;
            let lowest = Uid(lowest_uuid_at(since));
            let payments = queries.list_unasked_payments(tenant, channel, lowest, MOST)?;
            let of_attempts = attempts
                .into_iter()
                .map(|attempt| self.row(attempt.order_ref, attempt.opened_at.0, None));
            let of_payments = payments.into_iter().filter_map(|payment| {
                let id = payment.payment_id;
                let at = payment.paid_at.map_or(recorded_at(id, now), |at| at.0);
                Some(self.row(payment.order_ref?, at.min(now), Some(id)))
            });
            Ok::<_, Failure>(of_attempts.chain(of_payments).collect::<Vec<_>>())
        })?;
        if !rows.is_empty() {
            self.db
                .write(|queries| queries.insert_status_queries(&rows))?;
        }
        Ok(rows.len())
    }

    fn row(
        &self,
        order_ref: String,
        ordered_at: Instant,
        payment_id: Option<Uid>,
    ) -> StatusQueryRow {
        StatusQueryRow {
            tenant: self.tenant,
            channel: self.channel.to_owned(),
            payment_id,
            ordered_at: Ts(ordered_at),
            next_at: Ts(first_at(self.settings, &order_ref, ordered_at)),
            tries: 0,
            last_chance_at: Ts(last_chance_at(self.settings, ordered_at)),
            state: QueryState::Waiting.as_str().to_owned(),
            last_outcome: None,
            last_asked_at: None,
            order_ref,
        }
    }

    /// Claims the order that has been due the longest. Orders that a webhook has settled meanwhile
    /// are answered without a question.
    pub(super) fn claim(&self, now: Instant) -> Result<Claim, Failure> {
        let offered = self.db.read(|queries| self.look(queries, now))?;
        if !matches!(offered, Claim::Order(_)) {
            return Ok(offered);
        }
        self.db.write(|queries| {
            for _ in 0..MOST {
                let Claim::Order(row) = self.look(queries, now)? else {
                    break;
                };
                let tries = row.tries;
                if let Some(status) = settled(queries, &row)? {
                    let answered = answered(*row, status);
                    queries.mark_status_query(&answered, tries)?;
                    continue;
                }
                let held_until = Ts(self.held_until(now));
                let claimed = StatusQueryRow {
                    tries: tries.saturating_add(1),
                    next_at: held_until,
                    last_asked_at: Some(Ts(now)),
                    ..*row
                };
                if !queries.mark_status_query(&claimed, tries)? {
                    continue;
                }
                let standing = self.standing(queries)?;
                queries.insert_query_channel(&QueryChannelRow {
                    next_at: held_until,
                    ..standing
                })?;
                return Ok(Claim::Order(Box::new(claimed)));
            }
            Ok(Claim::Idle)
        })
    }

    /// What is due, and whether the channel may be asked.
    fn look(&self, queries: &mut dyn Queries, now: Instant) -> Result<Claim, Failure> {
        let due = queries.find_due_status_query(self.tenant, self.channel, Ts(now))?;
        let Some(row) = due else {
            return Ok(Claim::Idle);
        };
        let free_at = self.standing(queries)?.next_at.0;
        Ok(if free_at > now {
            Claim::Paused(free_at)
        } else {
            Claim::Order(Box::new(row))
        })
    }

    fn standing(&self, queries: &mut dyn Queries) -> Result<QueryChannelRow, Failure> {
        let held = queries.find_query_channel(self.tenant, self.channel)?;
        Ok(held.unwrap_or_else(|| QueryChannelRow {
            tenant: self.tenant,
            channel: self.channel.to_owned(),
            next_at: Ts(DateTime::UNIX_EPOCH),
            failures: 0,
            last_outcome: None,
        }))
    }

    fn held_until(&self, now: Instant) -> Instant {
        let seconds = self.settings.timeout_s.saturating_add(GRACE_S);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let hold = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
        now.checked_add_signed(hold).unwrap_or(now)
    }

    /// Writes down how the question about a claimed order ended, and gives what became of it. When
    /// the claim has run out and somebody else asked, nothing is written.
    pub(super) fn finish(
        &self,
        claimed: &StatusQueryRow,
        ended: Ended,
        outcome: &str,
        now: Instant,
    ) -> Result<QueryState, Failure> {
        let row = self.finished(claimed, ended, outcome, now);
        let was_ours = self.db.write(|queries| {
            let was_ours = queries.mark_status_query(&row, claimed.tries)?;
            let standing = self.standing(queries)?;
            let (failures, wait_s) = match ended {
                Ended::Answer(_) => (0, None),
                Ended::Failure(wait_s) => (standing.failures.saturating_add(1), wait_s),
                Ended::NotRecorded | Ended::CannotAsk => (standing.failures, None),
            };
            let count = u32::try_from(failures).unwrap_or(0);
            queries.insert_query_channel(&QueryChannelRow {
                next_at: Ts(channel_at(self.settings, count, wait_s, now)),
                failures,
                last_outcome: Some(outcome.to_owned()),
                ..standing
            })?;
            Ok::<_, Failure>(was_ours)
        })?;
        let state = QueryState::parse(&row.state).filter(|_| was_ours);
        Ok(state.unwrap_or(QueryState::Waiting))
    }

    fn finished(
        &self,
        claimed: &StatusQueryRow,
        ended: Ended,
        outcome: &str,
        now: Instant,
    ) -> StatusQueryRow {
        let tries = u32::try_from(claimed.tries).unwrap_or(u32::MAX);
        let next = match ended {
            Ended::Answer(Standing::Final) | Ended::CannotAsk => None,
            // Not the order's fault: its chances do not end here.
            Ended::NotRecorded => Some(self.held_until(now)),
            Ended::Answer(Standing::Open | Standing::NotFound) | Ended::Failure(_) => next_at(
                self.settings,
                &claimed.order_ref,
                tries,
                now,
                claimed.last_chance_at.0,
            ),
        };
        let state = match (next, ended) {
            (Some(_), _) => QueryState::Waiting,
            // To the last the provider knew no such order: nobody paid.
            (None, Ended::Answer(Standing::Final | Standing::NotFound)) => QueryState::Answered,
            (
                None,
                Ended::Answer(Standing::Open)
                | Ended::Failure(_)
                | Ended::NotRecorded
                | Ended::CannotAsk,
            ) => QueryState::GivenUp,
        };
        StatusQueryRow {
            next_at: Ts(next.unwrap_or(now)),
            state: state.as_str().to_owned(),
            last_outcome: Some(outcome.to_owned()),
            ..claimed.clone()
        }
    }
}

fn answered(row: StatusQueryRow, status: PaymentStatus) -> StatusQueryRow {
    StatusQueryRow {
        state: QueryState::Answered.as_str().to_owned(),
        last_outcome: Some(status.as_str().to_owned()),
        ..row
    }
}

/// The final status of the order's payments, when there are some, none is unfinished, and they paid
/// the whole bill: an order may be paid in parts, each with a webhook that can be lost.
fn settled(
    queries: &mut dyn Queries,
    row: &StatusQueryRow,
) -> Result<Option<PaymentStatus>, Failure> {
    let mut payments =
        queries.list_payments_of_attempt(row.tenant, &row.channel, &row.order_ref)?;
    if let Some(id) = row.payment_id {
        payments.extend(queries.find_payment(row.tenant, id)?);
    }
    let mut last = None;
    for payment in &payments {
        match payment.to_status()? {
            PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Review => {
                return Ok(None);
            }
            status @ (PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Reversed
            | PaymentStatus::Refunded
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Outgoing) => last = Some(status),
        }
    }
    let is_part = last.is_some_and(PaymentStatus::is_money) && is_part_paid(queries, row)?;
    Ok(last.filter(|_| !is_part))
}

fn is_part_paid(queries: &mut dyn Queries, row: &StatusQueryRow) -> Result<bool, Failure> {
    let attempt = queries.find_attempt(row.tenant, &row.channel, &row.order_ref)?;
    let Some(attempt) = attempt else {
        return Ok(false);
    };
    let bill = queries.find_bill_by_id(row.tenant, attempt.bill_id)?;
    Ok(bill.is_some_and(|bill| bill.state == BillState::PartPaid.as_str()))
}

/// When a payment was recorded, by the time inside its id.
fn recorded_at(id: Uid, otherwise: Instant) -> Instant {
    let parts = id.0.get_timestamp().map(|at| at.to_unix());
    parts
        .and_then(|(seconds, nanos)| {
            let seconds = i64::try_from(seconds).ok()?;
            DateTime::from_timestamp(seconds, nanos)
        })
        .unwrap_or(otherwise)
}
