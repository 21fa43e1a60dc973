//! The class of a dossier: all that the indicators ask of it, packed into one integer, so that
//! counts can be kept by class and recounted from rows. Bits never change their meaning.

use super::bill::{Bill, BillState};
use super::dossier::{FeeItem, FeeKind, SubmittedVia};
use super::ids::BillId;
use super::refund::RefundedRule;

/// Bits: 0–1 way of submission; 2 billed; 3 some online payment; 4 every bill paid online; 5 every
/// fee item is zero; 6 there was an online payment, and all of it went back since; 7 with bit 6:
/// every bill had been paid online; 8–11 fee kinds billed; 12–27 providers that took money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub i32);

const BILLED: i32 = 1 << 2;
const SOME_PAID: i32 = 1 << 3;
const ALL_PAID: i32 = 1 << 4;
const ALL_ZERO: i32 = 1 << 5;
const SOME_BACK: i32 = 1 << 6;
const ALL_BACK: i32 = 1 << 7;
const KIND_SHIFT: u32 = 8;
const PROVIDER_SHIFT: u32 = 12;

/// The bits that counts by unit keep: all but fee kinds and providers.
pub const UNIT_BITS: i32 = (1 << KIND_SHIFT) - 1;

/// How many providers a class can tell apart; later ones share the last slot.
pub const PROVIDER_SLOTS: u8 = 16;

/// One successful online payment towards a dossier, as classification sees it. All amounts are
/// minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBy {
    /// The provider's slot.
    pub slot: u8,
    /// The bill the money was sent for.
    pub bill_id: BillId,
    /// What of it still stands: on the bill, unless it is given back as a fee, or as the payer's.
    pub kept_minor: i64,
    /// What of the bill is given back as a fee, or approved to be.
    pub returned_minor: i64,
    /// What went back, or is approved to; nothing when the provider took the payment back as never
    /// made.
    pub gone_minor: i64,
    /// Whether it was placed on the bill, in part at least; else it was the payer's from the start.
    pub pays_bill: bool,
}

impl PaidBy {
    /// A payment that stands with `kept_minor` units on its bill.
    #[must_use]
    pub fn standing(slot: u8, bill_id: BillId, kept_minor: i64) -> Self {
        Self {
            slot,
            bill_id,
            kept_minor,
            returned_minor: 0,
            gone_minor: 0,
            pays_bill: true,
        }
    }
}

/// The sum of an amount of the payments for one bill.
fn on_bill(paid_by: &[PaidBy], bill: BillId, of: impl Fn(&PaidBy) -> i64) -> i64 {
    let payments = paid_by.iter().filter(|paid| paid.bill_id == bill);
    payments.map(of).fold(0, i64::saturating_add)
}

