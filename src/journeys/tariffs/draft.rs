//! Drafting rules from a file: new ones are added, drafts of the same identifier are replaced, rules
//! that were activated stay as they are or the file is refused. Activates nothing.

use std::collections::{HashMap, HashSet};

use super::read_rule::{COLUMNS, read_rule};
use crate::domain::tariff::Rule;
use crate::journeys::import_file::ImportError;
use crate::journeys::import_rows::Source;
use crate::journeys::put_dossiers::Put;
use crate::journeys::read_dossier::{FieldError, Served};
use crate::store::ops::Queries;
use crate::store::rows::TariffRuleRow;
use crate::store::types::Ts;

/// Rows read between two looks at the progress.
const CHUNK: usize = 100;

/// The rules of a file, each with the line it begins on and each identifier once.
pub(crate) fn read_rules(
    file: &Source,
    served: &Served,
    progress: &dyn Fn(u64),
) -> Result<Vec<(u64, Rule)>, ImportError> {
    let mut rules: Vec<(u64, Rule)> = Vec::new();
    let mut ids = HashSet::new();
    file.rows(COLUMNS, |line, offset, json| {
        let rule = read_rule(json, served).map_err(|error| file.wrong(line, error))?;
        if !ids.insert(rule.id.clone()) {
            let problem = format!("{} stands in this file twice", rule.id);
            return Err(file.wrong(line, FieldError::new("rule_id", problem)));
        }
        rules.push((line, rule));
        if rules.len().is_multiple_of(CHUNK) {
            progress(offset);
        }
        Ok(())
    })?;
    Ok(rules)
}

/// Drafts the rules of a file.
pub(crate) fn draft_rules(
    queries: &mut dyn Queries,
    tenant: i32,
    now: Ts,
    file: &Source,
    rules: &[(u64, Rule)],
) -> Result<Put, ImportError> {
    let known = queries.list_tariff_rules(tenant)?;
    let known: HashMap<&str, &TariffRuleRow> = known
        .iter()
        .map(|row| (row.rule_id.as_str(), row))
        .collect();
    let mut put = Put::default();
    let mut new = Vec::new();
    for (line, rule) in rules {
        let row = TariffRuleRow::draft(tenant, rule, now);
        match known.get(rule.id.as_str()) {
            None => {
                put.added += 1;
                new.push(row);
            }
            Some(known) if row.says_the_same(known) => put.unchanged += 1,
            Some(known) if known.activated_at.is_none() => {
                put.changed += 1;
                queries.mark_tariff_rule(&row)?;
            }
            Some(_) => {
                let problem = format!(
                    "{} was activated and is never edited: draft a new rule that names it in replaces",
                    rule.id
                );
                return Err(file.wrong(*line, FieldError::new("rule_id", problem)));
            }
        }
    }
    queries.insert_tariff_rules(&new)?;
    Ok(put)
}
