//! Opening the workbook inside a cold transaction, so that what an officer does to money moves the
//! same rows, postings and counts as what a webhook does. The story comes in, what it changed is
//! written and sealed; nothing is written when it refuses.

use std::collections::HashMap;

use super::lease_chain::lease_in;
use super::outbox::listeners_of;
use super::workbook::Workbook;
use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;

/// Who writes, for whom and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) tenant: Tenant,
    /// The name under which a seal chain is leased for this transaction alone.
    pub(super) holder: &'a str,
    pub(super) now: Instant,
}

/// Locks and reads what `lookup` names, lets `story` change it and writes the changes.
pub(super) fn with_book<T, E: From<Failure>>(
    queries: &mut dyn Queries,
    desk: Desk<'_>,
    lookup: &Lookup,
    story: impl FnOnce(&mut Workbook<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut head = lease_in(queries, desk.tenant, desk.holder, desk.now)?;
    let slots: HashMap<String, u8> = queries
        .list_provider_slots(desk.tenant.0)?
        .into_iter()
        .map(|row| (row.provider, u8::try_from(row.slot).unwrap_or(u8::MAX)))
        .collect();
    let listeners = listeners_of(queries, desk.tenant.0)?;
    let found = queries.find(lookup)?;
    let mut book = Workbook::open(desk.tenant, desk.now, &slots, found)?;
    book.watch_for(&listeners);
    let told = story(&mut book)?;
    let batch = book.close(&mut head);
    queries.write(desk.tenant.0, &batch)?;
    queries.mark_chains_free(desk.holder)?;
    Ok(told)
}
