//! Sharing the writer's queue among channels: a channel may wait with no more than its share of what
//! is left, so that a flood on one leaves room for the next, however many flood. A call that finds no
//! room is told to come again; none that waits is sent away.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Calls that wait, by channel.
#[derive(Debug, Default)]
pub struct Shares {
    queue: u64,
    percent: u64,
    waiting: RwLock<HashMap<String, Arc<AtomicU64>>>,
}

impl Shares {
    /// A queue with room for so many calls, of which one channel alone may fill so many per cent.
    #[must_use]
    pub fn new(queue: usize, percent: u32) -> Self {
        Self {
            queue: u64::try_from(queue).unwrap_or(u64::MAX),
            percent: u64::from(percent.clamp(1, 100)),
            waiting: RwLock::default(),
        }
    }

    /// Counts a call in, when its channel has room: `waiting` is how many wait in all.
    pub fn enter(&self, channel: &str, waiting: u64) -> bool {
        let own = self.of(channel);
        let before = own.fetch_add(1, Ordering::Relaxed);
        let is_in = self.has_room(before, waiting);
        if !is_in {
            own.fetch_sub(1, Ordering::Relaxed);
        }
        is_in
    }

    /// Counts a call out.
    pub fn leave(&self, channel: &str) {
        self.of(channel).fetch_sub(1, Ordering::Relaxed);
    }

    /// How many calls of each channel wait now.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, u64)> {
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        let count = |(channel, count): (&String, &Arc<AtomicU64>)| {
            (channel.clone(), count.load(Ordering::Relaxed))
        };
        waiting.iter().map(count).collect()
    }

    /// A channel with `own` calls may add one while they are fewer than its share of the free room,
    /// weighed so that alone it comes to stand at `percent`. A fixed share would let two channels
    /// fill everything.
    fn has_room(&self, own: u64, waiting: u64) -> bool {
        let free = self.queue.saturating_sub(waiting);
        let rest = 100_u64.saturating_sub(self.percent);
        own.saturating_mul(rest) < free.saturating_mul(self.percent)
    }

    fn of(&self, channel: &str) -> Arc<AtomicU64> {
        let known = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get(channel) {
            return Arc::clone(count);
        }
        drop(known);
        let mut known = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(channel.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills until there is no room and gives how many came in.
    fn flood(shares: &Shares, channel: &str, waiting: &mut u64) -> u64 {
        let before = *waiting;
        while shares.enter(channel, *waiting) {
            *waiting += 1;
        }
        *waiting - before
    }

    #[test]
    fn a_channel_alone_fills_its_share_and_others_find_room() {
        let (shares, mut waiting) = (Shares::new(1000, 80), 0);
        assert_eq!(flood(&shares, "a", &mut waiting), 800);
        assert_eq!(flood(&shares, "b", &mut waiting), 160);
        assert_eq!(flood(&shares, "c", &mut waiting), 32);
        assert!(flood(&shares, "d", &mut waiting) > 0);
        shares.leave("a");
        assert!(
            !shares.enter("a", waiting - 1),
            "beyond its share of what is left"
        );
        assert!(shares.enter("e", waiting - 1));
    }

    #[test]
    fn the_whole_queue_may_be_shared_out_and_a_queue_of_one_is_a_queue() {
        let (shares, mut waiting) = (Shares::new(1000, 100), 0);
        assert_eq!(flood(&shares, "a", &mut waiting), 1000);
        let (shares, mut waiting) = (Shares::new(1, 1), 0);
        assert_eq!(flood(&shares, "a", &mut waiting), 1);
    }

    #[test]
    fn what_leaves_makes_room() {
        let (shares, mut waiting) = (Shares::new(100, 80), 0);
        let came = flood(&shares, "a", &mut waiting);
        for _ in 0..came {
            shares.leave("a");
        }
        assert_eq!(shares.counts(), [("a".to_owned(), 0)]);
        assert_eq!(flood(&shares, "a", &mut 0), came);
    }
}
