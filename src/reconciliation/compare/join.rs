//! The join of a million keys with a million others, on two threads: hashes, sixty-four parts that
//! each fit in a cache, and a look at the keys themselves. Hashes come in; out go the pairs that are
//! the same. Knows nothing of payments.

use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::thread;

use foldhash::fast::RandomState;

use super::facts::ChannelNo;

/// No partner.
pub(super) const NONE: u32 = u32::MAX;
/// The hash of no key.
const NO_KEY: u32 = 0;
/// Parts that one thread joins one after the other.
const PARTS: usize = 32;

/// One seed for all inputs, so that two that are read apart can be joined; another one in every
/// process, so that nobody can make ids that collide.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What a channel and a text hash to. An empty text is no key.
pub(super) fn key(channel: ChannelNo, text: &str) -> u32 {
    if text.is_empty() {
        return NO_KEY;
    }
    let hash = SEED.hash_one((channel.0, text.as_bytes()));
    u32::try_from(hash >> 32).unwrap_or(0).max(1)
}

#[derive(Clone, Copy, Default)]
struct Entry {
    hash: u32,
    number: u32,
}

/// Two numbers with the same key, and what was seen when both were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair<T> {
    pub(super) ours: u32,
    pub(super) theirs: u32,
    pub(super) seen: T,
}

/// How the keys behind equal hashes are looked at.
pub(super) trait Look: Sync {
    /// What is kept of a pair.
    type Seen: Send;
    /// Whether two of ours have one key.
    fn is_same(&self, one: u32, other: u32) -> bool;
    /// Whether the first is taken rather than the second, which has the same key.
    fn is_better(&self, one: u32, other: u32) -> bool;
    /// What is seen of one of ours and one of theirs; `None` when their keys are not the same.
    fn pair(&self, ours: u32, theirs: u32) -> Option<Self::Seen>;
}

/// For each of theirs that has one, ours with the same key, in two lists. Of several of ours with
/// one key the best is taken.
pub(super) fn join<L: Look>(ours: &[u32], theirs: &[u32], look: &L) -> [Vec<Pair<L::Seen>>; 2] {
    let (mine, others) = thread::scope(|scope| {
        let mine = scope.spawn(|| split(ours));
        let others = split(theirs);
        (join_thread(mine), others)
    });
    let work = |half: usize| {
        let mut pairs = Vec::with_capacity(others.entries.len() / 2 + 1);
        let start = half * PARTS;
        for part in start..start + PARTS {
            join_part(mine.part(part), others.part(part), look, &mut pairs);
        }
        pairs
    };
    thread::scope(|scope| {
        let second = scope.spawn(|| work(1));
        [work(0), join_thread(second)]
    })
}

pub(super) fn join_thread<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A number as a place in memory.
pub(super) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A place as a number; a comparison has fewer than four thousand million of anything.
pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}

/// Entries sorted into parts by their hash.
struct Parts {
    entries: Vec<Entry>,
    ends: Vec<usize>,
}

impl Parts {
    fn part(&self, part: usize) -> &[Entry] {
        let end = self.ends.get(part).copied().unwrap_or(0);
        let before = part.checked_sub(1).and_then(|before| self.ends.get(before));
        self.entries
            .get(before.copied().unwrap_or(0)..end)
            .unwrap_or(&[])
    }
}

fn split(hashes: &[u32]) -> Parts {
    let mut ends = vec![0_usize; 2 * PARTS];
    let keyed = || hashes.iter().filter(|hash| **hash != NO_KEY);
    for hash in keyed() {
        if let Some(end) = ends.get_mut(part_of(*hash)) {
            *end += 1;
        }
    }
    let mut sum = 0;
    let mut next = Vec::with_capacity(ends.len());
    for end in &mut ends {
        next.push(sum);
        sum += *end;
        *end = sum;
    }
    let mut entries = vec![Entry::default(); sum];
    for (place, hash) in hashes.iter().enumerate() {
        if *hash == NO_KEY {
            continue;
        }
        if let Some(next) = next.get_mut(part_of(*hash)) {
            if let Some(slot) = entries.get_mut(*next) {
                *slot = Entry {
                    hash: *hash,
                    number: number(place),
                };
            }
            *next += 1;
        }
    }
    Parts { entries, ends }
}

fn part_of(hash: u32) -> usize {
    at(hash >> 26)
}

