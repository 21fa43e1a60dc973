//! Answering a writing request once: the key its caller gave it and the hash of what it says come
//! in; whether to do it, or the answer given before, goes out. Knows nothing of what is asked.
//!
//! A request that broke off between its commit and its answer counts as under way for a minute and
//! may then be sent again; the journeys themselves refuse to do the same thing twice.

use std::time::Duration;

use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::rows::AnsweredRow;
use crate::store::types::Ts;

/// How long an answer is kept.
const KEPT_HOURS: i64 = 24;

/// After this long a request that was never answered has broken off.
const BROKEN_OFF: Duration = Duration::from_secs(60);

/// A request as its caller names it.
#[derive(Debug, Clone)]
pub struct Named {
    /// The installation.
    pub tenant: Tenant,
    /// SHA-256 of the caller's token: keys of two callers never meet.
    pub token_hash: Vec<u8>,
    /// The key the caller gave it.
    pub key: String,
    /// SHA-256 of method, address and body.
    pub request_hash: Vec<u8>,
}

/// An answer as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// HTTP status.
    pub status: u16,
    /// Content type, empty for none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Do it.
    New,
    /// It was done: answer like this.
    Answered(Given),
    /// The key was given to another request.
    OtherRequest,
    /// The same request is being done now.
    UnderWay,
}

/// Begins a request, or finds what became of it.
///
/// # Errors
/// Any [`Failure`].
pub fn begin_request(db: &Db, named: &Named, now: Instant) -> Result<Begun, Failure> {
    let tenant = named.tenant.0;
    db.write(|queries| {
        let kept_since = now
            .checked_sub_signed(chrono::TimeDelta::hours(KEPT_HOURS))
            .unwrap_or(now);
        queries.delete_old_answers(tenant, Ts(kept_since))?;
        let known = queries.find_answer(tenant, &named.token_hash, &named.key)?;
        if let Some(row) = known {
            let age = now.signed_duration_since(row.begun_at.0).to_std();
            let has_broken_off = age.is_ok_and(|age| age > BROKEN_OFF);
            match row.status.map(u16::try_from) {
                _ if row.request_hash != named.request_hash => return Ok(Begun::OtherRequest),
                Some(Ok(status)) => {
                    return Ok(Begun::Answered(Given {
                        status,
                        content_type: row.content_type,
                        body: row.body,
                    }));
                }
                Some(Err(_)) | None if !has_broken_off => return Ok(Begun::UnderWay),
                Some(Err(_)) | None => {}
            }
        }
        queries.insert_answer(&row(named, now, None))?;
        Ok(Begun::New)
    })
}

/// Keeps the answer of a request that was done.
///
/// # Errors
/// Any [`Failure`].
pub fn finish_request(db: &Db, named: &Named, now: Instant, given: &Given) -> Result<(), Failure> {
    db.write(|queries| queries.insert_answer(&row(named, now, Some(given))))
}

/// Forgets a request that was refused or failed: it changed nothing and may be sent again.
///
/// # Errors
/// Any [`Failure`].
pub fn forget_request(db: &Db, named: &Named) -> Result<(), Failure> {
    db.write(|queries| queries.delete_answer(named.tenant.0, &named.token_hash, &named.key))
}

fn row(named: &Named, now: Instant, given: Option<&Given>) -> AnsweredRow {
    AnsweredRow {
        tenant: named.tenant.0,
        token_hash: named.token_hash.clone(),
        idempotency_key: named.key.clone(),
        request_hash: named.request_hash.clone(),
        begun_at: Ts(now),
        status: given.map(|given| i32::from(given.status)),
        content_type: given.map_or_else(String::new, |given| given.content_type.clone()),
        body: given.map_or_else(Vec::new, |given| given.body.clone()),
    }
}
