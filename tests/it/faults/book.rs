//! The callers' book: every payment that was ever told of, every call about it, and how each call was
//! answered. It hands out the next call and judges each answer where it can be judged at once; what
//! must be true of the database in the end is `proof`'s.

use std::collections::HashMap;

use super::Dice;
use super::messages::{Meaning, Payment, Way};

/// Calls that may be on their way before the first of them is sent: they are sent in any order.
const SHUFFLED: usize = 8;

/// What is remembered of one call, by all who sent it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    /// How often it was sent and may have arrived.
    pub(super) tries: u32,
    /// How often it was answered as recorded.
    pub(super) acks: u32,
    /// How often it was answered as news.
    pub(super) news: u32,
}

/// A payment and its calls: one of `pending` where its provider says so, and one of success.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) payment: Payment,
    pub(super) pending: Sent,
    pub(super) success: Sent,
}

/// A call to be sent now.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) payment: Payment,
    pub(super) is_success: bool,
    pub(super) is_forged: bool,
    /// Its place in the book; forgeries have none.
    pub(super) place: Option<usize>,
    /// Whether it was answered as recorded before it was sent.
    pub(super) was_acked: bool,
}

/// Sums of what was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) acked: u64,
    pub(super) try_later: u64,
    pub(super) refused: u64,
    pub(super) lost: u64,
    pub(super) not_sent: u64,
}

/// The book.
pub(super) struct Book {
    dice: Dice,
    bills: Vec<(String, i64)>,
    next_bill: usize,
    pub(super) told: Vec<Told>,
    waiting: Vec<(usize, bool)>,
    again: Option<(usize, bool)>,
    /// Calls that found nobody listening; the next ones.
    returned: Vec<Call>,
    pub(super) tally: Tally,
    /// Answers that no provider's contract knows, or that say the wrong thing.
    pub(super) wrong: Vec<String>,
    /// Whether calls that are signed with a time may be refused: the gateway's clock is off.
    pub(super) is_clock_off: bool,
}

impl Book {
    /// A book of this seed, with bills that are waiting to be paid.
    pub(super) fn new(seed: u64, bills: Vec<(String, i64)>) -> Self {
        Self {
            dice: Dice(seed),
            bills,
            next_bill: 0,
            told: Vec::new(),
            waiting: Vec::new(),
            again: None,
            returned: Vec::new(),
            tally: Tally::default(),
            wrong: Vec::new(),
            is_clock_off: false,
        }
    }

    /// The next call: news, or something said before, or a forgery.
    pub(super) fn next(&mut self) -> Call {
        if let Some(call) = self.returned.pop() {
            return match call.place {
                Some(place) => self.call(place, call.is_success),
                None => call,
            };
        }
        if let Some((place, is_success)) = self.again.take() {
            return self.call(place, is_success);
        }
        let count = u64::try_from(self.told.len()).unwrap();
        if count > 0 && self.dice.happens(12) {
            let place = usize::try_from(self.dice.below(count)).unwrap();
            let is_success = !self.told[place].payment.has_two() || self.dice.happens(50);
            return self.call(place, is_success);
        }
        if self.dice.happens(6) {
            let payment = self.payment(true);
            return Call {
                payment,
                is_success: true,
                is_forged: true,
                place: None,
                was_acked: false,
            };
        }
        while self.waiting.len() < SHUFFLED {
            let payment = self.payment(false);
            let place = self.told.len();
            if payment.has_two() {
                self.waiting.push((place, false));
            }
            self.waiting.push((place, true));
            self.told.push(Told {
                payment,
                pending: Sent::default(),
                success: Sent::default(),
            });
        }
        let next = self.dice.below(u64::try_from(self.waiting.len()).unwrap());
        let (place, is_success) = self.waiting.swap_remove(usize::try_from(next).unwrap());
        if self.dice.happens(25) {
            self.again = Some((place, is_success));
        }
        self.call(place, is_success)
    }

    fn call(&self, place: usize, is_success: bool) -> Call {
        let told = &self.told[place];
        let sent = told.sent(is_success);
        Call {
            payment: told.payment.clone(),
            is_success,
            is_forged: false,
            place: Some(place),
            was_acked: sent.acks > 0,
        }
    }

