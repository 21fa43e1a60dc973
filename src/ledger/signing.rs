//! Signing with Ed25519: the key of an installation as PEM (PKCS#8, RFC 8410), signatures over exact
//! bytes, and their check with the public key alone. What is signed is not known here.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use thiserror::Error;

use crate::domain::public_key::PUBLIC_HEAD;

/// What stands before the 32 bytes of a private key in PKCS#8.
const PRIVATE_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Characters of Base64 on a line of PEM.
const LINE: usize = 64;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// The text is not such a key.
    #[error(
        "{0} is not an Ed25519 private key in PEM (-----BEGIN PRIVATE KEY-----): make one with doisoat key create"
    )]
    NotAKey(String),
    /// Others than its owner may read it.
    #[error("{0} may be read or written by others than its owner (mode {1:o}): chmod 600 {0}")]
    Exposed(String, u32),
    /// The machine gives no random bytes.
    #[error("the machine gives no random bytes: {0}")]
    NoRandom(String),
}

/// A private key.
pub struct SigningKey(Ed25519KeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A new private key, as the text of its file.
///
/// # Errors
/// [`KeyError::NoRandom`].
pub fn new_private_pem() -> Result<String, KeyError> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed).map_err(|error| KeyError::NoRandom(error.to_string()))?;
    Ok(pem("PRIVATE KEY", &[&PRIVATE_HEAD[..], &seed].concat()))
}

/// A public key, as the text of its file.
#[must_use]
pub fn public_pem(public_key: &[u8]) -> String {
    pem("PUBLIC KEY", &[&PUBLIC_HEAD[..], public_key].concat())
}

/// Whether the owner of a public key signed exactly these bytes.
#[must_use]
pub fn is_signed(public_key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(bytes, signature).is_ok()
}

impl SigningKey {
    /// Reads the file of a private key, which nobody but its owner may read.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`], [`KeyError::Exposed`] or [`KeyError::NotAKey`]; none tells what is in
    /// the file.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let (key, exposed) = Self::read_with_mode(file)?;
        match exposed {
            Some(mode) => Err(KeyError::Exposed(file.display().to_string(), mode)),
            None => Ok(key),
        }
    }

    /// The key, and the mode of its file where others than its owner may read or write it.
    fn read_with_mode(file: &Path) -> Result<(Self, Option<u32>), KeyError> {
        let name = || file.display().to_string();
        let unreadable = |error: std::io::Error| KeyError::Unreadable(name(), error.to_string());
        let mut open = File::open(file).map_err(unreadable)?;
        let mode = exposed(&open.metadata().map_err(unreadable)?);
        let mut text = String::new();
        open.read_to_string(&mut text).map_err(unreadable)?;
        let key = Self::of_pem(&text).ok_or_else(|| KeyError::NotAKey(name()))?;
        Ok((key, mode))
    }

    /// Reads the text of a private key's file.
    #[must_use]
    pub fn of_pem(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next()? != "-----BEGIN PRIVATE KEY-----" {
            return None;
        }
        let body: Vec<&str> = lines.collect();
        let (end, body) = body.split_last()?;
        if *end != "-----END PRIVATE KEY-----" {
            return None;
        }
        let der = STANDARD.decode(body.concat()).ok()?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .ok()
            .map(Self)
    }

    /// The public key, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// The signature of exactly these bytes, 64 bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

/// The mode of a file that its group or others may read or write.
fn exposed(of: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = of.permissions().mode() & 0o777;
    (mode & 0o066 != 0).then_some(mode)
}

/// The public keys under which a day counts as signed: those used before, and that of the private key
/// in use; and what is wrong with the file of that key. A file that others may read is good enough to
/// compare with, and no key is taken from one that cannot be read.
#[must_use]
pub fn known_keys(
    key_file: Option<&Path>,
    retired: &[Vec<u8>],
) -> (Vec<Vec<u8>>, Option<KeyError>) {
    let mut keys = retired.to_vec();
    let Some(file) = key_file else {
        return (keys, None);
    };
    match SigningKey::read_with_mode(file) {
        Ok((key, exposed)) => {
            keys.push(key.public_key());
            let problem = exposed.map(|mode| KeyError::Exposed(file.display().to_string(), mode));
            (keys, problem)
        }
        Err(error) => (keys, Some(error)),
    }
}

