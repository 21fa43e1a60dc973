//! JUDGING: layered settings come in, checked values go out, or the first fault with its place.
//! One file for the sections whose keys the defaults list, one for how HTTP is answered, one for
//! where traces go, one for the channels, one for what a
//! single channel may set, one for the subscribers, one for the sources of
//! statement files, one for what these two share, one for secrets, one for a channel of a
//! described provider. No file but a secret's is opened here.

mod channel_settings;
pub(super) mod channels;
mod described;
mod fetch;
mod named;
pub(super) mod sections;
mod server;
pub(super) mod sources;
pub(super) mod subscribers;
mod traces;
