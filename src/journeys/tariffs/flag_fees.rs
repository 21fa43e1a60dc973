//! Flagging fee items whose amount the tariff cannot give, and taking flags back when they agree. The
//! amounts stay as they were asked for. Rules are read once for each procedure, so that an office
//! without a tariff pays nothing.

use std::collections::{BTreeMap, HashMap};

use crate::domain::dossier::DossierFacts;
use crate::domain::ids::Tenant;
use crate::domain::tariff::Rule;
use crate::domain::tariff::judge::{Verdict, judge};
use crate::domain::tariff::scope::Case;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{TariffFlagRow, TariffRuleRow};
use crate::store::types::{Ts, Uid};

/// A dossier that was put: its id, whether it was known before, what it says.
pub(crate) type PutDossier<'a> = (Uid, bool, &'a DossierFacts);

/// The rules that were asked for so far in one transaction.
pub(crate) struct FeeFlags {
    tenant: Tenant,
    now: Instant,
    rules: HashMap<String, Vec<Rule>>,
}

impl FeeFlags {
    pub(crate) fn new(tenant: Tenant, now: Instant) -> Self {
        Self {
            tenant,
            now,
            rules: HashMap::new(),
        }
    }

    /// Brings the flags of these dossiers up to date.
    pub(crate) fn flag(
        &mut self,
        queries: &mut dyn Queries,
        dossiers: &[PutDossier<'_>],
    ) -> Result<(), Failure> {
        self.learn(queries, dossiers)?;
        let known: Vec<Uid> = dossiers
            .iter()
            .filter(|(_, is_known, _)| *is_known)
            .map(|(id, ..)| *id)
            .collect();
        let mut before: BTreeMap<Uid, Vec<TariffFlagRow>> = BTreeMap::new();
        for row in queries.list_tariff_flags_of(self.tenant.0, &known)? {
            before.entry(row.dossier_id).or_default().push(row);
        }
        let mut stale = Vec::new();
        let mut fresh = Vec::new();
        for (id, _, facts) in dossiers {
            let old = before.remove(id).unwrap_or_default();
            let new = self.flags_of(*id, facts, &old);
            if new != old {
                stale.extend((!old.is_empty()).then_some(*id));
                fresh.extend(new);
            }
        }
        queries.delete_tariff_flags(self.tenant.0, &stale)?;
        queries.insert_tariff_flags(&fresh)
    }

    /// Reads the rules of procedures that were not met before.
    fn learn(
        &mut self,
        queries: &mut dyn Queries,
        dossiers: &[PutDossier<'_>],
    ) -> Result<(), Failure> {
        let mut unmet: Vec<String> = Vec::new();
        for (_, _, facts) in dossiers {
            if !self.rules.contains_key(&facts.procedure_code) {
                self.rules.insert(facts.procedure_code.clone(), Vec::new());
                unmet.push(facts.procedure_code.clone());
            }
        }
        let rows = queries.list_activated_rules(self.tenant.0, &unmet)?;
        for rule in rows.iter().map(TariffRuleRow::to_rule) {
            let rule = rule?;
            let rules = self.rules.entry(rule.scope.procedure_code.clone());
            rules.or_default().push(rule);
        }
        Ok(())
    }

    fn flags_of(
        &self,
        dossier_id: Uid,
        facts: &DossierFacts,
        old: &[TariffFlagRow],
    ) -> Vec<TariffFlagRow> {
        let rules = self.rules.get(&facts.procedure_code);
        let Some(rules) = rules.filter(|rules| !rules.is_empty()) else {
            return Vec::new();
        };
        let groups = facts.grounds.groups.as_deref();
        let mut flags = Vec::new();
        for (position, (place, item)) in (0..).zip(facts.fee_items.iter().enumerate()) {
            let case = Case {
                procedure_code: &facts.procedure_code,
                kind: Some(item.kind),
                fee_code: &item.code,
                unit: &facts.unit_code,
                via: facts.submitted_via,
                on: facts.received_on,
            };
            let measure = facts.grounds.items.get(place).copied().unwrap_or_default();
            let asked_minor = item.amount.minor();
            let verdict = judge(rules, &case, groups, measure, asked_minor);
            if let Verdict::Contradicts {
                tariff,
                explanation,
            } = verdict
            {
                let flag = TariffFlagRow {
                    tenant: self.tenant.0,
                    dossier_id,
                    position,
                    asked_minor,
                    tariff_minor: tariff,
                    explanation,
                    flagged_at: Ts(self.now),
                };
                flags.push(since_when(flag, old));
            }
        }
        flags
    }
}

/// A flag that says what one said before keeps the instant of that one.
fn since_when(flag: TariffFlagRow, old: &[TariffFlagRow]) -> TariffFlagRow {
    let said = |old: &&TariffFlagRow| {
        let same = TariffFlagRow {
            flagged_at: old.flagged_at,
            ..flag.clone()
        };
        **old == same
    };
    old.iter().find(said).cloned().unwrap_or(flag)
}
