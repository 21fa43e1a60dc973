//! Rules that cannot both be in force: equally narrow for some case, with different amounts, and no
//! decision between them. Rules come in, the first such pair goes out. What is done about it is for
//! others to say.

use std::collections::{BTreeMap, BTreeSet};

use super::Rule;

/// Whether two rules leave some case undecided.
#[must_use]
pub fn contradict(a: &Rule, b: &Rule) -> bool {
    let is_decided = a.prevails_over.contains(&b.id) || b.prevails_over.contains(&a.id);
    a.id != b.id
        && a.effect.role() == b.effect.role()
        && a.effect != b.effect
        && !is_decided
        && a.scope.ties_with(&b.scope)
}

/// Rules that prevail over each other in a circle, named from one of them; `None` when there is no
/// such circle.
#[must_use]
pub fn circle<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Option<Vec<String>> {
    let over: BTreeMap<&str, &Rule> = rules.into_iter().map(|r| (r.id.as_str(), r)).collect();
    let mut cleared: BTreeSet<&str> = BTreeSet::new();
    // A rule is cleared when all it prevails over are; what never is stands in a circle or above one.
    loop {
        let is_clear = |rule: &&Rule| {
            let mut below = rule.prevails_over.iter();
            below.all(|id| cleared.contains(id.as_str()) || !over.contains_key(id.as_str()))
        };
        let more: Vec<&str> = over
            .values()
            .filter(|rule| !cleared.contains(rule.id.as_str()) && is_clear(rule))
            .map(|rule| rule.id.as_str())
            .collect();
        if more.is_empty() {
            break;
        }
        cleared.extend(more);
    }
    let left: Vec<String> = over
        .keys()
        .filter(|id| !cleared.contains(*id))
        .map(|id| (*id).to_owned())
        .collect();
    (!left.is_empty()).then_some(left)
}
