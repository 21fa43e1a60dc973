//! Asking what became of payments: an order that is due is claimed, its provider is asked over HTTP,
//! and the answer goes the way of a webhook, through the writer's queue into the books, with its
//! bytes. An answer that cannot be used changes nothing but the schedule.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::claim_status_queries::{Claim, Ended, Queue};
use super::take_notices::{Call, Intake, Taken};
use crate::checkout::http::{Client, Reply};
use crate::checkout::outbound::{Question, Standing, Told};
use crate::checkout::providers::{Asked, asked};
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::config::settings::{Settings, StatusQuerySettings};
use crate::domain::ids::uuid_at;
use crate::domain::notice::Notice;
use crate::domain::status_query::QueryState;
use crate::domain::time::Instant;
use crate::intake::provider::Refusal;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::StatusQueryRow;

/// How long an answer waits for the writer.
const WRITER_PATIENCE: Duration = Duration::from_secs(20);

/// The largest amount an answer may speak of, minor units: as for calls.
const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// Counts of the asking, for `/metrics`.
#[derive(Debug, Default)]
pub struct AskTally(Mutex<AskCounts>);

/// What is counted, each by channel and stable word.
#[derive(Debug, Default, Clone)]
pub struct AskCounts {
    /// Questions by outcome, since the start.
    pub questions: BTreeMap<(String, String), u64>,
    /// Orders that wait, and orders that were given up, when they were last counted.
    pub orders: BTreeMap<(String, String), i64>,
}

impl AskTally {
    /// The counts of now.
    #[must_use]
    pub fn counts(&self) -> AskCounts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut AskCounts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The channel that was asked.
    pub channel: String,
    /// The order that was asked about.
    pub order_ref: String,
    /// A stable word: the payment's status, or why there is none.
    pub outcome: String,
    /// Where the asking about the order stands now.
    pub state: QueryState,
}

/// What one step at a channel came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An order was asked about.
    Asked(Outcome),
    /// Orders are due, and the channel is left alone until then.
    Paused(Instant),
    /// No order is due.
    Idle,
}

/// The way to the writer's queue; gives the call back when it is closed.
pub type Submit<'a> = &'a dyn Fn(Call) -> Result<(), Call>;

struct Line {
    channel: Arc<Channel>,
    asked: Asked,
}

/// Somebody who asks, about every channel that can be asked.
pub struct Asker {
    db: Db,
    settings: StatusQuerySettings,
    client: Client,
    lines: BTreeMap<String, Line>,
    tally: Arc<AskTally>,
}

impl Asker {
    /// Of the settings, the channels that can be asked.
    #[must_use]
    pub fn new(db: &Db, settings: &Settings, tally: Arc<AskTally>) -> Self {
        let line = |(name, channel): (&String, &Channel)| {
            let asked = asked(channel).ok()?;
            let channel = Arc::new(channel.clone());
            Some((name.clone(), Line { channel, asked }))
        };
        let patience = Duration::from_secs(settings.status_queries.timeout_s);
        Self {
            db: db.clone(),
            settings: settings.status_queries.clone(),
            client: Client::new(patience),
            lines: settings.channels.iter().filter_map(line).collect(),
            tally,
        }
    }

    /// The channels that can be asked.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// Enrols what nobody asks about yet, on every channel, and counts what waits; gives how many
    /// orders are new.
    ///
    /// # Errors
    /// Any [`Failure`].
    pub fn enrol(&self, now: Instant) -> Result<usize, Failure> {
        let mut enrolled = 0;
        for (name, line) in &self.lines {
            let queue = self.queue(line);
            enrolled += queue.enrol(now)?;
            for state in [QueryState::Waiting, QueryState::GivenUp] {
                let word = state.as_str();
                let tenant = queue.tenant;
                let count = self
                    .db
                    .read(|queries| queries.count_status_queries(tenant, name, word))?;
                let key = (name.clone(), word.to_owned());
                self.tally.change(|counts| {
                    counts.orders.insert(key, count);
                });
            }
        }
        Ok(enrolled)
    }

