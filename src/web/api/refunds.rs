//! Refunds: `GET /refunds` and `GET /refunds/{id}`, and the shape of a refund, which those who change
//! one are answered too. Reads; steps are taken in `put_refunds`.

use std::collections::HashMap;

use actix_web::web;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Answered;
use super::access::{Bearer, Caller, Need, read};
use super::page::{Page, after, limit, ok};
use super::payments::amount;
use crate::domain::entry::Posting;
use crate::domain::refund::{RefundRule, RefundState};
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::{RefundRow, RefundStepRow};
use crate::store::types::{Ts, Uid};
use crate::web::Gateway;
use crate::web::error::Problem;

/// A refund as other programs read it.
#[derive(Debug, Serialize)]
pub struct RefundJson {
    id: Uuid,
    payment: Uuid,
    bill: Option<String>,
    dossier: Option<String>,
    unit: String,
    channel: String,
    difference: Option<Uuid>,
    rule: String,
    source: String,
    amount: String,
    paid: String,
    currency: String,
    items: Option<Value>,
    reason: String,
    state: String,
    revision: i32,
    opened_at: String,
    requested_by: Option<String>,
    requested_at: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<String>,
    sent_at: Option<String>,
    ended_at: Option<String>,
    provider_refund_id: Option<String>,
    bank_reference: Option<String>,
}

/// A step of a refund.
#[derive(Debug, Serialize)]
pub struct StepJson {
    revision: i32,
    action: String,
    state: String,
    officer: Option<String>,
    reason: String,
    evidence: Option<String>,
    set_aside: String,
    entry: Option<Uuid>,
    taken_at: String,
}

/// A refund with its steps.
#[derive(Debug, Serialize)]
pub struct RefundSteps {
    #[serde(flatten)]
    refund: RefundJson,
    steps: Vec<StepJson>,
}

/// One posting of an entry that is made, or would be.
#[derive(Debug, Serialize)]
pub struct PostingJson {
    event: &'static str,
    debit: String,
    credit: String,
    amount: String,
    corrects: Option<Uuid>,
}

impl PostingJson {
    /// A posting as other programs read it.
    #[must_use]
    pub fn of(posting: &Posting) -> Self {
        Self {
            event: posting.event.as_str(),
            debit: posting.debit.to_string(),
            credit: posting.credit.to_string(),
            amount: posting.amount.to_decimal_text(),
            corrects: posting.corrects.map(|id| id.0),
        }
    }
}

fn at(time: Option<Ts>) -> Option<String> {
    time.map(|at| at.0.to_rfc3339())
}

/// The fee items as kept, with amounts as decimal text.
fn items(row: &RefundRow) -> Option<Value> {
    let mut items: Value = serde_json::from_str(row.fee_items.as_deref()?).ok()?;
    for item in items.as_array_mut()? {
        let members = item.as_object_mut()?;
        let minor = members.remove("minor").and_then(|minor| minor.as_i64());
        let text = amount(minor.unwrap_or(0), &row.currency);
        members.insert("amount".to_owned(), Value::from(text));
    }
    Some(items)
}

