//! WORDS that two rooms share, each with its rules: money, days, codes, bills, payments, entries.
//! Nothing here reads a file, a clock or a database; a value of these types is already checked.
//!
//! One word per thing: *unit* (an agency), *procedure*, *dossier*, *fee item*, *bill* (a payable
//! request with a *payment reference*), *channel* (a merchant account at a provider), *notice*
//! (what a provider told us), *payment* (the money fact), *allocation* (the part of a payment that
//! pays a bill: a posting that names the bill), *entry* and *posting*, *indicator*.

pub mod bill;
pub mod calendar;
pub mod catalogue;
pub mod classification;
pub mod day;
pub mod difference;
pub mod dossier;
pub mod dossier_code;
pub mod entry;
pub mod ids;
pub mod lang;
pub mod money;
pub mod notice;
pub mod outbox;
pub mod payment;
pub mod public_key;
pub mod reference;
pub mod refund;
pub mod statement;
pub mod status_query;
pub mod tariff;
pub mod time;
