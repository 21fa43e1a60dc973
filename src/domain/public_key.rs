//! Public keys of Ed25519 as people hand them on: hexadecimal, or PEM (RFC 8410) with or without its
//! first and last line. Text comes in, 32 bytes go out; nothing is signed or checked here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands before the 32 bytes of a public key.
pub const PUBLIC_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Bytes of a public key.
const LONG: usize = 32;

/// Reads a public key; `None` when the text is none.
#[must_use]
pub fn parse_public_key(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if let Ok(bytes) = hex::decode(text)
        && bytes.len() == LONG
    {
        return Some(bytes);
    }
    let lines = text.lines().map(str::trim);
    let body: String = lines.filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).ok()?;
    let bytes = der.strip_prefix(&PUBLIC_HEAD)?;
    (bytes.len() == LONG).then(|| bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_in_every_form_it_is_handed_on_in() {
        let key = hex::decode("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        let pem = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PUBLIC KEY-----\n";
        let key = key.unwrap();
        for text in [hex::encode(&key), hex::encode_upper(&key), pem.to_owned()] {
            assert_eq!(parse_public_key(&text), Some(key.clone()), "{text}");
        }
        let line = pem.lines().nth(1).unwrap();
        assert_eq!(parse_public_key(line), Some(key.clone()));
        for text in [
            "",
            "19bf",
            &hex::encode(&key[1..]),
            "MCowBQYDK2Vw",
            "nothing at all",
        ] {
            assert_eq!(parse_public_key(text), None, "{text}");
        }
    }
}
