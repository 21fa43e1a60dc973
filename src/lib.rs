//! doisoat reconciles online payments of public-administration fees.

pub mod cli;
pub mod config;
pub mod domain;
pub mod intake;
pub mod journeys;
pub mod ledger;
pub mod matching;
pub mod reporting;
pub mod store;
pub mod web;
