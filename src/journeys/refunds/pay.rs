//! Paying a refund: handing it to the provider or the bank under a reference, and telling what came
//! of it. Money leaves the books only with proof; what failed stays set aside until it is sent
//! again, paid by hand or called off.

use super::approve::{Moves, call_off, in_book, move_all};
use super::{
    Hand, RefundError, Step, Told, Which, begin, in_one, kept, reason, take_step, take_step_of,
};
use crate::domain::entry::Event;
use crate::domain::ids::RefundId;
use crate::domain::money::Currency;
use crate::domain::refund::{RefundAction, RefundState};
use crate::journeys::consequences::after_refund_differs;
use crate::ledger::moves::Place;
use crate::store::Db;
use crate::store::ops::Queries;
use crate::store::rows::RefundRow;
use crate::store::types::{Ts, Uid};

/// Under which name a refund was handed over; at least one is given.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// The provider's id of the refund.
    pub provider_refund_id: Option<String>,
    /// The bank's reference of the transfer.
    pub bank_reference: Option<String>,
    /// Why now.
    pub reason: String,
}

/// Who paid a refund out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// The provider that took the payment.
    Provider,
    /// Our bank, from this account.
    Bank(String),
}

/// What came of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Paid out.
    Succeeded(Payer),
    /// Refused.
    Failed,
    /// Paid out by hand, from this account.
    ByHand(String),
    /// Not wanted any more.
    CalledOff,
}

/// What is told of a refund.
#[derive(Debug, Clone)]
pub struct Settling {
    /// What came of it.
    pub outcome: Outcome,
    /// What proves it: a bank's reference, a provider's answer, a document's name.
    pub evidence: Option<String>,
    /// Why.
    pub reason: String,
}

/// Marks a refund as handed to the provider or the bank.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn send_refund(
    db: &Db,
    hand: &Hand<'_>,
    which: Which,
    sending: &Sending,
) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(&sending.reason)?;
        let one = |name, text: &Option<String>| {
            let text = text.as_deref().map(|text| kept(name, text)).transpose();
            text.map(Option::flatten)
        };
        let provider = one("provider_refund_id", &sending.provider_refund_id)?;
        let bank = one("bank_reference", &sending.bank_reference)?;
        let evidence = provider.as_ref().or(bank.as_ref()).cloned();
        if evidence.is_none() {
            let problem = "the provider's id of the refund, or the bank's reference, is needed";
            return Err(RefundError::NoEvidence(problem));
        }
        let (mut row, state) = begin(queries, hand, which, RefundAction::Send)?;
        // Names of an earlier attempt are in its step; what is found by now is the last one.
        row.provider_refund_id = provider;
        row.bank_reference = bank;
        row.sent_at = Some(Ts(hand.now));
        let step = Step {
            action: RefundAction::Send,
            state,
            reason: &reason,
            evidence,
            entry_id: None,
            minor: 0,
        };
        let refund = take_step(queries, hand, row, step)?;
        let entry = Vec::new();
        Ok(Told { refund, entry })
    })
}

/// Tells what came of a refund.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn settle_refund(
    db: &Db,
    hand: &Hand<'_>,
    which: Which,
    settling: &Settling,
) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(&settling.reason)?;
        let evidence = settling.evidence.as_deref();
        let evidence = evidence.map(|text| kept("evidence", text)).transpose()?;
        let proven = evidence.flatten();
        let action = match &settling.outcome {
            Outcome::Succeeded(_) => RefundAction::Succeed,
            Outcome::Failed => RefundAction::Fail,
            Outcome::ByHand(_) => RefundAction::PayByHand,
            Outcome::CalledOff => RefundAction::CallOff,
        };
        let (row, state) = begin(queries, hand, which, action)?;
        let payer = match &settling.outcome {
            Outcome::Succeeded(payer) => payer.clone(),
            Outcome::ByHand(account) => Payer::Bank(account.clone()),
            Outcome::Failed => return failed(queries, hand, row, state, (&reason, proven)),
            Outcome::CalledOff => return call_off(queries, hand, row, state, &reason),
        };
        let proof = Paid {
            action,
            state,
            officer: Some(hand.officer),
            payer,
            evidence: proven,
        };
        paid(queries, hand, row, &reason, proof)
    })
}

