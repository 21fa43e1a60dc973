//! Remittances that officers recorded, for a comparison: a debit that carries the reference of one is
//! explained by it. Decides nothing.

use crate::domain::ids::Tenant;
use crate::domain::money::Currency;
use crate::domain::time::Day;
use crate::reconciliation::compare::{Input, RemittanceFacts};
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RemittanceFilter};

/// Rows read at a time.
const PAGE: i64 = 5_000;

/// Adds the remittances of these days, both included.
pub(super) fn add_remittances(
    queries: &mut dyn Queries,
    tenant: Tenant,
    days: (Day, Day),
    input: &mut Input,
) -> Result<(), Failure> {
    let mut filter = RemittanceFilter {
        days: Some(days),
        limit: PAGE,
        ..RemittanceFilter::default()
    };
    loop {
        let page = queries.list_remittances(tenant.0, &filter)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        filter.after = Some(last.remittance_id);
        for row in &page {
            let currency = Currency::parse(&row.currency).map_err(|_| {
                let id = row.remittance_id.0;
                Failure::Broken(format!(
                    "remittance {id}: \"{}\" is no currency",
                    row.currency
                ))
            })?;
            input.add_remittance(&RemittanceFacts {
                account: &row.bank,
                reference: &row.reference,
                amount: row.total_minor,
                currency,
            });
        }
    }
}
