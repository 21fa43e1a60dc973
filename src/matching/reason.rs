//! The words of a decision: facts already decided come in, parts of one sentence for a finance
//! officer go out. Decides nothing, and names no person.

use super::found::{Gave, Texts};
use super::rules::{Candidate, MatchOutcome, Rule};
use crate::domain::bill::Bill;
use crate::domain::money::Money;
use crate::domain::notice::Notice;
use crate::domain::time::{Day, Instant, VIETNAM};

/// Characters of an outside text that are quoted.
const QUOTED: usize = 64;

/// Bills that are listed by name where several are named.
const LISTED: usize = 5;

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::OrderReference => "order reference",
        Rule::PaymentReference => "payment reference",
        Rule::VirtualAccount => "virtual account",
        Rule::DossierCode => "dossier code",
    }
}

pub(super) fn wrong_account(account: &str) -> String {
    let account = quoted(account);
    format!("received on account {account}, which is not among the channel's own accounts")
}

pub(super) fn negative(notice: &Notice) -> String {
    format!("{} is below zero and is never placed", notice.amount)
}

pub(super) fn unknown(notice: &Notice) -> String {
    let mut text = String::with_capacity(160);
    match notice.order_ref.as_deref() {
        Some(order_ref) => {
            text.push_str("order reference ");
            text.push_str(&quoted(order_ref));
            text.push_str(" is no attempt and no bill of ours");
        }
        None => text.push_str("no order reference was given"),
    }
    text.push_str("; payment reference, virtual account and dossier code gave nothing");
    text
}

fn bill_names(bills: &[Candidate<'_>]) -> String {
    let mut names: Vec<&str> = bills
        .iter()
        .take(LISTED)
        .map(|candidate| candidate.bill.reference.as_str())
        .collect();
    if bills.len() > LISTED {
        names.push("…");
    }
    names.join(", ")
}

pub(super) fn ambiguous(
    rule: Rule,
    several: &[Candidate<'_>],
    gave: &[(Rule, Gave<'_>)],
) -> String {
    let mut text = format!(
        "{} names {} bills with equal right ({}), so none is chosen and the amount does not decide",
        rule_name(rule),
        several.len(),
        bill_names(several)
    );
    for (other, gave) in gave {
        if let Gave::One(candidate) = gave {
            text.push_str("; ");
            text.push_str(rule_name(*other));
            text.push_str(" suggests bill ");
            text.push_str(&candidate.bill.reference);
        }
    }
    text
}

/// The rule that was followed and the bill it names, to be followed by a comparison.
pub(super) fn named(
    rule: Rule,
    candidate: &Candidate<'_>,
    notice: &Notice,
    texts: &Texts<'_>,
) -> String {
    let bill = candidate.bill;
    let code = candidate.dossier.code_squeezed.as_str();
    let (clue, place) = match rule {
        Rule::OrderReference => (notice.order_ref.as_deref(), None),
        Rule::PaymentReference => (
            Some(bill.reference.as_str()),
            texts.place_of_reference(&bill.reference),
        ),
        Rule::VirtualAccount => (bill.virtual_account.as_deref(), None),
        Rule::DossierCode => (Some(code), texts.place_of_code(code)),
    };
    let mut place = place.map_or(String::new(), |place| format!(" found in the {place}"));
    if rule == Rule::PaymentReference && texts.is_headless(&bill.reference) {
        place.push_str(" without its first letters");
    }
    format!(
        "{} {}{place} names bill {}; ",
        rule_name(rule),
        quoted(clue.unwrap_or("")),
        bill.reference
    )
}

pub(super) fn wrong_currency(notice: &Notice, bill: &Bill) -> String {
    format!(
        "paid in {} while the bill is in {}",
        notice.amount.currency(),
        bill.total.currency()
    )
}

pub(super) fn closed(candidate: &Candidate<'_>) -> String {
    format!("dossier {} is closed", candidate.dossier.code_squeezed)
}

pub(super) fn after_due(paid_on: Day, due_on: Day) -> String {
    format!("paid on {paid_on}, after the due day {due_on}")
}

fn local(at: Instant) -> String {
    at.with_timezone(&VIETNAM)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

pub(super) fn after_cancellation(paid_at: Option<Instant>, cancelled_at: Instant) -> String {
    let cancelled = local(cancelled_at);
    match paid_at {
        Some(at) => format!(
            "paid at {}, when the bill had been cancelled at {cancelled}",
            local(at)
        ),
        None => format!("no time of payment is given and the bill was cancelled at {cancelled}"),
    }
}

pub(super) fn amounts(outcome: MatchOutcome, notice: &Notice, bill: &Bill) -> String {
    let amount = notice.amount.to_decimal_text();
    let rest = Money::new(bill.rest_minor(), bill.total.currency());
    let compared = match outcome {
        MatchOutcome::Twice => {
            return format!(
                "the bill of {} was already paid, so amount {amount} is the payer's",
                bill.total
            );
        }
        MatchOutcome::Short => "is less than",
        MatchOutcome::Over => "is more than",
        MatchOutcome::Exact
        | MatchOutcome::Late
        | MatchOutcome::Closed
        | MatchOutcome::Unknown
        | MatchOutcome::WrongCurrency
        | MatchOutcome::WrongAccount
        | MatchOutcome::Ambiguous => "equals",
    };
    format!("amount {amount} {compared} what is due, {rest}")
}

/// What the rules that were not followed gave.
pub(super) fn others(rule: Rule, chosen: &Candidate<'_>, gave: &[(Rule, Gave<'_>)]) -> String {
    let mut text = String::with_capacity(120);
    for (other, gave) in gave.iter().filter(|(other, _)| *other != rule) {
        text.push_str("; ");
        text.push_str(rule_name(*other));
        match gave {
            Gave::Nothing => text.push_str(" gave nothing"),
            Gave::One(candidate) if candidate.bill.id == chosen.bill.id => {
                text.push_str(" names it too");
            }
            Gave::One(candidate) => {
                text.push_str(" names bill ");
                text.push_str(&candidate.bill.reference);
                text.push_str(", which was not followed");
            }
            Gave::Several(several) => {
                text.push_str(" names several bills (");
                text.push_str(&bill_names(several));
                text.push_str("), which were not followed");
            }
        }
    }
    text
}
