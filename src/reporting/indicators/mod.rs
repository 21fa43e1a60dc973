//! The roster of indicators and nothing else: one line each. A new indicator is one file here and
//! one line below.

use super::definition::Indicator;

pub mod online_payment_rate;
pub mod online_submission_rate;
pub mod online_transaction_share;
pub mod procedure_integration;
pub mod procedure_online_share;

/// Every indicator, the two headlines first.
pub const ROSTER: &[&Indicator] = &[
    &online_transaction_share::INDICATOR,
    &online_payment_rate::INDICATOR,
    &procedure_integration::INDICATOR,
    &procedure_online_share::INDICATOR,
    &online_submission_rate::INDICATOR,
];

/// The indicator of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Indicator> {
    ROSTER.iter().copied().find(|indicator| indicator.id == id)
}

/// All ids, for people.
#[must_use]
pub fn list() -> String {
    let ids: Vec<&str> = ROSTER.iter().map(|indicator| indicator.id).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bill::Bill;
    use crate::domain::classification::{Class, PaidBy};
    use crate::domain::dossier::{FeeItem, FeeKind, SubmittedVia};
    use crate::domain::ids::{BillId, DossierId};
    use crate::domain::money::Money;
    use crate::reporting::definition::{Place, ProcedureSeen, Rule};
    use chrono::Utc;

    #[test]
    fn every_indicator_is_told_in_both_languages_and_found_by_its_id() {
        for indicator in ROSTER {
            assert_eq!(find(indicator.id).unwrap().id, indicator.id);
            let texts = [
                indicator.name,
                indicator.formula,
                indicator.numerator,
                indicator.denominator,
                indicator.exclusions,
                indicator.date_basis,
            ];
            for text in texts {
                assert!(!text.vi.is_empty() && !text.en.is_empty() && text.vi != text.en);
            }
        }
        assert!(find("online").is_none());
    }

    fn class(items: &[i64], paid: Option<i64>) -> Class {
        let now = Utc::now();
        let items: Vec<FeeItem> = items
            .iter()
            .map(|&amount| FeeItem {
                kind: FeeKind::Phi,
                code: String::new(),
                name: String::new(),
                amount: Money::vnd(amount),
                basis: String::new(),
            })
            .collect();
        let total = 10;
        let bill = paid.map(|paid_minor| Bill {
            id: BillId::at(now),
            dossier_id: DossierId::at(now),
            reference: String::new(),
            virtual_account: None,
            total: Money::vnd(total),
            paid_minor,
            state: Bill::state_of(total, paid_minor, false),
            due_on: None,
            cancelled_at: None,
        });
        let bills: Vec<Bill> = bill.into_iter().collect();
        let paid_by: Vec<PaidBy> = bills
            .iter()
            .filter(|bill| bill.paid_minor > 0)
            .map(|bill| PaidBy::standing(0, bill.id, bill.paid_minor))
            .collect();
        Class::of(SubmittedVia::Counter, &items, &bills, &paid_by)
    }

    /// Reached, asked, excluded.
    fn placed(id: &str, class: Class, has_fee: bool) -> [bool; 3] {
        let Rule::Dossiers(place) = find(id).unwrap().rule else {
            panic!("{id} counts procedures");
        };
        flags(place(class, has_fee))
    }

    fn flags(place: Place) -> [bool; 3] {
        [place.is_reached, place.is_asked, place.is_excluded]
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table, one case per tuple")]
    fn dossiers_are_placed_by_the_definitions() {
        type Case = (&'static str, Class, bool, [bool; 3], [bool; 3]);
        // name, class, has_fee -> online-transaction-share, online-payment-rate
        let table: [Case; 8] = [
            (
                "nothing synchronised",
                class(&[], None),
                true,
                [false, false, true],
                [false, true, false],
            ),
            (
                "free procedure",
                class(&[], None),
                false,
                [false, false, true],
                [false, false, false],
            ),
            (
                "every item zero",
                class(&[0, 0], None),
                true,
                [false, false, true],
                [false, false, true],
            ),
            (
                "paid in cash, no bill",
                class(&[10], None),
                true,
                [false, false, true],
                [false, true, false],
            ),
            (
                "open bill",
                class(&[10], Some(0)),
                true,
                [false, true, false],
                [false, true, false],
            ),
            (
                "short",
                class(&[10], Some(4)),
                true,
                [true, true, false],
                [false, true, false],
            ),
            (
                "paid",
                class(&[10], Some(10)),
                true,
                [true, true, false],
                [true, true, false],
            ),
            (
                "paid, procedure free by now",
                class(&[10], Some(10)),
                false,
                [true, true, false],
                [true, false, false],
            ),
        ];
        for (name, class, has_fee, share, rate) in table {
            assert_eq!(
                placed("online-transaction-share", class, has_fee),
                share,
                "{name}"
            );
            assert_eq!(
                placed("online-payment-rate", class, has_fee),
                rate,
                "{name}"
            );
        }
    }

    #[test]
    fn dossiers_are_placed_by_the_way_they_came() {
        for (via, is_online) in [
            (SubmittedVia::Online, true),
            (SubmittedVia::Counter, false),
            (SubmittedVia::Post, false),
        ] {
            let class = Class::of(via, &[], &[], &[]);
            assert_eq!(
                placed("online-submission-rate", class, false),
                [is_online, true, false]
            );
        }
    }

    #[test]
    fn procedures_are_placed_by_what_their_dossiers_show() {
        type Case = ([bool; 4], [bool; 3], [bool; 3]);
        // has fee, carries, billed, paid -> procedure-integration, procedure-online-share
        let table: [Case; 6] = [
            (
                [false, false, false, false],
                [false, false, false],
                [false, false, false],
            ),
            (
                [true, false, false, false],
                [false, true, false],
                [false, false, true],
            ),
            (
                [true, true, false, false],
                [true, true, false],
                [false, true, false],
            ),
            (
                [true, true, true, false],
                [true, true, false],
                [false, true, false],
            ),
            (
                [true, true, true, true],
                [true, true, false],
                [true, true, false],
            ),
            (
                [false, true, true, true],
                [true, false, false],
                [true, true, false],
            ),
        ];
        for ([has_fee, carries_fee, is_billed, is_paid], integration, share) in table {
            let seen = ProcedureSeen {
                has_fee,
                carries_fee,
                is_billed,
                is_paid,
            };
            for (id, expected) in [
                ("procedure-integration", integration),
                ("procedure-online-share", share),
            ] {
                let Rule::Procedures(place) = find(id).unwrap().rule else {
                    panic!("{id} counts dossiers");
                };
                assert_eq!(flags(place(seen)), expected, "{id} {seen:?}");
            }
        }
    }
}
