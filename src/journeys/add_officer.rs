//! Adding, changing, disabling and enabling officers. A disabled officer's tokens stop at once; nothing
//! the officer did is forgotten.

use thiserror::Error;

use crate::config::error::nearest;
use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::rows::OfficerRow;
use crate::store::types::Ts;
use crate::store::{AsFailure, Db};

/// Why an officer was not changed.
#[derive(Debug, Error)]
pub enum OfficerError {
    /// Nobody has this code.
    #[error("there is no officer {0}")]
    Unknown(String),
    /// No unit has this code; the nearest one that is known, where one is near.
    #[error("there is no unit {code}; {}", hint(.near.as_deref()))]
    UnknownUnit {
        /// What was given.
        code: String,
        /// The nearest known.
        near: Option<String>,
    },
    /// The machine is wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(
        || "import it, or mend the code".to_owned(),
        |near| format!("did you mean {near}?"),
    )
}

impl AsFailure for OfficerError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Unknown(_) | Self::UnknownUnit { .. } => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

/// Adds an officer, or changes one that is known: an empty name and no unit leave what is there, an empty
/// unit means the whole office. Whether it is active stays; gives that.
///
/// # Errors
/// [`OfficerError::UnknownUnit`], or any failure.
pub fn add_officer(
    db: &Db,
    tenant: Tenant,
    code: &str,
    name: &str,
    unit: Option<&str>,
    now: Instant,
) -> Result<bool, OfficerError> {
    db.write(|queries| {
        // Before the first import no unit is known, and an officer may be added ahead of it.
        let units = queries.list_units(tenant.0)?;
        let codes: Vec<String> = units.into_iter().map(|unit| unit.code).collect();
        let given = unit.filter(|unit| !unit.is_empty());
        if let Some(unit) = given
            && !codes.is_empty()
            && !codes.iter().any(|code| code == unit)
        {
            let near = nearest(unit, &codes);
            let code = unit.to_owned();
            return Err(OfficerError::UnknownUnit { code, near });
        }
        let known = queries.find_officer(tenant.0, code)?;
        let mut row = known.unwrap_or_else(|| OfficerRow {
            tenant: tenant.0,
            code: code.to_owned(),
            name: code.to_owned(),
            unit_code: None,
            is_active: true,
            created_at: Ts(now),
        });
        if !name.is_empty() {
            name.clone_into(&mut row.name);
        }
        if unit.is_some() {
            row.unit_code = given.map(str::to_owned);
        }
        queries.insert_officer(&row)?;
        Ok(row.is_active)
    })
}

/// Lets a disabled officer act again.
///
/// # Errors
/// [`OfficerError::Unknown`] when nobody has the code.
pub fn enable_officer(db: &Db, tenant: Tenant, code: &str) -> Result<(), OfficerError> {
    set_active(db, tenant, code, true)
}

/// Disables an officer.
///
/// # Errors
/// [`OfficerError::Unknown`] when nobody has the code.
pub fn disable_officer(db: &Db, tenant: Tenant, code: &str) -> Result<(), OfficerError> {
    set_active(db, tenant, code, false)
}

fn set_active(db: &Db, tenant: Tenant, code: &str, is_active: bool) -> Result<(), OfficerError> {
    db.write(|queries| {
        let known = queries.find_officer(tenant.0, code)?;
        let mut row = known.ok_or_else(|| OfficerError::Unknown(code.to_owned()))?;
        row.is_active = is_active;
        Ok(queries.insert_officer(&row)?)
    })
}
