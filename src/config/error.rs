//! Why a configuration is refused, in sentences that name the place and the remedy. No value that
//! may be secret ever enters an error.

use std::fmt;

use thiserror::Error;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file, with the line where it is known.
    File(String, Option<usize>),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, Some(line)) => write!(f, "{file}:{line}"),
            Self::File(file, None) => f.write_str(file),
            Self::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// The nearest known name, when one is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint(pub Option<String>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "; did you mean {name}?"),
            None => Ok(()),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A file that cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// Its name as given.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// A file that is not TOML.
    #[error("{origin}: this is not TOML: {reason}")]
    NotToml {
        /// The place.
        origin: Origin,
        /// What the parser says, without the line's text.
        reason: String,
    },
    /// A key nobody reads.
    #[error("{origin}: unknown key {key}{hint}")]
    UnknownKey {
        /// The place.
        origin: Origin,
        /// The key as a dotted path.
        key: String,
        /// What was probably meant.
        hint: Hint,
    },
    /// A provider that does not exist.
    #[error("{origin}: channels.{channel} names the unknown provider \"{provider}\"{known}")]
    UnknownProvider {
        /// The place.
        origin: Origin,
        /// The channel.
        channel: String,
        /// The name given.
        provider: String,
        /// What was probably meant, and every known provider.
        known: String,
    },
    /// A value that cannot be used; the reason continues the sentence.
    #[error("{origin}: {key} {reason}")]
    Wrong {
        /// The place.
        origin: Origin,
        /// The key as a dotted path.
        key: String,
        /// Why not.
        reason: String,
    },
    /// A secret that cannot be had; the reason says where it was looked for.
    #[error("{origin}: channel {channel}, secret {secret}: {reason}")]
    Secret {
        /// The place.
        origin: Origin,
        /// The channel.
        channel: String,
        /// The secret's name.
        secret: String,
        /// Where it was looked for and what was found.
        reason: String,
    },
}

impl ConfigError {
    pub(in crate::config) fn wrong(
        origin: &Origin,
        key: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Wrong {
            origin: origin.clone(),
            key: key.into(),
            reason: reason.into(),
        }
    }

    pub(in crate::config) fn unknown_key(origin: &Origin, key: &str, known: &[String]) -> Self {
        Self::UnknownKey {
            origin: origin.clone(),
            key: key.to_owned(),
            hint: Hint(nearest(key, known)),
        }
    }
}

/// The known name that differs least: as a whole, or in its last part where the section was
/// mistaken. None when nothing is near.
#[must_use]
pub fn nearest(given: &str, known: &[String]) -> Option<String> {
    fn last(name: &str) -> &str {
        name.rsplit('.').next().unwrap_or(name)
    }
    let distance = |name: &String| {
        let whole = strsim::damerau_levenshtein(given, name);
        let part = strsim::damerau_levenshtein(last(given), last(name));
        (whole.min(part.saturating_add(1)), whole, name.clone())
    };
    let (near, _, name) = known.iter().map(distance).min()?;
    let allowed = (last(given).chars().count() / 3).max(2);
    (near <= allowed).then_some(name)
}
