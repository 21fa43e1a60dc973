//! Asking for a refund: an officer takes up what a rule proposes, or asks of the own accord; and
//! taking such a wish back. No money moves here.
//!
//! One payment may have several open refunds, because each fee item is decided by itself; what is
//! asked for and not yet approved, together, never exceeds what stands at the place it is taken
//! from. What is approved has left that place.

use super::parts::{ItemAsked, Part, amount, asked_parts, places};
use super::proposals::take_over_proposals;
use super::{Hand, RefundError, Step, Told, Which, begin, in_one, must_be_own, reason, step_row};
use super::{proposed, take_step};
use crate::domain::entry::{Event, Posting};
use crate::domain::ids::{EntryId, PaymentId};
use crate::domain::refund::{RefundAction, RefundSource, RefundState};
use crate::ledger::moves::{Move, Place, moved};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::{PaymentRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// A refund that is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The payment.
    pub payment_id: PaymentId,
    /// Where the money stands.
    pub source: RefundSource,
    /// What is asked for.
    pub wish: Wish,
}

/// How much, and why.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Decimal text; none for all that is left, or for the sum of the fee items.
    pub amount: Option<String>,
    /// The fee items that are given back; only and always for a fee.
    pub items: Vec<ItemAsked>,
    /// Why.
    pub reason: String,
}

/// Refunds of one payment that are looked at.
const MOST: i64 = 10_000;

/// Asks for a refund of the own accord.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn request_refund(db: &Db, hand: &Hand<'_>, asked: &Asked) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(&asked.wish.reason)?;
        let payment = payment_of(queries, hand, Uid(asked.payment_id.0))?;
        let unit = unit_of(queries, &payment)?;
        must_be_own(hand, &unit)?;
        let mut row = proposed(&payment, unit, asked.source, 0, hand.now);
        wished(queries, &payment, &mut row, &asked.wish, None)?;
        as_requested(hand, &mut row, &reason);
        RefundState::Requested.as_str().clone_into(&mut row.state);
        let step = Step {
            action: RefundAction::Request,
            state: RefundState::Requested,
            reason: &reason,
            evidence: None,
            entry_id: None,
            minor: 0,
        };
        let step = step_row(&row, Some(hand.officer), hand.now, step);
        queries.insert_refund(&row, Some(&step))?;
        take_over_proposals(queries, hand, &payment, asked.source)?;
        told(hand, &payment, row)
    })
}

/// Asks for a refund that a rule proposes.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn adopt_refund(
    db: &Db,
    hand: &Hand<'_>,
    which: Which,
    wish: &Wish,
) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(&wish.reason)?;
        let (mut row, state) = begin(queries, hand, which, RefundAction::Request)?;
        let payment = payment_of(queries, hand, row.payment_id)?;
        let own = row.refund_id;
        let proposal = row.amount_minor;
        wished(queries, &payment, &mut row, wish, Some((own, proposal)))?;
        as_requested(hand, &mut row, &reason);
        let step = Step {
            action: RefundAction::Request,
            state,
            reason: &reason,
            evidence: None,
            entry_id: None,
            minor: 0,
        };
        let row = take_step(queries, hand, row, step)?;
        told(hand, &payment, row)
    })
}

/// Takes back what a rule proposed or an officer asked for.
///
/// # Errors
/// Any [`RefundError`]; nothing was changed.
pub fn withdraw_refund(
    db: &Db,
    hand: &Hand<'_>,
    which: Which,
    why: &str,
) -> Result<Told, RefundError> {
    in_one(db, hand, |queries, hand| {
        let reason = reason(why)?;
        let (row, state) = begin(queries, hand, which, RefundAction::Withdraw)?;
        let step = Step {
            action: RefundAction::Withdraw,
            state,
            reason: &reason,
            evidence: None,
            entry_id: None,
            minor: 0,
        };
        let refund = take_step(queries, hand, row, step)?;
        let entry = Vec::new();
        Ok(Told { refund, entry })
    })
}

fn as_requested(hand: &Hand<'_>, row: &mut RefundRow, reason: &str) {
    row.requested_by = Some(hand.officer.to_owned());
    row.requested_at = Some(Ts(hand.now));
    reason.clone_into(&mut row.reason);
}