/// Joins one part; adds pairs of ours and theirs.
fn join_part<L: Look>(ours: &[Entry], theirs: &[Entry], look: &L, pairs: &mut Vec<Pair<L::Seen>>) {
    let size = (ours.len() * 2).next_power_of_two();
    let mask = size - 1;
    let empty = Entry {
        hash: 0,
        number: NONE,
    };
    let mut table = vec![empty; size];
    for one in ours {
        let mut place = at(one.hash) & mask;
        while let Some(slot) = table.get_mut(place) {
            if slot.number == NONE {
                *slot = *one;
                break;
            }
            if slot.hash == one.hash && look.is_same(slot.number, one.number) {
                if look.is_better(one.number, slot.number) {
                    *slot = *one;
                }
                break;
            }
            place = (place + 1) & mask;
        }
    }
    for other in theirs {
        let mut place = at(other.hash) & mask;
        while let Some(slot) = table.get(place) {
            if slot.number == NONE {
                break;
            }
            if slot.hash == other.hash
                && let Some(seen) = look.pair(slot.number, other.number)
            {
                pairs.push(Pair {
                    ours: slot.number,
                    theirs: other.number,
                    seen,
                });
                break;
            }
            place = (place + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    type Key = (u16, String);

    struct Keys {
        ours: Vec<Key>,
        theirs: Vec<Key>,
        is_last_best: bool,
    }

    impl Look for Keys {
        type Seen = ();

        fn is_same(&self, one: u32, other: u32) -> bool {
            self.ours[at(one)] == self.ours[at(other)]
        }

        fn is_better(&self, one: u32, other: u32) -> bool {
            (one > other) == self.is_last_best
        }

        fn pair(&self, ours: u32, theirs: u32) -> Option<()> {
            (self.ours[at(ours)] == self.theirs[at(theirs)]).then_some(())
        }
    }

    /// For each of theirs its partner, with these hashes.
    fn partners(keys: &Keys, hash: impl Fn(&Key) -> u32) -> Vec<u32> {
        let hashes = |keys: &[Key]| keys.iter().map(&hash).collect::<Vec<_>>();
        let mut partners = vec![NONE; keys.theirs.len()];
        for pair in join(&hashes(&keys.ours), &hashes(&keys.theirs), keys)
            .into_iter()
            .flatten()
        {
            assert_eq!(partners[at(pair.theirs)], NONE, "nothing is joined twice");
            partners[at(pair.theirs)] = pair.ours;
        }
        partners
    }

    fn hashed((channel, text): &Key) -> u32 {
        key(ChannelNo(*channel), text)
    }

    #[test]
    fn the_same_keys_find_each_other_and_no_others() {
        let keys = Keys {
            ours: (0..5_000).map(|one| (1, format!("T{}", one * 3))).collect(),
            theirs: (0..5_000).map(|one| (1, format!("T{}", one * 2))).collect(),
            is_last_best: false,
        };
        // A poor hash gives the same pairs, only later.
        let poor = |key: &Key| hashed(key) % 7 + 1;
        for partners in [partners(&keys, hashed), partners(&keys, poor)] {
            for (key, partner) in keys.theirs.iter().zip(partners) {
                let expected = keys.ours.iter().position(|one| one == key);
                assert_eq!(expected, (partner != NONE).then(|| at(partner)), "{key:?}");
            }
        }
    }

    #[test]
    fn ids_that_follow_each_other_are_spread_over_all_parts() {
        let hashes: HashSet<u32> = (0..5_000)
            .map(|one| key(ChannelNo(1), &format!("T{one}")))
            .collect();
        // Two of so many share a hash of 32 bits by chance three times in a thousand.
        assert!(hashes.len() > 4_980, "{}", hashes.len());
        let parts: HashSet<usize> = hashes.iter().map(|hash| part_of(*hash)).collect();
        assert_eq!(parts.len(), 2 * PARTS);
        assert!(!hashes.contains(&NO_KEY));
    }

    #[test]
    fn another_channel_or_an_empty_text_is_no_partner() {
        let own = |keys: &[(u16, &str)]| -> Vec<Key> {
            let own = |(channel, text): &(u16, &str)| (*channel, (*text).to_owned());
            keys.iter().map(own).collect()
        };
        let keys = Keys {
            ours: own(&[(1, "A"), (2, "A"), (1, ""), (1, "A")]),
            theirs: own(&[(2, "A"), (1, ""), (1, "A")]),
            is_last_best: true,
        };
        assert_eq!(partners(&keys, hashed), [1, NONE, 3]);
    }
}
