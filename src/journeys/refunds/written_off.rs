//! What an officer wrote off of a bill by accepting less than was due, by fee kind: it was never
//! paid, so it cannot be given back. And the other way round: what is asked back already cannot be
//! written off besides. Read from the steps that did it; changes nothing.

use std::collections::BTreeMap;

use super::parts::given_back;
use crate::domain::difference::StepAction;
use crate::domain::dossier::FeeKind;
use crate::journeys::difference_steps::StepDetail;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::types::Uid;

/// Minor units by fee kind.
pub(in crate::journeys) type ByKind = BTreeMap<FeeKind, i64>;

/// What stands written off of a bill.
pub(super) fn written_off(
    queries: &mut dyn Queries,
    tenant: i32,
    dossier: Uid,
    bill: Uid,
) -> Result<ByKind, Failure> {
    let mut sums = ByKind::new();
    let row = queries.find_bill_by_id(tenant, bill)?;
    if row.is_none_or(|row| row.waived_minor == 0) {
        return Ok(sums);
    }
    let payments = queries.list_payments_of(tenant, &[dossier])?;
    let payments: Vec<Uid> = payments.iter().map(|row| row.payment_id).collect();
    for (id, _) in queries.list_differences_of(tenant, &payments)? {
        let difference = queries.find_difference(tenant, id)?;
        if difference.is_none_or(|row| row.bill_id != Some(bill)) {
            continue;
        }
        let steps = queries.list_difference_steps(tenant, id)?;
        let is_undone = |revision: i32| steps.iter().any(|step| step.undoes == Some(revision));
        for step in &steps {
            if step.action == StepAction::AcceptedShort.as_str() && !is_undone(step.revision) {
                for (kind, minor) in StepDetail::of(step)?.waived {
                    *sums.entry(kind).or_default() += minor;
                }
            }
        }
    }
    Ok(sums)
}

/// What of a bill's fees is asked back, approved to go back, or went back.
pub(in crate::journeys) fn asked_back(
    queries: &mut dyn Queries,
    tenant: i32,
    bill: Uid,
) -> Result<ByKind, Failure> {
    let mut sums = ByKind::new();
    for part in given_back(queries, tenant, bill, None)? {
        *sums.entry(part.kind).or_default() += part.minor;
    }
    Ok(sums)
}
