//! Tariffs as tables of cases, and their laws over random rules: no amount below zero or above the
//! cap, the order of the rules plays no part, and what may be activated together is always decided.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::answer::{Quote, Refusal, Why};
use super::conflict::{circle, contradict};
use super::formula::{Formula, Rate, Step};
use super::judge::{Measure, Verdict, judge};
use super::quote::{Person, amount, quote};
use super::scope::{Case, Place, Scope};
use super::{Effect, Rule};
use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::time::Day;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A rule for the fee `F` of `P`, from 2025 on, for everybody everywhere.
fn rule(id: &str, effect: Effect) -> Rule {
    Rule {
        id: id.to_owned(),
        fee_name: String::new(),
        scope: Scope {
            procedure_code: "P".to_owned(),
            kind: Some(FeeKind::LePhi),
            fee_code: Some("F".to_owned()),
            via: None,
            places: Vec::new(),
            groups: BTreeSet::new(),
            from: day("2025-01-01"),
            to: None,
            ended_on: None,
        },
        effect,
        basis: format!("text of {id}"),
        replaces: None,
        prevails_over: Vec::new(),
        decision: String::new(),
    }
}

fn price(id: &str, minor: i64) -> Rule {
    rule(id, Effect::Price(Formula::fixed(minor)))
}

fn instead(id: &str, minor: i64) -> Rule {
    rule(id, Effect::Instead(Formula::fixed(minor)))
}

fn off(id: &str, percent: &str) -> Rule {
    let rate = Rate::parse_percent(percent).unwrap();
    rule(id, Effect::Off { rate, most: None })
}

impl Rule {
    fn online(mut self) -> Self {
        self.scope.via = Some(SubmittedVia::Online);
        self
    }

    fn at(mut self, places: &[&str]) -> Self {
        self.scope.places = places
            .iter()
            .map(|text| Place::parse(text).unwrap())
            .collect();
        self
    }

    fn of(mut self, groups: &[&str]) -> Self {
        self.scope.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self
    }

    fn between(mut self, from: &str, to: &str) -> Self {
        self.scope.from = day(from);
        self.scope.to = Some(day(to));
        self
    }

    fn over(mut self, ids: &[&str]) -> Self {
        self.prevails_over = ids.iter().map(|id| (*id).to_owned()).collect();
        self.decision = "the office's letter".to_owned();
        self
    }
}

const ONLINE: SubmittedVia = SubmittedVia::Online;
const COUNTER: SubmittedVia = SubmittedVia::Counter;

fn case(via: SubmittedVia, unit: &'static str, on: &str) -> Case<'static> {
    Case {
        procedure_code: "P",
        kind: Some(FeeKind::LePhi),
        fee_code: "F",
        unit,
        via,
        on: day(on),
    }
}

fn ask(rules: &[Rule], case: &Case<'_>, groups: &[&str], pieces: i64) -> Result<Quote, Refusal> {
    let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    let person = Person {
        groups: &groups,
        pieces,
        base: None,
    };
    let told = quote(rules, case, &person);
    let alone = amount(rules, case, &person);
    assert_eq!(alone.ok(), told.as_ref().ok().map(|told| told.amount));
    told
}

fn due(rules: &[Rule], via: SubmittedVia, on: &str, groups: &[&str]) -> i64 {
    ask(rules, &case(via, "H12.104", on), groups, 1)
        .unwrap()
        .amount
}

/// Why a rule lost.
fn lost<'q>(told: &'q Quote, id: &str) -> &'q Why {
    &told.lost.iter().find(|lost| lost.rule == id).unwrap().why
}

