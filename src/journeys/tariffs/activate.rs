//! Activating drafts: from then on they price what is received from their first day on. All of the
//! call or none; rules that are replaced end the day before. Refused are days in the past without a
//! reason, and rules that leave a case undecided.

use std::collections::BTreeMap;

use super::{Act, TariffError, must_be_officer};
use crate::domain::tariff::Rule;
use crate::domain::tariff::conflict::{circle, contradict};
use crate::domain::time::{Day, vietnam_day};
use crate::store::Db;
use crate::store::rows::TariffRuleRow;
use crate::store::types::Ts;

/// One rule that was activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// Its identifier.
    pub rule: String,
    /// The rule it put an end to, and the last day of that one.
    pub replaced: Option<(String, Day)>,
}

/// Every rule of the office while some of them are activated.
type Rows = BTreeMap<String, TariffRuleRow>;

/// Activates these drafts, or every draft there is.
///
/// # Errors
/// [`TariffError`]; nothing was activated then.
pub fn activate(
    db: &Db,
    act: &Act<'_>,
    only: Option<&[String]>,
) -> Result<Vec<Activated>, TariffError> {
    db.write(|queries| {
        must_be_officer(queries, act)?;
        let known = queries.list_tariff_rules(act.tenant.0)?;
        let mut rows: Rows = known
            .into_iter()
            .map(|row| (row.rule_id.clone(), row))
            .collect();
        let ids = match only {
            Some(ids) => ids.to_vec(),
            None => drafts(&rows),
        };
        for id in &ids {
            activate_one(&mut rows, act, id)?;
        }
        let mut done = Vec::new();
        for id in &ids {
            let replaced = end_replaced(&mut rows, act, id)?;
            done.push(Activated {
                rule: id.clone(),
                replaced,
            });
        }
        must_be_decided(&rows, &ids)?;
        for one in &done {
            let ended = one.replaced.as_ref().map(|(id, _)| id);
            for row in [Some(&one.rule), ended]
                .into_iter()
                .flatten()
                .filter_map(|id| rows.get(id))
            {
                queries.mark_tariff_rule(row)?;
            }
        }
        Ok(done)
    })
}

fn drafts(rows: &Rows) -> Vec<String> {
    let drafts = rows.values().filter(|row| row.activated_at.is_none());
    drafts.map(|row| row.rule_id.clone()).collect()
}

fn activate_one(rows: &mut Rows, act: &Act<'_>, id: &str) -> Result<(), TariffError> {
    let row = rows
        .get_mut(id)
        .ok_or_else(|| TariffError::Unknown(id.to_owned()))?;
    if row.activated_at.is_some() {
        return Err(TariffError::NotADraft(id.to_owned()));
    }
    let today = vietnam_day(act.now);
    if row.effective_from < today && act.reason.is_none() {
        return Err(TariffError::Past {
            rule: id.to_owned(),
            day: row.effective_from,
            today,
        });
    }
    row.activated_at = Some(Ts(act.now));
    row.activated_by = Some(act.officer.to_owned());
    row.activation_reason = act.reason.map(str::to_owned);
    Ok(())
}

/// Ends the rule that a rule replaces, on the day before the new one begins.
fn end_replaced(
    rows: &mut Rows,
    act: &Act<'_>,
    id: &str,
) -> Result<Option<(String, Day)>, TariffError> {
    let new = rows
        .get(id)
        .ok_or_else(|| TariffError::Unknown(id.to_owned()))?;
    let Some(named) = new.replaces.clone() else {
        return Ok(None);
    };
    let procedure_code = new.procedure_code.clone();
    let last = new.effective_from.pred_opt().unwrap_or(new.effective_from);
    let wrong = |problem| TariffError::Named {
        rule: id.to_owned(),
        field: "replaces",
        named: named.clone(),
        problem,
    };
    let old = rows
        .get_mut(&named)
        .ok_or_else(|| wrong("does not exist"))?;
    if old.activated_at.is_none() {
        return Err(wrong("is a draft"));
    }
    if old.procedure_code != procedure_code {
        return Err(wrong("is a rule of another procedure"));
    }
    if let Some(day) = old.last_day().filter(|day| *day <= last) {
        return Ok(Some((named, day)));
    }
    old.ended_on = Some(last);
    old.ended_at = Some(Ts(act.now));
    old.ended_by = Some(act.officer.to_owned());
    old.end_reason = Some(format!("replaced by {id}"));
    Ok(Some((named, last)))
}

/// Refuses what leaves a case undecided.
fn must_be_decided(rows: &Rows, ids: &[String]) -> Result<(), TariffError> {
    let is_active = |row: &&TariffRuleRow| row.activated_at.is_some();
    let rules: Result<Vec<Rule>, _> = rows
        .values()
        .filter(is_active)
        .map(TariffRuleRow::to_rule)
        .collect();
    let rules = rules?;
    let new: Vec<&Rule> = rules.iter().filter(|rule| ids.contains(&rule.id)).collect();
    for rule in &new {
        for named in &rule.prevails_over {
            let wrong = |problem| TariffError::Named {
                rule: rule.id.clone(),
                field: "prevails_over",
                named: named.clone(),
                problem,
            };
            let other = rows.get(named).ok_or_else(|| wrong("does not exist"))?;
            if other.procedure_code != rule.scope.procedure_code {
                return Err(wrong("is a rule of another procedure"));
            }
        }
    }
    if let Some(ids) = circle(&rules) {
        return Err(TariffError::Circle(ids));
    }
    for rule in new {
        if let Some(other) = rules.iter().find(|other| contradict(rule, other)) {
            return Err(TariffError::Conflict(rule.id.clone(), other.id.clone()));
        }
    }
    Ok(())
}
