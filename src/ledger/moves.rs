//! Moving money of a payment from one place to another: what officers do with money that was taken
//! in, and what the provider takes back. One posting per move; whether there is enough to move is
//! not known here.
//!
//! | event | from (debit) | to (credit) |
//! |---|---|---|
//! | placed by an officer | suspense or payer credit | receivable |
//! | a placing undone | receivable | suspense or payer credit |
//! | refund approved | payer credit, suspense, or the due of a paid fee | refund payable |
//! | refund called off | refund payable | where it came from |
//! | refund paid out | refund payable | bank or clearing |
//! | taken or given back by the provider | refund payable, then what the payment credited | clearing |

use crate::domain::dossier::FeeKind;
use crate::domain::entry::{Account, Event, Posting};
use crate::domain::ids::{BillId, EntryId, PaymentId};
use crate::domain::money::Money;

/// Where money of a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Pays a bill of a unit.
    Bill(BillId, String),
    /// Belongs to the payer.
    Credit,
    /// Cannot be placed.
    Suspense,
    /// Approved to go back, not yet paid out.
    GoingBack,
    /// Paid a fee of this kind of a unit's bill, and the fee is given back.
    Fee(BillId, String, FeeKind),
    /// With the provider, by channel.
    Provider(String),
    /// With our bank, by account.
    Bank(String),
}

impl Place {
    /// The account of the chart.
    #[must_use]
    pub fn account(&self) -> Account {
        match self {
            Self::Bill(_, unit) => Account::Receivable(unit.clone()),
            Self::Credit => Account::PayerCredit,
            Self::Suspense => Account::Suspense,
            Self::GoingBack => Account::RefundPayable,
            Self::Fee(_, unit, kind) => Account::Due(unit.clone(), *kind),
            Self::Provider(channel) => Account::Clearing(channel.clone()),
            Self::Bank(account) => Account::Bank(account.clone()),
        }
    }

    /// The bill it names.
    #[must_use]
    pub fn bill(&self) -> Option<BillId> {
        match self {
            Self::Bill(bill, _) | Self::Fee(bill, _, _) => Some(*bill),
            Self::Credit | Self::Suspense | Self::GoingBack | Self::Provider(_) | Self::Bank(_) => {
                None
            }
        }
    }
}

/// One move.
#[derive(Debug, Clone)]
pub struct Move {
    /// The entry it belongs to.
    pub entry_id: EntryId,
    /// Why it happens.
    pub event: Event,
    /// Where the money stood.
    pub from: Place,
    /// Where it stands then.
    pub to: Place,
    /// Minor units, above zero.
    pub minor: i64,
    /// The entry it corrects.
    pub corrects: Option<EntryId>,
}

/// The posting of a move. `amount` is the amount of the payment, for its currency.
#[must_use]
pub fn moved(step: &Move, payment_id: PaymentId, amount: Money) -> Posting {
    Posting {
        entry_id: step.entry_id,
        event: step.event,
        debit: step.from.account(),
        credit: step.to.account(),
        amount: Money::new(step.minor, amount.currency()),
        payment_id: Some(payment_id),
        bill_id: step.from.bill().or(step.to.bill()),
        corrects: step.corrects,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    /// Moves nine đồng and tells where they went, and whether the posting names a bill.
    fn told(from: Place, to: Place) -> (String, bool) {
        let now = Utc::now();
        let step = Move {
            entry_id: EntryId::at(now),
            event: Event::PaymentPlaced,
            from,
            to,
            minor: 9,
            corrects: None,
        };
        let posting = moved(&step, PaymentId::at(now), Money::vnd(100));
        assert_eq!(posting.amount, Money::vnd(9));
        let accounts = format!("{} < {}", posting.debit, posting.credit);
        (accounts, posting.bill_id.is_some())
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table, one case per tuple")]
    fn each_move_goes_where_the_table_says() {
        let bill = BillId::at(Utc::now());
        let on_bill = || Place::Bill(bill, "H12.101".to_owned());
        let fee = || Place::Fee(bill, "H12.101".to_owned(), FeeKind::Phi);
        let vnpay = || Place::Provider("vnpay".to_owned());
        let bank = || Place::Bank("0011".to_owned());
        use Place::{Credit, GoingBack, Suspense};
        let table = [
            (Suspense, on_bill(), "suspense < receivable:H12.101", true),
            (Credit, on_bill(), "payer_credit < receivable:H12.101", true),
            (on_bill(), Suspense, "receivable:H12.101 < suspense", true),
            (Credit, GoingBack, "payer_credit < refund_payable", false),
            (fee(), GoingBack, "due:H12.101:phi < refund_payable", true),
            (GoingBack, fee(), "refund_payable < due:H12.101:phi", true),
            (GoingBack, bank(), "refund_payable < bank:0011", false),
            (GoingBack, vnpay(), "refund_payable < clearing:vnpay", false),
            (
                on_bill(),
                vnpay(),
                "receivable:H12.101 < clearing:vnpay",
                true,
            ),
        ];
        for (from, to, accounts, names_bill) in table {
            assert_eq!(told(from, to), (accounts.to_owned(), names_bill));
        }
    }
}