/// What is wrong with a key that none of the known ones is.
#[must_use]
pub fn unknown_key(public_key: &[u8], known: &[Vec<u8>]) -> Option<String> {
    let is_known = known.iter().any(|key| key == public_key);
    (!is_known).then(|| {
        format!(
            "is signed with the key {}, which is neither that of [signing] key_file nor among retired_keys",
            hex::encode(public_key)
        )
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(LINE) {
        lines.push(line.to_owned());
        rest = more;
    }
    if !rest.is_empty() {
        lines.push(rest.to_owned());
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_and_its_key_alone() {
        let key = SigningKey::of_pem(&new_private_pem().unwrap()).unwrap();
        let other = SigningKey::of_pem(&new_private_pem().unwrap()).unwrap();
        let signature = key.sign(b"the day");
        assert!(is_signed(&key.public_key(), b"the day", &signature));
        assert!(!is_signed(&key.public_key(), b"the daz", &signature));
        assert!(!is_signed(&other.public_key(), b"the day", &signature));
        assert!(!is_signed(&key.public_key(), b"the day", &signature[1..]));
    }

    #[test]
    fn a_key_is_read_only_from_a_file_that_is_its_owners_alone() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signing.pem");
        let text = new_private_pem().unwrap();
        let key = SigningKey::of_pem(&text).unwrap();
        std::fs::write(&file, text).unwrap();
        let retired = vec![7_u8; 32];
        let both = [retired.clone(), key.public_key()];
        for mode in [0o400, 0o600, 0o700, 0o711] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let read = SigningKey::read(&file).unwrap();
            assert_eq!(read.public_key(), key.public_key(), "{mode:o}");
            let (known, problem) = known_keys(Some(&file), std::slice::from_ref(&retired));
            assert_eq!(known, both);
            assert!(problem.is_none(), "{problem:?}");
        }
        for mode in [0o640, 0o604, 0o620, 0o602, 0o666, 0o777] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let told = SigningKey::read(&file).unwrap_err().to_string();
            assert!(told.contains(&format!("(mode {mode:o})")), "{told}");
            // Good enough to compare with, and its owner is told.
            let (known, problem) = known_keys(Some(&file), std::slice::from_ref(&retired));
            assert_eq!(known, both);
            assert!(matches!(problem, Some(KeyError::Exposed(_, found)) if found == mode));
        }
        std::fs::write(&file, "no key").unwrap();
        assert!(matches!(SigningKey::read(&file), Err(KeyError::NotAKey(_))));
        let missing = folder.path().join("missing.pem");
        let (known, problem) = known_keys(Some(&missing), std::slice::from_ref(&retired));
        assert_eq!(known, std::slice::from_ref(&retired));
        assert!(matches!(problem, Some(KeyError::Unreadable(..))));
        let (known, problem) = known_keys(None, std::slice::from_ref(&retired));
        assert!(known == [retired] && problem.is_none());
        assert_eq!(format!("{key:?}"), "SigningKey");
    }

    #[test]
    fn a_key_that_nobody_knows_is_named() {
        let known = [vec![1; 32], vec![2; 32]];
        assert_eq!(unknown_key(&[1; 32], &known), None);
        assert_eq!(unknown_key(&[2; 32], &known), None);
        let told = unknown_key(&[3; 32], &known).unwrap();
        assert!(told.starts_with(&format!("is signed with the key {}, ", "03".repeat(32))));
        assert!(unknown_key(&[1; 32], &[]).is_some());
    }

    #[test]
    fn keys_are_those_of_rfc_8410() {
        let text = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            -----END PRIVATE KEY-----\n";
        let key = SigningKey::of_pem(text).unwrap();
        let public = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PUBLIC KEY-----\n";
        assert_eq!(public_pem(&key.public_key()), public);
        for text in ["", "-----BEGIN PRIVATE KEY-----", public, &text[..60]] {
            assert!(SigningKey::of_pem(text).is_none(), "{text}");
        }
    }
}