/// The refund, and the entry that its approval would make.
fn told(hand: &Hand<'_>, payment: &PaymentRow, refund: RefundRow) -> Result<Told, RefundError> {
    let (id, amount) = (PaymentId(payment.payment_id.0), payment.to_amount()?);
    let entry_id = EntryId::at(hand.now);
    let posting = |(from, minor): (Place, i64)| -> Posting {
        let step = Move {
            entry_id,
            event: Event::RefundApproved,
            from,
            to: Place::GoingBack,
            minor,
            corrects: None,
        };
        moved(&step, id, amount)
    };
    let entry = places(&refund)?.into_iter().map(posting).collect();
    Ok(Told { refund, entry })
}

pub(super) fn payment_of(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    id: Uid,
) -> Result<PaymentRow, RefundError> {
    let found = queries.find_payment(hand.tenant.0, id)?;
    found.ok_or(RefundError::UnknownPayment)
}

/// The unit of a payment's dossier; empty without one.
fn unit_of(queries: &mut dyn Queries, payment: &PaymentRow) -> Result<String, Failure> {
    let ids: Vec<Uid> = payment.dossier_id.into_iter().collect();
    let found = queries.list_dossiers_by_id(payment.tenant, &ids)?;
    Ok(found
        .into_iter()
        .next()
        .map_or_else(String::new, |row| row.unit_code))
}

/// Writes amount and fee items of a wish on a refund. For a proposal, its id and amount: the amount
/// is taken from it where none is wished.
fn wished(
    queries: &mut dyn Queries,
    payment: &PaymentRow,
    row: &mut RefundRow,
    wish: &Wish,
    proposal: Option<(Uid, i64)>,
) -> Result<(), RefundError> {
    let currency = payment.to_amount()?.currency();
    let own = proposal.map(|(id, _)| id);
    let source = RefundSource::parse(&row.source);
    let source = source.ok_or_else(|| RefundError::WrongAmount("the source is none".to_owned()))?;
    let rest = room(queries, payment, source, own)?;
    let given = wish.amount.as_deref();
    let given = given.map(|text| amount(text, currency)).transpose()?;
    let minor = if source == RefundSource::Fee {
        let parts = asked_parts(queries, payment, &wish.items, own)?;
        let sum = parts.iter().map(|part| part.minor).sum::<i64>();
        if given.is_some_and(|given| given != sum) {
            let problem = "is not the sum of the fee items: leave it out".to_owned();
            return Err(RefundError::WrongAmount(problem));
        }
        row.fee_items = Some(json_of(&parts)?);
        sum
    } else if wish.items.is_empty() {
        given.unwrap_or_else(|| proposal.map_or(rest, |(_, minor)| minor))
    } else {
        let problem = "only a refund of a fee names fee items".to_owned();
        return Err(RefundError::WrongItems(problem));
    };
    if minor <= 0 || minor > rest {
        let asked = minor.max(0);
        return Err(RefundError::AboveRest {
            asked,
            rest: rest.max(0),
            currency,
        });
    }
    row.amount_minor = minor;
    Ok(())
}

fn json_of(parts: &[Part]) -> Result<String, Failure> {
    serde_json::to_string(parts).map_err(|error| Failure::Broken(error.to_string()))
}

/// What is left at a place for another wish, minor units: what stands there less what is asked for
/// already. `own` is the refund that asks.
pub(super) fn room(
    queries: &mut dyn Queries,
    payment: &PaymentRow,
    source: RefundSource,
    own: Option<Uid>,
) -> Result<i64, Failure> {
    let there = match source {
        RefundSource::Credit => payment.credit_minor,
        RefundSource::Suspense => payment.suspense_minor,
        RefundSource::Fee => {
            let given = queries.list_allocations(payment.tenant, &[payment.payment_id])?;
            let elsewhere: i64 = given.iter().map(|row| row.amount_minor).sum();
            payment.allocated_minor - payment.returned_minor - elsewhere
        }
    };
    let filter = RefundFilter {
        payment_id: Some(payment.payment_id),
        state: Some(RefundState::Requested.as_str().to_owned()),
        limit: MOST,
        ..RefundFilter::default()
    };
    let asked = queries.list_refunds(payment.tenant, &filter)?;
    let others = asked
        .iter()
        .filter(|row| row.source == source.as_str() && Some(row.refund_id) != own);
    Ok(there - others.map(|row| row.amount_minor).sum::<i64>())
}
