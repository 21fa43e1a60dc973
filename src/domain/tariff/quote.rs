//! What a fee is: rules and a case come in, the amount goes out with every step, its grounds, and
//! what was considered and lost. The order of the rules plays no part. Rules that are equally narrow
//! and say different amounts are refused, never chosen between.
//!
//! 1. Rules outside their days, way of submission or places, or for other people, do not apply.
//! 2. A rule goes out when one that applies prevails over it by decision.
//! 3. Rules for a group of the person go before rules for everybody. For each group of the person the
//!    narrowest rule ([`super::scope::Rank`]) speaks; of several groups the one that asks least.
//! 4. So one price is found, then one relief in the same way; the relief is taken off the price.

use super::answer::{Lost, Quote, Refusal, Taken, Why};
use super::field::{Choice, Field, is_about, outside};
use super::formula::Formula;
use super::scope::Case;
use super::{Effect, Role, Rule};

/// The person and the piece of work.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Groups the person belongs to.
    pub groups: &'a [String],
    /// How many pieces, from 1.
    pub pieces: i64,
    /// The value a share is taken of, minor units; none when there is none.
    pub base: Option<i64>,
}

/// What a formula of a rule gives.
fn computed(rule: &Rule, formula: &Formula, person: &Person<'_>) -> Result<i64, Refusal> {
    if formula.rate.is_some() && person.base.is_none() {
        return Err(Refusal::BaseMissing(rule.id.clone()));
    }
    formula
        .amount(person.pieces, person.base.unwrap_or(0))
        .ok_or_else(|| Refusal::TooLarge(rule.id.clone()))
}

/// The amount after a rule, of the amount before it; a price has none before it.
pub(super) fn after(rule: &Rule, before: i64, person: &Person<'_>) -> Result<i64, Refusal> {
    match &rule.effect {
        Effect::Price(formula) => computed(rule, formula, person),
        Effect::Instead(formula) => Ok(computed(rule, formula, person)?.min(before)),
        Effect::Off { rate, most } => {
            let off = before - rate.rest(before);
            Ok(before - most.map_or(off, |most| off.min(most)))
        }
    }
}

fn did(rule: &Rule, person: &Person<'_>) -> String {
    let mut text = rule.effect.in_words();
    if let Some(formula) = rule.effect.formula() {
        if formula.counts_pieces() {
            text.push_str(&format!("; pieces: {}", person.pieces));
        }
        if let (Some(_), Some(base)) = (formula.rate, person.base) {
            text.push_str(&format!("; base value: {base}"));
        }
    }
    text
}

fn taken(rule: &Rule, after: i64, person: &Person<'_>) -> Taken {
    Taken {
        rule: rule.id.clone(),
        did: did(rule, person),
        after,
        basis: rule.basis.clone(),
    }
}

fn lost(rule: &Rule, why: Why) -> Lost {
    Lost {
        rule: rule.id.clone(),
        why,
        basis: rule.basis.clone(),
    }
}

/// The amount alone.
///
/// # Errors
/// [`Refusal`]; [`Refusal::NoPrice`] without what was considered.
pub fn amount(rules: &[Rule], case: &Case<'_>, person: &Person<'_>) -> Result<i64, Refusal> {
    let field = Field::of(rules, case, person.groups);
    let (price, relief) = decided(&field, person)?;
    Ok(relief.map_or(price.amount, |relief| relief.amount))
}

fn decided<'r>(
    field: &Field<'_, 'r>,
    person: &Person<'_>,
) -> Result<(Choice<'r>, Option<Choice<'r>>), Refusal> {
    let price = field.choose(Role::Price, &|rule| after(rule, 0, person))?;
    let price = price.ok_or_else(|| Refusal::NoPrice(Vec::new()))?;
    let relief = field.choose(Role::Relief, &|rule| after(rule, price.amount, person))?;
    Ok((price, relief))
}

/// The amount with its grounds.
///
/// # Errors
/// [`Refusal`].
pub fn quote(rules: &[Rule], case: &Case<'_>, person: &Person<'_>) -> Result<Quote, Refusal> {
    let field = Field::of(rules, case, person.groups);
    let mut losers = unfit(rules, &field);
    let (price, relief) = match decided(&field, person) {
        Err(Refusal::NoPrice(_)) => return Err(Refusal::NoPrice(losers)),
        other => other?,
    };
    let mut steps = vec![taken(price.winner, price.amount, person)];
    for choice in [Some(&price), relief.as_ref()].into_iter().flatten() {
        let role = choice.winner.effect.role();
        for rule in field.contenders(role) {
            if rule.id != choice.winner.id {
                let amount = after(rule, price.amount, person).ok();
                losers.push(lost(rule, field.why_lost(rule, choice, amount)));
            }
        }
    }
    match &relief {
        Some(relief) if relief.amount < price.amount => {
            steps.push(taken(relief.winner, relief.amount, person));
        }
        Some(relief) => losers.push(lost(relief.winner, Why::NoLess)),
        None => {}
    }
    losers.sort_by(|a, b| a.rule.cmp(&b.rule));
    Ok(Quote {
        fee_name: price.winner.fee_name.clone(),
        amount: relief.map_or(price.amount, |relief| relief.amount),
        steps,
        lost: losers,
    })
}

/// The rules about the fee that do not apply, or that another prevails over.
fn unfit(rules: &[Rule], field: &Field<'_, '_>) -> Vec<Lost> {
    let about = rules.iter().filter(|rule| is_about(rule, field.case));
    let why = |rule: &Rule| {
        outside(rule, field.case, field.groups).or_else(|| {
            let over = field.overruler(rule)?;
            Some(Why::Overruled {
                by: over.id.clone(),
                decision: over.decision.clone(),
            })
        })
    };
    let mut losers: Vec<Lost> = about
        .filter_map(|rule| Some(lost(rule, why(rule)?)))
        .collect();
    losers.sort_by(|a, b| a.rule.cmp(&b.rule));
    losers
}
