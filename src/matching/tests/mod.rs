//! Cases of the decision in order of precedence, one line each. Uses no store.

mod codes;
mod laws;
mod reasons;

use super::clues::clues;
use super::rules::{Candidate, Candidates, Decision, MatchOutcome, Rule, decide};
use crate::domain::bill::{Bill, BillState};
use crate::domain::dossier::DossierSummary;
use crate::domain::ids::{BillId, DossierId};
use crate::domain::money::{Currency, Money};
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::reference::PaymentReference;
use crate::domain::time::{Instant, parse_rfc3339};
use uuid::Uuid;

const CODES: [&str; 3] = [
    "H121042507010012",
    "H121042507010013",
    "0000019H122507010001",
];

fn at(text: &str) -> Instant {
    parse_rfc3339(text).unwrap()
}

fn reference(number: u32) -> String {
    PaymentReference::derive(1, "x", number, 0)
        .as_str()
        .to_owned()
}

fn alias(number: u32) -> String {
    format!("9704{number}")
}

fn bill(number: u32, dossier: usize, total: i64, paid: i64) -> Bill {
    Bill {
        id: BillId(Uuid::from_u128(number.into())),
        dossier_id: DossierId(Uuid::from_u128(dossier.try_into().unwrap())),
        reference: reference(number),
        virtual_account: Some(alias(number)),
        total: Money::vnd(total),
        paid_minor: paid,
        state: Bill::state_of(total, paid, false),
        due_on: None,
        cancelled_at: None,
    }
}

fn cancelled(number: u32, dossier: usize, total: i64) -> Bill {
    Bill {
        state: BillState::Cancelled,
        cancelled_at: Some(at("2026-01-05T03:00:00Z")),
        ..bill(number, dossier, total, 0)
    }
}

fn dossiers() -> Vec<DossierSummary> {
    let summary = |(place, code): (usize, &&str)| DossierSummary {
        id: DossierId(Uuid::from_u128(place.try_into().unwrap())),
        code_squeezed: (*code).to_owned(),
        unit_code: "H12.104".to_owned(),
        is_closed: false,
    };
    CODES.iter().enumerate().map(summary).collect()
}

fn notice(amount: i64, memo: &str) -> Notice {
    Notice {
        event_id: None,
        provider_txn_id: None,
        payment_key: "1".to_owned(),
        order_ref: None,
        amount: Money::vnd(amount),
        refunded_minor: None,
        status: PaymentStatus::Succeeded,
        paid_at: Some(at("2026-01-05T02:00:00Z")),
        memo: Some(memo.to_owned()),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    }
}

/// What a store would find: the bill of an attempt `A<number>`, and bills by exact clue.
fn found<'a>(notice: &Notice, bills: &'a [Bill], dossiers: &'a [DossierSummary]) -> Candidates<'a> {
    let clues = clues(notice);
    let all: Vec<Candidate<'a>> = bills
        .iter()
        .filter_map(|bill| {
            let dossier = dossiers.iter().find(|d| d.id == bill.dossier_id)?;
            Some(Candidate { bill, dossier })
        })
        .collect();
    let those = |keep: &dyn Fn(&Candidate<'a>) -> bool| -> Vec<Candidate<'a>> {
        all.iter().filter(|c| keep(c)).copied().collect()
    };
    let attempt = |bill: &Bill| Some(format!("A{}", bill.id.0.as_u128()));
    Candidates {
        by_attempt: those(&|c| attempt(c.bill) == clues.order_ref)
            .first()
            .copied(),
        by_reference: those(&|c| clues.references.contains(&c.bill.reference)),
        by_virtual_account: those(&|c| {
            clues.virtual_account.is_some() && c.bill.virtual_account == clues.virtual_account
        })
        .first()
        .copied(),
        by_dossier: those(&|c| clues.dossier_codes.contains(&c.dossier.code_squeezed)),
    }
}

fn decided(notice: &Notice, bills: &[Bill], dossiers: &[DossierSummary]) -> Decision {
    let accounts = ["1017588888".to_owned()];
    decide(notice, &found(notice, bills, dossiers), &accounts)
}

/// Outcome, rule, bill, allocated, credit, suspense.
type Short = (MatchOutcome, Option<Rule>, Option<u128>, i64, i64, i64);

fn short(decision: &Decision) -> Short {
    (
        decision.outcome,
        decision.rule,
        decision.bill_id.map(|id| id.0.as_u128()),
        decision.allocated_minor,
        decision.credit_minor,
        decision.suspense_minor,
    )
}

/// Name, order reference, memo, alias account, bills, and the decision.
type RuleCase<'a> = (
    &'a str,
    Option<&'a str>,
    &'a str,
    Option<u32>,
    Vec<Bill>,
    Short,
);

