//! The table of flows, one small function per event. Each gives the postings of one entry; amounts
//! of zero are left out, so an entry may be empty and then is not written.
//!
//! | event | debit | credit |
//! |---|---|---|
//! | bill opened | receivable | due |
//! | bill cancelled (or lowered) | due | receivable |
//! | rest of a bill written off | due | receivable |
//! | paid, matched | clearing | receivable |
//! | paid, cannot be placed | clearing | suspense |
//! | over, twice, late | clearing | payer credit |
//!
//! What happens to a payment's money after it was taken in stands in `moves.rs`, what
//! statements do in `settlement.rs`.

use crate::domain::dossier::FeeKind;
use crate::domain::entry::{Account, Event, Posting};
use crate::domain::ids::{BillId, EntryId, PaymentId};
use crate::domain::money::{Currency, Money};

/// Where the money of one payment stands, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Placement {
    /// Pays the bill.
    pub allocated: i64,
    /// Belongs to the payer.
    pub credit: i64,
    /// Cannot be placed.
    pub suspense: i64,
}

/// The names an entry about a payment needs.
#[derive(Debug, Clone)]
pub struct PaymentEntry<'a> {
    /// The entry.
    pub entry_id: EntryId,
    /// The channel that took the money.
    pub channel: &'a str,
    /// The unit of the bill, where there is one.
    pub unit_code: &'a str,
    /// The payment.
    pub payment_id: PaymentId,
    /// The bill that is paid, where there is one.
    pub bill_id: Option<BillId>,
    /// The currency of all amounts.
    pub currency: Currency,
}

impl PaymentEntry<'_> {
    fn posting(
        &self,
        event: Event,
        debit: Account,
        credit: Account,
        minor: i64,
        bill_id: Option<BillId>,
    ) -> Option<Posting> {
        (minor > 0).then(|| Posting {
            entry_id: self.entry_id,
            event,
            debit,
            credit,
            amount: Money::new(minor, self.currency),
            payment_id: Some(self.payment_id),
            bill_id,
            corrects: None,
        })
    }

    fn clearing(&self) -> Account {
        Account::Clearing(self.channel.to_owned())
    }

    fn receivable(&self) -> Account {
        Account::Receivable(self.unit_code.to_owned())
    }
}

