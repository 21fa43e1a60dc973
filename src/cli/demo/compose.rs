//! The payments of the quarter: dossiers with their fates come in, payments and the calls that tell
//! of them go out, each call with its slot, its time and the answer a sound gateway must give. Calls
//! that no fate asks for (repeats, forgeries) are added by `extras`; nothing is signed here.

use super::calendar::Calendar;
use super::dossiers::Dossier;
use super::people::{self, Names};
use super::plan::{Fate, Plan, Way};
use super::rng::Rng;
use super::score::{Attempt, Call, Expected, Payment, Proof, Says, Score, reference_of, total_of};
use crate::domain::dossier_code::squeeze;
use crate::domain::notice::Verdict;
use crate::domain::time::VIETNAM;

/// Plans the calls that the fates ask for.
pub(super) fn compose(
    plan: &Plan,
    calendar: &Calendar,
    dossiers: &[Dossier],
    seed: u64,
) -> Composer {
    let mut composer = Composer {
        calendar: calendar.clone(),
        channels: plan.channels.clone(),
        rng: Rng::new(seed, "payments"),
        score: Score::default(),
    };
    for (place, dossier) in dossiers.iter().enumerate() {
        composer.play_fate(place, dossier);
    }
    composer
}

/// Adds payments and calls to the score.
pub(super) struct Composer {
    calendar: Calendar,
    channels: Vec<(u32, Way)>,
    pub(super) rng: Rng,
    pub(super) score: Score,
}

/// The channels on which a story of this kind can happen.
fn can_play(fate: Fate, way: Way) -> bool {
    match fate {
        // ZaloPay and banks tell of success only.
        Fate::Retried | Fate::FailedOnly => {
            matches!(way, Way::Vnpay | Way::Momo | Way::BankHook | Way::Platform)
        }
        Fate::PendingFirst | Fate::OutOfOrder | Fate::PendingOnly => {
            matches!(way, Way::Vnpay | Way::Momo | Way::BankHook)
        }
        // Where the payer types the amount.
        Fate::Short | Fate::TopUp | Fate::Over => {
            matches!(way, Way::SePay | Way::PayOs | Way::BankHook)
        }
        Fate::Paid
        | Fate::TwoPaid
        | Fate::CancelledAndPaid
        | Fate::Twice
        | Fate::OneOfTwo
        | Fate::Late
        | Fate::LateCancelled
        | Fate::Unpaid
        | Fate::Closed
        | Fate::EmptyList
        | Fate::Counter
        | Fate::Cancelled
        | Fate::AllZero
        | Fate::NoFee => true,
    }
}

impl Composer {
    fn play_fate(&mut self, place: usize, dossier: &Dossier) {
        let first = self.first_slot(dossier);
        let total = total_of(dossier, 0);
        let recorded = Expected::New(Verdict::Recorded);
        let differs = Expected::New(Verdict::AmountDiffers);
        let final_ = Expected::New(Verdict::AlreadyFinal);
        let on = (place, dossier);
        match dossier.fate {
            Fate::Paid | Fate::CancelledAndPaid | Fate::OneOfTwo => {
                self.success(on, 0, total, first, recorded);
            }
            Fate::TwoPaid => {
                self.success(on, 0, total, first, recorded);
                let second = self.later(first);
                self.success(on, 1, total_of(dossier, 1), second, recorded);
            }
            Fate::TopUp => {
                self.success(on, 0, total - total / 4, first, differs);
                let second = self.later(first);
                self.success(on, 0, total / 4, second, recorded);
            }
            Fate::Over => {
                let more = self.rng.between(1, 20) * 1_000;
                self.success(on, 0, total + more, first, differs);
            }
            Fate::Twice => {
                self.success(on, 0, total, first, recorded);
                let second = self.later(first);
                self.success(on, 0, total, second, final_);
            }
            Fate::Short => self.success(on, 0, total - total / 4, first, differs),
            Fate::Late => {
                let bill = dossier.facts.bills.first();
                let due_on = bill.and_then(|bill| bill.due_on);
                let due_on = due_on.unwrap_or(dossier.facts.received_on);
                let day = self.calendar.first_after(due_on) + self.rng.place(6);
                let slot = self.slot_on(day);
                self.success(on, 0, total, slot, final_);
            }
            Fate::LateCancelled | Fate::Closed => self.success(on, 0, total, first, final_),
            Fate::Retried | Fate::FailedOnly => self.play_failures(on, total, first),
            Fate::PendingFirst | Fate::OutOfOrder | Fate::PendingOnly => {
                self.play_pending(on, total, first);
            }
            Fate::Unpaid
            | Fate::EmptyList
            | Fate::Counter
            | Fate::Cancelled
            | Fate::AllZero
            | Fate::NoFee => {}
        }
    }

    fn success(
        &mut self,
        on: (usize, &Dossier),
        bill: usize,
        amount: i64,
        slot: usize,
        expected: Expected,
    ) {
        let payment = self.pay(on, bill, amount, slot);
        self.call(payment, Says::Succeeded, slot, expected);
    }

    /// One or two attempts that fail, and success where the fate is kind.
    fn play_failures(&mut self, on: (usize, &Dossier), total: i64, first: usize) {
        let recorded = Expected::New(Verdict::Recorded);
        let mut slot = first;
        for _ in 0..=self.rng.below(2) {
            let payment = self.pay(on, 0, total, slot);
            self.call(payment, Says::Failed, slot, recorded);
            slot = self.soon(slot);
        }
        if on.1.fate == Fate::Retried {
            let payment = self.pay(on, 0, total, slot);
            self.call(payment, Says::Succeeded, slot, recorded);
        }
    }

