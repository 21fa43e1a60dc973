//! LEDGER: which event moves what (`postings`), and the hash chain over it (`seal`). Pure: rows are
//! the store's, transactions the journeys'.

pub mod postings;
pub mod seal;
