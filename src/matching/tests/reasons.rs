//! The sentence that an officer reads, for every way a decision can go, word for word.

use super::*;

/// What is decided of money for the first bill, which asks for 100, and why.
fn reason_of(notice: &Notice, bills: &[Bill]) -> String {
    decided(notice, bills, &dossiers()).reason
}

/// The middle of the sentence when the first bill's reference is found in the memo.
fn because(notice: &Notice, bill: Bill) -> String {
    let one = reference(1);
    let reason = reason_of(notice, &[bill]);
    let head = format!("payment reference {one} found in the memo names bill {one}; ");
    let tail =
        "; order reference gave nothing; virtual account gave nothing; dossier code gave nothing";
    let middle = reason
        .strip_prefix(&head)
        .and_then(|rest| rest.strip_suffix(tail));
    middle.unwrap_or_else(|| panic!("{reason}")).to_owned()
}

#[test]
fn what_the_amount_is_to_the_bill_is_told_in_words() {
    let table = [
        (
            30,
            100,
            "the bill of 100 VND was already paid, so amount 30 is the payer's",
        ),
        (100, 0, "amount 100 equals what is due, 100 VND"),
        (60, 40, "amount 60 equals what is due, 60 VND"),
        (99, 0, "amount 99 is less than what is due, 100 VND"),
        (130, 0, "amount 130 is more than what is due, 100 VND"),
    ];
    for (amount, paid, expected) in table {
        let told = because(&notice(amount, &reference(1)), bill(1, 0, 100, paid));
        assert_eq!(told, expected);
    }
}

#[test]
fn why_money_does_not_pay_the_bill_it_names_is_told() {
    let named = || notice(100, &reference(1));
    let late = Bill {
        due_on: Some("2026-01-04".parse().unwrap()),
        ..bill(1, 0, 100, 0)
    };
    assert_eq!(
        because(&named(), late),
        "paid on 2026-01-05, after the due day 2026-01-04"
    );
    let mut after = named();
    after.paid_at = Some(at("2026-01-05T03:00:01Z"));
    assert_eq!(
        because(&after, cancelled(1, 0, 100)),
        "paid at 2026-01-05 10:00:01, when the bill had been cancelled at 2026-01-05 10:00:00"
    );
    after.paid_at = None;
    assert_eq!(
        because(&after, cancelled(1, 0, 100)),
        "no time of payment is given and the bill was cancelled at 2026-01-05 10:00:00"
    );
    let mut foreign = named();
    foreign.amount = Money::new(100, Currency::parse("USD").unwrap());
    assert_eq!(
        because(&foreign, bill(1, 0, 100, 0)),
        "paid in USD while the bill is in VND"
    );
    let mut dossiers = dossiers();
    dossiers[0].is_closed = true;
    let closed = decided(&named(), &[bill(1, 0, 100, 0)], &dossiers).reason;
    assert!(
        closed.contains("; dossier H121042507010012 is closed; "),
        "{closed}"
    );
    let mut stray = named();
    stray.account_number = Some("9".repeat(70));
    assert_eq!(
        reason_of(&stray, &[]),
        format!(
            "received on account {}, which is not among the channel's own accounts",
            "9".repeat(64)
        )
    );
    assert_eq!(
        reason_of(&notice(-5, ""), &[]),
        "-5 VND is below zero and is never placed"
    );
}

#[test]
fn money_that_names_nothing_is_told_by_what_was_claimed() {
    let end = "; payment reference, virtual account and dossier code gave nothing";
    let mut claimed = notice(100, "nop phi");
    assert_eq!(
        reason_of(&claimed, &[]),
        format!("no order reference was given{end}")
    );
    claimed.order_ref = Some("HS00025".to_owned());
    assert_eq!(
        reason_of(&claimed, &[]),
        format!("order reference HS00025 is no attempt and no bill of ours{end}")
    );
}

#[test]
fn bills_with_equal_right_are_listed_five_at_most() {
    let bills: Vec<Bill> = (1..=7).map(|number| bill(number, 0, 100, 0)).collect();
    let several = |count: u32| {
        let names: Vec<String> = (1..=count).map(reference).collect();
        let list = names
            .iter()
            .take(5)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let mut named = notice(100, &names.join(" "));
        named.order_ref = Some("X9".to_owned());
        (reason_of(&named, &bills), list)
    };
    let says = |count: u32, list: &str| {
        format!(
            "payment reference names {count} bills with equal right ({list}), so none is chosen and the \
             amount does not decide"
        )
    };
    let (told, list) = several(5);
    assert_eq!(told, says(5, &list));
    let (told, list) = several(6);
    assert_eq!(told, says(6, &format!("{list}, …")));
}

