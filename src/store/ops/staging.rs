//! What the house can ask of the store about files that are written before they are published, and
//! about whose turn it is to publish. Each method can fail with any failure; none decides anything.

use super::Result;
use crate::store::types::{Ts, Uid};

/// Files that are not there yet, and the turns of sources.
pub trait Staging {
    /// Begins to write a file.
    fn insert_stage(&mut self, tenant: i32, file_id: Uid, begun_at: Ts) -> Result<()>;
    /// When the writing of a file began, if it is still being written.
    fn find_stage(&mut self, tenant: i32, file_id: Uid) -> Result<Option<Ts>>;
    /// Ends the writing of a file.
    fn delete_stage(&mut self, tenant: i32, file_id: Uid) -> Result<()>;
    /// Changes when the writing of a file began, so that who writes it cannot go on.
    fn mark_stage(&mut self, tenant: i32, file_id: Uid, begun_at: Ts) -> Result<()>;
    /// Files whose writing began before an instant.
    fn list_stages(&mut self, tenant: i32, before: Ts) -> Result<Vec<Uid>>;
    /// Removes some pages and originals of a file that was never published; how many went.
    fn delete_staged(&mut self, tenant: i32, file_id: Uid, limit: i64) -> Result<usize>;
    /// How often something changed for a source; the empty name is for all of them.
    fn find_turn(&mut self, tenant: i32, source: &str) -> Result<i64>;
    /// Something changes for a source.
    fn mark_turn(&mut self, tenant: i32, source: &str) -> Result<()>;
}
