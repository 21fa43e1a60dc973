//! The tables as Diesel sees them, one definition for both engines. Instants and ids have SQL types
//! of our own because the engines keep them differently.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the columns are explained in migrations/"
)]

mod asking;
mod base;
mod cases;
mod closing;
mod outbox;
mod outcomes;
mod settling;
mod sources;
mod tariffs;

use diesel::allow_tables_to_appear_in_same_query;

pub use asking::*;
pub use base::*;
pub use cases::*;
pub use closing::*;
pub use outbox::*;
pub use outcomes::*;
pub use settling::*;
pub use sources::*;
pub use tariffs::*;

allow_tables_to_appear_in_same_query!(
    units,
    procedures,
    provider_slots,
    officers,
    tokens,
    dossiers,
    bills,
    fee_items,
    attempts,
    imports,
    notices,
    payments,
    postings,
    account_balances,
    seal_chains,
    seal_blocks,
    dossier_counts,
    unit_counts,
    quarantined_calls,
    answered_requests,
    differences,
    difference_steps,
    allocations,
    refunds,
    refund_steps,
    status_queries,
    status_query_channels,
    outbox_subscribers,
    outbox_events,
    outbox_deliveries,
    outbox_tries,
    statement_files,
    statement_originals,
    statements,
    statement_pages,
    statement_stages,
    statement_turns,
    days,
    day_steps,
    day_artefacts,
    day_balances,
    settlement_entries,
    remittances,
    remittance_parts,
    comparisons,
    outcome_pages
);
