//! What a refused dossier proposes: the fee that was paid for it may be given back. Which of its
//! items are is for an officer to decide, because not every fee is returned when a dossier is
//! refused. Proposals about money that was paid twice, too much or too late are made where the
//! payment is placed. What an officer asks for instead is not proposed any longer.

use super::ask::room;
use super::{Hand, Step, proposed, step_row};
use crate::domain::ids::Tenant;
use crate::domain::refund::{RefundAction, RefundRule, RefundSource, RefundState};
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::{PaymentRow, RefundRow};
use crate::store::types::{Ts, Uid};

/// Proposals about one payment that are looked at.
const MOST: i64 = 100;

/// The proposals for dossiers, each with its unit, that became refused while money stands on their
/// bills. A payment that has such a refund already gets no second one.
pub(in crate::journeys) fn proposals_for_refused(
    queries: &mut dyn Queries,
    tenant: Tenant,
    now: Instant,
    refused: &[(Uid, String)],
) -> Result<Vec<RefundRow>, Failure> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uid> = refused.iter().map(|(id, _)| *id).collect();
    let mut rows = Vec::new();
    for payment in queries.list_payments_of(tenant.0, &ids)? {
        let unit = refused
            .iter()
            .find(|(id, _)| Some(*id) == payment.dossier_id);
        let rest = room(queries, &payment, RefundSource::Fee, None)?;
        let Some((_, unit)) = unit.filter(|_| payment.bill_id.is_some() && rest > 0) else {
            continue;
        };
        let filter = RefundFilter {
            payment_id: Some(payment.payment_id),
            rule: Some(RefundRule::RefusedDossier.as_str().to_owned()),
            limit: MOST,
            ..RefundFilter::default()
        };
        let is_known = queries.list_refunds(tenant.0, &filter)?.iter().any(|row| {
            let state = RefundState::parse(&row.state);
            !matches!(state, Some(RefundState::Withdrawn | RefundState::CalledOff))
        });
        if !is_known {
            rows.push(RefundRow {
                rule: RefundRule::RefusedDossier.as_str().to_owned(),
                reason: "the dossier was refused after its fee was paid".to_owned(),
                ..proposed(&payment, unit.clone(), RefundSource::Fee, rest, now)
            });
        }
    }
    Ok(rows)
}

/// What an officer asked for by hand is not proposed besides: a proposal of the same payment and place
/// is lowered to what is left there, or withdrawn when nothing is.
pub(super) fn take_over_proposals(
    queries: &mut dyn Queries,
    hand: &Hand<'_>,
    payment: &PaymentRow,
    source: RefundSource,
) -> Result<(), Failure> {
    let mut left = room(queries, payment, source, None)?;
    let filter = RefundFilter {
        payment_id: Some(payment.payment_id),
        state: Some(RefundState::Proposed.as_str().to_owned()),
        limit: MOST,
        ..RefundFilter::default()
    };
    for mut row in queries.list_refunds(payment.tenant, &filter)? {
        if row.source != source.as_str() {
            continue;
        }
        let kept = row.amount_minor.min(left.max(0));
        left -= kept;
        if kept == row.amount_minor {
            continue;
        }
        let (action, state) = if kept == 0 {
            row.ended_at = Some(Ts(hand.now));
            (RefundAction::Withdraw, RefundState::Withdrawn)
        } else {
            row.amount_minor = kept;
            (RefundAction::Lower, RefundState::Proposed)
        };
        row.revision += 1;
        state.as_str().clone_into(&mut row.state);
        let step = Step {
            action,
            state,
            reason: "an officer asked for it by hand",
            evidence: None,
            entry_id: None,
            minor: 0,
        };
        let step = step_row(&row, Some(hand.officer), hand.now, step);
        queries.mark_refunds(std::slice::from_ref(&row), &[step])?;
    }
    Ok(())
}
