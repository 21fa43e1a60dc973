//! Calls that no fate asks for: repeats soon and late, forgeries, signatures too old, contradictions
//! and money that names no bill. A composed score comes in and goes out with exactly as many of each
//! as the plan says, ordered by slots.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::calendar::Calendar;
use super::compose::Composer;
use super::dossiers::Dossier;
use super::people;
use super::plan::{Extras, Fate, Way};
use super::score::{Call, Expected, Payment, Proof, Says, Score, total_of};
use crate::domain::notice::Verdict;

/// Protocols that tell when a call was signed, and refuse an old one.
pub(super) fn has_window(way: Way) -> bool {
    matches!(way, Way::SePay | Way::BankHook)
}

/// Adds the extras and puts everything in order.
pub(super) fn finish(
    mut composer: Composer,
    extras: &Extras,
    calendar: &Calendar,
    dossiers: &[Dossier],
) -> Score {
    let told = composer.score.calls.len();
    add_unknown(&mut composer, extras.unknown, calendar, dossiers);
    add_conflicts(&mut composer, extras.conflicts, told);
    add_unproven(&mut composer, extras, calendar, dossiers);
    let is_new = |call: &&Call| matches!(call.expected, Expected::New(_));
    let mut recorded: Vec<Call> = composer
        .score
        .calls
        .iter()
        .filter(is_new)
        .copied()
        .collect();
    composer.rng.shuffle(&mut recorded);
    add_repeats(&mut composer, extras, calendar, &recorded);
    let mut score = composer.score;
    score.calls.sort_by_key(|call| call.slot);
    score
}

/// Real money that says nothing we know.
fn add_unknown(composer: &mut Composer, count: usize, calendar: &Calendar, dossiers: &[Dossier]) {
    let slots = calendar.reception_days() * calendar.per_day();
    for _ in 0..count {
        let way = composer.way(|way| matches!(way, Way::SePay | Way::BankHook | Way::Vnpay));
        let slot = composer.rng.place(slots);
        let payer = composer.rng.pick(dossiers);
        let payer = payer.map_or_else(String::new, |dossier| {
            people::plain(&dossier.facts.applicant_name)
        });
        let number = composer.number();
        let payment = Payment {
            way,
            number,
            order_ref: match way {
                Way::Vnpay => format!("KIOSK{number}"),
                Way::SePay
                | Way::BankHook
                | Way::Momo
                | Way::ZaloPay
                | Way::PayOs
                | Way::Platform => String::new(),
            },
            amount: composer.rng.between(5, 400) * 1_000,
            memo: people::wrap(&mut composer.rng, &format!("{payer} nop tien"), &payer),
            virtual_account: None,
            target: None,
        };
        composer.score.payments.push(payment);
        let place = composer.score.payments.len() - 1;
        let expected = Expected::New(Verdict::UnknownOrder);
        composer.call(place, Says::Succeeded, slot, expected);
    }
}

/// A transaction told before comes with another amount.
fn add_conflicts(composer: &mut Composer, count: usize, told: usize) {
    // Those told of in two steps are left alone, so that no order of calls is left to chance.
    let pending = composer.score.calls.iter();
    let pending = pending.filter(|call| call.says == Says::Pending);
    let mut taken: HashSet<usize> = pending.map(|call| call.payment).collect();
    let mut chosen = 0;
    while chosen < count {
        let place = composer.rng.place(told);
        let Some(call) = composer.score.calls.get(place).copied() else {
            return;
        };
        let payment = composer.score.payments.get(call.payment);
        let can_differ = payment
            .is_some_and(|payment| matches!(payment.way, Way::Vnpay | Way::Momo | Way::BankHook));
        let is_plain = call.says == Says::Succeeded
            && call.expected == Expected::New(Verdict::Recorded)
            && !taken.contains(&call.payment);
        if can_differ && is_plain {
            taken.insert(call.payment);
            let slot = composer.later(call.slot);
            let expected = Expected::New(Verdict::Conflict);
            composer.call(call.payment, Says::OtherAmount, slot, expected);
            chosen += 1;
        }
    }
}

/// Calls that prove nothing, each as if an unpaid bill had been paid: were one believed, the figures
/// would be wrong.
fn add_unproven(
    composer: &mut Composer,
    extras: &Extras,
    calendar: &Calendar,
    dossiers: &[Dossier],
) {
    let unpaid = |(_, dossier): &(usize, &Dossier)| dossier.fate == Fate::Unpaid;
    let unpaid: Vec<(usize, &Dossier)> = dossiers.iter().enumerate().filter(unpaid).collect();
    for number in 0..extras.forged + extras.stale {
        let is_stale = number >= extras.forged;
        let Some(&(place, dossier)) = composer.rng.pick(&unpaid) else {
            return;
        };
        let slot = (dossier.day * calendar.per_day()) + composer.rng.place(calendar.per_day());
        let payment = if is_stale {
            composer.pay_by(&has_window, (place, dossier), 0, total_of(dossier, 0), slot)
        } else {
            composer.pay((place, dossier), 0, total_of(dossier, 0), slot)
        };
        composer.call(payment, Says::Succeeded, slot, Expected::Refused);
        if let Some(call) = composer.score.calls.last_mut() {
            call.proof = if is_stale {
                Proof::Stale
            } else {
                Proof::Forged
            };
            if is_stale {
                call.signed_at -= TimeDelta::hours(1);
            }
        }
    }
}

/// Providers call again until they are content, and at times without any reason.
fn add_repeats(composer: &mut Composer, extras: &Extras, calendar: &Calendar, recorded: &[Call]) {
    let is_windowed = |call: &&Call| {
        let payment = composer.score.payments.get(call.payment);
        payment.is_some_and(|payment| has_window(payment.way))
    };
    let late: Vec<Call> = recorded.iter().filter(is_windowed).copied().collect();
    let late = late.into_iter().take(extras.late_repeats);
    let soon = recorded.iter().rev().copied().take(extras.repeats);
    for (call, is_late) in late
        .map(|call| (call, true))
        .chain(soon.map(|call| (call, false)))
    {
        let slot = if is_late {
            call.slot + calendar.per_day() * (1 + composer.rng.place(4))
        } else {
            composer.later(call.slot)
        };
        let verdict = match call.expected {
            Expected::New(verdict) | Expected::Repeat(verdict) => verdict,
            Expected::Refused => continue,
        };
        composer.score.calls.push(Call {
            slot,
            signed_at: calendar.before(slot, 1),
            expected: Expected::Repeat(verdict),
            ..call
        });
    }
}
