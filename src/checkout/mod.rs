//! CHECKOUT: what we send to providers. Requests to pay, to give back and to ask what became of a
//! payment are built and signed here, one file per provider; an answer comes back as notices in our
//! words. Nothing is stored here, no clock is read, and nothing that a provider calls us with is
//! looked at.

pub mod emv_qr;
pub mod http;
pub mod outbound;
pub mod providers;
pub mod schedule;
