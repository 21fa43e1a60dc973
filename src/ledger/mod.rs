//! LEDGER: which event moves what (`postings`, `moves`, `settlement`), the hash chain over it (`seal`),
//! what a day comes to (`trial`, `transit`) and its signature (`signing`), and the proof that all of it
//! holds (`verify`). Moving money is pure: rows are
//! the store's, transactions the journeys'.

pub mod moves;
pub mod postings;
pub mod seal;
pub mod settlement;
pub mod signing;
pub mod transit;
pub mod trial;
pub mod verify;
mod verify_days;
mod verify_outcomes;
