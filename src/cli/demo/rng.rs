//! A small generator of pseudo-random whole numbers (splitmix64): a seed comes in, the same numbers
//! in the same order go out on every machine. Good enough to invent people; never used for keys of
//! a real installation.

/// The generator.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// A generator of its own for each `purpose`, so that more draws for one do not shift another.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        let mut rng = Self(seed);
        for byte in purpose.bytes() {
            rng.0 ^= u64::from(byte);
            rng.draw();
        }
        rng
    }

    /// The next 64 bits.
    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `end`, not included; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let wide = (u128::from(self.draw()) * u128::from(end)) >> 64;
        u64::try_from(wide).unwrap_or(0)
    }

    /// As [`Rng::below`], for places in lists.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let end = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(end)).unwrap_or(0)
    }

    /// A number from `first` to `last`, both included.
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        let width = last.saturating_sub(first).saturating_add(1);
        let drawn = self.below(u64::try_from(width).unwrap_or(0));
        first.saturating_add(i64::try_from(drawn).unwrap_or(0))
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of the items.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.place(items.len()))
    }

    /// One of the items, each as often as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, items: &'a [(u32, T)]) -> Option<&'a T> {
        let total = items.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut rest = self.below(total);
        for (weight, item) in items {
            let weight = u64::from(*weight);
            if rest < weight {
                return Some(item);
            }
            rest -= weight;
        }
        None
    }

    /// Brings the items into a random order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (2..=items.len()).rev() {
            items.swap(end - 1, self.place(end));
        }
    }

    /// `length` characters out of `alphabet`.
    pub(super) fn text(&mut self, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).filter_map(|_| self.pick(&letters)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_purposes_differ() {
        let draw = |seed, purpose| {
            let mut rng = Rng::new(seed, purpose);
            (0..8).map(|_| rng.below(1_000)).collect::<Vec<u64>>()
        };
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut rng = Rng::new(1, "bounds");
        let mut seen = [false; 5];
        for _ in 0..500 {
            seen[rng.place(5)] = true;
            assert!((3..=9).contains(&rng.between(3, 9)));
            let picked = rng.weighted(&[(0, 'a'), (3, 'b'), (1, 'c')]);
            assert!(matches!(picked, Some('b' | 'c')), "{picked:?}");
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(rng.pick::<u8>(&[]), None);
        let mut items: Vec<u32> = (0..50).collect();
        rng.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<u32>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<u32>>());
        assert_eq!(rng.text(6, "ABC").len(), 6);
    }
}
