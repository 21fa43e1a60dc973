//! doisoat reconciles online payments of public-administration fees.

pub mod config;
pub mod domain;
pub mod intake;
pub mod matching;