#[test]
fn the_way_of_submission_decides() {
    let rules = [price("any", 20_000), price("online", 10_000).online()];
    assert_eq!(due(&rules, COUNTER, "2025-07-01", &[]), 20_000);
    assert_eq!(due(&rules, SubmittedVia::Post, "2025-07-01", &[]), 20_000);
    assert_eq!(due(&rules, ONLINE, "2025-07-01", &[]), 10_000);
    let told = ask(&rules, &case(ONLINE, "H12.104", "2025-07-01"), &[], 1).unwrap();
    assert_eq!(
        lost(&told, "any").to_string(),
        "online names the way of submission"
    );
    let free = [
        price("any", 100_000),
        instead("camau", 0).online().at(&["H12.*"]),
    ];
    assert_eq!(due(&free, ONLINE, "2025-12-01", &[]), 0);
    let elsewhere = case(ONLINE, "H121.104", "2025-12-01");
    assert_eq!(ask(&free, &elsewhere, &[], 1).unwrap().amount, 100_000);
}

#[test]
fn one_unit_goes_before_a_subtree_and_a_deep_one_before_a_wide_one() {
    let rules = [
        price("everywhere", 1),
        price("province", 2).at(&["H12.*"]),
        price("department", 3).at(&["H12.07.*"]),
        price("listed", 4).at(&["H12.07", "H12.104"]),
    ];
    let table = [
        ("H01.1", 1),
        ("H12", 2),
        ("H12.105", 2),
        ("H12.07.1", 3),
        ("H12.07", 4),
        ("H12.104", 4),
    ];
    for (unit, minor) in table {
        let case = case(COUNTER, unit, "2025-07-01");
        assert_eq!(ask(&rules, &case, &[], 1).unwrap().amount, minor, "{unit}");
    }
}

#[test]
fn a_relief_between_two_days_counts_from_midnight_to_midnight() {
    let rules = [
        price("extract", 8_000),
        instead("relief", 0)
            .of(&["vneid2"])
            .between("2026-08-15", "2027-02-28"),
    ];
    let table = [
        ("2026-08-14", 8_000),
        ("2026-08-15", 0),
        ("2027-02-28", 0),
        ("2027-03-01", 8_000),
    ];
    for (on, minor) in table {
        assert_eq!(due(&rules, COUNTER, on, &["vneid2"]), minor, "{on}");
        assert_eq!(due(&rules, COUNTER, on, &[]), 8_000, "{on}");
    }
    // One second before and at midnight of Vietnam, 17:00 UTC.
    let on = |at: &str| crate::domain::time::vietnam_day(at.parse().unwrap()).to_string();
    assert_eq!(
        due(&rules, COUNTER, &on("2026-08-14T16:59:59Z"), &["vneid2"]),
        8_000
    );
    assert_eq!(
        due(&rules, COUNTER, &on("2026-08-14T17:00:00Z"), &["vneid2"]),
        0
    );
}

#[test]
fn of_several_groups_the_one_that_asks_least_speaks() {
    let rules = [
        price("all", 200_000),
        price("students", 100_000).of(&["student", "merit"]),
        off("poor", "100").of(&["poor"]),
        off("half", "50").of(&["elderly"]),
    ];
    let table: [(&[&str], i64); 6] = [
        (&[], 200_000),
        (&["student"], 100_000),
        (&["poor"], 0),
        (&["elderly"], 100_000),
        (&["student", "elderly"], 50_000),
        (&["elderly", "poor"], 0),
    ];
    for (groups, minor) in table {
        assert_eq!(
            due(&rules, COUNTER, "2025-07-01", groups),
            minor,
            "{groups:?}"
        );
    }
    let case = case(COUNTER, "H12.104", "2025-07-01");
    let told = ask(&rules, &case, &["elderly", "poor"], 1).unwrap();
    assert_eq!(*lost(&told, "half"), Why::Dearer { by: "poor".into() });
    assert_eq!(*lost(&told, "students"), Why::Person);
    let told = ask(&rules, &case, &["student"], 1).unwrap();
    assert_eq!(
        *lost(&told, "all"),
        Why::Everybody {
            by: "students".into()
        }
    );
}