#[test]
fn the_rules_are_followed_in_order_and_a_tie_is_never_broken() {
    use MatchOutcome as O;
    use Rule as R;
    let (one, two) = (reference(1), reference(2));
    let both = format!("{one} {two}");
    let bills = || vec![bill(1, 0, 100, 0), bill(2, 1, 70, 0)];
    let sibling = || vec![bill(1, 0, 100, 0), bill(2, 0, 70, 0)];
    let half = || {
        vec![
            bill(1, 0, 100, 100),
            bill(2, 0, 70, 0),
            cancelled(3, 0, 70),
            bill(4, 0, 0, 0),
        ]
    };
    let spent = || vec![bill(1, 0, 100, 100), cancelled(3, 0, 70)];
    let classic = || vec![bill(1, 2, 100, 0), bill(2, 3, 100, 0)];
    let code = "HO SO H12 104 250701 0012 NGUYEN VAN A";
    let two_codes = "H12.104-250701-0012 H12.104-250701-0013";
    let unknown = (O::Unknown, None, None, 0, 0, 100);
    let ambiguous = (O::Ambiguous, None, None, 0, 0, 100);
    let exact = |rule| (O::Exact, Some(rule), Some(1), 100, 0, 0);
    #[rustfmt::skip]
    let table: [RuleCase<'_>; 17] = [
        // case, order reference, memo, virtual account, bills -> decision
        ("nothing named", None, "nop phi 100", None, bills(), unknown),
        ("amount alone", Some("X9"), "100", None, vec![bill(1, 0, 100, 0)], unknown),
        ("attempt", Some("A1"), "", None, bills(), exact(R::OrderReference)),
        ("attempt before all", Some("A1"), &two, Some(2), bills(), exact(R::OrderReference)),
        ("reference in order", Some(&one), "", None, bills(), exact(R::PaymentReference)),
        ("reference in memo", Some("X9"), &one, None, bills(), exact(R::PaymentReference)),
        ("reference before alias", None, &one, Some(2), bills(), exact(R::PaymentReference)),
        ("two references", None, &both, Some(1), bills(), ambiguous),
        ("reference twice", Some(&one), &one, None, bills(), exact(R::PaymentReference)),
        ("alias", None, "", Some(1), bills(), exact(R::VirtualAccount)),
        ("alias before code", None, two_codes, Some(1), bills(), exact(R::VirtualAccount)),
        ("code", None, code, None, bills(), exact(R::DossierCode)),
        ("two codes", None, two_codes, None, bills(), ambiguous),
        ("two bills", None, code, None, sibling(), ambiguous),
        ("one payable", None, code, None, half(), (O::Over, Some(R::DossierCode), Some(2), 70, 30, 0)),
        ("none payable of two", None, code, None, spent(), ambiguous),
        ("classic ends in short", None, "000.00.19.H12-250701-0001", None, classic(), exact(R::DossierCode)),
    ];
    let mut dossiers = dossiers();
    dossiers.push(DossierSummary {
        id: DossierId(Uuid::from_u128(3)),
        code_squeezed: "H122507010001".to_owned(),
        unit_code: "H12".to_owned(),
        is_closed: false,
    });
    for (case, order_ref, memo, account, bills, expected) in table {
        let notice = Notice {
            order_ref: order_ref.map(str::to_owned),
            virtual_account: account.map(alias),
            ..notice(100, memo)
        };
        let decision = decided(&notice, &bills, &dossiers);
        assert_eq!(short(&decision), expected, "{case}: {}", decision.reason);
    }
}

/// What a case changes of a payment that is in order.
#[derive(Default)]
struct Twist {
    account: Option<&'static str>,
    dollars: bool,
    closed: bool,
    due: Option<&'static str>,
    cancelled: Option<&'static str>,
    unpaid_at: bool,
    paid: i64,
}

impl Twist {
    fn apply(&self, amount: i64) -> (Notice, Bill, Vec<DossierSummary>) {
        let mut dossiers = dossiers();
        dossiers[0].is_closed = self.closed;
        let mut bill = bill(1, 0, 100, self.paid);
        bill.due_on = self.due.map(|day| day.parse().unwrap());
        bill.cancelled_at = self.cancelled.map(at);
        bill.state = Bill::state_of(100, self.paid, bill.cancelled_at.is_some());
        let mut notice = notice(amount, &reference(1));
        notice.account_number = self.account.map(str::to_owned);
        if self.dollars {
            notice.amount = Money::new(amount, Currency::parse("USD").unwrap());
        }
        if self.unpaid_at {
            notice.paid_at = None;
        }
        (notice, bill, dossiers)
    }
}

