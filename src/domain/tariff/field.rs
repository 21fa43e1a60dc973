//! The rules that apply to one case, and which of them decides: those that a decision set aside go
//! out, groups of the person go before everybody, the narrowest speaks. Amounts are computed by who
//! asks.

use super::answer::{Refusal, Why};
use super::scope::{Case, Outside, Rank};
use super::{Role, Rule};

/// The rules that were left over for one role, and the one that was taken.
pub(super) struct Choice<'r> {
    pub(super) winner: &'r Rule,
    pub(super) amount: i64,
    finalists: Vec<&'r Rule>,
}

/// Rules that apply, by identifier, and the decisions taken among them.
pub(super) struct Field<'a, 'r> {
    pub(super) case: &'a Case<'a>,
    pub(super) groups: &'a [String],
    applicable: Vec<&'r Rule>,
}

impl<'a, 'r> Field<'a, 'r> {
    /// The rules that apply to a case and a person's groups.
    pub(super) fn of(rules: &'r [Rule], case: &'a Case<'a>, groups: &'a [String]) -> Self {
        let applies = |rule: &&Rule| is_about(rule, case) && outside(rule, case, groups).is_none();
        let mut applicable: Vec<&Rule> = rules.iter().filter(applies).collect();
        applicable.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            case,
            groups,
            applicable,
        }
    }

    /// The rule that applies and prevails over this one.
    pub(super) fn overruler(&self, rule: &Rule) -> Option<&'r Rule> {
        let prevails = |other: &&&Rule| other.prevails_over.contains(&rule.id);
        self.applicable.iter().find(prevails).copied()
    }

    pub(super) fn contenders(&self, role: Role) -> Vec<&'r Rule> {
        let in_role = |rule: &&&Rule| rule.effect.role() == role && self.overruler(rule).is_none();
        self.applicable.iter().filter(in_role).copied().collect()
    }

    /// For each group of the person the rules that speak for it; those for everybody where there is
    /// no such rule.
    fn pools(&self, contenders: &[&'r Rule]) -> Vec<Vec<&'r Rule>> {
        let for_group = |group: &String| -> Vec<&'r Rule> {
            let of_group = |rule: &&&Rule| rule.scope.groups.contains(group);
            contenders.iter().filter(of_group).copied().collect()
        };
        let mut pools: Vec<Vec<&Rule>> = self.groups.iter().map(for_group).collect();
        pools.retain(|pool| !pool.is_empty());
        if pools.is_empty() {
            let for_all = |rule: &&&Rule| rule.scope.groups.is_empty();
            pools.push(contenders.iter().filter(for_all).copied().collect());
        }
        pools
    }

    fn rank(&self, rule: &Rule) -> Rank {
        rule.scope.rank(self.case.unit)
    }

    /// The narrowest rules of each pool.
    pub(super) fn narrowest(&self, role: Role) -> Vec<Vec<&'r Rule>> {
        let mut pools = self.pools(&self.contenders(role));
        for pool in &mut pools {
            let best = pool.iter().map(|rule| self.rank(rule)).max();
            pool.retain(|rule| Some(self.rank(rule)) == best);
        }
        pools.retain(|pool| !pool.is_empty());
        pools
    }

    /// The rule of a role that decides, by the amount that each comes to.
    pub(super) fn choose(
        &self,
        role: Role,
        amount_of: &dyn Fn(&Rule) -> Result<i64, Refusal>,
    ) -> Result<Option<Choice<'r>>, Refusal> {
        let mut finalists = Vec::new();
        let mut best: Option<(i64, &'r Rule)> = None;
        for pool in self.narrowest(role) {
            let mut first: Option<(i64, &'r Rule)> = None;
            for rule in pool {
                let amount = amount_of(rule)?;
                match first {
                    Some((other, before)) if other != amount => {
                        return Err(Refusal::Undecided(before.id.clone(), rule.id.clone()));
                    }
                    Some(_) => {}
                    None => first = Some((amount, rule)),
                }
            }
            finalists.extend(first.map(|(_, rule)| rule));
            let key = |found: &(i64, &'r Rule)| (found.0, found.1.id.clone());
            best = best.into_iter().chain(first).min_by_key(key);
        }
        Ok(best.map(|(amount, winner)| Choice {
            winner,
            amount,
            finalists,
        }))
    }

    /// Why a contender was not taken.
    pub(super) fn why_lost(&self, rule: &Rule, choice: &Choice<'_>, amount: Option<i64>) -> Why {
        let by = choice.winner.id.clone();
        if rule.scope.groups.is_empty() && !choice.winner.scope.groups.is_empty() {
            return Why::Everybody { by };
        }
        let shares = |other: &Rule| {
            other.scope.groups.is_empty() || !other.scope.groups.is_disjoint(&rule.scope.groups)
        };
        let mut above = choice.finalists.iter().filter(|other| shares(other));
        let wider = above.find_map(|other| {
            let respect = self.rank(other).above(self.rank(rule))?;
            let by = other.id.clone();
            Some(Why::Wider { by, respect })
        });
        match wider {
            Some(why) => why,
            None if amount == Some(choice.amount) => Why::Same { by },
            None => Why::Dearer { by },
        }
    }
}

pub(super) fn is_about(rule: &Rule, case: &Case<'_>) -> bool {
    rule.scope
        .is_about(case.procedure_code, case.kind, case.fee_code)
}

pub(super) fn outside(rule: &Rule, case: &Case<'_>, groups: &[String]) -> Option<Why> {
    let is_of_group = || groups.iter().any(|group| rule.scope.groups.contains(group));
    match rule.scope.outside(case) {
        Some(Outside::Day) => Some(Why::Day),
        Some(Outside::Via) => Some(Why::Via),
        Some(Outside::Place) => Some(Why::Place),
        None if rule.scope.groups.is_empty() || is_of_group() => None,
        None => Some(Why::Person),
    }
}