/// A payment was recorded and placed.
#[must_use]
pub fn payment_recorded(entry: &PaymentEntry<'_>, placed: Placement) -> Vec<Posting> {
    let event = Event::PaymentRecorded;
    [
        entry.posting(
            event,
            entry.clearing(),
            entry.receivable(),
            placed.allocated,
            entry.bill_id,
        ),
        entry.posting(
            event,
            entry.clearing(),
            Account::PayerCredit,
            placed.credit,
            None,
        ),
        entry.posting(
            event,
            entry.clearing(),
            Account::Suspense,
            placed.suspense,
            None,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A bill was opened with these amounts per fee kind, minor units.
#[must_use]
pub fn bill_opened(
    entry_id: EntryId,
    bill_id: BillId,
    unit_code: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
) -> Vec<Posting> {
    bill_moved(
        Event::BillOpened,
        entry_id,
        bill_id,
        unit_code,
        currency,
        parts,
    )
}

/// A bill was cancelled, or lowered by these amounts.
#[must_use]
pub fn bill_cancelled(
    entry_id: EntryId,
    bill_id: BillId,
    unit_code: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
) -> Vec<Posting> {
    bill_moved(
        Event::BillCancelled,
        entry_id,
        bill_id,
        unit_code,
        currency,
        parts,
    )
}

/// The rest of a bill was written off, by these amounts.
#[must_use]
pub fn bill_waived(
    entry_id: EntryId,
    bill_id: BillId,
    unit_code: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
) -> Vec<Posting> {
    let event = Event::BillWaived;
    bill_moved(event, entry_id, bill_id, unit_code, currency, parts)
}

/// What the entry `corrects` wrote off is due again.
#[must_use]
pub fn bill_waiver_undone(
    entry_id: EntryId,
    bill_id: BillId,
    unit_code: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
    corrects: EntryId,
) -> Vec<Posting> {
    let event = Event::BillWaiverUndone;
    let mut postings = bill_moved(event, entry_id, bill_id, unit_code, currency, parts);
    for posting in &mut postings {
        posting.corrects = Some(corrects);
    }
    postings
}

fn bill_moved(
    event: Event,
    entry_id: EntryId,
    bill_id: BillId,
    unit_code: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
) -> Vec<Posting> {
    let receivable = Account::Receivable(unit_code.to_owned());
    let posting = |&(kind, minor): &(FeeKind, i64)| {
        let due = Account::Due(unit_code.to_owned(), kind);
        let is_due = matches!(event, Event::BillOpened | Event::BillWaiverUndone);
        let (debit, credit) = if is_due {
            (receivable.clone(), due)
        } else {
            (due, receivable.clone())
        };
        Posting {
            entry_id,
            event,
            debit,
            credit,
            amount: Money::new(minor, currency),
            payment_id: None,
            bill_id: Some(bill_id),
            corrects: None,
        }
    };
    parts
        .iter()
        .filter(|(_, minor)| *minor > 0)
        .map(posting)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn told(postings: &[Posting]) -> Vec<String> {
        let tell = |p: &Posting| format!("{} < {} {}", p.debit, p.credit, p.amount.minor());
        postings.iter().map(tell).collect()
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table, one case per tuple")]
    fn each_event_moves_money_where_the_table_says() {
        let now = Utc::now();
        let entry = PaymentEntry {
            entry_id: EntryId::at(now),
            channel: "vnpay",
            unit_code: "H12.101",
            payment_id: PaymentId::at(now),
            bill_id: Some(BillId::at(now)),
            currency: Currency::VND,
        };
        let place = |allocated, credit, suspense| Placement {
            allocated,
            credit,
            suspense,
        };
        let parts = [(FeeKind::Phi, 5), (FeeKind::LePhi, 7), (FeeKind::Tax, 0)];
        let bill = entry.bill_id.unwrap();
        let table: [(Vec<Posting>, &[&str]); 8] = [
            (
                bill_waived(entry.entry_id, bill, "H12.101", Currency::VND, &parts[..1]),
                &["due:H12.101:phi < receivable:H12.101 5"],
            ),
            (
                bill_waiver_undone(
                    entry.entry_id,
                    bill,
                    "H12.101",
                    Currency::VND,
                    &parts[..1],
                    entry.entry_id,
                ),
                &["receivable:H12.101 < due:H12.101:phi 5"],
            ),
            (
                payment_recorded(&entry, place(9, 0, 0)),
                &["clearing:vnpay < receivable:H12.101 9"],
            ),
            (
                payment_recorded(&entry, place(0, 0, 9)),
                &["clearing:vnpay < suspense 9"],
            ),
            (
                payment_recorded(&entry, place(5, 4, 0)),
                &[
                    "clearing:vnpay < receivable:H12.101 5",
                    "clearing:vnpay < payer_credit 4",
                ],
            ),
            (payment_recorded(&entry, place(0, 0, 0)), &[]),
            (
                bill_opened(entry.entry_id, bill, "H12.101", Currency::VND, &parts),
                &[
                    "receivable:H12.101 < due:H12.101:phi 5",
                    "receivable:H12.101 < due:H12.101:le_phi 7",
                ],
            ),
            (
                bill_cancelled(entry.entry_id, bill, "H12.101", Currency::VND, &parts),
                &[
                    "due:H12.101:phi < receivable:H12.101 5",
                    "due:H12.101:le_phi < receivable:H12.101 7",
                ],
            ),
        ];
        for (postings, expected) in table {
            assert_eq!(told(&postings), expected);
        }
    }
}
