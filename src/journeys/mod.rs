//! STORIES: everything that changes something, one file each, steps in order. A journey takes what
//! a door or a command hands it, asks the working rooms what follows, and writes it in one
//! transaction. Journeys show nothing; that is reporting's.

pub mod apply_notice;
mod keep_refusals;
pub mod lease_chain;
pub mod take_notices;
pub mod workbook;
pub mod write_batches;
