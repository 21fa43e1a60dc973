//! STORIES: everything that changes something, one file each, steps in order. A journey takes what
//! a door or a command hands it, asks the working rooms what follows, and writes it in one
//! transaction. Journeys show nothing; that is reporting's.

mod apply_notice;
pub mod import_file;
mod import_rows;
mod keep_refusals;
pub mod lease_chain;
pub mod open_attempts;
mod put_bills;
pub mod put_dossiers;
mod read_bills;
pub mod read_catalogue;
pub mod read_dossier;
mod sums;
pub mod take_notices;
mod workbook;
pub mod write_batches;