    /// A payment nobody has heard of. VNPAY's each have a bill of their own while there are bills;
    /// the others pay any bill, again and again, or none.
    fn payment(&mut self, is_forged: bool) -> Payment {
        let way = Way::ALL[usize::try_from(self.dice.below(3)).unwrap()];
        let number = 1_000_000 + self.dice.below(1 << 40) * 2 + u64::from(is_forged);
        let own = self.bills.len() / 2;
        let bill = if way == Way::Vnpay && !is_forged && self.next_bill < own {
            self.next_bill += 1;
            self.bills.get(self.next_bill - 1)
        } else if way != Way::Vnpay && self.dice.happens(60) {
            let shared = u64::try_from(self.bills.len() - own).unwrap();
            self.bills
                .get(own + usize::try_from(self.dice.below(shared)).unwrap())
        } else {
            None
        };
        let (memo, dong) = match bill {
            Some((reference, dong)) => (format!("Nop phi {reference}"), *dong),
            None => (
                "chuyen tien".to_owned(),
                1_000 + i64::try_from(self.dice.below(90)).unwrap() * 1_000,
            ),
        };
        Payment {
            way,
            number,
            dong,
            memo,
        }
    }

    /// Every call that was not answered as recorded yet, whether it was sent or not.
    pub(super) fn unanswered(&self) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| !call.was_acked)
            .collect()
    }

    /// Every call.
    pub(super) fn calls(&self) -> Vec<Call> {
        let both = |place: usize| {
            let has_two = self.told[place].payment.has_two();
            let pending = has_two.then(|| self.call(place, false));
            pending.into_iter().chain([self.call(place, true)])
        };
        (0..self.told.len()).flat_map(both).collect()
    }

    /// Remembers an answer.
    pub(super) fn answered(&mut self, call: &Call, meaning: Option<Meaning>, shown: &str) {
        let txn = call.payment.txn();
        match meaning {
            None => self.wrong.push(format!("{txn}: {shown}")),
            Some(Meaning::TryLater) => {
                self.tally.try_later += 1;
                self.arrived(call);
            }
            Some(Meaning::Refused) => {
                self.tally.refused += 1;
                let is_late = self.is_clock_off && call.payment.way == Way::Hook;
                if !call.is_forged && !is_late {
                    self.wrong.push(format!("{txn} was refused: {shown}"));
                }
            }
            Some(Meaning::Recorded { .. }) if call.is_forged => {
                self.wrong.push(format!("forged {txn} was taken: {shown}"));
            }
            Some(Meaning::Recorded { is_new }) => {
                self.tally.acked += 1;
                self.arrived(call);
                if is_new == Some(true) && call.was_acked {
                    self.wrong
                        .push(format!("{txn} was said again and taken as news"));
                }
                let place = call.place.unwrap();
                let sent = self.told[place].sent_mut(call.is_success);
                sent.acks += 1;
                sent.news += u32::from(is_new == Some(true));
                if sent.news > 1 {
                    self.wrong.push(format!("{txn} was news twice"));
                }
            }
        }
    }

    /// Remembers that there was no answer.
    pub(super) fn unheard(&mut self, call: &Call, was_sent: bool) {
        if was_sent {
            self.tally.lost += 1;
            self.arrived(call);
        } else {
            self.tally.not_sent += 1;
            self.returned.push(call.clone());
        }
    }

    fn arrived(&mut self, call: &Call) {
        if let Some(place) = call.place {
            self.told[place].sent_mut(call.is_success).tries += 1;
        }
    }

    /// The payments by channel and transaction.
    pub(super) fn by_key(&self) -> HashMap<(String, String), &Told> {
        let key = |told: &Told| {
            let channel = told.payment.way.channel().to_owned();
            (channel, told.payment.txn())
        };
        self.told.iter().map(|told| (key(told), told)).collect()
    }
}

impl Told {
    pub(super) fn sent(&self, is_success: bool) -> &Sent {
        if is_success {
            &self.success
        } else {
            &self.pending
        }
    }

    fn sent_mut(&mut self, is_success: bool) -> &mut Sent {
        if is_success {
            &mut self.success
        } else {
            &mut self.pending
        }
    }
}
