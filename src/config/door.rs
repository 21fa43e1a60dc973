//! How far the doors are open: whose word about addresses counts, how many connections and refused
//! calls are borne, and with which certificate we show ourselves. Everything is closed or bounded
//! unless the settings say otherwise. Nothing is enforced here.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

/// A token bucket: so many at once, and so many a second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// How many may come at once.
    pub burst: u32,
    /// How many come back in a second.
    pub per_second: u32,
}

/// How many calls are borne; none where nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Refused calls of one address.
    pub refused_per_address: Option<Bucket>,
    /// Refused calls on one channel.
    pub refused_per_channel: Option<Bucket>,
    /// All calls on one channel.
    pub calls_per_channel: Option<Bucket>,
    /// The most of the queue that one channel may fill, per cent, 1 to 100.
    pub queue_share_percent: u32,
}

/// With which certificate the doors are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The certificate and those between it and its authority, PEM.
    pub certificate_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The authorities that certificates of callers are checked against, PEM.
    pub client_ca_file: Option<PathBuf>,
}

/// Networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks such as `203.0.113.0/24`, and single addresses.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let one = |text: &String| {
            let net = text.parse::<IpNet>().ok().or_else(|| {
                let address: IpAddr = text.parse().ok()?;
                Some(IpNet::from(address))
            });
            net.ok_or_else(|| text.clone())
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address is in one of them.
    #[must_use]
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a channel's callers must show themselves beside their signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelDoor {
    /// The networks its calls come from; empty where they may come from anywhere.
    pub allow_from: Networks,
    /// Whether a caller needs a certificate of `server.tls.client_ca_file`.
    pub requires_client_certificate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_however_they_are_written() {
        let texts = ["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"].map(str::to_owned);
        let networks = Networks::parse(&texts).unwrap();
        for (address, is_held) in [
            ("203.0.113.9", true),
            ("::ffff:203.0.113.9", true),
            ("203.0.114.1", false),
            ("198.51.100.7", true),
            ("198.51.100.8", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(
                networks.hold(address.parse().unwrap()),
                is_held,
                "{address}"
            );
        }
        for wrong in ["203.0.113.0/33", "example.org", "", "1.2.3"] {
            assert_eq!(Networks::parse(&[wrong.to_owned()]), Err(wrong.to_owned()));
        }
    }
}