#[test]
fn group_channel_and_relief_together() {
    let record = |minor, from: i64| Formula {
        flat: minor,
        steps: vec![Step { from, each: 5_000 }],
        ..Formula::default()
    };
    let rules = [
        rule("record", Effect::Price(record(200_000, 3))),
        rule("reduced", Effect::Price(record(100_000, 3))).of(&["student"]),
        rule("online", Effect::Instead(record(170_000, 3)))
            .online()
            .between("2025-04-24", "2025-12-31"),
        off("exempt", "100").of(&["poor"]),
    ];
    let table: [(SubmittedVia, &str, &[&str], i64, i64); 9] = [
        (COUNTER, "2025-07-01", &[], 1, 200_000),
        (COUNTER, "2025-07-01", &[], 2, 200_000),
        (COUNTER, "2025-07-01", &[], 4, 210_000),
        (ONLINE, "2025-07-01", &[], 1, 170_000),
        (ONLINE, "2025-07-01", &[], 3, 175_000),
        (ONLINE, "2026-01-01", &[], 1, 200_000),
        // A relief never raises a price that is lower already.
        (ONLINE, "2025-07-01", &["student"], 1, 100_000),
        (ONLINE, "2025-07-01", &["student", "poor"], 4, 0),
        (ONLINE, "2025-07-01", &["poor"], 1, 0),
    ];
    for (via, on, groups, pieces, minor) in table {
        let told = ask(&rules, &case(via, "H12.104", on), groups, pieces).unwrap();
        assert_eq!(told.amount, minor, "{via:?} {on} {groups:?} {pieces}");
        assert_eq!(told.steps.last().unwrap().after, minor);
    }
    let told = ask(
        &rules,
        &case(ONLINE, "H12.104", "2025-07-01"),
        &["student"],
        1,
    )
    .unwrap();
    assert_eq!(told.steps.len(), 1);
    assert_eq!(*lost(&told, "online"), Why::NoLess);
}

#[test]
fn shares_of_a_base_value_are_held_between_floor_and_cap() {
    let share = Formula {
        rate: Some(Rate::parse_percent("0.15").unwrap()),
        floor: Some(50_000),
        cap: Some(5_000_000),
        ..Formula::default()
    };
    let rules = [rule("appraisal", Effect::Price(share))];
    let case = case(COUNTER, "H12.104", "2025-07-01");
    let given = |base| {
        let person = Person {
            groups: &[],
            pieces: 1,
            base,
        };
        amount(&rules, &case, &person)
    };
    let table = [
        (0, 50_000),
        (33_333_333, 50_000),
        (1_000_000_000, 1_500_000),
        (1_000_000_333, 1_500_000),
        (1_000_000_334, 1_500_001),
        (3_333_333_000, 4_999_999 + 1),
        (3_333_333_333, 5_000_000),
        (900_000_000_000, 5_000_000),
    ];
    for (base, minor) in table {
        assert_eq!(given(Some(base)), Ok(minor), "{base}");
    }
    assert_eq!(given(None), Err(Refusal::BaseMissing("appraisal".into())));
}

#[test]
fn what_is_taken_off_may_have_a_limit() {
    let rate = Rate::parse_percent("10").unwrap();
    let most = Some(11_700_000);
    let tax = Formula {
        rate: Some(Rate::parse_percent("0.5").unwrap()),
        ..Formula::default()
    };
    let rules = [
        rule("tax", Effect::Price(tax)),
        rule("relief", Effect::Off { rate, most }).of(&["vneid2"]),
    ];
    let case = case(ONLINE, "H12.104", "2026-09-01");
    let groups = ["vneid2".to_owned()];
    for (base, minor) in [(2_000_000_000, 9_000_000), (100_000_000_000, 488_300_000)] {
        let person = Person {
            groups: &groups,
            pieces: 1,
            base: Some(base),
        };
        assert_eq!(amount(&rules, &case, &person), Ok(minor), "{base}");
    }
}

#[test]
fn contradicting_texts_are_decided_by_the_office_or_refused() {
    let portal = price("portal", 0);
    let council = price("council", 3_000);
    let case = case(COUNTER, "H12.104", "2025-07-01");
    let undecided = [portal.clone(), council.clone()];
    assert!(contradict(&portal, &council));
    assert_eq!(
        ask(&undecided, &case, &[], 1),
        Err(Refusal::Undecided("council".into(), "portal".into()))
    );
    let decided = [portal.clone(), council.over(&["portal"])];
    assert!(!contradict(&decided[0], &decided[1]));
    let told = ask(&decided, &case, &[], 1).unwrap();
    assert_eq!(told.amount, 3_000);
    let sentence = "council prevails over it: the office's letter";
    assert_eq!(lost(&told, "portal").to_string(), sentence);
    assert_eq!(told.lost[0].basis, "text of portal");
    assert_eq!(circle(&decided), None);
    let circular = [portal.over(&["council"]), decided[1].clone()];
    assert_eq!(
        circle(&circular),
        Some(vec!["council".into(), "portal".into()])
    );
}

