//! Refunds: money going back, asked for by one officer, approved by another, sent, and paid out by
//! the provider, the bank or by hand. Each step is one transaction with its reason; who acts and how
//! a step begins and ends stand here. Roles are the doors' to check.

use thiserror::Error;

use crate::domain::entry::Posting;
use crate::domain::ids::{RefundId, Tenant};
use crate::domain::money::{Currency, Money};
use crate::domain::refund::{RefundAction, RefundRule, RefundSource, RefundState};
use crate::domain::time::Instant;
use crate::journeys::move_money::MoveError;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{PaymentRow, RefundRow, RefundStepRow};
use crate::store::types::{Ts, Uid};
use crate::store::{AsFailure, Db};

pub mod approve;
pub mod ask;
mod parts;
pub mod pay;
mod proposals;
mod told;
mod written_off;

pub use parts::ItemAsked;
pub(super) use proposals::proposals_for_refused;
pub(super) use told::taken_back;
pub(super) use written_off::{ByKind, asked_back};

/// Who acts, for whom and when.
#[derive(Debug, Clone, Copy)]
pub struct Hand<'a> {
    /// The installation.
    pub tenant: Tenant,
    /// The officer's code.
    pub officer: &'a str,
    /// The one unit whose refunds may be touched; none for the officer's own, or all where the
    /// officer has none.
    pub unit: Option<&'a str>,
    /// The name under which a seal chain is leased for this step alone.
    pub holder: &'a str,
    /// When, UTC.
    pub now: Instant,
    /// Whether to show what would be done and do nothing.
    pub is_preview: bool,
}

/// Which refund, and at which revision the officer saw it.
#[derive(Debug, Clone, Copy)]
pub struct Which {
    /// The refund.
    pub id: RefundId,
    /// The revision; none does not mind what was done meanwhile.
    pub revision: Option<i32>,
}

/// What was done, or would be.
#[derive(Debug, Clone)]
pub struct Told {
    /// The refund after the step.
    pub refund: RefundRow,
    /// What the step posts; for a request, what its approval would post.
    pub entry: Vec<Posting>,
}

