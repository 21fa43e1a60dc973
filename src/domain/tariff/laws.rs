//! Laws of a tariff over random rules: no amount below zero or above the cap, the order of the rules
//! plays no part, and what may be activated together is always decided.

use proptest::prelude::*;

use super::answer::Refusal;
use super::conflict::{circle, contradict};
use super::formula::{Formula, Rate, Step};
use super::judge::{Measure, Verdict, judge};
use super::quote::{Person, quote};
use super::tests::{ONLINE, case, day, rule};
use super::{Effect, Rule};
use crate::domain::dossier::{FeeKind, SubmittedVia};

fn any_formula() -> impl Strategy<Value = Formula> {
    let step = (1..5_i64, 0..9_i64);
    let bound = prop::option::of(0..40_i64);
    (
        0..30_i64,
        prop::collection::vec(step, 0..3),
        prop::option::of(0..1_000_001_i64),
        bound.clone(),
        bound,
    )
        .prop_map(|(flat, steps, rate, floor, cap)| {
            let mut from = 0;
            let steps = steps.into_iter().map(|(gap, each)| {
                from += gap;
                Step { from, each }
            });
            let floor = floor.filter(|floor| cap.is_none_or(|cap| *floor <= cap));
            Formula {
                flat,
                steps: steps.collect(),
                rate: rate.and_then(Rate::of_millionths),
                floor,
                cap,
            }
        })
}

fn any_effect() -> impl Strategy<Value = Effect> {
    let off =
        (0..1_000_001_i64, prop::option::of(0..20_i64)).prop_map(|(rate, most)| Effect::Off {
            rate: Rate::of_millionths(rate).unwrap(),
            most,
        });
    prop_oneof![
        3 => any_formula().prop_map(Effect::Price),
        1 => any_formula().prop_map(Effect::Instead),
        1 => off,
    ]
}

/// What a random rule is made of: effect, online only, of the whole kind, places, groups, first day
/// and length, rules it prevails over.
type Parts = (
    Effect,
    bool,
    bool,
    Vec<&'static str>,
    Vec<&'static str>,
    (u8, u8),
    Vec<&'static str>,
);

fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    let places = prop::sample::subsequence(vec!["H12.*", "H12.1", "H12.2", "H12.1.*"], 0..3);
    let groups = prop::sample::subsequence(vec!["poor", "child", "merit"], 0..3);
    let over = prop::sample::subsequence(vec!["r0", "r1", "r2"], 0..2);
    let days = (0..4_u8, 0..4_u8);
    let parts = (
        any_effect(),
        any::<bool>(),
        any::<bool>(),
        places,
        groups,
        days,
        over,
    );
    prop::collection::vec(parts, 0..8).prop_map(|all| {
        let made = |(number, parts): (usize, Parts)| {
            let (effect, is_online, of_kind, places, groups, days, over) = parts;
            let mut rule = rule(&format!("r{number}"), effect).at(&places).of(&groups);
            rule.scope.via = is_online.then_some(SubmittedVia::Online);
            rule.scope.fee_code = rule.scope.fee_code.filter(|_| !of_kind);
            rule.scope.from = day(&format!("2025-01-0{}", days.0 + 1));
            rule.scope.to = (days.1 > 0).then(|| day(&format!("2025-01-0{}", days.0 + days.1)));
            rule.prevails_over = over.into_iter().map(str::to_owned).collect();
            rule
        };
        all.into_iter().enumerate().map(made).collect()
    })
}

proptest! {
    #[test]
    fn the_laws_of_a_quote(
        rules in any_rules(),
        turn in 0..8_usize,
        groups in prop::sample::subsequence(vec!["poor".to_owned(), "child".to_owned(), "merit".to_owned()], 0..4),
        pieces in 1..9_i64,
        base in 0..200_i64,
        on in 1..9_u8,
        unit in prop::sample::select(vec!["H12", "H12.1", "H12.2", "H12.1.1", "H1"]),
    ) {
        let case = case(ONLINE, unit, &format!("2025-01-0{on}"));
        let person = Person { groups: &groups, pieces, base: Some(base) };
        let told = quote(&rules, &case, &person);
        let mut turned = rules.clone();
        turned.rotate_left(turn.min(rules.len()));
        prop_assert_eq!(&told, &quote(&turned, &case, &person));
        turned.reverse();
        prop_assert_eq!(&told, &quote(&turned, &case, &person));
        if let Ok(told) = &told {
            let price = rules.iter().find(|rule| rule.id == told.steps[0].rule).unwrap();
            let cap = price.effect.formula().unwrap().cap;
            prop_assert!(told.amount >= 0);
            prop_assert!(cap.is_none_or(|cap| told.amount <= cap), "{:?}", told);
            prop_assert!(told.steps.is_sorted_by(|a, b| b.after <= a.after));
            let considered = told.steps.len() + told.lost.len();
            let about = rules.iter().filter(|r| r.scope.is_about("P", Some(FeeKind::LePhi), "F"));
            prop_assert_eq!(considered, about.count());
            let measure = Measure { quantity: Some(pieces), base: Some(base) };
            prop_assert_eq!(judge(&rules, &case, Some(&groups), measure, told.amount), Verdict::Agrees);
            prop_assert_eq!(judge(&rules, &case, None, Measure::default(), told.amount), Verdict::Agrees);
        }
        let mut pairs = rules.iter().flat_map(|a| rules.iter().map(move |b| (a, b)));
        if pairs.all(|(a, b)| !contradict(a, b)) && circle(&rules).is_none() {
            prop_assert!(!matches!(told, Err(Refusal::Undecided(..))), "{:?}", told);
        }
    }
}