#[test]
fn what_another_rule_suggests_or_gave_is_told() {
    let (one, two) = (reference(1), reference(2));
    let bills = [bill(1, 0, 100, 0), bill(2, 0, 100, 0), bill(3, 1, 100, 0)];
    // Two bills by reference, and an alias that is one of them.
    let mut both = notice(100, &format!("{one} {two}"));
    both.virtual_account = Some(alias(2));
    let told = reason_of(&both, &bills);
    let end = format!("does not decide; virtual account suggests bill {two}");
    assert!(told.ends_with(&end), "{told}");
    // One bill by attempt; others name it too, another one, or several.
    let mut attempt = notice(100, &format!("{one} H12.104-250701-0012"));
    attempt.order_ref = Some("A1".to_owned());
    attempt.virtual_account = Some(alias(3));
    assert_eq!(
        reason_of(&attempt, &bills),
        format!(
            "order reference A1 names bill {one}; amount 100 equals what is due, 100 VND; payment reference \
             names it too; virtual account names bill {}, which was not followed; dossier code names several \
             bills ({one}, {two}), which were not followed",
            reference(3)
        )
    );
    let code = notice(100, "H12.104-250701-0013");
    let told = reason_of(&code, &bills);
    let head = "dossier code H121042507010013 found in the memo names bill ";
    assert!(told.starts_with(head), "{told}");
}

#[test]
fn a_reference_that_lost_its_first_letters_is_told() {
    let one = reference(1);
    let body = &one[2..];
    let lost = " without its first letters";
    let told = |order_ref: Option<&str>, memo: &str| {
        let mut notice = notice(100, memo);
        notice.order_ref = order_ref.map(str::to_owned);
        let reason = reason_of(&notice, &[bill(1, 0, 100, 0)]);
        assert!(reason.contains(&format!("names bill {one}; ")), "{reason}");
        reason.contains(lost)
    };
    assert!(told(None, body));
    assert!(told(Some("X9"), body));
    assert!(told(Some(body), "nop phi"));
    assert!(!told(None, &one));
    assert!(!told(Some(&one), body));
    assert!(!told(Some(&format!("x{one}x")), body));
    assert!(!told(Some(body), &one));
}

#[test]
fn a_reference_given_from_outside_is_named_by_the_whole_order_reference_alone() {
    let outside = |reference: &str| Bill {
        reference: reference.to_owned(),
        ..bill(1, 0, 100, 0)
    };
    let by = |order_ref: &str, memo: &str, bill: Bill| {
        let mut notice = notice(100, memo);
        notice.order_ref = Some(order_ref.to_owned());
        // Whatever the store found: what the notice does not name is dropped.
        let dossiers = dossiers();
        let candidate = Candidate {
            bill: &bill,
            dossier: &dossiers[0],
        };
        let found = Candidates {
            by_reference: vec![candidate],
            ..Candidates::default()
        };
        let decision = decide(&notice, &found, &[]);
        (decision.outcome, decision.reason)
    };
    let (outcome, reason) = by("HS-2026/17", "", outside("HS-2026/17"));
    assert_eq!(outcome, MatchOutcome::Exact);
    let head = "payment reference HS-2026/17 found in the order reference names bill HS-2026/17; ";
    assert!(reason.starts_with(head), "{reason}");
    for (order_ref, memo, reference) in [
        ("HS-2026/18", "", "HS-2026/17"),
        ("X HS-2026/17", "", "HS-2026/17"),
        ("", "HS-2026/17", "HS-2026/17"),
        ("", "", ""),
    ] {
        let (outcome, _) = by(order_ref, memo, outside(reference));
        assert_eq!(
            outcome,
            MatchOutcome::Unknown,
            "{order_ref} {memo} {reference}"
        );
    }
}

#[test]
fn a_candidate_that_the_notice_does_not_name_is_dropped() {
    let dossiers = dossiers();
    let bills = [bill(1, 0, 100, 0), bill(2, 1, 100, 0)];
    let candidate = |place: usize| Candidate {
        bill: &bills[place],
        dossier: &dossiers[place],
    };
    let decide = |notice: &Notice, found: &Candidates<'_>| {
        let decision = decide(notice, found, &[]);
        (decision.outcome, decision.bill_id.map(|id| id.0.as_u128()))
    };
    // Money that came in on another alias account, or on none.
    let by_alias = Candidates {
        by_virtual_account: Some(candidate(0)),
        ..Candidates::default()
    };
    let mut aliased = notice(100, "");
    for (account, expected) in [
        (Some(alias(1)), (MatchOutcome::Exact, Some(1))),
        (Some(alias(2)), (MatchOutcome::Unknown, None)),
        (None, (MatchOutcome::Unknown, None)),
    ] {
        aliased.virtual_account = account;
        assert_eq!(decide(&aliased, &by_alias), expected);
    }
    // A dossier beside the one that is named, which is no rival of it.
    let by_dossier = Candidates {
        by_dossier: vec![candidate(0), candidate(1)],
        ..Candidates::default()
    };
    let named = notice(100, "H12.104-250701-0013");
    assert_eq!(decide(&named, &by_dossier), (MatchOutcome::Exact, Some(2)));
    assert_eq!(
        decide(&notice(100, ""), &by_dossier),
        (MatchOutcome::Unknown, None)
    );
}
