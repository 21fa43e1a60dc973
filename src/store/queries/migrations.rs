//! Running the migrations that are compiled into the program.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::Conn;
use crate::store::failure::Failure;

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(format!("migration failed: {error}"))
}

pub(in super::super) fn run(
    conn: &mut Conn,
    all: EmbeddedMigrations,
) -> Result<Vec<String>, Failure> {
    let applied = conn.run_pending_migrations(all).map_err(broken)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

pub(in super::super) fn pending(
    conn: &mut Conn,
    all: EmbeddedMigrations,
) -> Result<Vec<String>, Failure> {
    let missing = conn.pending_migrations(all).map_err(broken)?;
    Ok(missing
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}
