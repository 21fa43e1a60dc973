//! What contradicts: rules each other, and amounts the rules.

use super::answer::Refusal;
use super::conflict::{circle, contradict};
use super::formula::{Formula, Rate, Step};
use super::judge::{Measure, Verdict, judge};
use super::tests::{COUNTER, ONLINE, ask, case, instead, lost, off, price, rule};
use super::{Effect, Rule};

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
    let said = says(&rules, Some(&["poor"]), nothing, 10_000);
    let told = Verdict::Contradicts {
        tariff: Some(0),
        explanation: "asked 10000; the tariff gives 0 by online, poor".to_owned(),
    };
    assert_eq!(said, told);
}

#[test]
fn an_unknown_quantity_may_be_any() {
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
}

#[test]
fn an_unknown_base_value_may_be_any() {
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