/// Name, twist, amount; outcome, allocated, credit, suspense.
type OutcomeCase = (&'static str, Twist, i64, (MatchOutcome, i64, i64, i64));

#[test]
fn outcomes_come_in_order_of_precedence() {
    use MatchOutcome as O;
    let none = Twist::default;
    let due = |day| Twist {
        due: Some(day),
        ..none()
    };
    let cancelled = |at| Twist {
        cancelled: Some(at),
        ..none()
    };
    let paid = |paid| Twist { paid, ..none() };
    let after = "2026-01-05T02:00:01Z";
    #[rustfmt::skip]
    let table: [OutcomeCase; 21] = [
        // case, twist, amount -> outcome, allocated, credit, suspense; the bill asks for 100
        ("wrong account", Twist { account: Some("999"), dollars: true, ..none() }, 100, (O::WrongAccount, 0, 0, 100)),
        ("own account", Twist { account: Some("101 758 8888"), ..none() }, 100, (O::Exact, 100, 0, 0)),
        ("currency first", Twist { dollars: true, closed: true, ..none() }, 100, (O::WrongCurrency, 0, 0, 100)),
        ("closed before late", Twist { closed: true, ..due("2026-01-04") }, 100, (O::Closed, 0, 0, 100)),
        ("late before twice", Twist { paid: 100, ..due("2026-01-04") }, 100, (O::Late, 0, 100, 0)),
        ("late", due("2026-01-04"), 100, (O::Late, 0, 100, 0)),
        ("on the due day", due("2026-01-05"), 100, (O::Exact, 100, 0, 0)),
        ("no time, after due", Twist { unpaid_at: true, ..due("2020-01-01") }, 100, (O::Exact, 100, 0, 0)),
        ("at cancellation", cancelled("2026-01-05T02:00:00Z"), 100, (O::Late, 0, 100, 0)),
        ("before cancellation", cancelled(after), 100, (O::Exact, 100, 0, 0)),
        ("no time, cancelled", Twist { unpaid_at: true, ..cancelled(after) }, 100, (O::Late, 0, 100, 0)),
        ("twice", paid(100), 100, (O::Twice, 0, 100, 0)),
        ("twice, less", paid(100), 30, (O::Twice, 0, 30, 0)),
        ("over", none(), 130, (O::Over, 100, 30, 0)),
        ("over the rest", paid(40), 100, (O::Over, 60, 40, 0)),
        ("exact", none(), 100, (O::Exact, 100, 0, 0)),
        ("exact rest", paid(40), 60, (O::Exact, 60, 0, 0)),
        ("short", none(), 99, (O::Short, 99, 0, 0)),
        ("zero", none(), 0, (O::Short, 0, 0, 0)),
        ("zero twice", paid(100), 0, (O::Twice, 0, 0, 0)),
        ("negative", none(), -5, (O::Unknown, 0, 0, -5)),
    ];
    for (case, twist, amount, expected) in table {
        let (notice, bill, dossiers) = twist.apply(amount);
        let is = decided(&notice, &[bill], &dossiers);
        let (outcome, _, _, allocated, credit, suspense) = short(&is);
        let is_short = (outcome, allocated, credit, suspense);
        assert_eq!(is_short, expected, "{case}: {}", is.reason);
        assert!(!is.reason.is_empty());
    }
}

#[test]
fn the_local_day_decides_whether_money_is_late() {
    let mut bill = bill(1, 0, 100, 0);
    bill.due_on = Some("2026-01-05".parse().unwrap());
    let mut notice = notice(100, &reference(1));
    // 16:59:59 UTC is the last second of the day in Vietnam.
    for (paid_at, outcome) in [
        ("2026-01-05T16:59:59Z", MatchOutcome::Exact),
        ("2026-01-05T17:00:00Z", MatchOutcome::Late),
    ] {
        notice.paid_at = Some(at(paid_at));
        let decision = decided(&notice, std::slice::from_ref(&bill), &dossiers());
        assert_eq!(decision.outcome, outcome, "{paid_at}");
    }
}

#[test]
fn a_bill_of_zero_is_paid_exactly_by_nothing() {
    let notice = notice(0, &reference(1));
    let decision = decided(&notice, &[bill(1, 0, 0, 0)], &dossiers());
    assert_eq!(decision.outcome, MatchOutcome::Exact);
}

#[test]
fn a_reason_is_a_sentence_an_officer_can_follow() {
    let one = reference(1);
    let bills = [bill(1, 0, 150_000, 0), bill(2, 1, 150_000, 0)];
    let decision = decided(
        &notice(150_000, &format!("{one} NGUYEN VAN A")),
        &bills,
        &dossiers(),
    );
    assert_eq!(
        decision.reason,
        format!(
            "payment reference {one} found in the memo names bill {one}; amount 150000 equals \
             what is due, 150000 VND; order reference gave nothing; virtual account gave nothing; \
             dossier code gave nothing"
        )
    );
    let mut stray = notice(150_000, "H12.104-250701-0012");
    stray.order_ref = Some("HS00025H292705".to_owned());
    stray.virtual_account = Some(alias(2));
    let decision = decided(&stray, &bills, &dossiers());
    assert_eq!(
        decision.reason,
        format!(
            "virtual account 97042 names bill {}; amount 150000 equals what is due, 150000 VND; \
             order reference gave nothing; payment reference gave nothing; dossier code names \
             bill {one}, which was not followed",
            reference(2)
        )
    );
}
