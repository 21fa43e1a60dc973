//! Who asks and what they may see: the bearer token of a request comes in, a [`Caller`] goes out.
//! Only the token's hash is looked up, so that a copy of the database opens no door.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use sha2::{Digest, Sha256};

use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::web::Gateway;
use crate::web::error::Problem;

/// The token a request carries, not yet looked up.
#[derive(Clone)]
pub struct Bearer([u8; 32]);

impl Bearer {
    /// SHA-256 of the token.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.0
    }
}

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(AUTHORIZATION);
        let text = header.and_then(|value| value.to_str().ok()).unwrap_or("");
        let token = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return ready(Err(Problem::NotKnown("a bearer token is needed"))),
        };
        ready(Ok(Self(Sha256::digest(token.as_bytes()).into())))
    }
}

/// Something a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Read dossiers and bills.
    Dossiers,
    /// Write dossiers.
    WriteDossiers,
    /// Open attempts to pay.
    OpenAttempts,
    /// Read payments, notices, indicators.
    Payments,
    /// Read the ledger.
    Ledger,
    /// Read what subscribers were told.
    Outbox,
    /// Tell a subscriber again.
    Redeliver,
    /// Ask for refunds, send them and tell what came of them.
    AskRefunds,
    /// Approve refunds.
    ApproveRefunds,
    /// Work on differences.
    Cases,
    /// Import statement files and decide on them.
    Statements,
    /// Record what was passed on to the Treasury or the collecting body.
    PassOn,
    /// Read which statement files were imported.
    ReadStatements,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The installation.
    pub tenant: i32,
    /// The role's word.
    pub role: String,
    /// The officer behind the token, if it is a person's.
    pub officer: Option<String>,
    /// The one unit whose rows may be seen; none for all.
    pub unit: Option<String>,
}

impl Caller {
    /// Whether rows of this unit may be seen; rows of no unit only by those who see all.
    #[must_use]
    pub fn sees(&self, unit: Option<&str>) -> bool {
        match &self.unit {
            None => true,
            Some(own) => unit == Some(own.as_str()),
        }
    }

    fn must(&self, need: Need) -> Result<(), Problem> {
        let roles: &[&str] = match need {
            Need::AskRefunds | Need::PassOn => &["officer", "approver"],
            Need::ApproveRefunds => &["approver"],
            Need::WriteDossiers => &["dossier-system", "admin"],
            Need::OpenAttempts => &["dossier-system", "officer", "admin"],
            Need::Dossiers => &[
                "viewer",
                "officer",
                "approver",
                "auditor",
                "admin",
                "dossier-system",
            ],
            Need::Outbox => &["auditor", "admin"],
            Need::Redeliver => &["admin"],
            Need::Cases | Need::Statements => &["officer", "approver", "admin"],
            Need::ReadStatements => &["officer", "approver", "auditor", "admin"],
            Need::Payments | Need::Ledger => &["viewer", "officer", "approver", "auditor", "admin"],
        };
        if roles.contains(&self.role.as_str()) {
            return Ok(());
        }
        Err(Problem::NotAllowed(format!(
            "a token of the role {} may not do this; it takes one of {}",
            self.role,
            roles.join(", ")
        )))
    }
}

fn identify(queries: &mut dyn Queries, bearer: &Bearer, now: Instant) -> Result<Caller, Problem> {
    let unknown = || Problem::NotKnown("the token is not known, or no longer valid");
    let row = queries.find_token(&bearer.0)?.ok_or_else(unknown)?;
    if row.expires_at.is_some_and(|at| at.0 <= now) {
        return Err(unknown());
    }
    // An officer of one unit acts for that unit, whatever the token says or leaves out.
    let mut own = None;
    if let Some(code) = &row.officer {
        let officer = queries.find_officer(row.tenant, code)?;
        let officer = officer.filter(|officer| officer.is_active);
        own = officer.ok_or_else(unknown)?.unit_code;
    }
    let unit = own.or(row.unit_code);
    // A viewer without a unit would see nothing; none is made, and none is let in.
    if row.role == "viewer" && unit.is_none() {
        return Err(Problem::NotAllowed("this viewer has no unit".to_owned()));
    }
    Ok(Caller {
        tenant: row.tenant,
        role: row.role,
        officer: row.officer,
        unit,
    })
}

/// Identifies the caller and reads, in one snapshot, away from the threads that answer HTTP.
///
/// # Errors
/// 401, 403 or what `story` returns.
pub async fn read<T: Send + 'static>(
    gateway: &web::Data<Gateway>,
    bearer: Bearer,
    need: Need,
    story: impl Fn(&mut dyn Queries, &Caller) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    away(gateway, move |gateway| {
        let now = gateway.clock.now();
        gateway.db.read(|queries| {
            let caller = identify(queries, &bearer, now)?;
            caller.must(need)?;
            story(queries, &caller)
        })
    })
    .await
}

/// Identifies the caller, whatever they may do.
///
/// # Errors
/// 401, 403.
pub async fn caller(gateway: &web::Data<Gateway>, bearer: &Bearer) -> Result<Caller, Problem> {
    let bearer = bearer.clone();
    away(gateway, move |gateway| {
        let now = gateway.clock.now();
        gateway.db.read(|queries| identify(queries, &bearer, now))
    })
    .await
}

/// Identifies the caller and nothing more, before a body is read.
///
/// # Errors
/// 401, 403.
pub async fn admit(
    gateway: &web::Data<Gateway>,
    bearer: &Bearer,
    need: Need,
) -> Result<(), Problem> {
    read(gateway, bearer.clone(), need, |_, _| Ok(())).await
}

/// Identifies the caller, then runs a journey, away from the threads that answer HTTP.
///
/// # Errors
/// 401, 403 or what `story` returns.
pub async fn change<T: Send + 'static>(
    gateway: &web::Data<Gateway>,
    bearer: Bearer,
    need: Need,
    story: impl FnOnce(&Gateway, &Caller) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    away(gateway, move |gateway| {
        let now = gateway.clock.now();
        let caller = gateway.db.read(|queries| {
            let caller = identify(queries, &bearer, now)?;
            caller.must(need)?;
            Ok::<_, Problem>(caller)
        })?;
        story(gateway, &caller)
    })
    .await
}

async fn away<T: Send + 'static>(
    gateway: &web::Data<Gateway>,
    story: impl FnOnce(&Gateway) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let gateway = gateway.clone();
    let done = web::block(move || story(&gateway));
    done.await.unwrap_or_else(|_| {
        let message = "a request was given up".to_owned();
        Err(Failure::Broken(message).into())
    })
}
