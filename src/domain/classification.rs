//! The class of a dossier: all that the indicators ask of it, packed into one integer, so that
//! counts can be kept by class and recounted from rows. Bits never change their meaning.

use super::bill::{Bill, BillState};
use super::dossier::{FeeItem, FeeKind, SubmittedVia};
use super::ids::BillId;

/// Bits: 0–1 way of submission; 2 billed; 3 some online payment; 4 every bill paid online; 5 every
/// fee item is zero; 8–11 fee kinds billed; 12–27 providers that took money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub i32);

const BILLED: i32 = 1 << 2;
const SOME_PAID: i32 = 1 << 3;
const ALL_PAID: i32 = 1 << 4;
const ALL_ZERO: i32 = 1 << 5;
const KIND_SHIFT: u32 = 8;
const PROVIDER_SHIFT: u32 = 12;

/// How many providers a class can tell apart; later ones share the last slot.
pub const PROVIDER_SLOTS: u8 = 16;

/// One successful online payment towards a dossier, as classification sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBy {
    /// The provider's slot.
    pub slot: u8,
    /// The bill the money was sent for.
    pub bill_id: BillId,
}

fn via_bits(via: SubmittedVia) -> i32 {
    match via {
        SubmittedVia::Online => 0,
        SubmittedVia::Counter => 1,
        SubmittedVia::Post => 2,
    }
}

fn kind_bit(kind: FeeKind) -> i32 {
    let place = match kind {
        FeeKind::Phi => 0,
        FeeKind::LePhi => 1,
        FeeKind::Tax => 2,
        FeeKind::Other => 3,
    };
    1 << (KIND_SHIFT + place)
}

fn slot_bit(slot: u8) -> i32 {
    1 << (PROVIDER_SHIFT + u32::from(slot.min(PROVIDER_SLOTS - 1)))
}

impl Class {
    /// Classifies a dossier from its rows. `paid_by` lists the providers whose successful money
    /// stands on the dossier, short and late payments included and refunded ones left out.
    ///
    /// Rules: a bill counts when it is above zero and was not cancelled, or was cancelled although
    /// money was sent for it; "every bill paid online" needs at least one counted bill.
    #[must_use]
    pub fn of(via: SubmittedVia, items: &[FeeItem], bills: &[Bill], paid_by: &[PaidBy]) -> Self {
        let mut bits = via_bits(via);
        let counted = |bill: &&Bill| {
            bill.total.minor() > 0
                && (bill.cancelled_at.is_none()
                    || paid_by.iter().any(|paid| paid.bill_id == bill.id))
        };
        if bills.iter().any(|bill| counted(&bill)) {
            bits |= BILLED;
            if bills
                .iter()
                .filter(counted)
                .all(|bill| bill.state == BillState::Paid)
            {
                bits |= ALL_PAID;
            }
        }
        if !items.is_empty() && items.iter().all(|item| item.amount.minor() == 0) {
            bits |= ALL_ZERO;
        }
        for item in items.iter().filter(|item| item.amount.minor() > 0) {
            bits |= kind_bit(item.kind);
        }
        for paid in paid_by {
            bits |= SOME_PAID | slot_bit(paid.slot);
        }
        Self(bits)
    }

    /// The class after money moved: the bills are read anew, `paid_by` is the full list of
    /// providers with standing money; way of submission and fee items stay as they were.
    #[must_use]
    pub fn with_payments(self, bills: &[Bill], paid_by: &[PaidBy]) -> Self {
        let kept = self.0 & (0b11 | ALL_ZERO | (0b1111 << KIND_SHIFT));
        let fresh = Self::of(SubmittedVia::Online, &[], bills, paid_by);
        Self(kept | fresh.0)
    }

    /// The class as months are counted by: without the providers' bits, which would make eight cells
    /// of one and matter to one breakdown only.
    #[must_use]
    pub fn without_providers(self) -> Self {
        Self(self.0 & ((1 << PROVIDER_SHIFT) - 1))
    }

    /// How it was handed in.
    #[must_use]
    pub fn submitted_via(self) -> SubmittedVia {
        match self.0 & 0b11 {
            0 => SubmittedVia::Online,
            1 => SubmittedVia::Counter,
            _ => SubmittedVia::Post,
        }
    }

