//! Credits that name their payment: one for one, a payment in parts, one credit for several
//! payments, the wrong amount, currency or account, too late, or once more. Nothing is matched twice,
//! and never more is allocated than a payment's amount.

use super::input::{Bank, Payment};
use super::join::at;
use super::outcome::{Item, Outcome, OutcomeKind, Role, Rule};
use super::work::{Work, matched, took_money, verdict};
use crate::domain::payment::PaymentStatus;

/// The credits, in order, that name exactly this payment.
pub(super) fn single(work: &mut Work<'_>, payment: u32, credits: &[(u32, Rule)]) {
    let input = work.input;
    let Some(ours) = input.payments.get(at(payment)) else {
        return;
    };
    if !ours.is_direct || work.is_claimed(payment) {
        once_more(work, payment, ours, credits);
        return;
    }
    let line = |bank: u32| input.banks.get(at(bank));
    let (good, foreign): (Vec<_>, Vec<_>) = credits
        .iter()
        .copied()
        .partition(|(bank, _)| line(*bank).is_some_and(|one| one.currency == ours.currency));
    for (bank, rule) in &foreign {
        both(
            work,
            payment,
            *bank,
            verdict(OutcomeKind::WrongCurrency, *rule),
            good.is_empty(),
        );
    }
    work.claim(payment);
    let amount = |bank: u32| line(bank).map_or(0, |one| one.amount);
    let exact = good
        .iter()
        .position(|(bank, _)| amount(*bank) == ours.amount);
    let (chosen, rest): (Vec<_>, Vec<_>) = match exact {
        Some(place) => {
            let mut rest = good.clone();
            (vec![rest.remove(place)], rest)
        }
        None => (good, Vec::new()),
    };
    once_more(work, payment, ours, &rest);
    assign(work, payment, ours, &chosen);
}

/// Gives the credits chosen for a payment to it.
fn assign(work: &mut Work<'_>, payment: u32, ours: &Payment, chosen: &[(u32, Rule)]) {
    let input = work.input;
    let line = |bank: u32| input.banks.get(at(bank));
    let amount = |bank: u32| line(bank).map_or(0, |one| one.amount);
    let Some((_, rule)) = chosen.first().copied() else {
        return;
    };
    let total = chosen
        .iter()
        .fold(0_i64, |sum, (bank, _)| sum.saturating_add(amount(*bank)));
    let difference = total.saturating_sub(ours.amount);
    let is_elsewhere = chosen
        .iter()
        .any(|(bank, _)| line(*bank).is_some_and(|one| elsewhere(work, ours, one)));
    let kind = kind(ours, difference, chosen.len(), is_elsewhere);
    let outcome = Outcome {
        difference,
        ..verdict(kind, rule)
    };
    let mut rest = ours.amount;
    work.set(Item::Payment(payment), outcome);
    for (bank, rule) in chosen.iter().copied() {
        let part = amount(bank).min(rest);
        rest = rest.saturating_sub(part);
        let first = matched(Item::Payment(payment), part);
        work.set(
            Item::Bank(bank),
            Outcome {
                first,
                rule,
                ..outcome
            },
        );
        work.note(
            Item::Payment(payment),
            Item::Bank(bank),
            Role::Matched,
            part,
        );
    }
}

fn kind(ours: &Payment, difference: i64, credits: usize, is_elsewhere: bool) -> OutcomeKind {
    if is_elsewhere {
        OutcomeKind::WrongAccount
    } else if !took_money(ours) && ours.status != PaymentStatus::Pending {
        OutcomeKind::RecordedFailedButSettled
    } else if difference != 0 {
        OutcomeKind::AmountMismatch
    } else if ours.is_expired {
        OutcomeKind::LatePayment
    } else if credits > 1 {
        OutcomeKind::MatchedSplit
    } else {
        OutcomeKind::Matched
    }
}

/// Whether a credit stands on another account than its channel's.
fn elsewhere(work: &Work<'_>, ours: &Payment, line: &Bank) -> bool {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    let contract = work.input.contract(ours.channel);
    let account = contract.and_then(|one| one.account.as_deref());
    account.is_some_and(|account| {
        !line.account.is_empty() && digits(account) != digits(work.input.theirs.text(line.account))
    })
}

