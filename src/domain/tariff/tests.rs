//! Quotes as tables of cases, and the words to write rules down in a test.

use std::collections::BTreeSet;

use super::answer::{Quote, Refusal, Why};
use super::formula::{Formula, Rate, Step};
use super::quote::{Person, amount, quote};
use super::scope::{Case, Place, Scope};
use super::{Effect, Rule};
use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::time::Day;

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A rule for the fee `F` of `P`, from 2025 on, for everybody everywhere.
pub(super) fn rule(id: &str, effect: Effect) -> Rule {
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

pub(super) fn price(id: &str, minor: i64) -> Rule {
    rule(id, Effect::Price(Formula::fixed(minor)))
}

pub(super) fn instead(id: &str, minor: i64) -> Rule {
    rule(id, Effect::Instead(Formula::fixed(minor)))
}

pub(super) fn off(id: &str, percent: &str) -> Rule {
    let rate = Rate::parse_percent(percent).unwrap();
    rule(id, Effect::Off { rate, most: None })
}

impl Rule {
    pub(super) fn online(mut self) -> Self {
        self.scope.via = Some(SubmittedVia::Online);
        self
    }

    pub(super) fn at(mut self, places: &[&str]) -> Self {
        self.scope.places = places
            .iter()
            .map(|text| Place::parse(text).unwrap())
            .collect();
        self
    }

    pub(super) fn of(mut self, groups: &[&str]) -> Self {
        self.scope.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self
    }

    pub(super) fn between(mut self, from: &str, to: &str) -> Self {
        self.scope.from = day(from);
        self.scope.to = Some(day(to));
        self
    }

    pub(super) fn over(mut self, ids: &[&str]) -> Self {
        self.prevails_over = ids.iter().map(|id| (*id).to_owned()).collect();
        self.decision = "the office's letter".to_owned();
        self
    }
}

pub(super) const ONLINE: SubmittedVia = SubmittedVia::Online;
pub(super) const COUNTER: SubmittedVia = SubmittedVia::Counter;

pub(super) fn case(via: SubmittedVia, unit: &'static str, on: &str) -> Case<'static> {
    Case {
        procedure_code: "P",
        kind: Some(FeeKind::LePhi),
        fee_code: "F",
        unit,
        via,
        on: day(on),
    }
}

pub(super) fn ask(
    rules: &[Rule],
    case: &Case<'_>,
    groups: &[&str],
    pieces: i64,
) -> Result<Quote, Refusal> {
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
pub(super) fn lost<'q>(told: &'q Quote, id: &str) -> &'q Why {
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
    let Refusal::NoPrice(lost) = early else {
        panic!("{early:?}");
    };
    assert_eq!(lost.len(), 2);
}
