//! Laws of the decision over random bills and notices: every đồng has one place, and neither the
//! order of candidates nor the amount chooses the bill. Uses no store.

use super::*;
use proptest::prelude::*;

fn any_bills() -> impl Strategy<Value = Vec<Bill>> {
    let any_bill = (0..CODES.len(), 0..3_i64, 0..5_i64, 0..4_u8);
    prop::collection::vec(any_bill, 1..6).prop_map(|rows| {
        let make = |(number, (dossier, total, paid, twist)): (usize, (usize, i64, i64, u8))| {
            let mut bill = bill(number.try_into().unwrap(), dossier, total * 50, paid * 25);
            bill.cancelled_at = (twist == 1).then(|| at("2026-01-05T01:00:00Z"));
            bill.due_on = (twist == 2).then(|| "2026-01-04".parse().unwrap());
            bill.state = Bill::state_of(total * 50, paid * 25, bill.cancelled_at.is_some());
            bill
        };
        rows.into_iter().enumerate().map(make).collect()
    })
}

fn any_notice() -> impl Strategy<Value = Notice> {
    let words = prop::collection::vec(0..9_u32, 0..4);
    (0..200_i64, words, 0..8_u32, 0..8_u32).prop_map(|(amount, words, order, account)| {
        let word = |place: u32| match place {
            0..=2 => CODES[usize::try_from(place).unwrap()].to_owned(),
            3..=7 => reference(place - 3),
            _ => "NGUYEN VAN A".to_owned(),
        };
        let memo: Vec<String> = words.into_iter().map(word).collect();
        Notice {
            order_ref: (order < 5).then(|| format!("A{order}")),
            virtual_account: (account < 5).then(|| alias(account)),
            ..notice(amount, &memo.join(" "))
        }
    })
}

proptest! {
    #[test]
    fn every_dong_has_one_place(notice in any_notice(), bills in any_bills()) {
        let decision = decided(&notice, &bills, &dossiers());
        let parts = [decision.allocated_minor, decision.credit_minor, decision.suspense_minor];
        prop_assert_eq!(parts.iter().sum::<i64>(), notice.amount.minor());
        prop_assert!(parts.iter().all(|part| *part >= 0));
        let rest = bills
            .iter()
            .find(|bill| Some(bill.id) == decision.bill_id)
            .map_or(0, Bill::rest_minor);
        prop_assert!(decision.allocated_minor <= rest);
        prop_assert_eq!(decision.bill_id.is_some(), decision.rule.is_some());
        if matches!(decision.outcome, MatchOutcome::Unknown | MatchOutcome::Ambiguous) {
            prop_assert_eq!(decision.bill_id, None);
            prop_assert_eq!(decision.suspense_minor, notice.amount.minor());
        }
    }

    #[test]
    fn the_order_of_candidates_changes_nothing(
        notice in any_notice(), bills in any_bills(), turn in 0..6_usize,
    ) {
        let dossiers = dossiers();
        let straight = found(&notice, &bills, &dossiers);
        let mut turned = straight.clone();
        turned.by_reference.reverse();
        let places = turned.by_dossier.len().max(1);
        turned.by_dossier.rotate_left(turn % places);
        turned.by_dossier.extend(straight.by_dossier.iter().rev());
        prop_assert_eq!(decide(&notice, &straight, &[]), decide(&notice, &turned, &[]));
    }

    #[test]
    fn the_amount_never_chooses_the_bill(
        notice in any_notice(), bills in any_bills(), amount in 0..200_i64,
    ) {
        let dossiers = dossiers();
        let other = Notice { amount: Money::vnd(amount), ..notice.clone() };
        let (one, two) = (decided(&notice, &bills, &dossiers), decided(&other, &bills, &dossiers));
        prop_assert_eq!((one.bill_id, one.rule), (two.bill_id, two.rule));
    }
}
