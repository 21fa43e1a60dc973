//! doisoat (đối soát: reconciliation) is an online payment reconciliation gateway for fees of
//! public administration. Banks and e-wallets report payments by signed webhooks; doisoat verifies
//! each call, writes it down before it answers, matches it to the fees of a citizen's dossier, posts
//! it to a double-entry ledger, and reports the share of dossiers paid online. This page is the map.
//!
//! # The floors
//!
//! Imports go down, never up, never sideways; `tests/it/house.rs` fails the build otherwise.
//!
//! ```text
//! cli          one file per command
//! web          doors: webhooks, api, pages; the only async room
//! journeys     stories that change something        reporting   what is shown
//! intake · matching · ledger · checkout · reconciliation   the working rooms
//! store        memory: two engines, one schema; the only room that knows Diesel
//! config · domain                                   settings; words
//! ```
//!
//! - [`domain`] holds the words: money, bills, payments, entries. No input or output, no clock.
//! - [`config`] reads settings once at start. It also holds the clock, the only way to learn the time.
//! - [`store`] reads and writes rows and decides nothing.
//! - [`intake`] turns a raw call into notices: verify, normalise. One file per provider, or none: the
//!   settings may describe one.
//! - [`matching`] decides which bill money belongs to. Pure; never by amount alone.
//! - [`reconciliation`] reads statements and settlement files of banks and providers.
//! - [`ledger`] says which event moves what, seals blocks, and verifies everything.
//! - [`checkout`] builds and signs what we send to providers, and reads what they answer.
//! - [`journeys`] change things, each in one transaction. To change something, take a journey.
//! - [`reporting`] shows things. It knows no journey.
//! - [`web`] and [`cli`] are the doors.
//!
//! # One webhook, step by step
//!
//! 1. `web::webhooks` takes the exact bytes, limited in size, as a [`RawCall`](intake::provider::RawCall).
//! 2. [`intake::verify`] has the provider check form and signature. Only there a
//!    [`Verified`](intake::verify::Verified) can be made, so nothing unverified goes further. A refused
//!    call goes to the quarantine: bounded, never booked, replayable after a key is mended.
//! 3. The provider's file puts it into our words: zero, one or many [`Notice`](domain::notice::Notice)s.
//! 4. The call waits in a bounded queue ([`journeys::take_notices`]). A full queue answers "try again".
//! 5. The writer ([`journeys::write_batch`]) commits everything that waits in one transaction: it
//!    locks the dossiers concerned, tells new from repeat and conflict, decides
//!    ([`matching::rules`]), posts ([`ledger::postings`]), moves bill, class and counts, seals a block.
//! 6. Only then the door sends exactly the answer the provider's contract asks for.
//! 7. What changed is told to subscribers ([`journeys::outbox`]): the events are rows of the same
//!    commit, delivered afterwards by a thread for each.
//!
//! What follows: an acknowledged call is durable; the same call again posts nothing; the indicators
//! move in the same commit as the ledger, so the dashboard always equals the books.
//!
//! # One figure, from a dossier to the page
//!
//! 1. The one-stop system sends a dossier ([`journeys::put_dossiers`]). Its fee items and bills give it
//!    a [`Class`](domain::classification::Class): all that the indicators ask of a dossier, in one
//!    integer. It is counted in one cell: reception period, unit, procedure, class.
//! 2. A payment changes what stands on the dossier; the commit moves it from one cell to another.
//! 3. A report ([`reporting`]) adds cells. An indicator is a rule over classes, so every breakdown
//!    comes from the same counts, and `doisoat verify` recounts them from the rows.
//!
//! # One day, from its end to a signature
//!
//! 1. When a day is over an officer proposes it ([`journeys::days`]): payments, the bridge to the books,
//!    what is missing and what does not agree ([`reconciliation::close`]), and the trial balance
//!    ([`ledger::trial`]), which adds the day's postings to the last closed day's.
//! 2. Another officer closes it, if the same is found still. The text is signed ([`ledger::signing`]) and
//!    names the hash of the day before; no block is sealed into the day any more.
//! 3. It can be reopened with a reason; what was signed stays. A replay builds it again, byte for byte.
//!
//! # What a fee should be
//!
//! Amounts are decided outside and recorded as they come. An office may load a tariff
//! ([`domain::tariff`]): rules with their legal basis and days, drafted from a file, activated and ended
//! by officers ([`journeys::tariffs`]), never edited. It answers what a fee is, rule by rule
//! ([`reporting::quotes`]), and flags a dossier's amount that no rule can give; it rewrites none.
//!
//! # What is deliberately absent
//!
//! No floats, no clock outside [`config::clock`], no SQL outside [`store`], no trust in anything a
//! provider did not sign, no matching by amount, no update or delete of a posting.

pub mod checkout;
pub mod cli;
pub mod config;
pub mod domain;
pub mod intake;
pub mod journeys;
pub mod ledger;
pub mod matching;
pub mod reconciliation;
pub mod reporting;
pub mod store;
pub mod web;