    /// Asks about the order of a channel that has been due the longest, if there is one.
    ///
    /// # Errors
    /// Any [`Failure`] of the database; that a provider does not answer is an outcome.
    pub fn step(&self, channel: &str, clock: &Clock, submit: Submit<'_>) -> Result<Step, Failure> {
        let Some(line) = self.lines.get(channel) else {
            return Ok(Step::Idle);
        };
        let queue = self.queue(line);
        let now = clock.now();
        let row = match queue.claim(now)? {
            Claim::Order(row) => row,
            Claim::Paused(until) => return Ok(Step::Paused(until)),
            Claim::Idle => return Ok(Step::Idle),
        };
        let (ended, outcome) = self.ask(line, &row, now, submit);
        let state = queue.finish(&row, ended, &outcome, clock.now())?;
        if state == QueryState::GivenUp {
            let (order_ref, tries) = (row.order_ref.as_str(), row.tries);
            tracing::warn!(channel, order_ref, tries, outcome, "an order is given up");
        }
        let key = (channel.to_owned(), outcome.clone());
        self.tally.change(|counts| {
            *counts.questions.entry(key).or_default() += 1;
        });
        Ok(Step::Asked(Outcome {
            channel: channel.to_owned(),
            order_ref: row.order_ref,
            outcome,
            state,
        }))
    }

    fn queue<'a>(&'a self, line: &'a Line) -> Queue<'a> {
        Queue {
            db: &self.db,
            settings: &self.settings,
            tenant: line.channel.tenant.0,
            channel: &line.channel.name,
        }
    }

    /// Asks, and records what is answered.
    fn ask(
        &self,
        line: &Line,
        row: &StatusQueryRow,
        now: Instant,
        submit: Submit<'_>,
    ) -> (Ended, String) {
        let id = uuid_at(now).simple().to_string();
        let question = Question {
            order_ref: &row.order_ref,
            ordered_at: row.ordered_at.0,
            asked_at: now,
            id: &id,
            our_address: &self.settings.our_address,
        };
        let channel = &line.channel;
        let request = match line
            .asked
            .query
            .ask(&question, channel, &line.asked.address)
        {
            Ok(request) => request,
            Err(refusal) => return (Ended::CannotAsk, refusal.code().to_owned()),
        };
        let reply = match self.client.send(&request) {
            Ok(reply) => reply,
            Err(none) => return (Ended::Failure(None), none.as_str().to_owned()),
        };
        let read = line.asked.query.hear(&reply.body, &question, channel);
        let told = match read.and_then(|told| sound(told, reply.status)) {
            Ok(told) => told,
            Err(refusal) => {
                let (name, status) = (&channel.name, reply.status);
                tracing::info!(channel = name, status, reason = %refusal, "an answer was refused");
                let outcome = match status {
                    200..=299 => refusal.code().to_owned(),
                    _ => format!("http_{status}"),
                };
                return (Ended::Failure(reply.retry_after_s), outcome);
            }
        };
        let (standing, outcome) = (told.standing, outcome_of(&told));
        if told.notices.is_empty() {
            return (Ended::Answer(standing), outcome);
        }
        match record(
            channel,
            told.notices,
            evidence(&request.url, &reply),
            submit,
        ) {
            Taken::New(_) | Taken::Repeat(_) => (Ended::Answer(standing), outcome),
            Taken::TryLater => (Ended::NotRecorded, "not_recorded".to_owned()),
        }
    }
}

/// Refuses amounts beyond anything we keep, and payments in an answer that HTTP calls a fault.
fn sound(mut told: Told, status: u16) -> Result<Told, Refusal> {
    if !told.notices.is_empty() && !(200..=299).contains(&status) {
        return Err(Refusal::malformed("status", "is a fault"));
    }
    let is_large = |minor: i64| minor.unsigned_abs() > LARGEST_MINOR.unsigned_abs();
    for notice in &told.notices {
        if is_large(notice.amount.minor()) || notice.refunded_minor.is_some_and(is_large) {
            return Err(Refusal::malformed("amount", "is larger than any payment"));
        }
    }
    told.notices = told.notices.into_iter().map(Notice::without_nul).collect();
    Ok(told)
}

