//! The merchant accounts of the demonstration: keys invented from the seed come out, for the player
//! who signs like the providers and for the settings file of the gateway. They open nothing real.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::plan::Way;
use super::rng::Rng;
use crate::intake::signature::to_base64;

/// Our account at the bank that SePay watches.
pub(super) const ACCOUNT: &str = "1017588888";

/// Secrets by channel and by the provider's names for them.
#[derive(Clone)]
pub(super) struct Keys(BTreeMap<Way, BTreeMap<&'static str, String>>);

const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const HEX: &str = "0123456789abcdef";

impl Keys {
    /// The keys that belong to a seed.
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed, "keys");
        let mut hex = |length| rng.text(length, HEX);
        let base64 = to_base64(hex(32).as_bytes());
        let fixed = |text: &str| text.to_owned();
        let mut keys = BTreeMap::new();
        let mut add = |way, secrets: Vec<(&'static str, String)>| {
            keys.insert(way, secrets.into_iter().collect());
        };
        add(
            Way::Vnpay,
            vec![("tmn_code", fixed("CAMAU001")), ("hash_secret", hex(32))],
        );
        add(
            Way::Momo,
            vec![
                ("partner_code", fixed("MOMOCAMAU2025")),
                ("access_key", hex(16)),
                ("secret_key", hex(32)),
            ],
        );
        add(
            Way::ZaloPay,
            vec![("app_id", fixed("2553")), ("key2", hex(32))],
        );
        add(Way::PayOs, vec![("checksum_key", hex(64))]);
        add(Way::SePay, vec![("hmac_secret", hex(40))]);
        add(Way::BankHook, vec![("secret", format!("whsec_{base64}"))]);
        add(
            Way::Platform,
            vec![("partner_code", fixed("CAMAU")), ("secret", hex(32))],
        );
        Self(keys)
    }

    /// The same accounts with keys of somebody else.
    pub(super) fn forged(&self, seed: u64) -> Self {
        let mut rng = Rng::new(seed, "forger");
        let mut forged = self.clone();
        for (name, value) in forged.0.values_mut().flatten() {
            if *name == "secret" && value.starts_with("whsec_") {
                *value = format!("whsec_{}", to_base64(rng.text(32, LETTERS).as_bytes()));
            } else if !matches!(*name, "tmn_code" | "partner_code" | "app_id") {
                *value = rng.text(32, LETTERS);
            }
        }
        forged
    }

    /// One secret; empty when the channel has none of that name.
    pub(super) fn get(&self, way: Way, name: &str) -> &str {
        let secrets = self.0.get(&way);
        secrets
            .and_then(|secrets| secrets.get(name))
            .map_or("", String::as_str)
    }

    /// The `[channels]` part of a settings file.
    pub(super) fn as_settings(&self) -> String {
        let mut text = String::new();
        for (way, secrets) in &self.0 {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "\n[channels.{}]", way.as_str());
            let _ = writeln!(text, "provider = \"{}\"", way.provider());
            if *way == Way::SePay {
                let _ = writeln!(text, "settings.scheme = \"sepay-hmac\"");
                let _ = writeln!(text, "settings.accounts = [\"{ACCOUNT}\"]");
            }
            for (name, value) in secrets {
                let _ = writeln!(text, "secrets.{name} = \"{value}\"");
            }
        }
        text
    }
}
