//! MATCHING answers one question: which bill does this money belong to? [`clues`] says what in a
//! notice may name a bill, the caller looks the clues up, [`rules`] decides. Everything here is
//! pure: no store, no clock, and the same facts give the same decision in any order.

pub mod clues;
mod found;
mod letters;
mod memo;
mod reason;
pub mod rules;

#[cfg(test)]
mod tests;
