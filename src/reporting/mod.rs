//! SHOWING: what officers, citizens and ministries are told. Counts and catalogues come in from the
//! store, a question and the capture time from the caller; figures and tables go out. Changes
//! nothing and reads no clock.
//!
//! An indicator is one file in `indicators/`; a report is one file in `reports/`; both are found
//! through their rosters. Every figure is a sum of dossier counts by class, so the same question
//! costs the same whether ten dossiers stand behind it or ten million.

pub mod ask;
mod count;
pub mod definition;
mod desk;
pub mod differences;
mod fold;
pub mod indicators;
mod label;
pub mod measure;
pub mod outbox;
pub mod period;
pub mod quotes;
pub mod reports;
pub mod statements;
pub mod suggestions;
pub mod table;
