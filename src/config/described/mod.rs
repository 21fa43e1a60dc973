//! DESCRIBED PROVIDERS: `[providers.NAME]` tables come in, judged [`description::Description`]s go
//! out, or the first fault with file, line and reason: a description that could be fooled is refused
//! here and never at the door. Nothing is verified here; `intake::configured` does that.

pub mod build;
pub mod description;
mod fields;
mod proof;
#[cfg(test)]
mod refusals;
mod rules;
mod safety;
pub mod scheme;
mod sheet;
pub mod template;
#[cfg(test)]
mod tests;

pub(in crate::config) use build::{Described, build};
pub(in crate::config) use fields::bounded;
