//! Leasing a seal chain: every process that posts writes a chain of its own, so that two never
//! wait for one row. A lease has an epoch; whoever takes a chain over raises it, and the former
//! holder's next block is refused. Says nothing about what is sealed.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::classification::PROVIDER_SLOTS;
use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::ledger::seal::{ChainHead, GENESIS};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ChainRow, ProviderSlotRow};
use crate::store::types::Ts;

/// A lease that was not renewed for this long may be taken over.
const STALE_AFTER: Duration = Duration::from_secs(120);

/// Takes a free or stale chain of a tenant, or begins a new one, in a transaction of its own.
///
/// # Errors
/// Any [`Failure`].
pub fn lease_chain(
    db: &Db,
    tenant: Tenant,
    holder: &str,
    now: Instant,
) -> Result<ChainHead, Failure> {
    db.write(|queries| lease_in(queries, tenant, holder, now))
}

/// The same inside a transaction that goes on to post.
///
/// # Errors
/// Any [`Failure`].
pub fn lease_in(
    queries: &mut dyn Queries,
    tenant: Tenant,
    holder: &str,
    now: Instant,
) -> Result<ChainHead, Failure> {
    let chains = queries.list_chains(tenant.0)?;
    let is_stale = |chain: &ChainRow| {
        let age = now
            .signed_duration_since(chain.renewed_at.0)
            .to_std()
            .unwrap_or_default();
        age > STALE_AFTER
    };
    let is_free = |chain: &&ChainRow| {
        chain.holder.is_none() || chain.holder.as_deref() == Some(holder) || is_stale(chain)
    };
    let is_behind = |chain: &&ChainRow| chain.counted_epoch != chain.epoch;
    let lease = match chains.iter().find(is_free) {
        Some(free) => ChainRow {
            epoch: free.epoch.saturating_add(1),
            counted_epoch: free.epoch.saturating_add(1),
            holder: Some(holder.to_owned()),
            renewed_at: Ts(now),
            ..free.clone()
        },
        None => ChainRow {
            tenant: tenant.0,
            chain: chains.last().map_or(1, |last| last.chain.saturating_add(1)),
            epoch: 1,
            counted_epoch: 1,
            holder: Some(holder.to_owned()),
            renewed_at: Ts(now),
            height: 0,
            hash: GENESIS.to_vec(),
        },
    };
    // What a program wrote that does not count by unit is counted by unit now. Of the other chains that
    // nobody holds, each is freed in passing, so that its former holder cannot go on.
    for behind in chains.iter().filter(is_free).filter(is_behind) {
        queries.insert_unit_counts(tenant.0, behind.chain)?;
        queries.insert_chain(&ChainRow {
            epoch: behind.epoch.saturating_add(1),
            counted_epoch: behind.epoch.saturating_add(1),
            holder: None,
            ..behind.clone()
        })?;
    }
    queries.insert_chain(&lease)?;
    if lease.epoch == 1 {
        // A chain that begins after a day was closed seals nothing into that day either.
        if let Some(before) = queries.find_closed_before(tenant.0)? {
            queries.mark_chains_closed(tenant.0, before)?;
        }
    }
    Ok(ChainHead::of(&lease))
}

/// Lets go of every chain of this process; what stays held after a crash goes stale.
///
/// # Errors
/// Any [`Failure`].
pub fn free_chains(db: &Db, holder: &str) -> Result<(), Failure> {
    db.write(|queries| queries.mark_chains_free(holder))
}

/// The bits of all providers a tenant knows, giving new ones the next free bit. Beyond the last
/// bit providers share it: totals stay right, the breakdown by provider names them together.
///
/// # Errors
/// Any [`Failure`].
pub fn provider_slots(
    db: &Db,
    tenant: Tenant,
    providers: &[String],
) -> Result<HashMap<String, u8>, Failure> {
    db.write(|queries| {
        let mut slots: HashMap<String, u8> = HashMap::new();
        for row in queries.list_provider_slots(tenant.0)? {
            slots.insert(
                row.provider,
                u8::try_from(row.slot).unwrap_or(PROVIDER_SLOTS - 1),
            );
        }
        for provider in providers {
            if slots.contains_key(provider) {
                continue;
            }
            let next = u8::try_from(slots.len())
                .unwrap_or(PROVIDER_SLOTS)
                .min(PROVIDER_SLOTS - 1);
            queries.insert_provider_slot(&ProviderSlotRow {
                tenant: tenant.0,
                provider: provider.clone(),
                slot: i32::from(next),
            })?;
            slots.insert(provider.clone(), next);
        }
        Ok(slots)
    })
}
