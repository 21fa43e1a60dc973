//! What a refused dossier proposes: the fee that was paid for it may be given back. Which of its
//! items are is for an officer to decide, because not every fee is returned when a dossier is
//! refused. Proposals about money that was paid twice, too much or too late are made where the
//! payment is placed.

use super::ask::room;
use super::proposed;
use crate::domain::ids::Tenant;
use crate::domain::refund::{RefundRule, RefundSource, RefundState};
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::RefundRow;
use crate::store::types::Uid;

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