fn both(work: &mut Work<'_>, payment: u32, bank: u32, outcome: Outcome, with_payment: bool) {
    work.set(Item::Bank(bank), outcome);
    work.note(Item::Bank(bank), Item::Payment(payment), Role::Candidate, 0);
    if with_payment {
        work.set(Item::Payment(payment), outcome);
    }
    work.note(Item::Payment(payment), Item::Bank(bank), Role::Candidate, 0);
}

/// Credits for a payment that is paid already, or that should not come by bank at all.
fn once_more(work: &mut Work<'_>, payment: u32, ours: &Payment, credits: &[(u32, Rule)]) {
    let is_paid = ours.is_direct || took_money(ours) || work.is_claimed(payment);
    let (kind, role) = if is_paid {
        (OutcomeKind::DuplicatePayment, Role::TakenAlready)
    } else {
        (OutcomeKind::NotRecorded, Role::Candidate)
    };
    for (bank, rule) in credits {
        work.set(Item::Bank(*bank), verdict(kind, *rule));
        work.note(Item::Bank(*bank), Item::Payment(payment), role, 0);
        work.note(Item::Payment(payment), Item::Bank(*bank), role, 0);
    }
}

/// One credit that names several payments.
pub(super) fn several(work: &mut Work<'_>, bank: u32, payments: &[u32]) {
    let input = work.input;
    let Some(line) = input.banks.get(at(bank)) else {
        return;
    };
    let named: Vec<(u32, &Payment)> = payments
        .iter()
        .filter_map(|payment| Some((*payment, input.payments.get(at(*payment))?)))
        .collect();
    let total = named
        .iter()
        .fold(0_i64, |sum, (_, one)| sum.saturating_add(one.amount));
    let is_free = named.iter().all(|(payment, one)| {
        let is_due = took_money(one) || one.status == PaymentStatus::Pending;
        one.is_direct
            && is_due
            && one.currency == line.currency
            && !work.is_claimed(*payment)
            && !elsewhere(work, one, line)
    });
    if is_free && total == line.amount {
        let outcome = verdict(OutcomeKind::Merged, Rule::MemoReference);
        work.set(Item::Bank(bank), outcome);
        for (payment, one) in named {
            work.note(
                Item::Bank(bank),
                Item::Payment(payment),
                Role::Matched,
                one.amount,
            );
            let kind = if one.is_expired {
                OutcomeKind::LatePayment
            } else {
                OutcomeKind::Merged
            };
            let first = matched(Item::Bank(bank), one.amount);
            let merged = verdict(kind, Rule::MemoReference);
            work.set(Item::Payment(payment), Outcome { first, ..merged });
            work.claim(payment);
        }
        return;
    }
    work.set(
        Item::Bank(bank),
        verdict(OutcomeKind::NeedsReview, Rule::Ambiguous),
    );
    for (payment, one) in named {
        let role = if work.is_claimed(payment) {
            Role::TakenAlready
        } else {
            Role::Candidate
        };
        work.note(Item::Bank(bank), Item::Payment(payment), role, 0);
        if one.is_direct && role == Role::Candidate {
            work.note(Item::Payment(payment), Item::Bank(bank), role, 0);
        }
    }
}

/// Money that left, with the bank's reference of a payment of ours.
pub(super) fn outgoing(work: &mut Work<'_>, payment: u32, bank: u32) {
    let input = work.input;
    let (Some(ours), Some(line)) = (input.payments.get(at(payment)), input.banks.get(at(bank)))
    else {
        return;
    };
    if ours.status != PaymentStatus::Outgoing || work.is_claimed(payment) {
        let outcome = verdict(OutcomeKind::RefundNotRecorded, Rule::BankReference);
        both(work, payment, bank, outcome, false);
        return;
    }
    let size = line.amount.saturating_abs();
    let difference = size.saturating_sub(ours.amount);
    let kind = if difference == 0 {
        OutcomeKind::Matched
    } else {
        OutcomeKind::AmountMismatch
    };
    let outcome = Outcome {
        difference,
        ..verdict(kind, Rule::BankReference)
    };
    let allocated = size.min(ours.amount);
    let first = matched(Item::Bank(bank), allocated);
    work.set(Item::Payment(payment), Outcome { first, ..outcome });
    let first = matched(Item::Payment(payment), allocated);
    work.set(Item::Bank(bank), Outcome { first, ..outcome });
    work.claim(payment);
}
