//! RECONCILIATION: statements and settlement files in, statements and lines out. A file is an
//! [`input::Input`]; [`reading::read`] tells its format from its bytes, and the format's file in
//! [`formats`] hands its lines to a sink one by one. Tables, whether delimited text, workbook or web
//! page, all pass through [`table`] and the mapping [`profiles`]. Nothing is stored here.

pub mod book;
pub mod close;
pub mod compare;
pub mod formats;
pub mod input;
pub mod outcomes;
mod packed;
pub mod pages;
pub mod problem;
pub mod profiles;
pub mod reading;
pub mod table;
pub mod text;