    /// Pending before success, after it, or alone; all about one payment.
    fn play_pending(&mut self, on: (usize, &Dossier), total: i64, first: usize) {
        let recorded = Expected::New(Verdict::Recorded);
        let payment = self.pay(on, 0, total, first);
        let second = self.soon(first);
        let (pending, succeeded) = if on.1.fate == Fate::OutOfOrder {
            (second, first)
        } else {
            (first, second)
        };
        self.call(payment, Says::Pending, pending, recorded);
        if on.1.fate != Fate::PendingOnly {
            self.call(payment, Says::Succeeded, succeeded, recorded);
        }
    }

    /// Adds a payment towards a bill, by a channel that suits its story.
    pub(super) fn pay(
        &mut self,
        on: (usize, &Dossier),
        bill: usize,
        amount: i64,
        slot: usize,
    ) -> usize {
        let fate = on.1.fate;
        self.pay_by(&|way| can_play(fate, way), on, bill, amount, slot)
    }

    /// As [`Composer::pay`], by a channel that will do.
    pub(super) fn pay_by(
        &mut self,
        will_do: &dyn Fn(Way) -> bool,
        on: (usize, &Dossier),
        bill: usize,
        amount: i64,
        slot: usize,
    ) -> usize {
        let (place, dossier) = on;
        let account = dossier.facts.bills.get(bill);
        let account = account.and_then(|bill| bill.virtual_account.clone());
        let way = match account {
            Some(_) => Way::BankHook,
            None => self.way(will_do),
        };
        let number = self.number();
        let reference = reference_of(dossier, bill);
        let is_sole = dossier.facts.bills.len() == 1;
        let names = Names {
            reference: &reference,
            code: is_sole.then(|| dossier.facts.code.as_str()),
            name: &dossier.facts.applicant_name,
        };
        let order_ref = self.order_ref(way, number, slot, &names);
        let memo = people::memo(&mut self.rng, way, &names, account.is_some());
        if matches!(way, Way::ZaloPay | Way::PayOs) {
            self.score.attempts.push(Attempt {
                way,
                order_ref: order_ref.clone(),
                bill_reference: reference,
            });
        }
        self.score.payments.push(Payment {
            way,
            number,
            order_ref: if account.is_some() {
                String::new()
            } else {
                order_ref
            },
            amount,
            memo,
            virtual_account: account,
            target: Some((place, bill)),
        });
        self.score.payments.len() - 1
    }

    /// Adds a genuine call about a payment.
    pub(super) fn call(&mut self, payment: usize, says: Says, slot: usize, expected: Expected) {
        let paid = self.rng.between(90, 1_700);
        let sent = self.rng.between(0, 60);
        self.score.calls.push(Call {
            slot,
            payment,
            says,
            at: self.calendar.before(slot, paid),
            signed_at: self.calendar.before(slot, sent),
            proof: Proof::Genuine,
            expected,
        });
    }

    /// One of the channels that will do, each as often as the plan says.
    pub(super) fn way(&mut self, will_do: impl Fn(Way) -> bool) -> Way {
        let channels = self.channels.iter().filter(|(_, way)| will_do(*way));
        let channels: Vec<(u32, Way)> = channels.copied().collect();
        self.rng.weighted(&channels).copied().unwrap_or(Way::SePay)
    }

    /// The next transaction number.
    pub(super) fn number(&mut self) -> u64 {
        let payments = u64::try_from(self.score.payments.len()).unwrap_or(0);
        14_250_701 + 7 * payments + self.rng.below(7)
    }

    /// What the provider will call the order.
    fn order_ref(&mut self, way: Way, number: u64, slot: usize, names: &Names<'_>) -> String {
        let local = self.calendar.before(slot, 1_750).with_timezone(&VIETNAM);
        let attempt = 10 + number % 89;
        match way {
            Way::Vnpay => format!("{}{attempt}", names.reference),
            Way::Momo => format!("{}-{attempt}", names.reference),
            Way::ZaloPay => format!("{}_{number}", local.format("%y%m%d")),
            Way::PayOs => number.to_string(),
            Way::SePay => String::new(),
            Way::BankHook => names.reference.to_owned(),
            Way::Platform => match names.code.filter(|_| self.rng.once_in(2)) {
                Some(code) => format!("dvc{}{}", squeeze(code), local.format("%Y%m%d%H%M%S")),
                None => format!("{}-{attempt}", names.reference),
            },
        }
    }

    fn slot_on(&mut self, day: usize) -> usize {
        let per_day = self.calendar.per_day();
        day * per_day + self.rng.place(per_day)
    }

    /// When the first payment of a dossier is made: most on the day of reception, all in time.
    fn first_slot(&mut self, dossier: &Dossier) -> usize {
        let days_later = [(62, 0), (22, 1), (10, 2), (6, 3)];
        let later = self.rng.weighted(&days_later).copied().unwrap_or(0);
        self.slot_on(dossier.day + later)
    }

    /// The next slot or the one after.
    pub(super) fn soon(&mut self, slot: usize) -> usize {
        slot + 1 + self.rng.place(2)
    }

    /// Any time within a working day.
    pub(super) fn later(&mut self, slot: usize) -> usize {
        slot + 1 + self.rng.place(self.calendar.per_day())
    }
}