/// Refunds with the codes and references they point at, in their order.
///
/// # Errors
/// A failure of the database.
pub fn refunds_json(
    queries: &mut dyn Queries,
    tenant: i32,
    rows: Vec<RefundRow>,
) -> Result<Vec<RefundJson>, Failure> {
    let mut ids: Vec<Uid> = rows.iter().filter_map(|row| row.dossier_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let codes: HashMap<Uid, String> = queries
        .list_dossiers_by_id(tenant, &ids)?
        .into_iter()
        .map(|row| (row.dossier_id, row.code))
        .collect();
    let references: HashMap<Uid, String> = queries
        .list_bills_of(tenant, &ids)?
        .into_iter()
        .map(|row| (row.bill_id, row.reference))
        .collect();
    let json = |row: RefundRow| RefundJson {
        id: row.refund_id.0,
        payment: row.payment_id.0,
        bill: row.bill_id.and_then(|id| references.get(&id)).cloned(),
        dossier: row.dossier_id.and_then(|id| codes.get(&id)).cloned(),
        difference: row.difference_id.map(|id| id.0),
        amount: amount(row.amount_minor, &row.currency),
        paid: amount(row.paid_minor, &row.currency),
        items: items(&row),
        unit: row.unit_code,
        channel: row.channel,
        rule: row.rule,
        source: row.source,
        currency: row.currency,
        reason: row.reason,
        state: row.state,
        revision: row.revision,
        opened_at: row.opened_at.0.to_rfc3339(),
        requested_by: row.requested_by,
        requested_at: at(row.requested_at),
        approved_by: row.approved_by,
        approved_at: at(row.approved_at),
        sent_at: at(row.sent_at),
        ended_at: at(row.ended_at),
        provider_refund_id: row.provider_refund_id,
        bank_reference: row.bank_reference,
    };
    Ok(rows.into_iter().map(json).collect())
}

/// A refund with its steps.
///
/// # Errors
/// A failure of the database.
pub fn with_steps(queries: &mut dyn Queries, row: RefundRow) -> Result<RefundSteps, Failure> {
    let (tenant, currency) = (row.tenant, row.currency.clone());
    let steps = queries.list_refund_steps(tenant, row.refund_id)?;
    let step = |step: RefundStepRow| StepJson {
        revision: step.revision,
        action: step.action,
        state: step.state,
        officer: step.officer,
        reason: step.reason,
        evidence: step.evidence,
        set_aside: amount(step.amount_minor, &currency),
        entry: step.entry_id.map(|id| id.0),
        taken_at: step.taken_at.0.to_rfc3339(),
    };
    let steps = steps.into_iter().map(step).collect();
    let refund = refunds_json(queries, tenant, vec![row])?.into_iter().next();
    let refund = refund.ok_or_else(|| Failure::Broken("a refund is gone".to_owned()))?;
    Ok(RefundSteps { refund, steps })
}

/// How refunds are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    state: Option<String>,
    standing: Option<bool>,
    rule: Option<String>,
    unit: Option<String>,
    channel: Option<String>,
    payment: Option<Uuid>,
    provider_refund_id: Option<String>,
    bank_reference: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

fn must_know(name: &str, word: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    match word.filter(|word| !known.contains(word)) {
        None => Ok(()),
        Some(word) => {
            let known = known.join(", ");
            Err(Problem::NotValid(format!(
                "{name} is \"{word}\"; known are {known}"
            )))
        }
    }
}

impl Asked {
    fn filter(&self, caller: &Caller) -> Result<RefundFilter, Problem> {
        let states: Vec<&str> = RefundState::ALL.iter().map(|one| one.as_str()).collect();
        let rules: Vec<&str> = RefundRule::ALL.iter().map(|one| one.as_str()).collect();
        must_know("state", self.state.as_deref(), &states)?;
        must_know("rule", self.rule.as_deref(), &rules)?;
        let own = caller.unit.as_ref();
        if let Some(unit) = self
            .unit
            .as_ref()
            .filter(|unit| own.is_some_and(|own| own != *unit))
        {
            let message = format!("this token does not see refunds of {unit}");
            return Err(Problem::NotAllowed(message));
        }
        Ok(RefundFilter {
            state: self.state.clone(),
            is_standing: self.standing.unwrap_or(false),
            unit_code: own.or(self.unit.as_ref()).cloned(),
            channel: self.channel.clone(),
            rule: self.rule.clone(),
            payment_id: self.payment.map(Uid),
            bill_id: None,
            provider_refund_id: self.provider_refund_id.clone(),
            bank_reference: self.bank_reference.clone(),
            after: after(self.cursor.as_deref())?,
            limit: limit(self.limit)? + 1,
            ..RefundFilter::default()
        })
    }
}

/// `GET /refunds`.
///
/// # Errors
/// 400, 401, 403.
pub async fn list(
    gateway: web::Data<Gateway>,
    bearer: Bearer,
    asked: Result<web::Query<Asked>, actix_web::Error>,
) -> Answered {
    let asked = super::asked(asked)?;
    let page = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let rows = queries.list_refunds(caller.tenant, &asked.filter(caller)?)?;
        let page = Page::of(rows, limit(asked.limit)?, |row| row.refund_id.0.to_string());
        Ok(Page {
            items: refunds_json(queries, caller.tenant, page.items)?,
            next: page.next,
        })
    });
    Ok(ok(&page.await?))
}

/// `GET /refunds/{id}`, with its steps.
///
/// # Errors
/// 401, 403, 404.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, id: web::Path<String>) -> Answered {
    let refund = read(&gateway, bearer, Need::Payments, move |queries, caller| {
        let missing = || Problem::NotFound("refund");
        let id = Uuid::parse_str(&id).map_err(|_| missing())?;
        let row = queries
            .find_refund(caller.tenant, Uid(id))?
            .filter(|row| caller.sees(Some(&row.unit_code)))
            .ok_or_else(missing)?;
        Ok(with_steps(queries, row)?)
    });
    Ok(ok(&refund.await?))
}