    /// Whether a bill above zero counts.
    #[must_use]
    pub fn is_billed(self) -> bool {
        self.0 & BILLED != 0
    }

    /// Whether at least one online payment succeeded and still stands.
    #[must_use]
    pub fn has_online_payment(self) -> bool {
        self.0 & SOME_PAID != 0
    }

    /// Whether every counted bill is fully paid online.
    #[must_use]
    pub fn is_paid_online(self) -> bool {
        self.0 & ALL_PAID != 0
    }

    /// Whether fee items were synchronised and every one is zero.
    #[must_use]
    pub fn is_all_zero(self) -> bool {
        self.0 & ALL_ZERO != 0
    }

    /// Whether a fee item above zero is of this kind.
    #[must_use]
    pub fn has_kind(self, kind: FeeKind) -> bool {
        self.0 & kind_bit(kind) != 0
    }

    /// Whether the provider of this slot took money that still stands.
    #[must_use]
    pub fn has_provider(self, slot: u8) -> bool {
        self.0 & slot_bit(slot) != 0
    }
}

/// Fee kinds in the order of their bits.
pub const KINDS: [FeeKind; 4] = [FeeKind::Phi, FeeKind::LePhi, FeeKind::Tax, FeeKind::Other];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::DossierId;
    use crate::domain::money::Money;
    use chrono::Utc;

    fn bill(total: i64, paid: i64, cancelled: bool) -> Bill {
        let now = Utc::now();
        Bill {
            id: BillId::at(now),
            dossier_id: DossierId::at(now),
            reference: String::new(),
            virtual_account: None,
            total: Money::vnd(total),
            paid_minor: paid,
            state: Bill::state_of(total, paid, cancelled),
            due_on: None,
            cancelled_at: cancelled.then_some(now),
        }
    }

    fn item(amount: i64) -> FeeItem {
        FeeItem {
            kind: FeeKind::LePhi,
            code: String::new(),
            name: String::new(),
            amount: Money::vnd(amount),
            basis: String::new(),
        }
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table, one case per tuple")]
    fn the_class_separates_the_definitions() {
        type Case = (&'static str, Vec<FeeItem>, Vec<Bill>, bool, [bool; 4]);
        let table: [Case; 9] = [
            // items, bills, payments -> billed, some payment, all paid, all zero
            (
                "nothing synced",
                vec![],
                vec![],
                false,
                [false, false, false, false],
            ),
            (
                "items of zero",
                vec![item(0)],
                vec![],
                false,
                [false, false, false, true],
            ),
            (
                "counter, no bill",
                vec![item(5)],
                vec![],
                false,
                [false, false, false, false],
            ),
            (
                "open bill",
                vec![item(5)],
                vec![bill(5, 0, false)],
                false,
                [true, false, false, false],
            ),
            (
                "paid",
                vec![item(5)],
                vec![bill(5, 5, false)],
                true,
                [true, true, true, false],
            ),
            (
                "short",
                vec![item(5)],
                vec![bill(5, 2, false)],
                true,
                [true, true, false, false],
            ),
            (
                "cancelled",
                vec![item(5)],
                vec![bill(5, 0, true)],
                false,
                [false, false, false, false],
            ),
            (
                "cancelled, late money",
                vec![item(5)],
                vec![bill(5, 0, true)],
                true,
                [true, true, false, false],
            ),
            (
                "one of two",
                vec![item(5)],
                vec![bill(5, 5, false), bill(7, 0, false)],
                true,
                [true, true, false, false],
            ),
        ];
        for (name, items, bills, is_paid, expected) in table {
            let paid_by: Vec<PaidBy> = bills
                .first()
                .filter(|_| is_paid)
                .map(|bill| PaidBy {
                    slot: 0,
                    bill_id: bill.id,
                })
                .into_iter()
                .collect();
            let paid_by = paid_by.as_slice();
            let class = Class::of(SubmittedVia::Counter, &items, &bills, paid_by);
            let is = [
                class.is_billed(),
                class.has_online_payment(),
                class.is_paid_online(),
                class.is_all_zero(),
            ];
            assert_eq!(is, expected, "{name}");
            assert_eq!(class.submitted_via(), SubmittedVia::Counter);
            let before = Class::of(SubmittedVia::Counter, &items, &bills, &[]);
            assert_eq!(before.with_payments(&bills, paid_by), class, "{name}");
        }
    }
}
