//! Notices: `GET /notices`, what providers told us, with the word by which each was answered. The
//! bytes of a call are not shown here.

use std::collections::{HashMap, HashSet};

use actix_web::web;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, read};
use super::page::{Page, after, limit, ok};
use super::payments::made_at;
use crate::domain::notice::Verdict;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::NoticeRow;
use crate::store::types::Uid;
use crate::web::Gateway;
use crate::web::error::Problem;

#[derive(Debug, Serialize)]
struct NoticeJson {
    id: Uuid,
    channel: String,
    outcome: String,
    status: String,
    payment: Option<Uuid>,
    is_applied: bool,
    recorded_at: Option<String>,
    key: String,
}

impl NoticeJson {
    fn of(row: NoticeRow) -> Self {
        Self {
            id: row.notice_id.0,
            outcome: row.verdict,
            status: row.status,
            payment: row.payment_id.map(|id| id.0),
            is_applied: row.is_settled,
            recorded_at: made_at(row.notice_id),
            key: hex::encode(row.key_hash),
            channel: row.channel,
        }
    }
}

/// How notices are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    channel: Option<String>,
    outcome: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// `GET /notices`.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let known = |word: &String| Verdict::parse(word).is_some();
    if asked.outcome.as_ref().is_some_and(|word| !known(word)) {
        let words: Vec<&str> = Verdict::ALL
            .iter()
            .map(|verdict| verdict.as_str())
            .collect();
        let message = format!("outcome must be one of {}", words.join(", "));
        return Err(Problem::NotValid(message));
    }
    let page = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let rows = queries.list_notices(
            caller.tenant,
            asked.channel.as_deref(),
            asked.outcome.as_deref(),
            after(asked.cursor.as_deref())?,
            limit(asked.limit)? + 1,
        )?;
        let mut page = Page::of(rows, limit(asked.limit)?, |row| row.notice_id.0.to_string());
        keep_seen(queries, caller, &mut page.items)?;
        Ok(page.map(NoticeJson::of))
    });
    Ok(ok(&page.await?))
}

/// Drops what the caller may not see. A page may thus be shorter than its limit, even empty; the
/// cursor leads on all the same.
fn keep_seen(
    queries: &mut dyn Queries,
    caller: &Caller,
    rows: &mut Vec<NoticeRow>,
) -> Result<(), Failure> {
    if caller.unit.is_none() {
        return Ok(());
    }
    let mut dossier_of: HashMap<Uid, Uid> = HashMap::new();
    for id in rows.iter().filter_map(|row| row.payment_id) {
        let payment = queries.find_payment(caller.tenant, id)?;
        dossier_of.extend(payment.and_then(|row| Some((id, row.dossier_id?))));
    }
    let ids: Vec<Uid> = dossier_of.values().copied().collect();
    let seen: HashSet<Uid> = queries
        .list_dossiers_by_id(caller.tenant, &ids)?
        .into_iter()
        .filter(|row| caller.sees(Some(&row.unit_code)))
        .map(|row| row.dossier_id)
        .collect();
    rows.retain(|row| {
        let dossier = row.payment_id.and_then(|id| dossier_of.get(&id));
        dossier.is_some_and(|id| seen.contains(id))
    });
    Ok(())
}
