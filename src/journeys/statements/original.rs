//! The original bytes of a file, given back part by part as they came. Their hash must be the one that
//! was kept; changes nothing.

use std::io::{Read, Write};

use flate2::read::DeflateDecoder;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::StatementError;
use crate::domain::ids::Tenant;
use crate::reconciliation::problem::Problem;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::StatementFileRow;
use crate::store::types::Uid;

/// Writes the original bytes of a file.
///
/// # Errors
/// When there is no such file, it cannot be written, or the bytes are not those that came.
pub fn write_original(
    db: &Db,
    tenant: Tenant,
    id: Uuid,
    into: &mut dyn Write,
) -> Result<StatementFileRow, StatementError> {
    let found = db.read(|queries| queries.find_statement_file(tenant.0, Uid(id)))?;
    let file = found.ok_or(StatementError::UnknownFile(id))?;
    let unwritable = |error: std::io::Error| StatementError::Unreadable(Problem::from(error));
    let mut hash = Sha256::new();
    for part in 0.. {
        let row = db.read(|queries| queries.find_statement_original(tenant.0, Uid(id), part))?;
        let Some(row) = row else {
            break;
        };
        let mut bytes = Vec::new();
        DeflateDecoder::new(row.bytes.as_slice())
            .read_to_end(&mut bytes)
            .map_err(unwritable)?;
        hash.update(&bytes);
        into.write_all(&bytes).map_err(unwritable)?;
    }
    if hash.finalize().as_slice() != file.file_hash {
        let text = format!("the bytes of statement file {id} are not those that were imported");
        return Err(Failure::Broken(text).into());
    }
    Ok(file)
}
