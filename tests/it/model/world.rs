//! The model: payments, bills, accounts and one indicator in the plainest words there are. It knows none
//! of the program's journeys; only its words for a status and its names of accounts.

use std::collections::{BTreeMap, HashSet};

use doisoat::domain::payment::PaymentStatus as Status;

use crate::support::office::HERE;

/// Our account at the bank, from which refunds are paid.
pub(super) const OURS: &str = "1017588888";

#[derive(Debug, Clone)]
pub(super) struct Bill {
    pub(super) reference: String,
    pub(super) total: i64,
    pub(super) paid: i64,
    pub(super) is_cancelled: bool,
    pub(super) was_cancelled: bool,
}

impl Bill {
    pub(super) fn state(&self) -> &'static str {
        match () {
            () if self.paid >= self.total => "paid",
            () if self.is_cancelled => "cancelled",
            () if self.paid > 0 => "part_paid",
            () => "open",
        }
    }
}

/// Where the money of one payment is. What went back is split by who paid it.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) amount: i64,
    pub(super) bill: Option<usize>,
    pub(super) status: Status,
    /// By bill; its own among them.
    pub(super) on_bills: BTreeMap<usize, i64>,
    pub(super) credit: i64,
    pub(super) suspense: i64,
    pub(super) going_back: i64,
    pub(super) back_by_provider: i64,
    pub(super) back_by_bank: i64,
}

impl Payment {
    pub(super) fn on_bills(&self) -> i64 {
        self.on_bills.values().sum()
    }

    pub(super) fn stands(&self) -> i64 {
        self.on_bills() + self.credit + self.suspense + self.going_back
    }

    pub(super) fn waits(&self) -> i64 {
        self.credit + self.suspense
    }
}

/// How far a payment has come; it never goes back.
pub(super) fn rank(status: Status) -> u32 {
    match status {
        Status::Pending => 0,
        Status::Authorized => 1,
        Status::Failed | Status::Review => 2,
        Status::Succeeded => 3,
        Status::PartiallyRefunded => 4,
        Status::Refunded | Status::Reversed => 5,
        Status::Outgoing => 6,
    }
}

pub(super) fn is_money(status: Status) -> bool {
    [3, 4].contains(&rank(status))
}

/// What a call says of a payment.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) payment: usize,
    pub(super) status: Status,
    /// In all, where only a part goes back.
    pub(super) back: i64,
    /// Whether it was paid after all that has happened so far, or before anything did.
    pub(super) is_late: bool,
    /// Whether it names another amount than was said before.
    pub(super) contradicts: bool,
}

/// Takes from a place as much as is there and still wanted.
pub(super) fn takes(place: &mut i64, rest: &mut i64) -> i64 {
    let minor = (*rest).min(*place);
    *place -= minor;
    *rest -= minor;
    minor
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) bills: Vec<Bill>,
    pub(super) payments: BTreeMap<usize, Payment>,
    /// Amount and bill that the provider knows, said of yet or not.
    pub(super) plans: Vec<(i64, Option<usize>)>,
    pub(super) notices: i64,
    /// What was said in contradiction, whatever the number of the event.
    pub(super) contradictions: HashSet<String>,
}

impl World {
    /// Whether it says nothing new.
    pub(super) fn hears(&mut self, word: &Word, facts: &str) -> bool {
        let is_known = self.payments.contains_key(&word.payment);
        if word.contradicts && is_known && !self.contradictions.insert(facts.to_owned()) {
            return true;
        }
        self.notices += 1;
        self.is_told(word);
        false
    }

    pub(super) fn is_told(&mut self, word: &Word) {
        let (amount, bill) = self.plans[word.payment];
        let Some(old) = self.payments.get(&word.payment).map(|known| known.status) else {
            // There is nothing yet that it could contradict.
            let amount = amount + i64::from(word.contradicts);
            self.plans[word.payment].0 = amount;
            let fresh = Payment {
                amount,
                bill,
                status: word.status,
                on_bills: BTreeMap::new(),
                credit: 0,
                suspense: 0,
                going_back: 0,
                back_by_provider: 0,
                back_by_bank: 0,
            };
            self.payments.insert(word.payment, fresh);
            if is_money(word.status) || word.status == Status::Refunded {
                self.place(word);
            }
            return;
        };
        if word.contradicts {
            return;
        }
        let is_news = match (rank(old), rank(word.status)) {
            (5.., _) => false,
            (2, 2) => old != word.status,
            (4, 4) => true,
            (from, to) => to > from,
        };
        if !is_news {
            return;
        }
        self.payments.get_mut(&word.payment).unwrap().status = word.status;
        match (is_money(old), word.status) {
            (true, Status::PartiallyRefunded) => {
                let known = self.payments[&word.payment].back_by_provider;
                self.takes_back(word.payment, (word.back - known).max(0));
            }
            (true, _) => self.takes_back(word.payment, i64::MAX),
            (false, status) if is_money(status) || status == Status::Refunded => self.place(word),
            (false, _) => {}
        }
    }

    /// Money comes in: to the bill what it needs, the rest to the payer; to nobody without a bill. What
    /// had gone back by then goes back again.
    pub(super) fn place(&mut self, word: &Word) {
        let payment = self.payments.get_mut(&word.payment).unwrap();
        let amount = payment.amount;
        let mut on_bill = 0;
        match payment.bill {
            None => payment.suspense = amount,
            Some(at) => {
                let bill = &self.bills[at];
                let is_late = bill.is_cancelled && word.is_late;
                if !is_late && bill.paid < bill.total {
                    on_bill = amount.min(bill.total - bill.paid);
                }
                payment.credit = amount - on_bill;
            }
        }
        if let Some(at) = payment.bill.filter(|_| on_bill > 0) {
            payment.on_bills.insert(at, on_bill);
            self.bills[at].is_cancelled = false;
            self.bills[at].paid += on_bill;
        }
        match word.status {
            Status::PartiallyRefunded => self.takes_back(word.payment, word.back),
            Status::Refunded => self.takes_back(word.payment, i64::MAX),
            _ => {}
        }
    }