fn outcome_of(told: &Told) -> String {
    let status = told.notices.first().map(|notice| notice.status.as_str());
    let word = status.unwrap_or(match told.standing {
        Standing::Final => "ended_unpaid",
        Standing::Open => "not_paid_yet",
        Standing::NotFound => "not_found",
    });
    word.to_owned()
}

/// The answer as bytes to keep beside its notices: where it came from, an empty line, its body.
fn evidence(url: &str, reply: &Reply) -> Vec<u8> {
    let head = format!("ANSWER {} {url}\r\n\r\n", reply.status);
    [head.as_bytes(), &reply.body].concat()
}

/// Hands notices to the writer like a webhook's and waits for the commit.
fn record(channel: &Arc<Channel>, notices: Vec<Notice>, raw: Vec<u8>, submit: Submit<'_>) -> Taken {
    let (reply, told) = sync_channel(1);
    let call = Call {
        request_id: None,
        span: None,
        channel: Arc::clone(channel),
        notices,
        silent_because: None,
        raw,
        reply: Box::new(move |taken| {
            let _ = reply.send(taken);
        }),
    };
    if submit(call).is_err() {
        return Taken::TryLater;
    }
    told.recv_timeout(WRITER_PATIENCE)
        .unwrap_or(Taken::TryLater)
}

/// The thread that asks while `serve` runs.
pub struct Asking {
    stop: SyncSender<()>,
    intake: Arc<Mutex<Option<Intake>>>,
    thread: JoinHandle<()>,
}

/// How often a thread looks for something to ask, and for orders nobody asks about.
const GLANCE: Duration = Duration::from_secs(1);
const GLANCES_PER_ENROLMENT: u32 = 30;

/// Starts a thread that asks about everything that becomes due.
///
/// # Errors
/// [`Failure::Broken`] when the thread cannot be started.
pub fn start_asking(asker: Asker, clock: Clock, intake: Intake) -> Result<Asking, Failure> {
    let (stop, stopped) = sync_channel(1);
    let intake = Arc::new(Mutex::new(Some(intake)));
    let shared = Arc::clone(&intake);
    let thread = std::thread::Builder::new()
        .name("asker".to_owned())
        .spawn(move || run(&asker, &clock, &shared, &stopped))
        .map_err(|error| Failure::Broken(format!("the asker could not start: {error}")))?;
    Ok(Asking {
        stop,
        intake,
        thread,
    })
}

impl Asking {
    /// Stops asking and lets go of the writer's queue, without waiting for a provider: a question
    /// under way is asked again when its claim has run out.
    pub fn stop(&self) {
        let _ = self.stop.try_send(());
        *self.intake.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(asker: &Asker, clock: &Clock, intake: &Mutex<Option<Intake>>, stopped: &Receiver<()>) {
    let mut glances = 0;
    loop {
        if glances % GLANCES_PER_ENROLMENT == 0
            && let Err(failure) = asker.enrol(clock.now())
        {
            tracing::warn!(%failure, "orders could not be enrolled for status queries");
        }
        glances = glances.wrapping_add(1);
        // The queue is held only while a call is put into it, so that the writer can end while a
        // provider keeps us waiting.
        let submit = |call| match &*intake.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(intake) => intake.submit(call),
            None => Err(call),
        };
        for channel in asker.channels() {
            if !matches!(stopped.try_recv(), Err(TryRecvError::Empty)) {
                return;
            }
            if let Err(failure) = asker.step(channel, clock, &submit) {
                tracing::warn!(%failure, channel, "a status query could not be made");
            }
        }
        match stopped.recv_timeout(GLANCE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