/// A line of a settlement file or a bank statement shows that a refund that was sent was paid out
/// whole. `None` when nothing is left to be told of it.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub(in crate::journeys) fn paid_as_shown(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    id: RefundId,
    shown: (Payer, i64, String),
) -> Result<Option<Told>, RefundError> {
    let (payer, minor, evidence) = shown;
    let found = queries.find_refund(hand.tenant.0, Uid(id.0))?;
    let row = found.ok_or(RefundError::UnknownRefund)?;
    if RefundState::parse(&row.state) != Some(RefundState::Sent) {
        return Ok(None);
    }
    let currency = Currency::parse(&row.currency).unwrap_or(Currency::VND);
    let rest = row.amount_minor - row.paid_minor;
    if rest != minor {
        let asked = minor;
        return Err(RefundError::AboveRest {
            asked,
            rest,
            currency,
        });
    }
    let proof = Paid {
        action: RefundAction::Tell,
        state: RefundState::Succeeded,
        officer: None,
        payer,
        evidence: kept("evidence", &evidence)?,
    };
    let reason = "shown by a line that was imported";
    paid(queries, hand, row, reason, proof).map(Some)
}

/// A payment of a refund, and what proves it.
struct Paid<'a> {
    action: RefundAction,
    state: RefundState,
    officer: Option<&'a str>,
    payer: Payer,
    evidence: Option<String>,
}

fn paid(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    mut row: RefundRow,
    reason: &str,
    paid: Paid<'_>,
) -> Result<Told, RefundError> {
    if paid.evidence.is_none() {
        let problem = "what proves the payment is needed: a bank's reference, a provider's answer, \
            a document's name";
        return Err(RefundError::NoEvidence(problem));
    }
    let to = match paid.payer {
        Payer::Provider => Place::Provider(row.channel.clone()),
        Payer::Bank(account) => Place::Bank(bank_account(&account)?),
    };
    let minor = row.amount_minor - row.paid_minor;
    let moves = Moves {
        event: Event::RefundPaid,
        corrects: None,
        steps: vec![(Place::GoingBack, to, minor)],
    };
    let (entry_id, entry) = move_all(queries, hand, &row, moves)?;
    row.paid_minor = row.amount_minor;
    let step = Step {
        action: paid.action,
        state: paid.state,
        reason,
        evidence: paid.evidence,
        entry_id: Some(entry_id),
        minor: -minor,
    };
    let refund = take_step_of(queries, (paid.officer, hand.now), row, step)?;
    Ok(Told { refund, entry })
}

/// The provider or the bank refused it: the money stays set aside, and a person must look.
fn failed(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    row: RefundRow,
    state: RefundState,
    (reason, evidence): (&str, Option<String>),
) -> Result<Told, RefundError> {
    in_book(queries, hand, &row, |book, payment| {
        if let Some(payment) = payment {
            after_refund_differs(book, &payment);
        }
        Ok(())
    })?;
    let step = Step {
        action: RefundAction::Fail,
        state,
        reason,
        evidence,
        entry_id: None,
        minor: 0,
    };
    let refund = take_step(queries, hand, row, step)?;
    let entry = Vec::new();
    Ok(Told { refund, entry })
}

/// The account our bank paid from, without spaces.
fn bank_account(text: &str) -> Result<String, RefundError> {
    let account: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_account = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if account.is_empty() || account.len() > 34 || !account.chars().all(is_account) {
        let problem = "the account that paid is needed: letters, digits, dots and dashes";
        return Err(RefundError::NoEvidence(problem));
    }
    Ok(account)
}
