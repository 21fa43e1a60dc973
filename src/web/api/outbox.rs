//! The outbox: `GET /outbox` and `GET /outbox/{id}` show deliveries with their tries,
//! `POST /outbox/{id}/redelivery` asks for one again. For those who see every unit.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, change, read};
use super::page::{End, Page, after, instant, limit, ok};
use crate::domain::dossier_code::squeeze;
use crate::domain::ids::{Tenant, lowest_uuid_at};
use crate::domain::outbox::DeliveryState;
use crate::journeys::outbox::redeliver::{RedeliverError, redeliver_one};
use crate::reporting::outbox::{Delivery, deliveries};
use crate::store::ops::{DeliveryFilter, Queries};
use crate::store::types::Uid;
use crate::web::Gateway;
use crate::web::error::Problem;

/// How deliveries are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    subscriber: Option<String>,
    state: Option<String>,
    dossier: Option<String>,
    since: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Asked {
    /// `None` when no delivery can be meant: the dossier is not known.
    fn filter(
        &self,
        queries: &mut dyn Queries,
        tenant: i32,
    ) -> Result<Option<DeliveryFilter>, Problem> {
        if let Some(state) = &self.state
            && DeliveryState::parse(state).is_none()
        {
            let known: Vec<&str> = DeliveryState::ALL.iter().map(|one| one.as_str()).collect();
            let known = known.join(", ");
            return Err(Problem::NotValid(format!(
                "state is \"{state}\"; known are {known}"
            )));
        }
        let since = instant("since", self.since.as_deref(), End::From)?;
        let mut filter = DeliveryFilter {
            subscriber: self.subscriber.clone(),
            state: self.state.clone(),
            subject: None,
            since: since.map(|at| Uid(lowest_uuid_at(at))),
            after: after(self.cursor.as_deref())?,
            limit: limit(self.limit)? + 1,
        };
        if let Some(code) = &self.dossier {
            let Some(row) = queries.find_dossier(tenant, &squeeze(code))? else {
                return Ok(None);
            };
            filter.subject = Some(row.dossier_id);
        }
        Ok(Some(filter))
    }
}

fn must_see_all(caller: &Caller) -> Result<(), Problem> {
    if caller.unit.is_some() {
        let message = "a token of one unit does not open the outbox";
        return Err(Problem::NotAllowed(message.to_owned()));
    }
    Ok(())
}

/// `GET /outbox?subscriber=&state=&dossier=&since=&limit=&cursor=`.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let page = read(&gateway, bearer, Need::Outbox, move |queries, caller| {
        must_see_all(caller)?;
        let rows = match asked.filter(queries, caller.tenant)? {
            Some(filter) => queries.list_deliveries(caller.tenant, &filter)?,
            None => Vec::new(),
        };
        let page = Page::of(rows, limit(asked.limit)?, |row| {
            row.delivery_id.0.to_string()
        });
        Ok(Page {
            items: deliveries(queries, caller.tenant, page.items)?,
            next: page.next,
        })
    });
    Ok(ok(&page.await?))
}

fn id_of(text: &str) -> Result<Uid, Problem> {
    let id = Uuid::parse_str(text).map_err(|_| Problem::NotFound("delivery"))?;
    Ok(Uid(id))
}

fn find(queries: &mut dyn Queries, tenant: i32, id: Uid) -> Result<Delivery, Problem> {
    let row = queries.find_delivery(tenant, id)?;
    let found = deliveries(queries, tenant, row.into_iter().collect())?;
    found
        .into_iter()
        .next()
        .ok_or(Problem::NotFound("delivery"))
}

/// `GET /outbox/{id}`.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, id: web::Path<String>) -> Answered {
    let delivery = read(&gateway, bearer, Need::Outbox, move |queries, caller| {
        must_see_all(caller)?;
        find(queries, caller.tenant, id_of(&id)?)
    });
    Ok(ok(&delivery.await?))
}

/// `POST /outbox/{id}/redelivery`: 202 with the delivery as it stands now.
///
/// # Errors
/// 401, 403, 404.
pub async fn redeliver(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    id: web::Path<String>,
) -> Answered {
    let delivery = change(&gateway, bearer, Need::Redeliver, move |gateway, caller| {
        must_see_all(caller)?;
        let (tenant, id) = (Tenant(caller.tenant), id_of(&id)?);
        redeliver_one(&gateway.db, tenant, id, gateway.clock.now())?;
        gateway.db.read(|queries| find(queries, tenant.0, id))
    });
    Ok(HttpResponse::Accepted().json(delivery.await?))
}

impl From<RedeliverError> for Problem {
    fn from(error: RedeliverError) -> Self {
        match error {
            RedeliverError::UnknownDelivery => Self::NotFound("delivery"),
            RedeliverError::UnknownSubscriber(_) => Self::NotFound("subscriber"),
            RedeliverError::Failure(failure) => failure.into(),
        }
    }
}
