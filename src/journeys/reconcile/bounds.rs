//! The bounds of what files may post: a subject once for good, never more from a line than it brought,
//! and never more of a payment than it is, together with everything that was posted before.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, HashSet};

use super::settle::{Left, Settling};
use crate::domain::entry::{Event, Posting};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::SettlementEntryRow;
use crate::store::types::Uid;

/// An entry that a line proves, not posted yet.
pub(super) struct Plan {
    pub(super) row: SettlementEntryRow,
    /// Of a payout, the settlement file.
    pub(super) of_file: Option<Uid>,
    pub(super) postings: Vec<Posting>,
    /// What the line brought, and what the payment is, minor units: never more is posted.
    pub(super) line_minor: i64,
    pub(super) payment_minor: Option<i64>,
}

/// The plans that are new and stay within what their line brought and their payment is, together with
/// everything that was posted before.
pub(super) fn within_bounds(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    mut plans: Vec<Plan>,
    left: &mut Vec<Left>,
) -> Result<Vec<Plan>, Failure> {
    let tenant = settling.tenant.0;
    let subjects: Vec<String> = plans.iter().map(|plan| plan.row.subject.clone()).collect();
    let known = queries.list_settlement_entries(tenant, &subjects)?;
    let known: HashSet<String> = known.into_iter().map(|row| row.subject).collect();
    plans.retain(|plan| !known.contains(&plan.row.subject));
    let sum = |rows: Vec<SettlementEntryRow>| rows.iter().map(|row| row.net_minor).sum::<i64>();
    let mut lines: BTreeMap<(Uid, i64), i64> = BTreeMap::new();
    let mut payments: BTreeMap<Uid, i64> = BTreeMap::new();
    let mut sound = Vec::new();
    for plan in plans {
        let row = &plan.row;
        let line = (row.file_id, row.place);
        if let Vacant(entry) = lines.entry(line) {
            entry.insert(sum(queries.list_entries_of_line(tenant, line.0, line.1)?));
        }
        let of_line = lines.entry(line).or_default();
        let mut is_within = of_line.saturating_add(row.net_minor) <= plan.line_minor;
        if let Some((id, whole)) = row.payment_id.zip(plan.payment_minor) {
            if let Vacant(entry) = payments.entry(id) {
                let mut rows = queries.list_entries_of_payment(tenant, id)?;
                rows.retain(|row| row.event == Event::BankCredited.as_str());
                entry.insert(sum(rows));
            }
            let of_payment = payments.entry(id).or_default();
            is_within &= of_payment.saturating_add(row.net_minor) <= whole;
            if is_within {
                *of_payment += row.net_minor;
            }
        }
        if is_within {
            *of_line += row.net_minor;
            sound.push(plan);
        } else {
            left.push(Left {
                subject: row.subject.clone(),
                why: "more would be posted than the line brought, or than the payment is: something of \
                    it was posted before"
                    .to_owned(),
            });
        }
    }
    Ok(sound)
}
