//! Whether an amount that was asked for agrees with the tariff. What a dossier does not say (groups
//! of the person, pieces, base value) may be anything the rules know: a contradiction is told only
//! when nothing of that could give the amount. Never says what should be done.

use std::collections::BTreeSet;

use super::answer::Refusal;
use super::field::Field;
use super::formula::{Formula, MOST_MINOR, MOST_PIECES};
use super::quote::{Person, after, amount};
use super::scope::Case;
use super::{Role, Rule};

/// Groups of which every set is tried where that is needed.
const MOST_GROUPS: usize = 6;

/// What a fee item says of how its amount came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measure {
    /// Pieces of one copy, from 1.
    pub quantity: Option<i64>,
    /// The value a share was taken of, minor units.
    pub base: Option<i64>,
}

/// What a dossier says of how its fees came about. Groups are personal data, never logged or kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grounds {
    /// Groups the person belongs to; none when nothing is said, which is not the same as no group.
    pub groups: Option<Vec<String>>,
    /// What each fee item says, by position; missing ones say nothing.
    pub items: Vec<Measure>,
}

/// What the tariff says to an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No rule prices the fee in this case.
    NoTariff,
    /// It is what the rules give, or may give.
    Agrees,
    /// The rules cannot give it.
    Contradicts {
        /// What they give instead, minor units; none when that cannot be told.
        tariff: Option<i64>,
        /// The sentence for officers; names no group of the person.
        explanation: String,
    },
}

/// What the rules of a tariff say to `asked` minor units.
#[must_use]
pub fn judge(
    rules: &[Rule],
    case: &Case<'_>,
    groups: Option<&[String]>,
    measure: Measure,
    asked: i64,
) -> Verdict {
    let person = Person {
        groups: groups.unwrap_or_default(),
        pieces: measure.quantity.unwrap_or(1),
        base: measure.base,
    };
    let given = amount(rules, case, &person);
    if given == Ok(asked) {
        return Verdict::Agrees;
    }
    let search = Search {
        rules,
        case,
        groups,
        measure,
        asked,
    };
    if (groups.is_none() || search.is_open()) && search.could_be() {
        return Verdict::Agrees;
    }
    match given {
        Err(Refusal::NoPrice(_)) => Verdict::NoTariff,
        Ok(minor) => {
            let tariff = (!search.is_open()).then_some(minor);
            contradiction(asked, tariff, search.doubt())
        }
        Err(Refusal::BaseMissing(_)) => contradiction(asked, None, search.doubt()),
        Err(refusal @ (Refusal::TooLarge(_) | Refusal::Undecided(..))) => Verdict::Contradicts {
            tariff: None,
            explanation: format!("asked {asked}; {refusal}"),
        },
    }
}

fn contradiction(asked: i64, tariff: Option<i64>, doubt: String) -> Verdict {
    let gives = tariff.map_or_else(String::new, |minor| format!("the tariff gives {minor} "));
    Verdict::Contradicts {
        tariff,
        explanation: format!("asked {asked}; {gives}{doubt}"),
    }
}

struct Search<'a> {
    rules: &'a [Rule],
    case: &'a Case<'a>,
    groups: Option<&'a [String]>,
    measure: Measure,
    asked: i64,
}

