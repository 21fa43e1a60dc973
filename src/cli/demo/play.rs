//! Playing the score: slot by slot the gateway's clock is moved, the calls of the slot are sent by
//! many connections at once, and all are answered before the next slot begins. Every answer is
//! compared with the planned one; what the books hold afterwards is not looked at here.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, anyhow};
use indicatif::ProgressBar;

use super::answer;
use super::calendar::Calendar;
use super::score::{Call, Score};
use super::sign::Signer;
use super::wire::{Answer, Wire};
use crate::config::clock::Clock;

/// Connections that call at the same time.
const CONNECTIONS: usize = 64;

/// Surprises that are told in words.
const TOLD: usize = 5;

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) answered: usize,
    /// Answers that were not the planned ones.
    pub(super) surprises: usize,
    /// The first of them in words.
    pub(super) told: Vec<String>,
}

/// What is played, and on what.
pub(super) struct Stage<'a> {
    pub(super) address: SocketAddr,
    pub(super) clock: &'a Clock,
    pub(super) calendar: &'a Calendar,
    pub(super) score: &'a Score,
    pub(super) signer: &'a Signer,
    pub(super) bar: &'a ProgressBar,
}

/// How far the players are; the one lock they share.
#[derive(Default)]
struct Progress {
    next: usize,
    slot: usize,
    under_way: usize,
    failure: Option<anyhow::Error>,
    played: Played,
}

/// Plays the whole score.
///
/// # Errors
/// When the gateway cannot be reached or breaks off.
pub(super) fn play(stage: &Stage<'_>) -> Result<Played> {
    let first = stage.score.calls.first().map_or(0, |call| call.slot);
    stage.clock.advance_to(stage.calendar.instant(first));
    let conductor = Conductor {
        stage,
        progress: Mutex::new(Progress {
            slot: first,
            ..Progress::default()
        }),
        moved: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                if let Err(error) = conductor.play_one_after_the_other() {
                    conductor.fail(error);
                }
            });
        }
    });
    let progress = conductor.progress.into_inner();
    let progress = progress.unwrap_or_else(PoisonError::into_inner);
    match progress.failure {
        Some(error) => Err(error),
        None => Ok(progress.played),
    }
}

struct Conductor<'a> {
    stage: &'a Stage<'a>,
    progress: Mutex<Progress>,
    /// Told when a slot is over, and at the end.
    moved: Condvar,
}

impl Conductor<'_> {
    fn play_one_after_the_other(&self) -> Result<()> {
        let mut wire = Wire::connect(self.stage.address)?;
        while let Some(call) = self.next() {
            let payment = self.stage.score.payments.get(call.payment);
            let payment = payment.ok_or_else(|| anyhow!("a call about no payment"))?;
            let request = self.stage.signer.request(payment, &call)?;
            let answer = wire.send(payment.way.as_str(), &request)?;
            let (status, piece) = answer::expected(payment.way, call.expected);
            let is_planned = answer.status == status && answer.body.contains(piece);
            let surprise = (!is_planned).then(|| {
                let way = payment.way.as_str();
                let Answer { status: got, body } = &answer;
                let wanted = call.expected;
                format!("{way}: {got} {body} where {status} {piece} was due ({wanted:?})")
            });
            self.done(surprise);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of the slot; once its last is answered, the first of the next slot.
    fn next(&self) -> Option<Call> {
        let mut progress = self.lock();
        loop {
            let call = self.stage.score.calls.get(progress.next).copied();
            let call = call.filter(|_| progress.failure.is_none())?;
            if call.slot > progress.slot && progress.under_way == 0 {
                progress.slot = call.slot;
                self.stage
                    .clock
                    .advance_to(self.stage.calendar.instant(call.slot));
                self.moved.notify_all();
            }
            if call.slot <= progress.slot {
                progress.next += 1;
                progress.under_way += 1;
                return Some(call);
            }
            progress = self
                .moved
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, surprise: Option<String>) {
        let mut progress = self.lock();
        progress.under_way -= 1;
        progress.played.answered += 1;
        if let Some(surprise) = surprise {
            progress.played.surprises += 1;
            if progress.played.told.len() < TOLD {
                progress.played.told.push(surprise);
            }
        }
        let is_last = progress.under_way == 0;
        drop(progress);
        self.stage.bar.inc(1);
        if is_last {
            self.moved.notify_all();
        }
    }

    fn fail(&self, error: anyhow::Error) {
        let mut progress = self.lock();
        progress.under_way = progress.under_way.saturating_sub(1);
        progress.failure.get_or_insert(error);
        self.moved.notify_all();
    }
}
