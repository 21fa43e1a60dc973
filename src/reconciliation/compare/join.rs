//! The join of a million keys with a million others, on two threads: hashes, sixty-four parts that
//! each fit in a cache, and a comparison of the bytes themselves. Keys come in borrowed; out goes,
//! for each of theirs, which of ours is the same. Knows nothing of payments.

use std::hash::{BuildHasher, RandomState};
use std::thread;

/// No partner.
pub(super) const NONE: u32 = u32::MAX;
/// Parts that one thread joins one after the other.
const PARTS: usize = 32;

/// What is compared: a number and a text. An empty text is no key.
pub(super) type Key<'a> = (u16, &'a [u8]);

#[derive(Clone, Copy, Default)]
struct Entry {
    hash: u32,
    number: u32,
}

/// For each of theirs the number of ours with the same key, or [`NONE`]. Of several of ours with one
/// key the one that `prefer` calls the first is taken.
pub(super) fn join<'a>(
    (ours, our_key): (usize, impl Fn(usize) -> Key<'a> + Sync),
    (theirs, their_key): (usize, impl Fn(usize) -> Key<'a> + Sync),
    prefer: impl Fn(u32, u32) -> bool + Sync,
) -> Vec<u32> {
    let state = RandomState::new();
    let (mine, others) = thread::scope(|scope| {
        let mine = scope.spawn(|| split(ours, &our_key, &state));
        let others = split(theirs, &their_key, &state);
        (join_thread(mine), others)
    });
    let equal = |one: u32, other: u32| our_key(at(one)) == their_key(at(other));
    let same = |one: u32, other: u32| our_key(at(one)) == our_key(at(other));
    let work = |half: usize| {
        let mut pairs = Vec::new();
        let start = half * PARTS;
        for part in start..start + PARTS {
            join_part(
                mine.part(part),
                others.part(part),
                &equal,
                &same,
                &prefer,
                &mut pairs,
            );
        }
        pairs
    };
    let (first, second) = thread::scope(|scope| {
        let second = scope.spawn(|| work(1));
        (work(0), join_thread(second))
    });
    let mut partners = vec![NONE; theirs];
    for (other, one) in first.into_iter().chain(second) {
        if let Some(partner) = partners.get_mut(at(other)) {
            *partner = one;
        }
    }
    partners
}

fn join_thread<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
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

fn split<'a>(count: usize, key: impl Fn(usize) -> Key<'a>, state: &RandomState) -> Parts {
    let mut ends = vec![0_usize; 2 * PARTS];
    let mut all = Vec::with_capacity(count);
    for place in 0..count {
        let (channel, bytes) = key(place);
        if bytes.is_empty() {
            continue;
        }
        let hash = state.hash_one((channel, bytes));
        let entry = Entry {
            hash: u32::try_from(hash >> 32).unwrap_or(0),
            number: number(place),
        };
        if let Some(end) = ends.get_mut(part_of(entry)) {
            *end += 1;
        }
        all.push(entry);
    }
    let mut sum = 0;
    let mut next = Vec::with_capacity(ends.len());
    for end in &mut ends {
        next.push(sum);
        sum += *end;
        *end = sum;
    }
    let mut entries = vec![Entry::default(); all.len()];
    for entry in all {
        if let Some(place) = next.get_mut(part_of(entry)) {
            if let Some(slot) = entries.get_mut(*place) {
                *slot = entry;
            }
            *place += 1;
        }
    }
    Parts { entries, ends }
}

fn part_of(entry: Entry) -> usize {
    at(entry.hash >> 26)
}

/// Joins one part; adds pairs of theirs and ours.
fn join_part(
    ours: &[Entry],
    theirs: &[Entry],
    equal: &impl Fn(u32, u32) -> bool,
    same: &impl Fn(u32, u32) -> bool,
    prefer: &impl Fn(u32, u32) -> bool,
    pairs: &mut Vec<(u32, u32)>,
) {
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
            if slot.hash == one.hash && same(slot.number, one.number) {
                if prefer(one.number, slot.number) {
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
            if slot.hash == other.hash && equal(slot.number, other.number) {
                pairs.push((other.number, slot.number));
                break;
            }
            place = (place + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_keys_find_each_other_and_no_others() {
        let ours: Vec<String> = (0..5_000).map(|one| format!("T{}", one * 3)).collect();
        let theirs: Vec<String> = (0..5_000).map(|one| format!("T{}", one * 2)).collect();
        let partners = join(
            (ours.len(), |place| (1, ours[place].as_bytes())),
            (theirs.len(), |place| (1, theirs[place].as_bytes())),
            |one, other| one < other,
        );
        for (text, partner) in theirs.iter().zip(partners) {
            let expected = ours.iter().position(|one| one == text);
            assert_eq!(expected, (partner != NONE).then(|| at(partner)), "{text}");
        }
    }

    #[test]
    fn another_channel_or_an_empty_text_is_no_partner() {
        let ours: [Key; 4] = [(1, b"A"), (2, b"A"), (1, b""), (1, b"A")];
        let theirs: [Key; 3] = [(2, b"A"), (1, b""), (1, b"A")];
        let partners = join(
            (4, |place| ours[place]),
            (3, |place| theirs[place]),
            |one, other| one > other,
        );
        assert_eq!(partners, [1, NONE, 3]);
    }
}
