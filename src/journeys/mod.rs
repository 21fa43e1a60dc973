//! STORIES: everything that changes something, one file each, steps in order. A journey takes what
//! a door or a command hands it, asks the working rooms what follows, and writes it in one
//! transaction. Journeys show nothing; that is reporting's.

pub mod add_officer;
pub mod apply_notice;
pub mod create_token;
mod keep_refusals;
pub mod lease_chain;
pub mod replay_quarantine;
pub mod sweep;
pub mod take_notices;
pub mod workbook;
pub mod write_batches;
