//! Revoking an API token: the beginning of its hash comes in, as `token list` shows it, and from now
//! on the token opens nothing. It stays listed with its end, so that one can say later who had one.

use thiserror::Error;

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::types::Ts;
use crate::store::{AsFailure, Db};

/// Letters of a hash that name a token in a list.
pub const NAME_LETTERS: usize = 12;

/// Letters of a hash below which too many tokens could be meant.
const LEAST_LETTERS: usize = 8;

/// Why no token was revoked.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// Too short to mean one token for certain.
    #[error("{0} is too short: write at least 8 letters of what token list shows")]
    TooShort(String),
    /// No token has this name.
    #[error("there is no token {0}: look at token list")]
    Unknown(String),
    /// Several tokens begin so.
    #[error("several tokens begin with {0}: write more letters")]
    Ambiguous(String),
    /// It has ended already.
    #[error("the token {0} has ended before")]
    Over(String),
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl AsFailure for RevokeError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::TooShort(_) | Self::Unknown(_) | Self::Ambiguous(_) | Self::Over(_) => None,
        }
    }
}

/// The name of a token in lists: the beginning of its hash.
#[must_use]
pub fn token_name(token_hash: &[u8]) -> String {
    hex::encode(token_hash).chars().take(NAME_LETTERS).collect()
}

/// Ends a token now.
///
/// # Errors
/// When the name does not mean one token that is still valid, or a failure of the database.
pub fn revoke_token(db: &Db, tenant: Tenant, name: &str, now: Instant) -> Result<(), RevokeError> {
    let wanted = name.trim().to_lowercase();
    if wanted.len() < LEAST_LETTERS {
        return Err(RevokeError::TooShort(wanted));
    }
    db.write(|queries| {
        let tokens = queries.list_tokens(tenant.0)?;
        let mut meant = tokens
            .iter()
            .filter(|token| hex::encode(&token.token_hash).starts_with(&wanted));
        let token = match (meant.next(), meant.next()) {
            (Some(token), None) => token,
            (None, _) => return Err(RevokeError::Unknown(wanted.clone())),
            (Some(_), Some(_)) => return Err(RevokeError::Ambiguous(wanted.clone())),
        };
        if token.expires_at.is_some_and(|at| at.0 <= now) {
            return Err(RevokeError::Over(wanted.clone()));
        }
        queries.mark_token_ended(tenant.0, &token.token_hash, Ts(now))?;
        Ok(())
    })
}
