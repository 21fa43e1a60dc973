//! `doisoat demo`: an embedded database is made, a quarter of Cà Mau is invented from a seed and
//! played over HTTP into the program's own webhooks, and what came of it is compared with what must
//! and with the published figures. Nothing outside this machine is called.

mod calendar;
mod compose;
mod dossiers;
mod expect;
mod extras;
mod keys;
mod people;
pub mod plan;
mod rng;
mod score;
mod sign;