/// Whether all that was paid on a bill is given back as a fee.
fn is_given_back(bill: &Bill, paid_by: &[PaidBy]) -> bool {
    bill.paid_minor > 0 && on_bill(paid_by, bill.id, |paid| paid.returned_minor) >= bill.paid_minor
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

/// Whether a bill counts, and whether every one that does is paid.
fn bill_bits(bills: &[Bill], paid_by: &[PaidBy]) -> i32 {
    let has_money = |bill: &Bill| {
        let of_bill = |paid: &PaidBy| paid.bill_id == bill.id && paid.kept_minor > 0;
        paid_by.iter().any(of_bill)
    };
    let counted = bills
        .iter()
        .filter(|bill| bill.total.minor() > 0 && (bill.cancelled_at.is_none() || has_money(bill)));
    let (given_back, kept): (Vec<&Bill>, Vec<&Bill>) =
        counted.partition(|bill| is_given_back(bill, paid_by));
    if kept.is_empty() && given_back.is_empty() {
        return 0;
    }
    let is_paid = |bill: &&Bill| bill.state == BillState::Paid;
    if !kept.is_empty() && kept.iter().all(is_paid) {
        return BILLED | ALL_PAID;
    }
    BILLED
}

/// Whether every bill had been paid before all of the money went back.
fn back_bits(bills: &[Bill], paid_by: &[PaidBy]) -> i32 {
    let back = |bill: &Bill| on_bill(paid_by, bill.id, |paid| paid.gone_minor);
    let paid_back = |paid: &PaidBy| if paid.pays_bill { paid.gone_minor } else { 0 };
    let mut asked = bills
        .iter()
        .filter(|bill| bill.total.minor() > 0 && (bill.cancelled_at.is_none() || back(bill) > 0))
        .peekable();
    let was_paid = |bill: &Bill| on_bill(paid_by, bill.id, paid_back) >= bill.total.minor();
    if asked.peek().is_some() && asked.all(was_paid) {
        return ALL_BACK;
    }
    0
}

impl Class {
    /// Classifies a dossier from its rows. `paid_by` lists the payments whose successful money
    /// stands on the dossier, short and late payments included, and those whose money went back.
    ///
    /// Rules: a bill counts when it is above zero and was not cancelled, or was cancelled although
    /// money that was sent for it stands; "every bill paid online" needs at least one counted bill,
    /// and leaves aside those whose whole fee is given back.
    #[must_use]
    pub fn of(via: SubmittedVia, items: &[FeeItem], bills: &[Bill], paid_by: &[PaidBy]) -> Self {
        let mut bits = via_bits(via) | bill_bits(bills, paid_by);
        if !items.is_empty() && items.iter().all(|item| item.amount.minor() == 0) {
            bits |= ALL_ZERO;
        }
        for item in items.iter().filter(|item| item.amount.minor() > 0) {
            bits |= kind_bit(item.kind);
        }
        if paid_by.iter().any(|paid| paid.kept_minor > 0) {
            bits |= SOME_PAID;
        } else if paid_by.iter().any(|paid| paid.gone_minor > 0) {
            bits |= SOME_BACK | back_bits(bills, paid_by);
        }
        let is_gone = bits & SOME_BACK != 0;
        let counts = |paid: &PaidBy| paid.kept_minor > 0 || (is_gone && paid.gone_minor > 0);
        for paid in paid_by.iter().filter(|paid| counts(paid)) {
            bits |= slot_bit(paid.slot);
        }
        Self(bits)
    }

    /// The class as a rule about refunded dossiers reads it: one whose money all went back has not
    /// been paid, or is as it was when it was paid.
    #[must_use]
    pub fn under(self, rule: RefundedRule) -> Self {
        if self.0 & SOME_BACK == 0 {
            return self;
        }
        match rule {
            RefundedRule::Leaves => self.without_providers(),
            RefundedRule::Stays if self.0 & ALL_BACK != 0 => {
                Self(self.0 | BILLED | SOME_PAID | ALL_PAID)
            }
            RefundedRule::Stays => Self(self.0 | BILLED | SOME_PAID),
        }
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
                .map(|bill| PaidBy::standing(0, bill.id, 1))
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

    /// Billed, some payment, all paid; of a dossier with these bills of 5, by both rules.
    fn read(bills: &[Bill], paid_by: &[PaidBy]) -> [[bool; 3]; 2] {
        let class = Class::of(SubmittedVia::Online, &[], bills, paid_by);
        [RefundedRule::Leaves, RefundedRule::Stays].map(|rule| {
            let class = class.under(rule);
            let is_paid = class.has_online_payment();
            assert_eq!(class.has_provider(3), is_paid, "{class:?}");
            [class.is_billed(), is_paid, class.is_paid_online()]
        })
    }

    #[test]
    fn a_dossier_leaves_or_stays_only_when_all_of_its_money_went_back() {
        let payment = |bill: &Bill, kept: i64, returned: i64, gone: i64| PaidBy {
            kept_minor: kept,
            returned_minor: returned,
            gone_minor: gone,
            ..PaidBy::standing(3, bill.id, 0)
        };
        let credit = |paid: PaidBy| PaidBy {
            pays_bill: false,
            ..paid
        };
        let (paid, open, cancelled) = (bill(5, 5, false), bill(5, 0, false), bill(5, 0, true));
        let (none, some, all) = ([true, false, false], [true, true, false], [true; 3]);
        let given_back = payment(&paid, 0, 5, 5);
        let one = std::slice::from_ref;
        // The fee was given back: the bill stays paid, the dossier leaves.
        assert_eq!(read(one(&paid), &[given_back]), [none, all]);
        // Half of it.
        assert_eq!(read(one(&paid), &[payment(&paid, 2, 3, 3)]), [all, all]);
        // A second payment stands as the payer's; the bill's own fee does not.
        let twice = credit(payment(&paid, 5, 0, 0));
        assert_eq!(read(one(&paid), &[given_back, twice]), [some, some]);
        // The provider gave it back, so that the bill is open again.
        assert_eq!(read(one(&open), &[payment(&open, 0, 0, 5)]), [none, all]);
        // It had been paid in part, or too late.
        assert_eq!(read(one(&open), &[payment(&open, 0, 0, 4)]), [none, some]);
        let late = credit(payment(&open, 0, 0, 5));
        assert_eq!(read(one(&open), &[late]), [none, some]);
        // Late for a cancelled bill: without its money that one does not count.
        let late = credit(payment(&cancelled, 0, 0, 5));
        let nothing = [false; 3];
        assert_eq!(read(one(&cancelled), &[late]), [nothing, some]);
        // One of two fees was given back: the other still pays for the dossier.
        let other = bill(7, 7, false);
        let both = [paid.clone(), other.clone()];
        assert_eq!(
            read(&both, &[given_back, payment(&other, 7, 0, 0)]),
            [all, all]
        );
        assert_eq!(
            read(&both, &[given_back, payment(&other, 0, 7, 7)]),
            [none, all]
        );
        assert_eq!(read(&[paid, open], &[given_back]), [none, some]);
    }
}
