//! The ledger: `GET /ledger/accounts`, balances, and `GET /ledger/entries`, the postings of each
//! entry together. A caller bound to one unit sees that unit's accounts and the entries that touch
//! them.

use actix_web::web;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, read};
use super::page::{Page, limit, ok};
use super::payments::amount;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{BalanceRow, PostingRow};
use crate::store::types::Ts;
use crate::web::Gateway;
use crate::web::error::Problem;

/// Postings read at a time while entries are gathered.
const CHUNK: i64 = 500;

/// Where a posting stands: chain, height, sequence.
type Place = (i32, i64, i32);

#[derive(Debug, Serialize)]
struct AccountJson {
    account: String,
    currency: String,
    debit: String,
    credit: String,
    balance: String,
}

impl AccountJson {
    fn of(row: BalanceRow) -> Self {
        let money = |minor| amount(minor, &row.currency);
        Self {
            debit: money(row.debit_minor),
            credit: money(row.credit_minor),
            balance: money(row.debit_minor.saturating_sub(row.credit_minor)),
            account: row.account,
            currency: row.currency,
        }
    }
}

/// Whether an account is of the caller's unit, or the caller sees all.
fn sees_account(caller: &Caller, account: &str) -> bool {
    let mut parts = account.split(':');
    match (parts.next(), parts.next()) {
        (Some("receivable" | "due"), unit) => caller.sees(unit),
        _ => caller.sees(None),
    }
}

/// `GET /ledger/accounts`.
///
/// # Errors
/// 401, 403.
pub async fn accounts(gateway: web::Data<Gateway>, bearer: Bearer) -> Answered {
    let accounts = read(&gateway, bearer, Need::Ledger, move |queries, caller| {
        let mut rows = queries.list_balances(caller.tenant)?;
        rows.retain(|row| sees_account(caller, &row.account));
        let items = rows.into_iter().map(AccountJson::of).collect();
        Ok(Page { items, next: None })
    });
    Ok(ok(&accounts.await?))
}

#[derive(Debug, Serialize)]
struct PostingJson {
    debit: String,
    credit: String,
    amount: String,
    currency: String,
}

#[derive(Debug, Serialize)]
struct EntryJson {
    id: Uuid,
    event: String,
    sealed_at: String,
    chain: i32,
    height: i64,
    payment: Option<Uuid>,
    corrects: Option<Uuid>,
    postings: Vec<PostingJson>,
    #[serde(skip)]
    last: Place,
}

impl EntryJson {
    fn of(row: &PostingRow, sealed_at: Ts) -> Self {
        Self {
            id: row.entry_id.0,
            event: row.event.clone(),
            sealed_at: sealed_at.0.to_rfc3339(),
            chain: row.chain,
            height: row.height,
            payment: row.payment_id.map(|id| id.0),
            corrects: row.corrects.map(|id| id.0),
            postings: Vec::new(),
            last: (row.chain, row.height, row.seq),
        }
    }

    fn add(&mut self, row: PostingRow) {
        self.last = (row.chain, row.height, row.seq);
        self.postings.push(PostingJson {
            amount: amount(row.amount_minor, &row.currency),
            debit: row.debit,
            credit: row.credit,
            currency: row.currency,
        });
    }

    fn is_seen(&self, caller: &Caller) -> bool {
        let touches = |posting: &PostingJson| {
            sees_account(caller, &posting.debit) || sees_account(caller, &posting.credit)
        };
        self.postings.iter().any(touches)
    }
}

/// How entries are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// `GET /ledger/entries`, in the order in which they were sealed, chain by chain.
///
/// # Errors
/// 400, 401, 403.
pub async fn entries(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let page = read(&gateway, bearer, Need::Ledger, move |queries, caller| {
        let limit = limit(asked.limit)?;
        let after = place(asked.cursor.as_deref())?;
        let entries = gather(queries, caller, after, limit)?;
        Ok(Page::of(entries, limit, |entry| {
            let (chain, height, seq) = entry.last;
            format!("{chain}-{height}-{seq}")
        }))
    });
    Ok(ok(&page.await?))
}

fn place(cursor: Option<&str>) -> Result<Place, Problem> {
    let Some(text) = cursor else {
        return Ok((0, 0, -1));
    };
    let mut parts = text.split('-');
    let read = |part: Option<&str>| part.and_then(|part| part.parse::<i64>().ok());
    let (chain, height, seq) = (read(parts.next()), read(parts.next()), read(parts.next()));
    let small = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok());
    match (small(chain), height, small(seq)) {
        (Some(chain), Some(height), Some(seq)) => Ok((chain, height, seq)),
        _ => Err(Problem::NotValid(
            "the cursor is none that we gave".to_owned(),
        )),
    }
}

/// Reads until one entry more than `limit` is complete, or nothing is left.
fn gather(
    queries: &mut dyn Queries,
    caller: &Caller,
    mut after: Place,
    limit: i64,
) -> Result<Vec<EntryJson>, Failure> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut entries: Vec<EntryJson> = Vec::new();
    loop {
        let rows = queries.list_postings(caller.tenant, after, CHUNK)?;
        let is_last = i64::try_from(rows.len()).unwrap_or(CHUNK) < CHUNK;
        for (row, sealed_at) in rows {
            after = (row.chain, row.height, row.seq);
            let is_same = |entry: &EntryJson| entry.id == row.entry_id.0;
            if !entries.last().is_some_and(is_same) {
                // The entry before is complete now.
                entries.pop_if(|entry| !entry.is_seen(caller));
                entries.push(EntryJson::of(&row, sealed_at));
            }
            if let Some(entry) = entries.last_mut() {
                entry.add(row);
            }
        }
        if is_last {
            entries.pop_if(|entry| !entry.is_seen(caller));
            return Ok(entries);
        }
        if entries.len() > most + 1 {
            return Ok(entries);
        }
    }
}
