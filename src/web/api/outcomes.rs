//! What a comparison finds of a day: `POST /days/{date}/comparison` compares it and keeps what it
//! found, `GET /days/{date}/outcomes` reads it. A caller bound to one unit sees none: a day is the whole
//! office's.

use actix_web::web;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answered;
use super::access::{Bearer, Need, change, read};
use super::body::body;
use super::days::{day, nothing, of_the_office, problem};
use super::page::{Page, limit, ok};
use crate::domain::ids::Tenant;
use crate::journeys::reconcile::outcomes::counts_json;
use crate::journeys::reconcile::read_outcomes::{
    OutcomeFilter, kind_named, read_outcomes, side_named,
};
use crate::journeys::reconcile::recover::Recovered;
use crate::journeys::reconcile::settle::Settled;
use crate::journeys::reconcile::{Reconciled, Reconciling, reconcile_day};
use crate::store::rows::SettlementEntryRow;
use crate::web::Gateway;
use crate::web::error::Problem;

/// How outcomes are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    outcome: Option<String>,
    side: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Asked {
    fn filter(&self) -> Result<OutcomeFilter, Problem> {
        let kind = self.outcome.as_deref().map(kind_named).transpose();
        let side = self.side.as_deref().map(side_named).transpose();
        let limit = usize::try_from(limit(self.limit)?).unwrap_or(0);
        let from = self.cursor.as_deref().map_or(Some((0, 0)), place);
        Ok(OutcomeFilter {
            kind: kind.map_err(Problem::NotValid)?,
            side: side.map_err(Problem::NotValid)?,
            from: from
                .ok_or_else(|| Problem::NotValid("the cursor is none that we gave".to_owned()))?,
            limit,
        })
    }
}

/// A cursor: the page and the place in it.
fn place(cursor: &str) -> Option<(i32, usize)> {
    let (page, place) = cursor.split_once('-')?;
    Some((
        page.parse().ok().filter(|page| *page >= 0)?,
        place.parse().ok()?,
    ))
}

/// `POST /days/{date}/comparison`; the body may be empty.
///
/// # Errors
/// 400, 401, 403, 409.
pub async fn compare(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
    payload: web::Payload,
) -> Answered {
    nothing(&body(&gateway, &bearer, Need::Cases, payload).await?)?;
    let asked = day(&date);
    let told = change(&gateway, bearer, Need::Cases, move |gateway, caller| {
        of_the_office(caller)?;
        let day = asked.map_err(Problem::NotValid)?;
        let Some(officer) = &caller.officer else {
            let text = "this token belongs to no officer; make one with --officer CODE";
            return Err(Problem::NotAllowed(text.to_owned()));
        };
        let run = Reconciling {
            db: &gateway.db,
            settings: &gateway.settings,
            tenant: Tenant(caller.tenant),
            officer: Some(officer),
            now: gateway.clock.now(),
        };
        let done = reconcile_day(&run, day).map_err(problem)?;
        Ok(reconciled_json(&done))
    });
    Ok(ok(&told.await?))
}

fn reconciled_json(done: &Reconciled) -> Value {
    let compared = &done.compared;
    let missing = compared.expected.missing.iter();
    let missing = missing.map(|(source, due)| json!({ "source": source, "due": due.to_string() }));
    let counts = &done.differences;
    json!({
        "day": compared.day.to_string(),
        "counts": counts_json(compared),
        "missing_files": missing.collect::<Vec<_>>(),
        "differences": {
            "opened": counts.opened, "settled": counts.settled,
            "reopened": counts.reopened, "changed": counts.changed,
        },
        "money": followed_json(&done.recovered, &done.settled),
        "sha256": hex::encode(&done.digest),
    })
}

/// What followed for money: payments recovered, entries posted, remittances proven, and what matches and
/// was not posted.
#[must_use]
pub fn followed_json(recovered: &[Recovered], settled: &Settled) -> Value {
    let left = settled.left.iter();
    let left = left.map(|one| json!({ "subject": one.subject, "why": one.why }));
    json!({
        "recovered": recovered.iter().map(recovered_json).collect::<Vec<_>>(),
        "posted": settled.entries.iter().map(entry_json).collect::<Vec<_>>(),
        "proven_remittances": settled.proven.iter().map(|id| id.0).collect::<Vec<_>>(),
        "not_posted": left.collect::<Vec<_>>(),
    })
}

fn recovered_json(one: &Recovered) -> Value {
    json!({
        "payment": one.payment_id.0, "channel": one.channel, "order_ref": one.order_ref,
        "provider_txn_id": one.provider_txn_id, "amount_minor": one.amount.minor(),
        "currency": one.amount.currency().to_string(), "file": one.file_id.0, "place": one.place,
        "verdict": one.verdict.as_str(),
    })
}

fn entry_json(row: &SettlementEntryRow) -> Value {
    json!({
        "subject": row.subject, "event": row.event, "entry": row.entry_id.0,
        "gross_minor": row.gross_minor, "fee_minor": row.fee_minor, "net_minor": row.net_minor,
        "currency": row.currency, "file": row.file_id.0, "place": row.place,
    })
}

/// `GET /days/{date}/outcomes?outcome=&side=&limit=&cursor=`, of the comparison that is kept.
///
/// # Errors
/// 400, 401, 403, 404.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    date: web::Path<String>,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let date = day(&date);
    let page = read(&gateway, bearer, Need::Ledger, move |queries, caller| {
        of_the_office(caller)?;
        let day = date.clone().map_err(Problem::NotValid)?;
        let filter = asked.filter()?;
        let row = queries.find_comparison(caller.tenant, day)?;
        let row = row.ok_or(Problem::NotFound("comparison of the day"))?;
        let (items, next) = read_outcomes(queries, &row, &filter)?;
        let next = next.map(|(page, place)| format!("{page}-{place}"));
        Ok(Page { items, next })
    });
    Ok(ok(&page.await?))
}