    /// The provider takes so much: what is going back, the payer's, what waits, the bills, its own
    /// first.
    pub(super) fn takes_back(&mut self, number: usize, most: i64) {
        let payment = self.payments.get_mut(&number).unwrap();
        let mut rest = most;
        for place in [
            &mut payment.going_back,
            &mut payment.credit,
            &mut payment.suspense,
        ] {
            payment.back_by_provider += takes(place, &mut rest);
        }
        let own = payment.bill;
        let mut order: Vec<usize> = payment.on_bills.keys().copied().collect();
        order.sort_by_key(|at| (Some(*at) != own, *at));
        for at in order {
            let minor = takes(payment.on_bills.get_mut(&at).unwrap(), &mut rest);
            payment.back_by_provider += minor;
            self.bills[at].paid -= minor;
        }
    }

    /// Whether an officer can give waiting money of a payment to a bill; gives it then.
    pub(super) fn assigns(&mut self, number: usize, at: usize) -> bool {
        let (Some(payment), bill) = (self.payments.get_mut(&number), &mut self.bills[at]) else {
            return false;
        };
        let minor = payment.waits().min(bill.total - bill.paid);
        if payment.going_back > 0 || bill.is_cancelled || minor <= 0 {
            return false;
        }
        let of_suspense = minor.min(payment.suspense);
        payment.suspense -= of_suspense;
        payment.credit -= minor - of_suspense;
        *payment.on_bills.entry(at).or_default() += minor;
        bill.paid += minor;
        true
    }

    /// Waiting money of a payment is approved to go back.
    pub(super) fn sets_aside(&mut self, number: usize, minor: i64) {
        let payment = self.payments.get_mut(&number).unwrap();
        let place = if payment.credit > 0 {
            &mut payment.credit
        } else {
            &mut payment.suspense
        };
        *place -= minor;
        payment.going_back += minor;
    }

    /// It is paid out.
    pub(super) fn pays_back(&mut self, number: usize, minor: i64, by_bank: bool) {
        let payment = self.payments.get_mut(&number).unwrap();
        payment.going_back -= minor;
        let back = if by_bank {
            &mut payment.back_by_bank
        } else {
            &mut payment.back_by_provider
        };
        *back += minor;
    }

    /// Whether the office can bring a bill to this amount, asked for again if it was cancelled.
    pub(super) fn raises(&mut self, at: usize, total: i64) -> bool {
        let bill = &mut self.bills[at];
        if bill.paid > 0 {
            return bill.total == total;
        }
        bill.total = total;
        bill.is_cancelled = false;
        true
    }

    /// Whether the office can cancel a bill. One that money opened again stays open.
    pub(super) fn cancels(&mut self, at: usize) -> bool {
        let bill = &mut self.bills[at];
        if bill.paid > 0 {
            return bill.was_cancelled;
        }
        bill.is_cancelled = true;
        bill.was_cancelled = true;
        true
    }

    pub(super) fn bills(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .bills
            .iter()
            .map(|bill| {
                let (reference, total, paid) = (&bill.reference, bill.total, bill.paid);
                format!("{reference} {total} {paid} {}", bill.state())
            })
            .collect();
        told.sort();
        told
    }

    pub(super) fn payments(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .payments
            .iter()
            .map(|(number, of)| {
                let back = of.back_by_provider + of.back_by_bank;
                format!(
                    "T{number} {} {}: {} {} {} {} {back}",
                    of.status.as_str(),
                    of.amount,
                    of.on_bills(),
                    of.credit,
                    of.suspense,
                    of.going_back,
                )
            })
            .collect();
        told.sort();
        told
    }

    /// The chart of accounts, debits above zero.
    pub(super) fn accounts(&self) -> Vec<String> {
        let sum = |of: &dyn Fn(&Payment) -> i64| self.payments.values().map(of).sum::<i64>();
        let asked = self.bills.iter().filter(|bill| !bill.is_cancelled);
        let (due, paid) = asked.fold((0, 0), |(due, paid), bill| {
            (due + bill.total, paid + bill.paid)
        });
        let mut told: Vec<String> = [
            (
                "clearing:bank".to_owned(),
                sum(&|of| of.stands() + of.back_by_bank),
            ),
            (format!("bank:{OURS}"), -sum(&|of| of.back_by_bank)),
            ("suspense".to_owned(), -sum(&|of| of.suspense)),
            ("payer_credit".to_owned(), -sum(&|of| of.credit)),
            ("refund_payable".to_owned(), -sum(&|of| of.going_back)),
            (format!("receivable:{HERE}"), due - paid),
            (format!("due:{HERE}:phi"), -due),
        ]
        .into_iter()
        .filter(|(_, balance)| *balance != 0)
        .map(|(account, balance)| format!("{account} {balance}"))
        .collect();
        told.sort();
        told
    }

    /// Dossiers with money that came online, and dossiers that were asked to pay.
    pub(super) fn share(&self) -> (usize, usize) {
        let has_money = |at: usize| {
            self.payments.values().any(|of| {
                of.on_bills.get(&at).is_some_and(|minor| *minor > 0)
                    || (of.bill == Some(at) && of.credit > 0)
            })
        };
        let places = 0..self.bills.len();
        let paid = places.clone().filter(|at| has_money(*at)).count();
        let asked = places.filter(|at| !self.bills[*at].is_cancelled || has_money(*at));
        (paid, asked.count())
    }
}
