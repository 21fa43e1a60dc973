//! DESCRIBED PROVIDERS: `[providers.NAME]` tables come in, judged [`description::Description`]s go
//! out, or the first fault with file, line and reason: a description that could be fooled is refused
//! here and never at the door. Nothing is verified here; `intake::configured` does that.

mod answers;
mod build;
pub mod description;
mod fields;
mod pattern;
mod proof;
mod rules;
mod sheet;
pub mod shipped;
pub mod template;
#[cfg(test)]
mod tests;

pub(in crate::config) use build::{Described, build};
pub(in crate::config) use pattern::bounded;
