//! Faults on purpose: the real program over real sockets, under a load of signed calls that remembers
//! every answer, while something breaks beneath it. After each fault every acknowledged call is there
//! once, nothing else is half there, `verify` finds nothing and repeats are answered as repeats.
//!
//! Every scenario follows a seed, which it prints: DOISOAT_FAULTS_SEED plays the same calls, amounts and
//! pauses again. DOISOAT_FAULTS_KILLS says how often the kill scenarios kill; `tests/run --faults` is
//! the long run.

mod book;
mod callers;
mod clock;
mod disk;
mod drain;
mod gateway;
mod kills;
mod messages;
mod migrating;
mod outages;
mod proof;
mod scene;
mod server;
mod several;
mod stalls;
mod upgrade;
mod wire;

use std::hash::{BuildHasher, Hasher, RandomState};

/// The seed of this run: given, or drawn.
fn seed() -> u64 {
    let given = std::env::var("DOISOAT_FAULTS_SEED").ok();
    let given = given.map(|text| text.parse().expect("DOISOAT_FAULTS_SEED is a number"));
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 40)
}

/// Dice that fall the same way for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Whether something that happens so often in a hundred happens now.
    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One scenario on both engines.
macro_rules! on_both {
    ($story:ident: $sqlite:ident, $postgres:ident) => {
        #[test]
        fn $sqlite() {
            $story(crate::support::Engine::Sqlite);
        }

        #[test]
        fn $postgres() {
            $story(crate::support::Engine::Postgres);
        }
    };
}
use on_both;
