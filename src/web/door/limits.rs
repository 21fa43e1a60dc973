//! How many calls are borne: a call comes in with its address and channel, and whether it may be
//! answered goes out, or after how many seconds it may come again. Refused calls are counted after
//! they were refused, so that a call that proves itself is never turned away for what others did.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::config::door::{Bucket, LimitSettings};

/// Addresses that are remembered, at most: whoever comes beyond shares one bucket with all others
/// that do.
const MOST_ADDRESSES: usize = 65_536;

/// The address of everybody who is not remembered.
const OTHERS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Seconds after which a caller may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u64);

/// The buckets.
pub(in crate::web) struct Limits {
    clock: DefaultClock,
    addresses: Option<RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>>,
    refused: BTreeMap<String, DefaultDirectRateLimiter>,
    calls: BTreeMap<String, DefaultDirectRateLimiter>,
}

impl Limits {
    pub(in crate::web) fn new<'a>(
        settings: &LimitSettings,
        channels: impl Iterator<Item = &'a String> + Clone,
    ) -> Self {
        let each = |bucket: Option<Bucket>| -> BTreeMap<String, DefaultDirectRateLimiter> {
            let Some(quota) = bucket.and_then(quota) else {
                return BTreeMap::new();
            };
            let limiter = |name: &String| (name.clone(), RateLimiter::direct(quota));
            channels.clone().map(limiter).collect()
        };
        let addresses = settings.refused_per_address.and_then(quota);
        Self {
            clock: DefaultClock::default(),
            addresses: addresses.map(RateLimiter::hashmap),
            refused: each(settings.refused_per_channel),
            calls: each(settings.calls_per_channel),
        }
    }

    /// Counts a call that was refused.
    ///
    /// # Errors
    /// When it is one too many of its address or its channel.
    pub(in crate::web) fn refused(
        &self,
        address: Option<IpAddr>,
        channel: Option<&str>,
    ) -> Result<(), Wait> {
        if let (Some(limiter), Some(address)) = (&self.addresses, address) {
            let address = self.remembered(address);
            let checked = limiter.check_key(&address);
            checked.map_err(|until| wait(until.wait_time_from(self.clock.now())))?;
        }
        self.check(&self.refused, channel)
    }

    /// Counts a call, whatever becomes of it.
    ///
    /// # Errors
    /// When it is one too many of its channel.
    pub(in crate::web) fn called(&self, channel: &str) -> Result<(), Wait> {
        self.check(&self.calls, Some(channel))
    }

    fn check(
        &self,
        limiters: &BTreeMap<String, DefaultDirectRateLimiter>,
        channel: Option<&str>,
    ) -> Result<(), Wait> {
        let limiter = channel.and_then(|channel| limiters.get(channel));
        limiter.map_or(Ok(()), |limiter| {
            let checked = limiter.check();
            checked.map_err(|until| wait(until.wait_time_from(self.clock.now())))
        })
    }

    /// The address under which a caller is counted; forgets those that have been quiet when there are
    /// many.
    fn remembered(&self, address: IpAddr) -> IpAddr {
        let Some(limiter) = &self.addresses else {
            return address;
        };
        if limiter.len() < MOST_ADDRESSES {
            return address;
        }
        // Looking through all of them is paid for by the bucket that everybody beyond shares.
        if limiter.check_key(&OTHERS).is_ok() {
            limiter.retain_recent();
        }
        OTHERS
    }
}

fn quota(bucket: Bucket) -> Option<Quota> {
    let burst = NonZeroU32::new(bucket.burst)?;
    Some(Quota::per_second(NonZeroU32::new(bucket.per_second)?).allow_burst(burst))
}

/// Whole seconds, rounded up.
fn wait(time: Duration) -> Wait {
    Wait(time.as_secs().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(burst: u32) -> Limits {
        let bucket = Some(Bucket {
            burst,
            per_second: 1,
        });
        let settings = LimitSettings {
            refused_per_address: bucket,
            refused_per_channel: Some(Bucket {
                burst: burst * 3,
                per_second: 1,
            }),
            calls_per_channel: None,
            queue_share_percent: 80,
        };
        let channels = ["bank".to_owned(), "desk".to_owned()];
        Limits::new(&settings, channels.iter())
    }

    #[test]
    fn each_address_and_each_channel_has_a_bucket_of_its_own() {
        let limits = limits(5);
        let address = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
        let taken = |address, channel| {
            let calls = (0..50).filter(|_| limits.refused(address, channel).is_ok());
            calls.count()
        };
        assert_eq!(taken(address(1), Some("bank")), 5);
        assert_eq!(taken(address(1), Some("desk")), 0, "its address is beyond");
        assert_eq!(taken(address(2), Some("bank")), 5);
        assert_eq!(
            taken(None, Some("bank")),
            5,
            "the channel bears fifteen in all"
        );
        assert_eq!(taken(address(3), Some("desk")), 5);
        assert_eq!(taken(None, Some("nobody")), 50);
        assert!(limits.called("bank").is_ok());
        assert_eq!(limits.refused(address(1), None), Err(Wait(1)));
    }

    #[test]
    fn a_flood_from_everywhere_is_remembered_only_in_part() {
        let limits = limits(1);
        for number in 0..100_000_u32 {
            let _ = limits.refused(Some(IpAddr::V4(Ipv4Addr::from_bits(number + 1))), None);
        }
        let known = limits.addresses.as_ref().unwrap().len();
        assert!(known <= MOST_ADDRESSES + 1, "{known}");
    }
}