#[test]
fn rules_contradict_only_where_one_case_lies_in_both() {
    let base = || price("a", 1);
    let table = [
        (price("b", 2), true),
        (price("b", 1), false),
        (instead("b", 2), false),
        (price("b", 2).online(), false),
        (price("b", 2).at(&["H12"]), false),
        (price("b", 2).of(&["poor"]), false),
        // A text with a last day goes before one without.
        (price("b", 2).between("2025-01-01", "2025-12-31"), false),
    ];
    for (other, is_conflict) in table {
        assert_eq!(contradict(&base(), &other), is_conflict, "{other:?}");
        assert_eq!(contradict(&other, &base()), is_conflict, "{other:?}");
    }
    let in_2025 = |id, minor| price(id, minor).between("2025-01-01", "2025-12-31");
    let in_2026 = price("b", 2).between("2026-01-01", "2026-12-31");
    assert!(!contradict(&in_2025("a", 1), &in_2026));
    assert!(contradict(&in_2025("a", 1), &in_2025("b", 2)));
    let here = |id, minor, places: &[&str]| price(id, minor).at(places);
    assert!(contradict(
        &here("a", 1, &["H12.1", "H12.2"]),
        &here("b", 2, &["H12.2", "H12.3"])
    ));
    assert!(!contradict(
        &here("a", 1, &["H12.1"]),
        &here("b", 2, &["H12.2"])
    ));
    let of = |id, minor, groups: &[&str]| price(id, minor).of(groups);
    assert!(contradict(
        &of("a", 1, &["poor", "child"]),
        &of("b", 2, &["child"])
    ));
    assert!(!contradict(&of("a", 1, &["poor"]), &of("b", 2, &["child"])));
}

#[test]
fn a_rule_of_a_kind_prices_what_has_no_rule_of_its_own() {
    let mut of_kind = price("kind", 5_000);
    of_kind.scope.fee_code = None;
    let rules = [of_kind, price("code", 9_000)];
    let mut other = case(COUNTER, "H12.104", "2025-07-01");
    assert_eq!(ask(&rules, &other, &[], 1).unwrap().amount, 9_000);
    other.fee_code = "";
    assert_eq!(ask(&rules, &other, &[], 1).unwrap().amount, 5_000);
    other.kind = Some(FeeKind::Phi);
    assert!(matches!(ask(&rules, &other, &[], 1), Err(Refusal::NoPrice(lost)) if lost.is_empty()));
}

#[test]
fn all_zero_is_a_price_and_nothing_is_none() {
    let rules = [price("zero", 0), off("relief", "100").of(&["poor"])];
    for groups in [&[][..], &["poor"]] {
        assert_eq!(due(&rules, ONLINE, "2025-07-01", groups), 0);
    }
    let early = ask(&rules, &case(ONLINE, "H12.104", "2024-12-31"), &["poor"], 1).unwrap_err();
    match early {
        Refusal::NoPrice(lost) => assert_eq!(lost.len(), 2),
        other => panic!("{other:?}"),
    }
}

/// What the tariff says to an amount on a dossier handed in online.
fn says(rules: &[Rule], groups: Option<&[&str]>, measure: Measure, asked: i64) -> Verdict {
    let groups: Option<Vec<String>> =
        groups.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect());
    let case = case(ONLINE, "H12.104", "2025-07-01");
    judge(rules, &case, groups.as_deref(), measure, asked)
}

/// Whether it agrees, and what it gives instead.
fn verdict(said: &Verdict) -> (bool, Option<i64>) {
    match said {
        Verdict::Agrees => (true, None),
        Verdict::Contradicts { tariff, .. } => (false, *tariff),
        Verdict::NoTariff => panic!("no tariff"),
    }
}

