//! The schemes that providers share: HMAC of three hashes, plain hashes with the secret in the text,
//! static keys, hex and strict Base64, all compared in constant time. The only file that names
//! `hmac`. It knows no provider and no field.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use super::provider::Refusal;
use crate::config::secret::Secret;

/// HMAC-SHA256 over the parts one after the other.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => finish(mac, parts),
        // HMAC takes keys of every length, so this cannot happen; nothing equals an empty digest.
        Err(_) => Vec::new(),
    }
}

/// HMAC-SHA512 over the parts one after the other.
#[must_use]
pub fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match Hmac::<Sha512>::new_from_slice(key) {
        Ok(mac) => finish(mac, parts),
        // As above.
        Err(_) => Vec::new(),
    }
}

/// HMAC-SHA1 over the parts one after the other, for the providers that still sign so.
#[must_use]
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match Hmac::<Sha1>::new_from_slice(key) {
        Ok(mac) => finish(mac, parts),
        // As above.
        Err(_) => Vec::new(),
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[&[u8]]) -> Vec<u8> {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// SHA-256 over the parts one after the other; where a provider hashes its secret with the text,
/// the secret is one of the parts.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// MD5 over the parts one after the other, for the providers that still hash so.
#[must_use]
pub fn md5(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Whether two byte strings are the same, in time that depends on their lengths only. Empty never
/// equals anything.
#[must_use]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    let has_content = Choice::from(u8::from(!one.is_empty()));
    bool::from(one.ct_eq(other) & has_content)
}

/// Lower-case hex, as the providers write it.
#[must_use]
pub fn to_hex(digest: &[u8]) -> String {
    hex::encode(digest)
}

/// The bytes of lower-case hex; `None` for anything else. Upper case is refused because the
/// providers here never send it and a signature should have one spelling.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(text).ok()
}

/// The bytes of hex in capital letters, as some providers write it; `None` for anything else.
#[must_use]
pub fn from_upper_hex(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    hex::decode(text).ok()
}

/// Base64 as tokens write it: the alphabet of addresses, without padding.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of what [`to_base64url`] writes; `None` for anything else.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64 with its padding.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of Base64 in the standard alphabet with its padding and no stray bits or bytes;
/// `None` for anything else.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Asks every valid value of a secret whether it gives the signature: while a key is rotated any
/// of them may. All are always tried, so the time does not tell which one it was.
///
/// # Errors
/// [`Refusal::NotConfigured`] when there is no value (an empty one would be everybody's key),
/// [`Refusal::SignatureMismatch`] when none fits.
pub fn any_key(keys: &[Secret], name: &str, fits: impl Fn(&Secret) -> bool) -> Result<(), Refusal> {
    let mut keys = keys.iter().filter(|key| !key.bytes().is_empty()).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::NotConfigured(name.to_owned().into()));
    }
    let is_genuine = keys.fold(false, |found, key| fits(key) | found);
    is_genuine.then_some(()).ok_or(Refusal::SignatureMismatch)
}

/// As [`any_key`], for a signature that is the lower-case hex of a digest.
///
/// # Errors
/// As [`any_key`]; a text that is not lower-case hex is a mismatch.
pub fn any_key_gives_hex(
    keys: &[Secret],
    name: &str,
    claimed: &str,
    digest: impl Fn(&Secret) -> Vec<u8>,
) -> Result<(), Refusal> {
    let claimed = from_hex(claimed).unwrap_or_default();
    any_key(keys, name, |key| is_same(&digest(key), &claimed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_published_examples() {
        // RFC 4231 and RFC 2202, test case 2; FIPS 180-2 and RFC 1321, "abc".
        let (key, text) = (b"Jefe", "what do ya want for nothing?");
        let (first, second) = text.as_bytes().split_at(5);
        assert_eq!(
            to_hex(&hmac_sha256(key, &[first, second])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            to_hex(&hmac_sha512(key, &[first, second])),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
        assert_eq!(
            to_hex(&hmac_sha1(key, &[first, second])),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            to_hex(&md5(&[b"a", b"bc"])),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert_eq!(
            to_hex(&sha256(&[b"a", b"bc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_signature_has_one_spelling() {
        assert_eq!(from_hex("00ff"), Some(vec![0, 255]));
        for text in ["00FF", "0", "0x00", " 00", "zz"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
        assert_eq!(from_upper_hex("00FF"), Some(vec![0, 255]));
        assert_eq!(from_upper_hex("00ff"), None);
        assert_eq!(from_base64url("-_8"), Some(vec![251, 255]));
        for text in ["-_8=", "+/8", "-_9"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
        assert_eq!(to_base64url(&[251, 255]), "-_8");
        assert_eq!(to_base64(&[251, 255]), "+/8=");
        assert_eq!(from_base64("AAE="), Some(vec![0, 1]));
        for text in ["AAE", "AAF=", "AA_=", " AAE=", "AAE=\n", "A-E="] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }

    #[test]
    fn any_listed_key_fits_and_no_key_fits_nothing() {
        let keys = [Secret::new("new"), Secret::new("old"), Secret::new("")];
        let claimed = to_hex(&sha256(&[b"old"]));
        let check = |keys: &[Secret], claimed: &str| {
            any_key_gives_hex(keys, "key", claimed, |key| sha256(&[key.bytes()]))
        };
        assert_eq!(check(&keys, &claimed), Ok(()));
        // A key that is listed twice, as while a rotation is written down, fits all the same.
        let twice = [Secret::new("old"), Secret::new("old")];
        assert_eq!(check(&twice, &claimed), Ok(()));
        assert_eq!(check(&keys, ""), Err(Refusal::SignatureMismatch));
        assert_eq!(
            check(&keys, &to_hex(&sha256(&[b""]))),
            Err(Refusal::SignatureMismatch)
        );
        for none in [&[][..], &[Secret::new("")][..]] {
            assert_eq!(
                check(none, &claimed),
                Err(Refusal::NotConfigured("key".into()))
            );
        }
        assert!(!is_same(b"", b""));
    }
}