/// Why a step was refused. Nothing was changed.
#[derive(Debug, Error)]
pub enum RefundError {
    /// No refund has this id.
    #[error("there is no such refund")]
    UnknownRefund,
    /// No payment has this id.
    #[error("there is no such payment")]
    UnknownPayment,
    /// The officer is not known or no longer active.
    #[error("there is no active officer {0}")]
    UnknownOfficer(String),
    /// Nobody stands behind the call.
    #[error("a refund needs an officer behind it: use a token that is an officer's")]
    NoOfficer,
    /// It belongs to another unit than the officer may act for.
    #[error("the money belongs to {}", if .0.is_empty() { "no unit: the province decides" } else { .0 })]
    OtherUnit(String),
    /// Whoever asked for a refund does not approve it.
    #[error("{0} asked for this refund: another officer must approve it")]
    SameOfficer(String),
    /// More was asked for than is left, minor units.
    #[error("{} {currency} was asked for, {} {currency} is left", text(*.asked, *.currency), text(*.rest, *.currency))]
    AboveRest {
        /// What was asked for.
        asked: i64,
        /// What is left.
        rest: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// The refund's state does not permit the step.
    #[error("a refund that is {state} cannot take the step {action}")]
    WrongState {
        /// Where it stands.
        state: String,
        /// What was asked of it.
        action: &'static str,
    },
    /// It was brought further since the officer saw it.
    #[error("the refund is at revision {is} by now, not at {given}: look at it again")]
    WrongRevision {
        /// Where it is.
        is: i32,
        /// What the officer saw.
        given: i32,
    },
    /// A step without a reason.
    #[error("a reason is needed")]
    NoReason,
    /// A step that needs proof.
    #[error("{0}")]
    NoEvidence(&'static str),
    /// An amount that cannot be meant.
    #[error("amount: {0}")]
    WrongAmount(String),
    /// Fee items that cannot be given back.
    #[error("items: {0}")]
    WrongItems(String),
    /// A text that cannot be kept.
    #[error("{0} is too long, or holds control characters")]
    WrongText(&'static str),
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// Not an error: what was only to be shown, on its way out of the transaction it must not leave
    /// a trace in.
    #[error("only shown")]
    Shown(Box<Told>),
}

fn text(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_decimal_text()
}

impl RefundError {
    /// The stable word of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRefund => "unknown_refund",
            Self::UnknownPayment => "unknown_payment",
            Self::UnknownOfficer(_) | Self::NoOfficer => "no_officer",
            Self::OtherUnit(_) => "other_unit",
            Self::SameOfficer(_) => "same_officer",
            Self::AboveRest { .. } => "above_rest",
            Self::WrongState { .. } => "wrong_state",
            Self::WrongRevision { .. } => "wrong_revision",
            Self::NoReason => "no_reason",
            Self::NoEvidence(_) => "no_evidence",
            Self::WrongAmount(_) => "wrong_amount",
            Self::WrongItems(_) => "wrong_items",
            Self::WrongText(_) => "wrong_text",
            Self::Failed(_) | Self::Shown(_) => "failed",
        }
    }

    /// Money could not be moved.
    fn of_move(error: MoveError, currency: &str) -> Self {
        match error {
            MoveError::NotThere { there, asked } => Self::AboveRest {
                asked,
                rest: there.max(0),
                currency: Currency::parse(currency).unwrap_or(Currency::VND),
            },
            MoveError::UnknownBill => Self::WrongItems("the bill is not known".to_owned()),
            MoveError::Failure(failure) => Self::Failed(failure),
        }
    }
}

impl AsFailure for RefundError {
    fn as_failure(&self) -> Option<&Failure> {
        if let Self::Failed(failure) = self {
            return Some(failure);
        }
        None
    }
}

/// Runs a step in one transaction; what is only to be shown is undone.
fn in_one(
    db: &Db,
    hand: &Hand<'_>,
    mut story: impl FnMut(&mut dyn Queries, &Hand<'_>) -> Result<Told, RefundError>,
) -> Result<Told, RefundError> {
    let done = db.write(|queries| {
        let officer = queries.find_officer(hand.tenant.0, hand.officer)?;
        let officer = officer.filter(|officer| officer.is_active);
        let unknown = || RefundError::UnknownOfficer(hand.officer.to_owned());
        let own = officer.ok_or_else(unknown)?.unit_code;
        let bound = Hand {
            unit: hand.unit.or(own.as_deref()),
            ..*hand
        };
        let told = story(queries, &bound)?;
        if hand.is_preview {
            return Err(RefundError::Shown(Box::new(told)));
        }
        Ok(told)
    });
    match done {
        Err(RefundError::Shown(told)) => Ok(*told),
        other => other,
    }
}

/// Longest reason, evidence or reference, in characters.
const LONGEST: usize = 1_000;

/// A text that can be kept, trimmed; `None` when there is nothing in it.
fn kept(name: &'static str, text: &str) -> Result<Option<String>, RefundError> {
    let text = text.trim();
    let is_odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().count() > LONGEST || text.contains(is_odd) {
        return Err(RefundError::WrongText(name));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn reason(text: &str) -> Result<String, RefundError> {
    kept("reason", text)?.ok_or(RefundError::NoReason)
}

/// The refund, and the state that the step leads to.
fn begin(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    which: Which,
    action: RefundAction,
) -> Result<(RefundRow, RefundState), RefundError> {
    let found = queries.find_refund(hand.tenant.0, Uid(which.id.0))?;
    let row = found.ok_or(RefundError::UnknownRefund)?;
    must_be_own(hand, &row.unit_code)?;
    if let Some(given) = which.revision.filter(|given| *given != row.revision) {
        let is = row.revision;
        return Err(RefundError::WrongRevision { is, given });
    }
    let next = RefundState::parse(&row.state).and_then(|state| state.after(action));
    match next {
        Some(next) => Ok((row, next)),
        None => Err(RefundError::WrongState {
            state: row.state,
            action: action.as_str(),
        }),
    }
}

/// Refuses what belongs to another unit than the officer may act for.
fn must_be_own(hand: &Hand<'_>, unit_code: &str) -> Result<(), RefundError> {
    match hand.unit {
        Some(own) if own != unit_code => Err(RefundError::OtherUnit(unit_code.to_owned())),
        Some(_) | None => Ok(()),
    }
}

/// What a step says of itself.
pub(super) struct Step<'a> {
    pub(super) action: RefundAction,
    pub(super) state: RefundState,
    pub(super) reason: &'a str,
    pub(super) evidence: Option<String>,
    pub(super) entry_id: Option<Uid>,
    /// What it set aside; below zero what it paid out or moved back.
    pub(super) minor: i64,
}

/// The row of a step on a refund that is at its revision already.
pub(super) fn step_row(
    refund: &RefundRow,
    officer: Option<&str>,
    now: Instant,
    step: Step<'_>,
) -> RefundStepRow {
    RefundStepRow {
        tenant: refund.tenant,
        refund_id: refund.refund_id,
        revision: refund.revision,
        action: step.action.as_str().to_owned(),
        officer: officer.map(str::to_owned),
        reason: step.reason.to_owned(),
        evidence: step.evidence,
        entry_id: step.entry_id,
        state: step.state.as_str().to_owned(),
        amount_minor: step.minor,
        taken_at: Ts(now),
    }
}

/// Brings a refund one revision further, for the officer who acts.
fn take_step(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    refund: RefundRow,
    step: Step<'_>,
) -> Result<RefundRow, RefundError> {
    take_step_of(queries, (Some(hand.officer), hand.now), refund, step)
}

/// Brings a refund one revision further, for an officer, or for none where a provider or a bank told it.
fn take_step_of(
    queries: &mut dyn Queries,
    (officer, now): (Option<&str>, Instant),
    mut refund: RefundRow,
    step: Step<'_>,
) -> Result<RefundRow, RefundError> {
    refund.revision += 1;
    step.state.as_str().clone_into(&mut refund.state);
    if !step.state.holds_money() && step.state != RefundState::Requested {
        refund.ended_at = Some(Ts(now));
    }
    let row = step_row(&refund, officer, now, step);
    queries.mark_refunds(std::slice::from_ref(&refund), &[row])?;
    Ok(refund)
}

/// A refund of money of a payment, proposed and nothing more.
pub(super) fn proposed(
    payment: &PaymentRow,
    unit_code: String,
    source: RefundSource,
    amount_minor: i64,
    now: Instant,
) -> RefundRow {
    RefundRow {
        tenant: payment.tenant,
        refund_id: Uid(RefundId::at(now).0),
        payment_id: payment.payment_id,
        bill_id: payment.bill_id,
        dossier_id: payment.dossier_id,
        unit_code,
        channel: payment.channel.clone(),
        difference_id: None,
        rule: RefundRule::ByHand.as_str().to_owned(),
        source: source.as_str().to_owned(),
        amount_minor,
        currency: payment.currency.clone(),
        reason: String::new(),
        state: RefundState::Proposed.as_str().to_owned(),
        revision: 1,
        opened_at: Ts(now),
        requested_by: None,
        requested_at: None,
        approved_by: None,
        approved_at: None,
        sent_at: None,
        ended_at: None,
        fee_items: None,
        paid_minor: 0,
        provider_refund_id: None,
        bank_reference: None,
    }
}
