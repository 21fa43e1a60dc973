//! Differences: `GET /differences` and `GET /differences/{id}`, with their steps, the ways out and
//! suggestions. A caller of one unit sees what that unit owns.

use actix_web::web;
use serde::Deserialize;
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, read};
use super::page::{Page, after, limit, ok};
use crate::domain::difference::{DifferenceKind, DifferenceState};
use crate::domain::time::Instant;
use crate::reporting::differences::{difference_in_full, differences_json};
use crate::store::ops::DifferenceFilter;
use crate::store::types::{Ts, Uid};
use crate::web::Gateway;
use crate::web::error::Problem;

/// The word for every state but resolved.
const STANDING: &str = "standing";

/// How differences are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    state: Option<String>,
    kind: Option<String>,
    unit: Option<String>,
    channel: Option<String>,
    payment: Option<String>,
    overdue: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A word that is among the known ones.
fn known(name: &str, word: &str, known: &[&str]) -> Result<(), Problem> {
    if known.contains(&word) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(Problem::NotValid(format!(
        "{name} is \"{word}\"; known are {known}"
    )))
}

impl Asked {
    fn filter(&self, caller: &Caller, now: Instant) -> Result<DifferenceFilter, Problem> {
        let mut states: Vec<&str> = DifferenceState::ALL
            .iter()
            .map(|one| one.as_str())
            .collect();
        states.push(STANDING);
        if let Some(state) = &self.state {
            known("state", state, &states)?;
        }
        let kinds: Vec<&str> = DifferenceKind::ALL.iter().map(|one| one.as_str()).collect();
        if let Some(kind) = &self.kind {
            known("kind", kind, &kinds)?;
        }
        let payment = self.payment.as_deref().map(Uuid::parse_str).transpose();
        let payment = payment.map_err(|_| Problem::NotValid("payment is no id".to_owned()))?;
        let is_standing = self.state.as_deref() == Some(STANDING);
        Ok(DifferenceFilter {
            state: self.state.clone().filter(|_| !is_standing),
            is_standing,
            kind: self.kind.clone(),
            unit_code: caller.unit.clone().or_else(|| self.unit.clone()),
            channel: self.channel.clone(),
            payment_id: payment.map(Uid),
            overdue_at: (self.overdue == Some(true)).then_some(Ts(now)),
            after: after(self.cursor.as_deref())?,
            limit: limit(self.limit)? + 1,
        })
    }
}

/// `GET /differences?state=&kind=&unit=&channel=&payment=&overdue=`, the oldest first.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let clock = gateway.clock.clone();
    let page = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let now = clock.now();
        // A unit that asks for another one's is told that there are none.
        let is_foreign = |unit: &String| !caller.sees(Some(unit));
        if asked.unit.as_ref().is_some_and(is_foreign) {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let rows = queries.list_differences(caller.tenant, &asked.filter(caller, now)?)?;
        let page = Page::of(rows, limit(asked.limit)?, |row| {
            row.difference_id.0.to_string()
        });
        Ok(Page {
            items: differences_json(queries, &page.items, now)?,
            next: page.next,
        })
    });
    Ok(ok(&page.await?))
}

/// `GET /differences/{id}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, id: web::Path<String>) -> Answered {
    let clock = gateway.clock.clone();
    let told = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let missing = || Problem::NotFound("difference");
        let id = Uuid::parse_str(&id).map_err(|_| missing())?;
        let row = queries
            .find_difference(caller.tenant, Uid(id))?
            .filter(|row| caller.sees(Some(&row.unit_code)))
            .ok_or_else(missing)?;
        Ok(difference_in_full(queries, &row, clock.now())?)
    });
    Ok(ok(&told.await?))
}
