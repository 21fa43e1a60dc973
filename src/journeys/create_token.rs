//! Creating an API token: role, officer, unit and end come in, the token goes out once; only its
//! hash is kept. It refuses a token that could never be used.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::rows::TokenRow;
use crate::store::types::Ts;
use crate::store::{AsFailure, Db};

/// What a token may be made for; the database refuses other words too.
pub const ROLES: &[&str] = &[
    "viewer",
    "officer",
    "approver",
    "auditor",
    "admin",
    "dossier-system",
];

/// What every token begins with, so that a lost one is recognised for what it is.
const PREFIX: &str = "doisoat_";

/// A token that is asked for.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The installation.
    pub tenant: Tenant,
    /// One of [`ROLES`].
    pub role: String,
    /// The officer it is handed to.
    pub officer: Option<String>,
    /// The one unit whose rows it opens.
    pub unit: Option<String>,
    /// When it ends; none for never.
    pub expires_at: Option<Instant>,
}

/// Why no token was made.
#[derive(Debug, Error)]
pub enum TokenError {
    /// A role nobody has.
    #[error("there is no role {0}: take one of {list}", list = ROLES.join(", "))]
    UnknownRole(String),
    /// A viewer sees its own unit only, so it needs one.
    #[error("a viewer sees one unit: name it with --unit")]
    NoUnit,
    /// The officer is not known or no longer active.
    #[error("there is no active officer {0}: add one with doisoat officer add")]
    UnknownOfficer(String),
    /// The unit is not in the catalogue.
    #[error("there is no unit {0}: import it, or mend the code")]
    UnknownUnit(String),
    /// It would never be valid.
    #[error("the token would have ended before it was made")]
    AlreadyOver,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    NoRandomness(String),
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl AsFailure for TokenError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::UnknownRole(_)
            | Self::NoUnit
            | Self::UnknownOfficer(_)
            | Self::UnknownUnit(_)
            | Self::AlreadyOver
            | Self::NoRandomness(_) => None,
        }
    }
}

/// Makes a token and remembers its hash.
///
/// # Errors
/// What is wrong with the request, or a failure of the database.
pub fn create_token(db: &Db, request: &TokenRequest, now: Instant) -> Result<String, TokenError> {
    check(request, now)?;
    let token = random_token()?;
    let row = TokenRow {
        tenant: request.tenant.0,
        token_hash: Sha256::digest(token.as_bytes()).to_vec(),
        role: request.role.clone(),
        officer: request.officer.clone(),
        unit_code: request.unit.clone(),
        created_at: Ts(now),
        expires_at: request.expires_at.map(Ts),
    };
    db.write(|queries| {
        if let Some(code) = &request.officer {
            let officer = queries.find_officer(request.tenant.0, code)?;
            if !officer.is_some_and(|officer| officer.is_active) {
                return Err(TokenError::UnknownOfficer(code.clone()));
            }
        }
        if let Some(code) = &request.unit {
            // Before the first import no unit is known, and a token may be made ahead of it.
            let units = queries.list_units(request.tenant.0)?;
            if !units.is_empty() && !units.iter().any(|unit| unit.code == *code) {
                return Err(TokenError::UnknownUnit(code.clone()));
            }
        }
        Ok(queries.insert_token(&row)?)
    })?;
    Ok(token)
}

fn check(request: &TokenRequest, now: Instant) -> Result<(), TokenError> {
    let role = request.role.as_str();
    if !ROLES.contains(&role) {
        return Err(TokenError::UnknownRole(role.to_owned()));
    }
    if role == "viewer" && request.unit.is_none() {
        return Err(TokenError::NoUnit);
    }
    if request.expires_at.is_some_and(|at| at <= now) {
        return Err(TokenError::AlreadyOver);
    }
    Ok(())
}

fn random_token() -> Result<String, TokenError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::NoRandomness(error.to_string()))?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}