impl<'a> Search<'a> {
    /// The rules about the fee that apply, whoever the person is.
    fn in_scope(&self) -> impl Iterator<Item = &'a Rule> + Clone {
        let case = self.case;
        self.rules.iter().filter(|rule| {
            let scope = &rule.scope;
            scope.is_about(case.procedure_code, case.kind, case.fee_code)
                && scope.outside(case).is_none()
        })
    }

    /// Groups that rules in scope name, one of each that the same rules name.
    fn known_groups(&self) -> Vec<&'a String> {
        let all: BTreeSet<&String> = self
            .in_scope()
            .flat_map(|rule| &rule.scope.groups)
            .collect();
        let mut seen = BTreeSet::new();
        let naming = |group: &&String| -> Vec<&str> {
            let names = self
                .in_scope()
                .filter(|rule| rule.scope.groups.contains(*group));
            names.map(|rule| rule.id.as_str()).collect()
        };
        all.into_iter()
            .filter(|group| seen.insert(naming(group)))
            .collect()
    }

    /// The sets of groups that have to be tried: the one told, or nobody's and each group alone. Of
    /// several groups one gives the price and one the relief, so these say all there is, unless a
    /// rule for a group sets others aside: then every set is tried.
    fn people(&self) -> Vec<Vec<String>> {
        if let Some(groups) = self.groups {
            return vec![groups.to_vec()];
        }
        let known = self.known_groups();
        if self.sets_aside_for_a_group() {
            let mut sets: Vec<Vec<String>> = vec![Vec::new()];
            for group in known.into_iter().take(MOST_GROUPS) {
                let with = |set: &Vec<String>| {
                    let mut set = set.clone();
                    set.push(group.clone());
                    set
                };
                let with: Vec<Vec<String>> = sets.iter().map(with).collect();
                sets.extend(with);
            }
            return sets;
        }
        let alone = known.into_iter().map(|group| vec![group.clone()]);
        [Vec::new()].into_iter().chain(alone).collect()
    }

    fn sets_aside_for_a_group(&self) -> bool {
        self.in_scope()
            .any(|rule| !rule.scope.groups.is_empty() && !rule.prevails_over.is_empty())
    }

    /// The rules of a role that could decide, each once; `None` among them where none might apply.
    fn deciders(&self, role: Role) -> Vec<Option<&'a Rule>> {
        let mut found: Vec<Option<&Rule>> = Vec::new();
        for groups in self.people() {
            let field = Field::of(self.rules, self.case, &groups);
            let pools = field.narrowest(role);
            let rules: Vec<Option<&Rule>> = if pools.is_empty() {
                vec![None]
            } else {
                pools.into_iter().flatten().map(Some).collect()
            };
            for rule in rules {
                if !found.contains(&rule) {
                    found.push(rule);
                }
            }
        }
        found
    }

    /// Whether something the dossier does not say could give the amount.
    fn could_be(&self) -> bool {
        let reliefs = self.deciders(Role::Relief);
        let prices = self.deciders(Role::Price);
        prices.into_iter().flatten().any(|price| {
            let mut reliefs = reliefs.iter();
            reliefs.any(|relief| self.reaches(price, *relief))
        })
    }

    /// Whether some quantity or base value gives the amount by these rules. What they give never
    /// falls when either grows, so halving the range finds it.
    fn reaches(&self, price: &Rule, relief: Option<&Rule>) -> bool {
        let formulas = [Some(price), relief]
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.effect.formula());
        let needs = |needed: fn(&Formula) -> bool| formulas.clone().any(needed);
        let is_piecewise = self.measure.quantity.is_none() && needs(Formula::counts_pieces);
        let is_share = self.measure.base.is_none() && needs(|formula| formula.rate.is_some());
        if is_piecewise && is_share {
            // A price by pieces under a relief by value: too much is open to be sure of anything.
            return true;
        }
        let pieces = self.measure.quantity.unwrap_or(1);
        let base = self.measure.base.unwrap_or(0);
        let (mut low, mut high) = match (is_piecewise, is_share) {
            (true, _) => (1, MOST_PIECES),
            (false, true) => (0, MOST_MINOR),
            (false, false) => (0, 0),
        };
        let gives = |at: i64| match (is_piecewise, is_share) {
            (true, _) => given(price, relief, at, base),
            (false, true) => given(price, relief, pieces, at),
            (false, false) => given(price, relief, pieces, base),
        };
        while low < high {
            let middle = low + (high - low) / 2;
            if gives(middle).is_some_and(|minor| minor < self.asked) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        gives(low) == Some(self.asked)
    }

    /// Whether the amount hangs on a quantity or base value that is not told.
    fn is_open(&self) -> bool {
        let rules = Role::ALL.iter().flat_map(|role| self.deciders(*role));
        let mut formulas = rules.flatten().filter_map(|rule| rule.effect.formula());
        formulas.any(|formula| {
            (formula.counts_pieces() && self.measure.quantity.is_none())
                || (formula.rate.is_some() && self.measure.base.is_none())
        })
    }

    fn doubt(&self) -> String {
        let mut names: Vec<&str> = self
            .deciders(Role::Price)
            .into_iter()
            .chain(self.deciders(Role::Relief))
            .flatten()
            .map(|rule| rule.id.as_str())
            .collect();
        names.sort_unstable();
        let mut open = Vec::new();
        if self.groups.is_none() {
            open.push("person group");
        }
        if self.is_open() {
            open.push("quantity or base value");
        }
        let names = names.join(", ");
        if open.is_empty() {
            format!("by {names}")
        } else {
            let open = open.join(", ");
            format!("by {names}; no {open} gives {}", self.asked)
        }
    }
}

fn given(price: &Rule, relief: Option<&Rule>, pieces: i64, base: i64) -> Option<i64> {
    let person = Person {
        groups: &[],
        pieces,
        base: Some(base),
    };
    let minor = after(price, 0, &person).ok()?;
    match relief {
        None => Some(minor),
        Some(relief) => after(relief, minor, &person).ok(),
    }
}
