//! STORIES: everything that changes something, one file each, steps in order. A journey takes what
//! a door or a command hands it, asks the working rooms what follows, and writes it in one
//! transaction. Journeys show nothing; that is reporting's.

pub mod add_officer;
pub mod answer_once;
mod apply_notice;
pub mod ask_statuses;
mod bill_parts;
pub mod case_desk;
mod claim_status_queries;
pub mod compare_days;
mod consequences;
mod contracts;
pub mod create_token;
pub mod days;
mod difference_steps;
mod dossier_rows;
pub mod import_file;
mod import_rows;
mod keep_refusals;
mod keep_silent;
mod known_payment;
pub mod lease_chain;
mod move_money;
pub mod note_difference;
pub mod open_attempts;
mod open_book;
pub mod outbox;
pub mod prune;
mod put_bills;
pub mod put_dossiers;
mod read_bills;
pub mod read_catalogue;
pub mod read_dossier;
pub mod refunds;
pub mod reopen_difference;
pub mod replay_quarantine;
pub mod resolve_difference;
pub mod revoke_token;
pub mod share_queue;
pub mod statements;
mod sums;
pub mod sweep;
pub mod take_notices;
pub mod tariffs;
mod ways_out;
mod workbook;
pub mod write_batch;