#[test]
fn an_amount_contradicts_only_what_cannot_be() {
    let nothing = Measure::default();
    let rules = [
        price("all", 20_000),
        price("online", 10_000).online(),
        price("student", 7_000).of(&["student"]),
        off("poor", "100").of(&["poor"]),
        off("half", "50").of(&["elderly"]),
    ];
    // 20,000 is the counter's price; 3,500 is a student's who is old.
    for (asked, agrees) in [
        (10_000, true),
        (0, true),
        (7_000, true),
        (3_500, true),
        (5_000, true),
    ] {
        assert_eq!(
            verdict(&says(&rules, None, nothing, asked)).0,
            agrees,
            "{asked}"
        );
    }
    assert_eq!(
        verdict(&says(&rules, None, nothing, 20_000)),
        (false, Some(10_000))
    );
    assert_eq!(
        verdict(&says(&rules, None, nothing, 9_999)),
        (false, Some(10_000))
    );
    assert_eq!(
        verdict(&says(&rules, Some(&[]), nothing, 7_000)),
        (false, Some(10_000))
    );
    assert_eq!(
        verdict(&says(&rules, Some(&["poor"]), nothing, 10_000)),
        (false, Some(0))
    );
    assert_eq!(
        verdict(&says(&rules, Some(&["poor"]), nothing, 0)),
        (true, None)
    );
    assert_eq!(says(&[], None, nothing, 5), Verdict::NoTariff);
    match says(&rules, Some(&["poor"]), nothing, 10_000) {
        Verdict::Contradicts { explanation, .. } => {
            assert_eq!(
                explanation,
                "asked 10000; the tariff gives 0 by online, poor"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_quantity_or_base_may_be_any() {
    let copies = Formula {
        steps: vec![
            Step {
                from: 1,
                each: 2_000,
            },
            Step {
                from: 3,
                each: 1_000,
            },
        ],
        cap: Some(200_000),
        ..Formula::default()
    };
    let rules = [rule("copies", Effect::Price(copies))];
    let pages = |quantity| Measure {
        quantity,
        base: None,
    };
    let table = [
        (None, 2_000, true),
        (None, 4_000, true),
        (None, 5_000, true),
        (None, 199_000, true),
        (None, 200_000, true),
        (None, 3_000, false),
        (None, 2_500, false),
        (None, 201_000, false),
        (None, 0, false),
        (Some(3), 5_000, true),
        (Some(3), 6_000, false),
        (Some(1_000_000), 200_000, true),
    ];
    for (quantity, asked, agrees) in table {
        let said = says(&rules, None, pages(quantity), asked);
        assert_eq!(verdict(&said).0, agrees, "{quantity:?} {asked}: {said:?}");
    }
    assert_eq!(
        verdict(&says(&rules, None, pages(Some(3)), 6_000)).1,
        Some(5_000)
    );
    let share = Formula {
        rate: Some(Rate::parse_percent("0.15").unwrap()),
        floor: Some(1_000),
        cap: Some(5_000_000),
        ..Formula::default()
    };
    let rules = [rule("share", Effect::Price(share))];
    let of = |base| Measure {
        quantity: None,
        base,
    };
    let table = [
        (None, 1_000, true),
        (None, 1_500_000, true),
        (None, 5_000_000, true),
        (None, 999, false),
        (None, 5_000_001, false),
        (Some(1_000_000_000), 1_500_000, true),
        (Some(1_000_000_000), 1_500_001, false),
    ];
    for (base, asked, agrees) in table {
        let said = says(&rules, Some(&[]), of(base), asked);
        assert_eq!(verdict(&said).0, agrees, "{base:?} {asked}: {said:?}");
    }
}

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
        let made = |(number, (effect, is_online, of_kind, places, groups, days, over)): (
            usize,
            (
                Effect,
                bool,
                bool,
                Vec<&str>,
                Vec<&str>,
                (u8, u8),
                Vec<&str>,
            ),
        )| {
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
