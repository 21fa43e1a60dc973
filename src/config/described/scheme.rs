//! How a call of a described provider proves itself: by what, where the proof stands, which text is
//! signed and when. Plain data; whether it can be fooled is judged by `rules` and `safety`.

use std::time::Duration;

use super::description::Field;
use super::template::Piece;

/// How a call proves itself.
#[derive(Debug, Clone)]
pub struct Proof {
    /// By what.
    pub kind: ProofKind,
    /// Where the proof stands.
    pub place: Place,
    /// What stands before it.
    pub prefix: String,
    /// What stands between several.
    pub separator: Option<String>,
    /// What marks a signature among several parts.
    pub tag: String,
    /// What marks the time among them.
    pub time_tag: Option<String>,
    /// How a digest is written.
    pub spelling: Spelling,
    /// The secret that is the key; none where the secret is in the signed text.
    pub key: Option<String>,
    /// How the key is written.
    pub key_form: KeyForm,
    /// What stands before the key.
    pub key_prefix: String,
    /// What is signed.
    pub text: Vec<Piece>,
    /// The pairs that are signed.
    pub pairs: Option<PairsRule>,
    /// The header with the id of the call.
    pub id_header: Option<String>,
    /// When it was signed.
    pub time: Option<TimeRule>,
}

/// By what a call proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofKind {
    /// It shows the key itself.
    StaticKey,
    /// It shows a token that we gave it (HS512).
    Token,
    /// A digest of the signed text.
    Digest(Digest),
}

/// How a digest is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// HMAC-SHA1.
    HmacSha1,
    /// HMAC-SHA256.
    HmacSha256,
    /// HMAC-SHA512.
    HmacSha512,
    /// SHA-256 of a text that holds the secret.
    Sha256,
    /// MD5 of a text that holds the secret.
    Md5,
}

impl Digest {
    /// Whether the key is used as such, not written into the text.
    #[must_use]
    pub fn is_keyed(self) -> bool {
        match self {
            Self::HmacSha1 | Self::HmacSha256 | Self::HmacSha512 => true,
            Self::Sha256 | Self::Md5 => false,
        }
    }

    /// Its name as people write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }
}

/// Where something stands outside the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a header, its name in lower case.
    Header(String),
    /// In a field of the call.
    Field(Field),
    /// In the query, whatever the body is.
    Query(String),
}

impl Place {
    /// The field, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        match self {
            Self::Field(field) => Some(field),
            Self::Header(_) | Self::Query(_) => None,
        }
    }
}

/// How a digest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Hex in small letters.
    HexLower,
    /// Hex in capital letters.
    HexUpper,
    /// Hex, all small or all capital.
    HexAny,
    /// Base64 with padding.
    Base64,
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// As it is.
    Text,
    /// Hex of either case.
    Hex,
    /// Base64.
    Base64,
}

/// Which pairs are signed, and how they are joined.
#[derive(Debug, Clone)]
pub struct PairsRule {
    /// The object whose members they are; none for the call itself.
    pub of: Option<Field>,
    /// What the names begin with; empty for every name.
    pub prefixes: Vec<String>,
    /// Names left out.
    pub without: Vec<String>,
    /// Whether empty values take part.
    pub keeps_empty: bool,
    /// How values are written.
    pub writing: Writing,
}

impl PairsRule {
    /// Whether a pair of this name is signed.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        let begins = self.prefixes.iter().any(|prefix| name.starts_with(prefix));
        (begins || self.prefixes.is_empty()) && !self.without.iter().any(|one| one == name)
    }
}

/// How the values of pairs are written in the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// As they are, nothing escaped.
    Raw,
    /// In form encoding.
    Form,
    /// Exactly as they came.
    Received,
}

/// When a call was signed.
#[derive(Debug, Clone)]
pub struct TimeRule {
    /// Where it stands; none for the part with the time's tag.
    pub place: Option<Place>,
    /// Whether it counts milliseconds rather than seconds.
    pub is_millis: bool,
    /// How far it may be off where the channel does not say.
    pub window: Option<Duration>,
}
