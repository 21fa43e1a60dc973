//! INTAKE: verify → normalise. A [`provider::RawCall`] comes in, a [`provider::Normalised`] goes
//! out, or a [`provider::Refusal`] that says why not. Nothing is stored here and no clock is read.

pub mod call;
pub mod configured;
pub mod fields;
pub mod json;
mod json_reader;
pub mod provider;
pub mod providers;
pub mod query;
pub mod signature;
pub mod verify;
pub mod wire;
