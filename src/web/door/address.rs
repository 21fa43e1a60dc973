//! Where a call comes from: the address of the connection and the header that proxies write come in,
//! the caller's address goes out. Only proxies of ours are believed, from the last one backwards; from
//! anybody else the header says nothing. `Forwarded` is not read.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::HeaderMap;

use crate::config::door::Networks;

/// The header proxies write; each appends whom it was called by.
const HEADER: &str = "x-forwarded-for";

/// Where a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The caller; none when a proxy of ours wrote something that is no address.
    pub address: Option<IpAddr>,
    /// Whose refused calls are counted together; none on this machine and for proxies themselves,
    /// behind which anybody may stand.
    pub counted: Option<IpAddr>,
}

impl Origin {
    /// Judges a connection's address and what stands in the headers.
    #[must_use]
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &Networks) -> Self {
        let Some(peer) = peer.map(|peer| peer.to_canonical()) else {
            return Self::unknown();
        };
        if !trusted.hold(peer) {
            return Self::at(peer, trusted);
        }
        let lines = headers.get_all(HEADER).map(|line| line.to_str());
        let Ok(lines) = lines.collect::<Result<Vec<_>, _>>() else {
            return Self::unknown();
        };
        let mut nearest = peer;
        for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
            let Some(address) = read(hop.trim()) else {
                return Self::unknown();
            };
            nearest = address;
            if !trusted.hold(address) {
                break;
            }
        }
        Self::at(nearest, trusted)
    }

    fn unknown() -> Self {
        Self {
            address: None,
            counted: None,
        }
    }

    fn at(address: IpAddr, trusted: &Networks) -> Self {
        let is_shared = address.is_loopback() || trusted.hold(address);
        Self {
            address: Some(address),
            counted: (!is_shared).then(|| household(address)),
        }
    }
}

/// An address as one of those that are counted together: with IPv6 whoever has one address has the
/// 64 bits below it too.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let bits = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

/// An address, with or without the port that some proxies add.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn origin(peer: &str, lines: &[&str]) -> (Option<String>, Option<String>) {
        let trusted = ["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"].map(str::to_owned);
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static(HEADER);
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let trusted = Networks::parse(&trusted).unwrap();
        let origin = Origin::of(Some(peer.parse().unwrap()), &headers, &trusted);
        let text = |address: Option<IpAddr>| address.map(|address| address.to_string());
        (text(origin.address), text(origin.counted))
    }

    #[test]
    fn a_header_counts_only_as_far_as_our_proxies_wrote_it() {
        for (peer, lines, address) in [
            // Nobody of ours: whatever they write, they are who they are.
            ("203.0.113.9", &["198.51.100.1"][..], Some("203.0.113.9")),
            ("203.0.113.9", &[], Some("203.0.113.9")),
            // A proxy of ours, which appends.
            ("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], Some("198.51.100.1")),
            (
                "10.0.0.1",
                &["1.1.1.1", "198.51.100.1"],
                Some("198.51.100.1"),
            ),
            (
                "10.0.0.1",
                &["198.51.100.1, 10.9.9.9"],
                Some("198.51.100.1"),
            ),
            (
                "10.0.0.1",
                &["junk, 198.51.100.1, 10.9.9.9"],
                Some("198.51.100.1"),
            ),
            (
                "::ffff:10.0.0.1",
                &["::ffff:198.51.100.1"],
                Some("198.51.100.1"),
            ),
            ("10.0.0.1", &["198.51.100.1:4711"], Some("198.51.100.1")),
            ("10.0.0.1", &["[2001:db8::7]:4711"], Some("2001:db8::7")),
            ("10.0.0.1", &["[2001:db8::7]"], Some("2001:db8::7")),
            // Proxies all the way, or a proxy that says nothing.
            ("10.0.0.1", &["10.0.0.2"], Some("10.0.0.2")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            // What our proxy wrote is no address: we do not know.
            ("10.0.0.1", &["198.51.100.1, unknown"], None),
            ("10.0.0.1", &["198.51.100.1,"], None),
            ("10.0.0.1", &["_hidden"], None),
            ("10.0.0.1", &["198.51.100.1, \u{e9}"], None),
        ] {
            let found = origin(peer, lines).0;
            assert_eq!(found.as_deref(), address, "{peer} {lines:?}");
        }
    }

    #[test]
    fn shared_addresses_are_not_counted_and_neighbours_are_counted_together() {
        assert_eq!(origin("127.0.0.1", &[]).1, None);
        assert_eq!(origin("::1", &[]).1, None);
        assert_eq!(origin("10.0.0.1", &[]).1, None);
        assert_eq!(origin("10.0.0.1", &["unknown"]).1, None);
        let counted = |peer: &str| origin(peer, &[]).1;
        assert_eq!(counted("203.0.113.9").as_deref(), Some("203.0.113.9"));
        assert_eq!(
            counted("2001:db8:2:3:4:5:6:7").as_deref(),
            Some("2001:db8:2:3::")
        );
        assert_eq!(counted("2001:db8:2:3::1"), counted("2001:db8:2:3:ffff::2"));
    }
}
